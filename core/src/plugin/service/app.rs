//! `<service> app`: the applications that accounts are authorized with.

use std::marker::PhantomData;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::Service;
use super::auth::{ask_for_secret, trimmed};
use crate::context::Context;
use crate::context::auth::Application;
use crate::error::{Error, Result};
use crate::plugin::command::{Command, Format, Output, Table};

/// Shows the applications (client id and secret) that are stored; secrets are not shown.
///
/// An application is stored by `app set` or with the first account that uses it, is used for the
/// next account without being asked for, and stays when the last account is deleted.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct ListApplications<S: Service> {
    #[serde(skip)]
    service: PhantomData<S>,
}

impl<S: Service> Command for ListApplications<S> {
    const PATH: &'static [&'static str] = &[S::NAME, "app"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let applications = cx.auth.applications(S::NAME)?;
        let mut shown = Vec::new();
        for Application { id, secret } in &applications {
            shown.push((id, secret.is_some(), accounts_of::<S>(cx, id)?));
        }
        if out.format == Format::Json {
            let data = shown.iter().map(
                |(id, has_secret, accounts)| json!({ "client_id": id, "has_secret": has_secret, "accounts": accounts }),
            );
            return out.data(&data.collect::<Vec<_>>());
        }
        let provider = S::provider(cx);
        if shown.is_empty() {
            out.line(format!("no {} application is stored", provider.title))?;
            if provider.built_in.is_some() {
                return out.note("accounts are authorized with the one that was built in");
            }
            let from = provider.applications_url.map(|url| format!(", from {url}")).unwrap_or_default();
            return out.note(format!("`flexget-rs {} app set CLIENT_ID` stores one{from}", S::NAME));
        }
        let mut table = Table::new(&["Client id", "Secret", "Accounts"]);
        for (id, has_secret, accounts) in shown {
            let secret = if has_secret { "yes" } else { "no" };
            table.row([id.clone(), secret.to_owned(), accounts.join(", ")]);
        }
        out.table(&table)
    }
}

/// Stores an application, which the next accounts are authorized with.
///
/// The secret is asked for if it is not given. Accounts that were authorized with the same client
/// id use the new secret from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct SetApplication<S: Service> {
    /// The client id.
    #[schemars(extend("positional" = true))]
    client_id: String,
    /// The client secret; empty if the application has none.
    client_secret: Option<String>,
    #[serde(skip)]
    service: PhantomData<S>,
}

impl<S: Service> Command for SetApplication<S> {
    const PATH: &'static [&'static str] = &[S::NAME, "app", "set"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let Some(id) = trimmed(self.client_id.clone()) else {
            return Err(
                Error::new("the client id is empty").hint(format!("`flexget-rs {} app set CLIENT_ID`", S::NAME))
            );
        };
        if cx.dry_run {
            return out.line(format!("would store application `{id}`"));
        }
        let secret = match &self.client_secret {
            Some(secret) => trimmed(secret.clone()).map(SecretString::from),
            None => {
                let stored = cx.auth.applications(S::NAME)?.into_iter().find(|known| known.id == id);
                ask_for_secret(out)?.or_else(|| stored.and_then(|known| known.secret))
            }
        };
        let with = if secret.is_some() { "with a secret" } else { "without a secret" };
        cx.auth.save_application(S::NAME, &Application { id: id.clone(), secret })?;
        out.line(format!("stored application `{id}` {with}"))
    }
}

/// Deletes an application that is stored.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct DeleteApplication<S: Service> {
    /// The client id.
    #[schemars(extend("positional" = true))]
    client_id: String,
    #[serde(skip)]
    service: PhantomData<S>,
}

impl<S: Service> Command for DeleteApplication<S> {
    const PATH: &'static [&'static str] = &[S::NAME, "app", "delete"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let id = &self.client_id;
        if !cx.auth.applications(S::NAME)?.iter().any(|application| application.id == *id) {
            return Err(Error::new(format!("no application with client id `{id}` is stored"))
                .hint(format!("`flexget-rs {} app` lists those that are", S::NAME)));
        }
        if cx.dry_run {
            return out.line(format!("would delete application `{id}`"));
        }
        cx.auth.delete_application(S::NAME, id)?;
        out.line(format!("deleted application `{id}`"))?;
        match accounts_of::<S>(cx, id)?.as_slice() {
            [] => Ok(()),
            accounts => out.note(format!(
                "account `{}` was authorized with it and may not be renewed without its secret: `flexget-rs {} app \
                 set {id}` stores it again",
                accounts.join("`, `"),
                S::NAME
            )),
        }
    }
}

/// Returns the names of the accounts that were authorized with an application.
fn accounts_of<S: Service>(cx: &Context, id: &str) -> Result<Vec<String>> {
    let accounts = cx.auth.accounts(S::NAME)?.into_iter();
    Ok(accounts.filter(|account| account.client_id == id).map(|account| account.name).collect())
}
