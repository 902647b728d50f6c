//! Collections: records that are found by their keys, for everything that tasks remember.

use std::borrow::Cow;
use std::collections::HashSet;
use std::rc::Rc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::database::{Database, Store};
use super::record;
use super::record::{NewRecord, RawRecord, Record};
use super::rows::whole;
use crate::error::Result;

/// Records of one kind and name, such as the entry list `movies`.
///
/// Cheap to clone.
#[derive(Clone)]
pub struct Collection {
    database: Rc<Database>,
    scope: Rc<str>,
    kind: Rc<str>,
    name: Rc<str>,
}

/// Changes to a collection that are made together.
#[derive(Debug, Default)]
pub struct Edits<I = Vec<NewRecord>> {
    /// Numbers of the records to remove.
    pub remove: Vec<i64>,
    /// Records to replace, by their numbers; one that is gone stays gone.
    pub update: Vec<(i64, NewRecord)>,
    /// Records to add; each is made when it is written, so that memory holds few at once.
    pub insert: I,
}

impl Store {
    /// Returns the collection of this kind and name that belongs to the store's config.
    pub fn collection(&self, kind: &str, name: &str) -> Collection {
        Collection {
            database: Rc::clone(self.task_database()),
            scope: Rc::clone(self.scope()),
            kind: Rc::from(kind),
            name: Rc::from(name),
        }
    }

    /// Returns the collection of this kind and name that all configs share.
    pub fn shared_collection(&self, kind: &str, name: &str) -> Collection {
        self.shared().collection(kind, name)
    }

    /// Returns the names of the config's collections of this kind, sorted, with their sizes.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub fn collections(&self, kind: &str) -> Result<Vec<(String, usize)>> {
        self.task_database().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT name, (SELECT count(*) FROM record WHERE record.id BETWEEN collection.id << 32 \
                     AND (collection.id << 32) + 0xffffffff) FROM collection WHERE scope = ? AND kind = ? \
                     ORDER BY name",
                )?
                .query_map((&**self.scope(), kind), |row| Ok((row.get(0)?, whole(row, 1)?)))?
                .collect()
        })
    }

    /// Returns the names and sizes of the collections of this kind that all configs share.
    ///
    /// # Errors
    ///
    /// When the database cannot be used.
    pub fn shared_collections(&self, kind: &str) -> Result<Vec<(String, usize)>> {
        self.shared().collections(kind)
    }
}

/// All methods fail when the database cannot be used, and for no other reason.
///
/// Closures that are passed to them run inside the transaction: they must not use the store, and
/// get an error from it if they do.
#[allow(clippy::missing_errors_doc)]
impl Collection {
    /// Returns the name it was opened with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether it was created, even if it is empty.
    ///
    /// Inserting creates it too.
    pub fn exists(&self) -> Result<bool> {
        self.database.read(|connection| Ok(self.id(connection)?.is_some()))
    }

    /// Creates it, empty; does nothing when it exists.
    pub fn create(&self) -> Result<()> {
        self.database.write(|transaction| self.made(transaction).map(drop))
    }

    /// Returns all records, in the order of insertion.
    pub fn all(&self) -> Result<Vec<Record>> {
        self.read(record::all)
    }

