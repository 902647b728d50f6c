//! Removals do not rest on what a read has not shown, and additions take nothing for new because of it.

use flexget_core::context::journal::ChangeState;
use flexget_core::list::recovery;
use flexget_core::task::report::{ChangeReport, TaskReport};
use trakt_sim::{OddValue, PageOddity, Privacy, World};

use super::laws::pass;
use super::oddities::world;
use super::*;

/// The lists, with the path of their reads, and whether an undo restores what was not seen as it was.
const LISTS: [(&str, &str, bool); 8] = [
    ("list: watchlist", "/sync/watchlist", false),
    ("list: watchlist, type: movies", "/sync/watchlist", false),
    ("list: favorites", "/sync/favorites", false),
    ("list: collection", "/sync/collection/movies", false),
    ("list: history", "/sync/history", true),
    ("list: watched, type: movies", "/sync/watched/movies", true),
    ("list: ratings, type: movies", "/sync/ratings", false),
    ("list: Big List", "/users/me/lists/", false),
];

/// A page that is lost, and counts that fit the loss.
const LOST: [PageOddity; 2] = [PageOddity::LostRows { page: 2, missing: 10 }, PageOddity::StaleCount(10)];

fn has(list: &str, movie: u64, sandbox: &Sandbox) -> bool {
    let media = Media::Movie(movie);
    sandbox.sim.with(|world| {
        let ann = world.user("ann-kay");
        let place = match list.split([',', ':']).nth(1).unwrap().trim() {
            "watchlist" => Place::Watchlist("ann-kay".into()),
            "favorites" => Place::Favorites("ann-kay".into()),
            "collection" => return ann.collection.contains_key(&media),
            "history" | "watched" => return ann.history.iter().any(|play| play.media == media),
            "ratings" => return ann.ratings.contains_key(&media),
            name => Place::List(world.list_id("ann-kay", name).unwrap()),
        };
        world.contents(&place).unwrap().has(media)
    })
}

/// Removes everything else, so that each list has the same 32 movies alone.
fn movies_only() -> Sandbox {
    let sandbox = world();
    sandbox.sim.with(|world| {
        let ann = world.user_mut("ann-kay");
        let is_movie = |media: &Media| matches!(media, Media::Movie(_));
        ann.history.retain(|play| is_movie(&play.media));
        ann.collection.retain(|media, _| is_movie(media));
        ann.ratings.retain(|media, _| is_movie(media));
        let listed = ann.watchlist.media();
        let others: Vec<Media> = listed.into_iter().filter(|media| !is_movie(media)).collect();
        world.take(&Place::Watchlist("ann-kay".into()), &others);
    });
    pass(&sandbox, 60);
    sandbox
}

fn change(output: &str, list: &str, movies: &[u64], sandbox: &Sandbox) -> TaskReport {
    let entries = movies.iter().map(|id| format!("{{ title: m{id}, trakt_movie_id: {id}, trakt_user_rating: 3 }}"));
    let entries = entries.collect::<Vec<_>>().join(", ");
    let task =
        format!("mock: [ {entries} ]\naccept_all: yes\nseen: no\n{output}: [ trakt_list: {{ account: ann, {list} }} ]");
    run(&task, &sandbox.next_run())
}

fn undo(report: &TaskReport, sandbox: &Sandbox) -> ChangeReport {
    let id = report.changes[0].change_id.unwrap();
    testing::block_on(recovery::undo(id, "undo", &sandbox.next_run())).unwrap()
}

