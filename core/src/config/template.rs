//! Document → Document: variables filled in, templates and included files merged into the tasks.
//!
//! In FlexGet's order: variables everywhere; then, for each task, its templates from left to right,
//! the `global` one and those that templates name themselves; then its included files. What came
//! first wins, the task before all. Every value of the new document still knows the file and line
//! that it was written in, so that an error in a template is shown in the template.

mod merge;
mod rewrite;
mod variables;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::document::diagnostic::{At, Diagnostic, Path as ConfigPath, Severity, Span};
use crate::document::{Document, Mapping, MappingKey, Node, Scalar, Sources, read_node};
use crate::expression;
use crate::value::Value;
use variables::{Render, Variables, at_mention};

/// FlexGet's priority of a task that has none.
const DEFAULT_PRIORITY: i64 = 65_535;

/// Limit of the values of all tasks together.
const MAX_VALUES: usize = 2_000_000;

/// Limit of the templates that one task may use.
const MAX_TEMPLATES: usize = 100;

/// A config whose tasks are complete.
#[derive(Debug)]
pub struct Expanded {
    /// The config with every task as it runs.
    pub document: Document,
    /// The tasks in the order of the config.
    pub tasks: Vec<TaskSource>,
    /// Diagnostics of the config as a whole; those of one task are with the task.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the config says where its variables are, or that there are none.
    pub has_variables: bool,
}

/// A task of an expanded config.
#[derive(Debug, Clone)]
pub struct TaskSource {
    /// The name: its key under `tasks`.
    pub name: String,
    /// Where its body is in the expanded document.
    pub path: ConfigPath,
    /// Tasks with a smaller number run first.
    ///
    /// As in FlexGet a template cannot set it.
    pub priority: i64,
    /// Whether it runs only if it is asked for by name.
    pub manual: bool,
    /// Whether it never runs: its name begins with `_`.
    pub disabled: bool,
    /// The templates it is made of, `global` included, in the order of their precedence.
    pub templates: Vec<String>,
    /// Reasons why this task cannot run: a missing template, a failed merge or include.
    pub broken: Vec<Diagnostic>,
}

/// Where a config is, and what the command line adds to it.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The folder of the config: files that it names are relative to it.
    pub folder: PathBuf,
    /// `--cli-config`: what stands for `$NAME` in texts and keys.
    pub replacements: Vec<(String, String)>,
}

/// Makes every task of a config whole.
///
/// Never fails: what is wrong is in the result.
pub fn expand(document: Document, origin: &Origin) -> Expanded {
    expand_with(document, origin, &expression::render_variables)
}

fn expand_with(document: Document, origin: &Origin, render: Render<'_>) -> Expanded {
    let document = substitute(document, &origin.replacements);
    let folder = origin.folder.as_path();
    let mut diagnostics = Vec::new();
    let mut sources = Sources::clone(document.sources());
    let mut variables = Variables::read(document.root(), folder, render, &mut sources, &mut diagnostics);
    let has_variables = ["variables", "secrets"].iter().any(|key| document.root().get(key).is_some());
    let Some(root) = document.root().as_mapping() else {
        return Expanded { document, tasks: Vec::new(), diagnostics, has_variables };
    };

    let mut fill_in = Mapping::default();
    for (key, value) in root.iter().filter(|(key, _)| !matches!(&*key.text, "variables" | "secrets")) {
        fill_in.insert(key.clone(), Rc::clone(value));
    }
    let filled_in = Rc::new(Node::mapping(document.root().span().clone(), fill_in));
    let may_have_some = variables.may_be_in(document.sources().text(0)) || !origin.replacements.is_empty();
    let filled_in = if may_have_some { variables.fill_in(&filled_in, &mut diagnostics) } else { filled_in };
    let mut root_entries = filled_in.as_mapping().cloned().unwrap_or_default();
    if let Some((key, value)) = root.entry("variables") {
        root_entries.insert(key.clone(), Rc::clone(value));
    }

    let mut expansion = Expansion {
        templates: root_entries.get("templates").cloned(),
        folder,
        variables,
        sources,
        included: HashMap::new(),
        values: 0,
        diagnostics,
    };
    let mut tasks = Vec::new();
    if let Some((key, node)) = root_entries.entry("tasks")
        && let Some(bodies) = node.as_mapping()
    {
        let mut expanded = Mapping::default();
        for (name, body) in bodies.iter() {
            let (task, body) = expansion.task(name, body);
            expanded.insert(name.clone(), body);
            tasks.push(task);
        }
        let (key, span) = (key.clone(), node.span().clone());
        root_entries.insert(key, Rc::new(Node::mapping(span, expanded)));
    }
    let root = Rc::new(Node::mapping(document.root().span().clone(), root_entries));
    let document = Document::from_parts(root, Rc::new(expansion.sources));
    Expanded { document, tasks, diagnostics: expansion.diagnostics, has_variables }
}

