//! What is remembered between runs: one SQLite database, opened when first needed.
//!
//! This module and its children are the only ones that speak SQL. A [`Store`] has two sides. What tasks remember
//! (collections, settings, the journal) is scoped by the config's name, and a scratch store keeps it in a copy in memory.
//! Accounts and pacing are shared by all configs and always go to the real database.

pub mod accounts;
pub mod changes;
mod collection;
mod file;
mod foreign_db;
mod limits;
mod lock;
mod maintenance;
mod migrations;
mod record;
mod setting;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Transaction, TransactionBehavior};
use serde_json::Value;

use crate::error::{Error, Result};

pub use collection::{Collection, Edits, NewRecord, RawRecord, Record};
pub use foreign_db::ForeignDb;
pub(crate) use limits::BucketState;
pub use maintenance::{Pruned, Purpose, Size};

/// How long a statement waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The statements that a connection keeps prepared.
const PREPARED: usize = 64;

/// What is remembered between runs. Cheap to clone: clones share one connection.
///
/// Nothing is opened, and no file is made, before something is read or written.
#[derive(Clone)]
pub struct Store {
    /// Accounts and pacing.
    shared: Rc<Database>,
    /// What tasks remember: the same database, or a copy in memory.
    tasks: Rc<Database>,
    /// The scope of what tasks remember, as it is written in the database.
    scope: Rc<str>,
}

/// The scope of what belongs to no config.
const SHARED_SCOPE: &str = "";

impl Store {
    /// The database in the file at `path`, which is created (mode 0600, its folder 0700) when first needed.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self::over(Place::File(path.into()))
    }

    /// A database that lives as long as this store and its clones.
    pub fn in_memory() -> Self {
        Self::over(Place::Memory)
    }

    fn over(place: Place) -> Self {
        let database = Rc::new(Database { place, connection: RefCell::new(None) });
        Self { shared: Rc::clone(&database), tasks: database, scope: scope_of("") }
    }

    /// The same database, remembering for the config of this name; two configs do not see each other's records.
    #[must_use]
    pub fn scoped(&self, config_name: &str) -> Self {
        Self { scope: scope_of(config_name), ..self.clone() }
    }

    /// A store for dry runs: what tasks remember is read from a copy in memory and written to it, and forgotten at the
    /// end. Accounts and pacing still go to the real database, so that a renewed token is never lost.
    #[must_use]
    pub fn scratch(&self) -> Self {
        let place = Place::CopyOf(Rc::clone(&self.tasks));
        Self { tasks: Rc::new(Database { place, connection: RefCell::new(None) }), ..self.clone() }
    }

    /// The file of the real database; `None` in memory.
    pub fn path(&self) -> Option<&Path> {
        self.shared.place.path()
    }

    /// What is wrong with the permissions of the file, for the user; `None` when nothing is, or there is no file.
    ///
    /// The same is logged as a warning when the database is opened.
    pub fn exposed(&self) -> Option<String> {
        self.path().and_then(file::exposed)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("place", &self.tasks.place.to_string()).field("scope", &self.scope).finish()
    }
}

fn scope_of(config_name: &str) -> Rc<str> {
    Rc::from(format!("config {config_name}"))
}

/// Where a database lives.
enum Place {
    File(PathBuf),
    Memory,
    CopyOf(Rc<Database>),
}

impl Place {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Memory | Self::CopyOf(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Memory => f.write_str("in memory"),
            Self::CopyOf(original) => write!(f, "copy of {}", original.place),
        }
    }
}

/// One database and its connection, which is made on first use.
struct Database {
    place: Place,
    connection: RefCell<Option<Connection>>,
}

