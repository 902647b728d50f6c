//! A task while it runs: its entries, what was changed, and what there is to say about it.

pub mod deferred;
pub mod offer;
pub mod phase;
pub mod report;
mod scope;
pub mod step;

use std::rc::Rc;

use crate::context::Context;
use crate::document::position::Place;
use crate::entry::{Entry, State};
use crate::error::Result;
use crate::task::offer::Offer;
use crate::task::report::ChangeReport;
use crate::task::step::BoundStep;

/// A task while it runs.
///
/// Plugins see the world and the entries through it.
pub struct Task {
    /// The task's name.
    pub name: Rc<str>,
    /// The world.
    pub cx: Context,
    /// All entries, in order, whatever was decided about them.
    pub entries: Vec<Entry>,
    /// Nothing is acted on; what is accepted is remembered as if it had been (`--learn`).
    pub learn: bool,
    /// Suppresses the warning that no entries were produced.
    pub may_be_empty: bool,
    /// Largest number of entries that is wanted; an input that can stop early does.
    pub wanted: Option<usize>,
    offers: Vec<Rc<dyn Offer>>,
    changes: Vec<ChangeReport>,
    warnings: Vec<String>,
    outcome: Option<Ending>,
    /// Why the task was aborted, in the phase `abort`.
    pub abort_reason: Option<String>,
    /// Where the body of the task is written.
    pub(crate) body: Option<Place>,
    /// Where the plugin that runs is written.
    pub(crate) place: Option<Place>,
}

/// How a task ends when it does not run through.
#[derive(Debug)]
pub(crate) enum Ending {
    /// A plugin had nothing to complain of, but the task is not to run now.
    Skipped(String),
}

impl Task {
    /// Creates a task without entries.
    pub fn new(name: impl Into<Rc<str>>, cx: Context) -> Self {
        Self {
            name: name.into(),
            cx,
            entries: Vec::new(),
            learn: false,
            may_be_empty: false,
            wanted: None,
            offers: Vec::new(),
            changes: Vec::new(),
            warnings: Vec::new(),
            outcome: None,
            abort_reason: None,
            body: None,
            place: None,
        }
    }

    /// Creates a task of the same name and context without entries, for plugins that run others.
    pub fn aside(&self) -> Self {
        Self {
            offers: self.offers.clone(),
            learn: self.learn,
            may_be_empty: self.may_be_empty,
            body: self.body.clone(),
            place: self.place.clone(),
            ..Self::new(self.name.clone(), self.cx.clone())
        }
    }

    /// Adds entries.
    pub fn produce(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.entries.extend(entries);
    }

    /// Returns the positions of the entries that are undecided or accepted.
    pub fn live(&self) -> std::vec::IntoIter<usize> {
        self.positions(|entry| matches!(entry.state(), State::Undecided | State::Accepted))
    }

    /// Returns the positions of the entries of which `which` is true.
    pub fn positions(&self, which: impl Fn(&Entry) -> bool) -> std::vec::IntoIter<usize> {
        let found: Vec<usize> =
            self.entries.iter().enumerate().filter(|(_, entry)| which(entry)).map(|(at, _)| at).collect();
        found.into_iter()
    }

    /// Returns the entries that are undecided or accepted.
    pub fn live_entries(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut().filter(|entry| matches!(entry.state(), State::Undecided | State::Accepted))
    }

