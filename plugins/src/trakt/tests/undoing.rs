//! Removals of several plays or episodes, and what an undo can put back of them.

use flexget_core::context::journal::ChangeState;
use flexget_core::list::recovery;
use flexget_core::task::report::{ChangeReport, TaskReport};
use serde_json::json;
use trakt_sim::{OddValue, PageOddity, Privacy, Reply, Trouble};

use super::laws::pass;
use super::parts::{everything, lived_in};
use super::*;

fn change(output: &str, list: &str, entries: &str, sandbox: &Sandbox) -> TaskReport {
    run(&task(output, list, entries), &sandbox.next_run())
}

fn task(output: &str, list: &str, entries: &str) -> String {
    format!(
        "mock: [ {entries} ]\naccept_all: yes\nseen: no\n{output}: [ trakt_list: {{ account: ann, list: {list} }} ]"
    )
}

fn undo(report: &TaskReport, sandbox: &Sandbox) -> ChangeReport {
    pass(sandbox, 6);
    let id = report.changes[0].change_id.unwrap();
    testing::block_on(recovery::undo(id, "undo", &sandbox.next_run())).unwrap()
}

const KNIGHT: &str = "{ title: Dark Knight, trakt_movie_id: 6 }";
const CLUB: &str = "{ title: Fight Club, trakt_movie_id: 120 }";
const SHOW: &str = "{ title: Harbour Lights, series_name: Harbour Lights, tvdb_id: 430001 }";
const SEASON: &str =
    "{ title: Harbour Lights S01, series_name: Harbour Lights, trakt_show_id: 3001, series_season: 1 }";

#[test]
fn a_show_or_a_season_goes_with_all_its_plays_and_episodes_and_comes_back() {
    for (list, entry, is_of) in [
        ("history", SHOW, |_| true),
        ("watched", SHOW, |_| true),
        ("collection", SHOW, |_| true),
        ("history", SEASON, |season| season == 1),
        ("watched", SEASON, |season| season == 1),
        ("collection", SEASON, |season| season == 1),
    ] as [(&str, &str, fn(u32) -> bool); 6]
    {
        let sandbox = lived_in();
        sandbox.sim.with(|world| world.collect("ann-kay", Media::Episode(3_001, 1, 1), world.now() - 3_600_000));
        let before = everything(&sandbox);
        let is_gone = |media: &Media| matches!(media, Media::Episode(3_001, season, _) if is_of(*season));
        let left = |sandbox: &Sandbox| {
            let (plays, collected) = everything(sandbox);
            if list == "collection" {
                collected.iter().filter(|(media, ..)| is_gone(media)).count()
            } else {
                plays.iter().filter(|(media, _)| is_gone(media)).count()
            }
        };
        assert!(left(&sandbox) > 0, "{list}, {entry}");
        let dry = Context { dry_run: true, ..sandbox.next_run() };
        let shown = run(&task("list_remove", list, entry), &dry);
        assert_eq!((shown.changes[0].items.len(), left(&sandbox) > 0), (1, true), "{list}, {entry}: {shown:?}");
        let report = change("list_remove", list, entry, &sandbox);
        assert!(report.is_ok() && report.changes[0].done == 1, "{list}, {entry}: {report:?}");
        assert_eq!((left(&sandbox), report.warnings.len()), (0, 0), "{list}, {entry}: {report:?}");
        let last = sandbox.requests().pop().unwrap();
        assert!(last.starts_with("POST "), "{list}, {entry}: the answer leaves nothing to look at: {last}");
        let undone = undo(&report, &sandbox);
        assert!(undone.failed.is_empty(), "{list}, {entry}: {undone:?}");
        assert_eq!(everything(&sandbox), before, "{list}, {entry}");
        let listed = read_titles(&sandbox, "account: ann, list: history");
        assert!(!listed.iter().any(|title| title == "Harbour Lights"), "a show is no row of the history: {listed:?}");
        // Undone again, only what came back goes.
        pass(&sandbox, 6);
        sandbox.sim.with(|world| {
            world.watch("ann-kay", Media::Episode(3_001, 1, 2), world.now());
            world.collect("ann-kay", Media::Episode(3_001, 1, 2), world.now());
        });
        let had = before.1.iter().any(|(media, ..)| *media == Media::Episode(3_001, 1, 2));
        let again = testing::block_on(recovery::undo(undone.change_id.unwrap(), "undo", &sandbox.next_run())).unwrap();
        assert!(again.failed.is_empty(), "{list}, {entry}: {again:?}");
        let kept = if list == "collection" { usize::from(!had) } else { 1 };
        assert_eq!(left(&sandbox), kept, "{list}, {entry}");
        // What is gone is not there to be removed.
        let none = change("list_remove", list, "{ title: x, series_name: Sky Courier, trakt_show_id: 3003 }", &sandbox);
        assert!(none.is_ok() && none.warnings.is_empty(), "{list}: {none:?}");
    }
}

