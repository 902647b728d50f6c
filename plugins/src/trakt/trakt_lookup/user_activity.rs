//! The user's activity: watched, collected, rated.

use flexget_core::prelude::*;

use super::episodes::{episode_of, no_such, numbered_with_seasons, season_of, seasons_of};
use super::works::{NO_NUMBER, with_numbers};
use crate::titles::media::ids::MediaIds;
use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::api::model::Work;
use crate::trakt::seasons::{self, ShowSeasons};
use crate::trakt::titles;
use crate::trakt::user_data::{ActivityKind, ShowState, UserData, Who};

/// Most episodes that a release holds.
const MAX_EPISODES: i64 = 100;

/// Returns the user's data as far as `question` goes.
async fn ask(who: Who<'_>, question: ActivityKind) -> Result<Rc<UserData>, String> {
    who.ask(question).await.map_err(|error| error.to_string())
}

/// Returns the user's data if it is needed.
async fn ask_if(is_needed: bool, who: Who<'_>, question: ActivityKind) -> Result<Rc<UserData>, String> {
    if is_needed { ask(who, question).await } else { Ok(Rc::default()) }
}

/// Looks up whether the user has watched the entries.
pub(super) async fn watched(who: Who<'_>, entries: &[&Entry], media: &[Media]) -> Vec<FetchedFields> {
    done(who, "trakt_watched", [ActivityKind::WatchedMovies, ActivityKind::WatchedShows], entries, media).await
}

/// Looks up whether the user has collected the entries.
pub(super) async fn collected(who: Who<'_>, entries: &[&Entry], media: &[Media]) -> Vec<FetchedFields> {
    done(who, "trakt_collected", [ActivityKind::CollectedMovies, ActivityKind::CollectedShows], entries, media).await
}

async fn done(
    who: Who<'_>,
    field: &'static str,
    [movies, shows]: [ActivityKind; 2],
    entries: &[&Entry],
    media: &[Media],
) -> Vec<FetchedFields> {
    let movies = ask_if(media.iter().any(|media| media.kind == Kind::Movie), who, movies).await;
    let shows = ask_if(media.iter().any(|media| media.kind != Kind::Movie), who, shows).await;
    let works = with_numbers(who.client, media).await;
    let shows = ShowsDone::new(who.client, shows, media, &works).await;
    let of = |at: usize| -> FetchedFields {
        let work = works[at].as_ref().map_err(String::clone)?;
        let done = if media[at].kind == Kind::Movie {
            let id = work.ids.trakt.ok_or(NO_NUMBER)?;
            movies.as_ref().map_err(String::clone)?.movies.contains_key(&id)
        } else {
            shows.are_done(who.client, entries[at], &media[at], work)?
        };
        Ok(vec![(field.into(), done.into())])
    };
    (0..media.len()).map(of).collect()
}

/// Looks up the user's ratings of the movies and shows that entries are or belong to.
pub(super) async fn ratings(who: Who<'_>, media: &[Media]) -> Vec<FetchedFields> {
    let data = ask(who, ActivityKind::Ratings).await;
    let works = with_numbers(who.client, media).await;
    let of = |(at, work): (usize, titles::FoundTitle)| -> FetchedFields {
        let (data, work) = (data.as_ref().map_err(String::clone)?, work?);
        let (field, kind) = match media[at].kind {
            Kind::Movie => ("trakt_movie_user_rating", "movie"),
            _ => ("trakt_series_user_rating", "show"),
        };
        Ok(vec![(field.into(), data.rating(kind, work.ids.trakt).into())])
    };
    works.into_iter().enumerate().map(of).collect()
}

/// Looks up the user's ratings of the seasons and episodes that entries are.
pub(super) async fn ratings_of_parts(who: Who<'_>, entries: &[&Entry], media: &[Media]) -> Vec<FetchedFields> {
    let data = match ask(who, ActivityKind::Ratings).await {
        Ok(data) => data,
        Err(reason) => return vec![Err(reason); media.len()],
    };
    // Most users rate neither; then no ids need to be known.
    let rates = |kind: &str| data.ratings.keys().any(|key| key.starts_with(kind));
    let (rates_seasons, rates_episodes) = (rates("season "), rates("episode "));
    let needs_ids = |media: &Media| match media.kind {
        Kind::Episode => rates_seasons || rates_episodes && media.own_ids.trakt().is_none(),
        Kind::Season => rates_seasons && media.own_ids.trakt().is_none(),
        Kind::Movie | Kind::Show => false,
    };
    let (works, seasons) = numbered_with_seasons(who.client, media, needs_ids).await;
    let of = |at: usize| -> FetchedFields {
        let media = &media[at];
        let own = |kind: Kind| media.own_ids.trakt().filter(|_| media.kind == kind);
        let (mut season_id, mut episode_id) = (own(Kind::Season), own(Kind::Episode));
        if let Some(work) = &works[at] {
            let work = work.as_ref().map_err(String::clone)?;
            let seasons = seasons_of(&seasons, work)?;
            let episode = if media.kind == Kind::Episode {
                Some(episode_of(entries[at], media, &seasons, work).ok_or_else(|| no_such("episode", work))?)
            } else {
                None
            };
            let season = match episode {
                Some(episode) => seasons.iter().find(|season| season.number == episode.season),
                None => season_of(media, &seasons),
            };
            season_id = season.ok_or_else(|| no_such("season", work))?.ids.trakt;
            episode_id = episode.and_then(|episode| episode.ids.trakt);
        }
        Ok(vec![
            ("trakt_season_user_rating".into(), data.rating("season", season_id).into()),
            ("trakt_ep_user_rating".into(), data.rating("episode", episode_id).into()),
        ])
    };
    (0..media.len()).map(of).collect()
}

