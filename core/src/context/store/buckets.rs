//! The buckets of the rate limiter, shared by all processes that use the auth store.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::database::Store;
use super::rows::{all, first, run};
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

/// Use of a rate limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RateLimitUse {
    /// Name of the bucket: the service, and the account if the limit is its own.
    #[serde(rename = "name")]
    pub bucket: String,
    /// Number of requests in the last five minutes.
    #[serde(rename = "requests_in_5_minutes")]
    pub recent: usize,
    /// When requests may be sent again, if they are blocked.
    pub blocked_until: Option<Timestamp>,
}

/// The window of [`RateLimitUse::recent`], in milliseconds.
const RECENT: i64 = 300_000;

impl Store {
    /// Returns the rate limits that are in use at `now`, by the names of their buckets.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn rate_limits(&self, now: Timestamp) -> Result<Vec<RateLimitUse>> {
        let now = now.as_millisecond();
        let buckets: Vec<(String, BucketState)> = self.auth_database().read(|connection| {
            let names: Vec<String> = all(connection, "SELECT name FROM bucket ORDER BY name", [], |row| row.get(0))?;
            names.into_iter().map(|name| Ok((name.clone(), read(connection, &name)?))).collect()
        })?;
        let limit = |(bucket, state): (String, BucketState)| RateLimitUse {
            bucket,
            recent: state.requests.iter().filter(|at| (now.saturating_sub(RECENT)..=now).contains(*at)).count(),
            blocked_until: (state.blocked_until > now)
                .then(|| Timestamp::from_millisecond(state.blocked_until).ok())
                .flatten(),
        };
        let is_used = |limit: &RateLimitUse| limit.recent > 0 || limit.blocked_until.is_some();
        Ok(buckets.into_iter().map(limit).filter(is_used).collect())
    }

    /// Reads a bucket and stores what `update` makes of it, with no other process in between.
    pub(crate) fn update_bucket<T>(&self, name: &str, update: impl FnOnce(&mut BucketState) -> T) -> Result<T> {
        self.auth_database().write(|transaction| {
            let mut state = read(transaction, name)?;
            let done = update(&mut state);
            let first = state.requests.first().copied().unwrap_or_default();
            run(
                transaction,
                "INSERT OR REPLACE INTO bucket (name, first, requests, blocked_until, remaining, remaining_until) \
                 VALUES (?, ?, ?, ?, ?, ?)",
                (name, first, pack(first, &state.requests), state.blocked_until, state.left, state.left_until),
            )?;
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
    let query = "SELECT first, requests, blocked_until, remaining, remaining_until FROM bucket WHERE name = ?";
    let state = first(connection, query, [name], |row| {
        Ok(BucketState {
            requests: unpack(row.get(0)?, row.get_ref(1)?.as_blob()?),
            blocked_until: row.get(2)?,
            left: row.get(3)?,
            left_until: row.get(4)?,
        })
    })?;
    Ok(state.unwrap_or_default())
}

/// Packs times as four bytes each, so that a full window takes half a page of the database.
fn pack(first: i64, times: &[i64]) -> Vec<u8> {
    times.iter().flat_map(|at| u32::try_from(at.saturating_sub(first)).unwrap_or(u32::MAX).to_le_bytes()).collect()
}

fn unpack(first: i64, packed: &[u8]) -> Vec<i64> {
    packed.as_chunks::<4>().0.iter().map(|bytes| first.saturating_add(i64::from(u32::from_le_bytes(*bytes)))).collect()
}
