//! `explain`, `--trace`, `--dump trace` and the decisions in the JSON report.

use std::collections::BTreeSet;

use flexget_tests::Sandbox;
use serde_json::Value;

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
        "`Solaris`: ACCEPTED\n  input mock: produced it from config.yml:3\n",
        "  filter if: `year < 2000` is true (year = 1972)\n  filter if: ACCEPTED because matched requirement: year < 2000\n",
        "  filter if: `year < 2000` is false (year = 2021)\n",
        "  metainfo set: set shelf = \"old\"\n",
        "`Dune`: REJECTED",
        "`Heat`: UNDECIDED",
        "  filter seen: left it undecided\n",
        "  no plugin accepted or rejected it\n",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert_eq!(sandbox.run("entry-list all").good().stdout, "there is no entry list\n", "it is a dry run");
    let one = sandbox.run("explain films dun").good().stdout;
    assert!(one.starts_with("`Dune`: REJECTED\n") && !one.contains("Solaris"), "{one}");
    let text = sandbox.run("execute --test --trace").good().stdout;
    assert!(text.starts_with(&ran.stdout), "{text}");
}

#[test]
fn a_task_that_was_aborted_is_told_whatever_title_is_asked_for() {
    let sandbox = Sandbox::new("tasks:\n  a: { text: { url: gone.txt, entry: { title: '(.*)', url: '(.*)' } } }\n");
    for line in ["explain a", "explain a Heat"] {
        let ran = sandbox.run(line);
        let told = ran.stdout + &ran.stderr;
        assert!(ran.code == 1 && told.contains("`gone.txt`") && !told.contains("in its title"), "{line}: {told}");
    }
}

#[test]
fn a_task_without_a_filter_that_accepts_is_told() {
    let ran = Sandbox::new("tasks:\n  a: { mock: [ A ] }\n").run("explain a");
    assert!(ran.stdout.contains("the task has no filter that accepts"), "{}", ran.stdout);
}

