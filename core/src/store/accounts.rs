//! The rows behind [`Auth`](crate::auth::Auth).

use rusqlite::{OptionalExtension, Row};
use secrecy::{ExposeSecret, SecretString};

use super::{Store, time};
use crate::auth::{Account, AccountState, Tokens};
use crate::error::Result;

const SELECT: &str = "SELECT service, name, client_id, client_secret, access_token, refresh_token, scope, created, \
                      expires, user, user_slug, dead FROM account";

impl Store {
    pub(crate) fn accounts(&self, service: &str) -> Result<Vec<Account>> {
        self.shared.read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} WHERE service = ? ORDER BY name"))?
                .query_map([service], account)?
                .collect()
        })
    }

    pub(crate) fn account(&self, service: &str, name: &str) -> Result<Option<Account>> {
        self.shared.read(|connection| {
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
        self.shared.write_durably(|transaction| {
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
        self.shared.write_durably(|transaction| {
            Ok(transaction.execute("DELETE FROM account WHERE service = ? AND name = ?", (service, name))? > 0)
        })
    }

    /// Puts `renewed` in the place of the tokens of `old`, unless the account was changed or deleted meanwhile.
    pub(crate) fn replace_tokens(&self, old: &Account, renewed: &Tokens) -> Result<bool> {
        self.shared.write_durably(|transaction| {
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
        self.shared.write_durably(|transaction| {
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
