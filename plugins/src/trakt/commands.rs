//! `trakt auth`, `trakt refresh`, `trakt list`, `trakt delete` and `trakt app`, which are core's.

use flexget_core::context::auth::Account;
use flexget_core::context::http::RateLimit;
use flexget_core::plugin::service::ServiceUser;
use flexget_core::prelude::*;

use crate::trakt::SERVICE;
use crate::trakt::api::client::{Client, rate_limit, strange};
use crate::trakt::api::model::{Limits, Settings};
use crate::trakt::api::{oauth, urls};
use crate::trakt::cache;
use crate::trakt::lists::source::user_slug;

submit! { service::<Trakt>() }

/// Trakt, as the commands about its accounts know it.
#[derive(JsonSchema)]
struct Trakt;

impl Service for Trakt {
    const NAME: &'static str = SERVICE;

    fn provider(cx: &Context) -> Provider {
        oauth::provider(cx)
    }

    fn api(cx: &Context) -> String {
        urls::api(cx)
    }

    fn limit(account: &Account, is_write: bool) -> Option<RateLimit> {
        Some(rate_limit(Some(account), "", is_write))
    }

    async fn user(cx: &Context, account: &str) -> Result<Option<ServiceUser>> {
        let (Settings { user, limits }, account) = settings(cx, account).await?;
        let mut known = ServiceUser::new(account, user.username.unwrap_or_default());
        known.slug = user.ids.slug;
        known.rank = (user.vip == Some(true)).then(|| "VIP".to_owned());
        known.details = limits.iter().map(limits_in_words).collect();
        Ok(Some(known))
    }

    fn forget(cx: &Context, account: &str) -> Result<()> {
        cache::forget_account(cx, account)
    }

    fn slug(name: &str) -> String {
        user_slug(name)
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

fn limits_in_words(limits: &Limits) -> String {
    let count = |limit: Option<i64>| limit.map_or_else(|| "?".to_owned(), |limit| limit.to_string());
    format!(
        "limits: {} items on the watchlist, {} lists, {} items on each list",
        count(limits.watchlist.item_count),
        count(limits.list.count),
        count(limits.list.item_count),
    )
}
