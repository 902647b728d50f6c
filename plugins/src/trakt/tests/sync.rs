//! `list_sync` with lists of Trakt, and lists that are found in odd ways.

use flexget_core::task::report::Action;
use trakt_sim::{Privacy, Trouble};

use super::*;

fn custom(sandbox: &Sandbox, name: &str) -> Vec<Media> {
    sandbox.sim.with(|world| {
        let list = world.list_id("ann-kay", name).unwrap();
        world.contents(&Place::List(list)).unwrap().media()
    })
}

#[test]
fn one_list_becomes_equal_to_another_and_strange_items_are_no_difference() {
    let sandbox = Sandbox::new(Seed::small());
    let sync = "list_sync:\n  from: { trakt_list: { account: ann, list: Following TV } }\n  to: { trakt_list: { account: ann, list: watched soon } }\n  max_removals: 2";
    let dry = Context { dry_run: true, ..sandbox.next_run() };
    let report = run(sync, &dry);
    assert_eq!(sandbox.sim.count("POST", "/"), 0);
    assert_eq!(report.changes[0].items.len(), 4);
    assert_eq!(report.changes[1].items, ["Fight Club (1999)", "The Matrix (1999)"]);
    let report = run(sync, &sandbox.next_run());
    assert!(report.is_ok(), "{report:?}");
    assert_eq!((report.changes[0].done, report.changes[1].done), (4, 2));
    let expected = [Media::Show(1388), Media::Show(3_001), Media::Show(3_006), Media::Season(3_002, 2)];
    assert_eq!(custom(&sandbox, "watched soon"), expected);
    let report = run(sync, &sandbox.next_run());
    assert_eq!((report.is_ok(), report.changes.len()), (true, 0), "the person and the podcast are never missing");
}

#[test]
fn a_source_that_is_empty_or_much_shorter_changes_nothing_and_a_dry_run_shows_what_it_would_do() {
    let sandbox = Sandbox::new(Seed::small());
    let sync = |from: &str, more: &str| {
        format!(
            "list_sync:\n  from: {{ trakt_list: {{ account: ann, list: {from} }} }}\n  to: {{ trakt_list: {{ account: ann, list: watchlist }} }}{more}"
        )
    };
    for (from, more, message, put, taken) in [
        (
            "Kino & Co.",
            "\n  max_removals: 100%",
            "there is nothing on `Kino & Co.`, so `watchlist` is left as it is",
            0,
            8,
        ),
        (
            "Following TV",
            "",
            "6 of the 8 items of `watchlist` would be taken off, and `max_removals` allows 2: `The Matrix (1999)`, `Inception (2010)`, ",
            2,
            6,
        ),
    ] {
        let report = run(&sync(from, more), &sandbox.next_run());
        let said = report.error.map(|error| error.message).unwrap_or_default();
        assert!(said.starts_with(message), "{said}");
        assert_eq!((report.changes.len(), sandbox.sim.count("POST", "/")), (0, 0));
        let dry = run(&sync(from, more), &testing::dry_run(&sandbox.next_run()));
        assert!(dry.error.is_some_and(|error| error.message == said));
        let shown = |action| dry.changes.iter().filter(|one| one.action == action).map(|one| one.items.len()).sum();
        let shown: (usize, usize) = (shown(Action::Add), shown(Action::Remove));
        assert_eq!((shown, sandbox.sim.count("POST", "/")), ((put, taken), 0));
    }
}

#[test]
fn a_source_that_cannot_be_read_to_its_end_changes_nothing() {
    for trouble in [Trouble::CutShort, Trouble::CloseBefore, Trouble::Instead(trakt_sim::Reply::empty(500))] {
        let sandbox = Sandbox::new(Seed::small().and(|world| {
            let long = Place::List(world.add_list(Some("ann-kay"), "Long", Privacy::Private));
            world.fill(&long, 600);
            let all = world.contents(&long).unwrap().media();
            let copy = Place::List(world.add_list(Some("ann-kay"), "Copy", Privacy::Private));
            world.put(&copy, &all);
        }));
        let (long, before) = (custom(&sandbox, "Long"), custom(&sandbox, "Copy"));
        assert_eq!((long.len(), before.len()), (600, 600));
        let path =
            sandbox.sim.with(|world| format!("/users/me/lists/{}/items", world.list_id("ann-kay", "Long").unwrap()));
        sandbox.sim.fail(Fault::on("GET", &path).query("page", "2").with(trouble.clone()));
        let sync = "list_sync:\n  from: { trakt_list: { account: ann, list: Long } }\n  to: { trakt_list: { account: ann, list: Copy } }\n  max_removals: 100%";
        for cx in [sandbox.next_run(), testing::dry_run(&sandbox.next_run())] {
            let report = run(sync, &cx);
            assert!(report.error.is_some() && report.changes.is_empty(), "{trouble:?}: {report:?}");
        }
        assert_eq!(sandbox.sim.count("POST", "/"), 0);
        assert_eq!(custom(&sandbox, "Copy"), before, "{trouble:?}");
    }
}

