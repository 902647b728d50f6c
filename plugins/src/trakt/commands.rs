//! `trakt auth`, `trakt refresh`, `trakt list` and `trakt delete`.

use std::time::Duration;

use flexget_core::auth::{Account, AccountState};
use flexget_core::prelude::*;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::SERVICE;
use super::client::{AUTHORIZED_APPS, Client, no_client_id, unknown_account};
use super::model::Settings;
use super::oauth::{self, Application, DeviceCode, Poll};

/// Authorizes a Trakt account: shows an address and a code, waits until you have entered it, and stores the access token.
///
/// The name is what `account` means in configs. It need not be your Trakt user name, but that is the least confusing.
/// Run it again to replace an authorization.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// The name to store the authorization under; your Trakt user name is recommended.
    #[schemars(extend("positional" = true))]
    account: String,
    /// The client id of your application at Trakt; asked for if it is neither given nor known.
    client_id: Option<String>,
    /// The client secret of your application at Trakt, if it has one.
    client_secret: Option<String>,
}

submit! { command::<Auth>() }

impl Command for Auth {
    const PATH: &'static [&'static str] = &["trakt", "auth"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        if self.account.trim().is_empty() {
            return Err(Error::new("the account needs a name").hint("`flexget-rs trakt auth NAME`"));
        }
        let stored = cx.auth.account(SERVICE, &self.account)?;
        let application = self.application(cx, stored.as_ref(), out)?;
        let code = oauth::device_code(cx, &application).await?;
        show_code(&code, out)?;
        let tokens = wait(cx, &application, &code, out).await?;
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
        cx.auth.save(&account)?;
        forget_user(cx, &self.account)?;
        let settings = match Client::new(cx, Some(&self.account))?.get::<Settings>("users/settings", &[]).await {
            Ok(settings) => settings,
            Err(fault) => {
                out.line(format!("account `{}` is authorized", self.account))?;
                out.data(&Shown::of(&account, cx.clock.now()))?;
                let error = Error::from(fault);
                return out.note(format!("Trakt did not say which user that is: {error}"));
            }
        };
        account.user = settings.user.username.clone();
        account.user_slug = settings.user.ids.slug.clone();
        cx.auth.save(&account)?;
        tell_user(&self.account, &settings, &account, cx, out)
    }
}

impl Auth {
    /// The application: as given, as in the environment, as it was, or as the user types it.
    fn application(&self, cx: &Context, stored: Option<&Account>, out: &mut Output) -> Result<Application> {
        let given = |option: &Option<String>, variable: &str| {
            option
                .clone()
                .or_else(|| (cx.environment)(variable))
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let secret = given(&self.client_secret, "FLEXGET_TRAKT_CLIENT_SECRET").map(SecretString::from);
        if let Some(id) = given(&self.client_id, "FLEXGET_TRAKT_CLIENT_ID") {
            let known = stored.filter(|stored| stored.client_id == id);
            return Ok(Application {
                id,
                secret: secret.or_else(|| known.and_then(|known| known.client_secret.clone())),
            });
        }
        let others = || cx.auth.accounts(SERVICE).map(|accounts| accounts.into_iter().next());
        if let Some(known) = stored.cloned().map_or_else(others, |stored| Ok(Some(stored)))? {
            return Ok(Application { id: known.client_id, secret: secret.or(known.client_secret) });
        }
        let id = out
            .ask("client id of your Trakt application", false)?
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty());
        let Some(id) = id else {
            return Err(Error::new("Trakt wants to know which application asks, and there is no client id")
                .hint(no_client_id()));
        };
        let typed = match secret {
            Some(secret) => Some(secret),
            None => out
                .ask("client secret (leave empty if there is none)", true)?
                .map(|secret| secret.trim().to_owned())
                .filter(|secret| !secret.is_empty())
                .map(SecretString::from),
        };
        Ok(Application { id, secret: typed })
    }
}

/// Forgets what was read with an account: its name may mean another user from now on.
fn forget_user(cx: &Context, account: &str) -> Result<()> {
    super::reading::forget(cx, account)?;
    super::user_data::forget(cx, account)
}

/// Shows what the user has to do. It is needed at once: where the answer is one document at the end, it is told beside it.
fn show_code(code: &DeviceCode, out: &mut Output) -> Result<()> {
    let lines = [
        format!("visit {} and enter the code {}", code.verification_url, code.user_code),
        format!("or open {}", code.prefilled_url()),
        format!("the code expires in {}", span(Duration::from_secs(code.expires_in))),
    ];
    if out.format == Format::Json {
        return lines.iter().try_for_each(|line| out.note(line));
    }
    if let Some(width) = out.terminal
        && let Some(picture) = qr_code(&code.prefilled_url(), width)
    {
        out.line(picture)?;
    }
    lines.iter().try_for_each(|line| out.line(line))
}

