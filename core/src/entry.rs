//! An entry: the thing that a task is about, with its fields and what was decided about it.

pub mod deferred;
mod field_map;
mod stored;
pub mod trace;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::value::Value;
use deferred::DeferredField;
use field_map::FieldMap;
use trace::{TraceEvent, TraceRecord};

pub use trace::{DecisionRecord, State};

/// The name of a field.
///
/// Names known at compile time cost nothing.
pub type Name = Cow<'static, str>;

/// Number of the last decisions that entries share.
const RECENT: usize = 4;

thread_local! {
    /// The decisions that entries got last: many get the same.
    static RECENT_DECISIONS: RefCell<VecDeque<Rc<[DecisionRecord]>>> = RefCell::default();
}

/// Returns the decisions, kept once for entries that get the same one after the other.
fn shared(decisions: Vec<DecisionRecord>) -> Rc<[DecisionRecord]> {
    RECENT_DECISIONS.with_borrow_mut(|recent| {
        if let Some(known) = recent.iter().find(|known| ***known == *decisions) {
            return Rc::clone(known);
        }
        let decisions = Rc::from(decisions);
        recent.truncate(RECENT.saturating_sub(1));
        recent.push_front(Rc::clone(&decisions));
        decisions
    })
}

/// One thing that was found, with its fields.
///
/// It always has a `title` and a `url`. As in FlexGet, the first of each are kept as
/// `original_title` and `original_url`, and a decision can be asked for by the fields
/// `accepted_by`, `rejected_by`, `failed_by` and `reason`.
///
/// ```
/// use flexget_core::entry::{Entry, State};
/// use flexget_core::value::Value;
///
/// let mut film = Entry::new("Solaris", "https://example.org/solaris");
/// film.set("movie_year", 1972_i64);
/// film.set("title", "Solaris (1972)");
/// // Many fields cost less together.
/// film.extend([("movie_name", Value::from("Solaris")), ("runtime", 167_i64.into())]);
/// assert_eq!(film.text("original_title"), Some("Solaris"));
/// assert_eq!(film.peek("movie_year").and_then(Value::as_int), Some(1972));
/// assert_eq!(film.peek("imdb_id"), None);
///
/// film.accept("my_filter");
/// film.reject("other_filter", Some("too long".to_owned()));
/// // A rejected entry stays rejected.
/// film.accept("my_filter");
/// assert_eq!((film.state(), film.reason()), (State::Rejected, Some("too long")));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Copies of an entry share them until one is changed: a list keeps what a task was given.
    fields: FieldMap,
    state: State,
    /// The decisions in order; the last one gave the state.
    decisions: Option<Rc<[DecisionRecord]>>,
    /// It must not be accepted any more: what would decide on it is not known.
    withheld: bool,
    /// State that most entries lack.
    rare: Option<Box<Rare>>,
}

/// State of an entry whose fields are looked up or rendered.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rare {
    tried: Vec<u32>,
    traces: Vec<String>,
    /// Fields that are rendered when they are read.
    deferred: Vec<(Name, DeferredField)>,
    /// Fields that are unavailable, as something that they depend on could not be fetched.
    lost: Vec<Name>,
    /// The events so far, if its task is traced.
    events: Vec<TraceRecord>,
    /// The fields at the last event, if its task is traced.
    traced: Option<FieldMap>,
}

impl Rare {
    fn take_deferred(&mut self, name: &str) -> Option<DeferredField> {
        let at = self.deferred.iter().position(|(known, _)| known == name)?;
        Some(self.deferred.remove(at).1)
    }
}

impl Entry {
    /// Creates an undecided entry.
    pub fn new(title: impl AsRef<str>, url: impl AsRef<str>) -> Self {
        Self::of(FieldMap::new(title.as_ref().into(), url.as_ref().into()))
    }

    fn of(fields: FieldMap) -> Self {
        Self { fields, state: State::Undecided, decisions: None, withheld: false, rare: None }
    }

    /// Creates an undecided entry with these fields, which must have a `title`.
    ///
    /// Without a `url` it gets `fallback_url`.
    ///
    /// # Errors
    /// Says which field is missing or is not text.
    pub fn from_fields<N: AsRef<str>>(
        fields: impl IntoIterator<Item = (N, Value)>,
        fallback_url: impl FnOnce(&str) -> String,
    ) -> Result<Self, String> {
        let mut title = None;
        let mut url = None;
        let mut rest = Vec::new();
        for (name, value) in fields {
            match (name.as_ref(), &value) {
                ("title", Value::Text(_)) => title = Some(value),
                ("url", Value::Text(_)) => url = Some(value),
                (name @ ("title" | "url"), other) => {
                    return Err(format!("`{name}` must be text, got {}", other.kind()));
                }
                _ => rest.push((name, value)),
            }
        }
        let title = title.ok_or("an entry needs a `title`")?;
        let url = url.unwrap_or_else(|| fallback_url(title.as_str().unwrap_or_default()).into());
        let mut entry = Self::of(FieldMap::new(title, url));
        entry.extend(rest);
        Ok(entry)
    }

