//! The one way in which lists are changed.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::context::Context;
use crate::context::journal::{Action, ChangeState, NewChange};
use crate::document::diagnostic::Problem;
use crate::document::read::fail;
use crate::entry::{Entry, State};
use crate::error::Result;
use crate::list::any::AnyList;
use crate::list::identity::Keys;
use crate::list::index::Index;
use crate::list::journaled::{JournaledChange, REPLACED, stored, with_lease};
use crate::list::outcome::{Change, Outcome};
use crate::list::run_cache::ListCache;
use crate::list::{Adding, ListId, UNSEEN, Unseen};
use crate::task::Task;
use crate::task::report::{ChangeReport, Failure, first_titles};

/// A list that may be changed.
///
/// It can only be made from such a list, so that changing a read-only list is a mistake in the
/// config, at its line.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(with = "AnyList", inline, description = "")]
pub struct WritableList(AnyList);

/// Items of a remote list that entries of a change are.
#[derive(Default)]
struct OnList {
    /// The item that each entry is; `None` if the list was not read.
    items: Option<Vec<Option<Entry>>>,
    /// Why an entry that was not seen may be on the list all the same.
    doubt: Option<String>,
}

impl OnList {
    fn item(&self, at: usize) -> Option<&Entry> {
        self.items.as_ref()?[at].as_ref()
    }
}

/// Part of an entry in a change.
enum Planned {
    /// It is sent.
    Send,
    /// Nothing has to be sent for it, because its outcome is known.
    Known(Outcome),
    /// It is the same item as the entry at this position, which comes before it.
    DuplicateOf(usize),
}

impl WritableList {
    /// Returns the list, to read it.
    pub fn list(&self) -> &AnyList {
        &self.0
    }

    /// Adds the accepted entries of the task to the list.
    ///
    /// Entries that could not be added are failed with the reason, so that they are not remembered
    /// as done.
    ///
    /// # Errors
    /// The journal or the list could not be read or written; nothing was sent then.
    pub async fn add_accepted(&self, task: &mut Task, by: &'static str) -> Result<()> {
        self.change_accepted(task, by, Action::Add).await
    }

