//! Fields that are rendered from a template when they are read.
//!
//! A template may read fields that are offered and not fetched yet. So that it costs nothing where
//! nothing reads its own field, it is rendered at the last moment: when an expression reads the
//! field, or a plugin needs it ([`Task::need`]).

use std::collections::BTreeSet;

use crate::entry::deferred::DeferredField;
use crate::expression::{ErrorKind, ExpressionError};
use crate::task::report::unavailable_fields_message;
use crate::task::scope::Fields;
use crate::task::{Task, quoted};
use crate::value::Value;

/// Result of rendering a field.
enum Rendered {
    /// The field has its value, or is known to be unavailable.
    Done,
    /// The template reads these fields, which are not fetched yet.
    Waits(Vec<String>),
}

impl Task {
    /// Sets a field of the entry at `at` from a template.
    ///
    /// It is rendered at once if all that it reads is known, else when the field is read.
    ///
    /// A template that reads the field itself reads its old value.
    pub fn set_deferred(&mut self, at: usize, field: &str, deferred: DeferredField) {
        let deferred = DeferredField { place: self.place.clone(), ..deferred };
        self.entries[at].set_deferred(field.to_owned(), deferred);
        self.render_if_known(at, field, false);
    }

    /// Renders all fields that can be rendered at the end of the phase `metainfo`.
    ///
    /// Everything has been offered then.
    pub(crate) fn render_known(&mut self) {
        for at in 0..self.entries.len() {
            let fields: Vec<String> = self.entries[at].deferred_fields().map(str::to_owned).collect();
            fields.iter().for_each(|field| self.render_if_known(at, field, true));
        }
    }

    /// Renders a field if all that its template reads is known.
    ///
    /// Unless `complete`, a missing name may still come.
    fn render_if_known(&mut self, at: usize, field: &str, complete: bool) {
        let entry = &self.entries[at];
        let Some(deferred) = entry.deferred(field) else { return };
        let scope = Fields { except: Some(field), ..Fields::new(self, entry) };
        let value = deferred.template.render_native(&scope, &self.now());
        if let (Ok(value), true) = (value, complete || !scope.missed.get()) {
            let by = deferred.by;
            self.set_rendered(at, by, field, value);
        }
    }

    fn set_rendered(&mut self, at: usize, by: &'static str, field: &str, value: Value) {
        let entry = &mut self.entries[at];
        entry.set(field, value);
        if self.tracing {
            entry.record_fields(by, None);
        }
    }

    /// Renders the wanted fields that can be, and adds the fields that the others wait for.
    pub(crate) fn render(&mut self, wanted: &mut [(usize, BTreeSet<String>)]) {
        for (at, fields) in wanted {
            let mut open: Vec<String> =
                fields.iter().filter(|field| self.entries[*at].deferred(field).is_some()).cloned().collect();
            while let Some(field) = open.pop() {
                let Rendered::Waits(names) = self.render_field(*at, &field) else {
                    // A field that waits for this one may be ready now.
                    let waiting = fields.iter().filter(|field| self.entries[*at].deferred(field).is_some()).cloned();
                    open = waiting.collect();
                    continue;
                };
                for name in names {
                    if fields.insert(name.clone()) && self.entries[*at].deferred(&name).is_some() {
                        open.push(name);
                    }
                }
            }
        }
    }

    /// Gives up fields that are not rendered although all has been fetched: they read each other.
    pub(crate) fn give_up(&mut self, wanted: &[(usize, BTreeSet<String>)]) {
        for (at, fields) in wanted {
            for field in fields {
                if let Some(deferred) = self.entries[*at].take_deferred(field) {
                    self.entries[*at].mark_unavailable(field);
                    self.warn(
                        deferred.by,
                        format!(
                            "circular template: field `{field}` depends on itself: {}",
                            quoted(deferred.template.text(), deferred.place.as_ref())
                        ),
                    );
                }
            }
        }
    }

    fn render_field(&mut self, at: usize, field: &str) -> Rendered {
        let entry = &self.entries[at];
        let Some(deferred) = entry.deferred(field) else { return Rendered::Done };
        let by = deferred.by;
        let scope = Fields { except: Some(field), ..Fields::new(self, entry) };
        match deferred.template.render_native(&scope, &self.now()) {
            Ok(value) => self.set_rendered(at, by, field, value),
            Err(ExpressionError { kind: ErrorKind::Pending(names), .. }) => {
                let (waits, lost): (Vec<String>, Vec<String>) =
                    names.into_iter().partition(|name| self.is_pending(&self.entries[at], name));
                if lost.is_empty() {
                    return Rendered::Waits(waits);
                }
                let entry = &mut self.entries[at];
                entry.trace(format!("{by}: `{field}` is not known: {}", unavailable_fields_message(&lost)));
                entry.mark_unavailable(field);
            }
            Err(error) => {
                let message = format!(
                    "could not set {field} for {} to {}: {error}",
                    entry.title(),
                    quoted(deferred.template.text(), deferred.place.as_ref())
                );
                let entry = &mut self.entries[at];
                let old = entry.peek(field).cloned().unwrap_or(Value::Null);
                entry.set(field, old);
                self.warn(by, message);
            }
        }
        Rendered::Done
    }
}
