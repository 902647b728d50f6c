//! Everything that was contributed: plugins, lists, commands, and the names of plugins that only FlexGet has.
//!
//! `inventory` collects what `submit!` registers, in no order; everything here is sorted by name.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::panic::Location;
use std::rc::Rc;
use std::sync::OnceLock;

use schemars::{Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

pub use inventory::submit;

use crate::command::{self, Command};
use crate::diagnostic::{Path, Segment};
use crate::list::{AnyList, Erased, List};
use crate::plugin::{BoundStep, Plugin, Problem};

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
    pub(crate) list: Option<OpenList>,
}

pub(crate) type OpenList = fn(Options<'_>) -> Result<Rc<dyn Erased>, Vec<Problem>>;

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

/// A list, which is an input as well, for `submit!`.
#[track_caller]
pub const fn list<L: List>() -> Registration {
    Registration {
        name: L::NAME,
        file: Location::caller().file(),
        builtin: false,
        input: true,
        schema: L::json_schema,
        bind: |options| Ok(AnyList::of(open_list::<L>(options)?, &options()).input(L::NAME)),
        list: Some(open_list::<L>),
    }
}

fn open_list<L: List>(options: Options<'_>) -> Result<Rc<dyn Erased>, Vec<Problem>> {
    let list: L = read(options)?;
    match list.check() {
        problems if problems.is_empty() => Ok(Rc::new(list)),
        problems => Err(problems),
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

/// All plugins and lists by name. Two of one name are a mistake of the program, which the house tests find.
pub fn all() -> &'static BTreeMap<&'static str, &'static Registration> {
    static ALL: OnceLock<BTreeMap<&'static str, &'static Registration>> = OnceLock::new();
    ALL.get_or_init(|| inventory::iter::<Registration>.into_iter().map(|one| (one.name, one)).collect())
}

/// How many registrations there are, to be compared with the names.
pub fn count() -> usize {
    inventory::iter::<Registration>.into_iter().count()
}

/// The plugin or list of this name.
pub fn find(name: &str) -> Option<&'static Registration> {
    all().get(name).copied()
}

/// Plugins that FlexGet has, or had, and this program has not.
pub struct Elsewhere {
    /// The names.
    pub names: &'static [&'static str],
    /// What to say of them: "is a FlexGet plugin that flexget-rs does not have".
    pub note: &'static str,
    /// What to do about them, where there is something.
    pub help: Option<&'static str>,
    /// Whether a task does the same without them, so that a warning is enough. A task that needs any other is not run.
    pub dispensable: bool,
}

inventory::collect!(Elsewhere);

/// All names of plugins that this program does not have.
pub fn all_elsewhere() -> BTreeMap<&'static str, &'static Elsewhere> {
    let all = inventory::iter::<Elsewhere>.into_iter();
    all.flat_map(|elsewhere| elsewhere.names.iter().map(move |name| (*name, elsewhere))).collect()
}

/// What is known of a name that is no plugin here.
pub fn elsewhere(name: &str) -> Option<&'static Elsewhere> {
    inventory::iter::<Elsewhere>.into_iter().find(|elsewhere| elsewhere.names.contains(&name))
}

/// An order of certain texts that is not the order of their letters (`720p` is less than `1080p`), for the conditions that compare them;
/// `None` where the two are no such texts.
pub struct TextOrder(pub fn(&str, &str) -> Option<Ordering>);

inventory::collect!(TextOrder);

/// The order of two texts: by what they mean, if somebody knows that, or else by their letters.
pub fn text_order(a: &str, b: &str) -> Ordering {
    let known = inventory::iter::<TextOrder>.into_iter().find_map(|order| (order.0)(a, b));
    known.unwrap_or_else(|| a.cmp(b))
}

/// A registered command.
pub struct CommandRegistration {
    /// The words of the command line: `trakt`, `auth`.
    pub path: &'static [&'static str],
    /// The source file that registered it.
    pub file: &'static str,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) run: command::Run,
}

inventory::collect!(CommandRegistration);

/// A command, for `submit!`.
#[track_caller]
pub const fn command<C: Command>() -> CommandRegistration {
    CommandRegistration {
        path: C::PATH,
        file: Location::caller().file(),
        schema: C::json_schema,
        run: command::run::<C>,
    }
}

/// All commands, by their words.
pub fn commands() -> Vec<&'static CommandRegistration> {
    let mut commands: Vec<_> = inventory::iter::<CommandRegistration>.into_iter().collect();
    commands.sort_by_key(|command| command.path);
    commands
}

/// The names among `known` that are most like `name`, best first.
pub fn similar<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = name.to_lowercase().replace('-', "_");
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|other| (strsim::jaro_winkler(&folded, &other.to_lowercase()), other))
        .filter(|(likeness, other)| {
            *likeness > 0.85 || strsim::damerau_levenshtein(&folded, &other.to_lowercase()) <= folded.len() / 5
        })
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter().map(|(_, name)| name).take(3).collect()
}