/// Returns the document with `$KEY` replaced by its value in all text and keys, for each pair.
///
/// The longest key goes first, so that `$name` does not spoil `$names`.
fn substitute(document: Document, replacements: &[(String, String)]) -> Document {
    if replacements.is_empty() {
        return document;
    }
    let mut replacements: Vec<(String, &str)> =
        replacements.iter().map(|(key, value)| (format!("${key}"), value.as_str())).collect();
    replacements.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
    let (root, _) = rewrite::rewrite(document.root(), &mut |found| {
        let mut text = None;
        for (key, value) in &replacements {
            let now = text.as_deref().unwrap_or(found.text);
            if now.contains(key.as_str()) {
                text = Some(now.replace(key.as_str(), value));
            }
        }
        text.map(Value::from)
    });
    Document::from_parts(root, Rc::clone(document.sources()))
}

struct Expansion<'a> {
    templates: Option<Rc<Node>>,
    folder: &'a Path,
    variables: Variables<'a>,
    sources: Sources,
    /// Content of each included file; `None` if it is no task body, which has been reported.
    included: HashMap<PathBuf, Option<Rc<Node>>>,
    /// Number of values in the tasks so far.
    values: usize,
    diagnostics: Vec<Diagnostic>,
}

/// A template that a task uses.
struct Use {
    name: Rc<str>,
    /// Where the name is written.
    span: Span,
    /// Index of the use that named it, if a template did.
    by: Option<usize>,
}

