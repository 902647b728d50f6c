//! The rows behind [`Journal`](crate::context::journal::Journal).

use jiff::Timestamp;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OptionalExtension, Row};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::database::{Database, Store};
use super::rows::{json, optional_json, optional_time, time};
use crate::error::Result;

/// Kind of a change to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Adds items.
    Add,
    /// Removes items.
    Remove,
    /// Removes all items.
    Clear,
}

impl Action {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Clear => "clear",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Add, Self::Remove, Self::Clear].into_iter().find(|action| action.name() == name)
    }
}

/// A change that is about to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct NewChange {
    /// Service or kind of the list.
    pub service: String,
    /// Stored account that is used, if any.
    pub account: Option<String>,
    /// User of the service that the account belonged to, if that was known.
    pub user: Option<String>,
    /// Name of the list for users.
    pub list: String,
    /// Options of the list, enough to open it again.
    pub list_config: Value,
    /// Kind of the change.
    pub action: Action,
    /// Items, each an object with title, ids and dates.
    pub items: Vec<Value>,
    /// Number of the change that this one undoes.
    pub undo_of: Option<i64>,
}

/// A change in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRow {
    /// Number, which is never given twice.
    pub id: i64,
    /// When it was begun.
    pub at: Timestamp,
    /// Change that was sent.
    pub what: NewChange,
    /// Outcome.
    pub state: ChangeState,
    /// Summary of the response.
    pub response: Option<Value>,
    /// Until when only its own process may decide about it; `None` once it is finished.
    pub lease: Option<Timestamp>,
}

/// Outcome of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeState {
    /// It was begun.
    ///
    /// When its process has ended, its outcome is unknown.
    Pending,
    /// It was made.
    Done,
    /// It was not made.
    Failed,
    /// It was sent, and the response was lost.
    Uncertain,
    /// It was made, and is being undone.
    Undoing,
    /// It was made, and undone since.
    Undone,
    /// Its outcome was never found out, and is no longer checked.
    Abandoned,
}

impl ChangeState {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Abandoned => "abandoned",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        const ALL: [ChangeState; 7] = [
            ChangeState::Pending,
            ChangeState::Done,
            ChangeState::Failed,
            ChangeState::Uncertain,
            ChangeState::Undoing,
            ChangeState::Undone,
            ChangeState::Abandoned,
        ];
        ALL.into_iter().find(|state| state.name() == name)
    }
}

const SELECT: &str = "SELECT id, at, service, account, list, list_config, action, items, state, answer, undo_of, \
                      lease, user FROM change WHERE";

impl Store {
    /// Inserts a change, unless a later change of the account than number `latest` is there.
    pub(crate) fn begin_change(
        &self,
        at: Timestamp,
        lease: Timestamp,
        change: &NewChange,
        latest: Option<i64>,
    ) -> Result<Option<i64>> {
        let NewChange { service, account, user, list, list_config, action, items, undo_of } = change;
        self.journal_database().write_durably(|transaction| {
            if latest.is_some_and(|latest| last_change(transaction, service, account.as_deref()) != Ok(latest)) {
                return Ok(None);
            }
            transaction.execute(
                "INSERT INTO change \
                 (scope, at, service, account, user, list, list_config, action, items, state, undo_of, lease) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    &**self.scope(),
                    at.as_millisecond(),
                    service,
                    account,
                    user,
                    list,
                    list_config.to_string(),
                    action.name(),
                    serde_json::to_string(items)
                        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?,
                    ChangeState::Pending.name(),
                    undo_of,
                    lease.as_millisecond(),
                ),
            )?;
            // Not the last row id: a dry run writes through a view.
            transaction.query_row("SELECT max(id) FROM change", [], |row| row.get(0))
        })
    }

    /// Returns the number of the latest change of an account; 0 if there is none.
    pub(crate) fn latest_change(&self, service: &str, account: Option<&str>) -> Result<i64> {
        self.journal_database().read(|connection| last_change(connection, service, account))
    }

    pub(crate) fn finish_change(
        &self,
        id: i64,
        state: ChangeState,
        response: Option<&Value>,
        lease: Option<Timestamp>,
    ) -> Result<bool> {
        self.journal_database().write(|transaction| {
            let exists = transaction.prepare_cached("SELECT 1 FROM change WHERE id = ?")?.exists([id])?;
            transaction.execute(
                "UPDATE change SET state = ?, answer = coalesce(?, answer), lease = ? WHERE id = ?",
                (state.name(), response.map(Value::to_string), lease.map(Timestamp::as_millisecond), id),
            )?;
            Ok(exists)
        })
    }

    pub(crate) fn delete_change(&self, id: i64) -> Result<()> {
        self.journal_database()
            .write(|transaction| transaction.execute("DELETE FROM change WHERE id = ?", [id]).map(drop))
    }

    pub(crate) fn renew_change(&self, id: i64, lease: Timestamp) -> Result<()> {
        self.journal_database().write(|transaction| {
            transaction.execute("UPDATE change SET lease = ? WHERE id = ?", (lease.as_millisecond(), id)).map(drop)
        })
    }

    /// Marks a change as being undone, if it is made and no living process undoes it.
    pub(crate) fn claim_change(&self, id: i64, now: Timestamp, lease: Timestamp) -> Result<bool> {
        self.journal_database().write(|transaction| {
            let claimed = transaction.execute(
                "UPDATE change SET state = 'undoing', lease = ? \
                 WHERE id = ? AND (state = 'done' OR state = 'undoing' AND lease < ?)",
                (lease.as_millisecond(), id, now.as_millisecond()),
            )?;
            Ok(claimed > 0)
        })
    }

    pub(crate) fn changes(&self, limit: usize) -> Result<Vec<ChangeRow>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.journal_database().read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} scope = ?1 ORDER BY id DESC LIMIT ?2"))?
                .query_map((&**self.scope(), limit), change)?
                .collect()
        })
    }

    pub(crate) fn recent_changes(
        &self,
        service: &str,
        account: Option<&str>,
        list: Option<&str>,
        since: Timestamp,
    ) -> Result<Vec<ChangeRow>> {
        self.journal_database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "{SELECT} at >= ?1 AND service = ?2 AND account IS ?3 AND list = coalesce(?4, list) ORDER BY id"
                ))?
                .query_map((since.as_millisecond(), service, account, list), change)?
                .collect()
        })
    }

    pub(crate) fn change(&self, id: i64) -> Result<Option<ChangeRow>> {
        self.journal_database().read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} scope = ?1 AND id = ?2"))?
                .query_row((&**self.scope(), id), change)
                .optional()
        })
    }

    pub(crate) fn unsettled_changes(&self) -> Result<Vec<ChangeRow>> {
        let Some(journal) = self.existing_journal() else { return Ok(Vec::new()) };
        journal.read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} state IN ('pending', 'uncertain') ORDER BY id"))?
                .query_map([], change)?
                .collect()
        })
    }
}

