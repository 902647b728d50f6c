//! The report as text, in words that FlexGet users know.

use flexget_core::entry::State;
use flexget_core::task::report::{Action, ChangeReport, EntryReport, ErrorReport, Outcome, TaskReport};

use super::text::{Shown, count};
use super::{ERROR, GOOD, Kind, NOTE, STRONG, Screen};

/// How a report is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Several tasks run, so every line says of which task it is.
    pub named: bool,
    /// Undecided entries are shown, too.
    pub verbose: bool,
    /// Only what went wrong is shown.
    pub quiet: bool,
    /// The report itself goes elsewhere (as JSON): only warnings and errors are shown.
    pub asides_only: bool,
}

impl Screen {
    /// Shows what a task did: its entries and changes as data, its warnings and errors beside them.
    pub(crate) fn task(&self, task: &TaskReport, style: Style) {
        let prefix = if style.named { format!("{STRONG}{}{STRONG:#}: ", Shown(&task.name)) } else { String::new() };
        if !style.quiet && !style.asides_only {
            self.lines(lines(task, style).into_iter().map(|line| format!("{prefix}{line}")));
        }
        let named = |text: &str| if style.named { format!("{}: {text}", task.name) } else { text.to_owned() };
        if !style.quiet {
            for warning in &task.warnings {
                self.problem(Kind::Warning, &named(warning), &[]);
            }
        }
        for change in &task.changes {
            for failed in &change.failed {
                self.problem(Kind::Error, &named(&format!("{}: {}: {failed}", change.plugin, place(change))), &[]);
            }
        }
        if let Some(error) = &task.error {
            self.ending(task, error, style);
        }
    }

    fn ending(&self, task: &TaskReport, error: &ErrorReport, style: Style) {
        let (kind, what) = match task.outcome {
            Outcome::Aborted => (Kind::Error, "was aborted"),
            Outcome::Skipped => (Kind::Note, "is skipped"),
            Outcome::Ok => return,
        };
        if style.quiet && kind != Kind::Error {
            return;
        }
        let by = match error.plugin.as_str() {
            "" => String::new(),
            plugin if plugin == task.name => String::new(),
            plugin if task.outcome == Outcome::Aborted => format!(" by {plugin}"),
            _ => String::new(),
        };
        let message = format!("task `{}` {what}{by}: {}", task.name, error.message);
        self.problem(kind, &message, error.hint.as_deref().as_slice());
    }
}

/// The lines of a task's report.
fn lines(task: &TaskReport, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if task.outcome == Outcome::Skipped {
        return lines;
    }
    // A task that only clears a list has nothing to say of entries.
    if !task.entries.is_empty() || (task.changes.is_empty() && task.outcome == Outcome::Ok) {
        lines.push(match task.entries.len() {
            0 => "Produced no entries".to_owned(),
            number => format!("Produced {}", count(number, "entry")),
        });
    }
    lines.extend(task.entries.iter().filter(|entry| style.verbose || entry.state() != State::Undecided).map(decision));
    if !task.entries.is_empty() && task.outcome == Outcome::Ok {
        let number = |state| task.entries.iter().filter(|entry| entry.state() == state).count();
        lines.push(format!(
            "Summary - Accepted: {} (Rejected: {} Undecided: {} Failed: {})",
            number(State::Accepted),
            number(State::Rejected),
            number(State::Undecided),
            number(State::Failed),
        ));
    }
    lines.extend(task.changes.iter().flat_map(|change| self::change(change, style)));
    lines
}

/// ``ACCEPTED: `Title` by accept_all plugin because of …``
fn decision(entry: &EntryReport) -> String {
    let (word, colour) = match entry.state() {
        State::Accepted => ("ACCEPTED", GOOD),
        State::Rejected => ("REJECTED", ERROR),
        State::Failed => ("FAILED", ERROR),
        State::Undecided => ("UNDECIDED", NOTE),
    };
    let mut line = format!("{colour}{word}{colour:#}: `{}`", Shown(entry.title()));
    if let Some(plugin) = entry.plugin() {
        line.push_str(&format!(" by {} plugin", Shown(plugin)));
    }
    if let Some(reason) = entry.reason() {
        line.push_str(&format!(" because {}", Shown(&lower_first(reason))));
    }
    line
}

/// The reason as the end of a sentence, as FlexGet does it.
fn lower_first(reason: &str) -> String {
    let mut rest = reason.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect()).unwrap_or_default()
}

/// Where a change was made: ``trakt_list `watchlist` (account me)``.
fn place(change: &ChangeReport) -> String {
    let mut place = format!("{} `{}`", Shown(&change.list), Shown(&change.name));
    if let Some(account) = &change.account {
        place.push_str(&format!(" (account {})", Shown(account)));
    }
    place
}

/// A change in one line; in a dry run with a line for each item.
fn change(change: &ChangeReport, style: Style) -> Vec<String> {
    let (done, direction, existing) = match change.action {
        Action::Add => ("added", "to", "there already"),
        Action::Remove | Action::Clear => ("removed", "from", "not there"),
    };
    let verb = if change.action == Action::Add { "add" } else { "remove" };
    let number = change.done;
    let mut line = match (change.dry_run, number) {
        (true, _) => format!("{}: would {verb} {number} {direction} {}", change.plugin, place(change)),
        (false, 0) if change.action == Action::Clear && change.requested == 0 => {
            format!("{}: {} was empty", change.plugin, place(change))
        }
        (false, _) => format!("{}: {number} {done} {direction} {}", change.plugin, place(change)),
    };
    let was = |number: usize, past: &str| match (number, change.dry_run) {
        (1, true) => format!(", 1 is {past}"),
        (_, true) => format!(", {number} are {past}"),
        (1, false) => format!(", 1 was {past}"),
        _ => format!(", {number} were {past}"),
    };
    if change.existing > 0 {
        line.push_str(&was(change.existing, existing));
    }
    if !change.not_found.is_empty() {
        line.push_str(&was(change.not_found.len(), "not found"));
    }
    if !change.failed.is_empty() {
        line.push_str(&format!(", {ERROR}{} failed{ERROR:#}", change.failed.len()));
    }
    if let Some(id) = change.change_id.filter(|_| style.verbose) {
        line.push_str(&format!(" (change {id})"));
    }
    let items = change.items.iter().map(|title| format!("would {verb}: {}", Shown(title)));
    std::iter::once(line).chain(items).collect()
}
