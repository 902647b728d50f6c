//! `<service> auth`: authorizes an account.

use std::marker::PhantomData;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::countdown;
use super::list::ShownAccount;
use super::times::when;
use super::{Service, ServiceUser};
use crate::context::Context;
use crate::context::auth::{Account, Application, Tokens};
use crate::context::oauth::Provider;
use crate::error::{Error, Result};
use crate::plugin::command::{Command, Output};

/// Authorizes an account.
///
/// Shows a URL and a code, waits until you have entered the code, and stores the access token.
///
/// The name is what `account` means in configs. It need not be your user name at the service, but
/// that is the least confusing. Run it again to replace an authorization.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct AuthCommand<S: Service> {
    /// The name to store the authorization under; your user name is recommended.
    #[schemars(extend("positional" = true))]
    account: String,
    /// The client id of your application; asked for if it is neither given nor known.
    client_id: Option<String>,
    /// The client secret of your application, if it has one.
    client_secret: Option<String>,
    #[serde(skip)]
    service: PhantomData<S>,
}

impl<S: Service> Command for AuthCommand<S> {
    const PATH: &'static [&'static str] = &[S::NAME, "auth"];
    const ALIASES: &'static [&'static str] = &["login"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let provider = S::provider(cx);
        let title = provider.title;
        if self.account.trim().is_empty() {
            return Err(
                Error::new("the account needs a name").hint(format!("`flexget-rs {} auth NAME`", provider.service))
            );
        }
        if cx.dry_run {
            return out.line(format!("would ask {title} for a code and store the account as `{}`", self.account));
        }
        let stored = cx.auth.account(S::NAME, &self.account)?;
        let application = self.application(cx, &provider, stored.as_ref(), out)?;
        cx.auth.prepare()?;
        let code = provider.device_code(cx, &application).await?;
        // The service knows it: it is not asked for again, whatever the user decides.
        cx.auth.save_application(S::NAME, &application)?;
        countdown::show_code(&code, out)?;
        let tokens = countdown::wait(cx, &provider, &application, &code, out).await?;
        let account = self.store(cx, application, tokens).await?;
        S::forget(cx, &self.account)?;
        match S::user(cx, &self.account).await {
            Ok(user) => confirm::<S>(account, user, stored.as_ref(), cx, out),
            Err(error) => {
                out.line(format!("account `{}` is authorized", self.account))?;
                out.data(&ShownAccount::of(&account, cx))?;
                out.note(format!("{title} did not say which user that is: {error}"))
            }
        }
    }
}

impl<S: Service> AuthCommand<S> {
    /// Stores the tokens before anything else is asked: what follows may fail.
    async fn store(&self, cx: &Context, application: Application, tokens: Tokens) -> Result<Account> {
        let account = Account::new(S::NAME, &self.account, application, tokens);
        let mut is_said = false;
        let busy = |error: &Error| {
            if !std::mem::replace(&mut is_said, true) {
                tracing::warn!(target: "auth", "the authorization is not stored yet, trying again: {error}");
            }
        };
        cx.auth.save_new(&account, busy).await?;
        Ok(account)
    }

    /// Returns the application: given, of the environment, stored, built in, or typed by the user.
    fn application(
        &self,
        cx: &Context,
        provider: &Provider,
        stored: Option<&Account>,
        out: &mut Output,
    ) -> Result<Application> {
        let of_environment = |value: &str| (cx.environment)(&provider.variable(value)).and_then(trimmed);
        let given_id = self.client_id.clone().and_then(trimmed);
        let environment_id = of_environment("CLIENT_ID");
        // The secret of the environment is that of the application of the environment.
        let is_of_environment = given_id.is_none() || environment_id.is_none() || given_id == environment_id;
        let secret = match self.client_secret.clone() {
            Some(secret) => trimmed(secret),
            None => of_environment("CLIENT_SECRET").filter(|_| is_of_environment),
        };
        let secret = secret.map(SecretString::from);
        // What was stored is not wanted when it is said that there is no secret.
        let stored_secret = |known: Application| known.secret.filter(|_| self.client_secret.is_none());
        let applications = cx.auth.applications(S::NAME)?;
        let find = |id: &str| applications.iter().find(|known| known.id == id).cloned();
        if let Some(id) = given_id.or(environment_id) {
            let secret = secret.or_else(|| find(&id).and_then(stored_secret));
            return Ok(Application { id, secret });
        }
        let last = || applications.first().cloned().or_else(|| provider.built_in.clone());
        if let Some(known) = stored.and_then(|stored| find(&stored.client_id)).or_else(last) {
            return Ok(Application { id: known.id.clone(), secret: secret.or_else(|| stored_secret(known)) });
        }
        let id = ask_for_id(provider, out)?;
        if secret.is_some() || self.client_secret.is_some() {
            return Ok(Application { id, secret });
        }
        Ok(Application { id, secret: ask_for_secret(out)? })
    }
}

