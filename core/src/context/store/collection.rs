//! The one mechanism for everything that tasks remember: records that are found by their keys.

use std::borrow::Cow;
use std::collections::HashSet;
use std::rc::Rc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;
use serde_json::Value;

use super::{Database, SHARED_SCOPE, Store, record, whole};
use crate::error::Result;

/// Records of one kind under one name, such as the entry list `movies`. Cheap to clone.
#[derive(Clone)]
pub struct Collection {
    database: Rc<Database>,
    scope: Rc<str>,
    kind: Rc<str>,
    name: Rc<str>,
}

/// Something to remember.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecord {
    /// What it is found by.
    pub keys: Vec<String>,
    /// What is remembered, as JSON.
    pub data: String,
    /// Since when; kept to the millisecond.
    pub added: Timestamp,
    /// Until when; kept to the millisecond.
    pub expires: Option<Timestamp>,
}

/// Something that is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its number in its collection: it rises in the order of insertion and is not given twice.
    pub id: i64,
    /// What it is found by.
    pub keys: Vec<String>,
    /// What is remembered.
    pub data: Value,
    /// Since when.
    pub added: Timestamp,
    /// Until when. A record stays until [`Collection::prune`] takes it away; whoever reads it compares the time.
    pub expires: Option<Timestamp>,
}

/// A record as it stands in the database, for those who read many and need little of each.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'a> {
    /// Its number in its collection.
    pub id: i64,
    /// What it is found by, as a JSON array of text.
    pub keys: &'a str,
    /// What is remembered, as JSON.
    pub data: &'a str,
    /// Since when.
    pub added: Timestamp,
}

impl NewRecord {
    /// What is to be remembered as JSON; what cannot be JSON is nothing.
    pub fn data(of: &impl Serialize) -> String {
        serde_json::to_string(of).unwrap_or_else(|_| "null".to_owned())
    }
}

impl<'a> From<&'a NewRecord> for Cow<'a, NewRecord> {
    fn from(new: &'a NewRecord) -> Self {
        Self::Borrowed(new)
    }
}

impl From<NewRecord> for Cow<'_, NewRecord> {
    fn from(new: NewRecord) -> Self {
        Self::Owned(new)
    }
}

/// Changes to a collection that are made together.
#[derive(Debug, Default)]
pub struct Edits<I = Vec<NewRecord>> {
    /// The numbers of the records to remove.
    pub remove: Vec<i64>,
    /// The records to replace, by their numbers; one that is gone stays gone.
    pub update: Vec<(i64, NewRecord)>,
    /// The records to add; each is made when it is written, so that many need not be held at once.
    pub insert: I,
}

impl Store {
    /// The records of this kind and name that belong to the store's config.
    pub fn collection(&self, kind: &str, name: &str) -> Collection {
        self.collection_in(Rc::clone(&self.scope), kind, name)
    }

    /// The records of this kind and name that all configs share.
    pub fn shared_collection(&self, kind: &str, name: &str) -> Collection {
        self.collection_in(Rc::from(SHARED_SCOPE), kind, name)
    }

    fn collection_in(&self, scope: Rc<str>, kind: &str, name: &str) -> Collection {
        Collection { database: Rc::clone(&self.tasks), scope, kind: Rc::from(kind), name: Rc::from(name) }
    }

    /// The names of the config's collections of this kind, sorted, with the number of their records.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub fn collections(&self, kind: &str) -> Result<Vec<(String, usize)>> {
        self.tasks.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT name, (SELECT count(*) FROM record WHERE record.id BETWEEN collection.id << 32 \
                     AND (collection.id << 32) + 0xffffffff) FROM collection WHERE scope = ? AND kind = ? ORDER BY name",
                )?
                .query_map((&*self.scope, kind), |row| Ok((row.get(0)?, whole(row, 1)?)))?
                .collect()
        })
    }

    /// As [`Store::collections`], of those that all configs share.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub fn shared_collections(&self, kind: &str) -> Result<Vec<(String, usize)>> {
        Self { scope: Rc::from(SHARED_SCOPE), ..self.clone() }.collections(kind)
    }
}

/// All methods fail when the database cannot be used, and for no other reason.
#[allow(clippy::missing_errors_doc)]
impl Collection {
    /// The name it was opened with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was created, even if it is empty. Inserting creates it too.
    pub fn exists(&self) -> Result<bool> {
        self.database.read(|connection| Ok(self.id(connection)?.is_some()))
    }

    /// Creates it, empty; does nothing when it exists.
    pub fn create(&self) -> Result<()> {
        self.database.write(|transaction| self.made(transaction).map(drop))
    }

    /// All records, in the order of insertion.
    pub fn all(&self) -> Result<Vec<Record>> {
        self.read(record::all)
    }

