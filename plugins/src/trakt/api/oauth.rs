//! Trakt's OAuth: the device flow, renewal and revocation.
//!
//! All of it is on the authorization host.

use std::time::Duration;

use flexget_core::context::Event;
use flexget_core::context::auth::{self, Account, Application, RenewError, Tokens};
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

/// A code for the user to type, and the one to ask with.
#[derive(Deserialize)]
pub struct DeviceCode {
    device_code: SecretString,
    /// Code that the user enters.
    pub user_code: String,
    /// Where the user types it.
    pub verification_url: String,
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    interval: serde_json::Value,
}

impl DeviceCode {
    /// Returns how long the code can be used: ten minutes unless the service says otherwise, at most an
    /// hour.
    pub fn life(&self) -> Duration {
        bounded(&self.expires_in, 600, 1..=3600)
    }

    /// Returns how long to wait between two polls: five seconds unless the service says otherwise, at
    /// most an hour.
    pub fn interval(&self) -> Duration {
        bounded(&self.interval, 5, 1..=3600)
    }

    /// Returns the URL with the code in it.
    pub fn prefilled_url(&self) -> String {
        format!("{}/{}", self.verification_url.trim_end_matches('/'), self.user_code)
    }
}

/// The response with new tokens. Only the access token is needed: tokens that were exchanged are never
/// thrown away for a field beside them.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: SecretString,
    #[serde(default)]
    refresh_token: serde_json::Value,
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    created_at: serde_json::Value,
    #[serde(default)]
    scope: serde_json::Value,
}

/// Life of tokens whose life is not given or makes no sense: short, because renewing early does no harm.
const UNKNOWN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest life of tokens that is believed.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl TokenResponse {
    /// Returns the tokens, or `None` if they cannot be sent. `before` is the refresh token that was
    /// exchanged: a service may go on with it.
    ///
    /// Their life is counted from Trakt's time, or from this machine's if the two differ: whether they
    /// have expired is asked of this clock, and one that is ahead would find every new token expired.
    fn tokens(self, before: Option<&SecretString>, now: Timestamp) -> Option<Tokens> {
        let refresh = self.refresh_token.as_str().filter(|token| is_token(token)).map(SecretString::from);
        let refresh = refresh.or_else(|| before.cloned())?;
        if !is_token(self.access_token.expose_secret()) {
            return None;
        }
        let issued = whole(&self.created_at).and_then(|at| Timestamp::from_second(at).ok()).unwrap_or(now);
        let ahead = now.duration_since(issued);
        let created = if ahead.abs() > CLOCKS_AGREE {
            let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
            let hours = ahead.abs().as_secs_f64() / 3600.0;
            tracing::warn!(target: "trakt", "the clock of this machine is {hours:.1} hours {direction} Trakt's: set it right");
            now
        } else {
            issued
        };
        let life = whole(&self.expires_in).and_then(|seconds| u64::try_from(seconds).ok());
        let life = life.map_or(UNKNOWN_LIFE, |seconds| Duration::from_secs(seconds).min(LONGEST_LIFE));
        let scope = match self.scope {
            serde_json::Value::String(scope) => Some(scope),
            serde_json::Value::Array(scopes) => {
                Some(scopes.iter().filter_map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "))
            }
            _ => None,
        };
        let expires = created.checked_add(life).unwrap_or(Timestamp::MAX);
        Some(Tokens { access: self.access_token, refresh, scope, created, expires })
    }
}

/// Returns a number of seconds from outside, within bounds.
fn bounded(value: &serde_json::Value, usual: i64, bounds: std::ops::RangeInclusive<i64>) -> Duration {
    let seconds = whole(value).filter(|seconds| *seconds > 0).unwrap_or(usual);
    Duration::from_secs(seconds.clamp(*bounds.start(), *bounds.end()).unsigned_abs())
}

/// Returns whether a token can be sent in a header.
fn is_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns a whole number of seconds, however it is written.
fn whole(value: &serde_json::Value) -> Option<i64> {
    match value {
        serde_json::Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(rounded)),
        serde_json::Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse().ok().and_then(rounded))
        }
        _ => None,
    }
}