#[test]
fn what_no_read_shows_is_removed_all_the_same_and_the_undo_says_what_it_cannot_restore() {
    for (list, path, is_restored) in LISTS {
        let sandbox = movies_only();
        sandbox.sim.with(|world| LOST.iter().for_each(|odd| world.odd_pages(path, *odd)));
        let shown: Vec<u64> = {
            let report = run(&read(&format!("account: ann, {list}")), &sandbox.next_run());
            let ids = report.entries.iter().map(|entry| entry.fields()["trakt_movie_id"].as_i64().unwrap() as u64);
            ids.collect()
        };
        let (seen, unseen) = (shown[0], (500_000..500_032).find(|id| !shown.contains(id)).unwrap());
        let report = change("list_remove", list, &[unseen, seen], &sandbox);
        assert!(report.is_ok() && report.changes[0].done == 2, "{list}: {report:?}");
        assert!(!has(list, seen, &sandbox) && !has(list, unseen, &sandbox), "{list}");
        let warned = report.warnings.iter().any(|said| said.contains("cannot put back") && said.contains("m50"));
        assert_eq!(warned, !is_restored, "{list}: {:?}", report.warnings);
        sandbox.sim.with(|world| world.pages.odd.clear());
        pass(&sandbox, 6);
        let undone = undo(&report, &sandbox);
        assert_eq!(undone.failed.is_empty(), is_restored, "{list}: {undone:?}");
        assert!(undone.failed.iter().all(|failure| failure.titles == [format!("m{unseen}")]), "{list}: {undone:?}");
        assert!(has(list, seen, &sandbox), "{list}");
        // A rating is not known where it was not seen.
        assert_eq!(has(list, unseen, &sandbox), !list.contains("ratings"), "{list}");
        if !list.contains("ratings") {
            pass(&sandbox, 6);
            let (id, cx) = (undone.change_id.unwrap(), sandbox.next_run());
            let again = testing::block_on(recovery::undo(id, "undo", &cx)).unwrap();
            assert!(again.failed.is_empty() && !has(list, unseen, &sandbox), "{list}: {again:?}");
            // By now it was seen.
            pass(&sandbox, 6);
            let (id, cx) = (again.change_id.unwrap(), sandbox.next_run());
            let back = testing::block_on(recovery::undo(id, "undo", &cx)).unwrap();
            assert!(back.failed.is_empty() && has(list, unseen, &sandbox), "{list}: {back:?}");
        }
    }
}

#[test]
fn what_is_not_on_a_list_costs_one_write_and_no_row_in_the_journal() {
    for (list, path, has_plays) in LISTS {
        let sandbox = movies_only();
        let new = sandbox.sim.with(|world| number(world.add_movies(1)[0]));
        sandbox.sim.with(|world| world.pages.rules.values_mut().for_each(|rule| (rule.default, rule.max) = (250, 250)));
        let report = change("list_remove", list, &[new], &sandbox);
        let change = &report.changes[0];
        assert_eq!((change.done, change.existing, change.change_id), (0, 1, None), "{list}: {report:?}");
        assert!(report.is_ok() && report.warnings.is_empty(), "{list}: {report:?}");
        // The plays of a title are asked for instead.
        assert_eq!(sandbox.sim.count("POST", "/"), usize::from(!has_plays), "{list}: {:?}", sandbox.requests());
        assert_eq!(sandbox.sim.count("GET", path), if list.contains("watched") { 2 } else { 1 }, "{list}");
        assert!(sandbox.cx.journal().list(10).unwrap().is_empty(), "{list}");
    }
}

#[test]
fn what_only_a_search_identifies_is_not_taken_for_absent_in_a_list_that_may_lack_items() {
    let sandbox = movies_only();
    let remove = "mock: [ { title: Nobody, movie_name: Nobody }, { title: m0, trakt_movie_id: 500000 } ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: { account: ann, list: Big List } ]";
    sandbox.sim.with(|world| world.odd_pages("/users/me/lists/", PageOddity::LostRows { page: 2, missing: 1 }));
    let report = run(remove, &sandbox.next_run());
    assert_eq!(titles(&report, State::Failed), ["Nobody"], "{report:?}");
    assert_eq!(titles(&report, State::Accepted), ["m0"], "what was seen is removed");
    let reason = &report.changes[0].failed[0].reason;
    assert!(reason.starts_with("it was not seen on the list, which may lack items: Trakt counts 32 rows"), "{reason}");
    sandbox.sim.with(|world| world.pages.odd.clear());
    let report = run(remove, &sandbox.next_run());
    assert_eq!((report.is_ok(), report.changes[0].existing), (true, 2), "{report:?}");
}

