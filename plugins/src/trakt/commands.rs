//! `trakt auth`, `trakt refresh`, `trakt list` and `trakt delete`.

use flexget_core::context::auth::{self, Account, AccountState, Application};
use flexget_core::prelude::*;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::trakt::SERVICE;
use crate::trakt::api::client::{Client, account_names, strange, unknown_account};
use crate::trakt::api::device::{self, span};
use crate::trakt::api::model::Settings;
use crate::trakt::api::oauth::{self, REDIRECT, no_client_id};
use crate::trakt::api::urls::{APPS, CONNECTED_APPS};
use crate::trakt::lists::source::user_slug;

/// Authorizes a Trakt account.
///
/// Shows a URL and a code, waits until you have entered the code, and stores the access token.
///
/// The name is what `account` means in configs. It need not be your Trakt user name, but that is
/// the least confusing. Run it again to replace an authorization.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthCommand {
    /// The name to store the authorization under; your Trakt user name is recommended.
    #[schemars(extend("positional" = true))]
    account: String,
    /// The client id of your application at Trakt; asked for if it is neither given nor known.
    client_id: Option<String>,
    /// The client secret of your application at Trakt, if it has one.
    client_secret: Option<String>,
}

submit! { command::<AuthCommand>() }

impl Command for AuthCommand {
    const PATH: &'static [&'static str] = &["trakt", "auth"];
    const ALIASES: &'static [&'static str] = &["login"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        if self.account.trim().is_empty() {
            return Err(Error::new("the account needs a name").hint("`flexget-rs trakt auth NAME`"));
        }
        if cx.dry_run {
            return out.line(format!("would ask Trakt for a code and store the account as `{}`", self.account));
        }
        let stored = cx.auth.account(SERVICE, &self.account)?;
        let application = self.application(cx, stored.as_ref(), out)?;
        cx.auth.prepare()?;
        let code = oauth::provider(cx).device_code(cx, &application).await?;
        device::show_code(&code, out)?;
        let tokens = device::wait(cx, &application, &code, out).await?;
        // The tokens are kept before anything else is asked: what follows may fail.
        let mut account = Account {
            service: SERVICE.to_owned(),
            name: self.account.clone(),
            client_id: application.id,
            client_secret: application.secret,
            tokens,
            user: None,
            user_slug: None,
            state: AccountState::Ok,
        };
        let mut is_said = false;
        let busy = |error: &Error| {
            if !std::mem::replace(&mut is_said, true) {
                tracing::warn!(target: "trakt", "the authorization is not stored yet, trying again: {error}");
            }
        };
        cx.auth.save_new(&account, busy).await?;
        forget_user(cx, &self.account)?;
        let (settings, current) = match settings(cx, &self.account).await {
            Ok(settings) => settings,
            Err(error) => {
                out.line(format!("account `{}` is authorized", self.account))?;
                out.data(&Shown::of(&account, cx))?;
                return out.note(format!("Trakt did not say which user that is: {error}"));
            }
        };
        account.user = settings.user.username.clone();
        account.user_slug = settings.user.ids.slug.clone();
        // Only the name is stored: another process may have renewed the tokens or deleted the
        // account.
        cx.auth.set_user(&current, account.user.as_deref(), account.user_slug.as_deref())?;
        tell_user(&settings, &account, cx, out)?;
        tell_of_confusion(&account, stored.as_ref(), cx, out)
    }
}

