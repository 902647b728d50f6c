//! The plan: options checked against the schema, read into their types, and put into order.
//!
//! All mistakes are found at once, and each stops its own task: one that needs a plugin which only
//! FlexGet has is skipped, one with a mistake is aborted, and the others run.

mod owners;

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use serde::Serialize;

use crate::config::schedule::{self, Schedules};
use crate::config::schema::{self, Finding, Missing};
use crate::config::template::Expanded;
use crate::document::diagnostic::{At, Diagnostic, Path, Severity};
use crate::document::position::Place;
use crate::document::{Content, Mapping, Node, Scalar};
use crate::plugin::registration::{Registration, UnsupportedPlugin};
use crate::plugin::registry;
use crate::task::step::{self, BoundStep};

/// Plan of a config: its tasks, some of which may be refused.
pub struct Plan {
    /// The tasks, in the order in which they run.
    pub tasks: Vec<TaskPlan>,
    /// Diagnostics of the config apart from the errors of its tasks; they stop no task.
    pub diagnostics: Vec<Diagnostic>,
    /// When the daemon runs which tasks.
    pub schedules: Schedules,
}

/// One task of a plan.
pub struct TaskPlan {
    /// The task's name.
    pub name: String,
    /// It runs only when it is named.
    pub manual: bool,
    /// It never runs: its name begins with `_`.
    pub disabled: bool,
    /// The templates that it uses.
    pub templates: Vec<String>,
    /// Steps, in order; empty if it cannot run.
    pub steps: Vec<BoundStep>,
    /// Steps of the plugins that are right in a task that cannot run; `check` warns by them.
    pub(crate) stopped: Vec<BoundStep>,
    /// Its mistakes, and a warning for each plugin that it needs and that does not exist.
    pub diagnostics: Vec<Diagnostic>,
    /// The plugins that it names and that this program does not have, in the order of the config.
    pub missing: Vec<MissingPlugin>,
    /// The keys of the task that are plugins, and the builtin ones that run in it.
    pub plugins: BTreeSet<&'static str>,
    /// Whether one of its plugins acts on entries: on a list, by a command or a notification.
    pub acts: bool,
    /// Where its body stands, with templates merged into it.
    pub(crate) body: Place,
}

/// A plugin that a task names and that this program does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingPlugin {
    /// Its name.
    pub plugin: String,
    /// Note about the plugin, as the end of a sentence.
    pub note: &'static str,
    /// Replacement to use instead.
    pub help: Option<&'static str>,
    /// Whether the task cannot run without it.
    pub needed: bool,
}

impl TaskPlan {
    /// Returns the missing plugins that the task needs, so that it is skipped.
    pub fn needed(&self) -> Vec<&MissingPlugin> {
        self.missing.iter().filter(|missing| missing.needed).collect()
    }

    /// Returns the mistakes of the task: it is to be aborted.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Returns whether the task can run.
    pub fn can_run(&self) -> bool {
        self.needed().is_empty() && self.errors().next().is_none()
    }
}

