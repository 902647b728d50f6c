//! Why there is no answer, and what can be done about it.

use std::error::Error as StdError;
use std::io::ErrorKind::{HostUnreachable, NetworkDown, NetworkUnreachable};
use std::{fmt, io};

use reqwest::Url;

use super::client::host_of;
use crate::error::Error;

/// Why there is no complete answer.
#[derive(Debug)]
pub struct HttpError {
    fault: HttpFault,
    host: String,
    sent: Sent,
    detail: String,
}

/// What went wrong below the level of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpFault {
    /// This machine has no network.
    Offline,
    /// The name of the host is not known.
    Dns,
    /// No secure connection.
    Tls,
    /// No connection.
    Connect,
    /// Too slow.
    Timeout,
    /// The connection broke, or the answer ended too early.
    Reset,
    /// The answer is larger than allowed.
    TooLarge,
    /// The request cannot be made: an address or a header is wrong, or a setting.
    Invalid,
}

/// Whether the host may have done what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Certainly not: nothing was sent.
    No,
    /// Nobody knows.
    Maybe,
    /// It answered, so it got the request.
    Yes,
}

impl HttpError {
    /// What went wrong.
    pub fn fault(&self) -> HttpFault {
        self.fault
    }

    /// Where the request was to go.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the host may have done what was asked.
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// A request to `url` that cannot be made.
    pub(super) fn invalid(url: &Url, why: impl Into<String>) -> Self {
        Self { fault: HttpFault::Invalid, host: host_of(url), sent: Sent::No, detail: why.into() }
    }

    /// A request to something that is not an address.
    pub(super) fn no_address(why: impl fmt::Display) -> Self {
        Self { fault: HttpFault::Invalid, host: String::new(), sent: Sent::No, detail: why.to_string() }
    }

    /// An answer with more than `limit` bytes.
    pub(super) fn too_large(url: &Url, limit: usize) -> Self {
        Self {
            fault: HttpFault::TooLarge,
            host: host_of(url),
            sent: Sent::Yes,
            detail: format!("more than {limit} bytes"),
        }
    }

    /// What the client says before there is an answer.
    pub(super) fn before_answer(url: &Url, error: reqwest::Error) -> Self {
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
        Self { fault, host: host_of(url), sent, detail: deepest(&error) }
    }

    /// What the client says while the answer is read.
    pub(super) fn in_answer(url: &Url, error: reqwest::Error) -> Self {
        let fault = if error.is_timeout() { HttpFault::Timeout } else { HttpFault::Reset };
        Self { fault, host: host_of(url), sent: Sent::Yes, detail: deepest(&error) }
    }
}

fn connect_fault(error: &reqwest::Error) -> HttpFault {
    let text = deepest(error);
    if error.is_timeout() {
        return HttpFault::Timeout;
    }
    if error.is_dns() {
        // What the resolver says when it cannot ask anybody.
        return if text.contains("Temporary failure") { HttpFault::Offline } else { HttpFault::Dns };
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if cause.is::<rustls::Error>() {
            return HttpFault::Tls;
        }
        let io = cause.downcast_ref::<io::Error>();
        if io.is_some_and(|io| matches!(io.kind(), HostUnreachable | NetworkDown | NetworkUnreachable)) {
            return HttpFault::Offline;
        }
        // What an input error is made of is not among its sources.
        let inside = io.and_then(|io| io.get_ref()).map(|inside| inside as &(dyn StdError + 'static));
        next = inside.or_else(|| cause.source());
    }
    HttpFault::Connect
}

/// The innermost cause: the only one that is about more than the client. It never holds the address or a header.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &(dyn StdError + 'static) = match error.source() {
        Some(source) => source,
        None => return "the request cannot be built".to_owned(),
    };
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, host, detail, .. } = self;
        match fault {
            HttpFault::Offline => write!(f, "there is no network to reach {host}: {detail}"),
            HttpFault::Dns => write!(f, "the address of {host} cannot be found: {detail}"),
            HttpFault::Tls => write!(f, "there is no secure connection to {host}: {detail}"),
            HttpFault::Connect => write!(f, "there is no connection to {host}: {detail}"),
            HttpFault::Timeout => write!(f, "{host} did not answer in time"),
            HttpFault::Reset => write!(f, "the connection to {host} broke: {detail}"),
            HttpFault::TooLarge => write!(f, "the answer of {host} is too large: {detail}"),
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
            HttpFault::Dns => "check the network connection, the DNS settings and the spelling of the address",
            HttpFault::Tls => {
                "check the clock of this machine; behind a proxy that inspects traffic, name its certificate in `SSL_CERT_FILE`"
            }
            HttpFault::Connect => "try again later; check the firewall and `HTTPS_PROXY`",
            HttpFault::Timeout | HttpFault::Reset => "try again later; check the network connection",
            HttpFault::TooLarge => "check that the address is the right one",
            HttpFault::Invalid => "check the address and the settings of the network",
        };
        Self::new(error.to_string()).hint(hint)
    }
}
