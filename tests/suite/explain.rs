//! `explain`, `--dump trace` and the decisions in the JSON report.

use flexget_tests::Sandbox;

const CONFIG: &str = "
    tasks:
      films:
        mock:
          - { title: Solaris, year: 1972 }
          - { title: Dune, year: 2021 }
          - { title: Heat }
        if:
          - year < 2000: accept
          - year > 2020: reject
        set: { shelf: old }
        list_add: [ entry_list: films ]
";

#[test]
fn each_entry_shows_its_way() {
    let sandbox = Sandbox::new(CONFIG);
    let ran = sandbox.run("explain films").good();
    for line in [
        "`Solaris`: ACCEPTED",
        "filter if: ACCEPTED because matched requirement: year < 2000",
        "`Dune`: REJECTED",
        "`Heat`: UNDECIDED",
        "no plugin accepted or rejected it",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert_eq!(sandbox.run("entry-list all").good().stdout, "there is no entry list\n", "it is a dry run");
    let one = sandbox.run("explain films dun").good().stdout;
    assert!(one.starts_with("`Dune`: REJECTED\n") && !one.contains("Solaris"), "{one}");
}

#[test]
fn what_is_not_there_is_told() {
    let sandbox = Sandbox::new(CONFIG);
    for (line, code, told) in [
        ("explain film", 2, "did you mean `films`?"),
        ("explain films Solarris", 1, "did you mean `Solaris`?"),
        ("explain films nothing", 1, "it has 3 entries"),
    ] {
        let ran = sandbox.run(line);
        assert!(ran.code == code && ran.stderr.contains(told), "{line}: {}", ran.stderr);
        assert!(sandbox.run(&format!("{line} --format json")).json()["error"].is_object());
    }
}

#[test]
fn the_decisions_lead_to_the_states() {
    let sandbox = Sandbox::new(CONFIG);
    let report = sandbox.run("execute --test --format json").good().json();
    for entry in report["tasks"][0]["entries"].as_array().unwrap() {
        let mut verdicts =
            entry["decisions"].as_array().into_iter().flatten().filter_map(|one| one["verdict"].as_str());
        assert_eq!(verdicts.next_back().unwrap_or("undecided"), entry["state"], "{entry}");
    }
    let dump = sandbox.run("execute --test --dump trace").good();
    assert!(dump.stdout.contains("filter if: ACCEPTED because matched requirement"), "{}", dump.stdout);
}
