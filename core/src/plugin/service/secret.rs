//! `<service> auth` for services without OAuth: stores an API key, or a user name and password.

use std::marker::PhantomData;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::Service;
use super::auth::trimmed;
use crate::context::Context;
use crate::context::oauth::Provider;
use crate::error::{Error, Result};
use crate::plugin::command::{Command, Output};

/// Stores the API key of an account.
///
/// The key is asked for, or read from the environment variable `FLEXGET_<SERVICE>_KEY`. The name is
/// what `account` means in configs. Run it again to replace the key.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct KeyCommand<S: Service> {
    /// The name to store the key under; your user name is recommended.
    #[schemars(extend("positional" = true))]
    account: String,
    #[serde(skip)]
    service: PhantomData<S>,
}

impl<S: Service> Command for KeyCommand<S> {
    const PATH: &'static [&'static str] = &[S::NAME, "auth"];
    const ALIASES: &'static [&'static str] = &["login"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let provider = S::provider(cx);
        if cx.dry_run {
            return out.line(format!("would ask for an API key and store the account as `{}`", self.account));
        }
        let key = typed(cx, &provider, "API key", "KEY", out)?;
        cx.auth.save_key(S::NAME, &self.account, key)?;
        S::forget(cx, &self.account)?;
        out.line(format!("the API key of account `{}` was stored", self.account))
    }
}

/// Stores the user name and the password of an account.
///
/// The password is asked for, or read from the environment variable `FLEXGET_<SERVICE>_PASSWORD`.
/// The name is what `account` means in configs. Run it again to replace the password.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct PasswordCommand<S: Service> {
    /// The name to store the account under; your user name is recommended.
    #[schemars(extend("positional" = true))]
    account: String,
    /// The user name, where it is not the account's name.
    user: Option<String>,
    #[serde(skip)]
    service: PhantomData<S>,
}

impl<S: Service> Command for PasswordCommand<S> {
    const PATH: &'static [&'static str] = &[S::NAME, "auth"];
    const ALIASES: &'static [&'static str] = &["login"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let provider = S::provider(cx);
        if cx.dry_run {
            return out.line(format!("would ask for a password and store the account as `{}`", self.account));
        }
        let password = typed(cx, &provider, "password", "PASSWORD", out)?;
        let user = self.user.as_deref().unwrap_or(&self.account);
        cx.auth.save_password(S::NAME, &self.account, user, password)?;
        S::forget(cx, &self.account)?;
        out.line(format!("the password of account `{}` was stored", self.account))
    }
}

/// Returns a secret of the environment, or asks for it.
fn typed(cx: &Context, provider: &Provider, what: &str, value: &str, out: &mut Output) -> Result<SecretString> {
    let variable = provider.variable(value);
    if let Some(secret) = (cx.environment)(&variable).and_then(trimmed) {
        return Ok(secret.into());
    }
    let from = provider.applications_url.map(|url| format!("from {url}; ")).unwrap_or_default();
    let question = format!("{what} at {} ({from}not shown):", provider.title);
    out.ask(&question, true)?.and_then(trimmed).map(SecretString::from).ok_or_else(|| {
        Error::new(format!("there is no {what} to store")).hint(format!("run it on a terminal, or set `{variable}`"))
    })
}
