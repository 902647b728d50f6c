//! OAuth 2.0 for any service: device authorization, renewal, revocation, authorized requests.
//!
//! A service describes itself by a [`Provider`]; everything else is here.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Context;
use super::auth::{self, Account, Application, RenewError, Tokens};
use super::http::{Body, HttpError, HttpFault, Request, Response, Retry, Sent};
use super::progress::Event;
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

/// Two clocks that differ by no more than this agree: a response may take its time.
const CLOCKS_AGREE: SignedDuration = SignedDuration::from_mins(10);

/// Life of tokens without a valid one: short, because renewing early does no harm.
const UNKNOWN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest life of tokens that is believed.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Wait before a renewal is tried again, where the service names none.
const SECOND_TRY: Duration = Duration::from_secs(2);

/// Words of a response that are this long are taken for tokens and never shown.
const LONGEST_WORD: usize = 30;

/// Makes an error of a response: the response, the account it was for, and a filter for secrets.
pub type ExplainResponse = fn(&Response, Option<&str>, &dyn Fn(String) -> String) -> Error;

/// A service's OAuth endpoints and quirks.
///
/// ```
/// use flexget_core::context::oauth::{Encoding, Provider};
///
/// let base = "https://auth.example.org";
/// let provider = Provider {
///     encoding: Encoding::Form,
///     scope: Some("lists:write"),
///     ..Provider::new("example", "Example", format!("{base}/device"), format!("{base}/token"))
/// };
/// assert_eq!(provider.poll_url, provider.token_url);
/// ```
#[derive(Clone)]
pub struct Provider {
    /// Name of the service in the auth store and on the command line.
    pub service: &'static str,
    /// Name of the service for users.
    pub title: &'static str,
    /// Device authorization endpoint.
    pub device_url: String,
    /// Endpoint that is polled for the user's decision.
    pub poll_url: String,
    /// Token endpoint, for renewals.
    pub token_url: String,
    /// Revocation endpoint, if there is one.
    pub revoke_url: Option<String>,
    /// Encoding of request bodies.
    pub encoding: Encoding,
    /// Name of the field with the device code in a poll.
    pub code_field: &'static str,
    /// Scope to ask for.
    pub scope: Option<&'static str>,
    /// Redirect URI that renewals must repeat.
    pub redirect_uri: Option<&'static str>,
    /// Maps a status of the poll endpoint to the standard's error code.
    ///
    /// Besides those, `unknown_code` and `used_code` are understood.
    pub poll_error: fn(u16) -> Option<&'static str>,
    /// Returns the error for a response that is no success.
    ///
    /// The closure removes secrets from text.
    pub explain: ExplainResponse,
    /// Returns what to do when the application is unknown or rejected.
    pub application_hint: fn() -> String,
    /// Returns what to do when the redirect URI is wrong.
    pub redirect_hint: fn() -> String,
}

/// Encoding of request bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-www-form-urlencoded`, as the standard has it.
    Form,
    /// JSON.
    Json,
}

impl Provider {
    /// Describes a service that follows RFC 8628 and RFC 6749.
    pub fn new(service: &'static str, title: &'static str, device_url: String, token_url: String) -> Self {
        Self {
            service,
            title,
            device_url,
            poll_url: token_url.clone(),
            token_url,
            revoke_url: None,
            encoding: Encoding::Form,
            code_field: "device_code",
            scope: None,
            redirect_uri: None,
            poll_error: |_| None,
            explain: |response, _, redact| {
                let text = redact(error_text(response));
                let because = if text.is_empty() { String::new() } else { format!(": {text}") };
                Error::new(format!("the request was rejected with status {}{because}", response.status))
                    .hint("try again later")
            },
            application_hint: || "check the client id and secret of the application".to_owned(),
            redirect_hint: || "check the redirect URI of the application".to_owned(),
        }
    }

    /// Requests a code for the user to enter.
    ///
    /// # Errors
    ///
    /// The service does not know the application, or did not respond.
    pub async fn device_code(&self, cx: &Context, application: &Application) -> Result<DeviceCode> {
        let mut fields = Map::from_iter([("client_id".to_owned(), Value::from(application.id.as_str()))]);
        if let Some(scope) = self.scope {
            fields.insert("scope".to_owned(), scope.into());
        }
        let response = self.post(cx, &self.device_url, fields.clone(), Retry::Safe).await?;
        let secrets = with_application(fields, application);
        match response.status {
            200..=299 if !response.is_html() => response.json(),
            400 | 401 | 403 if !response.is_html() => Err(self.unknown_application(&response, &secrets)),
            _ => Err(self.explain(&response, None, &secrets)),
        }
    }

