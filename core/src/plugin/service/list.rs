//! `<service> list`: the accounts that are stored.

use std::marker::PhantomData;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Service;
use super::times::{local, when};
use super::unknown::unknown_account;
use crate::context::Context;
use crate::context::auth::{self, Account, AccountState};
use crate::error::{Error, Result};
use crate::plugin::command::{Command, Format, Output, Table};

/// Shows the authorizations that are stored and when their access tokens expire.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct ListAccounts<S: Service> {
    /// Only this account.
    #[schemars(extend("positional" = true))]
    account: Option<String>,
    /// Asks the service whether each authorization still holds.
    #[serde(default)]
    verify: bool,
    #[serde(skip)]
    service: PhantomData<S>,
}

/// Account as `list` shows it.
#[derive(Serialize)]
pub(super) struct ShownAccount {
    account: String,
    user: Option<String>,
    created: Timestamp,
    /// `None` for an API key or a password.
    expires: Option<Timestamp>,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The service has confirmed it just now.
    #[serde(skip)]
    is_confirmed: bool,
}

impl<S: Service> Command for ListAccounts<S> {
    const PATH: &'static [&'static str] = &[S::NAME, "list"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let accounts = match &self.account {
            None => cx.auth.accounts(S::NAME)?,
            Some(name) => match cx.auth.account(S::NAME, name)? {
                Some(account) => vec![account],
                None => return Err(unknown_account(cx, S::NAME, name)?),
            },
        };
        let mut shown = Vec::new();
        for account in accounts {
            shown.push(self.look(cx, account).await?);
        }
        let unconfirmed: Vec<String> = if self.verify {
            shown.iter().filter(|one| !one.is_confirmed).map(|one| one.account.clone()).collect()
        } else {
            Vec::new()
        };
        show::<S>(shown, cx, out)?;
        match unconfirmed.first() {
            None => Ok(()),
            Some(first) => Err(Error::new(format!("not confirmed: account `{}`", unconfirmed.join("`, `")))
                .hint(format!("if an authorization has ended, run `{}`", auth::command(S::NAME, first)))),
        }
    }
}

impl<S: Service> ListAccounts<S> {
    async fn look(&self, cx: &Context, account: Account) -> Result<ShownAccount> {
        let shown = ShownAccount::of(&account, cx);
        if !self.verify || account.state != AccountState::Ok {
            return Ok(shown);
        }
        let title = S::provider(cx).title;
        let unconfirmed =
            |shown, reason| ShownAccount { state: "not confirmed".to_owned(), reason: Some(reason), ..shown };
        match S::user(cx, &account.name).await {
            Ok(None) => Ok(unconfirmed(shown, format!("{title} has no way to tell"))),
            Ok(Some(user)) => {
                // Asking may have renewed the token.
                let account = cx.auth.account(S::NAME, &account.name)?.unwrap_or(account);
                let state = format!("valid, says {title}");
                Ok(ShownAccount { user: Some(user.name), state, is_confirmed: true, ..ShownAccount::of(&account, cx) })
            }
            Err(error) => match cx.auth.account(S::NAME, &account.name)? {
                Some(account) if account.state != AccountState::Ok => Ok(ShownAccount::of(&account, cx)),
                _ => Ok(unconfirmed(shown, error.to_string())),
            },
        }
    }
}

impl ShownAccount {
    pub(super) fn of(account: &Account, cx: &Context) -> Self {
        let now = cx.clock.now();
        let (state, reason) = match &account.state {
            AccountState::NeedsAuthorization(reason) => ("needs authorization again", Some(reason.clone())),
            AccountState::Ok if now >= account.tokens.expires => ("expired, will be renewed", None),
            AccountState::Ok if now >= account.renew_at() => ("renews soon", None),
            AccountState::Ok => ("valid", None),
        };
        Self {
            account: account.name.clone(),
            user: account.user.clone(),
            created: account.tokens.created,
            expires: Some(account.tokens.expires).filter(|expires| *expires < Timestamp::MAX),
            state: state.to_owned(),
            reason,
            is_confirmed: false,
        }
    }
}

fn show<S: Service>(shown: Vec<ShownAccount>, cx: &Context, out: &mut Output) -> Result<()> {
    if out.format == Format::Json {
        return out.data(&shown);
    }
    let title = S::provider(cx).title;
    if shown.is_empty() {
        out.line(format!("there are no {title} authorizations"))?;
        return out.note(format!("`flexget-rs {} auth NAME` stores one", S::NAME));
    }
    let mut table = Table::new(&["Account", &format!("{title} user"), "Created", "Expires", "State"]);
    for one in shown {
        let state = one.reason.map_or(one.state.clone(), |reason| format!("{}: {reason}", one.state));
        let user = one.user.unwrap_or_else(|| "?".to_owned());
        let expires = one.expires.map_or_else(|| "never".to_owned(), |expires| when(expires, cx));
        table.row([one.account, user, local(one.created, cx), expires, state]);
    }
    out.table(&table)
}
