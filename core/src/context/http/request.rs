//! A request and how often it may be sent.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

pub use reqwest::Method;
use reqwest::Url;
pub use reqwest::header::{HeaderName, HeaderValue};
use secrecy::SecretString;
use serde_json::Value;

use super::error::HttpError;

/// Whether a request may be sent again when it is not known whether it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// Never sends it again: the first response is returned, even a 429.
    ///
    /// For callers with a loop of their own.
    Own,
    /// Sends it again only if it was certainly not executed (429): twice would do it twice.
    Never,
    /// Sends it again after any failure that passes: the request is idempotent.
    Safe,
}

/// A service's rate limit, shared by all processes that use the same auth store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Name of the requests that are limited together, such as the reads of one account.
    ///
    /// Buckets of different services need different names.
    pub bucket: String,
    /// Name of the service for messages, such as `Example`.
    pub service: Cow<'static, str>,
    /// Name of the requests for messages, such as `reads`.
    pub what: &'static str,
    /// Number of requests that the service allows in any stretch of `per`.
    ///
    /// A tenth of them is left to other programs of the user.
    pub requests: u32,
    /// Length of the sliding window.
    pub per: Duration,
}

impl RateLimit {
    /// Creates a limit of `requests` in any stretch of `per`, which all of `bucket` share.
    pub fn new(
        service: impl Into<Cow<'static, str>>,
        bucket: impl Into<String>,
        what: &'static str,
        requests: u32,
        per: Duration,
    ) -> Self {
        Self { bucket: bucket.into(), service: service.into(), what, requests, per }
    }

    /// Describes the limit: "Example allows 500 reads in 5 minutes".
    pub fn describe(&self) -> String {
        let seconds = self.per.as_secs();
        let per = match (seconds, seconds % 60) {
            (1, _) => "a second".to_owned(),
            (60, _) => "a minute".to_owned(),
            (_, 0) => format!("{} minutes", seconds / 60),
            _ => format!("{seconds} seconds"),
        };
        let what = if self.requests == 1 { self.what.trim_end_matches('s') } else { self.what };
        format!("{} allows {} {what} in {per}", self.service, self.requests)
    }
}

/// Body of a request.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// JSON.
    Json(Value),
    /// A form, as `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// Plain text.
    Text(String),
    /// Bytes, whose type a header of the request may name.
    Bytes(Vec<u8>),
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

/// A request.
///
/// Formatting it shows no secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// URL, which may have a query of its own.
    pub url: String,
    /// Parameters that are added to the query, unencoded.
    pub query: Vec<(String, String)>,
    /// Headers that add to, or replace, the client's own.
    ///
    /// The client's own are `User-Agent`, `Accept: application/json` and `Accept-Encoding`.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// Headers with secrets, such as an API key, which no log and no error shows.
    pub secret_headers: Vec<(Cow<'static, str>, SecretString)>,
    /// Access token to send as `Authorization: Bearer`.
    pub bearer: Option<SecretString>,
    /// Body.
    pub body: Option<Body>,
    /// Rate limit that the request counts for.
    pub rate_limit: Option<RateLimit>,
    /// Whether it is sent again when it fails.
    pub retry: Retry,
    /// Whether the path of the URL may hold a secret, so that no log and no error shows it.
    pub has_secret_path: bool,
    /// Whether a dry run sends it whatever its method, as for a search by `POST`.
    pub in_dry_run: bool,
}

impl Request {
    /// Creates a request with nothing but a method and a URL: reads are retried, writes are not.
    ///
    /// ```
    /// use flexget_core::context::http::{Method, Request, Retry};
    ///
    /// let read = Request::new(Method::GET, "https://api.example.org/items");
    /// assert!(!read.is_write());
    /// assert_eq!(read.retry, Retry::Safe);
    ///
    /// let write = Request::new(Method::POST, "https://api.example.org/items");
    /// assert_eq!(write.retry, Retry::Never);
    /// ```
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let retry = if method.is_safe() { Retry::Safe } else { Retry::Never };
        Self {
            method,
            url: url.into(),
            query: Vec::new(),
            headers: Vec::new(),
            secret_headers: Vec::new(),
            bearer: None,
            body: None,
            rate_limit: None,
            retry,
            has_secret_path: false,
            in_dry_run: false,
        }
    }

    /// Creates a request with the name of a method; `None` if it is no such name.
    pub fn named(method: &str, url: impl Into<String>) -> Option<Self> {
        Some(Self::new(method.parse().ok()?, url))
    }

    /// Creates a `GET` of this URL.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// Creates a `POST` of this URL.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url)
    }

    /// Creates a `PUT` of this URL.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new(Method::PUT, url)
    }

    /// Creates a `PATCH` of this URL.
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new(Method::PATCH, url)
    }

    /// Creates a `DELETE` of this URL.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new(Method::DELETE, url)
    }

    /// Adds a parameter to the query, unencoded.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a header with a secret.
    #[must_use]
    pub fn secret_header(mut self, name: impl Into<Cow<'static, str>>, value: SecretString) -> Self {
        self.secret_headers.push((name.into(), value));
        self
    }

    /// Sends JSON.
    #[must_use]
    pub fn json(self, value: Value) -> Self {
        Self { body: Some(Body::Json(value)), ..self }
    }

    /// Sends a form.
    #[must_use]
    pub fn form<N: Into<String>, V: Into<String>>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { body: Some(Body::Form(fields)), ..self }
    }

    /// Sends plain text.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        Self { body: Some(Body::Text(text.into())), ..self }
    }

    /// Sends bytes of a media type.
    #[must_use]
    pub fn bytes(self, media_type: &str, bytes: Vec<u8>) -> Self {
        Self { body: Some(Body::Bytes(bytes)), ..self }.header("content-type", media_type)
    }

    /// Returns whether the request may change something, going by its method.
    pub fn is_write(&self) -> bool {
        !self.method.is_safe()
    }

    /// Returns the URL that is requested, its query included.
    pub(super) fn full_url(&self) -> Result<Url, HttpError> {
        let mut url = Url::parse(&self.url).map_err(HttpError::no_url)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(HttpError::no_url("the URL does not start with `https://` or `http://`"));
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        let url = if self.has_secret_path { "with a secret URL" } else { url };
        write!(f, "Request({} {url}, {:?}, {:?})", self.method, self.retry, self.rate_limit)
    }
}
