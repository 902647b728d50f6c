//! What a user has done: watched, collected, rated. Read in bulk, kept, and believed as long as Trakt says that nothing has changed.
//!
//! "Watched" is what Trakt counts: the plays since a show was started again, specials apart. A show or season is
//! watched (collected) when all of its aired episodes are.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use flexget_core::context::store::NewRecord;
use flexget_core::prelude::*;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::trakt::api::client::Client;
use crate::trakt::lists::catalogue::user_slug;
use crate::trakt::lists::read::{KEPT, activities};

/// The kind of collection in the store that holds what users have done.
pub const COLLECTION: &str = "trakt user data";

/// For so long what is kept about shows is believed: Trakt says when the user has done something, but not when an episode was aired.
const AIRED: SignedDuration = SignedDuration::from_hours(12);

/// For so long after a change Trakt may go on answering as it was before.
const STALE: SignedDuration = SignedDuration::from_mins(5);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// Which movies were watched.
    WatchedMovies,
    /// Which episodes were watched.
    WatchedShows,
    /// Which movies were collected.
    CollectedMovies,
    /// Which episodes were collected.
    CollectedShows,
    /// What was rated.
    Ratings,
}

impl Question {
    fn name(self) -> &'static str {
        match self {
            Self::WatchedMovies => "watched/movies",
            Self::WatchedShows => "watched/shows",
            Self::CollectedMovies => "collection/movies",
            Self::CollectedShows => "collection/shows",
            Self::Ratings => "ratings",
        }
    }

    fn is_of_shows(self) -> bool {
        matches!(self, Self::WatchedShows | Self::CollectedShows)
    }

    /// What of `last_activities` tells whether the answer has changed.
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

/// What a user has done with a show.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct ShowState {
    /// The episodes, by season.
    pub seasons: BTreeMap<i64, Vec<i64>>,
    /// How many episodes have been aired, where Trakt said so; specials do not count.
    pub aired: Option<i64>,
}

impl ShowState {
    /// Whether this episode is among them.
    pub fn has(&self, season: i64, episode: i64) -> bool {
        self.seasons.get(&season).is_some_and(|episodes| episodes.contains(&episode))
    }

    /// How many episodes, without specials.
    pub fn count(&self) -> i64 {
        let count: usize =
            self.seasons.iter().filter(|(season, _)| **season > 0).map(|(_, episodes)| episodes.len()).sum();
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

impl ShowState {
    /// Whether the number of episodes alone tells that all that were aired are among them. It does not where there are more than were
    /// aired, or some are left out between others: then one may have been seen before it was aired, or be numbered otherwise by now.
    pub fn is_plain(&self, aired: i64) -> bool {
        let is_whole = |episodes: &Vec<i64>| {
            episodes.iter().max().is_none_or(|last| usize::try_from(*last).is_ok_and(|last| last == episodes.len()))
        };
        self.count() < aired
            || self.count() == aired && self.seasons.iter().all(|(season, episodes)| *season == 0 || is_whole(episodes))
    }
}

/// What a user has done with everything, by Trakt's numbers.
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
    /// The rating of a thing of this kind (`movie`, `show`, `season`, `episode`) with this number.
    pub fn rating(&self, kind: &str, id: Option<i64>) -> Option<i64> {
        self.ratings.get(&format!("{kind} {}", id?)).copied()
    }
}

/// What a user has done, and whether it is as Trakt said just now.
#[derive(Clone)]
pub struct Snapshot {
    /// The data.
    pub data: Rc<UserData>,
    /// When it was read, if Trakt could not be asked whether it is still so.
    pub as_of: Option<Timestamp>,
}

/// Who is asked about: the client's account, or this user.
#[derive(Clone, Copy)]
pub struct Who<'a> {
    /// The client that asks.
    pub client: &'a Client,
    /// The user, if it is not the account's own.
    pub username: Option<&'a str>,
}

/// Forgets what is kept of what an account was told: its name means another user from now on, or nobody.
///
/// # Errors
/// The database cannot be used.
pub fn forget(cx: &Context, account: &str) -> Result<()> {
    for (name, _) in cx.store.shared_collections(COLLECTION)? {
        if name.strip_prefix(account).is_some_and(|rest| rest.starts_with(' ')) {
            cx.store.shared_collection(COLLECTION, &name).drop()?;
        }
    }
    Ok(())
}

type Known = RefCell<HashMap<Question, Snapshot>>;

