//! Records and the rows of records and keys.
//!
//! A row's id holds the collection and the record's number in it: so the records of a collection
//! lie together, in the order of insertion, and need no index.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use fnv::FnvHasher;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params_from_iter};
use serde::Serialize;
use serde_json::Value;

use super::rows::{json, optional_time, time, whole};

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

/// Returns the id of a row; `None` for what is no record's number.
fn row_id(collection: i64, number: i64) -> Option<i64> {
    (0..=NUMBERS).contains(&number).then_some(collection << 32 | number)
}

/// Returns the first and the last id that rows of a collection can have.
fn row_ids(collection: i64) -> (i64, i64) {
    (collection << 32, collection << 32 | NUMBERS)
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        id: row.get::<_, i64>(0)? & NUMBERS,
        keys: json(row, 1)?,
        data: json(row, 2)?,
        added: time(row, 3)?,
        expires: optional_time(row, 4)?,
    })
}

pub(super) fn count(connection: &Connection, collection: i64) -> rusqlite::Result<usize> {
    connection
        .prepare_cached("SELECT count(*) FROM record WHERE id BETWEEN ? AND ?")?
        .query_row(row_ids(collection), |row| whole(row, 0))
}

pub(super) fn is_empty(connection: &Connection, collection: i64) -> rusqlite::Result<bool> {
    let mut any = connection.prepare_cached("SELECT 1 FROM record WHERE id BETWEEN ? AND ? LIMIT 1")?;
    any.exists(row_ids(collection)).map(|any| !any)
}

pub(super) fn all(connection: &Connection, collection: i64) -> rusqlite::Result<Vec<Record>> {
    connection
        .prepare_cached("SELECT id, keys, data, added, expires FROM record WHERE id BETWEEN ? AND ? ORDER BY id")?
        .query_map(row_ids(collection), record)?
        .collect()
}

fn taken<T>(row: &Row<'_>, take: &mut impl FnMut(RawRecord<'_>) -> T) -> rusqlite::Result<T> {
    let id = row.get::<_, i64>(0)? & NUMBERS;
    let (keys, data) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
    Ok(take(RawRecord { id, keys, data, added: time(row, 3)? }))
}

