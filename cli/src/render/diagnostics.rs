//! Diagnostics of a config: each at its line, with a caret and what to do; or as data for editors.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Renderer, Snippet};
use flexget_core::config::load::LoadedConfig;
use flexget_core::document::diagnostic::{At, Diagnostic, Severity, Span};
use indexmap::IndexMap;
use indexmap::map::Entry;
use serde::Serialize;

use super::console::{Console, MessageKind};
use super::printable::Printable;
use super::text::count;
use crate::config::Folders;

/// The most different diagnostics that are shown; the others are counted.
const MOST: usize = 20;

/// The most different diagnostics of which warnings show their source lines.
const DRAWN: usize = 5;

/// The lines of a screen, as many of which as possible show errors with their source lines.
const SCREEN: usize = 45;

/// The usual lines of a diagnostic with its source line, and without.
const LINES: (usize, usize) = (8, 2);

/// The most further places that are named where a config repeats a mistake.
const PLACES: usize = 3;

/// The width of a source line where stderr is no terminal.
const USUAL_WIDTH: usize = 140;

/// Diagnostic with the tasks and templates that it concerns.
///
/// Several tasks may have it from one template.
struct Finding<'a> {
    diagnostic: &'a Diagnostic,
    span: Span,
    tasks: Vec<&'a str>,
    templates: Vec<&'a str>,
}

/// Returns the diagnostics of a config, each place and message once, in the order of the files.
fn findings(config: &LoadedConfig) -> Vec<Finding<'_>> {
    let mut found: IndexMap<(Span, &str, &[String]), Finding<'_>> = IndexMap::new();
    for diagnostic in &config.diagnostics {
        let span = span(config, &diagnostic.at);
        let finding = found.entry((span.clone(), &diagnostic.message, &diagnostic.help)).or_insert_with(|| Finding {
            diagnostic,
            span,
            tasks: Vec::new(),
            templates: Vec::new(),
        });
        if diagnostic.severity < finding.diagnostic.severity {
            finding.diagnostic = diagnostic;
        }
        let owner = match &diagnostic.at {
            At::Key(path) | At::Value(path) => path.owner(),
            At::Span(_) => None,
        };
        match owner {
            Some(("task", name)) if !finding.tasks.contains(&name) => finding.tasks.push(name),
            Some(("template", name)) if !finding.templates.contains(&name) => finding.templates.push(name),
            _ => {}
        }
    }
    let mut found: Vec<Finding<'_>> = found.into_values().collect();
    found.sort_by_key(|finding| (finding.span.file, finding.span.bytes.start, finding.diagnostic.severity));
    found
}

fn span(config: &LoadedConfig, at: &At) -> Span {
    match (at, &config.document) {
        (At::Span(span), _) => span.clone(),
        (at, Some(document)) => document.span(at),
        (_, None) => Span::default(),
    }
}

/// A diagnostic with the other places that have the same one.
struct Repeated<'a> {
    first: Finding<'a>,
    others: Vec<Span>,
}

/// Puts the diagnostics together that say the same of different places.
fn repeated(findings: Vec<Finding<'_>>) -> Vec<Repeated<'_>> {
    let mut groups: IndexMap<(&str, &[String]), Repeated<'_>> = IndexMap::new();
    for finding in findings {
        let key = (finding.diagnostic.message.as_str(), finding.diagnostic.help.as_slice());
        match groups.entry(key) {
            Entry::Occupied(mut group) => group.get_mut().others.push(finding.span),
            Entry::Vacant(group) => drop(group.insert(Repeated { first: finding, others: Vec::new() })),
        }
    }
    groups.into_values().collect()
}

impl Repeated<'_> {
    /// Returns the other places: `also at config.yml:9:17 and 3 more`.
    fn others(&self, config: &LoadedConfig, folders: &Folders) -> Option<String> {
        let place = |span: &Span| {
            let location = config.sources.location(span);
            format!("{}:{}:{}", folders.shown(location.file.as_ref()), location.line, location.column)
        };
        let named = self.others.iter().take(PLACES).map(place).collect::<Vec<_>>().join(", ");
        match self.others.len().saturating_sub(PLACES) {
            _ if self.others.is_empty() => None,
            0 => Some(format!("also at {named}")),
            more => Some(format!("also at {named} and {more} more")),
        }
    }
}