impl AuthCommand {
    /// Returns the application: from the arguments, the environment, the store, or the user.
    fn application(&self, cx: &Context, stored: Option<&Account>, out: &mut Output) -> Result<Application> {
        let trimmed = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let of_environment = |variable: &str| (cx.environment)(variable).and_then(trimmed);
        let given_id = self.client_id.clone().and_then(trimmed);
        let environment_id = of_environment("FLEXGET_TRAKT_CLIENT_ID");
        // The secret of the environment is that of the application of the environment.
        let is_of_environment = given_id.is_none() || environment_id.is_none() || given_id == environment_id;
        let secret = match self.client_secret.clone() {
            Some(secret) => trimmed(secret),
            None => of_environment("FLEXGET_TRAKT_CLIENT_SECRET").filter(|_| is_of_environment),
        };
        let secret = secret.map(SecretString::from);
        // What was stored is not wanted when it is said that there is no secret.
        let stored_secret = |known: Application| known.secret.filter(|_| self.client_secret.is_none());
        if let Some(id) = given_id.or(environment_id) {
            let known = cx.auth.applications(SERVICE)?.into_iter().find(|known| known.id == id);
            return Ok(Application { id, secret: secret.or_else(|| known.and_then(stored_secret)) });
        }
        let applications = cx.auth.applications(SERVICE)?;
        let last = || applications.first();
        let known =
            stored.and_then(|stored| applications.iter().find(|known| known.id == stored.client_id)).or_else(last);
        if let Some(known) = known.cloned() {
            return Ok(Application { secret: secret.or_else(|| stored_secret(known.clone())), ..known });
        }
        let question =
            format!("client id of your Trakt application (from {APPS}, with the redirect URI `{REDIRECT}`):");
        let Some(id) = out.ask(&question, false)?.and_then(trimmed) else {
            return Err(Error::new("Trakt wants to know which application asks, and there is no client id")
                .hint(no_client_id()));
        };
        if secret.is_some() || self.client_secret.is_some() {
            return Ok(Application { id, secret });
        }
        let typed = out.ask("client secret (not shown; leave empty if there is none):", true)?.and_then(trimmed);
        Ok(Application { id, secret: typed.map(SecretString::from) })
    }
}

/// Reads the user of an account from Trakt; returns the account with the tokens that were accepted.
pub(super) async fn settings(cx: &Context, name: &str) -> Result<(Settings, Account)> {
    const PATH: &str = "users/settings";
    let client = Client::new(cx, Some(name))?;
    let settings: Settings = client.get(PATH, &[]).await?;
    match (&settings.user.username, client.current_account()) {
        (Some(_), Some(account)) => Ok((settings, account)),
        _ => Err(strange(PATH)),
    }
}

/// Forgets what was read with an account: its name may mean another user from now on.
fn forget_user(cx: &Context, account: &str) -> Result<()> {
    crate::trakt::cache::forget_account(cx, account)
}

fn tell_user(settings: &Settings, account: &Account, cx: &Context, out: &mut Output) -> Result<()> {
    out.data(&Shown::of(account, cx))?;
    let user = account.user.as_deref().unwrap_or("an unnamed user");
    let vip = if settings.user.vip == Some(true) { ", VIP" } else { "" };
    out.line(format!("account `{}` is authorized as Trakt user `{user}`{vip}", account.name))?;
    out.line(format!(
        "the access token expires {}; it is renewed without being asked",
        when(account.tokens.expires, cx)
    ))?;
    if let Some(limits) = &settings.limits {
        let count = |limit: Option<i64>| limit.map_or_else(|| "?".to_owned(), |limit| limit.to_string());
        out.line(format!(
            "limits: {} items on the watchlist, {} lists, {} items on each list",
            count(limits.watchlist.item_count),
            count(limits.list.count),
            count(limits.list.item_count),
        ))?;
    }
    Ok(())
}

/// Warns if the authorized user is another than the account's name suggests.
fn tell_of_confusion(account: &Account, before: Option<&Account>, cx: &Context, out: &mut Output) -> Result<()> {
    let Account { name, user: Some(user), .. } = account else { return Ok(()) };
    if let Some(other) = before.and_then(|before| before.user.as_ref()).filter(|other| *other != user) {
        out.note(format!("account `{name}` was Trakt user `{other}` until now, and is `{user}` from now on"))?;
    }
    if is_called(account, name) {
        return Ok(());
    }
    out.note(format!(
        "the account is called `{name}` and the Trakt user `{user}`: configs mean the user by `account: {name}`"
    ))?;
    match cx.auth.accounts(SERVICE)?.into_iter().find(|other| other.name != *name && is_called(other, name)) {
        Some(other) => out.note(format!("the Trakt user `{name}` is account `{}`", other.name)),
        None => Ok(()),
    }
}

