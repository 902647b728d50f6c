//! Recovery: finding out the outcome of interrupted changes, and undoing a change.

use jiff::{SignedDuration, Timestamp};

use crate::context::Context;
use crate::context::journal::{Action, ChangeRow, ChangeState};
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::list::any::AnyList;
use crate::list::journaled::{JournaledChange, STALE, shifted, stored, with_lease};
use crate::list::outcome::Outcome;
use crate::list::writable::WritableList;
use crate::list::{Adding, UNSEEN};
use crate::task::report::{ChangeReport, Failure};

/// How long the outcome of a change is looked for.
const ABANDON_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Tolerance when the dates of a list are compared with this machine's clock.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(1);

/// Finds out the outcome of interrupted changes by reading the lists.
///
/// Returns a line about each change of a program that was killed or whose response was lost.
///
/// A change whose outcome cannot be found out yet stays open for the next run, for seven days. One
/// that a living process makes is left alone.
///
/// # Errors
/// The journal cannot be used.
pub async fn recover(cx: &Context) -> Result<Vec<String>> {
    let mut said = Vec::new();
    let now = cx.clock.now();
    // A change of an older version has no lease.
    let is_left = |change: &ChangeRow| change.lease.unwrap_or_else(|| shifted(change.at, STALE)) < now;
    for change in cx.journal().pending()?.into_iter().filter(is_left) {
        let id = change.id;
        let is_old = shifted(change.at, ABANDON_AFTER) < now;
        let change = JournaledChange::of(change);
        match outcomes_by_list(&change, cx).await {
            Ok(outcomes) => said.push(record(&change, &outcomes, cx)?),
            Err(error) if is_old => {
                cx.journal().finish(id, ChangeState::Abandoned, None)?;
                said.push(format!(
                    "the outcome of change {id} was not found out within 7 days and is no longer checked: {error}"
                ));
            }
            Err(error) => tracing::info!(target: "journal", "change {id} stays open: {error}"),
        }
    }
    Ok(said)
}

/// Reads the list of a change, and returns the outcome of each item by what is on it now.
async fn outcomes_by_list(change: &JournaledChange, cx: &Context) -> Result<Vec<Outcome>> {
    let list = change.list()?;
    check_user(change, &list, cx)?;
    let readable: Vec<&Entry> = change.items.iter().flatten().collect();
    let action = change.change.what.action;
    let is_add = action == Action::Add;
    // From an item not being seen it follows that a removal was made, and an addition was not.
    let found = list.find_proved(&readable, cx).await?;
    // An item that is there may be so for another reason than this change, and the list does not
    // tell of an item that has no row of its own.
    let is_open = |item: &Entry, on_list: Option<&Entry>| on_list.is_some() || !list.has_row(item);
    let open = readable.iter().zip(&found).filter(|(item, on_list)| is_open(item, on_list.as_ref()));
    let open: Vec<&Entry> = open.map(|(item, _)| *item).collect();
    let mut made = list.was_made(action, &open, cx).await?.into_iter();
    let mut found = found.into_iter();
    // Where the list was not read before, its items may have been there all the time.
    let was_read = list.adding() != Adding::Once;
    let outcome = |item: &Option<Entry>| {
        let Some(item) = item else { return Outcome::Failed("it cannot be read from the journal".to_owned()) };
        let on_list = found.next().flatten();
        let made = if is_open(item, on_list.as_ref()) { made.next().flatten() } else { None };
        if made == Some(true) {
            return Outcome::Done;
        }
        if item.has(UNSEEN) && on_list.is_none() {
            return Outcome::Unchanged;
        }
        let is_done = on_list.as_ref().map_or(!is_add, |on_list| is_add && list.is_up_to_date(on_list, item));
        if made == Some(false) || !is_done {
            return Outcome::Failed("the change was interrupted".to_owned());
        }
        let is_old = |on_list: &Entry| !was_read && !is_since(&list, on_list, change.change.at);
        if on_list.as_ref().is_some_and(is_old) { Outcome::Unchanged } else { Outcome::Done }
    };
    Ok(change.items.iter().map(outcome).collect())
}

/// Records outcomes that were found out, and returns a line about them.
fn record(change: &JournaledChange, outcomes: &[Outcome], cx: &Context) -> Result<String> {
    let JournaledChange { change, items, .. } = change;
    let done = outcomes.iter().filter(|outcome| outcome.is_success()).count();
    let state = if done == 0 { ChangeState::Failed } else { ChangeState::Done };
    cx.journal().finish(change.id, state, Some(&stored(outcomes, cx.clock.now())))?;
    Ok(format!(
        "an earlier run was interrupted while it changed {} `{}`: {done} of {} items are {} the list now (change {})",
        change.what.service,
        change.what.list,
        items.len(),
        if change.what.action == Action::Add { "on" } else { "off" },
        change.id,
    ))
}