    /// Returns the title.
    pub fn title(&self) -> &str {
        self.text("title").unwrap_or_default()
    }

    /// Returns the address.
    pub fn url(&self) -> &str {
        self.text("url").unwrap_or_default()
    }

    /// Returns the known value of a field; nothing is looked up.
    pub fn peek(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// Returns a field as expressions see it: its known value, or the state.
    pub fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.peek(name) {
            return Some(value.clone());
        }
        let by = |state| (self.state == state).then(|| self.decided_by()).flatten().map(Value::from);
        match name {
            "accepted_by" => by(State::Accepted),
            "rejected_by" => by(State::Rejected),
            "failed_by" => by(State::Failed),
            "reason" => self.reason().map(Value::from),
            _ => None,
        }
    }

    /// Returns a field that is known and is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.peek(name)?.as_str()
    }

    /// Returns a field that is known and is a whole number, or text that spells one.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.peek(name)?.as_int()
    }

    /// Returns whether a field is known to be something.
    pub fn has(&self, name: &str) -> bool {
        self.peek(name).is_some_and(|value| !value.is_null())
    }

    /// Sets a field.
    pub fn set(&mut self, name: impl AsRef<str>, value: impl Into<Value>) {
        let name = name.as_ref();
        self.take_deferred(name);
        self.fields.set(name, value.into());
    }

    /// Defers a field until it is read; until then [`Entry::peek`] returns its old value.
    pub(crate) fn set_deferred(&mut self, name: impl Into<Name>, deferred: DeferredField) {
        let name = name.into();
        let rare = self.rare.get_or_insert_default();
        rare.deferred.retain(|(known, _)| *known != name);
        rare.lost.retain(|lost| *lost != name);
        rare.deferred.push((name, deferred));
    }

    /// Returns the template of a deferred field.
    pub(crate) fn deferred(&self, name: &str) -> Option<&DeferredField> {
        self.rare.as_ref()?.deferred.iter().find(|(known, _)| known == name).map(|(_, deferred)| deferred)
    }

    /// Returns the fields that are rendered when they are read.
    pub(crate) fn deferred_fields(&self) -> impl Iterator<Item = &str> {
        self.rare.iter().flat_map(|rare| rare.deferred.iter()).map(|(name, _)| name.as_ref())
    }

    pub(crate) fn take_deferred(&mut self, name: &str) -> Option<DeferredField> {
        self.rare.as_mut()?.take_deferred(name)
    }

    /// Returns whether it was tried to render a field from something that could not be fetched.
    pub(crate) fn is_unavailable(&self, name: &str) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.lost.iter().any(|lost| lost == name))
    }

    pub(crate) fn mark_unavailable(&mut self, name: &str) {
        self.take_deferred(name);
        if !self.is_unavailable(name) {
            self.rare.get_or_insert_default().lost.push(Name::Owned(name.to_owned()));
        }
    }

    /// Sets a field unless it is known to be something.
    ///
    /// Lookups use this: what is known is never overwritten.
    pub fn fill(&mut self, name: impl AsRef<str>, value: impl Into<Value>) {
        let name = name.as_ref();
        if !self.has(name) {
            self.fields.set(name, value.into());
        }
    }

    /// Sets those of many fields that are not known to be something.
    pub fn fill_all<N: AsRef<str>>(&mut self, fields: impl IntoIterator<Item = (N, Value)>) {
        let fields = fields.into_iter();
        self.fields.change(fields.size_hint().0, |known| {
            for (name, value) in fields {
                if known.get(name.as_ref()).is_none_or(Value::is_null) {
                    known.set(name.as_ref(), value);
                }
            }
        });
    }

    /// Returns the same with a field, if the value is something.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<str>, value: impl Into<Value>) -> Self {
        let value = value.into();
        if !value.is_null() {
            self.set(name, value);
        }
        self
    }

    /// Removes a field; `title` and `url` stay.
    pub fn unset(&mut self, name: &str) {
        self.take_deferred(name);
        if name != "title" && name != "url" {
            self.fields = self.fields.filtered(|known| known != name);
        }
    }

    /// Returns the fields that are known, in the order in which they became known.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter()
    }

    /// Returns the state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns the plugin that decided it.
    pub fn decided_by(&self) -> Option<&'static str> {
        self.decisions().last().map(|decision| decision.plugin)
    }

    /// Returns why it was decided.
    pub fn reason(&self) -> Option<&str> {
        self.decisions().last()?.reason.as_deref()
    }

    /// Returns all decisions, in order.
    pub fn decisions(&self) -> &[DecisionRecord] {
        self.decisions.as_deref().unwrap_or_default()
    }

    /// Names the phase of the decisions that were made since the last call.
    pub(crate) fn set_phase(&mut self, phase: &'static str) {
        let is_new = |decision: &DecisionRecord| decision.phase.is_empty();
        if let Some(decisions) = self.decisions.as_mut().filter(|decisions| decisions.last().is_some_and(is_new)) {
            let name = |decisions: &mut [DecisionRecord]| {
                let new = decisions.iter_mut().rev().take_while(|decision| is_new(decision));
                new.for_each(|decision| decision.phase = phase);
            };
            if let Some(own) = Rc::get_mut(decisions) {
                name(own);
            } else {
                let mut named = decisions.to_vec();
                name(&mut named);
                *decisions = shared(named);
            }
        }
        let events = self.rare.iter_mut().flat_map(|rare| rare.events.iter_mut().rev());
        events.take_while(|event| event.phase.is_empty()).for_each(|event| event.phase = phase);
    }

    /// Returns the trace in order, with the decisions; empty unless the task was traced.
    pub fn trace_records(&self) -> Vec<TraceRecord> {
        let Some(rare) = self.rare.as_ref().filter(|rare| !rare.events.is_empty()) else { return Vec::new() };
        let mut decisions = self.decisions().iter().enumerate().peekable();
        let mut records = Vec::with_capacity(rare.events.len().saturating_add(self.decisions().len()));
        for event in &rare.events {
            while let Some((_, decision)) = decisions.next_if(|(at, _)| *at < event.decisions) {
                records.push(decision.into());
            }
            records.push(event.clone());
        }
        records.extend(decisions.map(|(_, decision)| decision.into()));
        records
    }

    /// Adds an event to the trace.
    pub(crate) fn record(&mut self, plugin: &'static str, event: TraceEvent) {
        let decisions = self.decisions().len();
        self.rare.get_or_insert_default().events.push(TraceRecord { phase: "", plugin, event, decisions });
    }

    /// Records that `plugin` produced the entry, or which fields it set since the last event.
    pub(crate) fn record_fields(&mut self, plugin: &'static str, source: Option<&str>) {
        let before = self.rare.get_or_insert_default().traced.replace(self.fields.clone());
        let Some(before) = before else {
            return self.record(plugin, TraceEvent::Produced { source: source.map(str::to_owned) });
        };
        let changed = self.fields.iter().filter(|(name, value)| before.get(name) != Some(value));
        let removed = before.iter().filter(|(name, _)| self.peek(name).is_none());
        let removed = removed.map(|(name, _)| (name, &Value::Null));
        let fields = changed.chain(removed).filter(|(name, _)| !name.starts_with('_'));
        let fields: BTreeMap<Name, _> =
            fields.map(|(name, value)| (Name::Owned(name.to_owned()), value.clone())).collect();
        if !fields.is_empty() {
            self.record(plugin, TraceEvent::Set { fields });
        }
    }

    /// Records a lookup, which takes the fields that it found for the trace's own.
    pub(crate) fn record_lookup(
        &mut self,
        plugin: &'static str,
        found: &Result<Vec<(Name, Value)>, String>,
        requests: u64,
        entries: usize,
    ) {
        let known = found.as_ref().map(Vec::as_slice).unwrap_or_default().iter();
        let known = known.filter(|(name, value)| !value.is_null() && !name.starts_with('_'));
        let fields = known.map(|(name, _)| name.clone()).collect();
        let error = found.as_ref().err().cloned();
        self.record(plugin, TraceEvent::LookedUp { fields, requests, entries, error });
    }

    /// Takes the fields as they are for the start of the next record of fields.
    pub(crate) fn mark_traced(&mut self) {
        self.rare.get_or_insert_default().traced = Some(self.fields.clone());
    }

    /// Records that a filter left the entry undecided, unless the trace says more of it.
    pub(crate) fn record_passed(&mut self, phase: &'static str, plugin: &'static str) {
        let is_told = |at: &str, by: &str| (at.is_empty() || at == phase) && by == plugin;
        let is_decided = self.decisions().iter().any(|decision| is_told(decision.phase, decision.plugin));
        let events = self.rare.iter().flat_map(|rare| rare.events.iter());
        if self.state == State::Undecided
            && !is_decided
            && !events.into_iter().any(|event| is_told(event.phase, event.plugin))
        {
            self.record(plugin, TraceEvent::Passed);
        }
    }

    /// Failures of lookups.
    pub fn traces(&self) -> &[String] {
        self.rare.as_ref().map(|rare| rare.traces.as_slice()).unwrap_or_default()
    }

    /// Notes what went wrong while a field was looked up, once.
    pub fn trace(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.traces().contains(&what) {
            self.rare.get_or_insert_default().traces.push(what);
        }
    }

    pub(crate) fn tried(&self, offer: u32) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.tried.contains(&offer))
    }

    pub(crate) fn mark_tried(&mut self, offer: u32) {
        if !self.tried(offer) {
            self.rare.get_or_insert_default().tried.push(offer);
        }
    }

    /// Accepts it, unless it was rejected or is accepted already.
    pub fn accept(&mut self, by: &'static str) {
        self.accept_because(by, None);
    }

    /// Accepts it for a reason, unless it was rejected or is accepted already.
    pub fn accept_because(&mut self, by: &'static str, reason: Option<String>) {
        if self.withheld {
            self.trace(format!("{by} could not accept it, because it is not known whether it may be"));
        } else if !matches!(self.state, State::Rejected | State::Accepted) {
            self.decide(State::Accepted, by, reason);
        }
    }

    /// Rejects it in any state, unless it is rejected or its field `immortal` is true.
    pub fn reject(&mut self, by: &'static str, reason: Option<String>) {
        if self.peek("immortal").is_some_and(Value::is_true) {
            self.trace(format!("{by} could not reject it, because it is immortal"));
        } else if self.state != State::Rejected {
            self.decide(State::Rejected, by, reason);
        }
    }

    /// Fails it: acting on it did not work.
    ///
    /// An entry that failed is never remembered as seen.
    pub fn fail(&mut self, by: &'static str, reason: impl Into<String>) {
        self.decide(State::Failed, by, Some(reason.into()));
    }

    /// Withholds it from this run, as a condition that might reject it is unknown.
    pub fn withhold(&mut self, by: &'static str, reason: impl Into<String>) {
        if self.state != State::Rejected {
            self.decide(State::Undecided, by, Some(reason.into()));
            self.withheld = true;
        }
    }

    fn decide(&mut self, state: State, by: &'static str, reason: Option<String>) {
        self.state = state;
        let reason = reason.map(String::into_boxed_str);
        let decision = DecisionRecord { phase: "", plugin: by, verdict: state, reason };
        self.decisions = Some(shared(self.decisions().iter().cloned().chain([decision]).collect()));
    }

    /// Returns a copy of the fields alone, undecided: what a list keeps and gives.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self::of(self.fields.clone())
    }

    /// Drops the fields whose names begin with `_`, which a list gives for its own use.
    #[must_use]
    pub fn without_hidden(mut self) -> Self {
        if self.fields.iter().any(|(name, _)| name.starts_with('_')) {
            self.fields = self.fields.filtered(|name| !name.starts_with('_'));
        }
        self
    }
}

