//! The one gate through which lists are changed.

use std::borrow::Cow;
use std::collections::HashSet;

use super::recovery::{Answer, REPLACED, maybe_added};
use super::run_cache::Memory;
use super::{Change, Index, Keys, WritableList};
use crate::context::Context;
use crate::context::journal::{ChangeState, NewChange};
use crate::entry::{Entry, State};
use crate::error::{Error, Result};
use crate::task::Task;
use crate::task::report::{Action, ChangeReport};

impl WritableList {
    /// Puts the accepted entries of the task on the list. What could not be written is failed with the reason, so that it is never taken for done.
    ///
    /// # Errors
    /// The journal or the list's own copy could not be read or written; nothing was sent then.
    pub async fn add_accepted(&self, task: &mut Task, by: &'static str) -> Result<()> {
        self.change_accepted(task, by, Action::Add).await
    }

    /// Takes the accepted entries of the task off the list. What could not be removed is failed with the reason.
    ///
    /// # Errors
    /// As [`WritableList::add_accepted`].
    pub async fn remove_accepted(&self, task: &mut Task, by: &'static str) -> Result<()> {
        self.change_accepted(task, by, Action::Remove).await
    }

    async fn change_accepted(&self, task: &mut Task, by: &'static str, action: Action) -> Result<()> {
        let positions: Vec<usize> = task.positions(|entry| entry.state() == State::Accepted).collect();
        if positions.is_empty() {
            tracing::debug!(target: "list", task = %task.name, "{by}: no accepted entries");
            return Ok(());
        }
        let cx = task.cx.clone();
        let refs: Vec<&Entry> = positions.iter().map(|at| &task.entries[*at]).collect();
        let (report, troubles) = self.change(&refs, action, by, None, &cx).await?;
        for (at, trouble) in troubles {
            task.entries[positions[at]].fail(by, trouble);
        }
        self.tell(task, by, report);
        Ok(())
    }

    /// Takes everything off the list: reads it (unless this run has), and removes what was read, in batches.
    ///
    /// # Errors
    /// The list could not be read. What could not be removed is in the report.
    pub async fn clear(&self, task: &mut Task, by: &'static str) -> Result<()> {
        let cx = task.cx.clone();
        let items = self.0.items(None, &cx).await?;
        let refs: Vec<&Entry> = items.iter().collect();
        let (report, _) = self.change(&refs, Action::Clear, by, None, &cx).await?;
        self.tell(task, by, report);
        Ok(())
    }

    /// Puts these entries on the list (or takes them off) for something that is not a step on accepted entries: a command,
    /// an undo (of the change with that number), a synchronisation.
    ///
    /// # Errors
    /// As [`WritableList::add_accepted`].
    pub async fn apply(
        &self,
        entries: &[&Entry],
        action: Action,
        by: &'static str,
        undo_of: Option<i64>,
        cx: &Context,
    ) -> Result<ChangeReport> {
        Ok(self.change(entries, action, by, undo_of, cx).await?.0)
    }

    /// Puts a change into the task's report, with a warning for what the service does not know.
    pub fn tell(&self, task: &mut Task, by: &'static str, report: ChangeReport) {
        if !report.not_found.is_empty() {
            let place = self.0.place();
            task.warn(by, format!("not found by {}: {}", place.kind, report.not_found.join(", ")));
        }
        task.changed(report);
    }