/// Returns what `take` makes of each record, in the order of insertion.
pub(super) fn each<T>(
    connection: &Connection,
    collection: i64,
    mut take: impl FnMut(RawRecord<'_>) -> T,
) -> rusqlite::Result<Vec<T>> {
    connection
        .prepare_cached("SELECT id, keys, data, added FROM record WHERE id BETWEEN ? AND ? ORDER BY id")?
        .query_map(row_ids(collection), |row| taken(row, &mut take))?
        .collect()
}

/// Maps the records with any of the keys, and perhaps others whose keys have the same hash.
pub(super) fn each_with<T, K: AsRef<str>>(
    connection: &Connection,
    collection: i64,
    keys: &[K],
    mut take: impl FnMut(RawRecord<'_>) -> T,
) -> rusqlite::Result<Vec<T>> {
    let numbers = with_keys(connection, collection, keys)?;
    if numbers.len() > FEW && numbers.len() == count(connection, collection)? {
        return each(connection, collection, take);
    }
    let mut statement = connection.prepare_cached("SELECT id, keys, data, added FROM record WHERE id = ?")?;
    let one = |number| statement.query_row([row_id(collection, number)], |row| taken(row, &mut take));
    numbers.into_iter().map(one).collect()
}

pub(super) fn get(connection: &Connection, collection: i64, number: i64) -> rusqlite::Result<Option<Record>> {
    connection
        .prepare_cached("SELECT id, keys, data, added, expires FROM record WHERE id = ?")?
        .query_row([row_id(collection, number)], record)
        .optional()
}

/// Returns the FNV-1a hash of a key, the same in every version of this program.
fn hash(key: &str) -> i64 {
    let mut hasher = FnvHasher::default();
    hasher.write(key.as_bytes());
    hasher.finish() as i64
}

/// Returns the records that have any of the keys, in the order of insertion.
pub(super) fn find<K: AsRef<str>>(
    connection: &Connection,
    collection: i64,
    keys: &[K],
) -> rusqlite::Result<Vec<Record>> {
    let numbers = with_keys(connection, collection, keys)?;
    let records = numbers.into_iter().filter_map(|number| get(connection, collection, number).transpose());
    let mut found = records.collect::<rusqlite::Result<Vec<Record>>>()?;
    // Another key may have the same hash.
    let wanted: HashSet<&str> = keys.iter().map(AsRef::as_ref).collect();
    found.retain(|record| record.keys.iter().any(|key| wanted.contains(key.as_str())));
    Ok(found)
}

/// Returns the numbers of the records that have any of the keys; their content is not read.
pub(super) fn having<K: AsRef<str>>(
    connection: &Connection,
    collection: i64,
    keys: &[K],
) -> rusqlite::Result<Vec<i64>> {
    let wanted: HashSet<&str> = keys.iter().map(AsRef::as_ref).collect();
    let mut statement = connection.prepare_cached("SELECT keys FROM record WHERE id = ?")?;
    let mut numbers = with_keys(connection, collection, keys)?;
    let mut failed = None;
    numbers.retain(|number| {
        let keys = statement.query_row([row_id(collection, *number)], |row| json::<Vec<String>>(row, 0));
        // Another key may have the same hash.
        let has = keys.map(|keys| keys.iter().any(|key| wanted.contains(key.as_str())));
        has.unwrap_or_else(|error| {
            failed = Some(error);
            false
        })
    });
    failed.map_or(Ok(numbers), Err)
}

/// Returns the numbers of the records that may have any of the keys, each once, in order.
fn with_keys<K: AsRef<str>>(connection: &Connection, collection: i64, keys: &[K]) -> rusqlite::Result<Vec<i64>> {
    let mut numbers: Vec<i64> = Vec::new();
    // Walking over all keys of a collection costs a fraction of looking each up.
    let records = if keys.len() > FEW { count(connection, collection)? } else { usize::MAX };
    if records == 0 {
        return Ok(numbers);
    }
    if keys.len() > records / 2 {
        let wanted: HashSet<i64, BuildHasherDefault<FnvHasher>> = keys.iter().map(|key| hash(key.as_ref())).collect();
        let mut statement = connection.prepare_cached("SELECT key, record FROM record_key WHERE collection = ?")?;
        let mut rows = statement.query([collection])?;
        while let Some(row) = rows.next()? {
            if wanted.contains(&row.get(0)?) {
                numbers.push(row.get(1)?);
            }
        }
    } else {
        let mut by_key = connection.prepare_cached("SELECT record FROM record_key WHERE collection = ? AND key = ?")?;
        for key in keys {
            for number in by_key.query_map((collection, hash(key.as_ref())), |row| row.get(0))? {
                numbers.push(number?);
            }
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// Returns the numbers of the records that have expired by `now`.
pub(super) fn expired(connection: &Connection, collection: i64, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
    let (first, last) = row_ids(collection);
    connection
        .prepare_cached("SELECT id FROM record WHERE id BETWEEN ? AND ? AND expires <= ?")?
        .query_map((first, last, now.as_millisecond()), |row| row.get::<_, i64>(0).map(|id| id & NUMBERS))?
        .collect()
}

/// Returns the numbers of the records that were inserted first.
pub(super) fn oldest(connection: &Connection, collection: i64, how_many: usize) -> rusqlite::Result<Vec<i64>> {
    let (first, last) = row_ids(collection);
    connection
        .prepare_cached("SELECT id FROM record WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?")?
        .query_map((first, last, how_many as i64), |row| row.get::<_, i64>(0).map(|id| id & NUMBERS))?
        .collect()
}

pub(super) fn insert<'a>(
    transaction: &Transaction<'_>,
    collection: i64,
    records: impl IntoIterator<Item = impl Into<Cow<'a, NewRecord>>>,
) -> rusqlite::Result<Vec<i64>> {
    let mut last: i64 = transaction
        .prepare_cached("SELECT last FROM collection WHERE id = ?")?
        .query_row([collection], |row| row.get(0))?;
    let (mut numbers, mut keys) = (Vec::new(), Vec::new());
    let mut statement =
        transaction.prepare_cached("INSERT INTO record (id, added, expires, keys, data) VALUES (?, ?, ?, ?, ?)")?;
    for new in records {
        let new: Cow<'a, NewRecord> = new.into();
        last = last.saturating_add(1);
        let expires = new.expires.map(Timestamp::as_millisecond);
        statement.execute((
            row_id(collection, last),
            new.added.as_millisecond(),
            expires,
            text(&new.keys)?,
            new.data.as_str(),
        ))?;
        numbers.push(last);
        keys.extend(new.keys.iter().map(|key| (hash(key), last)));
    }
    transaction.prepare_cached("UPDATE collection SET last = ? WHERE id = ?")?.execute((last, collection))?;
    insert_keys(transaction, collection, keys)?;
    Ok(numbers)
}

pub(super) fn update(
    transaction: &Transaction<'_>,
    collection: i64,
    number: i64,
    new: &NewRecord,
) -> rusqlite::Result<bool> {
    if !remove_keys(transaction, collection, number)? {
        return Ok(false);
    }
    let expires = new.expires.map(Timestamp::as_millisecond);
    transaction.prepare_cached("UPDATE record SET added = ?, expires = ?, keys = ?, data = ? WHERE id = ?")?.execute(
        (new.added.as_millisecond(), expires, text(&new.keys)?, new.data.as_str(), row_id(collection, number)),
    )?;
    insert_keys(transaction, collection, new.keys.iter().map(|key| (hash(key), number)).collect())?;
    Ok(true)
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
    by_collection.into_iter().try_for_each(|(collection, keys)| insert_keys(transaction, collection, keys))
}

fn text(keys: &[String]) -> rusqlite::Result<String> {
    serde_json::to_string(keys).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Writes the keys in sorted order, which is several times faster.
fn insert_keys(transaction: &Transaction<'_>, collection: i64, mut keys: Vec<(i64, i64)>) -> rusqlite::Result<()> {
    /// Rows per statement: running a statement takes as long as inserting a row.
    const ROWS: usize = 64;
    const INSERT: &str = "INSERT INTO record_key (collection, key, record) VALUES";
    keys.sort_unstable();
    keys.dedup();
    let (many, few) = keys.as_chunks::<ROWS>();
    if !many.is_empty() {
        let rows = vec!["(?1, ?, ?)"; ROWS].join(", ");
        let mut statement = transaction.prepare_cached(&format!("{INSERT} {rows}"))?;
        for rows in many {
            let rows = rows.iter().flat_map(|(key, number)| [*key, *number]);
            statement.execute(params_from_iter(std::iter::once(collection).chain(rows)))?;
        }
    }
    let mut statement = transaction.prepare_cached(&format!("{INSERT} (?, ?, ?)"))?;
    few.iter().try_for_each(|(key, number)| statement.execute((collection, key, number)).map(drop))
}

/// Removes the keys of a record; returns whether there is such a record.
fn remove_keys(transaction: &Transaction<'_>, collection: i64, number: i64) -> rusqlite::Result<bool> {
    let keys: Option<Vec<String>> = transaction
        .prepare_cached("SELECT keys FROM record WHERE id = ?")?
        .query_row([row_id(collection, number)], |row| json(row, 0))
        .optional()?;
    let Some(keys) = keys else { return Ok(false) };
    let mut statement =
        transaction.prepare_cached("DELETE FROM record_key WHERE collection = ? AND key = ? AND record = ?")?;
    for key in keys {
        statement.execute((collection, hash(&key), number))?;
    }
    Ok(true)
}

pub(super) fn remove(transaction: &Transaction<'_>, collection: i64, numbers: &[i64]) -> rusqlite::Result<usize> {
    let mut statement = transaction.prepare_cached("DELETE FROM record WHERE id = ?")?;
    let mut removed = 0_usize;
    for number in numbers {
        if remove_keys(transaction, collection, *number)? {
            statement.execute([row_id(collection, *number)])?;
            removed = removed.saturating_add(1);
        }
    }
    Ok(removed)
}

pub(super) fn clear(transaction: &Transaction<'_>, collection: i64) -> rusqlite::Result<usize> {
    let removed = count(transaction, collection)?;
    transaction.execute("DELETE FROM record_key WHERE collection = ?", [collection])?;
    transaction.execute("DELETE FROM record WHERE id BETWEEN ? AND ?", row_ids(collection))?;
    Ok(removed)
}

/// Returns those of the keys that some record has.
pub(super) fn known_keys<K: AsRef<str>>(
    connection: &Connection,
    collection: i64,
    keys: &[K],
) -> rusqlite::Result<HashSet<String>> {
    let wanted: HashSet<&str> = keys.iter().map(AsRef::as_ref).collect();
    let mut found = HashSet::new();
    let mut statement = connection.prepare_cached("SELECT keys FROM record WHERE id = ?")?;
    for number in with_keys(connection, collection, keys)? {
        let keys: Vec<String> = statement.query_row([row_id(collection, number)], |row| json(row, 0))?;
        found.extend(keys.into_iter().filter(|key| wanted.contains(key.as_str())));
    }
    Ok(found)
}
