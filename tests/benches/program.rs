//! The program as a process, from its start to its end: what a user waits for.

use std::fs;
use std::process::Stdio;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flexget_tests::{Sandbox, repository};

const PROGRAM: &str = env!("CARGO_BIN_EXE_flexget-rs-under-test");

fn run(sandbox: &Sandbox, line: &str) {
    let output = sandbox.process(PROGRAM, line).stdout(Stdio::null()).output();
    assert!(output.as_ref().is_ok_and(|output| output.status.success()), "{line} failed: {output:?}");
}

/// A config of many tasks that share a template, as large ones do.
fn config(tasks: usize) -> String {
    let mut config = String::from("templates:\n  global:\n    accept_all: yes\n    seen: local\ntasks:\n");
    for number in 0..tasks {
        config.push_str(&format!(
            "  task {number}:\n    priority: {number}\n    mock:\n      - Title {number}\n      - {{ title: Other {number}, year: 1972 }}\n    \
             list_match:\n      from:\n        - entry_list: wanted {number}\n      remove_on_match: no\n    list_add:\n      - \
             entry_list: list {number}\n      - trakt_list: {{ account: me, list: watchlist, type: movies }}\n"
        ));
    }
    config
}

/// The same number of tasks, each with conditions and patterns of its own.
fn conditions(tasks: usize) -> String {
    let mut config = String::from("templates:\n  global:\n    seen: local\ntasks:\n");
    for number in 0..tasks {
        config.push_str(&format!(
            "  task {number}:\n    mock:\n      - Title {number}\n    if:\n      - movie_year > {number} and 'x' in title: accept\n      - \
             not trakt_watched: reject\n    regexp:\n      reject:\n        - '\\bcam{number}\\b'\n        - (?<!not )good\n    \
             list_add:\n      - entry_list: list {number}\n"
        ));
    }
    config
}

fn execute(criterion: &mut Criterion) {
    let sandbox = Sandbox::new("tasks:\n  one:\n    mock: [ A, B, C ]\n    accept_all: yes\n    seen: no\n");
    criterion.bench_function("execute one task", |bencher| bencher.iter(|| run(&sandbox, "execute")));
    let empty = Sandbox::empty();
    criterion.bench_function("start and end (--version)", |bencher| bencher.iter(|| run(&empty, "--version")));
}

fn check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    group.sample_size(20);
    for (name, config) in [("plain", config as fn(usize) -> String), ("conditions", conditions)] {
        for tasks in [100, 1_000, 10_000] {
            let sandbox = Sandbox::new(&config(tasks));
            group.throughput(Throughput::Elements(tasks as u64));
            group.bench_with_input(BenchmarkId::new(name, tasks), &sandbox, |bencher, sandbox| {
                bencher.iter(|| run(sandbox, "check"));
            });
        }
    }
    for scripts in [0, 2] {
        let sandbox = Sandbox::new("tasks: { films: { mock: [ A ], accept_all: yes } }");
        for script in ["title_words.py", "without_words.sh"].iter().take(scripts) {
            let to = sandbox.folder().join("plugins").join(script);
            let copied = to.parent().map_or(Ok(()), fs::create_dir_all);
            let copied = copied.and_then(|()| fs::copy(repository().join("examples/plugins").join(script), to));
            assert!(copied.is_ok(), "{copied:?}");
        }
        group.bench_function(BenchmarkId::new("scripts", scripts), |bencher| bencher.iter(|| run(&sandbox, "check")));
    }
    group.finish();
}

criterion_group!(benches, execute, check);
criterion_main!(benches);