/// Returns whether the user of an account has this name on Trakt.
fn is_called(account: &Account, name: &str) -> bool {
    account.user_slug.as_deref().is_some_and(|slug| user_slug(name) == slug)
        || account.user.as_deref().is_some_and(|user| user.eq_ignore_ascii_case(name))
}

/// Renews the access token of an account now.
///
/// This is seldom needed: expired tokens are renewed without being asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshCommand {
    /// The account, as it was called with `trakt auth`.
    #[schemars(extend("positional" = true))]
    account: String,
}

submit! { command::<RefreshCommand>() }

impl Command for RefreshCommand {
    const PATH: &'static [&'static str] = &["trakt", "refresh"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let Some(before) = cx.auth.account(SERVICE, &self.account)? else {
            return Err(unknown_account(cx, &self.account)?);
        };
        if cx.dry_run {
            return out.line(format!("would renew the access token of account `{}`", self.account));
        }
        // Another process that renews at the same time does it for both.
        let old = before.tokens.refresh.expose_secret();
        let is_newer = |account: &Account| account.tokens.refresh.expose_secret() != old;
        let provider = oauth::provider(cx);
        let refresh = async |account: &Account| provider.refresh(cx, account).await;
        let account = cx.auth.renew(SERVICE, &self.account, is_newer, refresh).await?;
        let expires = when(account.tokens.expires, cx);
        out.line(format!("the access token of account `{}` was renewed; it expires {expires}", self.account))
    }
}

/// Shows the authorizations that are stored and when their access tokens expire.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCommand {
    /// Only this account.
    #[schemars(extend("positional" = true))]
    account: Option<String>,
    /// Asks Trakt whether each authorization still holds.
    #[serde(default)]
    verify: bool,
}

submit! { command::<ListCommand>() }

/// Account as `trakt list` shows it.
#[derive(Serialize)]
struct Shown {
    account: String,
    user: Option<String>,
    created: Timestamp,
    expires: Timestamp,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Trakt has confirmed it just now.
    #[serde(skip)]
    is_confirmed: bool,
}

impl Command for ListCommand {
    const PATH: &'static [&'static str] = &["trakt", "list"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let accounts = match &self.account {
            None => cx.auth.accounts(SERVICE)?,
            Some(name) => match cx.auth.account(SERVICE, name)? {
                Some(account) => vec![account],
                None => return Err(unknown_account(cx, name)?),
            },
        };
        let mut shown = Vec::new();
        for account in accounts {
            shown.push(self.look(cx, account).await?);
        }
        let unconfirmed: Vec<String> = match self.verify {
            true => shown.iter().filter(|one| !one.is_confirmed).map(|one| one.account.clone()).collect(),
            false => Vec::new(),
        };
        self.show(shown, cx, out)?;
        match unconfirmed.first() {
            None => Ok(()),
            Some(first) => Err(Error::new(format!("not confirmed: account `{}`", unconfirmed.join("`, `")))
                .hint(format!("if an authorization has ended, run `{}`", auth::command(SERVICE, first)))),
        }
    }
}

