//! Rate limits: two buckets of reads per five minutes, one of writes per second.

use std::collections::HashMap;

use serde_json::json;

use crate::time::{self, MINUTE};
use crate::wire::Reply;

const WINDOW: i64 = 5 * MINUTE;

/// Which limits hold. The default has none, so that tests need no clock that moves.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Reads per five minutes, for each user, and for each application without a user. The windows are fixed: they
    /// begin at each fifth minute of the clock.
    pub reads: Option<u32>,
    /// Milliseconds between two writes of one user.
    pub write_interval: Option<i64>,
    /// Whether polling a device code faster than its interval is answered with 429.
    pub polls: bool,
    /// 429s come without `Retry-After`.
    pub silent: bool,
}

impl Limits {
    /// The limits of late 2026: 500 reads per five minutes, one write a second, polls at the interval.
    pub fn real() -> Self {
        Limits { reads: Some(500), write_interval: Some(1000), polls: true, silent: false }
    }
}

/// What was used of the limits.
#[derive(Debug, Default)]
pub(crate) struct Used {
    reads: HashMap<String, (i64, u32)>,
    writes: HashMap<String, i64>,
}

/// What `X-Ratelimit` says, or the refusal.
pub(crate) struct Verdict {
    pub(crate) header: String,
    pub(crate) refusal: Option<Reply>,
}

/// Counts a request against its bucket.
pub(crate) fn count(
    limits: &Limits,
    used: &mut Used,
    user: Option<&str>,
    client: &str,
    read: bool,
    now: i64,
) -> Verdict {
    let owner = user.map_or_else(|| format!("client {client}"), |user| format!("user {user}"));
    if read {
        let window = now.div_euclid(WINDOW) * WINDOW;
        let entry = used.reads.entry(owner).or_insert((window, 0));
        if entry.0 != window {
            *entry = (window, 0);
        }
        let limit = limits.reads.unwrap_or(1_000_000);
        let refused = entry.1 >= limit;
        if !refused {
            entry.1 += 1;
        }
        let name = if user.is_some() { "AUTHED_API_GET_LIMIT" } else { "UNAUTHED_API_GET_LIMIT" };
        let until = window + WINDOW;
        Verdict {
            header: header(name, 300, limit, limit - entry.1, until),
            refusal: refused.then(|| refusal(limits, until - now)),
        }
    } else {
        let interval = limits.write_interval.unwrap_or(0);
        let last = used.writes.get(&owner).copied();
        let refused = last.is_some_and(|last| (0..interval).contains(&(now - last)));
        let wait = last.map_or(0, |last| last + interval - now);
        if !refused {
            used.writes.insert(owner, now);
        }
        Verdict {
            header: header("AUTHED_API_POST_LIMIT", 1, 1, 0, now + interval),
            refusal: refused.then(|| refusal(limits, wait)),
        }
    }
}

fn header(name: &str, period: u32, limit: u32, remaining: u32, until: i64) -> String {
    json!({ "name": name, "period": period, "limit": limit, "remaining": remaining, "until": time::render(until) })
        .to_string()
}

fn refusal(limits: &Limits, wait: i64) -> Reply {
    let reply = Reply::empty(429);
    if limits.silent {
        return reply;
    }
    reply.header("Retry-After", (wait.max(1) + 999) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fill_fixed_windows() {
        let limits = Limits { reads: Some(2), ..Limits::default() };
        let mut used = Used::default();
        let mut status = |now| count(&limits, &mut used, Some("a"), "c", true, now).refusal.map(|r| r.headers);
        assert_eq!(status(WINDOW - 2000), None);
        assert_eq!(status(WINDOW - 1500), None);
        assert_eq!(status(WINDOW - 1500), Some(vec![("Retry-After".into(), "2".into())]));
        assert_eq!(status(WINDOW), None);
    }

    #[test]
    fn writes_keep_their_distance_for_each_user() {
        let limits = Limits::real();
        let mut used = Used::default();
        let mut refused = |user: &str, now| count(&limits, &mut used, Some(user), "c", false, now).refusal.is_some();
        assert!(!refused("a", 10_000));
        assert!(refused("a", 10_999));
        assert!(!refused("b", 10_999));
        assert!(!refused("a", 11_000));
    }
}