#[test]
fn lookups_and_rules_show_their_values_and_their_cost() {
    let sandbox = Sandbox::new(
        "
        tasks:
          films:
            trakt_list: { account: me, list: watchlist, type: movies }
            trakt_lookup: { account: me }
            set: { seen_by_me: '{{ trakt_watched }}' }
            if:
              - not trakt_watched: accept
            list_remove: [ trakt_list: { account: me, list: watchlist } ]
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    let text = sandbox.run("explain films").good().stdout;
    for line in [
        "input trakt_list: produced it from list `watchlist` (account me)\n",
        "filter trakt_lookup: looked up trakt_watched with ",
        " with 2 requests for 4 entries\n",
        "filter if: `not trakt_watched` is true (trakt_watched = no)\n",
        "set: set seen_by_me = no\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(sandbox.sim().requests().iter().all(|request| request.method == "GET"), "it is a dry run");
    let report = sandbox.run("execute --test --trace --format json").good().json();
    let entry = &report["tasks"][0]["entries"][0];
    let event = |name: &str| {
        let found = entry["trace"].as_array().unwrap().iter().find(|one| one["event"] == name);
        found.unwrap_or_else(|| panic!("no {name}: {entry}")).clone()
    };
    assert_eq!(event("produced")["source"], "list `watchlist` (account me)");
    assert_eq!(event("evaluated")["values"]["trakt_watched"], false);
    assert_eq!(event("evaluated")["result"], true);
    assert!(event("looked_up")["fields"].as_array().unwrap().contains(&"trakt_watched".into()));
    assert_eq!(event("set")["fields"]["seen_by_me"], false);
    assert_eq!(event("decided")["verdict"], "accepted");
    let plain = sandbox.run("execute --test --format json").good().json();
    assert!(plain["tasks"][0]["entries"][0]["trace"].is_null(), "traces are only for those who ask");
}

#[test]
fn a_failed_lookup_is_why_an_entry_is_withheld() {
    let sandbox = Sandbox::new(
        "
        tasks:
          films:
            mock: [ { title: Inception, imdb_id: tt1375666 } ]
            trakt_lookup: { account: me }
            if:
              - trakt_watched: reject
            accept_all: yes
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox
        .sim()
        .fail(trakt_sim::Fault::on("GET", "/").with(trakt_sim::Trouble::Instead(trakt_sim::Reply::empty(400))));
    let text = sandbox.run("explain films").stdout;
    for line in [
        "filter trakt_lookup: could not look it up: ",
        "filter if: `trakt_watched` is not known, because `trakt_watched` could not be looked up\n",
        "filter if: UNDECIDED because `trakt_watched` is not known",
        "it is withheld from this run",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn an_entry_that_failed_says_why() {
    let sandbox = Sandbox::new(
        "
        tasks:
          command:
            mock: [ A ]
            accept_all: yes
            exec: { on_output: { for_accepted: 'false' }, fail_entries: yes }
          list:
            mock: [ B ]
            accept_all: yes
            list_add: [ trakt_list: { account: me, list: watchlist } ]
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    let text = sandbox.run("execute --trace").stdout;
    for line in ["`A`: FAILED", "  output exec: FAILED because ", "`B`: FAILED", "  output list_add: FAILED because "] {
        assert!(text.contains(line), "{line}: {text}");
    }
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

/// Asserts that the decisions of each entry, and those in its trace, end with its state.
fn assert_decisions_lead_to_states(report: &Value) {
    for entry in report["tasks"].as_array().unwrap().iter().flat_map(|task| task["entries"].as_array().unwrap()) {
        for (list, event) in [("decisions", None), ("trace", Some("decided"))] {
            let records = entry[list].as_array().into_iter().flatten();
            let records = records.filter(|record| event.is_none_or(|event| record["event"] == event));
            let last = records.filter_map(|record| record["verdict"].as_str()).next_back();
            assert_eq!(last.unwrap_or("undecided"), entry["state"], "{entry}");
        }
    }
}

#[test]
fn the_decisions_lead_to_the_states() {
    let sandbox = Sandbox::new(CONFIG);
    assert_decisions_lead_to_states(&sandbox.run("execute --test --trace --format json").good().json());
    let dump = sandbox.run("execute --test --dump trace").good();
    assert!(dump.stdout.contains("filter if: ACCEPTED because matched requirement"), "{}", dump.stdout);
}

/// Each plugin that decides, with a task and the line that says why `A` was not accepted, or was.
const DECIDING: &[(&str, &str, &str)] = &[
    ("accept_all", "mock: [ A ]\naccept_all: yes", "filter accept_all: ACCEPTED"),
    (
        "if",
        "mock: [ A ]\nif: [ \"title == 'A'\": reject ]",
        "filter if: REJECTED because matched requirement: title == 'A'",
    ),
    ("regexp", "mock: [ A ]\nregexp: { reject: [ a ] }", "filter regexp: REJECTED because "),
    ("require_field", "mock: [ A ]\nrequire_field: year\naccept_all: yes", "filter require_field: REJECTED because "),
    (
        "quality",
        "mock: [ { title: A, quality: 480p } ]\nquality: 720p+\naccept_all: yes",
        "filter quality: REJECTED because ",
    ),
    ("limit_new", "mock: [ B, A ]\nlimit_new: 1\naccept_all: yes", "filter limit_new: REJECTED because limit exceeded"),
    (
        "unique",
        "mock: [ { title: B, n: 1 }, { title: A, n: 1 } ]\nunique: { field: n, action: reject }",
        "filter unique: REJECTED because ",
    ),
    (
        "duplicates",
        "mock: [ { title: B, n: 1 }, { title: A, n: 1 } ]\nduplicates: { field: n, action: accept }",
        "filter duplicates: ACCEPTED because ",
    ),
    (
        "crossmatch",
        "mock: [ A ]\ncrossmatch: { from: [ mock: [ A ] ], fields: [ title ], action: reject }",
        "filter crossmatch: REJECTED because ",
    ),
    (
        "list_match",
        "mock: [ A ]\nseen: no\nlist_match: { from: [ entry_list: x ], action: reject }",
        "filter list_match: REJECTED because ",
    ),
    ("seen", "mock: [ A ]\naccept_all: yes", "filter seen: REJECTED because "),
    (
        "seen_movies",
        "mock: [ { title: A, imdb_id: tt0000001 } ]\nseen: no\nseen_movies: strict\naccept_all: yes",
        "filter seen_movies: REJECTED because ",
    ),
    ("only_new", "mock: [ A ]\nonly_new: yes\nseen: no\naccept_all: yes", "filter only_new: REJECTED because "),
    (
        "exists_movie",
        "mock: [ { title: A (1972), movie_name: A, movie_year: 1972 } ]\nexists_movie: ~/films\naccept_all: yes",
        "filter exists_movie: REJECTED because ",
    ),
    (
        "exists_series",
        "mock: [ A S01E01 ]\nmetainfo_series: yes\nexists_series: ~/shows\naccept_all: yes",
        "filter exists_series: REJECTED because ",
    ),
];

#[test]
fn every_plugin_that_decides_says_why() {
    for (plugin, task, told) in DECIDING {
        let mut sandbox = Sandbox::empty();
        let home = sandbox.folder().join("home").display().to_string();
        sandbox.environment.insert("HOME".into(), home);
        let before = "mock: [ { title: A, imdb_id: tt0000001 } ]\naccept_all: yes\nlist_add: [ entry_list: x ]";
        let indented = |task: &str| task.replace('\n', "\n    ");
        sandbox.write(
            "config.yml",
            &format!("tasks:\n  t:\n    {}\n  before:\n    {}\n", indented(task), indented(before)),
        );
        for file in ["home/films/A (1972)/A (1972).mkv", "home/shows/A S01E01.mkv"] {
            sandbox.write(file, "");
        }
        // Those that remember need an earlier run.
        if matches!(*plugin, "seen" | "seen_movies" | "only_new" | "list_match") {
            sandbox.run("execute --tasks before t").good();
        }
        let text = sandbox.run("explain t A").stdout;
        assert!(text.contains(told), "{plugin}: {text}");
        assert_decisions_lead_to_states(&sandbox.run("execute --tasks t --test --trace --format json").json());
    }
    let known: BTreeSet<&str> = DECIDING.iter().map(|(plugin, ..)| *plugin).collect();
    let plugins = Sandbox::empty().run("plugins --format json").good().json();
    let decides = |plugin: &&Value| {
        plugin["phases"].as_array().unwrap().iter().any(|phase| phase.as_str().unwrap().starts_with("filter("))
    };
    let deciding: BTreeSet<&str> =
        plugins.as_array().unwrap().iter().filter(decides).map(|plugin| plugin["name"].as_str().unwrap()).collect();
    // These order entries and run other plugins.
    let untold: Vec<_> = deciding.difference(&known).filter(|name| !["sort_by", "sequence"].contains(*name)).collect();
    assert!(untold.is_empty(), "no test that these say why: {untold:?}");
}
