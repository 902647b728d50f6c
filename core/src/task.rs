//! A task while it runs: its entries, its changes to lists, and its warnings.

pub mod deferred;
pub mod fetch;
pub mod fields;
mod nested;
pub mod offer;
pub mod phase;
pub mod report;
mod scope;
pub mod step;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use crate::context::{Context, RunCache};
use crate::document::position::Place;
use crate::entry::{Entry, State};
use crate::task::offer::Offer;
use crate::task::report::ChangeReport;
use crate::value::Value;

/// A task while it runs, through which plugins see the entries and the world.
///
/// ```
/// use flexget_core::entry::{Entry, State};
/// use flexget_core::task::Task;
///
/// let mut task = Task::new("films", flexget_core::testing::context());
/// task.produce(["Solaris (1972)", "Dune (2021)"].map(|title| Entry::new(title, "mock://film")));
/// for entry in task.live_entries().filter(|entry| entry.title().contains("1972")) {
///     entry.accept("example");
/// }
/// assert_eq!(task.accepted().map(Entry::title).collect::<Vec<_>>(), ["Solaris (1972)"]);
/// assert_eq!(task.positions(|entry| entry.state() == State::Undecided).collect::<Vec<_>>(), [1]);
/// ```
pub struct Task {
    /// The task's name.
    pub name: Rc<str>,
    /// The world.
    pub cx: Context,
    /// All entries, in order and in every state.
    pub entries: Vec<Entry>,
    /// Whether accepted entries are only remembered as seen, and not acted on (`--learn`).
    pub learn: bool,
    /// Whether entries keep a trace of what happens to them (`--trace`).
    pub tracing: bool,
    /// Whether it runs even if it is not due yet (`--now`).
    pub is_forced: bool,
    /// Whether a task without entries is no reason for a warning.
    pub may_be_empty: bool,
    /// Largest number of entries that is used (`limit`); an input that can stop early does.
    pub wanted: Option<usize>,
    offers: Vec<Rc<dyn Offer>>,
    changes: Vec<ChangeReport>,
    warnings: Vec<String>,
    /// Inputs that failed while others were read.
    failed_inputs: Vec<String>,
    ending: Option<Ending>,
    /// The reason for which the task was aborted, in the phase `abort`.
    pub abort_reason: Option<String>,
    /// Place of the body of the task in the config.
    pub(crate) body: Option<Place>,
    /// Place of the running plugin in the config.
    pub(crate) place: Option<Place>,
    /// Name of the innermost plugin that runs; after a panic, of the one that panicked.
    pub(crate) running: Rc<Cell<&'static str>>,
    /// The source of the running step's entries, for their traces.
    pub(crate) source: Option<String>,
    /// The values that the last evaluation read, if the task is traced.
    pub(crate) reads: Vec<(usize, BTreeMap<String, Value>)>,
    /// Values that the steps of a plugin share.
    states: RunCache,
}

