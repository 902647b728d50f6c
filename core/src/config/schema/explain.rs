//! Validation errors, explained in the user's words.

mod expression;
mod placement;
mod wording;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::document::diagnostic::{Diagnostic, Path, Segment};
use crate::plugin::manual::first_paragraph;
use crate::plugin::registry;
pub(in crate::config) use placement::{ACCOUNT, PLUGINS};
use placement::{
    filled, form, form_of_plugin, holds_tasks, option_of_lists, option_with_word, place_in_a_task, rules_beside,
};
use wording::{
    OFF, add_types, alternatives, bad_format, lower_first, shown, type_names, with_format_help, with_suggestion,
    with_way_out,
};

/// Something that the check of a config found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An error in the config.
    Invalid(Diagnostic),
    /// A plugin that only FlexGet has.
    Missing(Missing),
}

/// A plugin that a task names and that only FlexGet has (or had).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The plugin.
    pub plugin: String,
    /// Where it stands.
    pub path: Path,
}

/// Returns the findings, each once.
pub(super) fn findings<'a>(
    schema: &Value,
    config: &Value,
    errors: impl Iterator<Item = ValidationError<'a>>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let errors: Vec<ValidationError<'static>> = errors.map(ValidationError::to_owned).collect();
    let mut flat = Vec::new();
    errors.iter().for_each(|error| flatten(schema, error, &mut flat));
    // Options that are not indented deep enough make the plugin's options `null` and themselves
    // unknown plugins: that is one mistake, not four.
    let shallow: Vec<Path> = flat
        .iter()
        .filter(|error| matches!(error.kind(), ValidationErrorKind::MaxProperties { .. }) && is_plugins(schema, error))
        .map(|error| path(config, error))
        .collect();
    let without_options: Vec<Path> = flat.iter().flat_map(|error| plugins_beside(schema, config, error)).collect();
    for error in &flat {
        let at = path(config, error);
        // Its options stand beside it.
        if without_options.contains(&at) {
            continue;
        }
        let is_shallow = matches!(error.kind(), ValidationErrorKind::MaxProperties { .. }) && shallow.contains(&at);
        if !is_shallow && shallow.iter().any(|shallow| at.0.starts_with(&shallow.0)) {
            continue;
        }
        for finding in explain(schema, error, at) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    findings
}

/// Flattens errors of alternatives into those of the only alternative that the value could mean.
fn flatten<'a>(schema: &Value, error: &'a ValidationError<'static>, into: &mut Vec<&'a ValidationError<'static>>) {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        into.push(error);
        return;
    };
    let here = error.instance_path().as_str().to_owned();
    let meant: Vec<&Vec<ValidationError<'static>>> =
        context.iter().filter(|branch| !branch.iter().any(|error| is_of_another_kind(error, &here))).collect();
    let named: Vec<_> =
        meant.iter().copied().filter(|branch| !branch.iter().any(|error| rejects_keys(error, &here))).collect();
    match if meant.len() > 1 && named.len() == 1 { named } else { meant }.as_slice() {
        [only] if own_message(schema, error).is_none() && word_within(error.instance(), context).is_none() => {
            only.iter().for_each(|error| flatten(schema, error, into));
        }
        _ => into.push(error),
    }
}

/// Returns whether the keys of the value are those of another alternative.
fn rejects_keys(error: &ValidationError<'static>, here: &str) -> bool {
    let is_about_keys =
        matches!(error.kind(), ValidationErrorKind::AdditionalProperties { .. } | ValidationErrorKind::Required { .. });
    is_about_keys && error.instance_path().as_str() == here
}

/// Returns whether the value cannot be meant for this alternative, because its type is another.
fn is_of_another_kind(error: &ValidationError<'static>, here: &str) -> bool {
    match error.kind() {
        _ if error.instance_path().as_str() != here => false,
        ValidationErrorKind::Type { .. } | ValidationErrorKind::Constant { .. } => true,
        ValidationErrorKind::Enum { .. } => !error.instance().is_string(),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            !error.instance().is_string()
                && context.iter().all(|branch| branch.iter().any(|error| is_of_another_kind(error, here)))
        }
        _ => false,
    }
}

