mod details;
mod episodes;
pub(crate) mod fields;
mod user_activity;

use flexget_core::prelude::*;
use jiff::civil::Date;

use crate::titles::media::{Ids, Kind, Media};
use crate::titles::parsing::{series, today};
use crate::trakt::api::client::Client;
use crate::trakt::api::model::Work;
use crate::trakt::titles;

/// Looks up what Trakt knows of movies, shows, seasons and episodes, and what a user has done with them.
///
/// Nothing is asked until a field is read, by a condition, a template or another plugin; then it is asked for all entries at
/// once. A title is found by any id that the entry has, else by its name and year; if no title is surely the one
/// meant, the fields stay unknown and a warning says so (FlexGet takes the first hit).
///
/// With `account`, or `username` for a public profile, there are also `trakt_watched`, `trakt_collected` and the user's ratings. A season
/// or show is watched (collected) when all of its aired episodes are, and a release of several episodes when all of them are. If Trakt cannot be asked, what it said last is used,
/// and a warning says so; if it never said anything, the fields stay unknown, and a condition that reads them decides
/// nothing. (In FlexGet they are then as if nothing was watched.)
///
/// An entry that nothing tells to be a show, season or episode is taken for a movie, unless its title is that of an episode.
///
/// Fields of movies: `movie_name`, `movie_year`, `trakt_movie_name`, `trakt_movie_year`, `trakt_movie_id`, `trakt_movie_slug`, `imdb_id`, `tmdb_id`, `trakt_tagline`,
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
        let source =
            Rc::new(Source { account: self.account.clone(), username: self.username.clone(), today: today(&task.cx) });
        let has_user = self.account.is_some() || self.username.is_some();
        for part in Part::ALL.into_iter().filter(|part| has_user || !part.is_of_a_user()) {
            task.offer(Rc::new(Lookup { source: Rc::clone(&source), part }));
        }
        Ok(())
    }
}

/// Who asks, about whom, and when.
struct Source {
    account: Option<String>,
    username: Option<String>,
    today: Date,
}

/// Fields that come with the same requests.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Movie,
    Show,
    Season,
    Episode,
    EpisodeNames,
    Actors,
    Translations,
    Watched,
    Collected,
    Ratings,
    RatingsOfParts,
}

impl Part {
    const ALL: [Self; 11] = [
        Self::Movie,
        Self::Show,
        Self::Season,
        Self::Episode,
        Self::EpisodeNames,
        Self::Actors,
        Self::Translations,
        Self::Watched,
        Self::Collected,
        Self::Ratings,
        Self::RatingsOfParts,
    ];

    fn is_of_a_user(self) -> bool {
        matches!(self, Self::Watched | Self::Collected | Self::Ratings | Self::RatingsOfParts)
    }
}

/// An offer of one part.
struct Lookup {
    source: Rc<Source>,
    part: Part,
}

impl Offer for Lookup {
    fn plugin(&self) -> &'static str {
        TraktLookup::NAME
    }

    fn fields(&self) -> &[&'static str] {
        match self.part {
            Part::Movie => &fields::MOVIE,
            Part::Show => &fields::SHOW,
            Part::Season => &fields::SEASON,
            Part::Episode => &fields::EPISODE,
            Part::EpisodeNames => &["trakt_series_episodes"],
            Part::Actors => &["trakt_actors"],
            Part::Translations => &["trakt_translations"],
            Part::Watched => &["trakt_watched"],
            Part::Collected => &["trakt_collected"],
            Part::Ratings => &["trakt_movie_user_rating", "trakt_series_user_rating"],
            Part::RatingsOfParts => &["trakt_season_user_rating", "trakt_ep_user_rating"],
        }
    }

    fn applies(&self, entry: &Entry) -> bool {
        let Some(kind) = Media::kind_of(entry, None).or_else(|| self.guess(entry)) else { return false };
        match self.part {
            Part::Movie => kind == Kind::Movie,
            Part::Show | Part::EpisodeNames | Part::RatingsOfParts => kind != Kind::Movie,
            Part::Season => kind == Kind::Season,
            Part::Episode => kind == Kind::Episode,
            Part::Actors | Part::Translations | Part::Watched | Part::Collected | Part::Ratings => true,
        }
    }

    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Vec<Answer>> {
        Box::pin(async move {
            match Client::new(cx, self.source.account.as_deref()) {
                Ok(client) => self.answer(&client, entries).await,
                Err(error) => vec![Err(error.to_string()); entries.len()],
            }
        })
    }
}

impl Lookup {
    /// As in FlexGet, what is not said to be a show is a movie; but a title that tells of episodes is none.
    fn guess(&self, entry: &Entry) -> Option<Kind> {
        let is_told = entry.has("imdb_id") || entry.has("tmdb_id");
        (is_told || !series::is_of_series(entry.title(), self.source.today)).then_some(Kind::Movie)
    }

    /// What an entry is. The year of a movie may stand in the field `year`.
    fn media(&self, entry: &Entry) -> Option<Media> {
        let mut media = Media::of(entry, None).or_else(|| Media::of(entry, self.guess(entry)))?;
        if media.kind == Kind::Movie {
            media.year = media.year.or_else(|| entry.int("year"));
        }
        Some(media)
    }

    async fn answer(&self, client: &Client, entries: &[&Entry]) -> Vec<Answer> {
        // `applies` has seen to it that every entry is some medium.
        let media: Vec<Media> = entries.iter().filter_map(|entry| self.media(entry)).collect();
        if media.len() != entries.len() {
            return vec![Err("nothing tells what it is".to_owned()); entries.len()];
        }
        match self.part {
            Part::Movie => fields_of(titles::find(client, &media).await, fields::movie_fields),
            Part::Show => fields_of(titles::find(client, &media).await, fields::show_fields),
            Part::Season | Part::Episode => self.parts(client, entries, &media).await,
            Part::EpisodeNames => episodes::episode_names(client, &media).await,
            Part::Actors => details::actors(client, &media).await,
            Part::Translations => details::translations(client, &media).await,
            Part::Watched | Part::Collected => self.done(client, entries, &media).await,
            Part::Ratings => self.ratings(client, &media).await,
            Part::RatingsOfParts => self.ratings_of_parts(client, entries, &media).await,
        }
    }
}

fn fields_of(works: Vec<titles::Found>, fields: impl Fn(&Work) -> Vec<(Name, Value)>) -> Vec<Answer> {
    works.into_iter().map(|work| work.map(|work| fields(&work))).collect()
}

/// The works of these media. Nothing is asked about one whose number at Trakt is known, except where it matters when a
/// show is aired: for an episode that is named for its day.
async fn works_with_ids(client: &Client, media: &[Media]) -> Vec<titles::Found> {
    let is_enough =
        |media: &Media| media.ids.trakt.is_some() && (media.kind != Kind::Episode || media.episode.is_some());
    let unknown: Vec<Media> = media.iter().filter(|media| !is_enough(media)).cloned().collect();
    let mut found = titles::find(client, &unknown).await.into_iter();
    media
        .iter()
        .map(|media| match media.ids.trakt.filter(|_| is_enough(media)) {
            Some(id) => Ok(Rc::new(Work {
                ids: Ids { trakt: Some(id), ..Ids::default() },
                title: media.name.clone(),
                ..Work::default()
            })),
            None => found.next().unwrap_or_else(|| Err("no answer".to_owned())),
        })
        .collect()
}

#[cfg(test)]
mod tests;
