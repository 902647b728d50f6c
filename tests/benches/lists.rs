//! Lists: a hundred thousand entries through a task, and finding ten thousand entries among as many items.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flexget_core::context::{Context, Environment};
use flexget_core::entry::Entry;
use flexget_core::task::report::{Action, TaskOutcome};
use flexget_core::testing::{block_on, context_with, list, next_run, run};
use flexget_plugins as _;
use flexget_tests::Sandbox;

/// Movies as lists of several services give them: some with one id, some with another, some with a name alone.
fn movies(count: usize) -> Vec<Entry> {
    let movie = |number: usize| {
        let year = 1950 + (number % 70) as i64;
        let title = format!("A Film of Some Length {number} ({year})");
        let entry = Entry::new(&title, format!("https://example.com/films/{number}"))
            .with("movie_name", format!("A Film of Some Length {number}"))
            .with("movie_year", year);
        match number % 4 {
            0 => entry.with("imdb_id", format!("tt{:07}", number + 1)).with("tmdb_id", number as i64 + 1),
            1 => entry.with("trakt_movie_id", (number + 1).to_string()),
            2 => entry.with("tmdb_id", number as i64 + 1),
            _ => entry,
        }
    };
    (0..count).map(movie).collect()
}

/// The world of a sandbox, for the functions of the program.
fn context(sandbox: &Sandbox) -> Context {
    let environment = sandbox.environment.clone();
    let cx = context_with(sandbox.store());
    Context {
        environment: Environment::new(move |name| environment.get(name).cloned()),
        clock: sandbox.clock.clone(),
        ..cx
    }
}

fn put(options: &str, entries: &[Entry], cx: &Context) {
    let entries: Vec<&Entry> = entries.iter().collect();
    let put = block_on(list(options).apply(&entries, Action::Add, "bench", None, cx));
    assert!(put.is_ok_and(|report| report.failed.is_empty()), "{options} cannot be filled");
}

/// From a list in the database, through `accept_all` and `list_add`, onto another one in the database, on disk; with what
/// was seen remembered, as it is unless a config says otherwise, and without.
fn add(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("accept_all and list_add");
    group.sample_size(10);
    for (name, seen) in [("", "seen: no"), (" and seen", "")] {
        for count in [10_000, 100_000] {
            let sandbox = Sandbox::empty();
            let cx = context(&sandbox);
            put("entry_list: from", &movies(count), &cx);
            let task = format!("entry_list: from\naccept_all: yes\nlist_add: [ entry_list: to ]\n{seen}");
            let empty = || {
                for (kind, name) in [("entry_list", "to"), ("seen", "")] {
                    assert!(cx.store.collection(kind, name).drop().is_ok(), "{kind} cannot be emptied");
                }
            };
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(BenchmarkId::new(format!("entries{name}"), count), |bencher| {
                let through = |()| {
                    let report = run(&task, &next_run(&cx));
                    assert!(report.outcome == TaskOutcome::Ok && report.changes[0].done == count);
                    report
                };
                bencher.iter_batched(empty, through, BatchSize::PerIteration);
            });
        }
    }
    group.finish();
}

/// Entries against items: of a list of Trakt that this run has read, and of lists in the database.
fn find(criterion: &mut Criterion) {
    const COUNT: usize = 10_000;
    let sandbox = Sandbox::empty().with_sim();
    sandbox.authorize("ann", "ann-kay");
    sandbox.sim().with(|world| world.fill_watchlist("ann-kay", COUNT));
    let cx = context(&sandbox);
    let mut group = criterion.benchmark_group("find 10000 among 10000");
    group.throughput(Throughput::Elements(COUNT as u64));
    for options in ["trakt_list: { account: ann, list: watchlist }", "entry_list: a", "movie_list: a"] {
        let list = list(options);
        let entries = if options.starts_with("trakt_list") {
            let items = block_on(list.list().items(None, &cx)).unwrap_or_default();
            items.iter().take(COUNT).map(Entry::fresh).collect()
        } else {
            let movies = movies(COUNT);
            put(options, &movies, &cx);
            movies
        };
        let entries: Vec<&Entry> = entries.iter().collect();
        assert_eq!(entries.len(), COUNT);
        group.bench_function(options, |bencher| {
            bencher.iter(|| {
                let found = block_on(list.list().find(black_box(&entries), &cx)).unwrap_or_default();
                assert!(found.len() == COUNT && found.iter().all(Option::is_some));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, add, find);
criterion_main!(benches);