/// Returns the place of an error.
///
/// Its pointer alone does not say whether `7` is the number of an item or a key.
fn path(config: &Value, error: &ValidationError<'_>) -> Path {
    let mut place = Some(config);
    let mut path = Path::root();
    for segment in error.instance_path().as_str().split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let (next, segment) = match (place, name.parse()) {
            (Some(Value::Array(items)), Ok(index)) => (items.get(index), Segment::Index(index)),
            _ => (place.and_then(|place| place.get(&name)), Segment::Key(name)),
        };
        place = next;
        path = path.with(segment);
    }
    path
}

/// Returns the schema object that the failing keyword stands in.
fn parent<'a>(schema: &'a Value, error: &ValidationError<'_>) -> Option<&'a Value> {
    let pointer = error.schema_path().as_str();
    schema.pointer(&pointer[..pointer.rfind('/')?])
}

fn own_message(schema: &Value, error: &ValidationError<'_>) -> Option<String> {
    parent(schema, error)?.get(format!("error_{}", error.kind().keyword()))?.as_str().map(str::to_owned)
}

fn own_help(schema: &Value, error: &ValidationError<'_>) -> Option<String> {
    parent(schema, error)?.get(format!("help_{}", error.kind().keyword()))?.as_str().map(str::to_owned)
}

fn is_plugins(schema: &Value, error: &ValidationError<'_>) -> bool {
    parent(schema, error).is_some_and(|schema| schema.get(PLUGINS).is_some())
}