    /// Removes the accepted entries of the task from the list.
    ///
    /// Entries that could not be removed are failed with the reason.
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
        self.0.fetch_fields(action == Action::Add, &positions, task).await;
        let accepted: Vec<&Entry> = positions.iter().map(|at| &task.entries[*at]).collect();
        let (report, outcomes) = self.change(&accepted, action, by, None, &cx).await?;
        for (at, outcome) in positions.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Failed(reason) => task.entries[at].fail(by, reason),
                Outcome::Unknown if action == Action::Add => {
                    task.entries[at].fail(by, format!("{} does not know it", self.0.id().kind()));
                }
                _ => {}
            }
        }
        self.report(task, by, report);
        Ok(())
    }

    /// Removes everything from the list: reads it, unless this run has, and removes what was read.
    ///
    /// # Errors
    /// The list could not be read. Items that could not be removed are in the report.
    pub async fn clear(&self, task: &mut Task, by: &'static str) -> Result<()> {
        let cx = task.cx.clone();
        let items = self.0.all_items(&cx).await?;
        let items: Vec<&Entry> = items.iter().collect();
        let (report, _) = self.change(&items, Action::Clear, by, None, &cx).await?;
        self.report(task, by, report);
        Ok(())
    }

    /// Adds or removes entries for a command, a synchronisation or an undo.
    ///
    /// An undo is of the change with the number `undo_of`.
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

    /// Puts a change into the task's report, with a warning for items that are unknown.
    pub fn report(&self, task: &mut Task, by: &'static str, report: ChangeReport) {
        if !report.not_found.is_empty() {
            let titles = first_titles(report.not_found.iter().map(String::as_str), report.not_found.len());
            task.warn(by, format!("not found by {}: {titles}", report.list));
        }
        task.changed(report);
    }

    /// Makes a change, and returns its report and the outcome of each entry.
    pub(super) async fn change(
        &self,
        entries: &[&Entry],
        action: Action,
        by: &'static str,
        undo_of: Option<i64>,
        cx: &Context,
    ) -> Result<(ChangeReport, Vec<Outcome>)> {
        loop {
            if let Some(done) = self.try_change(entries, action, by, undo_of, cx).await? {
                return Ok(done);
            }
            // Another process has changed a list of the account since this run has looked.
            ListCache::of(cx).forget_account(&self.0);
        }
    }

    /// Makes a change, unless another process may have made it since the list was read.
    ///
    /// That matters where plays are added: `None` is returned then.
    async fn try_change(
        &self,
        entries: &[&Entry],
        action: Action,
        by: &'static str,
        undo_of: Option<i64>,
        cx: &Context,
    ) -> Result<Option<(ChangeReport, Vec<Outcome>)>> {
        let id = self.0.id();
        let latest = if id.remote { ListCache::of(cx).latest(&self.0, cx)? } else { 0 };
        let on_list = self.items_on_list(entries, action, undo_of.is_some(), cx).await?;
        let steps = self.plan(entries, action, undo_of.is_some(), &on_list, cx)?;
        let item = |at: usize| on_list.item(at);
        let is_sent = |at: &usize| matches!(steps[*at], Planned::Send);
        // A removed item is recorded as it was on the list, with its dates, so that it can be
        // restored. An undo names the items itself.
        let sent = |at: usize| match item(at) {
            Some(item) if action == Action::Remove && undo_of.is_some() => Cow::Owned(filled(entries[at], item)),
            Some(item) if action == Action::Remove => Cow::Borrowed(item),
            None if action == Action::Remove && on_list.items.is_some() && undo_of.is_none() => {
                Cow::Owned(entries[at].fresh().with(UNSEEN, true))
            }
            _ => Cow::Borrowed(entries[at]),
        };
        let batch: Vec<Cow<'_, Entry>> = (0..entries.len()).filter(is_sent).map(sent).collect();
        let batch: Vec<&Entry> = batch.iter().map(AsRef::as_ref).collect();
        let (change, change_id) = if batch.is_empty() || cx.dry_run && id.remote {
            (Change::all(Outcome::Done, batch.len()), None)
        } else if id.remote {
            let replaced = |at| item(at).filter(|_| action == Action::Add);
            let replaced: Vec<Option<&Entry>> = (0..entries.len()).filter(is_sent).map(replaced).collect();
            let doing = match action {
                Action::Add => "adding to",
                Action::Remove => "removing from",
                Action::Clear => "clearing",
            };
            cx.progress.begin(format!("{doing} {} `{}`", id.kind(), id.name), batch.len());
            let sent = self.send_journaled(&batch, &replaced, latest, action, undo_of, cx).await;
            cx.progress.end();
            let Some(sent) = sent? else { return Ok(None) };
            sent
        } else {
            (self.send(&batch, action, cx).await.0, None)
        };
        if id.remote && !batch.is_empty() {
            ListCache::of(cx).changed(&self.0, action, &batch, &change.outcomes, change.certain);
        }
        let outcomes = merge(&steps, change.outcomes);
        let report = report(id, by, action, entries, &outcomes, change_id, cx.dry_run);
        Ok(Some((report, outcomes)))
    }

    /// Selects the entries to send.
    ///
    /// Entries that cannot be items, that would change nothing, or that are the same item as
    /// another are left out.
    fn plan(
        &self,
        entries: &[&Entry],
        action: Action,
        is_undo: bool,
        on_list: &OnList,
        cx: &Context,
    ) -> Result<Vec<Planned>> {
        let is_remote = self.0.id().remote;
        let adds_again = action == Action::Add && self.0.adding() == Adding::Again;
        let maybe_there = if adds_again { maybe_added(&self.0, cx)? } else { Index::default() };
        // A local list finds duplicates itself.
        let mut first = Index::with_room(if is_remote { entries.len() } else { 0 });
        let mut positions: Vec<usize> = Vec::new();
        let step = |(at, entry): (usize, &&Entry)| {
            let keys = if is_remote { self.0.keys(entry) } else { Keys::default() };
            let item = on_list.item(at);
            let is_unseen = action == Action::Remove && item.is_none() && on_list.items.is_some() && !is_undo;
            match self.0.unseen(entry) {
                // What would be removed is not known.
                Unseen::Sent if is_unseen && cx.dry_run => return Planned::Known(Outcome::Unchanged),
                Unseen::Sent if is_unseen => {}
                Unseen::Proved if is_unseen && on_list.doubt.is_some() => {
                    let doubt = on_list.doubt.as_deref().unwrap_or_default();
                    let reason = format!("it was not seen on the list, which may lack items: {doubt}");
                    return Planned::Known(Outcome::Failed(reason));
                }
                _ => {
                    // An item that is on the list can be removed, whatever the entry lacks.
                    let unfit = self.0.accepts(entry).err().filter(|_| action == Action::Add || item.is_none());
                    if let Some(reason) = unfit {
                        // It cannot be on the list, so that there is nothing to remove.
                        return Planned::Known(if action == Action::Remove {
                            Outcome::Unchanged
                        } else {
                            Outcome::Failed(reason)
                        });
                    }
                    if on_list.items.is_some() && self.is_needless(entry, item, action, is_undo) {
                        return Planned::Known(Outcome::Unchanged);
                    }
                }
            }
            if maybe_there.find(&keys).is_some() {
                let reason = "another run is adding it, or was interrupted while it did; \
                              the next run checks that, five minutes after the change";
                return Planned::Known(Outcome::Failed(reason.to_owned()));
            }
            if let Some(same) = first.find(&keys) {
                return Planned::DuplicateOf(positions[same]);
            }
            first.push(&keys);
            positions.push(at);
            Planned::Send
        };
        Ok(entries.iter().enumerate().map(step).collect())
    }

    /// Checks whether an entry leaves the list as it is, given the item that it is on the list.
    fn is_needless(&self, entry: &Entry, item: Option<&Entry>, action: Action, is_undo: bool) -> bool {
        match (action, item) {
            // An undo restores the plays that were removed, though there is another by now.
            (Action::Add, Some(_)) if is_undo && self.0.adding() == Adding::Again => false,
            (Action::Add, Some(item)) => self.0.is_up_to_date(item, entry),
            (Action::Add, None) => false,
            // The list does not tell of what has no row of its own.
            (Action::Remove, None) if is_undo => self.0.has_row(entry),
            (Action::Remove | Action::Clear, item) => item.is_none(),
        }
    }

    /// Returns the item of a remote list for each entry, if the list was read or is worth a read.
    ///
    /// It is worth one in a dry run, where the answer is all that the user gets; before a removal,
    /// so that the journal has the items as they were; and where adding an item again does harm.
    async fn items_on_list(&self, entries: &[&Entry], action: Action, is_undo: bool, cx: &Context) -> Result<OnList> {
        let is_worth_it = cx.dry_run || action == Action::Remove || self.0.adding() != Adding::Once;
        if action == Action::Clear || !self.0.id().remote || !(is_worth_it || ListCache::of(cx).has(&self.0)) {
            return Ok(OnList::default());
        }
        // An undo that does not see an item would say that it is gone; a play that is not seen
        // would be added twice, and a rating that is not seen would be lost in an undo.
        let adds_to_unseen = action == Action::Add && self.0.adding() != Adding::Once;
        let is_proved = if is_undo { action == Action::Remove } else { adds_to_unseen };
        if is_proved {
            return Ok(OnList { items: Some(self.0.find_proved(entries, cx).await?), doubt: None });
        }
        let mut items = self.0.find(entries, cx).await?;
        let is_open = |at: &usize| items[*at].is_none() && self.0.unseen(entries[*at]) == Unseen::Proved;
        let open: Vec<usize> = (0..entries.len()).filter(is_open).filter(|_| action == Action::Remove).collect();
        if cx.dry_run && action == Action::Remove {
            self.find_without_rows(entries, &mut items, cx).await?;
        }
        let mut doubt = None;
        if !open.is_empty() {
            let of_open: Vec<&Entry> = open.iter().map(|at| entries[*at]).collect();
            match self.0.find_proved(&of_open, cx).await {
                Ok(found) => open.into_iter().zip(found).for_each(|(at, item)| items[at] = item),
                Err(error) => doubt = Some(error.in_one_line()),
            }
        }
        Ok(OnList { items: Some(items), doubt })
    }

    /// Finds entries that have no row of their own on the list, such as the show of plays.
    async fn find_without_rows(&self, entries: &[&Entry], items: &mut [Option<Entry>], cx: &Context) -> Result<()> {
        let is_open = |at: &usize| {
            let entry = entries[*at];
            items[*at].is_none() && self.0.unseen(entry) == Unseen::Sent && !self.0.has_row(entry)
        };
        let open: Vec<usize> = (0..entries.len()).filter(is_open).collect();
        if open.is_empty() {
            return Ok(());
        }
        let unseen: Vec<Entry> = open.iter().map(|at| entries[*at].fresh().with(UNSEEN, true)).collect();
        let snapshot = self.0.snapshot(Action::Remove, &unseen.iter().collect::<Vec<_>>(), cx).await?;
        for (at, entry) in open.into_iter().zip(snapshot.into_iter().flatten()) {
            items[at] = Some(entry).filter(|entry| !entry.has(UNSEEN));
        }
        Ok(())
    }

    /// Sends a batch after recording it in the journal, and records its outcome.
    ///
    /// `replaced` are the items that are overwritten. `None` is returned, and nothing sent, if
    /// plays are added and another change of the account than number `latest` is the latest.
    async fn send_journaled(
        &self,
        batch: &[&Entry],
        replaced: &[Option<&Entry>],
        latest: i64,
        action: Action,
        undo_of: Option<i64>,
        cx: &Context,
    ) -> Result<Option<(Change, Option<i64>)>> {
        let list = self.0.id();
        let snapshot = match self.0.snapshot(action, batch, cx).await {
            Ok(snapshot) => snapshot,
            Err(error) if action == Action::Clear => return Err(error),
            // Nothing was sent, so that the journal has nothing to record.
            Err(error) => return Ok(Some((Change::all(Outcome::Failed(error.in_one_line()), batch.len()), None))),
        };
        let recorded = snapshot.as_ref().map(|snapshot| snapshot.iter().collect::<Vec<&Entry>>());
        let recorded = recorded.as_deref().unwrap_or(batch);
        let new = NewChange {
            service: list.kind().to_owned(),
            account: list.account.clone(),
            user: self.0.user(cx)?,
            list: list.name.clone(),
            list_config: serde_json::from_str(self.0.options()).unwrap_or_default(),
            action,
            items: recorded.iter().zip(replaced).map(|(entry, replaced)| stored_item(entry, *replaced)).collect(),
            undo_of,
        };
        let id = match cx.journal().begin_after(latest, &new)? {
            Some(id) => {
                ListCache::of(cx).began(&self.0, id);
                id
            }
            None if action == Action::Add && self.0.adding() == Adding::Again => return Ok(None),
            None => cx.journal().begin(&new)?,
        };
        let (mut change, is_unsent) = with_lease(id, self.send(recorded, action, cx), cx).await;
        let is_unseen = |entry: &&Entry| entry.has(UNSEEN);
        let is_idle = change.certain
            && recorded.iter().all(is_unseen)
            && change.outcomes.iter().all(|outcome| *outcome == Outcome::Unchanged);
        if (is_unsent || is_idle)
            && let Ok(()) = cx.journal().withdraw(id)
        {
            return Ok(Some((change, None)));
        }
        // An addition of what was not looked for may have been there already.
        if action != Action::Add || self.0.adding() != Adding::Once {
            // A service counts what it did in its last try, and not in one whose response was lost.
            let of_seen = change.outcomes.iter_mut().zip(recorded).filter(|(_, entry)| !is_unseen(entry));
            let unchanged = of_seen.map(|(outcome, _)| outcome).filter(|outcome| **outcome == Outcome::Unchanged);
            unchanged.for_each(|outcome| *outcome = Outcome::Done);
        }
        let state = if !change.certain {
            ChangeState::Uncertain
        } else if change.outcomes.iter().any(Outcome::is_success) {
            ChangeState::Done
        } else {
            ChangeState::Failed
        };
        let outcomes = stored(&change.outcomes, cx.clock.now());
        if let Err(error) = cx.journal().finish(id, state, Some(&outcomes)) {
            // It was sent: the report and the copy of this run must know it all the same.
            cx.warn(format!("the outcome of change {id} could not be recorded ({error}); the next run checks it"));
        }
        Ok(Some((change, Some(id))))
    }

    /// Sends a batch, and returns besides whether it is certain that nothing was sent.
    ///
    /// An error is the outcome of each item, because other lists may still be changed.
    async fn send(&self, batch: &[&Entry], action: Action, cx: &Context) -> (Change, bool) {
        match self.0.change(action, batch, cx).await {
            Ok(change) => (change, false),
            Err(error) => {
                let certain = !error.may_have_happened();
                (Change::all(Outcome::Failed(error.in_one_line()), batch.len()).certain(certain), certain)
            }
        }
    }
}

