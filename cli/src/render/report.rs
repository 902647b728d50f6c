//! The report as text, in the words of FlexGet.

use flexget_core::entry::State;
use flexget_core::task::report::{
    Action, ChangeReport, EntryReport, ErrorReport, TaskOutcome, TaskReport, first_titles,
};
use indexmap::IndexMap;

use super::console::{Console, MessageKind};
use super::printable::{ERROR, GOOD, NOTE, Printable, STRONG};
use super::text::count;

/// The most different reasons that are told of tasks which could not run.
const MOST_REASONS: usize = 5;

/// Amount of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors only (`--quiet`).
    Errors,
    /// Only tasks that changed something, failed or need attention (`--cron`).
    Attention,
    /// A line for each task, and what changed, failed or needs attention.
    Usual,
    /// Every decision (`--verbose`).
    Decisions,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReportStyle {
    /// Whether each line begins with the name of its task.
    pub named: bool,
    /// Amount of output.
    pub verbosity: Verbosity,
    /// Whether the report is printed as JSON, so that only warnings and errors are printed here.
    pub json: bool,
}

impl Console {
    /// Prints the report of a task: entries and changes to stdout, warnings and errors to stderr.
    pub(crate) fn task(&self, task: &TaskReport, style: ReportStyle) {
        let verbosity = style.verbosity;
        let is_shown = match verbosity {
            Verbosity::Errors => false,
            Verbosity::Attention => needs_attention(task),
            Verbosity::Usual | Verbosity::Decisions => true,
        };
        if is_shown && !style.json {
            let prefix =
                if style.named { Printable::styled(STRONG, &task.name).text(": ") } else { Printable::default() };
            self.lines(lines(task, verbosity).iter().map(|line| prefix.clone().append(line)));
        }
        let named = |text: &str| if style.named { format!("{}: {text}", task.name) } else { text.to_owned() };
        if verbosity > Verbosity::Errors {
            for (warning, more) in grouped_warnings(task) {
                let more = if more > 0 { format!(" (and {more} more like this)") } else { String::new() };
                self.message(MessageKind::Warning, &named(&format!("{warning}{more}")), &[]);
            }
        }
        for change in &task.changes {
            for failure in &change.failed {
                let titles = first_titles(failure.titles.iter().map(String::as_str), failure.count);
                let failed = format!("{}: {}: {titles}: {}", change.plugin, list_name(change), failure.reason);
                self.message(MessageKind::Error, &named(&failed), &[]);
            }
        }
        if let Some(error) = &task.error {
            self.task_error(task, error, verbosity);
        }
    }

    /// Prints which tasks could not run, each reason once, or their names alone if there are many.
    pub(crate) fn unusable(&self, tasks: &[TaskReport], verbosity: Verbosity) {
        for outcome in [TaskOutcome::Skipped, TaskOutcome::Aborted] {
            let (kind, ended) = match outcome {
                TaskOutcome::Skipped if verbosity < Verbosity::Usual => continue,
                TaskOutcome::Skipped => (MessageKind::Note, "are skipped"),
                _ => (MessageKind::Error, "were aborted"),
            };
            let tasks: Vec<&TaskReport> = tasks.iter().filter(|task| task.outcome == outcome).collect();
            let named = |tasks: &[&TaskReport]| first_titles(tasks.iter().map(|task| task.name.as_str()), tasks.len());
            let mut reasons: IndexMap<&ErrorReport, Vec<&TaskReport>> = IndexMap::new();
            for task in &tasks {
                if let Some(error) = &task.error {
                    reasons.entry(error).or_default().push(task);
                }
            }
            if reasons.len() > MOST_REASONS {
                let message = format!("tasks {} {ended} for {} reasons", named(&tasks), reasons.len());
                self.message(kind, &message, &["`flexget-rs check` tells them"]);
                continue;
            }
            for (error, tasks) in reasons {
                match tasks.as_slice() {
                    [only] => self.task_error(only, error, verbosity),
                    _ => {
                        let message = format!("tasks {} {ended}: {}", named(&tasks), error.message);
                        self.message(kind, &message, error.hint.as_deref().as_slice());
                    }
                }
            }
        }
    }

