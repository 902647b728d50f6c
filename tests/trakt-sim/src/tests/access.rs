use serde_json::json;

use super::*;

#[test]
fn requests_without_the_right_headers_are_refused() {
    let bench = Bench::new();
    let agent = ("User-Agent", "x");
    let key = ("trakt-api-key", CLIENT_ID);
    let version = ("trakt-api-version", "2");
    let json = ("Content-Type", "application/json");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for (method, target, headers, body, status) in [
        ("GET", "/movies/trending", vec![key, version], "", 403),
        ("GET", "/movies/trending", vec![agent, version], "", 403),
        ("GET", "/movies/trending", vec![agent, version, ("trakt-api-key", "deleted")], "", 403),
        ("GET", "/movies/trending", vec![agent, key], "", 400),
        ("GET", "/movies/trending", vec![agent, key, version], "", 200),
        ("GET", "/movies/trending", vec![agent, key, version, ("Authorization", "Bearer old")], "", 401),
        ("POST", "/sync/watchlist", vec![agent, key, version, form], "a=1", 412),
        ("POST", "/sync/watchlist", vec![agent, key, version, json], "{", 400),
        ("POST", "/sync/watchlist", vec![agent, key, version, json], "{}", 401),
        ("GET", "/sync/last_activities", vec![agent, key, version], "", 401),
        ("POST", "/oauth/token", vec![agent, json], "{}", 404),
    ] {
        let got = send(&bench.sim.api_url(), method, target, &headers, body).unwrap();
        assert_eq!(got.status, status, "{method} {target} {headers:?}");
    }
    let blocked = send(&bench.sim.api_url(), "GET", "/movies/trending", &[key, version], "").unwrap();
    assert!(blocked.body.contains("Sorry, you have been blocked"), "{blocked:?}");
    assert_eq!(bench.sim.count("GET", "/movies"), 7);
}

#[test]
fn oauth_on_the_api_host_and_etags_are_switches() {
    let bench = Bench::new();
    bench.sim.with(|world| (world.switches.oauth_on_api, world.switches.etags) = (true, true));
    let headers = [("User-Agent", "x"), ("Content-Type", "application/json")];
    let body = json!({ "client_id": CLIENT_ID }).to_string();
    assert_eq!(send(&bench.sim.api_url(), "POST", "/oauth/device/code", &headers, &body).unwrap().status, 200);
    let tag = bench.get("/movies/481").header("etag").unwrap().to_owned();
    let headers = [
        ("User-Agent", "x"),
        ("trakt-api-key", CLIENT_ID),
        ("trakt-api-version", "2"),
        ("If-None-Match", tag.as_str()),
    ];
    let again = send(&bench.sim.api_url(), "GET", "/movies/481", &headers, "").unwrap();
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[test]
fn people_see_what_they_may_see() {
    let mut bench = Bench::new();
    let table = [
        // path, nobody, ann (Bob's friend), dan (a stranger)
        ("/users/bob/watchlist", 200, 200, 200),
        ("/users/cara/watchlist", 401, 403, 403),
        ("/users/cara/lists/mine-alone", 401, 403, 403),
        ("/users/nobody/watchlist", 404, 404, 404),
        ("/users/nobody/history/movies", 405, 405, 405),
        ("/users/Ann.Kay/watchlist", 404, 404, 404),
        ("/users/bob/lists/public-gems", 200, 200, 200),
        ("/users/bob/lists/for-friends", 404, 200, 404),
        ("/users/bob/lists/hidden-things", 404, 404, 404),
        ("/users/ann-kay/lists/kino-co", 200, 200, 200),
        ("/users/me/lists", 401, 200, 200),
        ("/users/settings", 401, 200, 200),
        ("/sync/watchlist/auto", 401, 400, 400),
        ("/users/bob/watchlist/auto", 400, 400, 400),
        ("/sync/collection", 405, 405, 405),
        ("/lists/1", 204, 204, 204),
        ("/lists/1/items", 404, 404, 404),
        ("/nowhere", 404, 404, 404),
    ];
    for (column, user) in [None, Some("ann-kay"), Some("dan")].into_iter().enumerate() {
        bench.sign_in(user);
        for (path, nobody, ann, dan) in table {
            assert_eq!(bench.get(path).status, [nobody, ann, dan][column], "{path} for {user:?}");
        }
    }
}

#[test]
fn tokens_end_and_accounts_are_locked() {
    let bench = Bench::ann();
    assert_eq!(bench.get("/users/settings").status, 200);
    bench.pass(7 * 86_400);
    assert_eq!(bench.get("/users/settings").status, 401);
    let mut bench = Bench::ann();
    bench.sim.expire_access("ann-kay");
    assert_eq!(bench.get("/users/settings").status, 401);
    bench.sign_in(Some("ann-kay"));
    bench.sim.with(|world| world.user_mut("ann-kay").locked = true);
    let got = bench.get("/users/settings");
    assert_eq!((got.status, got.header("x-account-locked")), (423, Some("true")));
}

#[test]
fn rate_limits_hold_when_they_are_asked_for() {
    let limits = Limits { reads: Some(3), ..Limits::real() };
    let mut bench = Bench::with(Seed::small(), limits);
    bench.sign_in(Some("ann-kay"));
    let statuses: Vec<u16> = (0..4).map(|_| bench.get("/sync/last_activities").status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    let got = bench.get("/sync/last_activities");
    assert_eq!(got.header("retry-after"), Some("300"));
    assert!(
        got.header("x-ratelimit")
            .unwrap()
            .contains(r#""name":"AUTHED_API_GET_LIMIT","period":300,"limit":3,"remaining":0"#)
    );
    let movie = json!({ "movies": [{ "ids": { "trakt": 6 } }] });
    assert_eq!(bench.post("/sync/watchlist", movie.clone()).status, 201);
    assert_eq!(bench.post("/sync/watchlist/remove", movie.clone()).status, 429);
    bench.sim.with(|world| world.limits.silent = true);
    assert_eq!(bench.get("/sync/last_activities").header("retry-after"), None);
    bench.pass(1);
    assert_eq!(bench.post("/sync/watchlist/remove", movie).status, 200);
    bench.pass(300);
    assert_eq!(bench.get("/sync/last_activities").status, 200);
}

#[test]
fn requests_are_written_down() {
    let bench = Bench::ann();
    bench.get("/search/movie?query=a%20b&limit=2");
    bench.post("/sync/watchlist", json!({ "movies": [] }));
    let seen = bench.sim.requests();
    assert_eq!(seen[0].query, [("query".to_owned(), "a b".to_owned()), ("limit".to_owned(), "2".to_owned())]);
    assert_eq!((seen[1].method.as_str(), seen[1].status, seen[1].user.as_deref()), ("POST", 201, Some("ann-kay")));
    assert_eq!(seen[1].body, Some(json!({ "movies": [] })));
    bench.sim.forget_requests();
    assert_eq!(bench.sim.count("*", "/"), 0);
}
