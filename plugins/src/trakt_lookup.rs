use std::collections::HashMap;

use flexget_core::prelude::*;
use jiff::civil::Date;

use crate::media::{Kind, Media};
use crate::trakt::asking::each;
use crate::trakt::client::{Client, SITE};
use crate::trakt::fault::Fault;
use crate::trakt::model::{Episode, Ids, Season, Work, null_is_default};
use crate::trakt::translation::Translation;
use crate::trakt::user_data::{Question, Told, UserData, Who};
use crate::trakt::{seasons, titles, translation};

/// Looks up what Trakt knows of movies, shows, seasons and episodes, and what a user has done with them.
///
/// Nothing is asked until a field is read, by a condition, a template or another plugin; then it is asked for all entries at
/// once. A title is found by any id that the entry has, else by its name and year; if no title is surely the one
/// meant, the fields stay unknown and a warning says so (FlexGet takes the first hit).
///
/// With `account`, or `username` for a public profile, there are also `trakt_watched`, `trakt_collected` and the user's ratings. A season
/// or show is watched (collected) when all of its aired episodes are. If Trakt cannot be asked, what it said last is used,
/// and a line in the log says of when that is; if it never said anything, the fields stay unknown, and a condition that reads them decides
/// nothing. (In FlexGet they are then as if nothing was watched.)
///
/// Fields of movies: `trakt_movie_name`, `trakt_movie_year`, `trakt_movie_id`, `trakt_movie_slug`, `imdb_id`, `tmdb_id`, `trakt_tagline`,
/// `trakt_overview`, `trakt_released`, `trakt_runtime` (minutes), `trakt_rating` (0 to 10), `trakt_votes`, `trakt_homepage`, `trakt_trailer`,
/// `trakt_language`, `trakt_genres`, `trakt_languages`. Of shows: `trakt_series_name`, `trakt_series_year`, `trakt_show_id`, `trakt_show_slug`, `imdb_id`,
/// `tvdb_id`, `tmdb_id`, `trakt_series_status`, `trakt_series_network`, `trakt_series_overview`, `trakt_series_rating`, `trakt_series_first_aired`
/// and so on. Of seasons `trakt_season…`, of episodes `trakt_ep_name`, `trakt_ep_first_aired`, `trakt_ep_overview`, `trakt_ep_abs_number`, `trakt_season`,
/// `trakt_episode`, `trakt_ep_id`. Of all: `trakt_actors`, `trakt_translations`.
///
/// ```yaml
/// trakt_list: { account: me, list: watchlist, type: movies }
/// trakt_lookup:
///   account: me
/// if:
///   - trakt_watched: reject
///   - trakt_rating > 7 and 'drama' in trakt_genres: accept
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-renamed" = {
    "password": "`username` and `password` are gone: run `flexget-rs trakt auth NAME` once and set `account: NAME`",
}))]
pub struct TraktLookup {
    /// A name stored by `flexget-rs trakt auth NAME`, for what its user has watched, collected and rated.
    #[schemars(length(min = 1))]
    account: Option<String>,
    /// A Trakt user whose doings are meant, if it is not the account's own.
    #[schemars(length(min = 1))]
    username: Option<String>,
}

submit! { plugin::<TraktLookup>() }

impl Plugin for TraktLookup {
    const NAME: &'static str = "trakt_lookup";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Start, Self::check_account), Step::at(Phase::Metainfo, Self::offer).priority(110)]
    }
}

impl TraktLookup {
    async fn check_account(&self, task: &mut Task) -> Result<()> {
        Client::new(&task.cx, self.account.as_deref()).map(drop)
    }

    async fn offer(&self, task: &mut Task) -> Result<()> {
        let source = Rc::new(Source { account: self.account.clone(), username: self.username.clone() });
        for part in [Part::Movie, Part::Show, Part::Season, Part::Episode, Part::Actors, Part::Translations] {
            task.offer(Rc::new(Lookup { source: Rc::clone(&source), part }));
        }
        if self.account.is_some() || self.username.is_some() {
            for part in [Part::Watched, Part::Collected, Part::Ratings] {
                task.offer(Rc::new(Lookup { source: Rc::clone(&source), part }));
            }
        }
        Ok(())
    }
}

