//! What was done to remote lists: written down before it is sent, and marked after.
//!
//! So a run that was killed can say what may have happened, and a change can be undone.

use jiff::Timestamp;
use serde_json::Value;

use crate::context::Clock;
use crate::error::{Error, Result};
pub use crate::report::Action;
use crate::store::Store;

/// A change that is about to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct NewChange {
    /// Whose list it is.
    pub service: String,
    /// The stored account that is used, if any.
    pub account: Option<String>,
    /// The list as people call it.
    pub list: String,
    /// The list's options, enough to open it again.
    pub list_config: Value,
    /// What is done to it.
    pub action: Action,
    /// The items, each an object with its title, its ids and its dates.
    pub items: Vec<Value>,
    /// The change that this one undoes.
    pub undo_of: Option<i64>,
}

/// A change as the journal has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its number, which is never given twice.
    pub id: i64,
    /// When it was begun.
    pub at: Timestamp,
    /// What was sent.
    pub what: NewChange,
    /// How it went.
    pub state: ChangeState,
    /// A summary of the answer.
    pub answer: Option<Value>,
}

/// How a change went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeState {
    /// It was begun; when nobody works on it any more, nobody knows how it went.
    Pending,
    /// It was made.
    Done,
    /// It was not made.
    Failed,
    /// It was sent, and no answer came.
    Uncertain,
    /// It was made, and undone since.
    Undone,
}

impl ChangeState {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Undone => "undone",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Done, Self::Failed, Self::Uncertain, Self::Undone]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

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
