//! Decides whether and when a request is sent again.

use std::time::Duration;

use jiff::Timestamp;

use super::error::{HttpError, HttpFault};
use super::request::{Method, Request, Retry};
use super::response::Response;

/// Number of attempts, whatever mixture of failures they meet.
const MOST_TRIES: usize = 8;

/// How a request is sent again.
pub(super) enum Again {
    /// The service accepts requests again after this time.
    Limited(Duration),
    /// After this time, for this reason.
    After(Duration, &'static str),
}

/// Attempts of a request, by kind of failure.
#[derive(Default)]
pub(super) struct Tries {
    all: usize,
    limited: usize,
    overloaded: usize,
    failed: usize,
    timed_out: usize,
    broken: usize,
}

impl Tries {
    /// Returns whether there was more than one.
    pub(super) fn many(&self) -> bool {
        self.all > 1
    }

    /// Returns how to go on after this outcome; `None` is to return it.
    pub(super) fn again(
        &mut self,
        request: &Request,
        outcome: &Result<Response, HttpError>,
        now: Timestamp,
    ) -> Option<Again> {
        self.all = self.all.saturating_add(1);
        if request.retry == Retry::Own || self.all >= MOST_TRIES {
            return None;
        }
        let safe = request.retry == Retry::Safe;
        match outcome {
            Ok(response) if response.status == 429 => {
                let wait = next(&mut self.limited, &[2, 4, 8])?;
                Some(Again::Limited(response.retry_after(now).unwrap_or_else(|| jittered(wait))))
            }
            Ok(response) if safe && (is_overloaded(request, response) || is_cut(request, response)) => {
                let wait = Duration::from_secs(next(&mut self.overloaded, &[30, 60])?);
                let wait = response.retry_after(now).map_or(wait, |asked| wait.max(asked));
                Some(Again::After(wait, "is overloaded"))
            }
            Ok(response) if response.status == 500 && request.method == Method::GET && safe => {
                Some(Again::After(jittered(next(&mut self.failed, &[1, 2])?), "has an internal error"))
            }
            Err(error) if safe && error.fault() == HttpFault::Timeout => {
                Some(Again::After(jittered(next(&mut self.timed_out, &[2])?), "did not answer in time"))
            }
            Err(error) if safe && error.fault() == HttpFault::Reset => {
                Some(Again::After(jittered(next(&mut self.broken, &[1, 2])?), "broke the connection"))
            }
            _ => None,
        }
    }
}

/// Returns whether the service, or the way to it, fails for the moment, whatever the request is.
pub(super) fn is_failure(request: &Request, outcome: &Result<Response, HttpError>) -> bool {
    match outcome {
        Ok(response) => {
            matches!(response.status, 429 | 500) || is_overloaded(request, response) || is_cut(request, response)
        }
        Err(error) => matches!(error.fault(), HttpFault::Timeout | HttpFault::Reset),
    }
}

/// Returns the next of the waits in seconds, until there is none.
fn next(seen: &mut usize, waits: &[u64]) -> Option<u64> {
    let wait = waits.get(*seen).copied();
    *seen = seen.saturating_add(1);
    wait
}

/// Returns `seconds`, varied by up to a quarter, so that failed processes do not retry together.
fn jittered(seconds: u64) -> Duration {
    Duration::from_secs(seconds).mul_f64(0.75 + fastrand::f64() / 2.0)
}

/// Returns whether the service or a proxy before it is overloaded.
///
/// A web page says so, unless the request has an `Accept` header of its own.
fn is_overloaded(request: &Request, response: &Response) -> bool {
    let wants_data = !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept"));
    matches!(response.status, 502 | 503 | 504 | 520 | 521 | 522 | 525)
        || (wants_data && response.status == 200 && response.is_html())
}

/// Returns whether the response claims to be JSON and is not, as when it was cut off.
///
/// Only a read must have a body.
fn is_cut(request: &Request, response: &Response) -> bool {
    let is_missing = response.body.is_empty() && request.method != Method::GET;
    response.status == 200
        && !is_missing
        && response.header("content-type").is_some_and(|kind| kind.starts_with("application/json"))
        && serde_json::from_slice::<serde::de::IgnoredAny>(&response.body).is_err()
}