impl Finding<'_> {
    /// Returns what it concerns: ``in task `movies` ``.
    fn owners(&self) -> Option<String> {
        let quoted = |names: &[&str]| {
            let shown = names.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            match names.len() {
                0..=3 => shown,
                many => format!("{shown} and {} more", many.saturating_sub(3)),
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

/// Selection of the diagnostics to show, and their form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// Errors, with their source lines.
    Errors,
    /// Errors with their source lines; warnings as one line each.
    Short,
    /// Everything with its source lines.
    Full,
}

impl Console {
    /// Prints the diagnostics of a config, up to a screenful, and their number.
    pub(crate) fn diagnostics(&self, config: &LoadedConfig, name: &str, folders: &Folders, detail: Detail) {
        let mut findings = findings(config);
        let number = |severity| findings.iter().filter(|finding| finding.diagnostic.severity == severity).count();
        let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
        findings.retain(|finding| match finding.diagnostic.severity {
            Severity::Error => true,
            Severity::Warning => detail > Detail::Errors,
            Severity::Notice => detail == Detail::Full,
        });
        let mut groups = repeated(findings);
        if groups.len() > MOST {
            // Errors first; what is shown then stands in the order of the file again.
            groups.sort_by_key(|group| group.first.diagnostic.severity);
        }
        let hidden: usize = groups.iter().skip(MOST).map(|group| group.others.len().saturating_add(1)).sum();
        groups.truncate(MOST);
        groups.sort_by_key(|group| (group.first.span.file, group.first.span.bytes.start));
        let (width, color) = self.stderr_style();
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(width.unwrap_or(USUAL_WIDTH));
        let (drawn, short) = LINES;
        let room = SCREEN.saturating_sub(groups.len().saturating_mul(short));
        let mut drawn = room.checked_div(drawn.saturating_sub(short)).unwrap_or_default();
        for group in &groups {
            let is_warning = group.first.diagnostic.severity > Severity::Error;
            let is_short = drawn == 0 || (is_warning && (groups.len() > DRAWN || detail == Detail::Short));
            drawn = drawn.saturating_sub(usize::from(!is_short));
            // A file that could not be read, or that is empty, has no line to show.
            if is_short || config.sources.text(group.first.span.file).is_empty() {
                self.short(group, config, folders);
            } else {
                let drawing = draw(group, config, folders, width, &renderer);
                self.beside(&Printable::drawing(&drawing).trimmed().end().end());
            }
        }
        if hidden > 0 {
            self.beside(&Printable::line(format_args!("… and {hidden} more")).end().end());
        }
        let summary = match (errors, warnings) {
            (0, _) if detail == Detail::Short => return,
            (0, 0..=1) | (1, 0) => return,
            (0, warnings) => (MessageKind::Warning, count(warnings, "warning")),
            (errors, 0) => (MessageKind::Error, count(errors, "error")),
            (errors, warnings) => {
                (MessageKind::Error, format!("{} and {}", count(errors, "error"), count(warnings, "warning")))
            }
        };
        self.message(summary.0, &format!("{} in {name}", summary.1), &[]);
    }

    /// Prints a diagnostic as one line, with its help.
    fn short(&self, group: &Repeated<'_>, config: &LoadedConfig, folders: &Folders) {
        let finding = &group.first;
        let severity = match finding.diagnostic.severity {
            Severity::Error => MessageKind::Error,
            Severity::Warning => MessageKind::Warning,
            Severity::Notice => MessageKind::Note,
        };
        let help: Vec<&str> = finding.diagnostic.help.iter().map(String::as_str).collect();
        let (message, file) = (&finding.diagnostic.message, config.sources.name(finding.span.file));
        let shown = folders.shown(Path::new(file));
        let message = if config.sources.text(finding.span.file).is_empty() {
            if message.contains(file) { message.clone() } else { format!("{message}: {shown}") }
        } else {
            let location = config.sources.location(&finding.span);
            let owners = finding.owners().map(|owners| format!(" ({owners})")).unwrap_or_default();
            let others = group.others(config, folders).map(|others| format!(", {others}")).unwrap_or_default();
            format!("{shown}:{}:{}: {message}{owners}{others}", location.line, location.column)
        };
        self.message(severity, &message, &help);
    }
}

/// Draws a diagnostic with its source lines.
fn draw(
    drawn: &Repeated<'_>,
    config: &LoadedConfig,
    folders: &Folders,
    width: Option<usize>,
    renderer: &Renderer,
) -> String {
    let finding = &drawn.first;
    let level = match finding.diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Notice => Level::NOTE,
    };
    let filtered = |text: &str| Printable::line(text).as_str().to_owned();
    let fit = |text: &str, indent: usize| {
        let room = width.map(|width| width.saturating_sub(indent).max(20));
        Printable::line(text).wrapped(room, 0).trimmed().as_str().to_owned()
    };
    let mut group = Group::with_title(level.primary_title(fit(&finding.diagnostic.message, 9)));
    let place = |at: &At, label: Option<String>, kind: AnnotationKind| (span(config, at), label, kind);
    let owners = finding.owners().map(|owners| filtered(&owners));
    let mut places = vec![(finding.span.clone(), owners, AnnotationKind::Primary)];
    let related = finding.diagnostic.related.iter();
    places.extend(related.map(|(at, label)| place(at, Some(filtered(label)), AnnotationKind::Context)));
    let mut files: Vec<usize> = places.iter().map(|(span, ..)| span.file).collect();
    files.dedup();
    for file in files {
        let here = places.iter().filter(|(span, ..)| span.file == file);
        let name = config.sources.name(file);
        group = group.element(snippet(config, file, here, filtered(&folders.shown(name.as_ref()))));
    }
    for help in &finding.diagnostic.help {
        group = group.element(Level::HELP.message(fit(help, 12)));
    }
    if let Some(others) = drawn.others(config, folders) {
        group = group.element(Level::NOTE.message(fit(&others, 12)));
    }
    renderer.render(&[group])
}

/// Returns the lines of one file with a mark at each place.
///
/// Only those lines are rendered: reading a long file once for each diagnostic would take longer
/// than finding them.
fn snippet<'a>(
    config: &'a LoadedConfig,
    file: usize,
    places: impl Iterator<Item = &'a (Span, Option<String>, AnnotationKind)>,
    path: String,
) -> Element<'a> {
    let source = config.sources.text(file);
    let located: Vec<_> =
        places.map(|(span, label, kind)| (config.sources.location(span), label.clone(), *kind)).collect();
    let line_of = |location: &flexget_core::document::Location<'_>| -> Range<usize> {
        let begin = source[..location.span.bytes.start].rfind('\n').map_or(0, |at| at.saturating_add(1));
        begin..begin.saturating_add(location.text.len())
    };
    let begin = located.iter().map(|(location, ..)| line_of(location).start).min().unwrap_or(0);
    let end = located.iter().map(|(location, ..)| line_of(location).end).max().unwrap_or(0);
    let first = located.iter().map(|(location, ..)| location.line).min().unwrap_or(1);
    let marks = located.into_iter().map(|(location, label, kind)| -> Annotation<'a> {
        let bytes = location.span.bytes;
        kind.span(bytes.start.saturating_sub(begin)..bytes.end.saturating_sub(begin)).label(label)
    });
    Snippet::source(&source[begin..end]).line_start(first).path(path).annotations(marks.collect::<Vec<_>>()).into()
}

