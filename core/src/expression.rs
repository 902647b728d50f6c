//! The one engine for conditions, templates and the variables of a config (`{? … ?}`).
//!
//! The language is Jinja as FlexGet offers it, with FlexGet's filters and globals. What differs
//! from Jinja2 on purpose:
//!
//! * A name that is nowhere is an error wherever its value would matter, as with FlexGet's strict
//!   mode; in a condition ([`Expression::holds`]) such an error counts as false.
//! * Unknown filters, tests and functions are found when the text is compiled, not when it first
//!   runs.
//! * Functions have a namespace of their own: a field named `duration` does not hide `duration(…)`.
//!   A field can not hide `now` and `utcnow`.
//! * Dates, times and durations calculate as in Python; a day and a moment compare as moments, the
//!   day beginning at midnight where the moment's clock is. Comparing what has no order (text with
//!   a number, nothing with a date) is an error that names both kinds.
//! * Native values ([`Template::render_native`]): what a single `{{ field }}` holds keeps its type,
//!   also when it is text that spells a number (a film called `1917`). Other text becomes a number,
//!   a boolean or nothing only if all of it spells one, so `{{ season }}{{ episode }}` may give a
//!   number, and `002020` stays text.
//! * Numbers are 64 bits wide. Generator expressions, `{% include %}` and `{% extends %}` have
//!   nothing to work on.
//!
//! The engine never reads the clock: [`Now`] is given by the caller.

mod analysis;
mod arguments;
mod compile;
mod convert;
mod dates;
mod engine;
mod error;
mod fields;
mod filters;
mod functions;
mod operators;
mod paths;
mod scope;
mod text;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::sync::Arc;

use schemars::JsonSchema;

#[doc(hidden)]
pub use self::analysis::{Analysis, Comparison, Operator};
pub use self::error::{ErrorKind, ExpressionError};
pub use self::scope::{Got, Now, Scope};

use self::compile::Language;
use self::engine::Code;
use crate::pattern::TextCache;
use crate::value::Value;

thread_local! {
    /// Cache of compiled texts: a config that uses a template says the same in many tasks.
    static COMPILED: RefCell<TextCache<Language, Arc<Code>>> = RefCell::default();
}

fn compiled(text: &str, language: Language) -> Result<Arc<Code>, ExpressionError> {
    let key = (language, text.to_owned());
    if let Some(code) = COMPILED.with_borrow(|compiled| compiled.get(&key)) {
        return Ok(code);
    }
    let code = Arc::new(Code::compile(text, language)?);
    COMPILED.with_borrow_mut(|compiled| compiled.insert(key, Arc::clone(&code)));
    Ok(code)
}

/// A compiled expression.
///
/// Cheap to clone.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(with = "String", inline, description = "", extend("format" = "expression"))]
pub struct Expression(Arc<Code>);

impl Expression {
    /// Compiles an expression, such as `trakt_rating > 7 and 'anime' in genres`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Syntax`], where known with the place within the text.
    pub fn compile(text: &str) -> Result<Self, ExpressionError> {
        compiled(text, Language::Expression).map(Self)
    }

    /// Returns the value of the expression.
    ///
    /// # Errors
    ///
    /// Any kind but [`ErrorKind::Syntax`].
    pub fn evaluate(&self, scope: &dyn Scope, now: &Now) -> Result<Value, ExpressionError> {
        self.0.value(scope, Some(now))
    }

    /// Returns whether the condition is true; one that depends on an undefined name is not.
    ///
    /// An attribute that a defined value does not have is an error: it is often misspelt.
    ///
    /// # Errors
    ///
    /// As [`Expression::evaluate`], but [`ErrorKind::Undefined`] only for attributes.
    pub fn holds(&self, scope: &dyn Scope, now: &Now) -> Result<bool, ExpressionError> {
        self.0.holds(scope, now)
    }

    /// Returns the names that it reads, and what it compares them with.
    pub fn analysis(&self) -> Analysis {
        self.0.analysis(Language::Expression)
    }

    /// Returns the text that was compiled.
    pub fn text(&self) -> &str {
        self.0.text()
    }
}

/// A compiled template: text with `{{ … }}` and `{% … %}` in it.
///
/// Cheap to clone.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(with = "String", inline, description = "", extend("format" = "template"))]
pub struct Template(Arc<Code>);

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Syntax`], where known with the place within the text.
    pub fn compile(text: &str) -> Result<Self, ExpressionError> {
        compiled(text, Language::Template).map(Self)
    }

    /// Returns the text that the template gives.
    ///
    /// # Errors
    ///
    /// Any kind but [`ErrorKind::Syntax`].
    pub fn render(&self, scope: &dyn Scope, now: &Now) -> Result<String, ExpressionError> {
        self.0.render(scope, Some(now))
    }

    /// Renders to a value: of a single `{{ … }}` its value, else the text or what the text spells.
    ///
    /// # Errors
    ///
    /// Any kind but [`ErrorKind::Syntax`].
    pub fn render_native(&self, scope: &dyn Scope, now: &Now) -> Result<Value, ExpressionError> {
        self.0.native(scope, Some(now))
    }

    /// Returns the names that it reads, and what it compares them with.
    pub fn analysis(&self) -> Analysis {
        self.0.analysis(Language::Template)
    }

    /// Returns the text that was compiled.
    pub fn text(&self) -> &str {
        self.0.text()
    }
}

/// Replaces the `{? … ?}` of a config's text with the values of its variables.
///
/// A text that is one `{? … ?}` becomes the value itself, so numbers and lists keep their types.
/// `{{ … }}` and `{% … %}` are left as they are. There is no `now`: a config means the same every
/// day.
///
/// # Errors
///
/// The text is not well-formed, or names a variable that is not there.
pub fn render_variables(text: &str, variables: &dyn Scope) -> Result<Value, ExpressionError> {
    if !text.contains("{?") {
        return Ok(Value::from(text));
    }
    Code::compile(text, Language::Variables)?.native(variables, None)
}
