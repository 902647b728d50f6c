//! `inject` and `execute --now`.

use flexget_tests::Sandbox;

const CONFIG: &str = "
    tasks:
      a:
        mock: [ From the config (2001) ]
        interval: 1 day
        if: [ year > 2000: accept, title == 'Bad': reject ]
        list_add: [ movie_list: films ]
      by hand: { manual: yes, mock: [ A (2001) ], accept_all: yes }
";

/// FlexGet 3.22.7 runs no inputs and gives the entry to all other plugins, too.
#[test]
fn an_injected_entry_takes_the_place_of_those_of_the_inputs() {
    let sandbox = Sandbox::new(CONFIG);
    let ran = sandbox.run("inject 'Solaris (1972)' --fields year=2002 rating=7.5 --format json").good();
    assert_eq!(ran.titles("a", "accepted"), ["Solaris (1972)"]);
    let document = ran.json();
    assert_eq!(document["tasks"].as_array().unwrap().len(), 1, "a manual task must be named");
    let entry = &document["tasks"][0]["entries"][0];
    assert_eq!((&entry["fields"]["rating"], &entry["fields"]["year"]), (&7.5.into(), &2002.into()));
    assert!(sandbox.run("movie-list list films").good().stdout.contains("Solaris"));
}

#[test]
fn an_injected_entry_is_accepted_or_kept_from_rejection() {
    let run = |options: &str| {
        let sandbox = Sandbox::new(CONFIG);
        let ran = sandbox.run(&format!("inject Bad http://x/1 {options} --tasks a --format json"));
        let entry = ran.json()["tasks"][0]["entries"][0].clone();
        (entry["state"].as_str().unwrap().to_owned(), entry["fields"]["url"].as_str().unwrap().to_owned())
    };
    assert_eq!(run(""), ("rejected".to_owned(), "http://x/1".to_owned()));
    assert_eq!(run("--accept").0, "rejected");
    assert_eq!(run("--force --accept").0, "accepted");
}

#[test]
fn a_url_alone_or_a_field_without_a_value_is_a_mistake_of_the_command_line() {
    let sandbox = Sandbox::new(CONFIG);
    let ran = sandbox.run("inject http://localhost/x");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("needs a title") && ran.stderr.contains("inject TITLE URL"), "{}", ran.stderr);
    assert_eq!(sandbox.run("inject A --fields 'x=[' ").code, 2);
    assert_eq!(sandbox.run("inject A --fields x").code, 2);
}

#[test]
fn nothing_of_an_injected_entry_is_kept_in_a_dry_run() {
    let sandbox = Sandbox::new(CONFIG);
    let said = sandbox.run("--test inject 'Solaris (1972)' --fields year=2002 --tasks a").good().stdout;
    assert!(said.contains("would add 1"), "{said}");
    assert!(!sandbox.run("movie-list list films").stdout.contains("Solaris"));
}

/// FlexGet 3.22.7 ignores the interval with `--now`, too, and counts it from that run on.
#[test]
fn now_runs_a_task_whose_interval_is_not_over() {
    let sandbox = Sandbox::new(CONFIG);
    sandbox.run("execute").good();
    let outcome = |line: &str| sandbox.run(line).json()["tasks"][0]["outcome"].as_str().unwrap().to_owned();
    assert_eq!(outcome("execute --format json"), "skipped");
    assert_eq!(outcome("execute --now --format json"), "ok");
    assert_eq!(outcome("execute --format json"), "skipped");
}
