//! The client: requests wait for their turn, are sent, and are sent again where that is right.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{HttpError, host_of};
use super::limiter::Buckets;
use super::options::HttpOptions;
use super::request::{RateLimit, Request, Retry};
use super::response::Response;
use super::retry::{self, Again, Tries};
use super::transport;
use crate::context::clock::Clock;
use crate::context::progress::Progress;
use crate::context::store::Store;

/// Waits longer than this are shown.
const SHOWN: Duration = Duration::from_secs(3);

/// How long a host that failed all tries of a request gets only one try for each request.
const GIVEN_UP_FOR: Duration = Duration::from_secs(60);

/// The HTTP client.
///
/// Cheap to clone; nothing is set up before the first request.
///
/// ```no_run
/// use flexget_core::context::Context;
/// use flexget_core::context::http::{Method, Request};
/// use flexget_core::error::Result;
///
/// async fn titles(cx: &Context) -> Result<Vec<String>> {
///     let mut request = Request::new(Method::GET, "https://api.example.org/titles");
///     request.query.push(("sort".to_owned(), "added".to_owned()));
///     cx.http.send(request).await?.ok()?.json()
/// }
/// ```
#[derive(Clone)]
pub struct Http {
    inner: Rc<Inner>,
    traffic: Rc<Traffic>,
    dry_run: bool,
}

/// Requests and waits of one run of a task.
#[derive(Debug, Default)]
struct Traffic {
    requests: Cell<u64>,
    waited: Cell<Duration>,
}

struct Inner {
    options: HttpOptions,
    clock: Clock,
    progress: Progress,
    buckets: Buckets,
    client: OnceCell<reqwest::Client>,
    /// Client for this machine, which no proxy can reach.
    local_client: OnceCell<reqwest::Client>,
    counts: RefCell<BTreeMap<String, u64>>,
    in_flight: RefCell<BTreeMap<String, Arc<Semaphore>>>,
    queues: RefCell<BTreeMap<String, Rc<tokio::sync::Mutex<()>>>>,
    /// Number of requests that were sent and not answered yet.
    unanswered: Cell<usize>,
    /// Hosts of which a request failed after all retries, with the time of that.
    given_up: RefCell<BTreeMap<String, Timestamp>>,
}

impl Http {
    /// Creates a client that keeps its rate limits in the auth store of `store`.
    pub fn new(options: HttpOptions, store: Store, clock: Clock, progress: Progress) -> Self {
        let inner = Inner {
            options,
            clock,
            progress,
            buckets: Buckets::new(store),
            client: OnceCell::new(),
            local_client: OnceCell::new(),
            counts: RefCell::default(),
            in_flight: RefCell::default(),
            queues: RefCell::default(),
            unanswered: Cell::default(),
            given_up: RefCell::default(),
        };
        Self { inner: Rc::new(inner), traffic: Rc::default(), dry_run: false }
    }

    /// Returns this client with additional counts of its own, for one run of a task.
    #[must_use]
    pub fn for_run(&self) -> Self {
        Self { traffic: Rc::default(), ..self.clone() }
    }

    /// Returns the certificate files to trust besides the built-in certificates.
    pub fn ca_files(&self) -> &[PathBuf] {
        &self.inner.options.ca_files
    }

    /// Returns how many requests this run has sent, and how long it has waited.
    pub fn traffic(&self) -> (u64, Duration) {
        (self.traffic.requests.get(), self.traffic.waited.get())
    }

    /// Returns the number of requests of all runs that were sent and are not answered yet.
    pub fn unanswered(&self) -> usize {
        self.inner.unanswered.get()
    }

    /// Returns this client for a dry run: it refuses to send writes.
    #[must_use]
    pub fn for_dry_run(&self) -> Self {
        Self { dry_run: true, ..self.clone() }
    }

