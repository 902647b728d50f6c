//! Entries of what Trakt answers, with the fields that FlexGet gives them.

use flexget_core::prelude::*;

use crate::titles::media::Kind;
use crate::trakt::api::model::{Episode, Row, Season, Work};
use crate::trakt::api::urls::SITE;
use crate::trakt::fields::known_field;
use crate::trakt::lists::item::{RANK_FIELD, ROW_FIELD};

/// Returns the fields of the entries of this module.
pub fn known_fields() -> Vec<KnownField> {
    FIELDS.iter().map(|name| known_field(name)).collect()
}

/// The fields of the entries of this module.
const FIELDS: [&str; 29] = [
    "movie_name",
    "movie_year",
    "trakt_movie_name",
    "trakt_movie_year",
    "trakt_movie_id",
    "trakt_movie_slug",
    "imdb_id",
    "tmdb_id",
    "tvdb_id",
    "series_name",
    "series_season",
    "series_episode",
    "series_id",
    "trakt_series_name",
    "trakt_series_year",
    "trakt_show_id",
    "trakt_show_slug",
    "trakt_season_id",
    "trakt_episode_id",
    "trakt_ep_name",
    "trakt_listed_at",
    "trakt_collected_at",
    "trakt_collected_as",
    "trakt_watched_at",
    "trakt_rated_at",
    "trakt_user_rating",
    "trakt_notes",
    "trakt_released",
    "trakt_slug",
];

/// How titles are to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Without the year at the end.
    pub strip_dates: bool,
}

/// Returns the title of an entry: the name with its year, if it is known and wanted.
fn named(work: &Work, style: Style) -> String {
    let number = || work.ids.trakt.map(|id| format!("trakt {id}"));
    // A title that Trakt has no name of goes by its slug or number.
    let name = name(work).or_else(|| work.ids.slug.clone()).or_else(number).unwrap_or_default();
    match work.year {
        Some(year) if !style.strip_dates => format!("{name} ({year})"),
        _ => name,
    }
}

/// Returns the name in the language of the list.
fn name(work: &Work) -> Option<String> {
    work.translated_title.clone().or_else(|| original_name(work))
}

/// Returns the name that Trakt has.
fn original_name(work: &Work) -> Option<String> {
    work.title.clone().filter(|title| !title.is_empty())
}

fn address(kind: &str, work: &Work) -> String {
    let slug = work.ids.slug.clone().or_else(|| work.ids.trakt.map(|id| id.to_string())).unwrap_or_default();
    format!("{SITE}/{kind}/{slug}")
}

/// Sets fields; those without a value are null, so that conditions like `not imdb_id` hold.
fn with_fields<const N: usize>(mut entry: Entry, fields: [(&'static str, Value); N]) -> Entry {
    entry.extend(fields);
    entry
}

/// Returns an entry of a movie.
pub fn movie(movie: &Work, style: Style) -> Entry {
    let entry = Entry::new(named(movie, style), address("movies", movie));
    let fields = [
        ("movie_name", name(movie).into()),
        ("movie_year", movie.year.into()),
        ("trakt_movie_name", original_name(movie).into()),
        ("trakt_movie_year", movie.year.into()),
        ("trakt_movie_id", movie.ids.trakt.into()),
        ("trakt_movie_slug", movie.ids.slug.as_deref().into()),
        ("imdb_id", movie.ids.imdb.as_deref().into()),
        ("tmdb_id", movie.ids.tmdb.into()),
    ];
    with_fields(entry, fields)
}

/// Returns an entry of a show.
pub fn show(show: &Work, style: Style) -> Entry {
    with_show(Entry::new(named(show, style), address("shows", show)), show, style)
}

fn with_show(entry: Entry, show: &Work, style: Style) -> Entry {
    let fields = [
        ("series_name", name(show).map(|_| named(show, style)).into()),
        ("trakt_series_name", original_name(show).into()),
        ("trakt_series_year", show.year.into()),
        ("trakt_show_id", show.ids.trakt.into()),
        ("trakt_show_slug", show.ids.slug.as_deref().into()),
        ("imdb_id", show.ids.imdb.as_deref().into()),
        ("tvdb_id", show.ids.tvdb.into()),
        ("tmdb_id", show.ids.tmdb.into()),
    ];
    with_fields(entry, fields)
}

/// Returns an entry of a season.
pub fn season(show: &Work, season: &Season, style: Style) -> Entry {
    let title = format!("{} S{:02}", named(show, style), season.number);
    let url = format!("{}/seasons/{}", address("shows", show), season.number);
    with_show(Entry::new(title, url), show, style)
        .with("series_season", season.number)
        .with("series_id", format!("S{:02}", season.number))
        .with("trakt_season_id", season.ids.trakt)
}

/// Returns an entry of an episode.
pub fn episode(show: &Work, episode: &Episode, style: Style) -> Entry {
    let id = format!("S{:02}E{:02}", episode.season, episode.number);
    let name = episode.title.as_deref().map(|title| format!(" {title}")).unwrap_or_default();
    let title = format!("{} {id}{name}", named(show, style));
    let url = format!("{}/seasons/{}/episodes/{}", address("shows", show), episode.season, episode.number);
    with_show(Entry::new(title, url), show, style)
        .with("series_season", episode.season)
        .with("series_episode", episode.number)
        .with("series_id", id)
        .with("trakt_episode_id", episode.ids.trakt)
        .with("trakt_ep_name", episode.title.clone())
}

/// Creates an entry for an episode that is titled by its number alone.
///
/// Episodes that have not aired often get their title later, and must stay the same entry.
pub fn numbered(show: &Work, episode: &Episode, style: Style) -> Entry {
    let untitled = Episode { title: None, ..episode.clone() };
    self::episode(show, &untitled, style).with("trakt_ep_name", episode.title.clone())
}

/// Returns the kind and the entry of a row, or `None` for other types.
pub fn of_row(row: &Row, style: Style) -> Option<(Kind, Entry)> {
    let kind = row.kind.as_deref();
    let (kind, mut entry) = match (kind, &row.movie, &row.show, &row.season, &row.episode) {
        (Some("movie") | None, Some(work), None, _, _) => (Kind::Movie, movie(work, style)),
        (Some("episode") | None, _, Some(work), _, Some(part)) => (Kind::Episode, episode(work, part, style)),
        (Some("season") | None, _, Some(work), Some(part), None) => (Kind::Season, season(work, part, style)),
        (Some("show") | None, _, Some(work), _, _) => (Kind::Show, show(work, style)),
        _ => return None,
    };
    let fields = [
        ("trakt_listed_at", row.listed_at.into()),
        ("trakt_collected_at", row.collected_at.into()),
        ("trakt_watched_at", row.watched_at.into()),
        ("trakt_rated_at", row.rated_at.into()),
        ("trakt_user_rating", row.rating.into()),
        ("trakt_collected_as", row.metadata.as_ref().filter(|said| said.is_object()).map(Value::from_stored).into()),
        ("trakt_notes", row.notes.as_deref().into()),
        (RANK_FIELD, row.rank.into()),
        (ROW_FIELD, row.id.filter(|_| row.rank.is_some()).into()),
    ];
    entry.extend(fields.into_iter().filter(|(_, value): &(&str, Value)| !value.is_null()));
    Some((kind, entry))
}