    /// Polls once for the user's decision.
    ///
    /// # Errors
    ///
    /// The user declined, or the code has expired, was used or is unknown.
    pub async fn poll(&self, cx: &Context, application: &Application, code: &DeviceCode) -> Result<Poll> {
        let mut fields = Map::from_iter([(self.code_field.to_owned(), code.device_code.expose_secret().into())]);
        if self.code_field == "device_code" {
            let grant = "urn:ietf:params:oauth:grant-type:device_code";
            fields.insert("grant_type".to_owned(), grant.into());
        }
        let fields = with_application(fields, application);
        let response = match self.post(cx, &self.poll_url, fields.clone(), Retry::Own).await {
            Ok(response) => response,
            Err(error) => return Ok(Poll::Failed(error.to_string())),
        };
        let title = self.title;
        if (200..300).contains(&response.status) {
            if response.is_html() {
                return Ok(Poll::Failed(format!("{title} answered with a web page")));
            }
            // If the code is used up by that, the next response says so.
            return Ok(match self.tokens(&response, None, cx.clock.now()) {
                Ok(tokens) => Poll::Approved(tokens),
                Err(error) => Poll::Failed(error.to_string()),
            });
        }
        let body = || response.json::<ErrorResponse>().unwrap_or_default().error;
        let error = (self.poll_error)(response.status).map(str::to_owned).or_else(|| match response.status {
            400 => Some(body().unwrap_or_else(|| "authorization_pending".to_owned())),
            401 => Some(body().unwrap_or_else(|| "invalid_client".to_owned())),
            429 => Some("slow_down".to_owned()),
            _ => None,
        });
        let again = "run the command again for a new code";
        match error.as_deref() {
            Some("authorization_pending") => Ok(Poll::Pending),
            Some("slow_down") => Ok(Poll::SlowDown(response.retry_after(cx.clock.now()))),
            Some("access_denied") => Err(Error::new(format!("you declined the request on {title}"))
                .hint("run the command again if that was a mistake")),
            Some("expired_token") => Err(Error::new("the code has expired").hint(again)),
            Some("used_code") => Err(Error::new("the code was used already").hint(again)),
            Some("unknown_code") => Err(Error::new(format!("{title} does not know the code")).hint(again)),
            Some("invalid_client" | "unauthorized_client") => Err(self.unknown_application(&response, &fields)),
            None if matches!(response.status, 403 | 500..=599) => {
                Ok(Poll::Failed(format!("{title} answered with status {}", response.status)))
            }
            _ => Err(self.explain(&response, None, &fields)),
        }
    }

    /// Exchanges the refresh token for new tokens.
    ///
    /// It works once, so if the response is lost the same token is sent once more: if the service
    /// did make the exchange, it says that the token is dead. Call it through
    /// [`Auth::renew`](auth::Auth::renew).
    ///
    /// # Errors
    ///
    /// The token is dead, or there was no response.
    pub async fn refresh(&self, cx: &Context, account: &Account) -> Result<Tokens, RenewError> {
        let refresh = account.tokens.refresh.expose_secret();
        if refresh.is_empty() {
            return Err(RenewError::Dead(format!("{} gave no refresh token", self.title)));
        }
        let mut fields = Map::from_iter([
            ("refresh_token".to_owned(), Value::from(refresh)),
            ("grant_type".to_owned(), Value::from("refresh_token")),
        ]);
        if let Some(uri) = self.redirect_uri {
            fields.insert("redirect_uri".to_owned(), uri.into());
        }
        let fields = with_application(fields, &application(account));
        let mut was_lost = false;
        loop {
            match self.request_renewal(cx, account, &fields).await {
                Renewal::Done(tokens) => return Ok(tokens),
                Renewal::Lost(_, wait) if !was_lost => {
                    was_lost = true;
                    self.pause(cx, wait).await;
                }
                Renewal::Dead(reason) if was_lost => {
                    return Err(RenewError::Dead(format!("{reason} (the response to a renewal was lost)")));
                }
                Renewal::Dead(reason) => return Err(RenewError::Dead(reason)),
                Renewal::Lost(error, _) | Renewal::Failed(error) => return Err(not_renewed(account, error)),
            }
        }
    }

