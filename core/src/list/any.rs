//! A list of any kind, as options name it: a map with one key.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use indexmap::IndexMap;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::context::Context;
use crate::context::journal::Action;
use crate::document::Node;
use crate::document::diagnostic::{Path, Problem, Segment};
use crate::document::read::fail;
use crate::entry::{Entry, Name};
use crate::error::{Error, Result};
use crate::list::identity::Keys;
use crate::list::outcome::Change;
use crate::list::{Adding, List, ListId, Unseen};
use crate::plugin::registration;
use crate::plugin::registry;
use crate::task::Task;

/// Declares a dyn-compatible trait with a boxed future for each `async fn`.
///
/// It is implemented for every [`List`]. What is not async is a method of [`AnyList`], too.
///
/// A trait with an associated constant and with futures of its own types is never dyn-compatible,
/// so that the methods which are called without knowing the type of the list are named once more.
macro_rules! erase {
    (
        $erased:ident of $original:ident;
        methods {
            $(
                $(#[$about:meta])*
                $visibility:vis fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;
            )*
        }
        $(async fn $future:ident($($future_arg:ident: $future_type:ty),*) -> $future_output:ty;)*
    ) => {
        trait $erased {
            $(fn $name(&self $(, $arg: $type)*) -> $output;)*
            $(fn $future<'a>(&'a self $(, $future_arg: $future_type)*) -> LocalBoxFuture<'a, $future_output>;)*
        }

        impl<T: $original> $erased for T {
            $(fn $name(&self $(, $arg: $type)*) -> $output {
                $original::$name(self $(, $arg)*)
            })*
            $(fn $future<'a>(&'a self $(, $future_arg: $future_type)*) -> LocalBoxFuture<'a, $future_output> {
                Box::pin($original::$future(self $(, $future_arg)*))
            })*
        }

        impl AnyList {
            $(
                $(#[$about])*
                $visibility fn $name(&self $(, $arg: $type)*) -> $output {
                    self.0.list.$name($($arg),*)
                }
            )*
        }
    };
}

erase! {
    ErasedList of List;
    methods {
        /// Checks whether the list can be used now; see [`List::ready`].
        ///
        /// # Errors
        /// Why it cannot be used.
        pub fn ready(cx: &Context) -> Result<()>;
        /// Returns the user that the account belongs to; see [`List::user`].
        ///
        /// # Errors
        /// The accounts cannot be read.
        pub(super) fn user(cx: &Context) -> Result<Option<String>>;
        /// Returns the fields of an entry that the list reads; see [`List::fields`].
        fn fields(entry: &Entry, adding: bool) -> Vec<Name>;
        /// Returns the keys of an entry on this list.
        pub fn keys(entry: &Entry) -> Keys;
        /// Checks whether an entry can be an item of this list.
        ///
        /// # Errors
        /// Why it cannot.
        pub fn accepts(entry: &Entry) -> Result<(), String>;
        /// Returns whether an entry would be a row of its own; see [`List::has_row`].
        pub(super) fn has_row(entry: &Entry) -> bool;
        /// Checks whether adding `entry` would leave `item` as it is; see [`List::is_up_to_date`].
        pub fn is_up_to_date(item: &Entry, entry: &Entry) -> bool;
        /// Returns what is to be done about an entry that was not seen; see [`List::unseen`].
        pub(super) fn unseen(entry: &Entry) -> Unseen;
        /// Returns when an item was put on the list, if the list says so.
        pub fn listed_at(item: &Entry) -> Option<Timestamp>;
        /// Returns whether an undo restores the dates of items; see [`List::restores_dates`].
        pub fn restores_dates() -> bool;
        /// Returns the item that an entry is a part of; see [`List::whole`].
        pub(super) fn whole(entry: &Entry) -> Option<Entry>;
        /// Returns keys whose item only the service can tell; see [`List::possible_keys`].
        pub(super) fn possible_keys(entry: &Entry) -> Option<Keys>;
    }
    async fn items(limit: Option<usize>, cx: &'a Context) -> Result<Vec<Entry>>;
    async fn all_items(cx: &'a Context) -> Result<Vec<Entry>>;
    async fn find(entries: &'a [&'a Entry], cx: &'a Context) -> Result<Option<Vec<Option<Entry>>>>;
    async fn find_proved(entries: &'a [&'a Entry], cx: &'a Context) -> Result<Option<Vec<Option<Entry>>>>;
    async fn identify(entries: &'a [&'a Entry], cx: &'a Context) -> Result<Vec<Option<Entry>>>;
    async fn was_made(action: Action, entries: &'a [&'a Entry], cx: &'a Context) -> Result<Vec<Option<bool>>>;
    async fn restore_order(entries: &'a [&'a Entry], cx: &'a Context) -> Result<()>;
    async fn snapshot(action: Action, entries: &'a [&'a Entry], cx: &'a Context) -> Result<Option<Vec<Entry>>>;
    async fn add(entries: &'a [&'a Entry], cx: &'a Context) -> Result<Change>;
    async fn remove(entries: &'a [&'a Entry], cx: &'a Context) -> Result<Change>;
}

/// A list of any kind.
///
/// In a config it is a map with one key: `trakt_list: { account: me, list: watchlist }`.
#[derive(Clone)]
pub struct AnyList(Rc<Opened>);

/// A list with all that its options alone say of it.
struct Opened {
    list: Box<dyn ErasedList>,
    id: ListId,
    adding: Adding,
    writable: Result<(), Problem>,
    partial: Option<String>,
    default_limit: Option<usize>,
    /// The options as they stand in the config, to tell copies apart and to open the list again.
    options: String,
}

impl fmt::Debug for AnyList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.id.fmt(f)
    }
}