fn rounded(number: f64) -> Option<i64> {
    (number.is_finite() && number.abs() < 1e15).then_some(number as i64)
}

/// Reads new tokens from a response.
fn new_tokens(response: &Response, before: Option<&SecretString>, now: Timestamp) -> Result<Tokens> {
    response.json::<TokenResponse>()?.tokens(before, now).ok_or_else(|| {
        Error::new("Trakt sent tokens that cannot be used").hint("try again later; if it stays so, tell Trakt")
    })
}

/// The error of an OAuth response.
#[derive(Deserialize, Default)]
struct Denial {
    error: Option<String>,
}

async fn post(cx: &Context, path: &str, body: serde_json::Value, retry: Retry) -> Result<Response, HttpError> {
    let mut request = Request::new(Method::POST, format!("{}/oauth/{path}", client::auth_host(cx)));
    request.headers = vec![("content-type".into(), "application/json".to_owned())];
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
    Failed(String),
}

/// Looks once whether the user has decided.
///
/// # Errors
/// It is over: the user declined, or the code expired, was used, or is not known.
pub async fn poll(cx: &Context, application: &Application, code: &DeviceCode) -> Result<Poll> {
    let body = with_application(json!({ "code": code.device_code.expose_secret() }), application);
    let response = match post(cx, "device/token", body.clone(), Retry::Own).await {
        Ok(response) => response,
        Err(error) => return Ok(Poll::Failed(error.to_string())),
    };
    let again = "run the command again for a new code";
    match response.status {
        200..=299 if response.is_html() => Ok(Poll::Failed("Trakt answered with a web page".to_owned())),
        // If the code is used up by that, the next response says so.
        200..=299 => Ok(match new_tokens(&response, None, cx.clock.now()) {
            Ok(tokens) => Poll::Approved(tokens),
            Err(error) => Poll::Failed(error.to_string()),
        }),
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
        status @ (403 | 500..=599) => Ok(Poll::Failed(format!("Trakt answered with status {status}"))),
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
        200..=299 => match new_tokens(&response, Some(&account.tokens.refresh), cx.clock.now()) {
            Ok(tokens) => Exchange::Done(tokens),
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
        "invalid_grant" if is_wrong_redirect(reason.as_deref()) => Exchange::Failed(
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

/// Returns whether the redirect URI is wrong. The standard's text for a dead token names it among other
/// reasons.
fn is_wrong_redirect(reason: Option<&str>) -> bool {
    let reason = reason.unwrap_or_default().to_ascii_lowercase();
    reason.contains("redirect") && !["expired", "revoked"].iter().any(|word| reason.contains(word))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_from_outside_are_bounded() {
        let code = |interval: serde_json::Value| -> DeviceCode {
            let fields = json!({
                "device_code": "d", "user_code": "u", "verification_url": "v", "interval": interval, "expires_in": interval,
            });
            serde_json::from_value(fields).unwrap()
        };
        for (value, interval, life) in [
            (json!(null), 5, 600),
            (json!("soon"), 5, 600),
            (json!(-1), 5, 600),
            (json!(0), 5, 600),
            (json!("7"), 7, 7),
            (json!(7.5), 7, 7),
            (json!(u64::MAX), 5, 600),
            (json!(i64::MAX), 3600, 3600),
        ] {
            let code = code(value.clone());
            assert_eq!((code.interval().as_secs(), code.life().as_secs()), (interval, life), "{value}");
        }
    }

    #[test]
    fn a_dead_token_is_told_from_a_wrong_redirect_uri() {
        let standard = "The provided authorization grant or refresh token is invalid, expired, revoked, does not \
                        match the redirection URI used in the authorization request";
        for (reason, is_wrong) in [(standard, false), ("session not found", false), ("Redirect URI mismatch", true)] {
            assert_eq!(is_wrong_redirect(Some(reason)), is_wrong, "{reason}");
        }
    }
}
