//! Warnings about what a config says that is valid and still cannot be meant.
//!
//! A run does not need them, so only `check` asks for them.

mod catalogue;
mod fields;
mod tasks;
mod uses;

use std::collections::BTreeSet;

use crate::config::load::LoadedConfig;
use crate::config::plan::TaskPlan;
use crate::config::schema::{self, Only};
use crate::document::diagnostic::{At, Diagnostic, Path, Segment};
use crate::document::{Content, Node, Scalar};
use crate::plugin::registry;
pub use uses::AccountUse;

use catalogue::FieldCatalogue;
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
    let schema = schema::config(Only::Alone(&names));
    let catalogue = FieldCatalogue::default();
    let mut reported = BTreeSet::new();
    for task in plan.tasks.iter().filter(|task| !task.disabled) {
        let Some(body) = bodies.get(&task.name) else { continue };
        let at = Path::root().key("tasks").key(&*task.name);
        let uses = Uses::of_task(&schema, body, &at, &catalogue);
        lint.task(task, body, &at, &uses, &catalogue);
        lint.accounts.extend(uses.accounts);
        if !config.has_variables {
            unfilled(body, &mut at.clone(), &mut lint.diagnostics, &mut reported);
        }
    }
    lint
}

impl Lint {
    fn task(&mut self, task: &TaskPlan, body: &Node, at: &Path, uses: &Uses<'_>, catalogue: &FieldCatalogue) {
        self.diagnostics.extend(uses.warnings.iter().cloned());
        self.diagnostics.extend(fields::comparisons(uses, catalogue));
        // A task that is skipped anyway needs no more.
        if task.needed().is_empty() {
            let facts = TaskFacts::of(task, body, at, uses);
            self.diagnostics.extend(fields::unknown_fields(&facts, uses, catalogue));
            self.diagnostics.extend(tasks::warnings(&facts, task, body, at));
        }
    }
}

/// Adds a warning for each variable that is to be filled in, once, in a config without variables.
fn unfilled(node: &Node, at: &mut Path, warnings: &mut Vec<Diagnostic>, reported: &mut BTreeSet<String>) {
    match node.content() {
        Content::Scalar(Scalar::Text(text)) => {
            let inner = text.split_once("{?").and_then(|(_, rest)| rest.split_once("?}"));
            let Some(name) = inner.map(|(name, _)| name.trim()).filter(|name| reported.insert((*name).to_owned()))
            else {
                return;
            };
            let message = format!("`{{? {name} ?}}` stays as it is: the config has no `variables`");
            let known = name.split(['.', '|', ' ']).next().unwrap_or(name);
            let help = format!("add `variables:` at the root of the config, and below it `{known}:` with its value");
            warnings.push(uses::warning(At::Value(at.clone()), message).help(help));
        }
        Content::Scalar(_) => {}
        Content::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                at.0.push(Segment::Index(index));
                unfilled(item, at, warnings, reported);
                at.0.pop();
            }
        }
        Content::Mapping(mapping) => {
            for (key, value) in mapping.iter().filter(|(key, _)| !key.text.starts_with('_')) {
                at.0.push(Segment::Key(key.text.to_string()));
                unfilled(value, at, warnings, reported);
                at.0.pop();
            }
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
