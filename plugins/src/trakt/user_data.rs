//! Activity of a user: watched, collected and rated titles.
//!
//! It is read in bulk, and cached until Trakt reports a change.
//!
//! "Watched" is what Trakt counts: the plays since a show was started again, specials apart. A show
//! or season is watched (collected) when all of its aired episodes are.

use std::cell::RefCell;

use flexget_core::prelude::*;
use jiff::SignedDuration;

use crate::trakt::activities;
use crate::trakt::api::client::Client;
use crate::trakt::api::lenient;
use crate::trakt::api::model::{Ids, Row};
use crate::trakt::cache::{CacheKey, CachedResponse, Head, Stamp};
use crate::trakt::lists::source::user_slug;
use crate::trakt::paging::{self, Extent, Listing, PageRow, RowKey, Rows};
use crate::trakt::rows::{EpisodeRow, ShowRow};

/// How long cached activity with shows stays valid, as Trakt does not report airings.
const AIRED: SignedDuration = SignedDuration::from_hours(12);

/// Kind of activity to request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActivityKind {
    /// Watched movies.
    WatchedMovies,
    /// Watched episodes.
    WatchedShows,
    /// Collected movies.
    CollectedMovies,
    /// Collected episodes.
    CollectedShows,
    /// Ratings.
    Ratings,
}

impl ActivityKind {
    fn name(self) -> &'static str {
        match self {
            Self::WatchedMovies => "watched/movies",
            Self::WatchedShows => "watched/shows",
            Self::CollectedMovies => "collection/movies",
            Self::CollectedShows => "collection/shows",
            Self::Ratings => "ratings",
        }
    }

    /// Returns what a write changes that changes the answer.
    fn topic(self) -> &'static str {
        self.name().split_once('/').map_or(self.name(), |(topic, _)| topic)
    }

    /// Returns the times of `last_activities` that tell whether the response has changed.
    fn stamps(self) -> &'static [&'static str] {
        match self {
            Self::WatchedMovies => &["/movies/watched_at"],
            Self::WatchedShows => &["/episodes/watched_at"],
            Self::CollectedMovies => &["/movies/collected_at"],
            Self::CollectedShows => &["/episodes/collected_at"],
            Self::Ratings => &["/movies/rated_at", "/shows/rated_at", "/seasons/rated_at", "/episodes/rated_at"],
        }
    }
}

/// Activity of a user with a show.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct ShowState {
    /// The episodes, by season.
    pub seasons: BTreeMap<i64, Vec<i64>>,
    /// Number of aired episodes without specials, if Trakt says so.
    pub aired: Option<i64>,
    /// Whether Trakt said that there is activity, and of no episode.
    #[serde(default)]
    pub is_unknown: bool,
}

impl ShowState {
    /// Returns whether this episode is among them.
    pub fn has(&self, season: i64, episode: i64) -> bool {
        self.seasons.get(&season).is_some_and(|episodes| episodes.contains(&episode))
    }

    /// Returns the number of episodes, without specials.
    pub fn count(&self) -> i64 {
        let count: usize =
            self.seasons.iter().filter(|(season, _)| **season > 0).map(|(_, episodes)| episodes.len()).sum();
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// Returns whether the number of episodes alone tells that all that were aired are among them.
    ///
    /// It does not where there are more than were aired, or some are left out between others: then
    /// one may have been seen before it was aired, or be numbered otherwise by now.
    pub fn is_plain(&self, aired: i64) -> bool {
        let is_whole = |episodes: &Vec<i64>| {
            episodes.iter().max().is_none_or(|last| usize::try_from(*last).is_ok_and(|last| last == episodes.len()))
        };
        self.count() < aired
            || self.count() == aired && self.seasons.iter().all(|(season, episodes)| *season == 0 || is_whole(episodes))
    }
}

/// Activity of a user with all titles, by Trakt's ids.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct UserData {
    /// Movies that were watched or collected.
    pub movies: BTreeMap<i64, i64>,
    /// Shows of which something was watched or collected.
    pub shows: BTreeMap<i64, ShowState>,
    /// Ratings from 1 to 10, by `movie 481`, `show 1388`, `season …`, `episode …`.
    pub ratings: BTreeMap<String, i64>,
}

impl UserData {
    /// Returns the rating of a title, by its kind (`movie`, `show`, `season`, `episode`) and id.
    pub fn rating(&self, kind: &str, id: Option<i64>) -> Option<i64> {
        self.ratings.get(&format!("{kind} {}", id?)).copied()
    }
}