    /// Revokes the access of an account at the service.
    ///
    /// # Errors
    ///
    /// The service has no such endpoint, or did not confirm it.
    pub async fn revoke(&self, cx: &Context, account: &Account) -> Result<()> {
        let Some(url) = &self.revoke_url else {
            return Err(Error::new(format!("{} has no way to revoke access", self.title)));
        };
        let token = account.tokens.access.expose_secret();
        let fields = with_application(Map::from_iter([("token".to_owned(), token.into())]), &application(account));
        let response = self.post(cx, url, fields.clone(), Retry::Safe).await?;
        match response.status {
            200..=299 if !response.is_html() => Ok(()),
            _ => Err(self.explain(&response, Some(&account.name), &fields)),
        }
    }

    async fn post(
        &self,
        cx: &Context,
        url: &str,
        fields: Map<String, Value>,
        retry: Retry,
    ) -> Result<Response, HttpError> {
        let body = match self.encoding {
            Encoding::Json => Body::Json(Value::Object(fields)),
            Encoding::Form => {
                let text = |value: Value| value.as_str().map(str::to_owned).unwrap_or_default();
                Body::Form(fields.into_iter().map(|(name, value)| (name, text(value))).collect())
            }
        };
        // Also in a dry run: a token that has expired is renewed, and never lost.
        let request = Request { body: Some(body), retry, in_dry_run: true, ..Request::post(url) };
        cx.http.send(request).await
    }

    async fn request_renewal(&self, cx: &Context, account: &Account, fields: &Map<String, Value>) -> Renewal {
        let response = match self.post(cx, &self.token_url, fields.clone(), Retry::Own).await {
            Ok(response) => response,
            Err(error) if error.sent() == Sent::No && error.fault() != HttpFault::Connect => {
                return Renewal::Failed(error.into());
            }
            Err(error) => return Renewal::Lost(error.into(), SECOND_TRY),
        };
        let wait = response.retry_after(cx.clock.now()).unwrap_or(SECOND_TRY);
        let explain = || self.explain(&response, Some(&account.name), fields);
        match response.status {
            403 if response.is_html() => Renewal::Failed(explain()),
            429 | 500..=599 => Renewal::Lost(explain(), wait),
            _ if response.is_html() => Renewal::Lost(explain(), wait),
            200..=299 => match self.tokens(&response, Some(&account.tokens.refresh), cx.clock.now()) {
                Ok(tokens) => Renewal::Done(tokens),
                Err(error) => Renewal::Lost(error, wait),
            },
            400 | 401 => self.rejected(account, &response, fields),
            _ => Renewal::Failed(explain()),
        }
    }

    /// Interprets a rejected renewal.
    ///
    /// Only `invalid_grant` is about the refresh token; after anything else it may still be good.
    fn rejected(&self, account: &Account, response: &Response, fields: &Map<String, Value>) -> Renewal {
        let error = response.json::<ErrorResponse>().unwrap_or_default().error.unwrap_or_default();
        let reason = Some(redact(error_text(response), fields)).filter(|reason| !reason.is_empty());
        match error.as_str() {
            "invalid_grant" if is_wrong_redirect(reason.as_deref()) => Renewal::Failed(
                Error::new(format!("{} does not accept the redirect URI", self.title)).hint((self.redirect_hint)()),
            ),
            "invalid_grant" => Renewal::Dead(reason.unwrap_or(error)),
            "invalid_client" | "unauthorized_client" => Renewal::Failed(self.unknown_application(response, fields)),
            _ => {
                let status = response.status;
                let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                let message = format!("{} refused it with status {status}{because}", self.title);
                Renewal::Failed(Error::new(message).hint(format!(
                    "try again later; if it stays so, authorize it again: `{}`",
                    auth::command(self.service, &account.name)
                )))
            }
        }
    }

