//! Clocks that are wrong, and limits that are kept by the clock.

use flexget_core::context::Clock;
use flexget_core::testing::NOW;
use flexget_tests::Sandbox;
use jiff::ToSpan;
use trakt_sim::{Limits, Options, PageRule, Place, Sim};

use super::stored;

const READ: &str = "
    tasks:
      read: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
    ";

/// A sandbox whose clock is so many hours ahead of Trakt's.
fn ahead(hours: i64) -> Sandbox {
    let mut sandbox = Sandbox::new(READ).with_sim();
    let clock = Clock::fixed(NOW);
    let sim = Sim::start(Options { clock: clock.shared(), ..Options::default() }).unwrap();
    sandbox.environment.insert("FLEXGET_TRAKT_API_URL".into(), sim.api_url());
    sandbox.environment.insert("FLEXGET_TRAKT_AUTH_URL".into(), sim.auth_url());
    sandbox.sim = Some(sim);
    sandbox.clock = Clock::fixed(NOW + hours.hours());
    sandbox
}

#[test]
fn a_clock_that_is_wrong_does_not_make_tokens_be_renewed_again_and_again() {
    for (hours, said) in [(24, "24.0 hours ahead of Trakt's"), (-24, "24.0 hours behind Trakt's"), (0, "")] {
        let sandbox = ahead(hours);
        // Tokens of a day, as Trakt had them once: by a clock that is a day ahead they are born expired.
        sandbox.sim().with(|world| world.oauth.expires_in = 86_400);
        sandbox.sim().auto_approve(Some("ann-kay"), 0);
        let ran = sandbox.run("trakt auth me").good();
        assert!(ran.stderr.contains(said), "{hours}: {}", ran.stderr);
        assert_eq!(ran.stderr.contains("set it right"), hours != 0, "{hours}: {}", ran.stderr);
        for _ in 0..3 {
            sandbox.run("execute").good();
        }
        assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 0, "{hours}");
        sandbox.run("trakt refresh me").good();
        sandbox.run("execute").good();
        assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1, "{hours}");
        assert!(sandbox.run("trakt list").good().stdout.contains("valid"), "{hours}");
    }
}

#[test]
fn a_clock_that_was_wrong_and_is_set_right_costs_one_renewal() {
    for hours in [24, -24] {
        let mut sandbox = ahead(hours);
        sandbox.sim().with(|world| world.oauth.expires_in = 86_400);
        sandbox.sim().auto_approve(Some("ann-kay"), 0);
        sandbox.run("trakt auth me").good();
        sandbox.clock = Clock::fixed(NOW + 23.hours());
        sandbox.sim().with(|world| world.oauth.expires_in = 7 * 86_400);
        sandbox.sim().expire_access("ann-kay");
        for _ in 0..3 {
            sandbox.run("execute").good();
        }
        assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1, "{hours}");
    }
}

#[test]
fn tokens_without_a_life_are_renewed_once_in_a_run() {
    let sandbox = Sandbox::new(READ).with_sim();
    sandbox.sim().with(|world| {
        world.oauth.expires_in = 1;
        world.fill_watchlist("ann-kay", 1000);
    });
    sandbox.authorize("me", "ann-kay");
    sandbox.clock.shared().unwrap().fetch_add(10_000, std::sync::atomic::Ordering::SeqCst);
    sandbox.run("execute").good();
    assert!(sandbox.sim().count("GET", "/sync/watchlist") >= 4);
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1);
}

#[test]
fn a_token_that_stays_refused_is_renewed_once_and_replayed_once() {
    let sandbox = Sandbox::new(
        "
        tasks:
          a: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
          b: { trakt_list: { account: me, list: ratings }, accept_all: yes, seen: no }
          c: { trakt_list: { account: me, list: favorites }, accept_all: yes, seen: no }
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().fail(trakt_sim::Fault::on("GET", "/").status(401));
    let ran = sandbox.run("execute");
    assert_eq!(ran.code, 1);
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1, "{}", ran.stderr);
    assert_eq!(sandbox.sim().count("GET", "/"), 4, "the first is replayed, the others are not");
    assert!(stored(&sandbox).is_some());
}

#[test]
fn a_renewal_that_can_wait_fails_with_a_warning_and_is_tried_once_in_a_run() {
    let sandbox = Sandbox::new(READ).with_sim();
    sandbox.sim().with(|world| world.fill_watchlist("ann-kay", 1000));
    sandbox.authorize("me", "ann-kay");
    sandbox.clock.shared().unwrap().fetch_add(13 * 12 * 3_600_000, std::sync::atomic::Ordering::SeqCst);
    sandbox.sim().fail(trakt_sim::Fault::on("POST", "/oauth/token").status(503));
    let ran = sandbox.run("execute").good();
    assert_eq!(ran.stderr.matches("could not be renewed yet").count(), 1, "{}", ran.stderr);
    assert!(sandbox.sim().count("GET", "/sync/watchlist") >= 4);
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 2, "one renewal, whose answer was lost");
    sandbox.sim().heal();
    assert!(!sandbox.run("execute").good().stderr.contains("renewed"));
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 3);
}

