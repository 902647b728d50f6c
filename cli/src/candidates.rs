//! Values that shells complete: tasks of the config, accounts, and plugins.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use flexget_core::config::load::load;
use flexget_core::config::scripts::use_scripts_of;
use flexget_core::context::auth::Auth;
use flexget_core::plugin::registry;
use serde_yaml::{Mapping, Value};

use crate::config::{self, Folders};
use crate::world::{self, World};

/// Completes the names of the config's tasks.
pub(crate) fn tasks() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let Some((path, ..)) = config_of(&World::real()) else { return Vec::new() };
        let config = load(&path, Vec::new());
        let tasks = config.plan.iter().flat_map(|plan| &plan.tasks);
        tasks.map(|task| CompletionCandidate::new(&task.name)).collect()
    })
}

/// Completes the names of a service's accounts.
pub(crate) fn accounts(service: &'static str) -> ArgValueCandidates {
    ArgValueCandidates::new(move || {
        let world = World::real();
        let folders = Folders::new(world.folder.clone(), world.home.clone(), &world.environment);
        let path = config_of(&world).map(|(path, _)| path).or_else(|| Some(folders.usual.as_ref()?.join("config.yml")));
        let Some(path) = path else { return Vec::new() };
        // Completing makes no file.
        if folders.accounts(None, &world.environment).is_some_and(|accounts| !config::exists(&accounts)) {
            return Vec::new();
        }
        let store = folders.store(None, &world.environment, &path);
        let accounts = Auth::new(store, world.clock.clone()).accounts(service).unwrap_or_default();
        accounts.into_iter().map(|account| CompletionCandidate::new(account.name)).collect()
    })
}

/// Completes the names of plugins.
pub(crate) fn plugins() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        if let Some((path, ..)) = config_of(&World::real()) {
            use_scripts_of(&path.parent().map(PathBuf::from).unwrap_or_default());
        }
        registry::all().keys().map(CompletionCandidate::new).collect()
    })
}

/// Completes the names of the config's templates.
pub(crate) fn templates() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let templates = config_value().and_then(|config| config.get("templates").cloned());
        let names = templates.iter().flat_map(|templates| templates.as_mapping()).flatten();
        names.filter_map(|(name, _)| Some(CompletionCandidate::new(name.as_str()?))).collect()
    })
}

/// Completes the config's lists of a kind, given the first word of its commands.
pub(crate) fn lists(command: &'static str) -> ArgValueCandidates {
    ArgValueCandidates::new(move || {
        let key = command.replace('-', "_");
        let mut found = BTreeSet::new();
        let mut collect = |name: &str, value: &Value| {
            let list = value.get("list").or_else(|| value.get("list_name")).unwrap_or(value);
            found.extend(list.as_str().filter(|_| name == key).map(str::to_owned));
        };
        config_value().iter().for_each(|config| walk(config, &mut collect));
        found.into_iter().map(CompletionCandidate::new).collect()
    })
}

/// Completes `FIELD=`: the fields of entries that the config sets or names.
pub(crate) fn field_assignments() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let usual = ["imdb_id", "tmdb_id", "tvdb_id", "movie_name", "movie_year"];
        let mut found: BTreeSet<String> = usual.map(str::to_owned).into();
        let mut collect = |name: &str, value: &Value| match (name, value) {
            ("set" | "values", Value::Mapping(fields)) => {
                found.extend(fields.keys().filter_map(Value::as_str).map(str::to_owned));
            }
            ("mock", Value::Sequence(entries)) => {
                let fields = entries.iter().filter_map(Value::as_mapping).flat_map(Mapping::keys);
                found.extend(fields.filter_map(Value::as_str).map(str::to_owned));
            }
            ("require_field" | "field", Value::String(field)) => found.extend([field.clone()]),
            _ => {}
        };
        config_value().iter().for_each(|config| walk(config, &mut collect));
        found.into_iter().map(|field| CompletionCandidate::new(format!("{field}="))).collect()
    })
}

/// Calls `visit` with each key of a config and its value.
fn walk(config: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match config {
        Value::Sequence(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                key.as_str().into_iter().for_each(|key| visit(key, value));
                walk(value, visit);
            }
        }
        _ => {}
    }
}

/// Returns the config after templates and includes.
fn config_value() -> Option<Value> {
    let (path, ..) = config_of(&World::real())?;
    Some(load(&path, Vec::new()).document?.value())
}

/// Returns the config that the command line names, or the usual one.
fn config_of(world: &World) -> Option<(PathBuf, Folders)> {
    let words = world::arguments();
    let named = words.iter().skip_while(|word| *word != "-c" && *word != "--config").nth(1).map(PathBuf::from);
    let folders = Folders::new(world.folder.clone(), world.home.clone(), &world.environment);
    let path = folders.config(named.as_deref(), &world.environment).ok()?;
    Some((path, folders))
}