    /// Prints how a task ended that did not run to its end.
    pub(super) fn task_error(&self, task: &TaskReport, error: &ErrorReport, verbosity: Verbosity) {
        let name = &task.name;
        let (severity, message) = match (task.outcome, error.plugin.as_str()) {
            (TaskOutcome::Ok, _) => return,
            (TaskOutcome::Skipped, _) if verbosity < Verbosity::Usual => return,
            (TaskOutcome::Skipped, _) => (MessageKind::Note, format!("task `{name}` is skipped: {}", error.message)),
            (TaskOutcome::Incomplete, _) => {
                (MessageKind::Error, format!("task `{name}` is incomplete: {}", error.message))
            }
            (TaskOutcome::Aborted, "") if error.message == "interrupted" => {
                (MessageKind::Note, format!("task `{name}` was interrupted"))
            }
            (_, plugin) if plugin.is_empty() || plugin == *name => {
                (MessageKind::Error, format!("task `{name}` was aborted: {}", error.message))
            }
            (_, plugin) => (MessageKind::Error, format!("task `{name}` was aborted by {plugin}: {}", error.message)),
        };
        self.message(severity, &message, error.hint.as_deref().as_slice());
    }
}

/// Returns whether a task changed something, failed or has a warning.
fn needs_attention(task: &TaskReport) -> bool {
    matches!(task.outcome, TaskOutcome::Aborted | TaskOutcome::Incomplete)
        || !task.warnings.is_empty()
        || task
            .changes
            .iter()
            .any(|change| change.done > 0 || !change.failed.is_empty() || !change.not_found.is_empty())
        || task.entries.iter().any(|entry| entry.state() == State::Failed)
}

/// Returns the lines of a task's report.
fn lines(task: &TaskReport, verbosity: Verbosity) -> Vec<Printable> {
    let mut lines = Vec::new();
    if task.outcome == TaskOutcome::Skipped {
        return lines;
    }
    // A task that only clears a list has nothing to say about entries.
    let has_entries = !task.entries.is_empty() || (task.changes.is_empty() && task.outcome == TaskOutcome::Ok);
    if verbosity < Verbosity::Decisions {
        lines.extend(has_entries.then(|| Printable::line(summary(task))));
        lines.extend(failed_entries(task));
    } else {
        if has_entries {
            lines.push(Printable::line(match task.entries.len() {
                0 => "Produced no entries".to_owned(),
                number => format!("Produced {}", count(number, "entry")),
            }));
        }
        lines.extend(task.entries.iter().map(decision));
        if !task.entries.is_empty() && task.outcome == TaskOutcome::Ok {
            let number = |state| task.entries.iter().filter(|entry| entry.state() == state).count();
            lines.push(Printable::line(format_args!(
                "Summary - Accepted: {} (Rejected: {} Undecided: {} Failed: {})",
                number(State::Accepted),
                number(State::Rejected),
                number(State::Undecided),
                number(State::Failed),
            )));
        }
    }
    lines.extend(task.changes.iter().flat_map(|change| self::change(change, verbosity)));
    lines
}

/// Returns the numbers of entries: `5 entries: 1 accepted, 4 rejected (3 already seen)`.
fn summary(task: &TaskReport) -> String {
    if task.entries.is_empty() {
        return "no entries".to_owned();
    }
    let number = |state| task.entries.iter().filter(|entry| entry.state() == state).count();
    let seen = task.entries.iter().filter(|entry| entry.state() == State::Rejected && entry.plugin() == Some("seen"));
    let seen = match seen.count() {
        0 => String::new(),
        seen => format!(" ({seen} already seen)"),
    };
    let numbers = [
        (number(State::Accepted), "accepted", ""),
        (number(State::Rejected), "rejected", seen.as_str()),
        (number(State::Undecided), "undecided", ""),
        (number(State::Failed), "failed", ""),
    ];
    let numbers = numbers.iter().filter(|(number, ..)| *number > 0);
    let states: Vec<String> = numbers.map(|(number, state, detail)| format!("{number} {state}{detail}")).collect();
    format!("{}: {}", count(task.entries.len(), "entry"), states.join(", "))
}

/// Returns a line for each plugin and reason that entries failed with.
fn failed_entries(task: &TaskReport) -> Vec<Printable> {
    let mut groups: IndexMap<(Option<&str>, Option<&str>), Vec<&EntryReport>> = IndexMap::new();
    for entry in task.entries.iter().filter(|entry| entry.state() == State::Failed) {
        groups.entry((entry.plugin(), entry.reason())).or_default().push(entry);
    }
    let titles = |entries: &[&EntryReport]| first_titles(entries.iter().map(|entry| entry.title()), entries.len());
    groups.into_values().map(|entries| because(entries[0], &titles(&entries))).collect()
}

