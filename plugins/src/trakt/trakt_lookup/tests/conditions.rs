//! The conditions and the plugins that read what a lookup tells.

use flexget_core::context::{Event, Progress};

use super::*;

/// Entries of every kind, and what Ann has done with them: see the simulator's small world.
const MOCK: &str = "mock:
  - { title: Dark Knight, trakt_movie_id: 6 }
  - { title: Matrix, trakt_movie_id: 481 }
  - { title: Inception, trakt_movie_id: 16662 }
  - { title: Announced, trakt_movie_id: 2006 }
  - { title: Lanterns, series_name: Paper Lanterns, trakt_show_id: 3002 }
  - { title: Lights, series_name: Harbour Lights, trakt_show_id: 3001 }
  - { title: Courier, series_name: Sky Courier, trakt_show_id: 3003 }
  - { title: Island, series_name: Null Island, trakt_show_id: 3006 }
  - { title: Lights S01, trakt_show_id: 3001, series_season: 1 }
  - { title: Lights S02, trakt_show_id: 3001, series_season: 2 }
  - { title: Lights S00E02, trakt_show_id: 3001, series_season: 0, series_episode: 2 }
  - { title: Lights S02E03, trakt_show_id: 3001, series_season: 2, series_episode: 3 }
  - { title: Lights S02E06, trakt_show_id: 3001, series_season: 2, series_episode: 6 }
  - { title: Lights S02E07, trakt_show_id: 3001, series_season: 2, series_episode: 7 }
trakt_lookup: { account: ann }
seen: no
";

fn accepted_by(sandbox: &Sandbox, condition: &str) -> Vec<String> {
    let report = run(&format!("{MOCK}if: [ {{ {condition:?}: accept }} ]"), &sandbox.next_run());
    assert_eq!(report.warnings, Vec::<String>::new(), "{condition}");
    titles(&report, State::Accepted).into_iter().map(str::to_owned).collect()
}

#[test]
fn the_fifteen_conditions_that_users_write_most() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 1);
    let watched = ["Dark Knight", "Lanterns", "Lights S01", "Lights S00E02", "Lights S02E03"];
    let ended = ["Lanterns", "Courier"];
    for (condition, expected) in [
        ("trakt_watched", watched.to_vec()),
        ("trakt_collected", vec!["Dark Knight", "Inception"]),
        (
            "not trakt_watched",
            vec![
                "Matrix",
                "Inception",
                "Announced",
                "Lights",
                "Courier",
                "Island",
                "Lights S02",
                "Lights S02E06",
                "Lights S02E07",
            ],
        ),
        ("not trakt_watched and not trakt_collected and trakt_movie_year", vec!["Matrix", "Announced"]),
        ("trakt_ep_first_aired < now - timedelta(days=2)", vec!["Lights S00E02", "Lights S02E03", "Lights S02E06"]),
        ("trakt_ep_first_aired > now", vec!["Lights S02E07"]),
        ("trakt_series_status in ['ended', 'canceled']", ended.to_vec()),
        ("trakt_series_status in ('ended', 'canceled', 'cancelled') and trakt_watched", vec!["Lanterns"]),
        (
            "(trakt_series_status == 'ended' or trakt_series_status == 'canceled') and not trakt_watched",
            vec!["Courier"],
        ),
        ("trakt_movie_user_rating > 9 if trakt_movie_user_rating else false", vec!["Dark Knight"]),
        ("trakt_movie_user_rating is not none and trakt_movie_user_rating > 9", vec!["Dark Knight"]),
        ("trakt_ep_id > 'S02E05'", vec!["Lights S02E06", "Lights S02E07"]),
        ("trakt_genres and 'anime' in trakt_genres", vec!["Courier"]),
        ("imdb_id is undefined or imdb_id is none", vec!["Announced", "Island"]),
        ("trakt_movie_year >= now.year - 1", vec!["Announced"]),
        ("trakt_season == 2 and trakt_episode <= 3", vec!["Lights S02E03"]),
        ("trakt_released and trakt_released < now - timedelta(days=365)", vec!["Dark Knight", "Matrix", "Inception"]),
        ("trakt_series_first_aired is not none and trakt_series_first_aired.year == 2018", vec!["Lanterns"]),
        ("has_field('trakt_ep_name') and trakt_ep_name is none", vec!["Lights S02E07"]),
        ("trakt_series_user_rating|default(0, true) >= 8", vec!["Lanterns"]),
    ] {
        assert_eq!(accepted_by(&sandbox, condition), expected, "{condition}");
    }
}