/// Undoes a change: removes what was added, or adds what was removed, with its dates.
///
/// The undo is a change of its own, and can be undone. Of an add that found some of its items on
/// the list already, only items that the list dates to the time of the change are removed.
///
/// # Errors
/// There is no such change, it was not made or is undone already, or its outcome is not known; or
/// the list cannot be used.
pub async fn undo(id: i64, by: &'static str, cx: &Context) -> Result<ChangeReport> {
    undo_unless_changed(id, false, by, cx).await
}

/// Undoes a change as [`undo`] does, also of items that were changed again since.
///
/// # Errors
/// As [`undo`].
pub async fn force_undo(id: i64, by: &'static str, cx: &Context) -> Result<ChangeReport> {
    undo_unless_changed(id, true, by, cx).await
}

async fn undo_unless_changed(id: i64, force: bool, by: &'static str, cx: &Context) -> Result<ChangeReport> {
    let change = cx.journal().get(id)?.ok_or_else(|| {
        Error::new(format!("there is no change {id}")).hint("`flexget-rs changes` shows those that there are")
    })?;
    match change.state {
        ChangeState::Done | ChangeState::Undoing => {}
        ChangeState::Abandoned => {
            return Err(Error::new(format!("the outcome of change {id} was never found out"))
                .hint(format!("`flexget-rs changes show {id}` shows its items")));
        }
        ChangeState::Undone => return Err(Error::new(format!("change {id} is undone already"))),
        ChangeState::Failed => {
            return Err(Error::new(format!("change {id} was not made, so there is nothing to undo")));
        }
        ChangeState::Pending | ChangeState::Uncertain => {
            return Err(Error::new(format!("the outcome of change {id} is not known yet"))
                .hint("the next run of `flexget-rs execute` checks it, five minutes after the change"));
        }
    }
    let change = JournaledChange::of(change);
    let list = WritableList::try_from(change.list()?).map_err(|problem| {
        let error = Error::new(problem.message);
        problem.help.into_iter().fold(error, Error::hint)
    })?;
    list.list().ready(cx)?;
    check_user(&change, list.list(), cx)?;
    if cx.dry_run {
        return undo_claimed(&change, &list, force, by, cx).await.map(|(report, _)| report);
    }
    if !cx.journal().claim_undo(id)? {
        return Err(Error::new(format!("change {id} is being undone by another process")));
    }
    let undone = with_lease(id, undo_claimed(&change, &list, force, by, cx), cx).await;
    let is_undone = undone.as_ref().is_ok_and(|(_, is_undone)| *is_undone);
    cx.journal().finish(id, if is_undone { ChangeState::Undone } else { ChangeState::Done }, None)?;
    undone.map(|(report, _)| report)
}

/// Undoes a change that this process has claimed, so that no other undoes it at the same time.
///
/// Returns besides whether nothing is left that another try could undo.
async fn undo_claimed(
    change: &JournaledChange,
    list: &WritableList,
    force: bool,
    by: &'static str,
    cx: &Context,
) -> Result<(ChangeReport, bool)> {
    let undo = Undo::of(change, list.list(), force, cx).await?;
    let (mut report, outcomes) = undo.apply(list, change.change.id, by, cx).await?;
    let back = undo.items.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_success());
    let back: Vec<&Entry> = back.map(|(item, _)| item).filter(|_| undo.action == Action::Add).collect();
    if !back.is_empty()
        && !cx.dry_run
        && let Err(error) = list.list().restore_order(&back, cx).await
    {
        let reason = format!("it is on the list again, and not at its former place: {error}");
        report.failed.extend(Failure::group(back.iter().map(|item| (item.title(), reason.as_str()))));
    }
    let failed = undo.failed.iter().map(|(title, reason)| (title.as_str(), *reason));
    report.requested = report.requested.saturating_add(undo.failed.len());
    report.failed.extend(Failure::group(failed));
    let is_undone = report.failed.is_empty() && report.not_found.is_empty();
    report.failed.extend(Failure::group(undo.lossy.iter().map(|title| (title.as_str(), NOT_RECORDED))));
    Ok((report, is_undone))
}

/// Checks that the account of a change still belongs to the user for whom it was made.
fn check_user(change: &JournaledChange, list: &AnyList, cx: &Context) -> Result<()> {
    let row = &change.change;
    match (&row.what.user, list.user(cx)?) {
        (Some(then), Some(now)) if *then != now => {
            let account = row.what.account.as_deref().unwrap_or_default();
            Err(Error::new(format!(
                "change {} was made for the user `{then}`, and account `{account}` belongs to `{now}` now",
                row.id
            ))
            .hint(format!("authorize `{account}` as `{then}` again")))
        }
        (Some(then), None) if list.id().account.is_some() => Err(Error::new(format!(
            "change {} was made for the user `{then}`, and it is not known to whom its account belongs now",
            row.id
        ))
        .hint("authorize the account again")),
        _ => Ok(()),
    }
}

