//! Fields that are rendered from a template when somebody reads them.
//!
//! What a template reads may be offered and not fetched yet. So that it costs nothing where nobody
//! reads the field, it is rendered at the last moment: when an expression reads the field or a
//! plugin needs it ([`Task::need`]).

use std::collections::BTreeSet;

use crate::entry::State;
use crate::entry::deferred::DeferredField;
use crate::expression::{ErrorKind, ExpressionError};
use crate::task::scope::Fields;
use crate::task::{Task, quoted};
use crate::value::Value;

/// How a rendering went.
enum Rendered {
    /// The field has its value.
    Done,
    /// These fields are read and not fetched yet.
    Waits(Vec<String>),
}

impl Task {
    /// Sets a field of the entry at `at` from a template, rendered when the field is first read.
    ///
    /// It is rendered at once if it reads nothing but known fields. A template that reads the field
    /// itself reads its old value.
    pub fn set_deferred(&mut self, at: usize, field: &str, later: DeferredField) {
        let later = DeferredField { place: self.place.clone(), ..later };
        self.entries[at].set_deferred(field.to_owned(), later);
        self.render_if_known(at, field, false);
    }

    /// Renders the deferred fields that can be rendered at the end of the phase `metainfo`.
    pub(crate) fn render_known(&mut self) {
        for at in 0..self.entries.len() {
            let fields: Vec<String> = self.entries[at].deferred_fields().map(str::to_owned).collect();
            fields.iter().for_each(|field| self.render_if_known(at, field, true));
        }
    }

    /// Renders what is left to render of the accepted entries, which are going to be acted on.
    pub(crate) async fn render_accepted(&mut self) {
        let later = |at: usize| (at, self.entries[at].deferred_fields().map(str::to_owned).collect::<BTreeSet<_>>());
        let accepted = self.positions(|entry| entry.state() == State::Accepted);
        let wanted: Vec<_> = accepted.map(later).filter(|(_, fields)| !fields.is_empty()).collect();
        if !wanted.is_empty() {
            self.fetch(&wanted).await;
        }
    }

    /// Renders a field if all that its template reads is known.
    ///
    /// Unless `complete`, a name that there is not may still come.
    fn render_if_known(&mut self, at: usize, field: &str, complete: bool) {
        let entry = &self.entries[at];
        let Some(later) = entry.later(field) else { return };
        let scope = Fields { except: Some(field), ..Fields::new(self, entry) };
        let value = later.template.render_native(&scope, &self.now());
        if let (Ok(value), true) = (value, complete || !scope.missed.get()) {
            self.entries[at].set(field.to_owned(), value);
        }
    }

    /// Renders what is wanted and can be, and adds what the templates wait for to what is wanted.
    pub(crate) fn render(&mut self, wanted: &mut [(usize, BTreeSet<String>)]) {
        for (at, fields) in wanted {
            let mut open: Vec<String> =
                fields.iter().filter(|field| self.entries[*at].later(field).is_some()).cloned().collect();
            while let Some(field) = open.pop() {
                let Rendered::Waits(names) = self.render_field(*at, &field) else {
                    // What was waiting for this one may be ready now.
                    let waiting = fields.iter().filter(|field| self.entries[*at].later(field).is_some()).cloned();
                    open = waiting.collect();
                    continue;
                };
                for name in names {
                    if fields.insert(name.clone()) && self.entries[*at].later(&name).is_some() {
                        open.push(name);
                    }
                }
            }
        }
    }

    /// Marks fields as unavailable that depend on each other.
    pub(crate) fn give_up(&mut self, wanted: &[(usize, BTreeSet<String>)]) {
        for (at, fields) in wanted {
            for field in fields {
                if let Some(later) = self.entries[*at].take_deferred(field) {
                    self.entries[*at].lose(field);
                    self.warn(
                        later.by,
                        format!("`{field}` is made of itself: {}", quoted(later.template.text(), later.place.as_ref())),
                    );
                }
            }
        }
    }

    fn render_field(&mut self, at: usize, field: &str) -> Rendered {
        let entry = &self.entries[at];
        let Some(later) = entry.later(field) else { return Rendered::Done };
        let by = later.by;
        let scope = Fields { except: Some(field), ..Fields::new(self, entry) };
        match later.template.render_native(&scope, &self.now()) {
            Ok(value) => self.entries[at].set(field.to_owned(), value),
            Err(ExpressionError { kind: ErrorKind::Pending(names), .. }) => {
                let (waits, lost): (Vec<String>, Vec<String>) =
                    names.into_iter().partition(|name| self.is_pending(&self.entries[at], name));
                if lost.is_empty() {
                    return Rendered::Waits(waits);
                }
                let entry = &mut self.entries[at];
                entry.trace(format!("{by}: `{field}` is not known: {}", unavailable_fields_message(&lost)));
                entry.lose(field);
            }
            Err(error) => {
                let message = format!(
                    "could not set {field} for {} to {}: {error}",
                    entry.title(),
                    quoted(later.template.text(), later.place.as_ref())
                );
                let entry = &mut self.entries[at];
                let old = entry.peek(field).cloned().unwrap_or(Value::Null);
                entry.set(field.to_owned(), old);
                self.warn(by, message);
            }
        }
        Rendered::Done
    }
}

/// Returns the words for fields that nobody knows.
pub fn unavailable_fields_message(fields: &[String]) -> String {
    let names: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
    format!("{} could not be looked up", names.join(", "))
}
