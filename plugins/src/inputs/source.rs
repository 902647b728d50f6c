//! Where inputs read from: an address, through the door to the network, or a file.

use std::path::{Path, PathBuf};

use flexget_core::context::http::{Method, Request, Response};
use flexget_core::prelude::*;

/// A path as users write it: `~/` at its beginning is the home folder.
pub fn path(text: &str, cx: &Context) -> PathBuf {
    match (text.strip_prefix('~'), (cx.environment)("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            Path::new(&home).join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(text),
    }
}

/// Whether a place is an address in the network and not a file.
pub fn is_remote(place: &str) -> bool {
    place.contains("://") && !place.starts_with("file://")
}

/// What is in a file; `place` is a path or an address with `file://`.
///
/// # Errors
/// It cannot be read.
pub fn read_file(place: &str, cx: &Context) -> Result<Vec<u8>> {
    let path = path(place.strip_prefix("file://").unwrap_or(place), cx);
    std::fs::read(&path).map_err(|error| {
        Error::new(format!("`{}` cannot be read", path.display()))
            .hint("check the path and its permissions")
            .cause(error)
    })
}

/// Asks for an address; what comes is any kind of text.
///
/// # Errors
/// There is no answer.
pub async fn get(url: &str, headers: Vec<(&'static str, String)>, cx: &Context) -> Result<Response> {
    let mut request = Request::new(Method::GET, url);
    request.headers = headers;
    request.headers.push(("Accept", "*/*".to_owned()));
    Ok(cx.http.send(request).await?)
}

/// An answer that is what was asked for.
///
/// # Errors
/// Says what the status means.
pub fn good(response: Response, url: &str) -> Result<Response> {
    let host = url.split("://").nth(1).unwrap_or(url).split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or(host);
    let (what, hint) = match response.status {
        200..=299 => return Ok(response),
        401 | 403 => ("does not let us in", "check the user name and the password, or the key in the address"),
        404 | 410 => ("has nothing there", "check the address"),
        429 => ("wants to be asked less often", "run the task less often, such as with `interval`"),
        500.. => ("has a fault of its own", "try again later"),
        _ => ("gave an unexpected answer", "check the address"),
    };
    Err(Error::new(format!("{host} {what}: status {}", response.status)).hint(hint))
}

/// The text at an address or in a file, in the encoding that is named, or that the answer names, or that it is in.
///
/// # Errors
/// It cannot be read.
pub async fn text(place: &str, encoding: Option<&str>, cx: &Context) -> Result<String> {
    if !is_remote(place) {
        return Ok(decoded(&read_file(place, cx)?, encoding));
    }
    let response = good(get(place, Vec::new(), cx).await?, place)?;
    let charset = response.header("content-type").and_then(charset_of).map(str::to_owned);
    Ok(decoded(&response.body, encoding.or(charset.as_deref())))
}

/// The `charset` of a `Content-Type`.
pub fn charset_of(kind: &str) -> Option<&str> {
    let (_, rest) = kind.split_once("charset=")?;
    Some(rest.split(';').next()?.trim().trim_matches(['"', '\'']))
}

/// Bytes as text: in this encoding, or in UTF-8, or else in that of western Windows, which fits any bytes.
pub fn decoded(bytes: &[u8], encoding: Option<&str>) -> String {
    let named = encoding.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    match (named, std::str::from_utf8(bytes)) {
        (Some(encoding), _) => encoding.decode(bytes).0.into_owned(),
        (None, Ok(text)) => text.trim_start_matches('\u{feff}').to_owned(),
        (None, Err(_)) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
    }
}
