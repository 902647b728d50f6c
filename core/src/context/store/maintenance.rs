//! Sizes and retention: how the database is kept small.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Transaction;
use strum::IntoStaticStr;

use super::database::{SHARED_SCOPE, Store};
use super::history;
use super::record::Records;
use super::rows::{all, whole};
use crate::error::Result;

/// How long runs stay in the history.
pub const KEEP_RUNS_FOR: Duration = Duration::from_secs(90 * 86_400);

/// How long changes to remote lists stay in the journal, so that they can be undone.
pub const KEEP_CHANGES: Duration = Duration::from_secs(90 * 86_400);

/// Interval between two removals of old rows.
const DAY: Duration = Duration::from_secs(86_400);

/// Setting with the time at which old rows were last removed.
const MAINTAINED: &str = "maintained";

/// Purpose of a part of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Purpose {
    /// Responses of services, which are requested again when they are gone.
    Cache,
    /// Data of tasks: lists, seen entries, times of last runs.
    #[strum(serialize = "memory")]
    Tasks,
    /// Changes to remote lists.
    Journal,
    /// Runs of tasks.
    History,
    /// Credentials.
    Accounts,
    /// Rate limits.
    Pacing,
}

impl Purpose {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Size of one kind of records, over all configs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// Purpose.
    pub purpose: Purpose,
    /// Kind of collection, or name of another part.
    pub kind: String,
    /// Number of records.
    pub records: usize,
    /// Size of their content in bytes, without indexes.
    pub bytes: usize,
}

/// Outcome of pruning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Number of expired records that were removed.
    pub expired: usize,
    /// Number of changes of the journal that were removed.
    pub changes: usize,
    /// Size of the database before, in bytes.
    pub before: usize,
    /// Size of the database after, in bytes.
    pub after: usize,
}

/// The tables besides collections: purpose, kind, and a query for rows and bytes.
const TABLES: [(Purpose, &str, &str); 5] = [
    (Purpose::Tasks, "settings", "SELECT count(*), coalesce(sum(length(key) + length(value)), 0) FROM setting"),
    (
        Purpose::History,
        "runs",
        "SELECT count(*), coalesce(sum(length(details) + length(acted_on) + length(others)), 0) FROM run",
    ),
    (
        Purpose::Journal,
        "changes",
        "SELECT count(*), coalesce(sum(length(list_config) + length(items) + coalesce(length(answer), 0)), 0) \
            FROM change",
    ),
    (
        Purpose::Accounts,
        "accounts",
        "SELECT count(*), coalesce(sum(length(access_token) + length(refresh_token) + length(client_id)), 0) \
            FROM account",
    ),
    (Purpose::Pacing, "rate limits", "SELECT count(*), coalesce(sum(length(name) + length(requests)), 0) FROM bucket"),
];

