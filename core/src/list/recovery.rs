//! What the journal is for: to find out what became of a change whose end nobody saw, and to undo one.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::run_cache::Write;
use super::{AnyList, Index, WritableList};
use crate::context::Context;
use crate::context::journal::{Action, Change, ChangeState};
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::task::report::ChangeReport;
use crate::value::Value;

/// For so long after a change a service may go on showing the list as it was, and the process that makes the change may still be at it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// What the journal keeps of an answer.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// How many were written.
    pub done: usize,
    /// How many were there, or gone, before.
    pub existing: usize,
    /// The positions of what was not written.
    pub not_done: Vec<usize>,
    /// The positions of what is still on the list though something of it was taken off.
    pub remaining: Vec<usize>,
    /// When the answer came.
    pub ended: Option<Timestamp>,
}

impl Answer {
    pub(super) fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The answer of a change; of one that has none, as if nothing had been told.
    pub fn of(change: &Change) -> Self {
        change.answer.clone().and_then(|answer| serde_json::from_value(answer).ok()).unwrap_or_default()
    }
}

/// The list that a change was made to.
fn list_of(change: &Change) -> Result<AnyList> {
    let options: serde_yaml::Value = serde_json::from_value(change.what.list_config.clone())
        .map_err(|error| Error::new(format!("the list of change {} cannot be opened", change.id)).cause(error))?;
    AnyList::open(&change.what.service, &options).map_err(|problems| {
        let problem = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        Error::new(format!("the list of change {} cannot be opened: {problem}", change.id))
    })
}

fn items_of(change: &Change) -> Vec<Entry> {
    change.what.items.iter().filter_map(Entry::from_stored).collect()
}

/// The name under which an item of a change carries what it replaced.
pub(super) const REPLACED: &str = "_replaced";

/// What was written to a list so lately that the service may not show it yet, the oldest first.
///
/// # Errors
/// The journal cannot be read.
pub(super) fn recent_writes(list: &AnyList, cx: &Context) -> Result<Vec<Write>> {
    let now = cx.clock.now();
    let place = list.place();
    // A change may take its time, so that one that began earlier may have ended within it.
    let recent = cx.journal().since(now - PATIENCE * 3)?;
    let is_done = |change: &Change| matches!(change.state, ChangeState::Done | ChangeState::Undone);
    let mut writes = Vec::new();
    for change in recent.iter().filter(|change| is_done(change) && change.what.service == place.kind) {
        let answer = Answer::of(change);
        let ended = answer.ended.unwrap_or(change.at);
        if now > ended + PATIENCE || !list_of(change).is_ok_and(|list| list.place() == place) {
            continue;
        }
        let items = items_of(change).into_iter().enumerate();
        let is_done = |at: &usize| !answer.not_done.contains(at) && !answer.remaining.contains(at);
        let done: Vec<Entry> = items.filter(|(at, _)| is_done(at)).map(|(_, item)| item).collect();
        writes.push(match change.what.action {
            Action::Add => Write::Added(done),
            Action::Remove | Action::Clear => {
                Write::Removed { items: done.iter().map(|item| list.keys(item)).collect(), at: Some(ended) }
            }
        });
    }
    Ok(writes)
}

/// What may have been put on a list by changes of which nobody knows yet how they went.
///
/// # Errors
/// The journal cannot be read.
pub(super) fn maybe_added(list: &AnyList, cx: &Context) -> Result<Index> {
    let place = list.place();
    let open = cx.journal().pending()?;
    let open = open.iter().filter(|change| {
        change.what.action == Action::Add
            && change.what.service == place.kind
            && list_of(change).is_ok_and(|list| list.place() == place)
    });
    Ok(Index::new(open.flat_map(items_of).map(|item| list.keys(&item))))
}

/// Finds out what became of changes that were cut off (the program was killed, the answer was lost), by reading the
/// lists; says so of each. What cannot be found out yet stays open for the next run.
///
/// # Errors
/// The journal cannot be used.
pub async fn settle(cx: &Context) -> Result<Vec<String>> {
    let mut said = Vec::new();
    let before = cx.clock.now() - PATIENCE;
    for change in cx.journal().pending()?.into_iter().filter(|change| change.at < before) {
        let Ok(list) = list_of(&change) else { continue };
        let items = items_of(&change);
        let found = match list.find(&items.iter().collect::<Vec<_>>(), cx).await {
            Ok(found) => found,
            Err(error) => {
                tracing::info!(target: "journal", "change {} stays open: {error}", change.id);
                continue;
            }
        };
        let is_add = change.what.action == Action::Add;
        let is_done = |at: usize| match &found[at] {
            Some(item) => is_add && list.list.is_up_to_date(item, &items[at]),
            None => !is_add,
        };
        let not_done: Vec<usize> = (0..items.len()).filter(|at| !is_done(*at)).collect();
        let done = items.len() - not_done.len();
        let state = if done == 0 { ChangeState::Failed } else { ChangeState::Done };
        // Where the list was not read before, what is on it may have been there all the time.
        let is_old = |item: &Entry| !is_since(item, change.at);
        let knew = list.list.adds_again() || list.list.overwrites();
        let existing = if is_add && !knew { found.iter().flatten().filter(|item| is_old(item)).count() } else { 0 };
        let ended = Some(cx.clock.now());
        let answer = Answer { done: done - existing.min(done), existing, not_done, ended, ..Answer::default() };
        cx.journal().finish(change.id, state, Some(&answer.to_json()))?;
        let verb = if is_add { "on" } else { "off" };
        said.push(format!(
            "an earlier run was cut off while it changed {} `{}`: {done} of {} items are {verb} the list now (change {})",
            change.what.service,
            change.what.list,
            items.len(),
            change.id,
        ));
    }
    Ok(said)
}

