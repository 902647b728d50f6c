//! Lists: places that entries can be read from, added to and removed from.
//!
//! A list is a struct of options, like a plugin, and is an input for free. Everything that changes
//! a list goes through [`WritableList`](writable::WritableList), which knows about dry runs, the
//! journal, the copy of the list that this run has read, and the report.

pub mod any;
pub mod identity;
#[doc(hidden)]
pub mod index;
pub mod input;
#[doc(hidden)]
pub mod journaled;
pub mod outcome;
#[doc(hidden)]
pub mod recovery;
mod run_cache;
#[doc(hidden)]
pub mod script;
#[cfg(test)]
mod tests;
pub mod writable;

use std::future::Future;

use jiff::Timestamp;

use crate::context::Context;
use crate::context::journal::Action;
use crate::document::diagnostic::Problem;
use crate::entry::{Entry, Name};
use crate::error::Result;
use crate::list::identity::Keys;
use crate::list::outcome::Change;
use crate::task::fields::KnownField;

/// Identity of a list: lists with equal ids share one copy within a run.
///
/// The kind is the list's [`NAME`](List::NAME), which core sets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ListId {
    kind: &'static str,
    /// The account that the list is read and changed with.
    pub account: Option<String>,
    /// The owner, where that is not the account's user.
    pub owner: Option<String>,
    /// The list's name.
    pub name: String,
    /// Whether the list belongs to a service.
    ///
    /// It is then read once in a run, its changes are journaled, and dry runs send nothing.
    pub remote: bool,
}

impl ListId {
    /// Creates the id of a list in the store or the files of this program.
    pub fn local(name: impl Into<String>) -> Self {
        Self { kind: "", account: None, owner: None, name: name.into(), remote: false }
    }

    /// Creates the id of a list of a service.
    pub fn remote(name: impl Into<String>) -> Self {
        Self { remote: true, ..Self::local(name) }
    }

    /// Sets the account.
    #[must_use]
    pub fn account(self, account: Option<String>) -> Self {
        Self { account, ..self }
    }

    /// Sets the owner.
    #[must_use]
    pub fn owner(self, owner: Option<String>) -> Self {
        Self { owner, ..self }
    }

    /// Returns the kind of list: the key that users write.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }
}

/// Effect of adding an item that is on the list already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Adding {
    /// Nothing changes, or only fields are updated.
    #[default]
    Once,
    /// It is there once more, as a play is.
    ///
    /// Such a list is read before anything is added, and an item that an interrupted change may
    /// have added is not sent again before that is known.
    Again,
    /// It is replaced, as a rating is.
    ///
    /// Such a list is read before anything is added, so that the old item can be restored.
    Replaces,
}

/// Treatment of an entry that is to be removed and that no read has shown on the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unseen {
    /// It is not on the list, which is read whole or not at all.
    #[default]
    Absent,
    /// The list is read again, up to a proved end.
    Proved,
    /// It is sent all the same, with the field [`UNSEEN`]: removing what is not there does no harm.
    Sent,
}

/// Hidden field of an entry that is removed though no read has shown it on the list.
///
/// It is [`Done`](outcome::Outcome::Done) only if the service says that it was there.
pub const UNSEEN: &str = "_unseen";