fn explain(schema: &Value, error: &ValidationError<'_>, at: Path) -> Vec<Finding> {
    let instance = error.instance().as_ref();
    let place = at.clone();
    let diagnostic = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            // `name: no` means "not here", which is true of a plugin that this program does not
            // have.
            let is_off = |key: &str| {
                is_plugins(schema, error)
                    && instance.get(key) == Some(&Value::Bool(false))
                    && registry::unsupported(key).is_some_and(|unsupported| !unsupported.needed_when_off)
            };
            let unexpected = unexpected.iter().filter(|key| !is_off(key));
            let beside = |key: &str| plugin_beside(schema, error, key);
            let (options, others): (Vec<&String>, Vec<_>) = unexpected.partition(|key| beside(key).is_some());
            let mut findings: Vec<Finding> =
                others.into_iter().map(|key| unknown_key(schema, error, &at, key)).collect();
            let mut plugins: Vec<&str> = options.iter().filter_map(|key| beside(key)).collect();
            plugins.dedup();
            for plugin in plugins {
                let own: Vec<&String> = options.iter().copied().filter(|key| beside(key) == Some(plugin)).collect();
                findings.push(options_beside(&at, plugin, &own));
            }
            return findings;
        }
        ValidationErrorKind::MaxProperties { .. } if is_plugins(schema, error) => {
            let plugin = instance.as_object().and_then(|map| map.keys().next()).map_or("the plugin", String::as_str);
            Diagnostic::value(
                at,
                format!("the options of `{plugin}` must be indented 2 more spaces than the first letter of `{plugin}`"),
            )
            .help(format!(
                "write `- {plugin}:` on a line of its own, and its options below it, deeper than its first letter"
            ))
        }
        // The tasks are there, in the wrong place.
        ValidationErrorKind::Required { .. } if at.0.is_empty() && holds_tasks(instance) => return Vec::new(),
        ValidationErrorKind::Required { property } if is_misspelt(schema, error, &[property]) => return Vec::new(),
        ValidationErrorKind::AnyOf { context } if is_misspelt(schema, error, &required(context)) => return Vec::new(),
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let diagnostic = Diagnostic::key(at, format!("`{name}` is a required property"));
            match described(schema, error, name) {
                Some(what) => diagnostic.help(format!("add `{name}`: {what}")),
                None => diagnostic,
            }
        }
        ValidationErrorKind::Type { kind } => {
            let names = type_names(kind);
            let message = format!("got `{}`, expected: {}", shown(instance), alternatives(&names));
            let diagnostic = Diagnostic::value(at, message);
            match parent(schema, error).and_then(|place| form(schema, place, instance)) {
                Some(help) => diagnostic.help(help),
                None => with_way_out(diagnostic, instance, &names),
            }
        }
        ValidationErrorKind::Enum { options } => {
            let key = at.0.last().cloned();
            let words = || options.as_array().into_iter().flatten();
            let diagnostic = one_of(at, instance, words());
            match key {
                Some(Segment::Key(key)) if words().any(|word| *word == key) => {
                    diagnostic.help(format!("write it the other way round: `{}: {key}`", shown(instance)))
                }
                _ => diagnostic,
            }
        }
        ValidationErrorKind::Constant { expected_value } => {
            Diagnostic::value(at, format!("got `{}`, expected: {}", shown(instance), shown(expected_value)))
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            if let Some(plugin) = plugin_of_flexget(instance, context) {
                return vec![Finding::Missing(Missing { path: at.key(&plugin), plugin })];
            }
            if let Some(word) = word_within(instance, context) {
                let help = match at.0.last() {
                    Some(Segment::Key(key)) => format!("write `{key}: {word}`"),
                    _ => format!("write `{word}`"),
                };
                let message = format!("`{word}` stands within a mapping, where only plugins do");
                return vec![Finding::Invalid(Diagnostic::value(at, message).help(help))];
            }
            // Words that each have a description of their own are alternatives, not an `enum`.
            let word = |error: &ValidationError<'static>| match error.kind() {
                ValidationErrorKind::Constant { expected_value } => Some(expected_value.as_ref().clone()),
                _ => None,
            };
            let words: Option<Vec<Value>> = context.iter().map(|branch| branch.iter().find_map(word)).collect();
            let here = error.instance_path().as_str();
            let mut types = Vec::new();
            add_types(context, here, &mut types);
            types.sort_unstable();
            types.dedup();
            // `no` stands for "not here" before every plugin: it is no form that the value could
            // have been meant for.
            if types.len() > 1 && types.contains(&OFF) {
                types.retain(|kind| *kind != OFF);
            }
            if let Some(words) = words {
                one_of(at, instance, words.iter())
            } else if context.iter().all(|branch| branch.iter().any(|error| error.instance_path().as_str() == here))
                && !types.is_empty()
            {
                let message = format!("got `{}`, expected: {}", shown(instance), alternatives(&types));
                let help = form_of_plugin(schema, &at, instance);
                let diagnostic = Diagnostic::value(at, message);
                match help {
                    Some(help) => diagnostic.help(help),
                    None => with_way_out(diagnostic, instance, &types),
                }
            } else {
                Diagnostic::key(at, format!("`{}` is not valid under any of the given schemas", shown(instance)))
            }
        }
        ValidationErrorKind::Format { format } => {
            let text = instance.as_str().unwrap_or_default();
            with_format_help(Diagnostic::value(at, bad_format(format, text)), format, text)
        }
        // Of a key only its text is known: the place is that of the mapping, and the key is found
        // below it.
        ValidationErrorKind::PropertyNames { error: of_key } => {
            let key = of_key.instance().as_str().unwrap_or_default().to_owned();
            let message = match of_key.kind() {
                ValidationErrorKind::Format { format } => bad_format(format, &key),
                _ => format!("the key `{key}` is not valid here"),
            };
            let diagnostic = Diagnostic::key(at.key(&*key), message);
            match of_key.kind() {
                ValidationErrorKind::Format { format } => with_format_help(diagnostic, format, &key),
                _ => diagnostic,
            }
        }
        ValidationErrorKind::Pattern { pattern } => {
            Diagnostic::value(at, format!("`{}` does not match `{pattern}`", shown(instance)))
        }
        ValidationErrorKind::Minimum { limit } => {
            Diagnostic::value(at, format!("`{}` is less than the minimum of {limit}", shown(instance)))
        }
        ValidationErrorKind::Maximum { limit } => {
            Diagnostic::value(at, format!("`{}` is greater than the maximum of {limit}", shown(instance)))
        }
        ValidationErrorKind::MinItems { .. } | ValidationErrorKind::MinProperties { .. } => {
            Diagnostic::value(at, "should be non-empty".to_owned())
        }
        ValidationErrorKind::MinLength { limit: 1 } => Diagnostic::value(at, "should be non-empty".to_owned()),
        ValidationErrorKind::UniqueItems => Diagnostic::value(at, "has non-unique elements".to_owned()),
        _ => Diagnostic::value(at, lower_first(&error.to_string())),
    };
    let diagnostic = match own_message(schema, error) {
        Some(message) => Diagnostic { message, at: crate::document::diagnostic::At::Key(place), ..diagnostic },
        None => diagnostic,
    };
    let help = own_help(schema, error).and_then(|help| filled(&help, instance));
    vec![Finding::Invalid(match help {
        Some(help) => Diagnostic { help: vec![help], ..diagnostic },
        None => diagnostic,
    })]
}

