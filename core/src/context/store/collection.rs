//! Collections: records that are found by their keys, for everything that tasks remember.

use std::borrow::Cow;
use std::collections::HashSet;
use std::rc::Rc;

use jiff::Timestamp;
use rusqlite::Connection;

use super::database::{Database, Store};
use super::record::{NewRecord, RawRecord, Record, Records};
use super::rows::{all, first, run, whole};
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
            let query = "SELECT name, (SELECT count(*) FROM record WHERE record.id BETWEEN collection.id << 32 \
                         AND (collection.id << 32) + 0xffffffff) FROM collection WHERE scope = ? AND kind = ? \
                         ORDER BY name";
            all(connection, query, (&**self.scope(), kind), |row| Ok((row.get(0)?, whole(row, 1)?)))
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
        self.database.read(|connection| Ok(self.records(connection)?.is_some()))
    }

    /// Creates it, empty; does nothing when it exists.
    pub fn create(&self) -> Result<()> {
        self.database.write(|transaction| self.made(transaction).map(drop))
    }

    /// Returns all records, in the order of insertion.
    pub fn all(&self) -> Result<Vec<Record>> {
        self.read(|records| records.all())
    }

    /// Returns what `take` makes of each record, in the order of insertion.
    pub fn each<T>(&self, take: impl FnMut(RawRecord<'_>) -> T) -> Result<Vec<T>> {
        self.read(|records| records.each(take))
    }

    /// Returns the number of records.
    pub fn len(&self) -> Result<usize> {
        self.read(|records| records.count())
    }

    /// Returns whether there is no record.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Returns the record of this number.
    pub fn get(&self, id: i64) -> Result<Option<Record>> {
        self.read(|records| records.get(id))
    }

    /// Returns the records that have any of the keys, each once, in the order of insertion.
    pub fn find<K: AsRef<str>>(&self, keys: &[K]) -> Result<Vec<Record>> {
        self.read(|records| records.find(keys))
    }

    /// Maps each record with any of the keys, in the order of insertion, and perhaps others.
    pub fn each_with<T>(&self, keys: &[&str], take: impl FnMut(RawRecord<'_>) -> T) -> Result<Vec<T>> {
        self.read(|records| records.each_with(keys, take))
    }

    /// Returns those of the keys that some record has.
    pub fn has_keys<K: AsRef<str>>(&self, keys: &[K]) -> Result<HashSet<String>> {
        self.read(|records| Ok(records.known(keys)?.into_iter().flat_map(|(_, keys)| keys).collect()))
    }

    /// Adds records, all or none, and returns their numbers.
    ///
    /// Each is made when it is written, so that memory holds few at once.
    pub fn insert<'a>(&self, records: impl IntoIterator<Item = impl Into<Cow<'a, NewRecord>>>) -> Result<Vec<i64>> {
        self.database.write(|transaction| self.made(transaction)?.insert(records))
    }

    /// Replaces the record of this number; returns whether there is one.
    pub fn update(&self, id: i64, new: &NewRecord) -> Result<bool> {
        self.write(|records| records.update(id, new))
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
        self.edit_what(|records| records.find(keys), decide)
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
        let find = |records: Records<'_>| {
            if records.is_empty()? { Ok(Vec::new()) } else { records.each_with(&keys(), take) }
        };
        self.edit_what(find, decide)
    }

    /// Replaces the records with any of the keys; what they hold is not read.
    ///
    /// Each new record is made when it is written, so that memory holds few at once.
    pub fn replace<K: AsRef<str>>(&self, keys: &[K], with: impl IntoIterator<Item = NewRecord>) -> Result<()> {
        self.database.write(|transaction| {
            let records = self.made(transaction)?;
            let old: Vec<i64> = records.known(keys)?.into_iter().map(|(number, _)| number).collect();
            records.remove(&old)?;
            records.insert(with).map(drop)
        })
    }

    fn edit_what<R, T, I: IntoIterator<Item = NewRecord>>(
        &self,
        find: impl FnOnce(Records<'_>) -> rusqlite::Result<Vec<R>>,
        decide: impl FnOnce(Vec<R>) -> (Edits<I>, T),
    ) -> Result<T> {
        self.database.write(|transaction| {
            let records = self.made(transaction)?;
            let (edits, result) = decide(find(records)?);
            records.remove(&edits.remove)?;
            for (number, new) in &edits.update {
                records.update(*number, new)?;
            }
            records.insert(edits.insert)?;
            Ok(result)
        })
    }

    /// Replaces all records, or none, and returns the new numbers.
    pub fn replace_all(&self, records: &[NewRecord]) -> Result<Vec<i64>> {
        self.database.write(|transaction| {
            let collection = self.made(transaction)?;
            collection.clear()?;
            collection.insert(records)
        })
    }

    /// Removes the records of these numbers and returns how many there were.
    pub fn remove(&self, ids: &[i64]) -> Result<usize> {
        self.write(|records| records.remove(ids))
    }

    /// Removes all records and returns how many there were; the collection stays.
    pub fn clear(&self) -> Result<usize> {
        self.write(|records| records.clear())
    }

    /// Removes the collection and returns how many records it had.
    pub fn drop(&self) -> Result<usize> {
        self.write(|records| {
            let removed = records.clear()?;
            run(records.connection, "DELETE FROM collection WHERE id = ?", [records.collection])?;
            Ok(removed)
        })
    }

    /// Removes expired records, then the oldest beyond `max_records`; returns their number.
    pub fn prune(&self, max_records: Option<usize>, now: Timestamp) -> Result<usize> {
        self.write(|records| {
            let removed = records.remove(&records.expired(now)?)?;
            let Some(max) = max_records else { return Ok(removed) };
            let over = records.count()?.saturating_sub(max);
            Ok(records.remove(&records.oldest(over)?)?.saturating_add(removed))
        })
    }

    /// Reads the collection in one transaction, if it exists: one state, and less locking.
    fn read<T: Default>(&self, work: impl FnOnce(Records<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.database.read(|connection| {
            let transaction = connection.unchecked_transaction()?;
            self.records(&transaction)?.map_or_else(|| Ok(T::default()), work)
        })
    }

    /// Writes if the collection exists.
    fn write<T: Default>(&self, work: impl FnOnce(Records<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.database.write(|transaction| self.records(transaction)?.map_or_else(|| Ok(T::default()), work))
    }

    fn records<'c>(&self, connection: &'c Connection) -> rusqlite::Result<Option<Records<'c>>> {
        let query = "SELECT id FROM collection WHERE scope = ? AND kind = ? AND name = ?";
        let id = first(connection, query, (&*self.scope, &*self.kind, &*self.name), |row| row.get(0))?;
        Ok(id.map(|collection| Records { connection, collection }))
    }

    /// Returns the records of the collection, which is created if it does not exist.
    fn made<'c>(&self, connection: &'c Connection) -> rusqlite::Result<Records<'c>> {
        if let Some(records) = self.records(connection)? {
            return Ok(records);
        }
        let collection = connection
            .prepare_cached("INSERT INTO collection (scope, kind, name) VALUES (?, ?, ?)")?
            .insert((&*self.scope, &*self.kind, &*self.name))?;
        Ok(Records { connection, collection })
    }
}
