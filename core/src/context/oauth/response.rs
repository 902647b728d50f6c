//! Responses that are no success, in words without secrets.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::context::http::Response;

/// Words of a response that are this long are taken for tokens and never shown.
const LONGEST_WORD: usize = 30;
/// The body of a response that is no success.
#[derive(Deserialize, Default)]
pub(super) struct ErrorResponse {
    pub(super) error: Option<String>,
    error_description: Option<String>,
    message: Option<String>,
}

/// Returns the error text of a response without anything like a token; empty for a web page.
pub fn error_text(response: &Response) -> String {
    if response.is_html() {
        return String::new();
    }
    let text = match response.json::<ErrorResponse>() {
        Ok(body) => body.error_description.or(body.message).or(body.error).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(&response.body).into_owned(),
    };
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words = words.map(|word| if word.chars().count() >= LONGEST_WORD { "[REDACTED]" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

/// Removes the secrets that were sent from a response's text, which may repeat them.
pub(super) fn redact(text: String, fields: &Map<String, Value>) -> String {
    let public = ["client_id", "grant_type", "redirect_uri", "scope"];
    let secrets = fields.iter().filter(|(name, _)| !public.contains(&name.as_str()));
    let secrets = secrets.filter_map(|(_, value)| value.as_str()).filter(|secret| !secret.is_empty());
    secrets.fold(text, |text, secret| text.replace(secret, "[REDACTED]"))
}