/// Activity of a user, and whether it is current.
#[derive(Clone)]
struct Snapshot {
    data: Rc<UserData>,
    /// When it was read, if Trakt could not be asked whether it is still so.
    as_of: Option<Timestamp>,
}

/// User to request the activity of: the account's own, or another.
#[derive(Clone, Copy)]
pub struct Who<'a> {
    /// The client that asks.
    pub client: &'a Client,
    /// The user, if it is not the account's own.
    pub username: Option<&'a str>,
}

/// Responses of this run, by account and user.
type Known = RefCell<HashMap<CacheKey, Snapshot>>;

fn known(cx: &Context, account: Option<&str>) -> Rc<Known> {
    cx.run_cache.of::<Known>(&format!("trakt user data {}", account.unwrap_or_default()))
}

impl Who<'_> {
    /// Returns the activity of the user, requested once in a run.
    ///
    /// A cached response is used if Trakt reports no change, or if Trakt is unavailable; then a
    /// warning tells its time.
    ///
    /// # Errors
    /// Trakt could not be asked, and nothing is kept.
    pub async fn ask(&self, question: ActivityKind) -> Result<Rc<UserData>> {
        let cx = self.client.cx();
        if self.client.account().is_none() && self.username.is_none() {
            return Err(Error::new("no Trakt account or username given"));
        }
        let key = CacheKey {
            account: self.client.account(),
            user: self.username.map(user_slug),
            topic: question.topic().to_owned(),
            part: question.name().to_owned(),
        };
        let known = known(cx, key.account.as_deref());
        let here = known.borrow().get(&key).cloned();
        let snapshot = match here {
            Some(snapshot) => snapshot,
            None => {
                let snapshot = self.ask_store_or_trakt(question, &key).await?;
                known.borrow_mut().insert(key, snapshot.clone());
                snapshot
            }
        };
        if let Some(read_at) = snapshot.as_of {
            cx.warn(format!("Trakt is unavailable: using the user's data of {read_at}"));
        }
        Ok(snapshot.data)
    }

    async fn ask_store_or_trakt(&self, question: ActivityKind, key: &CacheKey) -> Result<Snapshot> {
        let cx = self.client.cx();
        let mut kept = CachedResponse::find(cx, key);
        // Of somebody else's data Trakt does not say when it has changed.
        let stamps = match self.username {
            None => activities::stamps(self.client, question.stamps()).await,
            Some(_) => None,
        };
        let is_of_shows = matches!(question, ActivityKind::WatchedShows | ActivityKind::CollectedShows);
        let max_age = if is_of_shows { AIRED } else { SignedDuration::MAX };
        if let (Some(kept), Some(now)) = (&mut kept, &stamps)
            && kept.is_young(cx, max_age)
            && kept.is_unchanged(cx, Stamp::Activities, now)
            && let Some(data) = kept.body(cx)
        {
            return Ok(Snapshot { data: Rc::new(data), as_of: None });
        }
        match self.read(question).await {
            Ok(answered) => {
                if let (Some(began), true) = (answered.began, answered.is_whole) {
                    // What was read just after a change may be as it was before, so it is not
                    // believed the next time.
                    let head = Head::new(began).valid_at(Stamp::Activities, stamps);
                    CachedResponse::keep(cx, key, &head, &answered.data);
                }
                Ok(Snapshot { data: Rc::new(answered.data), as_of: None })
            }
            Err(error) => match kept.and_then(|kept| Some((kept.head.read_at, kept.body(cx)?))) {
                Some((read_at, data)) => {
                    tracing::debug!(target: "trakt_lookup", "{error}; what was read before is used");
                    Ok(Snapshot { data: Rc::new(data), as_of: Some(read_at) })
                }
                None => Err(error),
            },
        }
    }

    async fn read(&self, question: ActivityKind) -> Result<Answered> {
        let base = self.username.map_or_else(|| "sync".to_owned(), |user| format!("users/{}", user_slug(user)));
        let path = format!("{base}/{}", question.name());
        let progress = [("extended", "progress".to_owned()), ("specials", "true".to_owned())];
        match question {
            ActivityKind::WatchedMovies | ActivityKind::CollectedMovies => {
                let rows: Rows<MovieRow> = self.walk(&path, &[]).await?;
                let movie = |row: MovieRow| Some((row.movie.ids.trakt?, row.plays.unwrap_or(1)));
                Answered::of(rows, |rows| {
                    Ok(UserData { movies: rows.into_iter().filter_map(movie).collect(), ..UserData::default() })
                })
            }
            ActivityKind::WatchedShows | ActivityKind::CollectedShows => {
                let is_watched = question == ActivityKind::WatchedShows;
                let query = if is_watched { progress.as_slice() } else { &progress[1..] };
                let mut rows: Rows<ShowRow> = self.walk(&path, query).await?;
                // It is not known whether Trakt still gives the collected episodes without being
                // asked for them.
                if !is_watched && rows.rows.iter().any(|row| row.seasons.is_none()) {
                    rows = self.walk(&path, &progress).await?;
                }
                Answered::of(rows, |rows| Ok(UserData { shows: shows(rows)?, ..UserData::default() }))
            }
            ActivityKind::Ratings => {
                let rows: Rows<Row> = self.walk(&path, &[]).await?;
                Answered::of(rows, |rows| Ok(UserData { ratings: ratings(&rows)?, ..UserData::default() }))
            }
        }
    }

    async fn walk<T: PageRow>(&self, path: &str, query: &[(&str, String)]) -> Result<Rows<T>> {
        Ok(paging::read(self.client, Listing::new(path, query, Extent::Whole)).await?)
    }
}