#[test]
fn a_former_rating_behind_a_short_page_comes_back() {
    let rating =
        |sandbox: &Sandbox, id| sandbox.sim.with(|world| world.user("ann-kay").ratings[&Media::Movie(id)].rating);
    let all: Vec<u64> = (500_000..500_032).collect();
    let sandbox = movies_only();
    sandbox.sim.with(|world| {
        world.odd_pages("/sync/ratings", PageOddity::ShortPage { page: 3, missing: 5 });
        world.odd_pages("/sync/ratings", PageOddity::StaleCount(7));
    });
    let report = change("list_add", "list: ratings", &all, &sandbox);
    assert!(report.is_ok() && report.changes[0].done == 32, "{report:?}");
    assert!(all.iter().all(|id| rating(&sandbox, *id) == 3));
    sandbox.sim.with(|world| world.pages.odd.clear());
    pass(&sandbox, 6);
    assert!(undo(&report, &sandbox).failed.is_empty());
    assert!(all.iter().all(|id| rating(&sandbox, *id) == 8), "the former ratings are back");

    sandbox.sim.with(|world| world.odd_pages("/sync/ratings", PageOddity::LostRows { page: 2, missing: 5 }));
    let report = change("list_add", "list: ratings", &all, &sandbox);
    assert!(report.error.is_some() && sandbox.sim.count("POST", "/") == 0, "{report:?}");
}

#[test]
fn the_number_of_items_that_a_list_has_tells_what_its_pages_do_not() {
    let sandbox = movies_only();
    let copy = sandbox.sim.with(|world| {
        let list = world.add_list(Some("ann-kay"), "Copy", Privacy::Private);
        let movies: Vec<Media> = (500_000..500_032).map(Media::Movie).collect();
        world.put(&Place::List(list), &movies);
        list
    });
    pass(&sandbox, 60);
    let big = sandbox.sim.with(|world| world.list_id("ann-kay", "Big List").unwrap());
    let path = format!("/users/me/lists/{big}/");
    sandbox.sim.with(|world| LOST.iter().for_each(|odd| world.odd_pages(&path, *odd)));
    let mirror = "list_sync: { from: { trakt_list: { account: ann, list: Big List } }, to: { trakt_list: { account: ann, list: Copy } }, max_removals: 100% }";
    let report = run(mirror, &sandbox.next_run());
    assert!(
        report.error.is_some_and(|error| error.message.contains("Trakt counts 32 rows")),
        "the source may lack items"
    );
    let count = |world: &mut World, list| world.contents(&Place::List(list)).unwrap().items.len();
    assert_eq!(sandbox.sim.with(|world| count(world, copy)), 32);
    // By its number, no list of lists says how many there are; the response to the removal does.
    let clear = format!("list_clear: {{ what: [ trakt_list: {{ account: ann, list: {big} }} ] }}");
    let report = run(&clear, &sandbox.next_run());
    let warning = format!("list_clear: Trakt counts 10 more items of `users/me/lists/{big}/items` than it has shown");
    assert_eq!((report.changes[0].done, report.warnings), (22, vec![warning]));
    assert_eq!(sandbox.sim.with(|world| count(world, big)), 10);
}

#[test]
fn people_that_stay_on_a_cleared_list_are_told() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 60);
    let clear = "list_clear: { what: [ trakt_list: { account: ann, list: Following TV } ] }";
    for _ in 0..2 {
        let left = sandbox.sim.with(|world| {
            let list = world.list_id("ann-kay", "Following TV").unwrap();
            let others = |media: &&Media| media.kind().is_none_or(|kind| kind == trakt_sim::Kind::Person);
            world.contents(&Place::List(list)).unwrap().media().iter().filter(others).count()
        });
        assert!(left > 0);
        let report = run(clear, &sandbox.next_run());
        let said = if left == 1 { "1 item of `users/me".to_owned() } else { format!("{left} items of `users/me") };
        let is_said =
            report.warnings.iter().any(|warning| warning.contains(&said) && warning.contains("such as people"));
        assert_eq!(is_said, report.changes[0].done > 0, "{report:?}");
        pass(&sandbox, 10);
    }
}

