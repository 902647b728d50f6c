//! Requests that scripts ask for: sent by core, with credentials that they never see.

use secrecy::SecretString;

use super::protocol::{HttpMessage, RequestResult};
use super::{Script, ScriptService};
use crate::context::Context;
use crate::context::http::{Body, HttpError, RateLimit, Request, Response, Sent};
use crate::context::oauth::{AccountHttp, SendError};
use crate::error::{Error, Result};
use crate::plugin::registry;
use crate::plugin::service::ServiceRegistration;

/// A request that was sent or refused.
pub(super) struct SentRequest {
    /// The result for the script.
    pub result: RequestResult,
    /// Whether a change was sent and it is not known what became of it.
    pub is_uncertain: bool,
}

/// A request that cannot be sent.
pub(super) enum RequestError {
    /// It makes no sense: the script is at fault.
    Invalid(String),
    /// There are no credentials for it.
    Account(Error),
}

impl From<String> for RequestError {
    fn from(invalid: String) -> Self {
        Self::Invalid(invalid)
    }
}

/// Sends a request of a script.
///
/// # Errors
/// It cannot be sent.
pub(super) async fn send(script: &Script, message: HttpMessage, cx: &Context) -> Result<SentRequest, RequestError> {
    let account = message.account.clone();
    let mut request = request(script, message)?;
    let is_write = request.is_write() && !request.in_dry_run;
    let sent = match (&script.service, account) {
        (Some(service), Some(account)) => match registry::service(&service.name) {
            // The tokens of a service that the program knows are renewed as for its own plugins.
            Some(known) => {
                let http = account_http(service, known, &account, cx)?;
                request.rate_limit = (known.limit)(&http.account(), is_write).or(request.rate_limit);
                match http.send(request).await {
                    Err(SendError::Account(error)) => return Err(RequestError::Account(error)),
                    Err(SendError::Http(error)) => Err(error),
                    Ok(response) => Ok(response),
                }
            }
            None => {
                request.bearer = Some(key(&service.name, &account, cx).map_err(RequestError::Account)?);
                cx.http.send(request).await
            }
        },
        _ => cx.http.send(request).await,
    };
    Ok(match sent {
        Ok(response) => {
            let is_uncertain = is_write && response.clone().ok().is_err_and(|error| error.may_have_happened());
            SentRequest { result: response_for_script(&response), is_uncertain }
        }
        Err(error) => failed(error, is_write),
    })
}

fn failed(error: HttpError, is_write: bool) -> SentRequest {
    let sent = error.sent() != Sent::No;
    SentRequest { result: RequestResult::Failed { error: error.to_string(), sent }, is_uncertain: is_write && sent }
}

fn response_for_script(response: &Response) -> RequestResult {
    let json = serde_json::from_slice(&response.body).ok();
    let text = json.is_none().then(|| String::from_utf8_lossy(&response.body).into_owned());
    let headers = response.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    RequestResult::Response { status: response.status, headers, json, text }
}

fn request(script: &Script, message: HttpMessage) -> Result<Request, RequestError> {
    let HttpMessage { method, url, query, headers, json, form, text, account, read } = message;
    let method = method.unwrap_or_else(|| "GET".to_owned());
    let service = script.service.as_ref();
    let url = match service {
        Some(ScriptService { url: base, .. }) if url.starts_with('/') => format!("{}{url}", base.trim_end_matches('/')),
        _ => url,
    };
    let mut request = Request::named(&method, url).ok_or_else(|| format!("`{method}` is no method"))?;
    request.query = query.iter().map(|(name, value)| (name.clone(), text_of(value))).collect();
    request.headers = headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
    request.in_dry_run = read;
    let mut bodies = json.map(Body::Json).into_iter();
    let form = form.map(|form| Body::Form(form.iter().map(|(name, value)| (name.clone(), text_of(value))).collect()));
    let mut others = form.into_iter().chain(text.map(Body::Text));
    request.body = bodies.next().or_else(|| others.next());
    if others.next().is_some() {
        return Err("a request has one of `json`, `form` and `text`".to_owned().into());
    }
    if let Some(service) = service
        && let Some(requests) = service.requests_per_minute
    {
        let bucket = format!("{} {}", service.name, account.as_deref().unwrap_or_default());
        let minute = std::time::Duration::from_secs(60);
        request.rate_limit = Some(RateLimit::new(bucket.clone(), bucket, "requests", requests, minute));
    }
    if account.is_some() {
        let Some(service) = service else {
            return Err("`account` needs `service` in the description of the script".to_owned().into());
        };
        let base = service.url.trim_end_matches('/');
        if !is_below(&request.url, base) {
            return Err(format!("credentials of `{}` are sent to {base} only", service.name).into());
        }
    }
    Ok(request)
}

/// Returns what sends requests as an account of a service that the program knows.
///
/// # Errors
/// There is no such account, or the script sends its credentials elsewhere than the program does.
fn account_http(
    service: &ScriptService,
    known: &ServiceRegistration,
    account: &str,
    cx: &Context,
) -> Result<AccountHttp, RequestError> {
    let api = (known.api)(cx);
    if !api.is_empty() && !is_below(&service.url, api.trim_end_matches('/')) {
        return Err(format!("credentials of `{}` are sent to {api} only, not to {}", service.name, service.url).into());
    }
    AccountHttp::of(cx, (known.provider)(cx), account).map_err(RequestError::Account)
}

/// Returns whether a URL is another one or below it.
///
/// A common beginning is not enough: `https://api.example.org.evil.example` is another host.
fn is_below(url: &str, base: &str) -> bool {
    url.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// Returns the key of an account of a service that the program does not know.
fn key(service: &str, account: &str, cx: &Context) -> Result<SecretString> {
    let has_commands = registry::commands().iter().any(|command| command.path == [service, "auth"]);
    if !has_commands && cx.auth.account(service, account)?.is_none() {
        return Err(Error::new(format!("there is no {service} account named `{account}`"))
            .hint(format!("`flexget-rs key {service} {account}` stores its API key")));
    }
    cx.auth.key(service, account)
}

/// Returns a value as text, as it stands in a query or a form.
fn text_of(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
