//! The laws of lists, for each list of Trakt that can be changed, and what reading and writing costs.

use std::sync::atomic::Ordering;

use flexget_core::list::recovery;
use flexget_core::task::report::TaskReport;
use flexget_core::testing::ListLaws;
use trakt_sim::Privacy;

use super::*;

/// A world where `ann` has nothing yet, `bob` has a list that she may change, and the catalogue holds what the tests name.
fn empty() -> Sandbox {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        let ann = world.user_mut("ann-kay");
        ann.history.clear();
        ann.collection.clear();
        ann.ratings.clear();
        for place in [Place::Watchlist("ann-kay".into()), Place::Favorites("ann-kay".into())] {
            let all = world.contents(&place).unwrap().media();
            world.take(&place, &all);
        }
        for name in ["watched soon", "Kino & Co."] {
            let place = Place::List(world.list_id("ann-kay", name).unwrap());
            let all = world.contents(&place).unwrap().media();
            world.take(&place, &all);
        }
        let night = Place::List(world.list_id("bob", "Movie Night").unwrap());
        let all = world.contents(&night).unwrap().media();
        world.take(&night, &all);
    }));
    // Later than the changes that emptied the lists, so that what is read may be kept.
    pass(&sandbox, 60);
    sandbox
}

/// Lets so many minutes pass.
pub(super) fn pass(sandbox: &Sandbox, minutes: i64) {
    sandbox.cx.clock.shared().unwrap().fetch_add(minutes * 60_000, Ordering::SeqCst);
}

const MOVIES: [&str; 3] = [
    "{ title: The Matrix (1999), movie_name: The Matrix, movie_year: 1999, imdb_id: tt0133093, trakt_user_rating: 9 }",
    "{ title: Fight Club, tmdb_id: '550', movie_name: Fight Club, trakt_user_rating: 8 }",
    "{ title: Dark Knight, trakt_movie_id: '6', trakt_user_rating: 10 }",
];
const SHOWS: [&str; 3] = [
    "{ title: Harbour Lights, series_name: Harbour Lights, tmdb_id: '603', trakt_user_rating: 7 }",
    "{ title: Paper Lanterns, series_name: Paper Lanterns (2018), tvdb_id: 430002, trakt_user_rating: 7 }",
    "{ title: Sky Courier, trakt_show_id: 3003, trakt_user_rating: 6 }",
];
const SEASONS: [&str; 2] = [
    "{ title: Paper Lanterns S01, series_name: Paper Lanterns, series_season: 1, trakt_show_id: 3002, trakt_user_rating: 7 }",
    "{ title: Harbour Lights S00, series_name: Harbour Lights, series_season: 0, tvdb_id: '430001', trakt_user_rating: 7 }",
];
const EPISODES: [&str; 3] = [
    "{ title: Lanterns, series_name: Paper Lanterns, series_season: 1, series_episode: 2, trakt_show_id: 3002, trakt_user_rating: 7 }",
    "{ title: A special, series_name: Harbour Lights, series_season: 0, series_episode: 1, tvdb_id: 430001, trakt_user_rating: 5 }",
    "{ title: Courier, series_name: Sky Courier, series_season: 1, series_episode: 3, imdb_id: tt7300003, trakt_user_rating: 8 }",
];

/// Checks the laws of a list, which is empty at first.
#[track_caller]
fn keep_laws(list: &str, entries: &[&str], sandbox: &Sandbox) {
    let options = format!("trakt_list: {{ account: ann, {list} }}");
    let laws = ListLaws::new(&options, entries);
    // Of these Trakt takes the date; an item that comes back to a list is dated anew.
    let is_dated = ["list: collection", "list: watched", "list: history", "list: ratings"];
    let keeps_dates = is_dated.iter().any(|kind| list == *kind || list.starts_with(&format!("{kind},")));
    let laws = if keeps_dates { laws } else { laws.dated_anew() };
    testing::block_on(laws.check(&sandbox.next_run()));
}

