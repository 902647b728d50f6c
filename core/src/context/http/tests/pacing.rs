use std::time::Duration;

use super::server::{Server, reply};
use super::{clock, door, get, run, status};
use crate::context::http::{Http, HttpOptions, RateLimit, Request};
use crate::context::store::Store;
use crate::context::{Clock, Progress};

fn limited(address: &str, limit: &RateLimit) -> Request {
    Request { rate_limit: Some(limit.clone()), ..get(address.to_owned()) }
}

fn limit(bucket: &str, requests: u32, seconds: u64) -> RateLimit {
    RateLimit {
        bucket: bucket.to_owned(),
        service: "Example".into(),
        what: "reads",
        requests,
        per: Duration::from_secs(seconds),
    }
}

#[test]
fn a_bucket_is_shared_by_clients_and_leaves_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let clock = clock();
        let server = Server::start([status(200)], clock.shared()).await;
        let door =
            || Http::new(HttpOptions::default(), Store::at(folder.path().join("db")), clock.clone(), Progress::none());
        let (one, other) = (door(), door());
        let writes = limit("site write me", 1, 2);
        for http in [&one, &other, &one, &other] {
            http.send(limited(&server.address, &writes)).await.unwrap();
        }
        assert_eq!(server.times(), [0, 2, 4, 6]);
        one.send(limited(&server.address, &limit("site write you", 1, 2))).await.unwrap();
        assert_eq!(server.times()[4], 6);
    });
}

#[test]
fn what_the_window_has_left_goes_at_once_and_no_window_has_more() {
    run(async {
        let clock = clock();
        let server = Server::start([status(200)], clock.shared()).await;
        let http = door(&clock);
        let reads = limit("site read me", 50, 100);
        for _ in 0..130 {
            http.send(limited(&server.address, &reads)).await.unwrap();
        }
        // A tenth is left to other programs.
        let times = server.times();
        let count = |second: i64| times.iter().filter(|at| **at == second).count();
        assert_eq!((count(0), count(100), count(200), times.len()), (45, 45, 40, 130));
    });
}

#[test]
fn requests_that_were_sent_one_by_one_leave_the_window_one_by_one() {
    run(async {
        let clock = clock();
        let server = Server::start([status(200)], clock.shared()).await;
        let http = door(&clock);
        for at in 0..8 {
            http.send(limited(&server.address, &limit("site read me", 4, 60))).await.unwrap();
            if at < 4 {
                clock.sleep(Duration::from_secs(10)).await;
            }
        }
        assert_eq!(server.times(), [0, 10, 20, 30, 60, 70, 80, 90]);
    });
}

#[test]
fn reads_never_wait_for_writes() {
    run(async {
        let clock = clock();
        let server = Server::start([status(200)], clock.shared()).await;
        let http = door(&clock);
        let writes = limit("site write me", 1, 1000);
        http.send(limited(&server.address, &writes)).await.unwrap();
        for _ in 0..20 {
            http.send(limited(&server.address, &limit("site read me", 500, 300))).await.unwrap();
        }
        http.send(limited(&server.address, &writes)).await.unwrap();
        let times = server.times();
        assert_eq!((times[20], times[21]), (0, 1000), "{times:?}");
    });
}

#[test]
fn a_window_that_a_wrong_clock_has_filled_is_waited_for_once() {
    let folder = tempfile::tempdir().unwrap();
    run(async {
        // The clock is a year ahead, then four minutes ahead, then right.
        for (at, waits) in [("2027-11-24T10:00:00Z", 0), ("2026-11-24T10:04:00Z", 300), ("2026-11-24T10:00:00Z", 300)] {
            let clock = Clock::fixed(at.parse().unwrap());
            let start = clock.now();
            let server = Server::start([status(200)], clock.shared()).await;
            let store = Store::at(folder.path().join("db"));
            let http = Http::new(HttpOptions::default(), store, clock.clone(), Progress::none());
            for _ in 0..3 {
                http.send(limited(&server.address, &limit("site read me", 3, 300))).await.unwrap();
            }
            assert_eq!(clock.now().duration_since(start).as_secs(), waits, "{at}");
        }
    });
}

