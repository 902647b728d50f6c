//! What a world holds at the start.

use serde_json::{Map, Value, json};

use crate::catalogue::{Alias, Credit, Episode, Ids, Media, Person, Season, Show, Translation, Work};
use crate::generate::{WEEK, aired};
use crate::items::Place;
use crate::lists::Privacy;
use crate::render::object;
use crate::time::{self, DAY};
use crate::users::AccountLimits;
use crate::world::{App, World};

/// The application's client id.
pub const CLIENT_ID: &str = "sim-client-id";
/// The application's secret; may be left out of requests.
pub const CLIENT_SECRET: &str = "sim-client-secret";
/// The redirect that the application is registered with.
pub const REDIRECT_URI: &str = "urn:ietf:wg:oauth:2.0:oob";

/// A row of the small catalogue's movies: Trakt id, title, year, IMDb id, TMDB id, genres, rating.
type Row = (u64, &'static str, u32, &'static str, u64, &'static [&'static str], f64);

/// Well-known movies; ids, titles and years are facts.
const MOVIES: [Row; 8] = [
    (1, "TRON: Legacy", 2010, "tt1104001", 20526, &["science-fiction", "action"], 6.8),
    (6, "The Dark Knight", 2008, "tt0468569", 155, &["action", "crime"], 8.8),
    (481, "The Matrix", 1999, "tt0133093", 603, &["action", "science-fiction"], 8.4),
    (16662, "Inception", 2010, "tt1375666", 27205, &["action", "science-fiction"], 8.6),
    (120, "Fight Club", 1999, "tt0137523", 550, &["drama"], 8.5),
    (127, "Amélie", 2001, "tt0211915", 194, &["comedy", "romance"], 7.9),
    (131, "Spirited Away", 2001, "tt0245429", 129, &["animation", "fantasy"], 8.5),
    (140, "The Thing", 1982, "tt0084787", 1091, &["horror"], 8.1),
];

type Plant = Box<dyn FnOnce(&mut World) + Send>;

/// What a world holds at the start: the application, then one thing after the other.
pub struct Seed {
    apps: Vec<App>,
    plants: Vec<Plant>,
}

impl Default for Seed {
    fn default() -> Self {
        Seed::small()
    }
}

impl Seed {
    /// Only the application: no users, nothing to watch.
    pub fn empty() -> Self {
        let app = App {
            client_id: CLIENT_ID.into(),
            client_secret: Some(CLIENT_SECRET.into()),
            redirect_uri: REDIRECT_URI.into(),
        };
        Seed { apps: vec![app], plants: Vec::new() }
    }

    /// The demo: four users, two dozen titles with every awkward case, and lists of all sorts.
    ///
    /// * `Ann.Kay` (slug `ann-kay`, VIP): a watchlist of movies, shows, a season and an episode; five lists; history,
    ///   collection, ratings, favorites; likes one of Bob's lists.
    /// * `bob` (free, a friend of hers): a public, a private, a friends-only list and one that she may change.
    /// * `cara` (private, nobody's friend), `dan` (nothing yet).
    pub fn small() -> Self {
        Seed::empty().and(small_catalogue).and(small_users)
    }

    /// The demo and 1,200 movies and 400 shows (3 seasons of 8) more. Ann has watched all of them: every fifth movie
    /// twice, every third show only in part; 600 more movies are on her watchlist, 1,000 more on the list `Big List`,
    /// 500 movies and 50 shows in her collection.
    pub fn large() -> Self {
        Seed::small().and(large)
    }

    /// And then this.
    #[must_use]
    pub fn and(mut self, plant: impl FnOnce(&mut World) + Send + 'static) -> Self {
        self.plants.push(Box::new(plant));
        self
    }

    pub(crate) fn plant(self, world: &mut World) {
        world.apps = self.apps;
        for plant in self.plants {
            plant(world);
        }
        world.open();
    }
}

fn full(genres: &[&str], rating: f64, released: Option<String>, status: &str) -> Map<String, Value> {
    object(json!({
        "tagline": null, "overview": "A story worth watching.", "released": released, "runtime": 110, "country": "us",
        "status": status, "rating": rating, "votes": 1_000, "comment_count": 3,
        "trailer": "https://youtube.com/watch?v=xxxxxxxxxxx", "homepage": null,
        "updated_at": "2026-03-01T10:00:00.000Z", "language": "en", "languages": ["en"], "genres": genres,
        "subgenres": [], "certification": "PG-13", "original_title": null, "after_credits": false,
    }))
}

fn translation(language: &str, country: &str, title: &str) -> Translation {
    Translation {
        language: language.into(),
        country: Some(country.into()),
        title: Some(title.into()),
        overview: Some(format!("{title} ({language})")),
        tagline: None,
    }
}

