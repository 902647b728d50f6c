//! Hidden parts of list items: plays of a movie, collected episodes of a show, a note.
//!
//! It goes with the item when that is taken off a list, so it is written into the journal
//! beforehand, and an undo puts it back as it was. And of what was added, an undo takes off what
//! came with it and nothing else: one play of several, and of a show the episodes that were not
//! collected before.

use std::collections::HashMap;

use flexget_core::list::index::Index;
use flexget_core::prelude::*;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use crate::titles::media::ids::MediaIds;
use crate::titles::media::{self, Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::lenient;
use crate::trakt::api::model::{Row, Work};
use crate::trakt::lists::entries::{self, Style};
use crate::trakt::lists::source::Source;
use crate::trakt::lists::write::{self, Unit};
use crate::trakt::paging::{self, Extent, Listing, PageRow, RowKey};

/// Journal field with the parts of an item that were removed or added with it.
const PARTS_FIELD: &str = "trakt_parts";

/// Journal field with the episodes of a show that were collected before it was added.
const BEFORE: &str = "trakt_parts_before";

/// Tolerance when matching a sent `watched_at` with the one that Trakt stored.
const NEAR: SignedDuration = SignedDuration::from_mins(5);

/// A play, a collected episode, or a note.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Part {
    /// When it was watched or collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// Whether `at` was left to Trakt, and is here by this machine's clock.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    about: bool,
    /// Trakt's number of the episode, of a show.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    /// The season of the episode, of a show.
    #[serde(skip_serializing_if = "Option::is_none")]
    season: Option<i64>,
    /// The episode within its season.
    #[serde(skip_serializing_if = "Option::is_none")]
    episode: Option<i64>,
    /// The medium, resolution and sound of what was collected, as Trakt says them.
    #[serde(skip_serializing_if = "Option::is_none")]
    collected_as: Option<Json>,
    /// Note of the user on a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

impl Part {
    /// Returns the medium that it is a part of, or its episode.
    fn media(&self, of: &Media) -> Media {
        let mut media = of.clone();
        if self.id.is_some() || self.episode.is_some() {
            media.kind = Kind::Episode;
            media.own_ids = MediaIds::trakt_only(self.id);
            (media.season, media.episode) = (self.season, self.episode);
        }
        media
    }

    /// Returns the extra fields to send.
    fn extra(&self, source: &Source) -> Map<String, Json> {
        let mut extra = Map::new();
        let at = self.at.filter(|_| !self.about).map(|at| Json::from(at.to_string()));
        match source {
            Source::Watched | Source::History => extra.extend(at.map(|at| ("watched_at".to_owned(), at))),
            Source::Collection => {
                extra.extend(at.map(|at| ("collected_at".to_owned(), at)));
                extra.extend(self.collected_as.iter().flat_map(collected_as));
            }
            _ => extra.extend(self.notes.clone().map(|notes| ("notes".to_owned(), notes.into()))),
        }
        extra
    }

    fn is_same_episode(&self, other: &Self) -> bool {
        (self.season, self.episode) == (other.season, other.episode)
    }
}

/// Returns the collection's fields of an item, as they are sent.
pub fn collected_as(said: &Json) -> Map<String, Json> {
    let said = said.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    said.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// An entry of a change, and what it is.
pub struct Item<'a> {
    /// Medium.
    pub media: Media,
    /// The entry.
    pub entry: &'a Entry,
}

impl Item<'_> {
    fn parts_of(&self, field: &str) -> Option<Vec<Part>> {
        serde_json::from_value(self.entry.peek(field)?.to_json()).ok()
    }

    fn with(&self, field: &'static str, item_parts: &[Part]) -> Entry {
        let item_parts = serde_json::to_value(item_parts).unwrap_or_default();
        self.entry.fresh().with(field, Value::from_stored(&item_parts))
    }

    /// Returns the items to send for adding it, one for each part.
    pub fn to_add(&self, source: &Source, dates: impl FnOnce() -> Map<String, Json>) -> Vec<Unit> {
        match self.parts_of(PARTS_FIELD) {
            Some(item_parts) => item_parts
                .iter()
                .map(|part| Unit { media: part.media(&self.media), extra: part.extra(source) })
                .collect(),
            None => vec![Unit { media: self.media.clone(), extra: dates() }],
        }
    }

    /// Returns whether an undo is to take off one of several plays.
    pub fn is_of_plays(&self, source: &Source) -> bool {
        matches!(source, Source::Watched | Source::History) && self.entry.has(PARTS_FIELD)
    }
}

