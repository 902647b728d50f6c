//! The history of runs: when each task ran, how it ended, and what it did.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::database::Store;
use super::rows::{time, whole};
use crate::error::Result;

/// Number of runs of a task that are kept, and the last successful one.
pub const KEEP_RUNS: usize = 200;

/// Number of the latest runs of a task whose entries are kept even if nothing was done with them.
const KEEP_UNTOUCHED: usize = 10;

/// How a run of a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
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
    const ALL: [Self; 8] = [
        Self::Running,
        Self::Ok,
        Self::Failed,
        Self::Incomplete,
        Self::Aborted,
        Self::Skipped,
        Self::Interrupted,
        Self::Killed,
    ];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
            Self::Aborted => "aborted",
            Self::Skipped => "skipped",
            Self::Interrupted => "interrupted",
            Self::Killed => "killed",
        }
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

/// Why a run did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// The plugin that failed; empty if none is to blame.
    pub plugin: String,
    /// The message.
    pub message: String,
    /// The next step for the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
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
    pub error: Option<RunError>,
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

const COLUMNS: &str = "id, task, started, elapsed, outcome, produced, accepted, rejected, failed, changed, requests, \
                       waited, details";

impl Store {
    /// Records that a run of a task begins, and returns its number.
    ///
    /// The caller holds the lock of the task: another run that has not ended was killed.
    ///
    /// # Errors
    ///
    /// The database cannot be used; so for all methods.
    pub fn begin_run(&self, task: &str, at: Timestamp) -> Result<i64> {
        self.task_database().write(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE run SET outcome = 'killed' WHERE scope = ? AND task = ? AND outcome = 'running'",
                )?
                .execute((&**self.scope(), task))?;
            transaction
                .prepare_cached("INSERT INTO run (scope, task, started, outcome) VALUES (?, ?, ?, 'running')")?
                .execute((&**self.scope(), task, at.as_millisecond()))?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Records the end of a run, and removes runs of its task that are too many.
    pub fn end_run(&self, id: i64, task: &str, end: &RunEnd) -> Result<()> {
        let RunCounts { produced, accepted, rejected, failed, changed, requests, waited_ms } = end.counts;
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let counts = [produced, accepted, rejected, failed, changed, requests, waited_ms].map(number);
        self.task_database().write(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE run SET elapsed = ?, outcome = ?, produced = ?, accepted = ?, rejected = ?, failed = ?, \
                     changed = ?, requests = ?, waited = ?, details = ?, acted_on = ?, others = ? WHERE id = ?",
                )?
                .execute((
                    i64::try_from(end.elapsed_ms).unwrap_or(i64::MAX),
                    end.outcome.name(),
                    counts[0],
                    counts[1],
                    counts[2],
                    counts[3],
                    counts[4],
                    counts[5],
                    counts[6],
                    to_json(&end.details)?,
                    to_json(&end.acted_on)?,
                    to_json(&end.others)?,
                    id,
                ))?;
            if end.outcome == RunOutcome::Skipped {
                drop_skipped(transaction, self.scope(), task, id)?;
            }
            retain(transaction, self.scope(), task)
        })
    }

    /// Returns runs, the latest first.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>> {
        let limit = filter.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
        let before = filter.before.unwrap_or(i64::MAX);
        let entries = if filter.entries { ", acted_on, others" } else { "" };
        self.task_database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS}{entries} FROM run WHERE scope = ?1 AND task = coalesce(?2, task) \
                     AND id < ?3 ORDER BY id DESC LIMIT ?4"
                ))?
                .query_map((&**self.scope(), &filter.task, before, limit), |row| run(row, filter.entries))?
                .collect()
        })
    }

    /// Returns a run with its entries.
    pub fn run(&self, id: i64) -> Result<Option<RunRecord>> {
        self.task_database().read(|connection| {
            connection
                .prepare_cached(&format!("SELECT {COLUMNS}, acted_on, others FROM run WHERE scope = ? AND id = ?"))?
                .query_row((&**self.scope(), id), |row| run(row, true))
                .optional()
        })
    }

    /// Calls `visit` with the counts of each run that began since a time, the earliest first.
    ///
    /// Nothing else of the runs is read, and no more than one is held.
    pub fn each_count(&self, since: Timestamp, mut visit: impl FnMut(Timestamp, RunOutcome, RunCounts)) -> Result<()> {
        self.task_database().read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT started, outcome, produced, accepted, rejected, failed, changed, requests, waited FROM run \
                 WHERE scope = ? AND started >= ? ORDER BY started",
            )?;
            let mut rows = select.query((&**self.scope(), since.as_millisecond()))?;
            while let Some(row) = rows.next()? {
                visit(time(row, 0)?, outcome(row, 1)?, counts(row, 2)?);
            }
            Ok(())
        })
    }

    /// Returns how the tasks have been doing, by name.
    pub fn task_histories(&self) -> Result<BTreeMap<String, TaskHistory>> {
        self.task_database().read(|connection| {
            // From one task to the next: there are many more runs than tasks.
            let names: Vec<String> = connection
                .prepare_cached(
                    "WITH RECURSIVE name (task) AS (SELECT min(task) FROM run WHERE scope = ?1 UNION ALL \
                     SELECT (SELECT min(run.task) FROM run WHERE scope = ?1 AND run.task > name.task) FROM name \
                     WHERE name.task IS NOT NULL) SELECT task FROM name WHERE task IS NOT NULL",
                )?
                .query_map([&**self.scope()], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            names.into_iter().map(|name| Ok((name.clone(), task_history(connection, self.scope(), &name)?))).collect()
        })
    }

    /// Returns how one task has been doing.
    pub fn task_history(&self, task: &str) -> Result<TaskHistory> {
        self.task_database().read(|connection| task_history(connection, self.scope(), task))
    }

    /// Returns when the items of schedules run next, by their keys.
    pub fn schedule_times(&self) -> Result<BTreeMap<String, Timestamp>> {
        self.task_database().read(|connection| {
            connection
                .prepare_cached("SELECT key, next FROM schedule WHERE scope = ?")?
                .query_map([&**self.scope()], |row| Ok((row.get(0)?, time(row, 1)?)))?
                .collect()
        })
    }

    /// Stores when items of schedules run next, and forgets the items that are not among `keys`.
    pub fn set_schedule_times(&self, times: &[(&str, Timestamp)], keys: Option<&[&str]>) -> Result<()> {
        self.task_database().write(|transaction| {
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO schedule (scope, key, next) VALUES (?, ?, ?)")?;
            for (key, next) in times {
                insert.execute((&**self.scope(), key, next.as_millisecond()))?;
            }
            let Some(keys) = keys else { return Ok(()) };
            let known: Vec<String> = transaction
                .prepare_cached("SELECT key FROM schedule WHERE scope = ?")?
                .query_map([&**self.scope()], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let keys: std::collections::BTreeSet<&str> = keys.iter().copied().collect();
            let mut delete = transaction.prepare_cached("DELETE FROM schedule WHERE scope = ? AND key = ?")?;
            for gone in known.iter().filter(|known| !keys.contains(known.as_str())) {
                delete.execute((&**self.scope(), gone))?;
            }
            Ok(())
        })
    }
}

/// Removes runs that began before a time, except the last of each task that was successful.
pub(super) fn remove_runs(transaction: &Transaction<'_>, before: Timestamp) -> rusqlite::Result<usize> {
    transaction.execute(
        "DELETE FROM run WHERE started < ?1 AND id NOT IN \
         (SELECT max(id) FROM run WHERE outcome = 'ok' GROUP BY scope, task)",
        [before.as_millisecond()],
    )
}

/// Keeps one of several skipped runs in a row: a task that is asked every minute runs once a day.
fn drop_skipped(transaction: &Transaction<'_>, scope: &str, task: &str, id: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "DELETE FROM run WHERE outcome = 'skipped' AND id = \
             (SELECT max(id) FROM run WHERE scope = ? AND task = ? AND id < ?)",
        )?
        .execute((scope, task, id))
        .map(drop)
}