/// Reason why an item is left as it is.
const CHANGED_SINCE: &str = "it was changed again since; `--force` undoes it all the same";

/// Reason why an item is not as it was, though all that is known of it was put back.
const NOT_RECORDED: &str = "more of it was removed than was known before, so that not all of it could be put back \
                            (plays, date, place or note)";

/// The changes that undo a change.
struct Undo {
    action: Action,
    /// The items that were added or removed.
    items: Vec<Entry>,
    /// The items that were replaced.
    replaced: Vec<Entry>,
    /// Titles that are left as they are, with the reason.
    failed: Vec<(String, &'static str)>,
    /// Titles of items that were removed with more than is recorded.
    lossy: Vec<String>,
}

impl Undo {
    async fn of(change: &JournaledChange, list: &AnyList, force: bool, cx: &Context) -> Result<Self> {
        let action = match change.change.what.action {
            Action::Add => Action::Remove,
            Action::Remove | Action::Clear => Action::Add,
        };
        let (mut failed, mut lossy) = (Vec::new(), Vec::new());
        let mut written: Vec<(Entry, Option<Entry>)> = Vec::new();
        for (at, item) in change.written() {
            // What was not on the list before it was removed stays away.
            if action == Action::Add && change.outcomes.get(at) == Some(&Outcome::Unchanged) {
                continue;
            }
            match item {
                Some(item) => {
                    lossy.extend((change.outcomes.get(at) == Some(&Outcome::Lossy)).then(|| item.title().to_owned()));
                    let mut item = item.fresh();
                    item.unset(UNSEEN);
                    written.push((item, change.replaced(at)));
                }
                None => failed.push((format!("item {}", at.saturating_add(1)), "it cannot be read from the journal")),
            }
        }
        if action == Action::Add && written.is_empty() && failed.is_empty() {
            let id = change.change.id;
            return Err(Error::new(format!("change {id} took nothing off the list")));
        }
        if list.adding() == Adding::Replaces && action == Action::Remove && !force {
            let entries: Vec<&Entry> = written.iter().map(|(item, _)| item).collect();
            let mut on_list = list.find_proved(&entries, cx).await?.into_iter();
            written.retain(|(item, replaced)| {
                let is_ours = match on_list.next().flatten() {
                    Some(on_list) => list.is_up_to_date(&on_list, item),
                    // There is nothing to remove, and nothing was replaced.
                    None => replaced.is_none(),
                };
                if !is_ours {
                    failed.push((item.title().to_owned(), CHANGED_SINCE));
                }
                is_ours
            });
        }
        let (replaced, items): (Vec<_>, Vec<_>) = written.into_iter().partition(|(_, replaced)| replaced.is_some());
        let replaced: Vec<Entry> = replaced.into_iter().filter_map(|(_, replaced)| replaced).collect();
        let mut items: Vec<Entry> = items.into_iter().map(|(item, _)| item).collect();
        if action == Action::Remove && change.outcomes.contains(&Outcome::Unchanged) {
            let on_list = list.find_proved(&items.iter().collect::<Vec<_>>(), cx).await?;
            let mut on_list = on_list.into_iter();
            items.retain(|_| on_list.next().flatten().is_some_and(|item| is_since(list, &item, change.change.at)));
            if items.is_empty() && replaced.is_empty() {
                let id = change.change.id;
                return Err(Error::new(format!("change {id} put nothing on the list that was not there before")));
            }
        }
        Ok(Self { action, items, replaced, failed, lossy })
    }

    /// Removes or adds the items, and restores those that were replaced.
    ///
    /// Returns besides the outcome of each item that was not replaced.
    async fn apply(
        &self,
        list: &WritableList,
        id: i64,
        by: &'static str,
        cx: &Context,
    ) -> Result<(ChangeReport, Vec<Outcome>)> {
        let items: Vec<&Entry> = self.items.iter().collect();
        let replaced: Vec<&Entry> = self.replaced.iter().collect();
        if items.is_empty() && !replaced.is_empty() {
            return Ok((list.apply(&replaced, Action::Add, by, Some(id), cx).await?, Vec::new()));
        }
        let (mut report, outcomes) = list.change(&items, self.action, by, Some(id), cx).await?;
        if !replaced.is_empty() {
            let restored = list.apply(&replaced, Action::Add, by, Some(id), cx).await?;
            report.requested = report.requested.saturating_add(restored.requested);
            report.done = report.done.saturating_add(restored.done);
            report.existing = report.existing.saturating_add(restored.existing);
            report.not_found.extend(restored.not_found);
            report.failed.extend(restored.failed);
            report.items.extend(restored.items);
        }
        Ok((report, outcomes))
    }
}

/// Checks whether an item was put on its list at this time or later.
fn is_since(list: &AnyList, item: &Entry, at: Timestamp) -> bool {
    list.listed_at(item).is_some_and(|listed| shifted(listed, CLOCK_SKEW) >= at)
}
