//! Evaluating: the engine, and code that reads fields on demand.

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use minijinja::machinery::{self, Instruction, Instructions};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value as Engine};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::analysis::Analysis;
use super::compile::{self, Compiled, Language, names};
use super::error::{ExpressionError, is_undefined};
use super::fields::{FieldScope, FieldState, Query, ScopeName};
use super::scope::{Got, Now, Scope};
use super::{convert, filters, functions, operators, paths, text};
use crate::value::Value;

/// Compiled code with the text that it borrows from.
pub(super) struct Code {
    compiled: Owned,
    names: Arc<[ScopeName]>,
}

self_cell::self_cell!(
    struct Owned {
        owner: Box<str>,
        #[covariant]
        dependent: Compiled,
    }
);

/// The engine as it runs, and once more with the book-keeping that names what was undefined.
static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| environment(false));
static EXPLAINING: LazyLock<Environment<'static>> = LazyLock::new(|| environment(true));

/// Limit of the work of one evaluation: instructions, and data in portions of 64 bytes.
const FUEL: u64 = 500_000;

/// Limit of the bytes that a method may add to a text.
const MAX_GROWTH: usize = 16 << 20;

fn environment(explaining: bool) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_unknown_method_callback(python_method);
    environment.set_debug(explaining);
    environment.set_fuel(Some(FUEL));
    environment.remove_global("debug");
    filters::add(&mut environment);
    paths::add(&mut environment);
    text::add(&mut environment);
    functions::add(&mut environment);
    operators::add(&mut environment);
    environment
}

/// Returns the methods that Python's text, lists and mappings have.
fn python_method(state: &mut State<'_, '_>, value: &Engine, method: &str, args: &[Engine]) -> Result<Engine, Error> {
    if growth(value, method, args) > MAX_GROWTH {
        return Err(Error::new(ErrorKind::OutOfFuel, "the text would be too long"));
    }
    // What is put into escaped text is escaped as well.
    if value.is_safe() && matches!(method, "format" | "replace" | "join") {
        let escaped: Vec<Engine> = args
            .iter()
            .map(|argument| if argument.as_str().is_some() { text::escape(argument) } else { Ok(argument.clone()) })
            .collect::<Result<_, _>>()?;
        let made = unknown_method_callback(state, value, method, &escaped)?;
        return Ok(Engine::from_safe_string(made.to_string()));
    }
    unknown_method_callback(state, value, method, args).map_err(|error| {
        // An undefined value is the engine's to explain.
        if error.kind() != ErrorKind::UnknownMethod || value.is_undefined() {
            return error;
        }
        Error::new(ErrorKind::UnknownMethod, format!("{} has no method `{method}`", convert::kind(value)))
    })
}

/// Returns about how many bytes a method of a text adds to it.
fn growth(value: &Engine, method: &str, args: &[Engine]) -> usize {
    let Some(text) = value.as_str() else { return 0 };
    match (method, args) {
        ("replace", [old, new, ..]) => {
            let (old, new) = (old.as_str().unwrap_or_default(), new.as_str().unwrap_or_default());
            text.matches(old).count().saturating_mul(new.len())
        }
        ("join", [items]) => items.len().unwrap_or(0).saturating_mul(text.len()),
        // Widths and precisions.
        ("format", _) => {
            let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
            numbers.map(|number| number.parse().unwrap_or(usize::MAX)).max().unwrap_or(0)
        }
        _ => 0,
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text(), f)
    }
}

impl Code {
    pub(super) fn compile(text: &str, language: Language) -> Result<Self, ExpressionError> {
        let compiled = Owned::try_new(Box::from(text), |text| compile::compile(text, language, &ENGINE))?;
        let names = names(compiled.borrow_dependent());
        Ok(Self { compiled, names })
    }

    pub(super) fn text(&self) -> &str {
        self.compiled.borrow_owner()
    }

    /// Returns what the text reads.
    pub(super) fn analysis(&self, language: Language) -> Analysis {
        compile::analysis(self.text(), language).unwrap_or_default()
    }

    /// Returns the value of an expression.
    pub(super) fn value(&self, scope: &dyn Scope, now: Option<&Now>) -> Result<Value, ExpressionError> {
        let outcome = self.run(&self.compiled.borrow_dependent().main, scope, now, true)?;
        match outcome {
            Ok((value, _)) => convert::from_engine(&value).map_err(|error| self.explain(&error)),
            Err(error) => Err(self.explain(&error)),
        }
    }

    pub(super) fn holds(&self, scope: &dyn Scope, now: &Now) -> Result<bool, ExpressionError> {
        let outcome = self.run(&self.compiled.borrow_dependent().main, scope, Some(now), false)?;
        match outcome {
            Ok((value, _)) => Ok(value.is_true()),
            Err(error) if is_undefined(&error) => self.lacks_part(scope, now).map_or(Ok(false), Err),
            Err(error) => Err(self.explain(&error)),
        }
    }

