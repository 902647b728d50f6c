//! The credentials of every plugin: accounts by service and name, renewed one at a time, never printed.

use std::time::Duration;

use crate::context::clock::Clock;
use crate::context::store::Store;
pub use crate::context::store::accounts::{Account, AccountState, Tokens, renew_at};
use crate::error::{Error, Result};

#[cfg(test)]
pub(crate) mod tests;

/// How often it is tried again to store new tokens, and after how long. A database that another process uses is waited for
/// besides.
const MOST_TRIES: usize = 5;
const SECOND: Duration = Duration::from_secs(1);

/// Why a renewal did not succeed.
#[derive(Debug)]
pub enum RenewError {
    /// The service says that the refresh token is of no use any more, for this reason.
    Dead(String),
    /// Anything else: the next try may succeed.
    Failed(Error),
}

impl From<Error> for RenewError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The accounts of all services, in the shared part of the store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Auth {
    store: Store,
    clock: Clock,
}

impl Auth {
    /// The accounts in `store`, which may be a scratch store: accounts are always kept in the real one.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// The accounts of a service, by name.
    ///
    /// # Errors
    ///
    /// When the database cannot be used; so do all methods here.
    pub fn accounts(&self, service: &str) -> Result<Vec<Account>> {
        self.store.accounts(service)
    }

    /// The account of this name.
    pub fn account(&self, service: &str, name: &str) -> Result<Option<Account>> {
        self.store.account(service, name)
    }

    /// Stores an account in place of the one of the same service and name. It is on disk when this returns.
    pub fn save(&self, account: &Account) -> Result<()> {
        self.store.save_account(account)
    }

    /// Forgets an account; says whether there was one.
    pub fn delete(&self, service: &str, name: &str) -> Result<bool> {
        self.store.delete_account(service, name)
    }

    /// The account with tokens that are good, renewed if need be.
    ///
    /// Of all tasks, threads and processes that ask at the same time, one calls `refresh` and the others get what it
    /// brought: everybody takes the lock, reads the account again, and is done if it is `still_good` by then. New
    /// tokens are on disk before they are returned, so a process that is killed afterwards has lost nothing. Tokens
    /// that the user stored by authorizing again during a renewal are kept.
    ///
    /// # Errors
    ///
    /// When there is no such account, when it needs to be authorized again (which is remembered), or what `refresh` says.
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
        // A rehearsal: where nothing can be written, tokens that are good for one exchange are not exchanged.
        if !self.store.replace_tokens(&account, &account.tokens)? {
            return self.usable(service, name);
        }
        match refresh(&account).await {
            Ok(tokens) if self.keep(&account, &tokens).await? => Ok(Account { tokens, ..account }),
            Err(RenewError::Dead(reason)) if self.store.mark_dead(&account, &reason)? => {
                Err(needs_authorization(service, name, &reason))
            }
            Ok(_) | Err(RenewError::Dead(_)) => self.usable(service, name),
            Err(RenewError::Failed(error)) => Err(error),
        }
    }

    /// Writes new tokens down in place of the old ones, which are of no use any more: not at the first failure are they lost.
    async fn keep(&self, account: &Account, tokens: &Tokens) -> Result<bool> {
        let mut tries = 0;
        loop {
            match self.store.replace_tokens(account, tokens) {
                Err(error) if tries < MOST_TRIES => {
                    tries += 1;
                    tracing::warn!("the new tokens of account `{}` are not stored yet: {error}", account.name);
                    self.clock.sleep(SECOND).await;
                }
                Err(error) => {
                    let Account { service, name, .. } = account;
                    return Err(Error::new(format!(
                        "the new tokens of {service} account `{name}` could not be stored"
                    ))
                    .hint(format!("when the database can be written again, run `{}`", command(service, name)))
                    .cause(error));
                }
                stored => return stored,
            }
        }
    }

    /// The account, if it exists and can be renewed.
    fn usable(&self, service: &str, name: &str) -> Result<Account> {
        let Some(account) = self.account(service, name)? else {
            return Err(Error::new(format!("there is no {service} account named `{name}`"))
                .hint(format!("authorize it first: `{}`", command(service, name))));
        };
        match &account.state {
            AccountState::Ok => Ok(account),
            AccountState::NeedsAuthorization(reason) => Err(needs_authorization(service, name, reason)),
        }
    }
}

fn needs_authorization(service: &str, name: &str, reason: &str) -> Error {
    Error::new(format!("the {service} account `{name}` needs to be authorized again: {reason}"))
        .hint(format!("run `{}`", command(service, name)))
}

/// What to type to authorize an account of a service.
pub fn command(service: &str, name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
    match !name.is_empty() && name.chars().all(is_plain) {
        true => format!("flexget-rs {service} auth {name}"),
        false => format!("flexget-rs {service} auth '{}'", name.replace('\'', r"'\''")),
    }
}