/// What the cookbook tells users who want their list of shows tidy: what has ended and is watched leaves it.
const CLEAN_UP: &str = "trakt_list: { account: ann, list: Following TV, type: shows }
trakt_lookup: { account: ann }
seen: no
if:
  - trakt_series_status in ['ended', 'canceled'] and trakt_watched: accept
list_remove:
  - trakt_list: { account: ann, list: Following TV, type: shows }
";

#[test]
fn the_recipe_for_tidying_up_a_list() {
    let seed = || {
        Seed::small().and(|world| {
            let list = world.lists.values().find(|list| list.name == "Following TV").map(|list| list.id).unwrap();
            world.put(&trakt_sim::Place::List(list), &[Media::Show(3_002), Media::Show(3_003)]);
        })
    };
    let sandbox = Sandbox::new(seed());
    pass(&sandbox, 24);
    let report = run(CLEAN_UP, &sandbox.next_run());
    assert_eq!(titles(&report, State::Accepted), ["Paper Lanterns (2018)"]);
    assert_eq!((report.changes.len(), report.changes[0].done), (1, 1));
    let asked: Vec<String> = sandbox.requests().into_iter().filter(|one| !one.contains("/lists")).collect();
    assert_eq!(asked, ["GET /sync/last_activities", "GET /sync/watched/shows"], "nothing is asked for each show");
    pass(&sandbox, 1);
    assert_eq!(titles(&run(CLEAN_UP, &sandbox.next_run()), State::Accepted), [""; 0]);

    // What is not known to be watched stays.
    let sandbox = Sandbox::new(seed());
    pass(&sandbox, 24);
    sandbox.sim.fail(Fault::on("GET", "/sync/watched"));
    let report = run(CLEAN_UP, &sandbox.next_run());
    assert_eq!((titles(&report, State::Accepted).len(), report.changes.len()), (0, 0));
    assert_eq!(sandbox.sim.count("POST", "/"), 0);
}

#[test]
fn every_plugin_that_reads_fields_reads_those_of_a_lookup_for_all_entries_at_once() {
    let mock = "mock: [ { title: A, trakt_movie_id: 481 }, { title: B, trakt_movie_id: 6 }, { title: C, trakt_movie_id: 140 }, { title: D, trakt_movie_id: 481 } ]\ntrakt_lookup: yes\nseen: no\n";
    for (options, expected) in [
        ("accept_all: yes\nrequire_field: trakt_rating", "A B C D"),
        ("accept_all: yes\nrequire_field: [ trakt_rating, trakt_tagline ]", ""),
        ("accept_all: yes\nsort_by: trakt_rating", "C A D B"),
        ("accept_all: yes\nsort_by: { field: trakt_rating, reverse: yes }\nlimit_new: 1", "B"),
        ("accept_all: yes\nunique: { field: imdb_id }", "A B C"),
        ("regexp: { accept: [ horror ], from: trakt_genres }", "C"),
        (
            "crossmatch: { from: [ mock: [ { title: X, imdb_id: tt0133093 } ] ], fields: [ imdb_id ], action: accept }",
            "A D",
        ),
        (
            "manipulate: [ x: { phase: filter, from: trakt_movie_name, extract: '(\\w+)$' } ]\nif: [ x == 'Thing': accept ]",
            "C",
        ),
        ("set: { x: '{{ trakt_movie_year + 1 }}' }\nif: [ x == 2000: accept ]", "A D"),
        ("if: [ 'task and trakt_rating|int == 8 and title != \"A\"': { set: { x: 1 } }, x == 1: accept ]", "B C D"),
        ("if: [ trakt_rating >= 8.8: { accept_all: yes } ]", "B"),
    ] {
        let sandbox = Sandbox::new(Seed::small());
        let report = run(&format!("{mock}{options}"), &sandbox.next_run());
        assert_eq!(titles(&report, State::Accepted).join(" "), expected, "{options}: {:?}", report.warnings);
        let mut requests = sandbox.requests();
        requests.sort();
        let expected = ["GET /movies/140", "GET /movies/481", "GET /movies/6"];
        assert_eq!(requests, expected[..requests.len().max(3)], "{options}");
    }
}

