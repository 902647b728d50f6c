//! Lists that live in the store of this program: entries in a collection, found by their keys.

use std::borrow::Cow;

use flexget_core::context::store::{Collection, Edits, NewRecord, RawRecord};
use flexget_core::list::identity::{ItemKey, Role};
use flexget_core::list::index::Index;
use flexget_core::prelude::*;

use crate::titles::media::Media;

/// A list in the store.
pub struct StoredList {
    name: String,
    collection: Collection,
    keys: fn(&Entry) -> Keys,
    now: Timestamp,
}

/// An item of a list with its record in the store.
#[derive(Debug, Clone)]
pub struct StoredItem {
    /// The number of the record, by which commands name it.
    pub id: i64,
    /// The item, with the field `added`.
    pub entry: Entry,
    /// When it was added.
    pub added: Timestamp,
}

impl StoredList {
    /// Returns the list of this kind and name, whose items are known by `keys`.
    pub fn new(cx: &Context, kind: &str, name: &str, keys: fn(&Entry) -> Keys) -> Self {
        Self { name: name.to_owned(), collection: cx.store.collection(kind, name), keys, now: cx.clock.now() }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the collection itself.
    pub fn collection(&self) -> &Collection {
        &self.collection
    }

    /// Returns the items, oldest first.
    ///
    /// # Errors
    /// The database cannot be used; so do all methods here.
    pub fn items(&self) -> Result<Vec<StoredItem>> {
        // There may be many, so that they are collected once.
        let mut items = Vec::new();
        self.collection.each(|raw| items.extend(StoredItem::read(raw)))?;
        Ok(items)
    }

    /// Returns the items that these entries are, in the entries' order.
    pub fn find(&self, entries: &[&Entry]) -> Result<Vec<Option<StoredItem>>> {
        let wanted = Index::new(entries.iter().map(|entry| (self.keys)(entry)));
        let known = Known::new(self.collection.each_with(&texts(&wanted), StoredItem::read)?, self.keys);
        Ok((0..entries.len()).map(|at| known.find(wanted.keys_of(at)).cloned()).collect())
    }

    /// Puts entries on the list.
    ///
    /// An item that is there already keeps its place and takes the entry's fields.
    pub fn add(&self, entries: &[&Entry]) -> Result<Change> {
        self.write(entries, |entry, _| Cow::Borrowed(entry))
    }

    /// Writes entries as `make` returns them, given each entry and its item, if there is one.
    ///
    /// An item that is on the list keeps its position, its number and its time.
    pub fn put(&self, entries: &[&Entry], make: impl Fn(&Entry, Option<&Entry>) -> Entry) -> Result<Change> {
        self.write(entries, |entry, item| Cow::Owned(make(entry, item)))
    }

    fn write(
        &self,
        entries: &[&Entry],
        make: impl for<'e> Fn(&'e Entry, Option<&Entry>) -> Cow<'e, Entry>,
    ) -> Result<Change> {
        let Wanted { positions, index } = Wanted::new(entries.iter().copied(), self.keys);
        let wanted = &index;
        let edit = |items| {
            let known = Known::new(items, self.keys);
            let (mut update, mut new) = (Vec::new(), Vec::new());
            let mut change = Change::all(Outcome::Unchanged, entries.len());
            for (number, at) in positions.into_iter().enumerate() {
                match known.find(wanted.keys_of(number)) {
                    Some(item) => {
                        let made = make(entries[at], Some(&item.entry));
                        if !item.is_as(&made) {
                            update.push((item.id, self.record(&made, item.added)));
                        }
                    }
                    None => {
                        change.outcomes[at] = Outcome::Done;
                        new.push((number, entries[at]));
                    }
                }
            }
            let insert = new.into_iter().map(move |(number, entry)| match make(entry, None) {
                Cow::Borrowed(entry) => record(entry, wanted.keys_of(number), self.now),
                Cow::Owned(made) => self.record(&made, self.now),
            });
            (Edits { update, insert, remove: Vec::new() }, change)
        };
        self.collection.edit_each(|| texts(wanted), StoredItem::read, edit)
    }

