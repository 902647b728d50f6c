//! Outcomes of tasks, entry by entry, as FlexGet 3.22.7 has them for the same configs.

use std::fmt::Write as _;
use std::fs;

use flexget_tests::{Sandbox, repository};

/// The states in the order of the files.
const STATES: [&str; 4] = ["accepted", "rejected", "failed", "undecided"];

/// Returns a line for each task and state, with the titles of the entries in order.
fn outcomes(report: &serde_json::Value) -> String {
    let mut lines = String::new();
    for task in report["tasks"].as_array().into_iter().flatten() {
        for state in STATES {
            let entries = task["entries"].as_array().into_iter().flatten().filter(|entry| entry["state"] == state);
            let titles: Vec<&str> = entries.map(|entry| entry["title"].as_str().unwrap()).collect();
            if !titles.is_empty() {
                let _ = writeln!(lines, "{} {state}: {}", task["name"].as_str().unwrap(), titles.join(" | "));
            }
        }
    }
    lines
}

/// Runs a config of the folder, and compares the outcomes with those that FlexGet 3.22.7 gave.
fn compare(name: &str) {
    let folder = repository().join("tests/configs/flexget");
    let read = |extension: &str| fs::read_to_string(folder.join(format!("{name}.{extension}"))).unwrap();
    let sandbox = Sandbox::new(&read("yml")).with_sim();
    sandbox.authorize("me", "ann-kay");
    let ran = sandbox.run("execute --format json").good();
    let outcomes = outcomes(&ran.json());
    assert!(outcomes.lines().count() > 15, "{}", ran.stderr);
    assert_eq!(outcomes, read("txt"), "{}", ran.stderr);
}

#[test]
fn local_tasks_decide_as_flexget_does() {
    compare("local");
}

#[test]
fn tasks_with_trakt_decide_as_flexget_does() {
    compare("trakt");
}
