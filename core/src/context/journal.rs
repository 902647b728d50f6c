//! The journal of changes to remote lists: written before they are sent, and marked after.
//!
//! So a run that was killed can say what may have happened, and a change can be undone.

pub use crate::context::store::changes::{Action, Change, ChangeState, NewChange};
use jiff::Timestamp;
use serde_json::Value;

use crate::context::clock::Clock;
use crate::context::store::Store;
use crate::error::{Error, Result};

/// The changes to remote lists that were made for a config.
///
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Store,
    clock: Clock,
}

impl Journal {
    /// Opens the journal in `store`, for the config that the store is scoped to.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Records a change that is about to be sent and returns its number.
    ///
    /// It is on disk when this returns.
    ///
    /// # Errors
    ///
    /// The database cannot be used; so for all methods. Nothing may be sent then.
    pub fn begin(&self, change: &NewChange) -> Result<i64> {
        self.store.begin_change(self.clock.now(), change)
    }

    /// Records the outcome of a change.
    pub fn finish(&self, id: i64, state: ChangeState, response: Option<&Value>) -> Result<()> {
        if self.store.finish_change(id, state, response)? {
            return Ok(());
        }
        Err(Error::new(format!("there is no change {id}")).hint("`flexget-rs changes` shows those that there are"))
    }

    /// Returns the latest changes, at most `limit`, newest first.
    pub fn list(&self, limit: usize) -> Result<Vec<Change>> {
        self.store.changes(limit)
    }

    /// Returns the changes to a list that were begun at `since` or later, oldest first.
    ///
    /// Lists of one service, account and name may still differ in their options.
    pub fn of_list(&self, service: &str, account: Option<&str>, list: &str, since: Timestamp) -> Result<Vec<Change>> {
        self.store.changes_of_list(service, account, list, since)
    }

    /// Returns the change of this number.
    pub fn get(&self, id: i64) -> Result<Option<Change>> {
        self.store.change(id)
    }

    /// Returns the changes whose outcome is unknown (pending or uncertain), oldest first.
    ///
    /// A change that another process is making at this moment is pending too.
    pub fn pending(&self) -> Result<Vec<Change>> {
        self.store.unsettled_changes()
    }
}
