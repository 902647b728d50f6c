//! How plugins are registered, and how their options are read.

use std::any::Any;
use std::panic::Location;
use std::rc::Rc;

use schemars::{Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::document::diagnostic::{Path, Segment};
use crate::plugin::{Plugin, Problem};
use crate::task::step::BoundStep;

/// A registered plugin or list.
pub struct Registration {
    /// The key that users write.
    pub name: &'static str,
    /// The source file that registered it.
    pub file: &'static str,
    /// Whether it runs in every task that does not disable it.
    pub builtin: bool,
    /// Whether it may stand where an input is wanted.
    pub input: bool,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) bind: fn(Options<'_>) -> Result<Vec<BoundStep>, Vec<Problem>>,
    /// Opens the list behind it, if it is one; `AnyList` knows the type.
    pub(crate) list: Option<Open>,
}

/// Opens something of which only a layer above knows the type.
pub(crate) type Open = fn(Options<'_>) -> Result<Box<dyn Any>, Vec<Problem>>;

/// Options as they are written, made anew whenever they are asked for: who reads them takes them apart, so that large ones are not
/// held twice.
pub type Options<'a> = &'a dyn Fn() -> serde_yaml::Value;

impl Registration {
    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        self.list.is_some()
    }

    /// The steps it would take with these options, in the order of the plugin.
    ///
    /// # Errors
    /// What is wrong with the options.
    pub fn bind(&self, options: Options<'_>) -> Result<Vec<BoundStep>, Vec<Problem>> {
        (self.bind)(options)
    }
}

inventory::collect!(Registration);

/// A plugin, for `submit!`.
#[track_caller]
pub const fn plugin<P: Plugin>() -> Registration {
    Registration {
        name: P::NAME,
        file: Location::caller().file(),
        builtin: P::BUILTIN,
        input: P::INPUT,
        schema: P::json_schema,
        bind: |options| {
            let plugin: P = read(options)?;
            match plugin.check() {
                problems if problems.is_empty() => {
                    let plugin = Rc::new(plugin);
                    Ok(plugin.steps().into_iter().map(|step| step.bind(P::NAME, &plugin)).collect())
                }
                problems => Err(problems),
            }
        },
        list: None,
    }
}

/// Reads options into their type; `yes` stands for no options at all.
pub(crate) fn read<T: DeserializeOwned>(options: Options<'_>) -> Result<T, Vec<Problem>> {
    let options = || match options() {
        serde_yaml::Value::Bool(true) => serde_yaml::Value::Mapping(serde_yaml::Mapping::new()),
        options => options,
    };
    // Where a mistake is costs time to know, so that it is found out only if there is one.
    T::deserialize(options()).or_else(|_| {
        serde_path_to_error::deserialize(options()).map_err(|error| {
            let segments = error.path().iter().filter_map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => Some(Segment::Index(*index)),
                serde_path_to_error::Segment::Map { key } => Some(Segment::Key(key.clone())),
                serde_path_to_error::Segment::Enum { variant } => Some(Segment::Key(variant.clone())),
                serde_path_to_error::Segment::Unknown => None,
            });
            let path = Path(segments.collect());
            vec![Problem::from_text(path, &error.into_inner().to_string())]
        })
    })
}

/// Plugins that FlexGet has, or had, and this program has not.
pub struct UnsupportedPlugin {
    /// The names.
    pub names: &'static [&'static str],
    /// What to say of them: "is a FlexGet plugin that flexget-rs does not have".
    pub note: &'static str,
    /// What to do about them, where there is something.
    pub help: Option<&'static str>,
    /// Whether a task does the same without them, so that a warning is enough. A task that needs any other is not run.
    pub optional: bool,
}

inventory::collect!(UnsupportedPlugin);
