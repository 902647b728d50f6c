//! Plays of the history: all of a title, or those that a change has added.

use flexget_core::list::UNSEEN;
use flexget_core::list::index::Index;
use flexget_core::prelude::*;
use jiff::SignedDuration;
use serde_json::Value as Json;

use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::Row;
use crate::trakt::lists::entries::{self, Style};
use crate::trakt::lists::item::{Item, PARTS_FIELD, Part};
use crate::trakt::lists::write;
use crate::trakt::paging;

/// Tolerance when matching a sent `watched_at` with the one that Trakt stored.
const NEAR: SignedDuration = SignedDuration::from_mins(5);

/// Removes from the history exactly the plays that the journal recorded for these items.
///
/// # Errors
/// Trakt could not be asked for them.
pub async fn take_plays(client: &Client, items: &[Item<'_>]) -> Result<Change> {
    let item_parts = parts_of(items);
    if item_parts.iter().flatten().all(|part| part.at.is_none()) {
        return Ok(Change::all(Outcome::Unchanged, items.len()));
    }
    let plays = around(client, items, &item_parts).await?;
    let asked: Vec<Asked<'_>> = items.iter().map(|item| Asked::surely(&item.media)).collect();
    let all = Plays::read(client, &asked).await?;
    let wanted: Vec<Vec<i64>> =
        (0..items.len()).map(|at| chosen(&items[at].media, &item_parts[at], &plays[at])).collect();
    let ids: Vec<i64> = wanted.iter().flatten().copied().collect();
    let (gone, failure) = write::remove_plays(client, &ids).await;
    let outcome = |(at, wanted): (usize, &Vec<i64>)| {
        let taken = wanted.iter().filter(|id| gone.contains(id)).count();
        let plays = all.of(&items[at].media);
        match &failure {
            Some(failure) if taken < wanted.len() => Outcome::Failed(failure.in_one_line()),
            None if taken < wanted.len() => Outcome::Failed(write::NOT_DONE.to_owned()),
            _ if taken > 0 && plays.as_ref().is_some_and(|plays| plays.len() > taken) => Outcome::Partly,
            _ if taken > 0 => Outcome::Done,
            // Other plays are there, and one of them may be the one that is meant, at a time that a
            // wrong clock does not know.
            _ if !item_parts[at].is_empty() && plays.is_some() => {
                Outcome::Failed("its play is not in the history at the time at which it was added".to_owned())
            }
            _ => Outcome::Unchanged,
        }
    };
    let change: Change = wanted.iter().enumerate().map(outcome).collect();
    Ok(change.certain(!failure.is_some_and(|failure| failure.may_have_happened())))
}

/// Returns of each item those of its plays in the journal that are not in the history.
///
/// # Errors
/// Trakt could not be asked for them.
pub async fn missing(client: &Client, items: &[Item<'_>]) -> Result<Vec<Vec<Part>>> {
    let item_parts = parts_of(items);
    let plays = around(client, items, &item_parts).await?;
    let missing = |at: usize| {
        let (media, item_parts) = (&items[at].media, &item_parts[at]);
        let is_missing = |part: &&Part| chosen(media, std::slice::from_ref(*part), &plays[at]).is_empty();
        item_parts.iter().filter(is_missing).cloned().collect()
    };
    Ok((0..items.len()).map(missing).collect())
}

fn parts_of(items: &[Item<'_>]) -> Vec<Vec<Part>> {
    items.iter().map(|item| item.parts_of(PARTS_FIELD).unwrap_or_default()).collect()
}

/// Reads the plays of each item at about the times of its parts.
async fn around(client: &Client, items: &[Item<'_>], item_parts: &[Vec<Part>]) -> Result<Vec<Vec<Play>>> {
    let mut plays: Vec<Vec<Play>> = vec![Vec::new(); items.len()];
    let times = || item_parts.iter().flatten().filter_map(|part| part.at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(plays) };
    let start = first.checked_sub(NEAR).unwrap_or(Timestamp::MIN);
    let end = last.checked_add(NEAR).unwrap_or(Timestamp::MAX);
    let query = [("start_at", start.to_string()), ("end_at", end.to_string())];
    let rows: Vec<Row> = paging::read_proved(client, "sync/history", &query).await?;
    let index = Index::new(items.iter().map(|item| item.media.keys()));
    for row in &rows {
        let (Some(play), Some((_, entry))) = (Play::of(row), entries::of_row(row, Style::default())) else { continue };
        let Some(mut media) = Media::of(&entry, None) else { continue };
        let mut found = index.find(&media.keys());
        // A movie has no show, though a show may have its numbers.
        let wholes: &[Kind] = if media.kind == Kind::Episode { &[Kind::Season, Kind::Show] } else { &[] };
        for whole in wholes {
            if found.is_none() {
                media.reduce_to(*whole);
                found = index.find(&media.keys());
            }
        }
        if let Some(at) = found {
            plays[at].push(play);
        }
    }
    Ok(plays)
}

/// Returns the numbers of the plays that these parts of an item are.
fn chosen(media: &Media, item_parts: &[Part], plays: &[Play]) -> Vec<i64> {
    let mut numbers: Vec<i64> = Vec::new();
    for part in item_parts {
        let Some(at) = minute(part.at) else { continue };
        let off =
            |play: &Play| minute(Some(play.at)).map_or(SignedDuration::MAX, |other| other.duration_since(at).abs());
        let most = if part.about { NEAR } else { SignedDuration::ZERO };
        let fits = |play: &&Play| {
            part.id.is_none_or(|id| play.episode == Some(id)) && off(play) <= most && !numbers.contains(&play.number)
        };
        let Some(nearest) = plays.iter().filter(fits).min_by_key(|play| off(play)) else { continue };
        // A show that is added is a play of each of its episodes.
        let is_all = media.kind == Kind::Show && part.id.is_none();
        let together = |play: &&Play| minute(Some(play.at)) == minute(Some(nearest.at));
        if is_all {
            numbers.extend(plays.iter().filter(fits).filter(together).map(|play| play.number).collect::<Vec<_>>());
        } else {
            numbers.push(nearest.number);
        }
    }
    numbers
}

/// Returns the minute of a time: Trakt keeps no more of a play's.
pub fn minute(at: Option<Timestamp>) -> Option<Timestamp> {
    let seconds = at?.as_second();
    Timestamp::from_second(seconds.saturating_sub(seconds.rem_euclid(60))).ok()
}

/// A row of the history.
#[derive(Debug, Clone)]
struct Play {
    /// Its own number.
    number: i64,
    at: Timestamp,
    /// Trakt's number of the episode, if it is one.
    episode: Option<i64>,
}

impl Play {
    /// Returns the play of a row, and its number.
    fn of(row: &Row) -> Option<Self> {
        let episode = row.episode.as_ref().and_then(|episode| episode.ids.trakt);
        Some(Self { number: row.id?, at: row.watched_at?, episode })
    }
}

/// A title whose plays are asked for.
pub struct Asked<'a> {
    media: &'a Media,
    /// Whether it is to be looked for in the whole history where the map of all plays lacks it.
    is_sure: bool,
}

impl<'a> Asked<'a> {
    /// Asks for the plays of a title that has some, or may have.
    pub fn surely(media: &'a Media) -> Self {
        Self { media, is_sure: true }
    }

    /// Asks for the plays that go when an item is removed.
    ///
    /// That one which no list has shown has none either is enough to be found in one of two places.
    pub fn to_remove(item: &'a Item<'_>) -> Self {
        Self { media: &item.media, is_sure: !item.entry.has(UNSEEN) }
    }
}

/// All plays of movies and of shows, by Trakt's numbers of these.
#[derive(Default)]
pub struct Plays {
    movies: HashMap<i64, Vec<Part>>,
    shows: HashMap<i64, Vec<Part>>,
}

impl Plays {
    /// Reads the plays of these, in one request for movies and one for shows.
    ///
    /// What it has of others may not be all.
    pub async fn read(client: &Client, of: &[Asked<'_>]) -> Result<Self> {
        let mut plays = Self::default();
        for movies in [true, false] {
            let asked: Vec<&Asked<'_>> = of.iter().filter(|it| (it.media.kind == Kind::Movie) == movies).collect();
            if asked.is_empty() {
                continue;
            }
            let path = if movies { "sync/watched/movies" } else { "sync/watched/shows" };
            let yes = || "true".to_owned();
            let query = [("extended", "min".to_owned()), ("season_numbers", yes()), ("specials", yes())];
            let is_map = match client.get::<Json>(path, &query).await {
                Ok(map) => plays.take(movies, &map),
                Err(Fault::UnexpectedResponse(_) | Fault::Invalid(_) | Fault::NotFound) => false,
                Err(fault) => return Err(fault.into()),
            };
            // It is not known whether this answer is ever cut into pages. The history has
            // everything, in more requests.
            let is_open = |it: &&Asked<'_>| (it.is_sure || !is_map) && plays.of(it.media).is_none();
            if asked.iter().any(is_open) {
                let path = if movies { "sync/history/movies" } else { "sync/history/episodes" };
                plays.take_history(movies, &paging::read_proved(client, path, &[]).await?);
            }
        }
        Ok(plays)
    }

    /// Reads plays by Trakt's ids: of movies, or of shows by season and episode.
    ///
    /// Returns whether it is such a map.
    fn take(&mut self, movies: bool, map: &Json) -> bool {
        let number = |key: &String| key.parse::<i64>().ok();
        let plays_at = |times: &Json, season: Option<i64>, id: Option<i64>| -> Vec<Part> {
            let times = times.as_array().into_iter().flatten().filter_map(|at| at.as_str()?.parse().ok());
            times.map(|at| Part { at: Some(at), season, id, ..Part::default() }).collect()
        };
        let Some(map) = map.as_object() else { return false };
        for (key, of) in map {
            let Some(id) = number(key) else { continue };
            if movies {
                self.movies.insert(id, plays_at(of, None, None));
                continue;
            }
            let seasons = of.as_object().into_iter().flatten();
            let episodes = seasons.flat_map(|(season, episodes)| {
                episodes.as_object().into_iter().flatten().map(move |(episode, times)| (season, episode, times))
            });
            let plays = episodes.flat_map(|(season, episode, times)| plays_at(times, number(season), number(episode)));
            self.shows.insert(id, plays.collect());
        }
        true
    }

    /// Takes the plays of titles of which the map has none.
    fn take_history(&mut self, movies: bool, rows: &[Row]) {
        let mut found: HashMap<i64, Vec<Part>> = HashMap::new();
        for row in rows {
            let work = if movies { &row.movie } else { &row.show };
            let (Some(id), Some(play)) = (work.as_ref().and_then(|work| work.ids.trakt), Play::of(row)) else {
                continue;
            };
            let season = row.episode.as_ref().map(|episode| episode.season);
            let part = Part { at: Some(play.at), season, id: play.episode, ..Part::default() };
            found.entry(id).or_default().push(part);
        }
        let plays = if movies { &mut self.movies } else { &mut self.shows };
        for (id, history) in found {
            let map = plays.entry(id).or_default();
            // Where both have some, the longer answer is the whole one.
            if history.len() >= map.len() {
                *map = history;
            }
        }
    }

    /// Returns the plays of a title, or `None` if they are not known.
    pub fn of(&self, media: &Media) -> Option<Vec<Part>> {
        let id = media.ids.trakt();
        let plays = match media.kind {
            Kind::Movie => self.movies.get(&id?)?.clone(),
            Kind::Show => self.shows.get(&id?)?.clone(),
            Kind::Season => {
                let season = media.season?;
                self.shows.get(&id?)?.iter().filter(|play| play.season == Some(season)).cloned().collect()
            }
            Kind::Episode => {
                let own = media.own_ids.trakt()?;
                let of_show = self.shows.iter().filter(|(show, _)| id.is_none_or(|id| id == **show));
                let plays = of_show.flat_map(|(_, plays)| plays).filter(|play| play.id == Some(own));
                plays.map(|play| Part { id: None, season: None, ..play.clone() }).collect()
            }
        };
        Some(plays).filter(|plays| !plays.is_empty())
    }
}
