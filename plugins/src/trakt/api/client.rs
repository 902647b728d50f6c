//! The client: requests to Trakt with the right headers, pace and token.
//!
//! The only file with Trakt's addresses.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use flexget_core::context::auth::{self, Account, AccountState};
use flexget_core::context::http::{Method, RateLimit, Request, Response, Retry};
use flexget_core::plugin::registry::similar;
use flexget_core::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use crate::trakt::SERVICE;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::oauth;

const API: &str = "https://api.trakt.tv";
const AUTH: &str = "https://auth.trakt.tv";

/// Where applications are made.
pub const APPS: &str = "https://app.trakt.tv/settings/apps/api";
/// Where a user sees and ends what is authorized.
pub const CONNECTED_APPS: &str = "https://app.trakt.tv/settings/apps";
/// Where one becomes a VIP, unless Trakt names another place.
pub const VIP: &str = "https://trakt.tv/vip";
/// Where Trakt tells of its troubles.
pub const STATUS: &str = "https://status.trakt.tv";
/// Where the pages of movies and shows are.
pub const SITE: &str = "https://trakt.tv";

/// Trakt's limits: 500 reads in five minutes and one write a second, each per user.
///
/// Reads without a user count per application and IP address.
const READS: (u32, Duration) = (500, Duration::from_secs(300));
const WRITE_EVERY: Duration = Duration::from_millis(1050);

/// Returns the address of the API, which tests and proxies may replace.
fn api(cx: &Context) -> String {
    address(cx, "FLEXGET_TRAKT_API_URL", API)
}

/// Returns the address of the authorization host, which tests and proxies may replace.
pub(super) fn auth_host(cx: &Context) -> String {
    address(cx, "FLEXGET_TRAKT_AUTH_URL", AUTH)
}

fn address(cx: &Context, variable: &str, usual: &str) -> String {
    let given = (cx.environment)(variable).filter(|url| !url.is_empty());
    given.unwrap_or_else(|| usual.to_owned()).trim_end_matches('/').to_owned()
}

/// Status of an account in this run, so that nothing is retried that cannot succeed.
#[derive(Default)]
struct AuthStatus {
    /// Whether the tokens are new or an early renewal was tried, so that none is tried again.
    tried: Cell<bool>,
    /// Trakt did not accept tokens that were new.
    refused: Cell<bool>,
    /// The tokens are of no use and could not be renewed: message and hint.
    broken: RefCell<Option<(String, String)>>,
    /// Trakt has locked the account, or even deactivated it.
    locked: Cell<Option<bool>>,
}

impl AuthStatus {
    fn break_with(&self, error: Error) -> Fault {
        let hint = error.hint_text().unwrap_or("try again later").to_owned();
        *self.broken.borrow_mut() = Some((error.to_string(), hint));
        Fault::Account(error)
    }

    /// Returns why no request with this account can succeed, if it is so.
    fn check(&self) -> Result<(), Fault> {
        if let Some(deactivated) = self.locked.get() {
            return Err(Fault::Locked { deactivated });
        }
        match &*self.broken.borrow() {
            Some((message, hint)) => Err(Fault::Account(Error::new(message).hint(hint))),
            None => Ok(()),
        }
    }
}

/// Requests to Trakt, as an account or as nobody.
pub struct Client {
    cx: Context,
    client_id: String,
    account: Option<RefCell<Account>>,
}

impl Client {
    /// Creates a client that acts as a stored account, or, without one, sees what is public.
    ///
    /// # Errors
    /// There is no such account, or nothing tells which application asks. Nothing is sent for this.
    pub fn new(cx: &Context, account: Option<&str>) -> Result<Self> {
        match account {
            Some(name) => {
                let account = stored_account(cx, name)?;
                Ok(Self { cx: cx.clone(), client_id: account.client_id.clone(), account: Some(RefCell::new(account)) })
            }
            None => Ok(Self { cx: cx.clone(), client_id: client_id(cx)?, account: None }),
        }
    }

    /// Returns the name of the account that it acts as.
    pub fn account(&self) -> Option<String> {
        self.account.as_ref().map(|account| account.borrow().name.clone())
    }

    /// Returns the account with the tokens that were used last.
    pub fn current_account(&self) -> Option<Account> {
        self.account.as_ref().map(|account| account.borrow().clone())
    }

    /// Returns the world.
    pub fn cx(&self) -> &Context {
        &self.cx
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
        request.body = body;
        request.retry = retry;
        request.rate_limit = Some(self.rate_limit(is_write));
        if self.account.is_some() {
            request.bearer = Some(self.token().await?);
        }
        let mut response = self.cx.http.send(request.clone()).await.map_err(Fault::Network)?;
        if let Some(standing) = self.standing() {
            if response.status == 401 && !standing.refused.get() {
                request.bearer = Some(self.token_after_refusal(&request, &standing).await?);
                response = self.cx.http.send(request).await.map_err(Fault::Network)?;
                standing.refused.set(response.status == 401);
            }
            if let Fault::Locked { deactivated } = Fault::of(&response, path, None, false) {
                standing.locked.set(Some(deactivated));
            }
        }
        match response.status {
            // A page of maintenance or of Cloudflare's with a good status is no answer.
            status @ 200..=299 if response.is_html() => Err(Fault::Unavailable { status, maybe_done: is_write }),
            200..=299 => Ok(response),
            _ => Err(Fault::of(&response, path, self.account().as_deref(), is_write)),
        }
    }