/// The user's activity with shows, and the details of shows that it takes to judge it.
struct ShowsDone {
    data: Result<Rc<UserData>, String>,
    seasons: ShowSeasons,
    /// Counts of aired episodes of shows, where the user's data does not have them.
    aired: BTreeMap<i64, i64>,
}

impl ShowsDone {
    /// Fetches the seasons of shows of which counts alone do not tell what was watched.
    ///
    /// They are needed for seasons, for episodes that are known by a date or an absolute number,
    /// and for shows whose episodes cannot just be counted.
    async fn new(
        client: &Client,
        data: Result<Rc<UserData>, String>,
        media: &[Media],
        works: &[titles::FoundTitle],
    ) -> Self {
        let Ok(done) = &data else { return Self { data, seasons: ShowSeasons::default(), aired: BTreeMap::new() } };
        let state = |work: &Work| done.shows.get(&work.ids.trakt?);
        let known = || works.iter().zip(media).filter_map(|(work, media)| Some((work.as_ref().ok()?, media)));
        let unsure: Vec<Rc<Work>> = known()
            .filter(|(work, media)| {
                state(work).is_some_and(|state| match media.kind {
                    Kind::Movie => false,
                    Kind::Show => state.aired.is_some_and(|aired| !state.is_plain(aired)),
                    Kind::Season => media.season.is_none_or(|number| state.seasons.contains_key(&number)),
                    Kind::Episode => media.episode.is_none(),
                })
            })
            .map(|(work, _)| Rc::clone(work))
            .collect();
        let uncounted: Vec<Media> = known()
            .filter(|(work, media)| media.kind == Kind::Show && state(work).is_some_and(|state| state.aired.is_none()))
            .map(|(work, media)| Media { ids: MediaIds::trakt_only(work.ids.trakt), ..media.clone() })
            .collect();
        let seasons = seasons::of(client, &unsure).await;
        let counted = titles::find(client, &uncounted).await;
        let aired =
            counted.into_iter().flatten().filter_map(|work| Some((work.ids.trakt?, work.details().aired_episodes?)));
        Self { seasons, aired: aired.collect(), data }
    }

    /// Tells whether the activity covers all of an entry.
    fn are_done(&self, client: &Client, entry: &Entry, media: &Media, work: &Work) -> Result<bool, String> {
        let id = work.ids.trakt.ok_or(NO_NUMBER)?;
        let Some(state) = self.data.as_ref().map_err(String::clone)?.shows.get(&id) else { return Ok(false) };
        if state.is_unknown {
            return Err("Trakt did not say which episodes of the show were watched or collected".to_owned());
        }
        match (media.kind, media.season, media.episode) {
            (Kind::Episode, Some(season), Some(first)) => {
                // A release may hold several episodes in a row.
                let count = entry.int("series_episodes").unwrap_or(1).clamp(1, MAX_EPISODES);
                let has = |number: i64| first.checked_add(number).is_some_and(|episode| state.has(season, episode));
                Ok((0..count).all(has))
            }
            (Kind::Episode, ..) => {
                let seasons = seasons_of(&self.seasons, work)?;
                let episode = episode_of(entry, media, &seasons, work).ok_or_else(|| no_such("episode", work))?;
                Ok(state.has(episode.season, episode.number))
            }
            (Kind::Season, Some(number), _) if !state.seasons.contains_key(&number) => Ok(false),
            (Kind::Season, ..) => {
                let seasons = seasons_of(&self.seasons, work)?;
                let season = season_of(media, &seasons).ok_or_else(|| no_such("season", work))?;
                let aired = seasons::aired(season, client.cx().clock.now())
                    .ok_or("Trakt did not list the episodes of the season")?;
                Ok(!aired.is_empty() && aired.iter().all(|episode| state.has(season.number, *episode)))
            }
            _ => {
                let aired = state.aired.or_else(|| self.aired.get(&id).copied());
                let aired = aired.ok_or("Trakt did not count the aired episodes of the show")?;
                if state.is_plain(aired) {
                    return Ok(aired > 0 && state.count() == aired);
                }
                self.is_whole(client, state, work)
            }
        }
    }

    /// Tells whether the activity covers every aired episode of a show, apart from specials.
    fn is_whole(&self, client: &Client, state: &ShowState, work: &Work) -> Result<bool, String> {
        let now = client.cx().clock.now();
        let seasons = seasons_of(&self.seasons, work)?;
        let mut regular = seasons.iter().filter(|season| season.number > 0);
        regular.try_fold(true, |so_far, season| {
            let aired = seasons::aired(season, now).ok_or("Trakt did not list the episodes of the show")?;
            Ok(so_far && aired.iter().all(|episode| state.has(season.number, *episode)))
        })
    }
}