/// A diagnostic as data, for editors and scripts.
#[derive(Serialize)]
pub(crate) struct DiagnosticReport {
    severity: &'static str,
    message: String,
    help: Vec<String>,
    file: String,
    /// The line, from 1.
    line: usize,
    /// The column, from 1, in characters.
    column: usize,
    /// The column after the last character.
    end_column: usize,
    tasks: Vec<String>,
    templates: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related>,
}

/// Another place that explains a diagnostic.
#[derive(Serialize)]
struct Related {
    message: String,
    file: String,
    line: usize,
    column: usize,
}

/// Returns all diagnostics of a config as data.
pub(crate) fn diagnostic_reports(config: &LoadedConfig, folders: &Folders) -> Vec<DiagnosticReport> {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    findings(config)
        .iter()
        .map(|finding| {
            let location = config.sources.location(&finding.span);
            let bytes = location.span.bytes.clone();
            let characters = config.sources.text(location.span.file).get(bytes).unwrap_or_default().chars().count();
            DiagnosticReport {
                severity: match finding.diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Notice => "note",
                },
                message: finding.diagnostic.message.clone(),
                help: finding.diagnostic.help.clone(),
                file: folders.shown(location.file.as_ref()),
                line: location.line,
                column: location.column,
                end_column: location.column.saturating_add(characters),
                tasks: owned(&finding.tasks),
                templates: owned(&finding.templates),
                related: finding
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
