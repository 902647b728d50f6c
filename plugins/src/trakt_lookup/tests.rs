//! Lookups against the simulator: configs in, fields, decisions and requests out.

use std::sync::atomic::Ordering;

use flexget_core::prelude::*;
use flexget_core::report::TaskReport;
use flexget_core::testing::{decisions, run, titles};
use serde_json::Value as Json;
use trakt_sim::{Fault, Limits, Media, Seed, Trouble};

use crate::trakt::sandbox::Sandbox;

const HOUR: i64 = 3_600_000;

fn pass(sandbox: &Sandbox, hours: i64) {
    sandbox.cx.clock.shared().unwrap().fetch_add(hours * HOUR, Ordering::SeqCst);
}

fn watchlist_of(count: usize) -> Sandbox {
    let sandbox = Sandbox::new(Seed::empty().and(move |world| {
        world.add_user("Ann.Kay");
        world.switches.tidy_watchlist = false;
        let movies = world.fill_watchlist("ann-kay", count);
        world.watch("ann-kay", movies[0], world.now() - 48 * HOUR);
    }));
    // What was planted has settled by now.
    pass(&sandbox, 24);
    sandbox
}

/// A task that reads these fields of mock entries, one a line, through conditions that decide nothing.
fn reading(entries: &[&str], fields: &[&str]) -> String {
    let entries: String = entries.iter().map(|entry| format!("  - {entry}\n")).collect();
    let fields: String = fields.iter().map(|field| format!("  - {field} == 'never': fail\n")).collect();
    format!("mock:\n{entries}trakt_lookup: {{ account: ann }}\nseen: no\nif:\n{fields}")
}

fn fields(report: &TaskReport, at: usize) -> Json {
    serde_json::to_value(&report.entries[at].fields).unwrap()
}

fn read_one(sandbox: &Sandbox, entry: &str, names: &[&str]) -> Json {
    fields(&run(&reading(&[entry], names), &sandbox.next_run()), 0)
}

#[test]
fn two_hundred_and_fifty_movies_of_a_list_cost_no_request_each() {
    let sandbox = watchlist_of(250);
    let config = "trakt_list: { account: ann, list: watchlist, type: movies }\ntrakt_lookup: { account: ann }\nseen: no\nif:\n  - trakt_watched: reject\n  - trakt_rating > 4 and 'drama' in trakt_genres: accept";
    let report = run(config, &sandbox.next_run());
    assert_eq!(
        sandbox.requests(),
        ["GET /sync/watchlist/movies", "GET /sync/last_activities", "GET /sync/watched/movies"]
    );
    assert_eq!(titles(&report, State::Rejected).len(), 1);
    assert!(!titles(&report, State::Accepted).is_empty());
    let again = run(config, &sandbox.next_run());
    assert!(sandbox.requests().len() <= 2, "{:?}", sandbox.requests());
    assert_eq!(decisions(&again), decisions(&report));
}

#[test]
fn a_hundred_episodes_of_five_shows_cost_a_search_and_a_read_for_each_show() {
    let sandbox = Sandbox::new(Seed::empty().and(|world| {
        world.add_user("Ann.Kay");
        world.add_shows(5, 4, 5);
    }));
    let names: Vec<(String, u32)> = sandbox.sim.with(|world| {
        let shows = world.catalogue.shows.values();
        shows.map(|show| (show.work.title.clone().unwrap(), show.work.year.unwrap())).collect()
    });
    let entries: Vec<String> = names
        .iter()
        .flat_map(|(name, year)| {
            (1..=4).flat_map(move |season| {
                (1..=5).map(move |episode| {
                    format!("{{ title: '{name} S{season}E{episode}', series_name: '{name} ({year})', series_season: {season}, series_episode: {episode} }}")
                })
            })
        })
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let report = run(&reading(&entries, &["trakt_ep_name"]), &sandbox.next_run());
    assert_eq!(sandbox.sim.count("GET", "/search/"), 5);
    assert_eq!(sandbox.sim.count("GET", "/shows/"), 5);
    assert_eq!(sandbox.requests().len(), 10);
    assert!((0..100).all(|at| fields(&report, at)["trakt_ep_id"].is_string()));
    run(&reading(&entries, &["trakt_ep_name"]), &sandbox.next_run());
    assert_eq!(sandbox.requests(), Vec::<String>::new());
}

