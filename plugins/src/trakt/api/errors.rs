//! Trakt's errors, by what a user can do about them.

use std::time::Duration;

use flexget_core::context::auth;
use flexget_core::context::http::{HttpError, Response};
use flexget_core::context::oauth::{SendError, error_text};
use flexget_core::error::Error;

use crate::trakt::SERVICE;
use crate::trakt::api::urls::{APPS, STATUS, VIP};

/// A request to Trakt that did not succeed.
#[derive(Debug)]
pub enum Fault {
    /// 401: the token is not taken, or private data was asked for without one.
    Unauthorized {
        /// The account whose token was sent.
        account: Option<String>,
    },
    /// 403: the client id is wrong, deleted or not approved, or the list belongs to another user.
    Forbidden,
    /// 403 or 429 with a page of Cloudflare's, which stands in front of Trakt.
    Cloudflare {
        /// The number by which Cloudflare knows the request.
        ray: Option<String>,
        /// The wait that it asks for, if it limits requests.
        wait: Option<Duration>,
    },
    /// 404: there is no such thing, or it is private.
    NotFound,
    /// 405 below the address of another user: there is no such user.
    NoSuchUser,
    /// 409: it was done already.
    Conflict,
    /// 412, and 405 elsewhere: this program sent what Trakt does not take.
    Refused(u16),
    /// 420: a limit of the user's account.
    AccountLimit,
    /// 400 and 422: Trakt says what is wrong.
    Invalid(String),
    /// 423: the user's account is locked.
    Locked {
        /// It is not only locked but deactivated.
        deactivated: bool,
    },
    /// 426: only for VIPs.
    VipOnly {
        /// Where one becomes one.
        url: Option<String>,
    },
    /// 429, after all tries.
    RateLimited {
        /// The wait that Trakt asks for, or none.
        wait: Duration,
    },
    /// 5xx, or a web page where an answer was due, after all tries.
    Unavailable {
        /// The status.
        status: u16,
        /// Whether the change may have been made.
        maybe_done: bool,
    },
    /// The answer cannot be understood.
    UnexpectedResponse(Error),
    /// There is no answer.
    Network(HttpError),
    /// There is no token to send: the account is not authorized, or could not be renewed.
    Account(Error),
}

impl Fault {
    /// Maps an error status; `is_write` says whether something may have been changed.
    pub fn of(response: &Response, path: &str, account: Option<&str>, is_write: bool) -> Self {
        let html = response.is_html();
        let header = |name: &str| response.header(name).map(str::to_owned);
        let wait = || response.retry_after(response.date().unwrap_or_default()).unwrap_or_default();
        match response.status {
            401 => Self::Unauthorized { account: account.map(str::to_owned) },
            403 if html => Self::Cloudflare { ray: header("cf-ray"), wait: None },
            429 if html => Self::Cloudflare { ray: header("cf-ray"), wait: Some(wait()) },
            403 => Self::Forbidden,
            // The authorization host has a few fixed addresses.
            404 | 405 if path.starts_with("oauth/") => Self::Refused(response.status),
            404 => Self::NotFound,
            405 if path.starts_with("users/") && !path.starts_with("users/me/") => Self::NoSuchUser,
            405 | 412 => Self::Refused(response.status),
            409 => Self::Conflict,
            420 => Self::AccountLimit,
            423 => Self::Locked { deactivated: response.header("x-account-deactivated") == Some("true") },
            426 => Self::VipOnly { url: header("x-upgrade-url") },
            429 => Self::RateLimited { wait: wait() },
            // The request timed out, or the connection was closed, while Trakt worked on it.
            status @ (408 | 499) => Self::Unavailable { status, maybe_done: is_write },
            400..=499 => Self::Invalid(error_text(response)),
            status => Self::Unavailable { status, maybe_done: is_write },
        }
    }

    /// Returns the wait that is asked for, if requests are limited.
    pub fn limited(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { wait } => Some(*wait),
            Self::Cloudflare { wait, .. } => *wait,
            _ => None,
        }
    }
}

/// A failure in words for users, with what to do about it.
impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unauthorized { account: Some(account) } => {
                Error::new(format!("Trakt does not accept the authorization of account `{account}`"))
                    .hint(format!("authorize it again: `{}`", auth::command(SERVICE, &account)))
            }
            Fault::Unauthorized { account: None } => Error::new("Trakt shows this only to an authorized account")
                .hint("set `account` to a name stored by `flexget-rs trakt auth NAME`"),
            Fault::Forbidden => Error::new(
                "Trakt refused the request: \
                 it does not accept the API key (client id), or the list is not yours",
            )
            .hint(format!(
                "check the application at {APPS} (Trakt deleted those of free accounts in July 2026); \
                 another client id needs `flexget-rs trakt auth NAME --client-id ID`"
            )),
            Fault::Cloudflare { ray, .. } => {
                let ray = ray.map(|ray| format!(" (Ray ID {ray})")).unwrap_or_default();
                Error::new(format!("Cloudflare, which stands in front of Trakt, blocked the request{ray}")).hint(
                    "wait some minutes; \
                     if it stays so, your network address is blocked: try without VPN or proxy",
                )
            }
            Fault::NotFound => Error::new("Trakt does not have this, or it is private")
                .hint("check the name; what is private needs an `account` that may see it"),
            Fault::NoSuchUser => {
                Error::new("there is no such Trakt user").hint("use the name in the address of the user's profile page")
            }
            Fault::Conflict => Error::new("Trakt says that this was done already")
                .hint("look on Trakt whether it is as you want it; if it is, nothing is left to do"),
            Fault::Refused(status) => Error::new(format!("Trakt does not take this request (status {status})"))
                .hint("this is a mistake of flexget-rs, or Trakt has changed: look for a newer version"),
            Fault::AccountLimit => Error::new("a limit of the Trakt account is reached")
                .hint(format!("remove items, or see {VIP} for higher limits")),
            Fault::Invalid(said) => {
                let said = if said.is_empty() { said } else { format!(": {said}") };
                Error::new(format!("Trakt calls the request invalid{said}")).hint(
                    "check the options and what the entries hold; \
                     if they are right, look for a newer version of flexget-rs",
                )
            }
            Fault::Locked { deactivated } => {
                let state = if deactivated { "deactivated" } else { "locked" };
                Error::new(format!("the Trakt account is {state}")).hint("write to support@trakt.tv")
            }
            Fault::VipOnly { url } => Error::new("Trakt offers this to VIP members only")
                .hint(format!("see {}", url.as_deref().unwrap_or(VIP))),
            Fault::RateLimited { .. } => Error::new("Trakt goes on refusing requests as too many")
                .hint("wait five minutes; other programs with the same account share its limit"),
            Fault::Unavailable { status, maybe_done } => {
                let how = match status {
                    200..=299 => "it answered with a web page".to_owned(),
                    _ => format!("status {status}"),
                };
                let error = Error::new(format!("Trakt is not available ({how})"))
                    .hint(format!("try again later; {STATUS} may say more"));
                if maybe_done { error.after_sending() } else { error }
            }
            Fault::UnexpectedResponse(error) | Fault::Account(error) => error,
            Fault::Network(error) => error.into(),
        }
    }
}

impl From<SendError> for Fault {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Http(error) => Self::Network(error),
            error => Self::Account(error.into()),
        }
    }
}
