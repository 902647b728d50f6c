//! `trakt doctor`: checks the clock, the network, Trakt and each account.

use flexget_core::context::auth::Account;
use flexget_core::context::http::Method;
use flexget_core::plugin::command::{Health, HealthCheck};
use flexget_core::prelude::*;
use jiff::SignedDuration;

use crate::trakt::SERVICE;
use crate::trakt::api::urls::{STATUS, api};
use crate::trakt::commands::settings;

/// Clock error above which tokens are misjudged as expired or as new.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Checks the clock, the network, Trakt and each account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Doctor {}

submit! { command::<Doctor>() }

impl Command for Doctor {
    const PATH: &'static [&'static str] = &["trakt", "doctor"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let mut checks = network(cx).await;
        let accounts = cx.auth.accounts(SERVICE)?;
        if accounts.is_empty() {
            let message = "no account is authorized; only public lists can be read";
            checks.push(
                HealthCheck::new("Trakt accounts", Health::Warning, message).hint("`flexget-rs trakt auth NAME`"),
            );
        }
        for account in accounts {
            checks.push(check_account(&account, cx).await);
        }
        HealthCheck::print(&checks, out)
    }
}

/// Checks whether Trakt can be reached, and compares the clocks.
async fn network(cx: &Context) -> Vec<HealthCheck> {
    let response = match cx.http.send(Request::new(Method::GET, api(cx))).await {
        Ok(response) => response,
        Err(error) => {
            let error = Error::from(error);
            let hint = error.hint_text().unwrap_or("check the connection, the proxy and DNS").to_owned();
            return vec![HealthCheck::new("Trakt", Health::Error, error.to_string()).hint(hint)];
        }
    };
    let mut checks = Vec::new();
    if response.status >= 500 {
        let message = format!("Trakt answers with status {}", response.status);
        checks.push(HealthCheck::new("Trakt", Health::Error, message).hint(format!("see {STATUS}")));
    } else {
        checks.push(HealthCheck::new("Trakt", Health::Ok, "Trakt can be reached"));
    }
    let date = response.header("date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    checks.extend(date.map(|date| {
        let difference = cx.clock.now().duration_since(date.timestamp()).abs();
        if difference > CLOCK_TOLERANCE {
            let message = format!("the clock is off by {} minutes", difference.as_mins());
            HealthCheck::new("clock", Health::Error, message).hint("set the clock, or let NTP do it")
        } else {
            HealthCheck::new("clock", Health::Ok, "the clock is right")
        }
    }));
    checks
}

/// Checks whether Trakt accepts the tokens of an account, and tells what it may hold.
async fn check_account(account: &Account, cx: &Context) -> HealthCheck {
    let name = format!("account `{}`", account.name);
    let authorize = format!("`{}`", flexget_core::context::auth::command(SERVICE, &account.name));
    if let Some(reason) = account.state.problem() {
        return HealthCheck::new(name, Health::Error, format!("needs authorization again: {reason}")).hint(authorize);
    }
    match settings(cx, &account.name).await {
        Ok((settings, _)) => {
            let user = settings.user.username.unwrap_or_default();
            let vip = if settings.user.vip == Some(true) { "VIP" } else { "no VIP" };
            let count = |limit: Option<i64>| limit.map_or_else(|| "?".to_owned(), |limit| limit.to_string());
            let limits = settings.limits.map(|limits| {
                let (watchlist, lists) = (count(limits.watchlist.item_count), count(limits.list.count));
                format!("; at most {watchlist} items on the watchlist, {lists} lists")
            });
            let message = format!("valid, Trakt user `{user}`, {vip}{}", limits.unwrap_or_default());
            HealthCheck::new(name, Health::Ok, message)
        }
        Err(error) => {
            let hint = error.hint_text().unwrap_or(&authorize).to_owned();
            HealthCheck::new(name, Health::Error, error.to_string()).hint(hint)
        }
    }
}
