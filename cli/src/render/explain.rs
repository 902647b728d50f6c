//! The trace of each entry: source, lookups, conditions, decisions.

use flexget_core::entry::State;
use flexget_core::entry::trace::{TraceEvent, TraceRecord};
use flexget_core::task::report::{EntryReport, TaskOutcome, TaskReport};
use flexget_core::value::Value;

use super::console::{Console, MessageKind};
use super::printable::{NOTE, Printable, STRONG};
use super::report::{Verbosity, state_name};
use super::text::{count, cut};

/// Number of fields that are named; the others are counted.
const NAMED: usize = 6;

/// The width of a value.
const VALUE: usize = 60;

impl Console {
    /// Prints the trace of each entry, and how the task ended.
    pub(crate) fn explanation(&self, task: &TaskReport) {
        for entry in &task.entries {
            let (word, style) = state_name(entry.state());
            let title = Printable::styled(STRONG, format_args!("`{}`", entry.title())).text(": ").style(style, word);
            self.line(&title);
            self.trace(entry);
            if entry.state() == State::Undecided {
                self.line(&Printable::line("  ").append(&undecided(entry)));
            }
        }
        if task.entries.is_empty() && task.outcome == TaskOutcome::Ok {
            self.line(&Printable::line("the task produced no entries"));
        }
        for warning in &task.warnings {
            self.message(MessageKind::Warning, warning, &[]);
        }
        if let Some(error) = &task.error {
            self.task_error(task, error, Verbosity::Usual);
        }
    }

    /// Prints the trace of an entry, and which lookups failed.
    pub(crate) fn trace(&self, entry: &EntryReport) {
        for record in entry.trace() {
            let name = format!("{} {}", record.phase, record.plugin);
            let line = Printable::line("  ").style(NOTE, name.trim_start());
            self.line(&line.text(format_args!(": {}", happened(&record))));
        }
        for trace in entry.traces() {
            self.line(&Printable::line(format_args!("  {trace}")));
        }
    }
}

/// Returns why an entry is undecided, and what would change that.
fn undecided(entry: &EntryReport) -> Printable {
    if entry.reason().is_some() {
        return Printable::line("it is withheld from this run: the next run tries again");
    }
    // What every task has rejects only.
    let could_accept = |record: &TraceRecord| {
        matches!(record.event, TraceEvent::Passed | TraceEvent::Evaluated { .. }) && record.plugin != "seen"
    };
    Printable::line(if entry.trace().iter().any(could_accept) {
        "no plugin accepted or rejected it"
    } else {
        "no plugin accepted or rejected it: the task has no filter that accepts, such as `if` or `accept_all`"
    })
}

/// Returns what an event did, in a few words.
fn happened(record: &TraceRecord) -> String {
    match &record.event {
        TraceEvent::Produced { source: Some(source) } => format!("produced it from {source}"),
        TraceEvent::Produced { source: None } => "produced it".to_owned(),
        TraceEvent::LookedUp { error: Some(error), .. } => format!("could not look it up: {error}"),
        TraceEvent::LookedUp { fields, requests, entries, .. } => {
            let cost = match requests {
                0 => "without a request".to_owned(),
                number => format!(
                    "with {} for {}",
                    count(usize::try_from(*number).unwrap_or(usize::MAX), "request"),
                    count(*entries, "entry")
                ),
            };
            let found = if fields.is_empty() { "nothing".to_owned() } else { names(fields.iter().map(AsRef::as_ref)) };
            format!("looked up {found} {cost}")
        }
        TraceEvent::Set { fields } => {
            format!("set {}", values(fields.iter().map(|(name, value)| (name.as_ref(), value))))
        }
        TraceEvent::Evaluated { condition, result, values: read, error } => {
            let result = match result {
                Some(true) => "true",
                Some(false) => "false",
                None => "not known",
            };
            let because = error.as_ref().map(|error| format!(", because {error}")).unwrap_or_default();
            let read = values(read.iter().map(|(name, value)| (name.as_str(), value)));
            let read = if read.is_empty() { read } else { format!(" ({read})") };
            format!("`{condition}` is {result}{because}{read}")
        }
        TraceEvent::Passed => "left it undecided".to_owned(),
        TraceEvent::Decided { verdict, reason } => {
            let because = reason.as_ref().map(|reason| format!(" because {reason}")).unwrap_or_default();
            format!("{}{because}", state_name(*verdict).0)
        }
        other => format!("{other:?}"),
    }
}

/// Returns the first names of fields, and the number of the others.
fn names<'a>(fields: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = fields.len().saturating_sub(NAMED);
    let named = fields.take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {}", count(more, "more field")) } else { named }
}

/// Returns fields with their values: `trakt_watched = no, year = 1972`.
fn values<'a>(fields: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    fields.map(|(name, value)| format!("{name} = {}", shown(value))).collect::<Vec<_>>().join(", ")
}

fn shown(value: &Value) -> String {
    let json = value.to_json();
    match json.as_bool() {
        _ if value.is_null() => "nothing".to_owned(),
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
        None => cut(&json.to_string(), VALUE),
    }
}
