//! Changes of a list: what is sent and recorded, and the look at the list after unclear responses.

use flexget_core::context::journal::Action;
use flexget_core::list::UNSEEN;
use flexget_core::list::index::Index;
use flexget_core::prelude::*;
use flexget_core::task::report::first_titles;
use jiff::SignedDuration;

use super::TraktList;
use crate::titles::media::Media;
use crate::trakt::api::client::Client;
use crate::trakt::lists::catalogue::warn_of_namesake;
use crate::trakt::lists::history;
use crate::trakt::lists::item::{Item, WHOLE_FIELD};
use crate::trakt::lists::resolve;
use crate::trakt::lists::source::Source;
use crate::trakt::lists::writer::ListWriter;

/// Tolerance when the dates of a list are compared with the time of a request.
const SKEW: SignedDuration = SignedDuration::from_mins(1);

impl TraktList {
    /// Adds or removes entries.
    ///
    /// # Errors
    /// Nothing could be sent.
    pub(super) async fn write(&self, entries: &[&Entry], remove: bool, cx: &Context) -> Result<Change> {
        let client = Client::new(cx, self.account.as_deref())?;
        self.check_owner(&client)?;
        let writer = self.writer(&client);
        if writer.username.is_none() {
            warn_of_namesake(&client, &self.list.to_string()).await;
        }
        let titles = self.titles(&client, entries).await;
        let began = cx.clock.now();
        let sent = writer.change(items_of(entries, &titles), remove).await?;
        let is_doubtful = sent.is_doubtful();
        let mut change = sent.change;
        let mut of_items = std::mem::take(&mut change.outcomes).into_iter();
        let outcome = |media: Result<Media, String>| match media {
            Ok(_) => of_items.next().unwrap_or(Outcome::Unknown),
            Err(reason) => Outcome::Failed(reason),
        };
        change.outcomes = titles.into_iter().map(outcome).collect();
        // One play more does not show on a list that has each item once.
        let shows = remove || !self.source().is_history();
        writer.forget();
        if shows && (sent.at_limit && !remove || is_doubtful) {
            let began = client.by_its_clock(began);
            self.look_again(entries, &mut change, began.saturating_sub(SKEW).unwrap_or(began), remove, cx).await;
            // What was read so soon may be as it was before.
            writer.forget();
        }
        self.warn_of_loss(entries, &change.outcomes, sent.surplus, cx);
        Ok(change)
    }

    fn writer<'a>(&'a self, client: &'a Client) -> ListWriter<'a> {
        ListWriter { client, source: self.source(), username: self.other_user(client) }
    }

    /// Returns the entries to record before a change.
    ///
    /// # Errors
    /// What goes with them could not be read.
    pub(super) async fn recorded(
        &self,
        action: Action,
        entries: &[&Entry],
        cx: &Context,
    ) -> Result<Option<Vec<Entry>>> {
        let client = Client::new(cx, self.account.as_deref())?;
        self.check_owner(&client)?;
        let is_removal = action != Action::Add;
        let is_ranked_or_rated = self.source().is_ranked() || *self.source() == Source::Ratings;
        if !(self.source().has_parts() || is_removal && is_ranked_or_rated) {
            return Ok(None);
        }
        let titles = self.titles(&client, entries).await;
        let recorded = self.writer(&client).recorded(action, items_of(entries, &titles)).await?;
        Ok(recorded.map(|recorded| {
            let mut recorded = recorded.into_iter();
            let record = |(entry, title): (&&Entry, &Result<Media, String>)| {
                title.as_ref().ok().and_then(|_| recorded.next()).unwrap_or_else(|| Entry::clone(entry))
            };
            entries.iter().zip(&titles).map(record).collect()
        }))
    }

    /// Returns whether each entry of an interrupted change was added or removed.
    ///
    /// # Errors
    /// Trakt could not be asked.
    pub(super) async fn were_made(
        &self,
        action: Action,
        entries: &[&Entry],
        cx: &Context,
    ) -> Result<Vec<Option<bool>>> {
        if entries.is_empty() || !self.source().has_parts() {
            return Ok(vec![None; entries.len()]);
        }
        let client = Client::new(cx, self.account.as_deref())?;
        let titles = self.titles(&client, entries).await;
        let items = items_of(entries, &titles);
        let mut made = history::were_made(&client, self.source(), &items, action == Action::Add).await?.into_iter();
        Ok(titles.iter().map(|title| title.as_ref().ok().and_then(|_| made.next().flatten())).collect())
    }

