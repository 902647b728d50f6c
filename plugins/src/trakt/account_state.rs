//! Asks Trakt about many things, a few at a time, and tells how far it is.

use std::cell::{Cell, RefCell};

use flexget_core::context::Event;
use futures_util::StreamExt;
use futures_util::stream;

use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;

/// Limit of concurrent requests.
const AT_ONCE: usize = 4;

/// Number of failures in a row after which Trakt is taken to be down.
///
/// Fewer may be due to a single title that Trakt fails at.
const MISSES: u32 = 3;

/// Requests each item and returns the results in order.
///
/// Once Trakt is taken to be down, the remaining items are not requested.
pub async fn each<I, T>(
    client: &Client,
    label: &str,
    items: &[I],
    ask: impl AsyncFn(&I) -> Result<T, Fault>,
) -> Vec<Result<T, String>> {
    let cx = client.cx();
    let (total, done) = (items.len() as u64, Cell::new(0));
    let ended: RefCell<Option<String>> = RefCell::default();
    let misses = Cell::new(0);
    let (ask, ended, done, misses) = (&ask, &ended, &done, &misses);
    let one = async |item: &I| {
        if cx.interrupted.get() {
            return Err("interrupted".to_owned());
        }
        if let Some(reason) = ended.borrow().clone() {
            return Err(reason);
        }
        let answer = ask(item).await.inspect(|_| misses.set(0)).map_err(|fault| {
            let is_of_this_item = match fault {
                Fault::NotFound | Fault::UnexpectedResponse(_) | Fault::Invalid(_) => true,
                Fault::Unavailable { .. } => misses.replace(misses.get() + 1) + 1 < MISSES,
                _ => false,
            };
            let reason = fault.into_error().to_string();
            if !is_of_this_item {
                ended.borrow_mut().get_or_insert_with(|| reason.clone());
            }
            reason
        });
        done.set(done.get() + 1);
        if total > 1 {
            cx.progress.report(Event::Working {
                label: format!("asking Trakt about {label}"),
                done: done.get(),
                total,
            });
        }
        answer
    };
    let answers = stream::iter(items).map(one).buffered(AT_ONCE).collect().await;
    if total > 1 {
        cx.progress.report(Event::Done);
    }
    answers
}
