//! Accounts of a service on the command line: `auth`, `list`, `refresh`, `delete` and `app`.
//!
//! A service implements [`Service`], and one line registers it with all its commands:
//!
//! ```
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
//! submit! { service::<Example>() }
//!
//! let shown = flexget_core::testing::command(
//!     "example list", serde_json::json!({}), Format::Text, &flexget_core::testing::context(),
//! )?;
//! assert_eq!(shown.text, "there are no Example authorizations\n");
//! # Ok::<(), Error>(())
//! ```
//!
//! Services whose accounts are keys or passwords register single commands instead, with
//! [`KeyCommand`](secret::KeyCommand) or [`PasswordCommand`](secret::PasswordCommand) as `auth`.

pub mod app;
pub mod auth;
mod countdown;
pub mod delete;
pub mod list;
pub mod refresh;
pub mod registration;
pub mod secret;
#[cfg(test)]
mod tests;
pub mod times;
pub mod unknown;

use schemars::JsonSchema;

use crate::context::Context;
use crate::context::auth::Account;
use crate::context::http::{RateLimit, Request, Response};
use crate::context::oauth::{AccountHttp, Provider};
use crate::error::Result;
use crate::plugin::command::CommandRegistration;

/// A service whose accounts are stored, as its commands speak of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no service",
    label = "it does not implement `Service`",
    note = "a service is a type with `#[derive(JsonSchema)]` and `impl Service for {Self}`: its name and its `Provider`"
)]
pub trait Service: JsonSchema + 'static {
    /// Name in the auth store, and the first word of the commands.
    const NAME: &'static str;

    /// Returns the service's OAuth endpoints, or [`Provider::without_oauth`].
    fn provider(cx: &Context) -> Provider;

    /// Returns the URL of its API, below which requests are whose URL begins with `/`.
    ///
    /// Scripts that use its accounts send requests nowhere else.
    fn api(cx: &Context) -> String {
        let _ = cx;
        String::new()
    }

    /// Returns the rate limit that reads, or writes, of an account count for; `None` without one.
    fn limit(account: &Account, is_write: bool) -> Option<RateLimit> {
        let _ = (account, is_write);
        None
    }

    /// Sends a request as an account, whose token is renewed in time, and checks the response.
    ///
    /// # Errors
    ///
    /// There is no such account, it has no good token, or the response is not
    /// [good](Response::ok).
    fn send(cx: &Context, account: &str, mut request: Request) -> impl Future<Output = Result<Response>> {
        async move {
            if request.url.starts_with('/') {
                request.url.insert_str(0, Self::api(cx).trim_end_matches('/'));
            }
            let http = AccountHttp::of(cx, Self::provider(cx), account)?;
            if request.rate_limit.is_none() {
                request.rate_limit = Self::limit(&http.account(), request.is_write());
            }
            http.send(request).await?.ok()
        }
    }

    /// Checks that an account is authorized, before a task that uses it begins.
    ///
    /// # Errors
    ///
    /// There is no such account, or it needs to be authorized again.
    fn ready(cx: &Context, account: &str) -> Result<()> {
        cx.auth.usable(Self::NAME, account).map(drop)
    }

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

/// A registered service with its commands.
#[non_exhaustive]
pub struct ServiceRegistration {
    /// Name in the auth store.
    pub name: &'static str,
    /// Returns its OAuth endpoints.
    pub provider: fn(&Context) -> Provider,
    /// Returns the URL of its API; empty if it has none.
    pub api: fn(&Context) -> String,
    /// Returns the rate limit of an account.
    pub limit: fn(&Account, bool) -> Option<RateLimit>,
    pub(crate) type_name: fn() -> &'static str,
    pub(crate) commands: [CommandRegistration; 7],
}

inventory::collect!(ServiceRegistration);