#[test]
fn a_title_in_a_row_of_an_unknown_type_keeps_a_mirror_from_acting() {
    let sandbox = movies_only();
    sandbox.sim.with(|world| {
        let list = world.add_list(Some("ann-kay"), "Copy", Privacy::Private);
        world.put(&Place::List(list), &[Media::Movie(500_000), Media::Movie(500_001)]);
    });
    let big = sandbox.sim.with(|world| world.list_id("ann-kay", "Big List").unwrap());
    let path = format!("/users/me/lists/{big}/");
    sandbox.sim.fail(Fault::on("GET", &path).odd_values(&[OddValue::TypeIsUnknown]));
    let mirror = "list_sync: { from: { trakt_list: { account: ann, list: Big List } }, to: { trakt_list: { account: ann, list: Copy } }, max_removals: 100% }";
    let report = run(mirror, &sandbox.next_run());
    assert!(report.error.is_some_and(|error| error.message.contains("hold titles as something that is not known")));
    assert_eq!(sandbox.sim.count("POST", "/"), 0);
}

#[test]
fn a_play_that_was_added_though_too_many_requests_were_answered_is_not_added_twice() {
    for (is_made, status) in [(true, 429), (false, 429)] {
        let sandbox = movies_only();
        let plays = |sandbox: &Sandbox| sandbox.sim.with(|world| world.user("ann-kay").history.len());
        let before = plays(&sandbox);
        let new: Vec<u64> = sandbox.sim.with(|world| world.add_movies(3).iter().map(|movie| number(*movie)).collect());
        let reply = trakt_sim::Reply::empty(status).header("Retry-After", 20);
        let trouble = if is_made { trakt_sim::Trouble::After(reply) } else { trakt_sim::Trouble::Instead(reply) };
        sandbox.sim.fail(Fault::on("POST", "/sync/history").with(trouble.clone()).once());
        let began = sandbox.cx.clock.now();
        let report = change("list_add", "list: history", &new, &sandbox);
        assert!(report.is_ok() && report.changes[0].done == 3, "{is_made}: {report:?}");
        assert_eq!(plays(&sandbox), before + 3, "{is_made}");
        assert_eq!(sandbox.sim.count("POST", "/"), if is_made { 1 } else { 2 });
        assert!(sandbox.cx.clock.now().duration_since(began).as_secs() >= 20, "it waits as long as it is told to");
        // The same for an undo that puts plays back.
        let removed = change("list_remove", "list: history", &new, &sandbox);
        assert_eq!(plays(&sandbox), before, "{removed:?}");
        pass(&sandbox, 6);
        sandbox.sim.fail(Fault::on("POST", "/sync/history").with(trouble).once());
        assert!(undo(&removed, &sandbox).failed.is_empty());
        assert_eq!(plays(&sandbox), before + 3, "{is_made}");
    }
}

#[test]
fn a_wrong_clock_does_not_hide_a_play_that_was_added() {
    for hours in [-30, 30] {
        let cx = testing::context();
        let now = cx.clock.now().as_millisecond() + hours * 3_600_000;
        let clock = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(now));
        let options = trakt_sim::Options { seed: Seed::small(), clock: Some(clock), ..trakt_sim::Options::default() };
        let sandbox = Sandbox::of(cx, trakt_sim::Sim::start(options).unwrap());
        let plays = |sandbox: &Sandbox| {
            sandbox
                .sim
                .with(|world| world.user("ann-kay").history.iter().filter(|it| it.media == Media::Movie(481)).count())
        };
        let refused = trakt_sim::Trouble::After(trakt_sim::Reply::empty(429));
        sandbox.sim.fail(Fault::on("POST", "/sync/history").with(refused).once());
        let report = change("list_add", "list: history", &[481], &sandbox);
        assert_eq!((report.changes[0].done, plays(&sandbox)), (1, 1), "{hours}: {report:?}");
        let undone = undo(&report, &sandbox);
        assert_eq!((undone.done, plays(&sandbox)), (1, 0), "{hours}: {undone:?}");
        // What was put on a list is told from what was there before by its date.
        let new: Vec<u64> = sandbox.sim.with(|world| world.add_movies(2).iter().map(|movie| number(*movie)).collect());
        sandbox.sim.fail(Fault::on("POST", "/sync/watchlist").with(trakt_sim::Trouble::Skips(1)).once());
        let report = change("list_add", "list: watchlist", &new, &sandbox);
        assert_eq!((report.changes[0].done, report.changes[0].failures()), (1, 1), "{hours}: {report:?}");
    }
}

