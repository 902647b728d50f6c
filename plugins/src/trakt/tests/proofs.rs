//! Nothing is concluded from an item that was not seen, unless the end of its list is proved.

use flexget_core::context::journal::ChangeState;
use flexget_core::list::recovery;
use trakt_sim::{PageOddity, Privacy};

use super::laws::pass;
use super::oddities::world;
use super::*;

/// The lists that can be changed, each with the path of its reads.
const LISTS: [(&str, &str); 8] = [
    ("list: watchlist", "/sync/watchlist"),
    ("list: watchlist, type: movies", "/sync/watchlist"),
    ("list: favorites", "/sync/favorites"),
    ("list: collection", "/sync/collection/movies"),
    ("list: collection, type: movies", "/sync/collection/movies"),
    ("list: watched, type: movies", "/sync/watched/movies"),
    ("list: ratings, type: movies", "/sync/ratings"),
    ("list: Big List", "/users/me/lists/"),
];

const MISSING: [PageOddity; 2] = [PageOddity::LostRows { page: 2, missing: 1 }, PageOddity::Swapped { page: 2 }];

#[test]
fn a_match_takes_nothing_off_a_list_that_may_lack_items() {
    for (list, path) in LISTS {
        for oddity in MISSING {
            let sandbox = world();
            sandbox.sim.with(|world| world.odd_pages(path, oddity));
            let task = format!(
                "mock: [ {{ title: m0, trakt_movie_id: 500000, movie_name: m0 }} ]\nseen: no\nlist_match: {{ from: [ trakt_list: {{ account: ann, {list} }} ] }}"
            );
            let report = run(&task, &sandbox.next_run());
            assert!(report.error.is_some(), "{list}, {oddity:?}: {report:?}");
            assert_eq!(sandbox.sim.count("POST", "/"), 0, "{list}, {oddity:?}");
            sandbox.sim.with(|world| world.pages.odd.clear());
            let report = run(&task, &sandbox.next_run());
            assert!(report.is_ok() && report.changes[0].done == 1, "{list}: {report:?}");
        }
    }
}