impl ListCommand {
    fn show(&self, shown: Vec<Shown>, cx: &Context, out: &mut Output) -> Result<()> {
        if out.format == Format::Json {
            return out.data(&shown);
        }
        if shown.is_empty() {
            out.line("there are no Trakt authorizations")?;
            return out.note("`flexget-rs trakt auth NAME` stores one");
        }
        let mut table = Table::new(&["Account", "Trakt user", "Created", "Expires", "State"]);
        for one in shown {
            let state = one.reason.map_or(one.state.clone(), |reason| format!("{}: {reason}", one.state));
            let user = one.user.unwrap_or_else(|| "?".to_owned());
            table.row([one.account, user, local(one.created, cx), when(one.expires, cx), state]);
        }
        out.table(&table)
    }
}

impl Shown {
    fn of(account: &Account, cx: &Context) -> Self {
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
            expires: account.tokens.expires,
            state: state.to_owned(),
            reason,
            is_confirmed: false,
        }
    }
}

impl ListCommand {
    async fn look(&self, cx: &Context, account: Account) -> Result<Shown> {
        let shown = Shown::of(&account, cx);
        if !self.verify || account.state != AccountState::Ok {
            return Ok(shown);
        }
        match settings(cx, &account.name).await {
            Ok((settings, _)) => {
                // Asking may have renewed the token.
                let account = cx.auth.account(SERVICE, &account.name)?.unwrap_or(account);
                let user = settings.user.username.or(shown.user);
                let state = "valid, says Trakt".to_owned();
                Ok(Shown { user, state, is_confirmed: true, ..Shown::of(&account, cx) })
            }
            Err(error) => {
                let reason = Some(error.to_string());
                match cx.auth.account(SERVICE, &account.name)? {
                    Some(account) if account.state != AccountState::Ok => Ok(Shown::of(&account, cx)),
                    _ => Ok(Shown { state: "not confirmed".to_owned(), reason, ..shown }),
                }
            }
        }
    }
}

/// Removes an account from the store.
///
/// Access on Trakt's side remains unless you say `--revoke`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteCommand {
    /// The account.
    ///
    /// There is no way to delete all at once.
    #[schemars(extend("positional" = true))]
    account: String,
    /// Ends the access on Trakt's side first.
    #[serde(default)]
    revoke: bool,
}

submit! { command::<DeleteCommand>() }

impl Command for DeleteCommand {
    const PATH: &'static [&'static str] = &["trakt", "delete"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let Some(account) = cx.auth.account(SERVICE, &self.account)? else {
            let hint = account_names(cx, &self.account)?.unwrap_or_else(|| "no account is stored".to_owned());
            return Err(Error::new(format!("there is no account `{}`", self.account)).hint(hint));
        };
        if cx.dry_run {
            let revoke = if self.revoke { " and revoke its access on Trakt's side" } else { "" };
            return out.line(format!("would delete account `{}`{revoke}", self.account));
        }
        if self.revoke {
            oauth::provider(cx).revoke(cx, &account).await.map_err(|error| {
                Error::new(format!(
                    "access could not be ended on Trakt's side, and account `{}` was kept",
                    self.account
                ))
                .hint(format!("delete it without `--revoke`, and end the access yourself at {CONNECTED_APPS}"))
                .cause(error)
            })?;
        }
        cx.auth.delete(SERVICE, &self.account)?;
        forget_user(cx, &self.account)?;
        out.line(format!("account `{}` was deleted", self.account))?;
        if self.revoke {
            out.line("access was ended on Trakt's side")
        } else {
            out.line(format!("this does not revoke access on Trakt's side; to do that, visit {CONNECTED_APPS}"))
        }
    }
}

/// Returns a time as the user's clock shows it.
fn local(moment: Timestamp, cx: &Context) -> String {
    cx.clock.zone().to_datetime(moment).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Returns a time and how far away it is: `2026-12-01 09:00 (in 6 days)`.
fn when(moment: Timestamp, cx: &Context) -> String {
    let distance = moment.duration_since(cx.clock.now());
    let text = span(distance.unsigned_abs());
    match distance.is_negative() {
        true => format!("{} ({text} ago)", local(moment, cx)),
        false => format!("{} (in {text})", local(moment, cx)),
    }
}
