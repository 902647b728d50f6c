//! Many movies and shows with stable ids and invented titles.

use serde_json::json;

use crate::catalogue::{Episode, Ids, Media, Season, Show, Work};
use crate::items::Place;
use crate::render::object;
use crate::slug::slug;
use crate::time::{self, DAY};
use crate::world::World;

/// The first Trakt id of generated movies, and of generated shows: the same, as the numbers are each kind's own.
const FIRST: u64 = 500_000;
/// What lies between a generated Trakt id and its TMDB id, for movies and shows alike.
const TMDB: u64 = 200_000;
/// A week in milliseconds.
pub(crate) const WEEK: i64 = 7 * DAY;
/// 2015-01-05, a Monday.
const START: i64 = 1_420_416_000_000;

const ADJECTIVES: [&str; 24] = [
    "Silent",
    "Amber",
    "Distant",
    "Hollow",
    "Crimson",
    "Northern",
    "Broken",
    "Velvet",
    "Restless",
    "Paper",
    "Winter",
    "Hidden",
    "Electric",
    "Golden",
    "Lonely",
    "Wandering",
    "Second",
    "Frozen",
    "Burning",
    "Quiet",
    "Endless",
    "Faded",
    "Iron",
    "Stolen",
];
const NOUNS: [&str; 25] = [
    "Harbour",
    "Orchard",
    "Signal",
    "Meridian",
    "Lantern",
    "Archive",
    "River",
    "Carousel",
    "Observatory",
    "Garden",
    "Railway",
    "Island",
    "Mirror",
    "Canyon",
    "Letter",
    "Kingdom",
    "Horizon",
    "Tide",
    "Parade",
    "Station",
    "Compass",
    "Forest",
    "Cathedral",
    "Engine",
    "Sparrow",
];
const GENRES: [&str; 6] = ["drama", "comedy", "thriller", "science-fiction", "animation", "documentary"];

/// A title that no other number has.
fn title(number: u64) -> String {
    let (adjectives, nouns) = (ADJECTIVES.len() as u64, NOUNS.len() as u64);
    let index = |value: u64| usize::try_from(value).unwrap_or(0);
    let words = format!("The {} {}", ADJECTIVES[index(number % adjectives)], NOUNS[index(number / adjectives % nouns)]);
    match number / (adjectives * nouns) {
        0 => words,
        round => format!("{words} {}", round + 1),
    }
}

impl World {
    /// Adds a movie whose slug is made from title and year.
    pub fn add_movie(&mut self, mut work: Work) -> Media {
        let id = work.ids.trakt;
        work.ids.slug.get_or_insert_with(|| slug_of(&work.title, work.year, id));
        self.catalogue.movies.insert(id, work);
        Media::Movie(id)
    }

    /// Adds a show whose slug is made from its title.
    pub fn add_show(&mut self, mut show: Show) -> Media {
        let id = show.work.ids.trakt;
        let taken = |slug: &str| self.catalogue.shows.values().any(|it| it.work.ids.slug.as_deref() == Some(slug));
        if show.work.ids.slug.is_none() {
            let plain = slug_of(&show.work.title, None, id);
            show.work.ids.slug =
                Some(if taken(&plain) { slug_of(&show.work.title, show.work.year, id) } else { plain });
        }
        self.catalogue.shows.insert(id, show);
        Media::Show(id)
    }

    /// Adds so many movies. The same calls give the same movies.
    pub fn add_movies(&mut self, count: usize) -> Vec<Media> {
        let first = self.catalogue.movies.keys().next_back().map_or(FIRST, |last| (last + 1).max(FIRST));
        (first..).take(count).map(|id| self.add_movie(movie(id))).collect()
    }

    /// Adds so many shows, each with so many seasons of so many episodes, all long aired.
    pub fn add_shows(&mut self, count: usize, seasons: u32, episodes: u32) -> Vec<Media> {
        let first = self.catalogue.shows.keys().next_back().map_or(FIRST, |last| (last + 1).max(FIRST));
        (first..).take(count).map(|id| self.add_show(show(id, seasons, episodes))).collect()
    }