#[test]
fn what_could_not_be_put_on_keeps_everything_else_on() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.fail(Fault::on("POST", "/").over_limit());
    let sync = "list_sync:\n  from: { trakt_list: { account: ann, list: Following TV } }\n  to: { trakt_list: { account: ann, list: watched soon } }\n  max_removals: 2";
    assert!(run(sync, &sandbox.next_run()).error.is_some());
    assert_eq!(custom(&sandbox, "watched soon").len(), 2);
}

#[test]
fn two_lists_get_what_the_other_has() {
    let sandbox = Sandbox::new(Seed::small());
    let config = "tasks:\n  fill:\n    mock: [ { title: Fight Club (1999), movie_name: Fight Club, movie_year: 1999, imdb_id: tt0137523 } ]\n    accept_all: yes\n    list_add: [ movie_list: mine ]\n  sync:\n    list_sync:\n      mode: union\n      from: { movie_list: mine }\n      to: { trakt_list: { account: ann, list: watchlist, type: movies } }\n";
    let report = testing::run_config(config, &sandbox.next_run());
    assert!(report.tasks.iter().all(|task| task.is_ok()), "{report:?}");
    assert_eq!(
        titles(&run("movie_list: mine\naccept_all: yes\nseen: no", &sandbox.next_run()), State::Accepted).len(),
        5
    );
    assert_eq!(read_titles(&sandbox, "account: ann, list: watchlist, type: movies").len(), 5);
    let mirror = "list_sync:\n  from: { trakt_list: { account: ann, list: watchlist } }\n  to: { entry_list: all }";
    assert_eq!(run(mirror, &sandbox.next_run()).changes[0].done, 9);
    assert_eq!(run(mirror, &sandbox.next_run()).changes.len(), 0);
}

#[test]
fn lists_are_found_by_number_and_address_and_what_is_not_found_names_the_near_ones() {
    let sandbox = Sandbox::new(Seed::small());
    let number = |owner: Option<&str>, name: &str| {
        sandbox.sim.with(|world| {
            let owner = owner.map(str::to_owned);
            world.lists.values().find(|list| list.owner == owner && list.name == name).unwrap().id
        })
    };
    let (official, night, gems) =
        (number(None, "The Harbour Saga"), number(Some("bob"), "Movie Night"), number(Some("bob"), "Public Gems"));
    for (options, count) in [
        (format!("account: ann, list: {official}"), 2),
        (format!("account: ann, list: 'https://trakt.tv/lists/official/{official}'"), 2),
        (format!("account: ann, list: 'https://app.trakt.tv/lists/{official}'"), 2),
        (format!("list: 'https://trakt.tv/lists/{official}'"), 2),
        (format!("account: ann, list: {night}"), 2),
        (format!("account: ann, list: {gems}"), 4),
        (format!("username: bob, list: {gems}"), 4),
        ("list: 'https://trakt.tv/users/bob/lists/public-gems?sort=rank,asc'".to_owned(), 4),
        ("account: ann, list: public gems".to_owned(), 4),
        ("username: bob, list: public-gems".to_owned(), 4),
        ("account: ann, list: recommendations, type: movies, limit: 3".to_owned(), 3),
        ("account: ann, list: recommendations, limit: 3".to_owned(), 3),
        ("list: boxoffice, type: movies, limit: 5".to_owned(), 5),
        ("list: streaming, period: monthly, type: shows, limit: 2".to_owned(), 2),
        ("account: ann, list: collection".to_owned(), 4),
        ("account: ann, list: watched".to_owned(), 4),
        ("account: ann, list: history".to_owned(), 26),
        ("account: ann, list: ratings".to_owned(), 5),
    ] {
        let report = run(&read(&options), &sandbox.next_run());
        assert!(report.error.is_none(), "{options}: {:?}", report.error);
        assert_eq!(report.entries.len(), count, "{options}: {:?}", titles(&report, State::Accepted));
    }
    for (options, message, hint) in [
        ("username: bob, list: hidden-things", "`bob` has no Trakt list `hidden-things`", "the lists are: Public Gems"),
        (
            "list: 'https://trakt.tv/users/bob/lists/public-gem'",
            "`bob` has no Trakt list `public-gem`",
            "did you mean `Public Gems`?",
        ),
        ("account: ann, list: 99", "`ann` has no Trakt list `99`", "the lists are: Following TV"),
        ("list: 'https://trakt.tv/lists/99'", "Trakt has no public list `99`", "look at its address"),
        ("username: nobody, list: x", "there is no Trakt user `nobody`, or the profile is private", "use the name"),
        (
            "username: cara, list: watchlist",
            "the list `watchlist` of Trakt user `cara` is private",
            "set `account` to a name",
        ),
    ] {
        let error = run(&read(options), &sandbox.next_run()).error.unwrap_or_else(|| panic!("{options} is found"));
        assert_eq!(error.message, message, "{options}");
        assert!(error.hint.as_deref().unwrap_or_default().starts_with(hint), "{options}: {:?}", error.hint);
    }
    // A change to a list that is only known by its number finds it, and one to a list that is not there says so.
    let add = |list: &str| {
        run(
            &format!(
                "mock: [ {{ title: Fight Club, trakt_movie_id: 120 }} ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: {{ account: ann, list: {list} }} ]"
            ),
            &sandbox.next_run(),
        )
    };
    assert_eq!(add(&night.to_string()).changes[0].done, 1);
    assert!(add("99").changes[0].failed[0].reason.contains("`ann` has no Trakt list `99`"));
}

