use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::{Fault, Media, Trouble};

fn on_watchlist(bench: &Bench, movie: u64) -> bool {
    bench.sim.with(|world| world.user("ann-kay").watchlist.has(Media::Movie(movie)))
}

#[test]
fn each_trouble_looks_as_it_should() {
    let bench = Bench::ann();
    let fault = || Fault::on("GET", "/sync/watchlist").once();
    for (fault, status, body, header) in [
        (fault().status(502), 502, "", None),
        (fault().too_many(Some(7)), 429, "rate limit", Some(("retry-after", "7"))),
        (fault().too_many(None), 429, "rate limit", None),
        (fault().cloudflare(403), 403, "Cloudflare Ray ID", Some(("cf-ray", "8f1c2d3e4a5b6c7d-FRA"))),
        (fault().cloudflare(429), 429, "1015", None),
        (fault().locked(), 423, "", Some(("x-account-locked", "true"))),
        (fault().vip_only(), 426, "", Some(("x-upgrade-url", "https://trakt.tv/vip"))),
        (fault().over_limit(), 420, "", None),
        (fault().maintenance(), 200, "<h1>Down", None),
        (fault().truncated_json(), 200, "[{\"rank\"", None),
        (fault().wrong_json(), 200, "unexpected", None),
    ] {
        let words = format!("{fault:?}");
        bench.sim.fail(fault);
        let got = bench.get("/sync/watchlist");
        assert_eq!(got.status, status, "{words}");
        assert!(got.body.contains(body), "{words}: {}", got.body);
        if let Some((name, value)) = header {
            assert_eq!(got.header(name), Some(value), "{words}");
        }
        assert_eq!(bench.get("/sync/watchlist").len(), 8, "{words} struck twice");
    }
    assert_eq!(bench.sim.requests().iter().filter(|seen| seen.status == 429).count(), 3);
}

#[test]
fn a_write_is_lost_before_or_after_it_is_applied() {
    let bench = Bench::ann();
    let add = |movie: u64| {
        let token = bench.token.clone().unwrap();
        let bearer = format!("Bearer {token}");
        let headers = [
            ("User-Agent", "x"),
            ("trakt-api-key", CLIENT_ID),
            ("trakt-api-version", "2"),
            ("Content-Type", "application/json"),
            ("Authorization", bearer.as_str()),
        ];
        let body = json!({ "movies": [{ "ids": { "trakt": movie } }] }).to_string();
        let patience = Duration::from_millis(300);
        send_within(patience, &bench.sim.api_url(), "POST", "/sync/watchlist", &headers, &body)
    };
    for (trouble, movie, applied) in [
        (Trouble::CloseBefore, 1, false),
        (Trouble::CloseAfter, 6, true),
        (Trouble::HangAfter, 120, true),
        (Trouble::Hang, 127, false),
        (Trouble::CutShort, 131, true),
    ] {
        bench.sim.fail(Fault::on("POST", "/sync/watchlist").with(trouble.clone()).once());
        assert!(add(movie).is_err(), "{trouble:?}");
        assert_eq!(on_watchlist(&bench, movie), applied, "{trouble:?}");
    }
    let after = Trouble::After(crate::Reply::empty(504));
    bench.sim.fail(Fault::on("POST", "/sync/watchlist").with(after).once());
    assert_eq!(add(140).unwrap().status, 504);
    assert!(on_watchlist(&bench, 140));
    let statuses: Vec<u16> = bench.sim.requests().iter().map(|seen| seen.status).collect();
    assert_eq!(statuses, [0, 0, 0, 0, 201, 504]);
}

#[test]
fn answers_can_be_slow_and_pages_without_headers() {
    let bench = Bench::ann();
    bench.sim.fail(Fault::on("GET", "/movies/481").with(Trouble::Slow(Duration::from_millis(1))).once());
    let start = Instant::now();
    let got = bench.get("/movies/481");
    assert_eq!(got.json()["title"], "The Matrix");
    assert!(start.elapsed() >= Duration::from_millis(got.body.len() as u64));
    bench.sim.fail(Fault::on("GET", "/sync/watchlist").query("page", "2").with(Trouble::NoPageHeaders));
    assert!(bench.get("/sync/watchlist?limit=3&page=1").header("x-pagination-page").is_some());
    let second = bench.get("/sync/watchlist?limit=3&page=2");
    assert_eq!((second.header("x-pagination-page"), second.len()), (None, 3));
    bench.sim.heal();
    assert!(bench.get("/sync/watchlist?limit=3&page=2").header("x-pagination-page").is_some());
}

#[test]
fn a_hanging_connection_does_not_keep_the_simulator() {
    let bench = Bench::ann();
    bench.sim.fail(Fault::on("GET", "/movies").with(Trouble::Hang));
    let url = bench.sim.api_url();
    let waiting = std::thread::spawn(move || {
        let headers = [("User-Agent", "x"), ("trakt-api-key", CLIENT_ID), ("trakt-api-version", "2")];
        send(&url, "GET", "/movies/trending", &headers, "")
    });
    assert!(bench.sim.wait_for("GET", "/movies", 1, Duration::from_secs(5)));
    assert!(!bench.sim.wait_for("GET", "/movies", 2, Duration::ZERO));
    drop(bench);
    assert!(waiting.join().unwrap().is_err());
}
