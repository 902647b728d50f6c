//! `variables`, and `secrets` as it was called once: `{? … ?}` → values.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use crate::config::template::rewrite::rewrite;
use crate::document::diagnostic::{At, Diagnostic, Severity, Span};
use crate::document::read::read;
use crate::document::{Node, Scalar, Sources, read_node};
use crate::expression::{ErrorKind, ExpressionError, Scope};
use crate::value::Value;

/// Function that renders a text with `{? … ?}`, given the variables.
pub(super) type Render<'a> = &'a dyn Fn(&str, &dyn Scope) -> Result<Value, ExpressionError>;

/// Limit of the values that variables may add to a config.
const MAX_FILLED_IN: usize = 2_000_000;

/// Values by the names of variables.
type Values = BTreeMap<String, Value>;

/// The variables of a config.
pub(super) struct Variables<'a> {
    /// `None` if there are none, or they are turned off: then `{? … ?}` is ordinary text.
    values: Option<Values>,
    /// Whether `{{ secrets.… }}` is filled in too.
    secrets: bool,
    render: Render<'a>,
    filled_in: usize,
}

impl<'a> Variables<'a> {
    /// Reads what `variables` and `secrets` at the root say.
    ///
    /// Files are relative to `folder`.
    pub fn read(
        root: &Node,
        folder: &Path,
        render: Render<'a>,
        sources: &mut Sources,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut off = root.get("variables").is_none() && root.get("secrets").is_none();
        let is_unused = off;
        let mut values = Values::new();
        if let Some((key, _)) = root.as_mapping().and_then(|root| root.entry("secrets")) {
            diagnostics.push(
                Diagnostic::span(key.span.clone(), "`secrets` is called `variables` now")
                    .help("rename it, and write `{? name ?}` where `{{ secrets.name }}` stands")
                    .severity(Severity::Notice),
            );
        }
        let secrets = root.get("secrets").and_then(|node| load(node, folder, sources, diagnostics, &mut off));
        if let Some(secrets) = &secrets {
            // Both `{? name ?}` and `{{ secrets.name }}` find it.
            values.extend(secrets.clone());
            let secrets = secrets.iter().map(|(name, value)| (name.as_str().into(), value.clone()));
            values.insert("secrets".to_owned(), Value::Map(secrets.collect()));
        }
        off = is_unused;
        let before = diagnostics.len();
        if let Some(node) = root.get("variables") {
            values.extend(load(node, folder, sources, diagnostics, &mut off).unwrap_or_default());
        }
        // An unreadable file is one error; its uses are no further ones.
        off |= diagnostics.len() > before;
        Self { values: (!off).then_some(values), secrets: secrets.is_some(), render, filled_in: 0 }
    }

    /// Returns whether a tree that is written in this text can have anything to fill in.
    ///
    /// In double quotes the braces may be written as numbers.
    pub fn may_be_in(&self, text: &str) -> bool {
        self.secrets || text.contains("{?") || (text.contains('\\') && text.contains('"'))
    }

    /// Returns the tree with all variables filled in; what fails is reported and stays as it is.
    pub fn fill_in(&mut self, node: &Rc<Node>, diagnostics: &mut Vec<Diagnostic>) -> Rc<Node> {
        let Some(values) = &self.values else { return Rc::clone(node) };
        let (secrets, render, filled_in) = (self.secrets, self.render, &mut self.filled_in);
        let (node, collisions) = rewrite(node, &mut |found| {
            let translated = if secrets { translate_secrets(found.text) } else { None };
            let text = translated.as_deref().unwrap_or(found.text);
            if !text.contains("{?") {
                return None;
            }
            let error = |message: String| Diagnostic::span(found.span.clone(), message);
            let value = match render(text, values) {
                Ok(value) => value,
                Err(reason) => {
                    let shown = failing(found.text, &reason);
                    diagnostics.push(
                        error(format!("cannot fill in `{shown}`: {reason}"))
                            .help("define it under `variables` at the root of the config, or correct the expression"),
                    );
                    return None;
                }
            };
            if found.is_key && (matches!(value, Value::List(_) | Value::Map(_))) {
                diagnostics.push(
                    error(format!("a key must be text, and `{}` is a list or mapping", expression(found.text)))
                        .help("use a variable that holds text"),
                );
                return None;
            }
            let before = *filled_in;
            *filled_in = before.saturating_add(weight(&value));
            if *filled_in > MAX_FILLED_IN {
                if before <= MAX_FILLED_IN {
                    diagnostics.push(
                        error(format!("variables add too much: more than {MAX_FILLED_IN} values"))
                            .help("use large variables less often"),
                    );
                }
                return None;
            }
            Some(value)
        });
        diagnostics.extend(collisions);
        node
    }
}

