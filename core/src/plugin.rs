//! What a plugin is: a struct of options that knows its steps.

pub mod command;
pub mod manual;
pub mod nested;
pub mod one_or_many;
pub mod options;
pub mod pairs;
pub mod registration;
pub mod registry;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::document::diagnostic::Path;
use crate::task::step::Step;

/// A key of a task. The struct is the options, its doc comment is the manual, and the first `yaml` block of that is the
/// tested example. One line registers it: `submit! { plugin::<MyPlugin>() }`.
pub trait Plugin: DeserializeOwned + JsonSchema + 'static {
    /// The key that users write.
    const NAME: &'static str;
    /// Whether it runs in every task that does not disable it. Its options must then all have defaults.
    const BUILTIN: bool = false;
    /// Whether it may stand where an input is wanted (`inputs`, `limit`, `crossmatch`).
    const INPUT: bool = false;

    /// What it does, and when. Depends on nothing but the options.
    fn steps(&self) -> Vec<Step<Self>>;

    /// Mistakes that no schema can say. Most plugins have none.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }
}

/// A mistake in the options of a plugin, at a path below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the options; empty for the plugin itself.
    pub path: Path,
    /// What it is: lower case, no full stop.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

/// What stands between the message and the help when a problem travels through serde, which knows text only.
const HELP: &str = "\nhelp: ";

impl Problem {
    /// A problem at `path` below the plugin.
    pub fn at(path: Path, message: impl Into<String>) -> Self {
        Self { path, message: message.into(), help: None }
    }

    /// The same with a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The problem as the text of a serde error, from which [`Problem::from_text`] gets message and help back.
    pub fn to_text(&self) -> String {
        match &self.help {
            Some(help) => format!("{}{HELP}{help}", self.message),
            None => self.message.clone(),
        }
    }

    /// Reads [`Problem::to_text`].
    pub fn from_text(path: Path, text: &str) -> Self {
        match text.split_once(HELP) {
            Some((message, help)) => Self::at(path, message).help(help),
            None => Self::at(path, text),
        }
    }
}