impl Who<'_> {
    /// What the user has done. Asked for once in a run; what is kept from an earlier run is used if Trakt says that
    /// nothing has changed, or if Trakt cannot be asked (and then it says of when it is).
    ///
    /// # Errors
    /// Trakt could not be asked, and nothing is kept.
    pub async fn ask(&self, question: Question) -> Result<Snapshot> {
        let cx = self.client.cx();
        let whose = match (self.client.account(), self.username) {
            (account, Some(user)) => format!("{} {}", account.unwrap_or_default(), user_slug(user)),
            (Some(account), None) => account,
            (None, None) => return Err(Error::new("nobody is said whose data is meant")),
        };
        let known = cx.run_cache.of::<Known>(&format!("trakt user data {whose}"));
        if let Some(told) = known.borrow().get(&question) {
            return Ok(told.clone());
        }
        let told = self.ask_store_or_trakt(question, &whose).await?;
        known.borrow_mut().insert(question, told.clone());
        Ok(told)
    }

    async fn ask_store_or_trakt(&self, question: Question, whose: &str) -> Result<Snapshot> {
        let cx = self.client.cx();
        let collection = cx.store.shared_collection(COLLECTION, &format!("{whose} {}", question.name()));
        let record = collection.all()?.into_iter().next();
        let kept: Option<(Timestamp, Vec<Json>, Rc<UserData>)> = record.and_then(|record| {
            let data = serde_json::from_value(record.data.get("data")?.clone()).ok()?;
            let stamps = record.data.get("stamps")?.as_array()?.clone();
            Some((record.added, stamps, Rc::new(data)))
        });
        // Of somebody else's data Trakt does not say when it has changed.
        let stamps = match self.username {
            None => activities(self.client).await.and_then(|activities| {
                question.stamps().iter().map(|stamp| activities.pointer(stamp).cloned()).collect::<Option<Vec<Json>>>()
            }),
            Some(_) => None,
        };
        let is_fresh = |read_at: &Timestamp| !question.is_of_shows() || cx.clock.now().duration_since(*read_at) < AIRED;
        if let (Some((read_at, then, data)), Some(now), false) = (&kept, &stamps, cx.no_cache)
            && then == now
            && is_fresh(read_at)
        {
            return Ok(Snapshot { data: Rc::clone(data), as_of: None });
        }
        match self.read(question).await {
            Ok(Answered { data, began }) => {
                // What was read just after a change may be as it was before, so it is not believed the next time.
                let settled = |stamp: &Json| {
                    let at = stamp.as_str().and_then(|stamp| stamp.parse::<Timestamp>().ok());
                    at.is_none_or(|at| began.is_some_and(|began| at + STALE < began))
                };
                let stamps = stamps.filter(|stamps| stamps.iter().all(settled)).unwrap_or_default();
                let record = NewRecord::data(&serde_json::json!({ "stamps": stamps, "data": data }));
                collection.replace_all(&[NewRecord {
                    keys: Vec::new(),
                    data: record,
                    added: cx.clock.now(),
                    expires: cx.clock.now().checked_add(KEPT).ok(),
                }])?;
                cx.store.prune_kind(COLLECTION, cx.clock.now())?;
                Ok(Snapshot { data: Rc::new(data), as_of: None })
            }
            Err(error) => match kept {
                Some((read_at, _, data)) => {
                    tracing::debug!(target: "trakt_lookup", "{error}; what was read before is used");
                    Ok(Snapshot { data, as_of: Some(read_at) })
                }
                None => Err(error),
            },
        }
    }

    async fn read(&self, question: Question) -> Result<Answered> {
        let base = self.username.map_or_else(|| "sync".to_owned(), |user| format!("users/{}", user_slug(user)));
        let path = format!("{base}/{}", question.name());
        let progress = [("extended", "progress".to_owned()), ("specials", "true".to_owned())];
        let mut data = UserData::default();
        let began = match question {
            Question::WatchedMovies | Question::CollectedMovies => {
                let walk = self.client.walk::<MovieRow>(&path, &[], None).await?;
                for row in walk.items {
                    if let Some(id) = row.movie.ids.trakt {
                        data.movies.insert(id, row.plays.unwrap_or(1));
                    }
                }
                walk.began
            }
            Question::WatchedShows => {
                let walk = self.client.walk::<ShowRow>(&path, &progress, None).await?;
                data.shows = shows(walk.items)?;
                walk.began
            }
            Question::CollectedShows => {
                let mut walk = self.client.walk::<ShowRow>(&path, &progress[1..], None).await?;
                // It is not known whether Trakt still gives the episodes without being asked for them.
                if walk.items.iter().any(|row| row.seasons.is_none()) {
                    walk = self.client.walk::<ShowRow>(&path, &progress, None).await?;
                }
                data.shows = shows(walk.items)?;
                walk.began
            }
            Question::Ratings => {
                let walk = self.client.walk::<crate::trakt::api::model::Row>(&path, &[], None).await?;
                data.ratings.extend(walk.items.iter().filter_map(rating));
                walk.began
            }
        };
        Ok(Answered { data, began })
    }
}

/// What was read, and when, by Trakt's clock.
struct Answered {
    data: UserData,
    began: Option<Timestamp>,
}

/// The rating of a row, under the name of what is rated.
fn rating(row: &crate::trakt::api::model::Row) -> Option<(String, i64)> {
    let ids = match row.kind.as_deref()? {
        "movie" => &row.movie.as_ref()?.ids,
        "show" => &row.show.as_ref()?.ids,
        "season" => &row.season.as_ref()?.ids,
        "episode" => &row.episode.as_ref()?.ids,
        _ => return None,
    };
    Some((format!("{} {}", row.kind.as_deref()?, ids.trakt?), row.rating?))
}

/// Asks again in this run what an account's user has done, because a list that tells of it was changed.
pub fn ask_again(cx: &Context, account: &str) {
    cx.run_cache.of::<Known>(&format!("trakt user data {account}")).borrow_mut().clear();
}

#[derive(Deserialize)]
struct MovieRow {
    plays: Option<i64>,
    movie: ShowIds,
}

#[derive(Deserialize)]
struct ShowRow {
    show: ShowIds,
    reset_at: Option<Timestamp>,
    seasons: Option<Vec<SeasonRow>>,
}

#[derive(Deserialize)]
struct ShowIds {
    ids: crate::trakt::api::model::Ids,
    aired_episodes: Option<i64>,
}

#[derive(Deserialize)]
struct SeasonRow {
    number: i64,
    #[serde(default)]
    episodes: Vec<EpisodeRow>,
}

#[derive(Deserialize)]
struct EpisodeRow {
    number: i64,
    plays: Option<i64>,
    last_watched_at: Option<Timestamp>,
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
        let mut state = ShowState { aired: row.show.aired_episodes, ..ShowState::default() };
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