    fn rate_limit(&self, is_write: bool) -> RateLimit {
        // An account has a limit of its own; what nobody asks for counts for the application.
        let who = match self.account.as_ref().map(RefCell::borrow) {
            // Two accounts may be one user, who has one limit.
            Some(account) => match &account.user_slug {
                Some(slug) => format!("user {slug}"),
                None => format!("account {}", account.name),
            },
            None => format!("application {}", self.client_id),
        };
        if is_write {
            RateLimit { bucket: format!("trakt write {who}"), requests: 1, per: WRITE_EVERY }
        } else {
            RateLimit { bucket: format!("trakt read {who}"), requests: READS.0, per: READS.1 }
        }
    }

    fn standing(&self) -> Option<Rc<AuthStatus>> {
        let name = self.account()?;
        Some(self.cx.run_cache.of::<AuthStatus>(&format!("trakt account {name}")))
    }

    /// Returns a token that is good for a while.
    ///
    /// It is renewed if its time is near; if that fails and it is still good, it is used.
    async fn token(&self) -> Result<SecretString, Fault> {
        let (Some(cell), Some(standing)) = (&self.account, self.standing()) else {
            return Err(Fault::Unauthorized { account: None });
        };
        standing.check()?;
        let account = cell.borrow().clone();
        let now = self.cx.clock.now();
        if now < account.renew_at() {
            return Ok(account.tokens.access);
        }
        match self.renew(&account.name, |account| standing.tried.get() || now < account.renew_at()).await {
            Ok(account) => {
                standing.tried.set(true);
                // Others of this run may have waited for the one that tried in vain.
                standing.check()?;
                let token = account.tokens.access.clone();
                cell.replace(account);
                Ok(token)
            }
            Err(error) if now < account.tokens.expires => {
                standing.tried.set(true);
                tracing::warn!(target: "trakt", "the token of account `{}` could not be renewed yet: {error}", account.name);
                Ok(account.tokens.access)
            }
            Err(error) => {
                standing.tried.set(true);
                Err(standing.break_with(error))
            }
        }
    }

    /// Returns a token to retry with after a refusal: one stored by another process, or a new one.
    async fn token_after_refusal(&self, refused: &Request, standing: &AuthStatus) -> Result<SecretString, Fault> {
        let Some(cell) = &self.account else { return Err(Fault::Unauthorized { account: None }) };
        let name = cell.borrow().name.clone();
        let sent = refused.bearer.as_ref().map(|token| token.expose_secret().to_owned()).unwrap_or_default();
        let is_other = |account: &Account| standing.check().is_err() || account.tokens.access.expose_secret() != sent;
        let account = self.renew(&name, is_other).await.map_err(|error| standing.break_with(error))?;
        standing.tried.set(true);
        standing.check()?;
        let token = account.tokens.access.clone();
        cell.replace(account);
        Ok(token)
    }

    async fn renew(&self, name: &str, still_good: impl Fn(&Account) -> bool) -> Result<Account> {
        let cx = &self.cx;
        cx.auth.renew(SERVICE, name, still_good, async |account: &Account| oauth::refresh(cx, account).await).await
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
        Some(account) => match &account.state {
            AccountState::Ok => Ok(account),
            AccountState::NeedsAuthorization(reason) => {
                Err(Error::new(format!("account `{name}` has to be authorized again: {reason}"))
                    .hint(format!("run `{}`", auth::command(SERVICE, name))))
            }
        },
        None => Err(unknown_account(cx, name)?),
    }
}

/// Builds the error for an unknown account, with the names of the known ones.
///
/// # Errors
/// The accounts could not be read.
pub fn unknown_account(cx: &Context, name: &str) -> Result<Error> {
    let run = format!("run `{}`", auth::command(SERVICE, name));
    let hint = account_names(cx, name)?.map_or_else(|| run.clone(), |names| format!("{run}; {names}"));
    Ok(Error::new(format!("account `{name}` has not been authorized")).hint(hint))
}

/// Returns the names of the known accounts for a hint, or `None` if there are none.
///
/// # Errors
/// The accounts could not be read.
pub fn account_names(cx: &Context, wrong: &str) -> Result<Option<String>> {
    let accounts = cx.auth.accounts(SERVICE)?;
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    let all = format!("authorized accounts: {}", names.join(", "));
    Ok(match similar(wrong, names.iter().copied()).first() {
        Some(near) => Some(format!("did you mean `{near}`? {all}")),
        None => Some(all).filter(|_| !names.is_empty()),
    })
}

/// Returns the client id for public data: from the environment, or of an authorized account.
fn client_id(cx: &Context) -> Result<String> {
    if let Some(id) = (cx.environment)("FLEXGET_TRAKT_CLIENT_ID").filter(|id| !id.is_empty()) {
        return Ok(id);
    }
    match cx.auth.applications(SERVICE)?.into_iter().next() {
        Some(application) => Ok(application.id),
        None => {
            Err(Error::new("Trakt wants to know which application asks, and there is no client id")
                .hint(no_client_id()))
        }
    }
}

/// Builds the error for a missing client id.
pub fn no_client_id() -> String {
    format!(
        "make an application at {APPS} (since July 2026 a VIP feature of Trakt) with the redirect URI `{}`, and give its id \
         by `flexget-rs trakt auth NAME --client-id ID` or in `FLEXGET_TRAKT_CLIENT_ID`",
        oauth::REDIRECT
    )
}
