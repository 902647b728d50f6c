//! Changes of the journal, with their items as entries and the outcome of each.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::context::{Context, journal};
use crate::document::Node;
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::list::Adding;
use crate::list::any::AnyList;
use crate::list::outcome::Outcome;

/// How long a service may go on showing a list as it was before a change.
pub(super) const STALE: SignedDuration = SignedDuration::from_mins(5);

/// The field of a stored item that holds the item which it replaced.
pub(super) const REPLACED: &str = "_replaced";

/// Interval at which a process renews the lease of a change.
const RENEWAL: Duration = Duration::from_secs(60);

/// A change to a list as the journal has it.
#[derive(Debug)]
pub struct JournaledChange {
    /// The change itself.
    pub change: journal::ChangeRow,
    /// The items in the order in which they were sent; `None` where one cannot be read.
    pub items: Vec<Option<Entry>>,
    /// The outcome of each item; none while they are not known.
    pub outcomes: Vec<Outcome>,
    /// When the last response came.
    pub ended: Option<Timestamp>,
}

/// Outcomes as they are stored: how many in a row are alike.
#[derive(Serialize, Deserialize)]
struct StoredOutcomes {
    outcomes: Vec<(usize, Outcome)>,
    ended: Option<Timestamp>,
}

/// Outcomes as older versions stored them: counts and positions.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OldOutcomes {
    existing: usize,
    not_done: Vec<usize>,
    remaining: Vec<usize>,
    ended: Option<Timestamp>,
}

/// Makes the text that the journal keeps of outcomes.
///
/// A thousand failures for one reason are one.
pub(super) fn stored(outcomes: &[Outcome], ended: Timestamp) -> serde_json::Value {
    let alike = outcomes.chunk_by(|one, next| one == next).map(|alike| (alike.len(), alike[0].clone()));
    let stored = StoredOutcomes { outcomes: alike.collect(), ended: Some(ended) };
    serde_json::to_value(stored).unwrap_or_default()
}

/// Returns the time that is so much after another, or the last one that there is.
pub(super) fn shifted(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// Does work on a change, and keeps its lease while the work lasts.
pub(super) async fn with_lease<T>(id: i64, work: impl Future<Output = T>, cx: &Context) -> T {
    let mut work = pin!(work);
    loop {
        // The clock of a test moves while the work sleeps on it, and wakes no timer.
        let due = cx.clock.now().saturating_add(RENEWAL).unwrap_or(Timestamp::MAX);
        let mut timer = pin!(cx.clock.timer(RENEWAL));
        let renewal = poll_fn(|task| if cx.clock.now() >= due { Poll::Ready(()) } else { timer.as_mut().poll(task) });
        match select(work.as_mut(), renewal).await {
            Either::Left((result, _)) => return result,
            Either::Right(_) => {
                if let Err(error) = cx.journal().renew(id) {
                    tracing::warn!(target: "journal", "the lease of change {id} could not be renewed: {error}");
                }
            }
        }
    }
}

impl JournaledChange {
    /// Reads a change of the journal.
    pub fn of(change: journal::ChangeRow) -> Self {
        let items: Vec<Option<Entry>> = change.what.items.iter().map(Entry::from_stored).collect();
        let (outcomes, ended) = outcomes(change.response.as_ref(), items.len());
        Self { change, items, outcomes, ended }
    }

    /// Opens the list that was changed.
    ///
    /// # Errors
    /// Its options cannot be read any more.
    pub fn list(&self) -> Result<AnyList> {
        let unusable = || format!("the list of change {} cannot be opened", self.change.id);
        let options = Node::from(&self.change.what.list_config);
        AnyList::open(&self.change.what.service, &options).map_err(|problems| {
            let problem = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            Error::new(format!("{}: {problem}", unusable()))
        })
    }

    /// Checks whether the change was made to this list, or to another list of the same plays.
    pub(super) fn is_of(&self, list: &AnyList) -> bool {
        let (what, id) = (&self.change.what, list.id());
        if what.service != id.kind() || what.account != id.account {
            return false;
        }
        if list.name_in_journal().is_some_and(|name| what.list != name) {
            return false;
        }
        self.list().is_ok_and(|other| other.id() == id || is_of_plays(&other) && is_of_plays(list))
    }

    /// Returns the items that were written or were there already, each with its position.
    pub(super) fn written(&self) -> impl Iterator<Item = (usize, &Option<Entry>)> {
        let is_written = |at: usize| self.outcomes.get(at).is_none_or(Outcome::is_success);
        self.items.iter().enumerate().filter(move |(at, _)| is_written(*at))
    }

    /// Returns the item that the item at this position replaced.
    pub(super) fn replaced(&self, at: usize) -> Option<Entry> {
        Entry::from_stored(self.change.what.items.get(at)?.get(REPLACED)?)
    }
}

/// Checks whether the items of a list are plays, which all lists of plays of an account share.
fn is_of_plays(list: &AnyList) -> bool {
    list.adding() == Adding::Again
}

impl AnyList {
    /// Returns the name by which the journal knows changes that show on this list.
    ///
    /// `None` if lists of other names share its items.
    pub(super) fn name_in_journal(&self) -> Option<&str> {
        (!is_of_plays(self)).then_some(self.id().name.as_str())
    }
}

/// Reads the outcomes of a number of items.
fn outcomes(response: Option<&serde_json::Value>, count: usize) -> (Vec<Outcome>, Option<Timestamp>) {
    let Some(response) = response else { return (Vec::new(), None) };
    if let Ok(stored) = StoredOutcomes::deserialize(response) {
        let outcomes = stored.outcomes.into_iter().flat_map(|(count, alike)| std::iter::repeat_n(alike, count));
        return (outcomes.take(count).collect(), stored.ended);
    }
    let old = OldOutcomes::deserialize(response).unwrap_or_default();
    let mut existing = old.existing;
    let outcome = |at: usize| {
        if old.not_done.contains(&at) {
            return Outcome::Failed("not written".to_owned());
        }
        if old.remaining.contains(&at) {
            return Outcome::Partly;
        }
        let is_unchanged = existing > 0;
        existing = existing.saturating_sub(usize::from(is_unchanged));
        if is_unchanged { Outcome::Unchanged } else { Outcome::Done }
    };
    ((0..count).map(outcome).collect(), old.ended)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_the_outcomes_that_it_stored_and_those_of_older_versions() {
        let failed = || Outcome::Failed("the list is full".to_owned());
        let all = vec![Outcome::Done, Outcome::Partly, failed(), failed(), Outcome::Unknown];
        let kept = stored(&all, Timestamp::UNIX_EPOCH);
        assert_eq!(kept["outcomes"][2], json!([2, { "failed": "the list is full" }]));
        assert_eq!(outcomes(Some(&kept), 5), (all, Some(Timestamp::UNIX_EPOCH)));

        let old = json!({ "done": 1, "existing": 1, "not_done": [0], "remaining": [3] });
        let failed = Outcome::Failed("not written".to_owned());
        assert_eq!(outcomes(Some(&old), 4).0, [failed, Outcome::Unchanged, Outcome::Done, Outcome::Partly]);
    }
}
