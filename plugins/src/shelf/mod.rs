//! Lists that live in the store of this program: entries in a collection, found by their keys.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;

use flexget_core::list::{Index, Key, Role};
use flexget_core::prelude::*;
use flexget_core::store::{Collection, Edits, New, Raw};
use jiff::Timestamp;

/// A list in the store.
pub struct Shelf {
    collection: Collection,
    keys: fn(&Entry) -> Keys,
    now: Timestamp,
}

/// An item of a list with its record in the store.
#[derive(Debug, Clone)]
pub struct Item {
    /// The number of the record, by which commands name it.
    pub id: i64,
    /// The item, with the field `added`.
    pub entry: Entry,
    /// When it was added.
    pub added: Timestamp,
}

impl Shelf {
    /// The list of this kind and name, whose items are known by `keys`.
    pub fn new(cx: &Context, kind: &str, name: &str, keys: fn(&Entry) -> Keys) -> Self {
        Self { collection: cx.store.collection(kind, name), keys, now: cx.clock.now() }
    }

    /// The collection itself.
    pub fn collection(&self) -> &Collection {
        &self.collection
    }

    /// The items, oldest first.
    ///
    /// # Errors
    /// The database cannot be used; so do all methods here.
    pub fn items(&self) -> Result<Vec<Item>> {
        Ok(self.collection.each(Item::read)?.into_iter().flatten().collect())
    }

    /// The items that these entries are, in the entries' order.
    pub fn find(&self, entries: &[&Entry]) -> Result<Vec<Option<Item>>> {
        let wanted = Wanted::new(entries, self.keys);
        let known = Known::new(self.collection.each_with(&wanted.texts(), Item::read)?, self.keys);
        Ok(wanted.keys.iter().map(|keys| known.find(keys).cloned()).collect())
    }

    /// Puts entries on the list. An item that is there already keeps its place and takes the entry's fields.
    pub fn add(&self, entries: &[&Entry]) -> Result<Change> {
        self.write(entries, |entry, _| Cow::Borrowed(entry))
    }

    /// Puts entries on the list as `make` has them, given the entry and the item that it is on the list, if it is
    /// there: that keeps its place, its number and its time.
    pub fn put(&self, entries: &[&Entry], make: impl Fn(&Entry, Option<&Entry>) -> Entry) -> Result<Change> {
        self.write(entries, |entry, item| Cow::Owned(make(entry, item)))
    }

