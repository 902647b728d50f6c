//! Reading runs, and how each task has been doing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::{RunCounts, RunEntry, RunFilter, RunOutcome, RunRecord, TaskHistory};
use crate::context::store::database::Store;
use crate::context::store::rows::{all, first, json, time, whole};
use crate::error::Result;

const COLUMNS: &str = "id, task, started, elapsed, outcome, produced, accepted, rejected, failed, changed, requests, \
                       waited, details";

impl Store {
    /// Returns runs, the latest first.
    ///
    /// # Errors
    ///
    /// The database cannot be used; so for all methods.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>> {
        let limit = filter.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
        let before = filter.before.unwrap_or(i64::MAX);
        let entries = if filter.entries { ", acted_on, others" } else { "" };
        self.task_database().read(|connection| {
            let query = format!(
                "SELECT {COLUMNS}{entries} FROM run WHERE scope = ?1 AND task = coalesce(?2, task) \
                 AND id < ?3 ORDER BY id DESC LIMIT ?4"
            );
            all(connection, &query, (&**self.scope(), &filter.task, before, limit), |row| run(row, filter.entries))
        })
    }

    /// Returns a run with its entries.
    pub fn run(&self, id: i64) -> Result<Option<RunRecord>> {
        self.task_database().read(|connection| {
            let query = format!("SELECT {COLUMNS}, acted_on, others FROM run WHERE scope = ? AND id = ?");
            first(connection, &query, (&**self.scope(), id), |row| run(row, true))
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
            let query = "WITH RECURSIVE name (task) AS (SELECT min(task) FROM run WHERE scope = ?1 UNION ALL \
                         SELECT (SELECT min(run.task) FROM run WHERE scope = ?1 AND run.task > name.task) FROM name \
                         WHERE name.task IS NOT NULL) SELECT task FROM name WHERE task IS NOT NULL";
            let names: Vec<String> = all(connection, query, [&**self.scope()], |row| row.get(0))?;
            names.into_iter().map(|name| Ok((name.clone(), task_history(connection, self.scope(), &name)?))).collect()
        })
    }

    /// Returns how one task has been doing.
    pub fn task_history(&self, task: &str) -> Result<TaskHistory> {
        self.task_database().read(|connection| task_history(connection, self.scope(), task))
    }
}

fn task_history(connection: &Connection, scope: &str, task: &str) -> rusqlite::Result<TaskHistory> {
    let latest = |condition: &str| {
        let query = format!(
            "SELECT {COLUMNS} FROM run WHERE scope = ? AND task = ? AND outcome {condition} ORDER BY id DESC LIMIT 1"
        );
        first(connection, &query, (scope, task), |row| run(row, false))
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
    // A later version may know more of them.
    Ok(row.get_ref(column)?.as_str()?.parse().unwrap_or(RunOutcome::Aborted))
}

fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<RunCounts> {
    let mut columns = (first..).map(|column| whole(row, column));
    let mut next = || columns.next().unwrap_or(Ok(0));
    Ok(RunCounts {
        produced: next()?,
        accepted: next()?,
        rejected: next()?,
        failed: next()?,
        changed: next()?,
        requests: next()?,
        waited_ms: next()?,
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
        details: json(row, 12)?,
        entries: Vec::new(),
    };
    if entries {
        record.entries = json(row, 13)?;
        record.entries.extend(json::<Vec<RunEntry>>(row, 14)?);
    }
    Ok(record)
}
