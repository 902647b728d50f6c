//! The option `action: accept | reject`, and how fields are compared.

use flexget_core::prelude::*;

/// The decision about an entry.
#[derive(Deserialize, JsonSchema, Default, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub enum FilterAction {
    /// Accept it.
    #[default]
    Accept,
    /// Reject it.
    Reject,
}

impl FilterAction {
    /// Accepts or rejects the entry.
    pub fn apply(self, entry: &mut Entry, by: &'static str, reason: String) {
        match self {
            Self::Accept => entry.accept_because(by, Some(reason)),
            Self::Reject => entry.reject(by, Some(reason)),
        }
    }
}

/// Returns the text that a value is compared by, or `None` for null, which equals nothing.
///
/// A number equals the text that spells it.
pub fn comparable(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| value.display())
}