fn ids(trakt: u64, imdb: Option<&str>, tmdb: Option<u64>, tvdb: Option<u64>) -> Ids {
    Ids { trakt, slug: None, imdb: imdb.map(str::to_owned), tmdb, tvdb }
}

fn small_catalogue(world: &mut World) {
    for (id, name, born) in [(901, "Mara Lindqvist", "1971-02-03"), (902, "Tomás Ferreira", "1980-11-30")] {
        let person = Person {
            ids: Ids {
                slug: Some(crate::slug::slug(name)),
                ..ids(id, Some(&format!("nm0000{id}")), Some(id + 5_000), None)
            },
            name: name.into(),
            full: object(
                json!({ "biography": null, "birthday": born, "gender": null, "known_for_department": "acting" }),
            ),
        };
        world.catalogue.people.insert(id, person);
    }
    for (id, title, year, imdb, tmdb, genres, rating) in MOVIES {
        world.add_movie(Work {
            ids: ids(id, Some(imdb), Some(tmdb), None),
            title: Some(title.into()),
            year: Some(year),
            full: full(genres, rating, Some(format!("{year}-09-10")), "released"),
            credits: vec![
                Credit { person: 901, department: None, part: "The Stranger".into() },
                Credit { person: 902, department: Some("directing".into()), part: "Director".into() },
            ],
            ..Work::default()
        });
    }
    if let Some(matrix) = world.catalogue.movies.get_mut(&481) {
        matrix.translations = vec![
            translation("fr", "fr", "Matrix"),
            translation("fr", "ca", "La Matrice"),
            translation("pt", "br", "Matrix (Brasil)"),
            translation("pt", "pt", "Matrix (Portugal)"),
            Translation { language: "zh".into(), country: Some("tw".into()), ..Translation::default() },
        ];
        matrix.aliases = vec![Alias { title: "Matriz".into(), country: "mx".into() }];
    }
    awkward_movies(world);
    shows(world);
}

fn awkward_movies(world: &mut World) {
    let now = world.now();
    let add = |world: &mut World, id, title: Option<&str>, year, tmdb, full| {
        world.add_movie(Work {
            ids: ids(id, None, tmdb, None),
            title: title.map(str::to_owned),
            year,
            full,
            ..Work::default()
        })
    };
    let mut bare = full(&[], 0.0, None, "rumored");
    for name in ["genres", "updated_at", "rating", "votes", "runtime", "overview", "language"] {
        bare.insert(name.into(), Value::Null);
    }
    // Nothing but a name, no year, no id elsewhere.
    add(world, 2_001, Some("Vesper Hollow"), None, None, bare.clone());
    // Not even a name.
    add(world, 2_002, None, None, Some(990_002), bare.clone());
    // Two of one name.
    add(world, 2_003, Some("Paper Moons"), Some(1973), Some(990_003), full(&["drama"], 7.1, None, "released"));
    add(world, 2_004, Some("Paper Moons"), Some(2021), Some(990_004), full(&["drama"], 5.2, None, "released"));
    // A slug that is also the Trakt id of another movie.
    add(world, 2_005, Some("481"), None, Some(990_005), bare);
    // Comes in three weeks.
    let released = time::day(now + 21 * DAY);
    let year = released.get(..4).and_then(|year| year.parse().ok());
    add(world, 2_006, Some("The Glass Meridian"), year, Some(990_006), {
        let mut full = full(&["thriller"], 0.0, Some(released), "in production");
        full.insert("votes".into(), json!(0));
        full
    });
}

/// A season whose episodes air weekly; `nth` is the absolute number of its first.
fn season(show: u64, number: u32, episodes: u32, nth: u32, start: i64) -> Season {
    let first = show * 1_000 + u64::from(number) * 100;
    let episode = |n: u32| {
        let mut episode = aired(first + u64::from(n), n, nth + n - 1, start + i64::from(n - 1) * WEEK);
        if number == 0 {
            episode.number_abs = None;
        }
        episode
    };
    Season {
        ids: ids(first, None, Some(first + 7), Some(first + 8)),
        number,
        title: Some(if number == 0 { "Specials".into() } else { format!("Season {number}") }),
        episodes: (1..=episodes).map(episode).collect(),
    }
}

