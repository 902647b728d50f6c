//! Queries in one call, and readers for the columns of a row.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Returns what `read` makes of each row.
pub(super) fn all<T, C: FromIterator<T>>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<C> {
    connection.prepare_cached(query)?.query_map(parameters, read)?.collect()
}

/// Returns what `read` makes of the first row, if there is one.
pub(super) fn first<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    connection.prepare_cached(query)?.query_row(parameters, read).optional()
}

/// Runs a statement and returns the number of rows that it changed.
pub(super) fn run(connection: &Connection, statement: &str, parameters: impl Params) -> rusqlite::Result<usize> {
    connection.prepare_cached(statement)?.execute(parameters)
}

/// Reads a time from a column of milliseconds.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(to_time)
}

/// Reads a time from a column of milliseconds that may be null.
pub(super) fn optional_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(to_time))
}

/// Returns the time, or the latest possible one for a token that never expires.
fn to_time(milliseconds: i64) -> Timestamp {
    let furthest = if milliseconds > 0 { Timestamp::MAX } else { Timestamp::MIN };
    Timestamp::from_millisecond(milliseconds).unwrap_or(furthest)
}

/// Reads a number that is never negative.
pub(super) fn whole(row: &Row<'_>, column: usize) -> rusqlite::Result<usize> {
    row.get::<_, i64>(column).map(|number| usize::try_from(number).unwrap_or_default())
}

/// Reads JSON from a column of text.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    from_json(column, row.get_ref(column)?.as_str()?)
}

/// Reads JSON from a column of text that may be null.
pub(super) fn optional_json(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Value>> {
    row.get_ref(column)?.as_str_or_null()?.map(|text| from_json(column, text)).transpose()
}

fn from_json<T: DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Writes a value as JSON for a column of text.
pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