#[test]
fn titles_come_in_a_language_on_every_page() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        let list = world.add_list(Some("ann-kay"), "Long", Privacy::Private);
        world.fill(&Place::List(list), 260);
        world.put(&Place::List(list), &[Media::Show(3_003), Media::Episode(3_003, 1, 1)]);
    }));
    let titles = read_titles(&sandbox, "account: ann, list: Long, language: fr");
    assert_eq!(titles.len(), 262);
    assert_eq!(titles[260], "Le Coursier du ciel (2020)");
    assert!(titles[261].starts_with("Le Coursier du ciel (2020) S01E01"), "{}", titles[261]);
    assert_eq!(sandbox.sim.count("GET", "/shows/3003/translations"), 1);
}

#[test]
fn entries_have_the_fields_that_flexget_gives_them() {
    let sandbox = Sandbox::new(Seed::small());
    let field = |options: &str, title: &str, name: &str| {
        let report = run(&read(options), &sandbox.next_run());
        let entry = report.entries.iter().find(|entry| entry.title() == title);
        let entry = entry.unwrap_or_else(|| panic!("{title} is not among {:?}", titles(&report, State::Accepted)));
        serde_json::to_value(entry.fields().get(name)).unwrap()
    };
    let movie = |name| field("account: ann, list: watchlist, type: movies", "The Matrix (1999)", name);
    let show = |name| field("account: ann, list: watchlist, type: shows", "Breaking Bad (2008)", name);
    let episode = |name| {
        field(
            "username: ann-kay, account: ann, list: ratings, type: episodes",
            "Harbour Lights (2025) S02E01 Chapter 9",
            name,
        )
    };
    for (found, expected) in [
        (movie("movie_name"), serde_json::json!("The Matrix")),
        (movie("movie_year"), serde_json::json!(1999)),
        (movie("trakt_movie_name"), serde_json::json!("The Matrix")),
        (movie("trakt_movie_year"), serde_json::json!(1999)),
        (movie("imdb_id"), serde_json::json!("tt0133093")),
        (movie("tmdb_id"), serde_json::json!(603)),
        (movie("trakt_movie_id"), serde_json::json!(481)),
        (movie("trakt_movie_slug"), serde_json::json!("the-matrix-1999")),
        (movie("url"), serde_json::json!("https://trakt.tv/movies/the-matrix-1999")),
        (show("series_name"), serde_json::json!("Breaking Bad (2008)")),
        (show("trakt_series_name"), serde_json::json!("Breaking Bad")),
        (show("trakt_series_year"), serde_json::json!(2008)),
        (show("tvdb_id"), serde_json::json!(81189)),
        (show("trakt_show_id"), serde_json::json!(1388)),
        (episode("series_season"), serde_json::json!(2)),
        (episode("series_episode"), serde_json::json!(1)),
        (episode("series_id"), serde_json::json!("S02E01")),
        (episode("trakt_ep_name"), serde_json::json!("Chapter 9")),
        (episode("trakt_user_rating"), serde_json::json!(6)),
        (episode("url"), serde_json::json!("https://trakt.tv/shows/harbour-lights/seasons/2/episodes/1")),
    ] {
        assert_eq!(found, expected);
    }
}
