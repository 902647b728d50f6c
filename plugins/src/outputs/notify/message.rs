//! Messages, and what the notifiers have in common.

use flexget_core::expression::{ExpressionError, Template};
use flexget_core::prelude::*;
use serde_json::Value as Json;

/// A rendered message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
}

/// Renders a template for a notification.
pub type RenderTemplate<'r> = dyn Fn(&Template) -> Result<String, ExpressionError> + 'r;

/// Returns a `POST` of JSON to a URL that may hold a secret.
pub fn post(url: &str, body: Json) -> Request {
    let mut request = Request::post(url).json(body);
    request.has_secret_path = true;
    request
}

/// Returns the JSON object of the fields that have a value.
pub fn object<const N: usize>(fields: [(&str, Option<Json>); N]) -> Json {
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Renders all texts in a JSON value.
pub fn rendered(json: &Json, render: &RenderTemplate<'_>) -> Result<Json, ExpressionError> {
    Ok(match json {
        Json::String(text) if text.contains('{') => render(&Template::compile(text)?)?.into(),
        Json::Array(items) => items.iter().map(|item| rendered(item, render)).collect::<Result<Vec<_>, _>>()?.into(),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| Ok((name.clone(), rendered(value, render)?)));
            fields.collect::<Result<serde_json::Map<_, _>, ExpressionError>>()?.into()
        }
        other => other.clone(),
    })
}

/// Splits a text into pieces of a length, at blanks where possible.
pub fn pieces(text: &str, length: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(length) {
        let cut = rest[..end].rfind(char::is_whitespace).filter(|cut| *cut > 0).unwrap_or(end);
        pieces.push(rest[..cut].to_owned());
        rest = rest[cut..].trim_start();
    }
    pieces.push(rest.to_owned());
    pieces
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn long_texts_are_split_at_blanks() {
        assert_eq!(pieces("one two three", 8), ["one two", "three"]);
        assert_eq!(pieces("äöüäöüäöü x", 4), ["äöüä", "öüäö", "ü x"]);
        assert_eq!(pieces("", 4), [""]);
    }
}
