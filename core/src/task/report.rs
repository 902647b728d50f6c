//! The report of a run, as data that the terminal and `--format json` render.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::context::Context;
pub use crate::context::store::changes::Action;
use crate::entry::{Entry, State};
use crate::error::Error;
use crate::value::Value;

/// Report of a run.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// The version of this format: 1.
    pub version: u32,
    /// The tasks, in the order in which they ran.
    pub tasks: Vec<TaskReport>,
    /// Number of requests by method; a retry counts again.
    pub requests: BTreeMap<String, u64>,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It ran through.
    Ok,
    /// A plugin failed, and the rest did not run.
    Aborted,
    /// It was not run: it needs a plugin that this program does not have, or it was not its time.
    Skipped,
}

/// Report of a task.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct TaskReport {
    /// The task's name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not run through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// All entries, in order.
    #[schemars(with = "Vec<Written<'_>>")]
    pub entries: Vec<EntryReport>,
    /// All changes to lists, in order.
    pub changes: Vec<ChangeReport>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// Why a task did not run through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ErrorReport {
    /// The plugin that failed or that is missing.
    pub plugin: String,
    /// Message of the error.
    pub message: String,
    /// Next step for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl ErrorReport {
    /// Returns the error as `plugin` failed with it.
    pub fn of(plugin: &str, error: &Error) -> Self {
        Self { plugin: plugin.to_owned(), message: error.to_string(), hint: error.hint_text().map(str::to_owned) }
    }
}

/// Entry at the end of a task, read-only.
#[derive(Debug)]
pub struct EntryReport(Entry);

/// How an entry is reported.
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(rename = "EntryReport", description = "One entry at the end of a task.")]
struct Written<'a> {
    /// The title.
    title: &'a str,
    /// The address.
    url: &'a str,
    /// State of the entry.
    #[schemars(with = "StateName")]
    state: State,
    /// The plugin that decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<&'a str>,
    /// Returns the reason of the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// The fields that are known, without those that start with `_`.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    fields: Fields<'a>,
    /// Failures of lookups.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    traces: &'a [String],
}

/// The names of the states, for the schema.
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(dead_code, reason = "the schema of `State`, which the entry module keeps free of schemas")]
enum StateName {
    Undecided,
    Accepted,
    Rejected,
    Failed,
}

impl EntryReport {
    /// Returns the title.
    pub fn title(&self) -> &str {
        self.0.title()
    }

    /// Returns the address.
    pub fn url(&self) -> &str {
        self.0.url()
    }

    /// Returns the state.
    pub fn state(&self) -> State {
        self.0.state()
    }

    /// Returns the plugin that decided it.
    pub fn plugin(&self) -> Option<&'static str> {
        self.0.decided_by()
    }

    /// Returns the reason of the decision.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason()
    }

    /// Failures of lookups.
    pub fn traces(&self) -> &[String] {
        self.0.traces()
    }

    /// Returns the fields that are known, as JSON, without those that start with `_`.
    pub fn fields(&self) -> serde_json::Map<String, serde_json::Value> {
        reported(&self.0).map(|(name, value)| (name.to_owned(), value.to_json())).collect()
    }
}

impl From<Entry> for EntryReport {
    fn from(entry: Entry) -> Self {
        Self(entry)
    }
}

impl Serialize for EntryReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            title: self.title(),
            url: self.url(),
            state: self.state(),
            plugin: self.plugin(),
            reason: self.reason(),
            fields: Fields(&self.0),
            traces: self.traces(),
        };
        written.serialize(serializer)
    }
}

/// The fields of an entry as they are reported.
struct Fields<'a>(&'a Entry);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(reported(self.0))
    }
}

fn reported(entry: &Entry) -> impl Iterator<Item = (&str, &Value)> {
    entry.fields().filter(|(name, _)| !name.starts_with('_'))
}

/// A change to a list: what was asked for and what became of it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ChangeReport {
    /// The plugin that asked for it.
    pub plugin: String,
    /// The kind of list.
    pub list: String,
    /// The account that the list was changed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The list's name.
    pub name: String,
    /// Kind of the change.
    pub action: Action,
    /// Number of items that were requested.
    pub requested: usize,
    /// Number of items added or removed; with `dry_run`, of those that would be.
    pub done: usize,
    /// Number of items that were on the list already (add) or were not on it (remove).
    pub existing: usize,
    /// The titles that the service does not know.
    pub not_found: Vec<String>,
    /// The titles that could not be written, each with the reason.
    pub failed: Vec<String>,
    /// Whether nothing was sent, because of `--test`.
    pub dry_run: bool,
    /// With `dry_run`, the titles that would be added or removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// The number of the change in the journal, for `flexget-rs undo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_id: Option<i64>,
}

impl TaskReport {
    /// Returns whether anything in it went wrong.
    pub fn is_ok(&self) -> bool {
        self.outcome != Outcome::Aborted && self.changes.iter().all(|change| change.failed.is_empty())
    }
}

impl Report {
    /// Returns the report of a run that did these tasks in this world.
    pub fn new(tasks: Vec<TaskReport>, cx: &Context) -> Self {
        let requests = cx.http.counts().into_iter().map(|(method, count)| (method.to_owned(), count)).collect();
        Self { version: 1, tasks, requests }
    }

    /// Returns whether every task ran through and every change was made.
    pub fn is_ok(&self) -> bool {
        self.tasks.iter().all(TaskReport::is_ok)
    }
}