    /// Adds so many new movies to a user's watchlist.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn fill_watchlist(&mut self, user: &str, count: usize) -> Vec<Media> {
        let user = self.known(user);
        self.fill(&Place::Watchlist(user), count)
    }

    /// Adds so many new movies to a place.
    pub fn fill(&mut self, place: &Place, count: usize) -> Vec<Media> {
        let movies = self.add_movies(count);
        self.put(place, &movies);
        movies
    }
}

fn slug_of(title: &Option<String>, year: Option<u32>, id: u64) -> String {
    match (title, year) {
        (Some(title), Some(year)) => slug(&format!("{title} {year}")),
        (Some(title), None) => slug(title),
        (None, _) => format!("untitled-{id}"),
    }
}

fn movie(id: u64) -> Work {
    let number = id - FIRST;
    let year = 1990 + u32::try_from(number % 35).unwrap_or(0);
    Work {
        ids: Ids { trakt: id, slug: None, imdb: Some(format!("tt9{number:06}")), tmdb: Some(id + TMDB), tvdb: None },
        title: Some(title(number)),
        year: Some(year),
        full: object(json!({
            "tagline": null, "overview": format!("Number {number} of many."), "released": format!("{year}-06-15"),
            "runtime": 80 + number % 80, "country": "us", "status": "released",
            "rating": 4.0 + (number % 60) as f64 / 10.0, "votes": 100 + number * 3, "comment_count": 0,
            "trailer": null, "homepage": null, "updated_at": time::render(START + i64::try_from(number).unwrap_or(0) * DAY),
            "language": "en", "languages": ["en"], "genres": [GENRES[usize::try_from(number % 6).unwrap_or(0)]],
            "subgenres": [], "certification": "PG-13", "original_title": null,
        })),
        ..Work::default()
    }
}

fn show(id: u64, seasons: u32, episodes: u32) -> Show {
    let number = id - FIRST;
    let start = START + i64::try_from(number).unwrap_or(0) % 700 * DAY;
    let name = format!("{} Files", title(number).trim_start_matches("The "));
    let mut nth = 0;
    let seasons = (1..=seasons)
        .map(|season| Season {
            ids: Ids {
                trakt: 900_000 + number * 50 + u64::from(season),
                tmdb: Some(900_000 + number * 50 + u64::from(season)),
                ..Ids::default()
            },
            number: season,
            title: Some(format!("Season {season}")),
            episodes: (1..=episodes)
                .map(|episode| {
                    nth += 1;
                    aired(5_000_000 + number * 1_000 + u64::from(nth), episode, nth, start + i64::from(nth - 1) * WEEK)
                })
                .collect(),
        })
        .collect();
    Show {
        work: Work {
            ids: Ids {
                trakt: id,
                slug: None,
                imdb: Some(format!("tt8{number:06}")),
                tmdb: Some(id + TMDB),
                tvdb: Some(id + 300_000),
            },
            title: Some(name),
            year: Some(2015 + u32::try_from(number % 700 / 365).unwrap_or(0)),
            full: object(json!({
                "tagline": null, "overview": format!("Number {number} of many."),
                "airs": { "day": "Monday", "time": "20:00", "timezone": "America/New_York" }, "runtime": 45,
                "certification": "TV-14", "network": "Channel Nine", "country": "us", "status": "ended",
                "rating": 5.0 + (number % 50) as f64 / 10.0, "votes": 100 + number * 5, "comment_count": 0,
                "trailer": null, "homepage": null, "updated_at": time::render(start), "language": "en",
                "languages": ["en"], "genres": [GENRES[usize::try_from(number % 6).unwrap_or(0)]], "subgenres": [],
                "original_title": null,
            })),
            ..Work::default()
        },
        seasons,
    }
}

/// An episode that airs at that moment; `nth` is its number counted through all seasons.
pub(crate) fn aired(trakt: u64, number: u32, nth: u32, at: i64) -> Episode {
    Episode {
        ids: Ids { trakt, tvdb: Some(trakt + 1_000_000), tmdb: Some(trakt + 2_000_000), ..Ids::default() },
        number,
        number_abs: Some(nth),
        title: Some(format!("Chapter {nth}")),
        first_aired: Some(at),
        full: object(json!({
            "overview": null, "rating": 7.4, "votes": 31, "comment_count": 0, "runtime": 45,
            "episode_type": if number == 1 { "season_premiere" } else { "standard" },
        })),
        ..Episode::default()
    }
}
