//! An undo puts items back at their places on a list, and says where it could not.

use flexget_core::list::recovery;
use flexget_core::task::report::ChangeReport;
use serde_json::json;
use trakt_sim::Privacy;

use super::laws::pass;
use super::*;

fn seeded() -> Sandbox {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        world.switches.tidy_watchlist = false;
        let movies = world.add_movies(6);
        let list = world.add_list(Some("ann-kay"), "Ranked", Privacy::Private);
        for place in [Place::Watchlist("ann-kay".into()), Place::Favorites("ann-kay".into()), Place::List(list)] {
            world.put(&place, &movies);
        }
        // Something that is no title keeps its place as well.
        let tv = world.list_id("ann-kay", "Following TV").unwrap();
        let others = world.contents(&Place::List(tv)).unwrap().media();
        world.put(&Place::List(list), &others);
    }));
    pass(&sandbox, 60);
    sandbox
}

fn order(sandbox: &Sandbox, list: &str) -> Vec<Media> {
    sandbox.sim.with(|world| {
        let place = match list {
            "watchlist" => Place::Watchlist("ann-kay".into()),
            "favorites" => Place::Favorites("ann-kay".into()),
            name => Place::List(world.list_id("ann-kay", name).unwrap()),
        };
        world.contents(&place).unwrap().media()
    })
}

fn undo(sandbox: &Sandbox, id: i64) -> ChangeReport {
    testing::block_on(recovery::undo(id, "undo", &sandbox.next_run())).unwrap()
}

#[test]
fn what_was_removed_comes_back_at_its_place() {
    for list in ["watchlist", "favorites", "Ranked"] {
        let sandbox = seeded();
        let before = order(&sandbox, list);
        let movies: Vec<Media> = before.iter().copied().filter(|media| matches!(media, Media::Movie(_))).collect();
        let gone: Vec<String> =
            [1, 3].iter().map(|at| format!("{{ title: m{at}, trakt_movie_id: {} }}", number(movies[*at]))).collect();
        let remove = format!(
            "mock: [ {} ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: {{ account: ann, list: {list} }} ]",
            gone.join(", ")
        );
        let removed = run(&remove, &sandbox.next_run());
        assert_eq!(removed.changes[0].done, 2, "{list}: {removed:?}");
        assert_eq!(order(&sandbox, list).len(), before.len() - 2);
        pass(&sandbox, 6);
        let undone = undo(&sandbox, removed.changes[0].change_id.unwrap());
        assert!(undone.failed.is_empty(), "{list}: {undone:?}");
        assert_eq!(order(&sandbox, list), before, "{list}");
        let clear = format!("list_clear: {{ what: [ trakt_list: {{ account: ann, list: {list}, type: movies }} ] }}");
        let cleared = run(&clear, &sandbox.next_run());
        assert_eq!(cleared.changes[0].done, movies.len(), "{list}: {cleared:?}");
        pass(&sandbox, 6);
        undo(&sandbox, cleared.changes[0].change_id.unwrap());
        assert_eq!(order(&sandbox, list), before, "{list}: cleared");
    }
}

#[test]
fn an_order_that_needs_no_change_is_not_sent() {
    let sandbox = seeded();
    let last = number(*order(&sandbox, "favorites").last().unwrap());
    let remove = format!(
        "mock: [ {{ title: m, trakt_movie_id: {last} }} ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: {{ account: ann, list: favorites }} ]"
    );
    let removed = run(&remove, &sandbox.next_run());
    pass(&sandbox, 6);
    undo(&sandbox, removed.changes[0].change_id.unwrap());
    assert_eq!(sandbox.sim.count("POST", "/sync/favorites/reorder"), 0, "{:?}", sandbox.requests());
}

#[test]
fn a_place_that_could_not_be_restored_is_said_and_the_undo_can_be_tried_again() {
    let sandbox = seeded();
    let before = order(&sandbox, "favorites");
    let first = number(before[0]);
    let remove = format!(
        "mock: [ {{ title: First, trakt_movie_id: {first} }} ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: {{ account: ann, list: favorites }} ]"
    );
    let id = run(&remove, &sandbox.next_run()).changes[0].change_id.unwrap();
    pass(&sandbox, 6);
    sandbox.sim.fail(Fault::on("POST", "/sync/favorites/reorder").status(403));
    let said = testing::command("undo", json!({ "change": id.to_string() }), Format::Text, &sandbox.next_run());
    let error = said.err().unwrap().to_string();
    assert_eq!(error, format!("change {id} was only partly undone: 1 of 1 items failed"));
    assert_eq!(order(&sandbox, "favorites").last(), before.first(), "it is on the list, at its end");
    sandbox.sim.heal();
    pass(&sandbox, 6);
    assert!(undo(&sandbox, id).failed.is_empty());
    assert_eq!(order(&sandbox, "favorites"), before);

    // While Trakt shows the list as it was, the places cannot be set, and the undo waits.
    sandbox.sim.with(|world| world.switches.stale_lists = true);
    let id = run(&remove, &sandbox.next_run()).changes[0].change_id.unwrap();
    let began = sandbox.cx.clock.now();
    assert!(undo(&sandbox, id).failed.is_empty());
    assert_eq!(order(&sandbox, "favorites"), before);
    assert!(sandbox.cx.clock.now().duration_since(began) >= jiff::SignedDuration::from_mins(5));
}

#[test]
fn an_undo_says_that_a_list_dates_what_came_back_to_now() {
    for (list, is_said) in [("favorites", true), ("ratings", false)] {
        let sandbox = seeded();
        let movie = if is_said { number(order(&sandbox, list)[0]) } else { 6 };
        let remove = format!(
            "mock: [ {{ title: It, trakt_movie_id: {movie} }} ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: {{ account: ann, list: {list} }} ]"
        );
        let id = run(&remove, &sandbox.next_run()).changes[0].change_id.unwrap();
        pass(&sandbox, 6);
        let said = testing::command("undo", json!({ "change": id.to_string() }), Format::Text, &sandbox.next_run());
        let notes = said.unwrap().notes;
        let expected = format!("trakt_list `{list}` dates what was put back to now");
        assert_eq!(notes.contains(&expected), is_said, "{list}: {notes}");
    }
}

#[test]
fn the_last_change_to_undo_is_one_that_changed_something() {
    let sandbox = seeded();
    let has = |movie| {
        sandbox.sim.with(|world| world.contents(&Place::Watchlist("ann-kay".into())).unwrap().has(Media::Movie(movie)))
    };
    for movie in [120, 481] {
        let add = format!(
            "mock: [ {{ title: It, trakt_movie_id: {movie} }} ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: {{ account: ann, list: watchlist }} ]"
        );
        assert!(run(&add, &sandbox.next_run()).is_ok());
        pass(&sandbox, 6);
    }
    assert!(has(120) && has(481));
    let undone = testing::command("undo", json!({ "change": "last" }), Format::Text, &sandbox.next_run()).unwrap();
    assert!(!has(120) && has(481), "what was there before stays: {}", undone.text);
}