/// Undoes a change: what was put on is taken off, what was taken off is put back, with its dates. The undo is a change of
/// its own, and can be undone.
///
/// Of an add that found some of its items on the list already, only what the list dates to the time of the change is taken off.
///
/// # Errors
/// There is no such change, it was not made or is undone already, or nobody knows whether it was made; or the list cannot be used.
pub async fn undo(id: i64, by: &'static str, cx: &Context) -> Result<ChangeReport> {
    let change = cx.journal().get(id)?.ok_or_else(|| {
        Error::new(format!("there is no change {id}")).hint("`flexget-rs changes` shows those that there are")
    })?;
    match change.state {
        ChangeState::Done => {}
        ChangeState::Undone => return Err(Error::new(format!("change {id} is undone already"))),
        ChangeState::Failed => {
            return Err(Error::new(format!("change {id} was not made, so there is nothing to undo")));
        }
        ChangeState::Pending | ChangeState::Uncertain => {
            return Err(Error::new(format!("nobody knows yet whether change {id} was made"))
                .hint("the next run of `flexget-rs execute` finds out, five minutes after the change"));
        }
    }
    let list = list_of(&change)?;
    let writable = WritableList::try_from(list).map_err(|problem| match problem.help {
        Some(help) => Error::new(problem.message).hint(help),
        None => Error::new(problem.message),
    })?;
    writable.list().ready(cx)?;
    let answer = Answer::of(&change);
    let all = items_of(&change);
    let mut items: Vec<&Entry> =
        all.iter().enumerate().filter(|(at, _)| !answer.not_done.contains(at)).map(|(_, item)| item).collect();
    let action = match change.what.action {
        Action::Add => Action::Remove,
        Action::Remove | Action::Clear => Action::Add,
    };
    if action == Action::Remove && answer.existing > 0 {
        let there = writable.list().find(&items, cx).await?;
        let is_ours = there.iter().map(|item| item.as_ref().is_some_and(|item| is_since(item, change.at)));
        items = items.iter().zip(is_ours).filter(|(_, is_ours)| *is_ours).map(|(item, _)| *item).collect();
        if items.is_empty() {
            return Err(Error::new(format!("change {id} put nothing on the list that was not there before")));
        }
    }
    let (replaced, items): (Vec<&Entry>, Vec<&Entry>) = items.into_iter().partition(|item| item.has(REPLACED));
    // What was replaced is put back; what was new is taken off.
    let before: Vec<Entry> =
        change.what.items.iter().filter_map(|item| Entry::from_stored(item.get(REPLACED)?)).collect();
    let before: Vec<&Entry> = before
        .iter()
        .filter(|old| replaced.iter().any(|new| Index::same(&writable.0.keys(new), &writable.0.keys(old))))
        .collect();
    let mut report = match (items.as_slice(), before.as_slice()) {
        ([], [_, ..]) => writable.apply(&before, Action::Add, by, Some(id), cx).await?,
        _ => writable.apply(&items, action, by, Some(id), cx).await?,
    };
    if !items.is_empty() && !before.is_empty() {
        let back = writable.apply(&before, Action::Add, by, Some(id), cx).await?;
        report.requested += back.requested;
        report.done += back.done;
        report.existing += back.existing;
        report.failed.extend(back.failed);
        report.items.extend(back.items);
    }
    if !cx.dry_run && report.failed.is_empty() {
        cx.journal().finish(id, ChangeState::Undone, change.answer.as_ref())?;
    }
    Ok(report)
}

/// Whether an item came onto its list at this time or later, but for a minute by which clocks may differ.
fn is_since(item: &Entry, at: Timestamp) -> bool {
    listed_at(item).is_some_and(|listed| listed >= at - SignedDuration::from_mins(1))
}

/// When an item came onto its list, if the list says so.
pub(super) fn listed_at(item: &Entry) -> Option<Timestamp> {
    let dates = item.fields().filter(|(name, _)| name.ends_with("_listed_at") || name.ends_with("_collected_at"));
    dates.filter_map(|(_, value)| Value::moment(value)).min()
}