/// Opens a list of a known kind, as the registry keeps it.
pub(super) fn open<L: List + DeserializeOwned>(options: &Node) -> Result<AnyList, Vec<Problem>> {
    let list: L = registration::read(options)?;
    let problems = list.check();
    if problems.is_empty() { Ok(opened(list, L::NAME, options)) } else { Err(problems) }
}

/// Returns a list of this kind whose options have been read.
pub(super) fn opened(list: impl List, kind: &'static str, options: &Node) -> AnyList {
    AnyList(Rc::new(Opened {
        id: list.id().of_kind(kind),
        adding: list.adding(),
        writable: list.writable(),
        partial: list.partial(),
        default_limit: list.default_limit(),
        options: serde_json::to_string(options).unwrap_or_default(),
        list: Box::new(list),
    }))
}

/// As [`open`], for the registry, which knows no lists.
pub(super) fn open_any<L: List + DeserializeOwned>(options: &Node) -> Result<Box<dyn Any>, Vec<Problem>> {
    open::<L>(options).map(|list| Box::new(list) as Box<dyn Any>)
}

impl AnyList {
    /// Opens a list of this kind with these options.
    ///
    /// # Errors
    /// There is no such kind of list, or these are not its options.
    pub fn open(kind: &str, options: &Node) -> Result<Self, Vec<Problem>> {
        let not_a_list = || vec![Problem::at(Path::root(), format!("`{kind}` is not a list"))];
        let open = registry::find(kind).and_then(|registration| registration.list).ok_or_else(not_a_list)?;
        let list = open(options)?.downcast::<Self>();
        list.map(|list| *list).map_err(|_| not_a_list())
    }

    /// Returns which list it is.
    pub fn id(&self) -> &ListId {
        &self.0.id
    }

    /// Returns the effect of adding an item that is on the list already.
    pub fn adding(&self) -> Adding {
        self.0.adding
    }

    /// Checks whether the list can be changed.
    ///
    /// # Errors
    /// Why it is read-only.
    pub fn writable(&self) -> Result<(), Problem> {
        self.0.writable.clone()
    }

    /// Returns why only a part of the list is read; see [`List::partial`].
    pub fn partial(&self) -> Option<&str> {
        self.0.partial.as_deref()
    }

    /// Returns how many items are read unless a config says how many; see [`List::default_limit`].
    pub(super) fn default_limit(&self) -> Option<usize> {
        self.0.default_limit
    }

    /// Returns the options as they stand in the config, as JSON.
    pub(super) fn options(&self) -> &str {
        &self.0.options
    }

    /// Fetches the offered fields that the list reads of entries; see [`List::fields`].
    pub async fn fetch_fields(&self, adding: bool, positions: &[usize], task: &mut Task) {
        let wanted = positions.iter().map(|at| (*at, self.missing_fields(&task.entries[*at], adding, task)));
        let wanted: Vec<_> = wanted.filter(|(_, fields)| !fields.is_empty()).collect();
        if !wanted.is_empty() {
            task.fetch(&wanted).await;
        }
    }

