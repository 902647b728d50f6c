//! Times of the latest activity of an account's user, which tell whether caches are valid.

use std::cell::RefCell;

use flexget_core::prelude::*;
use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::trakt::api::client::Client;
use crate::trakt::cache::{CacheKey, CachedResponse, Stamp};

type Known = RefCell<Option<Rc<Json>>>;

fn known(cx: &Context, account: &str) -> Rc<Known> {
    cx.run_cache.of::<Known>(&format!("trakt activities {account}"))
}

/// Returns `sync/last_activities`, asked for once in a run; `None` if Trakt does not say it.
pub async fn last_activities(client: &Client) -> Option<Rc<Json>> {
    let known = known(client.cx(), &client.account()?);
    if let Some(activities) = known.borrow().clone() {
        return Some(activities);
    }
    match client.get::<Json>("sync/last_activities", &[]).await {
        Ok(activities) => {
            let activities = Rc::new(activities);
            *known.borrow_mut() = Some(Rc::clone(&activities));
            Some(activities)
        }
        Err(fault) => {
            tracing::info!(target: "trakt", "Trakt does not say what has changed: {}", Error::from(fault));
            None
        }
    }
}

/// Asks again in this run, because a write has changed something.
pub fn forget(cx: &Context, account: &str) {
    *known(cx, account).borrow_mut() = None;
}

/// Returns the times at these JSON pointers; `None` if Trakt does not say all of them.
pub async fn stamps(client: &Client, pointers: &[&str]) -> Option<Json> {
    let activities = last_activities(client).await?;
    let stamps: Option<Vec<Json>> = pointers.iter().map(|pointer| activities.pointer(pointer).cloned()).collect();
    stamps.map(Json::from)
}

/// Returns the cached response for the account's user, if it is still valid.
///
/// It must be younger than `max_age`, and none of the activities may have changed since.
pub async fn unchanged<T: DeserializeOwned>(
    client: &Client,
    key: &CacheKey,
    pointers: &[&str],
    max_age: SignedDuration,
) -> Option<T> {
    let cx = client.cx();
    let mut kept = CachedResponse::find(cx, key).filter(|kept| kept.is_young(cx, max_age))?;
    let now = stamps(client, pointers).await?;
    if kept.is_unchanged(cx, Stamp::Activities, &now) { kept.body(cx) } else { None }
}
