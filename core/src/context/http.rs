//! The door to the network: one client, paced, retried and counted in one place.
//!
//! [`Http::send`] gives back the final answer whatever its status is; what a status means is for the caller to say.

mod client;
mod error;
mod limiter;
mod retry;
#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::context::store::Store;
use crate::context::{Clock, Environment, Event, Progress};
use crate::error::{Error, Result};

pub use error::{HttpError, HttpFault, Sent};
use limiter::Buckets;
use retry::{Again, Tries};

/// Waits longer than this are shown.
const SHOWN: Duration = Duration::from_secs(3);

/// For how long nothing is tried twice at a host that did not answer all the tries of a request.
const GIVEN_UP_FOR: Duration = Duration::from_secs(60);

/// What can be done with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read it.
    Get,
    /// Send something to it.
    Post,
    /// Replace it.
    Put,
    /// Remove it.
    Delete,
}

impl Method {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What may be sent again when it is not known whether it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Nothing is: the first answer is given back, even a 429. For callers with a loop of their own.
    Own,
    /// Only what was certainly not done (429): sending it twice would do it twice.
    Never,
    /// Anything: doing it twice is doing it once.
    Safe,
}

/// How often requests of one kind may be sent, by all processes that share the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// What is limited together, such as the reads of one account. Lanes of different services need different names.
    pub bucket: String,
    /// The time in which `allowed` requests may be sent.
    pub per: Duration,
    /// How many requests may be sent in any stretch of `per`.
    pub allowed: u32,
    /// How many of them may be sent at once; the others are spread evenly over `per`.
    pub burst: u32,
}

/// A request. Formatting it shows nothing that may be a secret.
#[derive(Clone)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// With what.
    pub url: String,
    /// Added to the address, encoded.
    pub query: Vec<(String, String)>,
    /// Sent besides the door's own (`User-Agent`, `Accept: application/json`, `Accept-Encoding`), or in their place.
    pub headers: Vec<(&'static str, String)>,
    /// The token to send as `Authorization: Bearer`.
    pub bearer: Option<SecretString>,
    /// The JSON to send.
    pub body: Option<Value>,
    /// The lane that it belongs to.
    pub pace: Option<Pace>,
    /// What to do when it fails.
    pub retry: Retry,
}

impl Request {
    /// A request with nothing but a method and an address: reads are retried, others never.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            query: Vec::new(),
            headers: Vec::new(),
            bearer: None,
            body: None,
            pace: None,
            retry: if method == Method::Get { Retry::Safe } else { Retry::Never },
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        write!(f, "Request({} {url}, {:?}, {:?})", self.method.name(), self.retry, self.pace)
    }
}

/// An answer, complete, decompressed and no larger than allowed.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// What was answered.
    pub body: Vec<u8>,
    headers: HeaderMap,
    host: String,
    path: String,
}

impl Response {
    /// The first header of this name, whatever its case, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the answer is a web page: what services and those in front of them answer when something is wrong.
    pub fn is_html(&self) -> bool {
        if self.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html")) {
            return true;
        }
        let start = self.body.trim_ascii_start();
        ["<!doctype html", "<html"]
            .iter()
            .any(|tag| start.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag.as_bytes())))
    }

    /// How long `Retry-After` asks to wait, in seconds or as a date, at most five minutes. `now` is used where the answer
    /// does not say what time it is for the service.
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        retry::asked_for(self, now)
    }

    /// The JSON of the answer.
    ///
    /// # Errors
    ///
    /// When it is not JSON or not of this shape. The error says where, and never what is there: it may be a token.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let reader = &mut serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(reader).map_err(|error| {
            let (at, inner) = (error.path().to_string(), error.inner());
            let what = match inner.classify() {
                serde_json::error::Category::Data => format!("`{at}` is not as expected"),
                _ if self.is_html() => "it is a web page".to_owned(),
                _ if self.body.is_empty() => "it is empty".to_owned(),
                _ => format!("it is not JSON from line {}, column {} on", inner.line(), inner.column()),
            };
            Error::new(format!("{} gave an answer to `{}` that cannot be understood: {what}", self.host, self.path))
                .hint("try again later; if it stays so, the service has changed and a newer version may know it")
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} from {}{}, {} bytes)", self.status, self.host, self.path, self.body.len())
    }
}

/// What can be set about the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// For making a connection.
    pub connect_timeout: Duration,
    /// For one attempt, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// The bytes of an answer, decompressed; a larger one is an error.
    pub largest_answer: usize,
    /// How many requests may be under way to one host.
    pub in_flight: usize,
    /// Files of certificates (PEM) to trust besides the built-in ones.
    pub ca_files: Vec<PathBuf>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            largest_answer: 32 << 20,
            in_flight: 4,
            ca_files: Vec::new(),
        }
    }
}