fn shows(world: &mut World) {
    let now = world.now();
    let today = now.div_euclid(DAY) * DAY;
    let airs = json!({ "day": "Sunday", "time": "21:00", "timezone": "America/New_York" });
    let about = |genres: &[&str], rating, status: &str, network: Option<&str>| {
        let mut full = full(genres, rating, None, status);
        full.remove("released");
        full.extend(object(json!({ "network": network, "airs": airs, "runtime": 50 })));
        full
    };
    let mut add = |trakt, title: &str, year, other: (Option<&str>, Option<u64>, Option<u64>), full, seasons| {
        let work = Work {
            ids: ids(trakt, other.0, other.1, other.2),
            title: Some(title.into()),
            year,
            full,
            credits: vec![Credit { person: 901, department: None, part: "Captain".into() }],
            ..Work::default()
        };
        world.add_show(Show { work, seasons });
    };
    let at = |text: &str| time::parse(text).unwrap_or(0);

    let drama = about(&["drama", "crime"], 9.2, "ended", Some("AMC"));
    let starts = ["2008-01-21", "2009-03-09", "2010-03-22", "2011-07-18", "2012-07-16"];
    let mut nth = 1;
    let seasons = starts
        .iter()
        .zip([7, 13, 13, 13, 16])
        .enumerate()
        .map(|(index, (start, episodes))| {
            let season = season(1388, u32::try_from(index + 1).unwrap_or(0), episodes, nth, at(start));
            nth += episodes;
            season
        })
        .collect();
    add(1388, "Breaking Bad", Some(2008), (Some("tt0903747"), Some(1396), Some(81189)), drama, seasons);

    // On air: six episodes have aired, the seventh comes in a few days. Its TMDB number is also a movie's.
    let first = today - 38 * DAY + 20 * 3_600_000;
    let mut running = season(3_001, 2, 10, 9, first);
    for episode in running.episodes.iter_mut().filter(|episode| !episode.aired(now)) {
        episode.title = None;
    }
    let mut specials = season(3_001, 0, 3, 1, first - 400 * DAY);
    for episode in &mut specials.episodes {
        episode.title = Some(format!("Behind the Lights {}", episode.number));
    }
    let seasons = vec![specials, season(3_001, 1, 8, 1, first - 365 * DAY), running];
    let on_air = about(&["drama", "mystery"], 8.1, "returning series", Some("Channel Nine"));
    add(3_001, "Harbour Lights", Some(2025), (Some("tt7300001"), Some(603), Some(430_001)), on_air, seasons);

    let seasons = vec![season(3_002, 1, 6, 1, at("2018-04-01")), season(3_002, 2, 6, 7, at("2019-04-07"))];
    let ended = about(&["comedy"], 7.7, "ended", Some("RTS Un"));
    add(3_002, "Paper Lanterns", Some(2018), (Some("tt7300002"), Some(430_102), Some(430_002)), ended, seasons);

    // Counted through.
    let seasons = vec![season(3_003, 1, 12, 1, at("2020-01-05")), season(3_003, 2, 13, 13, at("2021-01-10"))];
    let anime = about(&["anime", "adventure"], 8.0, "ended", Some("TV Kansai"));
    add(3_003, "Sky Courier", Some(2020), (Some("tt7300003"), Some(430_103), Some(430_003)), anime, seasons);

    // Two of one name.
    for (trakt, year, tvdb) in [(3_004, 1996, 430_004), (3_005, 2023, 430_005)] {
        let doctor = about(&["drama"], 6.9, "ended", Some("BBC One"));
        let seasons = vec![season(trakt, 1, 4, 1, at(&format!("{year}-09-01")))];
        add(trakt, "Doctor Quill", Some(year), (None, Some(tvdb + 100), Some(tvdb)), doctor, seasons);
    }

    // Announced: no year, no network, nothing has a date.
    let mut null = about(&[], 0.0, "planned", None);
    for name in ["genres", "updated_at", "airs", "rating", "votes", "language", "runtime"] {
        null.insert(name.into(), Value::Null);
    }
    let mut first_season = season(3_006, 1, 2, 1, 0);
    for episode in &mut first_season.episodes {
        *episode = Episode { title: None, first_aired: None, full: Map::new(), ..episode.clone() };
    }
    add(3_006, "Null Island", None, (None, None, None), null, vec![first_season]);

    if let Some(courier) = world.catalogue.shows.get_mut(&3_003) {
        courier.work.translations =
            vec![translation("ja", "jp", "空の配達人"), translation("fr", "fr", "Le Coursier du ciel")];
        courier.work.aliases = vec![Alias { title: "Sora no Haitatsunin".into(), country: "jp".into() }];
    }
    if let Some(episode) = world.catalogue.episode_mut(3_003, 1, 1) {
        episode.translations = vec![translation("fr", "fr", "Premier vol")];
    }
}