#[test]
fn what_nobody_reads_costs_nothing_and_a_condition_asks_only_of_what_passes_its_first_half() {
    let sandbox = Sandbox::new(Seed::small());
    let mock = "mock:\n  - { title: The Matrix, movie_name: The Matrix, imdb_id: tt0133093 }\n  - { title: Fight Club, movie_name: Fight Club, imdb_id: tt0137523 }\ntrakt_lookup: { account: ann }\nseen: no\n";
    run(&format!("{mock}accept_all: yes"), &sandbox.next_run());
    assert_eq!(sandbox.requests(), Vec::<String>::new());
    let report = run(&format!("{mock}if: [ \"'Fight' in title and trakt_watched\": accept ]"), &sandbox.next_run());
    assert_eq!(titles(&report, State::Accepted), ["Fight Club"]);
    assert_eq!(sandbox.sim.count("GET", "/movies/"), 1);
    assert_eq!(sandbox.sim.count("GET", "/movies/tt0137523"), 1);
}

/// What the simulator's own state says of what was watched, by its plays.
fn truth(world: &trakt_sim::World, media: Media) -> bool {
    let user = world.user("ann-kay");
    let now = world.now();
    let seen = |show: u64, season: u32, number: u32| {
        let plays = user.history.iter().filter(|play| play.media == Media::Episode(show, season, number));
        let reset = user.resets.get(&show).copied();
        plays.map(|play| play.watched_at).max().is_some_and(|last| reset.is_none_or(|reset| last > reset))
    };
    let all = |show: u64, wanted: &dyn Fn(u32) -> bool| {
        let episodes = world.catalogue.shows[&show].episodes(true);
        let aired: Vec<bool> = episodes
            .filter(|(season, episode)| wanted(*season) && episode.aired(now))
            .map(|(season, episode)| seen(show, season, episode.number))
            .collect();
        !aired.is_empty() && aired.iter().all(|seen| *seen)
    };
    match media {
        Media::Movie(_) => user.history.iter().any(|play| play.media == media),
        Media::Show(show) => all(show, &|season| season > 0),
        Media::Season(show, number) => all(show, &|season| season == number),
        Media::Episode(show, season, number) => seen(show, season, number),
        _ => false,
    }
}

