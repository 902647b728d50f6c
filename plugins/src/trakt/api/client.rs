//! The client: requests to Trakt with the right headers, pace and token.

use std::cell::Cell;
use std::time::Duration;

use flexget_core::context::auth::{self, Account};
use flexget_core::context::http::{Method, RateLimit, Request, Response, Retry};
use flexget_core::context::oauth::AccountHttp;
use flexget_core::plugin::service::unknown::unknown_account;
use flexget_core::prelude::*;
use jiff::SignedDuration;
use serde::de::DeserializeOwned;

use crate::trakt::SERVICE;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::oauth::{self, no_client_id};
use crate::trakt::api::urls::api;

/// Trakt's limits: 500 reads in five minutes and one write a second, each per user.
///
/// Reads without a user count per application and IP address.
const READS: (u32, Duration) = (500, Duration::from_secs(300));
const WRITE_EVERY: Duration = Duration::from_millis(1050);

/// Returns whether a path is about a user by name.
fn is_of_other_user(path: &str) -> bool {
    path.starts_with("users/") && !path.starts_with("users/me/") && path != "users/settings"
}

/// Requests to Trakt, as an account or as nobody.
pub struct Client {
    cx: Context,
    client_id: String,
    account: Option<AccountHttp>,
}

impl Client {
    /// Creates a client that acts as a stored account, or, without one, sees what is public.
    ///
    /// # Errors
    /// There is no such account, or nothing tells which application asks. Nothing is sent for this.
    pub fn new(cx: &Context, account: Option<&str>) -> Result<Self> {
        let Some(name) = account else {
            return Ok(Self { cx: cx.clone(), client_id: client_id(cx)?, account: None });
        };
        let account = match AccountHttp::known(cx, oauth::provider(cx), name) {
            Some(account) => account,
            None => AccountHttp::new(cx, oauth::provider(cx), stored_account(cx, name)?),
        };
        Ok(Self { cx: cx.clone(), client_id: account.account().client_id, account: Some(account) })
    }

    /// Returns the name of the account that it acts as.
    pub fn account(&self) -> Option<String> {
        self.current_account().map(|account| account.name)
    }

    /// Returns the account with the tokens that were used last.
    pub fn current_account(&self) -> Option<Account> {
        self.account.as_ref().map(AccountHttp::account)
    }

    /// Returns the world.
    pub fn cx(&self) -> &Context {
        &self.cx
    }

    /// Returns the time by Trakt's clock, if a response of this run has told it.
    pub fn now(&self) -> Timestamp {
        self.by_its_clock(self.cx.clock.now())
    }

    /// Returns a time of this machine's clock, which may be wrong, by Trakt's.
    pub fn by_its_clock(&self, at: Timestamp) -> Timestamp {
        at.checked_add(self.clock_offset().get()).unwrap_or(at)
    }

    /// Returns how far Trakt's clock is ahead of this machine's.
    fn clock_offset(&self) -> Rc<Cell<SignedDuration>> {
        self.cx.run_cache.of("trakt clock offset")
    }

    /// Reads `path` and gives the answer as it is; 204 is an answer.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn get_response(&self, path: &str, query: &[(&str, String)]) -> Result<Response, Fault> {
        self.send(Method::GET, path, query, None, Retry::Safe).await
    }

    /// Reads `path`.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Fault> {
        self.get_response(path, query).await?.json().map_err(Fault::UnexpectedResponse)
    }

    /// Sends a change.
    ///
    /// `retry` says whether sending it twice would do it twice.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: serde_json::Value,
        retry: Retry,
    ) -> Result<T, Fault> {
        let response = self.send(Method::POST, path, &[], Some(body), retry).await?;
        response.json().map_err(|error| Fault::UnexpectedResponse(error.after_sending()))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<serde_json::Value>,
        retry: Retry,
    ) -> Result<Response, Fault> {
        let is_write = method != Method::GET;
        let mut request = Request::new(method, format!("{}/{path}", api(&self.cx)));
        request.query = query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        request.headers = vec![
            ("trakt-api-key".into(), self.client_id.clone()),
            ("trakt-api-version".into(), "2".to_owned()),
            ("content-type".into(), "application/json".to_owned()),
        ];
        request.body = body.map(Into::into);
        request.retry = retry;
        request.rate_limit = Some(rate_limit(self.current_account().as_ref(), &self.client_id, is_write));
        let response = match &self.account {
            // Private data of another user stays private with a new token.
            Some(account) if is_of_other_user(path) => account.send_once(request).await?,
            Some(account) => account.send(request).await?,
            None => self.cx.http.send(request).await.map_err(Fault::Network)?,
        };
        if let Some(date) = response.date() {
            self.clock_offset().set(date.duration_since(self.cx.clock.now()));
        }
        if let Some(account) = &self.account
            && let fault @ Fault::Locked { .. } = Fault::of(&response, path, None, false)
        {
            account.give_up(&fault.into());
        }
        match response.status {
            // A page of maintenance or of Cloudflare's with a good status is no answer.
            status @ 200..=299 if response.is_html() => Err(Fault::Unavailable { status, maybe_done: is_write }),
            200..=299 => Ok(response),
            _ => Err(Fault::of(&response, path, self.account().as_deref(), is_write)),
        }
    }
}

/// Returns the limit of reads or writes of an account, or of an application where nobody asks.
pub fn rate_limit(account: Option<&Account>, client_id: &str, is_write: bool) -> RateLimit {
    let who = match account {
        // Two accounts may be one user, who has one limit.
        Some(account) => match &account.user_slug {
            Some(slug) => format!("user {slug}"),
            None => format!("account {}", account.name),
        },
        None => format!("application {client_id}"),
    };
    if is_write {
        RateLimit::new("Trakt", format!("trakt write {who}"), "writes", 1, WRITE_EVERY)
    } else {
        RateLimit::new("Trakt", format!("trakt read {who}"), "reads", READS.0, READS.1)
    }
}

/// Returns an answer that is JSON and yet not what it should be.
pub fn strange(path: &str) -> Error {
    Error::new(format!("Trakt's answer to `{path}` cannot be understood"))
        .hint("try again later; if it stays so, a newer version of flexget-rs may know it")
}

/// Returns the account of this name.
///
/// # Errors
/// There is none, or it needs to be authorized again.
pub fn stored_account(cx: &Context, name: &str) -> Result<Account> {
    match cx.auth.account(SERVICE, name)? {
        Some(account) => match account.state.problem() {
            Some(reason) => Err(Error::new(format!("account `{name}` has to be authorized again: {reason}"))
                .hint(format!("run `{}`", auth::command(SERVICE, name)))),
            None => Ok(account),
        },
        None => Err(unknown_account(cx, SERVICE, name)?),
    }
}

/// Returns the client id for public data: of the environment, stored, or built in.
fn client_id(cx: &Context) -> Result<String> {
    if let Some(id) = (cx.environment)("FLEXGET_TRAKT_CLIENT_ID").filter(|id| !id.is_empty()) {
        return Ok(id);
    }
    match cx.auth.applications(SERVICE)?.into_iter().next().or_else(|| oauth::provider(cx).built_in) {
        Some(application) => Ok(application.id),
        None => {
            Err(Error::new("Trakt wants to know which application asks, and there is no client id")
                .hint(no_client_id()))
        }
    }
}
