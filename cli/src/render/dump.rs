//! `--dump`: every field of the entries.

use clap::ValueEnum;
use flexget_core::entry::State;
use flexget_core::task::report::{EntryReport, TaskReport};

use super::console::Console;
use super::printable::{NOTE, Printable, STRONG};
use super::text;

/// Entries to dump, and their detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dump {
    /// Look up every field first
    Eval,
    /// Show the processing trace of each entry
    Trace,
    /// Accepted entries
    Accepted,
    /// Rejected entries
    Rejected,
    /// Undecided entries
    Undecided,
    /// Failed entries
    Failed,
    /// Titles only
    Title,
}

/// The states in the order in which they are dumped, with the words that name them.
const STATES: [(State, Dump, &str); 4] = [
    (State::Undecided, Dump::Undecided, "Undecided"),
    (State::Accepted, Dump::Accepted, "Accepted"),
    (State::Rejected, Dump::Rejected, "Rejected"),
    (State::Failed, Dump::Failed, "Failed"),
];

impl Console {
    /// Writes the fields of a task's entries: of all, or of those in the states that are named.
    pub(crate) fn dump(&self, task: &TaskReport, words: &[Dump]) {
        let named = STATES.iter().any(|(_, word, ..)| words.contains(word));
        if task.entries.is_empty() && !named {
            self.line(&Printable::line("No entries were produced"));
        }
        for (state, word, heading) in STATES {
            if named && !words.contains(&word) {
                continue;
            }
            let mut entries = task.entries.iter().filter(|entry| entry.state() == state).peekable();
            if entries.peek().is_some() {
                self.rule(heading);
            } else if named {
                self.line(&Printable::line(format_args!("No {} entries", state.name())));
            }
            entries.for_each(|entry| self.entry(entry, &task.name, words));
        }
    }

    /// Writes a heading with a rule as wide as the terminal.
    fn rule(&self, heading: &str) {
        let dash = if self.width().is_none() || self.can_draw() { "─" } else { "-" };
        let rest = self.width().unwrap_or(80).saturating_sub(text::columns(heading)).saturating_sub(5);
        let line = format!("{} {heading} {}", dash.repeat(3), dash.repeat(rest));
        self.data(&Printable::styled(STRONG, line).end());
    }

    fn entry(&self, entry: &EntryReport, task: &str, words: &[Dump]) {
        if words.contains(&Dump::Title) {
            self.line(&Printable::line(entry.title()));
            return;
        }
        let first = ["title", "url", "original_title", "original_url"];
        let mut known = entry.fields();
        // Expressions read these as fields, too.
        let by = format!("{}_by", entry.state().name());
        let decided_by =
            entry.plugin().filter(|_| entry.state() != State::Undecided).map(|plugin| (by.as_str(), plugin));
        let computed = decided_by.into_iter().chain(entry.reason().map(|reason| ("reason", reason)));
        for (name, value) in computed.chain([("task", task)]) {
            known.entry(name).or_insert_with(|| value.into());
        }
        let mut fields: Vec<(&String, &serde_json::Value)> = known.iter().collect();
        fields.sort_by_key(|(name, _)| (first.iter().position(|known| known == name).unwrap_or(first.len()), *name));
        let wide = fields.iter().map(|(name, _)| text::columns(name)).max().unwrap_or(0);
        for (name, value) in fields {
            let pad = " ".repeat(wide.saturating_sub(text::columns(name)));
            let name = Printable::styled(NOTE, name).text(pad);
            self.line(&match value {
                serde_json::Value::String(text) => name.text(format_args!(" : {text}")),
                other => name.text(format_args!(" : {other}")),
            });
        }
        if words.contains(&Dump::Trace) {
            self.trace(entry);
        }
        self.data(&Printable::default().end());
    }
}
