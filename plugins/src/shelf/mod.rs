//! Lists that live in the store of this program: entries in a collection, found by their keys.

use std::cell::OnceCell;

use flexget_core::list::{Index, Role};
use flexget_core::prelude::*;
use flexget_core::store::{Collection, Edits, New, Record};
use jiff::Timestamp;

/// A list in the store.
pub struct Shelf {
    collection: Collection,
    keys: fn(&Entry) -> Vec<Key>,
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
    pub fn new(cx: &Context, kind: &str, name: &str, keys: fn(&Entry) -> Vec<Key>) -> Self {
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
        let items = self
            .collection
            .each(|raw| Entry::from_stored_text(raw.data).map(|entry| Item::of(raw.id, entry, raw.added)))?;
        Ok(items.into_iter().flatten().collect())
    }

    /// The items that these entries are, in the entries' order.
    pub fn find(&self, entries: &[&Entry]) -> Result<Vec<Option<Item>>> {
        let wanted = Wanted::new(entries, self.keys);
        let known = Known::new(self.collection.find(&wanted.texts())?, self.keys);
        Ok(wanted.keys.iter().map(|keys| known.find(keys).cloned()).collect())
    }

    /// Puts entries on the list. An item that is there already keeps its place and takes the entry's fields.
    pub fn add(&self, entries: &[&Entry]) -> Result<Change> {
        self.put(entries, |entry, _| entry.fresh())
    }

    /// Puts entries on the list as `make` has them, given the entry and the item that it is on the list, if it is
    /// there: that keeps its place, its number and its time.
    pub fn put(&self, entries: &[&Entry], make: impl Fn(&Entry, Option<&Entry>) -> Entry) -> Result<Change> {
        let wanted: OnceCell<Wanted> = OnceCell::new();
        let texts = || wanted.get_or_init(|| Wanted::new(entries, self.keys)).texts();
        self.collection.edit_among(texts, |records| {
            let known = Known::new(records, self.keys);
            let mut update = Vec::new();
            let mut new = Vec::new();
            for (at, entry) in entries.iter().enumerate() {
                match wanted.get().and_then(|wanted| known.find(&wanted.keys[at])) {
                    Some(item) => {
                        let new = self.record(make(entry, Some(&item.entry)), item.added);
                        if !known.has(item.id, &new) {
                            update.push((item.id, new));
                        }
                    }
                    None => new.push(*entry),
                }
            }
            let done = new.len();
            let insert = new.into_iter().map(|entry| self.record(make(entry, None), self.now));
            (
                Edits { update, insert, remove: Vec::new() },
                Change { done, existing: entries.len() - done, ..Change::default() },
            )
        })
    }

    /// Puts items on the list that are not there yet, each with the time at which it was added elsewhere; what is there
    /// stays as it is. Says how many were put.
    pub fn bring(&self, items: &[(Entry, Timestamp)]) -> Result<usize> {
        let entries: Vec<&Entry> = items.iter().map(|(entry, _)| entry).collect();
        let wanted = Wanted::new(&entries, self.keys);
        self.collection.edit(&wanted.texts(), |records| {
            let mut index = Known::new(records, self.keys).index;
            let mut new = Vec::new();
            for (item, keys) in items.iter().zip(wanted.keys) {
                if index.find(&keys).is_none() {
                    index.push(keys);
                    new.push(item);
                }
            }
            let done = new.len();
            let insert = new.into_iter().map(|(entry, added)| self.record(entry.fresh(), *added));
            (Edits { insert, remove: Vec::new(), update: Vec::new() }, done)
        })
    }

    /// Takes entries off the list.
    pub fn remove(&self, entries: &[&Entry]) -> Result<Change> {
        let wanted = Wanted::new(entries, self.keys);
        self.collection.edit(&wanted.texts(), |records| {
            let known = Known::new(records, self.keys);
            let mut remove: Vec<i64> =
                wanted.keys.iter().filter_map(|keys| known.find(keys)).map(|item| item.id).collect();
            remove.sort_unstable();
            remove.dedup();
            let done = remove.len();
            let change = Change { done, existing: entries.len() - done, ..Change::default() };
            (Edits { remove, ..Edits::<Vec<New>>::default() }, change)
        })
    }

    fn record(&self, mut entry: Entry, added: Timestamp) -> New {
        let keys = found_by((self.keys)(&entry)).collect();
        // When an item was added is kept beside its fields.
        entry.unset("added");
        New { keys, data: entry.to_stored_text(), added, expires: None }
    }
}

impl Item {
    fn of(id: i64, entry: Entry, added: Timestamp) -> Self {
        Self { id, entry: entry.with("added", Value::Time(added)), added }
    }
}

fn item(record: &Record) -> Option<Item> {
    Entry::from_stored(&record.data).map(|entry| Item::of(record.id, entry, record.added))
}

/// The keys that an item can be found by, as the store has them: what only tells items apart finds none.
fn found_by(keys: Vec<Key>) -> impl Iterator<Item = String> {
    keys.into_iter().filter(|key| key.role != Role::Distinction).map(Key::into_text)
}

/// The keys of entries that are looked for.
struct Wanted {
    keys: Vec<Vec<Key>>,
}

impl Wanted {
    fn new(entries: &[&Entry], keys: fn(&Entry) -> Vec<Key>) -> Self {
        Self { keys: entries.iter().map(|entry| keys(entry)).collect() }
    }

    fn texts(&self) -> Vec<String> {
        self.keys.iter().cloned().flat_map(found_by).collect()
    }
}

/// The records that could be what is looked for.
struct Known {
    items: Vec<(Item, Record)>,
    index: Index,
}

impl Known {
    fn new(records: Vec<Record>, keys: fn(&Entry) -> Vec<Key>) -> Self {
        let items: Vec<(Item, Record)> =
            records.into_iter().filter_map(|record| Some((item(&record)?, record))).collect();
        Self { index: Index::new(items.iter().map(|(item, _)| keys(&item.entry))), items }
    }

    fn find(&self, keys: &[Key]) -> Option<&Item> {
        self.index.find(keys).map(|at| &self.items[at].0)
    }

    /// Whether the record of this number is the same already.
    fn has(&self, id: i64, new: &New) -> bool {
        let found = self.items.binary_search_by_key(&id, |(item, _)| item.id);
        let is_same = |record: &Record| {
            record.keys == new.keys
                && serde_json::from_str(&new.data).is_ok_and(|data: serde_json::Value| data == record.data)
        };
        found.is_ok_and(|at| is_same(&self.items[at].1))
    }
}
