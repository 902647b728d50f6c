//! Lists of Trakt, read and changed, against the simulator: configs in, titles and requests out.

use flexget_core::entry::State;
use flexget_core::prelude::*;
use flexget_core::testing::{self, run, titles};
use trakt_sim::{Fault, Media, Place, Seed};

use crate::trakt::sandbox::Sandbox;

mod bounds;
mod faults;
mod laws;
mod oddities;
mod owners;
mod parts;
mod proofs;
mod ranks;
mod requests;
mod sync;
mod undoing;
mod unseen;
mod unsure;
mod writes;

/// Trakt's number of a movie.
fn number(media: Media) -> u64 {
    match media {
        Media::Movie(id) => id,
        other => panic!("{other:?} is no movie"),
    }
}

/// Reads a list and accepts everything on it.
fn read(options: &str) -> String {
    format!("trakt_list: {{ {options} }}\naccept_all: yes\nseen: no")
}

fn read_titles(sandbox: &Sandbox, options: &str) -> Vec<String> {
    let report = run(&read(options), &sandbox.next_run());
    assert!(report.error.is_none(), "{options}: {:?}", report.error);
    titles(&report, State::Accepted).into_iter().map(str::to_owned).collect()
}

#[test]
fn lists_are_read_whatever_is_on_them() {
    let sandbox = Sandbox::new(Seed::small());
    for (options, expected) in [
        (
            "account: ann, list: watchlist, type: movies",
            vec!["The Matrix (1999)", "Inception (2010)", "Vesper Hollow", "The Glass Meridian (2026)"],
        ),
        (
            "account: ann, list: watchlist, type: movies, strip_dates: yes",
            vec!["The Matrix", "Inception", "Vesper Hollow", "The Glass Meridian"],
        ),
        ("account: ann, list: watchlist, type: shows", vec!["Breaking Bad (2008)", "Null Island"]),
        ("account: ann, list: watchlist, type: seasons", vec!["Sky Courier (2020) S02"]),
        ("account: ann, list: watchlist, type: episodes", vec!["Harbour Lights (2025) S02E07"]),
        (
            "account: ann, list: Following TV",
            vec!["Breaking Bad (2008)", "Harbour Lights (2025)", "Paper Lanterns (2018) S02", "Null Island"],
        ),
        (
            "account: ann, list: 'bob''s picks: the best -- ever'",
            vec!["The Matrix (1999)", "The Dark Knight (2008)", "untitled-2002"],
        ),
        ("username: bob, list: Public Gems, type: shows", vec!["Sky Courier (2020)"]),
        ("username: bob, list: watchlist", vec!["Spirited Away (2001)", "Harbour Lights (2025)"]),
        ("account: ann, username: bob, list: For Friends", vec!["Paper Moons (1973)", "Paper Moons (2021)"]),
        ("account: ann, list: Movie Night", vec!["The Thing (1982)", "TRON: Legacy (2010)"]),
        ("account: ann, list: favorites", vec!["The Dark Knight (2008)", "Paper Lanterns (2018)"]),
        ("account: ann, list: watched, type: movies", vec!["The Dark Knight (2008)", "Fight Club (1999)"]),
        ("account: ann, list: ratings, type: movies", vec!["The Dark Knight (2008)", "Fight Club (1999)"]),
        ("account: ann, list: collection, type: movies", vec!["The Dark Knight (2008)", "Inception (2010)"]),
    ] {
        let mut found = read_titles(&sandbox, options);
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{options}");
    }
}

#[test]
fn a_watchlist_of_600_is_three_requests_and_the_second_reader_costs_none() {
    let sandbox = Sandbox::new(Seed::empty().and(|world| {
        world.add_user("Ann.Kay");
        world.fill_watchlist("ann-kay", 600);
    }));
    let config = "tasks:\n  one:\n    trakt_list: { account: ann, list: watchlist }\n    accept_all: yes\n    seen: no\n  two:\n    trakt_list: { account: ann, list: watchlist }\n    accept_all: yes\n    seen: no\n";
    let report = testing::run_config(config, &sandbox.next_run());
    assert_eq!(report.tasks[1].entries.len(), 600);
    assert_eq!(sandbox.requests(), ["GET /sync/watchlist"; 3]);
    assert_eq!(report.requests["GET"], 3);
}

