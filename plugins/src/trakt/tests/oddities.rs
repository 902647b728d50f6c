//! Pages, counts and values that are odd without an error: no kind of reading loses anything silently.

use flexget_core::task::report::TaskReport;
use trakt_sim::{OddPages, OddValue, PageOddity, Privacy};

use super::*;

/// Rows of each list, and rows on a page.
const ROWS: usize = 32;
const PAGE: usize = 10;

/// A kind of reading: a task, and how many entries it accepts.
struct Kind {
    name: &'static str,
    path: &'static str,
    task: String,
    accepted: usize,
}

/// A world in which ann and bob have 32 of everything, and pages have ten rows.
pub(super) fn world() -> Sandbox {
    Sandbox::new(Seed::empty().and(|world| {
        world.switches.tidy_watchlist = false;
        world.pages.rules.values_mut().for_each(|rule| (rule.default, rule.max) = (PAGE, PAGE));
        world.add_user("Ann.Kay");
        world.add_user("bob");
        let (movies, shows) = (world.add_movies(ROWS), world.add_shows(ROWS, 1, 2));
        for user in ["ann-kay", "bob"] {
            let list = world.add_list(Some(user), "Big List", Privacy::Public);
            let all: Vec<Media> = movies.iter().chain(&shows).copied().collect();
            world.put(&Place::List(list), &movies);
            world.put(&Place::Watchlist(user.into()), &all);
            world.put(&Place::Favorites(user.into()), &movies);
            for (at, media) in all.iter().enumerate() {
                let time = world.now() - 60_000 * (at as i64 + 10);
                world.watch(user, *media, time);
                world.collect(user, *media, time);
                world.rate(user, *media, 8, time);
            }
        }
        for at in 0..ROWS {
            world.add_list(Some("ann-kay"), &format!("List {at}"), Privacy::Private);
        }
        world.put(&Place::List(world.list_id("ann-kay", "List 31").unwrap()), &movies[..1]);
    }))
}

fn kinds() -> Vec<Kind> {
    let list = |name, path, options: &str, accepted| Kind { name, path, task: read(options), accepted };
    let lookup = |name, path, field: &str| {
        let entries = (0..ROWS).map(|at| format!("{{ title: m{at}, trakt_movie_id: {} }}", 500_000 + at));
        let entries = entries.collect::<Vec<_>>().join(", ");
        let task = format!("mock: [ {entries} ]\ntrakt_lookup: {{ account: ann }}\nif: [ {field}: accept ]\nseen: no");
        Kind { name, path, task, accepted: ROWS }
    };
    vec![
        list("watchlist", "/sync/watchlist", "account: ann, list: watchlist", 2 * ROWS),
        list("watchlist by type", "/sync/watchlist", "account: ann, list: watchlist, type: movies", ROWS),
        list("favorites", "/sync/favorites", "account: ann, list: favorites", ROWS),
        list("collected movies", "/sync/collection/movies", "account: ann, list: collection, type: movies", ROWS),
        list("collected shows", "/sync/collection/shows", "account: ann, list: collection, type: shows", ROWS),
        list("collected episodes", "/sync/collection/episodes", "account: ann, list: collection, type: episodes", 64),
        list("watched movies", "/sync/watched/movies", "account: ann, list: watched, type: movies", ROWS),
        list("watched shows", "/sync/watched/shows", "account: ann, list: watched, type: shows", ROWS),
        list("history", "/sync/history", "account: ann, list: history", ROWS + 64),
        list("ratings", "/sync/ratings", "account: ann, list: ratings", 2 * ROWS),
        list("own list", "/users/me/lists/", "account: ann, list: Big List", ROWS),
        list("public list", "/users/bob/lists/", "username: bob, list: Big List", ROWS),
        list("watchlist of another user", "/users/bob/watchlist", "username: bob, list: watchlist", 2 * ROWS),
        list("chart", "/movies/trending", "list: trending, type: movies, limit: 100", ROWS),
        list("list by name", "/users/me/lists", "account: ann, list: List 31", 1),
        lookup("watched state", "/sync/watched/movies", "trakt_watched"),
        lookup("rating", "/sync/ratings", "trakt_movie_user_rating == 8"),
        Kind {
            name: "progress",
            path: "/sync/progress/watched",
            task: "next_trakt_episodes: { account: ann, list: watched, position: last }\naccept_all: yes\nseen: no"
                .to_owned(),
            accepted: ROWS,
        },
    ]
}

fn run_odd(sandbox: &Sandbox, kind: &Kind, odd: Vec<OddPages>) -> TaskReport {
    sandbox.sim.with(|world| world.pages.odd = odd);
    run(&kind.task, &Context { no_cache: true, ..sandbox.next_run() })
}

fn accepted(report: &TaskReport) -> usize {
    titles(report, State::Accepted).len()
}