#[test]
fn a_show_that_was_never_watched_is_no_change_in_a_dry_run() {
    let sandbox = lived_in();
    sandbox.sim.with(|world| world.user_mut("ann-kay").history.retain(|play| play.media.show() != Some(3_001)));
    let dry = Context { dry_run: true, ..sandbox.next_run() };
    let shown = run(&task("list_remove", "history", SHOW), &dry);
    assert_eq!((shown.changes[0].done, shown.changes[0].existing), (0, 1), "{shown:?}");
    let report = change("list_remove", "history", SHOW, &sandbox);
    assert_eq!((report.changes[0].existing, sandbox.sim.count("POST", "/")), (1, 0), "{:?}", sandbox.requests());
}

#[test]
fn an_interrupted_removal_of_a_show_is_settled_by_its_plays() {
    for (list, entry) in [("history", SHOW), ("watched", SEASON), ("collection", SEASON)] {
        for (trouble, state) in [(Trouble::CloseAfter, ChangeState::Done), (Trouble::CloseBefore, ChangeState::Failed)]
        {
            let sandbox = lived_in();
            sandbox.sim.with(|world| world.collect("ann-kay", Media::Episode(3_001, 1, 1), world.now() - 3_600_000));
            let before = everything(&sandbox);
            sandbox.sim.fail(Fault::on("POST", "/").with(trouble.clone()));
            let report = change("list_remove", list, entry, &sandbox);
            assert_eq!(titles(&report, State::Failed).len(), 1, "{list}, {trouble:?}: {report:?}");
            sandbox.sim.heal();
            pass(&sandbox, 6);
            run("mock: [ A ]\naccept_all: yes", &sandbox.next_run());
            assert_eq!(sandbox.cx.journal().list(1).unwrap()[0].state, state, "{list}, {trouble:?}");
            if state == ChangeState::Done {
                assert!(undo(&report, &sandbox).failed.is_empty());
            }
            assert_eq!(everything(&sandbox), before, "{list}, {trouble:?}");
        }
    }
}

#[test]
fn a_map_of_plays_and_the_history_complete_each_other() {
    let sandbox = super::oddities::world();
    let plays = |sandbox: &Sandbox| everything(sandbox).0;
    let before = plays(&sandbox);
    // The map lacks a movie, and the history others.
    let map: serde_json::Map<String, serde_json::Value> = before
        .iter()
        .filter(|(media, _)| matches!(media, Media::Movie(id) if *id != 500_001))
        .map(|(media, at)| (number(*media).to_string(), json!([trakt_sim::render_time(*at)])))
        .collect();
    let map = Reply::json(200, &json!(map));
    sandbox.sim.fail(Fault::on("GET", "/sync/watched/movies").query("extended", "min").answers(map));
    sandbox.sim.with(|world| {
        world.odd_pages("/sync/history/movies", PageOddity::LostRows { page: 2, missing: 10 });
        world.odd_pages("/sync/history/movies", PageOddity::StaleCount(10));
    });
    let movies: Vec<String> = [1, 12].map(|at| format!("{{ title: m{at}, trakt_movie_id: {} }}", 500_000 + at)).into();
    let report = change("list_remove", "history", &movies.join(", "), &sandbox);
    assert!(report.is_ok() && report.warnings.is_empty() && report.changes[0].done == 2, "{report:?}");
    sandbox.sim.heal();
    sandbox.sim.with(|world| world.pages.odd.clear());
    assert!(undo(&report, &sandbox).failed.is_empty());
    assert_eq!(plays(&sandbox), before);
}

/// Returns a list of 25 movies in pages of 10, from which the first was removed, and that change.
fn without_the_first_of_ranked() -> (Sandbox, TaskReport) {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        world.pages.rules.values_mut().for_each(|rule| (rule.default, rule.max) = (10, 10));
        let movies = world.add_movies(25);
        let list = world.add_list(Some("ann-kay"), "Ranked", Privacy::Private);
        world.put(&Place::List(list), &movies);
    }));
    pass(&sandbox, 60);
    let report = change("list_remove", "Ranked", "{ title: First, trakt_movie_id: 500000 }", &sandbox);
    (sandbox, report)
}