impl Expansion<'_> {
    fn task(&mut self, key: &MappingKey, node: &Rc<Node>) -> (TaskSource, Rc<Node>) {
        let mut task = TaskSource {
            name: key.text.to_string(),
            path: ConfigPath::root().key("tasks").key(&*key.text),
            priority: node.get("priority").and_then(|node| node.as_scalar()?.as_int()).unwrap_or(DEFAULT_PRIORITY),
            manual: false,
            disabled: key.text.starts_with('_'),
            templates: Vec::new(),
            broken: Vec::new(),
        };
        let Some(own) = node.as_mapping() else { return (task, Rc::clone(node)) };
        let templates = self.uses(own, &mut task);
        let mut body = own.clone();
        let mut values = node.weight();
        for (name, template) in templates {
            values = values.saturating_add(template.weight());
            if self.values.saturating_add(values) > MAX_VALUES {
                task.broken.push(
                    Diagnostic::span(
                        key.span.clone(),
                        format!("the tasks are too large: more than {MAX_VALUES} values"),
                    )
                    .help("use large templates in fewer tasks"),
                );
                return (task, Rc::clone(node));
            }
            if let Some(template) = template.as_mapping() {
                body = merge::merge(&body, template, &["template"], &mut |conflict| {
                    task.broken.push(conflict.help(format!("template `{name}`, task `{}`", task.name)));
                });
            }
            task.templates.push(name.to_string());
        }
        self.values = self.values.saturating_add(values);
        self.include(&mut body, &mut task);
        task.manual = body.get("manual").is_some_and(|node| node.as_scalar() == Some(&Scalar::Bool(true)));
        (task, Rc::new(Node::mapping(node.span().clone(), body)))
    }

    /// Returns the templates that a task uses, the strongest first.
    fn uses(&mut self, body: &Mapping, task: &mut TaskSource) -> Vec<(Rc<str>, Rc<Node>)> {
        let mut queue = names(body.get("template"), None);
        let none = body.get("template").is_some_and(|node| node.as_scalar() == Some(&Scalar::Bool(false)));
        let no_global = none || queue.iter().any(|used| &*used.name == "no_global");
        queue.retain(|used| &*used.name != "no_global");
        let global = self.templates.as_ref().and_then(|all| all.as_mapping()?.entry("global"));
        if let Some((key, _)) = global
            && !no_global
            && queue.iter().all(|used| &*used.name != "global")
        {
            queue.push(Use { name: "global".into(), span: key.span.clone(), by: None });
        }

        let mut found = Vec::new();
        for next in 0.. {
            let Some(used) = queue.get(next) else { break };
            let (name, span) = (Rc::clone(&used.name), used.span.clone());
            if next == MAX_TEMPLATES {
                task.broken.push(
                    Diagnostic::span(span, format!("more than {MAX_TEMPLATES} templates in task `{}`", task.name))
                        .help("join templates that are always used together"),
                );
                break;
            }
            let Some(template) = self.templates.as_ref().and_then(|all| all.get(&name)).cloned() else {
                task.broken.push(self.missing(&name, span, &task.name));
                continue;
            };
            for nested in names(template.get("template"), Some(next)).into_iter().take(const { MAX_TEMPLATES + 1 }) {
                if queue.iter().all(|used| used.name != nested.name) && &*nested.name != "no_global" {
                    queue.push(nested);
                } else if is_above(&queue, next, &nested.name) {
                    self.warn_of_loop(nested.span);
                }
            }
            found.push((name, template));
        }
        found
    }

    fn missing(&self, name: &str, span: Span, task: &str) -> Diagnostic {
        let known: Vec<&str> = self
            .templates
            .iter()
            .filter_map(|all| all.as_mapping())
            .flat_map(|all| all.iter().map(|(key, _)| &*key.text))
            .filter(|name| *name != "global")
            .collect();
        let near = known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .filter(|(distance, _)| *distance <= (name.chars().count() / 4).saturating_add(1))
            .min();
        let error = Diagnostic::span(span, format!("unable to find template `{name}` for task `{task}`"));
        match near {
            Some((_, near)) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("write it under `templates` at the root of the config: `{name}:`")),
        }
    }

    /// Warns of a loop among templates, once for each place.
    fn warn_of_loop(&mut self, span: Span) {
        let at = At::Span(span.clone());
        if self.diagnostics.iter().any(|said| said.severity == Severity::Warning && said.at == at) {
            return;
        }
        self.diagnostics.push(
            Diagnostic::span(span, "templates contain each other in a loop")
                .help("each of them is merged once; leave this one out")
                .severity(Severity::Warning),
        );
    }

    fn include(&mut self, body: &mut Mapping, task: &mut TaskSource) {
        for file in names(body.get("include"), None) {
            let path = self.folder.join(&*file.name);
            let known = self.included.get(&path).cloned();
            let included = known.unwrap_or_else(|| {
                let read = self.read_included(&path, &file.span, task);
                self.included.insert(path, read.clone());
                read
            });
            let Some((node, included)) = included.as_ref().and_then(|node| Some((node, node.as_mapping()?))) else {
                if task.broken.is_empty() {
                    let error = format!("the included file `{}` is not a task body", file.name);
                    task.broken
                        .push(Diagnostic::span(file.span, error).help("correct the file; its mistakes are named"));
                }
                continue;
            };
            self.values = self.values.saturating_add(node.weight());
            if self.values > MAX_VALUES {
                task.broken.push(too_large(file.span));
                return;
            }
            *body = merge::merge(body, included, &["include", "template"], &mut |conflict| {
                task.broken.push(conflict.help(format!("included file `{}`, task `{}`", file.name, task.name)));
            });
        }
    }

    fn read_included(&mut self, path: &Path, mention: &Span, task: &mut TaskSource) -> Option<Rc<Node>> {
        let node = match read_node(&mut self.sources, path) {
            Ok(node) => self.variables.fill_in(&node, &mut task.broken),
            Err(errors) => {
                task.broken.extend(at_mention(errors, &self.sources, self.folder, mention));
                return None;
            }
        };
        let Some(body) = node.as_mapping() else {
            task.broken.push(
                Diagnostic::span(node.span().clone(), "an included file holds the body of a task")
                    .help("write its plugins as `name: options` lines, without the task's name"),
            );
            return None;
        };
        for (key, _) in ["include", "template"].into_iter().filter_map(|name| body.entry(name)) {
            self.diagnostics.push(
                Diagnostic::span(key.span.clone(), format!("`{}` has no effect in an included file", key.text))
                    .help("write it in the task")
                    .severity(Severity::Warning),
            );
        }
        Some(node)
    }
}

fn too_large(span: Span) -> Diagnostic {
    Diagnostic::span(span, format!("the tasks are too large: more than {MAX_VALUES} values"))
        .help("use large templates and files in fewer tasks")
}

/// Returns the names in a `template` or `include`: one, or a list of them.
fn names(node: Option<&Rc<Node>>, by: Option<usize>) -> Vec<Use> {
    let Some(node) = node else { return Vec::new() };
    let nodes = node.as_sequence().unwrap_or(std::slice::from_ref(node));
    let one = |node: &Rc<Node>| Some(Use { name: node.as_str()?.into(), span: node.span().clone(), by });
    nodes.iter().filter_map(one).collect()
}

/// Returns whether `name` is the template at `at` in the queue or one of those that led to it.
fn is_above(queue: &[Use], at: usize, name: &str) -> bool {
    std::iter::successors(queue.get(at), |used| queue.get(used.by?)).any(|used| &*used.name == name)
}

#[cfg(test)]
mod tests;
