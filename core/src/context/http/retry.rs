//! Whether a request is sent again, and when.

use std::time::Duration;

use jiff::Timestamp;

use super::{HttpError, HttpFault, Method, Request, Response, Retry};

/// No answer makes anybody wait longer.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How often a request is sent at most, whatever mixture of answers it gets.
const MOST_TRIES: usize = 8;

/// A request is sent again.
pub(super) enum Again {
    /// The service wants nothing for so long.
    Limited(Duration),
    /// After so long, because of this.
    DeferredField(Duration, &'static str),
}

/// How often each kind of failure was seen.
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
    /// Whether there was more than one.
    pub(super) fn many(&self) -> bool {
        self.all > 1
    }

    /// What to do after this outcome; `None` to give it back.
    pub(super) fn again(
        &mut self,
        request: &Request,
        outcome: &Result<Response, HttpError>,
        now: Timestamp,
    ) -> Option<Again> {
        self.all += 1;
        if request.retry == Retry::Own || self.all >= MOST_TRIES {
            return None;
        }
        let safe = request.retry == Retry::Safe;
        match outcome {
            Ok(response) if response.status == 429 => {
                let wait = next(&mut self.limited, &[2, 4, 8])?;
                Some(Again::Limited(asked_for(response, now).unwrap_or_else(|| jittered(wait))))
            }
            Ok(response) if safe && (is_overloaded(request, response) || is_cut(request, response)) => {
                let wait = Duration::from_secs(next(&mut self.overloaded, &[30, 60])?);
                let wait = asked_for(response, now).map_or(wait, |asked| wait.max(asked));
                Some(Again::DeferredField(wait, "is overloaded"))
            }
            Ok(response) if response.status == 500 && request.method == Method::Get && safe => {
                Some(Again::DeferredField(jittered(next(&mut self.failed, &[1, 2])?), "has an internal error"))
            }
            Err(error) if safe && error.fault() == HttpFault::Timeout => {
                Some(Again::DeferredField(jittered(next(&mut self.timed_out, &[2])?), "did not answer in time"))
            }
            Err(error) if safe && error.fault() == HttpFault::Reset => {
                Some(Again::DeferredField(jittered(next(&mut self.broken, &[1, 2])?), "broke the connection"))
            }
            _ => None,
        }
    }
}

/// Whether the service, or the way to it, is in trouble that passes, as opposed to what it says of this request.
pub(super) fn is_trouble(request: &Request, outcome: &Result<Response, HttpError>) -> bool {
    match outcome {
        Ok(response) => {
            matches!(response.status, 429 | 500) || is_overloaded(request, response) || is_cut(request, response)
        }
        Err(error) => matches!(error.fault(), HttpFault::Timeout | HttpFault::Reset),
    }
}

/// The next of the waits in seconds, until there is none.
fn next(seen: &mut usize, waits: &[u64]) -> Option<u64> {
    *seen += 1;
    waits.get(*seen - 1).copied()
}

/// So many seconds, give or take a quarter, so that those who failed together do not come back together.
fn jittered(seconds: u64) -> Duration {
    Duration::from_secs(seconds).mul_f64(0.75 + fastrand::f64() / 2.0)
}

/// Whether the answer is that of a service that has too much to do, or of what stands before it. A web page is one unless the
/// request says for itself what it accepts.
fn is_overloaded(request: &Request, response: &Response) -> bool {
    let wants_data = !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept"));
    matches!(response.status, 502 | 503 | 504 | 520 | 521 | 522 | 525)
        || (wants_data && response.status == 200 && response.is_html())
}

/// Whether the answer says that it is JSON and is not, as when a service breaks down while it answers. Only a read must be
/// answered with something.
fn is_cut(request: &Request, response: &Response) -> bool {
    let is_missing = response.body.is_empty() && request.method != Method::Get;
    response.status == 200
        && !is_missing
        && response.header("content-type").is_some_and(|kind| kind.starts_with("application/json"))
        && serde_json::from_slice::<serde::de::IgnoredAny>(&response.body).is_err()
}

/// What `Retry-After` says, in seconds or as a date, at most [`LONGEST_WAIT`].
pub(super) fn asked_for(response: &Response, now: Timestamp) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let wait = date(text)?.duration_since(server_time(response).unwrap_or(now));
    Some(Duration::try_from(wait).unwrap_or_default().min(LONGEST_WAIT))
}

/// The time by the clock of the service, which may differ from ours.
pub(super) fn server_time(response: &Response) -> Option<Timestamp> {
    date(response.header("date")?)
}

fn date(text: &str) -> Option<Timestamp> {
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}
