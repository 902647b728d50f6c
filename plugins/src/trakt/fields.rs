//! The table of the fields that `trakt_lookup` offers: their names, groups and values.

use flexget_core::prelude::*;

use self::FieldValue::{Computed, OfDetails, OfEpisode, OfSeason, OfWork};
use crate::titles::media::Kind;
use crate::trakt::api::model::{Airs, Details, Episode, Season, Work};
use crate::trakt::api::urls::SITE;

/// Fields that come with the same requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldGroup {
    /// Details of a movie.
    Movie,
    /// Details of a show, also for its seasons and episodes.
    Show,
    /// Details of a season.
    Season,
    /// Details of an episode.
    Episode,
    /// Names of all episodes of a show.
    EpisodeNames,
    /// Cast of a movie or show.
    Actors,
    /// Translations of a movie or show.
    Translations,
    /// Whether the user has watched it.
    Watched,
    /// Whether the user has collected it.
    Collected,
    /// The user's rating of a movie or show.
    Ratings,
    /// The user's rating of a season or an episode.
    PartRatings,
}

impl FieldGroup {
    /// Returns all groups, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        FIELDS.chunk_by(|(a, ..), (b, ..)| a == b).filter_map(|fields| Some(fields.first()?.0))
    }

    /// Tells whether the fields belong to a user.
    pub fn is_of_user(self) -> bool {
        matches!(self, Self::Watched | Self::Collected | Self::Ratings | Self::PartRatings)
    }

    /// Tells whether media of a kind have the fields.
    pub fn applies_to(self, kind: Kind) -> bool {
        match self {
            Self::Movie => kind == Kind::Movie,
            Self::Show | Self::EpisodeNames | Self::PartRatings => kind != Kind::Movie,
            Self::Season => kind == Kind::Season,
            Self::Episode => kind == Kind::Episode,
            Self::Actors | Self::Translations | Self::Watched | Self::Collected | Self::Ratings => true,
        }
    }

    /// Returns the fields as `check` knows them.
    pub fn fields(self) -> Vec<KnownField> {
        let field = |name| {
            let known = known_field(name);
            if self.is_of_user() { known.needs("account") } else { known }
        };
        self.names().into_iter().map(field).collect()
    }

    /// Returns the names of the fields.
    pub fn names(self) -> Vec<&'static str> {
        FIELDS.iter().filter(|(group, ..)| *group == self).map(|(_, name, _)| *name).collect()
    }
}

/// Returns a field of a lookup or a list as `check` knows it.
pub fn known_field(name: &'static str) -> KnownField {
    KnownField::new(name).domain(values(name))
}

/// Returns the values that a field can have, as Trakt documents them.
///
/// Fields that other plugins give, too, may have others.
fn values(field: &str) -> FieldDomain {
    let Some(name) = field.strip_prefix("trakt_") else { return FieldDomain::Any };
    let ends_with = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    match name {
        "watched" | "collected" => FieldDomain::Boolean,
        "series_status" => FieldDomain::Words(&STATUSES),
        "genres" => FieldDomain::Lists,
        "released" => FieldDomain::Dates,
        _ if ends_with(&["first_aired", "_at"]) => FieldDomain::Dates,
        _ if ends_with(&["languages"]) => FieldDomain::Lists,
        _ if ends_with(&["user_rating"]) => FieldDomain::Numbers(1, 10),
        _ if !ends_with(&["content_rating"]) && ends_with(&["rating"]) => FieldDomain::Numbers(0, 10),
        "season" | "episode" => FieldDomain::Numbers(0, i64::MAX),
        _ if ends_with(&["votes", "runtime", "_year", "aired_episodes", "episode_count", "abs_number"]) => {
            FieldDomain::Numbers(0, i64::MAX)
        }
        _ => FieldDomain::Any,
    }
}

/// The states of a show.
const STATUSES: [&str; 11] = [
    "returning series",
    "continuing",
    "in production",
    "planned",
    "upcoming",
    "pilot",
    "canceled",
    "ended",
    "released",
    "post production",
    "rumored",
];

/// How the value of a field is read from a response.
#[derive(Clone, Copy)]
enum FieldValue {
    /// From the names and ids of a movie or show.
    OfWork(fn(&Work) -> Value),
    /// From the details of a movie or show.
    OfDetails(fn(&Details) -> Value),
    /// From a season.
    OfSeason(fn(&Season) -> Value),
    /// From an episode.
    OfEpisode(fn(&Episode) -> Value),
    /// Computed by the lookup.
    Computed,
}

