//! Responses that do not say what was done: the list tells, or the entries fail.

use flexget_core::task::report::TaskReport;

use super::*;

const FIGHT_CLUB: &str = "{ title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club, movie_year: 1999 }";
const MATRIX: &str = "{ title: The Matrix, imdb_id: tt0133093, movie_name: The Matrix, movie_year: 1999 }";

fn change(sandbox: &Sandbox, output: &str, list: &str, entries: &str) -> TaskReport {
    let task = format!(
        "mock: [ {entries} ]\naccept_all: yes\nseen: no\n{output}: [ trakt_list: {{ account: ann, list: {list} }} ]"
    );
    run(&task, &sandbox.next_run())
}

#[test]
fn a_write_that_succeeds_and_does_nothing_fails_its_entries() {
    for list in ["watchlist", "collection", "history", "For Later"] {
        let sandbox = Sandbox::new(Seed::small());
        sandbox.sim.with(|world| world.add_list(Some("ann-kay"), "For Later", trakt_sim::Privacy::Private));
        sandbox.sim.fail(Fault::on("POST", "/").ignored());
        let report = change(&sandbox, "list_add", list, FIGHT_CLUB);
        let is_collected_or_watched = report.changes[0].requested == report.changes[0].existing;
        assert!(is_collected_or_watched || titles(&report, State::Failed) == ["Fight Club"], "{list}: {report:?}");
        assert!(is_collected_or_watched || !report.is_ok(), "{list}");
    }
}

#[test]
fn a_removal_that_removes_nothing_is_looked_at_again() {
    let sandbox = Sandbox::new(Seed::small());
    let report = change(&sandbox, "list_remove", "watchlist", FIGHT_CLUB);
    assert!(report.is_ok(), "it was not on the list: {report:?}");
    assert_eq!((report.changes[0].done, report.changes[0].existing), (0, 1));
    sandbox.sim.fail(Fault::on("POST", "/").ignored());
    let report = change(&sandbox, "list_remove", "watchlist", MATRIX);
    assert_eq!(titles(&report, State::Failed), ["The Matrix"], "it is still on the list");
}

#[test]
fn a_timeout_on_trakts_side_is_no_certain_failure() {
    for status in [408, 499] {
        let sandbox = Sandbox::new(Seed::small());
        let reply = trakt_sim::Reply::empty(status);
        sandbox.sim.fail(Fault::on("POST", "/sync/watchlist").with(trakt_sim::Trouble::After(reply)).once());
        let report = change(&sandbox, "list_add", "watchlist", FIGHT_CLUB);
        assert!(!report.is_ok());
        let id = report.changes[0].change_id.unwrap();
        let state = sandbox.cx.journal().get(id).unwrap().unwrap().state;
        assert_eq!(state, flexget_core::context::journal::ChangeState::Uncertain, "{status}");
    }
}

#[test]
fn counts_of_movies_say_nothing_about_shows() {
    let sandbox = Sandbox::new(Seed::small());
    // Inception is collected, the show is not.
    let entries = "{ title: Inception, trakt_movie_id: 16662 }, { title: Null Island, trakt_show_id: 3001 }";
    let collected = |sandbox: &Sandbox| sandbox.sim.with(|world| world.user("ann-kay").collection.len());
    let before = collected(&sandbox);
    let report = change(&sandbox, "list_add", "collection", entries);
    assert!(report.is_ok(), "{report:?}");
    let id = report.changes[0].change_id.unwrap();
    testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    assert_eq!(collected(&sandbox), before, "what was collected before stays");
}

#[test]
fn favorites_and_ratings_are_changed_by_the_id_that_a_lookup_finds() {
    let entry = "{ title: The Matrix (1999), movie_name: The Matrix, movie_year: 1999, trakt_user_rating: 7 }";
    for list in ["favorites", "ratings"] {
        for output in ["list_add", "list_remove"] {
            let sandbox = Sandbox::new(Seed::small().and(|world| {
                world.user_mut("ann-kay").ratings.remove(&Media::Movie(481));
            }));
            if output == "list_remove" {
                change(&sandbox, "list_add", list, entry);
            }
            let report = change(&sandbox, output, list, entry);
            assert!(report.is_ok() && report.changes[0].done == 1, "{list}, {output}: {report:?}");
            let body = sandbox.sim.requests().into_iter().find(|seen| seen.method == "POST").unwrap().body.unwrap();
            assert_eq!(body["movies"][0]["ids"], serde_json::json!({ "trakt": 481 }), "{list}, {output}: {body}");
            assert!(body["movies"][0]["title"].is_null(), "{list}, {output}: {body}");
        }
    }
}

#[test]
fn an_episode_matches_a_list_with_its_show_and_does_not_remove_it() {
    let sandbox = Sandbox::new(Seed::small());
    let entries = "{ title: Breaking Bad S01E01, series_name: Breaking Bad, series_season: 1, series_episode: 1, trakt_show_id: 1388 }, { title: Other S01E01, series_name: Other, series_season: 1, series_episode: 1, trakt_show_id: 77777 }";
    for (list, matched) in
        [("watchlist", vec!["Breaking Bad S01E01"]), ("Following TV", vec!["Breaking Bad S01E01"]), ("watched", vec![])]
    {
        let task = format!(
            "mock: [ {entries} ]\nseen: no\nlist_match: {{ from: [ trakt_list: {{ account: ann, list: {list} }} ], remove_on_match: no }}"
        );
        assert_eq!(titles(&run(&task, &sandbox.next_run()), State::Accepted), matched, "{list}");
    }
}
