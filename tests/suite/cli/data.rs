//! What is printed for programs.

use std::rc::Rc;

use flexget_tests::Sandbox;

use super::TWO_TASKS;

#[test]
fn json_is_one_document_that_the_schema_describes() {
    let sandbox = Sandbox::new(TWO_TASKS);
    let ran = sandbox.run("execute --format json").good();
    let report = ran.json();
    assert_eq!(ran.titles("tidy", "undecided"), ["Stalker (1979)"]);
    assert_eq!(report["tasks"][0]["changes"][0]["done"], 2);
    let schema = crate::generated::report_schema();
    let mistakes: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!(mistakes, Vec::<String>::new());
}

#[test]
fn json_is_one_document_whatever_goes_wrong() {
    let sandbox = Sandbox::new("tasks:\n  a:\n    acept_all: yes\n  b: { mock: [ A ], accept_all: yes }\n");
    sandbox.write("text.yml", "just text\n");
    for (line, code) in [
        ("execute --format json", None),
        ("execute nope --format json", Some(2)),
        ("-c text.yml execute --format json", Some(2)),
        ("-c text.yml check --format json", Some(2)),
        ("-c nope.yml execute --format json", Some(2)),
        ("-c nope.yml check --format json", Some(2)),
        ("-c nope.yml entry-list all --format json", Some(2)),
        ("plugins nope --format json", Some(2)),
        ("entry-list show nope --format json", Some(1)),
        ("undo 7 --format json", Some(1)),
        ("undo --format json", Some(2)),
        ("nope --format json", Some(2)),
        ("execute --nope --format=json", Some(2)),
        ("execute --color pink --form json", Some(2)),
        ("trakt --format json", Some(2)),
        ("--format json", Some(2)),
        ("changes list --limit many --format json", Some(2)),
        ("--log text.yml/log execute --format json", Some(2)),
    ] {
        let ran = sandbox.run(line);
        assert!(ran.json().is_object(), "{line}: {}", ran.stdout);
        assert!(code.is_none_or(|code| code == ran.code), "{line}: {}", ran.code);
    }
    let mut wrong = sandbox.run("-c text.yml execute --format json").json();
    assert!(wrong["error"]["message"].is_string() && wrong["diagnostics"][0]["line"].is_number(), "{wrong}");
    wrong = sandbox.run("plugins --nope --format json").json();
    assert_eq!(wrong["error"]["message"], "unexpected argument '--nope' found", "{wrong}");
    let mut logged = Sandbox::new("tasks: {}\n");
    logged.environment.insert("FLEXGET_LOG".into(), "a=b=c".into());
    let wrong = logged.run("check --format json").json();
    assert!(wrong["error"]["message"].as_str().is_some_and(|text| text.contains("FLEXGET_LOG")), "{wrong}");
    let wrong = sandbox.run("-c text.yml execute --format json").json();
    assert!(wrong["error"]["message"].is_string() && wrong["diagnostics"][0]["line"].is_number(), "{wrong}");
}

#[test]
fn json_is_one_document_when_the_user_stops_a_command() {
    let mut sandbox =
        Sandbox::new("tasks: { a: { trakt_list: { account: me, list: watchlist }, accept_all: yes } }\n").with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().fail(trakt_sim::Fault::on("*", "/").with(trakt_sim::Trouble::Hang));
    sandbox.interrupt = Some(Rc::new(|| {
        Box::pin(async {
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
        })
    }));
    for line in ["execute", "explain a", "doctor", "trakt lists me", "trakt list --verify"] {
        let ran = sandbox.run(&format!("{line} --format json"));
        assert_eq!(ran.code, 130, "{line}: {}", ran.stderr);
        assert!(ran.json().is_object(), "{line}: {}", ran.stdout);
    }
}

#[test]
fn check_gives_its_findings_as_data() {
    let sandbox = Sandbox::new("tasks:\n  a:\n    acept_all: yes\n");
    let ran = sandbox.run("check --format json");
    assert_eq!((ran.code, ran.stderr.as_str()), (2, ""));
    let found = ran.json();
    assert_eq!(found["ok"], false);
    let first = &found["diagnostics"][0];
    assert_eq!((&first["file"], &first["line"], &first["column"]), (&"config.yml".into(), &3.into(), &5.into()));
    assert_eq!(first["end_column"], 14);
    assert_eq!(first["tasks"][0], "a");
    assert_eq!(first["help"][0], "did you mean `accept_all`?");
}
