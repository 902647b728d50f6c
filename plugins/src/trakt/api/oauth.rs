//! Trakt's OAuth: the device flow, renewal and revocation.
//!
//! All of it is on the authorization host.

use std::time::Duration;

use flexget_core::context::Event;
use flexget_core::context::auth::{self, Account, RenewError, Tokens};
use flexget_core::context::http::{HttpError, HttpFault, Method, Request, Response, Retry, Sent};
use flexget_core::prelude::*;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::trakt::SERVICE;
use crate::trakt::api::client;
use crate::trakt::api::errors::{Fault, said};

/// Redirect URI of applications without one, which a renewal must send.
pub const REDIRECT: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Clocks that differ by no more than this agree: an answer may take its time.
const CLOCKS_AGREE: SignedDuration = SignedDuration::from_mins(10);

/// An application: its id and, where it has one, its secret.
#[derive(Debug, Clone)]
pub struct Application {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: Option<SecretString>,
}

/// A code for the user to type, and the one to ask with.
#[derive(Deserialize)]
pub struct DeviceCode {
    device_code: SecretString,
    /// Code that the user enters.
    pub user_code: String,
    /// Where the user types it.
    pub verification_url: String,
    /// For how long, in seconds.
    #[serde(default = "usual_life")]
    pub expires_in: u64,
    /// Interval between two polls, in seconds.
    #[serde(default = "usual_interval")]
    pub interval: u64,
}

fn usual_life() -> u64 {
    600
}

fn usual_interval() -> u64 {
    5
}