    /// Reads new tokens from a response.
    ///
    /// Only the access token is needed: tokens that were exchanged are never thrown away for a
    /// field beside them. `before` is the refresh token that was exchanged; a service may go on
    /// with it. The life is counted from the service's time, or from this machine's if the two
    /// differ: whether tokens have expired is asked of this clock, and one that is ahead would find
    /// them all expired.
    fn tokens(&self, response: &Response, before: Option<&SecretString>, now: Timestamp) -> Result<Tokens> {
        let new: TokenResponse = response.json()?;
        let title = self.title;
        if !is_token(new.access_token.expose_secret()) {
            return Err(Error::new(format!("{title} sent tokens that cannot be used"))
                .hint(format!("try again later; if it stays so, tell {title}")));
        }
        let refresh = new.refresh_token.as_str().filter(|token| is_token(token)).map(SecretString::from);
        let refresh = refresh.or_else(|| before.cloned()).unwrap_or_else(|| SecretString::from(""));
        let issued = whole(&new.created_at).and_then(|at| Timestamp::from_second(at).ok()).unwrap_or(now);
        let ahead = now.duration_since(issued);
        let created = if ahead.abs() > CLOCKS_AGREE {
            let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
            let hours = ahead.abs().as_secs_f64() / 3600.0;
            tracing::warn!("the clock of this machine is {hours:.1} hours {direction} {title}'s: set it right");
            now
        } else {
            issued
        };
        let life = whole(&new.expires_in).and_then(|seconds| u64::try_from(seconds).ok());
        let life = life.map_or(UNKNOWN_LIFE, |seconds| Duration::from_secs(seconds).min(LONGEST_LIFE));
        let scope = match new.scope {
            Value::String(scope) => Some(scope),
            Value::Array(scopes) => Some(scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
            _ => None,
        };
        let expires = created.checked_add(life).unwrap_or(Timestamp::MAX);
        Ok(Tokens { access: new.access_token, refresh, scope, created, expires })
    }

    fn explain(&self, response: &Response, account: Option<&str>, fields: &Map<String, Value>) -> Error {
        (self.explain)(response, account, &|text| redact(text, fields))
    }

    fn unknown_application(&self, response: &Response, fields: &Map<String, Value>) -> Error {
        let text = redact(error_text(response), fields);
        let because = if text.is_empty() { String::new() } else { format!(": {text}") };
        Error::new(format!("{} does not accept the application's client id or secret{because}", self.title))
            .hint((self.application_hint)())
    }

    /// Waits before the second try, and shows a wait that is long.
    async fn pause(&self, cx: &Context, wait: Duration) {
        let is_shown = wait > SECOND_TRY;
        if is_shown {
            let reason = format!("{} limits renewals", self.title);
            tracing::info!("waiting {} s: {reason}", wait.as_secs());
            cx.progress.report(Event::Waiting { reason, duration: wait });
        }
        cx.clock.sleep(wait).await;
        if is_shown {
            cx.progress.report(Event::Done);
        }
    }
}

/// A code for the user to enter, and the one to poll with.
#[derive(Deserialize)]
pub struct DeviceCode {
    device_code: SecretString,
    /// Code that the user enters.
    pub user_code: String,
    /// Page on which the user enters it.
    #[serde(alias = "verification_uri")]
    pub verification_url: String,
    #[serde(rename = "verification_uri_complete")]
    complete_url: Option<String>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    interval: Value,
}

impl DeviceCode {
    /// Returns the URL that has the code in it.
    pub fn prefilled_url(&self) -> String {
        let usual = || format!("{}/{}", self.verification_url.trim_end_matches('/'), self.user_code);
        self.complete_url.clone().unwrap_or_else(usual)
    }

    /// Returns how long the code is valid: ten minutes by default, at most an hour.
    pub fn life(&self) -> Duration {
        bounded(&self.expires_in, 600, 1..=3600)
    }

    /// Returns the interval between two polls: five seconds by default, at most an hour.
    pub fn interval(&self) -> Duration {
        bounded(&self.interval, 5, 1..=3600)
    }
}

/// Outcome of one poll.
pub enum Poll {
    /// The user agreed.
    Approved(Tokens),
    /// The user has not decided yet.
    Pending,
    /// The service wants fewer polls from now on, and a wait of this length if it says so.
    SlowDown(Option<Duration>),
    /// There was no usable response, for this reason; the next poll may succeed.
    Failed(String),
}

/// Outcome of one try to exchange a refresh token.
enum Renewal {
    Done(Tokens),
    /// The response was lost; the next try may come after this time.
    Lost(Error, Duration),
    /// The refresh token is dead.
    Dead(String),
    /// Another try would end in the same way.
    Failed(Error),
}

/// The response with new tokens.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: SecretString,
    #[serde(default)]
    refresh_token: Value,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    created_at: Value,
    #[serde(default)]
    scope: Value,
}

