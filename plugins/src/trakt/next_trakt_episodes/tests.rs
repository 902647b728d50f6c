//! What comes next, against the simulator: configs in, titles and requests out.

use std::sync::atomic::Ordering;

use flexget_core::prelude::*;
use flexget_core::testing::{config_errors, run, titles};
use trakt_sim::{Fault, Media, Place, Seed};

use crate::trakt::sandbox::Sandbox;

const HOUR: i64 = 3_600_000;

fn next(options: &str) -> String {
    format!("next_trakt_episodes: {{ {options} }}\naccept_all: yes\nseen: no")
}

/// The titles and the requests of a run.
fn read(sandbox: &Sandbox, options: &str) -> (Vec<String>, Vec<String>) {
    let report = run(&next(options), &sandbox.next_run());
    assert!(report.error.is_none(), "{options}: {:?}", report.error);
    let titles = titles(&report, State::Accepted).into_iter().map(str::to_owned).collect();
    (titles, sandbox.requests())
}

fn pass(sandbox: &Sandbox, hours: i64) {
    sandbox.cx.clock.shared().unwrap().fetch_add(hours * HOUR, Ordering::SeqCst);
}

#[test]
fn what_was_watched_is_one_request_and_the_next_run_a_small_one() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 1);
    // `Paper Lanterns` is over, and all of it was watched.
    let options = "account: ann, list: watched";
    let expected = ["Harbour Lights (2025) S02E04".to_owned()];
    assert_eq!(read(&sandbox, options), (expected.to_vec(), vec!["GET /sync/progress/watched".to_owned()]));
    assert_eq!(read(&sandbox, options), (expected.to_vec(), vec!["GET /sync/last_activities".to_owned()]));
    // Another episode was watched, and an hour has passed.
    sandbox.sim.with(|world| world.watch("ann-kay", Media::Episode(3_001, 2, 4), world.now()));
    pass(&sandbox, 1);
    assert_eq!(read(&sandbox, options).0, ["Harbour Lights (2025) S02E05"]);
}

#[test]
fn an_entry_has_the_fields_of_an_episode() {
    let sandbox = Sandbox::new(Seed::small());
    let report = run(&next("account: ann, list: watched, strip_dates: yes"), &sandbox.next_run());
    assert_eq!(report.entries[0].title(), "Harbour Lights S02E04");
    assert_eq!(report.entries[0].url(), "https://trakt.tv/shows/harbour-lights/seasons/2/episodes/4");
    let fields = serde_json::to_value(report.entries[0].fields()).unwrap();
    let expected: [(&str, serde_json::Value); 16] = [
        ("series_name", "Harbour Lights".into()),
        ("series_season", 2.into()),
        ("series_episode", 4.into()),
        ("series_id", "S02E04".into()),
        ("series_id_type", "ep".into()),
        ("trakt_series_name", "Harbour Lights".into()),
        ("trakt_series_year", 2025.into()),
        ("trakt_show_id", 3001.into()),
        ("trakt_id", 3001.into()),
        ("trakt", 3001.into()),
        ("trakt_slug", "harbour-lights".into()),
        ("tvdb_id", 430_001.into()),
        ("tvdb", 430_001.into()),
        ("imdb_id", "tt7300001".into()),
        ("trakt_list", "watched".into()),
        ("trakt_episode_id", 3_001_204.into()),
    ];
    for (name, value) in expected {
        assert_eq!(fields[name], value, "{name}");
    }
}

#[test]
fn a_list_with_what_was_never_begun_and_what_is_over() {
    let sandbox = Sandbox::new(Seed::small());
    let (titles, requests) = read(&sandbox, "account: ann, list: Following TV");
    assert_eq!(titles, ["Breaking Bad (2008) S01E01", "Harbour Lights (2025) S02E04", "Null Island S01E01"]);
    assert!(requests.iter().all(|request| !request.starts_with("GET /shows/")), "{requests:?}");
    assert_eq!(requests.iter().filter(|request| request.contains("/items")).count(), 1);
    assert!(requests.len() <= 5, "{requests:?}");
}

#[test]
fn what_is_not_aired_yet_comes_next_of_what_was_watched_so_far() {
    let sandbox = Sandbox::new(Seed::small().and(|world| world.watch("ann-kay", Media::Season(3_001, 2), world.now())));
    let seasons = "GET /shows/3001/seasons".to_owned();
    let (titles, requests) = read(&sandbox, "account: ann, list: watched");
    assert_eq!(titles, ["Harbour Lights (2025) S02E07"]);
    assert_eq!(requests, ["GET /sync/progress/watched".to_owned(), seasons.clone()]);
    assert!(!read(&sandbox, "account: ann, list: watched").1.contains(&seasons), "the seasons are kept");
    // Trakt knows no more episodes than were watched: then it goes on with the next season.
    sandbox.sim.with(|world| {
        world.catalogue.shows.get_mut(&3_001).unwrap().seasons[2].episodes.truncate(6);
    });
    pass(&sandbox, 13);
    assert_eq!(read(&sandbox, "account: ann, list: watched").0, ["Harbour Lights (2025) S03E01"]);
}