#[test]
fn plays_that_are_refused_as_too_many_requests_again_and_again_fail() {
    let sandbox = movies_only();
    let new = sandbox.sim.with(|world| number(world.add_movies(1)[0]));
    sandbox.sim.fail(Fault::on("POST", "/sync/history").too_many(None));
    let report = change("list_add", "list: history", &[new], &sandbox);
    assert_eq!((titles(&report, State::Failed).len(), sandbox.sim.count("POST", "/")), (1, 4), "{report:?}");
    assert_eq!(sandbox.cx.journal().list(1).unwrap()[0].state, ChangeState::Failed);
}

#[test]
fn an_answer_that_a_play_or_a_rating_is_there_already_is_no_success() {
    let none = serde_json::json!({ "movies": 0 });
    let body = serde_json::json!({ "added": none, "existing": { "movies": 1 }, "not_found": {} });
    for list in ["list: history", "list: ratings"] {
        let sandbox = movies_only();
        let new = sandbox.sim.with(|world| number(world.add_movies(1)[0]));
        let movies: &[u64] = if list.contains("ratings") { &[500_001, new] } else { &[new] };
        sandbox.sim.fail(Fault::on("POST", "/").answers(trakt_sim::Reply::json(201, &body)));
        for movie in movies {
            let report = change("list_add", list, &[*movie], &sandbox);
            assert_eq!(titles(&report, State::Failed).len(), 1, "{list}, {movie}: {report:?}");
        }
    }
}

#[test]
fn a_watchlist_of_another_user_that_has_no_order_of_ranks_is_not_taken_for_missing() {
    let sandbox = world();
    sandbox.sim.with(|world| world.odd_pages("/users/bob/watchlist", PageOddity::Swapped { page: 2 }));
    sandbox.sim.fail(Fault::on("GET", "/users/bob/watchlist/movies/rank").status(404));
    let report = run(&read("username: bob, list: watchlist"), &sandbox.next_run());
    assert!(report.error.is_none() && report.warnings.len() == 1, "{report:?}");
}

#[test]
fn a_list_that_has_just_vanished_is_not_proposed_in_its_own_place() {
    let sandbox = movies_only();
    sandbox.sim.fail(Fault::on("GET", "/users/me/lists/").status(404));
    let report = run(&read("account: ann, list: Big List"), &sandbox.next_run());
    let hint = report.error.unwrap().hint.unwrap();
    assert_eq!(hint, "it was there a moment ago: look whether it was deleted, and run again");
}

#[test]
fn what_was_not_on_a_list_does_not_come_back_after_a_removal_whose_answer_was_lost() {
    let sandbox = movies_only();
    let new = sandbox.sim.with(|world| number(world.add_movies(1)[0]));
    sandbox.sim.fail(Fault::on("POST", "/").with(trakt_sim::Trouble::CloseAfter));
    let report = change("list_remove", "list: watchlist", &[500_003, new], &sandbox);
    sandbox.sim.heal();
    pass(&sandbox, 6);
    run("mock: [ A ]\naccept_all: yes", &sandbox.next_run());
    assert!(undo(&report, &sandbox).failed.is_empty());
    assert!(has("list: watchlist", 500_003, &sandbox) && !has("list: watchlist", new, &sandbox));

    sandbox.sim.fail(Fault::on("POST", "/").with(trakt_sim::Trouble::CloseAfter));
    pass(&sandbox, 6);
    let report = change("list_remove", "list: watchlist", &[new], &sandbox);
    sandbox.sim.heal();
    pass(&sandbox, 6);
    run("mock: [ A ]\naccept_all: yes", &sandbox.next_run());
    let id = report.changes[0].change_id.unwrap();
    let error = testing::block_on(recovery::undo(id, "undo", &sandbox.next_run())).unwrap_err();
    assert_eq!(error.to_string(), format!("change {id} took nothing off the list"));
}

#[test]
fn of_several_that_were_not_seen_it_is_said_that_some_were_there() {
    let sandbox = movies_only();
    let new = sandbox.sim.with(|world| number(world.add_movies(1)[0]));
    sandbox.sim.with(|world| LOST.iter().for_each(|odd| world.odd_pages("/sync/watchlist", *odd)));
    let report = change("list_remove", "list: watchlist", &[500_012, new], &sandbox);
    assert!(!has("list: watchlist", 500_012, &sandbox));
    let said = format!("they are among `m500012`, `m{new}`");
    assert!(report.warnings.iter().any(|warning| warning.ends_with(&said)), "{:?}", report.warnings);
}

