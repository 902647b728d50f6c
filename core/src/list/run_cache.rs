//! Copies of remote lists: each is read once in a run, and later reads see what was written since.
//!
//! A service may go on showing the old list for minutes after a change, so recent writes are
//! applied to the copies, and to copies that are read later.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::context::Context;
use crate::context::journal::{Action, ChangeState};
use crate::entry::Entry;
use crate::error::Result;
use crate::list::ListId;
use crate::list::any::AnyList;
use crate::list::identity::Keys;
use crate::list::index::Index;
use crate::list::journaled::{JournaledChange, STALE, shifted};
use crate::list::outcome::Outcome;

/// Copies of all remote lists in this run.
#[derive(Default)]
pub(super) struct ListCache {
    lists: RefCell<HashMap<ListId, CachedList>>,
    /// Number of the latest change of each service and account that the copies take into account.
    latest: RefCell<HashMap<(&'static str, Option<String>), i64>>,
}

/// The state of one list in this run.
#[derive(Default)]
struct CachedList {
    /// Copies by the options that they were read with, as options may select or change items.
    copies: HashMap<String, ListCopy>,
    writes: Vec<Write>,
}

struct ListCopy {
    list: AnyList,
    items: Rc<Vec<Entry>>,
    /// Whether it is certain that these are all items.
    is_certain: bool,
    /// The items by their keys, made when an entry is first looked for.
    index: OnceCell<Rc<Index>>,
}

/// A write to a list.
enum Write {
    /// Entries that were added.
    Added(Vec<Entry>),
    /// Items that were removed.
    Removed {
        /// The keys of each item.
        items: Vec<Keys>,
        /// When they were removed.
        ///
        /// An item that the list dates later was added again.
        at: Option<Timestamp>,
    },
}

impl ListCache {
    /// Returns the cache of this run.
    pub fn of(cx: &Context) -> Rc<Self> {
        cx.run_cache.of("lists")
    }

    /// Checks whether the whole list was read in this run.
    pub fn has(&self, list: &AnyList) -> bool {
        self.get(list).is_some()
    }

    /// Returns the latest change of the list's account that is taken into account.
    ///
    /// It is the latest one when a list of the account was first read in this run.
    pub fn latest(&self, list: &AnyList, cx: &Context) -> Result<i64> {
        let id = list.id();
        let key = (id.kind(), id.account.clone());
        if let Some(latest) = self.latest.borrow().get(&key) {
            return Ok(*latest);
        }
        let latest = cx.journal().latest(id.kind(), id.account.as_deref())?;
        self.latest.borrow_mut().insert(key, latest);
        Ok(latest)
    }

    /// Takes a change of this run into account.
    pub fn began(&self, list: &AnyList, change: i64) {
        self.latest.borrow_mut().insert((list.id().kind(), list.id().account.clone()), change);
    }

    /// Drops the copies of all lists of an account, because another process has changed one.
    pub fn forget_account(&self, list: &AnyList) {
        let ListId { kind, account, .. } = list.id();
        self.lists.borrow_mut().retain(|id, _| (id.kind, &id.account) != (kind, account));
        self.latest.borrow_mut().remove(&(*kind, account.clone()));
    }

    fn get(&self, list: &AnyList) -> Option<Rc<Vec<Entry>>> {
        Some(Rc::clone(&self.lists.borrow().get(list.id())?.copies.get(list.options())?.items))
    }

    /// Checks whether it is certain that the copy has all items.
    fn is_certain(&self, list: &AnyList) -> bool {
        let lists = self.lists.borrow();
        lists.get(list.id()).and_then(|cached| cached.copies.get(list.options())).is_some_and(|copy| copy.is_certain)
    }

    /// Returns the index of the list's copy.
    fn index(&self, list: &AnyList) -> Option<Rc<Index>> {
        let lists = self.lists.borrow();
        let copy = lists.get(list.id())?.copies.get(list.options())?;
        Some(Rc::clone(copy.index.get_or_init(|| Rc::new(index(list, &copy.items)))))
    }

    /// Replays recent writes on a fresh read: those of earlier runs, then those of this run.
    ///
    /// Writes of this run may be among the former, because replaying a write twice changes nothing.
    fn replay(&self, list: &AnyList, items: Vec<Entry>, earlier: &[Write]) -> Rc<Vec<Entry>> {
        let lists = self.lists.borrow();
        let ours = lists.get(list.id()).map(|cached| cached.writes.as_slice()).unwrap_or_default();
        Rc::new(apply(list, items, earlier.iter().chain(ours)))
    }

    /// Keeps a whole list.
    fn keep(&self, list: &AnyList, items: Rc<Vec<Entry>>, is_certain: bool) {
        let copy = ListCopy { list: list.clone(), items, is_certain, index: OnceCell::new() };
        let mut lists = self.lists.borrow_mut();
        lists.entry(list.id().clone()).or_default().copies.insert(list.options().to_owned(), copy);
    }

