//! Many requests to Trakt for many items, a few at a time, with progress.

use std::cell::{Cell, RefCell};

use flexget_core::error::Error;
use futures_util::StreamExt;
use futures_util::stream;

use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;

/// Most requests in flight at once.
const MAX_IN_FLIGHT: usize = 8;

/// Failures in a row after which Trakt counts as down; fewer may be titles that it fails at.
const MAX_FAILURES: u32 = 3;

/// Sends a request for each item and returns the results in order.
///
/// Once Trakt turns out to be down, the remaining items fail for the same reason without a request.
pub async fn each<I, T>(
    client: &Client,
    label: &str,
    items: &[I],
    request: impl AsyncFn(&I) -> Result<T, Fault>,
) -> Vec<Result<T, String>> {
    let cx = client.cx();
    let (total, done) = (items.len(), Cell::new(0_usize));
    let ended: RefCell<Option<String>> = RefCell::default();
    let failures = Cell::new(0_u32);
    let shows_progress = Cell::new(false);
    let (request, ended, done, failures, shows_progress) = (&request, &ended, &done, &failures, &shows_progress);
    let one = async |item: &I| {
        if cx.interrupted.get() {
            return Err("interrupted".to_owned());
        }
        if let Some(reason) = ended.borrow().clone() {
            return Err(reason);
        }
        let result = request(item).await.inspect(|_| failures.set(0)).map_err(|fault| {
            let is_of_item = match fault {
                Fault::NotFound | Fault::UnexpectedResponse(_) | Fault::Invalid(_) => true,
                Fault::Unavailable { .. } => {
                    failures.set(failures.get().saturating_add(1));
                    failures.get() < MAX_FAILURES
                }
                _ => false,
            };
            let reason = Error::from(fault).to_string();
            if !is_of_item {
                ended.borrow_mut().get_or_insert_with(|| reason.clone());
            }
            reason
        });
        done.set(done.get().saturating_add(1));
        if total > 1 {
            let begins = cx.progress.reach(&format!("asking Trakt about {label}"), done.get(), total);
            shows_progress.set(shows_progress.get() || begins);
        }
        result
    };
    let results = stream::iter(items).map(one).buffered(MAX_IN_FLIGHT).collect().await;
    if shows_progress.get() {
        cx.progress.end();
    }
    results
}