#[test]
fn an_undo_that_does_not_see_an_item_does_not_say_that_it_is_gone() {
    for (list, path) in LISTS.into_iter().filter(|(list, _)| !list.contains("watch") && !list.contains("collection")) {
        let sandbox = world();
        let new = sandbox.sim.with(|world| number(world.add_movies(1)[0]));
        let task = format!(
            "mock: [ {{ title: new, trakt_movie_id: {new}, trakt_user_rating: 7 }}, {{ title: m0, trakt_movie_id: 500000, trakt_user_rating: 7 }} ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: {{ account: ann, {list} }} ]"
        );
        pass(&sandbox, 60);
        let report = run(&task, &sandbox.next_run());
        assert!(report.is_ok(), "{list}: {report:?}");
        let id = report.changes[0].change_id.unwrap();
        pass(&sandbox, 20);
        sandbox.sim.with(|world| world.odd_pages(path, PageOddity::LostRows { page: 4, missing: 9 }));
        let undone = testing::block_on(recovery::undo(id, "undo", &sandbox.next_run()));
        let state = sandbox.cx.journal().get(id).unwrap().unwrap().state;
        assert!(undone.is_err() && state == ChangeState::Done, "{list}: {state:?} {undone:?}");
        assert_eq!(sandbox.sim.count("POST", "/"), 0, "{list}");
        sandbox.sim.with(|world| world.pages.odd.clear());
        let undone = testing::block_on(recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
        assert!(undone.done >= 1 && undone.failed.is_empty(), "{list}: {undone:?}");
    }
}

#[test]
fn no_play_is_added_again_because_the_first_was_not_seen() {
    for (list, path) in [("list: history", "/sync/history"), ("list: watched, type: movies", "/sync/watched/movies")] {
        for oddities in [
            vec![PageOddity::StaleCount(7), PageOddity::ShortPage { page: 4, missing: 5 }],
            vec![PageOddity::StaleCount(7), PageOddity::ShortPage { page: 3, missing: 5 }],
            vec![MISSING[0]],
            vec![MISSING[1]],
            vec![PageOddity::ZeroCount],
        ] {
            let sandbox = world();
            let plays = |sandbox: &Sandbox| sandbox.sim.with(|world| world.user("ann-kay").history.len());
            let before = plays(&sandbox);
            sandbox.sim.with(|world| oddities.iter().for_each(|odd| world.odd_pages(path, *odd)));
            let entries: Vec<String> =
                (500_000..500_032).map(|id| format!("{{ title: m{id}, trakt_movie_id: {id} }}")).collect();
            let task = format!(
                "mock: [ {} ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: {{ account: ann, {list} }} ]",
                entries.join(", ")
            );
            let report = run(&task, &sandbox.next_run());
            assert_eq!(plays(&sandbox), before, "{list}, {oddities:?}: {report:?}");
            assert_eq!(sandbox.sim.count("POST", "/"), 0, "{list}, {oddities:?}");
        }
    }
}

#[test]
fn a_watchlist_of_one_type_with_a_limit_is_compared_with_what_trakt_counts() {
    let sandbox = world();
    let limited = "account: ann, list: watchlist, type: shows, limit: 5";
    for oddities in [
        vec![PageOddity::ShortPage { page: 2, missing: 7 }, PageOddity::StaleCount(50)],
        vec![PageOddity::EmptyPage { page: 1 }],
        vec![PageOddity::StaleCount(40)],
        vec![PageOddity::ZeroCount],
    ] {
        sandbox.sim.with(|world| oddities.iter().for_each(|odd| world.odd_pages("/sync/watchlist", *odd)));
        let report = run(&read(limited), &Context { no_cache: true, ..sandbox.next_run() });
        let found = (titles(&report, State::Accepted).len(), report.warnings.len());
        assert_eq!(found, (5, 0), "{oddities:?}: {:?}", report.warnings);
        sandbox.sim.with(|world| world.pages.odd.clear());
    }
    sandbox.sim.with(|world| world.odd_pages("/sync/watchlist", PageOddity::LostRows { page: 4, missing: 9 }));
    let report = run(&read(limited), &Context { no_cache: true, ..sandbox.next_run() });
    assert_eq!(report.warnings.len(), 1, "what was counted and not given may be among the first: {report:?}");
}

#[test]
fn a_chart_that_is_cut_says_so() {
    let sandbox = Sandbox::new(Seed::large());
    let warnings = |task: &str| run(task, &sandbox.next_run()).warnings;
    let cut = warnings(&read("list: trending, type: movies"));
    assert_eq!(
        cut,
        ["trakt_list: only the first 100 items of trakt_list `trending` are read; set its limit to read more"]
    );
    assert_eq!(warnings(&read("list: trending, type: movies, limit: 100")), Vec::<String>::new());
    assert_eq!(warnings(&read("list: boxoffice")), Vec::<String>::new(), "there are no more than ten");
    let matching = "mock: [ A ]\nlist_match: { from: [ trakt_list: { list: popular } ], remove_on_match: no }";
    assert_eq!(warnings(matching).len(), 1, "an entry may be on the rest");
    let both = run(&read("list: popular"), &sandbox.next_run());
    let shows = both.entries.iter().filter(|entry| entry.fields().contains_key("trakt_show_id")).count();
    assert_eq!((both.entries.len(), shows), (100, 50), "a chart of both kinds is not one of the first kind");
}

#[test]
fn a_watchlist_that_is_sorted_in_an_order_that_changes_is_read_whole() {
    let sandbox = Sandbox::new(Seed::empty().and(|world| {
        world.switches.shaky_sort = true;
        world.add_user("Ann.Kay");
        world.fill_watchlist("ann-kay", 600);
        let shows = world.add_shows(10, 1, 2);
        world.put(&Place::Watchlist("ann-kay".into()), &shows);
        world.contents_mut(&Place::Watchlist("ann-kay".into())).unwrap().sort_by = "title".into();
    }));
    let report = run(&read("account: ann, list: watchlist"), &sandbox.next_run());
    assert_eq!((report.entries.len(), report.warnings.len()), (610, 0), "{:?}", report.warnings);
    let report = run("list_clear: { what: [ trakt_list: { account: ann, list: watchlist } ] }", &sandbox.next_run());
    assert_eq!(report.changes[0].done, 610, "{report:?}");
}

#[test]
fn an_order_is_a_part_of_the_path() {
    let sandbox = world();
    for (list, _) in LISTS {
        read_titles(&sandbox, &format!("account: ann, {list}"));
        let odd = |seen: &trakt_sim::Seen| seen.query.iter().any(|(name, _)| name.starts_with("sort"));
        assert!(!sandbox.sim.requests().iter().any(odd), "{list}: {:?}", sandbox.sim.requests());
    }
}

#[test]
fn a_number_at_tmdb_is_searched_for_only_if_an_item_has_it() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        let list = world.list_id("ann-kay", "Following TV").unwrap();
        world.put(&Place::List(list), &[Media::Movie(120), Media::Movie(481)]);
        world.collect("ann-kay", Media::Movie(120), world.now());
    }));
    // 550 is a movie, 603 a movie and a show, and of the rest nothing is on the list.
    let entries = "[ { title: A, tmdb_id: 550 }, { title: B, tmdb_id: 603 }, { title: C, tmdb_id: 424242 } ]";
    for list in ["Following TV", "collection"] {
        let task = format!(
            "mock: {entries}\nseen: no\nlist_match: {{ from: [ trakt_list: {{ account: ann, list: {list} }} ], remove_on_match: no }}"
        );
        let report = run(&task, &sandbox.next_run());
        assert_eq!(titles(&report, State::Accepted), ["A"], "{list}: {report:?}");
        let searches = sandbox.sim.count("GET", "/search/tmdb/");
        assert_eq!(searches, if list == "collection" { 3 } else { 2 }, "{:?}", sandbox.requests());
        let remove = format!(
            "mock: [ {{ title: A, tmdb_id: 550 }} ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: {{ account: ann, list: {list} }} ]"
        );
        let report = run(&remove, &sandbox.next_run());
        assert_eq!((report.changes[0].done, report.is_ok()), (1, true), "{list}: {report:?}");
    }
    let is_collected = sandbox.sim.with(|world| world.user("ann-kay").collection.contains_key(&Media::Movie(120)));
    assert!(!is_collected);
}

