//! `--dump`: every field of the entries.

use flexget_core::entry::State;
use flexget_core::task::report::{EntryReport, TaskReport};

use super::text::{self, Shown};
use super::{NOTE, STRONG, Screen};
use crate::args::Dump;

/// The states in the order in which they are dumped, with the words that name them.
const STATES: [(State, Dump, &str, &str); 4] = [
    (State::Undecided, Dump::Undecided, "Undecided", "undecided"),
    (State::Accepted, Dump::Accepted, "Accepted", "accepted"),
    (State::Rejected, Dump::Rejected, "Rejected", "rejected"),
    (State::Failed, Dump::Failed, "Failed", "failed"),
];

impl Screen {
    /// Shows the fields of a task's entries: of all, or of those in the states that are named.
    pub(crate) fn dump(&self, task: &TaskReport, words: &[Dump]) {
        let named = STATES.iter().any(|(_, word, ..)| words.contains(word));
        if task.entries.is_empty() && !named {
            self.line("No entries were produced");
        }
        for (state, word, heading, name) in STATES {
            if named && !words.contains(&word) {
                continue;
            }
            let entries: Vec<&EntryReport> = task.entries.iter().filter(|entry| entry.state() == state).collect();
            if entries.is_empty() {
                if named {
                    self.line(&format!("No {name} entries"));
                }
                continue;
            }
            self.rule(heading);
            for entry in entries {
                self.entry(entry, words);
            }
        }
    }

    /// A line across the terminal with a heading in it.
    fn rule(&self, heading: &str) {
        let width = self.width().unwrap_or(80);
        let rest = "─".repeat(width.saturating_sub(text::columns(heading) + 5));
        self.data(&format!("{STRONG}─── {heading} {rest}{STRONG:#}\n"));
    }

    fn entry(&self, entry: &EntryReport, words: &[Dump]) {
        if words.contains(&Dump::Title) {
            self.line(&Shown(entry.title()).to_string());
            return;
        }
        let first = ["title", "url", "original_title", "original_url"];
        let known = entry.fields();
        let mut fields: Vec<(&String, &serde_json::Value)> = known.iter().collect();
        fields.sort_by_key(|(name, _)| (first.iter().position(|known| known == name).unwrap_or(first.len()), *name));
        let wide = fields.iter().map(|(name, _)| text::columns(name)).max().unwrap_or(0);
        for (name, value) in fields {
            let value = match value {
                serde_json::Value::String(text) => Shown(text).to_string(),
                other => other.to_string(),
            };
            let pad = " ".repeat(wide - text::columns(name));
            self.line(&format!("{NOTE}{}{NOTE:#}{pad} : {value}", Shown(name)));
        }
        if words.contains(&Dump::Trace) {
            for trace in entry.traces() {
                self.line(&format!("trace: {}", Shown(trace)));
            }
        }
        self.data("\n");
    }
}
