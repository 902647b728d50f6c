//! The description of a script: the YAML in its first comment.

use std::path::Path as File;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::protocol::VERSION;
use super::{ListDescription, Question, Script, ScriptKind, ScriptService};
use crate::document::diagnostic::{At, Path, Problem};
use crate::document::{Document, Node, read};
use crate::task::phase::Phase;
use crate::task::step::DEFAULT_PRIORITY;

/// The mark at the beginning of a description, after the characters of the comment.
const BEGIN: &str = "/// flexget";

/// The mark at its end.
const END: &str = "///";

/// How long a process may take if the description does not say it.
const LIMIT: u64 = 60;

/// The description as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "version")]
    version: u64,
    about: String,
    phase: Option<Phase>,
    list: Option<OptionsOrYes>,
    #[serde(default)]
    input: bool,
    offers: Option<Vec<String>>,
    options: Option<Node>,
    priority: Option<i32>,
    timeout: Option<u64>,
    #[serde(default)]
    asks: Vec<Question>,
    service: Option<ScriptService>,
}

/// The options of a list, or `yes`.
#[derive(Deserialize)]
#[serde(untagged)]
enum OptionsOrYes {
    Yes(bool),
    Options(ListDescription),
}

fn version() -> u64 {
    VERSION
}

/// The text of a description, and the line on which it begins.
pub(super) struct Text {
    yaml: String,
    line: usize,
}

impl Text {
    /// Returns the line of the file that a line of the description is.
    fn line_of(&self, line: usize) -> usize {
        self.line.saturating_add(line).saturating_sub(1)
    }
}

/// Finds the description in the text of a script.
pub(super) fn find(text: &str) -> Option<Text> {
    let mut lines = text.lines().enumerate();
    let (at, prefix) = lines.find_map(|(at, line)| {
        let prefix = line.trim_end().strip_suffix(BEGIN)?;
        (!prefix.trim().is_empty() && prefix.trim().len() <= 2).then_some((at, prefix.trim()))
    })?;
    let mut yaml = String::new();
    for (_, line) in lines {
        // A line that is no comment ends it, too.
        let Some(rest) = line.trim_start().strip_prefix(prefix) else { break };
        if rest.trim() == END {
            break;
        }
        yaml.push_str(rest.strip_prefix(' ').unwrap_or(rest));
        yaml.push('\n');
    }
    Some(Text { yaml, line: at.saturating_add(2) })
}

/// Reads the description of the script with this name.
///
/// # Errors
/// What is wrong with it, with the line of the file.
pub(super) fn read(name: &str, file: &File, text: &Text) -> Result<Script, Problem> {
    let shown = file.display().to_string();
    let wrong = |line: usize, message: &str| {
        Problem::at(Path::root(), format!("the description of the script is wrong: {message} ({shown}:{line})"))
            .help("`docs/scripts.md` says what stands in it")
    };
    let document = Document::parse(&shown, &text.yaml).map_err(|unreadable| {
        let first = unreadable.diagnostics.first();
        let line = first.and_then(|first| match &first.at {
            At::Span(span) => Some(unreadable.sources.location(span).line),
            _ => None,
        });
        wrong(text.line_of(line.unwrap_or(1)), first.map_or("it is no YAML", |first| &first.message))
    })?;
    let line_of = |at: &Path| text.line_of(document.locate(&At::Key(at.clone())).line);
    let written: Written = read::read(document.root()).map_err(|problems| match problems.first() {
        Some(first) => wrong(line_of(&first.path), &first.message),
        None => wrong(text.line, "it cannot be read"),
    })?;
    let at = |key: &str| line_of(&Path::root().key(key));
    if written.version != VERSION {
        let message = format!("version {} of the protocol is not known, only {VERSION}", written.version);
        return Err(wrong(at("version"), &message));
    }
    if written.about.trim().is_empty() {
        return Err(wrong(at("about"), "`about` is empty"));
    }
    let options = match &written.options {
        Some(options) => serde_json::to_value(options).unwrap_or_default(),
        None => json!({ "type": "object" }),
    };
    let options = strict(options).map_err(|message| wrong(at("options"), &message))?;
    let kinds = [written.phase.is_some(), written.list.is_some(), written.input, written.offers.is_some()];
    if kinds.iter().filter(|is| **is).count() != 1 {
        return Err(wrong(text.line, "exactly one of `phase`, `list`, `input` and `offers` must stand in it"));
    }
    let kind = match (written.phase, written.list, written.offers) {
        (Some(phase), ..) if matches!(phase, Phase::Metainfo | Phase::Filter | Phase::Modify | Phase::Output) => {
            ScriptKind::Phase(phase)
        }
        (Some(phase), ..) => {
            let message = format!("a script cannot run in the phase `{phase}`: metainfo, filter, modify, output");
            return Err(wrong(at("phase"), &message));
        }
        (_, Some(OptionsOrYes::Options(list)), _) => ScriptKind::List(list),
        (_, Some(OptionsOrYes::Yes(true)), _) => {
            let text = json!({});
            ScriptKind::List(ListDescription::deserialize(text).map_err(|error| wrong(at("list"), &error.to_string()))?)
        }
        (_, Some(OptionsOrYes::Yes(false)), _) => return Err(wrong(at("list"), "write `list: yes`")),
        (_, _, Some(fields)) if fields.is_empty() => return Err(wrong(at("offers"), "`offers` names no field")),
        (_, _, Some(fields)) => ScriptKind::Lookup(fields.into_iter().map(|field| &*field.leak()).collect()),
        _ => ScriptKind::Input,
    };
    if written.asks.contains(&Question::Fields) && !matches!(kind, ScriptKind::Phase(_)) {
        return Err(wrong(at("asks"), "only a script with a `phase` can ask for `fields`"));
    }
    Ok(Script {
        name: name.to_owned(),
        file: file.to_path_buf(),
        about: written.about.trim().to_owned(),
        kind,
        options,
        priority: written.priority.unwrap_or(DEFAULT_PRIORITY),
        limit: Duration::from_secs(written.timeout.unwrap_or(LIMIT).max(1)),
        asks: written.asks,
        service: written.service,
    })
}

/// Returns a schema of options that refuses unknown keys where it names the known ones.
///
/// # Errors
/// It is no JSON Schema that can be part of the config's.
fn strict(mut schema: Value) -> Result<Value, String> {
    if !schema.is_object() {
        return Err("`options` is a JSON Schema, which is a mapping".to_owned());
    }
    forbid_unknown_keys(&mut schema)?;
    // That of 2020-12 takes too long to prepare for what it finds besides.
    let compiled = jsonschema::options().with_draft(jsonschema::Draft::Draft4).build(&schema);
    match compiled {
        Ok(_) => Ok(schema),
        Err(error) => Err(format!("`options` is no JSON Schema: {error} at `{}`", error.instance_path())),
    }
}

fn forbid_unknown_keys(schema: &mut Value) -> Result<(), String> {
    match schema {
        Value::Object(object) => {
            if object.contains_key("$ref") {
                return Err("`options` cannot refer to other schemas with `$ref`".to_owned());
            }
            if object.get("type").is_some_and(|kind| kind == "object") && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".to_owned(), false.into());
            }
            object.values_mut().try_for_each(forbid_unknown_keys)
        }
        Value::Array(items) => items.iter_mut().try_for_each(forbid_unknown_keys),
        _ => Ok(()),
    }
}
