//! The rows of the records and of their keys.
//!
//! A row's id holds the collection and the number of the record in it: so the records of a collection lie together, in the
//! order of insertion, and need no index.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::collection::{New, Record};
use super::{json, optional_time, time, whole};

/// Fewer keys than this are looked up without counting the records first.
const FEW: usize = 200;

/// The numbers that a collection can give out.
const NUMBERS: i64 = 0xffff_ffff;

/// The id of a row; `None` for what is no record's number.
fn row_id(collection: i64, number: i64) -> Option<i64> {
    (0..=NUMBERS).contains(&number).then_some(collection << 32 | number)
}

/// The first and the last id that the rows of a collection can have.
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

pub(super) fn all(connection: &Connection, collection: i64) -> rusqlite::Result<Vec<Record>> {
    connection
        .prepare_cached("SELECT id, keys, data, added, expires FROM record WHERE id BETWEEN ? AND ? ORDER BY id")?
        .query_map(row_ids(collection), record)?
        .collect()
}

pub(super) fn get(connection: &Connection, collection: i64, number: i64) -> rusqlite::Result<Option<Record>> {
    connection
        .prepare_cached("SELECT id, keys, data, added, expires FROM record WHERE id = ?")?
        .query_row([row_id(collection, number)], record)
        .optional()
}

