//! Progress of a user with shows: the last watched or collected episode, and the next.
//!
//! Trakt gives the watched progress of an account's own user for all shows at once
//! (`sync/progress/watched`), without hidden shows. The progress of other users, and of
//! collections, is computed from their watched and collected episodes, which are read in bulk as
//! well. Specials do not count, as in Trakt's own responses.

use flexget_core::prelude::*;
use jiff::SignedDuration;

use crate::trakt::activities;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::{Episode, Season, Work};
use crate::trakt::cache::{CacheKey, CachedResponse, Head};
use crate::trakt::paging::{self, Extent, Listing, PageRow, RowKey, Rows};
use crate::trakt::user_data::{ActivityKind, ShowState, Who};

/// ShowProgress with a show of which something was watched or collected.
#[derive(Debug, Clone)]
pub struct ShowProgress {
    /// The show, where the answer has it.
    pub show: Option<Rc<Work>>,
    /// Last watched episode; `None` if only specials were, or the show was restarted.
    pub last: Option<Episode>,
    /// Next episode.
    pub next: Next,
}

/// Next episode of a show.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// This episode, which has been aired.
    Aired(Box<Episode>),
    /// No episode has been aired.
    NotAired,
    /// Only the show's seasons tell.
    Unknown,
}

/// The progress of an account's own user with all shows, by their numbers, the latest first.
pub type Shows = Vec<(i64, ShowProgress)>;

/// Times of `last_activities` that tell whether progress has changed.
const STAMPS: [&str; 4] = ["/episodes/watched_at", "/shows/hidden_at", "/shows/dropped_at", "/seasons/hidden_at"];

/// How long cached progress stays valid without activity, as episodes air without any.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(6);

#[derive(Deserialize, Serialize)]
struct Row {
    show: Work,
    progress: RowProgress,
}

#[derive(Deserialize, Serialize)]
struct RowProgress {
    next_episode: Option<Episode>,
    last_episode: Option<Episode>,
}

impl PageRow for Row {
    fn key(&self) -> RowKey {
        self.show.ids.trakt.map_or(RowKey::Unreadable, |id| RowKey::Item("show", id, None))
    }
}

/// Fetches the progress of the account's user with all shows that are not hidden, latest first.
///
/// Returns `None` if Trakt refuses it to this application.
///
/// # Errors
/// Trakt could not be asked.
pub async fn of_account(client: &Client) -> Result<Option<Shows>> {
    let rows = match rows_of_account(client).await {
        Ok(rows) => rows,
        // It is not said that every application gets this answer.
        Err(Fault::NotFound | Fault::Forbidden | Fault::Refused(_) | Fault::VipOnly { .. } | Fault::Invalid(_)) => {
            return Ok(None);
        }
        Err(fault) => return Err(fault.into()),
    };
    let progress = |row: Row| -> Option<(i64, ShowProgress)> {
        let id = row.show.ids.trakt?;
        let next = match (row.progress.next_episode, &row.progress.last_episode) {
            (Some(next), _) => Next::Aired(Box::new(next)),
            (None, Some(_)) => Next::NotAired,
            (None, None) => Next::Unknown,
        };
        Some((id, ShowProgress { show: Some(Rc::new(row.show)), last: row.progress.last_episode, next }))
    };
    Ok(Some(rows.into_iter().filter_map(progress).collect()))
}

async fn rows_of_account(client: &Client) -> Result<Vec<Row>, Fault> {
    const PATH: &str = "sync/progress/watched";
    let key = CacheKey { account: client.account(), user: None, topic: "progress".to_owned(), part: PATH.to_owned() };
    if let Some(rows) = activities::unchanged(client, &key, &STAMPS, GOOD_FOR).await {
        return Ok(rows);
    }
    let query = [("extended", "full".to_owned())];
    let rows: Rows<Row> = paging::read(client, Listing::new(PATH, &query, Extent::Whole)).await?;
    if let (Some(read_at), true) = (rows.began, rows.is_whole) {
        let head = Head::new(read_at).rows(rows.rows.len(), rows.is_proved);
        CachedResponse::keep(client.cx(), &key, &head, &rows.rows);
    }
    Ok(rows.rows)
}

/// Computes the progress of any user with each show, from watched or collected episodes.
///
/// # Errors
/// Trakt could not be asked, and nothing is kept.
pub async fn of_user(who: Who<'_>, question: ActivityKind) -> Result<HashMap<i64, ShowProgress>> {
    let data = who.ask(question).await?;
    if let Some((id, _)) = data.shows.iter().find(|(_, state)| state.is_unknown) {
        return Err(Error::new(format!("Trakt did not say which episodes of show {id} were watched or collected")));
    }
    Ok(data.shows.iter().map(|(id, state)| (*id, of_state(state))).collect())
}

fn of_state(state: &ShowState) -> ShowProgress {
    let regular = state.seasons.iter().filter(|(season, _)| **season > 0);
    let last = regular.filter_map(|(season, episodes)| Some((*season, *episodes.iter().max()?))).max();
    let is_done = state.aired.is_some_and(|aired| aired > 0 && state.count() == aired && state.is_plain(aired));
    ShowProgress {
        show: None,
        last: last.map(|(season, number)| Episode { season, number, ..Episode::default() }),
        next: if is_done { Next::NotAired } else { Next::Unknown },
    }
}

/// Returns the regular episode that follows another in a show, or else the first.
pub fn after<'a>(seasons: &'a [Season], last: Option<&Episode>) -> Option<&'a Episode> {
    let place = |episode: &Episode| (episode.season, episode.number);
    let all = seasons.iter().filter(|season| season.number > 0).flat_map(|season| &season.episodes);
    all.filter(|episode| last.is_none_or(|last| place(episode) > place(last))).min_by_key(|episode| place(episode))
}

/// Returns the next episode to be aired, or the one that was aired last.
pub fn on_air(seasons: &[Season], now: jiff::Timestamp, is_next: bool) -> Option<&Episode> {
    let all = seasons.iter().filter(|season| season.number > 0).flat_map(|season| &season.episodes);
    let dated = all.filter_map(|episode| Some((episode.first_aired?, episode.season, episode.number, episode)));
    let key = |(at, season, number, _): &(jiff::Timestamp, i64, i64, &Episode)| (*at, *season, *number);
    let found = if is_next {
        dated.filter(|(at, ..)| *at > now).min_by_key(key)
    } else {
        dated.filter(|(at, ..)| *at <= now).max_by_key(key)
    };
    found.map(|(.., episode)| episode)
}