/// Returns the word that a mapping with one key holds, if it is meant instead of the mapping.
///
/// `{ action: reject }` and `{ reject: yes }` are meant to be `reject`.
fn word_within<'i>(instance: &'i Value, context: &[Vec<ValidationError<'static>>]) -> Option<&'i str> {
    let (key, value) = instance.as_object().filter(|object| object.len() == 1)?.iter().next()?;
    let is_word = |word: &str| {
        context.iter().flatten().any(|error| match error.kind() {
            ValidationErrorKind::Enum { options } => {
                options.as_array().is_some_and(|options| options.iter().any(|option| option == word))
            }
            _ => false,
        })
    };
    let own = value.as_bool().and(Some(key.as_str()));
    value.as_str().or(own).filter(|word| is_word(word) && registry::find(key).is_none())
}

/// Returns the only key of a value, if no alternative has it and it is a plugin of FlexGet.
fn plugin_of_flexget(instance: &Value, context: &[Vec<ValidationError<'static>>]) -> Option<String> {
    let mut keys = instance.as_object().filter(|object| object.len() == 1)?.keys();
    let key = keys.next().filter(|key| registry::unsupported(key).is_some())?;
    let rejects = |branch: &Vec<ValidationError<'static>>| {
        branch.iter().any(|error| matches!(error.kind(), ValidationErrorKind::AdditionalProperties { .. }))
    };
    context.iter().all(rejects).then(|| key.clone())
}

/// Returns the properties that alternatives ask for which ask for nothing else.
fn required<'a>(context: &'a [Vec<ValidationError<'static>>]) -> Vec<&'a Value> {
    let property = |branch: &'a Vec<ValidationError<'static>>| match branch.as_slice() {
        [only] => match only.kind() {
            ValidationErrorKind::Required { property } => Some(property),
            _ => None,
        },
        _ => None,
    };
    context.iter().filter_map(property).collect()
}

/// Returns whether an unknown key is probably a misspelling of one of the missing ones.
fn is_misspelt(schema: &Value, error: &ValidationError<'_>, missing: &[&Value]) -> bool {
    let (Some(place), Some(instance)) = (parent(schema, error), error.instance().as_object()) else { return false };
    let Some(known) = place.get("properties").and_then(Value::as_object) else { return false };
    let missing: Vec<&str> = missing.iter().filter_map(|name| name.as_str()).collect();
    let renamed = |key: &str, name: &str| {
        let note = place.pointer(&format!("/x-renamed/{key}")).and_then(Value::as_str);
        note.is_some_and(|note| note.contains(&format!("called `{name}` now")))
    };
    instance.keys().filter(|key| !known.contains_key(*key)).any(|key| {
        let near = registry::similar(key, known.keys().map(String::as_str));
        missing.iter().any(|name| near.contains(name) || renamed(key, name))
    })
}

/// Returns the schema's description of a property, as the end of a sentence.
fn described(schema: &Value, error: &ValidationError<'_>, property: &str) -> Option<String> {
    let said = parent(schema, error)?.get("properties")?.get(property)?.get("description")?.as_str()?;
    let paragraph = first_paragraph(said);
    Some(lower_first(paragraph.split(". ").next().unwrap_or_default().trim_end_matches('.')))
}

fn one_of<'a>(at: Path, instance: &Value, options: impl Iterator<Item = &'a Value>) -> Diagnostic {
    let options: Vec<String> = options.map(shown).collect();
    let near =
        instance.as_str().map(|text| registry::similar(text, options.iter().map(String::as_str))).unwrap_or_default();
    with_suggestion(Diagnostic::value(at, format!("must be one of the following: {}", options.join(", "))), &near)
}

fn unknown_key(schema: &Value, error: &ValidationError<'_>, at: &Path, key: &str) -> Finding {
    let place = parent(schema, error);
    let instance = error.instance().as_ref();
    let path = at.key(key);
    let known: Vec<&str> = place
        .and_then(|place| place.get("properties"))
        .and_then(Value::as_object)
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let near = registry::similar(key, known.iter().copied());
    if !is_plugins(schema, error) {
        let mut diagnostic = Diagnostic::key(path, format!("the key `{key}` is not valid here"));
        if let Some(note) = place.and_then(|place| place.pointer(&format!("/x-renamed/{key}"))).and_then(Value::as_str)
        {
            diagnostic = diagnostic.help(note);
        } else if at.0.is_empty() && key.starts_with('_') {
            diagnostic =
                diagnostic.help("write anchors under `templates`: keys there that begin with `_` are not read");
        } else if let Some(help) =
            place_in_a_task(key, instance.get(key).unwrap_or(&Value::Null)).filter(|_| at.0.is_empty())
        {
            return Finding::Invalid(diagnostic.help(help));
        } else if let Some(option) = place.and_then(|place| option_with_word(place, key)) {
            return Finding::Invalid(diagnostic.help(format!("write `{option}: {key}`")));
        } else if let Some(option) = place.and_then(|place| option_of_lists(place, key)) {
            return Finding::Invalid(
                diagnostic.help(format!("`{key}` is a plugin: write it below `{option}:`, behind `- `")),
            );
        } else if near.is_empty() && !known.is_empty() {
            diagnostic = diagnostic.help(format!("valid keys: {}", known.join(", ")));
        }
        return Finding::Invalid(with_suggestion(diagnostic, &near));
    }
    if registry::unsupported(key).is_some() {
        return Finding::Missing(Missing { plugin: key.to_owned(), path });
    }
    let message = match registry::find(key) {
        Some(_) => {
            let diagnostic = Diagnostic::key(path, format!("`{key}` cannot be used here"));
            return Finding::Invalid(diagnostic.help(format!("what can: {}", known.join(", "))));
        }
        None => format!("the key `{key}` is not valid here: only known plugin names are valid keys"),
    };
    if let Some(plugin) = rules_beside(schema, instance) {
        let help = format!("if it is a rule of `{plugin}`, write it below that key, indented more and behind `- `");
        return Finding::Invalid(Diagnostic::key(path, message).help(help));
    }
    let diagnostic = with_suggestion(Diagnostic::key(path, message), &near);
    Finding::Invalid(if near.is_empty() {
        diagnostic.help("`flexget-rs plugins` shows the plugins that there are")
    } else {
        diagnostic
    })
}

/// Returns the finding about options that stand beside their plugin.
fn options_beside(at: &Path, plugin: &str, options: &[&String]) -> Finding {
    let names = options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(", ");
    let message = format!("the options of `{plugin}` stand beside it: {names}");
    let help = format!("indent them below `{plugin}`, with two more spaces");
    Finding::Invalid(Diagnostic::key(at.key(plugin), message).help(help))
}

/// Returns the places of plugins without options whose options stand beside them.
fn plugins_beside(schema: &Value, config: &Value, error: &ValidationError<'_>) -> Vec<Path> {
    let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() else { return Vec::new() };
    let plugins = unexpected.iter().filter_map(|key| plugin_beside(schema, error, key));
    plugins.map(|plugin| path(config, error).key(plugin)).collect()
}

/// Returns the plugin without options beside which one of its options stands.
fn plugin_beside<'e>(schema: &Value, error: &'e ValidationError<'_>, option: &str) -> Option<&'e str> {
    if !is_plugins(schema, error) || registry::unsupported(option).is_some() || registry::find(option).is_some() {
        return None;
    }
    let has_option = |plugin: &str| {
        let plugin = &schema["$defs"][format!("plugin.{plugin}")];
        let branches = ["anyOf", "oneOf"].into_iter().filter_map(|key| plugin[key].as_array()).flatten();
        std::iter::once(plugin).chain(branches).any(|form| form["properties"].get(option).is_some())
    };
    let mut empty = error.instance().as_object()?.iter().filter(|(_, options)| options.is_null());
    empty.find(|(plugin, _)| has_option(plugin)).map(|(plugin, _)| plugin.as_str())
}