impl HttpOptions {
    /// The usual, with the certificates that `SSL_CERT_FILE` names.
    pub fn from_environment(environment: &Environment) -> Self {
        let ca_files = environment("SSL_CERT_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
        Self { ca_files: ca_files.into_iter().collect(), ..Self::default() }
    }
}

/// The door to the network. Cheap to clone; nothing is set up before the first request.
#[derive(Clone)]
pub struct Http(Rc<Inner>);

struct Inner {
    options: HttpOptions,
    clock: Clock,
    progress: Progress,
    buckets: Buckets,
    /// The client, and the one for this machine, which no proxy can reach.
    client: OnceCell<reqwest::Client>,
    local_client: OnceCell<reqwest::Client>,
    counts: RefCell<BTreeMap<&'static str, u64>>,
    in_flight: RefCell<BTreeMap<String, std::sync::Arc<Semaphore>>>,
    queues: RefCell<BTreeMap<String, Rc<tokio::sync::Mutex<()>>>>,
    /// Hosts where a request failed with all its tries, and when.
    given_up: RefCell<BTreeMap<String, Timestamp>>,
}

impl Http {
    /// A door that keeps its pace in the shared part of `store`.
    pub fn new(options: HttpOptions, store: Store, clock: Clock, progress: Progress) -> Self {
        Self(Rc::new(Inner {
            options,
            clock,
            progress,
            buckets: Buckets::new(store),
            client: OnceCell::new(),
            local_client: OnceCell::new(),
            counts: RefCell::default(),
            in_flight: RefCell::default(),
            queues: RefCell::default(),
            given_up: RefCell::default(),
        }))
    }

    /// Sends a request when its turn has come, as often as is right, and gives back the last answer.
    ///
    /// * 429 waits as long as the answer says (at most five minutes), or 2, 4, 8 seconds, and holds back everything else
    ///   for that lane and host; four tries.
    /// * 502, 503, 504, 520, 521, 522, 525, a web page or broken JSON with status 200: again after 30 and 60
    ///   seconds, if safe.
    /// * 500: twice again for reads. Timeouts: once again, broken connections: twice again, if safe.
    /// * Everything else is given back at once, 401 and 403 among them.
    /// * After a request that failed with all its tries, the others to its host are tried once, for a minute or until one
    ///   succeeds: a run of many requests ends soon when a service is down.
    ///
    /// # Errors
    ///
    /// When there is no complete answer.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let url = client::address(&request)?;
        let host = client::host_of(&url);
        let mut tries = Tries::default();
        loop {
            let permit = self.turn(&host, request.pace.as_ref()).await;
            let outcome = self.exchange(&request, &url).await;
            drop(permit);
            let now = self.0.clock.now();
            if let (Ok(response), Some(pace)) = (&outcome, &request.pace) {
                self.0.buckets.heed(pace, response, now);
            }
            let is_trouble = retry::is_trouble(&request, &outcome);
            if !is_trouble {
                self.0.given_up.borrow_mut().remove(&host);
            }
            let again = tries.again(&request, &outcome, now).filter(|_| !self.is_given_up(&host, now));
            if again.is_none()
                && is_trouble
                && request.retry != Retry::Own
                && (tries.many() || self.is_given_up(&host, now))
            {
                self.0.given_up.borrow_mut().insert(host.clone(), now);
            }
            match again {
                None => return outcome,
                Some(Again::Limited(wait)) => self.0.buckets.hold(&host, request.pace.as_ref(), now, wait),
                Some(Again::DeferredField(wait, reason)) => self.wait(wait, &format!("{host} {reason}")).await,
            }
        }
    }

    /// Whether a request to this host has failed lately with all its tries.
    fn is_given_up(&self, host: &str, now: Timestamp) -> bool {
        let given_up = self.0.given_up.borrow();
        given_up.get(host).is_some_and(|since| now.duration_since(*since).unsigned_abs() < GIVEN_UP_FOR)
    }

    /// How many requests were sent, by method; each attempt counts.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.counts.borrow().clone()
    }

    /// Waits until a request may be sent, and keeps a place for it among those under way.
    async fn turn(&self, host: &str, pace: Option<&Pace>) -> OwnedSemaphorePermit {
        let places = self.places(host);
        loop {
            {
                // Only one of a lane waits for its time, so that what the lane promises is never far ahead.
                let queue = pace.map(|pace| self.queue(&pace.bucket));
                let _first = match &queue {
                    Some(queue) => Some(queue.lock().await),
                    None => None,
                };
                let wait = self.0.buckets.reserve(host, pace, self.0.clock.now());
                self.wait(wait, &format!("{host} limits requests")).await;
            }
            // The semaphore is never closed.
            let Ok(permit) = places.clone().acquire_owned().await else { continue };
            if !self.0.buckets.is_held(host, pace, self.0.clock.now()) {
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
            self.0.progress.tell(Event::Waiting { reason: reason.to_owned(), duration });
        }
        self.0.clock.sleep(duration).await;
        if shown {
            self.0.progress.tell(Event::Done);
        }
    }

    fn places(&self, host: &str) -> std::sync::Arc<Semaphore> {
        let mut in_flight = self.0.in_flight.borrow_mut();
        let places = || std::sync::Arc::new(Semaphore::new(self.0.options.in_flight.max(1)));
        in_flight.entry(host.to_owned()).or_insert_with(places).clone()
    }

    fn queue(&self, bucket: &str) -> Rc<tokio::sync::Mutex<()>> {
        self.0.queues.borrow_mut().entry(bucket.to_owned()).or_default().clone()
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        let local = client::is_this_machine(url);
        let slot = if local { &self.0.local_client } else { &self.0.client };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = client::client(&self.0.options, local).map_err(|why| HttpError::invalid(url, why))?;
        Ok(slot.get_or_init(|| client))
    }

    /// One attempt.
    async fn exchange(&self, request: &Request, url: &Url) -> Result<Response, HttpError> {
        let client = self.client(url)?;
        let count = || *self.0.counts.borrow_mut().entry(request.method.name()).or_default() += 1;
        client::exchange(client, request, url, &self.0.options, &self.0.clock, count).await
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("options", &self.0.options).field("counts", &self.counts()).finish_non_exhaustive()
    }
}
