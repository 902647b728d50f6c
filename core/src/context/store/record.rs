//! Records and the rows of records and keys.
//!
//! A row's id holds the collection and the record's number in it: so the records of a collection
//! lie together, in the order of insertion, and need no index.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use fnv::FnvHasher;
use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params_from_iter};
use serde::Serialize;
use serde_json::Value;

use super::rows::{all, first, json, optional_time, run, time, to_json, whole};

/// A record to store.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecord {
    /// Keys that it is found by.
    pub keys: Vec<String>,
    /// Content, as JSON.
    pub data: String,
    /// When it was added; kept to the millisecond.
    pub added: Timestamp,
    /// When it expires; kept to the millisecond.
    pub expires: Option<Timestamp>,
}

/// A stored record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Number in its collection: it rises in the order of insertion and is never given twice.
    pub id: i64,
    /// Keys that it is found by.
    pub keys: Vec<String>,
    /// Content.
    pub data: Value,
    /// When it was added.
    pub added: Timestamp,
    /// When it expires.
    ///
    /// It stays until it is pruned; readers compare the time.
    pub expires: Option<Timestamp>,
}

/// A record as it stands in the database, for those who read many and need little of each.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'a> {
    /// Number in its collection.
    pub id: i64,
    /// Keys that it is found by, as a JSON array of text.
    pub keys: &'a str,
    /// Content, as JSON.
    pub data: &'a str,
    /// When it was added.
    pub added: Timestamp,
}

impl NewRecord {
    /// Returns the content as JSON; what cannot be JSON becomes `null`.
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

/// Up to this many keys are looked up without counting the records first.
const FEW: usize = 200;

/// Largest number of a record in its collection.
const NUMBERS: i64 = 0xffff_ffff;

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        id: row.get::<_, i64>(0)? & NUMBERS,
        keys: json(row, 1)?,
        data: json(row, 2)?,
        added: time(row, 3)?,
        expires: optional_time(row, 4)?,
    })
}

fn taken<T>(row: &Row<'_>, take: &mut impl FnMut(RawRecord<'_>) -> T) -> rusqlite::Result<T> {
    let id = row.get::<_, i64>(0)? & NUMBERS;
    let (keys, data) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
    Ok(take(RawRecord { id, keys, data, added: time(row, 3)? }))
}

/// Returns the FNV-1a hash of a key, the same in every version of this program.
fn hash(key: &str) -> i64 {
    let mut hasher = FnvHasher::default();
    hasher.write(key.as_bytes());
    hasher.finish() as i64
}

/// The rows of one collection.
#[derive(Clone, Copy)]
pub(super) struct Records<'c> {
    pub(super) connection: &'c Connection,
    /// The id of the collection.
    pub(super) collection: i64,
}