/// Reads a config that has been expanded.
///
/// A mistake is one of its task; the others can run.
///
/// # Errors
/// Everything that is to be said, in no order, if there is a mistake that concerns no single task.
pub fn plan(expanded: &Expanded) -> Result<Plan, Vec<Diagnostic>> {
    let root = expanded.document.root();
    let mut keys = HashSet::new();
    let config = json(root, &mut keys);
    let builtin = registry::all().values().filter(|one| one.builtin);
    let named = keys.into_iter().filter_map(registry::find);
    let names: BTreeSet<&'static str> = named.chain(builtin.copied()).map(|one| one.name).collect();
    let mut diagnostics = expanded.diagnostics.clone();
    diagnostics.extend(schema::INERT.iter().filter(|(name, _)| root.get(name).is_some()).map(|(name, help)| {
        Diagnostic::key(Path::root().key(*name), format!("`{name}` has no effect in flexget-rs"))
            .help(*help)
            .severity(Severity::Notice)
    }));
    let names_of_tasks: Vec<(&str, bool)> =
        expanded.tasks.iter().filter(|task| !task.disabled).map(|task| (task.name.as_str(), task.manual)).collect();
    let schedules = schedule::read(config.get("schedules"), &names_of_tasks, &mut diagnostics);
    let mut missing = Vec::new();
    let findings = schema::check(&config, &names);
    // It is as large as the config.
    drop(config);
    for finding in findings {
        match finding {
            Finding::Invalid(diagnostic) => diagnostics.push(diagnostic),
            Finding::Missing(plugin) => missing.push(plugin),
        }
    }
    // The plugins that the schema refused: they cannot be read into types.
    let places = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let places = places.filter_map(|diagnostic| diagnostic.at.path());
    let refused: BTreeSet<Path> =
        places.filter_map(|path| path.0.get(..3).map(|plugin| Path(plugin.to_vec()))).collect();
    let position = |path: &Path| expanded.document.span(&At::Key(path.clone())).bytes.start;
    missing.sort_by_cached_key(|missing| position(&missing.path));

    let mut tasks = Vec::new();
    for source in &expanded.tasks {
        let body = root.get("tasks").and_then(|tasks| tasks.get(&source.name)?.as_mapping());
        let mut task = TaskPlan {
            name: source.name.clone(),
            manual: source.manual,
            disabled: source.disabled,
            templates: source.templates.clone(),
            steps: Vec::new(),
            stopped: Vec::new(),
            diagnostics: source.broken.clone(),
            missing: Vec::new(),
            plugins: BTreeSet::new(),
            acts: false,
            body: Place::new(&expanded.document, source.path.clone()),
        };
        if let Some(body) = body {
            let own: Vec<&Missing> = missing.iter().filter(|one| one.path.0.starts_with(&source.path.0)).collect();
            bind(&mut task, body, &source.path, (&refused, &own), &mut diagnostics);
        }
        tasks.push((source.priority, task));
    }
    let is_whole = root.get("tasks").is_some_and(|tasks| tasks.as_mapping().is_some());
    let others = owners::give(diagnostics, expanded, tasks.iter_mut().map(|(_, task)| task));
    let (mut diagnostics, is_fatal) = (others.diagnostics, others.is_fatal);
    for (_, task) in &mut tasks {
        let at = Path::root().key("tasks").key(&*task.name);
        if !task.needed().is_empty() {
            // It does not run in any case.
            task.diagnostics.retain(|diagnostic| diagnostic.severity != Severity::Error);
        }
        if !task.can_run() {
            task.stopped = std::mem::take(&mut task.steps);
        }
        for step in &mut task.steps {
            step.place = Some(Place::new(&expanded.document, at.key(step.plugin)));
        }
    }
    tasks.sort_by_key(|(priority, _)| *priority);
    let tasks: Vec<TaskPlan> = tasks.into_iter().map(|(_, task)| task).collect();
    if is_fatal || !is_whole {
        diagnostics.extend(tasks.into_iter().flat_map(|task| task.diagnostics));
        return Err(diagnostics);
    }
    Ok(Plan { tasks, diagnostics, schedules })
}

impl owners::TakesErrors for TaskPlan {
    fn name(&self) -> &str {
        &self.name
    }

    fn take(&mut self, error: Diagnostic) {
        self.diagnostics.push(error);
    }
}

/// Notes that a task names a plugin that does not exist.
fn miss(task: &mut TaskPlan, missing: &Missing, diagnostics: &mut Vec<Diagnostic>) {
    let Some(unsupported) = registry::unsupported(&missing.plugin) else { return };
    let UnsupportedPlugin { note, help, optional, .. } = *unsupported;
    let message = format!("`{}` {note}", missing.plugin);
    let mut diagnostic = Diagnostic::key(missing.path.clone(), message).severity(Severity::Warning);
    diagnostic.help.extend(help.map(str::to_owned));
    if optional {
        diagnostics.push(diagnostic)
    } else {
        task.diagnostics.push(diagnostic)
    }
    if task.missing.iter().all(|known| known.plugin != missing.plugin) {
        task.missing.push(MissingPlugin { plugin: missing.plugin.clone(), note, help, needed: !optional });
    }
}

