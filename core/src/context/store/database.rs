//! The database and its connection, which is opened on first use.

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::file;
use super::migrations::{self, MigrationError};
use super::overlay;
use crate::error::{Error, OUT_OF_FILES, Result};

/// How long a statement waits for another process that is writing.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Number of statements that a connection keeps prepared.
const PREPARED: usize = 64;

/// Moves what belongs in the auth store from the first database to the second; a dry run tells it.
pub(super) type MoveToAuth = fn(&Database, &Database, IsDryRun);

/// Whether nothing may be changed.
type IsDryRun = bool;

/// Database beside a config that may still hold accounts, with the function that moves them.
///
/// It is `None` once that is done.
type PendingMove = Rc<RefCell<Option<(Rc<Database>, MoveToAuth, IsDryRun)>>>;

/// Database of what is remembered between runs.
///
/// Cheap to clone: clones share their connections.
///
/// Nothing is opened, and no file is made, before something is read or written.
#[derive(Clone)]
pub struct Store {
    /// Accounts and rate limits.
    auth: Rc<Database>,
    /// Database beside a config that may still hold accounts, if it is another; read on first use.
    accounts_in: PendingMove,
    /// Database of tasks: the same one, or one in memory over it.
    tasks: Rc<Database>,
    /// Changes to the lists of accounts: the auth store, or one in memory over it.
    journal: Rc<Database>,
    /// Scope of what tasks remember, as it is written in the database.
    scope: Rc<str>,
}

/// Scope of what belongs to no config.
pub(super) const SHARED_SCOPE: &str = "";

impl Store {
    /// Opens the database file at `path`, which is created with mode 0600 on first use.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self::over(Place::File(path.into()))
    }

    /// Creates a database that lives as long as this store and its clones.
    pub fn in_memory() -> Self {
        Self::over(Place::InMemory)
    }

    fn over(place: Place) -> Self {
        let database = Rc::new(Database::new(place, true));
        Self {
            auth: Rc::clone(&database),
            accounts_in: Rc::default(),
            tasks: Rc::clone(&database),
            journal: database,
            scope: scope_of(""),
        }
    }

    /// Returns the same store with another auth store.
    ///
    /// `move_to_auth` is called on first use, if this store's own file exists.
    pub(super) fn with_auth_database(&self, path: impl Into<PathBuf>, move_to_auth: MoveToAuth) -> Self {
        let place = |place: &Place| place.path().map(Path::to_path_buf);
        let Some(beside) = place(&self.tasks.place) else { return self.clone() };
        let path = path.into();
        if file::canonical(&path) == file::canonical(&beside) {
            return self.clone();
        }
        let tasks = Rc::new(Database::new(Place::File(beside), false));
        let auth = Rc::new(Database::new(Place::File(path), true));
        Self {
            journal: Rc::clone(&auth),
            auth,
            accounts_in: Rc::new(RefCell::new(Some((Rc::clone(&tasks), move_to_auth, false)))),
            tasks,
            scope: Rc::clone(&self.scope),
        }
    }

    /// Returns the same store for the config of this name; configs do not see each other's records.
    #[must_use]
    pub fn scoped(&self, config_name: &str) -> Self {
        Self { scope: scope_of(config_name), ..self.clone() }
    }

    /// Returns a store for dry runs, whose changes are forgotten at its end.
    ///
    /// Accounts and rate limits still go to the real auth store, so that a renewed token is never
    /// lost. Accounts beside the config stay there, which is logged.
    #[must_use]
    pub fn scratch(&self) -> Self {
        let pending = self.accounts_in.borrow();
        let pending = pending.as_ref().map(|(beside, move_to_auth, _)| (Rc::clone(beside), *move_to_auth, true));
        let over = |database: &Rc<Database>| Rc::new(Database::new(Place::Over(Rc::clone(database)), false));
        let tasks = over(&self.tasks);
        let is_one = Rc::ptr_eq(&self.tasks, &self.journal);
        let journal = if is_one { Rc::clone(&tasks) } else { over(&self.journal) };
        Self { accounts_in: Rc::new(RefCell::new(pending)), tasks, journal, ..self.clone() }
    }

    /// Returns the file of the auth store; `None` in memory.
    pub fn path(&self) -> Option<&Path> {
        self.auth.place.path()
    }

    /// Returns the file of what tasks remember; `None` in memory.
    pub fn task_path(&self) -> Option<&Path> {
        self.tasks.place.path()
    }

    /// Returns a warning when others can read the file of the auth store.
    ///
    /// The same is logged when the database is opened.
    pub fn exposed(&self) -> Option<String> {
        self.path().and_then(file::exposed)
    }

    /// Returns the auth store, after moving accounts there that are still beside the config.
    pub(super) fn auth_database(&self) -> &Rc<Database> {
        let beside = self.accounts_in.borrow_mut().take();
        if let Some((beside, move_to_auth, is_dry_run)) = beside.filter(|(beside, ..)| beside.exists()) {
            move_to_auth(&beside, &self.auth, is_dry_run);
        }
        &self.auth
    }

    /// Returns the journal, after moving changes there that are still beside the config.
    pub(super) fn journal_database(&self) -> &Rc<Database> {
        self.auth_database();
        &self.journal
    }

    /// Returns the journal if one was ever written; asking makes no file.
    pub(super) fn existing_journal(&self) -> Option<&Rc<Database>> {
        Some(self.journal_database()).filter(|journal| journal.exists())
    }

    pub(super) fn task_database(&self) -> &Rc<Database> {
        &self.tasks
    }

    pub(super) fn scope(&self) -> &Rc<str> {
        &self.scope
    }

    /// Returns the same store for what all configs share.
    pub(super) fn shared(&self) -> Self {
        Self { scope: Rc::from(SHARED_SCOPE), ..self.clone() }
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

/// Place of a database.
enum Place {
    File(PathBuf),
    InMemory,
    /// In memory, over a database that is only read.
    Over(Rc<Database>),
}

impl Place {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::InMemory | Self::Over(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::InMemory => f.write_str("in memory"),
            Self::Over(original) => write!(f, "dry run over {}", original.place),
        }
    }
}