fn load(
    node: &Node,
    folder: &Path,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
    off: &mut bool,
) -> Option<Values> {
    let error = |message: &str| Diagnostic::span(node.span().clone(), message);
    let node = match node.as_scalar() {
        None => Rc::new(node.clone()),
        Some(Scalar::Text(name)) => match read_node(sources, &folder.join(&**name)) {
            Ok(node) => node,
            Err(errors) => {
                diagnostics.extend(at_mention(errors, sources, folder, node.span()));
                return None;
            }
        },
        Some(Scalar::Bool(true)) => {
            diagnostics.push(
                error("variables that are kept in FlexGet's database cannot be read")
                    .help("name the file that they came from: `variables: variables.yml`"),
            );
            return None;
        }
        Some(Scalar::Bool(false)) => {
            *off = true;
            return None;
        }
        // The schema says what it must be.
        Some(_) => return None,
    };
    match read::<Values>(&node) {
        Ok(values) if node.as_mapping().is_some() => Some(values),
        _ => {
            let span = Span { file: node.span().file, bytes: node.span().bytes.clone() };
            diagnostics.push(Diagnostic::span(span, "variables are a mapping").help("write `name: value` lines"));
            None
        }
    }
}

/// Mistakes of another file: one that could not be read at all is reported where it is mentioned.
pub(super) fn at_mention(
    diagnostics: Vec<Diagnostic>,
    sources: &Sources,
    folder: &Path,
    mention: &Span,
) -> Vec<Diagnostic> {
    let place = |diagnostic: Diagnostic| match &diagnostic.at {
        At::Span(span) if sources.text(span.file).is_empty() => {
            let name = sources.name(span.file);
            let short = Path::new(name).strip_prefix(folder).unwrap_or(Path::new(name));
            let message = diagnostic.message.replace(name, &short.display().to_string());
            let help = vec!["files are looked for in the folder of the config: check the name".to_owned()];
            let is_unavailable = diagnostic.message.starts_with("no such file");
            let help = if is_unavailable { help } else { diagnostic.help };
            Diagnostic { at: At::Span(mention.clone()), message, help, ..diagnostic }
        }
        _ => diagnostic,
    };
    diagnostics.into_iter().map(place).collect()
}

/// Returns how much room a value takes: one for each part, and more for long text.
fn weight(value: &Value) -> usize {
    match value {
        Value::List(items) => items.iter().map(weight).fold(1, usize::saturating_add),
        Value::Map(entries) => entries.iter().map(|(_, value)| weight(value)).fold(1, usize::saturating_add),
        Value::Text(text) => Node::text_weight(text),
        _ => 1,
    }
}

/// Returns the `{? … ?}` of a text that an error is about.
fn failing<'t>(text: &'t str, error: &ExpressionError) -> &'t str {
    let spans = text.match_indices("{?").filter_map(|(start, _)| {
        let (_, behind) = text[start..].split_once("?}")?;
        Some(start..text.len().saturating_sub(behind.len()))
    });
    let is_meant = |part: &std::ops::Range<usize>| match (&error.range, &error.kind) {
        (Some(range), _) => part.start <= range.start && range.end <= part.end,
        (None, ErrorKind::Undefined(name)) => text[part.clone()].contains(name.as_str()),
        _ => false,
    };
    spans.into_iter().find(is_meant).map_or_else(|| expression(text), |part| &text[part])
}

/// Returns the first expression of a text, for messages: a text may be long and hold much else.
fn expression(text: &str) -> &str {
    let part = |open: &str, close: &str| {
        let begun = &text[text.find(open)?..];
        let (_, behind) = begun.split_once(close)?;
        begun.strip_suffix(behind)
    };
    part("{?", "?}").or_else(|| part("{{", "}}")).unwrap_or(text)
}

/// Returns the text with `{{ secrets.… }}` written as `{? secrets.… ?}`, if there is any.
fn translate_secrets(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut changed = false;
    while let Some((before, inner)) = rest.split_once("{{") {
        let Some((inner, behind)) = inner.split_once("}}") else { break };
        let is_secret = inner.trim_start().starts_with("secrets.");
        changed |= is_secret;
        let (open, close) = if is_secret { ("{?", "?}") } else { ("{{", "}}") };
        out.extend([before, open, inner, close]);
        rest = behind;
    }
    out.push_str(rest);
    changed.then_some(out)
}
