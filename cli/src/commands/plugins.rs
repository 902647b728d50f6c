//! `plugins`: prints the plugins, or the manual of one.

use std::cmp::Reverse;

use flexget_core::config::schema;
use flexget_core::document::{Document, Node};
use flexget_core::plugin::command::{Format, Table};
use flexget_core::plugin::manual;
use flexget_core::plugin::registration::Registration;
use flexget_core::plugin::registry;
use flexget_core::task::phase::Phase;
use flexget_core::task::step::DEFAULT_PRIORITY;
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::FormatOption;
use crate::arguments::{resolve, words};
use crate::candidates;
use crate::exit;
use crate::render::printable::{Printable, STRONG};
use crate::session::{CommandError, Exit, Session};
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
    pub(crate) fn run(&self, session: &Session) -> Exit {
        let format = self.format.format();
        session.use_scripts();
        match &self.name {
            None => all(format, session),
            Some(name) => {
                let registration = registry::find(name).ok_or_else(|| CommandError::usage(unknown_plugin(name)))?;
                one(registration, format, session);
            }
        }
        Ok(exit::SUCCESS)
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
        data["options"] = json!(options(registration.name));
        data["fields"] = json!(fields(registration));
        data["schema"] = schema::plugin(registration.name).into();
        session.console.json(&data);
        return;
    }
    let manual = manual::manual(registration.name).unwrap_or_default();
    session.console.manual(&manual);
    let options = options(registration.name);
    if !options.is_empty() {
        session.console.line(&Printable::styled(STRONG, "Options:"));
    }
    for option in options {
        let mut about = option.about;
        if !option.words.is_empty() {
            about.push_str(&format!(" One of: {}.", option.words.join(", ")));
        }
        let mut details = option.kind;
        if option.required {
            details.push_str(", required");
        }
        if let Some(default) = &option.default {
            let default = match default {
                Value::Bool(true) => "yes".to_owned(),
                Value::Bool(false) => "no".to_owned(),
                Value::String(word) => word.clone(),
                other => other.to_string(),
            };
            details.push_str(&format!(", default: {default}"));
        }
        let line = Printable::line("  ").style(STRONG, &option.name).text(format_args!(" ({details}): {about}"));
        session.console.data(&line.wrapped(session.console.width(), 6));
    }
    let fields = fields(registration);
    if !fields.is_empty() {
        let line = Printable::styled(STRONG, "Fields that it gives:").text(format_args!(" {}", fields.join(", ")));
        session.console.line(&line);
    }
}

/// Returns the names of the fields that a plugin can give to entries.
fn fields(registration: &Registration) -> Vec<&'static str> {
    (registration.gives)().iter().map(|field| field.name).collect()
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
    phases.sort_by_key(|(phase, priority)| (*phase, Reverse(*priority)));
    phases.dedup();
    phases.into_iter().map(|(phase, priority)| format!("{phase}({priority})")).collect()
}

/// An option of a plugin.
#[derive(Serialize)]
struct PluginOption {
    name: String,
    /// The type of its values, in words.
    #[serde(rename = "type")]
    kind: String,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    /// The words that it may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    words: Vec<String>,
    about: String,
}

/// Returns the options of a plugin, as its schema describes them.
fn options(name: &str) -> Vec<PluginOption> {
    let mut options = Vec::new();
    if let Some(schema) = schema::plugin(name) {
        collect(&schema, &schema, &mut options);
    }
    options
}

fn collect(root: &Value, schema: &Value, options: &mut Vec<PluginOption>) {
    let schema = resolve(root, schema);
    for (name, option) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if options.iter().any(|known| known.name == *name) {
            continue;
        }
        let target = resolve(root, option);
        let described = option.get("description").or_else(|| target.get("description"));
        let required = schema.get("required").and_then(Value::as_array);
        options.push(PluginOption {
            name: name.clone(),
            kind: kind(root, option),
            required: required.is_some_and(|required| required.iter().any(|one| one == name)),
            default: option.get("default").filter(|default| !default.is_null()).cloned(),
            words: words(target).into_iter().map(|(word, _)| word.to_owned()).collect(),
            about: described.and_then(Value::as_str).map(manual::first_paragraph).unwrap_or_default(),
        });
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

/// Returns the type of an option's values in words: `text`, `whole number or percentage`.
fn kind(root: &Value, schema: &Value) -> String {
    match schema.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next()) {
        Some("list") => return "a list".to_owned(),
        Some("input") => return "an input".to_owned(),
        Some("plugins") => return "plugins".to_owned(),
        _ => {}
    }
    let schema = resolve(root, schema);
    let branches = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array());
    if let Some(branches) = branches {
        let mut kinds: Vec<String> = branches.iter().map(|branch| kind(root, branch)).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => match format {
            "expression" => "condition",
            "template" => "template",
            "regex" => "regular expression",
            "percent" => "percentage",
            "interval" => "interval, such as `5 days`",
            _ if schema.get("const").or_else(|| schema.get("enum")).is_some() => "word",
            _ => "text",
        }
        .to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "yes or no".to_owned(),
        Some("array") => match schema.get("items") {
            Some(items) => format!("sequence of {}", kind(root, items)),
            None => "sequence".to_owned(),
        },
        Some("object") => "mapping".to_owned(),
        _ if schema.get("enum").or_else(|| schema.get("const")).is_some() => "word".to_owned(),
        _ => "any value".to_owned(),
    }
}
