//! The service: its OAuth endpoints, its commands, and requests to it.

use flexget_core::context::http::{Method, Request, Response};
use flexget_core::context::oauth::{AccountHttp, Provider};
use flexget_core::plugin::service::{Service, auth, delete, list, refresh};
use flexget_core::prelude::*;
use serde_json::Value as Json;

/// Filmbox, with accounts by OAuth.
#[derive(JsonSchema)]
pub(crate) struct Filmbox;

submit! { command::<auth::AuthCommand<Filmbox>>() }
submit! { command::<list::ListAccounts<Filmbox>>() }
submit! { command::<refresh::RefreshCommand<Filmbox>>() }
submit! { command::<delete::DeleteAccount<Filmbox>>() }

impl Service for Filmbox {
    const NAME: &'static str = "filmbox";

    fn provider(cx: &Context) -> Provider {
        let base = url(cx);
        Provider::new(Self::NAME, "Filmbox", format!("{base}/oauth/device"), format!("{base}/oauth/token"))
    }
}

/// Returns the URL of the service, which `FILMBOX_URL` replaces.
fn url(cx: &Context) -> String {
    (cx.environment)("FILMBOX_URL").unwrap_or_else(|| "https://api.filmbox.example".to_owned())
}

/// Sends a request as an account, with tokens that are renewed in time.
pub(crate) async fn send(
    method: Method,
    path: &str,
    body: Option<Json>,
    account: &str,
    cx: &Context,
) -> Result<Response> {
    let known = cx.auth.account(Filmbox::NAME, account)?;
    let known = known.ok_or_else(|| Error::new(format!("there is no Filmbox account `{account}`")))?;
    let mut request = Request::new(method, format!("{}{path}", url(cx)));
    request.body = body.map(Into::into);
    AccountHttp::new(cx, Filmbox::provider(cx), known).send(request).await?.ok()
}