    fn write(
        &self,
        entries: &[&Entry],
        make: impl for<'e> Fn(&'e Entry, Option<&Entry>) -> Cow<'e, Entry>,
    ) -> Result<Change> {
        let wanted: OnceCell<Wanted> = OnceCell::new();
        let texts = || wanted.get_or_init(|| Wanted::new(entries, self.keys)).texts();
        self.collection.edit_each(texts, Item::read, |items| {
            let known = Known::new(items, self.keys);
            let (mut update, mut new, mut unchanged) = (Vec::new(), Vec::new(), Vec::new());
            for (at, entry) in entries.iter().enumerate() {
                match wanted.get().and_then(|wanted| known.find(&wanted.keys[at])) {
                    Some(item) => {
                        unchanged.push(at);
                        let new = make(entry, Some(&item.entry));
                        if !item.is_as(&new) {
                            update.push((item.id, self.record(&new, item.added)));
                        }
                    }
                    None => new.push(*entry),
                }
            }
            let done = new.len();
            let insert = new.into_iter().map(|entry| self.record(&make(entry, None), self.now));
            (
                Edits { update, insert, remove: Vec::new() },
                Change { done, existing: unchanged.len(), unchanged, ..Change::default() },
            )
        })
    }

    /// Puts items on the list that are not there yet, each with the time at which it was added elsewhere; what is there
    /// stays as it is. Says how many were put.
    pub fn bring(&self, brought: &[(Entry, Timestamp)]) -> Result<usize> {
        let entries: Vec<&Entry> = brought.iter().map(|(entry, _)| entry).collect();
        let wanted = Wanted::new(&entries, self.keys);
        self.collection.edit_each(
            || wanted.texts(),
            Item::read,
            |items| {
                let mut index = Known::new(items, self.keys).index;
                let mut new = Vec::new();
                for (item, keys) in brought.iter().zip(&wanted.keys) {
                    if index.find(keys).is_none() {
                        index.push(keys);
                        new.push(item);
                    }
                }
                let done = new.len();
                let insert = new.into_iter().map(|(entry, added)| self.record(entry, *added));
                (Edits { insert, remove: Vec::new(), update: Vec::new() }, done)
            },
        )
    }

    /// Takes entries off the list.
    pub fn remove(&self, entries: &[&Entry]) -> Result<Change> {
        let wanted = Wanted::new(entries, self.keys);
        self.collection.edit_each(
            || wanted.texts(),
            Item::read,
            |items| {
                let known = Known::new(items, self.keys);
                let mut taken = HashSet::new();
                let (mut remove, mut unchanged) = (Vec::new(), Vec::new());
                for (at, keys) in wanted.keys.iter().enumerate() {
                    match known.find(keys).filter(|item| taken.insert(item.id)) {
                        Some(item) => remove.push(item.id),
                        None => unchanged.push(at),
                    }
                }
                let change = Change { done: remove.len(), existing: unchanged.len(), unchanged, ..Change::default() };
                (Edits { remove, ..Edits::<Vec<New>>::default() }, change)
            },
        )
    }

    fn record(&self, entry: &Entry, added: Timestamp) -> New {
        let keys = (self.keys)(entry).iter().filter(finds).map(|key| key.text().to_owned()).collect();
        New { keys, data: entry.to_stored_text(&[ADDED]), added, expires: None }
    }
}

impl Item {
    fn of(id: i64, entry: Entry, added: Timestamp) -> Self {
        Self { id, entry: entry.with(ADDED, Value::Time(added)), added }
    }

    fn read(raw: Raw<'_>) -> Option<Self> {
        Entry::from_stored_text(raw.data).map(|entry| Self::of(raw.id, entry, raw.added))
    }

    /// Whether the item is all that an entry would make of it.
    fn is_as(&self, entry: &Entry) -> bool {
        let kept = |entry: &Entry| entry.fields().filter(|(name, _)| is_kept(name)).count();
        let mut wanted = entry.fields().filter(|(name, _)| is_kept(name));
        wanted.all(|(name, value)| self.entry.peek(name) == Some(value)) && kept(entry) == kept(&self.entry)
    }
}

/// The field that says when an item was added; it is kept beside the others.
const ADDED: &str = "added";

fn is_kept(name: &str) -> bool {
    name != ADDED && !name.starts_with('_')
}

/// Whether an item can be found by a key: what only tells items apart finds none.
fn finds(key: &Key<'_>) -> bool {
    key.role != Role::Distinction
}

/// The keys of entries that are looked for.
struct Wanted {
    keys: Vec<Keys>,
}

impl Wanted {
    fn new(entries: &[&Entry], keys: fn(&Entry) -> Keys) -> Self {
        Self { keys: entries.iter().map(|entry| keys(entry)).collect() }
    }

    fn texts(&self) -> Vec<&str> {
        self.keys.iter().flat_map(Keys::iter).filter(finds).map(Key::text).collect()
    }
}

/// The items that could be what is looked for.
struct Known {
    items: Vec<Item>,
    index: Index,
}

impl Known {
    fn new(items: Vec<Option<Item>>, keys: fn(&Entry) -> Keys) -> Self {
        let items: Vec<Item> = items.into_iter().flatten().collect();
        Self { index: Index::new(items.iter().map(|item| keys(&item.entry))), items }
    }

    fn find(&self, keys: &Keys) -> Option<&Item> {
        self.index.find(keys).map(|at| &self.items[at])
    }
}
