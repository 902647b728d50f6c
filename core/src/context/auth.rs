//! Credentials of all services: accounts by service and name, renewed one at a time, never printed.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

pub use crate::context::store::accounts::{Account, AccountState, Application, Auth, Tokens, renew_at};
use crate::error::{Error, Result};

#[cfg(test)]
pub(crate) mod tests;

/// Number of tries to store new tokens, one a second; each also waits for other processes.
const RENEWAL_TRIES: usize = 5;
const AUTHORIZATION_TRIES: usize = 60;
const SECOND: Duration = Duration::from_secs(1);

/// A renewal that did not succeed.
#[derive(Debug)]
#[non_exhaustive]
pub enum RenewError {
    /// The service rejected the refresh token for good, for this reason.
    Dead(String),
    /// It failed for another reason, and may succeed at the next try.
    Failed(Error),
}

impl From<Error> for RenewError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Auth {
    /// Stores an API key, which never expires, under a name that configs use as `account`.
    pub fn save_key(&self, service: &str, name: &str, key: SecretString) -> Result<()> {
        self.save_forever(service, name, None, key)
    }

    /// Stores a user name with its password, which never expires.
    pub fn save_password(&self, service: &str, name: &str, user: &str, password: SecretString) -> Result<()> {
        self.save_forever(service, name, Some(user), password)
    }

    fn save_forever(&self, service: &str, name: &str, user: Option<&str>, key: SecretString) -> Result<()> {
        let tokens = Tokens::new(key, SecretString::from(""), self.clock.now(), Timestamp::MAX);
        let account = Account::new(service, name, Application::new("", None), tokens);
        self.save(&Account { user: user.map(str::to_owned), ..account })
    }

    /// Returns a stored API key.
    ///
    /// # Errors
    ///
    /// There is no such account, besides the usual.
    pub fn key(&self, service: &str, name: &str) -> Result<SecretString> {
        self.usable(service, name).map(|account| account.tokens.access)
    }

    /// Returns a stored user name with its password.
    ///
    /// # Errors
    ///
    /// There is no such account, besides the usual.
    pub fn password(&self, service: &str, name: &str) -> Result<(String, SecretString)> {
        let account = self.usable(service, name)?;
        Ok((account.user.unwrap_or(account.name), account.tokens.access))
    }

    /// Stores an account that the user has just authorized, and waits if the database is busy.
    ///
    /// `waiting` is called with the failure before each further try.
    pub async fn save_new(&self, account: &Account, mut waiting: impl FnMut(&Error)) -> Result<()> {
        self.persist(AUTHORIZATION_TRIES, &mut waiting, || self.save(account)).await
    }

    /// Returns the account with tokens that are good, renewed if need be.
    ///
    /// Of all tasks, threads and processes that ask at the same time, one calls `refresh` and the
    /// others get its tokens: each takes the lock, reads the account again, and is done if it is
    /// `still_good` by then. New tokens are on disk before they are returned, so a process that is
    /// killed afterwards has lost nothing. Tokens that the user stored meanwhile by authorizing
    /// again are kept.
    ///
    /// # Errors
    ///
    /// There is no such account, it needs to be authorized again (which is remembered), or
    /// `refresh` failed.
    pub async fn renew(
        &self,
        service: &str,
        name: &str,
        still_good: impl Fn(&Account) -> bool,
        refresh: impl AsyncFnOnce(&Account) -> Result<Tokens, RenewError>,
    ) -> Result<Account> {
        let account = self.usable(service, name)?;
        if still_good(&account) {
            return Ok(account);
        }
        let _lock = self.store.lock(&self.clock).await?;
        let account = self.usable(service, name)?;
        if still_good(&account) {
            return Ok(account);
        }
        // A refresh token works once: it is not exchanged where the new one cannot be stored.
        self.prepare()?;
        if !self.replace_tokens(&account, &account.tokens)? {
            return self.usable(service, name);
        }
        match refresh(&account).await {
            Ok(tokens) if self.keep(&account, &tokens).await? => Ok(Account { tokens, ..account }),
            Err(RenewError::Dead(reason)) if self.mark_dead(&account, &reason)? => {
                Err(needs_authorization(service, name, &reason))
            }
            Ok(_) | Err(RenewError::Dead(_)) => self.usable(service, name),
            Err(RenewError::Failed(error)) => Err(error),
        }
    }

    /// Stores new tokens in place of the old ones, which are dead by now.
    async fn keep(&self, account: &Account, tokens: &Tokens) -> Result<bool> {
        let Account { service, name, .. } = account;
        let mut warn = |error: &Error| {
            tracing::warn!("the new tokens of account `{name}` are not stored yet: {error}");
        };
        let stored = self.persist(RENEWAL_TRIES, &mut warn, || self.replace_tokens(account, tokens)).await;
        stored.map_err(|error| {
            Error::new(format!("the new tokens of {service} account `{name}` could not be stored"))
                .hint(format!("when the database can be written again, run `{}`", command(service, name)))
                .cause(error)
        })
    }

    /// Retries a write once a second, a limited number of times.
    async fn persist<T>(
        &self,
        mut tries: usize,
        waiting: &mut impl FnMut(&Error),
        write: impl Fn() -> Result<T>,
    ) -> Result<T> {
        loop {
            match write() {
                Err(error) if tries > 0 => {
                    tries = tries.saturating_sub(1);
                    waiting(&error);
                    self.clock.sleep(SECOND).await;
                }
                done => return done,
            }
        }
    }

    /// Returns the account if it exists and can be renewed.
    ///
    /// # Errors
    ///
    /// There is no such account, or it needs to be authorized again.
    pub fn usable(&self, service: &str, name: &str) -> Result<Account> {
        let Some(account) = self.account(service, name)? else {
            return Err(Error::new(format!("there is no {service} account named `{name}`"))
                .hint(format!("authorize it first: `{}`", command(service, name))));
        };
        match account.state.problem() {
            Some(reason) => Err(needs_authorization(service, name, reason)),
            None => Ok(account),
        }
    }
}

fn needs_authorization(service: &str, name: &str, reason: &str) -> Error {
    Error::new(format!("the {service} account `{name}` needs to be authorized again: {reason}"))
        .hint(format!("run `{}`", command(service, name)))
}

/// Returns the command that authorizes an account of a service.
pub fn command(service: &str, name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
    if !name.is_empty() && name.chars().all(is_plain) {
        return format!("flexget-rs {service} auth {name}");
    }
    format!("flexget-rs {service} auth '{}'", name.replace('\'', r"'\''"))
}
