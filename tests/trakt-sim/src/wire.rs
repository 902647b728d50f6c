//! What comes in and what goes out: a request read to its end and a reply not yet sent.

use serde_json::Value;

/// Which of the two hosts a request was made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// `api.trakt.tv`: everything but OAuth.
    Api,
    /// `auth.trakt.tv`: OAuth only.
    Auth,
}

/// A request, read to its end.
#[derive(Clone, Debug)]
pub struct Request {
    /// The host it was made to.
    pub host: Host,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The path cut at its slashes and decoded. A slash at its end is nothing.
    pub segments: Vec<String>,
    /// The query as decoded pairs, in order.
    pub query: Vec<(String, String)>,
    /// The headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Vec<u8>,
}

impl Request {
    /// A request from its parts; `target` is the path with its query.
    pub fn new(host: Host, method: &str, target: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            host,
            method: method.to_owned(),
            path: path.to_owned(),
            // A slash at the end is the same path, as FlexGet sends it.
            segments: path.trim_matches('/').split('/').map(|part| decode(part, false)).collect(),
            query: pairs(query),
            headers,
            body,
        }
    }

    /// The first header of that name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first query parameter of that name, if it is not empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether a query parameter says `true`; `otherwise` if it is absent.
    pub fn flag(&self, name: &str, otherwise: bool) -> bool {
        self.value(name).map_or(otherwise, |value| value == "true" || value == "1")
    }

    /// Whether `extended` names this word.
    pub fn extended(&self, word: &str) -> bool {
        self.value("extended").is_some_and(|value| value.split(',').any(|part| part == word))
    }

    /// The body as JSON; `None` if there is none or it is not JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The same request without the first `count` objects of each group of its body.
    pub(crate) fn without_first(&self, count: usize) -> Self {
        let mut body = self.json().unwrap_or_default();
        for group in body.as_object_mut().into_iter().flat_map(|body| body.values_mut()) {
            if let Some(objects) = group.as_array_mut() {
                objects.drain(..count.min(objects.len()));
            }
        }
        Request { body: serde_json::to_vec(&body).unwrap_or_default(), ..self.clone() }
    }
}

/// An answer, not yet sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Reply { status, headers: vec![("Content-Type".into(), "application/json; charset=utf-8".into())], body }
    }

    /// An answer with no body.
    pub fn empty(status: u16) -> Self {
        Reply { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A web page.
    pub fn html(status: u16, text: &str) -> Self {
        let headers = vec![("Content-Type".into(), "text/html; charset=UTF-8".into())];
        Reply { status, headers, body: text.as_bytes().to_vec() }
    }

    /// A JSON body of that exact text, which need not be JSON at all.
    pub fn text(status: u16, text: &str) -> Self {
        Reply { body: text.as_bytes().to_vec(), ..Reply::json(status, &Value::Null) }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// A good answer, or one that ended the handling early.
pub type Answer = Result<Reply, Reply>;

/// The decoded pairs of a query or a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true), decode(value, true))
        })
        .collect()
}

/// Percent-decodes; a sequence that is not valid stays as it is.
fn decode(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, hex) {
            (b'%', Some(value)) => {
                out.push(value);
                at += 2;
            }
            (b'+', _) if plus => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_decoded() {
        let request = Request::new(Host::Api, "GET", "/search/movie?query=a%20b+c%C3%A9&x=&page=2", vec![], vec![]);
        assert_eq!(request.segments, ["search", "movie"]);
        assert_eq!(request.value("query"), Some("a b cé"));
        assert_eq!(request.value("x"), None);
        assert_eq!(Request::new(Host::Api, "GET", "/a%2Fb/", vec![], vec![]).segments, ["a/b"]);
    }
}
