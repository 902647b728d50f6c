//! Trakt's OAuth: its endpoints and quirks.
//!
//! The protocol is core's.

use flexget_core::context::auth::Application;
use flexget_core::context::oauth::{Encoding, Provider};
use flexget_core::prelude::*;

use crate::trakt::SERVICE;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::urls::{APPS, CONNECTED_APPS, auth_host};

/// Redirect URI of applications that have none, which renewals must repeat.
pub const REDIRECT: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Returns Trakt as an OAuth provider.
pub fn provider(cx: &Context) -> Provider {
    let url = |path: &str| format!("{}/oauth/{path}", auth_host(cx));
    let mut trakt = Provider::new(SERVICE, "Trakt", url("device/code"), url("token"));
    trakt.poll_url = url("device/token");
    trakt.revoke_url = Some(url("revoke"));
    trakt.encoding = Encoding::Json;
    trakt.code_field = "code";
    trakt.client_id_header = Some("trakt-api-key");
    trakt.redirect_uri = Some(REDIRECT);
    trakt.applications_url = Some(APPS);
    trakt.connected_url = Some(CONNECTED_APPS);
    trakt.built_in =
        built_in(option_env!("FLEXGET_BUILD_TRAKT_CLIENT_ID"), option_env!("FLEXGET_BUILD_TRAKT_CLIENT_SECRET"));
    trakt.poll_error = poll_error;
    trakt.explain = explain;
    trakt.application_hint = no_client_id;
    trakt.redirect_hint = || format!("set the redirect URI of your application at {APPS} to `{REDIRECT}`");
    trakt
}

/// Returns the application that a packager has built in, if there is one.
fn built_in(id: Option<&str>, secret: Option<&str>) -> Option<Application> {
    let id = id.filter(|id| !id.is_empty())?.to_owned();
    Some(Application::new(id, secret.filter(|secret| !secret.is_empty()).map(Into::into)))
}

/// Returns the hint for a missing client id.
pub fn no_client_id() -> String {
    format!(
        "make an application at {APPS} (since July 2026 a VIP feature of Trakt) with the redirect URI `{REDIRECT}`, \
         and give its id by `flexget-rs trakt auth NAME --client-id ID` or in `FLEXGET_TRAKT_CLIENT_ID`"
    )
}

/// Returns the standard's error for Trakt's own statuses of a poll.
fn poll_error(status: u16) -> Option<&'static str> {
    match status {
        404 => Some("unknown_code"),
        409 => Some("used_code"),
        410 => Some("expired_token"),
        418 => Some("access_denied"),
        _ => None,
    }
}

fn explain(response: &Response, account: Option<&str>, redact: &dyn Fn(String) -> String) -> Error {
    match Fault::of(response, "oauth/", account, true) {
        Fault::Invalid(text) => Fault::Invalid(redact(text)).into(),
        fault => fault.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::built_in;

    #[test]
    fn packagers_may_build_an_application_in() {
        assert!(built_in(None, Some("secret")).is_none() && built_in(Some(""), None).is_none());
        assert!(built_in(Some("id"), Some("")).is_some_and(|it| it.id == "id" && it.secret.is_none()));
        assert!(built_in(Some("id"), Some("secret")).is_some_and(|it| it.secret.is_some()));
    }
}
