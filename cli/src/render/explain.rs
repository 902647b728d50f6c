//! The way of each entry through a task.

use flexget_core::entry::State;
use flexget_core::task::report::{EntryReport, TaskOutcome, TaskReport};

use super::console::{Console, MessageKind};
use super::printable::{NOTE, Printable, STRONG};
use super::report::state_name;

impl Console {
    /// Prints the way of each entry, and how the task ended.
    pub(crate) fn explanation(&self, task: &TaskReport) {
        for entry in &task.entries {
            let (word, style) = state_name(entry.state());
            let title = Printable::styled(STRONG, format_args!("`{}`", entry.title())).text(": ").style(style, word);
            self.line(&title);
            self.decisions(entry);
            if entry.state() == State::Undecided {
                self.line(&Printable::line("  no plugin accepted or rejected it"));
            }
        }
        if task.entries.is_empty() && task.outcome == TaskOutcome::Ok {
            self.line(&Printable::line("the task produced no entries"));
        }
        for warning in &task.warnings {
            self.message(MessageKind::Warning, warning, &[]);
        }
        if let Some(error) = &task.error {
            let message = format!("task `{}` did not run to its end: {}", task.name, error.message);
            self.message(MessageKind::Error, &message, error.hint.as_deref().as_slice());
        }
    }

    /// Prints the decisions about an entry, and which lookups failed.
    pub(crate) fn decisions(&self, entry: &EntryReport) {
        for decision in entry.decisions() {
            let name = format!("{} {}", decision.phase, decision.plugin);
            let because = decision.reason.as_ref().map(|reason| format!(" because {reason}")).unwrap_or_default();
            let line = Printable::line("  ").style(NOTE, name);
            self.line(&line.text(format_args!(": {}{because}", state_name(decision.verdict).0)));
        }
        for trace in entry.traces() {
            self.line(&Printable::line(format_args!("  {trace}")));
        }
    }
}
