//! Whose turn it is.
//!
//! Each lane follows the generic cell rate algorithm: `next` is when the lane would be idle if its requests had come evenly,
//! and a request may be as much earlier as the burst allows. A lane is one row in the store, so all processes keep the same
//! pace; when the store cannot be used, the pace is kept for this process alone.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::retry::{LONGEST_WAIT, server_time};
use super::{Pace, Response};
use crate::context::store::{BucketState, Store};

/// With fewer requests than this left, as the service says, there are no more bursts.
const FEW: u64 = 50;

pub(super) struct Buckets {
    store: Store,
    store_failed: Cell<bool>,
    /// Hosts that are held, for requests without a pace; lanes too when the store cannot be used.
    here: RefCell<BTreeMap<String, BucketState>>,
}

impl Buckets {
    pub(super) fn new(store: Store) -> Self {
        Self { store, store_failed: Cell::new(false), here: RefCell::default() }
    }

    /// Takes the next free time of the lane; says how long it is until then.
    pub(super) fn reserve(&self, host: &str, pace: Option<&Pace>, now: Timestamp) -> Duration {
        let now = now.as_microsecond();
        let held = self.held_until(host, pace, now);
        let at = match pace {
            None => held,
            Some(pace) => self.update(&pace.bucket, |bucket| take(bucket, pace, now, held)),
        };
        Duration::from_micros(u64::try_from(at - now).unwrap_or_default())
    }

    /// Whether nobody may send now.
    pub(super) fn is_held(&self, host: &str, pace: Option<&Pace>, now: Timestamp) -> bool {
        let now = now.as_microsecond();
        self.held_until(host, pace, now) > now
    }

    /// Lets nobody send in this lane and to this host before `wait` has passed.
    pub(super) fn hold(&self, host: &str, pace: Option<&Pace>, now: Timestamp, wait: Duration) {
        let until = now.as_microsecond() + micros(wait);
        let hold = |bucket: &mut BucketState| bucket.held = bucket.held.max(until);
        hold(self.here.borrow_mut().entry(host_lane(host)).or_default());
        if let Some(pace) = pace {
            self.update(&pace.bucket, hold);
            self.update(&host_lane(host), hold);
        }
    }

    /// Respects what an answer says about how many requests are left (`X-Ratelimit`).
    pub(super) fn heed(&self, pace: &Pace, response: &Response, now: Timestamp) {
        let Some(left) = response.header("x-ratelimit").and_then(|text| serde_json::from_str::<Left>(text).ok()) else {
            return;
        };
        if left.remaining >= FEW {
            return;
        }
        let wait = left.until.duration_since(server_time(response).unwrap_or(now));
        let wait = Duration::try_from(wait).unwrap_or_default().min(LONGEST_WAIT);
        let now = now.as_microsecond();
        self.update(&pace.bucket, |bucket| {
            bucket.next = bucket.next.max(now + tolerance(pace) + interval(pace));
            if left.remaining == 0 {
                bucket.held = bucket.held.max(now + micros(wait));
            }
        });
    }

    fn held_until(&self, host: &str, pace: Option<&Pace>, now: i64) -> i64 {
        let here = self.here.borrow().get(&host_lane(host)).map_or(0, |bucket| bucket.held);
        let stored = pace.map_or(0, |pace| self.read(&pace.bucket).held.max(self.read(&host_lane(host)).held));
        here.max(if believable(stored, now, LONGEST_WAIT) { stored } else { 0 })
    }

    fn read(&self, bucket: &str) -> BucketState {
        if !self.store_failed.get() {
            match self.store.bucket(bucket) {
                Ok(state) => return state,
                Err(error) => self.give_up(&error),
            }
        }
        self.here.borrow().get(bucket).copied().unwrap_or_default()
    }

    fn update<T>(&self, bucket: &str, update: impl Fn(&mut BucketState) -> T) -> T {
        if !self.store_failed.get() {
            match self.store.update_bucket(bucket, &update) {
                Ok(done) => return done,
                Err(error) => self.give_up(&error),
            }
        }
        update(self.here.borrow_mut().entry(bucket.to_owned()).or_default())
    }

    fn give_up(&self, error: &crate::error::Error) {
        self.store_failed.set(true);
        tracing::warn!("the pace of requests is kept for this process alone: {error}");
    }
}

/// What a service says about a limit.
#[derive(serde::Deserialize)]
struct Left {
    remaining: u64,
    until: Timestamp,
}

fn take(bucket: &mut BucketState, pace: &Pace, now: i64, held: i64) -> i64 {
    if !believable(bucket.next, now, pace.per + LONGEST_WAIT) {
        bucket.next = now;
    }
    let at = now.max(held).max(bucket.next - tolerance(pace));
    bucket.next = bucket.next.max(at) + interval(pace);
    at
}

/// Whether a stored time can be right; it cannot when the clock was wrong and has been set back since.
fn believable(stored: i64, now: i64, longest: Duration) -> bool {
    stored <= now + 2 * micros(longest)
}

/// The time between two requests, such that burst and all no stretch of `per` has more than `allowed`.
fn interval(pace: &Pace) -> i64 {
    let spread = pace.allowed.saturating_sub(pace.burst.saturating_sub(1)).max(1);
    micros(pace.per / spread)
}

/// How much earlier than evenly a request may be.
fn tolerance(pace: &Pace) -> i64 {
    interval(pace) * i64::from(pace.burst.max(1) - 1)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}

fn host_lane(host: &str) -> String {
    format!("host {host}")
}