#[test]
fn an_unchanged_list_costs_one_small_request_and_a_changed_one_is_read_again() {
    let sandbox = Sandbox::new(Seed::empty().and(|world| {
        world.add_user("Ann.Kay");
        world.fill_watchlist("ann-kay", 300);
    }));
    sandbox.cx.clock.shared().unwrap().fetch_add(3_600_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(read_titles(&sandbox, "account: ann, list: watchlist").len(), 300);
    assert_eq!(sandbox.requests(), ["GET /sync/watchlist"; 2]);
    for _ in 0..2 {
        assert_eq!(read_titles(&sandbox, "account: ann, list: watchlist").len(), 300);
        assert_eq!(sandbox.requests(), ["GET /sync/last_activities"]);
    }
    sandbox.sim.with(|world| {
        let movies = world.add_movies(1);
        world.put(&Place::Watchlist("ann-kay".into()), &movies);
    });
    assert_eq!(read_titles(&sandbox, "account: ann, list: watchlist").len(), 301);
}

#[test]
fn a_change_right_after_the_first_read_is_seen() {
    let sandbox = Sandbox::new(Seed::small());
    let before = read_titles(&sandbox, "account: ann, list: watchlist").len();
    sandbox.sim.with(|world| {
        let movies = world.add_movies(1);
        world.put(&Place::Watchlist("ann-kay".into()), &movies);
    });
    sandbox.cx.clock.shared().unwrap().fetch_add(86_400_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(read_titles(&sandbox, "account: ann, list: watchlist").len(), before + 1);
}

#[test]
fn a_page_that_fails_is_never_a_short_list() {
    let sandbox = Sandbox::new(Seed::large());
    sandbox.sim.fail(Fault::on("GET", "/sync/watchlist").query("page", "2").status(404));
    let report = run(&read("account: ann, list: watchlist"), &sandbox.next_run());
    assert!(report.error.is_some());
    assert_eq!(report.entries.len(), 0);
}

#[test]
fn adding_sends_one_request_and_reports_what_trakt_says() {
    let sandbox = Sandbox::new(Seed::small());
    let config = "mock:\n  - { title: Fight Club (1999), movie_name: Fight Club, movie_year: 1999, imdb_id: tt0137523 }\n  - { title: The Matrix (1999), tmdb_id: 603, movie_name: The Matrix, movie_year: 1999 }\n  - { title: Nobody knows this (1901), movie_name: Nobody knows this, movie_year: 1901 }\n  - { title: no id at all }\naccept_all: yes\nlist_add: [ trakt_list: { account: ann, list: watchlist } ]";
    let report = run(config, &sandbox.next_run());
    assert_eq!(sandbox.requests(), ["POST /sync/watchlist"]);
    let change = &report.changes[0];
    assert_eq!((change.requested, change.done, change.existing), (4, 1, 1));
    assert_eq!(change.not_found, ["Nobody knows this (1901)"]);
    assert_eq!(titles(&report, State::Failed), ["Nobody knows this (1901)", "no id at all"]);
    assert!(
        sandbox.sim.with(|world| world.contents(&Place::Watchlist("ann-kay".into())).unwrap().has(Media::Movie(120)))
    );
    // What failed is tried again, what was done is seen.
    let again = run(config, &sandbox.next_run());
    assert_eq!(titles(&again, State::Rejected), ["Fight Club (1999)", "The Matrix (1999)"]);
}

#[test]
fn clearing_500_items_takes_three_reads_and_three_writes() {
    let sandbox = Sandbox::new(Seed::empty().and(|world| {
        world.add_user("Ann.Kay");
        world.fill_watchlist("ann-kay", 500);
    }));
    let report = run("list_clear: { what: [ trakt_list: { account: ann, list: watchlist } ] }", &sandbox.next_run());
    assert_eq!(report.changes[0].done, 500);
    assert_eq!(sandbox.sim.count("GET", "/"), 3, "after a full page there may be another one");
    assert_eq!(sandbox.sim.count("POST", "/sync/watchlist/remove"), 3);
    assert_eq!(sandbox.sim.with(|world| world.contents(&Place::Watchlist("ann-kay".into())).unwrap().items.len()), 0);
}

#[test]
fn a_dry_run_sends_no_write_and_says_item_by_item_what_it_would_do() {
    let sandbox = Sandbox::new(Seed::small());
    let cx = Context { dry_run: true, ..sandbox.next_run() };
    let report = run(
        "mock:\n  - { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club }\n  - { title: The Matrix, imdb_id: tt0133093, movie_name: The Matrix }\naccept_all: yes\nlist_add: [ trakt_list: { account: ann, list: watchlist } ]",
        &cx,
    );
    assert_eq!(sandbox.sim.count("POST", "/"), 0);
    assert_eq!(report.changes[0].items, ["Fight Club"]);
    assert_eq!(report.changes[0].existing, 1);
}

#[test]
fn a_failed_write_fails_its_entries_and_is_not_seen() {
    for status in [401, 403, 404, 420, 423, 426, 429, 503] {
        let sandbox = Sandbox::new(Seed::small());
        sandbox.sim.fail(Fault::on("POST", "/sync/watchlist").status(status));
        let config = "mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]\naccept_all: yes\nlist_add: [ trakt_list: { account: ann, list: watchlist } ]";
        let report = run(config, &sandbox.next_run());
        assert_eq!(titles(&report, State::Failed), ["Fight Club"], "status {status}");
        assert!(!report.is_ok(), "status {status}");
        sandbox.sim.heal();
        sandbox.authorize("ann", "Ann.Kay");
        let again = run(config, &sandbox.next_run());
        assert_eq!(titles(&again, State::Accepted), ["Fight Club"], "status {status}");
    }
}

#[test]
fn an_account_that_is_not_authorized_stops_the_task_before_any_request() {
    let sandbox = Sandbox::new(Seed::small());
    let report = run(
        "mock: [ A ]\naccept_all: yes\nlist_add: [ trakt_list: { account: nobody, list: watchlist } ]",
        &sandbox.next_run(),
    );
    let error = report.error.unwrap();
    assert_eq!(error.message, "account `nobody` has not been authorized");
    assert_eq!(error.hint.as_deref(), Some("run `flexget-rs trakt auth nobody`; authorized accounts: ann"));
    assert_eq!(sandbox.requests(), Vec::<String>::new());
}

#[test]
fn an_undo_puts_back_what_was_there() {
    let sandbox = Sandbox::new(Seed::small());
    let rated = |sandbox: &Sandbox| {
        let mut titles = read_titles(sandbox, "account: ann, list: ratings");
        titles.sort();
        titles
    };
    let before = rated(&sandbox);
    let report = run(
        "trakt_list: { account: ann, list: ratings }\naccept_all: yes\nlist_remove: [ trakt_list: { account: ann, list: ratings } ]",
        &sandbox.next_run(),
    );
    assert_eq!(report.changes[0].done, 5);
    assert_eq!(rated(&sandbox), Vec::<String>::new());
    let id = report.changes[0].change_id.unwrap();
    let undone = testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    assert_eq!(undone.done, 5);
    assert_eq!(rated(&sandbox), before);
    let ratings = sandbox.sim.with(|world| world.user("ann-kay").ratings.len());
    assert_eq!(ratings, 5);
}

#[test]
fn an_undo_of_an_add_leaves_what_was_there_before() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.cx.clock.shared().unwrap().fetch_add(7_200_000, std::sync::atomic::Ordering::SeqCst);
    let config = "mock:\n  - { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club }\n  - { title: The Matrix, imdb_id: tt0133093, movie_name: The Matrix }\naccept_all: yes\nlist_add: [ trakt_list: { account: ann, list: watchlist } ]";
    let report = run(config, &sandbox.next_run());
    let id = report.changes[0].change_id.unwrap();
    let undone = testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    assert_eq!(undone.done, 1);
    let has = |movie| {
        sandbox.sim.with(|world| world.contents(&Place::Watchlist("ann-kay".into())).unwrap().has(Media::Movie(movie)))
    };
    assert!(has(481) && !has(120));
}

#[test]
fn entries_that_only_a_search_identifies_are_added() {
    let sandbox = Sandbox::new(Seed::small());
    let config = "mock:
  - { title: A, imdb_id: tt0133093 }
  - { title: B, imdb_id: tt0903747 }
  - { title: C, movie_name: Fight Club }
  - { title: D, movie_name: Paper Moons }
  - { title: E, imdb_id: tt7777777 }
  - { title: F, tmdb_id: 155 }
  - { title: G, tmdb_id: 603 }
accept_all: yes
seen: no
list_add: [ trakt_list: { account: ann, list: Following TV } ]";
    let report = run(config, &sandbox.next_run());
    assert_eq!(titles(&report, State::Accepted), ["A", "B", "C", "F"], "{:?}", report.warnings);
    let reasons: Vec<&str> = report.entries.iter().filter_map(|entry| entry.reason()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("`Paper Moons` is ambiguous: Paper Moons (")), "{reasons:?}");
    // A number that a movie and a show have tells neither.
    assert!(reasons.iter().any(|reason| reason.contains("or of both")), "{reasons:?}");
    assert_eq!((sandbox.sim.count("GET", "/search/imdb/"), sandbox.sim.count("GET", "/search/tmdb/")), (3, 2));
    let listed = read_titles(&sandbox, "account: ann, list: Following TV");
    for title in ["The Matrix (1999)", "Breaking Bad (2008)", "Fight Club (1999)", "The Dark Knight (2008)"] {
        assert!(listed.iter().any(|one| one == title), "{title}: {listed:?}");
    }
    // An id at IMDb is enough to find an item on the list.
    let matching = "mock: [ { title: A, imdb_id: tt0133093 }, { title: B, imdb_id: tt1375666 } ]\nseen: no\nlist_match: { from: [ trakt_list: { account: ann, list: Following TV } ], action: accept, single_match: no }";
    assert_eq!(titles(&run(matching, &sandbox.next_run()), State::Accepted), ["A"]);
}

