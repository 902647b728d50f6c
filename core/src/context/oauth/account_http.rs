//! Requests as an account.

use std::cell::RefCell;
use std::rc::Rc;

use secrecy::{ExposeSecret, SecretString};

use super::provider::Provider;
use crate::context::Context;
use crate::context::auth::Account;
use crate::context::http::{HttpError, Request, Response};
use crate::error::{Error, Result};

/// State of an account's authorization in a run, so that nothing hopeless is retried.
#[derive(Debug, Clone, Default)]
enum AuthStatus {
    /// Nothing was tried.
    #[default]
    Untried,
    /// The tokens are new, or renewing them was tried: the time is no reason to try again.
    Renewed,
    /// The service rejected new tokens: a 401 is final.
    Rejected,
    /// No request can succeed, with message and hint.
    Unusable(String, String),
}

/// An account in a run, which all requests as it share.
#[derive(Default)]
struct AccountOfRun {
    status: RefCell<AuthStatus>,
    /// The account, with the tokens that were used last.
    account: RefCell<Option<Account>>,
}

impl AccountOfRun {
    fn of(cx: &Context, service: &str, name: &str) -> Rc<Self> {
        cx.run_cache.of(&format!("{service} {name}"))
    }
}

/// Requests as an account, whose access token is renewed in time and once after a 401.
pub struct AccountHttp {
    cx: Context,
    provider: Provider,
    account: RefCell<Account>,
    shared: Rc<AccountOfRun>,
}

/// A request as an account that has no response.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// There is no access token to send.
    Account(Error),
    /// There is no complete response.
    Http(HttpError),
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Account(error) => error,
            SendError::Http(error) => error.into(),
        }
    }
}

impl AccountHttp {
    /// Sends requests as `account`.
    pub fn new(cx: &Context, provider: Provider, account: Account) -> Self {
        let shared = AccountOfRun::of(cx, provider.service, &account.name);
        shared.account.replace(Some(account.clone()));
        Self { cx: cx.clone(), provider, account: RefCell::new(account), shared }
    }

    /// Sends requests as an account that this run has read; `None` if it has not read it yet.
    pub fn known(cx: &Context, provider: Provider, name: &str) -> Option<Self> {
        let shared = AccountOfRun::of(cx, provider.service, name);
        let account = shared.account.borrow().clone()?;
        Some(Self { cx: cx.clone(), provider, account: RefCell::new(account), shared })
    }

    /// Sends requests as the stored account of this name.
    ///
    /// # Errors
    ///
    /// There is no such account, or it needs to be authorized again.
    pub fn of(cx: &Context, provider: Provider, name: &str) -> Result<Self> {
        let account = cx.auth.usable(provider.service, name)?;
        Ok(Self::new(cx, provider, account))
    }

    /// Returns the account, with the tokens that were used last.
    pub fn account(&self) -> Account {
        self.account.borrow().clone()
    }

    /// Sends a request with an access token, and once more with a new one if the response is 401.
    ///
    /// # Errors
    ///
    /// There is no good token, or no complete response.
    pub async fn send(&self, mut request: Request) -> Result<Response, SendError> {
        let token = self.token().await.map_err(SendError::Account)?;
        request.bearer = Some(token.clone());
        if let Some(header) = self.provider.client_id_header
            && !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header))
        {
            request.headers.push((header.into(), self.account().client_id));
        }
        let response = self.cx.http.send(request.clone()).await.map_err(SendError::Http)?;
        if response.status != 401 || matches!(*self.shared.status.borrow(), AuthStatus::Rejected) {
            return Ok(response);
        }
        request.bearer = Some(self.token_after(&token).await.map_err(SendError::Account)?);
        let response = self.cx.http.send(request).await.map_err(SendError::Http)?;
        let is_rejected = response.status == 401;
        self.set(if is_rejected { AuthStatus::Rejected } else { AuthStatus::Renewed });
        Ok(response)
    }

    /// Sends a request with an access token; renews nothing if the response is 401.
    ///
    /// # Errors
    ///
    /// There is no good token, or no complete response.
    pub async fn send_once(&self, mut request: Request) -> Result<Response, SendError> {
        request.bearer = Some(self.token().await.map_err(SendError::Account)?);
        self.cx.http.send(request).await.map_err(SendError::Http)
    }

    /// Makes all further requests of the run fail, because none can succeed.
    pub fn give_up(&self, error: &Error) {
        let hint = error.hint_text().unwrap_or("try again later").to_owned();
        self.set(AuthStatus::Unusable(error.to_string(), hint));
    }

    fn set(&self, status: AuthStatus) {
        *self.shared.status.borrow_mut() = status;
    }

    fn check(&self) -> Result<()> {
        match &*self.shared.status.borrow() {
            AuthStatus::Unusable(message, hint) => Err(Error::new(message).hint(hint)),
            _ => Ok(()),
        }
    }

    /// Notes that a renewal was tried, unless more is known.
    fn set_renewed(&self) {
        let mut status = self.shared.status.borrow_mut();
        if matches!(*status, AuthStatus::Untried) {
            *status = AuthStatus::Renewed;
        }
    }

    /// Returns a token that is good for a while.
    ///
    /// If it cannot be renewed and has not expired, it is used.
    async fn token(&self) -> Result<SecretString> {
        self.check()?;
        let account = self.account();
        let now = self.cx.clock.now();
        if now < account.renew_at() {
            return Ok(account.tokens.access);
        }
        let is_untried = || matches!(*self.shared.status.borrow(), AuthStatus::Untried);
        match self.renew(|account| !is_untried() || now < account.renew_at()).await {
            Ok(token) => Ok(token),
            Err(error) if now < account.tokens.expires => {
                self.set_renewed();
                tracing::warn!("the token of account `{}` could not be renewed yet: {error}", account.name);
                Ok(account.tokens.access)
            }
            Err(error) => {
                self.give_up(&error);
                Err(error)
            }
        }
    }

    /// Returns the token to send after a rejection: the one stored meanwhile, or a new one.
    async fn token_after(&self, rejected: &SecretString) -> Result<SecretString> {
        let is_other = |account: &Account| account.tokens.access.expose_secret() != rejected.expose_secret();
        self.renew(|account| self.check().is_err() || is_other(account)).await.inspect_err(|error| self.give_up(error))
    }

    async fn renew(&self, still_good: impl Fn(&Account) -> bool) -> Result<SecretString> {
        let (cx, provider) = (&self.cx, &self.provider);
        let name = self.account.borrow().name.clone();
        let refresh = async |account: &Account| provider.refresh(cx, account).await;
        let account = cx.auth.renew(provider.service, &name, still_good, refresh).await?;
        self.set_renewed();
        // Another task of this run may have waited for the one that tried in vain.
        self.check()?;
        let token = account.tokens.access.clone();
        self.shared.account.replace(Some(account.clone()));
        self.account.replace(account);
        Ok(token)
    }
}
