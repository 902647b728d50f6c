//! The phases of a task, in FlexGet's order.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When in a task a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[non_exhaustive]
pub enum Phase {
    /// The task gets ready.
    Prepare,
    /// Before anything is read.
    Start,
    /// Entries are produced.
    Input,
    /// Entries get more fields.
    Metainfo,
    /// Entries are accepted and rejected.
    Filter,
    /// Addresses of accepted entries are rewritten.
    Urlrewrite,
    /// Accepted entries are fetched.
    Download,
    /// Accepted entries are changed.
    Modify,
    /// Accepted entries are acted on.
    Output,
    /// Accepted entries are remembered.
    Learn,
    /// After everything.
    Exit,
    /// Instead of the rest, when the task was aborted.
    Abort,
}

impl Phase {
    /// The phases of a task that is not aborted, in order.
    pub const ORDER: [Phase; 11] = [
        Phase::Prepare,
        Phase::Start,
        Phase::Input,
        Phase::Metainfo,
        Phase::Filter,
        Phase::Urlrewrite,
        Phase::Download,
        Phase::Modify,
        Phase::Output,
        Phase::Learn,
        Phase::Exit,
    ];

    /// Returns [`Phase::Start`], as a default for options.
    pub fn start() -> Self {
        Self::Start
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Phase {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Start => "start",
            Self::Input => "input",
            Self::Metainfo => "metainfo",
            Self::Filter => "filter",
            Self::Urlrewrite => "urlrewrite",
            Self::Download => "download",
            Self::Modify => "modify",
            Self::Output => "output",
            Self::Learn => "learn",
            Self::Exit => "exit",
            Self::Abort => "abort",
        }
    }
}