#[test]
fn odd_pages_and_counts_lose_nothing() {
    let sandbox = world();
    let short = PageOddity::ShortPage { page: 2, missing: 4 };
    for kind in kinds() {
        let on = |oddity| OddPages::on(kind.path, oddity);
        for odd in [
            vec![],
            vec![on(PageOddity::StaleCount(PAGE + 3))],
            vec![on(PageOddity::ZeroCount)],
            vec![on(PageOddity::NoCount)],
            vec![on(PageOddity::NoHeaders)],
            vec![on(short)],
            vec![on(PageOddity::EmptyPage { page: 2 })],
            vec![on(PageOddity::EmptyPage { page: 1 })],
            vec![on(PageOddity::EmptyPage { page: 2 }), on(PageOddity::ZeroCount)],
            vec![on(PageOddity::EmptyPage { page: 2 }), on(PageOddity::NoHeaders)],
            vec![on(short), on(PageOddity::StaleCount(PAGE))],
            vec![on(PageOddity::Swapped { page: 2 }).once()],
            vec![on(PageOddity::MovedUp { page: 2 }).once()],
            vec![on(PageOddity::Removed { page: 2 }).once()],
            vec![on(PageOddity::Repeated { page: 2 })],
            vec![on(PageOddity::Repeated { page: 3 })],
            vec![on(PageOddity::EmptyPage { page: 2 }), on(PageOddity::SilentFrom { page: 2 })],
            vec![on(PageOddity::EmptyPage { page: 3 }), on(PageOddity::ZeroCountFrom { page: 2 })],
            vec![on(short), on(PageOddity::ZeroCountFrom { page: 2 })],
        ] {
            let name = format!("{}, {odd:?}", kind.name);
            let report = run_odd(&sandbox, &kind, odd);
            assert!(report.error.is_none(), "{name}: {:?}", report.error);
            assert_eq!(accepted(&report), kind.accepted, "{name}");
            assert_eq!(report.warnings.len(), 0, "{name}: {:?}", report.warnings);
        }
    }
}

#[test]
fn rows_that_stay_away_are_told_and_not_kept() {
    let sandbox = world();
    for kind in kinds().iter().filter(|kind| kind.name != "list by name") {
        let lost = PageOddity::LostRows { page: 2, missing: 1 };
        for oddities in [
            vec![lost],
            vec![PageOddity::Swapped { page: 2 }],
            vec![PageOddity::Removed { page: 2 }],
            vec![lost, PageOddity::SilentFrom { page: 2 }],
            vec![lost, PageOddity::ZeroCountFrom { page: 3 }],
            vec![PageOddity::Swapped { page: 2 }, PageOddity::StaleCount(1)],
            vec![PageOddity::Replaced { page: 2 }],
            vec![PageOddity::Replaced { page: 2 }, PageOddity::NoCount],
        ] {
            let name = format!("{}, {oddities:?}", kind.name);
            let odd = oddities.into_iter().map(|oddity| OddPages::on(kind.path, oddity)).collect();
            let report = run_odd(&sandbox, kind, odd);
            assert!(
                report.warnings.len() + usize::from(report.error.is_some()) > 0,
                "{name}: {:?}",
                sandbox.requests(),
            );
            assert!(accepted(&report) + PAGE >= kind.accepted - 3, "{name}");
            // In the next run everything is there, though nobody says not to use the cache.
            sandbox.sim.with(|world| world.pages.odd.clear());
            assert_eq!(accepted(&run(&kind.task, &sandbox.next_run())), kind.accepted, "{name}");
        }
    }
}

#[test]
fn an_endpoint_that_gives_nothing_new_is_an_error_within_a_few_requests() {
    let sandbox = world();
    for kind in kinds().iter().filter(|kind| !kind.name.contains("state") && kind.name != "rating") {
        let report = run_odd(&sandbox, kind, vec![OddPages::on(kind.path, PageOddity::IgnoresPage)]);
        let said = report.error.map(|error| error.message).unwrap_or_default();
        assert!(said.contains("does not end"), "{}: {said}", kind.name);
        assert!(sandbox.requests().len() < 8, "{}: {:?}", kind.name, sandbox.requests());
    }
}

#[test]
fn pages_that_are_all_empty_are_an_error_within_a_few_requests() {
    let sandbox = world();
    for kind in kinds().iter().filter(|kind| !kind.name.contains("state") && kind.name != "rating") {
        let mut odd = vec![OddPages::on(kind.path, PageOddity::LargeCount(1_000))];
        odd.extend((1..100).map(|page| OddPages::on(kind.path, PageOddity::EmptyPage { page })));
        let report = run_odd(&sandbox, kind, odd);
        let said = report.error.map(|error| error.message).unwrap_or_default();
        assert!(said.contains("it gives empty pages only"), "{}: {said}", kind.name);
        assert!(sandbox.requests().len() < 20, "{}: {:?}", kind.name, sandbox.requests());
    }
}

