//! Which tasks run, and what ends them.

use std::cell::Cell;
use std::rc::Rc;

use flexget_core::context::auth::Auth;
use flexget_tests::{Sandbox, dedent};
use secrecy::ExposeSecret;

use super::TWO_TASKS;

#[test]
fn tasks_are_named_by_masks_or_as_they_are_called() {
    let task = "{ mock: [ A ], accept_all: yes, seen: no }";
    let sandbox = Sandbox::new(&format!(
        "tasks:\n  '[tv]': {task}\n  TV: {task}\n  t: {task}\n  movies: {{ manual: yes, mock: [ A ], accept_all: yes, seen: no }}\n"
    ));
    for (line, expected) in [
        ("execute", vec!["[tv]", "TV", "t"]),
        ("execute --tasks tv", vec!["TV"]),
        ("execute --tasks [tv]", vec!["[tv]"]),
        ("execute --tasks [xt]", vec!["t"]),
        ("execute --tasks MOV* ?", vec!["t", "movies"]),
        ("execute --tasks *", vec!["[tv]", "TV", "t"]),
    ] {
        let report = sandbox.run(&format!("{line} --format json")).good().json();
        let names: Vec<&str> =
            report["tasks"].as_array().unwrap().iter().map(|task| task["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{line}");
    }
    for (line, message) in [
        ("execute --tasks movie", "`movie` does not match any tasks"),
        ("execute --tasks [b-a]", "`[b-a]` is not a pattern for tasks"),
    ] {
        let ran = sandbox.run(line);
        assert_eq!(ran.code, 2, "{line}");
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
}

#[test]
fn a_dry_run_leaves_nothing_behind_wherever_the_word_stands() {
    let sandbox = Sandbox::new(TWO_TASKS);
    for line in ["--test execute --tasks movies", "execute --tasks movies --test"] {
        let ran = sandbox.run(line).good();
        assert!(ran.stdout.contains("list_add: would add 2 to entry_list `wanted`\n"), "{}", ran.stdout);
        assert!(ran.stdout.contains("would add: Solaris (1972)\n"), "{}", ran.stdout);
    }
}

#[test]
fn a_list_is_read_through_the_simulator() {
    let sandbox = Sandbox::new(
        "
        tasks:
          read: { trakt_list: { account: me, list: watchlist, type: movies }, accept_all: yes, seen: no }
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    let ran = sandbox.run("execute --format json").good();
    assert!(!ran.titles("read", "accepted").is_empty(), "{}", ran.stdout);
    assert_eq!(ran.json()["requests"]["GET"], sandbox.sim().requests().len());
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    let sandbox = Sandbox::new(TWO_TASKS);
    for (line, said) in [
        ("bogus", "unrecognized subcommand 'bogus'"),
        ("execute --bogus", "unexpected argument '--bogus'"),
        ("execute --tasks nope", "`nope` does not match any tasks"),
        ("execute --tasks movie", "did you mean `movies`?"),
        ("execute --cli-config x", "write it as `KEY=VALUE`"),
        ("-c nope.yml execute", "there is no config `nope.yml`"),
        ("-c . execute", "this is a folder"),
        ("-q -v execute", "cannot be used with"),
        ("plugins acept_all", "did you mean `accept_all`?"),
        ("schema --plugin acept_all", "did you mean `accept_all`?"),
        ("", "Usage: flexget-rs"),
    ] {
        let ran = sandbox.run(line);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{line}");
        assert!(ran.stderr.contains(said), "{line}: {}", ran.stderr);
    }
    let version = sandbox.run("--version").good();
    let target = format!("{}-", std::env::consts::ARCH);
    assert!(version.stdout.starts_with(concat!("flexget-rs ", env!("CARGO_PKG_VERSION"), " (")), "{}", version.stdout);
    assert!(version.stdout.contains(&target), "{}", version.stdout);
}

#[test]
fn a_file_that_is_no_text_is_explained() {
    let sandbox = Sandbox::empty();
    std::fs::write(sandbox.folder().join("config.yml"), b"tasks:\n  caf\xe9: {}\n").unwrap();
    let ran = sandbox.run("check");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        dedent(
            "
            error: the file is not UTF-8
             --> config.yml:2:6
              |
            2 |   caf�: {}
              |      ^
              |
              = help: save it as UTF-8: the editor asks for the encoding

            "
        )
        .replace("encoding\n", "encoding\n\n")
        .replace("\n\n\n", "\n\n")
    );
}

#[test]
fn an_account_is_authorized_from_the_command_line() {
    let sandbox = Sandbox::new(TWO_TASKS).with_sim();
    sandbox.sim().auto_approve(Some("ann-kay"), 2);
    let ran = sandbox.run("trakt auth me").good();
    let accounts = sandbox.run("trakt list --format json").good();
    assert_eq!(accounts.json().as_array().map(Vec::len), Some(1), "{}{}", ran.stdout, ran.stderr);
    let all = format!("{ran:?}{accounts:?}{:?}", sandbox.run("-vvv execute --test"));
    let stored = Auth::new(sandbox.store(), sandbox.clock.clone()).account("trakt", "me").unwrap().unwrap();
    for secret in
        [trakt_sim::CLIENT_SECRET, stored.tokens.access.expose_secret(), stored.tokens.refresh.expose_secret()]
    {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn completions_know_the_commands_of_plugins() {
    let ran = Sandbox::empty().run("completions bash").good();
    assert!(ran.stdout.contains("flexget-rs"));
}

#[test]
fn the_user_can_stop_it() {
    let mut sandbox = Sandbox::new(
        "
        tasks:
          first: { mock: [ A ], accept_all: yes, seen: no }
          second: { trakt_list: { account: me, list: watchlist, type: movies }, accept_all: yes }
          third: { mock: [ C ], accept_all: yes }
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    let hang = trakt_sim::Fault::on("GET", "/").with(trakt_sim::Trouble::Hang);
    sandbox.sim().fail(hang);
    // Asked once, after everything else had its turn; the request that hangs is given a little time, and left.
    let asked = Rc::new(Cell::new(0));
    sandbox.interrupt = Some(Rc::new(move || {
        let asked = Rc::clone(&asked);
        Box::pin(async move {
            asked.set(asked.get() + 1);
            if asked.get() > 1 {
                std::future::pending::<()>().await;
            }
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
        })
    }));
    let ran = sandbox.run("execute --format json");
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    let report = ran.json();
    let names: Vec<&serde_json::Value> = report["tasks"].as_array().unwrap().iter().map(|task| &task["name"]).collect();
    assert_eq!(names, ["first"], "{}", ran.stdout);
    assert_eq!(report["interrupted"], true);
    assert!(ran.stderr.contains("interrupted") && !ran.stderr.contains("aborted"), "{}", ran.stderr);
}

#[test]
fn the_status_tells_that_the_config_is_wrong() {
    let sandbox = Sandbox::new("tasks: [");
    let ran = sandbox.run("status").good();
    assert!(
        ran.stderr.starts_with("warning: the config config.yml is wrong: only tasks that have run"),
        "{}",
        ran.stderr
    );
}