/// All fields, with FlexGet's names.
static FIELDS: &[(FieldGroup, &str, FieldValue)] = &[
    (FieldGroup::Movie, "movie_name", OfWork(|it| it.title.clone().into())),
    (FieldGroup::Movie, "movie_year", OfWork(|it| it.year.into())),
    (FieldGroup::Movie, "trakt_movie_name", OfWork(|it| it.title.clone().into())),
    (FieldGroup::Movie, "trakt_movie_year", OfWork(|it| it.year.into())),
    (FieldGroup::Movie, "trakt_movie_id", OfWork(|it| it.ids.trakt.into())),
    (FieldGroup::Movie, "trakt_movie_slug", OfWork(|it| it.ids.slug.clone().into())),
    (FieldGroup::Movie, "imdb_id", OfWork(|it| it.ids.imdb.clone().into())),
    (FieldGroup::Movie, "tmdb_id", OfWork(|it| it.ids.tmdb.into())),
    (FieldGroup::Movie, "trakt_tagline", OfDetails(|it| it.tagline.clone().into())),
    (FieldGroup::Movie, "trakt_overview", OfDetails(|it| it.overview.clone().into())),
    (FieldGroup::Movie, "trakt_released", OfDetails(|it| it.released.into())),
    (FieldGroup::Movie, "trakt_runtime", OfDetails(|it| it.runtime.into())),
    (FieldGroup::Movie, "trakt_rating", OfDetails(|it| it.rating.into())),
    (FieldGroup::Movie, "trakt_votes", OfDetails(|it| it.votes.into())),
    (FieldGroup::Movie, "trakt_homepage", OfDetails(|it| it.homepage.clone().into())),
    (FieldGroup::Movie, "trakt_trailer", OfDetails(|it| it.trailer.clone().into())),
    (FieldGroup::Movie, "trakt_language", OfDetails(|it| it.language.clone().into())),
    (FieldGroup::Movie, "trakt_genres", OfDetails(|it| texts(&it.genres))),
    (FieldGroup::Movie, "trakt_languages", OfDetails(|it| texts(&it.available_translations))),
    (FieldGroup::Movie, "imdb_url", OfWork(imdb_url)),
    (FieldGroup::Show, "trakt_series_name", OfWork(|it| it.title.clone().into())),
    (FieldGroup::Show, "trakt_series_year", OfWork(|it| it.year.into())),
    (FieldGroup::Show, "trakt_show_id", OfWork(|it| it.ids.trakt.into())),
    (FieldGroup::Show, "trakt_show_slug", OfWork(|it| it.ids.slug.clone().into())),
    (FieldGroup::Show, "imdb_id", OfWork(|it| it.ids.imdb.clone().into())),
    (FieldGroup::Show, "tvdb_id", OfWork(|it| it.ids.tvdb.into())),
    (FieldGroup::Show, "tmdb_id", OfWork(|it| it.ids.tmdb.into())),
    (FieldGroup::Show, "trakt_trailer", OfDetails(|it| it.trailer.clone().into())),
    (FieldGroup::Show, "trakt_homepage", OfDetails(|it| it.homepage.clone().into())),
    (FieldGroup::Show, "trakt_series_runtime", OfDetails(|it| it.runtime.into())),
    (FieldGroup::Show, "trakt_series_first_aired", OfDetails(|it| it.first_aired.into())),
    (FieldGroup::Show, "trakt_series_air_time", OfDetails(|it| airs_of(it).time.into())),
    (FieldGroup::Show, "trakt_series_air_day", OfDetails(|it| airs_of(it).day.into())),
    (FieldGroup::Show, "trakt_series_content_rating", OfDetails(|it| it.certification.clone().into())),
    (FieldGroup::Show, "trakt_genres", OfDetails(|it| texts(&it.genres))),
    (FieldGroup::Show, "trakt_series_network", OfDetails(|it| it.network.clone().into())),
    (FieldGroup::Show, "imdb_url", OfWork(imdb_url)),
    (FieldGroup::Show, "trakt_series_url", OfWork(series_url)),
    (FieldGroup::Show, "trakt_series_country", OfDetails(|it| it.country.clone().into())),
    (FieldGroup::Show, "trakt_series_status", OfDetails(|it| it.status.clone().into())),
    (FieldGroup::Show, "trakt_series_overview", OfDetails(|it| it.overview.clone().into())),
    (FieldGroup::Show, "trakt_series_rating", OfDetails(|it| it.rating.into())),
    (FieldGroup::Show, "trakt_series_votes", OfDetails(|it| it.votes.into())),
    (FieldGroup::Show, "trakt_series_language", OfDetails(|it| it.language.clone().into())),
    (FieldGroup::Show, "trakt_series_aired_episodes", OfDetails(|it| it.aired_episodes.into())),
    (FieldGroup::Show, "trakt_languages", OfDetails(|it| texts(&it.available_translations))),
    (FieldGroup::Show, "trakt_rating", OfDetails(|it| it.rating.into())),
    (FieldGroup::Show, "trakt_series_air_timezone", OfDetails(|it| airs_of(it).timezone.into())),
    (FieldGroup::Show, "trakt_series_updated_at", OfDetails(|it| it.updated_at.into())),
    (FieldGroup::Season, "trakt_season_name", OfSeason(|it| it.title.clone().into())),
    (FieldGroup::Season, "trakt_season_tvdb_id", OfSeason(|it| it.ids.tvdb.into())),
    (FieldGroup::Season, "trakt_season_tmdb_id", OfSeason(|it| it.ids.tmdb.into())),
    (FieldGroup::Season, "trakt_season_id", OfSeason(|it| it.ids.trakt.into())),
    (FieldGroup::Season, "trakt_season_first_aired", OfSeason(|it| it.first_aired.into())),
    (FieldGroup::Season, "trakt_season_overview", OfSeason(|it| it.overview.clone().into())),
    (FieldGroup::Season, "trakt_season_episode_count", OfSeason(|it| it.episode_count.into())),
    (FieldGroup::Season, "trakt_season_aired_episodes", OfSeason(|it| it.aired_episodes.into())),
    (FieldGroup::Season, "trakt_season", OfSeason(|it| it.number.into())),
    (FieldGroup::Episode, "trakt_ep_name", OfEpisode(|it| it.title.clone().into())),
    (FieldGroup::Episode, "trakt_ep_imdb_id", OfEpisode(|it| it.ids.imdb.clone().into())),
    (FieldGroup::Episode, "trakt_ep_tvdb_id", OfEpisode(|it| it.ids.tvdb.into())),
    (FieldGroup::Episode, "trakt_ep_tmdb_id", OfEpisode(|it| it.ids.tmdb.into())),
    (FieldGroup::Episode, "trakt_episode_id", OfEpisode(|it| it.ids.trakt.into())),
    (FieldGroup::Episode, "trakt_ep_first_aired", OfEpisode(|it| it.first_aired.into())),
    (FieldGroup::Episode, "trakt_ep_overview", OfEpisode(|it| it.overview.clone().into())),
    (FieldGroup::Episode, "trakt_ep_abs_number", OfEpisode(|it| it.number_abs.into())),
    (FieldGroup::Episode, "trakt_season", OfEpisode(|it| it.season.into())),
    (FieldGroup::Episode, "trakt_episode", OfEpisode(|it| it.number.into())),
    (FieldGroup::Episode, "trakt_ep_id", OfEpisode(|it| format!("S{:02}E{:02}", it.season, it.number).into())),
    (FieldGroup::Episode, "trakt_ep_languages", OfEpisode(|it| texts(&it.available_translations))),
    (FieldGroup::Episode, "trakt_ep_runtime", OfEpisode(|it| it.runtime.into())),
    (FieldGroup::Episode, "trakt_ep_updated_at", OfEpisode(|it| it.updated_at.into())),
    (FieldGroup::Episode, "trakt_ep_rating", OfEpisode(|it| it.rating.into())),
    (FieldGroup::Episode, "trakt_ep_votes", OfEpisode(|it| it.votes.into())),
    (FieldGroup::EpisodeNames, "trakt_series_episodes", Computed),
    (FieldGroup::Actors, "trakt_actors", Computed),
    (FieldGroup::Translations, "trakt_translations", Computed),
    (FieldGroup::Watched, "trakt_watched", Computed),
    (FieldGroup::Collected, "trakt_collected", Computed),
    (FieldGroup::Ratings, "trakt_movie_user_rating", Computed),
    (FieldGroup::Ratings, "trakt_series_user_rating", Computed),
    (FieldGroup::PartRatings, "trakt_season_user_rating", Computed),
    (FieldGroup::PartRatings, "trakt_ep_user_rating", Computed),
];