/// The columns by which a change is recognised after a move.
const MOVED: [&str; 7] = ["scope", "at", "service", "account", "list", "action", "items"];

/// Moves all changes of one database to another, and returns how many.
///
/// They keep their order, and get numbers behind those that are there. Changes that are there
/// already were moved by another process, or by one that was killed, and are left out.
pub(super) fn move_all(from: &Database, to: &Database) -> Result<usize> {
    type Columns = Vec<rusqlite::types::Value>;
    let (names, rows): (Vec<String>, Vec<Columns>) = from.read(|connection| {
        let mut select = connection.prepare("SELECT * FROM change ORDER BY id")?;
        let names: Vec<String> = select.column_names().map(str::to_owned).collect();
        let columns = |row: &Row<'_>| (0..names.len()).map(|column| row.get(column)).collect();
        let rows = select.query_map([], columns)?.collect::<rusqlite::Result<_>>()?;
        Ok((names, rows))
    })?;
    if rows.is_empty() {
        return Ok(0);
    }
    let moved = to.write_durably(|transaction| {
        let offset: i64 = transaction.query_row("SELECT coalesce(max(id), 0) FROM change", [], |row| row.get(0))?;
        let values: Vec<String> = names
            .iter()
            .map(|name| if name == "id" || name == "undo_of" { format!("? + {offset}") } else { "?".to_owned() })
            .collect();
        let insert = format!("INSERT INTO change ({}) VALUES ({})", names.join(", "), values.join(", "));
        let mut insert = transaction.prepare(&insert)?;
        let is_there = MOVED.map(|column| format!("{column} IS ?")).join(" AND ");
        let mut is_there = transaction.prepare(&format!("SELECT 1 FROM change WHERE {is_there}"))?;
        let of =
            |row: &Columns| MOVED.map(|column| names.iter().position(|name| name == column).map(|at| row[at].clone()));
        let mut moved = Vec::new();
        for row in &rows {
            if !is_there.exists(rusqlite::params_from_iter(of(row)))? {
                moved.push(row);
            }
        }
        for row in &moved {
            insert.execute(rusqlite::params_from_iter(*row))?;
        }
        Ok(moved.len())
    })?;
    from.write(|transaction| transaction.execute("DELETE FROM change", []).map(drop))?;
    Ok(moved)
}

fn last_change(connection: &Connection, service: &str, account: Option<&str>) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM change WHERE service = ? AND account IS ?")?
        .query_row((service, account), |row| row.get(0))
}

fn change(row: &Row<'_>) -> rusqlite::Result<ChangeRow> {
    Ok(ChangeRow {
        id: row.get(0)?,
        at: time(row, 1)?,
        what: NewChange {
            service: row.get(2)?,
            account: row.get(3)?,
            user: row.get(12)?,
            list: row.get(4)?,
            list_config: json(row, 5)?,
            action: word(row, 6, Action::from_name)?,
            items: json(row, 7)?,
            undo_of: row.get(10)?,
        },
        state: word(row, 8, ChangeState::from_name)?,
        response: optional_json(row, 9)?,
        lease: optional_time(row, 11)?,
    })
}

fn word<T>(row: &Row<'_>, column: usize, from_name: impl FnOnce(&str) -> Option<T>) -> rusqlite::Result<T> {
    from_name(row.get_ref(column)?.as_str()?).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FromSqlError::InvalidType))
    })
}