/// Removes the runs of a task that are too many, and what is kept of its latest runs only.
fn retain(transaction: &Transaction<'_>, scope: &str, task: &str) -> rusqlite::Result<()> {
    // The run after the last one that is kept; most tasks have none, and then nothing else is done.
    let after = |count: usize| {
        transaction
            .prepare_cached("SELECT id FROM run WHERE scope = ? AND task = ? ORDER BY id DESC LIMIT 1 OFFSET ?")?
            .query_row((scope, task, i64::try_from(count).unwrap_or(i64::MAX)), |row| row.get::<_, i64>(0))
            .optional()
    };
    let Some(untouched) = after(KEEP_UNTOUCHED)? else { return Ok(()) };
    transaction.prepare_cached("UPDATE run SET others = '[]' WHERE id = ? AND others <> '[]'")?.execute([untouched])?;
    let Some(too_many) = after(KEEP_RUNS)? else { return Ok(()) };
    transaction
        .prepare_cached(
            "DELETE FROM run WHERE scope = ?1 AND task = ?2 AND id <= ?3 AND id <> \
             (SELECT coalesce(max(id), 0) FROM run WHERE scope = ?1 AND task = ?2 AND outcome = 'ok')",
        )?
        .execute((scope, task, too_many))
        .map(drop)
}

