//! The rows behind [`Journal`](crate::context::journal::Journal).

use jiff::Timestamp;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{OptionalExtension, Row};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::database::Store;
use super::rows::{json, optional_json, time};
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
pub struct Change {
    /// Number, which is never given twice.
    pub id: i64,
    /// When it was begun.
    pub at: Timestamp,
    /// What was sent.
    pub what: NewChange,
    /// Outcome.
    pub state: ChangeState,
    /// Summary of the response.
    pub answer: Option<Value>,
}

/// Outcome of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeState {
    /// It was begun. When its process has ended, its outcome is unknown.
    Pending,
    /// It was made.
    Done,
    /// It was not made.
    Failed,
    /// It was sent, and the response was lost.
    Uncertain,
    /// It was made, and undone since.
    Undone,
}

impl ChangeState {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Undone => "undone",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Done, Self::Failed, Self::Uncertain, Self::Undone]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

const SELECT: &str = "SELECT id, at, service, account, list, list_config, action, items, state, answer, undo_of \
                      FROM change WHERE scope = ?1";

impl Store {
    pub(crate) fn begin_change(&self, at: Timestamp, change: &NewChange) -> Result<i64> {
        let NewChange { service, account, list, list_config, action, items, undo_of } = change;
        self.task_database().write_durably(|transaction| {
            transaction.execute(
                "INSERT INTO change (scope, at, service, account, list, list_config, action, items, state, undo_of) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    &**self.scope(),
                    at.as_millisecond(),
                    service,
                    account,
                    list,
                    list_config.to_string(),
                    action.name(),
                    serde_json::to_string(items)
                        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?,
                    ChangeState::Pending.name(),
                    undo_of,
                ),
            )?;
            // Not the last row id: a dry run writes through a view.
            transaction.query_row("SELECT max(id) FROM change", [], |row| row.get(0))
        })
    }

    pub(crate) fn finish_change(&self, id: i64, state: ChangeState, response: Option<&Value>) -> Result<bool> {
        self.task_database().write(|transaction| {
            let exists = transaction
                .prepare_cached("SELECT 1 FROM change WHERE scope = ? AND id = ?")?
                .exists((&**self.scope(), id))?;
            transaction.execute(
                "UPDATE change SET state = ?, answer = coalesce(?, answer) WHERE scope = ? AND id = ?",
                (state.name(), response.map(Value::to_string), &**self.scope(), id),
            )?;
            Ok(exists)
        })
    }

    pub(crate) fn changes(&self, limit: usize) -> Result<Vec<Change>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.task_database().read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} ORDER BY id DESC LIMIT ?2"))?
                .query_map((&**self.scope(), limit), change)?
                .collect()
        })
    }

    pub(crate) fn changes_of_list(
        &self,
        service: &str,
        account: Option<&str>,
        list: &str,
        since: Timestamp,
    ) -> Result<Vec<Change>> {
        self.task_database().read(|connection| {
            connection
                .prepare_cached(&format!(
                    "{SELECT} AND at >= ?2 AND service = ?3 AND account IS ?4 AND list = ?5 ORDER BY id"
                ))?
                .query_map((&**self.scope(), since.as_millisecond(), service, account, list), change)?
                .collect()
        })
    }

    pub(crate) fn change(&self, id: i64) -> Result<Option<Change>> {
        self.task_database().read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} AND id = ?2"))?
                .query_row((&**self.scope(), id), change)
                .optional()
        })
    }

    pub(crate) fn unsettled_changes(&self) -> Result<Vec<Change>> {
        self.task_database().read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} AND state IN ('pending', 'uncertain') ORDER BY id"))?
                .query_map([&**self.scope()], change)?
                .collect()
        })
    }
}

fn change(row: &Row<'_>) -> rusqlite::Result<Change> {
    Ok(Change {
        id: row.get(0)?,
        at: time(row, 1)?,
        what: NewChange {
            service: row.get(2)?,
            account: row.get(3)?,
            list: row.get(4)?,
            list_config: json(row, 5)?,
            action: word(row, 6, Action::from_name)?,
            items: json(row, 7)?,
            undo_of: row.get(10)?,
        },
        state: word(row, 8, ChangeState::from_name)?,
        answer: optional_json(row, 9)?,
    })
}

fn word<T>(row: &Row<'_>, column: usize, from_name: impl FnOnce(&str) -> Option<T>) -> rusqlite::Result<T> {
    from_name(row.get_ref(column)?.as_str()?).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FromSqlError::InvalidType))
    })
}
