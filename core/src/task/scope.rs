//! Fields of entries as expressions and templates of a task read them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer};

use crate::entry::Entry;
use crate::entry::trace::TraceEvent;
use crate::expression::{ErrorKind, Expression, ExpressionError, Got, Now, Scope, Template};
use crate::task::Task;
use crate::task::report::{first_titles, unavailable_fields_message};
use crate::value::Value;

/// The scope of an entry: its fields, those that are offered, its state, and the task's name.
///
/// A field that is offered is [`Got::Pending`] until it is fetched, and stays so if it cannot be.
pub(crate) struct Fields<'a> {
    pub task: &'a Task,
    pub entry: &'a Entry,
    /// The field that is being rendered, which reads its own old value.
    pub except: Option<&'a str>,
    /// Whether a name was read that does not exist.
    pub missed: Cell<bool>,
    /// The values that were read, if the task is traced.
    pub reads: RefCell<BTreeMap<String, Value>>,
}

impl<'a> Fields<'a> {
    pub fn new(task: &'a Task, entry: &'a Entry) -> Self {
        Self { task, entry, except: None, missed: Cell::new(false), reads: RefCell::default() }
    }

    fn waits(&self, name: &str) -> bool {
        if self.except == Some(name) {
            self.task.is_offered(self.entry, name)
        } else {
            self.task.is_pending(self.entry, name) || self.task.is_unavailable(self.entry, name)
        }
    }
}

impl Scope for Fields<'_> {
    fn get(&self, name: &str) -> Got {
        if self.waits(name) {
            return Got::Pending;
        }
        let known = self.entry.get(name).or_else(|| match name {
            "task" | "task_name" => Some(Value::from(&*self.task.name)),
            _ => None,
        });
        self.missed.set(self.missed.get() || known.is_none());
        if self.task.tracing
            && let Some(value) = &known
        {
            self.reads.borrow_mut().insert(name.to_owned(), value.clone());
        }
        known.map_or(Got::Absent, Got::Value)
    }

    fn names(&self) -> Vec<String> {
        let known = self.entry.fields().map(|(name, _)| name.to_owned());
        known.chain(self.task.offered(self.entry).map(str::to_owned)).collect()
    }

    fn has(&self, name: &str) -> bool {
        let has = self.waits(name) || self.entry.get(name).is_some();
        self.missed.set(self.missed.get() || !has);
        has
    }
}

impl Task {
    /// Returns the time and the time zone for expressions.
    pub fn now(&self) -> Now {
        Now { now: self.cx.clock.now(), zone: self.cx.clock.zone() }
    }

    /// Evaluates an expression for the entries at these positions, in rounds.
    ///
    /// Fields that it reads are fetched, and only for the entries of which it reads them.
    ///
    /// The error [`ErrorKind::Pending`] in a result names fields that could not be fetched.
    pub async fn evaluate<T>(
        &mut self,
        positions: Vec<usize>,
        evaluate: impl Fn(&dyn Scope, &Now) -> Result<T, ExpressionError>,
    ) -> Vec<(usize, Result<T, ExpressionError>)> {
        let now = self.now();
        let read = |task: &Task, entry: &Entry| {
            let scope = Fields::new(task, entry);
            let result = evaluate(&scope, &now);
            let touched = match &result {
                Err(ExpressionError { kind: ErrorKind::Pending(names), .. }) => names.clone(),
                _ => Vec::new(),
            };
            ((result, scope.reads.take()), touched)
        };
        let results = self.rounds(positions, read).await;
        self.reads.clear();
        let mut without_reads = Vec::with_capacity(results.len());
        for (at, (result, reads)) in results {
            if self.tracing {
                self.reads.push((at, reads));
            }
            without_reads.push((at, result));
        }
        without_reads
    }

    /// Adds the evaluation of a condition to the traces, with the values that it read.
    ///
    /// `results` are those of the last [`Task::evaluate`].
    pub fn trace_condition(
        &mut self,
        plugin: &'static str,
        condition: &str,
        results: &[(usize, Result<bool, ExpressionError>)],
    ) {
        for ((at, result), (_, values)) in results.iter().zip(std::mem::take(&mut self.reads)) {
            let condition = condition.to_owned();
            let error = match result {
                Err(ExpressionError { kind: ErrorKind::Pending(fields), .. }) => {
                    Some(unavailable_fields_message(fields))
                }
                Err(error) => Some(error.to_string()),
                Ok(_) => None,
            };
            let result = result.as_ref().ok().copied();
            self.entries[*at].record(plugin, TraceEvent::Evaluated { condition, result, values, error });
        }
    }
}

impl Task {
    /// Warns that an expression could not be evaluated for these entries.
    ///
    /// There is one line for each reason; the traces of each entry say so as well.
    pub fn warn_of_errors(&mut self, plugin: &'static str, text: &str, errors: &[(usize, ExpressionError)]) {
        let mut reasons: IndexMap<String, Vec<usize>> = IndexMap::new();
        for (at, error) in errors {
            reasons.entry(error.to_string()).or_default().push(*at);
        }
        let expression = self.quoted(text);
        for (reason, entries) in reasons {
            let titles = first_titles(entries.iter().map(|at| self.entries[*at].title()), entries.len());
            for at in entries {
                self.entries[at].trace(format!("{plugin}: {expression} could not be evaluated: {reason}"));
            }
            self.warn(plugin, format!("{expression} could not be evaluated for {titles}: {reason}"));
        }
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::compile(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::compile(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