/// Reason why a task ends before its last step.
#[derive(Debug)]
pub(crate) enum Ending {
    /// It is not to run now, which is no failure.
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
            tracing: false,
            is_forced: false,
            may_be_empty: false,
            wanted: None,
            offers: Vec::new(),
            changes: Vec::new(),
            warnings: Vec::new(),
            failed_inputs: Vec::new(),
            ending: None,
            abort_reason: None,
            body: None,
            place: None,
            running: Rc::default(),
            source: None,
            reads: Vec::new(),
            states: RunCache::default(),
        }
    }

    /// Returns the folder of the config; `None` if the task does not come from one.
    pub fn config_folder(&self) -> Option<PathBuf> {
        self.body.as_ref().map(Place::folder)
    }

    /// Creates a task of the same name and world without entries.
    ///
    /// For plugins that run others, and for entries that are not the task's own.
    #[must_use]
    pub fn split_off(&self) -> Self {
        Self {
            offers: self.offers.clone(),
            learn: self.learn,
            tracing: self.tracing,
            is_forced: self.is_forced,
            may_be_empty: self.may_be_empty,
            body: self.body.clone(),
            place: self.place.clone(),
            running: Rc::clone(&self.running),
            states: self.states.clone(),
            ..Self::new(self.name.clone(), self.cx.clone())
        }
    }

    /// Returns the one `T` of this run of the task; the first call creates it.
    ///
    /// What two steps of a plugin share is a type of its own. Tasks that were split off have the
    /// same.
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// use flexget_core::task::Task;
    /// use flexget_core::testing::context;
    ///
    /// #[derive(Default)]
    /// struct Skipped(Cell<usize>);
    ///
    /// let task = Task::new("movies", context());
    /// task.state::<Skipped>().0.set(7);
    /// assert_eq!(task.split_off().state::<Skipped>().0.get(), 7);
    /// ```
    pub fn state<T: Default + 'static>(&self) -> Rc<T> {
        self.states.of("")
    }

    /// Takes over all from a task that was split off except its entries, which are returned.
    pub fn merge(&mut self, other: Task) -> Vec<Entry> {
        let Task { entries, changes, warnings, failed_inputs, ending, offers, .. } = other;
        // A task that is split off starts with this one's offers; only the rest is new.
        self.offers.extend(offers.into_iter().skip(self.offers.len()));
        self.changes.extend(changes);
        self.failed_inputs.extend(failed_inputs);
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self.ending = self.ending.take().or(ending);
        entries
    }

    /// Adds entries.
    pub fn produce(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.entries.extend(entries);
    }

    /// Names what the entries of this step are read from, for their traces.
    pub fn read_from(&mut self, source: impl ToString) {
        self.source = Some(source.to_string());
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

    /// Iterates over the entries that are undecided or accepted.
    pub fn live_entries(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut().filter(|entry| matches!(entry.state(), State::Undecided | State::Accepted))
    }

    /// Iterates over the entries that are accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.state() == State::Accepted)
    }

    /// Adds a warning to the report, unless it is there already.
    pub fn warn(&mut self, plugin: &'static str, message: impl Into<String>) {
        let message = format!("{plugin}: {}", message.into());
        if !self.warnings.contains(&message) {
            tracing::warn!(target: "task", task = %self.name, "{message}");
            self.warnings.push(message);
        }
    }

    /// Checks whether the report has this warning of a plugin.
    pub(crate) fn has_warned(&self, plugin: &str, message: &str) -> bool {
        self.warnings
            .iter()
            .any(|warning| warning.strip_prefix(plugin).and_then(|rest| rest.strip_prefix(": ")) == Some(message))
    }

    /// Adds the warnings of the context since the last call, on behalf of a plugin.
    pub(crate) fn report_warnings(&mut self, plugin: &'static str) {
        for warning in self.cx.take_warnings() {
            self.warn(plugin, warning);
        }
    }

    /// Quotes an expression of the running plugin for a message.
    ///
    /// The file and line where it stands are added if they are known.
    pub fn quoted(&self, text: &str) -> String {
        quoted(text, self.place.as_ref())
    }

    /// Returns a hash of the task's config with its templates; `None` without a config.
    ///
    /// It changes with any option of the task, as FlexGet's does, and is the same in all versions.
    pub fn config_fingerprint(&self) -> Option<u64> {
        self.body.as_ref().map(Place::fingerprint)
    }

    /// Returns the warnings so far.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Records that an input failed while others are read.
    ///
    /// The entries are then not all that there are: nothing is removed from a list because it is
    /// not among them, and the task is reported as incomplete.
    pub fn input_failed(&mut self, input: impl Into<String>) {
        self.failed_inputs.push(input.into());
    }

    /// Returns the inputs that failed while others were read.
    pub fn failed_inputs(&self) -> &[String] {
        &self.failed_inputs
    }

    /// Offers fields to everything that reads fields from here on.
    pub fn offer(&mut self, offer: Rc<dyn Offer>) {
        self.offers.push(offer);
    }

    pub(crate) fn offers(&self) -> &[Rc<dyn Offer>] {
        &self.offers
    }

    /// Adds a change to a list to the report.
    pub fn changed(&mut self, change: ChangeReport) {
        self.changes.push(change);
    }

    /// Returns the changes so far.
    pub fn changes(&self) -> &[ChangeReport] {
        &self.changes
    }

    /// Ends the task here without a failure: its other steps do not run.
    pub fn skip(&mut self, reason: impl Into<String>) {
        self.ending.get_or_insert(Ending::Skipped(reason.into()));
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    pub(crate) fn into_parts(self) -> (Vec<Entry>, Vec<ChangeReport>, Vec<String>) {
        (self.entries, self.changes, self.warnings)
    }
}

/// Quotes a text of the config for a message: `text` (config.yml:7).
pub(crate) fn quoted(text: &str, place: Option<&Place>) -> String {
    match place.and_then(|place| place.of(text)) {
        Some(line) => format!("`{text}` ({line})"),
        None => format!("`{text}`"),
    }
}
