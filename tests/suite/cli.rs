//! The command line and what it shows.

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

use flexget_core::context::auth::Auth;
use flexget_rs::Stream;
use flexget_tests::{Sandbox, dedent};
use secrecy::ExposeSecret;

const TWO_TASKS: &str = "
    tasks:
      movies:
        mock: [ Solaris (1972), The Assassination of Jesse James by the Coward Robert Ford (2007) ]
        accept_all: yes
        list_add: [ entry_list: wanted ]
      tidy:
        mock: [ Solaris (1972), Stalker (1979) ]
        list_match: { from: [ entry_list: wanted ], remove_on_match: no }
        seen: local
";

#[test]
fn a_report_reads_like_flexgets() {
    let sandbox = Sandbox::new(TWO_TASKS);
    let ran = sandbox.run("execute -v").good();
    assert_eq!(
        ran.stdout,
        dedent(
            "
            movies: Produced 2 entries
            movies: ACCEPTED: `Solaris (1972)` by accept_all plugin
            movies: ACCEPTED: `The Assassination of Jesse James by the Coward Robert Ford (2007)` by accept_all plugin
            movies: Summary - Accepted: 2 (Rejected: 0 Undecided: 0 Failed: 0)
            movies: list_add: 2 added to entry_list `wanted`
            tidy: Produced 2 entries
            tidy: ACCEPTED: `Solaris (1972)` by list_match plugin
            tidy: UNDECIDED: `Stalker (1979)`
            tidy: Summary - Accepted: 1 (Rejected: 0 Undecided: 1 Failed: 0)
            "
        )
    );
    // The second time everything is known, and one task needs no names.
    let ran = sandbox.run("execute -v MOV*").good();
    assert_eq!(
        ran.stdout.lines().nth(1),
        Some(
            "REJECTED: `Solaris (1972)` by seen plugin because entry with title `Solaris (1972)` is already marked seen in the task movies at 2026-11-24 00:00"
        )
    );
}

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
fn a_narrow_terminal_gets_short_lines() {
    let sandbox = Sandbox::new(TWO_TASKS).on_terminal(40);
    let ran = sandbox.run("--color never execute --tasks movies -v").good();
    assert_eq!(
        ran.stdout,
        dedent(
            "
            Produced 2 entries
            ACCEPTED: `Solaris (1972)` by accept_all
              plugin
            ACCEPTED: `The Assassination of Jesse
              James by the Coward Robert Ford
              (2007)` by accept_all plugin
            Summary - Accepted: 2 (Rejected: 0
              Undecided: 0 Failed: 0)
            list_add: 2 added to entry_list `wanted`
            "
        )
    );
    let plugins = sandbox.run("--color never plugins").good();
    assert!(plugins.stdout.lines().all(|line| line.chars().count() <= 40), "{}", plugins.stdout);
}

#[test]
fn colours_are_for_terminals_and_for_those_who_want_them() {
    let mut sandbox = Sandbox::new(TWO_TASKS);
    let coloured = |sandbox: &Sandbox, line: &str| sandbox.run(line).good().stdout.contains('\u{1b}');
    assert!(!coloured(&sandbox, "execute --test"));
    assert!(coloured(&sandbox, "execute --test --color always"));
    sandbox.terminal = Some(80);
    assert!(coloured(&sandbox, "execute --test"));
    assert!(!coloured(&sandbox, "execute --test --color never"));
    sandbox.environment.insert("NO_COLOR".into(), "1".into());
    assert!(!coloured(&sandbox, "execute --test"));
}

#[test]
fn a_run_prints_what_matters() {
    let sandbox = Sandbox::new(TWO_TASKS);
    let first = "movies: 2 entries: 2 accepted\nmovies: list_add: 2 added to entry_list `wanted`\n\
                 tidy: 2 entries: 1 accepted, 1 undecided\n";
    assert_eq!(sandbox.run("execute").good().stdout, first);
    assert_eq!(sandbox.run("run movies").good().stdout, "2 entries: 2 rejected (2 already seen)\n");
    assert_eq!(sandbox.run("--cron execute movies").good(), sandbox.run("-q execute movies"));
    let again = Sandbox::new(TWO_TASKS);
    let changed = "movies: 2 entries: 2 accepted\nmovies: list_add: 2 added to entry_list `wanted`\n";
    assert_eq!(again.run("--cron execute").good().stdout, changed, "only the task that changed something");
    assert_eq!(again.run("--cron execute").good().stdout, "");
}

