//! What the network costs: processes that ask Trakt (on loopback) once, and those that need not.

use std::process::Stdio;
use std::time::Duration;

use criterion::{BatchSize, Bencher, BenchmarkId, Criterion, criterion_group, criterion_main};
use flexget_core::context::Clock;
use flexget_tests::Sandbox;
use trakt_sim::{Fault, Trouble};

const PROGRAM: &str = env!("CARGO_BIN_EXE_flexget-rs-under-test");

fn run(sandbox: &Sandbox, line: &str) {
    let output = sandbox.process(PROGRAM, line).stdout(Stdio::null()).output();
    assert!(output.as_ref().is_ok_and(|output| output.status.success()), "{line} failed: {output:?}");
}

/// The same, each time as if nobody had asked for five minutes: what waits for its turn measures Trakt's limits.
fn run_unhurried(bencher: &mut Bencher<'_>, sandbox: &Sandbox, line: &str) {
    let database = sandbox.accounts();
    let forget = || {
        let forgotten = rusqlite::Connection::open(&database).and_then(|store| store.execute("DELETE FROM bucket", ()));
        assert!(forgotten.is_ok(), "{forgotten:?}");
    };
    bencher.iter_batched(forget, |()| run(sandbox, line), BatchSize::PerIteration);
}

/// A store that has seen a run, a simulator without a limit, and an account whose token is good.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new(
        "
        tasks:
          remote: { trakt_list: { account: me, list: watchlist, type: movies }, accept_all: yes, seen: no }
          local: { mock: [ A, B, C ], accept_all: yes, seen: no }
        ",
    );
    sandbox.clock = Clock::system();
    let sandbox = sandbox.with_sim();
    sandbox.authorize("me", "ann-kay");
    run(&sandbox, "execute");
    sandbox
}

fn network(criterion: &mut Criterion) {
    let sandbox = sandbox();
    sandbox.sim().forget_requests();
    criterion.bench_function("execute with one request to Trakt", |bencher| {
        run_unhurried(bencher, &sandbox, "execute --tasks remote");
    });
    let requests = sandbox.sim().requests();
    assert!(requests.iter().all(|seen| seen.path == "/sync/last_activities"), "more than one request: {requests:?}");
    criterion.bench_function("execute that reads a list of Trakt", |bencher| {
        run_unhurried(bencher, &sandbox, "execute --no-cache --tasks remote");
    });
    criterion.bench_function("trakt list --verify", |bencher| run_unhurried(bencher, &sandbox, "trakt list --verify"));
    sandbox.sim().forget_requests();
    criterion.bench_function("execute without the network", |bencher| {
        bencher.iter(|| run(&sandbox, "execute --tasks local"));
    });
    criterion.bench_function("trakt list", |bencher| bencher.iter(|| run(&sandbox, "trakt list")));
    assert!(sandbox.sim().requests().is_empty(), "what needs no network has asked");
}

/// Lookups of movies that nobody has looked up before, each answered after 20 ms.
fn lookups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cold lookups at 20 ms");
    group.sample_size(10);
    for count in [100_usize, 450] {
        let entries: String = (0..count)
            .map(|at| format!("              - {{ title: m{at}, trakt_movie_id: {} }}\n", 500_000 + at))
            .collect();
        let config = format!(
            "
        tasks:
          lookups:
            mock:
{entries}
            trakt_lookup: yes
            if: [ trakt_rating > 11: accept ]
            seen: no
        "
        );
        let mut sandbox = Sandbox::new(&config);
        sandbox.clock = Clock::system();
        let sandbox = sandbox.with_sim();
        sandbox.authorize("me", "ann-kay");
        sandbox.sim().with(|world| world.add_movies(count));
        let slow = Trouble::Delay(Duration::from_millis(20));
        sandbox.sim().fail(Fault::on("GET", "/movies/").with(slow));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            run_unhurried(bencher, &sandbox, "execute --no-cache");
        });
    }
    group.finish();
}

/// A list of ten thousand movies: read from Trakt, and from the cache.
fn long_list(criterion: &mut Criterion) {
    let sandbox = sandbox();
    sandbox.sim().with(|world| world.fill_watchlist("ann-kay", 10_000));
    let mut group = criterion.benchmark_group("list of 10000 movies");
    group.sample_size(10);
    for (name, line) in
        [("first read", "execute --no-cache --tasks remote"), ("from the cache", "execute --tasks remote")]
    {
        group.bench_function(name, |bencher| run_unhurried(bencher, &sandbox, line));
    }
    group.finish();
}

criterion_group!(benches, network, lookups, long_list);
criterion_main!(benches);