/// Who asks, and about whom.
struct Source {
    account: Option<String>,
    username: Option<String>,
}

/// Fields that come with the same requests.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Movie,
    Show,
    Season,
    Episode,
    Actors,
    Translations,
    Watched,
    Collected,
    Ratings,
}

/// An offer of one part.
struct Lookup {
    source: Rc<Source>,
    part: Part,
}

const MOVIE: [&str; 18] = [
    "trakt_movie_name",
    "trakt_movie_year",
    "trakt_movie_id",
    "trakt_movie_slug",
    "imdb_id",
    "tmdb_id",
    "trakt_tagline",
    "trakt_overview",
    "trakt_released",
    "trakt_runtime",
    "trakt_rating",
    "trakt_votes",
    "trakt_homepage",
    "trakt_trailer",
    "trakt_language",
    "trakt_genres",
    "trakt_languages",
    "imdb_url",
];
const SHOW: [&str; 27] = [
    "trakt_series_name",
    "trakt_series_year",
    "trakt_show_id",
    "trakt_show_slug",
    "imdb_id",
    "tvdb_id",
    "tmdb_id",
    "trakt_trailer",
    "trakt_homepage",
    "trakt_series_runtime",
    "trakt_series_first_aired",
    "trakt_series_air_time",
    "trakt_series_air_day",
    "trakt_series_content_rating",
    "trakt_genres",
    "trakt_series_network",
    "imdb_url",
    "trakt_series_url",
    "trakt_series_country",
    "trakt_series_status",
    "trakt_series_overview",
    "trakt_series_rating",
    "trakt_series_votes",
    "trakt_series_language",
    "trakt_series_aired_episodes",
    "trakt_languages",
    "trakt_rating",
];
const SEASON: [&str; 9] = [
    "trakt_season_name",
    "trakt_season_tvdb_id",
    "trakt_season_tmdb_id",
    "trakt_season_id",
    "trakt_season_first_aired",
    "trakt_season_overview",
    "trakt_season_episode_count",
    "trakt_season_aired_episodes",
    "trakt_season",
];
const EPISODE: [&str; 11] = [
    "trakt_ep_name",
    "trakt_ep_imdb_id",
    "trakt_ep_tvdb_id",
    "trakt_ep_tmdb_id",
    "trakt_episode_id",
    "trakt_ep_first_aired",
    "trakt_ep_overview",
    "trakt_ep_abs_number",
    "trakt_season",
    "trakt_episode",
    "trakt_ep_id",
];
const RATINGS: [&str; 4] =
    ["trakt_movie_user_rating", "trakt_series_user_rating", "trakt_season_user_rating", "trakt_ep_user_rating"];

impl Offer for Lookup {
    fn plugin(&self) -> &'static str {
        TraktLookup::NAME
    }

    fn fields(&self) -> &[&'static str] {
        match self.part {
            Part::Movie => &MOVIE,
            Part::Show => &SHOW,
            Part::Season => &SEASON,
            Part::Episode => &EPISODE,
            Part::Actors => &["trakt_actors"],
            Part::Translations => &["trakt_translations"],
            Part::Watched => &["trakt_watched"],
            Part::Collected => &["trakt_collected"],
            Part::Ratings => &RATINGS,
        }
    }

    fn applies(&self, entry: &Entry) -> bool {
        let Some(kind) = Media::of(entry, None).map(|media| media.kind) else { return false };
        match self.part {
            Part::Movie => kind == Kind::Movie,
            Part::Show => kind != Kind::Movie,
            Part::Season => kind == Kind::Season,
            Part::Episode => kind == Kind::Episode,
            _ => true,
        }
    }

    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalFuture<'a, Vec<Answer>> {
        Box::pin(async move {
            match Client::new(cx, self.source.account.as_deref()) {
                Ok(client) => self.answer(&client, entries).await,
                Err(error) => vec![Err(error.to_string()); entries.len()],
            }
        })
    }
}