fn task_history(connection: &Connection, scope: &str, task: &str) -> rusqlite::Result<TaskHistory> {
    let latest = |condition: &str| {
        connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM run WHERE scope = ? AND task = ? AND outcome {condition} \
                 ORDER BY id DESC LIMIT 1"
            ))?
            .query_row((scope, task), |row| run(row, false))
            .optional()
    };
    let last = latest("<> 'skipped'")?;
    let success = latest("= 'ok'")?;
    let skipped = latest("= 'skipped'")?.filter(|run| last.as_ref().is_none_or(|last| last.id < run.id));
    let failures = connection
        .prepare_cached(
            "SELECT count(*) FROM run WHERE scope = ? AND task = ? AND id > ? \
             AND outcome IN ('failed', 'incomplete', 'aborted', 'killed')",
        )?
        .query_row((scope, task, success.as_ref().map_or(0, |run| run.id)), |row| whole(row, 0))?;
    Ok(TaskHistory { last, skipped, last_success: success.map(|run| run.started), failures })
}

fn outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<RunOutcome> {
    let name = row.get_ref(column)?.as_str()?;
    // A later version may know more of them.
    Ok(RunOutcome::ALL.into_iter().find(|one| one.name() == name).unwrap_or(RunOutcome::Aborted))
}

fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<RunCounts> {
    Ok(RunCounts {
        produced: whole(row, first)?,
        accepted: whole(row, first + 1)?,
        rejected: whole(row, first + 2)?,
        failed: whole(row, first + 3)?,
        changed: whole(row, first + 4)?,
        requests: whole(row, first + 5)?,
        waited_ms: whole(row, first + 6)?,
    })
}

fn run(row: &Row<'_>, entries: bool) -> rusqlite::Result<RunRecord> {
    let mut record = RunRecord {
        id: row.get(0)?,
        task: row.get(1)?,
        started: time(row, 2)?,
        elapsed_ms: row.get::<_, Option<i64>>(3)?.and_then(|elapsed| u64::try_from(elapsed).ok()),
        outcome: outcome(row, 4)?,
        counts: counts(row, 5)?,
        details: from_json(row, 12)?,
        entries: Vec::new(),
    };
    if entries {
        record.entries = from_json(row, 13)?;
        record.entries.extend(from_json::<Vec<RunEntry>>(row, 14)?);
    }
    Ok(record)
}

fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    fn end(outcome: RunOutcome) -> RunEnd {
        let entry = |title: &str| RunEntry {
            title: title.to_owned(),
            url: "mock://1".to_owned(),
            state: "accepted".to_owned(),
            decisions: Vec::new(),
        };
        RunEnd {
            outcome,
            elapsed_ms: 5,
            counts: RunCounts { produced: 2, ..RunCounts::default() },
            details: RunDetails::default(),
            acted_on: vec![entry("A")],
            others: vec![entry("B")],
        }
    }

    fn run(store: &Store, task: &str, outcome: RunOutcome) -> i64 {
        let id = store.begin_run(task, NOW).unwrap();
        store.end_run(id, task, &end(outcome)).unwrap();
        id
    }

    fn all(store: &Store) -> Vec<RunRecord> {
        store.runs(&RunFilter { entries: true, ..RunFilter::default() }).unwrap()
    }

    #[test]
    fn keeps_the_latest_runs_of_each_task_and_the_last_success() {
        let store = Store::in_memory();
        let success = run(&store, "a", RunOutcome::Ok);
        let other = run(&store, "b", RunOutcome::Aborted);
        for _ in 0..KEEP_RUNS + 50 {
            run(&store, "a", RunOutcome::Aborted);
        }
        let runs = all(&store);
        assert_eq!(runs.len(), KEEP_RUNS + 2);
        assert_eq!(runs[KEEP_RUNS..].iter().map(|run| run.id).collect::<Vec<_>>(), [other, success]);
        let titles = |run: &RunRecord| run.entries.iter().map(|entry| entry.title.clone()).collect::<Vec<_>>();
        assert_eq!(titles(&runs[0]), ["A", "B"]);
        assert_eq!(titles(&runs[KEEP_UNTOUCHED]), ["A"], "entries with which nothing was done go first");
        let history = store.task_history("a").unwrap();
        assert_eq!((history.last_success, history.failures), (Some(NOW), KEEP_RUNS));
    }

    #[test]
    fn the_history_is_read_in_parts() {
        let store = Store::in_memory();
        let ids = ["a", "b", "a", "c"].map(|task| run(&store, task, RunOutcome::Ok));
        let part = |before, task: Option<&str>| {
            let filter = RunFilter { before, limit: Some(2), task: task.map(str::to_owned), ..RunFilter::default() };
            store.runs(&filter).unwrap().iter().map(|run| run.id).collect::<Vec<_>>()
        };
        assert_eq!((part(None, None), part(Some(ids[2]), None)), (vec![ids[3], ids[2]], vec![ids[1], ids[0]]));
        assert_eq!((part(Some(ids[2]), Some("a")), part(Some(ids[0]), None)), (vec![ids[0]], vec![]));
        assert_eq!(store.run(ids[1]).unwrap().map(|run| (run.task, run.entries.len())), Some(("b".to_owned(), 2)));
        assert_eq!(store.scoped("other").run(ids[1]).unwrap(), None);
        let names: Vec<String> = store.task_histories().unwrap().into_keys().collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn counts_are_read_since_a_time_without_the_rows() {
        let store = Store::in_memory();
        run(&store, "a", RunOutcome::Ok);
        let later = NOW + std::time::Duration::from_secs(1);
        let id = store.begin_run("b", later).unwrap();
        store.end_run(id, "b", &end(RunOutcome::Aborted)).unwrap();
        let counts = |since| {
            let mut counts = Vec::new();
            store.each_count(since, |at, outcome, counted| counts.push((at, outcome, counted.produced))).unwrap();
            counts
        };
        assert_eq!(counts(NOW), [(NOW, RunOutcome::Ok, 2), (later, RunOutcome::Aborted, 2)]);
        assert_eq!(counts(later).len(), 1);
        let plan: Vec<String> = store
            .task_database()
            .read(|connection| {
                connection
                    .prepare("EXPLAIN QUERY PLAN SELECT started, waited FROM run WHERE scope = 'x' AND started >= 1")?
                    .query_map([], |row| row.get(3))?
                    .collect()
            })
            .unwrap();
        assert!(plan[0].contains("COVERING INDEX run_of_time"), "{plan:?}");
    }

    #[test]
    fn a_run_without_an_end_was_killed_when_the_next_one_begins() {
        let store = Store::in_memory();
        store.begin_run("a", NOW).unwrap();
        assert_eq!(all(&store)[0].outcome, RunOutcome::Running);
        run(&store, "a", RunOutcome::Ok);
        assert_eq!(all(&store).iter().map(|run| run.outcome).collect::<Vec<_>>(), [RunOutcome::Ok, RunOutcome::Killed]);
    }

    #[test]
    fn skipped_runs_in_a_row_are_one_and_hide_no_other() {
        let store = Store::in_memory();
        let failed = run(&store, "a", RunOutcome::Failed);
        for _ in 0..3 {
            run(&store, "a", RunOutcome::Skipped);
        }
        let outcomes: Vec<_> = all(&store).iter().map(|run| run.outcome).collect();
        assert_eq!(outcomes, [RunOutcome::Skipped, RunOutcome::Failed]);
        let history = store.task_history("a").unwrap();
        assert_eq!((history.last.map(|run| run.id), history.failures), (Some(failed), 1));
        assert!(history.skipped.is_some());
    }

    #[test]
    fn schedules_are_remembered_until_they_are_gone_from_the_config() {
        let store = Store::in_memory();
        store.set_schedule_times(&[("x", NOW), ("y", NOW)], None).unwrap();
        store.set_schedule_times(&[], Some(&["y", "z"])).unwrap();
        assert_eq!(store.schedule_times().unwrap(), BTreeMap::from([("y".to_owned(), NOW)]));
        assert!(store.scoped("other").schedule_times().unwrap().is_empty());
    }

    #[test]
    fn old_runs_go_with_other_old_rows() {
        let store = Store::in_memory();
        let (kept, later) = (run(&store, "a", RunOutcome::Ok), NOW + std::time::Duration::from_secs(100 * 86_400));
        run(&store, "a", RunOutcome::Aborted);
        store.maintain(later).unwrap();
        assert_eq!(all(&store).iter().map(|run| run.id).collect::<Vec<_>>(), [kept]);
    }
}
