//! The name and version of the program, which may be another's than flexget-rs.

use std::borrow::Cow;
use std::sync::OnceLock;

/// The name of this program, as messages have it.
const OWN_NAME: &str = "flexget-rs";

/// The version of this program, with its commit and target.
const OWN_VERSION: &str = env!("FLEXGET_RS_VERSION");

/// The name, version and description of a program, for its help and its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The name that users type.
    pub name: &'static str,
    /// The version.
    pub version: &'static str,
    /// One line about it, for the help.
    pub about: &'static str,
    /// Folder of the `Cargo.toml` that it was built from; empty if that is not known.
    pub folder: &'static str,
    /// Crates of plugins that it names.
    pub crates: &'static [&'static str],
}

static IDENTITY: OnceLock<Identity> = OnceLock::new();

impl Identity {
    /// Creates an identity; [`main!`](crate::main!) takes it from `Cargo.toml`.
    pub const fn new(name: &'static str, version: &'static str, about: &'static str) -> Self {
        let about = if about.is_empty() { "Run FlexGet task configs" } else { about };
        Self { name, version, about, folder: "", crates: &[] }
    }

    /// Returns this identity with the program's folder and crates, to check that all are linked.
    #[must_use]
    pub const fn with_crates(self, folder: &'static str, crates: &'static [&'static str]) -> Self {
        Self { folder, crates, ..self }
    }

    /// Returns the identity of the running program.
    pub(crate) fn get() -> Self {
        IDENTITY.get().copied().unwrap_or(Self::new(OWN_NAME, OWN_VERSION, ""))
    }

    /// Makes this the identity of the program, unless it has one.
    pub(crate) fn set(self) {
        let _ = IDENTITY.set(self);
    }

    /// Returns whether it is flexget-rs itself.
    pub(crate) fn is_own(self) -> bool {
        self.name == OWN_NAME
    }
}

/// Returns a text with the name of the running program in commands that the user is told to run.
pub(crate) fn with_name(text: &str) -> Cow<'_, str> {
    renamed(text, Identity::get())
}

fn renamed(text: &str, identity: Identity) -> Cow<'_, str> {
    if identity.is_own() || !text.contains(OWN_NAME) {
        return Cow::Borrowed(text);
    }
    // Names of files and of the project stay.
    Cow::Owned(text.replace(&format!("`{OWN_NAME} "), &format!("`{} ", identity.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_name_the_program_that_runs() {
        let text = "run `flexget-rs init`; the database is flexget-rs.sqlite";
        assert_eq!(renamed(text, Identity::new("flexget-rs", "1", "")), text);
        let renamed = renamed(text, Identity::new("filmbox", "1", "Keeps films"));
        assert_eq!(renamed, "run `filmbox init`; the database is flexget-rs.sqlite");
    }
}