#[test]
fn every_list_that_can_be_changed_keeps_the_laws() {
    let mixed: Vec<&str> = vec![MOVIES[0], SHOWS[0], SEASONS[0], EPISODES[0], EPISODES[1]];
    let titles_only = vec![
        "{ title: The Matrix (1999), movie_name: The Matrix, movie_year: 1999 }",
        "{ title: Harbour Lights (2025), series_name: Harbour Lights (2025) }",
    ];
    let played = vec![MOVIES[0], MOVIES[1], EPISODES[0], EPISODES[1]];
    for (list, entries) in [
        ("list: watchlist, type: movies", MOVIES.to_vec()),
        ("list: watchlist, type: shows", SHOWS.to_vec()),
        ("list: watchlist, type: seasons", SEASONS.to_vec()),
        ("list: watchlist, type: episodes", EPISODES.to_vec()),
        ("list: watchlist", mixed.clone()),
        ("list: watchlist", titles_only.clone()),
        ("list: favorites", vec![MOVIES[0], MOVIES[1], SHOWS[0], SHOWS[2]]),
        ("list: favorites, type: movies", MOVIES.to_vec()),
        ("list: favorites, type: shows", SHOWS.to_vec()),
        ("list: collection", vec![MOVIES[0], MOVIES[1], SHOWS[0], SHOWS[2]]),
        ("list: collection, type: movies", MOVIES.to_vec()),
        ("list: collection, type: episodes", EPISODES.to_vec()),
        ("list: collection, type: shows", SHOWS.to_vec()),
        ("list: watched, type: movies", MOVIES.to_vec()),
        ("list: watched, type: episodes", EPISODES.to_vec()),
        ("list: watched, type: shows", SHOWS.to_vec()),
        ("list: watched", vec![MOVIES[0], MOVIES[1], SHOWS[1], SHOWS[2]]),
        ("list: history", played),
        ("list: history, type: movies", MOVIES.to_vec()),
        ("list: history, type: episodes", EPISODES.to_vec()),
        ("list: ratings", mixed.clone()),
        ("list: ratings, type: movies", MOVIES.to_vec()),
        ("list: ratings, type: shows", SHOWS.to_vec()),
        ("list: ratings, type: seasons", SEASONS.to_vec()),
        ("list: ratings, type: episodes", EPISODES.to_vec()),
        ("list: watched soon", mixed.clone()),
        ("list: watched soon, type: movies", MOVIES.to_vec()),
        ("list: watched soon, type: shows", SHOWS.to_vec()),
        ("list: watched soon, type: seasons", SEASONS.to_vec()),
        ("list: watched soon, type: episodes", EPISODES.to_vec()),
        ("list: Kino & Co.", titles_only),
        ("list: Movie Night", mixed.clone()),
        ("username: bob, list: Movie Night", mixed.clone()),
        ("list: 'https://trakt.tv/users/bob/lists/movie-night'", mixed),
    ] {
        let sandbox = empty();
        keep_laws(list, &entries, &sandbox);
    }
}

#[test]
fn the_laws_hold_while_trakt_shows_lists_as_they_were_five_minutes_ago() {
    let mixed: Vec<&str> = vec![MOVIES[0], SHOWS[0], SEASONS[0], EPISODES[0]];
    for list in ["list: watchlist", "list: watched soon", "list: Movie Night"] {
        let sandbox = empty();
        sandbox.sim.with(|world| world.switches.stale_lists = true);
        keep_laws(list, &mixed, &sandbox);
    }
}

#[test]
fn what_trakt_shows_too_late_is_believed_when_its_time_is_over() {
    let sandbox = empty();
    sandbox.sim.with(|world| world.switches.stale_lists = true);
    let add = "mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: { account: ann, list: watchlist } ]";
    assert_eq!(run(add, &sandbox.next_run()).changes[0].done, 1);
    assert_eq!(read_titles(&sandbox, "account: ann, list: watchlist"), ["Fight Club"], "Trakt does not show it yet");
    pass(&sandbox, 6);
    assert_eq!(read_titles(&sandbox, "account: ann, list: watchlist"), ["Fight Club (1999)"], "now it does");
    // Taken off by somebody else: the change of the first run is no news any more.
    sandbox.sim.with(|world| world.take(&Place::Watchlist("ann-kay".into()), &[Media::Movie(120)]));
    pass(&sandbox, 6);
    assert_eq!(read_titles(&sandbox, "account: ann, list: watchlist"), Vec::<String>::new());
}

