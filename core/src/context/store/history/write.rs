//! Recording a run: its beginning, and its end with what it did.

use jiff::Timestamp;
use rusqlite::{ToSql, params_from_iter};

use super::retention::{drop_skipped, retain};
use super::{RunCounts, RunEnd, RunOutcome};
use crate::context::store::database::Store;
use crate::context::store::rows::{run, to_json};
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
            let killed = "UPDATE run SET outcome = 'killed' WHERE scope = ? AND task = ? AND outcome = 'running'";
            run(transaction, killed, (&**self.scope(), task))?;
            let insert = "INSERT INTO run (scope, task, started, outcome) VALUES (?, ?, ?, 'running')";
            run(transaction, insert, (&**self.scope(), task, at.as_millisecond()))?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Records the end of a run, and removes runs of its task that are too many.
    pub fn end_run(&self, id: i64, task: &str, end: &RunEnd) -> Result<()> {
        let RunCounts { produced, accepted, rejected, failed, changed, requests, waited_ms } = end.counts;
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let counts = [produced, accepted, rejected, failed, changed, requests, waited_ms].map(number);
        self.task_database().write(|transaction| {
            let elapsed = i64::try_from(end.elapsed_ms).unwrap_or(i64::MAX);
            let texts = [to_json(&end.details)?, to_json(&end.acted_on)?, to_json(&end.others)?];
            let mut update = transaction.prepare_cached(
                "UPDATE run SET elapsed = ?, outcome = ?, details = ?, acted_on = ?, others = ?, produced = ?, \
                 accepted = ?, rejected = ?, failed = ?, changed = ?, requests = ?, waited = ? WHERE id = ?",
            )?;
            let ended: [&dyn ToSql; 2] = [&elapsed, &end.outcome.name()];
            let texts = texts.iter().map(|text| text as &dyn ToSql);
            let counts = counts.iter().chain([&id]).map(|count| count as &dyn ToSql);
            update.execute(params_from_iter(ended.into_iter().chain(texts).chain(counts)))?;
            if end.outcome == RunOutcome::Skipped {
                drop_skipped(transaction, self.scope(), task, id)?;
            }
            retain(transaction, self.scope(), task)
        })
    }
}
