//! Warnings about a task as a whole, and the facts about it that they need.

use std::collections::BTreeSet;

use crate::config::lint::uses::{Uses, warning};
use crate::config::plan::TaskPlan;
use crate::document::diagnostic::{At, Diagnostic, Path};
use crate::entry::Name;
use crate::plugin::registration::Registration;
use crate::plugin::registry;
use crate::task::phase::Phase;
use crate::task::step::{BoundStep, Gives};

/// Facts about a task that are known before it runs.
#[derive(Default)]
pub(super) struct TaskFacts {
    /// The fields that its plugins give.
    pub fields: BTreeSet<Name>,
    /// Whether entries may have any field, as those of a stored list.
    pub any_fields: bool,
    /// Its plugins, nested ones included.
    pub plugins: BTreeSet<&'static str>,
    /// Whether a plugin accepts entries.
    accepts: bool,
    /// Whether a plugin produces entries.
    has_input: bool,
    /// The first plugin that needs entries.
    needs_entries: Option<&'static str>,
    /// The first plugin that does nothing without accepted entries.
    needs_accepted: Option<&'static str>,
}

impl TaskFacts {
    pub(super) fn of(task: &TaskPlan, uses: &Uses<'_>) -> Self {
        let mut facts = Self::default();
        for step in &task.steps {
            facts.step(step);
            facts.has_input |= step.phase == Phase::Input;
            let is_builtin = registry::find(step.plugin).is_some_and(|registration| registration.builtin);
            if step.needs_accepted {
                facts.needs_accepted = facts.needs_accepted.or(Some(step.plugin));
            }
            if step.needs_accepted || (matches!(step.phase, Phase::Metainfo | Phase::Filter) && !is_builtin) {
                facts.needs_entries = facts.needs_entries.or(Some(step.plugin));
            }
        }
        for nested in &uses.nested {
            let steps = registry::find(nested.name).and_then(|found| found.bind(nested.options).ok());
            steps.iter().flatten().for_each(|step| facts.step(step));
        }
        facts
    }

    fn step(&mut self, step: &BoundStep) {
        let Some(registration) = registry::find(step.plugin) else { return };
        self.plugins.insert(step.plugin);
        self.accepts |= step.accepts.unwrap_or(registration.accepts && step.phase == Phase::Filter);
        match &step.gives {
            Gives::Any => self.any_fields = true,
            Gives::These(fields) => self.fields.extend(fields()),
            Gives::Declared if matches!(step.phase, Phase::Input | Phase::Metainfo) => {
                let fields = (registration.gives)();
                self.any_fields |= fields.is_empty();
                self.fields.extend(fields.iter().map(|field| Name::Borrowed(field.name)));
            }
            Gives::Declared => {}
        }
    }
}

/// Returns warnings about a task that has no entries, or accepts none.
pub(super) fn warnings(facts: &TaskFacts, task: &TaskPlan, at: &Path) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    if let Some(plugin) = facts.needs_entries.filter(|_| !facts.has_input) {
        let message = format!("task `{}` has no input, so `{plugin}` gets no entries", task.name);
        let inputs = names(|registration| registration.input);
        warnings.push(warning(At::Key(at.clone()), message).help(format!("inputs are: {inputs}")));
    }
    if let Some(plugin) = facts.needs_accepted.filter(|_| facts.has_input && !facts.accepts) {
        let message = format!("nothing in task `{}` accepts entries, so `{plugin}` gets none", task.name);
        let accepting = names(|registration| registration.accepts);
        warnings.push(warning(At::Key(at.clone()), message).help(format!("plugins that can accept: {accepting}")));
    }
    warnings
}

/// Returns the names of the plugins of a kind.
fn names(is_wanted: impl Fn(&Registration) -> bool) -> String {
    let names = registry::all().values().filter(|registration| is_wanted(registration));
    names.map(|registration| registration.name).collect::<Vec<_>>().join(", ")
}