#[test]
fn equal_failures_are_one_line_with_a_count() {
    let titles: Vec<String> = (1..=9).map(|number| format!("Show: Part {number}")).collect();
    let config = format!(
        "tasks:\n  t: {{ mock: {titles:?}, accept_all: yes, seen: no, set: {{ title: '{{{{ nothing }}}}' }} }}\n\
         \x20 u: {{ mock: [A], accept_all: yes }}\n"
    );
    let ran = Sandbox::new(&config).run("execute t");
    let warnings: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("warning")).collect();
    assert!(warnings.len() == 1 && warnings[0].ends_with("(and 8 more like this)"), "{}", ran.stderr);
}

#[test]
fn a_terminal_that_cannot_draw_gets_plain_text() {
    let mut sandbox = Sandbox::new(TWO_TASKS).on_terminal(100);
    sandbox.run("execute").good();
    let drawn = |sandbox: &Sandbox| sandbox.run("entry-list list wanted").good().stdout;
    assert!(drawn(&sandbox).contains('│'));
    sandbox.environment.insert("LC_ALL".into(), "C".into());
    assert!(drawn(&sandbox).is_ascii(), "{}", drawn(&sandbox));
    sandbox.environment.insert("LC_ALL".into(), "C.UTF-8".into());
    sandbox.environment.insert("TERM".into(), "dumb".into());
    let dumb = drawn(&sandbox);
    assert!(dumb.is_ascii() && !dumb.contains('\u{1b}'), "{dumb}");
}

#[test]
fn nothing_from_outside_plays_with_the_terminal() {
    let hostile = "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{7f}";
    let mut sandbox = Sandbox::new(
        r#"
        templates:
          "t\e[2J": { accept_all: yes }
        tasks:
          "name\e[2J":
            mock: [ { title: "a\e[2J\nACCEPTED: b", field: "v\u009b2J", "f\e[2J": 1 } ]
            accept_all: yes
            seen: no
            list_add: [ entry_list: "list\e[2J" ]
        "#,
    );
    sandbox.write("bad.yml", "tasks:\n  a:\n    \"acept\\e[2Jall\": yes\n    mock: [ \"\\u009b2J\" ]\n");
    sandbox.environment.insert("FLEXGET_LOG".into(), "trace".into());
    let lines = [
        "execute -v".to_owned(),
        "execute".to_owned(),
        "execute --dump".to_owned(),
        "execute --dump-config".to_owned(),
        "execute --format json".to_owned(),
        "execute --dump-config --format json".to_owned(),
        format!("execute {hostile}"),
        hostile.to_owned(),
        format!("execute --{hostile}"),
        format!("-c {hostile}.yml check"),
        "-c bad.yml check".to_owned(),
        "-c bad.yml check --format json".to_owned(),
        "-c bad.yml execute --format json".to_owned(),
        format!("plugins {hostile}"),
        format!("entry-list add {hostile} http://x/{hostile}"),
        "entry-list list".to_owned(),
        "entry-list all".to_owned(),
        format!("entry-list show {hostile}"),
        format!("entry-list del {hostile}"),
        format!("entry-list purge {hostile} --yes"),
        format!("seen add {hostile}"),
        "seen search '*'".to_owned(),
        format!("seen search nothing{hostile}"),
        format!("seen forget {hostile}"),
        format!("trakt auth {hostile}"),
        format!("trakt delete {hostile}"),
        format!("undo {hostile}"),
        format!("import flexget-db {hostile}"),
        format!("schema --plugin {hostile}"),
    ];
    for terminal in [None, Some(120)] {
        sandbox.terminal = terminal;
        for line in &lines {
            let ran = sandbox.run(&format!("--color never {line}"));
            for text in [&ran.stdout, &ran.stderr] {
                let is_obeyed = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
                // The program's own: erasing a status line, and styles of errors on the command line.
                let own = ["\r\u{1b}[2K", "\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m"];
                let text = own.iter().fold(text.clone(), |text, own| text.replace(own, ""));
                assert!(!text.contains(is_obeyed), "{line:?}: {text:?}");
            }
        }
    }
}

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
fn a_dry_run_leaves_nothing_behind_wherever_the_word_stands() {
    let sandbox = Sandbox::new(TWO_TASKS);
    for line in ["--test execute --tasks movies", "execute --tasks movies --test"] {
        let ran = sandbox.run(line).good();
        assert!(ran.stdout.contains("list_add: would add 2 to entry_list `wanted`\n"), "{}", ran.stdout);
        assert!(ran.stdout.contains("would add: Solaris (1972)\n"), "{}", ran.stdout);
    }
}

