//! What goes with an item and does not show on it comes back, and what was there before an addition stays.

use flexget_core::task::report::{Action, TaskReport};
use serde_json::{Value as Json, json};
use trakt_sim::Trouble;

use super::laws::pass;
use super::*;

/// Something that is collected, since when, and as what.
pub(super) type Collected = (Media, i64, Json);

/// All plays, with their times, and all that is collected.
pub(super) fn everything(sandbox: &Sandbox) -> (Vec<(Media, i64)>, Vec<Collected>) {
    sandbox.sim.with(|world| {
        let ann = world.user("ann-kay");
        let mut plays: Vec<_> = ann.history.iter().map(|play| (play.media, play.watched_at)).collect();
        plays.sort();
        let collected = ann.collection.iter().map(|(media, row)| (*media, row.at, row.metadata.clone())).collect();
        (plays, collected)
    })
}

fn undo(report: &TaskReport, sandbox: &Sandbox) -> flexget_core::task::report::ChangeReport {
    let id = report.changes[0].change_id.unwrap();
    let undone = testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    assert!(undone.failed.is_empty(), "{undone:?}");
    undone
}

fn clear(options: &str) -> String {
    format!("list_clear: {{ what: [ trakt_list: {{ account: ann, {options} }} ] }}")
}

fn add(options: &str, entries: &str) -> String {
    format!("mock: [ {entries} ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: {{ account: ann, {options} }} ]")
}

/// A world where a movie was watched thrice, a show in part and with specials, some of it twice, and where what is collected is so as something.
pub(super) fn lived_in() -> Sandbox {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        let now = world.now();
        for (media, hours) in [
            (Media::Movie(6), 900),
            (Media::Episode(3_001, 1, 1), 800),
            (Media::Episode(3_001, 1, 1), 700),
            (Media::Episode(3_001, 0, 1), 600),
        ] {
            world.watch("ann-kay", media, now - hours * 3_600_000);
        }
        world.collect("ann-kay", Media::Episode(3_001, 0, 1), now - 500 * 3_600_000);
        for row in world.user_mut("ann-kay").collection.values_mut() {
            row.metadata = json!({ "media_type": "bluray", "resolution": "uhd_4k" });
        }
    }));
    pass(&sandbox, 60);
    sandbox
}

#[test]
fn all_plays_and_all_that_is_collected_comes_back_as_it_was() {
    for options in [
        "list: watched",
        "list: watched, type: movies",
        "list: watched, type: shows",
        "list: watched, type: episodes",
        "list: history",
        "list: collection",
        "list: collection, type: movies",
        "list: collection, type: shows",
        "list: collection, type: episodes",
    ] {
        let sandbox = lived_in();
        let before = everything(&sandbox);
        let cleared = run(&clear(options), &sandbox.next_run());
        assert!(cleared.is_ok() && cleared.changes[0].done > 0, "{options}: {cleared:?}");
        assert_ne!(everything(&sandbox), before, "{options}");
        pass(&sandbox, 6);
        undo(&cleared, &sandbox);
        assert_eq!(everything(&sandbox), before, "{options}");
    }
}

#[test]
fn what_goes_with_a_play_costs_one_request_and_none_of_a_list() {
    let remove = |options: &str| {
        format!(
            "mock: [ {{ title: Dark Knight, trakt_movie_id: 6 }} ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: {{ account: ann, {options} }} ]"
        )
    };
    let sandbox = lived_in();
    run(&remove("list: watched, type: movies"), &sandbox.next_run());
    let expected = ["GET /sync/watched/movies", "GET /sync/watched/movies", "POST /sync/history/remove"];
    assert_eq!(sandbox.requests(), expected, "the list, and the times of all plays");
    run(&remove("list: collection, type: movies"), &sandbox.next_run());
    assert_eq!(sandbox.requests(), ["GET /sync/collection/movies", "POST /sync/collection/remove"]);
    run(&remove("list: favorites"), &sandbox.next_run());
    let expected = ["GET /sync/favorites", "GET /users/me/lists", "POST /sync/favorites/remove"];
    assert_eq!(sandbox.requests(), expected, "an own list may have the name");
}