impl Lookup {
    async fn answer(&self, client: &Client, entries: &[&Entry]) -> Vec<Answer> {
        // `applies` has seen to it that every entry is some medium.
        let media: Vec<Media> = entries.iter().filter_map(|entry| Media::of(entry, None)).collect();
        if media.len() != entries.len() {
            return vec![Err("nothing tells what it is".to_owned()); entries.len()];
        }
        match self.part {
            Part::Movie => fields_of(titles::find(client, &media).await, movie_fields),
            Part::Show => fields_of(titles::find(client, &media).await, show_fields),
            Part::Season | Part::Episode => self.parts(client, entries, &media).await,
            Part::Actors => actors(client, &media).await,
            Part::Translations => translations(client, &media).await,
            Part::Watched | Part::Collected => self.done(client, entries, &media).await,
            Part::Ratings => self.ratings(client, entries, &media).await,
        }
    }

    /// The seasons or episodes that the entries are.
    async fn parts(&self, client: &Client, entries: &[&Entry], media: &[Media]) -> Vec<Answer> {
        let works = titles::find(client, media).await;
        let known: Vec<Rc<Work>> = works.iter().filter_map(|work| work.as_ref().ok().cloned()).collect();
        let seasons = seasons::of(client, &known).await;
        let of = |(at, work): (usize, titles::Found)| {
            let work = work?;
            let seasons = seasons_of(&seasons, &work)?;
            let name = work.title.clone().unwrap_or_default();
            if self.part == Part::Season {
                let season = seasons.iter().find(|season| Some(season.number) == media[at].season);
                return season.map(season_fields).ok_or_else(|| format!("Trakt has no such season of `{name}`"));
            }
            let episode = episode_of(entries[at], &media[at], &seasons, &work);
            episode.map(episode_fields).ok_or_else(|| format!("Trakt has no such episode of `{name}`"))
        };
        works.into_iter().enumerate().map(of).collect()
    }

    fn who<'a>(&'a self, client: &'a Client) -> Who<'a> {
        Who { client, username: self.source.username.as_deref() }
    }

    /// Asks about the movies and the shows among the entries, and about neither if there are none.
    async fn ask(
        &self,
        client: &Client,
        movies: Option<Question>,
        shows: Option<Question>,
    ) -> [Option<Result<Told, String>>; 2] {
        let mut answers = [None, None];
        for (at, question) in [movies, shows].into_iter().enumerate() {
            if let Some(question) = question {
                answers[at] = Some(self.who(client).ask(question).await.map_err(|error| error.to_string()));
            }
        }
        for told in answers.iter().flatten().flatten() {
            if let Some(read_at) = told.as_of {
                tracing::warn!(target: "trakt_lookup", "Trakt cannot be asked; what it said at {read_at} is used");
            }
        }
        answers
    }

