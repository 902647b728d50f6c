//! Outcomes of tasks, entry by entry, as FlexGet 3.22.7 has them for the same configs.

use std::fmt::Write as _;
use std::fs;

use flexget_tests::{Sandbox, repository};

/// The states in the order of the files.
const STATES: [&str; 4] = ["accepted", "rejected", "failed", "undecided"];

/// Files beside the configs that tasks name.
const INPUTS: [&str; 3] = ["_feed.xml", "_films.txt", "_films"];

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

/// A new case is a new file, with the outcomes that FlexGet gave beside it.
#[test]
fn tasks_decide_as_flexget_does() {
    let folder = repository().join("tests/configs/flexget");
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let (parts, configs): (Vec<String>, Vec<String>) =
        names.filter(|name| name.ends_with(".yml")).partition(|name| name.starts_with('_'));
    assert!(configs.len() >= 28, "{configs:?}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mut wrong = String::new();
    for name in configs {
        // Paths are relative to the folder of the program, which is that of the tests here.
        let at = |config: String, input: &&str| {
            let path = folder.join(input).display().to_string();
            config
                .replace(&format!(": {input}"), &format!(": {path}"))
                .replace(&format!("[{input}]"), &format!("[{path}]"))
        };
        let sandbox = Sandbox::new(&INPUTS.iter().fold(read(&name), at)).with_sim();
        for part in &parts {
            sandbox.write(part, &read(part));
        }
        sandbox.authorize("me", "ann-kay");
        let ran = sandbox.run("execute --format json");
        let (ours, theirs) = (outcomes(&ran.json()), read(&name.replace(".yml", ".txt")));
        if ours != theirs || ran.code != 0 || theirs.is_empty() {
            let _ = writeln!(wrong, "{name} ({}):\n{ours}FlexGet:\n{theirs}{}", ran.code, ran.stderr);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
