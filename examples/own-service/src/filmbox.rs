//! The service: its OAuth endpoints, and with them the commands about its accounts.

use flexget_core::prelude::*;

/// Filmbox, with accounts by OAuth.
#[derive(JsonSchema)]
pub(crate) struct Filmbox;

submit! { service::<Filmbox>() }

impl Service for Filmbox {
    const NAME: &'static str = "filmbox";

    fn provider(cx: &Context) -> Provider {
        let api = Self::api(cx);
        Provider::new(Self::NAME, "Filmbox", format!("{api}/oauth/device"), format!("{api}/oauth/token"))
    }

    fn api(cx: &Context) -> String {
        (cx.environment)("FILMBOX_URL").unwrap_or_else(|| "https://api.filmbox.example".to_owned())
    }
}