#[test]
fn a_name_alone_is_neither_sent_nor_searched_for_to_be_removed() {
    for (list, path) in [("favorites", "/sync/favorites"), ("watchlist", "/sync/watchlist"), ("Big List", "/users/me/")]
    {
        let sandbox = movies_only();
        let entry = "{ title: Nobody (1999), movie_name: Nobody, movie_year: 1999 }";
        let remove = format!(
            "mock: [ {entry} ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: {{ account: ann, list: {list} }} ]"
        );
        let report = run(&remove, &sandbox.next_run());
        assert_eq!((report.is_ok(), report.changes[0].existing), (true, 1), "{list}: {report:?}");
        assert_eq!((sandbox.sim.count("POST", "/"), sandbox.sim.count("GET", "/search")), (0, 0), "{list}");
        sandbox.sim.with(|world| world.odd_pages(path, PageOddity::LostRows { page: 2, missing: 1 }));
        let report = run(&remove, &Context { no_cache: true, ..sandbox.next_run() });
        assert_eq!(titles(&report, State::Failed).len(), 1, "{list}: {report:?}");
    }
}

#[test]
fn an_episode_by_its_numbers_is_not_sent_to_be_removed_from_plays() {
    let sandbox = world();
    let remove = "mock: [ { title: x, series_name: x, trakt_show_id: 510000, series_season: 1, series_episode: 9 } ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: { account: ann, list: history } ]";
    let report = run(remove, &sandbox.next_run());
    assert_eq!(
        (report.is_ok(), report.changes[0].existing, sandbox.sim.count("POST", "/")),
        (true, 1, 0),
        "{report:?}"
    );
    sandbox.sim.with(|world| world.odd_pages("/sync/history", PageOddity::LostRows { page: 2, missing: 1 }));
    let report = run(remove, &Context { no_cache: true, ..sandbox.next_run() });
    assert_eq!(titles(&report, State::Failed), ["x"], "{report:?}");
}

#[test]
fn a_map_of_plays_that_is_none_is_no_witness() {
    let sandbox = movies_only();
    sandbox.sim.with(|world| LOST.iter().for_each(|odd| world.odd_pages("/sync/watched/movies", *odd)));
    let map = Fault::on("GET", "/sync/watched/movies").query("extended", "min");
    sandbox.sim.fail(map.answers(trakt_sim::Reply::json(200, &serde_json::json!([]))));
    let list = "list: watched, type: movies";
    let report = change("list_remove", list, &[500_012], &sandbox);
    assert!(report.is_ok() && report.changes[0].done == 1 && report.warnings.is_empty(), "{report:?}");
    sandbox.sim.heal();
    sandbox.sim.with(|world| world.pages.odd.clear());
    pass(&sandbox, 6);
    assert!(undo(&report, &sandbox).failed.is_empty() && has(list, 500_012, &sandbox));
}

#[test]
fn a_list_that_trakt_shows_as_it_was_is_not_compared_with_what_it_counts_now() {
    let sandbox = movies_only();
    sandbox.sim.with(|world| world.switches.stale_lists = true);
    let new: Vec<u64> = sandbox.sim.with(|world| world.add_movies(3).iter().map(|movie| number(*movie)).collect());
    change("list_add", "list: watchlist", &new, &sandbox);
    pass(&sandbox, 1);
    let report = change("list_remove", "list: watchlist", &[500_003], &sandbox);
    assert!(report.is_ok() && report.changes[0].done == 1 && report.warnings.is_empty(), "{report:?}");
    // Somebody else has put an item on a list a minute ago.
    sandbox.sim.with(|world| {
        let big = world.list_id("ann-kay", "Big List").unwrap();
        world.put(&Place::List(big), &[Media::Movie(new[0])]);
        world.add_list(Some("ann-kay"), "Copy", Privacy::Private);
    });
    let mirror = "list_sync: { from: { trakt_list: { account: ann, list: Big List } }, to: { trakt_list: { account: ann, list: Copy } } }";
    let report = run(mirror, &sandbox.next_run());
    assert!(report.is_ok() && report.changes[0].done == 32, "{report:?}");
}