impl Database {
    /// Runs `work` on the connection. `work` must not use the store again.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        self.with(|connection| work(connection))
    }

    /// Runs `work` in a transaction that has the right to write from its start, and commits it.
    ///
    /// A transaction that starts by reading would fail at once, without waiting, when another process has written since.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.with(|connection| in_transaction(connection, work))
    }

    /// The same as [`Database::write`], and what was committed survives a loss of power.
    fn write_durably<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.with(|connection| {
            connection.pragma_update(None, "synchronous", "FULL")?;
            let done = in_transaction(connection, work);
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            done
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T> {
        let mut slot = self.connection.borrow_mut();
        let connection = match slot.as_mut() {
            Some(connection) => connection,
            None => slot.insert(self.open()?),
        };
        work(connection).map_err(|error| self.explain(error))
    }

    fn open(&self) -> Result<Connection> {
        match &self.place {
            Place::File(path) => {
                file::prepare(path)?;
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                self.set_up(Connection::open_with_flags(path, flags))
            }
            Place::Memory => self.set_up(Connection::open_in_memory()),
            Place::CopyOf(original) => self.copy(original),
        }
    }

    /// Copies `original` into memory; a file that does not exist yet is not made for that.
    fn copy(&self, original: &Self) -> Result<Connection> {
        if original.connection.borrow().is_none() && original.place.path().is_some_and(|path| !path.exists()) {
            return self.set_up(Connection::open_in_memory());
        }
        original.read(|from| {
            let mut to = Connection::open_in_memory()?;
            rusqlite::backup::Backup::new(from, &mut to)?.step(-1)?;
            configure(&to)?;
            migrations::forget_accounts(&to)?;
            Ok(to)
        })
    }

    fn set_up(&self, opened: rusqlite::Result<Connection>) -> Result<Connection> {
        let mut connection = opened.map_err(|error| self.explain(error))?;
        configure(&connection).map_err(|error| self.explain(error))?;
        migrations::migrate(&mut connection).map_err(|problem| match problem {
            migrations::Problem::Sql(error) => self.explain(error),
            migrations::Problem::Newer { found, known } => Error::new(format!(
                "the database {} was written by a newer version of this program: its version is {found}, known is {known}",
                self.place
            ))
            .hint("install the newer version again, or name another file with `--database`"),
            migrations::Problem::ForeignDb => {
                Error::new(format!("the database {} belongs to another program", self.place))
                    .hint("name another file with `--database`; FlexGet's own database is never written to")
            }
        })?;
        Ok(connection)
    }

    fn explain(&self, error: rusqlite::Error) -> Error {
        let place = &self.place;
        let (what, hint) = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                ("is in use by another process for too long", "wait until that has ended, or end it, and try again")
            }
            Some(ErrorCode::NotADatabase) => {
                ("is not a database", "name another file with `--database`, or move this one away: a new one is made")
            }
            Some(ErrorCode::DatabaseCorrupt) => {
                ("is damaged", "restore it from a backup, or move it away: a new one is made")
            }
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                ("cannot be opened for writing", "check the permissions of the file and of its folder")
            }
            Some(ErrorCode::DiskFull) => ("cannot grow: the disk is full", "make room and try again"),
            _ => ("cannot be used", "check the file and its folder, or name another with `--database`"),
        };
        Error::new(format!("the database {place} {what}")).hint(hint).cause(error)
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000;")
}

/// The time in a column of milliseconds.
fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    to_time(column, row.get(column)?)
}

/// The time in a column of milliseconds that may be empty.
fn optional_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(|milliseconds| to_time(column, milliseconds)).transpose()
}

fn to_time(column: usize, milliseconds: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error)))
}

/// The number in a column that is never negative.
fn whole(row: &Row<'_>, column: usize) -> rusqlite::Result<usize> {
    row.get::<_, i64>(column).map(|number| usize::try_from(number).unwrap_or_default())
}

/// The JSON in a column of text.
fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    from_json(column, row.get_ref(column)?.as_str()?)
}

/// The JSON in a column of text that may be empty.
fn optional_json(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Value>> {
    row.get_ref(column)?.as_str_or_null()?.map(|text| from_json(column, text)).transpose()
}

fn from_json<T: serde::de::DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}