/// One database and its connection, which is opened on first use.
pub(super) struct Database {
    place: Place,
    has_accounts: bool,
    connection: RefCell<Option<Connection>>,
}

impl Database {
    fn new(place: Place, has_accounts: bool) -> Self {
        Self { place, has_accounts, connection: RefCell::new(None) }
    }

    /// Returns the file of the database; `None` in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        self.place.path()
    }

    /// Describes where it is, for messages.
    pub(super) fn place(&self) -> impl fmt::Display {
        &self.place
    }

    /// Runs `work` on the connection; `work` must not use the store.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        self.with(|connection| work(connection))
    }

    /// Runs `work` in a transaction that has the right to write from its start, and commits it.
    ///
    /// A transaction that starts by reading would fail at once, without waiting, when another
    /// process has written since.
    pub(super) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.with(|connection| in_transaction(connection, work))
    }

    /// Writes in a transaction that survives a loss of power once it is committed.
    pub(super) fn write_durably<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.with(|connection| {
            connection.pragma_update(None, "synchronous", "FULL")?;
            let done = in_transaction(connection, work);
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            done
        })
    }

    /// Writes secrets in a transaction: deleted and replaced ones are overwritten in the file.
    pub(super) fn write_secret<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.with(|connection| connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(())))?;
        let done = self.write_durably(work);
        self.with(|connection| connection.pragma_update_and_check(None, "secure_delete", false, |_| Ok(())))?;
        done
    }

    /// Moves the log of writes into the database and empties it, unless another process reads it.
    pub(super) fn truncate_log(&self) -> Result<()> {
        self.read(|connection| connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"))
    }

    /// Returns whether anything was ever stored in it.
    fn exists(&self) -> bool {
        match &self.place {
            Place::File(path) => path.exists(),
            Place::InMemory => true,
            Place::Over(original) => original.exists() || self.is_open(),
        }
    }

    /// Returns whether the database was used.
    pub(super) fn is_open(&self) -> bool {
        self.connection.try_borrow().is_ok_and(|connection| connection.is_some())
    }

    /// Returns whether this is a database in memory over another one, for a dry run.
    pub(super) fn is_overlay(&self) -> bool {
        matches!(self.place, Place::Over(_))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T> {
        let Ok(mut slot) = self.connection.try_borrow_mut() else {
            return Err(Error::new(format!("the database {} is in use by the caller itself", self.place))
                .hint("a callback of the store must not use the store: this is a bug"));
        };
        let connection = match slot.as_mut() {
            Some(connection) => connection,
            None => slot.insert(self.open()?),
        };
        work(connection).map_err(|error| self.explain(error))
    }

    fn open(&self) -> Result<Connection> {
        match &self.place {
            Place::File(path) => {
                file::prepare(path, self.has_accounts)?;
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                self.set_up(Connection::open_with_flags(path, flags))
            }
            Place::InMemory => self.set_up(Connection::open_in_memory()),
            Place::Over(original) => self.open_over(original),
        }
    }

    /// Opens a database in memory over `original`; a file that does not exist yet is not made.
    fn open_over(&self, original: &Self) -> Result<Connection> {
        match original.place.path() {
            Some(path) if !path.exists() => self.set_up(Connection::open_in_memory()),
            Some(path) => {
                // Brings it up to date.
                original.read(|_| Ok(()))?;
                let connection = self.set_up(Connection::open_in_memory())?;
                overlay::attach(&connection, path).map_err(|error| self.explain(error))?;
                Ok(connection)
            }
            None => original.read(|from| {
                let mut to = Connection::open_in_memory()?;
                rusqlite::backup::Backup::new(from, &mut to)?.step(-1)?;
                configure(&to)?;
                migrations::forget_accounts(&to)?;
                Ok(to)
            }),
        }
    }

    fn set_up(&self, opened: rusqlite::Result<Connection>) -> Result<Connection> {
        let mut connection = opened.map_err(|error| self.explain(error))?;
        configure(&connection).map_err(|error| self.explain(error))?;
        migrations::migrate(&mut connection).map_err(|error| match error {
            MigrationError::Sql(error) => self.explain(error),
            MigrationError::Newer { found, known } => Error::new(format!(
                "the database {} was written by a newer version of this program: its version is {found}, known \
                    is {known}",
                self.place
            ))
            .hint("install the newer version again, or name another file with `--database`"),
            MigrationError::ForeignDb => Error::new(format!("the database {} belongs to another program", self.place))
                .hint("name another file with `--database`; FlexGet's own database is never written to"),
        })?;
        Ok(connection)
    }

    fn explain(&self, error: rusqlite::Error) -> Error {
        let place = &self.place;
        let (what, hint) = match error.sqlite_error_code() {
            Some(ErrorCode::CannotOpen) if place.path().is_some_and(file::cannot_open_more) => {
                ("cannot be opened", OUT_OF_FILES)
            }
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
            Some(ErrorCode::SystemIoFailure) => {
                ("cannot be read or written", "see whether the disk is full, or name another file with `--database`")
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
