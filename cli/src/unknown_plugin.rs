//! The error for the name of a plugin that does not exist.

use flexget_core::error::Error;
use flexget_core::plugin::registry;

use crate::identity::Identity;

/// Returns the error for an unknown plugin, with similar names or a replacement.
pub(crate) fn unknown_plugin(name: &str) -> Error {
    let mut error = Error::new(format!("there is no plugin `{name}`"));
    if let Some(unsupported) = registry::unsupported(name) {
        error = Error::new(format!("`{name}` {}", unsupported.note));
        error = unsupported.help.into_iter().fold(error, Error::hint);
    } else if let Some(near) = registry::similar(name, registry::all().keys().copied()).first() {
        error = error.hint(format!("did you mean `{near}`?"));
    }
    let error = if Identity::get().is_own() {
        error
    } else {
        error.hint("if a crate of this program has it, name the crate in `flexget_rs::main! { … }`")
    };
    error.hint("`flexget-rs plugins` lists them all")
}
