//! The plan: options checked against the schema, read into their types, and put into order.
//!
//! A config with a mistake gives no plan at all, but every mistake at once. A task that needs a
//! plugin which only FlexGet has does not stop the others.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use crate::config::schema::{self, Finding, Only};
use crate::config::template::Expanded;
use crate::document::diagnostic::{At, Diagnostic, Path, Severity};
use crate::document::position::Place;
use crate::document::{Content, Mapping, Node, Scalar};
use crate::plugin::registration::Registration;
use crate::plugin::registry;
use crate::task::step::{self, BoundStep};

/// Plan of a config: tasks with valid options.
pub struct Plan {
    /// The tasks, in the order in which they run.
    pub tasks: Vec<TaskPlan>,
    /// Warnings and notices; no errors.
    pub diagnostics: Vec<Diagnostic>,
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
    /// Steps, in order.
    pub steps: Vec<BoundStep>,
    /// Reasons why it cannot run: a plugin that only FlexGet has, or an unknown template.
    ///
    /// The diagnostics say where.
    pub unusable: Vec<Diagnostic>,
    /// The keys of the task that are plugins, and the builtin ones that run in it.
    pub plugins: BTreeSet<&'static str>,
    /// Where its body stands, with templates merged into it.
    pub(crate) body: Place,
}

/// Reads a config that has been expanded.
///
/// # Errors
/// Every mistake that there is, with the warnings and notices, in no order.
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
    let mut unusable: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    let findings = schema::check(&config, Only::These(&names));
    // It is as large as the config, and what follows makes the options once more.
    drop(config);
    for finding in findings {
        match finding {
            Finding::Mistake(diagnostic) => diagnostics.push(diagnostic),
            Finding::Missing(missing) => {
                let owner = missing.path.owner().map(|(kind, name)| (kind.to_owned(), name.to_owned()));
                let mut diagnostic = Diagnostic::key(missing.path, missing.message).severity(Severity::Warning);
                diagnostic.help.extend(missing.help);
                match owner {
                    Some((kind, _)) if kind != "task" => {}
                    _ if missing.optional => diagnostics.push(diagnostic),
                    Some((_, name)) => unusable.entry(name).or_default().push(diagnostic),
                    None => {}
                }
            }
        }
    }
    // The plugins of tasks that the schema refused, or that need a plugin which is missing: they
    // cannot be read into types.
    let refused: BTreeSet<Path> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .chain(unusable.values().flatten())
        .filter_map(|diagnostic| match &diagnostic.at {
            At::Key(path) | At::Value(path) => path.0.get(..3).map(|plugin| Path(plugin.to_vec())),
            At::Span(_) => None,
        })
        .collect();

    let mut tasks = Vec::new();
    for source in &expanded.tasks {
        let mut unusable = unusable.remove(&source.name).unwrap_or_default();
        unusable.extend(source.broken.iter().cloned());
        let body = root.get("tasks").and_then(|tasks| tasks.get(&source.name)?.as_mapping());
        let mut task = TaskPlan {
            name: source.name.clone(),
            manual: source.manual,
            disabled: source.disabled,
            templates: source.templates.clone(),
            steps: Vec::new(),
            unusable,
            plugins: BTreeSet::new(),
            body: Place::new(&expanded.document, source.path.clone()),
        };
        if let Some(body) = body {
            bind(&mut task, body, &source.path, &refused, &mut diagnostics);
        }
        if !task.unusable.is_empty() {
            task.steps.clear();
        }
        for step in &mut task.steps {
            step.place = Some(Place::new(&expanded.document, source.path.key(step.plugin)));
        }
        tasks.push((source.priority, task));
    }
    tasks.sort_by_key(|(priority, _)| *priority);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        diagnostics.extend(tasks.into_iter().flat_map(|(_, task)| task.unusable));
        return Err(diagnostics);
    }
    Ok(Plan { tasks: tasks.into_iter().map(|(_, task)| task).collect(), diagnostics })
}

/// Reads the plugins of one task, with the builtin ones, and puts their steps into order.
fn bind(task: &mut TaskPlan, body: &Mapping, path: &Path, refused: &BTreeSet<Path>, diagnostics: &mut Vec<Diagnostic>) {
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
                diagnostics.extend(problems.into_iter().map(|problem| problem.into_diagnostic(&at)));
            }
        }
    }
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
fn names_in(names: Option<&Rc<Node>>) -> Vec<String> {
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
