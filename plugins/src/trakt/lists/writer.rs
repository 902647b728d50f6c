//! Changes of a list: items are sent, and what was sent is looked at where the response is unclear.

use std::time::Duration;

use flexget_core::context::http::Retry;
use flexget_core::context::journal::Action;
use flexget_core::list::UNSEEN;
use flexget_core::prelude::*;

use crate::titles::media::ids::MediaIds;
use crate::titles::media::{Kind, Media};
use crate::trakt::activities;
use crate::trakt::api::client::Client;
use crate::trakt::cache;
use crate::trakt::lists::catalogue::{forget_summaries, known_path, locate, relocate};
use crate::trakt::lists::counts::Counts;
use crate::trakt::lists::history;
use crate::trakt::lists::item::{Item, PARTS_FIELD};
use crate::trakt::lists::order::{self, Restored};
use crate::trakt::lists::plays;
use crate::trakt::lists::source::Source;
use crate::trakt::lists::write::{self, SendOutcome, Unit};
use crate::trakt::titles;
use crate::trakt::user_data;

/// A list to change.
pub struct ListWriter<'a> {
    /// The client that asks.
    pub client: &'a Client,
    /// List to use.
    pub source: &'a Source,
    /// The user whose list it is, if that is not the account's own.
    pub username: Option<&'a str>,
}

/// Pauses before plays are sent again that Trakt has refused as too many requests, in seconds.
const PAUSES: [u64; 3] = [2, 4, 8];