#[test]
fn plays_come_back_also_where_trakt_gives_no_map_of_them() {
    for options in ["list: watched, type: movies", "list: watched, type: shows"] {
        for trouble in
            [Trouble::Instead(trakt_sim::Reply::json(200, &json!({}))), Trouble::Instead(trakt_sim::Reply::empty(404))]
        {
            let sandbox = lived_in();
            let before = everything(&sandbox);
            sandbox.sim.fail(Fault::on("GET", "/sync/watched").query("extended", "min").with(trouble));
            let cleared = run(&clear(options), &sandbox.next_run());
            pass(&sandbox, 6);
            undo(&cleared, &sandbox);
            assert_eq!(everything(&sandbox), before, "{options}");
        }
        let sandbox = lived_in();
        let before = everything(&sandbox);
        sandbox.sim.fail(Fault::on("GET", "/sync/watched").query("extended", "min").status(500));
        let cleared = run(&clear(options), &sandbox.next_run());
        assert!(cleared.error.is_some(), "nothing is taken off that could not be put back");
        assert_eq!((sandbox.sim.count("POST", "/"), everything(&sandbox)), (0, before));
    }
}

#[test]
fn what_was_watched_again_meanwhile_stays_and_the_old_plays_come_back_beside_it() {
    let sandbox = lived_in();
    let (mut plays, _) = everything(&sandbox);
    let cleared = run(&clear("list: watched, type: movies"), &sandbox.next_run());
    pass(&sandbox, 6);
    let now = sandbox.sim.with(|world| {
        let now = world.now();
        world.watch("ann-kay", Media::Movie(6), now);
        now.div_euclid(60_000) * 60_000
    });
    undo(&cleared, &sandbox);
    plays.push((Media::Movie(6), now));
    plays.sort();
    assert_eq!(everything(&sandbox).0, plays);
}

#[test]
fn an_undo_that_was_cut_off_does_not_bring_a_play_twice() {
    let sandbox = lived_in();
    let (plays, _) = everything(&sandbox);
    let cleared = run(&clear("list: watched, type: movies"), &sandbox.next_run());
    pass(&sandbox, 6);
    let id = cleared.changes[0].change_id.unwrap();
    sandbox.sim.fail(Fault::on("POST", "/sync/history").exact().with(Trouble::CloseAfter));
    let broken = testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    assert_eq!(broken.failures(), 2, "{broken:?}");
    sandbox.sim.heal();
    pass(&sandbox, 6);
    run("mock: [ A ]\naccept_all: yes", &sandbox.next_run());
    undo(&cleared, &sandbox);
    assert_eq!(everything(&sandbox).0, plays);
}

#[test]
fn an_undo_takes_off_the_play_that_was_added_and_no_other() {
    for (options, entries) in [
        ("list: history, plays: every", "{ title: Dark Knight, trakt_movie_id: 6 }"),
        ("list: watched, plays: every", "{ title: Dark Knight, imdb_id: tt0468569, movie_name: The Dark Knight }"),
        (
            "list: history, plays: every",
            "{ title: x, series_name: Harbour Lights, tvdb_id: 430001, series_season: 1, series_episode: 1 }",
        ),
        ("list: watched, type: shows, plays: every", "{ title: x, series_name: Harbour Lights, tvdb_id: 430001 }"),
        ("list: watched", "{ title: The Matrix, trakt_movie_id: 481 }"),
    ] {
        let sandbox = lived_in();
        let before = everything(&sandbox);
        let added = run(&add(options, entries), &sandbox.next_run());
        assert!(added.is_ok() && added.changes[0].done == 1, "{options}: {added:?}");
        let after = everything(&sandbox);
        assert!(after.0.len() > before.0.len(), "{options}");
        pass(&sandbox, 6);
        let undone = undo(&added, &sandbox);
        assert_eq!((undone.done, everything(&sandbox)), (1, before), "{options}");
        // The play was of another minute than it is now, and comes back as it was.
        pass(&sandbox, 6);
        let id = undone.change_id.unwrap();
        testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
        assert_eq!(everything(&sandbox).0, after.0, "{options}");
    }
}

#[test]
fn an_undo_of_a_show_leaves_the_movie_that_has_its_number() {
    // The Matrix and Harbour Lights have one number at TMDB, each in its own namespace.
    let sandbox = lived_in();
    let entry = "{ title: x, series_name: Harbour Lights, tmdb_id: 603 }";
    let added = run(&add("list: watched, type: shows, plays: every", entry), &sandbox.next_run());
    assert!(added.is_ok() && added.changes[0].done == 1, "{added:?}");
    sandbox.sim.with(|world| {
        let now = world.now();
        world.watch("ann-kay", Media::Movie(481), now);
    });
    pass(&sandbox, 6);
    undo(&added, &sandbox);
    let (plays, _) = everything(&sandbox);
    assert!(plays.iter().any(|(media, _)| *media == Media::Movie(481)), "{plays:?}");
}

