//! Warnings about a task as a whole, and the facts about it that they need.

use std::collections::BTreeSet;

use crate::config::lint::uses::{Uses, warning};
use crate::config::plan::{TaskPlan, names_in};
use crate::document::diagnostic::{At, Diagnostic, Path};
use crate::document::{Mapping, Node, Scalar};
use crate::entry::Name;
use crate::plugin::registration::{Registration, is_language_key};
use crate::plugin::registry;
use crate::task::phase::Phase;
use crate::task::step::{BoundStep, Gives};

/// Keys of the config's root that are easily indented too much.
const ROOT_KEYS: [&str; 4] = ["templates", "variables", "schedules", "tasks"];

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
    /// Returns the facts about a task, whose body is at `at`.
    pub(super) fn of(task: &TaskPlan, body: &Node, at: &Path, uses: &Uses<'_>) -> Self {
        let mut facts = Self::default();
        for step in task.steps.iter().chain(&task.stopped) {
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
        let is_within = |error: &Diagnostic| {
            let place = error.at.path().filter(|place| place.0.starts_with(&at.0));
            place
                .and_then(|place| place.0.get(at.0.len()))
                .is_some_and(|key| !["template", "include"].iter().any(|name| key.is_key(name)))
        };
        if !task.errors().all(is_within) {
            facts.may_do_anything();
        }
        let disabled = names_in(body.get("disable"));
        for (key, options) in body.as_mapping().into_iter().flat_map(Mapping::iter) {
            let name = &*key.text;
            let is_off = options.as_scalar() == Some(&Scalar::Bool(false)) || disabled.iter().any(|off| off == name);
            let is_of_the_language = name.starts_with('_') || is_language_key(name);
            if !is_off && !is_of_the_language && !task.plugins.contains(name) && registry::unsupported(name).is_none() {
                facts.unread(name);
            }
        }
        facts
    }

    /// Adds what a plugin may do whose options could not be read, or whose name is misspelt.
    fn unread(&mut self, name: &str) {
        let meant = || registry::find(registry::similar(name, registry::all().keys().copied()).first()?);
        let Some(registration) = registry::find(name).or_else(meant) else { return self.may_do_anything() };
        let fields = (registration.gives)();
        self.has_input |= registration.input;
        self.accepts |= registration.accepts;
        // What a plugin that can accept gives is known from its steps alone.
        self.any_fields |= fields.is_empty() && !registration.accepts;
        self.plugins.insert(registration.name);
        self.fields.extend(fields.iter().map(|field| Name::Borrowed(field.name)));
    }

    /// Notes that nothing is known of a part of the task.
    fn may_do_anything(&mut self) {
        self.any_fields = true;
        self.has_input = true;
        self.accepts = true;
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
pub(super) fn warnings(facts: &TaskFacts, task: &TaskPlan, body: &Node, at: &Path) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    if ROOT_KEYS.contains(&task.name.as_str()) {
        let message = format!("`{0}` is a task here, and not the `{0}` of the config", task.name);
        warnings.push(warning(At::Key(at.clone()), message).help("indent it like `tasks:`, at the root of the config"));
    } else if body.as_mapping().is_some_and(|body| body.iter().next().is_none()) {
        let message = format!("task `{}` has no plugins, so it does nothing", task.name);
        warnings.push(warning(At::Key(at.clone()), message).help("write its plugins below it, indented more"));
    }
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
