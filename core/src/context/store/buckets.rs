//! The buckets of the rate limiter, shared by all processes that use the auth store.

use rusqlite::{Connection, OptionalExtension};

use super::database::Store;
use crate::error::Result;

/// State of a bucket.
///
/// Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BucketState {
    /// When the requests of the window were sent or will be, in order.
    pub(crate) requests: Vec<i64>,
    /// No request may be sent before this time.
    pub(crate) blocked_until: i64,
    /// Number of requests that the service has left, until `left_until`.
    pub(crate) left: u32,
    /// End of the service's window; 0 when the service said nothing.
    pub(crate) left_until: i64,
}

impl Store {
    /// Reads a bucket and stores what `update` makes of it, with no other process in between.
    pub(crate) fn update_bucket<T>(&self, name: &str, update: impl FnOnce(&mut BucketState) -> T) -> Result<T> {
        self.auth_database().write(|transaction| {
            let mut state = read(transaction, name)?;
            let done = update(&mut state);
            let first = state.requests.first().copied().unwrap_or_default();
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO bucket (name, first, requests, blocked_until, remaining, remaining_until) \
                     VALUES (?, ?, ?, ?, ?, ?)",
                )?
                .execute((
                    name,
                    first,
                    pack(first, &state.requests),
                    state.blocked_until,
                    state.left,
                    state.left_until,
                ))?;
            Ok(done)
        })
    }

    /// Returns the state of a bucket.
    pub(crate) fn bucket(&self, name: &str) -> Result<BucketState> {
        self.auth_database().read(|connection| read(connection, name))
    }

    /// Returns until when any of two buckets is blocked.
    pub(crate) fn blocked_until(&self, names: [&str; 2]) -> Result<i64> {
        self.auth_database().read(|connection| {
            connection
                .prepare_cached("SELECT coalesce(max(blocked_until), 0) FROM bucket WHERE name IN (?, ?)")?
                .query_row(names, |row| row.get(0))
        })
    }
}

fn read(connection: &Connection, name: &str) -> rusqlite::Result<BucketState> {
    let state = connection
        .prepare_cached("SELECT first, requests, blocked_until, remaining, remaining_until FROM bucket WHERE name = ?")?
        .query_row([name], |row| {
            Ok(BucketState {
                requests: unpack(row.get(0)?, row.get_ref(1)?.as_blob()?),
                blocked_until: row.get(2)?,
                left: row.get(3)?,
                left_until: row.get(4)?,
            })
        })
        .optional()?;
    Ok(state.unwrap_or_default())
}

/// Packs times as four bytes each, so that a full window takes half a page of the database.
fn pack(first: i64, times: &[i64]) -> Vec<u8> {
    times.iter().flat_map(|at| u32::try_from(at - first).unwrap_or(u32::MAX).to_le_bytes()).collect()
}

fn unpack(first: i64, packed: &[u8]) -> Vec<i64> {
    packed.as_chunks::<4>().0.iter().map(|bytes| first + i64::from(u32::from_le_bytes(*bytes))).collect()
}