/// The body of a response that is no success.
#[derive(Deserialize, Default)]
struct ErrorResponse {
    error: Option<String>,
    error_description: Option<String>,
    message: Option<String>,
}

/// Returns the error text of a response without anything like a token; empty for a web page.
pub fn error_text(response: &Response) -> String {
    if response.is_html() {
        return String::new();
    }
    let text = match response.json::<ErrorResponse>() {
        Ok(body) => body.error_description.or(body.message).or(body.error).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(&response.body).into_owned(),
    };
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words = words.map(|word| if word.chars().count() >= LONGEST_WORD { "[REDACTED]" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

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

/// Requests as an account, whose access token is renewed in time and once after a 401.
pub struct AccountHttp {
    cx: Context,
    provider: Provider,
    account: RefCell<Account>,
    status: Rc<RefCell<AuthStatus>>,
}

/// A request as an account that has no response.
#[derive(Debug)]
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
        let status = cx.run_cache.of(&format!("{} {}", provider.service, account.name));
        Self { cx: cx.clone(), provider, account: RefCell::new(account), status }
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
        let response = self.cx.http.send(request.clone()).await.map_err(SendError::Http)?;
        if response.status != 401 || matches!(*self.status.borrow(), AuthStatus::Rejected) {
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
        *self.status.borrow_mut() = status;
    }

    fn check(&self) -> Result<()> {
        match &*self.status.borrow() {
            AuthStatus::Unusable(message, hint) => Err(Error::new(message).hint(hint)),
            _ => Ok(()),
        }
    }

    /// Notes that a renewal was tried, unless more is known.
    fn set_renewed(&self) {
        let mut status = self.status.borrow_mut();
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
        let is_untried = || matches!(*self.status.borrow(), AuthStatus::Untried);
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
        self.account.replace(account);
        Ok(token)
    }
}

fn application(account: &Account) -> Application {
    Application { id: account.client_id.clone(), secret: account.client_secret.clone() }
}

fn with_application(mut fields: Map<String, Value>, application: &Application) -> Map<String, Value> {
    fields.insert("client_id".to_owned(), application.id.as_str().into());
    if let Some(secret) = &application.secret {
        fields.insert("client_secret".to_owned(), secret.expose_secret().into());
    }
    fields
}

fn not_renewed(account: &Account, cause: Error) -> RenewError {
    let hint = cause.hint_text().unwrap_or("try again later").to_owned();
    let error = Error::new(format!("the authorization of account `{}` could not be renewed", account.name));
    error.hint(hint).cause(cause).into()
}

/// Removes the secrets that were sent from a response's text, which may repeat them.
fn redact(text: String, fields: &Map<String, Value>) -> String {
    let public = ["client_id", "grant_type", "redirect_uri", "scope"];
    let secrets = fields.iter().filter(|(name, _)| !public.contains(&name.as_str()));
    let secrets = secrets.filter_map(|(_, value)| value.as_str()).filter(|secret| !secret.is_empty());
    secrets.fold(text, |text, secret| text.replace(secret, "[REDACTED]"))
}

/// Returns whether the redirect URI is wrong.
///
/// The standard's text for a dead token names it among other reasons.
fn is_wrong_redirect(reason: Option<&str>) -> bool {
    let reason = reason.unwrap_or_default().to_ascii_lowercase();
    reason.contains("redirect") && !["expired", "revoked"].iter().any(|word| reason.contains(word))
}

/// Returns whether a token can be sent in a header.
fn is_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns a number of seconds from outside, within bounds.
fn bounded(value: &Value, usual: i64, bounds: RangeInclusive<i64>) -> Duration {
    let seconds = whole(value).filter(|seconds| *seconds > 0).unwrap_or(usual);
    Duration::from_secs(seconds.clamp(*bounds.start(), *bounds.end()).unsigned_abs())
}

/// Returns a whole number of seconds, however it is written.
fn whole(value: &Value) -> Option<i64> {
    let rounded = |number: f64| (number.is_finite() && number.abs() < 1e15).then_some(number as i64);
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(rounded)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse().ok().and_then(rounded))
        }
        _ => None,
    }
}