    /// Whether the entries were watched (collected).
    async fn done(&self, client: &Client, entries: &[&Entry], media: &[Media]) -> Vec<Answer> {
        let (field, movies, shows) = match self.part {
            Part::Watched => ("trakt_watched", Question::WatchedMovies, Question::WatchedShows),
            _ => ("trakt_collected", Question::CollectedMovies, Question::CollectedShows),
        };
        let has = |kind: fn(Kind) -> bool| media.iter().any(|media| kind(media.kind));
        let [movies, shows] = self
            .ask(
                client,
                has(|kind| kind == Kind::Movie).then_some(movies),
                has(|kind| kind != Kind::Movie).then_some(shows),
            )
            .await;
        let works = works_with_ids(client, media).await;
        // How many episodes a season has, or which one is meant by a day, is asked only of shows where it matters.
        let unsure: Vec<Rc<Work>> = works
            .iter()
            .zip(media)
            .filter(|(work, media)| {
                let state = work.as_ref().ok().and_then(|work| Some((shows.as_ref()?.as_ref().ok()?, work.ids.trakt?)));
                let Some(state) = state.and_then(|(told, id)| told.data.shows.get(&id)) else { return false };
                match media.kind {
                    Kind::Movie => false,
                    Kind::Show => state.aired.is_some_and(|aired| !state.is_plain(aired)),
                    Kind::Season => true,
                    Kind::Episode => media.episode.is_none(),
                }
            })
            .filter_map(|(work, _)| work.as_ref().ok().cloned())
            .collect();
        let seasons = seasons::of(client, &unsure).await;
        let full = self.full_shows(client, media, &works, shows.as_ref()).await;
        let of = |(at, work): (usize, &titles::Found)| -> Answer {
            let work = work.clone()?;
            let id = work.ids.trakt.ok_or("Trakt gave no number for it")?;
            let told = if media[at].kind == Kind::Movie { &movies } else { &shows };
            let data: Rc<UserData> = match told {
                Some(Ok(told)) => Rc::clone(&told.data),
                Some(Err(reason)) => return Err(reason.clone()),
                None => return Err("nobody was asked".to_owned()),
            };
            let Some(state) = data.shows.get(&id).filter(|_| media[at].kind != Kind::Movie) else {
                let done = media[at].kind == Kind::Movie && data.movies.contains_key(&id);
                return Ok(vec![(field.into(), done.into())]);
            };
            let done = match (media[at].kind, media[at].season, media[at].episode) {
                (Kind::Episode, Some(season), Some(episode)) => state.has(season, episode),
                (Kind::Episode, ..) => {
                    let seasons = seasons_of(&seasons, &work)?;
                    let episode =
                        episode_of(entries[at], &media[at], &seasons, &work).ok_or("Trakt has no such episode")?;
                    state.has(episode.season, episode.number)
                }
                (Kind::Season, Some(number), _) => {
                    let seasons = seasons_of(&seasons, &work)?;
                    let season =
                        seasons.iter().find(|season| season.number == number).ok_or("Trakt has no such season")?;
                    let aired = seasons::aired(season, client.cx().clock.now())
                        .ok_or("Trakt did not say which episodes the season has")?;
                    !aired.is_empty() && aired.iter().all(|episode| state.has(number, *episode))
                }
                _ => {
                    let aired = state.aired.or_else(|| full.get(&id).copied());
                    let aired = aired.ok_or("Trakt did not say how many episodes were aired")?;
                    if state.is_plain(aired) {
                        aired > 0 && state.count() == aired
                    } else {
                        let now = client.cx().clock.now();
                        let seasons = seasons_of(&seasons, &work)?;
                        let mut regular = seasons.iter().filter(|season| season.number > 0);
                        regular.try_fold(true, |so_far, season| {
                            let aired =
                                seasons::aired(season, now).ok_or("Trakt did not say which episodes the show has")?;
                            Ok::<bool, &str>(so_far && aired.iter().all(|episode| state.has(season.number, *episode)))
                        })?
                    }
                }
            };
            Ok(vec![(field.into(), done.into())])
        };
        works.iter().enumerate().map(of).collect()
    }

    /// How many episodes of whole shows have been aired, where what the user has done does not tell it.
    async fn full_shows(
        &self,
        client: &Client,
        media: &[Media],
        works: &[titles::Found],
        told: Option<&Result<Told, String>>,
    ) -> HashMap<i64, i64> {
        let Some(Ok(told)) = told else { return HashMap::new() };
        let wanted: Vec<Media> = works
            .iter()
            .zip(media)
            .filter(|(_, media)| media.kind == Kind::Show)
            .filter_map(|(work, media)| {
                let id = work.as_ref().ok()?.ids.trakt?;
                let state = told.data.shows.get(&id)?;
                let with_id = crate::media::Ids { trakt: Some(id), ..crate::media::Ids::default() };
                state.aired.is_none().then(|| Media { ids: with_id, ..media.clone() })
            })
            .collect();
        let works = titles::find(client, &wanted).await;
        works.into_iter().flatten().filter_map(|work| Some((work.ids.trakt?, work.aired_episodes?))).collect()
    }

