//! Plugins: structs of options that know their steps.

pub mod command;
pub(crate) mod documentation;
pub mod lookup;
#[doc(hidden)]
pub mod manual;
pub mod nested;
pub mod one_or_many;
#[doc(hidden)]
pub mod options;
#[doc(hidden)]
pub mod problems;
pub mod registration;
pub mod registry;
#[doc(hidden)]
pub mod script;
pub mod service;
pub mod shorthand;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::document::diagnostic::Problem;
use crate::task::fields::KnownField;
use crate::task::step::Step;

/// A key of a task.
///
/// The struct is the options, its doc comment is the manual, and the first `yaml` block of that is
/// the tested example. One line registers it: `submit! { plugin::<MyPlugin>() }`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no plugin",
    label = "it does not implement `Plugin`",
    note = "a plugin is a struct of options with `#[derive(Deserialize, JsonSchema)]` and `impl Plugin for {Self}`",
    note = "other kinds are registered with `list::<{Self}>()`, `lookup::<{Self}>()` and `command::<{Self}>()`"
)]
pub trait Plugin: DeserializeOwned + JsonSchema + 'static {
    /// The key that users write.
    const NAME: &'static str;
    /// Whether it runs in every task that does not disable it.
    ///
    /// Its options must then all have defaults.
    const BUILTIN: bool = false;
    /// Whether it may stand where an input is wanted (`inputs`, `limit`, `crossmatch`).
    const INPUT: bool = false;

    /// Whether it can accept entries, for `check`.
    const ACCEPTS: bool = false;

    /// Returns its steps, which depend on nothing but the options.
    fn steps(&self) -> Vec<Step<Self>>;

    /// Returns the fields that it can give to entries, for `check` and its hints.
    ///
    /// An input or metainfo plugin that declares none may give any.
    fn gives() -> Vec<KnownField> {
        Vec::new()
    }

    /// Mistakes that no schema can say.
    ///
    /// Most plugins have none.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }
}
