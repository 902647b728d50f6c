//! The history of runs: when each task ran, how it ended, and what it did.

mod read;
pub(super) mod retention;
#[cfg(test)]
mod tests;
mod write;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::error::Error;

/// How a run of a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[non_exhaustive]
pub enum RunOutcome {
    /// It has not ended.
    Running,
    /// All its steps ran, and every change was made.
    Ok,
    /// All its steps ran, but a change failed.
    Failed,
    /// All its steps ran, but an input could not be read.
    Incomplete,
    /// A plugin failed, and its other steps did not run.
    Aborted,
    /// It was not run, because it was not due or needs a plugin that does not exist.
    Skipped,
    /// The user asked the program to stop.
    Interrupted,
    /// The program ended without being asked: it was killed, or the machine went down.
    Killed,
}

impl RunOutcome {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns whether the task needs attention.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Incomplete | Self::Aborted | Self::Killed)
    }
}

/// Counts of one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RunCounts {
    /// Number of entries that were produced.
    pub produced: usize,
    /// Number of entries that were accepted.
    pub accepted: usize,
    /// Number of entries that were rejected.
    pub rejected: usize,
    /// Number of entries that failed.
    pub failed: usize,
    /// Number of items that were added to lists or removed from them.
    pub changed: usize,
    /// Number of requests that were sent; a retry counts again.
    pub requests: usize,
    /// How long the run waited for services, in milliseconds.
    pub waited_ms: usize,
}

/// Why a task did not run through.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ErrorReport {
    /// The plugin that failed or that is missing.
    pub plugin: String,
    /// The message.
    pub message: String,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl ErrorReport {
    /// Creates the report of an error of a plugin.
    pub fn of(plugin: &str, error: &Error) -> Self {
        Self { plugin: plugin.to_owned(), message: error.to_string(), hint: error.hint_text().map(str::to_owned) }
    }
}

/// A change of a list that a run made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunChange {
    /// The kind of list and its name.
    pub list: String,
    /// The account that the list was changed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The kind of change: `add`, `remove` or `clear`.
    pub action: String,
    /// Number of items that were added or removed.
    pub done: usize,
    /// Number of items for which nothing was to be done.
    pub existing: usize,
    /// The titles that the service does not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_found: Vec<String>,
    /// The items that could not be written, by reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
    /// The number of the change in the journal, for `undo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_id: Option<i64>,
}

/// A decision about an entry, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDecision {
    /// The phase in which it was made.
    pub phase: String,
    /// The plugin that made it.
    pub plugin: String,
    /// The state that it gave to the entry.
    pub verdict: String,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An entry of a run, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEntry {
    /// The title.
    pub title: String,
    /// The URL.
    pub url: String,
    /// The state at the end of the run.
    pub state: String,
    /// The decisions, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<RunDecision>,
}

/// Details of a run besides its counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDetails {
    /// The error that aborted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// The warnings, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The changes of lists, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<RunChange>,
    /// Number of entries that are not kept.
    #[serde(default)]
    pub omitted: usize,
}

/// The end of a run.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// How it ended.
    pub outcome: RunOutcome,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// Its counts.
    pub counts: RunCounts,
    /// Details besides the counts.
    pub details: RunDetails,
    /// Entries that were accepted or failed.
    pub acted_on: Vec<RunEntry>,
    /// Other entries, which are kept for some runs only.
    pub others: Vec<RunEntry>,
}

/// A run of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRecord {
    /// Number, which is never given twice.
    pub id: i64,
    /// The task's name.
    pub task: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in milliseconds; `None` if it did not come to its end.
    pub elapsed_ms: Option<u64>,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Its counts.
    #[serde(flatten)]
    pub counts: RunCounts,
    /// Details besides the counts.
    #[serde(flatten)]
    pub details: RunDetails,
    /// Its entries, those that were acted on first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<RunEntry>,
}

/// A selection of runs.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Only runs of this task.
    pub task: Option<String>,
    /// Only runs with a lower number.
    pub before: Option<i64>,
    /// Largest number of runs; the latest ones.
    pub limit: Option<usize>,
    /// Whether their entries are read.
    pub entries: bool,
}

/// How a task has been doing.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskHistory {
    /// The last run that was not skipped.
    pub last: Option<RunRecord>,
    /// When the last run began that was skipped, if no other came after it.
    pub skipped: Option<RunRecord>,
    /// When the last successful run began.
    pub last_success: Option<Timestamp>,
    /// Number of runs that failed since.
    pub failures: usize,
}
