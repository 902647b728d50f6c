//! The names that an expression reads, and the moment at which it does.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::value::Value;

/// The names that an expression can read.
///
/// [`Scope::get`] is only asked for names whose value the evaluation needs, so `a and b` asks for
/// `b` only if `a` holds.
pub trait Scope {
    /// Returns the value of a name.
    fn get(&self, name: &str) -> Got;
    /// Returns the value of a name if it is known, or [`Got::Pending`] if [`Scope::get`] must ask.
    ///
    /// Reading this does not mean that the value is needed. A scope that answers here makes
    /// evaluations faster.
    fn peek(&self, name: &str) -> Got {
        let _ = name;
        Got::Pending
    }
    /// Returns all names that are known or offered, in any order.
    fn names(&self) -> Vec<String>;
    /// Returns whether the name is known or offered, without fetching its value.
    fn has(&self, name: &str) -> bool {
        self.names().iter().any(|known| known == name)
    }
}

/// The answer of a [`Scope`].
#[derive(Debug, Clone, PartialEq)]
pub enum Got {
    /// The value.
    Value(Value),
    /// There is no such name.
    Absent,
    /// The value is offered but not fetched yet.
    ///
    /// The evaluation ends with [`ErrorKind::Pending`](super::ErrorKind::Pending): fetch, then
    /// evaluate again.
    Pending,
}

impl Scope for BTreeMap<String, Value> {
    fn get(&self, name: &str) -> Got {
        BTreeMap::get(self, name).map_or(Got::Absent, |value| Got::Value(value.clone()))
    }

    fn peek(&self, name: &str) -> Got {
        Scope::get(self, name)
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }

    fn has(&self, name: &str) -> bool {
        self.contains_key(name)
    }
}

/// The moment at which an expression is evaluated.
#[derive(Debug, Clone)]
pub struct Now {
    /// The moment.
    pub now: Timestamp,
    /// Where the clock hangs that `now` is read from.
    pub zone: TimeZone,
}
