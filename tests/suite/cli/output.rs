//! What is printed, and how much of it.

use std::io::{self, Write};

use flexget_rs::Stream;
use flexget_tests::{Sandbox, dedent};

use super::TWO_TASKS;

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
    for line in ["help execute", "plugins trakt_list", "explain tidy", "execute --test --dump"] {
        let shown = sandbox.run(line).stdout;
        assert!(shown.is_ascii(), "{line}: {shown}");
    }
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
fn a_screenful_of_mistakes_is_enough() {
    let check = |task: &dyn Fn(usize) -> String| {
        let tasks: String = (0..30).map(task).collect();
        Sandbox::new(&format!("tasks:\n{tasks}")).run("check").stderr
    };
    let different = check(&|number| format!("  t{number}: {{ qqq{number}: yes }}\n"));
    assert_eq!(different.matches("error: config.yml:").count(), 20, "{different}");
    assert!(different.ends_with("… and 10 more\n\nerror: 30 errors in config.yml\n"), "{different}");
    assert!(different.lines().count() < 50, "{different}");
    let same = check(&|number| format!("  t{number}: {{ acept_all: yes }}\n"));
    assert_eq!(same.matches("-->").count(), 1, "{same}");
    assert!(same.contains("also at config.yml:3:9, config.yml:4:9, config.yml:5:9 and 26 more"), "{same}");
    assert!(same.ends_with("error: 30 errors in config.yml\n"), "{same}");
    let few =
        check(&|number| if number < 7 { format!("  t{number}: {{ qqq{number}: yes }}\n") } else { String::new() });
    assert!(few.lines().count() < 50 && few.matches("-->").count() >= 4, "{few}");
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
    let dumped: Vec<&str> = ran.stdout.lines().skip(1).take(8).collect();
    assert!(ran.stdout.starts_with("─── Accepted ─"));
    assert_eq!(
        dumped,
        [
            "title          : A",
            "url            : mock://localhost/mock/a",
            "original_title : A",
            "original_url   : mock://localhost/mock/a",
            // FlexGet 3.22.7 has these two as fields, too.
            "accepted_by    : accept_all",
            "task           : a",
            "year           : 1972",
            ""
        ]
    );
    assert!(ran.stdout.contains("No rejected entries\n"));
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
        for line in ["execute", "--help", "--version"] {
            let stderr = flexget_tests::Heard::default();
            let world = sandbox.world(Stream::plain(Gone(kind)), Stream::plain(stderr.clone()));
            assert_eq!((sandbox.run_in(line, world), &*stderr.text()), (code, said), "{line}");
        }
        let again = sandbox.run("execute --tasks movies --format json").good();
        assert_eq!(again.titles("movies", "rejected").len(), 2, "the work was not done");
    }
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

#[test]
fn manuals_keep_their_paragraphs() {
    let text = Sandbox::empty().on_terminal(60).run("--color never plugins if").good().stdout;
    assert!(text.contains("plugins on them.\n\nA condition is"), "{text}");
    assert!(
        text.contains("\n* A field that does not exist makes the condition false,\n  also within `not`.\n"),
        "{text}"
    );
}