#[test]
fn a_large_account_gets_the_truth_about_everything() {
    let sandbox = Sandbox::new(Seed::large());
    pass(&sandbox, 24);
    let media: Vec<Media> = sandbox.sim.with(|world| {
        // A show that was started again, once seen anew in part and once not at all.
        let now = world.now();
        for (show, seen) in [(500_001, true), (500_002, false)] {
            world.user_mut("ann-kay").resets.insert(show, now - HOUR);
            if seen {
                world.watch("ann-kay", Media::Season(show, 1), now - HOUR / 2);
            }
        }
        // An episode that was seen before it was aired does not stand for one that was not seen.
        world.watch("ann-kay", Media::Episode(3_001, 2, 10), now - HOUR);
        for episode in [5, 6] {
            world.watch("ann-kay", Media::Episode(3_001, 2, episode), now - HOUR);
        }
        let mut media: Vec<Media> = world.catalogue.movies.keys().map(|id| Media::Movie(*id)).collect();
        for (id, show) in &world.catalogue.shows {
            media.push(Media::Show(*id));
            for season in &show.seasons {
                media.push(Media::Season(*id, season.number));
                media.extend(season.episodes.iter().map(|episode| Media::Episode(*id, season.number, episode.number)));
            }
        }
        media
    });
    let entries: Vec<String> = media
        .iter()
        .map(|media| match media {
            Media::Movie(id) => format!("{{ title: m{id}, trakt_movie_id: {id} }}"),
            Media::Show(id) => format!("{{ title: s{id}, trakt_show_id: {id} }}"),
            Media::Season(id, season) => format!("{{ title: s{id}s{season}, trakt_show_id: {id}, series_season: {season} }}"),
            Media::Episode(id, season, number) => format!(
                "{{ title: s{id}s{season}e{number}, trakt_show_id: {id}, series_season: {season}, series_episode: {number} }}"
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let report = run(&reading(&entries, &["trakt_watched"]), &sandbox.next_run());
    let expected: Vec<bool> = sandbox.sim.with(|world| media.iter().map(|media| truth(world, *media)).collect());
    for (at, (media, expected)) in media.iter().zip(&expected).enumerate() {
        assert_eq!(fields(&report, at)["trakt_watched"], Json::from(*expected), "{media:?}");
    }
    assert!(expected.iter().filter(|watched| **watched).count() > 1_200 && expected.contains(&false));
    // The pages of what was watched (2,400 movies are never asked for one by one), and the seasons of the shows that were touched.
    assert_eq!(sandbox.sim.count("GET", "/movies/"), 0);
    assert!(sandbox.sim.count("GET", "/sync/") <= 12, "{}", sandbox.sim.count("GET", "/sync/"));
}

#[test]
fn nothing_is_decided_on_data_that_is_not_there() {
    let dark_knight = "{ title: The Dark Knight, movie_name: The Dark Knight, trakt_movie_id: 6 }";
    let seasons_missing = || {
        Fault::on("GET", "/sync/watched/shows").answers(trakt_sim::Reply::json(
        200,
        &serde_json::json!([{ "plays": 1, "show": { "title": "Harbour Lights", "ids": { "trakt": 3001 }, "aired_episodes": 14 } }]),
    ))
    };
    let show = "{ title: Harbour Lights, series_name: Harbour Lights, trakt_show_id: 3001 }";
    for (what, entry, fault) in [
        ("down", dark_knight, Fault::on("GET", "/")),
        ("html", dark_knight, Fault::on("GET", "/sync/watched").maintenance()),
        ("truncated", dark_knight, Fault::on("GET", "/sync/watched").truncated_json()),
        ("wrong", dark_knight, Fault::on("GET", "/sync/watched").wrong_json()),
        ("limited", dark_knight, Fault::on("GET", "/sync/watched").too_many(Some(60))),
        ("cloudflare", dark_knight, Fault::on("GET", "/sync/watched").cloudflare(403)),
        ("cut", dark_knight, Fault::on("GET", "/sync/watched").with(Trouble::CloseBefore)),
        ("no seasons", show, seasons_missing()),
    ] {
        let sandbox = Sandbox::new(Seed::small());
        pass(&sandbox, 24);
        let config = format!(
            "mock: [ {entry} ]\ntrakt_lookup: {{ account: ann }}\nseen: no\nif:\n  - not trakt_watched: accept\n  - trakt_watched: reject"
        );
        sandbox.sim.fail(fault.clone());
        let report = run(&config, &sandbox.next_run());
        assert_eq!(report.entries[0].state, State::Undecided, "{what}");
        assert!(fields(&report, 0).get("trakt_watched").is_none(), "{what}");
        assert_eq!(report.warnings.iter().filter(|warning| warning.starts_with("trakt_lookup: ")).count(), 1, "{what}");
        // What was read while Trakt was there is used when it is not.
        sandbox.sim.heal();
        let healed = run(&config, &sandbox.next_run());
        assert_ne!(healed.entries[0].state, State::Undecided, "{what}");
        sandbox.sim.with(|world| world.mark("ann-kay", "movies.watched_at"));
        sandbox.sim.with(|world| world.mark("ann-kay", "episodes.watched_at"));
        sandbox.sim.fail(fault);
        let old = run(&config, &sandbox.next_run());
        assert_eq!(old.entries[0].state, healed.entries[0].state, "{what}");
    }
}

#[test]
fn a_limit_in_the_middle_is_waited_for() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.with(|world| world.limits = Limits { reads: Some(2), ..Limits::default() });
    let entries: Vec<String> = ["tt0133093", "tt0137523", "tt0468569", "tt1375666", "tt0245429"]
        .iter()
        .map(|id| format!("{{ title: {id}, movie_name: {id}, imdb_id: {id} }}"))
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let report = run(&reading(&entries, &["trakt_rating"]), &sandbox.next_run());
    assert!((0..5).all(|at| fields(&report, at)["trakt_rating"].is_number()));
}

#[test]
fn titles_are_found_by_whatever_is_known_and_by_nothing_else() {
    let sandbox = Sandbox::new(Seed::small());
    for (entry, expected) in [
        ("{ title: X, trakt_movie_id: 481 }", Some("The Matrix")),
        ("{ title: X, trakt_movie_slug: the-matrix-1999 }", Some("The Matrix")),
        ("{ title: X, movie_name: X, imdb_id: tt0133093 }", Some("The Matrix")),
        ("{ title: X, movie_name: X, imdb_id: TT0133093 }", Some("The Matrix")),
        ("{ title: X, movie_name: X, tmdb_id: 603 }", Some("The Matrix")),
        ("{ title: X, series_name: X, tmdb_id: 603 }", Some("Harbour Lights")),
        ("{ title: X, series_name: X, tvdb_id: 81189 }", Some("Breaking Bad")),
        ("{ title: X, trakt_show_slug: breaking-bad }", Some("Breaking Bad")),
        ("{ title: X, movie_name: the matrix, movie_year: 1999 }", Some("The Matrix")),
        ("{ title: X, movie_name: Amelie }", Some("Amélie")),
        ("{ title: X, movie_name: Paper Moons, movie_year: 2021 }", Some("Paper Moons")),
        ("{ title: X, movie_name: Vesper Hollow }", Some("Vesper Hollow")),
        ("{ title: X, series_name: Null Island }", Some("Null Island")),
        // A slug of digits is not Trakt's number; an id that is not Trakt's says nothing against the name.
        ("{ title: X, trakt_movie_slug: '481', movie_name: Inception, movie_year: 2010 }", None),
        ("{ title: X, movie_name: The Matrix, movie_year: 1999, imdb_id: garbage }", None),
        // None is surely meant.
        ("{ title: X, movie_name: Paper Moons }", None),
        ("{ title: X, movie_name: The Matrix, movie_year: 1950 }", None),
        ("{ title: X, movie_name: The Mat }", None),
        ("{ title: X, series_name: Doctor Quill }", None),
        ("{ title: X, trakt_movie_id: 999999 }", None),
        ("{ title: X, movie_name: The Matrix, movie_year: 1999, imdb_id: tt7654321 }", None),
    ] {
        let found = read_one(&sandbox, entry, &["trakt_movie_name", "trakt_series_name"]);
        let name = found.get("trakt_movie_name").filter(|name| !name.is_null()).or(found.get("trakt_series_name"));
        assert_eq!(name.and_then(Json::as_str), expected, "{entry}");
    }
}

#[test]
fn the_surest_id_decides_also_among_what_is_kept() {
    let sandbox = Sandbox::new(Seed::small());
    read_one(&sandbox, "{ title: X, trakt_movie_id: 6 }", &["trakt_movie_name"]);
    let found = read_one(&sandbox, "{ title: X, trakt_movie_id: 481, imdb_id: tt0468569 }", &["trakt_movie_name"]);
    assert_eq!(found["trakt_movie_name"], "The Matrix");
}

#[test]
fn what_is_not_found_is_not_asked_again_for_a_while_and_told_in_one_line() {
    let sandbox = Sandbox::new(Seed::small());
    let entries: Vec<String> = (0..300)
        .map(|nth| format!("{{ title: Unknown {nth}, movie_name: Unknown {nth}, movie_year: 1999 }}"))
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let report = run(&reading(&entries, &["trakt_rating"]), &sandbox.next_run());
    assert_eq!(sandbox.requests().len(), 300);
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    assert!(
        report.warnings[0].starts_with("trakt_lookup: 300 entries could not be looked up: "),
        "{}",
        report.warnings[0]
    );
    assert!(fields(&report, 0).get("trakt_rating").is_none());
    run(&reading(&entries, &["trakt_rating"]), &sandbox.next_run());
    assert_eq!(sandbox.requests().len(), 0);
    for (hours, expected) in [(25, 1), (25, 0), (25, 1)] {
        pass(&sandbox, hours);
        run(&reading(&entries[..1], &["trakt_rating"]), &sandbox.next_run());
        assert_eq!(sandbox.requests().len(), expected, "after a day, and then after two");
    }
}

#[test]
fn episodes_are_found_by_number_by_day_and_counted_through() {
    let sandbox = Sandbox::new(Seed::small());
    for (entry, expected) in [
        ("{ title: X, series_name: Harbour Lights, series_season: 0, series_episode: 2 }", "S00E02"),
        ("{ title: X, series_name: Sky Courier, series_id_type: sequence, series_id: 14 }", "S02E02"),
        // It was aired in the night from the 8th to the 9th in UTC.
        ("{ title: X, series_name: Breaking Bad, series_id_type: date, series_id: '2009-03-08' }", "S02E01"),
        ("{ title: X, trakt_show_id: 3006, series_season: 1, series_episode: 1 }", "S01E01"),
    ] {
        let found = read_one(&sandbox, entry, &["trakt_ep_id", "trakt_ep_name", "trakt_season"]);
        assert_eq!(found["trakt_ep_id"], expected, "{entry}");
    }
    let special = "{ title: X, series_name: Harbour Lights, series_season: 0, series_episode: 2 }";
    assert_eq!(read_one(&sandbox, special, &["trakt_watched"])["trakt_watched"], true);
    let unknown = read_one(
        &sandbox,
        "{ title: X, trakt_show_id: 1388, series_season: 9, series_episode: 9 }",
        &["trakt_ep_name"],
    );
    assert!(unknown.get("trakt_ep_name").is_none());
}

#[test]
fn the_fields_have_what_trakt_says() {
    let sandbox = Sandbox::new(Seed::small());
    let matrix = read_one(
        &sandbox,
        "{ title: X, trakt_movie_id: 481 }",
        &["trakt_translations", "trakt_actors", "trakt_released"],
    );
    assert_eq!(matrix["trakt_translations"]["pt"]["title"], "Matrix (Portugal)");
    assert_eq!(matrix["trakt_translations"]["fr"]["title"], "Matrix");
    assert_eq!(matrix["trakt_actors"]["901"]["name"], "Mara Lindqvist");
    assert_eq!(matrix["trakt_released"], "1999-09-10");
    let mut requests = sandbox.requests();
    requests.sort();
    assert_eq!(requests, ["GET /movies/481", "GET /movies/481/people", "GET /movies/481/translations"]);
    let season = read_one(
        &sandbox,
        "{ title: X, trakt_show_id: 3002, series_season: 1 }",
        &["trakt_season_name", "trakt_season_user_rating", "trakt_series_user_rating", "trakt_collected"],
    );
    assert_eq!(season["trakt_season_name"], "Season 1");
    assert_eq!(
        (&season["trakt_season_user_rating"], &season["trakt_series_user_rating"]),
        (&Json::from(9), &Json::from(8))
    );
    assert_eq!(season["trakt_collected"], false);
    let collected = read_one(&sandbox, "{ title: X, trakt_show_id: 1388, series_season: 1 }", &["trakt_collected"]);
    assert_eq!(collected["trakt_collected"], true);
    let special = read_one(
        &sandbox,
        "{ title: X, trakt_show_id: 3001, series_season: 0, series_episode: 1 }",
        &["trakt_collected"],
    );
    assert_eq!(special["trakt_collected"], true, "specials are collected too");
    // Without a name, year, genres and dates.
    let bare = read_one(&sandbox, "{ title: X, trakt_movie_id: 2002 }", &["trakt_genres", "trakt_movie_year"]);
    assert_eq!((bare.get("trakt_genres"), &bare["trakt_movie_id"]), (Some(&Json::Null), &Json::from(2002)));
}

#[test]
fn what_is_kept_is_used_until_its_time_and_not_with_no_cache() {
    let sandbox = Sandbox::new(Seed::small());
    let entry = "{ title: X, trakt_show_id: 3001, series_season: 2, series_episode: 1 }";
    let read = |cx: &Context| run(&reading(&[entry], &["trakt_ep_name", "trakt_series_status"]), cx);
    for (hours, no_cache, expected) in [(0, false, 2), (1, false, 0), (0, true, 2), (13, false, 1), (49, false, 2)] {
        pass(&sandbox, hours);
        let cx = Context { no_cache, ..sandbox.next_run() };
        read(&cx);
        assert_eq!(sandbox.requests().len(), expected, "after {hours} hours: {:?}", sandbox.requests());
    }
    // Beyond its time it is still better than nothing.
    pass(&sandbox, 1_000);
    sandbox.sim.fail(Fault::on("GET", "/"));
    assert!(fields(&read(&sandbox.next_run()), 0)["trakt_ep_name"].is_string());
}

#[test]
fn a_show_that_goes_on_is_not_watched_any_more() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.with(|world| {
        for episode in 4..=6 {
            world.watch("ann-kay", Media::Episode(3_001, 2, episode), world.now() - 24 * HOUR);
        }
    });
    pass(&sandbox, 1);
    let entry = "{ title: X, trakt_show_id: 3001 }";
    assert_eq!(read_one(&sandbox, entry, &["trakt_watched"])["trakt_watched"], true);
    pass(&sandbox, 7 * 24);
    assert_eq!(read_one(&sandbox, entry, &["trakt_watched"])["trakt_watched"], false);
}

#[test]
fn a_change_in_the_same_run_is_seen() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 24);
    let config = "tasks:\n  one:\n    mock: [ { title: M, trakt_movie_id: 481 } ]\n    trakt_lookup: { account: ann }\n    if: [ not trakt_watched: accept ]\n    list_add: [ trakt_list: { account: ann, list: watched } ]\n  two:\n    mock: [ { title: M, trakt_movie_id: 481 } ]\n    trakt_lookup: { account: ann }\n    seen: no\n    if: [ trakt_watched: accept ]\n";
    let report = flexget_core::testing::run_config(config, &sandbox.next_run());
    assert_eq!(titles(&report.tasks[0], State::Accepted), ["M"]);
    assert_eq!(titles(&report.tasks[1], State::Accepted), ["M"]);
}
