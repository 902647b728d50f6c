//! The journal of changes to remote lists: written before they are sent, and marked after.
//!
//! So a run that was killed can say what may have happened, and a change can be undone.

pub use crate::context::store::changes::{Action, ChangeRow, ChangeState, NewChange};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::context::clock::Clock;
use crate::context::store::Store;
use crate::error::{Error, Result};

/// How long a change is left to its own process without a sign of life.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// The changes to remote lists.
///
/// Cheap to clone. All configs share the journal, because they change the lists of the same
/// accounts; each shows and undoes its own changes.
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
        let id = self.store.begin_change(self.clock.now(), self.lease(), change, None)?;
        // Without a number that must be the latest a change is always recorded.
        Ok(id.unwrap_or_default())
    }

    /// Records a change unless another one of the account is later than number `latest`.
    ///
    /// Otherwise it does what [`Journal::begin`] does.
    ///
    /// So looking at a list and recording a change to it are one step: of several processes that
    /// have looked, one records its change, and the others look again.
    pub fn begin_after(&self, latest: i64, change: &NewChange) -> Result<Option<i64>> {
        self.store.begin_change(self.clock.now(), self.lease(), change, Some(latest))
    }

    /// Returns the number of the latest change of an account; 0 if there is none.
    pub fn latest(&self, service: &str, account: Option<&str>) -> Result<i64> {
        self.store.latest_change(service, account)
    }

    /// Shows that the process which makes a change, or undoes it, is alive.
    pub fn renew(&self, id: i64) -> Result<()> {
        self.store.renew_change(id, self.lease())
    }

    /// Marks a change as being undone, and returns whether this process is the one that may do so.
    pub fn claim_undo(&self, id: i64) -> Result<bool> {
        self.store.claim_change(id, self.clock.now(), self.lease())
    }

    fn lease(&self) -> Timestamp {
        self.clock.now().saturating_add(LEASE).unwrap_or(Timestamp::MAX)
    }

    /// Records the outcome of a change.
    pub fn finish(&self, id: i64, state: ChangeState, response: Option<&Value>) -> Result<()> {
        // The list may show only after a while what became of an uncertain change.
        let lease = (state == ChangeState::Uncertain).then(|| self.lease());
        if self.store.finish_change(id, state, response, lease)? {
            return Ok(());
        }
        Err(Error::new(format!("there is no change {id}")).hint("`flexget-rs changes` shows those that there are"))
    }

    /// Removes the record of a change of which nothing was sent, because there is no such list.
    pub fn withdraw(&self, id: i64) -> Result<()> {
        self.store.delete_change(id)
    }

    /// Returns the latest changes, at most `limit`, newest first.
    pub fn list(&self, limit: usize) -> Result<Vec<ChangeRow>> {
        self.store.changes(limit)
    }

    /// Returns recent changes to a list, or to all lists of an account, oldest first.
    ///
    /// These are the changes that were begun at `since` or later.
    ///
    /// Lists of one service, account and name may still differ in their options.
    pub fn recent(
        &self,
        service: &str,
        account: Option<&str>,
        list: Option<&str>,
        since: Timestamp,
    ) -> Result<Vec<ChangeRow>> {
        self.store.recent_changes(service, account, list, since)
    }

    /// Returns the change of this number.
    pub fn get(&self, id: i64) -> Result<Option<ChangeRow>> {
        self.store.change(id)
    }

    /// Returns the changes whose outcome is unknown (pending or uncertain), oldest first.
    ///
    /// A change that another process is making at this moment is pending too; it has a
    /// [lease](ChangeRow::lease).
    pub fn pending(&self) -> Result<Vec<ChangeRow>> {
        self.store.unsettled_changes()
    }
}
