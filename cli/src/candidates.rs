//! Values that shells complete: tasks of the config, accounts, and plugins.

use std::path::PathBuf;

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use flexget_core::config::load::load;
use flexget_core::config::scripts::use_scripts_of;
use flexget_core::context::auth::Auth;
use flexget_core::context::store::Store;
use flexget_core::plugin::registry;

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
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        let database = folders.database(None, &world.environment, &folder);
        let store = Store::at(database).scoped(&config::name_of(&path));
        let store = match folders.accounts(None, &world.environment) {
            Some(accounts) if config::exists(&accounts) => store.with_auth_at(accounts),
            Some(_) => return Vec::new(),
            None => store,
        };
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

/// Returns the config that the command line names, or the usual one.
fn config_of(world: &World) -> Option<(PathBuf, Folders)> {
    let words = world::arguments();
    let named = words.iter().position(|word| word == "-c" || word == "--config");
    let named = named.and_then(|at| words.get(at + 1)).map(PathBuf::from);
    let folders = Folders::new(world.folder.clone(), world.home.clone(), &world.environment);
    let path = folders.config(named.as_deref(), &world.environment).ok()?;
    Some((path, folders))
}
