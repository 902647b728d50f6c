//! The table of the fields that `trakt_lookup` offers: their names, groups and values.

use flexget_core::prelude::*;

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
    /// All groups.
    pub const ALL: [Self; 11] = [
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
        Self::PartRatings,
    ];

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
        FIELDS.iter().filter(|field| field.group == self).map(|field| field.name).collect()
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

/// A field that a lookup offers.
#[derive(Clone, Copy)]
pub struct LookupField {
    group: FieldGroup,
    name: &'static str,
    value: FieldValue,
}

/// How the value of a field is read from a response.
#[derive(Clone, Copy)]
enum FieldValue {
    /// From the names and ids of a movie or show.
    Work(fn(&Work) -> Value),
    /// From the details of a movie or show.
    Details(fn(&Details) -> Value),
    /// From a season.
    Season(fn(&Season) -> Value),
    /// From an episode.
    Episode(fn(&Episode) -> Value),
    /// Computed by the lookup.
    Computed,
}

const fn work(group: FieldGroup, name: &'static str, value: fn(&Work) -> Value) -> LookupField {
    LookupField { group, name, value: FieldValue::Work(value) }
}

const fn detail(group: FieldGroup, name: &'static str, value: fn(&Details) -> Value) -> LookupField {
    LookupField { group, name, value: FieldValue::Details(value) }
}

const fn season(group: FieldGroup, name: &'static str, value: fn(&Season) -> Value) -> LookupField {
    LookupField { group, name, value: FieldValue::Season(value) }
}

const fn episode(group: FieldGroup, name: &'static str, value: fn(&Episode) -> Value) -> LookupField {
    LookupField { group, name, value: FieldValue::Episode(value) }
}

const fn other(group: FieldGroup, name: &'static str) -> LookupField {
    LookupField { group, name, value: FieldValue::Computed }
}