    /// Applies a change to the copies of a list.
    ///
    /// After an uncertain one they are dropped.
    pub fn changed(&self, list: &AnyList, action: Action, batch: &[&Entry], outcomes: &[Outcome], certain: bool) {
        let mut lists = self.lists.borrow_mut();
        if !certain {
            lists.remove(list.id());
            return;
        }
        let is_written = |outcome: &Outcome| matches!(outcome, Outcome::Done | Outcome::Unchanged | Outcome::Lossy);
        let written = batch.iter().zip(outcomes).filter(|(_, outcome)| is_written(outcome)).map(|(entry, _)| *entry);
        let write = match action {
            Action::Add => Write::Added(written.map(Entry::fresh).map(Entry::without_hidden).collect()),
            Action::Remove | Action::Clear => {
                Write::Removed { items: written.map(|entry| list.keys(entry)).collect(), at: None }
            }
        };
        let cached = lists.entry(list.id().clone()).or_default();
        for copy in cached.copies.values_mut() {
            let items = Rc::unwrap_or_clone(std::mem::take(&mut copy.items));
            copy.items = Rc::new(apply(&copy.list, items, [&write]));
            copy.index = OnceCell::new();
        }
        cached.writes.push(write);
    }
}

/// Reads a list, and says so while it lasts.
async fn with_progress<T>(list: &AnyList, cx: &Context, read: impl Future<Output = T>) -> T {
    cx.progress.begin(format!("reading {} `{}`", list.id().kind(), list.id().name), 0);
    let items = read.await;
    cx.progress.end();
    items
}

impl AnyList {
    /// Reads the items: all of them, or at least `limit`.
    ///
    /// A remote list is read once in a run, and recent writes to it are seen even where the service
    /// does not show them yet.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn items(&self, limit: Option<usize>, cx: &Context) -> Result<Rc<Vec<Entry>>> {
        if !self.id().remote {
            return Ok(Rc::new(self.read(limit, cx).await?));
        }
        let cache = ListCache::of(cx);
        let items = match cache.get(self) {
            Some(items) => items,
            None => {
                cache.latest(self, cx)?;
                let items = with_progress(self, cx, self.read(limit, cx)).await?;
                let is_whole = limit.is_none_or(|limit| items.len() < limit);
                let items = cache.replay(self, items, &recent_writes(self, cx)?);
                if is_whole {
                    cache.keep(self, Rc::clone(&items), false);
                }
                items
            }
        };
        if limit.is_none()
            && let Some(most) = self.default_limit().filter(|most| items.len() >= *most)
        {
            let ListId { kind, name, .. } = self.id();
            cx.warn(format!("only the first {most} items of {kind} `{name}` are read; set its limit to read more"));
        }
        Ok(items)
    }

    /// Reads all items because something is to be removed that is not among them.
    ///
    /// See [`List::all_items`](crate::list::List::all_items).
    ///
    /// # Errors
    /// It could not be read, or it is not certain that these are all items.
    pub async fn all_items(&self, cx: &Context) -> Result<Rc<Vec<Entry>>> {
        let cache = ListCache::of(cx);
        if !self.id().remote || cache.is_certain(self) {
            return self.items(None, cx).await;
        }
        cache.latest(self, cx)?;
        let items = cache.replay(self, with_progress(self, cx, self.read_all(cx)).await?, &recent_writes(self, cx)?);
        cache.keep(self, Rc::clone(&items), true);
        Ok(items)
    }

    /// Returns the item that each entry is, in the order of the entries.
    ///
    /// # Errors
    /// Why the list could not be read.
    pub async fn find(&self, entries: &[&Entry], cx: &Context) -> Result<Vec<Option<Entry>>> {
        self.look_for(entries, false, cx).await
    }

    /// Returns the item that each entry is, because something follows from not being on the list.
    ///
    /// # Errors
    /// As [`AnyList::find`], and if it is not certain that all items were looked at.
    pub async fn find_proved(&self, entries: &[&Entry], cx: &Context) -> Result<Vec<Option<Entry>>> {
        self.look_for(entries, true, cx).await
    }

