//! The only file with Trakt's addresses.

use flexget_core::prelude::*;

const API: &str = "https://api.trakt.tv";
const AUTH: &str = "https://auth.trakt.tv";

/// Where applications are made.
pub const APPS: &str = "https://app.trakt.tv/settings/apps/api";
/// Where a user sees and ends what is authorized.
pub const CONNECTED_APPS: &str = "https://app.trakt.tv/settings/apps";
/// Where one becomes a VIP, unless Trakt names another place.
pub const VIP: &str = "https://trakt.tv/vip";
/// Where Trakt tells of its troubles.
pub const STATUS: &str = "https://status.trakt.tv";
/// Where the pages of movies and shows are.
pub const SITE: &str = "https://trakt.tv";

/// Returns the address of the API, which tests and proxies may replace.
pub fn api(cx: &Context) -> String {
    address(cx, "FLEXGET_TRAKT_API_URL", API)
}

/// Returns the address of the authorization host, which tests and proxies may replace.
pub(super) fn auth_host(cx: &Context) -> String {
    address(cx, "FLEXGET_TRAKT_AUTH_URL", AUTH)
}

fn address(cx: &Context, variable: &str, usual: &str) -> String {
    let given = (cx.environment)(variable).filter(|url| !url.is_empty());
    given.unwrap_or_else(|| usual.to_owned()).trim_end_matches('/').to_owned()
}