#[test]
fn an_order_that_lacks_one_item_is_not_sent() {
    let (sandbox, report) = without_the_first_of_ranked();
    sandbox.sim.with(|world| {
        world.odd_pages("/users/me/lists/", PageOddity::LostRows { page: 2, missing: 1 });
        world.odd_pages("/users/me/lists/", PageOddity::StaleCount(1));
    });
    let undone = undo(&report, &sandbox);
    assert_eq!(sandbox.sim.requests().iter().filter(|seen| seen.path.ends_with("/reorder")).count(), 0);
    assert!(undone.failed[0].reason.contains("does not show all of the list yet"), "{undone:?}");
}

#[test]
fn what_is_skipped_in_a_removal_of_several_is_not_claimed() {
    for (list, entries, skipped) in [
        ("history", [KNIGHT, CLUB], "Dark Knight"),
        ("watched", [KNIGHT, CLUB], "Dark Knight"),
        ("watchlist", [KNIGHT, CLUB], "Dark Knight"),
        ("favorites", [KNIGHT, CLUB], "Dark Knight"),
        ("ratings", [KNIGHT, CLUB], "Dark Knight"),
        ("Ranked", [KNIGHT, CLUB], "Dark Knight"),
        ("collection", [SHOW, "{ title: Other, series_name: Other, trakt_show_id: 3002 }"], "Harbour Lights"),
        ("history", [SHOW, "{ title: Other, series_name: Other, trakt_show_id: 3002 }"], "Harbour Lights"),
    ] {
        let sandbox = lived_in();
        sandbox.sim.with(|world| {
            world.switches.tidy_watchlist = false;
            let list = world.add_list(Some("ann-kay"), "Ranked", Privacy::Private);
            for place in [Place::Watchlist("ann-kay".into()), Place::Favorites("ann-kay".into()), Place::List(list)] {
                world.put(&place, &[Media::Movie(6), Media::Movie(120)]);
            }
            let now = world.now() - 86_400_000;
            for media in [Media::Movie(6), Media::Movie(120)] {
                world.rate("ann-kay", media, 8, now);
                world.watch("ann-kay", media, now);
            }
            for media in [Media::Episode(3_001, 1, 1), Media::Episode(3_002, 1, 1), Media::Episode(3_002, 1, 2)] {
                world.collect("ann-kay", media, now);
                world.watch("ann-kay", media, now);
            }
        });
        pass(&sandbox, 60);
        sandbox.sim.fail(Fault::on("POST", "/").with(Trouble::Skips(1)).once());
        let report = change("list_remove", list, &entries.join(", "), &sandbox);
        assert_eq!(titles(&report, State::Failed), [skipped], "{list}: {report:?}");
        assert_eq!(titles(&report, State::Accepted).len(), 1, "{list}: {report:?}");
        pass(&sandbox, 6);
        let report = change("list_remove", list, &entries.join(", "), &sandbox);
        assert_eq!((report.changes[0].done, report.changes[0].existing), (1, 1), "{list}: {report:?}");
    }
}

#[test]
fn what_is_skipped_in_an_addition_of_several_is_not_claimed() {
    for list in ["history", "watchlist", "favorites", "ratings", "collection", "Ranked"] {
        let sandbox = Sandbox::new(Seed::small());
        let movies = sandbox.sim.with(|world| {
            world.add_list(Some("ann-kay"), "Ranked", Privacy::Private);
            world.add_movies(3)
        });
        let entries: Vec<String> = movies
            .iter()
            .map(|movie| {
                let id = number(*movie);
                format!("{{ title: m{id}, trakt_movie_id: {id}, trakt_user_rating: 7 }}")
            })
            .collect();
        sandbox.sim.fail(Fault::on("POST", "/").with(Trouble::Skips(1)).once());
        let report = change("list_add", list, &entries.join(", "), &sandbox);
        assert_eq!(titles(&report, State::Failed), [format!("m{}", number(movies[0]))], "{list}: {report:?}");
        assert_eq!(report.changes[0].done, 2, "{list}: {report:?}");
    }
}