impl<N: AsRef<str>> Extend<(N, Value)> for Entry {
    fn extend<I: IntoIterator<Item = (N, Value)>>(&mut self, fields: I) {
        let (fields, rare) = (fields.into_iter(), &mut self.rare);
        self.fields.change(fields.size_hint().0, |known| {
            for (name, value) in fields {
                let name = name.as_ref();
                rare.as_mut().and_then(|rare| rare.take_deferred(name));
                known.set(name, value);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_follow_flexget() {
        let mut entry = Entry::new("A", "mock://a");
        entry.accept("accept_all");
        entry.accept_because("list_match", Some("again".into()));
        assert_eq!((entry.state(), entry.decided_by(), entry.reason()), (State::Accepted, Some("accept_all"), None));
        entry.reject("seen", Some("seen before".into()));
        entry.accept("accept_all");
        assert_eq!((entry.state(), entry.reason()), (State::Rejected, Some("seen before")));
        assert_eq!(entry.get("rejected_by"), Some("seen".into()));
        assert_eq!(entry.get("accepted_by"), None);
    }

    #[test]
    fn a_held_entry_is_not_accepted_but_can_be_rejected() {
        let mut entry = Entry::new("A", "mock://a");
        entry.accept("accept_all");
        entry.withhold("if", "`x` could not be looked up");
        entry.accept("list_match");
        assert_eq!((entry.state(), entry.reason()), (State::Undecided, Some("`x` could not be looked up")));
        entry.reject("seen", None);
        assert_eq!(entry.state(), State::Rejected);
    }

    #[test]
    fn an_immortal_entry_is_not_rejected() {
        let mut entry = Entry::new("A", "mock://a").with("immortal", true);
        entry.reject("seen", None);
        assert_eq!(entry.state(), State::Undecided);
        assert_eq!(entry.traces().len(), 1);
    }
}