impl Records<'_> {
    /// Returns the id of a row; `None` for what is no record's number.
    fn row_id(self, number: i64) -> Option<i64> {
        (0..=NUMBERS).contains(&number).then_some(self.collection << 32 | number)
    }

    /// Returns the first and the last id that rows of the collection can have.
    fn row_ids(self) -> (i64, i64) {
        (self.collection << 32, self.collection << 32 | NUMBERS)
    }

    pub(super) fn count(self) -> rusqlite::Result<usize> {
        self.connection
            .prepare_cached("SELECT count(*) FROM record WHERE id BETWEEN ? AND ?")?
            .query_row(self.row_ids(), |row| whole(row, 0))
    }

    pub(super) fn is_empty(self) -> rusqlite::Result<bool> {
        let mut any = self.connection.prepare_cached("SELECT 1 FROM record WHERE id BETWEEN ? AND ? LIMIT 1")?;
        any.exists(self.row_ids()).map(|any| !any)
    }

    pub(super) fn all(self) -> rusqlite::Result<Vec<Record>> {
        let query = "SELECT id, keys, data, added, expires FROM record WHERE id BETWEEN ? AND ? ORDER BY id";
        all(self.connection, query, self.row_ids(), record)
    }

    /// Returns what `take` makes of each record, in the order of insertion.
    pub(super) fn each<T>(self, mut take: impl FnMut(RawRecord<'_>) -> T) -> rusqlite::Result<Vec<T>> {
        let query = "SELECT id, keys, data, added FROM record WHERE id BETWEEN ? AND ? ORDER BY id";
        all(self.connection, query, self.row_ids(), |row| taken(row, &mut take))
    }

    /// Maps the records with any of the keys, and perhaps others whose keys have the same hash.
    pub(super) fn each_with<T, K: AsRef<str>>(
        self,
        keys: &[K],
        mut take: impl FnMut(RawRecord<'_>) -> T,
    ) -> rusqlite::Result<Vec<T>> {
        let numbers = self.with_keys(keys)?;
        if numbers.len() > FEW && numbers.len() == self.count()? {
            return self.each(take);
        }
        let mut statement = self.connection.prepare_cached("SELECT id, keys, data, added FROM record WHERE id = ?")?;
        let one = |number| statement.query_row([self.row_id(number)], |row| taken(row, &mut take));
        numbers.into_iter().map(one).collect()
    }

    pub(super) fn get(self, number: i64) -> rusqlite::Result<Option<Record>> {
        let query = "SELECT id, keys, data, added, expires FROM record WHERE id = ?";
        first(self.connection, query, [self.row_id(number)], record)
    }

    /// Returns the records that have any of the keys, in the order of insertion.
    pub(super) fn find<K: AsRef<str>>(self, keys: &[K]) -> rusqlite::Result<Vec<Record>> {
        let records = self.with_keys(keys)?.into_iter().filter_map(|number| self.get(number).transpose());
        let mut found = records.collect::<rusqlite::Result<Vec<Record>>>()?;
        // Another key may have the same hash.
        let wanted: HashSet<&str> = keys.iter().map(AsRef::as_ref).collect();
        found.retain(|record| record.keys.iter().any(|key| wanted.contains(key.as_str())));
        Ok(found)
    }

    /// Returns the numbers of the records that have any of the keys, with these; reads no more.
    pub(super) fn known<K: AsRef<str>>(self, keys: &[K]) -> rusqlite::Result<Vec<(i64, Vec<String>)>> {
        let wanted: HashSet<&str> = keys.iter().map(AsRef::as_ref).collect();
        let mut statement = self.connection.prepare_cached("SELECT keys FROM record WHERE id = ?")?;
        let mut known = Vec::new();
        for number in self.with_keys(keys)? {
            let mut keys: Vec<String> = statement.query_row([self.row_id(number)], |row| json(row, 0))?;
            // Another key may have the same hash.
            keys.retain(|key| wanted.contains(key.as_str()));
            if !keys.is_empty() {
                known.push((number, keys));
            }
        }
        Ok(known)
    }

    /// Returns the numbers of the records that may have any of the keys, each once, in order.
    fn with_keys<K: AsRef<str>>(self, keys: &[K]) -> rusqlite::Result<Vec<i64>> {
        let mut numbers: Vec<i64> = Vec::new();
        // Walking over all keys of a collection costs a fraction of looking each up.
        let records = if keys.len() > FEW { self.count()? } else { usize::MAX };
        if records == 0 {
            return Ok(numbers);
        }
        if keys.len() > records / 2 {
            let wanted: HashSet<i64, BuildHasherDefault<FnvHasher>> =
                keys.iter().map(|key| hash(key.as_ref())).collect();
            let mut statement =
                self.connection.prepare_cached("SELECT key, record FROM record_key WHERE collection = ?")?;
            let mut rows = statement.query([self.collection])?;
            while let Some(row) = rows.next()? {
                if wanted.contains(&row.get(0)?) {
                    numbers.push(row.get(1)?);
                }
            }
        } else {
            let mut by_key =
                self.connection.prepare_cached("SELECT record FROM record_key WHERE collection = ? AND key = ?")?;
            for key in keys {
                for number in by_key.query_map((self.collection, hash(key.as_ref())), |row| row.get(0))? {
                    numbers.push(number?);
                }
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    /// Returns the numbers of the records that have expired by `now`.
    pub(super) fn expired(self, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
        self.numbers("AND expires <= ?", now.as_millisecond())
    }

    /// Returns the numbers of the records that were inserted first.
    pub(super) fn oldest(self, how_many: usize) -> rusqlite::Result<Vec<i64>> {
        self.numbers("ORDER BY id LIMIT ?", how_many as i64)
    }

    fn numbers(self, condition: &str, parameter: i64) -> rusqlite::Result<Vec<i64>> {
        let (first, last) = self.row_ids();
        let query = format!("SELECT id FROM record WHERE id BETWEEN ? AND ? {condition}");
        all(self.connection, &query, (first, last, parameter), |row| row.get::<_, i64>(0).map(|id| id & NUMBERS))
    }

    pub(super) fn insert<'a>(
        self,
        records: impl IntoIterator<Item = impl Into<Cow<'a, NewRecord>>>,
    ) -> rusqlite::Result<Vec<i64>> {
        let mut last: i64 = self
            .connection
            .prepare_cached("SELECT last FROM collection WHERE id = ?")?
            .query_row([self.collection], |row| row.get(0))?;
        let (mut numbers, mut keys) = (Vec::new(), Vec::new());
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO record (id, added, expires, keys, data) VALUES (?, ?, ?, ?, ?)")?;
        for new in records {
            let new: Cow<'a, NewRecord> = new.into();
            last = last.saturating_add(1);
            let (added, expires) = (new.added.as_millisecond(), new.expires.map(Timestamp::as_millisecond));
            statement.execute((self.row_id(last), added, expires, to_json(&new.keys)?, new.data.as_str()))?;
            numbers.push(last);
            keys.extend(new.keys.iter().map(|key| (hash(key), last)));
        }
        run(self.connection, "UPDATE collection SET last = ? WHERE id = ?", (last, self.collection))?;
        self.insert_keys(keys)?;
        Ok(numbers)
    }

    pub(super) fn update(self, number: i64, new: &NewRecord) -> rusqlite::Result<bool> {
        if !self.remove_keys(number)? {
            return Ok(false);
        }
        let (added, expires) = (new.added.as_millisecond(), new.expires.map(Timestamp::as_millisecond));
        run(
            self.connection,
            "UPDATE record SET added = ?, expires = ?, keys = ?, data = ? WHERE id = ?",
            (added, expires, to_json(&new.keys)?, new.data.as_str(), self.row_id(number)),
        )?;
        self.insert_keys(new.keys.iter().map(|key| (hash(key), number)).collect())?;
        Ok(true)
    }

    /// Writes the keys in sorted order, which is several times faster.
    fn insert_keys(self, mut keys: Vec<(i64, i64)>) -> rusqlite::Result<()> {
        /// Rows per statement: running a statement takes as long as inserting a row.
        const ROWS: usize = 64;
        const INSERT: &str = "INSERT INTO record_key (collection, key, record) VALUES";
        keys.sort_unstable();
        keys.dedup();
        let (many, few) = keys.as_chunks::<ROWS>();
        if !many.is_empty() {
            let rows = vec!["(?1, ?, ?)"; ROWS].join(", ");
            let mut statement = self.connection.prepare_cached(&format!("{INSERT} {rows}"))?;
            for rows in many {
                let rows = rows.iter().flat_map(|(key, number)| [*key, *number]);
                statement.execute(params_from_iter(std::iter::once(self.collection).chain(rows)))?;
            }
        }
        let mut statement = self.connection.prepare_cached(&format!("{INSERT} (?, ?, ?)"))?;
        few.iter().try_for_each(|(key, number)| statement.execute((self.collection, key, number)).map(drop))
    }

    /// Removes the keys of a record; returns whether there is such a record.
    fn remove_keys(self, number: i64) -> rusqlite::Result<bool> {
        let query = "SELECT keys FROM record WHERE id = ?";
        let keys: Option<Vec<String>> = first(self.connection, query, [self.row_id(number)], |row| json(row, 0))?;
        let Some(keys) = keys else { return Ok(false) };
        for key in keys {
            let delete = "DELETE FROM record_key WHERE collection = ? AND key = ? AND record = ?";
            run(self.connection, delete, (self.collection, hash(&key), number))?;
        }
        Ok(true)
    }

    pub(super) fn remove(self, numbers: &[i64]) -> rusqlite::Result<usize> {
        let mut removed = 0_usize;
        for number in numbers {
            if self.remove_keys(*number)? {
                run(self.connection, "DELETE FROM record WHERE id = ?", [self.row_id(*number)])?;
                removed = removed.saturating_add(1);
            }
        }
        Ok(removed)
    }

    pub(super) fn clear(self) -> rusqlite::Result<usize> {
        let removed = self.count()?;
        run(self.connection, "DELETE FROM record_key WHERE collection = ?", [self.collection])?;
        run(self.connection, "DELETE FROM record WHERE id BETWEEN ? AND ?", self.row_ids())?;
        Ok(removed)
    }
}

/// Rebuilds the index of all keys from the records.
pub(super) fn index_all(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut by_collection: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
    let mut statement = transaction.prepare("SELECT id, keys FROM record")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, keys): (i64, Vec<String>) = (row.get(0)?, json(row, 1)?);
        let index = by_collection.entry(id >> 32).or_default();
        index.extend(keys.iter().map(|key| (hash(key), id & NUMBERS)));
    }
    let insert = |(collection, keys)| Records { connection: transaction, collection }.insert_keys(keys);
    by_collection.into_iter().try_for_each(insert)
}
