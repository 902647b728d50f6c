//! The rate limiter: a sliding window for each bucket, shared by all processes.
//!
//! A request goes at once while its window has room, and waits for the oldest one to leave the
//! window otherwise. Buckets are rows of the auth store; when that cannot be used, the limits are
//! kept for this process alone.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::request::RateLimit;
use super::response::{LONGEST_WAIT, Response};
use crate::context::store::{BucketState, Store};
use crate::error::{Error, Result};

/// Part of a limit that is left to other programs of the user.
const RESERVE: u32 = 10;

/// Longest time, in milliseconds, by which another process reserves beyond the window's end.
const RESERVED_AHEAD: i64 = 60_000;

/// Two ends of a service's window that differ by no more than this are the same, in milliseconds.
const SAME_WINDOW: u64 = 2_000;

/// The buckets of all rate limits.
pub(super) struct Buckets {
    store: Store,
    store_failed: Cell<bool>,
    /// Blocked hosts, for requests without a rate limit; all buckets when the store cannot be used.
    local: RefCell<BTreeMap<String, BucketState>>,
}

impl Buckets {
    pub(super) fn new(store: Store) -> Self {
        Self { store, store_failed: Cell::new(false), local: RefCell::default() }
    }

    /// Reserves the next free time of the bucket and returns how long it is until then.
    pub(super) fn reserve(&self, host: &str, limit: Option<&RateLimit>, now: Timestamp) -> Duration {
        let now = now.as_millisecond();
        let blocked_until = self.blocked_until(host, limit, now);
        let at = match limit {
            None => blocked_until,
            Some(limit) => self.update(&limit.bucket, |bucket| take(bucket, limit, now, blocked_until)),
        };
        Duration::from_millis(u64::try_from(at.saturating_sub(now)).unwrap_or_default())
    }

    /// Returns whether no request may be sent now.
    pub(super) fn is_blocked(&self, host: &str, limit: Option<&RateLimit>, now: Timestamp) -> bool {
        let now = now.as_millisecond();
        self.blocked_until(host, limit, now) > now
    }

    /// Blocks the bucket and the host until `wait` has passed.
    pub(super) fn block(&self, host: &str, limit: Option<&RateLimit>, now: Timestamp, wait: Duration) {
        let until = now.as_millisecond().saturating_add(millis(wait));
        let block = |bucket: &mut BucketState| bucket.blocked_until = bucket.blocked_until.max(until);
        block(self.local.borrow_mut().entry(host_bucket(host)).or_default());
        if let Some(limit) = limit {
            self.update(&limit.bucket, block);
            self.update(&host_bucket(host), block);
        }
    }

    /// Applies the service's own count of what is left in its window (`X-Ratelimit`).
    ///
    /// It matters when other programs share the limit: then less is left than this program's own
    /// requests explain.
    pub(super) fn apply_rate_limit_headers(&self, limit: &RateLimit, response: &Response, now: Timestamp) {
        let header = response.header("x-ratelimit").and_then(|text| serde_json::from_str::<RateLimitHeader>(text).ok());
        let Some(header) = header else { return };
        let wait = header.until.duration_since(response.date().unwrap_or(now));
        let wait = Duration::try_from(wait).unwrap_or_default().min(LONGEST_WAIT);
        if wait.is_zero() {
            return;
        }
        let now = now.as_millisecond();
        let until = now.saturating_add(millis(wait));
        let left = header.remaining.saturating_sub(header.limit.unwrap_or(limit.requests) / RESERVE);
        let own_left = share(limit).saturating_sub(self.read(&limit.bucket).within(limit, now));
        if left >= own_left {
            return;
        }
        self.update(&limit.bucket, |bucket| {
            let is_same = bucket.left_until.abs_diff(until) <= SAME_WINDOW;
            bucket.left = if is_same { bucket.left.min(left) } else { left };
            bucket.left_until = until;
        });
    }

    fn blocked_until(&self, host: &str, limit: Option<&RateLimit>, now: i64) -> i64 {
        let local = |name: &str| self.local.borrow().get(name).map_or(0, |bucket| bucket.blocked_until);
        let host = host_bucket(host);
        let stored = match limit {
            Some(limit) => self
                .with_store(|store| store.blocked_until([&limit.bucket, &host]))
                .unwrap_or_else(|| local(&limit.bucket)),
            None => 0,
        };
        // Nobody is blocked for longer: the clock was wrong and has been set back.
        let believable = |until: i64| if until > now.saturating_add(millis(LONGEST_WAIT)) { 0 } else { until };
        believable(stored).max(believable(local(&host))).max(now)
    }

    fn read(&self, name: &str) -> BucketState {
        let stored = self.with_store(|store| store.bucket(name));
        stored.unwrap_or_else(|| self.local.borrow().get(name).cloned().unwrap_or_default())
    }

    fn update<T>(&self, name: &str, update: impl Fn(&mut BucketState) -> T) -> T {
        let stored = self.with_store(|store| store.update_bucket(name, &update));
        stored.unwrap_or_else(|| update(self.local.borrow_mut().entry(name.to_owned()).or_default()))
    }

    /// Uses the store unless it has failed before.
    fn with_store<T>(&self, work: impl FnOnce(&Store) -> Result<T>) -> Option<T> {
        if self.store_failed.get() {
            return None;
        }
        work(&self.store)
            .map_err(|error: Error| {
                self.store_failed.set(true);
                tracing::warn!("rate limits are kept for this process alone: {error}");
            })
            .ok()
    }
}

impl BucketState {
    /// Counts the requests that are in the window at `now`.
    fn within(&self, limit: &RateLimit, now: i64) -> u32 {
        let start = now.saturating_sub(millis(limit.per));
        u32::try_from(self.requests.iter().filter(|at| **at > start).count()).unwrap_or(u32::MAX)
    }
}

/// The JSON of `X-Ratelimit`.
#[derive(serde::Deserialize)]
struct RateLimitHeader {
    limit: Option<u32>,
    remaining: u32,
    until: Timestamp,
}

/// Reserves the first time at which the window has room.
fn take(bucket: &mut BucketState, limit: &RateLimit, now: i64, blocked_until: i64) -> i64 {
    let per = millis(limit.per);
    // Later times were stored by a clock that was wrong; they count as if they were now.
    let latest = blocked_until.saturating_add(per).saturating_add(RESERVED_AHEAD);
    bucket.requests.iter_mut().filter(|at| **at > latest).for_each(|at| *at = now);
    bucket.requests.sort_unstable();
    bucket.requests.retain(|at| *at > now.saturating_sub(per));
    let mut at = blocked_until.max(now);
    if let Some(oldest) = bucket.requests.len().checked_sub(share(limit) as usize) {
        at = at.max(bucket.requests[oldest].saturating_add(per));
    }
    if at < bucket.left_until && bucket.left_until <= now.saturating_add(millis(LONGEST_WAIT)) {
        if bucket.left == 0 {
            at = bucket.left_until;
        }
        bucket.left = bucket.left.saturating_sub(1);
    }
    let place = bucket.requests.partition_point(|other| *other <= at);
    bucket.requests.insert(place, at);
    at
}

/// Returns the requests of a limit that this program may use.
fn share(limit: &RateLimit) -> u32 {
    limit.requests.saturating_sub(limit.requests / RESERVE).max(1)
}

fn millis(duration: Duration) -> i64 {
    // Rounded up, so that a wait is never too short.
    i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX / 4)
}

fn host_bucket(host: &str) -> String {
    format!("host {host}")
}
