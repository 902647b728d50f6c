//! The report of a run, as data: the terminal and `--format json` render the same.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Deref;

use indexmap::IndexMap;
use serde::{Serialize, Serializer};

use crate::context::Context;
pub use crate::context::store::changes::Action;
pub use crate::context::store::history::ErrorReport;
use crate::entry::trace::TraceRecord;
use crate::entry::{DecisionRecord, Entry, State};
use crate::value::Value;

/// The report of a run.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Report {
    /// The version of this format: 1.
    pub version: u32,
    /// The tasks, in the order in which they ran.
    pub tasks: Vec<TaskReport>,
    /// Number of requests by method; a retry counts again.
    pub requests: BTreeMap<String, u64>,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TaskOutcome {
    /// All its steps ran.
    Ok,
    /// All its steps ran, but an input could not be read.
    Incomplete,
    /// A plugin failed, and its other steps did not run.
    Aborted,
    /// It was not run: it needs a plugin that this program does not have, or it was not its time.
    Skipped,
}

/// The report of one task.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct TaskReport {
    /// The task's name.
    pub name: String,
    /// How it ended.
    pub outcome: TaskOutcome,
    /// Why it did not run to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// All entries, in order.
    #[serde(serialize_with = "write_entries")]
    #[schemars(with = "Vec<Written<'_>>")]
    pub entries: Vec<EntryReport>,
    /// All changes to lists, in order.
    pub changes: Vec<ChangeReport>,
    /// The warnings, each once.
    pub warnings: Vec<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// One entry at the end of a task.
///
/// It is the entry itself, because there may be many.
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
    /// The state.
    #[schemars(with = "StateName")]
    state: State,
    /// The plugin that decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<&'a str>,
    /// The reason of the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// The position of the first entry that failed for the same reason, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_as: Option<usize>,
    /// All decisions, in order.
    #[serde(skip_serializing_if = "<[DecisionRecord]>::is_empty")]
    decisions: Cow<'a, [DecisionRecord]>,
    /// The fields that are known, without those that start with `_`.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    fields: Fields<'a>,
    /// Failures of lookups, and decisions that were not possible.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    traces: &'a [String],
    /// With `--trace`, all that happened to it, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trace: Vec<TraceRecord>,
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
    /// Returns the plugin that made the last decision.
    pub fn plugin(&self) -> Option<&'static str> {
        self.0.decided_by()
    }

    /// Returns all that happened to it, in order; empty unless the run was traced.
    pub fn trace(&self) -> Vec<TraceRecord> {
        self.0.trace_records()
    }

    /// Returns the known fields as JSON, without those that start with `_`.
    pub fn fields(&self) -> serde_json::Map<String, serde_json::Value> {
        reported(&self.0).map(|(name, value)| (name.to_owned(), value.to_json())).collect()
    }
}

impl Deref for EntryReport {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        &self.0
    }
}

impl From<Entry> for EntryReport {
    fn from(entry: Entry) -> Self {
        Self(entry)
    }
}

impl EntryReport {
    fn written(&self, failed_as: Option<usize>) -> Written<'_> {
        let reason = self.reason();
        let mut decisions = Cow::Borrowed(self.decisions());
        if failed_as.is_some() {
            let repeated = decisions.to_mut().iter_mut().filter(|decision| decision.reason.as_deref() == reason);
            repeated.for_each(|decision| decision.reason = None);
        }
        Written {
            title: self.title(),
            url: self.url(),
            state: self.state(),
            plugin: self.plugin(),
            reason: reason.filter(|_| failed_as.is_none()),
            failed_as,
            decisions,
            fields: Fields(&self.0),
            traces: self.traces(),
            trace: self.trace(),
        }
    }
}

impl Serialize for EntryReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written(None).serialize(serializer)
    }
}

/// Serializes entries; a reason for which several failed is told at the first of them.
fn write_entries<S: Serializer>(entries: &[EntryReport], serializer: S) -> Result<S::Ok, S::Error> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let written = entries.iter().enumerate().map(|(at, entry)| {
        let reason = entry.reason().filter(|_| entry.state() == State::Failed);
        let earlier = reason.map(|reason| *first.entry(reason).or_insert(at));
        entry.written(earlier.filter(|earlier| *earlier < at))
    });
    serializer.collect_seq(written)
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