#[test]
fn a_play_that_is_not_where_it_should_be_is_not_taken_for_undone() {
    let sandbox = lived_in();
    let added = run(&add("list: watched", "{ title: The Matrix, trakt_movie_id: 481 }"), &sandbox.next_run());
    // As if this machine's clock had been an hour off.
    sandbox.sim.with(|world| {
        let plays = &mut world.user_mut("ann-kay").history;
        plays.iter_mut().filter(|play| play.media == Media::Movie(481)).for_each(|play| play.watched_at -= 3_600_000);
    });
    let before = everything(&sandbox);
    pass(&sandbox, 6);
    let id = added.changes[0].change_id.unwrap();
    let undone = testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    assert_eq!(
        undone.failed[0].to_string(),
        "The Matrix: its play is not in the history at the time at which it was added"
    );
    assert_eq!((undone.done, everything(&sandbox)), (0, before));
    let state = sandbox.cx.journal().get(id).unwrap().unwrap().state;
    assert_eq!(state, flexget_core::context::journal::ChangeState::Done, "it is not undone");
}

#[test]
fn after_an_undo_what_has_other_plays_still_counts_as_watched() {
    let sandbox = lived_in();
    let entry = "{ title: Dark Knight, trakt_movie_id: 6 }, { title: The Matrix, trakt_movie_id: 481 }";
    let added = run(&add("list: watched, plays: every", entry), &sandbox.next_run());
    undo(&added, &sandbox);
    let again = run(&add("list: watched, type: movies", entry), &sandbox.next_run());
    assert_eq!((again.changes[0].done, again.changes[0].existing), (1, 1), "{again:?}");
}

#[test]
fn of_a_show_that_was_added_to_the_collection_what_was_there_before_stays() {
    for options in ["list: collection", "list: collection, type: shows"] {
        let sandbox = lived_in();
        let before = everything(&sandbox);
        let entry = "{ title: x, series_name: Harbour Lights, tvdb_id: 430001 }";
        let added = run(&add(options, entry), &sandbox.next_run());
        let after = everything(&sandbox);
        assert!(after.1.len() > before.1.len(), "{added:?}");
        pass(&sandbox, 6);
        let undone = undo(&added, &sandbox);
        assert_eq!(everything(&sandbox), before, "{options}");
        pass(&sandbox, 6);
        testing::block_on(flexget_core::list::recovery::undo(undone.change_id.unwrap(), "undo", &sandbox.next_run()))
            .unwrap();
        assert_eq!(everything(&sandbox).1.len(), after.1.len());
    }
}

#[test]
fn notes_come_back_and_are_not_carried_to_other_lists() {
    let sandbox = Sandbox::new(Seed::small());
    let add = add("list: watched soon", "{ title: Inception, trakt_movie_id: 16662 }");
    run(&add, &sandbox.next_run());
    let place = sandbox.sim.with(|world| Place::List(world.list_id("ann-kay", "watched soon").unwrap()));
    sandbox.sim.with(|world| {
        let list = world.lists.get_mut(&world.list_id("ann-kay", "watched soon").unwrap()).unwrap();
        list.contents.items.iter_mut().for_each(|item| item.notes = Some("lent by Bob".into()));
    });
    let notes = |place: &Place| {
        let notes = |world: &mut trakt_sim::World| {
            let items = &world.contents(place).unwrap().items;
            items.iter().filter(|item| item.notes.is_some()).count()
        };
        sandbox.sim.with(notes)
    };
    let copied = "trakt_list: { account: ann, list: watched soon }\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: { account: ann, list: watchlist } ]";
    run(copied, &sandbox.next_run());
    assert_eq!(notes(&Place::Watchlist("ann-kay".into())), 0);
    let count = notes(&place);
    let cleared = run(&clear("list: watched soon"), &sandbox.next_run());
    assert_eq!((cleared.changes[0].action, cleared.changes[0].done, notes(&place)), (Action::Clear, count, 0));
    pass(&sandbox, 6);
    undo(&cleared, &sandbox);
    assert_eq!(notes(&place), count);
}
