//! Changes of a list: items are sent, and what was sent is looked at where the response is unclear.

use std::cell::RefCell;
use std::collections::HashMap;

use flexget_core::context::http::Retry;
use flexget_core::context::journal::Action;
use flexget_core::prelude::*;

use crate::titles::media::Media;
use crate::titles::media::ids::MediaIds;
use crate::trakt::activities;
use crate::trakt::api::client::Client;
use crate::trakt::cache;
use crate::trakt::lists::catalogue::{forget_summaries, known_path, locate, relocate};
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
        let mut sent = self.send(&items, remove).await?;
        if sent.is_unclear && self.source.is_history() && !remove {
            self.find_plays(&items, &mut sent.change).await;
        }
        Ok(sent)
    }

    /// Looks up the items that have no id, where a list takes no titles.
    async fn identified<'a>(&self, mut items: Vec<Item<'a>>) -> Vec<Item<'a>> {
        if !matches!(self.source, Source::Favorites | Source::Ratings) {
            return items;
        }
        let is_nameless = |item: &&mut Item<'a>| item.media.ids.is_empty() && item.media.own_ids.is_empty();
        let mut nameless: Vec<&mut Item<'a>> = items.iter_mut().filter(is_nameless).collect();
        let media: Vec<Media> = nameless.iter().map(|item| item.media.clone()).collect();
        for (item, found) in nameless.iter_mut().zip(titles::find(self.client, &media).await) {
            if let Ok(work) = found {
                item.media.ids = MediaIds::from(&work.ids);
            }
        }
        items
    }

    /// Sends the items, each as the units that it is made of.
    async fn send(&self, items: &[Item<'_>], remove: bool) -> Result<SendOutcome> {
        let units: Vec<Vec<Unit>> = if remove {
            history::to_remove(self.client, items).await?
        } else {
            items.iter().map(|item| item.to_add(self.source)).collect()
        };
        let counts: Vec<usize> = units.iter().map(Vec::len).collect();
        let units: Vec<Unit> = units.into_iter().flatten().collect();
        // A play that is sent twice is there twice; everything else is there once however often it
        // is sent.
        let retry = if self.source.is_history() && !remove { Retry::Never } else { Retry::Safe };
        let mut sent = write::send(self.client, &self.address(remove).await?, &units, retry).await;
        if let (true, Source::Personal(personal)) = (sent.is_missing, self.source) {
            relocate(self.client, self.username, personal).await?;
            sent = write::send(self.client, &self.address(remove).await?, &units, retry).await;
        }
        if let Some(count) = sent.item_count {
            let base = self.base().await?;
            item_counts(self.client).borrow_mut().insert(base, count);
        }
        let mut of_units = sent.change.outcomes.into_iter();
        sent.change.outcomes = counts.into_iter().map(|count| of_all(of_units.by_ref().take(count))).collect();
        Ok(sent)
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
            Source::Watchlist => "sync/watchlist".to_owned(),
            Source::Favorites => "sync/favorites".to_owned(),
            Source::Collection => "sync/collection".to_owned(),
            Source::Watched | Source::History => "sync/history".to_owned(),
            Source::Ratings => "sync/ratings".to_owned(),
            Source::Personal(personal) => {
                format!("{}/items", locate(self.client, self.username, personal).await?)
            }
            Source::Recommendations | Source::Chart(_) => return Err(Error::new("a chart is not modifiable")),
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
        let count = item_counts(self.client).borrow().get(&list).copied();
        let result = order::restore(self.client, &list, &wanted, count).await;
        self.forget();
        result
    }

    /// Returns the entries to record before a change, or `None` if they have no hidden parts.
    ///
    /// # Errors
    /// Trakt could not be asked for these.
    pub async fn recorded(&self, action: Action, items: &[Item<'_>]) -> Result<Option<Vec<Entry>>> {
        match action {
            Action::Add => history::before_adding(self.client, self.source, items).await,
            Action::Remove | Action::Clear => history::before_removing(self.client, self.source, items).await,
        }
    }

    /// Forgets what a write to this list changes.
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

/// Numbers of items that lists had after their latest change in this run, by their paths.
type ItemCounts = RefCell<HashMap<String, usize>>;

fn item_counts(client: &Client) -> Rc<ItemCounts> {
    client.cx().run_cache.of::<ItemCounts>(&format!("trakt item counts {}", client.account().unwrap_or_default()))
}

/// Returns the outcome of an item from those of its units.
///
/// An item of which a unit is not written is not written: an undo that is tried again sends what is
/// missing.
fn of_all(units: impl Iterator<Item = Outcome>) -> Outcome {
    let severity = |outcome: &Outcome| match outcome {
        Outcome::Failed(_) => 3,
        Outcome::Unknown => 2,
        Outcome::Done | Outcome::Partly => 1,
        _ => 0,
    };
    units.max_by_key(severity).unwrap_or(Outcome::Unchanged)
}
