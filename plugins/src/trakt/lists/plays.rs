//! Plays of the history: all of a title, or those that a change has added.

use std::collections::HashMap;

use flexget_core::list::index::Index;
use flexget_core::prelude::*;
use jiff::{SignedDuration, Timestamp};
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

/// Takes the plays off the history that these items are in the journal, and no others.
///
/// # Errors
/// Trakt could not be asked for them.
pub async fn take_plays(client: &Client, items: &[Item<'_>]) -> Result<Change> {
    let item_parts = parts_of(items);
    if item_parts.iter().flatten().all(|part| part.at.is_none()) {
        return Ok(Change::all(Outcome::Unchanged, items.len()));
    }
    let plays = around(client, items, &item_parts).await?;
    let all = Plays::read(client, &items.iter().map(|item| &item.media).collect::<Vec<_>>()).await?;
    let wanted: Vec<Vec<i64>> =
        (0..items.len()).map(|at| chosen(&items[at].media, &item_parts[at], &plays[at])).collect();
    let ids: Vec<i64> = wanted.iter().flatten().copied().collect();
    let (gone, failure) = write::remove_plays(client, &ids).await;
    let outcome = |(at, wanted): (usize, &Vec<i64>)| {
        let taken = wanted.iter().filter(|id| gone.contains(id)).count();
        let plays = all.of(&items[at].media);
        match &failure {
            Some(failure) if taken < wanted.len() => Outcome::Failed(write::in_words(failure)),
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

/// Returns of each item how many of its plays in the journal are in the history, and how many not.
///
/// # Errors
/// Trakt could not be asked for them.
pub async fn in_history(client: &Client, items: &[Item<'_>]) -> Result<Vec<(usize, usize)>> {
    let item_parts = parts_of(items);
    let plays = around(client, items, &item_parts).await?;
    let count = |at: usize| {
        let (media, item_parts) = (&items[at].media, &item_parts[at]);
        let is_found = |part: &Part| !chosen(media, std::slice::from_ref(part), &plays[at]).is_empty();
        let there = item_parts.iter().filter(|part| is_found(part)).count();
        (there, item_parts.len().saturating_sub(there))
    };
    Ok((0..items.len()).map(count).collect())
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
        if found.is_none() && media.kind == Kind::Episode {
            media.reduce_to(Kind::Show);
            found = index.find(&media.keys());
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
    pub async fn read(client: &Client, of: &[&Media]) -> Result<Self> {
        let mut plays = Self::default();
        for movies in [true, false] {
            let asked: Vec<&&Media> = of.iter().filter(|media| (media.kind == Kind::Movie) == movies).collect();
            if asked.is_empty() {
                continue;
            }
            let path = if movies { "sync/watched/movies" } else { "sync/watched/shows" };
            let yes = || "true".to_owned();
            let query = [("extended", "min".to_owned()), ("season_numbers", yes()), ("specials", yes())];
            match client.get::<Json>(path, &query).await {
                Ok(map) => plays.take(movies, &map),
                Err(Fault::UnexpectedResponse(_) | Fault::Invalid(_) | Fault::NotFound) => {}
                Err(fault) => return Err(fault.into()),
            }
            // It is not known whether this answer is ever cut into pages. The history has
            // everything, in more requests.
            if asked.iter().any(|media| plays.of(media).is_none()) {
                let path = if movies { "sync/history/movies" } else { "sync/history/episodes" };
                plays.take_history(movies, &paging::read_proved(client, path, &[]).await?);
            }
        }
        Ok(plays)
    }

    /// Reads plays by Trakt's ids: of movies, or of shows by season and episode.
    fn take(&mut self, movies: bool, map: &Json) {
        let number = |key: &String| key.parse::<i64>().ok();
        let plays_at = |times: &Json, id: Option<i64>| -> Vec<Part> {
            let times = times.as_array().into_iter().flatten().filter_map(|at| at.as_str()?.parse().ok());
            times.map(|at| Part { at: Some(at), id, ..Part::default() }).collect()
        };
        for (key, of) in map.as_object().into_iter().flatten() {
            let Some(id) = number(key) else { continue };
            if movies {
                self.movies.insert(id, plays_at(of, None));
                continue;
            }
            let episodes = of.as_object().into_iter().flatten().filter_map(|(_, season)| season.as_object()).flatten();
            self.shows.insert(id, episodes.flat_map(|(key, times)| plays_at(times, number(key))).collect());
        }
    }

    fn take_history(&mut self, movies: bool, rows: &[Row]) {
        let plays = if movies { &mut self.movies } else { &mut self.shows };
        plays.clear();
        for row in rows {
            let work = if movies { &row.movie } else { &row.show };
            let (Some(id), Some(play)) = (work.as_ref().and_then(|work| work.ids.trakt), Play::of(row)) else {
                continue;
            };
            plays.entry(id).or_default().push(Part { at: Some(play.at), id: play.episode, ..Part::default() });
        }
    }

    /// Returns the plays of one; `None` if none is known.
    pub fn of(&self, media: &Media) -> Option<Vec<Part>> {
        let id = media.ids.trakt();
        let plays = match media.kind {
            Kind::Movie => self.movies.get(&id?)?.clone(),
            Kind::Show => self.shows.get(&id?)?.clone(),
            Kind::Season | Kind::Episode => {
                let own = media.own_ids.trakt()?;
                let of_show = self.shows.iter().filter(|(show, _)| id.is_none_or(|id| id == **show));
                let plays = of_show.flat_map(|(_, plays)| plays).filter(|play| play.id == Some(own));
                plays.map(|play| Part { id: None, ..play.clone() }).collect()
            }
        };
        Some(plays).filter(|plays| !plays.is_empty())
    }
}