/// The address as a QR code in half blocks, if a terminal of this width can show it.
fn qr_code(address: &str, width: usize) -> Option<String> {
    let code = qrcode::QrCode::with_error_correction_level(address, qrcode::EcLevel::L).ok()?;
    let size = code.width();
    // A quiet zone of two modules is enough for the cameras of today.
    const QUIET: usize = 2;
    if size + 2 * QUIET > width {
        return None;
    }
    let dark = |x: usize, y: usize| {
        let inside = |at: usize| at >= QUIET && at < size + QUIET;
        inside(x) && inside(y) && code[(x - QUIET, y - QUIET)] == qrcode::Color::Dark
    };
    let side = size + 2 * QUIET;
    let lines = (0..side).step_by(2).map(|y| {
        let cell = |x: usize| match (dark(x, y), y + 1 < side && dark(x, y + 1)) {
            // On a dark terminal the light modules are the ones that are drawn.
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        };
        (0..side).map(cell).collect::<String>()
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// Asks until the user has decided or the code has expired.
async fn wait(
    cx: &Context,
    application: &Application,
    code: &DeviceCode,
    out: &mut Output,
) -> Result<flexget_core::auth::Tokens> {
    let life = SignedDuration::from_secs(i64::try_from(code.expires_in).unwrap_or(i64::MAX));
    let end = cx.clock.now().checked_add(life).unwrap_or(Timestamp::MAX);
    let mut interval = Duration::from_secs(code.interval.max(1));
    let mut trouble: Option<String> = None;
    loop {
        let left = Duration::try_from(end.duration_since(cx.clock.now())).unwrap_or_default();
        if left.is_zero() {
            return Err(Error::new("the code has expired").hint("run the command again for a new code"));
        }
        pause(cx, interval.min(left), end, trouble.as_deref(), out).await?;
        match oauth::poll(cx, application, code).await? {
            Poll::Approved(tokens) => return Ok(tokens),
            Poll::Pending => trouble = None,
            Poll::SlowDown(wait) => {
                interval += Duration::from_secs(2);
                if let Some(wait) = wait {
                    let left = Duration::try_from(end.duration_since(cx.clock.now())).unwrap_or_default();
                    pause(cx, wait.saturating_sub(interval).min(left), end, None, out).await?;
                }
            }
            Poll::Trouble(reason) => {
                // A terminal shows it with the countdown; where lines stay, it is told once.
                if out.terminal.is_none() && trouble.as_ref() != Some(&reason) {
                    out.note(format!("{reason}; trying again until the code expires"))?;
                }
                trouble = Some(reason);
            }
        }
    }
}

/// Waits, and shows the time left second by second where somebody watches.
async fn pause(cx: &Context, wait: Duration, end: Timestamp, trouble: Option<&str>, out: &mut Output) -> Result<()> {
    let step = if out.terminal.is_some() { Duration::from_secs(1) } else { wait };
    let mut left = wait;
    while !left.is_zero() {
        let code_left = Duration::try_from(end.duration_since(cx.clock.now())).unwrap_or_default();
        let what = trouble.map_or_else(|| "waiting for you".to_owned(), |trouble| format!("{trouble}; trying again"));
        out.status(format!("{what}; the code is good for {}", span(code_left)))?;
        let now = step.min(left);
        cx.clock.sleep(now).await;
        left -= now;
    }
    Ok(())
}

fn tell_user(name: &str, settings: &Settings, account: &Account, cx: &Context, out: &mut Output) -> Result<()> {
    out.data(&Shown::of(account, cx.clock.now()))?;
    let user = settings.user.username.as_deref().unwrap_or("an unnamed user");
    let vip = if settings.user.vip == Some(true) { ", VIP" } else { "" };
    out.line(format!("account `{name}` is authorized as Trakt user `{user}`{vip}"))?;
    out.line(format!(
        "the access token expires {}; it is renewed without being asked",
        when(account.tokens.expires, cx.clock.now())
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
    let is_same = settings.user.ids.slug.as_deref().is_some_and(|slug| super::catalogue::user_slug(name) == slug)
        || user.eq_ignore_ascii_case(name);
    if !is_same {
        out.note(format!(
            "the account is called `{name}` and the Trakt user `{user}`: configs mean the user by `account: {name}`"
        ))?;
    }
    Ok(())
}

/// Renews the access token of an account now. This is seldom needed: expired tokens are renewed without being asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The account, as it was called with `trakt auth`.
    #[schemars(extend("positional" = true))]
    account: String,
}

submit! { command::<Refresh>() }

impl Command for Refresh {
    const PATH: &'static [&'static str] = &["trakt", "refresh"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let Some(before) = cx.auth.account(SERVICE, &self.account)? else {
            return Err(unknown_account(cx, &self.account)?);
        };
        // Somebody else who renews at the same time does it for both.
        let is_newer = |account: &Account| account.tokens.created > before.tokens.created;
        let refresh = async |account: &Account| oauth::refresh(cx, account).await;
        let account = cx.auth.renew(SERVICE, &self.account, is_newer, refresh).await?;
        let expires = when(account.tokens.expires, cx.clock.now());
        out.line(format!("the access token of account `{}` was renewed; it expires {expires}", self.account))
    }
}

/// Shows the authorizations that are stored and when their access tokens expire.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Only this account.
    #[schemars(extend("positional" = true))]
    account: Option<String>,
    /// Asks Trakt whether each authorization still holds.
    #[serde(default)]
    verify: bool,
}

submit! { command::<List>() }

/// What `trakt list` says of an account.
#[derive(Serialize)]
struct Shown {
    account: String,
    user: Option<String>,
    created: Timestamp,
    expires: Timestamp,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Command for List {
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
            table.row([one.account, user, local(one.created), when(one.expires, cx.clock.now()), state]);
        }
        out.table(&table)
    }
}

impl Shown {
    fn of(account: &Account, now: Timestamp) -> Self {
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
        }
    }
}

