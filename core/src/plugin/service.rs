//! Accounts of a service on the command line: `auth`, `list`, `refresh`, `delete` and `app`.
//!
//! A service implements [`Service`] and registers the commands that it needs, one line each:
//!
//! ```
//! use flexget_core::context::oauth::Provider;
//! use flexget_core::plugin::service::{Service, auth, delete, list, refresh};
//! use flexget_core::prelude::*;
//!
//! #[derive(JsonSchema)]
//! struct Example;
//!
//! impl Service for Example {
//!     const NAME: &'static str = "example";
//!
//!     fn provider(_: &Context) -> Provider {
//!         let base = "https://auth.example.org";
//!         Provider::new(Self::NAME, "Example", format!("{base}/device"), format!("{base}/token"))
//!     }
//! }
//!
//! submit! { command::<auth::AuthCommand<Example>>() }
//! submit! { command::<list::ListAccounts<Example>>() }
//! submit! { command::<refresh::RefreshCommand<Example>>() }
//! submit! { command::<delete::DeleteAccount<Example>>() }
//!
//! let shown = flexget_core::testing::command(
//!     "example list", serde_json::json!({}), Format::Text, &flexget_core::testing::context(),
//! )?;
//! assert_eq!(shown.text, "there are no Example authorizations\n");
//! # Ok::<(), Error>(())
//! ```

pub mod app;
pub mod auth;
mod countdown;
pub mod delete;
pub mod list;
pub mod refresh;
pub mod secret;
#[cfg(test)]
mod tests;
pub mod times;
pub mod unknown;

use schemars::JsonSchema;

use crate::context::Context;
use crate::context::auth::Account;
use crate::context::oauth::Provider;
use crate::error::Result;

/// A service whose accounts are stored, as its commands speak of it.
pub trait Service: JsonSchema + 'static {
    /// Name in the auth store, and the first word of the commands.
    const NAME: &'static str;

    /// Returns the service's OAuth endpoints, or [`Provider::without_oauth`].
    fn provider(cx: &Context) -> Provider;

    /// Asks the service whose account it is; `None` if it has no way to tell.
    ///
    /// # Errors
    ///
    /// The service does not accept the account, or did not respond.
    fn user(cx: &Context, account: &str) -> impl Future<Output = Result<Option<ServiceUser>>> {
        let _ = (cx, account);
        async { Ok(None) }
    }

    /// Forgets what was read with an account, whose name may mean another user from now on.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    fn forget(cx: &Context, account: &str) -> Result<()> {
        let _ = (cx, account);
        Ok(())
    }

    /// Returns a user's name as the service writes it in URLs.
    fn slug(name: &str) -> String {
        name.to_lowercase()
    }
}

/// A user of a service, as the service describes it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServiceUser {
    /// Account with the tokens that the service accepted.
    pub account: Account,
    /// User name.
    pub name: String,
    /// User name as the service writes it in URLs.
    pub slug: Option<String>,
    /// Rank of the user, such as `VIP`.
    pub rank: Option<String>,
    /// Further lines, such as the limits of the account.
    pub details: Vec<String>,
}

impl ServiceUser {
    /// Creates a user of whom only the name is known.
    pub fn new(account: Account, name: impl Into<String>) -> Self {
        Self { account, name: name.into(), slug: None, rank: None, details: Vec::new() }
    }
}