/// All fields, with FlexGet's names.
static FIELDS: &[LookupField] = &[
    work(FieldGroup::Movie, "movie_name", |it| it.title.clone().into()),
    work(FieldGroup::Movie, "movie_year", |it| it.year.into()),
    work(FieldGroup::Movie, "trakt_movie_name", |it| it.title.clone().into()),
    work(FieldGroup::Movie, "trakt_movie_year", |it| it.year.into()),
    work(FieldGroup::Movie, "trakt_movie_id", |it| it.ids.trakt.into()),
    work(FieldGroup::Movie, "trakt_movie_slug", |it| it.ids.slug.clone().into()),
    work(FieldGroup::Movie, "imdb_id", |it| it.ids.imdb.clone().into()),
    work(FieldGroup::Movie, "tmdb_id", |it| it.ids.tmdb.into()),
    detail(FieldGroup::Movie, "trakt_tagline", |it| it.tagline.clone().into()),
    detail(FieldGroup::Movie, "trakt_overview", |it| it.overview.clone().into()),
    detail(FieldGroup::Movie, "trakt_released", |it| it.released.into()),
    detail(FieldGroup::Movie, "trakt_runtime", |it| it.runtime.into()),
    detail(FieldGroup::Movie, "trakt_rating", |it| it.rating.into()),
    detail(FieldGroup::Movie, "trakt_votes", |it| it.votes.into()),
    detail(FieldGroup::Movie, "trakt_homepage", |it| it.homepage.clone().into()),
    detail(FieldGroup::Movie, "trakt_trailer", |it| it.trailer.clone().into()),
    detail(FieldGroup::Movie, "trakt_language", |it| it.language.clone().into()),
    detail(FieldGroup::Movie, "trakt_genres", |it| texts(&it.genres)),
    detail(FieldGroup::Movie, "trakt_languages", |it| texts(&it.available_translations)),
    work(FieldGroup::Movie, "imdb_url", imdb_url),
    work(FieldGroup::Show, "trakt_series_name", |it| it.title.clone().into()),
    work(FieldGroup::Show, "trakt_series_year", |it| it.year.into()),
    work(FieldGroup::Show, "trakt_show_id", |it| it.ids.trakt.into()),
    work(FieldGroup::Show, "trakt_show_slug", |it| it.ids.slug.clone().into()),
    work(FieldGroup::Show, "imdb_id", |it| it.ids.imdb.clone().into()),
    work(FieldGroup::Show, "tvdb_id", |it| it.ids.tvdb.into()),
    work(FieldGroup::Show, "tmdb_id", |it| it.ids.tmdb.into()),
    detail(FieldGroup::Show, "trakt_trailer", |it| it.trailer.clone().into()),
    detail(FieldGroup::Show, "trakt_homepage", |it| it.homepage.clone().into()),
    detail(FieldGroup::Show, "trakt_series_runtime", |it| it.runtime.into()),
    detail(FieldGroup::Show, "trakt_series_first_aired", |it| it.first_aired.into()),
    detail(FieldGroup::Show, "trakt_series_air_time", |it| airs_of(it).time.into()),
    detail(FieldGroup::Show, "trakt_series_air_day", |it| airs_of(it).day.into()),
    detail(FieldGroup::Show, "trakt_series_content_rating", |it| it.certification.clone().into()),
    detail(FieldGroup::Show, "trakt_genres", |it| texts(&it.genres)),
    detail(FieldGroup::Show, "trakt_series_network", |it| it.network.clone().into()),
    work(FieldGroup::Show, "imdb_url", imdb_url),
    work(FieldGroup::Show, "trakt_series_url", |it| {
        it.ids.slug.as_ref().map(|slug| format!("{SITE}/shows/{slug}")).into()
    }),
    detail(FieldGroup::Show, "trakt_series_country", |it| it.country.clone().into()),
    detail(FieldGroup::Show, "trakt_series_status", |it| it.status.clone().into()),
    detail(FieldGroup::Show, "trakt_series_overview", |it| it.overview.clone().into()),
    detail(FieldGroup::Show, "trakt_series_rating", |it| it.rating.into()),
    detail(FieldGroup::Show, "trakt_series_votes", |it| it.votes.into()),
    detail(FieldGroup::Show, "trakt_series_language", |it| it.language.clone().into()),
    detail(FieldGroup::Show, "trakt_series_aired_episodes", |it| it.aired_episodes.into()),
    detail(FieldGroup::Show, "trakt_languages", |it| texts(&it.available_translations)),
    detail(FieldGroup::Show, "trakt_rating", |it| it.rating.into()),
    detail(FieldGroup::Show, "trakt_series_air_timezone", |it| airs_of(it).timezone.into()),
    detail(FieldGroup::Show, "trakt_series_updated_at", |it| it.updated_at.into()),
    season(FieldGroup::Season, "trakt_season_name", |it| it.title.clone().into()),
    season(FieldGroup::Season, "trakt_season_tvdb_id", |it| it.ids.tvdb.into()),
    season(FieldGroup::Season, "trakt_season_tmdb_id", |it| it.ids.tmdb.into()),
    season(FieldGroup::Season, "trakt_season_id", |it| it.ids.trakt.into()),
    season(FieldGroup::Season, "trakt_season_first_aired", |it| it.first_aired.into()),
    season(FieldGroup::Season, "trakt_season_overview", |it| it.overview.clone().into()),
    season(FieldGroup::Season, "trakt_season_episode_count", |it| it.episode_count.into()),
    season(FieldGroup::Season, "trakt_season_aired_episodes", |it| it.aired_episodes.into()),
    season(FieldGroup::Season, "trakt_season", |it| it.number.into()),
    episode(FieldGroup::Episode, "trakt_ep_name", |it| it.title.clone().into()),
    episode(FieldGroup::Episode, "trakt_ep_imdb_id", |it| it.ids.imdb.clone().into()),
    episode(FieldGroup::Episode, "trakt_ep_tvdb_id", |it| it.ids.tvdb.into()),
    episode(FieldGroup::Episode, "trakt_ep_tmdb_id", |it| it.ids.tmdb.into()),
    episode(FieldGroup::Episode, "trakt_episode_id", |it| it.ids.trakt.into()),
    episode(FieldGroup::Episode, "trakt_ep_first_aired", |it| it.first_aired.into()),
    episode(FieldGroup::Episode, "trakt_ep_overview", |it| it.overview.clone().into()),
    episode(FieldGroup::Episode, "trakt_ep_abs_number", |it| it.number_abs.into()),
    episode(FieldGroup::Episode, "trakt_season", |it| it.season.into()),
    episode(FieldGroup::Episode, "trakt_episode", |it| it.number.into()),
    episode(FieldGroup::Episode, "trakt_ep_id", |it| format!("S{:02}E{:02}", it.season, it.number).into()),
    episode(FieldGroup::Episode, "trakt_ep_languages", |it| texts(&it.available_translations)),
    episode(FieldGroup::Episode, "trakt_ep_runtime", |it| it.runtime.into()),
    episode(FieldGroup::Episode, "trakt_ep_updated_at", |it| it.updated_at.into()),
    episode(FieldGroup::Episode, "trakt_ep_rating", |it| it.rating.into()),
    episode(FieldGroup::Episode, "trakt_ep_votes", |it| it.votes.into()),
    other(FieldGroup::EpisodeNames, "trakt_series_episodes"),
    other(FieldGroup::Actors, "trakt_actors"),
    other(FieldGroup::Translations, "trakt_translations"),
    other(FieldGroup::Watched, "trakt_watched"),
    other(FieldGroup::Collected, "trakt_collected"),
    other(FieldGroup::Ratings, "trakt_movie_user_rating"),
    other(FieldGroup::Ratings, "trakt_series_user_rating"),
    other(FieldGroup::PartRatings, "trakt_season_user_rating"),
    other(FieldGroup::PartRatings, "trakt_ep_user_rating"),
];

