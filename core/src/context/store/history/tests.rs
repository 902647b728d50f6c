use super::retention::{KEEP_RUNS, KEEP_UNTOUCHED};
use super::*;
use crate::context::store::database::Store;
use crate::testing::NOW;

fn end(outcome: RunOutcome) -> RunEnd {
    let entry = |title: &str| RunEntry {
        title: title.to_owned(),
        url: "mock://1".to_owned(),
        state: "accepted".to_owned(),
        decisions: Vec::new(),
    };
    RunEnd {
        outcome,
        elapsed_ms: 5,
        counts: RunCounts { produced: 2, ..RunCounts::default() },
        details: RunDetails::default(),
        acted_on: vec![entry("A")],
        others: vec![entry("B")],
    }
}

fn run(store: &Store, task: &str, outcome: RunOutcome) -> i64 {
    let id = store.begin_run(task, NOW).unwrap();
    store.end_run(id, task, &end(outcome)).unwrap();
    id
}

fn all(store: &Store) -> Vec<RunRecord> {
    store.runs(&RunFilter { entries: true, ..RunFilter::default() }).unwrap()
}

#[test]
fn keeps_the_latest_runs_of_each_task_and_the_last_success() {
    let store = Store::in_memory();
    let success = run(&store, "a", RunOutcome::Ok);
    let other = run(&store, "b", RunOutcome::Aborted);
    for _ in 0..KEEP_RUNS + 50 {
        run(&store, "a", RunOutcome::Aborted);
    }
    let runs = all(&store);
    assert_eq!(runs.len(), KEEP_RUNS + 2);
    assert_eq!(runs[KEEP_RUNS..].iter().map(|run| run.id).collect::<Vec<_>>(), [other, success]);
    let titles = |run: &RunRecord| run.entries.iter().map(|entry| entry.title.clone()).collect::<Vec<_>>();
    assert_eq!(titles(&runs[0]), ["A", "B"]);
    assert_eq!(titles(&runs[KEEP_UNTOUCHED]), ["A"], "entries with which nothing was done go first");
    let history = store.task_history("a").unwrap();
    assert_eq!((history.last_success, history.failures), (Some(NOW), KEEP_RUNS));
}

#[test]
fn the_history_is_read_in_parts() {
    let store = Store::in_memory();
    let ids = ["a", "b", "a", "c"].map(|task| run(&store, task, RunOutcome::Ok));
    let part = |before, task: Option<&str>| {
        let filter = RunFilter { before, limit: Some(2), task: task.map(str::to_owned), ..RunFilter::default() };
        store.runs(&filter).unwrap().iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!((part(None, None), part(Some(ids[2]), None)), (vec![ids[3], ids[2]], vec![ids[1], ids[0]]));
    assert_eq!((part(Some(ids[2]), Some("a")), part(Some(ids[0]), None)), (vec![ids[0]], vec![]));
    assert_eq!(store.run(ids[1]).unwrap().map(|run| (run.task, run.entries.len())), Some(("b".to_owned(), 2)));
    assert_eq!(store.scoped("other").run(ids[1]).unwrap(), None);
    let names: Vec<String> = store.task_histories().unwrap().into_keys().collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn counts_are_read_since_a_time_without_the_rows() {
    let store = Store::in_memory();
    run(&store, "a", RunOutcome::Ok);
    let later = NOW + std::time::Duration::from_secs(1);
    let id = store.begin_run("b", later).unwrap();
    store.end_run(id, "b", &end(RunOutcome::Aborted)).unwrap();
    let counts = |since| {
        let mut counts = Vec::new();
        store.each_count(since, |at, outcome, counted| counts.push((at, outcome, counted.produced))).unwrap();
        counts
    };
    assert_eq!(counts(NOW), [(NOW, RunOutcome::Ok, 2), (later, RunOutcome::Aborted, 2)]);
    assert_eq!(counts(later).len(), 1);
    let plan: Vec<String> = store
        .task_database()
        .read(|connection| {
            connection
                .prepare("EXPLAIN QUERY PLAN SELECT started, waited FROM run WHERE scope = 'x' AND started >= 1")?
                .query_map([], |row| row.get(3))?
                .collect()
        })
        .unwrap();
    assert!(plan[0].contains("COVERING INDEX run_of_time"), "{plan:?}");
}

#[test]
fn a_run_without_an_end_was_killed_when_the_next_one_begins() {
    let store = Store::in_memory();
    store.begin_run("a", NOW).unwrap();
    assert_eq!(all(&store)[0].outcome, RunOutcome::Running);
    run(&store, "a", RunOutcome::Ok);
    assert_eq!(all(&store).iter().map(|run| run.outcome).collect::<Vec<_>>(), [RunOutcome::Ok, RunOutcome::Killed]);
}

#[test]
fn skipped_runs_in_a_row_are_one_and_hide_no_other() {
    let store = Store::in_memory();
    let failed = run(&store, "a", RunOutcome::Failed);
    for _ in 0..3 {
        run(&store, "a", RunOutcome::Skipped);
    }
    let outcomes: Vec<_> = all(&store).iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [RunOutcome::Skipped, RunOutcome::Failed]);
    let history = store.task_history("a").unwrap();
    assert_eq!((history.last.map(|run| run.id), history.failures), (Some(failed), 1));
    assert!(history.skipped.is_some());
}

#[test]
fn old_runs_go_with_other_old_rows() {
    let store = Store::in_memory();
    let (kept, later) = (run(&store, "a", RunOutcome::Ok), NOW + std::time::Duration::from_secs(100 * 86_400));
    run(&store, "a", RunOutcome::Aborted);
    store.maintain(later).unwrap();
    assert_eq!(all(&store).iter().map(|run| run.id).collect::<Vec<_>>(), [kept]);
}
