//! The messages between the program and a script, one JSON object on each line.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::entry::{Entry, State};

/// The version of the protocol.
pub const VERSION: u64 = 1;

/// First line to a script: the work to do.
#[derive(Debug, Serialize)]
pub(crate) struct Opening<'a> {
    /// The version of the protocol.
    pub flexget: u64,
    /// The work: the name of a phase, `input`, `lookup`, `items`, `add` or `remove`.
    #[serde(rename = "do")]
    pub work: &'a str,
    /// The name of the task, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<&'a str>,
    /// The options, as the config has them, with the defaults of the schema.
    pub options: &'a Value,
    /// Whether nothing may be changed.
    pub dry_run: bool,
    /// Number of entries that are enough, of an input or a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Number of lines with entries that follow.
    pub entries: usize,
}

/// One line to a script for each entry.
#[derive(Debug, Serialize)]
pub(crate) struct EntryLine {
    /// The number by which the script names it.
    pub id: usize,
    /// The state of the entry.
    pub state: State,
    /// The fields of the entry.
    pub fields: Value,
}

impl EntryLine {
    /// Creates the line of an entry.
    pub(crate) fn new(id: usize, entry: &Entry) -> Self {
        Self { id, state: entry.state(), fields: entry.to_stored() }
    }
}

/// Line to a script with the result of a request.
#[derive(Debug, Serialize)]
pub(crate) struct ResponseLine {
    /// The response, or why there is none.
    pub http: RequestResult,
}

/// A response for a script.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum RequestResult {
    /// There is a response, whatever its status.
    Response {
        /// The status.
        status: u16,
        /// The headers, by names in lower case.
        headers: BTreeMap<String, String>,
        /// The body, if it is JSON.
        #[serde(skip_serializing_if = "Option::is_none")]
        json: Option<Value>,
        /// The body, if it is something else.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// There is none.
    Failed {
        /// Why.
        error: String,
        /// Whether the service may have received the request.
        sent: bool,
    },
}

/// A message of a script.
#[derive(Debug, PartialEq)]
pub(crate) enum ScriptMessage {
    /// Accepts an entry.
    Accept(usize, Option<String>),
    /// Rejects an entry.
    Reject(usize, Option<String>),
    /// Fails an entry.
    Fail(usize, String),
    /// Sets fields of an entry.
    Set(usize, WrittenFields),
    /// Entries that an input produces.
    Entries(Vec<WrittenFields>),
    /// Items of a list.
    Items(Vec<WrittenFields>),
    /// The outcomes of a change of a list, and whether they are certain.
    Outcomes(Vec<Value>, bool),
    /// Asks for fields that others offer.
    Need(Vec<String>),
    /// Asks for a request.
    Http(Box<HttpMessage>),
    /// Warns the user.
    Warn(String),
}

/// WrittenFields of an entry, in order.
pub(crate) type WrittenFields = IndexMap<String, crate::value::Value>;

/// A request that a script asks for.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpMessage {
    /// The method; `GET` without any.
    #[serde(default)]
    pub method: Option<String>,
    /// The URL, or a path of the service.
    pub url: String,
    /// Parameters for the query.
    #[serde(default)]
    pub query: Map<String, Value>,
    /// Headers.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// A body as JSON.
    pub json: Option<Value>,
    /// A body as a form.
    pub form: Option<Map<String, Value>>,
    /// A body as text.
    pub text: Option<String>,
    /// The account of the service whose credentials to send.
    pub account: Option<String>,
    /// Whether it changes nothing, whatever its method, so that a dry run may send it.
    #[serde(default)]
    pub read: bool,
}

/// A line of a script, in which one verb must stand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    accept: Option<usize>,
    reject: Option<usize>,
    fail: Option<usize>,
    reason: Option<String>,
    set: Option<usize>,
    fields: Option<WrittenFields>,
    entries: Option<Vec<WrittenFields>>,
    items: Option<Vec<WrittenFields>>,
    outcomes: Option<Vec<Value>>,
    certain: Option<bool>,
    need: Option<Vec<String>>,
    http: Option<Box<HttpMessage>>,
    warn: Option<String>,
}

/// Reads a line of a script.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn message(line: &str) -> Result<ScriptMessage, String> {
    let Line { reason, fields, certain, accept, reject, fail, set, entries, items, outcomes, need, http, warn } =
        serde_json::from_str(line).map_err(|error| {
            let text = error.to_string();
            // There is one line, and its columns are of no use to people.
            text.split(" at line ").next().unwrap_or(&text).to_owned()
        })?;
    let (has_reason, has_fields, has_certain) = (reason.is_some(), fields.is_some(), certain.is_some());
    let mut found = Vec::new();
    found.extend(accept.map(|id| ("accept", ScriptMessage::Accept(id, reason.clone()))));
    found.extend(reject.map(|id| ("reject", ScriptMessage::Reject(id, reason.clone()))));
    found.extend(fail.map(|id| ("fail", ScriptMessage::Fail(id, reason.unwrap_or_else(|| "failed".to_owned())))));
    found.extend(set.map(|id| ("set", ScriptMessage::Set(id, fields.unwrap_or_default()))));
    found.extend(entries.map(|entries| ("entries", ScriptMessage::Entries(entries))));
    found.extend(items.map(|items| ("items", ScriptMessage::Items(items))));
    found.extend(outcomes.map(|outcomes| ("outcomes", ScriptMessage::Outcomes(outcomes, certain.unwrap_or(true)))));
    found.extend(need.map(|need| ("need", ScriptMessage::Need(need))));
    found.extend(http.map(|http| ("http", ScriptMessage::Http(http))));
    found.extend(warn.map(|warn| ("warn", ScriptMessage::Warn(warn))));
    let mut found = found.into_iter();
    let (Some((verb, message)), None) = (found.next(), found.next()) else {
        return Err("exactly one of `accept`, `reject`, `fail`, `set`, `entries`, `items`, `outcomes`, `need`, \
                    `http` and `warn` must stand in it"
            .to_owned());
    };
    for (key, has, verbs) in [
        ("reason", has_reason, ["accept", "reject", "fail"].as_slice()),
        ("fields", has_fields, &["set"]),
        ("certain", has_certain, &["outcomes"]),
    ] {
        if has && !verbs.contains(&verb) {
            return Err(format!("`{key}` has no meaning beside `{verb}`"));
        }
    }
    if verb == "set" && !has_fields {
        return Err("`set` needs `fields`".to_owned());
    }
    Ok(message)
}