#[test]
fn what_is_hidden_has_no_next_episode() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        world.user_mut("ann-kay").hidden.insert(Media::Show(3_001));
    }));
    for list in ["Following TV", "watched"] {
        let (titles, _) = read(&sandbox, &format!("account: ann, list: {list}"));
        assert!(titles.iter().all(|title| !title.contains("Harbour")), "{list}: {titles:?}");
    }
    assert!(read(&sandbox, "account: ann, list: Following TV").0.contains(&"Breaking Bad (2008) S01E01".to_owned()));
}

#[test]
fn the_last_one_and_other_things_that_count() {
    let sandbox = Sandbox::new(Seed::small());
    for (options, expected) in [
        ("list: watched, position: last", vec!["Harbour Lights (2025) S02E03", "Paper Lanterns (2018) S02E06"]),
        ("list: collection, context: collected", vec!["Breaking Bad (2008) S02E01", "Harbour Lights (2025) S01E01"]),
        ("list: collection, context: collected, position: last", vec!["Breaking Bad (2008) S01E07"]),
        ("list: Following TV, context: aired", vec!["Harbour Lights (2025) S02E07"]),
        (
            "list: Following TV, context: aired, position: last",
            vec!["Breaking Bad (2008) S05E16", "Harbour Lights (2025) S02E06", "Paper Lanterns (2018) S02E06"],
        ),
    ] {
        let (mut titles, _) = read(&sandbox, &format!("account: ann, {options}"));
        titles.sort();
        assert_eq!(titles, expected, "{options}");
    }
}

#[test]
fn the_progress_of_another_user_is_that_users() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        for episode in 1..=2 {
            world.watch("bob", Media::Episode(1388, 3, episode), world.now());
        }
    }));
    for options in ["username: bob", "account: ann, username: bob"] {
        let (titles, requests) = read(&sandbox, &format!("{options}, list: watched"));
        assert_eq!(titles, ["Breaking Bad (2008) S03E03"], "{options}");
        assert!(requests.iter().all(|request| !request.contains("/sync/progress")), "{options}: {requests:?}");
    }
}

#[test]
fn where_trakt_does_not_tell_of_all_at_once_the_answer_is_the_same() {
    let sandbox = Sandbox::new(Seed::small());
    for status in [403, 404, 405] {
        sandbox.sim.fail(Fault::on("GET", "/sync/progress").status(status));
        let (titles, _) = read(&sandbox, "account: ann, list: Following TV");
        let expected = ["Breaking Bad (2008) S01E01", "Harbour Lights (2025) S02E04", "Null Island S01E01"];
        assert_eq!(titles, expected, "{status}");
        sandbox.sim.heal();
    }
}

#[test]
fn four_hundred_shows_cost_a_request_for_each_page() {
    let sandbox = Sandbox::new(Seed::large());
    let (titles, requests) = read(&sandbox, "account: ann, list: watched");
    assert_eq!(requests, vec!["GET /sync/progress/watched"; 5]);
    // Every third of them was watched up to the first episode of the second season.
    assert_eq!(titles.iter().filter(|title| title.ends_with(" S02E02")).count(), 134);
    assert_eq!(titles.len(), 135);
}

#[test]
fn a_part_is_never_taken_for_the_whole() {
    for fault in [
        Fault::on("GET", "/sync/progress/watched").query("page", "3").status(500),
        Fault::on("GET", "/sync/progress/watched").query("page", "5").truncated_json(),
    ] {
        let sandbox = Sandbox::new(Seed::large());
        sandbox.sim.fail(fault);
        let report = run(&next("account: ann, list: watched"), &sandbox.next_run());
        assert!(report.error.is_some());
        assert_eq!(report.entries.len(), 0);
    }
    // The same for one show of which only its seasons tell what comes next.
    let sandbox = Sandbox::new(Seed::small().and(|world| world.watch("ann-kay", Media::Season(3_001, 2), world.now())));
    sandbox.sim.fail(Fault::on("GET", "/shows/3001/seasons").status(500));
    let report = run(&next("account: ann, list: Following TV"), &sandbox.next_run());
    assert!(report.error.unwrap().message.starts_with("the episodes of `Harbour Lights` are not known"));
    assert_eq!(report.entries.len(), 0);
}

#[test]
fn seasons_and_episodes_on_a_list_stand_for_their_show_once() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        let list = world.add_list(Some("ann-kay"), "Bits", trakt_sim::Privacy::Private);
        let bits = [Media::Movie(6), Media::Season(3_001, 1), Media::Episode(3_001, 2, 7), Media::Person(901)];
        world.put(&Place::List(list), &bits);
    }));
    assert_eq!(read(&sandbox, "account: ann, list: Bits").0, ["Harbour Lights (2025) S02E04"]);
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let nobody = config_errors("next_trakt_episodes: { list: watched }\naccept_all: yes");
    assert!(nobody[0].starts_with("at least one of `username` or `account` options are needed"), "{nobody:?}");
    for options in ["account: ann", "account: ann, list: boxoffice", "username: bob, list: recommendations"] {
        assert_eq!(config_errors(&next(options)).len(), 1, "{options}");
    }
}
