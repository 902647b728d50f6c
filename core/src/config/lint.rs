//! Warnings about what a config says that is valid and still cannot be meant.
//!
//! A run does not need them, so only `check` asks for them.

mod fields;
mod tasks;
mod uses;

use std::collections::BTreeSet;

use crate::config::load::LoadedConfig;
use crate::config::plan::TaskPlan;
use crate::config::schema::{self, Only};
use crate::document::Node;
use crate::document::diagnostic::{Diagnostic, Path};
use crate::plugin::registry;
pub use uses::AccountUse;

use fields::FieldCatalogue;
use tasks::TaskFacts;
use uses::Uses;

/// Warnings about a config, and the accounts that it names.
#[derive(Debug, Default)]
pub struct Lint {
    /// The warnings, each at its place.
    pub diagnostics: Vec<Diagnostic>,
    /// The accounts of services that its tasks name; only the auth store knows whether they exist.
    pub accounts: Vec<AccountUse>,
}

/// Returns the warnings about a config that could be planned.
pub fn lint(config: &LoadedConfig) -> Lint {
    let mut lint = Lint::default();
    let (Some(document), Some(plan)) = (&config.document, &config.plan) else { return lint };
    let Some(bodies) = document.root().get("tasks").and_then(|tasks| tasks.as_mapping()) else { return lint };
    let mut names = BTreeSet::new();
    bodies.iter().for_each(|(_, body)| plugins_in(body, &mut names));
    let schema = schema::config(Only::These(&names));
    let catalogue = FieldCatalogue::default();
    for task in plan.tasks.iter().filter(|task| !task.disabled) {
        let Some(body) = bodies.get(&task.name) else { continue };
        let at = Path::root().key("tasks").key(&*task.name);
        let uses = Uses::of_task(&schema, body, &at);
        lint.task(task, &at, &uses, &catalogue);
        lint.accounts.extend(uses.accounts);
    }
    lint
}

impl Lint {
    fn task(&mut self, task: &TaskPlan, at: &Path, uses: &Uses<'_>, catalogue: &FieldCatalogue) {
        self.diagnostics.extend(uses.warnings.iter().cloned());
        self.diagnostics.extend(fields::comparisons(uses, catalogue));
        // Nothing is known of the fields of a plugin that is missing or wrong.
        if task.can_run() {
            let facts = TaskFacts::of(task, uses);
            self.diagnostics.extend(fields::unknown_fields(&facts, uses, catalogue));
            self.diagnostics.extend(tasks::warnings(&facts, task, at));
        }
    }
}

/// Collects the keys of a node, at any depth, that are plugins.
fn plugins_in(node: &Node, names: &mut BTreeSet<&'static str>) {
    if let Some(mapping) = node.as_mapping() {
        for (key, value) in mapping.iter() {
            names.extend(registry::find(&key.text).map(|registration| registration.name));
            plugins_in(value, names);
        }
    }
    node.as_sequence().into_iter().flatten().for_each(|item| plugins_in(item, names));
}
