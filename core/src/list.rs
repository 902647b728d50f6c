//! Lists: places that entries can be read from, put on and taken off.
//!
//! A list is a struct of options, like a plugin, and is an input for free. Everything that changes a list goes through one
//! gate, [`WritableList`]: it knows about dry runs, the journal, the copy of the list that this run has read, and the report.

pub mod any;
mod identity;
mod recovery;
mod run_cache;
mod writable;

use std::future::Future;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::entry::Entry;
use crate::error::Result;
use crate::plugin::Problem;
use crate::task::report::Action;

pub use any::{AnyList, WritableList};
pub use identity::{Index, Key, Keys, Role};
pub use recovery::{Answer, settle, undo};

/// Which list it is: lists with equal places share one copy within a run, and a write through one is seen through the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The kind of list.
    pub kind: &'static str,
    /// The account that it is read and changed with.
    pub account: Option<String>,
    /// Whose list it is, where that is not the account's user.
    pub owner: Option<String>,
    /// The list's name.
    pub name: String,
    /// Whether it lives elsewhere: it is then read once in a run, changes are journaled, and dry runs leave it alone.
    pub remote: bool,
}

impl Place {
    /// A list of this kind and name in the store of this program.
    pub fn local(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, account: None, owner: None, name: name.into(), remote: false }
    }
}

/// What became of a batch. Positions are those in the slice that was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// How many were added or removed.
    pub done: usize,
    /// How many were there already (add), or were not there (remove).
    pub existing: usize,
    /// Which those were, as far as the list can tell.
    pub unchanged: Vec<usize>,
    /// What the service does not know.
    pub not_found: Vec<usize>,
    /// What could not be written, and why.
    pub failed: Vec<(usize, String)>,
    /// What was removed in part only and is still on the list: one of several plays.
    pub remaining: Vec<usize>,
    /// Whether what is in `failed` may have been written all the same, because the answer was lost.
    pub uncertain: bool,
}

impl Change {
    /// Everything was done.
    pub fn all(done: usize) -> Self {
        Self { done, ..Self::default() }
    }

    /// The positions of what was not written.
    pub fn not_done(&self) -> impl Iterator<Item = usize> + '_ {
        self.failed.iter().map(|(at, _)| *at).chain(self.not_found.iter().copied())
    }
}

/// A kind of list. One line registers it, as a list and as an input: `submit! { list::<MyList>() }`.
pub trait List: DeserializeOwned + JsonSchema + 'static {
    /// The key that users write.
    const NAME: &'static str;

    /// Which list the options mean.
    fn place(&self) -> Place;

    /// Mistakes that no schema can say. Most lists have none.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Why it cannot be changed, if it cannot, and what would help: "trending list is not modifiable".
    fn read_only(&self) -> Option<Problem> {
        None
    }

    /// Whether it could be used now, as far as that is known without asking anybody: an account that is not authorized
    /// aborts a task before anything is read.
    ///
    /// # Errors
    /// Why it cannot be used, and what to do.
    fn ready(&self, _cx: &Context) -> Result<()> {
        Ok(())
    }

    /// By what an entry is known on this list: entries that share a key are the same item (see [`Key`]).
    fn keys(&self, entry: &Entry) -> Keys;

    /// Whether an entry can be an item of this list.
    ///
    /// # Errors
    /// Why it cannot: it has no id, or is of another type.
    fn accepts(&self, _entry: &Entry) -> Result<(), String> {
        Ok(())
    }

    /// Whether adding what is there already adds it once more, as a play is added. Such a list is read before anything is added,
    /// and what may have been added by a change that was cut off is not sent again before that is settled.
    fn adds_again(&self) -> bool {
        false
    }

    /// Whether adding what is there already changes it, as a new rating does. Such a list is read before anything is added,
    /// so that what is replaced can be put back.
    fn overwrites(&self) -> bool {
        false
    }

    /// Whether an item of the list is all that the entry, which is the same item, would make of it.
    fn is_up_to_date(&self, _item: &Entry, _entry: &Entry) -> bool {
        true
    }

    /// Reads the items, all of them or at least `wanted`.
    ///
    /// # Errors
    /// Why it could not be read. A part of a list is never given for the whole.
    fn items(&self, wanted: Option<usize>, cx: &Context) -> impl Future<Output = Result<Vec<Entry>>>;

    /// The items that these entries are, if the list can tell without reading everything; `None` to have it read and matched by keys.
    ///
    /// # Errors
    /// Why the list could not be read.
    fn find(&self, _entries: &[&Entry], _cx: &Context) -> impl Future<Output = Result<Option<Vec<Option<Entry>>>>> {
        std::future::ready(Ok(None))
    }

    /// The batch as the journal is to have it, where the entries do not say enough for the change to be undone: with what goes when
    /// an item is taken off and does not show on it, or with what tells a new item from one that was there before. What is added is
    /// sent as it is given here. A batch that undoes a change carries what was given here then, and stands for that alone.
    ///
    /// # Errors
    /// What is missing could not be asked for. Nothing is sent then.
    fn for_journal(
        &self,
        _action: Action,
        _batch: &[&Entry],
        _cx: &Context,
    ) -> impl Future<Output = Result<Option<Vec<Entry>>>> {
        std::future::ready(Ok(None))
    }

    /// Puts entries on the list, in one request for as many as the service takes. A list that is not [remote](Place::remote) may be
    /// given an item twice; it puts it once, and says which are [unchanged](Change::unchanged).
    ///
    /// # Errors
    /// Why nothing could be written. What was written in part is told in the [`Change`].
    fn add(&self, entries: &[&Entry], cx: &Context) -> impl Future<Output = Result<Change>>;

    /// Takes entries off the list, in one request for as many as the service takes.
    ///
    /// # Errors
    /// As [`List::add`].
    fn remove(&self, entries: &[&Entry], cx: &Context) -> impl Future<Output = Result<Change>>;
}
