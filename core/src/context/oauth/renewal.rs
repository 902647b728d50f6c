//! Renewal of tokens with a refresh token that works once, and revocation.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::provider::{Provider, application, with_application};
use super::response::{ErrorResponse, error_text, redact};
use crate::context::Context;
use crate::context::auth::{self, Account, RenewError, Tokens};
use crate::context::http::{HttpFault, Response, Retry, Sent};
use crate::error::{Error, Result};

/// Wait before a renewal is tried again, where the service names none.
const SECOND_TRY: Duration = Duration::from_secs(2);
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
impl Provider {
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

    /// Waits before the second try, and shows a wait that is long.
    async fn pause(&self, cx: &Context, wait: Duration) {
        let is_shown = wait > SECOND_TRY;
        if is_shown {
            let reason = format!("{} limits renewals", self.title);
            tracing::info!("waiting {} s: {reason}", wait.as_secs());
            cx.progress.wait(&cx.clock, wait, &reason).await;
        } else {
            cx.clock.sleep(wait).await;
        }
    }
}

fn not_renewed(account: &Account, cause: Error) -> RenewError {
    let hint = cause.hint_text().unwrap_or("try again later").to_owned();
    let error = Error::new(format!("the authorization of account `{}` could not be renewed", account.name));
    error.hint(hint).cause(cause).into()
}
/// Returns whether the redirect URI is wrong.
///
/// The standard's text for a dead token names it among other reasons.
pub(super) fn is_wrong_redirect(reason: Option<&str>) -> bool {
    let reason = reason.unwrap_or_default().to_ascii_lowercase();
    reason.contains("redirect") && !["expired", "revoked"].iter().any(|word| reason.contains(word))
}
