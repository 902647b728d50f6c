//! A list of whatever kind, as options name it: a map with one key.

use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::identity::{Index, Keys};
use super::recovery::recent_writes;
use super::run_cache::Memory;
use super::{Change, List, Place};
use crate::context::Context;
use crate::document::diagnostic::Path;
use crate::entry::Entry;
use crate::error::Result;
use crate::plugin::Problem;
use crate::plugin::registration::{self, Options, Registration};
use crate::plugin::registry;
use crate::task::Task;
use crate::task::phase::Phase;
use crate::task::report::Action;
use crate::task::step::{BoundStep, Step};
use futures_util::future::LocalBoxFuture;

/// [`List`] without its type.
pub(crate) trait Erased {
    fn place(&self) -> Place;
    fn read_only(&self) -> Option<Problem>;
    fn ready(&self, cx: &Context) -> Result<()>;
    fn keys(&self, entry: &Entry) -> Keys;
    fn accepts(&self, entry: &Entry) -> Result<(), String>;
    fn adds_again(&self) -> bool;
    fn overwrites(&self) -> bool;
    fn is_up_to_date(&self, item: &Entry, entry: &Entry) -> bool;
    fn items<'a>(&'a self, wanted: Option<usize>, cx: &'a Context) -> LocalBoxFuture<'a, Result<Vec<Entry>>>;
    fn find<'a>(
        &'a self,
        entries: &'a [&'a Entry],
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<Option<Vec<Option<Entry>>>>>;
    fn for_journal<'a>(
        &'a self,
        action: Action,
        batch: &'a [&'a Entry],
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<Option<Vec<Entry>>>>;
    fn add<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Result<Change>>;
    fn remove<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Result<Change>>;
}

impl<L: List> Erased for L {
    fn place(&self) -> Place {
        List::place(self)
    }
    fn read_only(&self) -> Option<Problem> {
        List::read_only(self)
    }
    fn ready(&self, cx: &Context) -> Result<()> {
        List::ready(self, cx)
    }
    fn keys(&self, entry: &Entry) -> Keys {
        List::keys(self, entry)
    }
    fn accepts(&self, entry: &Entry) -> Result<(), String> {
        List::accepts(self, entry)
    }
    fn adds_again(&self) -> bool {
        List::adds_again(self)
    }
    fn overwrites(&self) -> bool {
        List::overwrites(self)
    }
    fn is_up_to_date(&self, item: &Entry, entry: &Entry) -> bool {
        List::is_up_to_date(self, item, entry)
    }
    fn items<'a>(&'a self, wanted: Option<usize>, cx: &'a Context) -> LocalBoxFuture<'a, Result<Vec<Entry>>> {
        Box::pin(List::items(self, wanted, cx))
    }
    fn find<'a>(
        &'a self,
        entries: &'a [&'a Entry],
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<Option<Vec<Option<Entry>>>>> {
        Box::pin(List::find(self, entries, cx))
    }
    fn for_journal<'a>(
        &'a self,
        action: Action,
        batch: &'a [&'a Entry],
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<Option<Vec<Entry>>>> {
        Box::pin(List::for_journal(self, action, batch, cx))
    }
    fn add<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Result<Change>> {
        Box::pin(List::add(self, entries, cx))
    }
    fn remove<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Result<Change>> {
        Box::pin(List::remove(self, entries, cx))
    }
}

/// A list of whatever kind. In a config it is a map with one key: `trakt_list: { account: me, list: watchlist }`.
#[derive(Clone)]
pub struct AnyList {
    pub(super) list: Rc<dyn Erased>,
    /// The list's options as they stand in the config, to tell copies apart and to open the list again.
    pub(super) options: Rc<str>,
}

impl fmt::Debug for AnyList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place().fmt(f)
    }
}

impl AnyList {
    /// Opens a list of this kind with these options.
    ///
    /// # Errors
    /// There is no such kind of list, or these are not its options.
    pub fn open(kind: &str, options: &serde_yaml::Value) -> Result<Self, Vec<Problem>> {
        let open = registry::find(kind).and_then(|registration| registration.list);
        let open = open.ok_or_else(|| vec![Problem::at(Path::root(), format!("`{kind}` is not a list"))])?;
        let text = serde_json::to_string(options).unwrap_or_default();
        let list = open(&|| options.clone())?.downcast::<Rc<dyn Erased>>();
        let list = list.map_err(|_| vec![Problem::at(Path::root(), format!("`{kind}` is not a list"))])?;
        Ok(Self { list: *list, options: text.into() })
    }

    pub(crate) fn of(list: Rc<dyn Erased>, options: &serde_yaml::Value) -> Self {
        Self { list, options: serde_json::to_string(options).unwrap_or_default().into() }
    }

    /// Which list it is.
    pub fn place(&self) -> Place {
        self.list.place()
    }

    /// The options that it was opened with, as JSON.
    pub fn options(&self) -> &str {
        &self.options
    }

    /// Whether it could be used now; see [`List::ready`].
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn ready(&self, cx: &Context) -> Result<()> {
        self.list.ready(cx)
    }

    /// By what an entry is known on this list.
    pub fn keys(&self, entry: &Entry) -> Keys {
        self.list.keys(entry)
    }