    /// Returns what `take` makes of each record, in the order of insertion.
    pub fn each<T>(&self, take: impl FnMut(RawRecord<'_>) -> T) -> Result<Vec<T>> {
        self.read(|connection, collection| record::each(connection, collection, take))
    }

    /// Returns the number of records.
    pub fn len(&self) -> Result<usize> {
        self.read(record::count)
    }

    /// Returns whether there is no record.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Returns the record of this number.
    pub fn get(&self, id: i64) -> Result<Option<Record>> {
        self.read(|connection, collection| record::get(connection, collection, id))
    }

    /// Returns the records that have any of the keys, each once, in the order of insertion.
    pub fn find<K: AsRef<str>>(&self, keys: &[K]) -> Result<Vec<Record>> {
        self.read(|connection, collection| record::find(connection, collection, keys))
    }

    /// Maps each record with any of the keys, in the order of insertion, and perhaps others.
    pub fn each_with<T>(&self, keys: &[&str], take: impl FnMut(RawRecord<'_>) -> T) -> Result<Vec<T>> {
        self.read(|connection, collection| record::each_with(connection, collection, keys, take))
    }

    /// Returns those of the keys that some record has.
    pub fn has_keys<K: AsRef<str>>(&self, keys: &[K]) -> Result<HashSet<String>> {
        self.read(|connection, collection| record::known_keys(connection, collection, keys))
    }

    /// Adds records, all or none, and returns their numbers.
    ///
    /// Each is made when it is written, so that memory holds few at once.
    pub fn insert<'a>(&self, records: impl IntoIterator<Item = impl Into<Cow<'a, NewRecord>>>) -> Result<Vec<i64>> {
        self.database.write(|transaction| {
            let collection = self.made(transaction)?;
            record::insert(transaction, collection, records)
        })
    }

    /// Replaces the record of this number; returns whether there is one.
    pub fn update(&self, id: i64, new: &NewRecord) -> Result<bool> {
        self.write(|transaction, collection| record::update(transaction, collection, id, new))
    }

    /// Reads the records with any of the keys and applies the changes that `decide` returns.
    ///
    /// The records come in the order of insertion. All changes are made or none, and no other
    /// process writes in between.
    pub fn edit<K: AsRef<str>, T, I: IntoIterator<Item = NewRecord>>(
        &self,
        keys: &[K],
        decide: impl FnOnce(Vec<Record>) -> (Edits<I>, T),
    ) -> Result<T> {
        self.edit_what(|transaction, collection| record::find(transaction, collection, keys), decide)
    }

    /// Edits records like [`edit`](Self::edit), each of them mapped by a function.
    ///
    /// Some of the records may have none of the keys.
    pub fn edit_each<'k, R, T, I: IntoIterator<Item = NewRecord>>(
        &self,
        keys: impl FnOnce() -> Vec<&'k str>,
        take: impl FnMut(RawRecord<'_>) -> R,
        decide: impl FnOnce(Vec<R>) -> (Edits<I>, T),
    ) -> Result<T> {
        let find = |transaction: &Transaction<'_>, collection| {
            if record::is_empty(transaction, collection)? {
                return Ok(Vec::new());
            }
            record::each_with(transaction, collection, &keys(), take)
        };
        self.edit_what(find, decide)
    }

    /// Replaces the records with any of the keys; what they hold is not read.
    ///
    /// Each new record is made when it is written, so that memory holds few at once.
    pub fn replace<K: AsRef<str>>(&self, keys: &[K], with: impl IntoIterator<Item = NewRecord>) -> Result<()> {
        self.database.write(|transaction| {
            let collection = self.made(transaction)?;
            let old = record::having(transaction, collection, keys)?;
            record::remove(transaction, collection, &old)?;
            record::insert(transaction, collection, with).map(drop)
        })
    }

    fn edit_what<R, T, I: IntoIterator<Item = NewRecord>>(
        &self,
        find: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<Vec<R>>,
        decide: impl FnOnce(Vec<R>) -> (Edits<I>, T),
    ) -> Result<T> {
        self.database.write(|transaction| {
            let collection = self.made(transaction)?;
            let (edits, result) = decide(find(transaction, collection)?);
            record::remove(transaction, collection, &edits.remove)?;
            for (number, new) in &edits.update {
                record::update(transaction, collection, *number, new)?;
            }
            record::insert(transaction, collection, edits.insert)?;
            Ok(result)
        })
    }

    /// Replaces all records, or none, and returns the new numbers.
    pub fn replace_all(&self, records: &[NewRecord]) -> Result<Vec<i64>> {
        self.database.write(|transaction| {
            let collection = self.made(transaction)?;
            record::clear(transaction, collection)?;
            record::insert(transaction, collection, records)
        })
    }

    /// Removes the records of these numbers and returns how many there were.
    pub fn remove(&self, ids: &[i64]) -> Result<usize> {
        self.write(|transaction, collection| record::remove(transaction, collection, ids))
    }

    /// Removes all records and returns how many there were; the collection stays.
    pub fn clear(&self) -> Result<usize> {
        self.write(record::clear)
    }

    /// Removes the collection and returns how many records it had.
    pub fn drop(&self) -> Result<usize> {
        self.write(|transaction, collection| {
            let removed = record::clear(transaction, collection)?;
            transaction.execute("DELETE FROM collection WHERE id = ?", [collection])?;
            Ok(removed)
        })
    }

    /// Removes expired records, then the oldest beyond `max_records`; returns their number.
    pub fn prune(&self, max_records: Option<usize>, now: Timestamp) -> Result<usize> {
        self.write(|transaction, collection| {
            let expired = record::expired(transaction, collection, now)?;
            let removed = record::remove(transaction, collection, &expired)?;
            let Some(max) = max_records else { return Ok(removed) };
            let over = record::count(transaction, collection)?.saturating_sub(max);
            let oldest = record::oldest(transaction, collection, over)?;
            Ok(record::remove(transaction, collection, &oldest)?.saturating_add(removed))
        })
    }

    /// Reads the collection in one transaction, if it exists: one state, and less locking.
    fn read<T: Default>(&self, work: impl FnOnce(&Connection, i64) -> rusqlite::Result<T>) -> Result<T> {
        self.database.read(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let Some(id) = self.id(&transaction)? else { return Ok(T::default()) };
            work(&transaction, id)
        })
    }

    /// Writes if the collection exists.
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