    /// Puts items back at their places on the list.
    ///
    /// # Errors
    /// Why they are not there.
    pub(super) async fn restore_places(&self, entries: &[&Entry], cx: &Context) -> Result<()> {
        if !self.source().is_ranked() {
            return Ok(());
        }
        let client = Client::new(cx, self.account.as_deref())?;
        let titles = self.titles(&client, entries).await;
        self.writer(&client).restore_order(items_of(entries, &titles)).await
    }

    /// Checks that the list is one that the account can change.
    ///
    /// # Errors
    /// The list belongs to another user.
    fn check_owner(&self, client: &Client) -> Result<()> {
        match (self.other_user(client), self.source(), &self.account) {
            (None, ..) | (_, Source::Personal(_), _) | (.., None) => Ok(()),
            (Some(owner), _, Some(account)) => Err(Error::new(format!(
                "the {} list of Trakt user `{owner}` cannot be changed with account `{account}`",
                self.list
            ))
            .hint("leave out `username`: the list is that of the account's own user then")),
        }
    }

    /// Returns the titles that the entries are on this list, or why an entry is none.
    async fn titles(&self, client: &Client, entries: &[&Entry]) -> Vec<Result<Media, String>> {
        resolve::resolve(client, entries, entries.iter().map(|entry| self.media(entry)).collect()).await
    }

    /// Warns of removals that an undo cannot take back as a whole.
    fn warn_of_loss(&self, entries: &[&Entry], outcomes: &[Outcome], surplus: usize, cx: &Context) {
        let titles = |which: &dyn Fn(&Entry, &Outcome) -> bool| {
            let found: Vec<&str> = entries
                .iter()
                .zip(outcomes)
                .filter(|(entry, outcome)| which(entry, outcome))
                .map(|(entry, _)| entry.title())
                .collect();
            (found.len(), first_titles(found.iter().copied(), found.len()))
        };
        let (lossy, lossy_titles) = titles(&|_, outcome| *outcome == Outcome::Lossy);
        if lossy > 0 {
            cx.warn(format!(
                "Trakt removed more from `{}` than it had shown, and an undo cannot put back all of it: {lossy_titles}",
                self.list
            ));
        }
        if surplus > 0 {
            let (_, unseen) = titles(&|entry, _| entry.has(UNSEEN));
            cx.warn(format!(
                "Trakt removed {surplus} items from `{}` that it had not shown, and an undo does not put them back: \
                 they are among {unseen}",
                self.list
            ));
        }
    }

    /// Reads the list again where a response does not say what was done.
    ///
    /// A batch over a limit may be stored in part. Items that are listed since `began` are new.
    async fn look_again(&self, entries: &[&Entry], change: &mut Change, began: Timestamp, remove: bool, cx: &Context) {
        let action = if remove { Action::Remove } else { Action::Add };
        // That an item is gone follows from its not being seen.
        let items = if remove { self.all_items(cx).await } else { self.items(None, cx).await };
        // The list tells of what goes as a whole, if that has a row of its own.
        let is_asked = |entry: &Entry| !entry.has(WHOLE_FIELD) || !self.has_row(entry);
        let asked: Vec<&Entry> = entries.iter().copied().filter(|entry| is_asked(entry)).collect();
        let (Ok(items), Ok(made)) = (items, self.was_made(action, &asked, cx).await) else {
            change.certain = false;
            return;
        };
        let mut made = made.into_iter();
        let index = Index::new(items.iter().map(|item| self.keys(item)));
        for (outcome, entry) in change.outcomes.iter_mut().zip(entries) {
            let made = if is_asked(entry) { made.next().flatten() } else { None };
            let item = index.find(&self.keys(entry)).map(|at| &items[at]);
            let shows = || item.map_or(remove, |item| !remove && self.is_up_to_date(item, entry));
            if matches!(outcome, Outcome::Failed(_)) && made.unwrap_or_else(shows) {
                let is_new = |item: &Entry| self.listed_at(item).is_some_and(|at| at >= began);
                *outcome = if !remove && item.is_some_and(is_new) { Outcome::Done } else { Outcome::Unchanged };
            }
        }
        change.certain = true;
    }
}

/// Returns the items of the entries that are titles.
fn items_of<'a>(entries: &[&'a Entry], titles: &[Result<Media, String>]) -> Vec<Item<'a>> {
    let item = |(entry, title): (&&'a Entry, &Result<Media, String>)| {
        Some(Item { media: title.as_ref().ok()?.clone(), entry })
    };
    entries.iter().zip(titles).filter_map(item).collect()
}