    /// Returns the entries that are accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.state() == State::Accepted)
    }

    /// Warns the user: it goes into the report, once.
    pub fn warn(&mut self, plugin: &'static str, message: impl Into<String>) {
        let message = format!("{plugin}: {}", message.into());
        if !self.warnings.contains(&message) {
            tracing::warn!(target: "task", task = %self.name, "{message}");
            self.warnings.push(message);
        }
    }

    /// Tells whether the report has this warning of a plugin.
    pub(crate) fn has_warned(&self, plugin: &str, message: &str) -> bool {
        self.warnings
            .iter()
            .any(|warning| warning.strip_prefix(plugin).and_then(|rest| rest.strip_prefix(": ")) == Some(message))
    }

    /// Warns of what the world had to say since the last time, on behalf of a plugin.
    pub(crate) fn report_warnings(&mut self, plugin: &'static str) {
        for warn in self.cx.take_warnings() {
            self.warn(plugin, warn);
        }
    }

    /// Quotes an expression of the running plugin for messages, with its file and line if known.
    pub fn quoted(&self, text: &str) -> String {
        quoted(text, self.place.as_ref())
    }

    /// Returns a hash of the task's merged config, or `None` if the task is not from a config.
    ///
    /// It changes with any option of the task, as FlexGet's does, and is the same in all versions.
    pub fn config_fingerprint(&self) -> Option<u64> {
        self.body.as_ref().map(Place::fingerprint)
    }

    /// Returns the warnings so far.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Offers fields to whoever reads them from here on.
    pub fn offer(&mut self, offer: Rc<dyn Offer>) {
        self.offers.push(offer);
    }

    pub(crate) fn offers(&self) -> &[Rc<dyn Offer>] {
        &self.offers
    }

    /// Reports a change to a list.
    pub fn changed(&mut self, change: ChangeReport) {
        self.changes.push(change);
    }

    /// Returns the changes so far.
    pub fn changes(&self) -> &[ChangeReport] {
        &self.changes
    }

    /// Ends the task here, without fault: nothing of it runs any more.
    pub fn skip(&mut self, reason: impl Into<String>) {
        self.outcome.get_or_insert(Ending::Skipped(reason.into()));
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.outcome.as_ref()
    }

    pub(crate) fn into_parts(self) -> (Vec<Entry>, Vec<ChangeReport>, Vec<String>) {
        (self.entries, self.changes, self.warnings)
    }

    /// Takes over what a task aside did, except its entries, which are returned.
    pub fn absorb(&mut self, aside: Task) -> Vec<Entry> {
        let Task { entries, changes, warnings, outcome, offers, .. } = aside;
        // A task aside starts with this one's offers; only what it added is new.
        self.offers.extend(offers.into_iter().skip(self.offers.len()));
        self.changes.extend(changes);
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self.outcome = self.outcome.take().or(outcome);
        entries
    }

    /// Runs steps with only the entries at `positions`; the others keep their places.
    ///
    /// Entries that the steps produce come last.
    ///
    /// # Errors
    /// What a step failed with; the entries are all back in place then, too.
    pub async fn with_only(&mut self, positions: &[usize], steps: &[&BoundStep]) -> Result<()> {
        let mut slots: Vec<Option<Entry>> = std::mem::take(&mut self.entries).into_iter().map(Some).collect();
        self.entries = positions.iter().filter_map(|at| slots.get_mut(*at)?.take()).collect();
        let mut result = Ok(());
        for step in steps {
            result = step.run(self).await;
            if result.is_err() {
                break;
            }
        }
        let mut back = std::mem::take(&mut self.entries).into_iter();
        for at in positions {
            if let Some(slot) = slots.get_mut(*at) {
                *slot = back.next();
            }
        }
        self.entries = slots.into_iter().flatten().chain(back).collect();
        result
    }

    /// Runs the input steps among `steps` aside and gives what they produced.
    ///
    /// # Errors
    /// What a step failed with.
    pub async fn input_from(&mut self, steps: &[BoundStep], wanted: Option<usize>) -> Result<Vec<Entry>> {
        let mut aside = self.aside();
        aside.wanted = wanted;
        for step in steps {
            if matches!(step.phase, crate::task::phase::Phase::Start | crate::task::phase::Phase::Input) {
                step.run(&mut aside).await?;
            }
        }
        let mut entries = self.absorb(aside);
        if let Some(wanted) = wanted {
            entries.truncate(wanted);
        }
        Ok(entries)
    }
}

/// Returns a text of the config as messages name it: `text` (config.yml:7).
pub(crate) fn quoted(text: &str, place: Option<&Place>) -> String {
    match place.and_then(|place| place.of(text)) {
        Some(line) => format!("`{text}` ({line})"),
        None => format!("`{text}`"),
    }
}