/// Returns the outcome of each entry, given those of the entries that were sent.
fn merge(steps: &[Planned], sent: Vec<Outcome>) -> Vec<Outcome> {
    let mut sent = sent.into_iter();
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(steps.len());
    for step in steps {
        outcomes.push(match step {
            // There is one outcome for each entry that was sent.
            Planned::Send => sent.next().unwrap_or(Outcome::Unchanged),
            Planned::Known(outcome) => outcome.clone(),
            Planned::DuplicateOf(first) if outcomes[*first].is_success() => Outcome::Unchanged,
            Planned::DuplicateOf(first) => outcomes[*first].clone(),
        });
    }
    outcomes
}

fn report(
    list: &ListId,
    by: &'static str,
    action: Action,
    entries: &[&Entry],
    outcomes: &[Outcome],
    change_id: Option<i64>,
    dry_run: bool,
) -> ChangeReport {
    let count = |which: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| which(outcome)).count();
    let titles = |which: fn(&Outcome) -> bool| {
        let found = entries.iter().zip(outcomes).filter(move |(_, outcome)| which(outcome));
        found.map(|(entry, _)| entry.title().to_owned()).collect()
    };
    let failed = entries.iter().zip(outcomes).filter_map(|(entry, outcome)| match outcome {
        Outcome::Failed(reason) => Some((entry.title(), reason.as_str())),
        _ => None,
    });
    ChangeReport {
        plugin: by.to_owned(),
        list: list.kind().to_owned(),
        account: list.account.clone(),
        name: list.name.clone(),
        action,
        requested: entries.len(),
        done: count(Outcome::is_change),
        existing: count(|outcome| *outcome == Outcome::Unchanged),
        not_found: titles(|outcome| *outcome == Outcome::Unknown),
        failed: Failure::group(failed),
        dry_run,
        items: if dry_run { titles(Outcome::is_change) } else { Vec::new() },
        change_id,
    }
}

