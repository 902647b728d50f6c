//! Evaluating: the engine, and code that reads fields on demand.

use std::sync::{Arc, LazyLock, OnceLock};

use jiff::tz::TimeZone;
use minijinja::machinery::{self, Instructions};
use minijinja::value::{Object, ObjectRepr};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value as Engine};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::compile::{self, Compiled, Language, Name, is_field, names};
use super::dates::When;
use super::error::{ExpressionError, is_undefined};
use super::{Got, Now, Scope, convert, filters, functions, operators};
use crate::value::Value;

/// Compiled code with the text that it borrows from.
pub(super) struct Code {
    compiled: Owned,
    names: Arc<[Name]>,
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

fn environment(explaining: bool) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_unknown_method_callback(python_method);
    environment.set_debug(explaining);
    environment.remove_global("debug");
    filters::add(&mut environment);
    functions::add(&mut environment);
    operators::add(&mut environment);
    environment
}

/// The methods that Python's text, lists and mappings have.
fn python_method(state: &mut State<'_, '_>, value: &Engine, method: &str, args: &[Engine]) -> Result<Engine, Error> {
    unknown_method_callback(state, value, method, args).map_err(|error| {
        // An undefined value is the engine's to explain.
        if error.kind() != ErrorKind::UnknownMethod || value.is_undefined() {
            return error;
        }
        Error::new(ErrorKind::UnknownMethod, format!("{} has no method `{method}`", convert::kind(value)))
    })
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

    /// The value of an expression.
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
            Err(error) if is_undefined(&error) => Ok(false),
            Err(error) => Err(self.explain(&error)),
        }
    }

    pub(super) fn render(&self, scope: &dyn Scope, now: Option<&Now>) -> Result<String, ExpressionError> {
        let outcome = self.run(&self.compiled.borrow_dependent().main, scope, now, true)?;
        outcome.map(|(_, text)| text).map_err(|error| self.explain(&error))
    }

    /// The value of a template: of a single `{{ … }}` as it is, else what the text spells.
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
    /// An evaluation cannot ask the scope itself (the engine's objects outlive every borrow), so it stops at the first
    /// name that it does not know and starts again when the scope has answered. What it read before stays the same, so
    /// it takes the same way and asks for nothing that it does not need. What the scope has at hand is known from the
    /// start, so most evaluations run once.
    fn run(
        &self,
        code: &Instructions<'_>,
        scope: &dyn Scope,
        now: Option<&Now>,
        explaining: bool,
    ) -> Result<Outcome, ExpressionError> {
        let mut pending = Vec::new();
        let slots = self.names.iter().map(|Name { name, always }| {
            match if *always { scope.get(name) } else { scope.peek(name) } {
                Got::Value(value) => Slot::Value(convert::to_engine(&value)),
                Got::Absent => Slot::Absent,
                Got::Pending => {
                    pending.extend(always.then(|| name.to_string()));
                    Slot::Unknown
                }
            }
        });
        let slots = slots.collect();
        if !pending.is_empty() {
            return Err(ExpressionError::pending(pending));
        }
        let mut fields = Arc::new(Fields {
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
                Question::Has(name) => {
                    let has = scope.has(&name);
                    fields.next(|next| next.has.push((name, has)))
                }
                Question::Value(index) => {
                    let name = &self.names[index].name;
                    let slot = match scope.get(name) {
                        Got::Value(value) => Slot::Value(convert::to_engine(&value)),
                        Got::Absent => Slot::Absent,
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
        fields: &Arc<Fields>,
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

/// What an evaluation knows: the root of its names.
#[derive(Debug)]
pub(super) struct Fields {
    names: Arc<[Name]>,
    /// What is known of each name.
    slots: Vec<Slot>,
    has: Vec<(Box<str>, bool)>,
    now: Option<Now>,
    asked: OnceLock<Question>,
    /// Nothing is asked any more: what is not known is not there.
    frozen: bool,
}

#[derive(Debug, Clone)]
enum Slot {
    Unknown,
    Absent,
    Value(Engine),
}

#[derive(Debug, Clone)]
enum Question {
    /// The value of the name at this place.
    Value(usize),
    /// Whether there is such a field.
    Has(Box<str>),
}

/// The name by which functions find the [`Fields`] of their evaluation.
pub(super) const FIELDS: &str = "$fields";

impl Fields {
    /// The same knowledge with one more piece, nothing asked.
    fn next(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = Self {
            names: Arc::clone(&self.names),
            slots: self.slots.clone(),
            has: self.has.clone(),
            now: self.now.clone(),
            asked: OnceLock::new(),
            frozen: false,
        };
        change(&mut next);
        next
    }

    /// Whether a field is there; an error that ends the evaluation if that has to be asked.
    pub(super) fn has(&self, name: &str) -> Result<bool, Error> {
        match self.has.iter().find(|(known, _)| **known == *name) {
            Some((_, has)) => Ok(*has),
            None if self.frozen => Ok(false),
            None => Err(self.ask(Question::Has(name.into()))),
        }
    }

    fn ask(&self, question: Question) -> Error {
        // Only the first question counts: what is asked after it may depend on its answer.
        let _ = self.asked.set(question);
        Error::new(ErrorKind::InvalidOperation, "not known yet")
    }
}

impl Object for Fields {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Engine) -> Option<Engine> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Engine> {
        if name == FIELDS {
            return Some(Engine::from_dyn_object(self.clone()));
        }
        if !is_field(name) {
            let now = self.now.as_ref()?;
            return match name {
                "now" => Some(When::Moment(now.now, now.zone.clone()).into_engine()),
                "utcnow" => Some(When::Moment(now.now, TimeZone::UTC).into_engine()),
                _ => None,
            };
        }
        let index = self.names.iter().position(|known| *known.name == *name)?;
        match &self.slots[index] {
            Slot::Value(value) => Some(value.clone()),
            Slot::Unknown if !self.frozen => Some(Engine::from(self.ask(Question::Value(index)))),
            Slot::Unknown | Slot::Absent => None,
        }
    }
}

#[cfg(test)]
impl Code {
    /// The code, an instruction a line.
    pub(super) fn instructions(&self) -> Vec<String> {
        let code = &self.compiled.borrow_dependent().main;
        (0..).map_while(|at| code.get(at)).map(|instruction| format!("{instruction:?}")).collect()
    }
}