/// Returns the line of a decision: ``ACCEPTED: `Title` by accept_all plugin because …``.
fn decision(entry: &EntryReport) -> Printable {
    because(entry, &format!("`{}`", entry.title()))
}

fn because(entry: &EntryReport, titles: &str) -> Printable {
    let (word, style) = state_name(entry.state());
    let by = entry.plugin().map(|plugin| format!(" by {plugin} plugin")).unwrap_or_default();
    let because = entry.reason().map(|reason| format!(" because {}", lower_first(reason))).unwrap_or_default();
    Printable::styled(style, word).text(format_args!(": {titles}{by}{because}"))
}

/// Returns the name of a state as FlexGet writes it, and its style.
pub(crate) fn state_name(state: State) -> (&'static str, anstyle::Style) {
    match state {
        State::Accepted => ("ACCEPTED", GOOD),
        State::Rejected => ("REJECTED", ERROR),
        State::Failed => ("FAILED", ERROR),
        State::Undecided => ("UNDECIDED", NOTE),
    }
}

/// Returns a reason as the end of a sentence, as FlexGet does it.
fn lower_first(reason: &str) -> String {
    let mut rest = reason.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect()).unwrap_or_default()
}

/// Returns the list of a change: ``trakt_list `watchlist` (account me)``.
fn list_name(change: &ChangeReport) -> String {
    let account = change.account.as_ref().map(|account| format!(" (account {account})")).unwrap_or_default();
    format!("{} `{}`{account}", change.list, change.name)
}

/// Groups the warnings of a task that differ only in an entry's title, with their number.
fn grouped_warnings(task: &TaskReport) -> Vec<(&str, usize)> {
    let mut titles = task.entries.iter().map(|entry| entry.title()).filter(|title| !title.is_empty()).cycle();
    let mut groups: IndexMap<String, (&str, usize)> = IndexMap::new();
    for warning in &task.warnings {
        // Warnings come in the order of the entries, so that the next title is mostly the right
        // one.
        let title = titles.by_ref().take(task.entries.len()).find(|title| warning.contains(title));
        let key = title.map_or_else(|| warning.clone(), |title| warning.replacen(title, "\0", 1));
        groups.entry(key).and_modify(|(_, more)| *more = more.saturating_add(1)).or_insert((warning, 0));
    }
    groups.into_values().collect()
}

/// Returns the line of a change; in a dry run with a line for each item.
fn change(change: &ChangeReport, verbosity: Verbosity) -> Vec<Printable> {
    let (verb, done, direction, existing) = match change.action {
        Action::Add => ("add", "added", "to", "there already"),
        Action::Remove | Action::Clear => ("remove", "removed", "from", "not there"),
    };
    let (plugin, number, list) = (&change.plugin, change.done, list_name(change));
    let is_empty = number == 0 && change.action == Action::Clear && change.requested == 0;
    let mut line = Printable::line(if change.dry_run {
        format!("{plugin}: would {verb} {number} {direction} {list}")
    } else if is_empty {
        format!("{plugin}: {list} was empty")
    } else {
        format!("{plugin}: {number} {done} {direction} {list}")
    });
    for (number, past) in [(change.existing, existing), (change.not_found.len(), "not found")] {
        line = match (number, change.dry_run) {
            (0, _) => line,
            (1, true) => line.text(format_args!(", 1 is {past}")),
            (_, true) => line.text(format_args!(", {number} are {past}")),
            (1, false) => line.text(format_args!(", 1 was {past}")),
            (_, false) => line.text(format_args!(", {number} were {past}")),
        };
    }
    if !change.failed.is_empty() {
        line = line.text(", ").style(ERROR, format_args!("{} failed", change.failures()));
    }
    if let Some(id) = change.change_id.filter(|_| verbosity >= Verbosity::Decisions) {
        line = line.text(format_args!(" (change {id})"));
    }
    let items = change.items.iter().map(|title| Printable::line(format_args!("would {verb}: {title}")));
    std::iter::once(line).chain(items).collect()
}