    /// What `take` makes of each record, in the order of insertion. `take` must not use the store.
    pub fn each<T>(&self, take: impl FnMut(RawRecord<'_>) -> T) -> Result<Vec<T>> {
        self.read(|connection, collection| record::each(connection, collection, take))
    }

    /// How many records there are.
    pub fn len(&self) -> Result<usize> {
        self.read(record::count)
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// The record of this number.
    pub fn get(&self, id: i64) -> Result<Option<Record>> {
        self.read(|connection, collection| record::get(connection, collection, id))
    }

    /// The records that have any of the keys, each once, in the order of insertion.
    pub fn find<K: AsRef<str>>(&self, keys: &[K]) -> Result<Vec<Record>> {
        self.read(|connection, collection| record::find(connection, collection, keys))
    }

    /// What `take` makes of each record that has any of the keys, in the order of insertion; and perhaps of others. `take` must not use the store.
    pub fn each_with<T>(&self, keys: &[&str], take: impl FnMut(RawRecord<'_>) -> T) -> Result<Vec<T>> {
        self.read(|connection, collection| record::each_with(connection, collection, keys, take))
    }

    /// Those of the keys that some record has.
    pub fn has_keys<K: AsRef<str>>(&self, keys: &[K]) -> Result<HashSet<String>> {
        self.read(|connection, collection| record::known_keys(connection, collection, keys))
    }

    /// Adds records, all or none, and says their numbers. Each is taken when it is written, so that many need not be held at once.
    pub fn insert<'a>(&self, records: impl IntoIterator<Item = impl Into<Cow<'a, NewRecord>>>) -> Result<Vec<i64>> {
        self.database.write(|transaction| {
            let collection = self.made(transaction)?;
            record::insert(transaction, collection, records)
        })
    }

    /// Puts `new` in the place of the record of this number; says whether there is one.
    pub fn update(&self, id: i64, new: &NewRecord) -> Result<bool> {
        self.write(|transaction, collection| record::update(transaction, collection, id, new))
    }

    /// Reads the records that have any of the keys, in the order of insertion, and makes the changes that `decide` wants of
    /// them, all or none; nobody else writes between. `decide` must not use the store.
    pub fn edit<K: AsRef<str>, T, I: IntoIterator<Item = NewRecord>>(
        &self,
        keys: &[K],
        decide: impl FnOnce(Vec<Record>) -> (Edits<I>, T),
    ) -> Result<T> {
        self.edit_what(|transaction, collection| record::find(transaction, collection, keys), decide)
    }

    /// The same of what `take` makes of each record, with keys that are only made where there is any. Among the records there may be
    /// some that have none of the keys.
    pub fn edit_each<'k, R, T, I: IntoIterator<Item = NewRecord>>(
        &self,
        keys: impl FnOnce() -> Vec<&'k str>,
        take: impl FnMut(RawRecord<'_>) -> R,
        decide: impl FnOnce(Vec<R>) -> (Edits<I>, T),
    ) -> Result<T> {
        let find = |transaction: &Transaction<'_>, collection| match record::is_empty(transaction, collection)? {
            true => Ok(Vec::new()),
            false => record::each_with(transaction, collection, &keys(), take),
        };
        self.edit_what(find, decide)
    }

    fn edit_what<R, T, I: IntoIterator<Item = NewRecord>>(
        &self,
        find: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<Vec<R>>,
        decide: impl FnOnce(Vec<R>) -> (Edits<I>, T),
    ) -> Result<T> {
        self.database.write(|transaction| {
            let collection = self.made(transaction)?;
            let (edits, answer) = decide(find(transaction, collection)?);
            record::remove(transaction, collection, &edits.remove)?;
            for (number, new) in &edits.update {
                record::update(transaction, collection, *number, new)?;
            }
            record::insert(transaction, collection, edits.insert)?;
            Ok(answer)
        })
    }

    /// Puts `records` in the place of all that there are, all or none.
    pub fn replace_all(&self, records: &[NewRecord]) -> Result<Vec<i64>> {
        self.database.write(|transaction| {
            let collection = self.made(transaction)?;
            record::clear(transaction, collection)?;
            record::insert(transaction, collection, records)
        })
    }

    /// Removes the records of these numbers; says how many there were.
    pub fn remove(&self, ids: &[i64]) -> Result<usize> {
        self.write(|transaction, collection| record::remove(transaction, collection, ids))
    }

    /// Removes all records, and says how many; the collection stays.
    pub fn clear(&self) -> Result<usize> {
        self.write(record::clear)
    }

    /// Removes all records, and says how many, and the collection with them.
    pub fn drop(&self) -> Result<usize> {
        self.write(|transaction, collection| {
            let removed = record::clear(transaction, collection)?;
            transaction.execute("DELETE FROM collection WHERE id = ?", [collection])?;
            Ok(removed)
        })
    }

    /// Removes what has expired by `now`, and then the oldest records beyond `max_records`; says how many.
    pub fn prune(&self, max_records: Option<usize>, now: Timestamp) -> Result<usize> {
        self.write(|transaction, collection| {
            let expired = record::expired(transaction, collection, now)?;
            let removed = record::remove(transaction, collection, &expired)?;
            let Some(max) = max_records else { return Ok(removed) };
            let over = record::count(transaction, collection)?.saturating_sub(max);
            let oldest = record::oldest(transaction, collection, over)?;
            Ok(removed + record::remove(transaction, collection, &oldest)?)
        })
    }

    /// Reads, when the collection exists, one state of the database: also because locks cost more than look-ups.
    fn read<T: Default>(&self, work: impl FnOnce(&Connection, i64) -> rusqlite::Result<T>) -> Result<T> {
        self.database.read(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let Some(id) = self.id(&transaction)? else { return Ok(T::default()) };
            work(&transaction, id)
        })
    }

    /// Writes, when the collection exists.
    fn write<T: Default>(&self, work: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<T>) -> Result<T> {
        self.database.write(|transaction| match self.id(transaction)? {
            Some(id) => work(transaction, id),
            None => Ok(T::default()),
        })
    }

    fn id(&self, connection: &Connection) -> rusqlite::Result<Option<i64>> {
        connection
            .prepare_cached("SELECT id FROM collection WHERE scope = ? AND kind = ? AND name = ?")?
            .query_row((&*self.scope, &*self.kind, &*self.name), |row| row.get(0))
            .optional()
    }

    fn made(&self, transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
        if let Some(id) = self.id(transaction)? {
            return Ok(id);
        }
        transaction.prepare_cached("INSERT INTO collection (scope, kind, name) VALUES (?, ?, ?)")?.insert((
            &*self.scope,
            &*self.kind,
            &*self.name,
        ))
    }
}
