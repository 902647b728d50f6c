//! Failures below the level of responses, and what a user can do about them.

use std::error::Error as StdError;
use std::io::ErrorKind::{HostUnreachable, NetworkDown, NetworkUnreachable};
use std::{fmt, io};

use reqwest::Url;

use crate::error::{Error, OUT_OF_FILES, is_out_of_files};

/// A request without a complete response.
#[derive(Debug)]
pub struct HttpError {
    fault: HttpFault,
    host: String,
    sent: Sent,
    /// Whether the request may have changed something.
    is_write: bool,
    detail: String,
}

/// Kind of a failure below the level of responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpFault {
    /// This machine has no network.
    Offline,
    /// The host name is unknown.
    Dns,
    /// No secure connection could be made.
    Tls,
    /// No connection could be made.
    Connect,
    /// This machine cannot open another connection.
    OutOfFiles,
    /// A time limit passed.
    Timeout,
    /// The connection broke, or the response ended too early.
    Reset,
    /// The response is larger than allowed.
    TooLarge,
    /// The request cannot be made: a URL, a header or a setting is wrong.
    Invalid,
}

/// Whether the host may have executed the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sent {
    /// It has not: nothing was sent.
    No,
    /// It may have: there was no response.
    Maybe,
    /// It received the request, because it responded.
    Yes,
}

/// Returns the host of a URL, with the port when it is not the usual one.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl HttpError {
    fn new(fault: HttpFault, host: String, sent: Sent, detail: impl Into<String>) -> Self {
        Self { fault, host, sent, is_write: false, detail: detail.into() }
    }

    /// Returns the kind of failure.
    pub fn fault(&self) -> HttpFault {
        self.fault
    }

    /// Returns the host that was asked.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns whether the host may have executed the request.
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// Records whether the request may change something.
    pub(super) fn with_write(self, is_write: bool) -> Self {
        Self { is_write, ..self }
    }

    /// Returns a request to `url` that cannot be made.
    pub(super) fn invalid(url: &Url, why: impl Into<String>) -> Self {
        Self::new(HttpFault::Invalid, host_of(url), Sent::No, why)
    }

    /// Returns a request to something that is no URL.
    pub(super) fn no_url(why: impl fmt::Display) -> Self {
        Self::new(HttpFault::Invalid, String::new(), Sent::No, why.to_string())
    }

    /// Returns a response with more than `limit` bytes.
    pub(super) fn too_large(url: &Url, limit: usize) -> Self {
        Self::new(HttpFault::TooLarge, host_of(url), Sent::Yes, format!("more than {limit} bytes"))
    }

    /// Returns a failure before the response began.
    pub(super) fn before_response(url: &Url, error: reqwest::Error) -> Self {
        let connecting = error.is_connect();
        let fault = if error.is_builder() {
            HttpFault::Invalid
        } else if connecting {
            connect_fault(&error)
        } else if error.is_timeout() {
            HttpFault::Timeout
        } else {
            HttpFault::Reset
        };
        let sent = if connecting || error.is_builder() { Sent::No } else { Sent::Maybe };
        Self::new(fault, host_of(url), sent, deepest(&error))
    }

    /// Returns a failure while the response was read.
    pub(super) fn in_response(url: &Url, error: reqwest::Error) -> Self {
        let fault = if error.is_timeout() { HttpFault::Timeout } else { HttpFault::Reset };
        Self::new(fault, host_of(url), Sent::Yes, deepest(&error))
    }
}

fn connect_fault(error: &reqwest::Error) -> HttpFault {
    let text = deepest(error);
    if error.is_timeout() {
        return HttpFault::Timeout;
    }
    if error.is_dns() {
        // glibc says so when no name server can be reached.
        return if text.contains("Temporary failure") { HttpFault::Offline } else { HttpFault::Dns };
    }
    if is_of_tls(error) {
        return HttpFault::Tls;
    }
    for cause in causes(error) {
        let io = cause.downcast_ref::<io::Error>();
        if io.is_some_and(is_out_of_files) {
            return HttpFault::OutOfFiles;
        }
        if io.is_some_and(|io| matches!(io.kind(), HostUnreachable | NetworkDown | NetworkUnreachable)) {
            return HttpFault::Offline;
        }
    }
    HttpFault::Connect
}

/// Returns whether an error comes from encryption, such as a certificate that is not trusted.
pub(crate) fn is_of_tls(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<rustls::Error>())
}

/// Iterates over an error and its causes.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |cause: &&'e (dyn StdError + 'static)| {
        let cause = *cause;
        // The inner error of an I/O error is not among its sources.
        let inside = cause.downcast_ref::<io::Error>().and_then(|io| io.get_ref());
        inside.map(|inside| inside as &(dyn StdError + 'static)).or_else(|| cause.source())
    })
}

/// Returns the innermost cause.
///
/// It never holds the URL or a header.
fn deepest(error: &reqwest::Error) -> String {
    let deepest = causes(error).skip(1).last();
    deepest.map_or_else(|| "the request cannot be built".to_owned(), |cause| cause.to_string())
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, host, detail, .. } = self;
        match fault {
            HttpFault::Offline => write!(f, "there is no network to reach {host}: {detail}"),
            HttpFault::Dns => write!(f, "the address of {host} cannot be found: {detail}"),
            HttpFault::Tls => write!(f, "there is no secure connection to {host}: {detail}"),
            HttpFault::Connect => write!(f, "there is no connection to {host}: {detail}"),
            HttpFault::OutOfFiles => write!(f, "no connection to {host} can be opened: {detail}"),
            HttpFault::Timeout => write!(f, "{host} did not answer in time"),
            HttpFault::Reset => write!(f, "the connection to {host} broke: {detail}"),
            HttpFault::TooLarge => write!(f, "the response of {host} is too large: {detail}"),
            HttpFault::Invalid if host.is_empty() => write!(f, "a request cannot be made: {detail}"),
            HttpFault::Invalid => write!(f, "a request to {host} cannot be made: {detail}"),
        }
    }
}

impl StdError for HttpError {}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        let hint = match error.fault {
            HttpFault::Offline => "connect this machine to the network and try again",
            HttpFault::Dns => "check the network connection, the DNS settings and the spelling of the host",
            HttpFault::Tls => {
                "check the clock of this machine; behind a proxy that inspects traffic, name its certificate in \
                    `SSL_CERT_FILE`"
            }
            HttpFault::Connect => "try again later; check the firewall and `HTTPS_PROXY`",
            HttpFault::OutOfFiles => OUT_OF_FILES,
            HttpFault::Timeout | HttpFault::Reset => "try again later; check the network connection",
            HttpFault::TooLarge => "check that the URL is the right one",
            HttpFault::Invalid => "check the URL and the settings of the network",
        };
        let may_have_happened = error.is_write && error.sent != Sent::No;
        let error = Self::new(error.to_string()).hint(hint);
        if may_have_happened { error.after_sending() } else { error }
    }
}