/// A change to a list, and its outcome.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[non_exhaustive]
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
    /// The kind of change.
    pub action: Action,
    /// Number of items that were requested.
    pub requested: usize,
    /// Number of items added or removed; with `dry_run`, of those that would be.
    pub done: usize,
    /// Number of items that were on the list already (add) or were not on it (remove).
    pub existing: usize,
    /// The titles that the service does not know.
    pub not_found: Vec<String>,
    /// The items that could not be written, by reason.
    pub failed: Vec<Failure>,
    /// Whether nothing was sent, because of `--test`.
    pub dry_run: bool,
    /// With `dry_run`, the titles that would be added or removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// The number of the change in the journal, for `flexget-rs undo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_id: Option<i64>,
}

/// Number of titles that stand for many.
const NAMED: usize = 3;

/// Items of a change that failed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Failure {
    /// The reason.
    pub reason: String,
    /// Number of items that failed for it.
    pub count: usize,
    /// The titles of the first three.
    pub titles: Vec<String>,
}

impl Failure {
    /// Groups failed items by their reason, in the order in which the reasons first appear.
    pub fn group<'a>(failed: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Self> {
        let mut failures: IndexMap<&str, Self> = IndexMap::new();
        for (title, reason) in failed {
            let new = || Self { reason: reason.to_owned(), count: 0, titles: Vec::new() };
            let failure = failures.entry(reason).or_insert_with(new);
            failure.count = failure.count.saturating_add(1);
            if failure.titles.len() < NAMED {
                failure.titles.push(title.to_owned());
            }
        }
        failures.into_values().collect()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, count, titles } = self;
        match titles.as_slice() {
            [title] => write!(f, "{title}: {reason}"),
            titles => {
                write!(f, "{count} items: {reason} ({})", first_titles(titles.iter().map(String::as_str), *count))
            }
        }
    }
}

/// Lists the first of `count` titles for a message: "`A`, `B`, `C` and 997 more".
pub fn first_titles<'a>(titles: impl Iterator<Item = &'a str>, count: usize) -> String {
    let named: Vec<String> = titles.take(NAMED).map(|title| format!("`{title}`")).collect();
    let more = count.saturating_sub(named.len());
    let named = named.join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

/// Returns the message about fields that could not be looked up.
pub fn unavailable_fields_message(fields: &[String]) -> String {
    let names: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
    format!("{} could not be looked up", names.join(", "))
}

impl ChangeReport {
    /// Returns how many items could not be written.
    pub fn failures(&self) -> usize {
        self.failed.iter().map(|failure| failure.count).sum()
    }
}

impl TaskReport {
    /// Checks that nothing in it failed.
    pub fn is_ok(&self) -> bool {
        !matches!(self.outcome, TaskOutcome::Aborted | TaskOutcome::Incomplete)
            && self.changes.iter().all(|change| change.failed.is_empty())
    }
}

impl Report {
    /// Creates the report of a run of these tasks.
    pub fn new(tasks: Vec<TaskReport>, cx: &Context) -> Self {
        let requests = cx.http.counts().into_iter().map(|(method, count)| (method.to_owned(), count)).collect();
        Self { version: 1, tasks, requests }
    }

    /// Checks that every task ran to its end and every change was made.
    pub fn is_ok(&self) -> bool {
        self.tasks.iter().all(TaskReport::is_ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_for_which_many_failed_is_told_once() {
        let failed = |title: &str, reason: &str| {
            let mut entry = Entry::new(title, "mock://");
            entry.accept("accept_all");
            entry.fail("list_add", reason);
            EntryReport(entry)
        };
        let entries = vec![failed("A", "full"), failed("B", "other"), failed("C", "full"), failed("D", "full")];
        let report = TaskReport {
            name: "test".to_owned(),
            outcome: TaskOutcome::Ok,
            error: None,
            entries,
            changes: Vec::new(),
            warnings: Vec::new(),
            elapsed_ms: 0,
        };
        let json = serde_json::to_value(&report).unwrap();
        let of = |name: &str| json["entries"].as_array().unwrap().iter().map(|it| it[name].clone()).collect::<Vec<_>>();
        assert_eq!(
            of("reason"),
            [Value::from("full"), "other".into(), Value::Null, Value::Null].map(|it| it.to_json())
        );
        assert_eq!(of("failed_as"), [None, None, Some(0), Some(0)].map(serde_json::Value::from));
        assert_eq!(json.to_string().matches("\"full\"").count(), 2, "as the reason, and in the first one's decisions");
    }
}