    /// What the user has given the entries and what they belong to.
    async fn ratings(&self, client: &Client, entries: &[&Entry], media: &[Media]) -> Vec<Answer> {
        let [told, _] = self.ask(client, Some(Question::Ratings), None).await;
        let data = match told {
            Some(Ok(told)) => told.data,
            Some(Err(reason)) => return vec![Err(reason); entries.len()],
            None => return vec![Err("nobody was asked".to_owned()); entries.len()],
        };
        let works = works_with_ids(client, media).await;
        let parts: Vec<Rc<Work>> = works
            .iter()
            .zip(media)
            .filter(|(_, media)| matches!(media.kind, Kind::Season | Kind::Episode) && media.own_ids.trakt.is_none())
            .filter_map(|(work, _)| work.as_ref().ok().cloned())
            .collect();
        let seasons = seasons::of(client, &parts).await;
        let of = |(at, work): (usize, titles::Found)| -> Answer {
            let work = work?;
            let rating =
                |kind: &str, id: Option<i64>| id.and_then(|id| data.ratings.get(&format!("{kind} {id}")).copied());
            let mut fields: Vec<(Name, Value)> = Vec::new();
            if media[at].kind == Kind::Movie {
                fields.push(("trakt_movie_user_rating".into(), rating("movie", work.ids.trakt).into()));
                return Ok(fields);
            }
            fields.push(("trakt_series_user_rating".into(), rating("show", work.ids.trakt).into()));
            if media[at].kind != Kind::Show {
                let known = seasons_of(&seasons, &work).ok();
                let of_seasons = known.as_ref().map(|seasons| seasons.as_slice()).unwrap_or_default();
                let episode = episode_of(entries[at], &media[at], of_seasons, &work);
                let number = media[at].season.or(episode.map(|episode| episode.season));
                let season = of_seasons.iter().find(|season| Some(season.number) == number);
                let own = media[at].own_ids.trakt;
                let season_id =
                    season.and_then(|season| season.ids.trakt).or(own.filter(|_| media[at].kind == Kind::Season));
                fields.push(("trakt_season_user_rating".into(), rating("season", season_id).into()));
                if media[at].kind == Kind::Episode {
                    let id = own.or(episode.and_then(|episode| episode.ids.trakt));
                    fields.push(("trakt_ep_user_rating".into(), rating("episode", id).into()));
                }
            }
            Ok(fields)
        };
        works.into_iter().enumerate().map(of).collect()
    }
}

/// The works of these media; nothing is asked about one whose number at Trakt is known.
async fn works_with_ids(client: &Client, media: &[Media]) -> Vec<titles::Found> {
    let unknown: Vec<Media> = media.iter().filter(|media| media.ids.trakt.is_none()).cloned().collect();
    let mut found = titles::find(client, &unknown).await.into_iter();
    media
        .iter()
        .map(|media| match media.ids.trakt {
            Some(id) => Ok(Rc::new(Work {
                ids: Ids { trakt: Some(id), ..Ids::default() },
                title: media.name.clone(),
                ..Work::default()
            })),
            None => found.next().unwrap_or_else(|| Err("no answer".to_owned())),
        })
        .collect()
}

fn seasons_of(seasons: &HashMap<i64, seasons::Found>, work: &Work) -> Result<Rc<Vec<Season>>, String> {
    let id = work.ids.trakt.ok_or("Trakt gave no number for it")?;
    seasons.get(&id).cloned().unwrap_or_else(|| Err("its seasons are not known".to_owned()))
}

/// The episode that an entry is: by season and number, by its number over all seasons, or by its day.
fn episode_of<'a>(entry: &Entry, media: &Media, seasons: &'a [Season], work: &Work) -> Option<&'a Episode> {
    match (entry.text("series_id_type"), media.season, media.episode) {
        (Some("date"), ..) => {
            let day = match entry.peek("series_date").or_else(|| entry.peek("series_id"))? {
                Value::Date(day) => *day,
                other => other.as_str()?.parse::<Date>().ok()?,
            };
            let zone = work.airs.as_ref().and_then(|airs| airs.timezone.as_deref());
            seasons::aired_on(seasons, day, zone)
        }
        (Some("sequence"), ..) => seasons::absolute(seasons, entry.int("series_id").or(media.episode)?),
        (_, Some(season), Some(episode)) => seasons::episode(seasons, season, episode),
        _ => None,
    }
}

fn fields_of(works: Vec<titles::Found>, fields: impl Fn(&Work) -> Vec<(Name, Value)>) -> Vec<Answer> {
    works.into_iter().map(|work| work.map(|work| fields(&work))).collect()
}

fn texts(values: &Option<Vec<String>>) -> Value {
    values.as_ref().map_or(Value::Null, |values| values.iter().map(String::as_str).collect())
}

fn imdb_url(work: &Work) -> Value {
    work.ids.imdb.as_ref().map(|id| format!("https://www.imdb.com/title/{id}")).into()
}