/// The records that have any of the keys, in the order of insertion.
pub(super) fn find<K: AsRef<str>>(
    connection: &Connection,
    collection: i64,
    keys: &[K],
) -> rusqlite::Result<Vec<Record>> {
    let mut numbers: Vec<i64> = Vec::new();
    let records = if keys.len() > FEW { count(connection, collection)? } else { usize::MAX };
    if keys.len() * 2 > records {
        walk_keys(connection, collection, keys, |_, number| numbers.push(number))?;
    } else {
        let mut by_key = connection.prepare_cached("SELECT record FROM record_key WHERE collection = ? AND key = ?")?;
        for key in keys {
            for number in by_key.query_map((collection, key.as_ref()), |row| row.get(0))? {
                numbers.push(number?);
            }
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() == records {
        return all(connection, collection);
    }
    numbers.into_iter().filter_map(|number| get(connection, collection, number).transpose()).collect()
}

/// Walks over all keys of a collection, which costs a fraction of looking each up, and tells those that are wanted.
fn walk_keys<K: AsRef<str>>(
    connection: &Connection,
    collection: i64,
    wanted: &[K],
    mut tell: impl FnMut(&str, i64),
) -> rusqlite::Result<()> {
    let wanted: HashSet<&str> = wanted.iter().map(AsRef::as_ref).collect();
    let mut statement = connection.prepare_cached("SELECT key, record FROM record_key WHERE collection = ?")?;
    let mut rows = statement.query([collection])?;
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_str()?;
        if wanted.contains(key) {
            tell(key, row.get(1)?);
        }
    }
    Ok(())
}

/// The numbers of the records that have expired by `now`.
pub(super) fn expired(connection: &Connection, collection: i64, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
    let (first, last) = row_ids(collection);
    connection
        .prepare_cached("SELECT id FROM record WHERE id BETWEEN ? AND ? AND expires <= ?")?
        .query_map((first, last, now.as_millisecond()), |row| row.get::<_, i64>(0).map(|id| id & NUMBERS))?
        .collect()
}

/// The numbers of the records that were inserted first.
pub(super) fn oldest(connection: &Connection, collection: i64, how_many: usize) -> rusqlite::Result<Vec<i64>> {
    let (first, last) = row_ids(collection);
    connection
        .prepare_cached("SELECT id FROM record WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?")?
        .query_map((first, last, how_many as i64), |row| row.get::<_, i64>(0).map(|id| id & NUMBERS))?
        .collect()
}

pub(super) fn insert(transaction: &Transaction<'_>, collection: i64, records: &[New]) -> rusqlite::Result<Vec<i64>> {
    let last: i64 = transaction
        .prepare_cached("UPDATE collection SET last = last + ? WHERE id = ? RETURNING last")?
        .query_row((records.len() as i64, collection), |row| row.get(0))?;
    let numbers: Vec<i64> = (last - records.len() as i64 + 1..=last).collect();
    let mut statement =
        transaction.prepare_cached("INSERT INTO record (id, added, expires, keys, data) VALUES (?, ?, ?, ?, ?)")?;
    for (number, new) in numbers.iter().zip(records) {
        let expires = new.expires.map(Timestamp::as_millisecond);
        let data = new.data.to_string();
        statement.execute((
            row_id(collection, *number),
            new.added.as_millisecond(),
            expires,
            text(&new.keys)?,
            data,
        ))?;
    }
    insert_keys(transaction, collection, numbers.iter().copied().zip(records))?;
    Ok(numbers)
}

pub(super) fn update(transaction: &Transaction<'_>, collection: i64, number: i64, new: &New) -> rusqlite::Result<bool> {
    if !remove_keys(transaction, collection, number)? {
        return Ok(false);
    }
    let expires = new.expires.map(Timestamp::as_millisecond);
    let data = new.data.to_string();
    transaction
        .prepare_cached("UPDATE record SET added = ?, expires = ?, keys = ?, data = ? WHERE id = ?")?
        .execute((new.added.as_millisecond(), expires, text(&new.keys)?, data, row_id(collection, number)))?;
    insert_keys(transaction, collection, [(number, new)].into_iter())?;
    Ok(true)
}

fn text(keys: &[String]) -> rusqlite::Result<String> {
    serde_json::to_string(keys).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Writes the keys in their own order, because a tree that grows at one end is several times faster.
fn insert_keys<'a>(
    transaction: &Transaction<'_>,
    collection: i64,
    records: impl Iterator<Item = (i64, &'a New)>,
) -> rusqlite::Result<()> {
    let mut keys: Vec<(&str, i64)> =
        records.flat_map(|(number, new)| new.keys.iter().map(move |key| (key.as_str(), number))).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut statement =
        transaction.prepare_cached("INSERT INTO record_key (collection, key, record) VALUES (?, ?, ?)")?;
    for (key, number) in keys {
        statement.execute((collection, key, number))?;
    }
    Ok(())
}

/// Removes the keys of a record; says whether there is such a record.
fn remove_keys(transaction: &Transaction<'_>, collection: i64, number: i64) -> rusqlite::Result<bool> {
    let keys: Option<Vec<String>> = transaction
        .prepare_cached("SELECT keys FROM record WHERE id = ?")?
        .query_row([row_id(collection, number)], |row| json(row, 0))
        .optional()?;
    let Some(keys) = keys else { return Ok(false) };
    let mut statement =
        transaction.prepare_cached("DELETE FROM record_key WHERE collection = ? AND key = ? AND record = ?")?;
    for key in keys {
        statement.execute((collection, key, number))?;
    }
    Ok(true)
}

pub(super) fn remove(transaction: &Transaction<'_>, collection: i64, numbers: &[i64]) -> rusqlite::Result<usize> {
    let mut statement = transaction.prepare_cached("DELETE FROM record WHERE id = ?")?;
    let mut removed = 0;
    for number in numbers {
        if remove_keys(transaction, collection, *number)? {
            removed += statement.execute([row_id(collection, *number)])?;
        }
    }
    Ok(removed)
}

pub(super) fn clear(transaction: &Transaction<'_>, collection: i64) -> rusqlite::Result<usize> {
    transaction.execute("DELETE FROM record_key WHERE collection = ?", [collection])?;
    transaction.execute("DELETE FROM record WHERE id BETWEEN ? AND ?", row_ids(collection))
}

/// Those of the keys that some record has.
pub(super) fn known_keys<K: AsRef<str>>(
    connection: &Connection,
    collection: i64,
    keys: &[K],
) -> rusqlite::Result<HashSet<String>> {
    let mut found = HashSet::new();
    if keys.len() > FEW && keys.len() * 2 > count(connection, collection)? {
        walk_keys(connection, collection, keys, |key, _| {
            found.insert(key.to_owned());
        })?;
    } else {
        let mut statement =
            connection.prepare_cached("SELECT 1 FROM record_key WHERE collection = ? AND key = ? LIMIT 1")?;
        for key in keys {
            if statement.exists((collection, key.as_ref()))? {
                found.insert(key.as_ref().to_owned());
            }
        }
    }
    Ok(found)
}
