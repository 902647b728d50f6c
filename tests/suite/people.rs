//! Configs in the shapes that people use: each loads, runs what can run, and tells the rest shortly.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use flexget_tests::{Sandbox, is_current, repository};

/// The lines of a screen, as they are printed where the output is no terminal.
const SCREEN: usize = 45;

/// A sandbox with the files of the folder, and an account `me` at a simulator.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty().with_sim();
    copy(&folder(), sandbox.folder());
    sandbox.authorize("me", "ann-kay");
    sandbox
}

fn folder() -> std::path::PathBuf {
    repository().join("tests/configs/people")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.path().extension().is_some_and(|ext| ext == "yml") {
            // Paths are relative to the folder of the program, which is that of the tests here.
            let config = fs::read_to_string(entry.path()).unwrap();
            let config = ["_feed.xml", "_films"]
                .into_iter()
                .fold(config, |config, name| config.replace(name, &from.join(name).display().to_string()));
            fs::write(target, config).unwrap();
        } else if entry.path().extension().is_none_or(|ext| ext != "out") {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// `check` warns of an account that is not stored, once one is.
#[test]
fn an_account_that_is_not_stored_is_warned_of() {
    let config = "tasks:\n  a:\n    trakt_list: { account: mee, list: watchlist, type: movies }\n    accept_all: yes\n";
    let sandbox = Sandbox::new(config).with_sim();
    assert_eq!(sandbox.run("check").good().stderr, "");
    sandbox.authorize("me", "ann-kay");
    let warned = sandbox.run("check").good().stderr;
    assert!(warned.contains("there is no account `mee` of trakt") && warned.contains("did you mean `me`?"), "{warned}");
}

/// The fields that `check` believes in are those that entries have.
#[test]
fn the_fields_of_trakts_entries_are_declared() {
    for input in [
        "trakt_list: { account: me, list: watchlist }",
        "trakt_list: { account: me, list: collection }",
        "trakt_list: { account: me, list: ratings }",
        "trakt_list: { account: me, list: watched }",
        "next_trakt_episodes: { account: me, list: Following TV }",
        "trakt_calendar: { account: me, type: episodes, days: 30 }",
        "trakt_calendar: { account: me, type: movies, days: 30 }",
    ] {
        let sandbox = Sandbox::new(&format!("tasks:\n  a:\n    {input}\n    accept_all: yes\n")).with_sim();
        sandbox.authorize("me", "ann-kay");
        let report = sandbox.run("execute --test --format json").good().json();
        let entries = report["tasks"][0]["entries"].as_array().unwrap();
        let fields: BTreeSet<&String> =
            entries.iter().flat_map(|entry| entry["fields"].as_object().unwrap().keys()).collect();
        assert!(fields.len() > 5 || input.contains("movies, days"), "{input}: {fields:?}");
        let fields = fields.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        sandbox.write("config.yml", &format!("tasks:\n  a:\n    {input}\n    require_field: [ {fields} ]\n"));
        assert_eq!(sandbox.run("check").good().stderr, "", "{input}");
    }
}

#[test]
fn a_migration_is_data_too() {
    let sandbox = sandbox();
    let data = sandbox.run("-c trakt-to-radarr-and-sonarr.yml check --migrate --format json").good().json();
    assert_eq!(data["tasks"][0]["task"], "to radarr");
    assert_eq!(data["tasks"][0]["runs"], "in_flexget");
    assert_eq!(data["tasks"][0]["needs"][0], "radarr_list");
    let data = sandbox.run("-c downloads-with-hooks.yml check --migrate --format json").good().json();
    assert_eq!(data["tasks"][0]["runs"], "without");
    assert_eq!(data["tasks"][0]["disable"], serde_json::json!(["move", "decompress"]));
}

/// A mistake that many tasks share is told once, with the first places.
#[test]
fn a_mistake_of_many_tasks_is_told_in_a_screenful() {
    let mistakes = "mock: [ A ]\n    accept_all: maybe\n    list_add: [ entry_lis: a ]\n";
    let missing = "mock: [ A ]\n    accept_all: yes\n    transmission: yes\n    series: [ A ]\n";
    for (body, code) in [(mistakes, 2), (missing, 0)] {
        let tasks: String = (0..60).map(|nth| format!("  t{nth}:\n    {body}")).collect();
        let sandbox = Sandbox::new(&format!("tasks:\n{tasks}"));
        for (line, code) in [("check", code), ("check --migrate", 0), ("execute --test", 1)] {
            let ran = sandbox.run(line);
            let text = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.code, code, "{line}: {text}");
            assert!(text.lines().count() <= SCREEN, "{line}: {text}");
        }
        let checked = sandbox.run("check").stderr;
        assert!(checked.contains("and 56 more") && checked.contains("in task `t0`"), "{checked}");
    }
}

/// Mistakes that differ from task to task are counted where they fill the screen.
#[test]
fn many_different_mistakes_are_told_in_a_screenful() {
    let task = |nth| format!("  t{nth}:\n    mock: [ A ]\n    plug{nth}: yes\n    accept_all: m{nth}\n");
    let sandbox = Sandbox::new(&format!("tasks:\n{}", (0..60).map(task).collect::<String>()));
    for (line, code) in [("check", 2), ("check --migrate", 0), ("execute --test", 1)] {
        let ran = sandbox.run(line);
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, code, "{line}: {text}");
        assert!(text.lines().count() <= SCREEN, "{line}: {text}");
    }
    let ran = sandbox.run("execute --test").stderr;
    assert!(ran.contains("tasks `t0`, `t1`, `t2` and 57 more were aborted for 60 reasons"), "{ran}");
}

/// A new case is a new file; `BLESS=1` writes what is said of it beside it.
#[test]
fn configs_of_people_run_or_are_told_in_a_screenful() {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".yml").map(str::to_owned))
        .filter(|name| !name.starts_with('_'))
        .collect();
    names.sort();
    assert!(names.len() >= 60, "{}", names.len());
    let mut wrong = Vec::new();
    for name in names {
        let sandbox = sandbox();
        let mut said = String::new();
        for line in ["check", "check --migrate", "execute --test"] {
            let ran = sandbox.run(&format!("-c {name}.yml {line}"));
            let text = format!("{}{}", ran.stdout, ran.stderr).replace(&folder().display().to_string(), "FOLDER");
            if text.lines().count() > SCREEN || (line == "check" && ran.code != 0) {
                wrong.push(format!("{name}: {line} (exit code {}):\n{text}", ran.code));
            }
            let _ = write!(said, "$ {line}  # {}\n{text}\n", ran.code);
        }
        if !is_current(&folder().join(format!("{name}.out")), &said) {
            wrong.push(format!("{name}:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "these are not as expected:\n{}", wrong.join("\n"));
}
