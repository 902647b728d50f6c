//! Loading: the one way from a path or a text to a plan, for the program, tests and fuzz targets.

use std::collections::HashSet;
use std::path::Path as File;
use std::rc::Rc;

use crate::config::plan::{self, MissingPlugin, Plan};
use crate::config::schema;
use crate::config::scripts;
use crate::config::template::{self, Origin};
use crate::document::diagnostic::{At, Diagnostic, Severity, Span};
use crate::document::{Document, Mapping, Sources, Unreadable};
use crate::plugin::registry;

/// A config that was read, with all that is wrong with it.
pub struct LoadedConfig {
    /// The texts that it was read from.
    pub sources: Rc<Sources>,
    /// The document after templates and includes; `None` if the text could not be read at all.
    pub document: Option<Document>,
    /// Plan, in which tasks may be refused; `None` if an error concerns no single task.
    pub plan: Option<Plan>,
    /// All errors, warnings and notices, those of the tasks included.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the config says where its variables are.
    pub(super) has_variables: bool,
}

/// Reads the config at `path`; `replacements` are values of `$NAME` from the command line.
pub fn load(path: &File, replacements: Vec<(String, String)>) -> LoadedConfig {
    let folder = path.parent().map(File::to_path_buf).unwrap_or_default();
    let about_scripts = scripts::use_scripts_of(&folder);
    from_document(Document::read(path), &Origin { folder, replacements }, about_scripts)
}

/// Reads a config from its text, which diagnostics call `name`.
pub fn load_text(name: &str, text: &str, origin: &Origin) -> LoadedConfig {
    // Without a folder there is nothing beside it.
    let about_scripts = if origin.folder.as_os_str().is_empty() {
        scripts::use_none();
        Vec::new()
    } else {
        scripts::use_scripts_of(&origin.folder)
    };
    from_document(Document::parse(name, text), origin, about_scripts)
}

fn from_document(
    read: Result<Document, Box<Unreadable>>,
    origin: &Origin,
    about_scripts: Vec<Diagnostic>,
) -> LoadedConfig {
    let (document, sources, errors) = match read {
        Ok(document) => (Some(document.clone()), Rc::clone(document.sources()), Vec::new()),
        Err(unreadable) => (unreadable.rest, unreadable.sources, unreadable.diagnostics),
    };
    let Some(document) = document else {
        return LoadedConfig { sources, document: None, plan: None, diagnostics: errors, has_variables: false };
    };
    let errors: Vec<_> = errors.into_iter().map(|error| with_inputs(error, &document, &sources)).collect();
    let mut expanded = template::expand(document, origin);
    expanded.diagnostics.extend(errors);
    expanded.diagnostics.extend(about_scripts);
    let (plan, mut diagnostics) = match plan::plan(&expanded) {
        Ok(plan) => {
            let all = plan.diagnostics.iter().chain(plan.tasks.iter().flat_map(|task| &task.diagnostics));
            let all = all.cloned().collect();
            (Some(plan), all)
        }
        Err(errors) => (None, errors),
    };
    without_consequences(&mut diagnostics, &expanded.document);
    let sources = Rc::clone(expanded.document.sources());
    let has_variables = expanded.has_variables;
    LoadedConfig { sources, document: Some(expanded.document), plan, diagnostics, has_variables }
}

impl LoadedConfig {
    /// Returns whether anything in it is wrong.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Returns the plugins that tasks name and that this program does not have, by task.
    pub fn missing(&self) -> impl Iterator<Item = (&str, &[MissingPlugin])> {
        let tasks = self.plan.iter().flat_map(|plan| &plan.tasks);
        tasks.filter(|task| !task.missing.is_empty()).map(|task| (task.name.as_str(), task.missing.as_slice()))
    }
}

/// Tells where several inputs of one kind are written, if an input stands twice in a task.
fn with_inputs(error: Diagnostic, document: &Document, sources: &Sources) -> Diagnostic {
    let Some((At::Span(first), _)) = error.related.first() else { return error };
    let key = sources.text(first.file).get(first.bytes.clone()).unwrap_or_default();
    if !registry::find(key).is_some_and(|plugin| plugin.input) {
        return error;
    }
    let root = document.root();
    let bodies = ["tasks", "templates"].iter().filter_map(|name| root.get(name)?.as_mapping()).flat_map(Mapping::iter);
    let mut keys = bodies.filter_map(|(_, body)| body.as_mapping()?.entry(key));
    match schema::plugin_of_inputs().filter(|_| keys.any(|(found, _)| found.span == *first)) {
        Some(plugin) => {
            let help = format!("several inputs of one kind stand below `{plugin}:`, each behind `- `: `- {key}: …`");
            Diagnostic { help: vec![help], ..error }
        }
        None => error,
    }
}

/// Drops errors that only follow from another error at the same place.
///
/// For example, the text of an undefined variable has the wrong type, too.
fn without_consequences(diagnostics: &mut Vec<Diagnostic>, document: &Document) {
    let reported: HashSet<Span> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .filter_map(|diagnostic| match &diagnostic.at {
            At::Span(span) => Some(span.clone()),
            _ => None,
        })
        .collect();
    diagnostics.retain(|diagnostic| match &diagnostic.at {
        At::Span(_) => true,
        At::Key(path) | At::Value(path) => !reported.contains(&document.span(&At::Value(path.clone()))),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each task: its name, and its errors.
    fn tasks(config: &str) -> Option<Vec<(String, Vec<String>)>> {
        let plan = load_text("config.yml", config, &Origin::default()).plan?;
        let errors = |diagnostics: &[Diagnostic]| {
            let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
            errors.map(|diagnostic| diagnostic.message.clone()).collect()
        };
        Some(plan.tasks.iter().map(|task| (task.name.clone(), errors(&task.diagnostics))).collect())
    }

    #[test]
    fn a_mistake_stops_its_own_task() {
        for (body, message) in [
            ("template: nowhere", "unable to find template `nowhere` for task `a`"),
            ("x: '{? nope ?}'", "cannot fill in `{? nope ?}`: `nope` is undefined"),
            ("a: 1\n    a: 2", "duplicate key: `a`"),
            ("template: broken", "cannot fill in `{? nope ?}`: `nope` is undefined"),
            ("<<: *shared", "cannot fill in `{? gone ?}`: `gone` is undefined"),
        ] {
            let config = format!(
                "variables: {{ known: 1 }}\ntemplates:\n  broken: {{ x: '{{? nope ?}}' }}\n  _shared: &shared {{ _y: '{{? gone ?}}' }}\n\
                 tasks:\n  a:\n    {body}\n  b: {{ _ok: '{{? known ?}}' }}\n"
            );
            let tasks = tasks(&config).expect(body);
            assert!(tasks[0].1.contains(&message.to_owned()), "{body}: {tasks:?}");
            assert_eq!(tasks[1], ("b".to_owned(), Vec::new()), "{body}");
        }
    }

    #[test]
    fn what_is_no_config_stops_all() {
        for config in [
            "tasks: 5",
            "a: [",
            "",
            "templates: {}",
            "variables: 7\ntasks: { a: {} }",
            "tasks: {}\nirc: '{? x ?}'\nvariables: {}",
        ] {
            assert_eq!(tasks(config), None, "{config}");
        }
    }
}
