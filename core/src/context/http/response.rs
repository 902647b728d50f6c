//! A response: its status, headers and body.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Longest wait that a response can ask for.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A complete response, decompressed and no larger than allowed.
#[derive(Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
    pub(super) headers: HeaderMap,
    pub(super) host: String,
    pub(super) path: String,
    /// Whether the request may have changed something.
    pub(super) is_write: bool,
}

impl Response {
    /// Returns the first header of this name, whatever its case, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Iterates over the headers that are text, by their names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// Returns whether the body is a web page, as services and proxies send on errors.
    ///
    /// JSON that is called one in the headers is none.
    pub fn is_html(&self) -> bool {
        let start = self.unmarked_body().trim_ascii_start();
        if self.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html")) {
            return !matches!(start.first(), Some(b'{' | b'['));
        }
        ["<!doctype html", "<html"]
            .iter()
            .any(|tag| start.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag.as_bytes())))
    }

    /// Returns the body without a byte order mark.
    fn unmarked_body(&self) -> &[u8] {
        self.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&self.body)
    }

    /// Returns the wait that `Retry-After` asks for, in seconds or as a date, at most five minutes.
    ///
    /// `now` is used where the response has no `Date`.
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
        }
        let wait = http_date(text)?.duration_since(self.date().unwrap_or(now));
        Some(Duration::try_from(wait).unwrap_or_default().min(LONGEST_WAIT))
    }

    /// Returns the time by the service's clock, which may differ from this machine's.
    pub fn date(&self) -> Option<Timestamp> {
        http_date(self.header("date")?)
    }

    /// Returns the response itself if its status is 2xx and its body is no web page.
    ///
    /// # Errors
    ///
    /// Names host, path and status. A write whose outcome is unknown (5xx, a web page) is an error
    /// after which [`Error::may_have_happened`] is true.
    pub fn ok(self) -> Result<Self> {
        let is_good = (200..300).contains(&self.status);
        if is_good && !self.is_html() {
            return Ok(self);
        }
        let what = if is_good { "a web page".to_owned() } else { format!("status {}", self.status) };
        let error = Error::new(format!("{} answered the request for `{}` with {what}", self.host, self.path));
        let error = match self.status {
            401 | 403 => error.hint("check the credentials"),
            404 => error.hint("check the URL"),
            400..=499 => error.hint("check the options"),
            _ => error.hint("try again later"),
        };
        let is_unknown = is_good || self.status >= 500;
        Err(if self.is_write && is_unknown { error.after_sending() } else { error })
    }

    /// Parses the body as JSON.
    ///
    /// # Errors
    ///
    /// The body is no JSON, or not of this shape. The error says where, and never shows the body,
    /// which may hold a token. After a write, [`Error::may_have_happened`] is true.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let reader = &mut serde_json::Deserializer::from_slice(self.unmarked_body());
        serde_path_to_error::deserialize(reader).map_err(|error| {
            let (at, inner) = (error.path().to_string(), error.inner());
            let what = match inner.classify() {
                serde_json::error::Category::Data => format!("`{at}` is not as expected"),
                _ if self.is_html() => "it is a web page".to_owned(),
                _ if self.body.is_empty() => "it is empty".to_owned(),
                _ => format!("it is not JSON from line {}, column {} on", inner.line(), inner.column()),
            };
            let error = Error::new(format!(
                "{} sent a response to `{}` that cannot be understood: {what}",
                self.host, self.path
            ))
            .hint("try again later; if it stays so, the service has changed and a newer version may know it");
            if self.is_write { error.after_sending() } else { error }
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} from {}{}, {} bytes)", self.status, self.host, self.path, self.body.len())
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}
