//! Mistakes in a config: each at its line, with a caret and a way out; or as data for editors.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Renderer, Snippet};
use flexget_core::document::diagnostic::{At, Diagnostic, Severity, Span};
use serde::Serialize;

use super::text::{self, Shown, count};
use super::{Kind, Screen};
use crate::config::{Config, Folders};

/// No more than this many are shown; the others are counted.
const MOST: usize = 20;

/// The width of a source line where the terminal says none.
const USUAL_WIDTH: usize = 140;

/// One mistake, wherever it matters: several tasks may have it from one template.
struct Mistake<'a> {
    diagnostic: &'a Diagnostic,
    span: Span,
    tasks: Vec<&'a str>,
    templates: Vec<&'a str>,
}

/// The mistakes of a config, each place and message once, in the order of the files.
fn mistakes(config: &Config) -> Vec<Mistake<'_>> {
    let mut found: Vec<Mistake<'_>> = Vec::new();
    let mut known: HashMap<(Span, &str, &[String]), usize> = HashMap::new();
    for diagnostic in &config.diagnostics {
        let span = span(config, &diagnostic.at);
        let at = *known.entry((span.clone(), &diagnostic.message, &diagnostic.help)).or_insert_with(|| {
            found.push(Mistake { diagnostic, span, tasks: Vec::new(), templates: Vec::new() });
            found.len() - 1
        });
        let mistake = &mut found[at];
        if diagnostic.severity < mistake.diagnostic.severity {
            mistake.diagnostic = diagnostic;
        }
        let owner = match &diagnostic.at {
            At::Key(path) | At::Value(path) => path.owner(),
            At::Span(_) => None,
        };
        match owner {
            Some(("task", name)) if !mistake.tasks.contains(&name) => mistake.tasks.push(name),
            Some(("template", name)) if !mistake.templates.contains(&name) => mistake.templates.push(name),
            _ => {}
        }
    }
    found.sort_by_key(|mistake| (mistake.span.file, mistake.span.bytes.start, mistake.diagnostic.severity));
    found
}

fn span(config: &Config, at: &At) -> Span {
    match (at, &config.document) {
        (At::Span(span), _) => span.clone(),
        (at, Some(document)) => document.span(at),
        (_, None) => Span::default(),
    }
}

impl Mistake<'_> {
    /// Whom it concerns: ``in task `movies` ``.
    fn owners(&self) -> Option<String> {
        let quoted = |names: &[&str]| {
            let shown = names.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            match names.len() {
                0..=3 => shown,
                many => format!("{shown} and {} more", many - 3),
            }
        };
        let tasks = |word: &str| match self.tasks.len() {
            1 => format!("{word} task {}", quoted(&self.tasks)),
            _ => format!("{word} tasks {}", quoted(&self.tasks)),
        };
        match (self.templates.is_empty(), self.tasks.is_empty()) {
            (true, true) => None,
            (true, false) => Some(tasks("in")),
            (false, true) => Some(format!("in template {}", quoted(&self.templates))),
            (false, false) => Some(format!("in template {}, {}", quoted(&self.templates), tasks("used by"))),
        }
    }
}

impl Screen {
    /// Shows what is wrong with a config, up to a screenful, and how much there is of it.
    pub(crate) fn diagnostics(&self, config: &Config, name: &str, folders: &Folders, show: Show) {
        let mut mistakes = mistakes(config);
        let number = |severity| mistakes.iter().filter(|mistake| mistake.diagnostic.severity == severity).count();
        let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
        mistakes.retain(|mistake| match mistake.diagnostic.severity {
            Severity::Error => true,
            Severity::Warning => show >= Show::Warnings,
            Severity::Notice => show >= Show::Notices,
        });
        let hidden = mistakes.len().saturating_sub(MOST);
        if hidden > 0 {
            // Errors first; what is shown then stands in the order of the file again.
            mistakes.sort_by_key(|mistake| mistake.diagnostic.severity);
            mistakes.truncate(MOST);
            mistakes.sort_by_key(|mistake| (mistake.span.file, mistake.span.bytes.start));
        }
        let (width, colour) = self.aside_style();
        let problem = |mistake: &Mistake<'_>| {
            let kind = match mistake.diagnostic.severity {
                Severity::Error => Kind::Error,
                Severity::Warning => Kind::Warning,
                Severity::Notice => Kind::Note,
            };
            let help: Vec<&str> = mistake.diagnostic.help.iter().map(String::as_str).collect();
            let (message, file) = (&mistake.diagnostic.message, config.sources.name(mistake.span.file));
            let message = match message.contains(file) {
                true => message.clone(),
                false => format!("{message}: {}", folders.shown(Path::new(file))),
            };
            self.problem(kind, &message, &help);
        };
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(width.unwrap_or(USUAL_WIDTH));
        for mistake in &mistakes {
            if config.sources.text(mistake.span.file).is_empty() {
                // The file could not be read, or there is nothing in it to point at.
                problem(mistake);
                continue;
            }
            self.aside(&format!("{}\n\n", draw(mistake, config, folders, width, &renderer).trim_end()));
        }
        if hidden > 0 {
            self.aside(&format!("… and {hidden} more\n\n"));
        }
        let summary = match (errors, warnings) {
            (0, 0..=1) | (1, 0) => return,
            (0, warnings) => (Kind::Warning, count(warnings, "warning")),
            (errors, 0) => (Kind::Error, count(errors, "error")),
            (errors, warnings) => {
                (Kind::Error, format!("{} and {}", count(errors, "error"), count(warnings, "warning")))
            }
        };
        self.problem(summary.0, &format!("{} in {name}", summary.1), &[]);
    }
}