#[test]
fn a_renewal_that_cannot_wait_fails_once_in_a_run() {
    let sandbox = Sandbox::new(
        "
        tasks:
          a: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
          b: { trakt_list: { account: me, list: ratings }, accept_all: yes, seen: no }
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().expire_access("ann-kay");
    sandbox.sim().fail(trakt_sim::Fault::on("POST", "/oauth/token").too_many(Some(120)));
    let ran = sandbox.run("-v execute");
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.stderr.matches("the authorization of account `me` could not be renewed").count(),
        2,
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("waiting 120 s: Trakt limits renewals"), "{}", ran.stderr);
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 2);
    assert_eq!(sandbox.sim().count("GET", "/"), 1);
    sandbox.sim().heal();
    sandbox.run("execute").good();
}

#[test]
fn a_locked_account_is_asked_about_once() {
    let sandbox = Sandbox::new(
        "
        tasks:
          a: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
          b: { trakt_list: { account: me, list: ratings }, accept_all: yes, seen: no }
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().fail(trakt_sim::Fault::on("GET", "/").locked());
    let ran = sandbox.run("execute");
    assert_eq!(ran.stderr.matches("the Trakt account is locked").count(), 2, "{}", ran.stderr);
    assert_eq!(sandbox.sim().count("GET", "/"), 1);
}

#[test]
fn the_real_limits_are_kept() {
    let mut sandbox = Sandbox::new(
        "
        tasks:
          read: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
          write:
            mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
            accept_all: yes
            seen: no
            list_add: [ trakt_list: { account: me, list: favorites } ]
            list_remove: [ trakt_list: { account: me, list: favorites } ]
        ",
    )
    .with_sim();
    let sim =
        Sim::start(Options { clock: sandbox.clock.shared(), limits: Limits::real(), ..Options::default() }).unwrap();
    // Pages of one item: a thousand requests, one after the other.
    sim.with(|world| {
        let there = world.contents(&Place::Watchlist("ann-kay".into())).unwrap().items.len();
        world.fill_watchlist("ann-kay", 1000 - there);
        world.pages.rules.insert("items", PageRule { default: 1, max: 1 });
    });
    sandbox.environment.insert("FLEXGET_TRAKT_API_URL".into(), sim.api_url());
    sandbox.environment.insert("FLEXGET_TRAKT_AUTH_URL".into(), sim.auth_url());
    sandbox.sim = Some(sim);
    sandbox.authorize("me", "ann-kay");
    let start = sandbox.clock.now();
    let ran = sandbox.run("-v execute --tasks read").good();
    let took = sandbox.clock.now().duration_since(start).as_secs();
    // Each page is full, so that only an empty one is the end.
    assert_eq!(sandbox.sim().count("GET", "/"), 1001, "{}", ran.stderr);
    for _ in 0..4 {
        sandbox.run("execute --tasks write").good();
    }
    // What the list does not show yet is sent to be removed all the same.
    assert_eq!(sandbox.sim().count("POST", "/sync/favorites"), 8);
    let requests = sandbox.sim().requests();
    let refused: Vec<i64> = requests.iter().filter(|seen| seen.status == 429).map(|seen| seen.time).collect();
    assert_eq!(refused, [0i64; 0]);
    // 500 in five minutes are allowed: it takes no less than that, and not much more.
    assert!((550..=700).contains(&took), "{took} s");
}

#[test]
fn two_accounts_of_one_user_share_the_users_limits() {
    let task = |name: &str, movie: &str| {
        format!(
            "
  {name}:
    mock: [ {{ title: A, movie_name: A, imdb_id: {movie} }} ]
    accept_all: yes
    seen: no
    list_add: [ trakt_list: {{ account: {name}, list: favorites }} ]
"
        )
    };
    let config = format!("tasks:\n{}{}", task("first", "tt0137523"), task("second", "tt0245429"));
    let sandbox = Sandbox::new(&config).with_sim();
    sandbox.authorize("first", "ann-kay");
    sandbox.authorize("second", "ann-kay");
    sandbox.sim().with(|world| world.limits = Limits::real());
    sandbox.run("execute").good();
    assert_eq!(sandbox.sim().count("POST", "/sync/favorites"), 2, "nobody has to be refused");
}

#[test]
fn long_waits_are_told() {
    let sandbox = Sandbox::new(READ).with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().fail(trakt_sim::Fault::on("GET", "/sync/watchlist").once().too_many(Some(90)));
    let ran = sandbox.run("-v execute").good();
    assert!(ran.stderr.contains("waiting 90 s: Trakt allows 500 reads in 5 minutes"), "{}", ran.stderr);
    let shown = sandbox.on_terminal(100);
    shown.sim().fail(trakt_sim::Fault::on("GET", "/").once().too_many(Some(90)));
    let ran = shown.run("execute --no-cache").good();
    assert!(ran.stderr.contains("Trakt allows 500 reads in 5 minutes"), "{:?}", ran.stderr);
}
