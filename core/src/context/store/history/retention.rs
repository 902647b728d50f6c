//! Retention: which runs are kept, and for how long.

use jiff::Timestamp;
use rusqlite::Transaction;

use crate::context::store::rows::{first, run};

/// Number of runs of a task that are kept, and the last successful one.
pub(super) const KEEP_RUNS: usize = 200;

/// Number of the latest runs of a task whose entries are kept even if nothing was done with them.
pub(super) const KEEP_UNTOUCHED: usize = 10;

/// Removes runs that began before a time, except the last of each task that was successful.
pub(in crate::context::store) fn remove_runs(
    transaction: &Transaction<'_>,
    before: Timestamp,
) -> rusqlite::Result<usize> {
    transaction.execute(
        "DELETE FROM run WHERE started < ?1 AND id NOT IN \
         (SELECT max(id) FROM run WHERE outcome = 'ok' GROUP BY scope, task)",
        [before.as_millisecond()],
    )
}

/// Keeps one of several skipped runs in a row: a task that is asked every minute runs once a day.
pub(super) fn drop_skipped(transaction: &Transaction<'_>, scope: &str, task: &str, id: i64) -> rusqlite::Result<()> {
    let delete = "DELETE FROM run WHERE outcome = 'skipped' AND id = \
                  (SELECT max(id) FROM run WHERE scope = ? AND task = ? AND id < ?)";
    run(transaction, delete, (scope, task, id)).map(drop)
}

/// Removes the runs of a task that are too many, and what is kept of its latest runs only.
pub(super) fn retain(transaction: &Transaction<'_>, scope: &str, task: &str) -> rusqlite::Result<()> {
    // The run after the last one that is kept; most tasks have none, and then nothing else is done.
    let after = |count: usize| {
        let query = "SELECT id FROM run WHERE scope = ? AND task = ? ORDER BY id DESC LIMIT 1 OFFSET ?";
        first(transaction, query, (scope, task, i64::try_from(count).unwrap_or(i64::MAX)), |row| row.get::<_, i64>(0))
    };
    let Some(untouched) = after(KEEP_UNTOUCHED)? else { return Ok(()) };
    run(transaction, "UPDATE run SET others = '[]' WHERE id = ? AND others <> '[]'", [untouched])?;
    let Some(too_many) = after(KEEP_RUNS)? else { return Ok(()) };
    let delete = "DELETE FROM run WHERE scope = ?1 AND task = ?2 AND id <= ?3 AND id <> \
                  (SELECT coalesce(max(id), 0) FROM run WHERE scope = ?1 AND task = ?2 AND outcome = 'ok')";
    run(transaction, delete, (scope, task, too_many)).map(drop)
}
