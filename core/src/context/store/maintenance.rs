//! What the database holds, and how it is kept small.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

use super::database::{SHARED_SCOPE, Store};
use super::record;
use super::rows::whole;
use crate::error::Result;

/// What something in the database is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Answers of services, which are asked for again when they are gone.
    Cache,
    /// What tasks remember: lists, what was seen, when something last ran.
    Memory,
    /// The changes to remote lists.
    Journal,
    /// Credentials.
    Accounts,
    /// How fast services may be asked.
    Pacing,
}

impl Purpose {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Memory => "memory",
            Self::Journal => "journal",
            Self::Accounts => "accounts",
            Self::Pacing => "pacing",
        }
    }
}

/// How much is held of one kind, over all configs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// What it is there for.
    pub purpose: Purpose,
    /// The kind of collection, or the same word as the purpose.
    pub kind: String,
    /// How many records.
    pub records: usize,
    /// The bytes of what they say, without what the database needs to find them.
    pub bytes: usize,
}

/// What was taken away to make the database small.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Records that had expired.
    pub expired: usize,
    /// Changes in the journal.
    pub changes: usize,
    /// The bytes of the database before.
    pub before: usize,
    /// The bytes of the database after.
    pub after: usize,
}

/// Each part of the database but the collections: a purpose, a kind, how many rows, how many bytes they say.
const REST: [(Purpose, &str, &str); 4] = [
    (Purpose::Memory, "settings", "SELECT count(*), coalesce(sum(length(key) + length(value)), 0) FROM setting"),
    (
        Purpose::Journal,
        "changes",
        "SELECT count(*), coalesce(sum(length(list_config) + length(items) + coalesce(length(answer), 0)), 0) FROM change",
    ),
    (
        Purpose::Accounts,
        "accounts",
        "SELECT count(*), coalesce(sum(length(access_token) + length(refresh_token) + length(client_id)), 0) FROM account",
    ),
    (Purpose::Pacing, "rate limits", "SELECT count(*), coalesce(sum(length(name) + length(requests)), 0) FROM bucket"),
];

impl Store {
    /// How much is held, by kind, over all configs: caches first, then what tasks remember, then the rest.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub fn sizes(&self) -> Result<Vec<Size>> {
        let mut sizes: Vec<Size> = self.task_database().read(|connection| {
            connection
                .prepare(
                    "SELECT scope <> ?, kind, count(record.id), coalesce(sum(length(keys) + length(data)), 0) \
                     FROM collection LEFT JOIN record ON record.id BETWEEN collection.id << 32 AND \
                     (collection.id << 32) + 0xffffffff GROUP BY 1, 2 ORDER BY 1, 2",
                )?
                .query_map([SHARED_SCOPE], |row| {
                    let purpose = if row.get(0)? { Purpose::Memory } else { Purpose::Cache };
                    Ok(Size { purpose, kind: row.get(1)?, records: whole(row, 2)?, bytes: whole(row, 3)? })
                })?
                .collect()
        })?;
        for (purpose, kind, question) in REST {
            let is_auth = matches!(purpose, Purpose::Accounts | Purpose::Pacing);
            let database = if is_auth { self.auth_database() } else { self.task_database() };
            let (records, bytes) = database
                .read(|connection| connection.query_row(question, [], |row| Ok((whole(row, 0)?, whole(row, 1)?))))?;
            sizes.push(Size { purpose, kind: kind.to_owned(), records, bytes });
        }
        Ok(sizes)
    }

    /// The bytes of the database as a whole.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub fn bytes(&self) -> Result<usize> {
        self.task_database().read(bytes)
    }

    /// Removes what has expired by `now` from all collections of this kind that all configs share, and those that are empty then; says
    /// how many records it was. For caches with many collections, which nobody would read again.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub fn prune_kind(&self, kind: &str, now: Timestamp) -> Result<usize> {
        self.task_database().write(|transaction| {
            let removed = remove_expired(transaction, Some(kind), now)?;
            transaction.execute(&format!("{DROP_EMPTY} AND kind = ?2"), (SHARED_SCOPE, kind))?;
            Ok(removed)
        })
    }

    /// Makes the database small: removes what has expired by `now`, the changes of the journal that were begun before `changes_before` and of which is
    /// known how they went, and then the room that all this took.
    ///
    /// # Errors
    ///
    /// When the database cannot be used, or another process is using it all the time. What was removed stays removed.
    pub fn prune(&self, now: Timestamp, changes_before: Timestamp) -> Result<Pruned> {
        let before = self.bytes()?;
        let (expired, changes) = self.task_database().write(|transaction| {
            let expired = remove_expired(transaction, None, now)?;
            transaction.execute(DROP_EMPTY, [SHARED_SCOPE])?;
            let changes = transaction.execute(
                "DELETE FROM change WHERE at < ? AND state NOT IN ('pending', 'uncertain')",
                [changes_before.as_millisecond()],
            )?;
            Ok((expired, changes))
        })?;
        // The space of the file is given back only when the log of writes is written into it.
        self.task_database().read(|connection| connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"))?;
        Ok(Pruned { expired, changes, before, after: self.bytes()? })
    }
}

/// Removes the collections that nothing is in; those of a config stay, because a list may be empty.
const DROP_EMPTY: &str = "DELETE FROM collection WHERE scope = ?1 AND NOT EXISTS (SELECT 1 FROM record \
                          WHERE record.id BETWEEN collection.id << 32 AND (collection.id << 32) + 0xffffffff)";

fn bytes(connection: &Connection) -> rusqlite::Result<usize> {
    connection
        .query_row("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", [], |row| whole(row, 0))
}

/// Removes what has expired by `now`: all of it, or that in the collections of a kind that all configs share.
fn remove_expired(transaction: &Transaction<'_>, kind: Option<&str>, now: Timestamp) -> rusqlite::Result<usize> {
    let expired: Vec<(i64, i64)> = transaction
        .prepare_cached(
            "SELECT record.id >> 32, record.id & 0xffffffff FROM record WHERE expires <= ?1 AND (?3 IS NULL OR \
             EXISTS (SELECT 1 FROM collection WHERE id = record.id >> 32 AND scope = ?2 AND kind = ?3)) ORDER BY record.id",
        )?
        .query_map((now.as_millisecond(), SHARED_SCOPE, kind), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut removed = 0;
    for of_one in expired.chunk_by(|one, next| one.0 == next.0) {
        let numbers: Vec<i64> = of_one.iter().map(|(_, number)| *number).collect();
        removed += record::remove(transaction, of_one[0].0, &numbers)?;
    }
    Ok(removed)
}