impl DeviceCode {
    /// Returns the address with the code in it.
    pub fn prefilled_url(&self) -> String {
        format!("{}/{}", self.verification_url.trim_end_matches('/'), self.user_code)
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    refresh_token: SecretString,
    expires_in: i64,
    created_at: Option<i64>,
    scope: Option<String>,
}

impl TokenAnswer {
    /// Returns the tokens, with their life counted from Trakt's time.
    ///
    /// If the clock of this machine shows another time, it is counted from that: whether they have
    /// expired is asked of this clock, and one that is ahead would find every new token expired.
    fn tokens(self, now: Timestamp) -> Tokens {
        let said = self.created_at.and_then(|at| Timestamp::from_second(at).ok()).unwrap_or(now);
        let ahead = now.duration_since(said);
        let created = if ahead.abs() > CLOCKS_AGREE {
            let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
            let hours = ahead.abs().as_secs_f64() / 3600.0;
            tracing::warn!(target: "trakt", "the clock of this machine is {hours:.1} hours {direction} Trakt's: set it right");
            now
        } else {
            said
        };
        let life = Duration::from_secs(u64::try_from(self.expires_in).unwrap_or(0));
        Tokens {
            access: self.access_token,
            refresh: self.refresh_token,
            scope: self.scope,
            created,
            expires: created.checked_add(life).unwrap_or(created),
        }
    }
}

/// The error of an OAuth answer.
#[derive(Deserialize, Default)]
struct Denial {
    error: Option<String>,
}

async fn post(cx: &Context, path: &str, body: serde_json::Value, retry: Retry) -> Result<Response, HttpError> {
    let mut request = Request::new(Method::POST, format!("{}/oauth/{path}", client::auth_host(cx)));
    request.headers = vec![("content-type", "application/json".to_owned())];
    request.body = Some(body);
    request.retry = retry;
    cx.http.send(request).await
}

fn with_application(mut body: serde_json::Value, application: &Application) -> serde_json::Value {
    body["client_id"] = application.id.as_str().into();
    if let Some(secret) = &application.secret {
        body["client_secret"] = secret.expose_secret().into();
    }
    body
}

/// Asks for a code for the user to type.
///
/// # Errors
/// Trakt does not know the application, or gave no answer.
pub async fn device_code(cx: &Context, application: &Application) -> Result<DeviceCode> {
    let body = json!({ "client_id": application.id });
    let response = post(cx, "device/code", body.clone(), Retry::Safe).await.map_err(Fault::Network)?;
    let known = with_application(body, application);
    match response.status {
        200..=299 if !response.is_html() => response.json(),
        400 | 401 | 403 if !response.is_html() => Err(unknown_application(&response, &known)),
        _ => Err(fault_of(&response, "oauth/device/code", None, &known).into()),
    }
}

fn unknown_application(response: &Response, sent: &serde_json::Value) -> Error {
    let said = without_secrets(said(response), sent);
    let because = if said.is_empty() { String::new() } else { format!(": {said}") };
    Error::new(format!("Trakt does not accept the application's client id or secret{because}"))
        .hint(client::no_client_id())
}

/// Result of one poll for the user's decision.
pub enum Poll {
    /// The user agreed.
    Approved(Tokens),
    /// Not yet.
    Pending,
    /// Asked too often: ask more slowly from here on, and wait this long if it was said.
    SlowDown(Option<Duration>),
    /// No answer this time; the reason is for whoever watches.
    Trouble(String),
}

/// Looks once whether the user has decided.
///
/// # Errors
/// It is over: the user declined, or the code expired, was used, or is not known.
pub async fn poll(cx: &Context, application: &Application, code: &DeviceCode) -> Result<Poll> {
    let body = with_application(json!({ "code": code.device_code.expose_secret() }), application);
    let response = match post(cx, "device/token", body.clone(), Retry::Own).await {
        Ok(response) => response,
        Err(error) => return Ok(Poll::Trouble(error.to_string())),
    };
    let again = "run the command again for a new code";
    match response.status {
        200..=299 if response.is_html() => Ok(Poll::Trouble("Trakt answered with a web page".to_owned())),
        200..=299 => match response.json::<TokenAnswer>() {
            Ok(answer) => Ok(Poll::Approved(answer.tokens(cx.clock.now()))),
            // If the code is used up by that, the next answer says so.
            Err(error) => Ok(Poll::Trouble(error.to_string())),
        },
        400 => match response.json::<Denial>().unwrap_or_default().error.as_deref() {
            None | Some("authorization_pending") => Ok(Poll::Pending),
            Some("slow_down") => Ok(Poll::SlowDown(None)),
            Some("access_denied") => Err(declined()),
            Some("expired_token") => Err(Error::new("the code has expired").hint(again)),
            Some("invalid_client" | "unauthorized_client") => Err(unknown_application(&response, &body)),
            Some(_) => Err(Fault::Invalid(without_secrets(said(&response), &body)).into()),
        },
        401 => Err(unknown_application(&response, &body)),
        404 => Err(Error::new("Trakt does not know the code").hint(again)),
        409 => Err(Error::new("the code was used already").hint(again)),
        410 => Err(Error::new("the code has expired").hint(again)),
        418 => Err(declined()),
        429 => Ok(Poll::SlowDown(response.retry_after(cx.clock.now()))),
        status @ (403 | 500..=599) => Ok(Poll::Trouble(format!("Trakt answered with status {status}"))),
        _ => Err(fault_of(&response, "oauth/device/token", None, &body).into()),
    }
}

fn declined() -> Error {
    Error::new("you declined the request on Trakt").hint("run the command again if that was a mistake")
}

/// Exchanges the refresh token for new tokens.
///
/// It is good for one exchange, so an answer that is lost is asked for once more with the same
/// token: if Trakt did make the exchange, it says that the token is dead.
///
/// # Errors
/// The token is dead, or there was no answer.
pub async fn refresh(cx: &Context, account: &Account) -> Result<Tokens, RenewError> {
    let application = Application { id: account.client_id.clone(), secret: account.client_secret.clone() };
    let body = with_application(
        json!({
            "refresh_token": account.tokens.refresh.expose_secret(),
            "redirect_uri": REDIRECT,
            "grant_type": "refresh_token",
        }),
        &application,
    );
    let mut is_unavailable = false;
    loop {
        match exchange(cx, account, &body).await {
            Exchange::Done(tokens) => return Ok(tokens),
            Exchange::Lost(_, wait) if !is_unavailable => {
                is_unavailable = true;
                pause(cx, wait).await;
            }
            Exchange::Dead(reason) if is_unavailable => {
                return Err(RenewError::Dead(format!("{reason} (the answer to a renewal was lost)")));
            }
            Exchange::Dead(reason) => return Err(RenewError::Dead(reason)),
            Exchange::Lost(error, _) => return Err(not_renewed(account, error)),
            Exchange::Failed(error) => return Err(not_renewed(account, error)),
        }
    }
}

/// How one try to exchange the refresh token ended.
enum Exchange {
    Done(Tokens),
    /// There was no answer, so nobody knows; the next try may come after this time.
    Lost(Error, Duration),
    /// The token is of no use any more.
    Dead(String),
    /// Another try would end in the same way.
    Failed(Error),
}

/// How long to wait before the second try, where Trakt does not say.
const SECOND_TRY: Duration = Duration::from_secs(2);

/// Maps an error response; its text is shown without the secrets that were sent.
fn fault_of(response: &Response, path: &str, account: Option<&str>, sent: &serde_json::Value) -> Fault {
    match Fault::of(response, path, account, true) {
        Fault::Invalid(said) => Fault::Invalid(without_secrets(said, sent)),
        fault => fault,
    }
}

async fn exchange(cx: &Context, account: &Account, body: &serde_json::Value) -> Exchange {
    let response = match post(cx, "token", body.clone(), Retry::Own).await {
        Ok(response) => response,
        Err(error) if error.sent() == Sent::No && error.fault() != HttpFault::Connect => {
            return Exchange::Failed(Fault::Network(error).into());
        }
        Err(error) => return Exchange::Lost(Fault::Network(error).into(), SECOND_TRY),
    };
    let wait = response.retry_after(cx.clock.now()).unwrap_or(SECOND_TRY);
    let fault = || fault_of(&response, "oauth/token", Some(&account.name), body);
    match response.status {
        403 if response.is_html() => Exchange::Failed(fault().into()),
        429 | 500..=599 => Exchange::Lost(fault().into(), wait),
        status if response.is_html() => Exchange::Lost(Fault::Unavailable { status, maybe_done: true }.into(), wait),
        200..=299 => match response.json::<TokenAnswer>() {
            Ok(answer) => Exchange::Done(answer.tokens(cx.clock.now())),
            Err(error) => Exchange::Lost(error, wait),
        },
        400 | 401 => refused(account, &response, body),
        _ => Exchange::Failed(fault().into()),
    }
}

/// Maps a refused renewal.
///
/// Only `invalid_grant` is about the refresh token; after anything else it may still be valid.
fn refused(account: &Account, response: &Response, body: &serde_json::Value) -> Exchange {
    let denial = response.json::<Denial>().unwrap_or_default().error.unwrap_or_default();
    let reason = Some(without_secrets(said(response), body)).filter(|reason| !reason.is_empty());
    match denial.as_str() {
        "invalid_grant" if reason.as_deref().is_some_and(|reason| reason.contains("redirect")) => Exchange::Failed(
            Error::new("Trakt does not accept the redirect URI")
                .hint(format!("set the redirect URI of your application at {} to `{REDIRECT}`", client::APPS)),
        ),
        "invalid_grant" => Exchange::Dead(reason.unwrap_or(denial)),
        "invalid_client" | "unauthorized_client" => Exchange::Failed(unknown_application(response, body)),
        _ => {
            let status = response.status;
            let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            Exchange::Failed(Error::new(format!("Trakt refused it with status {status}{because}")).hint(format!(
                "try again later; if it stays so, authorize it again: `{}`",
                auth::command(SERVICE, &account.name)
            )))
        }
    }
}

/// Removes the secrets that were sent from a response's text, which may repeat them.
fn without_secrets(text: String, body: &serde_json::Value) -> String {
    let secrets =
        ["refresh_token", "client_secret", "code", "token"].into_iter().filter_map(|name| body[name].as_str());
    secrets.filter(|secret| !secret.is_empty()).fold(text, |text, secret| text.replace(secret, "[REDACTED]"))
}

fn not_renewed(account: &Account, cause: Error) -> RenewError {
    let hint = cause.hint_text().unwrap_or("try again later").to_owned();
    let error = Error::new(format!("the authorization of account `{}` could not be renewed", account.name));
    error.hint(hint).cause(cause).into()
}

/// Waits before the second try, and says so if it is long.
async fn pause(cx: &Context, wait: Duration) {
    if wait > SECOND_TRY {
        let reason = "Trakt limits renewals".to_owned();
        tracing::info!(target: "trakt", "waiting {} s: {reason}", wait.as_secs());
        cx.progress.report(Event::Waiting { reason, duration: wait });
    }
    cx.clock.sleep(wait).await;
    if wait > SECOND_TRY {
        cx.progress.report(Event::Done);
    }
}

/// Ends what was authorized, on Trakt's side.
///
/// # Errors
/// Trakt did not say that it is ended.
pub async fn revoke(cx: &Context, account: &Account) -> Result<()> {
    let application = Application { id: account.client_id.clone(), secret: account.client_secret.clone() };
    let body = with_application(json!({ "token": account.tokens.access.expose_secret() }), &application);
    let response = post(cx, "revoke", body.clone(), Retry::Safe).await.map_err(Fault::Network)?;
    match response.status {
        200..=299 if !response.is_html() => Ok(()),
        _ => Err(fault_of(&response, "oauth/revoke", Some(&account.name), &body).into()),
    }
}