fn small_users(world: &mut World) {
    let now = world.now();
    world.add_user("Ann.Kay").name = Some("Ann Kay".into());
    let bob = world.add_user("bob");
    (bob.vip, bob.limits) = (false, AccountLimits::FREE);
    bob.friends.insert("ann-kay".into());
    world.user_mut("ann-kay").friends.insert("bob".into());
    world.add_user("cara").private = true;
    world.add_user("dan");

    let movie = Media::Movie;
    let mut list = |owner: Option<&str>, name, privacy, media: &[Media]| {
        let id = world.add_list(owner, name, privacy);
        world.put(&Place::List(id), media);
        id
    };
    let ann = Some("ann-kay");
    let odd = [
        Media::Show(1388),
        Media::Show(3_001),
        Media::Season(3_002, 2),
        Media::Person(901),
        Media::Odd("podcast"),
        Media::Show(3_006),
    ];
    list(ann, "Following TV", Privacy::Private, &odd);
    list(ann, "Bob's picks: the best -- ever", Privacy::Public, &[movie(481), movie(6), movie(2_002)]);
    list(ann, "Été 2024", Privacy::Friends, &[movie(127), movie(131), movie(2_001), Media::Episode(3_001, 0, 1)]);
    let watched_soon = list(ann, "watched soon", Privacy::Private, &[movie(120), movie(481)]);
    list(ann, "Kino & Co.", Privacy::Link, &[]);
    let bob = Some("bob");
    let gems = list(bob, "Public Gems", Privacy::Public, &[movie(1), movie(16662), movie(140), Media::Show(3_003)]);
    list(bob, "Hidden Things", Privacy::Private, &[movie(2_005)]);
    list(bob, "For Friends", Privacy::Friends, &[movie(2_003), movie(2_004)]);
    let night = list(bob, "Movie Night", Privacy::Friends, &[movie(140), movie(1)]);
    list(Some("cara"), "Mine Alone", Privacy::Public, &[movie(6)]);
    list(None, "The Harbour Saga", Privacy::Public, &[Media::Show(3_001), movie(481)]);
    if let Some(list) = world.lists.get_mut(&night) {
        list.collaborators.insert("ann-kay".into());
    }
    if let Some(list) = world.lists.get_mut(&watched_soon) {
        (list.contents.sort_by, list.contents.sort_how) = ("added".into(), "desc".into());
    }
    if let Some(list) = world.lists.get_mut(&gems) {
        list.likes = 1;
    }
    world.user_mut("ann-kay").likes.push((gems, now - 90 * DAY));

    for (media, days) in [(movie(6), 400), (movie(6), 30), (movie(120), 200), (Media::Show(3_002), 300)] {
        world.watch("ann-kay", media, now - days * DAY);
    }
    for episode in 1..=3 {
        world.watch("ann-kay", Media::Episode(3_001, 2, episode), now - i64::from(10 - episode) * DAY);
    }
    world.watch("ann-kay", Media::Season(3_001, 1), now - 100 * DAY);
    world.watch("ann-kay", Media::Episode(3_001, 0, 2), now - 99 * DAY);
    for media in [movie(6), movie(16662), Media::Season(1388, 1), Media::Episode(3_001, 0, 1)] {
        world.collect("ann-kay", media, now - 500 * DAY);
    }
    let ratings = [
        (movie(6), 10),
        (movie(120), 7),
        (Media::Show(3_002), 8),
        (Media::Season(3_002, 1), 9),
        (Media::Episode(3_001, 2, 1), 6),
    ];
    for (media, rating) in ratings {
        world.rate("ann-kay", media, rating, now - 50 * DAY);
    }
    world.put(&Place::Favorites("ann-kay".into()), &[movie(6), Media::Show(3_002)]);
    let watchlist = [
        movie(481),
        movie(16662),
        Media::Show(1388),
        movie(2_001),
        Media::Season(3_003, 2),
        Media::Episode(3_001, 2, 7),
        Media::Show(3_006),
        movie(2_006),
    ];
    world.put(&Place::Watchlist("ann-kay".into()), &watchlist);
    world.put(&Place::Watchlist("bob".into()), &[movie(131), Media::Show(3_001)]);
    world.put(&Place::Watchlist("cara".into()), &[movie(1)]);
}

fn large(world: &mut World) {
    let now = world.now();
    for (nth, movie) in world.add_movies(1_200).into_iter().enumerate() {
        let at = now - i64::try_from(nth).unwrap_or(0) * DAY / 4;
        world.watch("ann-kay", movie, at);
        if nth % 5 == 0 {
            world.watch("ann-kay", movie, at - 365 * DAY);
        }
        if nth < 500 {
            world.collect("ann-kay", movie, at);
        }
    }
    for (nth, show) in world.add_shows(400, 3, 8).into_iter().enumerate() {
        let at = now - i64::try_from(nth).unwrap_or(0) * DAY / 2;
        let Media::Show(id) = show else { continue };
        if nth % 3 == 0 {
            world.watch("ann-kay", Media::Season(id, 1), at);
            world.watch("ann-kay", Media::Episode(id, 2, 1), at);
        } else {
            world.watch("ann-kay", show, at);
        }
        if nth < 50 {
            world.collect("ann-kay", show, at);
        }
    }
    world.fill_watchlist("ann-kay", 600);
    let list = world.add_list(Some("ann-kay"), "Big List", Privacy::Private);
    world.fill(&Place::List(list), 1_000);
}