    /// Returns the error of a condition that reads an attribute which a value lacks.
    fn lacks_part(&self, scope: &dyn Scope, now: &Now) -> Option<ExpressionError> {
        let code = &self.compiled.borrow_dependent().main;
        let reads_parts = |at| match code.get(at)? {
            Instruction::GetAttr(_) | Instruction::GetItem => Some(true),
            _ => Some(false),
        };
        if !(0..).map_while(reads_parts).any(|reads| reads) {
            return None;
        }
        let error = self.explain(&self.run(code, scope, Some(now), true).ok()?.err()?);
        matches!(&error.kind, super::error::ErrorKind::Undefined(name) if name.contains(['.', '['])).then_some(error)
    }

    pub(super) fn render(&self, scope: &dyn Scope, now: Option<&Now>) -> Result<String, ExpressionError> {
        let outcome = self.run(&self.compiled.borrow_dependent().main, scope, now, true)?;
        outcome.map(|(_, text)| text).map_err(|error| self.explain(&error))
    }

    /// Returns the value of a template: of a single `{{ … }}` as it is, else what the text spells.
    pub(super) fn native(&self, scope: &dyn Scope, now: Option<&Now>) -> Result<Value, ExpressionError> {
        let compiled = self.compiled.borrow_dependent();
        let Some(single) = &compiled.single else {
            return self.render(scope, now).map(convert::spelled);
        };
        let outcome = self.run(single, scope, now, true)?;
        match outcome {
            // An `if` without `else`.
            Ok((value, _)) if value.is_undefined() => Ok(Value::from("")),
            Ok((value, _)) => match convert::from_engine(&value).map_err(|error| self.explain(&error))? {
                Value::Text(text) if !compiled.plain => Ok(convert::spelled(text.to_string())),
                value => Ok(value),
            },
            Err(error) => Err(self.explain(&error)),
        }
    }

    fn explain(&self, error: &Error) -> ExpressionError {
        ExpressionError::from_engine(error, self.text())
    }

    /// Evaluates until every name that the evaluation came across has been asked for.
    ///
    /// An evaluation cannot ask the scope itself (the engine's objects outlive every borrow), so it
    /// stops at the first name that it does not know and starts again when the scope has answered.
    /// What it read before stays the same, so it takes the same way and asks for nothing that it
    /// does not need. What the scope has at hand is known from the start, so most evaluations run
    /// once.
    fn run(
        &self,
        code: &Instructions<'_>,
        scope: &dyn Scope,
        now: Option<&Now>,
        explaining: bool,
    ) -> Result<Outcome, ExpressionError> {
        let mut pending = Vec::new();
        let slots = self.names.iter().map(|ScopeName { name, always }| {
            match if *always { scope.get(name) } else { scope.peek(name) } {
                Got::Value(value) => FieldState::Value(convert::to_engine(&value)),
                Got::Absent => FieldState::Absent,
                Got::Pending => {
                    pending.extend(always.then(|| name.to_string()));
                    FieldState::Unknown
                }
            }
        });
        let slots = slots.collect();
        if !pending.is_empty() {
            return Err(ExpressionError::pending(pending));
        }
        let mut fields = Arc::new(FieldScope {
            names: Arc::clone(&self.names),
            slots,
            has: Vec::new(),
            now: now.cloned(),
            asked: OnceLock::new(),
            frozen: false,
        });
        loop {
            let outcome = self.once(&ENGINE, code, &fields);
            let Some(question) = fields.asked.get().cloned() else {
                return Ok(match outcome {
                    Err(error) if explaining && is_undefined(&error) => {
                        fields = Arc::new(fields.next(|next| next.frozen = true));
                        Err(self.once(&EXPLAINING, code, &fields).err().unwrap_or(error))
                    }
                    outcome => outcome,
                });
            };
            fields = Arc::new(match question {
                Query::Has(name) => {
                    let has = scope.has(&name);
                    fields.next(|next| next.has.push((name, has)))
                }
                Query::Value(index) => {
                    let name = &self.names[index].name;
                    let slot = match scope.get(name) {
                        Got::Value(value) => FieldState::Value(convert::to_engine(&value)),
                        Got::Absent => FieldState::Absent,
                        Got::Pending => return Err(ExpressionError::pending(vec![name.to_string()])),
                    };
                    fields.next(|next| next.slots[index] = slot)
                }
            });
        }
    }

    fn once(
        &self,
        environment: &'static Environment<'static>,
        code: &Instructions<'_>,
        fields: &Arc<FieldScope>,
    ) -> Outcome {
        let mut text = String::new();
        let blocks = &self.compiled.borrow_dependent().blocks;
        let root = Engine::from_dyn_object(fields.clone());
        let mut output = machinery::make_string_output(&mut text);
        let (value, _) = machinery::eval(environment, code, root, blocks, &mut output, AutoEscape::None)?;
        Ok((value.unwrap_or_default(), text))
    }
}

/// The value that is left and the text that was written.
type Outcome = Result<(Engine, String), Error>;

#[cfg(test)]
impl Code {
    /// Returns the code, an instruction a line.
    pub(super) fn instructions(&self) -> Vec<String> {
        let code = &self.compiled.borrow_dependent().main;
        (0..).map_while(|at| code.get(at)).map(|instruction| format!("{instruction:?}")).collect()
    }
}