impl ListWriter<'_> {
    /// Adds or removes items.
    ///
    /// # Errors
    /// Nothing could be sent.
    pub async fn change(&self, items: Vec<Item<'_>>, remove: bool) -> Result<SendOutcome> {
        if remove && items.iter().any(|item| item.is_of_plays(self.source)) {
            return Ok(plays::take_plays(self.client, &items).await?.into());
        }
        let items = self.identified(items).await;
        if remove || !self.source.is_history() {
            return self.send(&items, remove).await;
        }
        let mut sent = self.send(&items, false).await?;
        for pause in PAUSES {
            let Some(wait) = sent.limited.take() else { break };
            self.pause(wait.max(Duration::from_secs(pause))).await;
            self.send_missing(&items, &mut sent).await?;
        }
        if sent.is_unclear || sent.is_doubtful() {
            self.find_plays(&items, &mut sent.change).await;
        }
        Ok(sent)
    }

    async fn pause(&self, wait: Duration) {
        let cx = self.client.cx();
        cx.progress.wait(&cx.clock, wait, "Trakt limits requests").await;
    }

    /// Sends the plays again that were refused, but for those that are in the history.
    ///
    /// Trakt refuses a request before anything is done. A play that was added all the same would be
    /// there twice.
    async fn send_missing(&self, items: &[Item<'_>], sent: &mut SendOutcome) -> Result<()> {
        let is_open = |at: &usize| matches!(sent.change.outcomes[*at], Outcome::Failed(_));
        let open: Vec<usize> = (0..items.len()).filter(is_open).collect();
        let item = |at: usize| Item { media: items[at].media.clone(), entry: items[at].entry };
        let of_open: Vec<Item<'_>> = open.iter().map(|at| item(*at)).collect();
        let missing = plays::missing(self.client, &of_open).await.map_err(Error::after_sending)?;
        let rest: Vec<Entry> =
            of_open.iter().zip(&missing).map(|(item, missing)| item.with(PARTS_FIELD, missing)).collect();
        let rest_items = of_open.iter().zip(&rest).map(|(item, entry)| Item { media: item.media.clone(), entry });
        let again = self.send(&rest_items.collect::<Vec<_>>(), false).await?;
        for ((at, outcome), missing) in open.into_iter().zip(again.change.outcomes).zip(&missing) {
            sent.change.outcomes[at] = if missing.is_empty() { Outcome::Done } else { outcome };
        }
        sent.change.certain &= again.change.certain;
        (sent.is_unclear, sent.limited) = (again.is_unclear, again.limited);
        Ok(())
    }

    /// Looks up the items that have no id, where a list takes no titles.
    async fn identified<'a>(&self, mut items: Vec<Item<'a>>) -> Vec<Item<'a>> {
        if matches!(self.source, Source::Favorites | Source::Ratings) {
            self.look_up(&mut items, |item| item.media.ids.is_empty() && item.media.own_ids.is_empty()).await;
        }
        items
    }

    /// Looks up the ids of some items; those that are not found stay as they are.
    async fn look_up(&self, items: &mut [Item<'_>], which: impl Fn(&Item<'_>) -> bool) {
        let mut open: Vec<&mut Item<'_>> = items.iter_mut().filter(|item| which(item)).collect();
        let media: Vec<Media> = open.iter().map(|item| item.media.clone()).collect();
        for (item, found) in open.iter_mut().zip(titles::find(self.client, &media).await) {
            if let Ok(work) = found {
                item.media.ids = MediaIds::from(&work.ids);
            }
        }
    }

    /// Sends the items, each as the units that it is made of.
    async fn send(&self, items: &[Item<'_>], remove: bool) -> Result<SendOutcome> {
        let units: Vec<Vec<Unit>> = if remove {
            history::to_remove(self.client, self.source, items).await?
        } else {
            items.iter().map(|item| item.to_add(self.source)).collect()
        };
        let counts: Vec<usize> = units.iter().map(Vec::len).collect();
        let units: Vec<Unit> = units.into_iter().flatten().collect();
        if units.is_empty() {
            return Ok(Change::all(Outcome::Unchanged, items.len()).into());
        }
        // A play that is sent twice is there twice; everything else is there once however often it
        // is sent.
        let retry = if self.source.is_history() && !remove { Retry::Own } else { Retry::Safe };
        let mut sent = write::send(self.client, &self.address(remove).await?, &units, retry).await;
        if let (true, Source::Personal(personal)) = (sent.is_missing, self.source) {
            relocate(self.client, self.username, personal).await?;
            sent = write::send(self.client, &self.address(remove).await?, &units, retry).await;
        }
        let mut of_units = sent.change.outcomes.into_iter();
        sent.change.outcomes = counts.into_iter().map(|count| of_all(of_units.by_ref().take(count))).collect();
        self.compare_counts(items, &sent, remove).await?;
        Ok(sent)
    }

    /// Compares the number of items that Trakt says with what reads have shown, and warns of more.
    async fn compare_counts(&self, items: &[Item<'_>], sent: &SendOutcome, remove: bool) -> Result<()> {
        let (base, counts) = (self.base().await?, Counts::of(self.client));
        let is_known = |item: &Item<'_>| !item.entry.has(UNSEEN);
        let outcomes = items.iter().zip(&sent.change.outcomes);
        let changed = if remove {
            outcomes.filter(|(item, outcome)| is_known(item) && outcome.is_success()).count()
        } else {
            outcomes.filter(|(_, outcome)| outcome.is_change()).count()
        };
        counts.update(&base, |count| {
            let titles = |titles: usize| {
                if remove { titles.saturating_sub(changed) } else { titles.saturating_add(changed) }
            };
            (count.titles, count.said, count.is_changed) = (count.titles.map(titles), sent.item_count, true);
        });
        let count = counts.get(&base);
        let (Some(titles), Some(said), true) = (count.titles, count.said, remove) else { return Ok(()) };
        let more = said.saturating_sub(titles);
        let counted = |number: usize, what: &str| match number {
            1 => format!("1 {what}"),
            number => format!("{number} {what}s"),
        };
        if more > count.others {
            let more = counted(more.saturating_sub(count.others), "more item");
            self.client.cx().warn(format!("Trakt counts {more} of `{base}` than it has shown"));
        } else if more > 0 && titles == 0 {
            let stays = counted(more, "item");
            self.client.cx().warn(format!(
                "{stays} of `{base}`, such as people, cannot be removed by this program: remove them on Trakt's site"
            ));
        }
        Ok(())
    }

    /// Looks in the history for plays of which the response does not say whether they were added.
    ///
    /// Those that are not there may still appear.
    async fn find_plays(&self, items: &[Item<'_>], change: &mut Change) {
        let Ok(made) = history::were_made(self.client, self.source, items, true).await else { return };
        for (outcome, made) in change.outcomes.iter_mut().zip(made) {
            if made == Some(true) {
                *outcome = Outcome::Done;
            }
        }
        change.certain |= change.outcomes.iter().all(Outcome::is_success);
    }

    /// Returns the endpoint of writes.
    async fn address(&self, remove: bool) -> Result<String> {
        let base = self.base().await?;
        Ok(if remove { format!("{base}/remove") } else { base })
    }

    async fn base(&self) -> Result<String> {
        Ok(match self.source {
            Source::Personal(personal) => {
                format!("{}/items", locate(self.client, self.username, personal).await?)
            }
            Source::Recommendations | Source::Chart(_) => return Err(Error::new("a chart is not modifiable")),
            Source::Watched => "sync/history".to_owned(),
            source => format!("sync/{}", source.topic()),
        })
    }

    /// Restores the places that items had before they were removed.
    ///
    /// # Errors
    /// Trakt does not show the items yet, or does not take the order.
    pub async fn restore_order(&self, items: Vec<Item<'_>>) -> Result<()> {
        let restored = |item: Item<'_>| {
            let part = item.parts_of(PARTS_FIELD)?.into_iter().next()?;
            Some(Restored { media: item.media, rank: part.rank?, row: part.row })
        };
        let wanted: Vec<Restored> = items.into_iter().filter_map(restored).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let list = self.base().await?;
        let count = Counts::of(self.client).get(&list).said;
        let result = order::restore(self.client, &list, &wanted, count).await;
        self.forget();
        result
    }

    /// Returns the entries to record before a change, or `None` if they have no hidden parts.
    ///
    /// # Errors
    /// Trakt could not be asked for these.
    pub async fn recorded(&self, action: Action, mut items: Vec<Item<'_>>) -> Result<Option<Vec<Entry>>> {
        if action == Action::Add {
            return history::before_adding(self.client, self.source, &items).await;
        }
        if self.source.is_history() {
            // Plays are known by Trakt's numbers.
            let is_open = |item: &Item<'_>| item.is_removed_whole() && !item.has_number();
            self.look_up(&mut items, |item| is_open(item) && item.media.kind != Kind::Episode).await;
        }
        history::before_removing(self.client, self.source, &items).await
    }

    /// Drops the cached data that a write to this list changes.
    pub fn forget(&self) {
        let Some(account) = self.client.account() else { return };
        let topics: Vec<String> = match self.source {
            // Trakt takes titles off the watchlist when they are watched.
            Source::Watched | Source::History => {
                ["watched", "history", "progress", "watchlist"].map(str::to_owned).to_vec()
            }
            Source::Personal(personal) => known_path(self.client, self.username, personal).into_iter().collect(),
            source => vec![source.topic().to_owned()],
        };
        cache::invalidate(self.client.cx(), Some(&account), &topics);
        activities::forget(self.client.cx(), &account);
        user_data::ask_again(self.client.cx(), &account);
        forget_summaries(self.client);
    }
}

/// Returns the outcome of an item from those of its units.
///
/// An item of which a unit is not written is not written: an undo that is tried again sends what is
/// missing.
fn of_all(units: impl Iterator<Item = Outcome>) -> Outcome {
    let severity = |outcome: &Outcome| match outcome {
        Outcome::Failed(_) => 4,
        Outcome::Unknown => 3,
        Outcome::Lossy => 2,
        Outcome::Done | Outcome::Partly => 1,
        _ => 0,
    };
    units.max_by_key(severity).unwrap_or(Outcome::Unchanged)
}