    async fn look_for(&self, entries: &[&Entry], is_proved: bool, cx: &Context) -> Result<Vec<Option<Entry>>> {
        if let Some(found) = self.ask(entries, is_proved, cx).await? {
            return Ok(found);
        }
        let items = if is_proved { self.all_items(cx).await? } else { self.items(None, cx).await? };
        let index = ListCache::of(cx).index(self).unwrap_or_else(|| Rc::new(index(self, &items)));
        let item = |keys: &Keys| index.find(keys).map(|at| items[at].clone());
        let mut found: Vec<Option<Entry>> = entries.iter().map(|entry| item(&self.keys(entry))).collect();
        // The service is asked only where its answer may be an item.
        let may_be_one = |at: &usize| self.possible_keys(entries[*at]).is_some_and(|keys| index.find(&keys).is_some());
        let open: Vec<usize> = (0..entries.len()).filter(|at| found[*at].is_none()).filter(may_be_one).collect();
        if !open.is_empty() {
            let unknown: Vec<&Entry> = open.iter().map(|at| entries[*at]).collect();
            for (at, entry) in open.into_iter().zip(self.identify(&unknown, cx).await?) {
                found[at] = entry.and_then(|entry| item(&self.keys(&entry)));
            }
        }
        Ok(found)
    }

    /// Returns the item that each entry matches.
    ///
    /// That is the item that the entry is, or one that it is a part of; see
    /// [`List::whole`](crate::list::List::whole). With `is_proved` the list is read up to a proved
    /// end, because something follows from an entry not being on it.
    ///
    /// # Errors
    /// Why the list could not be read, or not up to a proved end.
    pub async fn matching(&self, entries: &[&Entry], is_proved: bool, cx: &Context) -> Result<Vec<Option<Entry>>> {
        let mut found = self.look_for(entries, is_proved, cx).await?;
        let open = (0..entries.len()).filter(|at| found[*at].is_none());
        let wholes: Vec<(usize, Entry)> = open.filter_map(|at| Some((at, self.whole(entries[at])?))).collect();
        if !wholes.is_empty() {
            let of_wholes: Vec<&Entry> = wholes.iter().map(|(_, whole)| whole).collect();
            let items = self.look_for(&of_wholes, is_proved, cx).await?;
            wholes.iter().zip(items).for_each(|((at, _), item)| found[*at] = item);
        }
        Ok(found)
    }
}

fn index(list: &AnyList, items: &[Entry]) -> Index {
    Index::new(items.iter().map(|item| list.keys(item)))
}

/// Reads the writes to a list that the service may not show yet, the oldest first.
///
/// # Errors
/// The journal cannot be read.
fn recent_writes(list: &AnyList, cx: &Context) -> Result<Vec<Write>> {
    let now = cx.clock.now();
    let id = list.id();
    let mut writes = Vec::new();
    let name = list.name_in_journal();
    // A change that began earlier may have ended within that time.
    for change in cx.journal().recent(id.kind(), id.account.as_deref(), name, shifted(now, STALE.saturating_mul(-3)))? {
        if !matches!(change.state, ChangeState::Done | ChangeState::Undoing | ChangeState::Undone) {
            continue;
        }
        let change = JournaledChange::of(change);
        let ended = change.ended.unwrap_or(change.change.at);
        if now > shifted(ended, STALE) || !change.is_of(list) {
            continue;
        }
        let action = change.change.what.action;
        let is_whole = |at: &usize| change.outcomes.get(*at) != Some(&Outcome::Partly);
        let written = change.written().filter(|(at, _)| is_whole(at)).filter_map(|(_, item)| item.as_ref());
        writes.push(match action {
            Action::Add => Write::Added(written.map(Entry::fresh).collect()),
            Action::Remove | Action::Clear => {
                Write::Removed { items: written.map(|item| list.keys(item)).collect(), at: Some(ended) }
            }
        });
    }
    Ok(writes)
}

/// Applies writes to items, in time that grows with the number of both and not with their product.
fn apply<'w>(list: &AnyList, items: Vec<Entry>, writes: impl IntoIterator<Item = &'w Write>) -> Vec<Entry> {
    let mut writes = writes.into_iter().peekable();
    if writes.peek().is_none() {
        return items;
    }
    let mut index = index(list, &items);
    let mut items: Vec<Option<Entry>> = items.into_iter().map(Some).collect();
    for write in writes {
        match write {
            Write::Added(entries) => {
                for entry in entries.iter().filter(|entry| list.accepts(entry).is_ok() && list.has_row(entry)) {
                    let keys = list.keys(entry);
                    let found = index.find_among(keys.iter(), |at| items[at].is_some());
                    match found.map(|at| &mut items[at]) {
                        None => {
                            index.push(&keys);
                            items.push(Some(entry.clone()));
                        }
                        Some(Some(item)) if list.is_up_to_date(item, entry) => {}
                        Some(item) => *item = Some(entry.clone()),
                    }
                }
            }
            Write::Removed { items: removed, at: removed_at } => {
                let is_later =
                    |item: &Entry| removed_at.is_some_and(|at| list.listed_at(item).is_some_and(|on| on > at));
                for keys in removed {
                    while let Some(at) =
                        index.find_among(keys.iter(), |at| items[at].as_ref().is_some_and(|item| !is_later(item)))
                    {
                        items[at] = None;
                    }
                }
            }
        }
    }
    items.into_iter().flatten().collect()
}