fn movie_fields(work: &Work) -> Vec<(Name, Value)> {
    vec![
        ("trakt_movie_name".into(), work.title.clone().into()),
        ("trakt_movie_year".into(), work.year.into()),
        ("trakt_movie_id".into(), work.ids.trakt.into()),
        ("trakt_movie_slug".into(), work.ids.slug.clone().into()),
        ("imdb_id".into(), work.ids.imdb.clone().into()),
        ("tmdb_id".into(), work.ids.tmdb.into()),
        ("trakt_tagline".into(), work.tagline.clone().into()),
        ("trakt_overview".into(), work.overview.clone().into()),
        ("trakt_released".into(), work.released.into()),
        ("trakt_runtime".into(), work.runtime.into()),
        ("trakt_rating".into(), work.rating.into()),
        ("trakt_votes".into(), work.votes.into()),
        ("trakt_homepage".into(), work.homepage.clone().into()),
        ("trakt_trailer".into(), work.trailer.clone().into()),
        ("trakt_language".into(), work.language.clone().into()),
        ("trakt_genres".into(), texts(&work.genres)),
        ("trakt_languages".into(), texts(&work.available_translations)),
        ("imdb_url".into(), imdb_url(work)),
    ]
}

fn show_fields(work: &Work) -> Vec<(Name, Value)> {
    let airs = work.airs.clone().unwrap_or_default();
    vec![
        ("trakt_series_name".into(), work.title.clone().into()),
        ("trakt_series_year".into(), work.year.into()),
        ("trakt_show_id".into(), work.ids.trakt.into()),
        ("trakt_show_slug".into(), work.ids.slug.clone().into()),
        ("imdb_id".into(), work.ids.imdb.clone().into()),
        ("tvdb_id".into(), work.ids.tvdb.into()),
        ("tmdb_id".into(), work.ids.tmdb.into()),
        ("trakt_trailer".into(), work.trailer.clone().into()),
        ("trakt_homepage".into(), work.homepage.clone().into()),
        ("trakt_series_runtime".into(), work.runtime.into()),
        ("trakt_series_first_aired".into(), work.first_aired.into()),
        ("trakt_series_air_time".into(), airs.time.into()),
        ("trakt_series_air_day".into(), airs.day.into()),
        ("trakt_series_content_rating".into(), work.certification.clone().into()),
        ("trakt_genres".into(), texts(&work.genres)),
        ("trakt_series_network".into(), work.network.clone().into()),
        ("imdb_url".into(), imdb_url(work)),
        ("trakt_series_url".into(), work.ids.slug.as_ref().map(|slug| format!("{SITE}/shows/{slug}")).into()),
        ("trakt_series_country".into(), work.country.clone().into()),
        ("trakt_series_status".into(), work.status.clone().into()),
        ("trakt_series_overview".into(), work.overview.clone().into()),
        ("trakt_series_rating".into(), work.rating.into()),
        ("trakt_series_votes".into(), work.votes.into()),
        ("trakt_series_language".into(), work.language.clone().into()),
        ("trakt_series_aired_episodes".into(), work.aired_episodes.into()),
        ("trakt_languages".into(), texts(&work.available_translations)),
        ("trakt_rating".into(), work.rating.into()),
    ]
}

fn season_fields(season: &Season) -> Vec<(Name, Value)> {
    vec![
        ("trakt_season_name".into(), season.title.clone().into()),
        ("trakt_season_tvdb_id".into(), season.ids.tvdb.into()),
        ("trakt_season_tmdb_id".into(), season.ids.tmdb.into()),
        ("trakt_season_id".into(), season.ids.trakt.into()),
        ("trakt_season_first_aired".into(), season.first_aired.into()),
        ("trakt_season_overview".into(), season.overview.clone().into()),
        ("trakt_season_episode_count".into(), season.episode_count.into()),
        ("trakt_season_aired_episodes".into(), season.aired_episodes.into()),
        ("trakt_season".into(), season.number.into()),
    ]
}