    /// Whether an entry can be an item of this list.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn accepts(&self, entry: &Entry) -> Result<(), String> {
        self.list.accepts(entry)
    }

    /// Reads the items, all of them or at least `wanted`; a remote list is read once in a run, and what was written to it lately
    /// is seen even where the service does not show it yet.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn items(&self, wanted: Option<usize>, cx: &Context) -> Result<Rc<Vec<Entry>>> {
        let place = self.place();
        if !place.remote {
            return Ok(Rc::new(self.list.items(wanted, cx).await?));
        }
        let memory = cx.run_cache.of::<Memory>("lists");
        if let Some(items) = memory.get(&place, &self.options) {
            return Ok(items);
        }
        let items = self.list.items(wanted, cx).await?;
        // Only what is the whole list may answer for it later.
        let is_whole = wanted.is_none_or(|wanted| items.len() < wanted);
        let items = memory.replay(&place, &self.list, items, &recent_writes(self, cx)?);
        if is_whole {
            memory.keep(&place, &self.options, &self.list, Rc::clone(&items));
        }
        Ok(items)
    }

    /// The items that these entries are, in the entries' order.
    ///
    /// # Errors
    /// Why the list could not be read.
    pub async fn find(&self, entries: &[&Entry], cx: &Context) -> Result<Vec<Option<Entry>>> {
        if let Some(found) = self.list.find(entries, cx).await? {
            return Ok(found);
        }
        let items = self.items(None, cx).await?;
        // Several steps look for entries on a list that is read once.
        let kept = cx.run_cache.of::<Memory>("lists").index(&self.place(), &self.options);
        let index = kept.unwrap_or_else(|| Rc::new(Index::new(items.iter().map(|item| self.keys(item)))));
        Ok(entries.iter().map(|entry| index.find(&self.keys(entry)).map(|at| items[at].clone())).collect())
    }

    /// The list as an input.
    async fn produce(&self, task: &mut Task) -> Result<()> {
        self.ready(&task.cx)?;
        let wanted = task.wanted;
        let items = self.items(wanted, &task.cx.clone()).await?;
        let take = wanted.unwrap_or(items.len());
        match Rc::try_unwrap(items) {
            Ok(items) => task.produce(items.into_iter().take(take)),
            // The rest of the run may read what a remote list held.
            Err(kept) => task.produce(kept.iter().take(take).map(Entry::fresh)),
        }
        Ok(())
    }

    /// The steps of the list where it stands as an input.
    pub(crate) fn input(self, name: &'static str) -> Vec<BoundStep> {
        vec![Step::at(Phase::Input, Self::produce).bind(name, &Rc::new(self))]
    }
}

/// A list, which is an input as well, for `submit!`.
#[track_caller]
pub const fn list<L: List>() -> Registration {
    Registration {
        name: L::NAME,
        file: Location::caller().file(),
        builtin: false,
        input: true,
        schema: L::json_schema,
        bind: |options| Ok(AnyList::of(open_list::<L>(options)?, &options()).input(L::NAME)),
        list: Some(|options| open_list::<L>(options).map(|list| Box::new(list) as Box<dyn Any>)),
    }
}

fn open_list<L: List>(options: Options<'_>) -> Result<Rc<dyn Erased>, Vec<Problem>> {
    let list: L = registration::read(options)?;
    match list.check() {
        problems if problems.is_empty() => Ok(Rc::new(list)),
        problems => Err(problems),
    }
}

/// The one key of a map and its value.
fn only_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(String, serde_yaml::Value), D::Error> {
    use serde::de::Error;
    let map = serde_yaml::Mapping::deserialize(deserializer)?;
    let mut entries = map.into_iter();
    match (entries.next(), entries.next()) {
        (Some((serde_yaml::Value::String(name), options)), None) => Ok((name, options)),
        _ => Err(D::Error::custom("expected one list")),
    }
}

/// Several problems as the text of one serde error; the first is what is told.
fn first_problem<E: serde::de::Error>(problems: &[Problem]) -> E {
    E::custom(problems.first().map(Problem::to_text).unwrap_or_default())
}

impl<'de> Deserialize<'de> for AnyList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, options) = only_key(deserializer)?;
        Self::open(&name, &options).map_err(|problems| first_problem(&problems))
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

/// A list that may be changed: the one gate for changes (see [`crate::list`]). It can only be made from such a list, so
/// that changing one that cannot be changed is a mistake in the config, at its line.
#[derive(Debug, Clone)]
pub struct WritableList(pub(super) AnyList);

impl WritableList {
    /// The list, to read it.
    pub fn list(&self) -> &AnyList {
        &self.0
    }
}

impl TryFrom<AnyList> for WritableList {
    type Error = Problem;

    fn try_from(list: AnyList) -> Result<Self, Problem> {
        match list.list.read_only() {
            None => Ok(Self(list)),
            Some(problem) => Err(problem),
        }
    }
}

impl<'de> Deserialize<'de> for WritableList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(AnyList::deserialize(deserializer)?).map_err(|problem| first_problem(&[problem]))
    }
}

impl JsonSchema for WritableList {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "list".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        AnyList::json_schema(generator)
    }
}