/// Returns the items to send for a removal; an undo removes only the episodes that were added.
///
/// # Errors
/// Trakt could not be asked what there is.
pub async fn to_remove(client: &Client, items: &[Item<'_>]) -> Result<Vec<Vec<Unit>>> {
    let is_partly = |item: &Item<'_>| item.entry.has(BEFORE);
    let now = match items.iter().any(is_partly) {
        true => Collected::read(client).await?,
        false => Collected::default(),
    };
    let unit = |media: Media| Unit { media, extra: Map::new() };
    let units = items.iter().map(|item| {
        let item_parts = match item.parts_of(BEFORE) {
            Some(before) => {
                let is_new = |part: &Part| !before.iter().any(|old| old.is_same_episode(part));
                Some(now.of(&item.media).into_iter().filter(is_new).collect())
            }
            None => item.parts_of(PARTS_FIELD),
        };
        match item_parts {
            Some(item_parts) => item_parts.iter().map(|part| unit(part.media(&item.media))).collect(),
            None => vec![unit(item.media.clone())],
        }
    });
    Ok(units.collect())
}

/// Returns the items to record before a removal, or `None` if they have no hidden parts.
///
/// # Errors
/// Trakt could not be asked for it.
pub async fn before_removing(client: &Client, source: &Source, items: &[Item<'_>]) -> Result<Option<Vec<Entry>>> {
    match source {
        Source::Watched | Source::History => {
            let news: Vec<&Media> =
                items.iter().filter(|item| !item.entry.has(PARTS_FIELD)).map(|item| &item.media).collect();
            let plays = Plays::read(client, &news).await?;
            let written = items.iter().map(|item| match item.parts_of(PARTS_FIELD) {
                // The time that was left to Trakt then is known by now.
                Some(item_parts) => item.with(
                    PARTS_FIELD,
                    &item_parts.into_iter().map(|part| Part { about: false, ..part }).collect::<Vec<_>>(),
                ),
                None => item.with(PARTS_FIELD, &plays.of(&item.media).unwrap_or_default()),
            });
            Ok(Some(written.collect()))
        }
        Source::Collection => {
            let is_whole_show = |item: &Item<'_>| {
                item.media.kind == Kind::Show && !item.entry.has(PARTS_FIELD) && !item.entry.has(BEFORE)
            };
            with_collected(client, items, is_whole_show, PARTS_FIELD).await
        }
        Source::Watchlist | Source::Favorites | Source::Personal(_) => {
            let notes = |item: &Item<'_>| item.entry.text("trakt_notes").map(str::to_owned);
            let written = items.iter().map(|item| match notes(item) {
                Some(notes) => item.with(PARTS_FIELD, &[Part { notes: Some(notes), ..Part::default() }]),
                None => item.entry.fresh(),
            });
            Ok(items.iter().any(|item| notes(item).is_some()).then(|| written.collect()))
        }
        Source::Ratings | Source::Recommendations | Source::Chart(_) => Ok(None),
    }
}

/// Returns the items to record and send for an addition, or `None` if nothing is added to them.
///
/// # Errors
/// Trakt could not be asked for it.
pub async fn before_adding(client: &Client, source: &Source, items: &[Item<'_>]) -> Result<Option<Vec<Entry>>> {
    match source {
        Source::Watched | Source::History => {
            // What an undo puts back may be there in part, because it was tried before.
            let back: Vec<&Media> =
                items.iter().filter(|item| item.entry.has(PARTS_FIELD)).map(|item| &item.media).collect();
            let there = Plays::read(client, &back).await?;
            let written = items.iter().map(|item| match item.parts_of(PARTS_FIELD) {
                Some(mut item_parts) => {
                    let there = there.of(&item.media).unwrap_or_default();
                    item_parts.retain(|part| {
                        !there.iter().any(|play| play.id == part.id && minute(play.at) == minute(part.at))
                    });
                    item.with(PARTS_FIELD, &item_parts)
                }
                None => {
                    let known = item.entry.peek("trakt_watched_at").and_then(Value::moment);
                    let at = known.unwrap_or_else(|| client.cx().clock.now());
                    item.with(PARTS_FIELD, &[Part { at: Some(at), about: known.is_none(), ..Part::default() }])
                }
            });
            Ok(Some(written.collect()))
        }
        Source::Collection => {
            let is_whole_show = |item: &Item<'_>| item.media.kind == Kind::Show && !item.entry.has(PARTS_FIELD);
            with_collected(client, items, is_whole_show, BEFORE).await
        }
        _ => Ok(None),
    }
}

/// Returns the items with the collected episodes of those that `which` selects, if any.
async fn with_collected(
    client: &Client,
    items: &[Item<'_>],
    which: impl Fn(&Item<'_>) -> bool,
    field: &'static str,
) -> Result<Option<Vec<Entry>>> {
    if !items.iter().any(&which) {
        return Ok(None);
    }
    let collected = Collected::read(client).await?;
    let written = items.iter().map(|item| match which(item) {
        true => item.with(field, &collected.of(&item.media)),
        false => item.entry.fresh(),
    });
    Ok(Some(written.collect()))
}

/// Takes the plays off the history that these items are in the journal, and no others.
///
/// # Errors
/// Trakt could not be asked for them.
pub async fn take_plays(client: &Client, items: &[Item<'_>]) -> Result<Change> {
    let item_parts: Vec<Vec<Part>> = items.iter().map(|item| item.parts_of(PARTS_FIELD).unwrap_or_default()).collect();
    let times = || item_parts.iter().flatten().filter_map(|part| part.at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Ok(Change::all(Outcome::Unchanged, items.len()));
    };
    let query = [("start_at", (first - NEAR).to_string()), ("end_at", (last + NEAR).to_string())];
    let rows: Vec<Row> = proved(client, "sync/history", &query).await?;
    let all = Plays::read(client, &items.iter().map(|item| &item.media).collect::<Vec<_>>()).await?;
    let index = Index::new(items.iter().map(|item| item.media.keys()));
    let mut plays: Vec<Vec<Play>> = vec![Vec::new(); items.len()];
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
    let wanted: Vec<Vec<i64>> =
        (0..items.len()).map(|at| chosen(&items[at].media, &item_parts[at], &plays[at])).collect();
    let ids: Vec<i64> = wanted.iter().flatten().copied().collect();
    let (gone, failure) = write::remove_plays(client, &ids).await;
    let outcome = |(at, wanted): (usize, &Vec<i64>)| {
        let taken = wanted.iter().filter(|id| gone.contains(id)).count();
        let plays = all.of(&items[at].media);
        match &failure {
            Some(failure) if taken < wanted.len() => Outcome::Failed(write::in_words(failure)),
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
        let taken: Vec<i64> = match is_all {
            true => plays.iter().filter(fits).filter(together).map(|play| play.number).collect(),
            false => vec![nearest.number],
        };
        numbers.extend(taken);
    }
    numbers
}

/// Returns the minute of a time: Trakt keeps no more of a play's.
fn minute(at: Option<Timestamp>) -> Option<Timestamp> {
    let seconds = at?.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(60)).ok()
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
struct Plays {
    movies: HashMap<i64, Vec<Part>>,
    shows: HashMap<i64, Vec<Part>>,
}

impl Plays {
    /// Reads the plays of these, in one request for movies and one for shows.
    ///
    /// What it has of others may not be all.
    async fn read(client: &Client, of: &[&Media]) -> Result<Self> {
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
                plays.take_history(movies, &proved(client, path, &[]).await?);
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
    fn of(&self, media: &Media) -> Option<Vec<Part>> {
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

/// Reads all rows of a path up to a proved end: an undo must not lack what was there.
async fn proved<T: PageRow>(client: &Client, path: &str, query: &[(&str, String)]) -> Result<Vec<T>> {
    Ok(paging::read(client, Listing::new(path, query, Extent::Proved)).await?.rows)
}

/// The collected episodes of shows.
#[derive(Default)]
struct Collected {
    shows: Index,
    episodes: Vec<Vec<Part>>,
}

#[derive(Deserialize)]
struct ShowRow {
    show: Work,
    seasons: Option<Vec<SeasonRow>>,
}

impl PageRow for ShowRow {
    fn key(&self) -> RowKey {
        self.show.ids.trakt.map_or(RowKey::Unreadable, |id| RowKey::Item("show", id, None))
    }
}

#[derive(Deserialize)]
struct SeasonRow {
    #[serde(deserialize_with = "lenient::required_number")]
    number: i64,
    #[serde(default)]
    episodes: Vec<EpisodeRow>,
}

#[derive(Deserialize)]
struct EpisodeRow {
    #[serde(deserialize_with = "lenient::required_number")]
    number: i64,
    #[serde(default, deserialize_with = "lenient::parsed")]
    collected_at: Option<Timestamp>,
    metadata: Option<Json>,
}

impl Collected {
    /// Reads the collected episodes of all shows.
    async fn read(client: &Client) -> Result<Self> {
        let query = [("extended", "progress,metadata".to_owned()), ("specials", "true".to_owned())];
        let rows: Vec<ShowRow> = proved(client, "sync/collection/shows", &query).await?;
        let mut collected = Self::default();
        if rows.iter().all(|row| row.seasons.is_some()) {
            for ShowRow { show, seasons } in rows {
                let episodes = seasons.into_iter().flatten().flat_map(|season| {
                    season.episodes.into_iter().map(move |episode| Part {
                        at: episode.collected_at,
                        season: Some(season.number),
                        episode: Some(episode.number),
                        collected_as: episode.metadata.filter(Json::is_object),
                        ..Part::default()
                    })
                });
                collected.push(&show, episodes.collect());
            }
            return Ok(collected);
        }
        // It is not known whether Trakt gives the episodes here.
        let query = [("extended", "metadata".to_owned())];
        let rows: Vec<Row> = proved(client, "sync/collection/episodes", &query).await?;
        let mut by_show: BTreeMap<i64, (&Work, Vec<Part>)> = BTreeMap::new();
        for row in &rows {
            let (Some(show), Some(episode)) = (&row.show, &row.episode) else { continue };
            let Some(id) = show.ids.trakt else { continue };
            by_show.entry(id).or_insert((show, Vec::new())).1.push(Part {
                at: row.collected_at,
                season: Some(episode.season),
                episode: Some(episode.number),
                collected_as: row.metadata.clone().filter(Json::is_object),
                ..Part::default()
            });
        }
        by_show.into_values().for_each(|(show, episodes)| collected.push(show, episodes));
        Ok(collected)
    }

    fn push(&mut self, show: &Work, episodes: Vec<Part>) {
        self.shows.push(&media::keys(&entries::show(show, Style::default()), None));
        self.episodes.push(episodes);
    }

    /// Returns the collected episodes of a show.
    fn of(&self, media: &Media) -> Vec<Part> {
        self.shows.find(&media.keys()).map(|at| self.episodes[at].clone()).unwrap_or_default()
    }
}