fn episode_fields(episode: &Episode) -> Vec<(Name, Value)> {
    vec![
        ("trakt_ep_name".into(), episode.title.clone().into()),
        ("trakt_ep_imdb_id".into(), episode.ids.imdb.clone().into()),
        ("trakt_ep_tvdb_id".into(), episode.ids.tvdb.into()),
        ("trakt_ep_tmdb_id".into(), episode.ids.tmdb.into()),
        ("trakt_episode_id".into(), episode.ids.trakt.into()),
        ("trakt_ep_first_aired".into(), episode.first_aired.into()),
        ("trakt_ep_overview".into(), episode.overview.clone().into()),
        ("trakt_ep_abs_number".into(), episode.number_abs.into()),
        ("trakt_season".into(), episode.season.into()),
        ("trakt_episode".into(), episode.number.into()),
        ("trakt_ep_id".into(), format!("S{:02}E{:02}", episode.season, episode.number).into()),
    ]
}

/// A work with the group of addresses that it is in, once for all media that are or belong to it.
async fn by_work<T>(
    client: &Client,
    media: &[Media],
    ask: impl AsyncFn(&'static str, i64) -> Result<T, Fault>,
    fields: impl Fn(&T) -> Vec<(Name, Value)>,
) -> Vec<Answer> {
    let works = works_with_ids(client, media).await;
    let address = |at: usize| {
        let group = if media[at].kind == Kind::Movie { "movies" } else { "shows" };
        works[at].as_ref().ok().and_then(|work| Some((group, work.ids.trakt?)))
    };
    let wanted: BTreeSet<(&'static str, i64)> = (0..media.len()).filter_map(address).collect();
    let wanted: Vec<(&'static str, i64)> = wanted.into_iter().collect();
    let answers =
        each(client, "titles", &wanted, async |(group, id): &(&'static str, i64)| ask(group, *id).await).await;
    let told: BTreeMap<_, _> = wanted.into_iter().zip(answers).collect();
    (0..media.len())
        .map(|at| match address(at).and_then(|address| told.get(&address)) {
            Some(Ok(answer)) => Ok(fields(answer)),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(works[at].as_ref().err().cloned().unwrap_or_else(|| "Trakt gave no number for it".to_owned())),
        })
        .collect()
}

/// The people of a movie or show, as far as they matter here.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct People {
    #[serde(deserialize_with = "null_is_default")]
    cast: Vec<Role>,
}

/// Somebody who plays.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct Role {
    person: Person,
    character: Option<String>,
}

/// A person.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct Person {
    name: Option<String>,
    ids: Ids,
}

async fn actors(client: &Client, media: &[Media]) -> Vec<Answer> {
    let ask = async |group: &'static str, id: i64| -> Result<People, Fault> {
        titles::cached(client, "people", &format!("{group}/{id}/people")).await
    };
    by_work(client, media, ask, |people| vec![("trakt_actors".into(), actors_field(people))]).await
}

/// The actors by Trakt's numbers, as FlexGet has them.
fn actors_field(people: &People) -> Value {
    let actor = |part: &Role| {
        let person = &part.person;
        let fields: [(&str, Value); 6] = [
            ("trakt_id", person.ids.trakt.into()),
            ("name", person.name.clone().into()),
            ("imdb_id", person.ids.imdb.clone().into()),
            ("trakt_slug", person.ids.slug.clone().into()),
            ("tmdb_id", person.ids.tmdb.into()),
            ("character", part.character.clone().into()),
        ];
        Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    };
    let by_number =
        people.cast.iter().filter_map(|part| Some((part.person.ids.trakt?.to_string().into(), actor(part))));
    Value::Map(by_number.collect())
}

async fn translations(client: &Client, media: &[Media]) -> Vec<Answer> {
    let ask = async |group: &'static str, id: i64| translation::all(client, group, id).await;
    by_work(client, media, ask, |all| vec![("trakt_translations".into(), translations_field(all))]).await
}

/// The translations by language; of several into one language, that of its own country.
fn translations_field(all: &[Translation]) -> Value {
    let languages: BTreeSet<&str> = all.iter().filter_map(|one| one.language.as_deref()).collect();
    let entry = |language: &str| {
        let best = translation::best(all, language);
        let text = |text: Option<&String>| Value::from(text.cloned());
        let fields: [(&str, Value); 2] = [
            ("title", text(best.and_then(|one| one.title.as_ref()))),
            ("overview", text(best.and_then(|one| one.overview.as_ref()))),
        ];
        Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    };
    Value::Map(languages.into_iter().map(|language| (language.into(), entry(language))).collect())
}

#[cfg(test)]
mod tests;