fn texts(values: &Option<Vec<String>>) -> Value {
    values.as_ref().map_or(Value::Null, |values| values.iter().map(String::as_str).collect())
}

fn imdb_url(work: &Work) -> Value {
    work.ids.imdb.as_ref().map(|id| format!("https://www.imdb.com/title/{id}")).into()
}

fn airs_of(details: &Details) -> Airs {
    details.airs.clone().unwrap_or_default()
}

/// Returns the fields of a group with the values that `value` reads.
fn filled(group: FieldGroup, value: impl Fn(FieldValue) -> Option<Value>) -> Vec<(Name, Value)> {
    let fields = FIELDS.iter().filter(|field| field.group == group);
    fields.filter_map(|field| Some((Name::Borrowed(field.name), value(field.value)?))).collect()
}

/// Returns the fields of a movie or show.
pub fn work_fields(kind: Kind, work: &Work) -> Vec<(Name, Value)> {
    let group = if kind == Kind::Movie { FieldGroup::Movie } else { FieldGroup::Show };
    let details = work.details();
    filled(group, |value| match value {
        FieldValue::Work(value) => Some(value(work)),
        FieldValue::Details(value) => Some(value(&details)),
        _ => None,
    })
}

/// Returns the fields of a season.
pub fn season_fields(season: &Season) -> Vec<(Name, Value)> {
    filled(FieldGroup::Season, |value| if let FieldValue::Season(value) = value { Some(value(season)) } else { None })
}

/// Returns the fields of an episode.
pub fn episode_fields(episode: &Episode) -> Vec<(Name, Value)> {
    filled(
        FieldGroup::Episode,
        |value| if let FieldValue::Episode(value) = value { Some(value(episode)) } else { None },
    )
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
        let known: BTreeSet<&str> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(named, known);
    }
}