    /// Returns the fields that the list reads of an entry and that are offered and not fetched yet.
    pub fn missing_fields(&self, entry: &Entry, adding: bool, task: &Task) -> BTreeSet<String> {
        let fields = self.fields(entry, adding).into_iter();
        fields.filter(|field| task.is_pending(entry, field)).map(Name::into_owned).collect()
    }

    /// Reads the items from the list itself, without the copies of this run.
    pub(super) async fn read(&self, limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        self.0.list.items(limit, cx).await
    }

    /// Reads all items, for what follows from an item not being there; see [`List::all_items`].
    pub(super) async fn read_all(&self, cx: &Context) -> Result<Vec<Entry>> {
        self.0.list.all_items(cx).await
    }

    /// Asks the list itself which items the entries are; `None` if it has to be read for that.
    pub(super) async fn ask(
        &self,
        entries: &[&Entry],
        is_proved: bool,
        cx: &Context,
    ) -> Result<Option<Vec<Option<Entry>>>> {
        let list = &self.0.list;
        let found = if is_proved { list.find_proved(entries, cx).await? } else { list.find(entries, cx).await? };
        found.map(|found| self.one_each("items", found, entries.len())).transpose()
    }

    /// Asks the service what entries are; see [`List::identify`].
    pub(super) async fn identify(&self, entries: &[&Entry], cx: &Context) -> Result<Vec<Option<Entry>>> {
        let identified = self.0.list.identify(entries, cx).await?;
        self.one_each("entries", identified, entries.len())
    }

    /// Returns whether each entry was added or removed; see [`List::was_made`].
    pub(super) async fn was_made(&self, action: Action, entries: &[&Entry], cx: &Context) -> Result<Vec<Option<bool>>> {
        let made = self.0.list.was_made(action, entries, cx).await?;
        self.one_each("answers", made, entries.len())
    }

    /// Restores the order of the list; see [`List::restore_order`].
    ///
    /// # Errors
    /// Why items are not at their former places.
    pub(super) async fn restore_order(&self, entries: &[&Entry], cx: &Context) -> Result<()> {
        self.0.list.restore_order(entries, cx).await
    }

    /// Returns the entries to record in the journal; see [`List::snapshot`].
    pub(super) async fn snapshot(
        &self,
        action: Action,
        entries: &[&Entry],
        cx: &Context,
    ) -> Result<Option<Vec<Entry>>> {
        let recorded = self.0.list.snapshot(action, entries, cx).await?;
        recorded.map(|recorded| self.one_each("entries for the journal", recorded, entries.len())).transpose()
    }

    /// Adds or removes entries without any bookkeeping.
    pub(super) async fn change(&self, action: Action, entries: &[&Entry], cx: &Context) -> Result<Change> {
        let change = match action {
            Action::Add => self.0.list.add(entries, cx).await?,
            Action::Remove | Action::Clear => self.0.list.remove(entries, cx).await?,
        };
        // It was sent, and its outcome is not known.
        let outcomes = self.one_each("outcomes", change.outcomes, entries.len()).map_err(Error::after_sending)?;
        Ok(Change { outcomes, ..change })
    }

    /// Checks that a list returned one value for each entry.
    fn one_each<T>(&self, what: &str, values: Vec<T>, entries: usize) -> Result<Vec<T>> {
        if values.len() == entries {
            return Ok(values);
        }
        let ListId { kind, name, .. } = self.id();
        Err(Error::new(format!("{kind} `{name}` returned {} {what} for {entries} entries", values.len()))
            .hint("this is an error in the plugin, not in the config"))
    }
}

impl<'de> Deserialize<'de> for AnyList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut written = IndexMap::<String, Node>::deserialize(deserializer)?.into_iter();
        let (Some((name, options)), None) = (written.next(), written.next()) else {
            return Err(serde::de::Error::custom("expected one list"));
        };
        Self::open(&name, &options).map_err(|mut problems| {
            problems.iter_mut().for_each(|problem| problem.path.0.insert(0, Segment::Key(name.clone())));
            fail(problems)
        })
    }
}

impl JsonSchema for AnyList {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "list".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::new_ref("#/$defs/list".into())
    }
}
