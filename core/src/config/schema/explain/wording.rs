//! The words of messages and ways out.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use crate::config::schema::explain::expression;
use crate::document::diagnostic::Diagnostic;
use crate::expression::{Expression, Template};
use crate::pattern::Pattern;

pub(super) fn with_suggestion(diagnostic: Diagnostic, near: &[&str]) -> Diagnostic {
    match near {
        [] => diagnostic,
        near => {
            let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            diagnostic.help(format!("did you mean {}?", near.join(" or ")))
        }
    }
}

pub(super) fn bad_format(format: &str, written: &str) -> String {
    let value = cut(written, 300);
    match format {
        "interval" => {
            format!("`{value}` is not an interval: write a number and second(s), minute(s), hour(s), day(s) or week(s)")
        }
        "percent" => format!("`{value}` is not a percentage: write a number and `%`"),
        "expression" => match Expression::compile(written) {
            Err(error) => format!("`{value}` is not an expression: {error}"),
            Ok(_) => format!("`{value}` is not an expression"),
        },
        "template" => match Template::compile(written) {
            Err(error) => format!("`{value}` is not a template: {error}"),
            Ok(_) => format!("`{value}` is not a template"),
        },
        "regex" => match Pattern::new(written) {
            Err(reason) => format!("`{value}` is not a regular expression: {reason}"),
            Ok(_) => format!("`{value}` is not a regular expression"),
        },
        other => format!("`{value}` is not a valid {other}"),
    }
}

pub(super) fn with_format_help(diagnostic: Diagnostic, format: &str, text: &str) -> Diagnostic {
    match format {
        "expression" => diagnostic.help(expression::way_out(text)),
        "template" => {
            diagnostic.help("text with `{{ field }}` or `{{ field | filter }}` in it; each `{{` needs its `}}`")
        }
        "regex" => diagnostic.help("write `\\` before a character that is meant as it is: `\\(`"),
        _ => diagnostic,
    }
}

/// Returns a value as messages show it: text as it is, the rest as in JSON, cut where it is long.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text, 60),
        Value::Null => "nothing".to_owned(),
        other => cut(&other.to_string(), 60),
    }
}

/// Returns a text, cut after a number of characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How `name: no` is listed among the types.
pub(super) const OFF: &str = "`no`";

/// Collects the types that the alternatives accept, including those of nested alternatives.
pub(super) fn add_types(context: &[Vec<ValidationError<'static>>], here: &str, types: &mut Vec<&'static str>) {
    for error in context.iter().flatten().filter(|error| error.instance_path().as_str() == here) {
        match error.kind() {
            ValidationErrorKind::Type { kind } => types.extend(type_names(kind)),
            ValidationErrorKind::Constant { .. } => types.push(OFF),
            ValidationErrorKind::Enum { .. } => types.push("string"),
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                add_types(context, here, types);
            }
            _ => {}
        }
    }
}

pub(super) fn type_names(kind: &TypeKind) -> Vec<&'static str> {
    let name = |kind: JsonType| match kind {
        JsonType::Object => "dict",
        JsonType::Array => "list",
        JsonType::String => "string",
        JsonType::Integer => "integer",
        JsonType::Number => "number",
        JsonType::Boolean => "boolean",
        JsonType::Null => "nothing",
    };
    match kind {
        TypeKind::Single(kind) => vec![name(*kind)],
        TypeKind::Multiple(kinds) => kinds.iter().map(name).collect(),
    }
}

/// Returns the error with how to write the value instead, where that can be told.
pub(super) fn with_way_out(diagnostic: Diagnostic, instance: &Value, expected: &[&str]) -> Diagnostic {
    let wants = |kind: &str| expected.contains(&kind);
    let wants_number = wants("integer") || wants("number");
    match instance {
        Value::Null if expected == ["dict"] => {
            diagnostic.help("write `key: value` lines below it that are indented more, or delete the key")
        }
        Value::Null if expected == ["list"] => {
            diagnostic.help("write its items below it, each behind `- `, or delete the key")
        }
        Value::Null => diagnostic.help("write a value behind `:`, or delete the key"),
        Value::Object(_) if wants("list") => diagnostic.help("begin each item of the list with `- `"),
        Value::Object(_) => diagnostic.help("write the value behind `:`, on the same line"),
        Value::Array(_) if wants("dict") && expected.len() > 1 => {
            diagnostic.help("write one value, or `key: value` lines with options; neither with `- ` nor in brackets")
        }
        Value::Array(_) if wants("dict") => diagnostic.help("write `key: value` lines, without `- ` before them"),
        Value::Array(_) => diagnostic.help("write one value, without `- ` or brackets"),
        // What was written for it is not known: `yes` and `true` are the same.
        Value::Bool(_) if wants("string") => diagnostic.help("quote it if it is meant as text"),
        Value::Number(_) if wants("string") => diagnostic.help(format!("quote it, so that it is text: `'{instance}'`")),
        Value::String(text) if wants("boolean") && is_yes_or_no(text) => {
            diagnostic.help(format!("write it without quotes: `{text}`"))
        }
        Value::String(text) if wants_number && text.parse::<f64>().is_ok() => {
            diagnostic.help(format!("write it without quotes: `{text}`"))
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) if wants("list") => {
            diagnostic.help("write each item of the list on a line that begins with `- `, or in brackets: `[ … ]`")
        }
        _ if wants_number => diagnostic.help("write a number"),
        _ if wants("boolean") => diagnostic.help("write `yes` or `no`"),
        Value::String(_) | Value::Number(_) | Value::Bool(_) if wants("dict") => {
            diagnostic.help("write `:` behind the name, and `key: value` lines below it that are indented more")
        }
        _ => diagnostic,
    }
}

pub(super) fn is_yes_or_no(text: &str) -> bool {
    ["yes", "no", "on", "off", "true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

pub(super) fn alternatives(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

pub(super) fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_in_a_message() {
        let said = bad_format("expression", &format!("a == {}", "'x".repeat(10_001)));
        assert!(said.starts_with("`a == 'x") && said.contains("…` is not an expression: "), "{said}");
        assert!(said.len() < 1_000, "{said}");
    }
}