/// Response that was read, its time by Trakt's clock, and whether it is complete.
struct Answered {
    data: UserData,
    began: Option<Timestamp>,
    is_whole: bool,
}

impl Answered {
    fn of<T>(rows: Rows<T>, data_of: impl FnOnce(Vec<T>) -> Result<UserData>) -> Result<Self> {
        let Rows { rows, began, is_whole, .. } = rows;
        Ok(Self { data: data_of(rows)?, began, is_whole })
    }
}

/// Returns the ratings of rows, under the names of what is rated.
fn ratings(rows: &[Row]) -> Result<BTreeMap<String, i64>> {
    let mut ratings = BTreeMap::new();
    for row in rows {
        // Others than the kinds of titles have keys of another sort.
        let RowKey::Item(kind, id, None) = row.item_key() else { continue };
        // No rating is no answer: it must not be read as "not rated".
        let rating = row.rating.ok_or_else(|| {
            Error::new(format!("Trakt did not say how {kind} {id} was rated"))
                .hint("try again later; if it stays so, a newer version of flexget-rs may know it")
        })?;
        ratings.insert(format!("{kind} {id}"), rating);
    }
    Ok(ratings)
}

/// Drops the activity of an account's user in this run, after a list that shows it was changed.
pub fn ask_again(cx: &Context, account: &str) {
    known(cx, Some(account)).borrow_mut().clear();
}

#[derive(Deserialize)]
struct MovieRow {
    #[serde(default, deserialize_with = "lenient::number")]
    plays: Option<i64>,
    movie: TitleIds,
}

#[derive(Deserialize)]
struct TitleIds {
    #[serde(deserialize_with = "lenient::null_is_default")]
    ids: Ids,
}

impl PageRow for MovieRow {
    fn key(&self) -> RowKey {
        self.movie.ids.trakt.map_or(RowKey::Unreadable, |id| RowKey::Item("movie", id, None))
    }
}

fn shows(rows: Vec<ShowRow>) -> Result<BTreeMap<i64, ShowState>> {
    let mut shows = BTreeMap::new();
    for row in rows {
        let Some(id) = row.show.ids.trakt else { continue };
        // No seasons is no answer: it must not be read as "nothing watched".
        let seasons = row.seasons.ok_or_else(|| {
            Error::new("Trakt did not say which episodes were watched or collected")
                .hint("a newer version of flexget-rs may know how to ask")
        })?;
        let mut state = ShowState {
            aired: row.show.details().aired_episodes,
            // All of it may be from before the user started the show again.
            is_unknown: seasons.is_empty() && row.reset_at.is_none(),
            ..ShowState::default()
        };
        for season in seasons {
            let counts = |episode: &EpisodeRow| {
                // What was watched before the user started the show again does not count.
                let is_current = match (row.reset_at, episode.last_watched_at) {
                    (Some(reset), Some(watched)) => watched >= reset,
                    _ => true,
                };
                episode.plays != Some(0) && is_current
            };
            let episodes: Vec<i64> =
                season.episodes.iter().filter(|episode| counts(episode)).map(|episode| episode.number).collect();
            if !episodes.is_empty() {
                state.seasons.insert(season.number, episodes);
            }
        }
        shows.insert(id, state);
    }
    Ok(shows)
}