/// Reads the plugins of one task, with the builtin ones, and puts their steps into order.
///
/// A plugin that only FlexGet has is left out of the plugins that hold it. One that `disable` names
/// is then not missing, unless it is a list that another plugin needs.
fn bind(
    task: &mut TaskPlan,
    body: &Mapping,
    path: &Path,
    (refused, missing): (&BTreeSet<Path>, &[&Missing]),
    diagnostics: &mut Vec<Diagnostic>,
) {
    let disabled = names_in(body.get("disable"));
    let no_builtins = disabled.iter().any(|name| name == "builtins");
    for (index, name) in disabled.iter().enumerate().filter(|(_, name)| *name != "builtins") {
        let at = path.key("disable");
        let is_list = body.get("disable").is_some_and(|names| names.as_sequence().is_some());
        diagnostics.extend(unknown(name, At::Value(if is_list { at.index(index) } else { at })));
    }
    let is_disabled = |name: &str| disabled.iter().any(|disabled| disabled == name);
    let configured = body
        .iter()
        .filter_map(|(name, options)| registry::find(&name.text).map(|registration| (registration, Some(options))));
    let builtin = registry::all()
        .values()
        .filter(|registration| registration.builtin && !no_builtins && body.get(registration.name).is_none());
    let all: Vec<(&Registration, Option<&Rc<Node>>)> =
        configured.chain(builtin.map(|registration| (*registration, None))).collect();
    let yes = Rc::new(Node::yes());
    let mut unreadable: Vec<Path> = Vec::new();
    for (registration, options) in all {
        if is_disabled(registration.name)
            || options.is_some_and(|options| options.as_scalar() == Some(&Scalar::Bool(false)))
            || (options.is_some() && refused.contains(&path.key(registration.name)))
        {
            continue;
        }
        match registration.bind(options.unwrap_or(&yes)) {
            Ok(steps) => {
                task.plugins.insert(registration.name);
                task.steps.extend(steps);
            }
            Err(problems) => {
                let at = path.key(registration.name);
                let (consequences, problems): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem| {
                    let place = at.join(&problem.path);
                    missing.iter().any(|missing| missing.path.0.starts_with(&place.0))
                });
                unreadable.extend(consequences.first().map(|_| at.clone()));
                diagnostics.extend(problems.into_iter().map(|problem| problem.into_diagnostic(&at)));
            }
        }
    }
    let is_off = |plugin: &Missing| {
        let holder = plugin.path.0.get(path.0.len());
        disabled.iter().any(|off| holder.is_some_and(|holder| holder.is_key(off)))
            || is_disabled(&plugin.plugin) && !unreadable.iter().any(|holder| plugin.path.0.starts_with(&holder.0))
    };
    for plugin in missing.iter().filter(|plugin| !is_off(plugin)) {
        miss(task, plugin, diagnostics);
    }
    task.acts = task.steps.iter().any(BoundStep::acts);
    if let Some(priorities) = body.get("plugin_priority").and_then(|priorities| priorities.as_mapping()) {
        for (name, priority) in priorities.iter() {
            let (name, Some(priority)) = (&*name.text, priority.as_scalar().and_then(Scalar::as_int)) else { continue };
            diagnostics.extend(unknown(name, At::Key(path.key("plugin_priority").key(name))));
            for step in task.steps.iter_mut().filter(|step| step.plugin == name) {
                step.priority = i32::try_from(priority).unwrap_or(if priority < 0 { i32::MIN } else { i32::MAX });
            }
        }
    }
    step::order(&mut task.steps);
}

/// Returns a warning of a name that is no plugin's, neither here nor in FlexGet.
fn unknown(name: &str, at: At) -> Option<Diagnostic> {
    if registry::find(name).is_some() || registry::unsupported(name).is_some() {
        return None;
    }
    let warning = Diagnostic { at, ..Diagnostic::key(Path::root(), format!("unknown plugin `{name}`")) }
        .severity(Severity::Warning);
    Some(match registry::similar(name, registry::all().keys().copied()).as_slice() {
        [near, ..] => warning.help(format!("did you mean `{near}`?")),
        [] => warning.help("`flexget-rs plugins` shows the plugins that there are"),
    })
}

/// Returns a name, or several.
pub(super) fn names_in(names: Option<&Rc<Node>>) -> Vec<String> {
    let Some(names) = names else { return Vec::new() };
    let names = names.as_sequence().unwrap_or(std::slice::from_ref(names));
    names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Returns a config as the validator reads it.
///
/// All keys that stand anywhere in it are added to `keys`.
fn json<'n>(node: &'n Node, keys: &mut HashSet<&'n str>) -> serde_json::Value {
    match node.content() {
        Content::Scalar(Scalar::Null) => serde_json::Value::Null,
        Content::Scalar(Scalar::Bool(is)) => (*is).into(),
        Content::Scalar(Scalar::Text(text)) => (**text).into(),
        Content::Scalar(date @ (Scalar::Date(_) | Scalar::Time(_))) => date.to_string().into(),
        Content::Scalar(Scalar::Number(number)) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), _, _) => number.into(),
            (_, Some(number), _) => number.into(),
            (_, _, Some(number)) => number.into(),
            _ => serde_json::Value::Null,
        },
        Content::Sequence(items) => items.iter().map(|item| json(item, keys)).collect(),
        Content::Mapping(mapping) => {
            let mut map = serde_json::Map::with_capacity(mapping.len());
            for (key, value) in mapping.iter() {
                keys.insert(&key.text);
                map.insert(key.text.to_string(), json(value, keys));
            }
            map.into()
        }
    }
}
