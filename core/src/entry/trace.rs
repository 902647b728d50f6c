//! The state of an entry, the decisions about it, and the trace of all that happened to it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::value::Value;

/// The state of an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schemars(inline)]
pub enum State {
    /// Neither accepted nor rejected.
    #[default]
    Undecided,
    /// Accepted: outputs process it.
    Accepted,
    /// Rejected, whatever accepts it later.
    Rejected,
    /// Processing it failed.
    Failed,
}

impl State {
    /// Returns its name, such as `accepted`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A decision about an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Decision")]
#[non_exhaustive]
pub struct DecisionRecord {
    /// The phase in which it was made.
    pub phase: &'static str,
    /// The plugin that made it.
    pub plugin: &'static str,
    /// The state that it gave to the entry; `undecided` if the entry may not be accepted any more.
    pub verdict: State,
    /// The reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<str>>,
}

/// One event on the way of an entry through its task.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TraceRecord {
    /// The phase in which it happened.
    pub phase: &'static str,
    /// The plugin that did it.
    pub plugin: &'static str,
    /// The event.
    #[serde(flatten)]
    pub event: TraceEvent,
    /// Number of decisions that were made before it.
    #[serde(skip)]
    pub(crate) decisions: usize,
}

/// The kind of an event, with its details.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TraceEvent {
    /// The plugin produced the entry.
    Produced {
        /// The list, address or file that it was read from, or the line of the config.
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    },
    /// The plugin looked fields up.
    LookedUp {
        /// The fields that were found.
        fields: Vec<Cow<'static, str>>,
        /// Number of requests that it took; 0 if all was cached.
        requests: u64,
        /// Number of entries that were looked up with these requests.
        entries: usize,
        /// Why the lookup failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The plugin set, changed or removed fields.
    Set {
        /// The new values; null if a field was removed.
        #[schemars(with = "BTreeMap<String, serde_json::Value>")]
        fields: BTreeMap<Cow<'static, str>, Value>,
    },
    /// The plugin evaluated a condition.
    Evaluated {
        /// The condition.
        condition: String,
        /// Whether it is true; absent if that is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<bool>,
        /// The values of the fields that it read.
        #[schemars(with = "BTreeMap<String, serde_json::Value>")]
        values: BTreeMap<String, Value>,
        /// Why the result is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The plugin left the entry undecided.
    Passed,
    /// The plugin decided.
    Decided {
        /// The state that it gave to the entry.
        verdict: State,
        /// The reason.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

impl From<&DecisionRecord> for TraceRecord {
    fn from(decision: &DecisionRecord) -> Self {
        let DecisionRecord { phase, plugin, verdict, reason } = decision;
        let event = TraceEvent::Decided { verdict: *verdict, reason: reason.as_deref().map(str::to_owned) };
        Self { phase, plugin, event, decisions: 0 }
    }
}
