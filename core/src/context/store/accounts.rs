//! Accounts and applications: the rows behind [`Auth`].

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, Params, Row, Transaction};
use secrecy::{ExposeSecret, SecretString};

use super::database::{Database, Store};
use super::rows::{all, first, time};
use crate::context::clock::Clock;
use crate::error::Result;

/// How long before expiry tokens are renewed, or a quarter of their life if that is shorter.
const MARGIN: Duration = Duration::from_secs(24 * 60 * 60);

/// Space that is made sure of before tokens are exchanged, in bytes: more than storing them takes.
const RESERVE: i32 = 64 << 10;

/// The tokens of an account.
///
/// Secrets show as `[REDACTED]` when formatted; `ExposeSecret` is the only way to them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Tokens {
    /// Access token, sent with every request.
    pub access: SecretString,
    /// Refresh token, exchanged for the next tokens, once.
    ///
    /// Empty if the service gave none.
    pub refresh: SecretString,
    /// Scope, in the service's words.
    pub scope: Option<String>,
    /// When the tokens were issued, by the service's clock.
    pub created: Timestamp,
    /// When the access token expires.
    pub expires: Timestamp,
}

impl Tokens {
    /// Creates tokens without a scope; `refresh` is empty if there is none.
    pub fn new(access: SecretString, refresh: SecretString, created: Timestamp, expires: Timestamp) -> Self {
        Self { access, refresh, scope: None, created, expires }
    }
}

/// An application (OAuth client) that accounts are authorized with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Application {
    /// Client id.
    pub id: String,
    /// Client secret, for services that have one.
    pub secret: Option<SecretString>,
}

impl Application {
    /// Creates an application.
    pub fn new(id: impl Into<String>, secret: Option<SecretString>) -> Self {
        Self { id: id.into(), secret }
    }
}

/// A stored authorization.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Account {
    /// Service, such as the name of a website.
    pub service: String,
    /// Name that the user gave to the authorization.
    pub name: String,
    /// Client id of the application that was authorized.
    pub client_id: String,
    /// Client secret of the application, for services that have one.
    pub client_secret: Option<SecretString>,
    /// Current tokens.
    pub tokens: Tokens,
    /// User name at the service.
    pub user: Option<String>,
    /// User name as the service writes it in URLs.
    pub user_slug: Option<String>,
    /// Whether the account can be used.
    pub state: AccountState,
}

impl Account {
    /// Creates an account that can be used, and whose user is not known.
    pub fn new(service: &str, name: impl Into<String>, application: Application, tokens: Tokens) -> Self {
        Self {
            service: service.to_owned(),
            name: name.into(),
            client_id: application.id,
            client_secret: application.secret,
            tokens,
            user: None,
            user_slug: None,
            state: AccountState::Ok,
        }
    }
}

/// Whether an account can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountState {
    /// It can be used, as far as is known.
    Ok,
    /// The service rejected the refresh token, for this reason; only the user can help.
    NeedsAuthorization(String),
}

impl AccountState {
    /// Returns why the user has to authorize it again; `None` if it can be used.
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Ok => None,
            Self::NeedsAuthorization(reason) => Some(reason),
        }
    }
}

/// An account that was found in the database beside a config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Moved {
    /// It is in the auth store now.
    Here(String),
    /// The auth store has newer tokens of the same user.
    Older(String),
    /// It has another name now, because the auth store has somebody else under the first.
    Renamed(String, String),
}

impl Moved {
    /// Describes it for the user.
    pub(super) fn message(&self, from: &impl fmt::Display, to: &impl fmt::Display) -> String {
        match self {
            Self::Here(name) => {
                format!("moved account `{name}` from the database {from} to {to}, where all configs find it")
            }
            Self::Older(name) => {
                format!("removed account `{name}` from the database {from}: {to} has newer tokens of the same user")
            }
            Self::Renamed(name, renamed) => format!(
                "moved account `{name}` from the database {from} to {to} as `{renamed}`, because `{name}` is another \
                 user there: write `account: {renamed}` in the configs that mean it"
            ),
        }
    }
}

impl Account {
    /// Returns when the tokens should be renewed.
    pub fn renew_at(&self) -> Timestamp {
        renew_at(self.tokens.created, self.tokens.expires)
    }
}