#[test]
fn a_lookup_gives_the_ids_that_a_list_needs() {
    let sandbox = Sandbox::new(Seed::small());
    let list = "trakt_list: { account: ann, list: Following TV }";
    let task =
        |rest: &str| format!("mock: [ Fight Club (1999), Inception (2010) ]\ntrakt_lookup: yes\nseen: no\n{rest}");
    let added = run(&task(&format!("accept_all: yes\nlist_add: [ {list} ]")), &sandbox.next_run());
    assert_eq!((added.changes[0].done, added.is_ok()), (2, true), "{added:?}");
    // One id is enough: nothing is looked up for the others.
    let known = format!(
        "mock: [ {{ title: M, movie_name: M, imdb_id: tt0133093 }} ]\ntrakt_lookup: yes\naccept_all: yes\nseen: no\nlist_add: [ {list} ]"
    );
    assert!(run(&known, &sandbox.next_run()).is_ok());
    assert_eq!(sandbox.sim.count("GET", "/movies/"), 0, "{:?}", sandbox.requests());
    let matching = format!("list_match: {{ from: [ {list} ], remove_on_match: no }}");
    let matched = run(&task(&matching), &sandbox.next_run());
    assert_eq!(titles(&matched, State::Accepted), ["Fight Club (1999)", "Inception (2010)"], "{matched:?}");
    let removed = run(&task(&format!("accept_all: yes\nlist_remove: [ {list} ]")), &sandbox.next_run());
    assert_eq!((removed.changes[0].done, removed.is_ok()), (2, true), "{removed:?}");
}

