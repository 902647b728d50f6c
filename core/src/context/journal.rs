//! What was done to remote lists: written down before it is sent, and marked after.
//!
//! So a run that was killed can say what may have happened, and a change can be undone.

pub use crate::context::store::changes::{Action, Change, ChangeState, NewChange};
use jiff::Timestamp;
use serde_json::Value;

use crate::context::clock::Clock;
use crate::context::store::Store;
use crate::error::{Error, Result};

/// The changes that were made for a config. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Store,
    clock: Clock,
}

impl Journal {
    /// The journal in `store`, for the config that the store is scoped to.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Writes down a change that is about to be sent, and gives it its number. It is on disk when this returns.
    ///
    /// # Errors
    ///
    /// When the database cannot be used; so do all methods here. Nothing may be sent then.
    pub fn begin(&self, change: &NewChange) -> Result<i64> {
        self.store.begin_change(self.clock.now(), change)
    }

    /// Says how a change went.
    pub fn finish(&self, id: i64, state: ChangeState, answer: Option<&Value>) -> Result<()> {
        if self.store.finish_change(id, state, answer)? {
            return Ok(());
        }
        Err(Error::new(format!("there is no change {id}")).hint("`flexget-rs changes` shows those that there are"))
    }

    /// The latest changes, at most `limit`, newest first.
    pub fn list(&self, limit: usize) -> Result<Vec<Change>> {
        self.store.changes(limit)
    }

    /// The changes that were begun at `at` or later, oldest first.
    pub fn since(&self, at: Timestamp) -> Result<Vec<Change>> {
        self.store.changes_since(at)
    }

    /// The change of this number.
    pub fn get(&self, id: i64) -> Result<Option<Change>> {
        self.store.change(id)
    }

    /// The changes of which nobody knows how they went: pending or uncertain, oldest first.
    ///
    /// A change that another process is making at this moment is pending too.
    pub fn pending(&self) -> Result<Vec<Change>> {
        self.store.unsettled_changes()
    }
}
