//! What the user has done with the entries: watched, collected, rated.

use flexget_core::prelude::*;

use super::episodes::{Seasons, episode_of, no_such, season_of, seasons_of};
use super::{Lookup, Part, works_with_ids};
use crate::titles::media::{Ids, Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::api::model::Work;
use crate::trakt::user_data::{Question, ShowState, Snapshot, UserData, Who};
use crate::trakt::{seasons, titles};

/// No release holds more episodes.
const MOST_IN_A_ROW: i64 = 100;

impl Lookup {
    /// What the user has done, as far as `question` goes.
    async fn ask(&self, client: &Client, question: Question) -> Result<Rc<UserData>, String> {
        let who = Who { client, username: self.source.username.as_deref() };
        let Snapshot { data, as_of } = who.ask(question).await.map_err(|error| error.to_string())?;
        if let Some(read_at) = as_of {
            client.cx().warn(format!("Trakt cannot be asked; what it said at {read_at} is used"));
        }
        Ok(data)
    }

    /// The same, if any of the media is of the kind that is asked about.
    async fn ask_if(&self, is_needed: bool, client: &Client, question: Question) -> Result<Rc<UserData>, String> {
        if is_needed { self.ask(client, question).await } else { Ok(Rc::default()) }
    }

    /// Whether the entries were watched (collected).
    pub(super) async fn done(&self, client: &Client, entries: &[&Entry], media: &[Media]) -> Vec<Answer> {
        let (field, movies, shows) = match self.part {
            Part::Watched => ("trakt_watched", Question::WatchedMovies, Question::WatchedShows),
            _ => ("trakt_collected", Question::CollectedMovies, Question::CollectedShows),
        };
        let has_movies = media.iter().any(|media| media.kind == Kind::Movie);
        let has_shows = media.iter().any(|media| media.kind != Kind::Movie);
        let movies = self.ask_if(has_movies, client, movies).await;
        let shows = self.ask_if(has_shows, client, shows).await;
        let works = works_with_ids(client, media).await;
        let shows = Shows::new(client, shows, media, &works).await;
        let of = |at: usize| -> Answer {
            let work = works[at].as_ref().map_err(String::clone)?;
            let done = match media[at].kind {
                Kind::Movie => {
                    let id = work.ids.trakt.ok_or("Trakt gave no number for it")?;
                    movies.as_ref().map_err(String::clone)?.movies.contains_key(&id)
                }
                _ => shows.are_done(client, entries[at], &media[at], work)?,
            };
            Ok(vec![(field.into(), done.into())])
        };
        (0..media.len()).map(of).collect()
    }

    /// What the user has given the movies and shows that the entries are or belong to.
    pub(super) async fn ratings(&self, client: &Client, media: &[Media]) -> Vec<Answer> {
        let data = self.ask(client, Question::Ratings).await;
        let works = works_with_ids(client, media).await;
        let of = |(at, work): (usize, titles::Found)| -> Answer {
            let (data, work) = (data.as_ref().map_err(String::clone)?, work?);
            let (field, kind) = match media[at].kind {
                Kind::Movie => ("trakt_movie_user_rating", "movie"),
                _ => ("trakt_series_user_rating", "show"),
            };
            Ok(vec![(field.into(), data.rating(kind, work.ids.trakt).into())])
        };
        works.into_iter().enumerate().map(of).collect()
    }

    /// What the user has given the seasons and episodes that the entries are.
    pub(super) async fn ratings_of_parts(&self, client: &Client, entries: &[&Entry], media: &[Media]) -> Vec<Answer> {
        let data = match self.ask(client, Question::Ratings).await {
            Ok(data) => data,
            Err(reason) => return vec![Err(reason); media.len()],
        };
        // Most users rate neither; then nothing else needs to be known.
        let rates = |kind: &str| data.ratings.keys().any(|key| key.starts_with(kind));
        let (rates_seasons, rates_episodes) = (rates("season "), rates("episode "));
        let is_open = |media: &Media| match media.kind {
            Kind::Episode => rates_seasons || rates_episodes && media.own_ids.trakt.is_none(),
            Kind::Season => rates_seasons && media.own_ids.trakt.is_none(),
            Kind::Movie | Kind::Show => false,
        };
        let open: Vec<Media> = media.iter().filter(|media| is_open(media)).cloned().collect();
        let mut works = works_with_ids(client, &open).await.into_iter();
        let works: Vec<Option<titles::Found>> =
            media.iter().map(|media| is_open(media).then(|| works.next()).flatten()).collect();
        let shows: Vec<Rc<Work>> = works.iter().flatten().filter_map(|work| work.as_ref().ok().cloned()).collect();
        let seasons = seasons::of(client, &shows).await;
        let of = |at: usize| -> Answer {
            let (media, mut season_id, mut episode_id) = (&media[at], None, None);
            match media.kind {
                Kind::Season => season_id = media.own_ids.trakt,
                Kind::Episode => episode_id = media.own_ids.trakt,
                Kind::Movie | Kind::Show => {}
            }
            if let Some(work) = &works[at] {
                let work = work.as_ref().map_err(String::clone)?;
                let seasons = seasons_of(&seasons, work)?;
                let episode = match media.kind {
                    Kind::Episode => {
                        Some(episode_of(entries[at], media, &seasons, work).ok_or_else(|| no_such("episode", work))?)
                    }
                    _ => None,
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
}

/// What the user has done with shows, and what has to be known of the shows to make sense of it.
struct Shows {
    told: Result<Rc<UserData>, String>,
    seasons: Seasons,
    /// How many episodes of a show were aired, where what the user has done does not tell it.
    aired: BTreeMap<i64, i64>,
}

impl Shows {
    /// Asks about the shows of these media no more than is needed: which episodes there are matters for seasons, for days
    /// and absolute numbers, and for shows whose episodes cannot just be counted.
    async fn new(
        client: &Client,
        told: Result<Rc<UserData>, String>,
        media: &[Media],
        works: &[titles::Found],
    ) -> Self {
        let Ok(data) = &told else { return Self { told, seasons: Seasons::new(), aired: BTreeMap::new() } };
        let state = |work: &Work| data.shows.get(&work.ids.trakt?);
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
            .map(|(work, media)| Media { ids: Ids { trakt: work.ids.trakt, ..Ids::default() }, ..media.clone() })
            .collect();
        let seasons = seasons::of(client, &unsure).await;
        let counted = titles::find(client, &uncounted).await;
        let aired = counted.into_iter().flatten().filter_map(|work| Some((work.ids.trakt?, work.aired_episodes?)));
        Self { seasons, aired: aired.collect(), told }
    }

    /// Whether it was done with all that the entry is.
    fn are_done(&self, client: &Client, entry: &Entry, media: &Media, work: &Work) -> Result<bool, String> {
        let id = work.ids.trakt.ok_or("Trakt gave no number for it")?;
        let Some(state) = self.told.as_ref().map_err(String::clone)?.shows.get(&id) else { return Ok(false) };
        match (media.kind, media.season, media.episode) {
            (Kind::Episode, Some(season), Some(first)) => {
                // A release may hold several episodes in a row.
                let count = entry.int("series_episodes").unwrap_or(1).clamp(1, MOST_IN_A_ROW);
                Ok((first..first + count).all(|episode| state.has(season, episode)))
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
                    .ok_or("Trakt did not say which episodes the season has")?;
                Ok(!aired.is_empty() && aired.iter().all(|episode| state.has(season.number, *episode)))
            }
            _ => {
                let aired = state.aired.or_else(|| self.aired.get(&id).copied());
                let aired = aired.ok_or("Trakt did not say how many episodes were aired")?;
                if state.is_plain(aired) {
                    return Ok(aired > 0 && state.count() == aired);
                }
                self.is_whole(client, state, work)
            }
        }
    }

    /// Whether it was done with every episode of a show that was aired, specials apart.
    fn is_whole(&self, client: &Client, state: &ShowState, work: &Work) -> Result<bool, String> {
        let now = client.cx().clock.now();
        let seasons = seasons_of(&self.seasons, work)?;
        let mut regular = seasons.iter().filter(|season| season.number > 0);
        regular.try_fold(true, |so_far, season| {
            let aired = seasons::aired(season, now).ok_or("Trakt did not say which episodes the show has")?;
            Ok(so_far && aired.iter().all(|episode| state.has(season.number, *episode)))
        })
    }
}