#[test]
fn a_language_leaves_the_name_that_trakt_has_and_no_slug_is_a_name() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        let list = world.lists.values().find(|list| list.name == "Following TV").map(|list| list.id).unwrap();
        world.put(&Place::List(list), &[Media::Movie(481), Media::Movie(6)]);
        let knight = world.catalogue.movies.get_mut(&6).unwrap();
        knight.title = None;
        let shows = &mut world.catalogue.shows;
        shows.get_mut(&1388).unwrap().work.translations = world.catalogue.movies[&481].translations.clone();
        shows.get_mut(&3001).unwrap().work.title = None;
    }));
    let config = "trakt_list: { account: ann, list: Following TV, language: pt }\naccept_all: yes\nseen: no";
    let report = run(config, &sandbox.next_run());
    let fields = |title: &str| {
        let entry = report.entries.iter().find(|entry| entry.title() == title).unwrap_or_else(|| panic!("{title}"));
        serde_json::to_value(entry.fields()).unwrap()
    };
    let matrix = fields("Matrix (Portugal) (1999)");
    assert_eq!(
        (&matrix["movie_name"], &matrix["trakt_movie_name"]),
        (&"Matrix (Portugal)".into(), &"The Matrix".into())
    );
    let untitled = fields("the-dark-knight-2008 (2008)");
    assert!(untitled["movie_name"].is_null() && untitled["trakt_movie_name"].is_null());
    let show = fields("Matrix (Portugal) (2008)");
    assert_eq!(
        (&show["series_name"], &show["trakt_series_name"]),
        (&"Matrix (Portugal) (2008)".into(), &"Breaking Bad".into())
    );
    let untitled = fields("harbour-lights (2025)");
    assert!(untitled["series_name"].is_null() && untitled["trakt_series_name"].is_null());
}
