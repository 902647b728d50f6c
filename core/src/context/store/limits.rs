//! How far the requests of each lane have come, shared by all processes that use the database.

use rusqlite::{Connection, OptionalExtension};

use super::Store;
use crate::error::Result;

/// Where a lane stands. Times are microseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BucketState {
    /// When the lane would be idle if requests took their even share of time.
    pub(crate) next: i64,
    /// Nobody may send before this.
    pub(crate) held: i64,
}

impl Store {
    /// Reads the lane and writes back what `update` makes of it, with no other process in between.
    pub(crate) fn update_bucket<T>(&self, bucket: &str, update: impl FnOnce(&mut BucketState) -> T) -> Result<T> {
        self.shared.write(|transaction| {
            let mut state = read(transaction, bucket)?;
            let done = update(&mut state);
            transaction
                .prepare_cached("INSERT OR REPLACE INTO lane (name, next, held) VALUES (?, ?, ?)")?
                .execute((bucket, state.next, state.held))?;
            Ok(done)
        })
    }

    /// Where the lane stands.
    pub(crate) fn bucket(&self, bucket: &str) -> Result<BucketState> {
        self.shared.read(|connection| read(connection, bucket))
    }
}

fn read(connection: &Connection, bucket: &str) -> rusqlite::Result<BucketState> {
    let state = connection
        .prepare_cached("SELECT next, held FROM lane WHERE name = ?")?
        .query_row([bucket], |row| Ok(BucketState { next: row.get(0)?, held: row.get(1)? }))
        .optional()?;
    Ok(state.unwrap_or_default())
}
