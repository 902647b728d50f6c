//! The units and the container of `examples/`: their commands are run as they are written.

use std::fs;
use std::process::{Command, Stdio};

use flexget_tests::{Sandbox, repository};
use serde_json::Value;

use crate::PROGRAM;

const CONFIG: &str = "
    schedules: [ { tasks: '*', interval: { hours: 10 } } ]
    tasks:
      films: { mock: [ Solaris ], accept_all: yes, seen: no }
";

fn example(path: &str) -> String {
    fs::read_to_string(repository().join("examples").join(path)).unwrap()
}

/// Returns a sandbox whose config is where the units and the container look for it.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("flexget/config.yml", CONFIG);
    fs::create_dir_all(sandbox.folder().join("flexget-rs")).unwrap();
    sandbox
}

/// Returns the words of the command of a unit, with its specifiers as systemd expands them.
fn command_of_unit(name: &str, sandbox: &Sandbox) -> Vec<String> {
    let unit = example(&format!("systemd/{name}"));
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let folder = sandbox.folder().display().to_string();
    let line = line.replace("%h/.cargo/bin/flexget-rs", PROGRAM).replace("%E", &folder).replace("%S", &folder);
    assert!(!line.contains('%'), "{line}");
    line.split(' ').map(str::to_owned).collect()
}

/// Runs a command of a daemon until it has written its page, and ends it as systemd does.
fn serve(words: &[String], sandbox: &Sandbox, page: &str) {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).current_dir(sandbox.folder()).env_clear().env("HOME", sandbox.folder());
    command.env("XDG_CONFIG_HOME", sandbox.folder());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let page = sandbox.folder().join(page);
    while !page.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it has ended");
        std::thread::yield_now();
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(fs::read_to_string(&page).unwrap().contains("<!doctype html>"));
}

#[test]
fn the_service_of_the_daemon_serves_and_ends_on_sigterm() {
    let sandbox = sandbox();
    serve(&command_of_unit("flexget-rs.service", &sandbox), &sandbox, "flexget-rs/report.html");
    assert!(sandbox.folder().join("flexget-rs/flexget-rs.log").exists());
}

#[test]
fn the_service_of_the_timer_runs_all_tasks_once() {
    let sandbox = sandbox();
    let words = command_of_unit("flexget-rs-once.service", &sandbox);
    let ran = Command::new(&words[0]).args(&words[1..]).env("HOME", sandbox.folder()).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let log = fs::read_to_string(sandbox.folder().join("flexget-rs/flexget-rs.log")).unwrap();
    assert!(log.contains("task `films` ends: ok"), "{log}");
    let timer = example("systemd/flexget-rs.timer");
    assert!(timer.contains("Unit=flexget-rs-once.service"), "{timer}");
}

#[test]
fn systemd_knows_all_that_stands_in_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["flexget-rs.service", "flexget-rs-once.service", "flexget-rs.timer"];
    for name in names {
        // The program need not be installed.
        let unit = example(&format!("systemd/{name}")).replace("%h/.cargo/bin/flexget-rs", PROGRAM);
        fs::write(folder.path().join(name), unit).unwrap();
    }
    let paths = names.map(|name| folder.path().join(name));
    let verified = Command::new("systemd-analyze").arg("verify").args(&paths).output();
    let Ok(verified) = verified else {
        flexget_tests::skipped("there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let about_units: Vec<&str> = said.lines().filter(|line| names.iter().any(|name| line.contains(name))).collect();
    assert!(verified.status.success() && about_units.is_empty(), "{said}");
}

/// Returns the words of an instruction of the container file: a JSON array.
fn instruction(file: &str, name: &str) -> Vec<String> {
    let line = file.lines().rev().find_map(|line| line.strip_prefix(name)).unwrap();
    serde_json::from_str(line.trim()).unwrap()
}

#[test]
fn the_container_serves_its_config() {
    let file = example("container/Containerfile");
    let sandbox = sandbox();
    let folder = sandbox.folder().display().to_string();
    let words = instruction(&file, "ENTRYPOINT").into_iter().chain(instruction(&file, "CMD"));
    let mut words: Vec<String> = words.map(|word| word.replace("/config/", &format!("{folder}/"))).collect();
    assert_eq!(words[0], "flexget-rs");
    words[0] = PROGRAM.to_owned();
    serve(&words, &sandbox, "flexget/report.html");
    // All that is copied into it is there.
    assert!(file.contains("-p flexget-rs ") && repository().join("Cargo.lock").exists());
}

#[test]
fn the_compose_file_mounts_what_the_container_reads() {
    let compose: Value = serde_yaml::from_str(&example("container/compose.yaml")).unwrap();
    let service = &compose["services"]["flexget-rs"];
    assert_eq!(service["volumes"][0], "./config:/config");
    let context = repository().join("examples/container").join(service["build"]["context"].as_str().unwrap());
    let file = context.join(service["build"]["dockerfile"].as_str().unwrap());
    assert!(file.is_file() && context.join("Cargo.toml").is_file(), "{}", file.display());
    // The daemon waits a minute at most for requests under way.
    assert_eq!(service["stop_grace_period"], "75s");
}