fn texts(values: &Option<Vec<String>>) -> Value {
    values.as_ref().map_or(Value::Null, |values| values.iter().map(String::as_str).collect())
}

fn series_url(work: &Work) -> Value {
    work.ids.slug.as_ref().map(|slug| format!("{SITE}/shows/{slug}")).into()
}

fn imdb_url(work: &Work) -> Value {
    work.ids.imdb.as_ref().map(|id| format!("https://www.imdb.com/title/{id}")).into()
}

fn airs_of(details: &Details) -> Airs {
    details.airs.clone().unwrap_or_default()
}

/// Returns the fields of a group with the values that `value` reads.
fn filled(group: FieldGroup, value: impl Fn(FieldValue) -> Option<Value>) -> Vec<(Name, Value)> {
    let fields = FIELDS.iter().filter(|(of, ..)| *of == group);
    fields.filter_map(|(_, name, read)| Some((Name::Borrowed(*name), value(*read)?))).collect()
}

/// Returns the fields of a movie or show.
pub fn work_fields(kind: Kind, work: &Work) -> Vec<(Name, Value)> {
    let group = if kind == Kind::Movie { FieldGroup::Movie } else { FieldGroup::Show };
    let details = work.details();
    filled(group, |value| match value {
        OfWork(value) => Some(value(work)),
        OfDetails(value) => Some(value(&details)),
        _ => None,
    })
}

