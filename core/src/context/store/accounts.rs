//! The rows behind [`Auth`](crate::context::auth::Auth).

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row};
use secrecy::{ExposeSecret, SecretString};

use super::database::Store;
use super::rows::time;
use crate::error::Result;

/// Tokens are renewed this long before they expire, or after three quarters of their life, whatever is later.
const MARGIN: Duration = Duration::from_secs(24 * 60 * 60);

/// What a service gave out for an account.
///
/// The secrets show as `[REDACTED]` when formatted; `ExposeSecret` is the only way to them.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Sent with every request.
    pub access: SecretString,
    /// Exchanged for the next tokens, once.
    pub refresh: SecretString,
    /// What the tokens allow, in the service's words.
    pub scope: Option<String>,
    /// When they were given out, by the service's clock.
    pub created: Timestamp,
    /// When the access token ends.
    pub expires: Timestamp,
}

/// A stored authorization.
#[derive(Debug, Clone)]
pub struct Account {
    /// The service, such as the name of a website.
    pub service: String,
    /// The name that the user gave to the authorization.
    pub name: String,
    /// The application that was authorized.
    pub client_id: String,
    /// Its secret, for services that want one.
    pub client_secret: Option<SecretString>,
    /// The tokens of today.
    pub tokens: Tokens,
    /// The service's own name of the user.
    pub user: Option<String>,
    /// The same as the service writes it in addresses.
    pub user_slug: Option<String>,
    /// Whether it can be used.
    pub state: AccountState,
}

/// Whether an account can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountState {
    /// As far as is known.
    Ok,
    /// The service no longer takes the refresh token, for this reason; only the user can help.
    NeedsAuthorization(String),
}

impl Account {
    /// When the tokens should be renewed.
    pub fn renew_at(&self) -> Timestamp {
        renew_at(self.tokens.created, self.tokens.expires)
    }
}

/// When tokens with this life should be renewed: a day before the end, or a quarter of the life when that is shorter.
pub fn renew_at(created: Timestamp, expires: Timestamp) -> Timestamp {
    let life = Duration::try_from(expires.duration_since(created)).unwrap_or_default();
    expires.checked_sub(MARGIN.min(life / 4)).unwrap_or(expires)
}

const SELECT: &str = "SELECT service, name, client_id, client_secret, access_token, refresh_token, scope, created, \
                      expires, user, user_slug, dead FROM account";

impl Store {
    pub(crate) fn accounts(&self, service: &str) -> Result<Vec<Account>> {
        self.auth_database().read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} WHERE service = ? ORDER BY name"))?
                .query_map([service], account)?
                .collect()
        })
    }

    pub(crate) fn account(&self, service: &str, name: &str) -> Result<Option<Account>> {
        self.auth_database().read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} WHERE service = ? AND name = ?"))?
                .query_row((service, name), account)
                .optional()
        })
    }

    pub(crate) fn save_account(&self, account: &Account) -> Result<()> {
        let Account { service, name, client_id, client_secret, tokens, user, user_slug, state } = account;
        let dead = match state {
            AccountState::Ok => None,
            AccountState::NeedsAuthorization(reason) => Some(reason),
        };
        self.auth_database().write_durably(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO account (service, name, client_id, client_secret, access_token, \
                 refresh_token, scope, created, expires, user, user_slug, dead) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    service,
                    name,
                    client_id,
                    client_secret.as_ref().map(|secret| secret.expose_secret()),
                    tokens.access.expose_secret(),
                    tokens.refresh.expose_secret(),
                    &tokens.scope,
                    tokens.created.as_millisecond(),
                    tokens.expires.as_millisecond(),
                    user,
                    user_slug,
                    dead,
                ),
            )?;
            Ok(())
        })
    }

    pub(crate) fn delete_account(&self, service: &str, name: &str) -> Result<bool> {
        self.auth_database().write_durably(|transaction| {
            Ok(transaction.execute("DELETE FROM account WHERE service = ? AND name = ?", (service, name))? > 0)
        })
    }

    /// Puts `renewed` in the place of the tokens of `old`, unless the account was changed or deleted meanwhile.
    pub(crate) fn replace_tokens(&self, old: &Account, renewed: &Tokens) -> Result<bool> {
        self.auth_database().write_durably(|transaction| {
            let changed = transaction.execute(
                "UPDATE account SET access_token = ?, refresh_token = ?, scope = ?, created = ?, expires = ?, \
                 dead = NULL WHERE service = ? AND name = ? AND refresh_token = ?",
                (
                    renewed.access.expose_secret(),
                    renewed.refresh.expose_secret(),
                    &renewed.scope,
                    renewed.created.as_millisecond(),
                    renewed.expires.as_millisecond(),
                    &old.service,
                    &old.name,
                    old.tokens.refresh.expose_secret(),
                ),
            )?;
            Ok(changed > 0)
        })
    }

    /// Marks the grant of `old` as dead, unless the account was changed or deleted meanwhile.
    pub(crate) fn mark_dead(&self, old: &Account, reason: &str) -> Result<bool> {
        self.auth_database().write_durably(|transaction| {
            let changed = transaction.execute(
                "UPDATE account SET dead = ? WHERE service = ? AND name = ? AND refresh_token = ?",
                (reason, &old.service, &old.name, old.tokens.refresh.expose_secret()),
            )?;
            Ok(changed > 0)
        })
    }
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