/// Returns when to renew tokens: a day before expiry, or a quarter of their life if shorter.
pub fn renew_at(created: Timestamp, expires: Timestamp) -> Timestamp {
    let life = Duration::try_from(expires.duration_since(created)).unwrap_or_default();
    expires.checked_sub(MARGIN.min(Duration::from_secs(life.as_secs() / 4))).unwrap_or(expires)
}

const SELECT: &str = "SELECT service, name, account.client_id, client_secret, access_token, refresh_token, scope, \
                      created, expires, user, user_slug, dead FROM account LEFT JOIN application \
                      USING (service, client_id)";

/// The accounts and applications of all services, in the auth store.
///
/// Cheap to clone.
///
/// ```
/// use flexget_core::context::auth::{Account, AccountState, Application, Tokens};
///
/// let cx = flexget_core::testing::context();
/// let now = cx.clock.now();
/// let expires = now + std::time::Duration::from_secs(3600);
/// let tokens = Tokens::new("access".into(), "refresh".into(), now, expires);
/// let application = Application::new("my-application", None);
/// let account = Account::new("example", "me", application, tokens);
/// cx.auth.save(&account).unwrap();
///
/// let stored = cx.auth.account("example", "me").unwrap().unwrap();
/// assert_eq!(stored.state, AccountState::Ok);
/// assert!(format!("{stored:?}").contains("REDACTED"));
/// // The application survives the account.
/// assert!(cx.auth.delete("example", "me").unwrap());
/// assert_eq!(cx.auth.applications("example").unwrap()[0].id, "my-application");
/// ```
#[derive(Debug, Clone)]
pub struct Auth {
    pub(in crate::context) store: Store,
    pub(in crate::context) clock: Clock,
}

impl Auth {
    /// Opens the accounts of `store`.
    ///
    /// Also those of a scratch store are the real ones.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Returns the accounts of a service, by name.
    ///
    /// # Errors
    ///
    /// The database cannot be used; so for all methods.
    pub fn accounts(&self, service: &str) -> Result<Vec<Account>> {
        let query = format!("{SELECT} WHERE service = ? ORDER BY name");
        self.store.auth_database().read(|connection| all(connection, &query, [service], account))
    }

    /// Returns the services that have accounts, by name.
    pub fn services(&self) -> Result<Vec<String>> {
        let query = "SELECT DISTINCT service FROM account ORDER BY service";
        self.store.auth_database().read(|connection| all(connection, query, [], |row| row.get(0)))
    }

    /// Returns all accounts, by service and name.
    pub fn all(&self) -> Result<Vec<Account>> {
        let query = format!("{SELECT} ORDER BY service, name");
        self.store.auth_database().read(|connection| all(connection, &query, [], account))
    }

    /// Returns the account of this name.
    pub fn account(&self, service: &str, name: &str) -> Result<Option<Account>> {
        self.store.auth_database().read(|connection| one(connection, service, name))
    }

