//! Scripts: executable files in `plugins/` beside the config that are plugins.
//!
//! The first comment of a script describes it, so that a config is checked without running it. At
//! run time one process per step speaks JSON lines; `docs/scripts.md` is the protocol.

pub(crate) mod conversation;
pub(crate) mod description;
pub(crate) mod folder;
pub(crate) mod http;
pub mod protocol;
pub(crate) mod steps;

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::task::phase::Phase;

/// A script, as its description has it.
#[derive(Debug)]
pub(crate) struct Script {
    /// The name of the plugin.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// The manual.
    pub about: String,
    /// Its kind.
    pub kind: ScriptKind,
    /// The JSON Schema of its options.
    pub options: Value,
    /// The priority of its step.
    pub priority: i32,
    /// How long a process may take.
    pub limit: Duration,
    /// The things that it may ask for while it runs.
    pub asks: Vec<Question>,
    /// The service that it sends requests to with accounts.
    pub service: Option<ScriptService>,
}

/// The kind of a script.
#[derive(Debug)]
pub(crate) enum ScriptKind {
    /// A plugin that acts on entries in a phase.
    Phase(Phase),
    /// A plugin that produces entries.
    Input,
    /// A list.
    List(ListDescription),
    /// A plugin that offers these fields.
    Lookup(Vec<&'static str>),
}

/// How a list treats its items.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListDescription {
    /// The fields by which items are recognised; their titles without any.
    #[serde(default)]
    pub ids: Vec<String>,
    /// The fields that are stored, and looked up for it when an entry is added.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The field that holds when an item was put on the list.
    pub listed_at: Option<String>,
    /// The effect of adding an item that is there.
    #[serde(default)]
    pub adding: AddingMode,
    /// Whether it cannot be changed.
    #[serde(default)]
    pub read_only: bool,
}

/// The effect of adding an item that is on the list already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AddingMode {
    /// The list does not change.
    #[default]
    Once,
    /// The item is on the list once more.
    Again,
    /// The item on the list is replaced.
    Replaces,
}

/// Something that a script asks for while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Question {
    /// WrittenFields that other plugins offer.
    Fields,
    /// Requests.
    Http,
}

/// A service that a script sends requests to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptService {
    /// Its name among the accounts.
    pub name: String,
    /// The beginning of its URLs: credentials are sent nowhere else.
    pub url: String,
    /// The number of requests that it allows in a minute.
    pub requests_per_minute: Option<u32>,
}

impl Script {
    /// Checks whether it asks for something while it runs.
    pub(crate) fn asks(&self, question: Question) -> bool {
        self.asks.contains(&question)
    }
}
