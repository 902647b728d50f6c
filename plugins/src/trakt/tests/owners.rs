//! Owners of lists: the account's own user, also by name, or somebody else.

use super::*;
use crate::trakt::SERVICE;
use crate::trakt::api::client::Client;

#[test]
fn a_username_that_is_the_accounts_own_user_is_ones_own_list() {
    let sandbox = Sandbox::new(Seed::small());
    for username in ["Ann.Kay", "ann-kay", "me"] {
        let task = format!(
            "mock: [ {{ title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club }} ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: {{ account: ann, username: {username}, list: watchlist }} ]"
        );
        let report = run(&task, &sandbox.next_run());
        assert!(report.is_ok(), "{username}: {report:?}");
        assert_eq!(sandbox.requests().last().unwrap(), "POST /sync/watchlist", "{username}");
    }
    assert_eq!(read_titles(&sandbox, "account: ann, username: Ann.Kay, list: watchlist, type: shows").len(), 2);
}

#[test]
fn an_account_whose_slug_is_not_made_of_its_user_name_knows_both() {
    let sandbox = Sandbox::new(Seed::small());
    let mut account = sandbox.cx.auth.account(SERVICE, "ann").unwrap().unwrap();
    (account.user, account.user_slug) = (Some("Queen Ann".to_owned()), Some("ann-kay".to_owned()));
    sandbox.cx.auth.save(&account).unwrap();
    for (username, is_own) in [("Queen Ann", true), ("ann-kay", true), ("Ann.Kay", true), ("queen", false)] {
        let task = format!(
            "mock: [ {{ title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club }} ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: {{ account: ann, username: {username}, list: watchlist }} ]"
        );
        let report = run(&task, &sandbox.next_run());
        assert_eq!((report.is_ok(), sandbox.sim.count("POST", "/sync/watchlist") == 1), (is_own, is_own), "{username}");
    }
}

#[test]
fn a_run_reads_an_account_once() {
    let sandbox = Sandbox::new(Seed::small());
    let cx = sandbox.next_run();
    let can_ask = |cx: &Context| Client::new(cx, Some("ann")).is_ok();
    assert!(can_ask(&cx) && cx.auth.delete(SERVICE, "ann").unwrap());
    assert!(can_ask(&cx) && !can_ask(&sandbox.next_run()));
}

#[test]
fn the_watchlist_of_another_user_is_refused_by_name() {
    let sandbox = Sandbox::new(Seed::small());
    let task = "mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]\naccept_all: yes\nlist_add: [ trakt_list: { account: ann, username: bob, list: watchlist } ]";
    let report = run(task, &sandbox.next_run());
    let said = format!("{report:?}");
    assert!(said.contains("the watchlist list of Trakt user `bob` cannot be changed with account `ann`"), "{said}");
    assert_eq!(sandbox.sim.count("POST", "/"), 0);
}

#[test]
fn a_private_list_of_another_user_is_named_and_renews_no_token() {
    for status in [401, 403] {
        let sandbox = Sandbox::new(Seed::small());
        sandbox.sim.fail(Fault::on("GET", "/users/bob/").status(status));
        let report = run(&read("account: ann, username: bob, list: watchlist"), &sandbox.next_run());
        let error = report.error.unwrap();
        assert_eq!(error.message, "the list `watchlist` of Trakt user `bob` is private");
        assert_eq!(error.hint.as_deref(), Some("account `ann` may not see it: ask `bob` to share it"));
        assert_eq!(sandbox.requests().len(), 1, "{:?}", sandbox.requests());
    }
}

#[test]
fn names_that_no_list_or_user_can_have_are_mistakes() {
    for (options, said) in [
        ("account: ann, list: 'https://trakt.tv/users/ann/lists/..'", "is not the URL of a Trakt list"),
        ("account: ann, username: '!?', list: watchlist", "no Trakt user has a name without letters and digits"),
        ("list: streaming, period: all", "the streaming list of Trakt has no period `all`"),
        ("list: boxoffice, type: shows", "the boxoffice list of Trakt has no shows"),
    ] {
        let mistakes = testing::config_errors(&read(options));
        assert!(mistakes.iter().any(|mistake| mistake.contains(said)), "{options}: {mistakes:?}");
    }
}

#[test]
fn an_own_list_with_the_name_of_a_built_in_one_can_be_read() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.with(|world| {
        let list = world.add_list(Some("ann-kay"), "favorites", trakt_sim::Privacy::Private);
        world.put(&Place::List(list), &[Media::Movie(481)]);
    });
    assert_eq!(read_titles(&sandbox, "account: ann, list: 'list:favorites'"), ["The Matrix (1999)"]);
    assert_eq!(read_titles(&sandbox, "account: ann, list: favorites").len(), 2);
}

#[test]
fn titles_that_share_foreign_ids_are_two_items() {
    let sandbox = Sandbox::new(Seed::small());
    let movies = sandbox.sim.with(|world| {
        let movies = world.add_movies(2);
        world.share_ids(movies[0], movies[1]);
        world.put(&Place::Watchlist("ann-kay".into()), &movies);
        movies
    });
    let has = |media| sandbox.sim.with(|world| world.contents(&Place::Watchlist("ann-kay".into())).unwrap().has(media));
    assert_eq!(read_titles(&sandbox, "account: ann, list: watchlist, type: movies").len(), 6);
    let task = format!(
        "mock: [ {{ title: one, trakt_movie_id: {} }} ]\naccept_all: yes\nseen: no\nlist_remove: [ trakt_list: {{ account: ann, list: watchlist }} ]",
        number(movies[0])
    );
    assert!(run(&task, &sandbox.next_run()).is_ok());
    assert!(!has(movies[0]) && has(movies[1]), "removing one leaves the other");
}