/// Returns an entry of an undo with the fields that the list has of it besides.
fn filled(entry: &Entry, item: &Entry) -> Entry {
    let mut filled = entry.fresh();
    item.fields().for_each(|(name, value)| filled.fill(name, value.clone()));
    filled
}

/// Returns an item as the journal keeps it.
fn stored_item(entry: &Entry, replaced: Option<&Entry>) -> serde_json::Value {
    let mut stored = entry.to_stored();
    if let Some(replaced) = replaced {
        stored[REPLACED] = replaced.to_stored();
    }
    if entry.has(UNSEEN) {
        stored[UNSEEN] = true.into();
    }
    stored
}

/// Returns the items that changes with unknown outcome may have added to a list.
fn maybe_added(list: &AnyList, cx: &Context) -> Result<Index> {
    let pending = cx.journal().pending()?.into_iter().filter(|change| change.what.action == Action::Add);
    let pending = pending.map(JournaledChange::of).filter(|change| change.is_of(list));
    Ok(Index::new(pending.flat_map(|change| change.items).flatten().map(|item| list.keys(&item))))
}

impl TryFrom<AnyList> for WritableList {
    type Error = Problem;

    fn try_from(list: AnyList) -> Result<Self, Problem> {
        list.writable().map(|()| Self(list))
    }
}

impl<'de> Deserialize<'de> for WritableList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(AnyList::deserialize(deserializer)?).map_err(|problem| fail(vec![problem]))
    }
}