#[test]
fn a_rating_is_changed_and_the_old_one_comes_back() {
    let sandbox = Sandbox::new(Seed::small());
    let rating = |sandbox: &Sandbox, id| {
        sandbox.sim.with(|world| world.user("ann-kay").ratings.get(&Media::Movie(id)).map(|rated| rated.rating))
    };
    let config = "mock:\n  - { title: The Dark Knight, trakt_movie_id: 6, trakt_user_rating: 3 }\n  - { title: Fight Club, trakt_movie_id: 120, trakt_user_rating: 7 }\n  - { title: The Matrix, trakt_movie_id: 481, trakt_user_rating: 8 }\naccept_all: yes\nlist_add: [ trakt_list: { account: ann, list: ratings } ]";
    let report = run(config, &sandbox.next_run());
    assert_eq!((report.changes[0].done, report.changes[0].existing), (2, 1));
    assert_eq!((rating(&sandbox, 6), rating(&sandbox, 120), rating(&sandbox, 481)), (Some(3), Some(7), Some(8)));
    let id = report.changes[0].change_id.unwrap();
    testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    assert_eq!((rating(&sandbox, 6), rating(&sandbox, 120), rating(&sandbox, 481)), (Some(10), Some(7), None));
}

#[test]
fn keeps_a_rating_that_was_changed_again_unless_the_undo_is_forced() {
    let sandbox = Sandbox::new(Seed::small());
    let rating = || sandbox.sim.with(|world| world.user("ann-kay").ratings[&Media::Movie(6)].rating);
    let config = "mock: [ { title: The Dark Knight, trakt_movie_id: 6, trakt_user_rating: 3 } ]\naccept_all: yes\nlist_add: [ trakt_list: { account: ann, list: ratings } ]";
    let id = run(config, &sandbox.next_run()).changes[0].change_id.unwrap();
    pass(&sandbox, 60);
    sandbox.sim.with(|world| world.rate("ann-kay", Media::Movie(6), 5, world.now()));
    let kept = testing::block_on(recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    let expected = "The Dark Knight: it was changed again since; `--force` undoes it all the same";
    assert_eq!((kept.failed[0].to_string().as_str(), kept.done, rating()), (expected, 0, 5));
    testing::block_on(recovery::force_undo(id, "undo", &sandbox.next_run())).unwrap();
    assert_eq!(rating(), 10);
}

fn listed(count: usize) -> Sandbox {
    Sandbox::new(Seed::empty().and(move |world| {
        world.add_user("Ann.Kay");
        let list = world.add_list(Some("ann-kay"), "Big List", Privacy::Private);
        world.fill(&Place::List(list), count);
    }))
}

fn read_ok(options: &str, cx: &Context) -> TaskReport {
    let report = run(&read(options), cx);
    assert!(report.error.is_none(), "{options}: {:?}", report.error);
    report
}

#[test]
fn a_list_of_1000_costs_five_reads_and_one_when_nothing_has_changed() {
    let sandbox = listed(1_000);
    let number = sandbox.sim.with(|world| world.list_id("ann-kay", "big-list").unwrap());
    for (options, first) in [
        ("account: ann, list: Big List".to_owned(), 6),
        (format!("account: ann, list: {number}"), 5),
        (format!("account: ann, list: 'https://trakt.tv/users/ann-kay/lists/{number}'"), 5),
    ] {
        assert_eq!(read_ok(&options, &Context { no_cache: true, ..sandbox.next_run() }).entries.len(), 1_000);
        assert_eq!(sandbox.requests().len(), first, "{options}");
    }
    for _ in 0..2 {
        assert_eq!(read_ok("account: ann, list: Big List", &sandbox.next_run()).entries.len(), 1_000);
        assert_eq!(sandbox.requests(), ["GET /sync/last_activities"]);
    }
    // A list that was renamed is not found by its old name, however well that is remembered.
    sandbox.sim.with(|world| {
        world.lists.get_mut(&number).unwrap().name = "Other".into();
        world.mark("ann-kay", "lists.updated_at");
    });
    assert!(run(&read("account: ann, list: Big List"), &sandbox.next_run()).error.is_none(), "its slug is as it was");
    sandbox.sim.with(|world| {
        world.add_list(Some("ann-kay"), "big list", Privacy::Private);
    });
    assert_eq!(read_ok("account: ann, list: big list", &sandbox.next_run()).entries.len(), 0);
}

#[test]
fn a_list_of_somebody_else_costs_one_small_request_when_nothing_has_changed() {
    let sandbox = Sandbox::new(Seed::empty().and(|world| {
        world.add_user("Ann.Kay");
        world.add_user("Bob");
        let list = world.add_list(Some("bob"), "Long", Privacy::Public);
        world.fill(&Place::List(list), 600);
        let official = world.add_list(None, "Official", Privacy::Public);
        world.fill(&Place::List(official), 300);
    }));
    pass(&sandbox, 60);
    let number = sandbox.sim.with(|world| world.list_id("bob", "Long").unwrap());
    let official = sandbox.sim.with(|world| world.lists.values().find(|list| list.owner.is_none()).unwrap().id);
    for (options, path, size, first) in [
        ("username: bob, list: Long".to_owned(), "/users/bob/lists/long".to_owned(), 600, 4),
        (
            "account: ann, username: bob, list: Long, type: movies".to_owned(),
            "/users/bob/lists/long".to_owned(),
            600,
            4,
        ),
        ("list: 'https://trakt.tv/users/bob/lists/long'".to_owned(), "/users/bob/lists/long".to_owned(), 600, 3),
        (format!("username: bob, list: {number}"), format!("/users/bob/lists/{number}"), 600, 3),
        (format!("list: 'https://trakt.tv/lists/{official}'"), format!("/lists/{official}"), 300, 2),
    ] {
        let fresh = Context { no_cache: true, ..sandbox.next_run() };
        assert_eq!((read_ok(&options, &fresh).entries.len(), sandbox.requests().len()), (size, first), "{options}");
        for _ in 0..2 {
            assert_eq!(read_ok(&options, &sandbox.next_run()).entries.len(), size);
            assert_eq!(sandbox.requests(), [format!("GET {path}")], "{options}");
        }
    }
    // What has changed is read again, and what was read while it may have been shown as it was is not believed either.
    let options = "username: bob, list: Long";
    sandbox.sim.with(|world| world.fill(&Place::List(number), 1));
    assert_eq!(read_ok(options, &sandbox.next_run()).entries.len(), 601);
    assert_eq!(sandbox.requests().len(), 4);
    read_ok(options, &sandbox.next_run());
    assert_eq!(sandbox.requests().len(), 4, "it changed less than five minutes before it was read");
    // Hidden from now on: what is kept is not shown.
    pass(&sandbox, 10);
    read_ok(options, &sandbox.next_run());
    sandbox.sim.with(|world| world.lists.get_mut(&number).unwrap().privacy = Privacy::Private);
    assert!(run(&read(options), &sandbox.next_run()).error.is_some());
}

#[test]
fn a_change_to_another_list_of_the_account_is_no_reason_to_read_a_long_one_again() {
    let sandbox = listed(1_000);
    pass(&sandbox, 60);
    let other = sandbox.sim.with(|world| world.add_list(Some("ann-kay"), "Other", Privacy::Private));
    let number = sandbox.sim.with(|world| world.list_id("ann-kay", "big-list").unwrap());
    let options = format!("account: ann, list: {number}");
    read_ok(&options, &sandbox.next_run());
    pass(&sandbox, 60);
    sandbox.sim.with(|world| world.fill(&Place::List(other), 3));
    for more in [2, 1] {
        assert_eq!(read_ok(&options, &sandbox.next_run()).entries.len(), 1_000);
        assert_eq!(sandbox.requests().len(), more, "{:?}", sandbox.requests());
    }
    sandbox.sim.with(|world| world.fill(&Place::List(number), 3));
    assert_eq!(read_ok(&options, &sandbox.next_run()).entries.len(), 1_003);
}

#[test]
fn a_play_is_added_once_unless_every_run_is_to_add_one() {
    let sandbox = Sandbox::new(Seed::small());
    let plays = |movie: u64| {
        sandbox
            .sim
            .with(|world| world.user("ann-kay").history.iter().filter(|play| play.media == Media::Movie(movie)).count())
    };
    let add = |options: &str| {
        let mock = "[ { title: Dark Knight, trakt_movie_id: 6 }, { title: The Matrix, trakt_movie_id: 481 } ]";
        run(
            &format!(
                "mock: {mock}\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: {{ account: ann, {options} }} ]"
            ),
            &sandbox.next_run(),
        )
    };
    assert_eq!((plays(6), plays(481)), (2, 0));
    let once = add("list: watched, type: movies");
    assert_eq!((once.changes[0].done, once.changes[0].existing), (1, 1));
    add("list: history");
    assert_eq!((plays(6), plays(481)), (2, 1));
    let every = add("list: history, plays: every");
    assert_eq!((every.changes[0].done, every.changes[0].existing), (2, 0));
    assert_eq!((plays(6), plays(481)), (3, 2));
}

#[test]
fn adding_1000_to_a_list_is_five_writes_and_clearing_500_three_reads_and_three_writes() {
    let sandbox = listed(0);
    let ids: Vec<String> = sandbox.sim.with(|world| {
        let movies = world.add_movies(1_000);
        movies.iter().map(|movie| format!("{{ title: m{0}, trakt_movie_id: {0} }}", number(*movie))).collect()
    });
    let config = |ids: &[String]| {
        format!(
            "mock: [ {} ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: {{ account: ann, list: big-list }} ]",
            ids.join(", ")
        )
    };
    let report = run(&config(&ids), &sandbox.next_run());
    assert_eq!(report.changes[0].done, 1_000);
    assert_eq!((sandbox.sim.count("POST", "/"), sandbox.sim.count("GET", "/")), (5, 1));

    let sandbox = listed(500);
    let report = run("list_clear: { what: [ trakt_list: { account: ann, list: Big List } ] }", &sandbox.next_run());
    assert_eq!(report.changes[0].done, 500);
    assert_eq!((sandbox.sim.count("POST", "/"), sandbox.sim.count("GET", "/users/me/lists/")), (3, 3));
    assert_eq!(sandbox.sim.count("GET", "/"), 4, "and one to find it by its name");
}

#[test]
fn plugins_that_use_one_list_read_it_once() {
    let sandbox = Sandbox::new(Seed::small());
    let config = "mock:\n  - { title: The Matrix (1999), movie_name: The Matrix, movie_year: 1999, tmdb_id: 603 }\n  - { title: Fight Club (1999), movie_name: Fight Club, movie_year: 1999 }\nlist_match: { from: [ trakt_list: { account: ann, list: watchlist } ], remove_on_match: no }\nlist_remove: [ trakt_list: { account: ann, list: watchlist } ]";
    let report = run(config, &sandbox.next_run());
    assert_eq!(titles(&report, State::Accepted), ["The Matrix (1999)"]);
    assert_eq!((report.changes[0].done, report.changes[0].existing), (1, 0));
    assert_eq!(sandbox.requests(), ["GET /sync/watchlist", "POST /sync/watchlist/remove"]);
    let config = config.replace("list_remove:", "list_add:");
    let report = run(&config.replace("remove_on_match: no", "remove_on_match: yes"), &sandbox.next_run());
    assert_eq!(titles(&report, State::Accepted), Vec::<&str>::new(), "what was removed is gone");
}

#[test]
fn what_is_read_in_part_is_never_the_whole_list() {
    let sandbox = Sandbox::new(Seed::small());
    // Six rows, of which three are no items for this reader; five are wanted, and three are there.
    let options = "account: ann, list: Following TV, limit: 5, type: shows";
    assert_eq!(read_titles(&sandbox, options).len(), 3);
    for chart in ["trending", "popular", "anticipated", "played, period: all"] {
        let sandbox = Sandbox::new(Seed::large());
        assert_eq!(read_titles(&sandbox, &format!("list: {chart}, type: movies, limit: 300")).len(), 300);
        assert_eq!(sandbox.requests().len(), 2, "{chart}");
        let report = run(
            &format!(
                "{}\nlimit: {{ amount: 20, from: {{ trakt_list: {{ list: {chart}, type: movies }} }} }}",
                "accept_all: yes"
            ),
            &sandbox.next_run(),
        );
        assert_eq!(titles(&report, State::Accepted).len(), 20);
        assert_eq!(sandbox.requests().len(), 1, "{chart}");
    }
}