impl List {
    async fn look(&self, cx: &Context, account: Account) -> Result<Shown> {
        let shown = Shown::of(&account, cx.clock.now());
        if !self.verify || account.state != AccountState::Ok {
            return Ok(shown);
        }
        match Client::new(cx, Some(&account.name))?.get::<Settings>("users/settings", &[]).await {
            Ok(settings) => {
                // Asking may have renewed the token.
                let account = cx.auth.account(SERVICE, &account.name)?.unwrap_or(account);
                let user = settings.user.username.or(shown.user);
                let state = "valid, says Trakt".to_owned();
                Ok(Shown { user, state, ..Shown::of(&account, cx.clock.now()) })
            }
            Err(fault) => {
                let reason = Some(Error::from(fault).to_string());
                Ok(Shown { state: "not confirmed".to_owned(), reason, ..shown })
            }
        }
    }
}

/// Removes an account from the store. Access on Trakt's side remains unless you say `--revoke`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delete {
    /// The account. There is no way to delete all at once.
    #[schemars(extend("positional" = true))]
    account: String,
    /// Ends the access on Trakt's side first.
    #[serde(default)]
    revoke: bool,
}

submit! { command::<Delete>() }

impl Command for Delete {
    const PATH: &'static [&'static str] = &["trakt", "delete"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let Some(account) = cx.auth.account(SERVICE, &self.account)? else {
            return Err(unknown_account(cx, &self.account)?);
        };
        if self.revoke {
            oauth::revoke(cx, &account).await.map_err(|error| {
                Error::new(format!(
                    "access could not be ended on Trakt's side, and account `{}` was kept",
                    self.account
                ))
                .hint(format!("delete it without `--revoke`, and end the access yourself at {AUTHORIZED_APPS}"))
                .cause(error)
            })?;
        }
        cx.auth.delete(SERVICE, &self.account)?;
        forget_user(cx, &self.account)?;
        out.line(format!("account `{}` was deleted", self.account))?;
        if self.revoke {
            out.line("access was ended on Trakt's side")
        } else {
            out.line(format!("this does not revoke access on Trakt's side; to do that, visit {AUTHORIZED_APPS}"))
        }
    }
}

/// A time as the user's clock shows it.
fn local(moment: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::system();
    zone.to_datetime(moment).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A time and how far away it is: `2026-12-01 09:00 (in 6 days)`.
fn when(moment: Timestamp, now: Timestamp) -> String {
    let distance = moment.duration_since(now);
    let text = span(distance.unsigned_abs());
    if distance.is_negative() {
        format!("{} ({text} ago)", local(moment))
    } else {
        format!("{} (in {text})", local(moment))
    }
}

/// A length of time in its largest unit, in words.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}