    /// Returns the applications of a service, the one that was authorized last first.
    pub fn applications(&self, service: &str) -> Result<Vec<Application>> {
        let query = "SELECT client_id, client_secret FROM application WHERE service = ? ORDER BY used DESC, client_id";
        let application = |row: &Row<'_>| {
            let secret = row.get::<_, Option<String>>(1)?.map(SecretString::from);
            Ok(Application { id: row.get(0)?, secret })
        };
        self.store.auth_database().read(|connection| all(connection, query, [service], application))
    }

    /// Stores an application, which new accounts are authorized with from now on.
    pub fn save_application(&self, service: &str, application: &Application) -> Result<()> {
        let now = self.clock.now();
        self.store.auth_database().write_secret(|transaction| save_application(transaction, service, application, now))
    }

    /// Forgets an application; returns whether it was known.
    ///
    /// No trace of its secret stays in the file.
    pub fn delete_application(&self, service: &str, id: &str) -> Result<bool> {
        self.erase("DELETE FROM application WHERE service = ? AND client_id = ?", service, id)
    }

    /// Stores an account in place of the one of the same service and name.
    ///
    /// It is on disk when this returns.
    pub fn save(&self, account: &Account) -> Result<()> {
        self.store.auth_database().write_secret(|transaction| save(transaction, account))
    }

    /// Deletes an account; returns whether there was one.
    ///
    /// Its application stays. No trace of its tokens stays in the file.
    pub fn delete(&self, service: &str, name: &str) -> Result<bool> {
        self.erase("DELETE FROM account WHERE service = ? AND name = ?", service, name)
    }

    fn erase(&self, statement: &str, service: &str, name: &str) -> Result<bool> {
        let deleted = self.update(statement, (service, name))?;
        self.store.auth_database().truncate_log()?;
        Ok(deleted)
    }

    /// Runs a statement, and returns whether it changed something.
    fn update(&self, statement: &str, parameters: impl Params) -> Result<bool> {
        self.store.auth_database().write_secret(|transaction| Ok(transaction.execute(statement, parameters)? > 0))
    }

    /// Makes sure that an account can be stored, before the user is asked to authorize it.
    ///
    /// It writes, and leaves room for what will be written.
    pub fn prepare(&self) -> Result<()> {
        let database = self.store.auth_database();
        database.write_secret(|transaction| {
            transaction.execute("INSERT OR REPLACE INTO reserve (id, room) VALUES (1, zeroblob(?))", [RESERVE])
        })?;
        database.write(|transaction| transaction.execute("DELETE FROM reserve", []))?;
        // The log is written again from its start, in the space that it has taken.
        database.read(|connection| connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)"))
    }

    /// Sets the user name of an account, unless its tokens have changed since it was read.
    ///
    /// Returns whether it was set.
    pub fn set_user(&self, of: &Account, user: Option<&str>, slug: Option<&str>) -> Result<bool> {
        let Account { service, name, tokens, .. } = of;
        let (access, refresh) = (tokens.access.expose_secret(), tokens.refresh.expose_secret());
        let update = format!("UPDATE account SET user = ?5, user_slug = ?6 {SAME_TOKENS}");
        self.update(&update, (service, name, access, refresh, user, slug))
    }

    /// Replaces the tokens of `old`, unless they were renewed, replaced or deleted meanwhile.
    pub(in crate::context) fn replace_tokens(&self, old: &Account, renewed: &Tokens) -> Result<bool> {
        let update = format!(
            "UPDATE account SET access_token = ?5, refresh_token = ?6, scope = ?7, created = ?8, expires = ?9, \
             dead = NULL {SAME_TOKENS}"
        );
        let parameters = (
            &old.service,
            &old.name,
            old.tokens.access.expose_secret(),
            old.tokens.refresh.expose_secret(),
            renewed.access.expose_secret(),
            renewed.refresh.expose_secret(),
            &renewed.scope,
            renewed.created.as_millisecond(),
            renewed.expires.as_millisecond(),
        );
        self.update(&update, parameters)
    }

    /// Marks the refresh token of `old` as dead, unless it was replaced or deleted meanwhile.
    pub(in crate::context) fn mark_dead(&self, old: &Account, reason: &str) -> Result<bool> {
        let update = "UPDATE account SET dead = ? WHERE service = ? AND name = ? AND refresh_token = ?";
        self.update(update, (reason, &old.service, &old.name, old.tokens.refresh.expose_secret()))
    }
}

/// The condition that an account still has the tokens that were read.
const SAME_TOKENS: &str = "WHERE service = ?1 AND name = ?2 AND access_token = ?3 AND refresh_token = ?4";

/// Returns the names of all accounts of a database.
pub(super) fn names(database: &Database) -> Result<Vec<String>> {
    let query = "SELECT DISTINCT name FROM account ORDER BY 1";
    database.read(|connection| all(connection, query, [], |row| row.get(0)))
}