    async fn change(
        &self,
        entries: &[&Entry],
        action: Action,
        by: &'static str,
        undo_of: Option<i64>,
        cx: &Context,
    ) -> Result<(ChangeReport, Vec<(usize, String)>)> {
        let place = self.0.place();
        let there = self.known_items(entries, action, cx).await?;
        let open = match action {
            Action::Add if self.0.list.adds_again() => maybe_added(&self.0, cx)?,
            _ => Index::default(),
        };
        let is_undo = undo_of.is_some();
        let Sorted { send, mut troubles, twins, existing } =
            self.sort(entries, action, is_undo, there.as_deref(), &open);
        // What is taken off a list is written down as it stood there, with its dates, so that it can be put back. An undo says
        // itself what is to go, and the list what it has besides.
        let stood =
            |at: usize| there.as_ref().filter(|_| action == Action::Remove).and_then(|there| there[at].as_ref());
        let as_it_goes = |at: usize| match stood(at) {
            Some(item) if is_undo => Cow::Owned(filled(entries[at], item)),
            Some(item) => Cow::Borrowed(item),
            None => Cow::Borrowed(entries[at]),
        };
        let batch: Vec<Cow<'_, Entry>> = send.iter().map(|at| as_it_goes(*at)).collect();
        let batch: Vec<&Entry> = batch.iter().map(AsRef::as_ref).collect();
        let replaced: Vec<Option<&Entry>> = send
            .iter()
            .map(|at| there.as_ref().filter(|_| action == Action::Add).and_then(|there| there[*at].as_ref()))
            .collect();
        let (change, change_id) = if batch.is_empty() {
            (Change::default(), None)
        } else if cx.dry_run && place.remote {
            (Change::all(batch.len()), None)
        } else if place.remote {
            let is_known = there.is_some() || action == Action::Clear;
            self.send_journaled(&batch, &replaced, is_known, action, undo_of, cx).await?
        } else {
            (self.send(&batch, action, cx).await, None)
        };
        if place.remote {
            self.remember(&batch, action, &change, cx);
        }
        troubles.extend(change.failed.iter().map(|(at, reason)| (send[*at], reason.clone())));
        if action == Action::Add {
            let unknown = |at: &usize| (send[*at], format!("{} does not know it", place.kind));
            troubles.extend(change.not_found.iter().map(unknown));
        }
        for (twin, first) in twins {
            if let Some((_, reason)) = troubles.iter().find(|(at, _)| *at == first) {
                troubles.push((twin, reason.clone()));
            }
        }
        troubles.sort();
        let unknown: HashSet<usize> = change.not_found.iter().map(|at| send[*at]).collect();
        let told = |(at, reason): &(usize, String)| format!("{}: {reason}", entries[*at].title());
        let report = ChangeReport {
            plugin: by.to_owned(),
            list: place.kind.to_owned(),
            account: place.account,
            name: place.name,
            action,
            requested: entries.len(),
            done: change.done,
            existing: existing + change.existing,
            not_found: change.not_found.iter().map(|at| batch[*at].title().to_owned()).collect(),
            failed: troubles.iter().filter(|(at, _)| !unknown.contains(at)).map(told).collect(),
            dry_run: cx.dry_run,
            items: if cx.dry_run { changed(&batch, &change) } else { Vec::new() },
            change_id,
        };
        Ok((report, troubles))
    }

    /// Whether nothing is to be done for an entry, given the item that it is on the list.
    fn is_needless(&self, entry: &Entry, item: Option<&Entry>, action: Action, is_undo: bool) -> bool {
        match (action, item) {
            // Of plays those that were taken off are to come back, though there is another by now.
            (Action::Add, Some(_)) if is_undo && self.0.list.adds_again() => false,
            (Action::Add, Some(item)) => self.0.list.is_up_to_date(item, entry),
            (Action::Add, None) => false,
            (Action::Remove | Action::Clear, item) => item.is_none(),
        }
    }

    /// Sorts out what has to be sent: not what cannot be an item, not what is known to be there (or gone) already, not what may be
    /// there already and would be there twice (`open`), and what comes twice only once.
    fn sort(
        &self,
        entries: &[&Entry],
        action: Action,
        is_undo: bool,
        there: Option<&[Option<Entry>]>,
        open: &Index,
    ) -> Sorted {
        let mut sorted = Sorted::default();
        // A list of this program sorts out itself what comes twice.
        let is_remote = self.0.place().remote;
        let mut sent = Index::with_room(if is_remote { entries.len() } else { 0 });
        for (at, entry) in entries.iter().enumerate() {
            let keys = if is_remote { self.0.keys(entry) } else { Keys::default() };
            let is_there = there.is_some_and(|there| there[at].is_some());
            // What is known to be on the list can be taken off it, whatever the entry lacks that wants it off.
            let unfit = self.0.list.accepts(entry).err().filter(|_| action == Action::Add || !is_there);
            if let Some(reason) = unfit {
                match action {
                    Action::Add | Action::Clear => sorted.troubles.push((at, reason)),
                    // What cannot be on the list is not on it, which is all that is wanted.
                    Action::Remove => sorted.existing += 1,
                }
            } else if there.is_some_and(|there| self.is_needless(entry, there[at].as_ref(), action, is_undo)) {
                sorted.existing += 1;
            } else if open.find(&keys).is_some() {
                let reason = "it may have been added by a run that was cut off, which is not known before five minutes have passed";
                sorted.troubles.push((at, reason.to_owned()));
            } else if let Some(first) = sent.find(&keys) {
                sorted.twins.push((at, sorted.send[first]));
                sorted.existing += 1;
            } else {
                sent.push(&keys);
                sorted.send.push(at);
            }
        }
        sorted
    }

    /// The item that each entry is on the list, if that is known for nothing (this run has read the list) or worth a read: in a
    /// dry run, where the answer is all that the user gets; before items are taken off, so that what is written down is what was
    /// there, as it was; and before items are added where adding again does harm.
    async fn known_items(
        &self,
        entries: &[&Entry],
        action: Action,
        cx: &Context,
    ) -> Result<Option<Vec<Option<Entry>>>> {
        let place = self.0.place();
        let is_known = cx.run_cache.of::<Memory>("lists").get(&place, self.0.options()).is_some();
        let list = &self.0.list;
        let is_worth_it = cx.dry_run || action == Action::Remove || list.adds_again() || list.overwrites();
        if action == Action::Clear || !place.remote || !(is_known || is_worth_it) {
            return Ok(None);
        }
        self.0.find(entries, cx).await.map(Some)
    }