impl Store {
    /// Returns the sizes by kind, over all configs: caches, then data of tasks, then the rest.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn sizes(&self) -> Result<Vec<Size>> {
        let mut sizes: Vec<Size> = self.task_database().read(|connection| {
            let query = "SELECT scope <> ?, kind, count(record.id), coalesce(sum(length(keys) + length(data)), 0) \
                         FROM collection LEFT JOIN record ON record.id BETWEEN collection.id << 32 AND \
                         (collection.id << 32) + 0xffffffff GROUP BY 1, 2 ORDER BY 1, 2";
            all(connection, query, [SHARED_SCOPE], |row| {
                let purpose = if row.get(0)? { Purpose::Tasks } else { Purpose::Cache };
                Ok(Size { purpose, kind: row.get(1)?, records: whole(row, 2)?, bytes: whole(row, 3)? })
            })
        })?;
        for (purpose, kind, query) in TABLES {
            let database = match purpose {
                Purpose::Journal => self.journal_database(),
                Purpose::Accounts | Purpose::Pacing => self.auth_database(),
                _ => self.task_database(),
            };
            let (records, bytes) = database
                .read(|connection| connection.query_row(query, [], |row| Ok((whole(row, 0)?, whole(row, 1)?))))?;
            sizes.push(Size { purpose, kind: kind.to_owned(), records, bytes });
        }
        Ok(sizes)
    }

    /// Returns the size of the database in bytes.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn bytes(&self) -> Result<usize> {
        let schema = if self.task_database().is_overlay() { "original" } else { "main" };
        self.task_database().read(|connection| {
            // A dry run over nothing has no original.
            let size = "SELECT page_count * page_size FROM pragma_page_count(?1), pragma_page_size(?1)";
            connection.query_row(size, [schema], |row| whole(row, 0)).or(Ok(0))
        })
    }

    /// Removes expired records from the shared collections of this kind; returns their number.
    ///
    /// Collections that are empty then are removed. For caches with many collections.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn prune_kind(&self, kind: &str, now: Timestamp) -> Result<usize> {
        self.task_database().write(|transaction| {
            let removed = remove_expired(transaction, Some(kind), now)?;
            transaction.execute(&format!("{DROP_EMPTY} AND kind = ?2"), (SHARED_SCOPE, kind))?;
            Ok(removed)
        })
    }

    /// Removes expired records, old runs and old changes, once a day.
    ///
    /// See [`KEEP_RUNS_FOR`] and [`KEEP_CHANGES`]. Does nothing if the database was not used. The
    /// file does not shrink, and need not grow: its free pages are used again.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn maintain(&self, now: Timestamp) -> Result<()> {
        if !self.task_database().is_open() {
            return Ok(());
        }
        let shared = self.shared();
        let last = shared.get_setting(MAINTAINED)?.and_then(|at| at.as_i64());
        let since = last.map(|last| now.as_second().saturating_sub(last).unsigned_abs());
        if since.is_some_and(|since| since < DAY.as_secs()) {
            return Ok(());
        }
        shared.set_setting(MAINTAINED, &now.as_second().into())?;
        let before = now.checked_sub(KEEP_CHANGES).unwrap_or(Timestamp::MIN);
        self.remove_old(now, before).map(drop)
    }

    /// Removes expired records and old changes whose outcome is known, then shrinks the file.
    ///
    /// Changes are old if they began before `changes_before`.
    ///
    /// # Errors
    ///
    /// The database cannot be used, or another process uses it all the time. What was removed stays
    /// removed.
    pub fn prune(&self, now: Timestamp, changes_before: Timestamp) -> Result<Pruned> {
        let before = self.bytes()?;
        let (expired, changes, size) = self.remove_old(now, changes_before)?;
        if self.task_database().is_overlay() {
            return Ok(Pruned { expired, changes, before, after: before.saturating_sub(size) });
        }
        // The file shrinks only when the log of writes is moved into it.
        self.task_database().read(|connection| connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"))?;
        Ok(Pruned { expired, changes, before, after: self.bytes()? })
    }

    /// Removes expired records and old changes; returns how many of each, and their size.
    fn remove_old(&self, now: Timestamp, changes_before: Timestamp) -> Result<(usize, usize, usize)> {
        const OLD: &str = "FROM change WHERE at < ? AND state NOT IN ('pending', 'uncertain', 'undoing')";
        let before = [changes_before.as_millisecond()];
        let remove_changes = |transaction: &Transaction<'_>| {
            let old = transaction.query_row(
                &format!("SELECT count(*), coalesce(sum(length(items)), 0) {OLD}"),
                before,
                |row| Ok((whole(row, 0)?, whole(row, 1)?)),
            )?;
            transaction.execute(&format!("DELETE {OLD}"), before)?;
            Ok(old)
        };
        let (changes, items) = match self.existing_journal() {
            Some(journal) => journal.write(remove_changes)?,
            None => (0, 0),
        };
        self.task_database().write(|transaction| {
            let size: usize = transaction.query_row(
                "SELECT coalesce(sum(length(keys) + length(data)), 0) FROM record WHERE expires <= ?",
                [now.as_millisecond()],
                |row| whole(row, 0),
            )?;
            let expired = remove_expired(transaction, None, now)?;
            history::retention::remove_runs(transaction, now.checked_sub(KEEP_RUNS_FOR).unwrap_or(Timestamp::MIN))?;
            transaction.execute(DROP_EMPTY, [SHARED_SCOPE])?;
            Ok((expired, changes, size.saturating_add(items)))
        })
    }
}

/// Removes empty collections; those of a config stay, because a list may be empty.
const DROP_EMPTY: &str = "DELETE FROM collection WHERE scope = ?1 AND NOT EXISTS (SELECT 1 FROM record \
                          WHERE record.id BETWEEN collection.id << 32 AND (collection.id << 32) + 0xffffffff)";

/// Removes what has expired by `now`: all of it, or that in the shared collections of a kind.
fn remove_expired(transaction: &Transaction<'_>, kind: Option<&str>, now: Timestamp) -> rusqlite::Result<usize> {
    let query = "SELECT record.id >> 32, record.id & 0xffffffff FROM record WHERE expires <= ?1 AND (?3 IS NULL OR \
                 EXISTS (SELECT 1 FROM collection WHERE id = record.id >> 32 AND scope = ?2 AND kind = ?3)) \
                 ORDER BY record.id";
    let parameters = (now.as_millisecond(), SHARED_SCOPE, kind);
    let expired: Vec<(i64, i64)> = all(transaction, query, parameters, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut removed = 0;
    for of_one in expired.chunk_by(|one, next| one.0 == next.0) {
        let numbers: Vec<i64> = of_one.iter().map(|(_, number)| *number).collect();
        let records = Records { connection: transaction, collection: of_one[0].0 };
        removed = records.remove(&numbers)?.saturating_add(removed);
    }
    Ok(removed)
}
