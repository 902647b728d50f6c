//! The errors of expressions and templates.

use std::fmt;
use std::ops::Range;

use minijinja::ErrorKind as Engine;

/// Kind of the error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not an expression or template; nothing can be evaluated.
    Syntax,
    /// This name, or this attribute of a name (`show.title`), is not defined.
    Undefined(String),
    /// These names are offered but not fetched yet; evaluate again when they are.
    Pending(Vec<String>),
    /// An operation on values of a kind that it is not made for.
    Type,
    /// Anything else, such as a division by zero.
    Other,
}

/// A failure to compile or evaluate an expression or a template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExpressionError {
    /// Kind of the error.
    pub kind: ErrorKind,
    /// Message of the error.
    pub message: String,
    /// The bytes of the text where it is wrong; if not known, it is the whole text.
    pub range: Option<Range<usize>>,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExpressionError {}

impl ExpressionError {
    pub(super) fn syntax(message: impl Into<String>, range: Option<Range<usize>>) -> Self {
        Self { kind: ErrorKind::Syntax, message: message.into(), range }
    }

    pub(super) fn pending(names: Vec<String>) -> Self {
        let message = format!("not fetched yet: {}", names.join(", "));
        Self { kind: ErrorKind::Pending(names), message, range: None }
    }

    pub(super) fn undefined(name: &str, range: Option<Range<usize>>) -> Self {
        let message = if name.is_empty() {
            "something that is used here is undefined".to_string()
        } else {
            format!("`{name}` is undefined")
        };
        Self { kind: ErrorKind::Undefined(name.to_string()), message, range }
    }

    /// Returns the engine's error, with a place only where it lies within the text.
    pub(super) fn from_engine(error: &minijinja::Error, text: &str) -> Self {
        let range = error.range().and_then(|range| tidied(text, range));
        if is_undefined(error) {
            return Self::undefined(undefined_name(error).unwrap_or_default(), range);
        }
        let kind = match error.kind() {
            Engine::SyntaxError | Engine::BadEscape | Engine::UnknownFilter | Engine::UnknownTest => ErrorKind::Syntax,
            Engine::InvalidOperation
            | Engine::UnknownMethod
            | Engine::CannotUnpack
            | Engine::NonKey
            | Engine::NonPrimitive
            | Engine::TooManyArguments
            | Engine::MissingArgument => ErrorKind::Type,
            _ => ErrorKind::Other,
        };
        let message = match (error.kind(), error.detail()) {
            (Engine::OutOfFuel, _) => "this takes too long, or makes too much text".to_owned(),
            (_, None) => error.kind().to_string(),
            (Engine::TooManyArguments | Engine::MissingArgument | Engine::BadEscape, Some(detail)) => {
                format!("{}: {detail}", error.kind())
            }
            (_, Some(detail)) => detail.to_string(),
        };
        Self { kind, message, range }
    }
}

/// Returns the engine's range without the token before it, which it includes for comparisons.
fn tidied(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let mut part = text.get(range.clone())?;
    loop {
        part = part.trim_start();
        let opens = part.matches('(').count() > part.matches(')').count();
        let words = ["{{", "{%", "and ", "or ", "not ", "if ", "elif ", "else "];
        let prefix = words.into_iter().chain(opens.then_some("(")).find(|word| part.starts_with(word));
        match prefix {
            Some(prefix) => part = &part[prefix.len()..],
            None => break,
        }
    }
    (!part.is_empty()).then(|| range.end.saturating_sub(part.len())..range.end)
}

/// Returns whether the engine failed because something is undefined.
///
/// A method of an undefined value is reported as unknown.
pub(super) fn is_undefined(error: &minijinja::Error) -> bool {
    match error.kind() {
        Engine::UndefinedError => true,
        Engine::UnknownMethod => error.detail().is_some_and(|detail| detail.starts_with("undefined has no method")),
        _ => false,
    }
}

/// Extracts the name from the engine's detail "`name` is undefined".
fn undefined_name(error: &minijinja::Error) -> Option<&str> {
    let (before, _) = error.detail()?.split_once("` is undefined")?;
    Some(before.rsplit_once('`')?.1)
}