/// Which diagnostics to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Show {
    /// Errors alone.
    Errors,
    /// Warnings, too.
    Warnings,
    /// Everything.
    Notices,
}

/// One mistake with its source lines.
fn draw(
    mistake: &Mistake<'_>,
    config: &Config,
    folders: &Folders,
    width: Option<usize>,
    renderer: &Renderer,
) -> String {
    let level = match mistake.diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Notice => Level::NOTE,
    };
    let fit = |text: &str, indent: usize| {
        let room = width.map(|width| width.saturating_sub(indent).max(20));
        text::wrap(&Shown(text).to_string(), room, 0).trim_end().to_owned()
    };
    let mut group = Group::with_title(level.primary_title(fit(&mistake.diagnostic.message, 9)));
    let place = |at: &At, label: Option<String>, kind: AnnotationKind| (span(config, at), label, kind);
    let mut places = vec![(mistake.span.clone(), mistake.owners(), AnnotationKind::Primary)];
    places.extend(
        mistake.diagnostic.related.iter().map(|(at, label)| place(at, Some(label.clone()), AnnotationKind::Context)),
    );
    let mut files: Vec<usize> = places.iter().map(|(span, ..)| span.file).collect();
    files.dedup();
    for file in files {
        let here = places.iter().filter(|(span, ..)| span.file == file);
        let name = config.sources.name(file);
        group = group.element(snippet(config, file, here, folders.shown(name.as_ref())));
    }
    for help in &mistake.diagnostic.help {
        group = group.element(Level::HELP.message(fit(help, 12)));
    }
    renderer.render(&[group])
}

/// The lines of one file that several places are in, with a mark at each. Only those lines are handed on: going through
/// a long file once for each mistake would take longer than finding them.
fn snippet<'a>(
    config: &'a Config,
    file: usize,
    places: impl Iterator<Item = &'a (Span, Option<String>, AnnotationKind)>,
    path: String,
) -> Element<'a> {
    let source = config.sources.text(file);
    let located: Vec<_> =
        places.map(|(span, label, kind)| (config.sources.location(span), label.clone(), *kind)).collect();
    let line_of = |location: &flexget_core::document::Location<'_>| -> Range<usize> {
        let begin = source[..location.span.bytes.start].rfind('\n').map_or(0, |at| at + 1);
        begin..begin + location.text.len()
    };
    let begin = located.iter().map(|(location, ..)| line_of(location).start).min().unwrap_or(0);
    let end = located.iter().map(|(location, ..)| line_of(location).end).max().unwrap_or(0);
    let first = located.iter().map(|(location, ..)| location.line).min().unwrap_or(1);
    let marks = located.into_iter().map(|(location, label, kind)| -> Annotation<'a> {
        let bytes = location.span.bytes;
        kind.span(bytes.start - begin..bytes.end - begin).label(label)
    });
    Snippet::source(&source[begin..end]).line_start(first).path(path).annotations(marks.collect::<Vec<_>>()).into()
}

/// A mistake as data: for editors and scripts.
#[derive(Serialize)]
pub(crate) struct Found {
    severity: &'static str,
    message: String,
    help: Vec<String>,
    file: String,
    /// Counted from 1, as the column, which counts characters.
    line: usize,
    column: usize,
    /// The column after the last character that is meant.
    end_column: usize,
    tasks: Vec<String>,
    templates: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related>,
}

/// Another place that explains a mistake.
#[derive(Serialize)]
struct Related {
    message: String,
    file: String,
    line: usize,
    column: usize,
}

/// All mistakes of a config as data.
pub(crate) fn found(config: &Config, folders: &Folders) -> Vec<Found> {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    mistakes(config)
        .iter()
        .map(|mistake| {
            let location = config.sources.location(&mistake.span);
            let bytes = location.span.bytes.clone();
            let characters = config.sources.text(location.span.file).get(bytes).unwrap_or_default().chars().count();
            Found {
                severity: match mistake.diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Notice => "note",
                },
                message: mistake.diagnostic.message.clone(),
                help: mistake.diagnostic.help.clone(),
                file: folders.shown(location.file.as_ref()),
                line: location.line,
                column: location.column,
                end_column: location.column + characters,
                tasks: owned(&mistake.tasks),
                templates: owned(&mistake.templates),
                related: mistake
                    .diagnostic
                    .related
                    .iter()
                    .map(|(at, label)| {
                        let span = span(config, at);
                        let location = config.sources.location(&span);
                        Related {
                            message: label.clone(),
                            file: folders.shown(location.file.as_ref()),
                            line: location.line,
                            column: location.column,
                        }
                    })
                    .collect(),
            }
        })
        .collect()
}
