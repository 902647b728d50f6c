//! The catalogue of all plugins, lists and commands, and of plugins that only FlexGet has.
//!
//! `inventory` collects what `submit!` registers, in no order; everything here is sorted by name.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

pub use inventory::submit;

use crate::plugin::command::CommandRegistration;
use crate::plugin::registration::{Registration, UnsupportedPlugin};
use crate::plugin::service::ServiceRegistration;

/// Plugins and lists by name.
type Catalogue = BTreeMap<&'static str, &'static Registration>;

thread_local! {
    /// The catalogue with the scripts of the config that this thread has loaded last.
    static WITH_SCRIPTS: Cell<Option<&'static Catalogue>> = const { Cell::new(None) };
}

/// Returns all plugins and lists by name, with the scripts of the config.
pub fn all() -> &'static BTreeMap<&'static str, &'static Registration> {
    WITH_SCRIPTS.get().unwrap_or_else(compiled)
}

/// Returns the plugins and lists that are compiled into the program.
pub fn compiled() -> &'static BTreeMap<&'static str, &'static Registration> {
    static ALL: OnceLock<Catalogue> = OnceLock::new();
    ALL.get_or_init(|| inventory::iter::<Registration>.into_iter().map(|one| (one.name, one)).collect())
}

/// Adds the scripts of a config to the catalogue of this thread, in place of those of the last one.
///
/// Options of plugins are read by serde, which knows no config: the scripts are found by name, as
/// everything else is.
pub(crate) fn use_scripts(scripts: Option<&'static BTreeMap<&'static str, &'static Registration>>) {
    WITH_SCRIPTS.set(scripts);
}

/// Returns the plugin or list of this name.
pub fn find(name: &str) -> Option<&'static Registration> {
    all().get(name).copied()
}

/// Returns all names of plugins that this program does not have.
pub fn all_unsupported() -> BTreeMap<&'static str, &'static UnsupportedPlugin> {
    let all = inventory::iter::<UnsupportedPlugin>.into_iter();
    all.flat_map(|unsupported| unsupported.names.iter().map(move |name| (*name, unsupported))).collect()
}

/// Returns the entry of a plugin that FlexGet has and this program lacks.
pub fn unsupported(name: &str) -> Option<&'static UnsupportedPlugin> {
    inventory::iter::<UnsupportedPlugin>.into_iter().find(|unsupported| unsupported.names.contains(&name))
}

/// Returns all commands, by their words.
pub fn commands() -> Vec<&'static CommandRegistration> {
    let of_services = inventory::iter::<ServiceRegistration>.into_iter().flat_map(|service| &service.commands);
    let mut commands: Vec<_> = inventory::iter::<CommandRegistration>.into_iter().chain(of_services).collect();
    commands.sort_by_key(|command| command.path);
    commands
}

/// Returns the names of the crates that have registered something.
pub fn crates() -> BTreeSet<&'static str> {
    let plugins = inventory::iter::<Registration>.into_iter().map(|one| (one.type_name)());
    // The commands of a service are core's types with the service in angle brackets.
    let commands = inventory::iter::<CommandRegistration>.into_iter().map(|one| (one.type_name)());
    let services = inventory::iter::<ServiceRegistration>.into_iter().map(|one| (one.type_name)());
    let names = plugins.chain(commands).chain(services);
    names.flat_map(|name| name.split(['<', ','])).filter_map(|path| path.trim().split("::").next()).collect()
}

/// Returns the service of this name, if it is one with OAuth.
pub fn service(name: &str) -> Option<&'static ServiceRegistration> {
    inventory::iter::<ServiceRegistration>.into_iter().find(|service| service.name == name)
}

/// Returns the names among `known` that are most like `name`, best first.
pub fn similar<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = name.to_lowercase().replace('-', "_");
    let typos = folded.len() / 5;
    // Names whose lengths differ by more have more typos, and are not compared letter by letter.
    let is_misspelt = |other: &str| {
        other.chars().count().abs_diff(folded.chars().count()) <= typos
            && strsim::damerau_levenshtein(&folded, other) <= typos
    };
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .filter_map(|other| {
            let lower = other.to_lowercase();
            let likeness = strsim::jaro_winkler(&folded, &lower);
            (likeness > 0.85 || is_misspelt(&lower)).then_some((likeness, other))
        })
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    // Only the case or the hyphens differ.
    if near.first().is_some_and(|(_, other)| other.to_lowercase() == folded) {
        near.truncate(1);
    }
    near.into_iter().map(|(_, name)| name).take(3).collect()
}
