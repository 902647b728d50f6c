//! The place of the auth store, and the move of accounts from where they were before.

use std::path::PathBuf;

use super::database::{Database, Store};
use super::{accounts, changes};

impl Store {
    /// Returns the same store with its accounts and rate limits in the auth store at `path`.
    ///
    /// Accounts that are still in this store's own file are moved there on first use, which is
    /// logged. A dry run leaves them, and logs where they are.
    #[must_use]
    pub fn with_auth_at(&self, path: impl Into<PathBuf>) -> Self {
        self.with_auth_database(path, move_to_auth)
    }
}

fn move_to_auth(beside: &Database, auth: &Database, is_dry_run: bool) {
    let (from, to) = (beside.place(), auth.place());
    if is_dry_run {
        let names = match accounts::names(beside) {
            Ok(names) => names,
            Err(error) => return tracing::warn!("the accounts in the database {from} cannot be read: {error}"),
        };
        if !names.is_empty() {
            let names = names.join(", ");
            tracing::warn!("accounts in the database {from} are not used: {names}; without `--test` they move to {to}");
        }
        return;
    }
    match accounts::move_all(beside, auth) {
        Ok(moved) => {
            for moved in moved {
                tracing::warn!("{}", moved.message(&from, &to));
            }
        }
        Err(error) => tracing::warn!("the accounts in the database {from} could not be moved to {to}: {error}"),
    }
    match changes::move_all(beside, auth) {
        Ok(0) => {}
        Ok(moved) => tracing::warn!("moved {moved} changes of lists from the database {from} to {to}"),
        Err(error) => tracing::warn!("the changes in the database {from} could not be moved to {to}: {error}"),
    }
}
