//! The rows of the [journal](crate::context::journal).

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, Params, Row};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use strum::{EnumString, IntoStaticStr};

use super::database::{Database, Store};
use super::rows::{all, json, optional_json, optional_time, run, time, to_json};
use crate::context::clock::Clock;
use crate::error::{Error, Result};

/// Kind of a change to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, EnumString, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
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
        self.into()
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
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
        self.into()
    }
}

const SELECT: &str = "SELECT id, at, service, account, list, list_config, action, items, state, answer, undo_of, \
                      lease, user FROM change WHERE";

/// How long a change is left to its own process without a sign of life.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// The changes to remote lists.
///
/// Cheap to clone. All configs share the journal, because they change the lists of the same
/// accounts; each shows and undoes its own changes.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Store,
    clock: Clock,
}

impl Journal {
    /// Opens the journal in `store`, for the config that the store is scoped to.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Records a change that is about to be sent and returns its number.
    ///
    /// It is on disk when this returns.
    ///
    /// # Errors
    ///
    /// The database cannot be used; so for all methods. Nothing may be sent then.
    pub fn begin(&self, change: &NewChange) -> Result<i64> {
        // Without a number that must be the latest a change is always recorded.
        Ok(self.insert(change, None)?.unwrap_or_default())
    }

    /// Records a change unless another one of the account is later than number `latest`.
    ///
    /// Otherwise it does what [`Journal::begin`] does.
    ///
    /// So looking at a list and recording a change to it are one step: of several processes that
    /// have looked, one records its change, and the others look again.
    pub fn begin_after(&self, latest: i64, change: &NewChange) -> Result<Option<i64>> {
        self.insert(change, Some(latest))
    }

    fn insert(&self, change: &NewChange, latest: Option<i64>) -> Result<Option<i64>> {
        let NewChange { service, account, user, list, list_config, action, items, undo_of } = change;
        self.store.journal_database().write_durably(|transaction| {
            if latest.is_some_and(|latest| last_change(transaction, service, account.as_deref()) != Ok(latest)) {
                return Ok(None);
            }
            transaction.execute(
                "INSERT INTO change \
                 (scope, at, service, account, user, list, list_config, action, items, state, undo_of, lease) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    &**self.store.scope(),
                    self.clock.now().as_millisecond(),
                    service,
                    account,
                    user,
                    list,
                    list_config.to_string(),
                    action.name(),
                    to_json(items)?,
                    ChangeState::Pending.name(),
                    undo_of,
                    self.lease(),
                ),
            )?;
            // Not the last row id: a dry run writes through a view.
            transaction.query_row("SELECT max(id) FROM change", [], |row| row.get(0))
        })
    }

    /// Returns the number of the latest change of an account; 0 if there is none.
    pub fn latest(&self, service: &str, account: Option<&str>) -> Result<i64> {
        self.store.journal_database().read(|connection| last_change(connection, service, account))
    }

    /// Shows that the process which makes a change, or undoes it, is alive.
    pub fn renew(&self, id: i64) -> Result<()> {
        self.run("UPDATE change SET lease = ? WHERE id = ?", (self.lease(), id)).map(drop)
    }

    /// Marks a change as being undone, and returns whether this process is the one that may do so.
    ///
    /// It is so if the change is made and no living process undoes it.
    pub fn claim_undo(&self, id: i64) -> Result<bool> {
        let claim = "UPDATE change SET state = 'undoing', lease = ? \
                     WHERE id = ? AND (state = 'done' OR state = 'undoing' AND lease < ?)";
        let claimed = self.run(claim, (self.lease(), id, self.clock.now().as_millisecond()))?;
        Ok(claimed > 0)
    }

    /// Returns the end of a lease that begins now, as it is stored.
    fn lease(&self) -> i64 {
        self.clock.now().saturating_add(LEASE).unwrap_or(Timestamp::MAX).as_millisecond()
    }

    /// Records the outcome of a change.
    pub fn finish(&self, id: i64, state: ChangeState, response: Option<&Value>) -> Result<()> {
        // The list may show only after a while what became of an uncertain change.
        let lease = (state == ChangeState::Uncertain).then(|| self.lease());
        let exists = self.store.journal_database().write(|transaction| {
            let exists = transaction.prepare_cached("SELECT 1 FROM change WHERE id = ?")?.exists([id])?;
            let update = "UPDATE change SET state = ?, answer = coalesce(?, answer), lease = ? WHERE id = ?";
            run(transaction, update, (state.name(), response.map(Value::to_string), lease, id))?;
            Ok(exists)
        })?;
        if exists {
            return Ok(());
        }
        Err(Error::new(format!("there is no change {id}")).hint("`flexget-rs changes` shows those that there are"))
    }

    /// Removes the record of a change of which nothing was sent, because there is no such list.
    pub fn withdraw(&self, id: i64) -> Result<()> {
        self.run("DELETE FROM change WHERE id = ?", [id]).map(drop)
    }

    /// Returns the latest changes, at most `limit`, newest first.
    pub fn list(&self, limit: usize) -> Result<Vec<ChangeRow>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.select("scope = ? ORDER BY id DESC LIMIT ?", (&**self.store.scope(), limit))
    }

    /// Returns recent changes to a list, or to all lists of an account, oldest first.
    ///
    /// These are the changes that were begun at `since` or later.
    ///
    /// Lists of one service, account and name may still differ in their options.
    pub fn recent(
        &self,
        service: &str,
        account: Option<&str>,
        list: Option<&str>,
        since: Timestamp,
    ) -> Result<Vec<ChangeRow>> {
        let condition = "at >= ? AND service = ? AND account IS ? AND list = coalesce(?, list) ORDER BY id";
        self.select(condition, (since.as_millisecond(), service, account, list))
    }

    /// Returns the change of this number.
    pub fn get(&self, id: i64) -> Result<Option<ChangeRow>> {
        Ok(self.select("scope = ? AND id = ?", (&**self.store.scope(), id))?.pop())
    }

    /// Returns the changes whose outcome is unknown (pending or uncertain), oldest first.
    ///
    /// A change that another process is making at this moment is pending too; it has a
    /// [lease](ChangeRow::lease).
    pub fn pending(&self) -> Result<Vec<ChangeRow>> {
        if self.store.existing_journal().is_none() {
            return Ok(Vec::new());
        }
        self.select("state IN ('pending', 'uncertain') ORDER BY id", [])
    }

    fn select(&self, condition: &str, parameters: impl Params) -> Result<Vec<ChangeRow>> {
        let query = format!("{SELECT} {condition}");
        self.store.journal_database().read(|connection| all(connection, &query, parameters, change))
    }

    fn run(&self, statement: &str, parameters: impl Params) -> Result<usize> {
        self.store.journal_database().write(|transaction| run(transaction, statement, parameters))
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
            action: word(row, 6)?,
            items: json(row, 7)?,
            undo_of: row.get(10)?,
        },
        state: word(row, 8)?,
        response: optional_json(row, 9)?,
        lease: optional_time(row, 11)?,
    })
}

fn word<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get_ref(column)?
        .as_str()?
        .parse()
        .map_err(|_| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FromSqlError::InvalidType)))
}