/// A kind of list, which one line registers: `submit! { list::<MyList>() }`.
///
/// ```
/// use flexget_core::context::journal::Action;
/// use flexget_core::prelude::*;
/// use flexget_core::testing;
///
/// /// A list that lasts as long as the run.
/// ///
/// /// ```yaml
/// /// notebook: films
/// /// ```
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(transparent)]
/// struct Notebook {
///     /// The list's name.
///     name: String,
/// }
///
/// submit! { list::<Notebook>() }
///
/// /// The titles on all notebooks, by name and in the order in which they were added.
/// type Pages = std::cell::RefCell<BTreeMap<String, Vec<String>>>;
///
/// impl List for Notebook {
///     const NAME: &'static str = "notebook";
///
///     fn id(&self) -> ListId {
///         ListId::local(&self.name)
///     }
///
///     fn keys(&self, entry: &Entry) -> Keys {
///         let mut keys = Keys::new();
///         keys.name("title", entry.title());
///         keys
///     }
///
///     async fn items(&self, _limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
///         let pages = cx.run_cache.of::<Pages>("notebook");
///         let titles = pages.borrow().get(&self.name).cloned().unwrap_or_default();
///         Ok(titles.into_iter().map(|title| Entry::new(title, "mock://")).collect())
///     }
///
///     async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
///         let pages = cx.run_cache.of::<Pages>("notebook");
///         let mut pages = pages.borrow_mut();
///         let titles = pages.entry(self.name.clone()).or_default();
///         let mut add = |entry: &&Entry| {
///             if titles.iter().any(|title| title == entry.title()) {
///                 return Outcome::Unchanged;
///             }
///             titles.push(entry.title().to_owned());
///             Outcome::Done
///         };
///         Ok(entries.iter().map(&mut add).collect())
///     }
///
///     async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
///         let pages = cx.run_cache.of::<Pages>("notebook");
///         let mut pages = pages.borrow_mut();
///         let titles = pages.entry(self.name.clone()).or_default();
///         let mut remove = |entry: &&Entry| {
///             let before = titles.len();
///             titles.retain(|title| title != entry.title());
///             if titles.len() < before { Outcome::Done } else { Outcome::Unchanged }
///         };
///         Ok(entries.iter().map(&mut remove).collect())
///     }
/// }
///
/// testing::block_on(async {
///     let (list, cx) = (testing::list("notebook: films"), testing::context());
///     let film = Entry::new("Solaris", "mock://1");
///     let report = list.apply(&[&film], Action::Add, "example", None, &cx).await?;
///     assert_eq!(report.done, 1);
///     assert_eq!(list.list().items(None, &cx).await?[0].title(), "Solaris");
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), flexget_core::error::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list",
    label = "it does not implement `List`",
    note = "a list is a struct of options with `#[derive(Deserialize, JsonSchema)]` and `impl List for {Self}`",
    note = "a plugin is registered with `plugin::<{Self}>()`, and a command with `command::<{Self}>()`"
)]
pub trait List: 'static {
    /// The key that users write.
    const NAME: &'static str;

    /// Returns which list the options mean.
    fn id(&self) -> ListId;

    /// Returns the fields that its entries can have, for `check` and its hints.
    ///
    /// A list that declares none, as one that stores entries, may give any.
    fn gives() -> Vec<KnownField> {
        Vec::new()
    }

    /// Returns the mistakes in the options that no schema can find.
    ///
    /// Most lists have none.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Checks whether the list can be changed.
    ///
    /// # Errors
    /// Why the list is read-only, with a suggestion: "trending list is not modifiable".
    fn writable(&self) -> Result<(), Problem> {
        Ok(())
    }

    /// Checks whether the list can be used now, without sending a request.
    ///
    /// An account that is not authorized aborts a task before anything is read.
    ///
    /// # Errors
    /// Why it cannot be used, and the way out.
    fn ready(&self, _cx: &Context) -> Result<()> {
        Ok(())
    }

    /// Returns the user of the service that the account belongs to, if that is known.
    ///
    /// A change is undone only while its account belongs to the same user.
    ///
    /// # Errors
    /// The accounts cannot be read.
    fn user(&self, _cx: &Context) -> Result<Option<String>> {
        Ok(None)
    }

    /// Returns the fields of an entry that the list reads and that lookups may offer.
    ///
    /// These are ids where the entry has none, and fields that are stored when it is added
    /// (`adding`).
    ///
    /// Those that are offered are fetched in one batch before entries are added, removed or looked
    /// for.
    fn fields(&self, _entry: &Entry, _adding: bool) -> Vec<Name> {
        Vec::new()
    }

    /// Returns the keys of an entry on this list.
    ///
    /// Entries that share a key are the same item (see [`identity`]).
    fn keys(&self, entry: &Entry) -> Keys;

    /// Checks whether an entry can be an item of this list.
    ///
    /// # Errors
    /// Why it cannot: it has no id, or is of another type.
    fn accepts(&self, _entry: &Entry) -> Result<(), String> {
        Ok(())
    }

    /// Returns whether an entry would be a row of its own when it is read.
    ///
    /// The show of plays is on a list of plays, and is no row of it.
    fn has_row(&self, entry: &Entry) -> bool {
        self.accepts(entry).is_ok()
    }

    /// Returns the effect of adding an item that is on the list already.
    fn adding(&self) -> Adding {
        Adding::Once
    }

    /// Checks whether adding `entry` would leave `item`, the same item on the list, as it is.
    fn is_up_to_date(&self, _item: &Entry, _entry: &Entry) -> bool {
        true
    }

    /// Returns what is to be done about an entry that is to be removed and was not seen.
    ///
    /// Implement it for a service that may show a part of a list and count that part.
    fn unseen(&self, _entry: &Entry) -> Unseen {
        Unseen::Absent
    }

    /// Returns when an item was put on the list, if the list says so.
    fn listed_at(&self, _item: &Entry) -> Option<Timestamp> {
        None
    }

    /// Returns whether an item that an undo puts back has its date of before.
    ///
    /// Otherwise the user is told that it has not.
    fn restores_dates(&self) -> bool {
        true
    }

    /// Returns why only a part of the list is read, or `None` if [`List::items`] reads all of it.
    ///
    /// A chart of which the first hundred items are read, or a list with a `limit`, is such a part:
    /// nothing may be removed because it is not among these items.
    fn partial(&self) -> Option<String> {
        None
    }

    /// Returns the number of items that are read of a long list unless a config says how many.
    ///
    /// Whoever reads that many is told so.
    fn default_limit(&self) -> Option<usize> {
        None
    }

    /// Reads the items: all of them, or the first `limit`.
    ///
    /// A local list may return more, as reading it costs nothing.
    ///
    /// # Errors
    /// Why it could not be read. A part of a list is never returned as the whole.
    fn items(&self, limit: Option<usize>, cx: &Context) -> impl Future<Output = Result<Vec<Entry>>>;

    /// Returns the item that `entry` is a part of, such as the show of an episode.
    ///
    /// An entry matches the list also if that item is on it. The item is neither added nor removed
    /// for the entry.
    fn whole(&self, _entry: &Entry) -> Option<Entry> {
        None
    }

    /// Reads all items because something is to be removed that is not among them.
    ///
    /// Implement it if a list that seems to be read whole may not be.
    ///
    /// # Errors
    /// As [`List::items`], and if it is not certain that these are all items.
    fn all_items(&self, cx: &Context) -> impl Future<Output = Result<Vec<Entry>>> {
        self.items(None, cx)
    }

    /// Returns the item that each entry is, in the order of the entries.
    ///
    /// For lists that can tell without reading everything.
    ///
    /// With `None` the list is read and its items are matched by keys.
    ///
    /// # Errors
    /// Why the list could not be read.
    fn find(&self, _entries: &[&Entry], _cx: &Context) -> impl Future<Output = Result<Option<Vec<Option<Entry>>>>> {
        std::future::ready(Ok(None))
    }

    /// Does the same as [`List::find`] because something follows from an entry not being listed.
    ///
    /// Implement both or neither, as [`List::all_items`] and [`List::items`].
    ///
    /// # Errors
    /// As [`List::find`], and if it is not certain that all items were looked at.
    fn find_proved(
        &self,
        entries: &[&Entry],
        cx: &Context,
    ) -> impl Future<Output = Result<Option<Vec<Option<Entry>>>>> {
        self.find(entries, cx)
    }

    /// Returns keys of an entry whose item only the service can tell; `None` if its own keys do.
    ///
    /// A number that movies and shows both have is such a key. If an item has one of these keys,
    /// [`List::identify`] is asked about the entry.
    fn possible_keys(&self, _entry: &Entry) -> Option<Keys> {
        None
    }

    /// Asks the service what entries are, and returns each as an item of the list would have it.
    ///
    /// # Errors
    /// The service could not be asked.
    fn identify(&self, entries: &[&Entry], _cx: &Context) -> impl Future<Output = Result<Vec<Option<Entry>>>> {
        std::future::ready(Ok(vec![None; entries.len()]))
    }

    /// Returns whether each entry of an interrupted change was added or removed.
    ///
    /// Implement it if that cannot be told by the items that are on the list: a play of a movie
    /// that was watched before. With `None`, for one entry or for all, the items decide.
    ///
    /// # Errors
    /// The service could not be asked.
    fn was_made(
        &self,
        _action: Action,
        entries: &[&Entry],
        _cx: &Context,
    ) -> impl Future<Output = Result<Vec<Option<bool>>>> {
        std::future::ready(Ok(vec![None; entries.len()]))
    }

    /// Restores the order of a list after an undo has put back the items that these entries record.
    ///
    /// # Errors
    /// Why the items are not at their former places. They are on the list all the same.
    fn restore_order(&self, _entries: &[&Entry], _cx: &Context) -> impl Future<Output = Result<()>> {
        std::future::ready(Ok(()))
    }

    /// Returns the entries to record in the journal, in the order of `entries`.
    ///
    /// Implement it if an entry alone does not hold all that an undo needs: plays that are lost on
    /// removal, or the time that tells a new item from an old one. Items are sent as they are
    /// returned here. The entries of an undo carry what was returned for the original change.
    ///
    /// # Errors
    /// The missing state could not be read. Nothing is sent then, and the entries fail.
    fn snapshot(
        &self,
        _action: Action,
        _entries: &[&Entry],
        _cx: &Context,
    ) -> impl Future<Output = Result<Option<Vec<Entry>>>> {
        std::future::ready(Ok(None))
    }

    /// Adds entries, in one request for as many as the service takes.
    ///
    /// A [local](ListId::local) list may be given an item twice; it adds it once.
    ///
    /// # Errors
    /// Why nothing could be written. A partial result is told by the outcomes.
    fn add(&self, entries: &[&Entry], cx: &Context) -> impl Future<Output = Result<Change>>;

    /// Removes entries, in one request for as many as the service takes.
    ///
    /// # Errors
    /// As [`List::add`].
    fn remove(&self, entries: &[&Entry], cx: &Context) -> impl Future<Output = Result<Change>>;
}
