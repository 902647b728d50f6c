//! The tables, and the steps that bring older databases up to date.

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::record;

/// Marks the files that are ours ("FGRS"), so that no other program's database is ever written to.
const APPLICATION: i32 = 0x4647_5253;

/// A step from one version to the next: SQL, then what SQL cannot do.
struct Step {
    sql: &'static str,
    then: fn(&Transaction<'_>) -> rusqlite::Result<()>,
}

/// The steps, one for each version, the current one last.
///
/// A step is never edited.
const STEPS: &[Step] = &[
    Step { sql: FIRST, then: |_| Ok(()) },
    Step { sql: KEYS_BY_NUMBER, then: record::index_all },
    Step { sql: BUCKETS, then: |_| Ok(()) },
    Step { sql: APPLICATIONS, then: |_| Ok(()) },
    Step { sql: LEASES, then: |_| Ok(()) },
    Step { sql: RUNS, then: |_| Ok(()) },
    Step { sql: RUNS_BY_TIME, then: |_| Ok(()) },
];

/// The counts of runs over time are read, and old runs are found, without their details.
const RUNS_BY_TIME: &str = "
    CREATE INDEX run_of_time ON run
        (scope, started, outcome, produced, accepted, rejected, failed, changed, requests, waited);
";

/// The history of runs, and when the items of schedules run next.
const RUNS: &str = "
    CREATE TABLE run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        scope TEXT NOT NULL,
        task TEXT NOT NULL,
        started INTEGER NOT NULL, -- milliseconds since 1970
        elapsed INTEGER, -- milliseconds
        outcome TEXT NOT NULL,
        produced INTEGER NOT NULL DEFAULT 0,
        accepted INTEGER NOT NULL DEFAULT 0,
        rejected INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        changed INTEGER NOT NULL DEFAULT 0,
        requests INTEGER NOT NULL DEFAULT 0,
        waited INTEGER NOT NULL DEFAULT 0,
        details TEXT NOT NULL DEFAULT '{}',
        acted_on TEXT NOT NULL DEFAULT '[]',
        others TEXT NOT NULL DEFAULT '[]'
    ) STRICT;
    CREATE INDEX run_of_task ON run (scope, task, id);
    CREATE TABLE schedule (
        scope TEXT NOT NULL,
        key TEXT NOT NULL,
        next INTEGER NOT NULL,
        PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID;
";

/// A change is left to its own process while that lives, and changes are looked for by account.
const LEASES: &str = "
    ALTER TABLE change ADD COLUMN lease INTEGER; -- milliseconds since 1970
    ALTER TABLE change ADD COLUMN user TEXT;
    CREATE INDEX change_of_account ON change (service, account);
";

/// Rate limits are sliding windows.
const BUCKETS: &str = "
    DROP TABLE lane;
    CREATE TABLE bucket (
        name TEXT PRIMARY KEY,
        first INTEGER NOT NULL, -- milliseconds since 1970
        requests BLOB NOT NULL, -- milliseconds after the first, four bytes each
        blocked_until INTEGER NOT NULL,
        remaining INTEGER NOT NULL,
        remaining_until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// Keys are found by a hash, which takes a third of the room and of the time.
const KEYS_BY_NUMBER: &str = "
    DROP TABLE record_key;
    CREATE TABLE record_key (
        collection INTEGER NOT NULL,
        key INTEGER NOT NULL, -- a hash, which tells where to look; the record has the text
        record INTEGER NOT NULL,
        PRIMARY KEY (collection, key, record)
    ) STRICT, WITHOUT ROWID;
";

/// Applications survive the accounts that were authorized with them.
const APPLICATIONS: &str = "
    CREATE TABLE application (
        service TEXT NOT NULL,
        client_id TEXT NOT NULL,
        client_secret TEXT,
        used INTEGER NOT NULL, -- when an account was last authorized with it
        PRIMARY KEY (service, client_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO application (service, client_id, client_secret, used)
        SELECT service, client_id, max(client_secret), max(created) FROM account GROUP BY service, client_id;
    ALTER TABLE account DROP COLUMN client_secret;

    CREATE TABLE reserve (id INTEGER PRIMARY KEY, room BLOB NOT NULL) STRICT;
";

const FIRST: &str = "
    CREATE TABLE account (
        service TEXT NOT NULL,
        name TEXT NOT NULL,
        client_id TEXT NOT NULL,
        client_secret TEXT,
        access_token TEXT NOT NULL,
        refresh_token TEXT NOT NULL,
        scope TEXT,
        created INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        user TEXT,
        user_slug TEXT,
        dead TEXT,
        PRIMARY KEY (service, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE lane (
        name TEXT PRIMARY KEY,
        next INTEGER NOT NULL,
        held INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE collection (
        id INTEGER PRIMARY KEY,
        scope TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        last INTEGER NOT NULL DEFAULT 0, -- the number of the record that was inserted last
        UNIQUE (scope, kind, name)
    ) STRICT;

    -- The id is the collection's id and the record's number in it (its lower 32 bits): so the records of a
    -- collection lie together, in the order of insertion, and need no index.
    CREATE TABLE record (
        id INTEGER PRIMARY KEY,
        added INTEGER NOT NULL,
        expires INTEGER,
        keys TEXT NOT NULL,
        data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX record_expires ON record (expires) WHERE expires IS NOT NULL;

    CREATE TABLE record_key (
        collection INTEGER NOT NULL,
        key TEXT NOT NULL,
        record INTEGER NOT NULL,
        PRIMARY KEY (collection, key, record)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE setting (
        scope TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE change (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        scope TEXT NOT NULL,
        at INTEGER NOT NULL,
        service TEXT NOT NULL,
        account TEXT,
        list TEXT NOT NULL,
        list_config TEXT NOT NULL,
        action TEXT NOT NULL,
        items TEXT NOT NULL,
        state TEXT NOT NULL,
        answer TEXT,
        undo_of INTEGER
    ) STRICT;
    CREATE INDEX change_of_scope ON change (scope);
    CREATE INDEX change_unsettled ON change (scope, state) WHERE state IN ('pending', 'uncertain');
";

/// Creates the tables as they were in a version.
#[cfg(test)]
pub(super) fn lay_out(connection: &Connection, version: usize) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", version as i64)?;
    STEPS[..version].iter().try_for_each(|step| connection.execute_batch(step.sql))
}

/// Brings the database to the current version; returns at once when it has it.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), MigrationError> {
    let found = version(connection)?;
    // Lasts in the file. Of several processes that start at once one may find it busy; it goes on
    // and sees the change.
    match connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => (),
        done => done?,
    }
    if found == STEPS.len() {
        return Ok(());
    }
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = version(&transaction)?;
        let Some(step) = STEPS.get(found) else { return Ok(()) };
        if found == 0 {
            transaction.pragma_update(None, "application_id", APPLICATION)?;
        }
        transaction.execute_batch(step.sql)?;
        (step.then)(&transaction)?;
        transaction.pragma_update(None, "user_version", found.saturating_add(1) as i64)?;
        transaction.commit()?;
    }
}

/// Removes the credentials from a copy that does not need them.
pub(super) fn forget_accounts(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DELETE FROM account; DELETE FROM application;")
}

/// Returns the version of a database that is ours, or is still empty.
fn version(connection: &Connection) -> Result<usize, MigrationError> {
    // One statement sees one state: another process may be making the tables.
    let (version, application, tables): (i64, i32, i64) = connection.query_row(
        "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) \
         FROM pragma_user_version, pragma_application_id",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    if application != APPLICATION {
        return if version == 0 && tables == 0 { Ok(0) } else { Err(MigrationError::ForeignDb) };
    }
    match usize::try_from(version) {
        Ok(version) if version <= STEPS.len() => Ok(version),
        _ => Err(MigrationError::Newer { found: version, known: STEPS.len() }),
    }
}

/// Reasons why a database cannot be used.
#[derive(Debug)]
pub(super) enum MigrationError {
    /// It was written by a later version of this program.
    Newer {
        /// Its version.
        found: i64,
        /// The version that is known.
        known: usize,
    },
    /// It belongs to another program.
    ForeignDb,
    /// SQLite failed.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for MigrationError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}
