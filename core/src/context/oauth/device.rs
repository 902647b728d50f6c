//! Device authorization (RFC 8628): a code for the user, and polls for the decision.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::provider::{Provider, with_application};
use super::response::ErrorResponse;
use super::tokens::bounded;
use crate::context::Context;
use crate::context::auth::{Application, Tokens};
use crate::context::http::Retry;
use crate::error::{Error, Result};

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
#[non_exhaustive]
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

impl Provider {
    /// Requests a code for the user to enter.
    ///
    /// # Errors
    ///
    /// The service does not know the application, or did not respond.
    pub async fn device_code(&self, cx: &Context, application: &Application) -> Result<DeviceCode> {
        if self.device_url.is_empty() {
            return Err(Error::new(format!("{} does not authorize devices", self.title)));
        }
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
}