    /// Sends a request when its turn has come, with retries, and returns the last response.
    ///
    /// The status of the response may be any.
    ///
    /// * 429 waits as long as `Retry-After` says (at most five minutes), or 2, 4, 8 seconds, and
    ///   holds back all other requests of that bucket and host; four tries.
    /// * 502, 503, 504, 520, 521, 522, 525, a web page or broken JSON with status 200: again after
    ///   30 and 60 seconds, if safe.
    /// * 500: twice again for reads. Timeouts: once again, broken connections: twice again, if
    ///   safe.
    /// * Everything else is returned at once, 401 and 403 among them.
    /// * After a request that failed with all its tries, the others to its host are tried once, for
    ///   a minute or until one succeeds: a long run ends soon when a service is down.
    ///
    /// # Errors
    ///
    /// There is no complete response. Converted by `?`, the error of a write that may have been
    /// executed says so: see [`Error::may_have_happened`](crate::error::Error::may_have_happened).
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let url = request.full_url()?;
        if self.dry_run && request.is_write() && !request.in_dry_run {
            return Err(HttpError::invalid(&url, "a change is not sent in a dry run"));
        }
        let host = host_of(&url);
        let mut tries = Tries::default();
        loop {
            let permit = self.turn(&host, request.rate_limit.as_ref()).await;
            let outcome = self.attempt(&request, &url).await.map_err(|error| error.with_write(request.is_write()));
            drop(permit);
            let now = self.inner.clock.now();
            if let (Ok(response), Some(limit)) = (&outcome, &request.rate_limit) {
                self.inner.buckets.apply_rate_limit_headers(limit, response, now);
            }
            let is_failure = retry::is_failure(&request, &outcome);
            if !is_failure {
                self.inner.given_up.borrow_mut().remove(&host);
            }
            let again = tries.again(&request, &outcome, now).filter(|_| !self.is_given_up(&host, now));
            if again.is_none()
                && is_failure
                && request.retry != Retry::Own
                && (tries.many() || self.is_given_up(&host, now))
            {
                self.inner.given_up.borrow_mut().insert(host.clone(), now);
            }
            match again {
                None => return outcome,
                Some(Again::Limited(wait)) => self.inner.buckets.block(&host, request.rate_limit.as_ref(), now, wait),
                Some(Again::After(wait, reason)) => self.wait(wait, &format!("{host} {reason}")).await,
            }
        }
    }

    /// Returns how many requests were sent, by method; each attempt counts.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.inner.counts.borrow().clone()
    }

    /// Returns whether a request to this host has lately failed with all its tries.
    fn is_given_up(&self, host: &str, now: Timestamp) -> bool {
        let given_up = self.inner.given_up.borrow();
        given_up.get(host).is_some_and(|since| now.duration_since(*since).unsigned_abs() < GIVEN_UP_FOR)
    }

    /// Waits until a request may be sent, and counts it among those in flight.
    async fn turn(&self, host: &str, limit: Option<&RateLimit>) -> OwnedSemaphorePermit {
        // Only one of a bucket waits for its time, so that reservations are never far ahead and
        // requests of other buckets find a place.
        let queue = limit.map(|limit| self.queue(&limit.bucket));
        let _first = match &queue {
            Some(queue) => Some(queue.lock().await),
            None => None,
        };
        let in_flight = self.in_flight(host);
        loop {
            // The semaphore is never closed.
            let Ok(permit) = Arc::clone(&in_flight).acquire_owned().await else { continue };
            // Reserved last: the time of the reservation is the time of sending.
            let wait = self.inner.buckets.reserve(host, limit, self.inner.clock.now());
            if wait > SHOWN {
                // Other accounts have limits of their own, and may need the place meanwhile.
                drop(permit);
                self.wait(wait, &limit_reason(host, limit)).await;
                let Ok(permit) = Arc::clone(&in_flight).acquire_owned().await else { continue };
                if self.inner.buckets.is_blocked(host, limit, self.inner.clock.now()) {
                    continue;
                }
                return permit;
            }
            self.wait(wait, &limit_reason(host, limit)).await;
            if !self.inner.buckets.is_blocked(host, limit, self.inner.clock.now()) {
                return permit;
            }
        }
    }

    async fn wait(&self, duration: Duration, reason: &str) {
        if duration.is_zero() {
            return;
        }
        let shown = duration > SHOWN;
        if shown {
            tracing::info!("waiting {} s: {reason}", duration.as_secs());
            self.inner.progress.wait(&self.inner.clock, duration, reason).await;
        } else {
            self.inner.clock.sleep(duration).await;
        }
        self.traffic.waited.set(self.traffic.waited.get().saturating_add(duration));
    }

    fn in_flight(&self, host: &str) -> Arc<Semaphore> {
        let mut in_flight = self.inner.in_flight.borrow_mut();
        let new = || Arc::new(Semaphore::new(self.inner.options.in_flight.max(1)));
        Arc::clone(in_flight.entry(host.to_owned()).or_insert_with(new))
    }

    fn queue(&self, bucket: &str) -> Rc<tokio::sync::Mutex<()>> {
        Rc::clone(self.inner.queues.borrow_mut().entry(bucket.to_owned()).or_default())
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        let is_local = transport::is_this_machine(url);
        let slot = if is_local { &self.inner.local_client } else { &self.inner.client };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = transport::client(&self.inner.options, is_local).map_err(|why| HttpError::invalid(url, why))?;
        Ok(slot.get_or_init(|| client))
    }

    async fn attempt(&self, request: &Request, url: &Url) -> Result<Response, HttpError> {
        let client = self.client(url)?;
        let count = || {
            let mut counts = self.inner.counts.borrow_mut();
            let count = counts.entry(request.method.to_string()).or_default();
            *count = count.saturating_add(1);
            self.traffic.requests.set(self.traffic.requests.get().saturating_add(1));
        };
        let _unanswered = Unanswered::new(&self.inner.unanswered);
        transport::follow(client, request, url, &self.inner.options, &self.inner.clock, count).await
    }
}

/// Describes why requests to a host wait.
fn limit_reason(host: &str, limit: Option<&RateLimit>) -> String {
    limit.map_or_else(|| format!("{host} limits requests"), RateLimit::describe)
}

/// Counts a request as unanswered until it is dropped.
struct Unanswered<'c>(&'c Cell<usize>);

impl<'c> Unanswered<'c> {
    fn new(count: &'c Cell<usize>) -> Self {
        count.set(count.get().saturating_add(1));
        Self(count)
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("options", &self.inner.options)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