fn ask_for_id(provider: &Provider, out: &mut Output) -> Result<String> {
    let title = provider.title;
    let place = provider.applications_url.map_or_else(|| format!("at {title}"), |url| format!("at {url}"));
    let redirect = provider.redirect_uri.map(|uri| format!(", with the redirect URI `{uri}`")).unwrap_or_default();
    // Whoever is asked does this for the first time.
    out.note("this takes two steps, of which the first is needed only once:")?;
    out.note(format!("1. add an application {place}{redirect}, and type its client id and secret here"))?;
    out.note(format!("2. allow it at {title}, in any browser, with the code that is shown then"))?;
    let question = format!("client id of your {title} application:");
    out.ask(&question, false)?.and_then(trimmed).ok_or_else(|| {
        Error::new(format!("{} wants to know which application asks, and there is no client id", provider.title))
            .hint((provider.application_hint)())
    })
}

/// Asks for the secret of an application; `None` if there is none or nobody to ask.
pub(super) fn ask_for_secret(out: &mut Output) -> Result<Option<SecretString>> {
    let typed = out.ask("client secret (not shown; leave empty if there is none):", true)?.and_then(trimmed);
    Ok(typed.map(SecretString::from))
}

/// Returns the text without spaces around it, or `None` if nothing is left.
pub(super) fn trimmed(text: String) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Stores and shows which user was authorized.
fn confirm<S: Service>(
    mut account: Account,
    user: Option<ServiceUser>,
    before: Option<&Account>,
    cx: &Context,
    out: &mut Output,
) -> Result<()> {
    let title = S::provider(cx).title;
    if let Some(user) = &user {
        (account.user, account.user_slug) = (Some(user.name.clone()), user.slug.clone());
        // Only the name is stored: another process may have renewed the tokens or deleted the
        // account.
        cx.auth.set_user(&user.account, account.user.as_deref(), account.user_slug.as_deref())?;
    }
    out.data(&ShownAccount::of(&account, cx))?;
    let whose = user.as_ref().map(|user| {
        let rank = user.rank.as_ref().map(|rank| format!(", {rank}")).unwrap_or_default();
        format!(" as {title} user `{}`{rank}", user.name)
    });
    out.line(format!("account `{}` is authorized{}", account.name, whose.unwrap_or_default()))?;
    let expires = when(account.tokens.expires, cx);
    out.line(format!("the access token expires {expires}; it is renewed without being asked"))?;
    user.iter().flat_map(|user| &user.details).try_for_each(|line| out.line(line))?;
    warn_of_confusion::<S>(&account, before, title, cx, out)
}

/// Warns if the authorized user is another than the account's name suggests.
fn warn_of_confusion<S: Service>(
    account: &Account,
    before: Option<&Account>,
    title: &str,
    cx: &Context,
    out: &mut Output,
) -> Result<()> {
    let Account { name, user: Some(user), .. } = account else { return Ok(()) };
    if let Some(other) = before.and_then(|before| before.user.as_ref()).filter(|other| *other != user) {
        out.note(format!("account `{name}` was {title} user `{other}` until now, and is `{user}` from now on"))?;
    }
    if is_called::<S>(account, name) {
        return Ok(());
    }
    out.note(format!(
        "the account is called `{name}` and the {title} user `{user}`: configs mean the user by `account: {name}`"
    ))?;
    match cx.auth.accounts(S::NAME)?.into_iter().find(|other| other.name != *name && is_called::<S>(other, name)) {
        Some(other) => out.note(format!("the {title} user `{name}` is account `{}`", other.name)),
        None => Ok(()),
    }
}

/// Returns whether the user of an account has this name at the service.
fn is_called<S: Service>(account: &Account, name: &str) -> bool {
    account.user_slug.as_deref().is_some_and(|slug| S::slug(name) == slug)
        || account.user.as_deref().is_some_and(|user| user.eq_ignore_ascii_case(name))
}