#[test]
fn an_own_list_with_the_name_of_a_built_in_one_is_told_of() {
    let sandbox = Sandbox::new(Seed::small());
    let warnings = |sandbox: &Sandbox, task: &str| run(task, &sandbox.next_run()).warnings;
    let reading = read("account: ann, list: favorites");
    assert_eq!(warnings(&sandbox, &reading), Vec::<String>::new());
    pass(&sandbox, 10);
    sandbox.sim.with(|world| {
        let list = world.add_list(Some("ann-kay"), "Favorites", Privacy::Private);
        world.put(&Place::List(list), &[Media::Movie(481)]);
        world.put(&Place::Favorites("bob".into()), &[Media::Movie(481)]);
    });
    let said = "`favorites` is Trakt's list of that name; the list that `ann` has made is `list:favorites`";
    assert_eq!(warnings(&sandbox, &reading), [format!("trakt_list: {said}")]);
    let clearing = "list_clear: { what: [ trakt_list: { account: ann, list: favorites } ] }";
    assert!(warnings(&sandbox, clearing).contains(&format!("list_clear: {said}")));
    assert_eq!(warnings(&sandbox, &read("account: ann, list: 'list:favorites'")), Vec::<String>::new());
    assert_eq!(warnings(&sandbox, &read("username: bob, list: favorites")), Vec::<String>::new());
    let shown = testing::command("trakt lists", serde_json::json!({}), Format::Text, &sandbox.next_run()).unwrap();
    assert!(shown.text.contains("trakt_list: { account: ann, list: 'list:Favorites' }"), "{}", shown.text);
}