#[test]
fn plays_that_were_not_known_before_a_removal_are_told_and_not_claimed_to_be_back() {
    let map = |reply| Fault::on("GET", "/sync/watched/movies").query("extended", "min").answers(reply);
    let no_times = || Fault::on("GET", "/sync/history").odd_values(&[OddValue::WatchedAtIsNull]);
    for (name, faults, restored) in [
        ("a list in the place of the map, and no times", vec![map(Reply::json(200, &json!([]))), no_times()], 0),
        ("nothing known of it", vec![map(Reply::json(200, &json!({ "6": [null] }))), no_times()], 0),
        ("one play of three", vec![map(Reply::json(200, &json!({ "6": ["2020-01-01T00:00:00.000Z"] })))], 1),
    ] {
        let sandbox = lived_in();
        let plays = |sandbox: &Sandbox| everything(sandbox).0.iter().filter(|(it, _)| *it == Media::Movie(6)).count();
        assert!(plays(&sandbox) > 1);
        faults.into_iter().for_each(|fault| sandbox.sim.fail(fault));
        let report = change("list_remove", "history", KNIGHT, &sandbox);
        assert!(report.changes[0].done == 1 && plays(&sandbox) == 0, "{name}: {report:?}");
        let is_told = report.warnings.iter().any(|said| said.contains("cannot put back all of it: `The Dark Knight"));
        assert!(is_told, "{name}: {:?}", report.warnings);
        sandbox.sim.heal();
        pass(&sandbox, 6);
        let id = report.changes[0].change_id.unwrap();
        let said = testing::command("undo", json!({ "change": id.to_string() }), Format::Text, &sandbox.next_run());
        let error = said.err().unwrap();
        assert_eq!(error.to_string(), format!("change {id} was only partly undone: 1 of 1 items failed"), "{name}");
        assert_eq!(error.hint_text(), Some("what is missing was not recorded, so that no other try can put it back"));
        assert_eq!(
            (plays(&sandbox), sandbox.cx.journal().get(id).unwrap().unwrap().state),
            (restored, ChangeState::Undone)
        );
    }
}

#[test]
fn an_order_that_lacks_items_is_not_sent() {
    let (sandbox, report) = without_the_first_of_ranked();
    sandbox.sim.with(|world| {
        world.odd_pages("/users/me/lists/", PageOddity::LostRows { page: 2, missing: 10 });
        world.odd_pages("/users/me/lists/", PageOddity::StaleCount(10));
    });
    let began = sandbox.cx.clock.now();
    let undone = undo(&report, &sandbox);
    assert_eq!(sandbox.sim.requests().iter().filter(|seen| seen.path.ends_with("/reorder")).count(), 0);
    assert!(undone.failed[0].reason.contains("not at its former place"), "{undone:?}");
    let waited = sandbox.cx.clock.now().duration_since(began);
    assert!(
        waited < jiff::SignedDuration::from_mins(7),
        "it does not wait for what is no old state of the list: {waited}"
    );
    // A short page with counts that fit is not the end while items are missing.
    sandbox.sim.with(|world| {
        world.pages.odd.clear();
        world.odd_pages("/users/me/lists/", PageOddity::ShortPage { page: 2, missing: 3 });
        world.odd_pages("/users/me/lists/", PageOddity::StaleCount(8));
    });
    assert!(undo(&report, &sandbox).failed.is_empty());
    let first = sandbox.sim.with(|world| {
        let list = world.list_id("ann-kay", "Ranked").unwrap();
        world.contents(&Place::List(list)).unwrap().media()[0]
    });
    assert_eq!(first, Media::Movie(500_000));
}

#[test]
fn no_more_items_fail_than_were_to_be_undone() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        let movies = world.add_movies(5);
        world.put(&Place::Favorites("ann-kay".into()), &movies);
    }));
    pass(&sandbox, 60);
    let later = |sandbox: &Sandbox| {
        sandbox.sim.with(|world| {
            let movies = world.add_movies(8);
            world.put(&Place::Favorites("ann-kay".into()), &movies);
        })
    };
    let entries: Vec<String> =
        (500_000..500_005).map(|id| format!("{{ title: m{id}, trakt_movie_id: {id} }}")).collect();
    let report = change("list_remove", "favorites", &entries.join(", "), &sandbox);
    let id = report.changes[0].change_id.unwrap();
    later(&sandbox);
    pass(&sandbox, 6);
    sandbox.sim.fail(Fault::on("POST", "/sync/favorites").exact().with(Trouble::Skips(3)));
    sandbox.sim.fail(Fault::on("POST", "/sync/favorites/reorder").status(403));
    let undone = testing::block_on(recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    assert_eq!((undone.failures(), undone.requested), (5, 5), "{undone:?}");
    sandbox.sim.heal();
    pass(&sandbox, 6);
    sandbox.sim.fail(Fault::on("POST", "/sync/favorites").exact().with(Trouble::Skips(3)));
    sandbox.sim.fail(Fault::on("POST", "/sync/favorites/reorder").status(403));
    let said = testing::command("undo", json!({ "change": id.to_string() }), Format::Text, &sandbox.next_run());
    let error = said.err().unwrap().to_string();
    assert_eq!(error, format!("change {id} was only partly undone: 5 of 5 items failed"));
}
