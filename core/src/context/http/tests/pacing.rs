use std::time::Duration;

use super::server::{Server, reply};
use super::{clock, door, get, run, status};
use crate::context::http::{Http, HttpOptions, Pace, Request};
use crate::context::store::Store;
use crate::context::{Clock, Progress};

fn paced(address: &str, pace: &Pace) -> Request {
    Request { pace: Some(pace.clone()), ..get(address.to_owned()) }
}

fn pace(bucket: &str, allowed: u32, seconds: u64, burst: u32) -> Pace {
    Pace { bucket: bucket.to_owned(), per: Duration::from_secs(seconds), allowed, burst }
}

#[test]
fn a_lane_keeps_its_pace_across_doors_and_leaves_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let clock = clock();
        let server = Server::start([status(200)], clock.shared()).await;
        let door =
            || Http::new(HttpOptions::default(), Store::at(folder.path().join("db")), clock.clone(), Progress::none());
        let (one, other) = (door(), door());
        let writes = pace("site write me", 1, 2, 1);
        for http in [&one, &other, &one, &other] {
            http.send(paced(&server.address, &writes)).await.unwrap();
        }
        assert_eq!(server.times(), [0, 2, 4, 6]);
        one.send(paced(&server.address, &pace("site write you", 1, 2, 1))).await.unwrap();
        assert_eq!(server.times()[4], 6);
    });
}

#[test]
fn no_stretch_of_time_has_more_requests_than_allowed() {
    run(async {
        let clock = clock();
        let server = Server::start([status(200)], clock.shared()).await;
        let http = door(&clock);
        let reads = pace("site read me", 50, 100, 10);
        for _ in 0..130 {
            http.send(paced(&server.address, &reads)).await.unwrap();
        }
        let times = server.times();
        assert_eq!(times.iter().filter(|at| **at == 0).count(), 10, "the burst");
        let most = times.iter().map(|from| times.iter().filter(|at| (*from..from + 100).contains(*at)).count()).max();
        assert!((45..=50).contains(&most.unwrap()), "{most:?}: {times:?}");
    });
}

#[test]
fn a_limit_holds_every_lane_to_the_host_in_every_process() {
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let server = Server::start([reply(429, &[("retry-after", "20")], ""), status(200)], None).await;
        let other = Server::start([status(200)], None).await;
        let process = || {
            let clock = clock();
            let store = Store::at(folder.path().join("db"));
            (Http::new(HttpOptions::default(), store, clock.clone(), Progress::none()), clock)
        };
        let waited = |clock: &Clock| clock.now().duration_since(super::clock().now()).as_secs();
        let (reads, writes) = (pace("site read me", 500, 300, 100), pace("site write me", 1, 1, 1));
        for (bucket, waits) in [(&reads, 20), (&writes, 20), (&reads, 20)] {
            let (http, clock) = process();
            http.send(paced(&server.address, bucket)).await.unwrap();
            assert_eq!(waited(&clock), waits, "{}", bucket.bucket);
        }
        let (http, clock) = process();
        http.send(paced(&other.address, &pace("other read me", 500, 300, 100))).await.unwrap();
        assert_eq!(waited(&clock), 0);
        assert_eq!(server.seen().len(), 4);
    });
}

#[test]
fn requests_without_a_pace_respect_a_held_host_too_and_need_no_database() {
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let clock = clock();
        let server = Server::start([reply(429, &[("retry-after", "20")], ""), status(200)], clock.shared()).await;
        let store = Store::at(folder.path().join("db"));
        let http = Http::new(HttpOptions::default(), store, clock.clone(), Progress::none());
        http.send(get(server.address.clone())).await.unwrap();
        assert_eq!(server.times(), [0, 20]);
        assert!(!folder.path().join("db").exists());
    });
}

#[test]
fn what_the_service_says_about_its_limit_is_heeded() {
    // The service's clock is an hour late.
    let left = |remaining: u32| {
        let limit = format!(
            r#"{{"name":"X","period":300,"limit":500,"remaining":{remaining},"until":"2026-11-24T09:01:00Z"}}"#
        );
        reply(200, &[("date", "Tue, 24 Nov 2026 09:00:00 GMT"), ("x-ratelimit", &limit)], "{}")
    };
    // With 30 a minute and bursts of 11, even is one in three seconds.
    for (remaining, next) in [(400, 0), (50, 0), (49, 3), (1, 3), (0, 60)] {
        run(async {
            let clock = clock();
            let server = Server::start([left(remaining), status(200)], clock.shared()).await;
            let http = door(&clock);
            for _ in 0..2 {
                http.send(paced(&server.address, &pace("site read me", 30, 60, 11))).await.unwrap();
            }
            assert_eq!(server.times(), [0, next], "{remaining}");
        });
    }
}

#[test]
fn a_clock_that_was_wrong_holds_nobody_for_long() {
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let reads = pace("site read me", 500, 300, 1);
        let send = async |at: &str| {
            let clock = Clock::fixed(at.parse().unwrap());
            let start = clock.now();
            let server = Server::start([reply(429, &[("retry-after", "60")], ""), status(200)], clock.shared()).await;
            let store = Store::at(folder.path().join("db"));
            let http = Http::new(HttpOptions::default(), store, clock.clone(), Progress::none());
            http.send(paced(&server.address, &reads)).await.unwrap();
            clock.now().duration_since(start).as_secs()
        };
        assert_eq!(send("2027-11-24T10:00:00Z").await, 60);
        assert_eq!(send("2026-11-24T10:00:00Z").await, 60);
    });
}

#[test]
fn the_pace_is_kept_without_a_database_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    run(async {
        let clock = clock();
        let server = Server::start([status(200)], clock.shared()).await;
        let store = Store::at(folder.path().join("file/db"));
        let http = Http::new(HttpOptions::default(), store, clock.clone(), Progress::none());
        for _ in 0..3 {
            http.send(paced(&server.address, &pace("site write me", 1, 2, 1))).await.unwrap();
        }
        assert_eq!(server.times(), [0, 2, 4]);
    });
}