#[test]
fn a_task_that_is_aborted_is_told_beside_the_report_and_the_next_one_runs() {
    let sandbox = Sandbox::new(
        "
        tasks:
          first:
            trakt_list: { account: nobody, list: watchlist, type: movies }
            accept_all: yes
          second: { mock: [ A ], accept_all: yes }
        ",
    )
    .with_sim();
    let ran = sandbox.run("execute");
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.stderr,
        dedent(
            "
            error: task `first` was aborted by trakt_list: account `nobody` has not been authorized
              = help: run `flexget-rs trakt auth nobody`
            "
        )
    );
    assert!(ran.stdout.contains("second: 1 entry: 1 accepted"), "{}", ran.stdout);
    assert_eq!(sandbox.sim().requests().len(), 0);
    // Only what went wrong is left when the user wants quiet.
    for line in ["-q execute", "--cron execute"] {
        let quiet = sandbox.run(line);
        assert_eq!((quiet.stdout.as_str(), &quiet.stderr), ("", &ran.stderr));
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
fn without_a_config_it_says_where_it_looked_and_how_to_begin() {
    let sandbox = Sandbox::empty();
    let ran = sandbox.run("execute");
    assert_eq!(ran.code, 2);
    let here = sandbox.folder().display();
    assert_eq!(
        ran.stderr,
        format!(
            "error: there is no config `config.yml`: looked for {here}/config.yml, ~/.flexget/config.yml, ~/.config/flexget/config.yml
  = help: run `flexget-rs init` to write one, or name another one with `-c FILE`
"
        )
    );
}

#[test]
fn a_config_is_found_where_flexget_would_look() {
    let mut sandbox = Sandbox::empty();
    let config = |name: &str| format!("tasks:\n  {name}: {{ mock: [ A ], accept_all: yes }}\n");
    let ran_task = |sandbox: &Sandbox, line: &str| sandbox.run(line).json()["tasks"][0]["name"].clone();
    sandbox.write("home/.config/flexget/config.yml", &config("usual"));
    assert_eq!(ran_task(&sandbox, "execute --format json"), "usual");
    sandbox.write("home/.flexget/config.yml", &config("old"));
    assert_eq!(ran_task(&sandbox, "execute --format json"), "old");
    sandbox.write("config.yml", &config("here"));
    assert_eq!(ran_task(&sandbox, "execute --format json"), "here");
    sandbox.write("home/named.yml", &config("named"));
    sandbox.environment.insert("FLEXGET_CONFIG".into(), "~/named.yml".into());
    assert_eq!(ran_task(&sandbox, "execute --format json"), "named");
    assert_eq!(ran_task(&sandbox, "-c config.yml execute --format json"), "here");
}

#[test]
fn the_database_is_beside_the_config_or_where_it_is_wanted() {
    let mut sandbox = Sandbox::new(TWO_TASKS);
    sandbox.run("execute").good();
    assert!(sandbox.folder().join("flexget-rs.sqlite").exists());
    sandbox.environment.insert("FLEXGET_DATABASE".into(), "~/other.sqlite".into());
    sandbox.run("execute").good();
    assert!(sandbox.folder().join("home/other.sqlite").exists());
    sandbox.run("execute --database third.sqlite").good();
    assert!(sandbox.folder().join("third.sqlite").exists());
}

#[test]
fn two_configs_in_one_folder_do_not_see_what_the_other_has_seen() {
    let sandbox = Sandbox::new(TWO_TASKS);
    sandbox.write("sorting.yml", TWO_TASKS);
    sandbox.run("execute --tasks movies").good();
    let other = sandbox.run("-c sorting.yml execute --tasks movies --format json").good();
    assert_eq!(other.titles("movies", "accepted").len(), 2);
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
    assert_eq!(version.stdout, concat!("flexget-rs ", env!("CARGO_PKG_VERSION"), "\n"));
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

#[test]
fn a_screenful_of_mistakes_is_enough() {
    let wrong: String = (0..30).map(|number| format!("  t{number}: {{ acept_all: yes }}\n")).collect();
    let ran = Sandbox::new(&format!("tasks:\n{wrong}")).run("check");
    assert_eq!(ran.stderr.matches("-->").count(), 20);
    assert!(ran.stderr.ends_with("… and 10 more\n\nerror: 30 errors in config.yml\n"), "{}", ran.stderr);
}

#[test]
fn a_mistake_in_a_template_is_told_once_with_its_tasks() {
    let ran = Sandbox::new(
        "
        templates:
          shared: { acept_all: yes }
        tasks:
          a: { template: shared, mock: [ A ] }
          b: { template: shared, mock: [ B ] }
        ",
    )
    .run("check");
    assert_eq!(ran.stderr.matches("acept_all` is not valid").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("--> config.yml:2:13"), "{}", ran.stderr);
    assert!(ran.stderr.contains("in template `shared`, used by tasks `a`, `b`"), "{}", ran.stderr);
}

#[test]
fn the_final_config_is_shown_as_one_that_runs() {
    let sandbox = Sandbox::new(
        "
        templates:
          global: { accept_all: yes }
        tasks:
          a: { mock: [ \"yes\" ] }
          b: { mock: [ B ] }
        ",
    );
    let ran = sandbox.run("execute --tasks a --dump-config").good();
    sandbox.write("final.yml", &ran.stdout);
    let again = sandbox.run("-c final.yml execute --format json").good();
    assert_eq!(again.titles("a", "accepted"), ["yes"], "{}", ran.stdout);
    assert_eq!(again.json()["tasks"].as_array().unwrap().len(), 1);
}

#[test]
fn fields_are_dumped_by_state() {
    let sandbox = Sandbox::new("tasks:\n  a: { mock: [ { title: A, year: 1972 } ], accept_all: yes }\n");
    let ran = sandbox.run("execute --test --dump accepted rejected").good();
    let dumped: Vec<&str> = ran.stdout.lines().skip(1).take(6).collect();
    assert!(ran.stdout.starts_with("─── Accepted ─"));
    assert_eq!(
        dumped,
        [
            "title          : A",
            "url            : mock://localhost/mock/a",
            "original_title : A",
            "original_url   : mock://localhost/mock/a",
            "year           : 1972",
            ""
        ]
    );
    assert!(ran.stdout.contains("No rejected entries\n"));
}

#[test]
fn commands_of_plugins_work_without_a_config_and_say_so() {
    let sandbox = Sandbox::empty().with_sim();
    let ran = sandbox.run("trakt list").good();
    assert!(
        ran.stderr.contains("note: there is no config yet: using the database ~/.config/flexget/flexget-rs.sqlite\n")
    );
    assert_eq!(sandbox.run("trakt list --format json").good().json(), serde_json::json!([]));
    let named = sandbox.run("-c nope.yml trakt list");
    assert_eq!(named.code, 2, "{}", named.stderr);
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
fn a_reader_that_goes_away_ends_the_output_and_not_the_work() {
    struct Gone(io::ErrorKind);
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for (kind, code, said) in [
        (io::ErrorKind::BrokenPipe, 0, ""),
        (io::ErrorKind::StorageFull, 1, "error: the output cannot be written: no storage space\n"),
    ] {
        let sandbox = Sandbox::new(TWO_TASKS);
        let stderr = flexget_tests::Heard::default();
        let world = sandbox.world(Stream::plain(Gone(kind)), Stream::plain(stderr.clone()));
        assert_eq!(sandbox.run_in("execute", world), code);
        assert_eq!(stderr.text(), said);
        let again = sandbox.run("execute --tasks movies --format json").good();
        assert_eq!(again.titles("movies", "rejected").len(), 2, "the work was not done");
    }
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
fn what_it_logs_can_be_chosen() {
    let mut sandbox = Sandbox::new("tasks:\n  a: { mock: [ A ], accept_all: yes }\n");
    assert_eq!(sandbox.run("execute").good().stderr, "");
    sandbox.environment.insert("FLEXGET_LOG".into(), "nonsense=loud".into());
    let ran = sandbox.run("execute");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`FLEXGET_LOG` is not valid"), "{}", ran.stderr);
}
