//! The fields of movies, shows, seasons and episodes, by FlexGet's names.

use flexget_core::prelude::*;

use crate::trakt::api::client::SITE;
use crate::trakt::api::model::{Episode, Season, Work};

/// The fields of a movie.
pub(super) const MOVIE: [&str; 20] = [
    "movie_name",
    "movie_year",
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
/// The fields of a show, which its seasons and episodes have as well.
pub(super) const SHOW: [&str; 27] = [
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
/// The fields of a season.
pub(super) const SEASON: [&str; 9] = [
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
/// The fields of an episode.
pub(super) const EPISODE: [&str; 11] = [
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

fn texts(values: &Option<Vec<String>>) -> Value {
    values.as_ref().map_or(Value::Null, |values| values.iter().map(String::as_str).collect())
}

fn imdb_url(work: &Work) -> Value {
    work.ids.imdb.as_ref().map(|id| format!("https://www.imdb.com/title/{id}")).into()
}

/// What a movie is.
pub(crate) fn movie_fields(work: &Work) -> Vec<(Name, Value)> {
    vec![
        ("movie_name".into(), work.title.clone().into()),
        ("movie_year".into(), work.year.into()),
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

/// What a show is.
pub(crate) fn show_fields(work: &Work) -> Vec<(Name, Value)> {
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

/// What a season is.
pub(super) fn season_fields(season: &Season) -> Vec<(Name, Value)> {
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

/// What an episode is.
pub(crate) fn episode_fields(episode: &Episode) -> Vec<(Name, Value)> {
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
