//! Lookups against the simulator: configs in, fields, decisions and requests out.

mod conditions;
mod found;
mod kept;
mod truth;

use std::sync::atomic::Ordering;

use flexget_core::prelude::*;
use flexget_core::task::report::TaskReport;
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
    serde_json::to_value(report.entries[at].fields()).unwrap()
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
        ["GET /sync/watchlist", "GET /sync/watchlist", "GET /sync/last_activities", "GET /sync/watched/movies",]
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
fn episodes_of_known_shows_cost_one_request_for_each_show() {
    let sandbox = Sandbox::new(Seed::empty().and(|world| {
        world.add_user("Ann.Kay");
        world.add_shows(13, 2, 4);
    }));
    let episode = |nth: usize| {
        let show = nth % 13;
        let id = match show % 3 {
            0 => format!("trakt_show_id: {}", 500_000 + show),
            1 => format!("imdb_id: tt8{show:06}"),
            _ => sandbox.sim.with(|world| {
                let show = &world.catalogue.shows[&(500_000 + show as u64)];
                format!("trakt_show_slug: {}", show.work.ids.slug.clone().unwrap())
            }),
        };
        let (season, number) = (nth / 13 / 4 + 1, nth / 13 % 4 + 1);
        format!("{{ title: E{nth}, series_name: X, {id}, series_season: {season}, series_episode: {number} }}")
    };
    let entries: Vec<String> = (0..100).map(episode).collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let report = run(&reading(&entries, &["trakt_ep_name"]), &sandbox.next_run());
    assert!((0..100).all(|at| fields(&report, at)["trakt_ep_id"].is_string()));
    assert_eq!(sandbox.requests().len(), 13, "{:?}", sandbox.requests());
    assert_eq!(sandbox.sim.count("GET", "/shows/"), 13);
}

#[test]
fn an_unknown_account_leaves_public_fields_and_one_warning() {
    let sandbox = Sandbox::new(Seed::small());
    let config = "mock: [ { title: M, trakt_movie_id: 481 }, { title: N, trakt_movie_id: 6 } ]\ntrakt_lookup: { account: nobody }\nseen: no\nif:\n  - not trakt_watched: accept\n  - trakt_collected: accept\n  - trakt_movie_year == 1999: reject";
    let report = run(config, &sandbox.next_run());
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    let warning = "trakt_lookup: account `nobody` has not been authorized, so only public fields are looked up: ";
    assert!(report.warnings[0].starts_with(warning), "{}", report.warnings[0]);
    assert_eq!(fields(&report, 0)["trakt_movie_year"], 1999);
    assert_eq!(titles(&report, State::Accepted), [""; 0], "an unknown field decides nothing");
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

#[test]
fn a_change_in_the_same_run_is_seen() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 24);
    let config = "tasks:\n  one:\n    mock: [ { title: M, trakt_movie_id: 481 } ]\n    trakt_lookup: { account: ann }\n    if: [ not trakt_watched: accept ]\n    list_add: [ trakt_list: { account: ann, list: watched } ]\n  two:\n    mock: [ { title: M, trakt_movie_id: 481 } ]\n    trakt_lookup: { account: ann }\n    seen: no\n    if: [ trakt_watched: accept ]\n";
    let report = flexget_core::testing::run_config(config, &sandbox.next_run());
    assert_eq!(titles(&report.tasks[0], State::Accepted), ["M"]);
    assert_eq!(titles(&report.tasks[1], State::Accepted), ["M"]);
}
