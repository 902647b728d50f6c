//! How plugins are registered, and how their options are read.

use std::any::Any;
use std::panic::Location;
use std::rc::Rc;

use schemars::{Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::document::diagnostic::Problem;
use crate::document::{self, Mapping, Node, Scalar};
use crate::plugin::Plugin;
use crate::task::fields::KnownField;
use crate::task::step::BoundStep;

/// The keys of a task that belong to the language, which no plugin can have as its name.
pub const LANGUAGE_KEYS: [&str; 6] = ["template", "include", "disable", "priority", "manual", "plugin_priority"];

/// A registered plugin or list.
#[non_exhaustive]
pub struct Registration {
    /// The key that users write.
    pub name: &'static str,
    /// The source file that registered it.
    pub file: &'static str,
    /// Returns the path of the type, which begins with the name of the crate.
    pub(crate) type_name: fn() -> &'static str,
    /// Whether it runs in every task that does not disable it.
    pub builtin: bool,
    /// Whether it may stand where an input is wanted.
    pub input: bool,
    /// Whether it can accept entries.
    pub accepts: bool,
    /// Returns the fields that it can give to entries.
    pub gives: fn() -> Vec<KnownField>,
    pub(crate) schema: &'static MakeSchema,
    pub(crate) bind: &'static Bind,
    /// Opens the list behind it, if it is one; `AnyList` knows the type.
    pub(crate) list: Option<&'static Open>,
}

/// Makes the schema of options.
pub(crate) type MakeSchema = dyn Fn(&mut SchemaGenerator) -> Schema + Sync;

/// Makes the steps of a plugin with these options.
pub(crate) type Bind = dyn Fn(&Node) -> Result<Vec<BoundStep>, Vec<Problem>> + Sync;

/// Opens something of which only a layer above knows the type.
pub(crate) type Open = dyn Fn(&Node) -> Result<Box<dyn Any>, Vec<Problem>> + Sync;

impl Registration {
    /// Returns whether it is a list.
    pub fn is_list(&self) -> bool {
        self.list.is_some()
    }

    /// Returns the steps it would take with these options, in the order of the plugin.
    ///
    /// # Errors
    /// What is wrong with the options.
    pub fn bind(&self, options: &Node) -> Result<Vec<BoundStep>, Vec<Problem>> {
        (self.bind)(options)
    }
}

inventory::collect!(Registration);

/// Returns a plugin, for `submit!`.
#[track_caller]
pub const fn plugin<P: Plugin>() -> Registration {
    const { check_name(P::NAME) }
    Registration {
        name: P::NAME,
        file: Location::caller().file(),
        type_name: std::any::type_name::<P>,
        builtin: P::BUILTIN,
        input: P::INPUT,
        accepts: P::ACCEPTS,
        gives: P::gives,
        schema: &P::json_schema,
        bind: &bind::<P>,
        list: None,
    }
}

/// Refuses a name that no config could use, when the program is compiled.
///
/// # Panics
/// It is no key of a task.
pub(crate) const fn check_name(name: &str) {
    assert!(
        is_key(name),
        "the NAME of a plugin or list must be a key of a task: begin it with a letter from a to z, and use only such \
         letters, digits and `_`"
    );
    assert!(
        !is_language_key(name),
        "the NAME of a plugin or list must not be `template`, `include`, `disable`, `priority`, `manual` or \
         `plugin_priority`: these keys of a task have a meaning of their own"
    );
}

/// Returns whether a name can stand as a key of a task.
pub(crate) const fn is_key(name: &str) -> bool {
    let name = name.as_bytes();
    let mut at = 0;
    while at < name.len() {
        if !(name[at].is_ascii_lowercase() || at > 0 && (name[at].is_ascii_digit() || name[at] == b'_')) {
            return false;
        }
        at = at.saturating_add(1);
    }
    !name.is_empty()
}

/// Returns whether a key of a task belongs to the language.
pub(crate) const fn is_language_key(name: &str) -> bool {
    let mut at = 0;
    while at < LANGUAGE_KEYS.len() {
        let (key, name) = (LANGUAGE_KEYS[at].as_bytes(), name.as_bytes());
        let mut same = 0;
        while same < key.len() && same < name.len() && key[same] == name[same] {
            same = same.saturating_add(1);
        }
        if same == key.len() && same == name.len() {
            return true;
        }
        at = at.saturating_add(1);
    }
    false
}

fn bind<P: Plugin>(options: &Node) -> Result<Vec<BoundStep>, Vec<Problem>> {
    let plugin: P = read(options)?;
    match plugin.check() {
        problems if problems.is_empty() => {
            let plugin = Rc::new(plugin);
            Ok(plugin.steps().into_iter().map(|step| step.bind(P::NAME, &plugin)).collect())
        }
        problems => Err(problems),
    }
}

/// Reads options into their type; `yes` stands for no options at all.
pub(crate) fn read<T: DeserializeOwned>(options: &Node) -> Result<T, Vec<Problem>> {
    if options.as_scalar() == Some(&Scalar::Bool(true)) {
        return document::read::read(&Node::mapping(options.span().clone(), Mapping::default()));
    }
    document::read::read(options)
}

/// Plugins that FlexGet has, or had, and this program does not have.
#[non_exhaustive]
pub struct UnsupportedPlugin {
    /// The names.
    pub names: &'static [&'static str],
    /// Message about them: "is a FlexGet plugin that flexget-rs does not have".
    pub note: &'static str,
    /// Suggestion for a replacement, if there is one.
    pub help: Option<&'static str>,
    /// Whether a task does the same without them, so that a warning is enough.
    ///
    /// A task that needs any other is not run.
    pub optional: bool,
    /// Whether they only act on entries, so that a task decides the same without them.
    pub is_output: bool,
    /// Whether FlexGet does not have them any more.
    pub is_removed: bool,
    /// Whether `name: no` has an effect in FlexGet, so that they are missing even then.
    pub needed_when_off: bool,
}

impl UnsupportedPlugin {
    /// Creates plugins without help that tasks need.
    pub const fn new(names: &'static [&'static str], note: &'static str) -> Self {
        Self { names, note, help: None, optional: false, is_output: false, is_removed: false, needed_when_off: false }
    }

    /// Returns this entry with what the user can do instead.
    pub const fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    /// Returns the same, but tasks do not need them.
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// Returns the same, but a task decides the same without them.
    pub const fn output(self) -> Self {
        Self { is_output: true, ..self }
    }

    /// Returns this entry for plugins that FlexGet has removed.
    pub const fn removed(self) -> Self {
        Self { is_removed: true, ..self }
    }

    /// Returns this entry for plugins that a task needs even with `name: no`.
    pub const fn needed_when_off(self) -> Self {
        Self { needed_when_off: true, ..self }
    }
}

inventory::collect!(UnsupportedPlugin);
