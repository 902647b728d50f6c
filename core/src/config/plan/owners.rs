//! The tasks that a diagnostic concerns.

use std::collections::{HashMap, HashSet};

use crate::config::template::Expanded;
use crate::document::diagnostic::{At, Diagnostic, Severity, Span};
use crate::document::{Content, Document, Node};

/// The diagnostics that are no single task's.
pub(super) struct Others {
    /// Diagnostics to report.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether one of them is an error that concerns every task.
    pub is_fatal: bool,
}

/// A task that takes its mistakes.
pub(super) trait TakesErrors {
    /// Its name.
    fn name(&self) -> &str;
    /// Adds a mistake.
    fn take(&mut self, error: Diagnostic);
}

/// Gives each error to the tasks that it concerns, and returns the rest.
///
/// A place in a text concerns every task whose body, with templates and anchors written out, has a
/// part that stands there. What only a template that nobody uses has concerns none, and everything
/// else all of them.
pub(super) fn give<'t, T: TakesErrors + 't>(
    diagnostics: Vec<Diagnostic>,
    expanded: &Expanded,
    tasks: impl Iterator<Item = &'t mut T>,
) -> Others {
    let mut tasks: Vec<&mut T> = tasks.collect();
    let index: HashMap<String, usize> =
        tasks.iter().enumerate().map(|(at, task)| (task.name().to_owned(), at)).collect();
    let mut others = Others { diagnostics: Vec::new(), is_fatal: false };
    let wanted: HashSet<Span> = diagnostics.iter().filter(|one| is_error(one)).flat_map(spans).cloned().collect();
    let holders = holders(&expanded.document, &wanted);
    for diagnostic in diagnostics {
        if !is_error(&diagnostic) {
            others.diagnostics.push(diagnostic);
            continue;
        }
        let concerned: Vec<usize> = match diagnostic.at.path() {
            Some(path) => {
                let task = path.owner().filter(|(kind, _)| *kind == "task").and_then(|(_, name)| index.get(name));
                task.copied().into_iter().collect()
            }
            None => {
                let holders = spans(&diagnostic).filter_map(|span| holders.get(span)).flatten();
                let mut concerned: Vec<usize> = holders.filter_map(|name| index.get(*name).copied()).collect();
                concerned.sort_unstable();
                concerned.dedup();
                concerned
            }
        };
        if concerned.is_empty() {
            others.is_fatal |= concerns_all(&diagnostic, &expanded.document);
            others.diagnostics.push(diagnostic);
        } else {
            concerned.into_iter().for_each(|at| tasks[at].take(diagnostic.clone()));
        }
    }
    others
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}

/// Returns the places of a diagnostic that are places in a text.
fn spans(diagnostic: &Diagnostic) -> impl Iterator<Item = &Span> {
    let places = std::iter::once(&diagnostic.at).chain(diagnostic.related.iter().map(|(at, _)| at));
    places.filter_map(|at| match at {
        At::Span(span) => Some(span),
        _ => None,
    })
}

/// Returns the names of the tasks that have a part at each of these places, or around it.
fn holders<'d>(document: &'d Document, wanted: &HashSet<Span>) -> HashMap<Span, Vec<&'d str>> {
    let mut holders: HashMap<Span, Vec<&str>> = HashMap::new();
    if wanted.is_empty() {
        return holders;
    }
    let tasks = document.root().get("tasks").and_then(|tasks| tasks.as_mapping());
    for (key, body) in tasks.into_iter().flat_map(|tasks| tasks.iter()) {
        let mut found: HashSet<Span> = wanted.iter().filter(|span| holds(&key.span, body, span)).cloned().collect();
        find(body, wanted, &mut found);
        found.extend(wanted.get(&key.span).cloned());
        found.into_iter().for_each(|span| holders.entry(span).or_default().push(&key.text));
    }
    holders
}

/// Returns whether a place lies between a key and the end of its value.
fn holds(key: &Span, value: &Node, span: &Span) -> bool {
    let end = if value.span().file == key.file { value.span().bytes.end.max(key.bytes.end) } else { key.bytes.end };
    span.file == key.file && span.bytes.start >= key.bytes.start && span.bytes.end <= end
}

fn find(node: &Node, wanted: &HashSet<Span>, found: &mut HashSet<Span>) {
    found.extend(wanted.get(node.span()).cloned());
    match node.content() {
        Content::Scalar(_) => {}
        Content::Sequence(items) => items.iter().for_each(|item| find(item, wanted, found)),
        Content::Mapping(mapping) => mapping.iter().for_each(|(key, value)| {
            found.extend(wanted.get(&key.span).cloned());
            find(value, wanted, found);
        }),
    }
}

/// Returns whether an error that is no task's stops all tasks.
fn concerns_all(error: &Diagnostic, document: &Document) -> bool {
    match error.at.path().map(|path| path.0.as_slice()) {
        Some([]) => true,
        Some([root]) => ["tasks", "templates", "variables", "secrets"].iter().any(|key| root.is_key(key)),
        Some([root, ..]) => ["variables", "secrets"].iter().any(|key| root.is_key(key)),
        None => {
            let templates = document.root().as_mapping().and_then(|root| root.entry("templates"));
            !templates.is_some_and(|(key, value)| spans(error).all(|span| holds(&key.span, value, span)))
        }
    }
}
