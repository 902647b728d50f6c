//! The description of a service: its OAuth endpoints and quirks.

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::response::{error_text, redact};
use crate::context::Context;
use crate::context::auth::{Account, Application};
use crate::context::http::{Body, HttpError, Request, Response, Retry};
use crate::error::Error;

/// Makes an error of a response: the response, the account it was for, and a filter for secrets.
pub type ExplainResponse = fn(&Response, Option<&str>, &dyn Fn(String) -> String) -> Error;

/// A service's OAuth endpoints and quirks.
///
/// ```
/// use flexget_core::context::oauth::{Encoding, Provider};
///
/// let base = "https://auth.example.org";
/// let (device, token) = (format!("{base}/device"), format!("{base}/token"));
/// let mut provider = Provider::new("example", "Example", device, token);
/// provider.encoding = Encoding::Json;
/// provider.scope = Some("lists:write");
/// assert_eq!(provider.poll_url, provider.token_url);
/// ```
#[derive(Clone)]
#[non_exhaustive]
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
    /// Header with the client id, if requests as an account need it.
    pub client_id_header: Option<&'static str>,
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
    /// Page on which users make applications.
    pub applications_url: Option<&'static str>,
    /// Page on which users see and end what they have authorized.
    pub connected_url: Option<&'static str>,
    /// Application that was built in, for users who have none of their own.
    pub built_in: Option<Application>,
    /// Returns what to do when the application is unknown or rejected.
    pub application_hint: fn() -> String,
    /// Returns what to do when the redirect URI is wrong.
    pub redirect_hint: fn() -> String,
}

/// Encoding of request bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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
            client_id_header: None,
            scope: None,
            redirect_uri: None,
            poll_error: |_| None,
            explain: |response, _, redact| {
                let text = redact(error_text(response));
                let because = if text.is_empty() { String::new() } else { format!(": {text}") };
                Error::new(format!("the request was rejected with status {}{because}", response.status))
                    .hint("try again later")
            },
            applications_url: None,
            connected_url: None,
            built_in: None,
            application_hint: || "check the client id and secret of the application".to_owned(),
            redirect_hint: || "check the redirect URI of the application".to_owned(),
        }
    }

    /// Describes a service whose accounts are API keys or passwords, which never expire.
    pub fn without_oauth(service: &'static str, title: &'static str) -> Self {
        Self::new(service, title, String::new(), String::new())
    }

    /// Returns the name of the environment variable for a value of this service.
    ///
    /// `CLIENT_ID` of the service `example` is `FLEXGET_EXAMPLE_CLIENT_ID`.
    pub fn variable(&self, value: &str) -> String {
        format!("FLEXGET_{}_{value}", self.service.to_uppercase().replace('-', "_"))
    }

    pub(super) async fn post(
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

    pub(super) fn explain(&self, response: &Response, account: Option<&str>, fields: &Map<String, Value>) -> Error {
        (self.explain)(response, account, &|text| redact(text, fields))
    }

    pub(super) fn unknown_application(&self, response: &Response, fields: &Map<String, Value>) -> Error {
        let text = redact(error_text(response), fields);
        let because = if text.is_empty() { String::new() } else { format!(": {text}") };
        Error::new(format!("{} does not accept the application's client id or secret{because}", self.title))
            .hint((self.application_hint)())
    }
}

pub(super) fn application(account: &Account) -> Application {
    Application { id: account.client_id.clone(), secret: account.client_secret.clone() }
}

pub(super) fn with_application(mut fields: Map<String, Value>, application: &Application) -> Map<String, Value> {
    fields.insert("client_id".to_owned(), application.id.as_str().into());
    if let Some(secret) = &application.secret {
        fields.insert("client_secret".to_owned(), secret.expose_secret().into());
    }
    fields
}