#[test]
fn nothing_is_removed_because_of_a_list_that_may_lack_items() {
    let lost = PageOddity::LostRows { page: 2, missing: 1 };
    for (oddities, task) in [
        vec![lost],
        vec![PageOddity::Swapped { page: 2 }],
        vec![PageOddity::MovedUp { page: 2 }],
        vec![PageOddity::Removed { page: 2 }],
        vec![PageOddity::Swapped { page: 2 }, PageOddity::StaleCount(1)],
        vec![lost, PageOddity::SilentFrom { page: 2 }],
        vec![lost, PageOddity::ZeroCountFrom { page: 3 }],
        vec![PageOddity::LargeCount(3)],
    ]
    .into_iter()
    .flat_map(|oddities| {
        let source = "list_sync:\n  from: { trakt_list: { account: ann, list: favorites, type: movies } }\n  to: { trakt_list: { account: ann, list: Big List, type: movies } }\n  max_removals: 100%";
        let clear = "list_clear: { what: [ trakt_list: { account: ann, list: favorites } ] }";
        [(oddities.clone(), source), (oddities, clear)]
    }) {
        let sandbox = world();
        sandbox.sim.with(|world| oddities.iter().for_each(|odd| world.odd_pages("/sync/favorites", *odd)));
        let report = run(task, &sandbox.next_run());
        assert!(report.error.is_some(), "{oddities:?}: {task}");
        assert_eq!(sandbox.sim.count("POST", "/"), 0, "{oddities:?}: {task}");
    }
}

#[test]
fn a_short_last_page_with_an_old_count_hides_nothing_from_a_mirror() {
    let sandbox = world();
    sandbox.sim.with(|world| {
        world.odd_pages("/sync/favorites", PageOddity::StaleCount(7));
        world.odd_pages("/sync/favorites", PageOddity::ShortPage { page: 3, missing: 5 });
    });
    let task = "list_sync:\n  from: { trakt_list: { account: ann, list: favorites, type: movies } }\n  to: { trakt_list: { account: ann, list: Big List, type: movies } }";
    let report = run(task, &sandbox.next_run());
    assert!(report.error.is_none(), "{:?}", report.error);
    assert_eq!(sandbox.sim.count("POST", "/"), 0, "the lists are equal");
}

#[test]
fn odd_values_are_read_and_rows_without_a_reading_are_an_error() {
    let sandbox = world();
    for kind in kinds() {
        for odd in OddValue::READABLE {
            sandbox.sim.fail(Fault::on("GET", kind.path).odd_values(&[odd]));
            let report = run_odd(&sandbox, &kind, vec![]);
            sandbox.sim.heal();
            assert!(report.error.is_none(), "{}, {odd:?}: {:?}", kind.name, report.error);
            assert_eq!(accepted(&report), kind.accepted, "{}, {odd:?}", kind.name);
        }
        for odd in [OddValue::Unreadable, OddValue::Absent] {
            sandbox.sim.fail(Fault::on("GET", kind.path).odd_values(&[odd]));
            let report = run_odd(&sandbox, &kind, vec![]);
            sandbox.sim.heal();
            let said = format!("{report:?}");
            // Where an earlier answer is used instead, that is said.
            assert!(said.contains("1 of 10 rows") || !report.warnings.is_empty(), "{}, {odd:?}: {said}", kind.name);
        }
    }
}

#[test]
fn titles_that_share_their_foreign_ids_are_all_read() {
    let sandbox = world();
    sandbox.sim.with(|world| {
        for at in 0..4 {
            world.share_ids(Media::Movie(500_000 + 2 * at), Media::Movie(500_001 + 2 * at));
        }
    });
    for kind in kinds() {
        let report = run_odd(&sandbox, &kind, vec![]);
        assert!(report.error.is_none(), "{}: {:?}", kind.name, report.error);
        assert_eq!((accepted(&report), report.warnings.len()), (kind.accepted, 0), "{}", kind.name);
    }
    // One of each pair is matched, and none for its twin.
    let twins = "mock: [ { title: m0, trakt_movie_id: 500000, movie_name: m0 }, { title: m3, trakt_movie_id: 500003, movie_name: m3 } ]";
    for list in ["watchlist", "favorites", "collection", "watched", "ratings", "Big List"] {
        let task =
            format!("{twins}\nseen: no\nlist_match: {{ from: [ trakt_list: {{ account: ann, list: {list} }} ] }}");
        let report = run(&task, &sandbox.next_run());
        assert!(report.is_ok(), "{list}: {report:?}");
        assert_eq!(report.changes[0].done, 2, "{list}: {report:?}");
        let left: Vec<i64> = run(&read(&format!("account: ann, list: {list}, type: movies")), &sandbox.next_run())
            .entries
            .iter()
            .filter_map(|entry| entry.fields()["trakt_movie_id"].as_i64())
            .collect();
        let is_left = |id: i64| left.contains(&id);
        assert_eq!(left.len(), ROWS - 2, "{list}");
        assert!(!is_left(500_000) && is_left(500_001) && is_left(500_002) && !is_left(500_003), "{list}: {left:?}");
    }
}