#[test]
fn a_required_field_that_could_not_be_looked_up_is_told_from_one_that_is_nothing() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.fail(Fault::on("GET", "/movies/6"));
    let mock =
        "mock: [ { title: A, trakt_movie_id: 481 }, { title: B, trakt_movie_id: 6 } ]\ntrakt_lookup: yes\nseen: no\n";
    let report = run(&format!("{mock}accept_all: yes\nrequire_field: trakt_tagline"), &sandbox.next_run());
    assert_eq!(
        decisions(&report),
        [
            "A: rejected (required field trakt_tagline is `None`)",
            "B: rejected (required field trakt_tagline could not be looked up)"
        ]
    );
}

#[test]
fn many_questions_are_shown_as_they_are_answered() {
    let sandbox = Sandbox::new(Seed::small());
    let seen: Rc<std::cell::RefCell<Vec<Event>>> = Rc::default();
    let shown = Rc::clone(&seen);
    let progress = Progress::new(move |event| shown.borrow_mut().push(event));
    let entries = [481, 6, 120].map(|id| format!("{{ title: M{id}, trakt_movie_id: {id} }}"));
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    run(&reading(&entries, &["trakt_rating"]), &Context { progress, ..sandbox.next_run() });
    let working = |done| Event::Working { label: "asking Trakt about titles".into(), done, total: 3 };
    assert_eq!(*seen.borrow(), [working(1), working(2), working(3), Event::Done]);
}

#[test]
fn what_an_input_to_compare_with_does_not_tell_decides_nothing() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.fail(Fault::on("GET", "/users/bob"));
    let config = "mock: [ { title: A, trakt_movie_id: 481 } ]\naccept_all: yes\nseen: no\ncrossmatch: { from: [ trakt_list: { username: bob, list: watchlist, type: movies } ], fields: [ trakt_movie_id ], action: reject }\nlist_add: [ trakt_list: { account: ann, list: watched soon } ]";
    let report = run(config, &sandbox.next_run());
    assert_eq!(report.outcome, flexget_core::task::report::TaskOutcome::Aborted);
    assert_eq!((report.changes.len(), sandbox.sim.count("POST", "/")), (0, 0));
}

#[test]
fn a_comparison_with_what_is_nothing_is_told_once_for_all_entries() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 1);
    let report = run(&format!("{MOCK}if: [ trakt_movie_user_rating > 9: accept ]"), &sandbox.next_run());
    assert_eq!(titles(&report, State::Accepted), ["Dark Knight"]);
    assert_eq!(
        report.warnings,
        [
            "if: `trakt_movie_user_rating > 9` (config.yml:20) could not be evaluated for `Matrix`, `Inception`, `Announced` and 10 more: \
          `>` does not work between nothing and a number: ask first whether it `is not none`"
        ]
    );
    assert!(report.entries[1].traces()[0].contains("could not be evaluated"), "{:?}", report.entries[1].traces());
}