    /// Imports items with the times at which they were added elsewhere; returns their number.
    ///
    /// Items that are on the list stay as they are.
    pub fn bring(&self, brought: &[(Entry, Timestamp)]) -> Result<usize> {
        let Wanted { positions, index: wanted, .. } = Wanted::new(brought.iter().map(|(entry, _)| entry), self.keys);
        let edit = |items| {
            let known = Known::new(items, self.keys);
            let is_new = |number: &usize| known.find(wanted.keys_of(*number)).is_none();
            let new: Vec<usize> = (0..positions.len()).filter(is_new).collect();
            let done = new.len();
            let insert = new.into_iter().map(|number| {
                let (entry, added) = &brought[positions[number]];
                record(entry, wanted.keys_of(number), *added)
            });
            (Edits { insert, remove: Vec::new(), update: Vec::new() }, done)
        };
        self.collection.edit_each(|| texts(&wanted), StoredItem::read, edit)
    }

    /// Takes entries off the list.
    pub fn remove(&self, entries: &[&Entry]) -> Result<Change> {
        let wanted = Index::new(entries.iter().map(|entry| (self.keys)(entry)));
        let edit = |items| {
            let known = Known::new(items, self.keys);
            let (removed, is_removed) = known.index.removal((0..entries.len()).map(|at| wanted.keys_of(at)));
            let remove: Vec<i64> = removed.into_iter().map(|item| known.items[item].id).collect();
            (Edits { remove, ..Edits::<Vec<NewRecord>>::default() }, removed_or_absent(is_removed))
        };
        self.collection.edit_each(|| texts(&wanted), StoredItem::read, edit)
    }

    fn record(&self, entry: &Entry, added: Timestamp) -> NewRecord {
        record(entry, (self.keys)(entry).iter(), added)
    }
}

/// Builds the record of an entry with these keys.
fn record<'k>(entry: &Entry, keys: impl Iterator<Item = ItemKey<'k>>, added: Timestamp) -> NewRecord {
    let keys = keys.filter(finds).map(|key| key.text().to_owned()).collect();
    NewRecord { keys, data: entry.to_stored_text(&[ADDED]), added, expires: None }
}

impl StoredItem {
    fn read(raw: RawRecord<'_>) -> Option<Self> {
        let entry = Entry::from_stored_text(raw.data)?.with(ADDED, Value::Time(raw.added));
        Some(Self { id: raw.id, entry, added: raw.added })
    }

    /// Returns whether the item is all that an entry would make of it.
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

/// Returns whether an item can be found by a key: what only tells items apart finds none.
fn finds(key: &ItemKey<'_>) -> bool {
    key.role != Role::Distinction
}

/// Returns the keys by which records are found.
fn texts(index: &Index) -> Vec<&str> {
    index.keys().filter(finds).map(ItemKey::text).collect()
}

/// Returns the keys of an entry on a list of entries: its ids, its title and its URL.
pub fn entry_keys(entry: &Entry) -> Keys {
    let is_real = |url: &&str| !url.starts_with("mock://") && !url.is_empty();
    let mut keys = Media::of(entry, None).map_or_else(Keys::new, |media| media.keys_without_name());
    keys.name("title", entry.title());
    if let Some(url) = entry.text("original_url").filter(is_real) {
        keys.name("url", url);
    }
    keys
}

/// Makes the change of entries for which an item was removed, or which were not on the list.
pub fn removed_or_absent(is_removed: Vec<bool>) -> Change {
    is_removed.into_iter().map(|is_removed| if is_removed { Outcome::Done } else { Outcome::Unchanged }).collect()
}

/// Entries to look for, each item once.
struct Wanted {
    /// The keys of each.
    index: Index,
    /// The positions of these entries.
    positions: Vec<usize>,
}

impl Wanted {
    fn new<'e>(entries: impl ExactSizeIterator<Item = &'e Entry>, keys: fn(&Entry) -> Keys) -> Self {
        let mut wanted = Self { index: Index::with_room(entries.len()), positions: Vec::new() };
        for (at, entry) in entries.enumerate() {
            let keys = keys(entry);
            if wanted.index.find(&keys).is_none() {
                wanted.index.push(&keys);
                wanted.positions.push(at);
            }
        }
        wanted
    }
}

/// The items that could be what is looked for.
struct Known {
    items: Vec<StoredItem>,
    index: Index,
}

impl Known {
    fn new(items: Vec<Option<StoredItem>>, keys: fn(&Entry) -> Keys) -> Self {
        let items: Vec<StoredItem> = items.into_iter().flatten().collect();
        Self { index: Index::new(items.iter().map(|item| keys(&item.entry))), items }
    }

    fn find<'k>(&self, keys: impl Iterator<Item = ItemKey<'k>> + Clone) -> Option<&StoredItem> {
        self.index.find_among(keys, |_| true).map(|at| &self.items[at])
    }
}