/// Moves all accounts and applications of one database to another, and returns what became of them.
pub(super) fn move_all(from: &Database, to: &Database) -> Result<Vec<Moved>> {
    let (accounts, has_applications) = from.read(|connection| {
        let accounts: Vec<Account> = all(connection, SELECT, [], account)?;
        Ok((accounts, connection.prepare("SELECT 1 FROM application")?.exists([])?))
    })?;
    if accounts.is_empty() && !has_applications {
        return Ok(Vec::new());
    }
    let applications: Vec<(String, String, Option<String>, i64)> = from.read(|connection| {
        let query = "SELECT service, client_id, client_secret, used FROM application";
        all(connection, query, [], |row| row.try_into())
    })?;
    let moved = to.write_secret(|transaction| {
        for application in &applications {
            transaction.execute(
                "INSERT OR IGNORE INTO application (service, client_id, client_secret, used) VALUES (?, ?, ?, ?)",
                application.clone(),
            )?;
        }
        accounts.iter().map(|account| move_one(transaction, account)).collect::<rusqlite::Result<Vec<_>>>()
    })?;
    // Only now: of two places, one has them at any time.
    from.write_secret(|transaction| transaction.execute_batch("DELETE FROM account; DELETE FROM application;"))?;
    from.truncate_log()?;
    Ok(moved)
}

fn move_one(transaction: &Transaction<'_>, found: &Account) -> rusqlite::Result<Moved> {
    let name = || found.name.clone();
    let Some(stored) = one(transaction, &found.service, &found.name)? else {
        save(transaction, found)?;
        return Ok(Moved::Here(name()));
    };
    let is_same_user =
        |slug: Option<&str>| slug.is_none_or(|slug| stored.user_slug.as_deref().is_none_or(|it| it == slug));
    if !is_same_user(found.user_slug.as_deref()) {
        let renamed = format!("{} ({})", found.name, found.user.as_deref().unwrap_or("another user"));
        save(transaction, &Account { name: renamed.clone(), ..found.clone() })?;
        return Ok(Moved::Renamed(name(), renamed));
    }
    let is_alive = |account: &Account| account.state == AccountState::Ok;
    let is_better = (is_alive(found), found.tokens.created) > (is_alive(&stored), stored.tokens.created);
    if !is_better {
        return Ok(Moved::Older(name()));
    }
    save(transaction, found)?;
    Ok(Moved::Here(name()))
}

fn one(connection: &Connection, service: &str, name: &str) -> rusqlite::Result<Option<Account>> {
    first(connection, &format!("{SELECT} WHERE service = ? AND name = ?"), (service, name), account)
}

fn save(transaction: &Transaction<'_>, account: &Account) -> rusqlite::Result<()> {
    let Account { service, name, client_id, client_secret, tokens, user, user_slug, state } = account;
    if !client_id.is_empty() {
        let application = Application { id: client_id.clone(), secret: client_secret.clone() };
        save_application(transaction, service, &application, tokens.created)?;
    }
    let insert = "INSERT OR REPLACE INTO account (service, name, client_id, access_token, refresh_token, scope, \
                  created, expires, user, user_slug, dead) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let parameters = (
        service,
        name,
        client_id,
        tokens.access.expose_secret(),
        tokens.refresh.expose_secret(),
        &tokens.scope,
        tokens.created.as_millisecond(),
        tokens.expires.as_millisecond(),
        user,
        user_slug,
        state.problem(),
    );
    transaction.execute(insert, parameters).map(drop)
}

fn save_application(
    transaction: &Transaction<'_>,
    service: &str,
    application: &Application,
    used: Timestamp,
) -> rusqlite::Result<()> {
    let secret = application.secret.as_ref().map(ExposeSecret::expose_secret);
    let insert = "INSERT OR REPLACE INTO application (service, client_id, client_secret, used) VALUES (?, ?, ?, ?)";
    transaction.execute(insert, (service, &application.id, secret, used.as_millisecond())).map(drop)
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let secret = |column| Ok::<_, rusqlite::Error>(SecretString::from(row.get::<_, String>(column)?));
    let dead: Option<String> = row.get(11)?;
    Ok(Account {
        service: row.get(0)?,
        name: row.get(1)?,
        client_id: row.get(2)?,
        client_secret: row.get::<_, Option<String>>(3)?.map(SecretString::from),
        tokens: Tokens {
            access: secret(4)?,
            refresh: secret(5)?,
            scope: row.get(6)?,
            created: time(row, 7)?,
            expires: time(row, 8)?,
        },
        user: row.get(9)?,
        user_slug: row.get(10)?,
        state: dead.map_or(AccountState::Ok, AccountState::NeedsAuthorization),
    })
}
