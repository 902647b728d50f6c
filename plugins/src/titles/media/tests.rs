//! How entries are read as media, and which are the same.

use flexget_core::list::index::Index;
use flexget_core::prelude::*;

use super::{Kind, Media, keys};

fn entry(fields: &[(&'static str, &str)]) -> Entry {
    fields.iter().fold(Entry::new("T", "mock://t"), |entry, (name, value)| match value.parse::<i64>() {
        Ok(number) => entry.with(*name, number),
        Err(_) => entry.with(*name, *value),
    })
}

fn same(a: &Entry, b: &Entry) -> bool {
    Index::same(&keys(a, None), &keys(b, None))
}

#[test]
fn a_movie_is_never_the_show_with_its_number() {
    let movie = entry(&[("movie_name", "The Matrix"), ("movie_year", "1999"), ("tmdb_id", "603")]);
    let show = entry(&[("series_name", "Some Show"), ("tmdb_id", "603")]);
    assert!(!same(&movie, &show));
}

#[test]
fn ids_that_are_text_equal_ids_that_are_numbers() {
    let number = Entry::new("A", "mock://a").with("trakt_movie_id", 481i64);
    let text = Entry::new("B", "mock://b").with("trakt_movie_id", "481");
    assert!(same(&number, &text));
}

#[test]
fn an_episode_is_known_by_its_own_id_alone() {
    let item = entry(&[
        ("series_name", "Show"),
        ("trakt_show_id", "7"),
        ("series_season", "1"),
        ("series_episode", "2"),
        ("trakt_episode_id", "9"),
    ]);
    assert!(same(&item, &entry(&[("trakt_episode_id", "9")])));
    assert!(!same(&item, &entry(&[("trakt_episode_id", "7")])), "it is not the number of a show");
}

#[test]
fn a_movie_with_a_number_at_tvdb_is_a_movie() {
    let movie = entry(&[("movie_name", "Solaris"), ("movie_year", "1972"), ("tvdb_id", "5")]);
    assert!(same(&movie, &entry(&[("movie_name", "Solaris"), ("movie_year", "1972")])));
    assert_eq!(Media::of(&entry(&[("tvdb_id", "5")]), None).unwrap().kind, Kind::Show);
}

#[test]
fn a_special_is_an_episode_of_season_0() {
    let special = entry(&[("series_name", "Show"), ("series_season", "0"), ("series_episode", "1")]);
    let media = Media::of(&special, None).unwrap();
    assert_eq!((media.kind, media.season, media.episode), (Kind::Episode, Some(0), Some(1)));
    assert!(!same(&special, &entry(&[("series_name", "Show")])), "and not the show");
}

#[test]
fn a_day_or_an_absolute_number_is_no_season() {
    let daily = entry(&[("series_name", "Show"), ("series_season", "2024"), ("series_id_type", "date")]);
    let media = Media::of(&daily, None).unwrap();
    assert_eq!((media.kind, media.season, media.is_known()), (Kind::Episode, None, false));
}

#[test]
fn titles_of_releases_are_names_and_years() {
    let movie = |title: &str| keys(&Entry::new(title, "mock://t"), Some(Kind::Movie));
    assert_eq!(movie("Mr. Nobody (2009)"), movie("mr. nobody (2009)"));
    assert_eq!(movie("Solaris.1972.1080p.BluRay.x264-CREW"), movie("Solaris (1972)"));
    assert_ne!(movie("Mr. Nobody"), movie("Mr Nobody"), "names keep their punctuation");
    let read = entry(&[("series_name", "Castle 2009"), ("series_year", "2009")]);
    assert!(same(&read, &entry(&[("series_name", "Castle (2009)")])));
}

#[test]
fn a_year_tells_shows_apart_only_where_it_is_known() {
    assert!(same(&entry(&[("series_name", "Kung Fu")]), &entry(&[("series_name", "Kung Fu (2021)")])));
    assert!(!same(&entry(&[("series_name", "Kung Fu (1972)")]), &entry(&[("series_name", "Kung Fu (2021)")])));
}

#[test]
fn a_movie_without_a_year_is_not_one_with_a_year() {
    assert!(!same(
        &entry(&[("movie_name", "Inception")]),
        &entry(&[("movie_name", "Inception"), ("movie_year", "2010")])
    ));
}