#[test]
fn requests_that_other_programs_have_sent_leave_less() {
    let left = |remaining: u32| {
        let limit = format!(r#"{{"limit":50,"remaining":{remaining},"until":"2026-11-24T10:02:00Z"}}"#);
        reply(200, &[("x-ratelimit", &limit)], "{}")
    };
    run(async {
        let clock = clock();
        let server = Server::start([left(49), left(8), left(7), status(200)], clock.shared()).await;
        let http = door(&clock);
        for _ in 0..7 {
            http.send(limited(&server.address, &limit("site read me", 50, 300))).await.unwrap();
        }
        // After the second, three are left besides the tenth.
        assert_eq!(server.times(), [0, 0, 0, 0, 0, 120, 120]);
    });
}

#[test]
fn a_429_blocks_every_bucket_of_the_host_in_every_process() {
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
        let (reads, writes) = (limit("site read me", 500, 300), limit("site write me", 1, 1));
        for (bucket, waits) in [(&reads, 20), (&writes, 20), (&reads, 20)] {
            let (http, clock) = process();
            http.send(limited(&server.address, bucket)).await.unwrap();
            assert_eq!(waited(&clock), waits, "{}", bucket.bucket);
        }
        let (http, clock) = process();
        http.send(limited(&other.address, &limit("other read me", 500, 300))).await.unwrap();
        assert_eq!(waited(&clock), 0);
        assert_eq!(server.seen().len(), 4);
    });
}

#[test]
fn requests_without_a_rate_limit_respect_a_blocked_host_and_need_no_database() {
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
fn the_counters_of_the_service_are_applied() {
    // The service's clock is an hour late.
    let left = |remaining: u32| {
        let limit = format!(
            r#"{{"name":"X","period":300,"limit":500,"remaining":{remaining},"until":"2026-11-24T09:01:00Z"}}"#
        );
        reply(200, &[("date", "Tue, 24 Nov 2026 09:00:00 GMT"), ("x-ratelimit", &limit)], "{}")
    };
    // A tenth of the 500 is left to other programs.
    for (remaining, next) in [(400, 0), (51, 0), (50, 60), (1, 60), (0, 60)] {
        run(async {
            let clock = clock();
            let server = Server::start([left(remaining), status(200)], clock.shared()).await;
            let http = door(&clock);
            for _ in 0..2 {
                http.send(limited(&server.address, &limit("site read me", 30, 60))).await.unwrap();
            }
            assert_eq!(server.times(), [0, next], "{remaining}");
        });
    }
}

#[test]
fn a_clock_that_was_wrong_blocks_nobody_for_long() {
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let reads = limit("site read me", 500, 300);
        let send = async |at: &str| {
            let clock = Clock::fixed(at.parse().unwrap());
            let start = clock.now();
            let server = Server::start([reply(429, &[("retry-after", "60")], ""), status(200)], clock.shared()).await;
            let store = Store::at(folder.path().join("db"));
            let http = Http::new(HttpOptions::default(), store, clock.clone(), Progress::none());
            http.send(limited(&server.address, &reads)).await.unwrap();
            clock.now().duration_since(start).as_secs()
        };
        assert_eq!(send("2027-11-24T10:00:00Z").await, 60);
        assert_eq!(send("2026-11-24T10:00:00Z").await, 60);
    });
}

#[test]
fn rate_limits_are_kept_without_a_database() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    run(async {
        let clock = clock();
        let server = Server::start([status(200)], clock.shared()).await;
        let store = Store::at(folder.path().join("file/db"));
        let http = Http::new(HttpOptions::default(), store, clock.clone(), Progress::none());
        for _ in 0..3 {
            http.send(limited(&server.address, &limit("site write me", 1, 2))).await.unwrap();
        }
        assert_eq!(server.times(), [0, 2, 4]);
    });
}
