//! The fields that an evaluation reads: the root of its names.

use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, Value as Engine};

use super::dates::When;
use super::operators::OURS;
use super::scope::Now;

/// A name of the scope that the code reads.
#[derive(Debug)]
pub(super) struct ScopeName {
    pub(super) name: Box<str>,
    /// Whether every evaluation needs its value: it is read before the first branch.
    pub(super) always: bool,
}

/// Returns whether a name is the scope's to answer, not the engine's.
pub(super) fn is_field(name: &str) -> bool {
    !name.starts_with(OURS) && !matches!(name, "now" | "utcnow" | "loop" | "self")
}

/// Names of an evaluation, as the engine's root object.
#[derive(Debug, Clone)]
pub(super) struct FieldScope {
    pub(super) names: Arc<[ScopeName]>,
    /// State of each name.
    pub(super) slots: Vec<FieldState>,
    pub(super) has: Vec<(Box<str>, bool)>,
    pub(super) now: Option<Now>,
    pub(super) asked: OnceLock<Query>,
    /// Nothing is asked any more: what is not known is not there.
    pub(super) frozen: bool,
}

#[derive(Debug, Clone)]
pub(super) enum FieldState {
    Unknown,
    Absent,
    Value(Engine),
}

#[derive(Debug, Clone)]
pub(super) enum Query {
    /// The value of the name at this place.
    Value(usize),
    /// Whether there is such a field.
    Has(Box<str>),
}

/// The name by which functions find the [`FieldScope`] of their evaluation.
pub(super) const FIELDS: &str = "$fields";

impl FieldScope {
    /// Returns the same knowledge with one more piece, nothing asked.
    pub(super) fn next(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = Self { asked: OnceLock::new(), frozen: false, ..self.clone() };
        change(&mut next);
        next
    }

    /// Returns whether a field is there; an error that ends the evaluation if that has to be asked.
    pub(super) fn has(&self, name: &str) -> Result<bool, Error> {
        match self.has.iter().find(|(known, _)| **known == *name) {
            Some((_, has)) => Ok(*has),
            None if self.frozen => Ok(false),
            None => Err(self.ask(Query::Has(name.into()))),
        }
    }

    fn ask(&self, question: Query) -> Error {
        // Only the first question counts: what is asked after it may depend on its answer.
        let _ = self.asked.set(question);
        Error::new(ErrorKind::InvalidOperation, "not known yet")
    }
}

impl Object for FieldScope {
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
            FieldState::Value(value) => Some(value.clone()),
            FieldState::Unknown if !self.frozen => Some(Engine::from(self.ask(Query::Value(index)))),
            FieldState::Unknown | FieldState::Absent => None,
        }
    }
}
