//! Recording a run: its beginning, and its end with what it did.

use jiff::Timestamp;
use serde::Serialize;

use super::retention::{drop_skipped, retain};
use super::{RunCounts, RunEnd, RunOutcome};
use crate::context::store::database::Store;
use crate::error::Result;

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
}

fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