    /// Applies what was done to the copies of this run.
    fn remember(&self, batch: &[&Entry], action: Action, change: &Change, cx: &Context) {
        let place = self.0.place();
        let memory = cx.run_cache.of::<Memory>("lists");
        if change.uncertain {
            return memory.forget(&place);
        }
        let not_done: HashSet<usize> = change.not_done().chain(change.remaining.iter().copied()).collect();
        let done = batch.iter().enumerate().filter(|(at, _)| !not_done.contains(at)).map(|(_, entry)| *entry);
        match action {
            Action::Add => memory.added(&place, done.map(Entry::fresh).collect()),
            Action::Remove | Action::Clear => memory.removed(&place, done.map(|entry| self.0.keys(entry)).collect()),
        }
    }

    /// Sends a batch after it was written down, and writes down what became of it. `replaced` are the items that are overwritten;
    /// `is_known` says that the list was read before, so that everything in the batch is news to it.
    async fn send_journaled(
        &self,
        batch: &[&Entry],
        replaced: &[Option<&Entry>],
        is_known: bool,
        action: Action,
        undo_of: Option<i64>,
        cx: &Context,
    ) -> Result<(Change, Option<i64>)> {
        let place = self.0.place();
        let written = self.0.list.for_journal(action, batch, cx).await?;
        let written = written.as_ref().map(|written| written.iter().collect::<Vec<&Entry>>());
        let written = written.as_deref().unwrap_or(batch);
        let id = cx.journal().begin(&NewChange {
            service: place.kind.to_owned(),
            account: place.account,
            list: place.name,
            list_config: serde_json::from_str(self.0.options()).unwrap_or_default(),
            action,
            items: written.iter().zip(replaced).map(|(entry, replaced)| stored(entry, *replaced)).collect(),
            undo_of,
        })?;
        let mut change = self.send(if action == Action::Add { written } else { batch }, action, cx).await;
        if is_known {
            // A service counts what it did at its last try, and not what it did at one whose answer was lost.
            change.done = batch.len() - change.not_done().count().min(batch.len());
            change.existing = 0;
        }
        let state = if change.uncertain {
            ChangeState::Uncertain
        } else if change.done + change.existing == 0 {
            ChangeState::Failed
        } else {
            ChangeState::Done
        };
        let answer = Answer {
            done: change.done,
            existing: change.existing,
            not_done: change.not_done().collect(),
            remaining: change.remaining.clone(),
            ended: Some(cx.clock.now()),
        };
        cx.journal().finish(id, state, Some(&answer.to_json()))?;
        Ok((change, Some(id)))
    }

    /// Sends a batch. An error of the whole is a failure of each: other lists may still be changed.
    async fn send(&self, batch: &[&Entry], action: Action, cx: &Context) -> Change {
        let answer = match action {
            Action::Add => self.0.list.add(batch, cx).await,
            Action::Remove | Action::Clear => self.0.list.remove(batch, cx).await,
        };
        answer.unwrap_or_else(|error| failed(batch.len(), &error))
    }
}

/// Entries of a change by what is to be done with them; all are positions.
#[derive(Default)]
struct Sorted {
    send: Vec<usize>,
    troubles: Vec<(usize, String)>,
    /// An entry that is the same item as one before it, with that one.
    twins: Vec<(usize, usize)>,
    existing: usize,
}

/// The titles of what a change has changed.
fn changed(batch: &[&Entry], change: &Change) -> Vec<String> {
    let unchanged: HashSet<usize> = change.not_done().chain(change.unchanged.iter().copied()).collect();
    let changed = batch.iter().enumerate().filter(|(at, _)| !unchanged.contains(at));
    changed.map(|(_, entry)| entry.title().to_owned()).collect()
}

/// What an undo takes off: the item as the undone change put it on, with what the list says of it besides.
fn filled(entry: &Entry, item: &Entry) -> Entry {
    let mut filled = entry.fresh();
    item.fields().for_each(|(name, value)| filled.fill(name.to_owned(), value.clone()));
    filled
}

/// An item as the journal keeps it.
fn stored(entry: &Entry, replaced: Option<&Entry>) -> serde_json::Value {
    let mut stored = entry.to_stored();
    if let Some(replaced) = replaced {
        stored[REPLACED] = replaced.to_stored();
    }
    stored
}

fn failed(count: usize, error: &Error) -> Change {
    let reason = match error.hint_text() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    };
    Change {
        failed: (0..count).map(|at| (at, reason.clone())).collect(),
        uncertain: error.may_have_happened(),
        ..Change::default()
    }
}
