//! `plugins`: prints the plugins, or the manual of one.

use flexget_core::config::schema;
use flexget_core::document::{Document, Node};
use flexget_core::plugin::command::{Format, Table};
use flexget_core::plugin::manual;
use flexget_core::plugin::registration::Registration;
use flexget_core::plugin::registry;
use flexget_core::task::phase::Phase;
use flexget_core::task::step::DEFAULT_PRIORITY;
use serde_json::{Value, json};

use crate::args::FormatOption;
use crate::candidates;
use crate::exit;
use crate::render::printable::Printable;
use crate::session::Session;
use crate::unknown_plugin::unknown_plugin;

/// Print the plugins, or the manual of one
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Plugins {
    /// Plugin whose manual to print
    #[arg(add = candidates::plugins())]
    pub name: Option<String>,
    /// The output format.
    #[command(flatten)]
    pub format: FormatOption,
}

impl Plugins {
    /// Prints all plugins, or the manual of one.
    pub(crate) fn run(&self, session: &Session) -> u8 {
        let format = self.format.format();
        session.use_scripts();
        let Some(name) = &self.name else {
            all(format, session);
            return exit::SUCCESS;
        };
        match registry::find(name) {
            Some(registration) => {
                one(registration, format, session);
                exit::SUCCESS
            }
            None => session.fail(&unknown_plugin(name), format, exit::USAGE),
        }
    }
}

fn all(format: Format, session: &Session) {
    let registrations = registry::all().values();
    if format == Format::Json {
        session.console.json(&registrations.map(|registration| data(registration)).collect::<Value>());
        return;
    }
    let mut table = Table::new(&["Name", "Phases", "Description"]);
    for registration in registrations {
        let what = summary(registration);
        let what = match (registration.is_list(), registration.builtin) {
            (true, _) => format!("{what} (list)"),
            (_, true) => format!("{what} (in every task)"),
            _ => what,
        };
        table.row([registration.name.to_owned(), phases(registration).join(" "), what]);
    }
    session.console.table(&table);
}

fn one(registration: &Registration, format: Format, session: &Session) {
    if format == Format::Json {
        let mut data = data(registration);
        data["manual"] = manual::manual(registration.name).into();
        data["schema"] = schema::plugin(registration.name).into();
        session.console.json(&data);
        return;
    }
    let manual = manual::manual(registration.name).unwrap_or_default();
    session.console.manual(&manual);
    let options = options(registration.name);
    if !options.is_empty() {
        session.console.line(&Printable::line("Options:"));
        for (name, about) in options {
            session.console.line(&Printable::line(format_args!("  {name}: {about}")));
        }
    }
}

fn data(registration: &Registration) -> Value {
    json!({
        "name": registration.name,
        "summary": summary(registration),
        "phases": phases(registration),
        "list": registration.is_list(),
        "input": registration.input,
        "builtin": registration.builtin,
    })
}

fn summary(registration: &Registration) -> String {
    let paragraph =
        manual::manual(registration.name).map(|manual| manual::first_paragraph(&manual)).unwrap_or_default();
    paragraph.split_once(". ").map_or(paragraph.clone(), |(first, _)| format!("{first}."))
}

/// Returns the phases and priorities of the plugin's example, such as `filter(128)`.
///
/// Other options may have others.
fn phases(registration: &Registration) -> Vec<String> {
    let example = manual::manual(registration.name).and_then(|manual| manual::example(&manual)).unwrap_or_default();
    let example = Document::parse("example", &example).ok();
    let options = example.as_ref().and_then(|example| example.root().get(registration.name));
    if registration.is_list() {
        // A list is an input, and its examples show what else can be done with it.
        return vec![format!("{}({})", Phase::Input, DEFAULT_PRIORITY)];
    }
    let steps = options
        .map_or_else(|| registration.bind(&Node::yes()), |options| registration.bind(options))
        .unwrap_or_default();
    let mut phases: Vec<(Phase, i32)> = steps.iter().map(|step| (step.phase, step.priority)).collect();
    phases.sort_by_key(|(phase, priority)| (*phase, -priority));
    phases.dedup();
    phases.into_iter().map(|(phase, priority)| format!("{phase}({priority})")).collect()
}

/// Returns the options of a plugin, each with the description in its schema.
fn options(name: &str) -> Vec<(String, String)> {
    let mut options = Vec::new();
    if let Some(schema) = schema::plugin(name) {
        collect(&schema, &schema, &mut options);
    }
    options
}

fn collect(root: &Value, schema: &Value, options: &mut Vec<(String, String)>) {
    let schema = resolve(root, schema);
    for (name, option) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if options.iter().any(|(known, _)| known == name) {
            continue;
        }
        let described = option.get("description").or_else(|| resolve(root, option).get("description"));
        let mut about = described.and_then(Value::as_str).map(manual::first_paragraph).unwrap_or_default();
        let words: Vec<&str> = words(resolve(root, option));
        if !words.is_empty() {
            about.push_str(&format!(" One of: {}.", words.join(", ")));
        }
        match option.get("default") {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(Value::String(default)) => about.push_str(&format!(" Default: {default}.")),
            Some(default) => about.push_str(&format!(" Default: {default}.")),
        }
        let required = schema.get("required").and_then(Value::as_array);
        if required.is_some_and(|required| required.iter().any(|one| one == name)) {
            about.push_str(" Required.");
        }
        options.push((name.clone(), about));
    }
    for branches in ["anyOf", "oneOf"] {
        for branch in schema.get(branches).and_then(Value::as_array).into_iter().flatten() {
            collect(root, branch, options);
        }
    }
    if let Some(items) = schema.get("items") {
        collect(root, items, options);
    }
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|target| root.pointer(target)).unwrap_or(schema)
}

fn words(schema: &Value) -> Vec<&str> {
    let named = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let branches = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    named.chain(branches.filter_map(|branch| branch.get("const"))).filter_map(Value::as_str).collect()
}