/// Returns the fields of a season.
pub fn season_fields(season: &Season) -> Vec<(Name, Value)> {
    filled(FieldGroup::Season, |value| if let OfSeason(value) = value { Some(value(season)) } else { None })
}

/// Returns the fields of an episode.
pub fn episode_fields(episode: &Episode) -> Vec<(Name, Value)> {
    filled(FieldGroup::Episode, |value| if let OfEpisode(value) = value { Some(value(episode)) } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field whose values are of another kind than `check` believes would be warned of wrongly.
    #[test]
    fn fields_have_values_of_the_kind_that_is_declared() {
        let when = "2024-02-03T04:05:06.000Z";
        let work: Work = serde_json::from_value(serde_json::json!({
            "title": "A", "year": 2024, "released": "2024-02-03", "first_aired": when, "updated_at": when, "rating": 7.5,
            "votes": 9, "runtime": 90, "genres": ["drama"], "available_translations": ["de"], "status": "ended",
            "aired_episodes": 8, "certification": "PG", "ids": { "trakt": 1, "slug": "a" },
        }))
        .unwrap();
        let part = serde_json::json!({
            "title": "A", "number": 1, "season": 1, "number_abs": 1, "first_aired": when, "updated_at": when,
            "rating": 7.5, "votes": 9, "runtime": 90, "available_translations": ["de"], "episode_count": 8,
            "aired_episodes": 8, "ids": { "trakt": 1 },
        });
        let season = season_fields(&serde_json::from_value(part.clone()).unwrap());
        let episode = episode_fields(&serde_json::from_value(part).unwrap());
        let works = [Kind::Movie, Kind::Show].into_iter().flat_map(|kind| work_fields(kind, &work));
        let mut checked = 0;
        for (name, value) in works.chain(season).chain(episode) {
            let is_so = match values(&name) {
                FieldDomain::Numbers(..) => matches!(value, Value::Int(_) | Value::Float(_)),
                FieldDomain::Dates => matches!(value, Value::Date(_) | Value::Time(_)),
                FieldDomain::Lists => matches!(value, Value::List(_)),
                FieldDomain::Words(words) => value.as_str().is_some_and(|word| words.contains(&word)),
                _ => continue,
            };
            assert!(is_so, "{name}: {value:?}");
            checked += 1;
        }
        assert!(checked > 25, "{checked}");
    }

    #[test]
    fn the_manual_names_every_field_and_no_other() {
        let manual = flexget_core::plugin::manual::manual("trakt_lookup").unwrap();
        let (_, fields) = manual.split_once("Fields of movies:").unwrap();
        let fields = fields.split("```").next().unwrap_or_default();
        let named: BTreeSet<&str> = fields.split('`').skip(1).step_by(2).collect();
        let known: BTreeSet<&str> = FIELDS.iter().map(|(_, name, _)| *name).collect();
        assert_eq!(named, known);
    }
}
