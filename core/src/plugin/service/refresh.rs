//! `<service> refresh`: renews an access token now.

use std::marker::PhantomData;

use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::Service;
use super::times::when;
use super::unknown::unknown_account;
use crate::context::Context;
use crate::context::auth::{self, Account};
use crate::error::{Error, Result};
use crate::plugin::command::{Command, Output};

/// Renews the access token of an account now.
///
/// This is seldom needed: expired tokens are renewed without being asked.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct RefreshCommand<S: Service> {
    /// The account, as it was called with `auth`.
    #[schemars(extend("positional" = true))]
    account: String,
    #[serde(skip)]
    service: PhantomData<S>,
}

impl<S: Service> Command for RefreshCommand<S> {
    const PATH: &'static [&'static str] = &[S::NAME, "refresh"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let Some(before) = cx.auth.account(S::NAME, &self.account)? else {
            return Err(unknown_account(cx, S::NAME, &self.account)?);
        };
        let provider = S::provider(cx);
        // Another process that renews at the same time does it for both.
        let old = before.tokens.refresh.expose_secret();
        if old.is_empty() {
            let message = format!("account `{}` has no refresh token: {} gave none", self.account, provider.title);
            return Err(
                Error::new(message).hint(format!("authorize it again: `{}`", auth::command(S::NAME, &self.account)))
            );
        }
        if cx.dry_run {
            return out.line(format!("would renew the access token of account `{}`", self.account));
        }
        let is_newer = |account: &Account| account.tokens.refresh.expose_secret() != old;
        let refresh = async |account: &Account| provider.refresh(cx, account).await;
        let account = cx.auth.renew(S::NAME, &self.account, is_newer, refresh).await?;
        let expires = when(account.tokens.expires, cx);
        out.line(format!("the access token of account `{}` was renewed; it expires {expires}", self.account))
    }
}
