//! The daemon, the history of runs, and the log file.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use flexget_core::context::Clock;
use flexget_core::context::store::history::{RunFilter, RunOutcome, RunRecord};
use flexget_core::testing::{NOW, block_on};
use flexget_rs::Stream;
use flexget_tests::{Heard, Sandbox};

use crate::PROGRAM;

/// The program on a clock that moves while it sleeps.
const FAST: &str = env!("CARGO_BIN_EXE_flexget-rs-on-a-fast-clock");

/// Something to do at a time, in seconds after the start.
type At = (u64, Box<dyn Fn()>);

/// Asks the program to stop at a time, in seconds after the start, and does things before that.
fn stop_at(clock: &Clock, seconds: u64, events: Vec<At>) -> flexget_rs::Interrupt {
    let (clock, done) = (clock.clone(), Rc::new(Cell::new(0)));
    let events = Rc::new(events);
    Rc::new(move || {
        let (clock, done, events) = (clock.clone(), Rc::clone(&done), Rc::clone(&events));
        Box::pin(async move {
            while clock.now() < NOW + Duration::from_secs(seconds) {
                while let Some((at, event)) = events.get(done.get())
                    && clock.now() >= NOW + Duration::from_secs(*at)
                {
                    event();
                    done.set(done.get() + 1);
                }
                tokio::task::yield_now().await;
            }
        }) as Pin<Box<dyn Future<Output = ()>>>
    })
}

fn runs(sandbox: &Sandbox) -> Vec<RunRecord> {
    let mut runs = sandbox.store().runs(&RunFilter { entries: true, ..RunFilter::default() }).unwrap();
    runs.reverse();
    runs
}

/// The minutes after the start at which a task ran.
fn minutes(sandbox: &Sandbox, task: &str) -> Vec<i64> {
    let of_task = runs(sandbox).into_iter().filter(|run| run.task == task);
    of_task.map(|run| run.started.duration_since(NOW).as_secs() / 60).collect()
}

const MOCK: &str = "{ mock: [ A ], accept_all: yes, seen: no }";

fn config(schedules: &str) -> String {
    format!(
        "schedules:\n{schedules}\ntasks:\n  a: {MOCK}\n  b: {MOCK}\n  rare: {{ manual: yes, mock: [ A ], accept_all: yes }}\n"
    )
}

const EVERY_TEN: &str =
    "  - { tasks: [ a, rare ], interval: { minutes: 10 } }\n  - { tasks: '*', schedule: { minute: 25 } }\n";

#[test]
fn tasks_run_by_intervals_and_at_times() {
    let mut sandbox = Sandbox::new(&config(EVERY_TEN));
    sandbox.interrupt = Some(stop_at(&sandbox.clock, 35 * 60, Vec::new()));
    let ran = sandbox.run("daemon").good();
    assert_eq!(minutes(&sandbox, "a"), [10, 20, 25, 30]);
    assert_eq!(minutes(&sandbox, "b"), [25]);
    assert_eq!(minutes(&sandbox, "rare"), [10, 20, 30], "a manual task that is named runs, and no mask means it");
    assert!(ran.stdout.starts_with("a: 1 entry: 1 accepted"), "{}", ran.stdout);
    assert!(ran.stderr.ends_with("note: stopped\n"), "{}", ran.stderr);
}

#[test]
fn an_interval_keeps_its_rhythm_over_restarts_and_one_missed_run_is_caught_up() {
    let mut sandbox = Sandbox::new(&config("  - { tasks: a, interval: { hours: 1 } }\n"));
    sandbox.interrupt = Some(stop_at(&sandbox.clock, 90 * 60, Vec::new()));
    sandbox.run("daemon").good();
    // Down for three hours: the runs at 120, 180 and 240 are one, and the rhythm stays.
    let later = NOW + Duration::from_secs(270 * 60);
    sandbox.clock = Clock::fixed(later);
    sandbox.interrupt = Some(stop_at(&sandbox.clock, 310 * 60, Vec::new()));
    sandbox.run("daemon").good();
    assert_eq!(minutes(&sandbox, "a"), [60, 270, 300]);
    // Down for days: not caught up.
    sandbox.clock = Clock::fixed(NOW + Duration::from_secs(5 * 86_400 + 60));
    sandbox.interrupt = Some(stop_at(&sandbox.clock, 5 * 86_400 + 120, Vec::new()));
    let ran = sandbox.run("daemon").good();
    assert_eq!(minutes(&sandbox, "a").len(), 3);
    assert!(ran.stderr.contains("was due more than a day ago"), "{}", ran.stderr);
}

#[test]
fn a_clock_that_jumps_back_or_ahead_does_not_stop_it_or_run_tasks_again_and_again() {
    let mut sandbox = Sandbox::new(&config("  - { tasks: a, interval: { hours: 1 } }\n"));
    let shared = sandbox.clock.shared().unwrap();
    let jump = move |minutes: i64| {
        let shared = shared.clone();
        Box::new(move || {
            shared.fetch_add(minutes * 60_000, std::sync::atomic::Ordering::SeqCst);
        })
    };
    // Ahead by three hours at 30, then back by two at 250, which is 130 again.
    let events: Vec<At> = vec![(30 * 60, jump(180)), (250 * 60, jump(-120))];
    sandbox.interrupt = Some(stop_at(&sandbox.clock, 260 * 60, events));
    sandbox.run("daemon").good();
    let minutes = minutes(&sandbox, "a");
    assert_eq!(minutes[..2], [210, 240], "missed runs are one, and the rhythm stays");
    assert_eq!(minutes.len(), 4, "{minutes:?}");
    assert!(minutes[2] <= 130 + 61, "it goes on within an interval after the clock was set back: {minutes:?}");
}

#[test]
fn a_changed_config_is_taken_and_a_wrong_one_is_not() {
    let mut sandbox = Sandbox::new(&config("  - { tasks: a, interval: { minutes: 10 } }\n"));
    let path = sandbox.folder().join("config.yml");
    let write = |text: String| {
        let path = path.clone();
        Box::new(move || std::fs::write(&path, &text).unwrap())
    };
    let events: Vec<At> = vec![
        (
            15 * 60,
            write(config("  - { tasks: a, interval: { minutes: 10 } }\n  - { tasks: b, interval: { minutes: 4 } }\n")),
        ),
        (30 * 60, write(config("  - { tasks: a, interval: { minutes: nonsense } }\n"))),
        (45 * 60, write("tasks: {".to_owned())),
        (55 * 60, write(config("  - { tasks: b, interval: { minutes: 30 } }\n"))),
    ];
    sandbox.interrupt = Some(stop_at(&sandbox.clock, 60 * 60, events));
    let ran = sandbox.run("daemon").good();
    assert_eq!(minutes(&sandbox, "a"), [10, 20, 30, 40, 50], "an item that is the same keeps its rhythm");
    assert_eq!(minutes(&sandbox, "b"), [19, 23, 27, 31, 35, 39, 43, 47, 51]);
    assert_eq!(ran.stderr.matches("the changed config is in force").count(), 2, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("the changed config config.yml is wrong").count(), 2, "{}", ran.stderr);
}

#[test]
fn a_task_that_fails_or_crashes_does_not_end_it() {
    let tasks = "
        schedules: [ { tasks: '*', interval: { minutes: 10 } } ]
        tasks:
          a: { csv: { url: /nowhere, values: { title: 1, url: 1 } }, accept_all: yes }
          b: { mock: [ A ], accept_all: yes, seen: no }
        ";
    let mut sandbox = Sandbox::new(tasks);
    sandbox.interrupt = Some(stop_at(&sandbox.clock, 35 * 60, Vec::new()));
    sandbox.run("daemon").good();
    assert_eq!(minutes(&sandbox, "b"), [10, 20, 30]);
    let status = sandbox.run("status --format json");
    assert_eq!(status.code, 1, "a task fails");
    let status = status.json();
    let [a, b] = status["tasks"].as_array().unwrap().as_slice() else { panic!("{status}") };
    assert_eq!(
        (&a["result"], &a["failures"], &a["last_success"]),
        (&"aborted".into(), &3.into(), &serde_json::Value::Null)
    );
    assert_eq!((&b["result"], &b["failures"]), (&"ok".into(), &0.into()));
    assert!(a["error"].as_str().unwrap().contains("`/nowhere` cannot be read"), "{a}");
}

#[test]
fn a_database_has_one_daemon_and_a_task_one_run() {
    let mut sandbox = Sandbox::new(&config("  - { tasks: a, interval: { minutes: 10 } }\n"));
    let lock = sandbox.store().lock_daemon().unwrap();
    let ran = sandbox.run("daemon");
    assert_eq!(ran.code, 2);
    assert_eq!(ran.stderr.matches("runs already with the database").count(), 1, "{}", ran.stderr);
    let status = sandbox.run("status").stdout;
    assert!(status.starts_with(&format!("the daemon runs (process {})", std::process::id())), "{status}");
    drop(lock);
    let held = block_on(sandbox.store().lock_task("a", &sandbox.clock, |_| ())).unwrap();
    let held = Rc::new(RefCell::new(Some(held)));
    let polls = Rc::new(Cell::new(0));
    sandbox.interrupt = Some(Rc::new(move || {
        let (held, polls) = (Rc::clone(&held), Rc::clone(&polls));
        Box::pin(async move {
            loop {
                polls.set(polls.get() + 1);
                if polls.get() == 100 {
                    held.borrow_mut().take();
                }
                tokio::task::yield_now().await;
            }
        })
    }));
    let ran = sandbox.run("execute --tasks a").good();
    assert!(ran.stderr.contains("task `a` is running already"), "{}", ran.stderr);
    assert_eq!(runs(&sandbox).len(), 1);
}

#[test]
fn it_ends_when_the_write_under_way_is_answered() {
    let mut sandbox = Sandbox::new(
        "
        schedules: [ { tasks: '*', interval: { minutes: 10 } } ]
        tasks:
          a:
            mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
            accept_all: yes
            list_add: [ trakt_list: { account: me, list: watchlist } ]
            exec: { on_exit: { phase: touch too-late } }
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    let sim = Rc::new(RefCell::new(sandbox.sim.take().unwrap()));
    let (watched, asked) = (Rc::clone(&sim), Cell::new(0));
    sandbox.interrupt = Some(Rc::new(move || {
        let sim = Rc::clone(&watched);
        asked.set(asked.get() + 1);
        let asked = asked.get();
        Box::pin(async move {
            // Two wait for the first time; it is not asked twice.
            if asked > 2 {
                std::future::pending::<()>().await;
            }
            while sim.borrow().count("POST", "/sync/watchlist") == 0 {
                tokio::task::yield_now().await;
            }
        })
    }));
    sandbox.run("daemon").good();
    let changes = sandbox.run("changes --format json").json();
    assert_eq!(changes[0]["state"], "done", "{changes}");
    assert_eq!(runs(&sandbox)[0].outcome, RunOutcome::Interrupted);
}

#[test]
fn a_test_says_what_would_run_and_changes_nothing() {
    let sandbox = Sandbox::new(&config(EVERY_TEN));
    let ran = sandbox.run("daemon --test").good();
    assert!(ran.stdout.starts_with("would run the tasks of 2 schedules"), "{}", ran.stdout);
    assert!(ran.stdout.contains("2026-11-24 00:10 (in 10 min)"), "{}", ran.stdout);
    assert!(!sandbox.folder().join("flexget-rs.sqlite").exists());
}

#[test]
fn schedules_that_are_wrong_or_empty_are_refused() {
    for (schedules, message) in [
        ("[ { tasks: a, schedule: { hour: 25 } } ]", "`25` is not valid for `hour`: 0 to 23 are possible"),
        ("no", "there is nothing to do: `schedules` is `no` or empty"),
    ] {
        let sandbox = Sandbox::new(&format!("schedules: {schedules}\ntasks:\n  a: {MOCK}\n"));
        let ran = sandbox.run("daemon");
        assert_eq!((ran.code, ran.stderr.matches(message).count()), (2, 1), "{}", ran.stderr);
    }
    let sandbox =
        Sandbox::new(&format!("schedules: [ {{ tasks: b, interval: {{ hours: 1 }} }} ]\ntasks:\n  a: {MOCK}\n"));
    let ran = sandbox.run("check");
    assert!(ran.stderr.contains("`b` does not match any tasks"), "{}", ran.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn it_does_not_grow_in_ten_thousand_runs() {
    let sandbox = Sandbox::new(&format!(
        "schedules:\n{}tasks:\n{}",
        (0..10).map(|at| format!("  - {{ tasks: t{at}, interval: {{ minutes: 1 }} }}\n")).collect::<String>(),
        (0..10).map(|at| format!("  t{at}: {MOCK}\n")).collect::<String>(),
    ));
    let mut process = sandbox.process(FAST, "daemon -q");
    process.env("FAST_CLOCK_HOURS", "17");
    let output = process.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    let usage: Vec<[usize; 3]> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("usage "))
        .map(|line| line.split(' ').map(|number| number.parse().unwrap()).collect::<Vec<_>>().try_into().unwrap())
        .collect();
    assert_eq!(usage.len(), 10, "{stderr}");
    let last = sandbox.store().runs(&RunFilter { limit: Some(1), ..RunFilter::default() }).unwrap().remove(0);
    assert!(last.id >= 10_000, "{} runs", last.id);
    assert_eq!(runs(&sandbox).len(), 2_000, "200 of each task");
    // By the third tenth the history is full.
    let (full, end) = (usage[2], usage[9]);
    assert!(end[1] < full[1] + full[1] / 5, "the memory grows: {usage:?}");
    assert_eq!(end[2], full[2], "files stay open: {usage:?}");
    let size = std::fs::metadata(sandbox.folder().join("flexget-rs.sqlite")).unwrap().len();
    assert!(size < 4 << 20, "the database has {size} bytes");
    assert!(locks(sandbox.folder()).is_empty());
}

/// The lock files in a folder.
fn locks(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".lock")).collect()
}

#[cfg(unix)]
#[test]
fn a_run_that_was_killed_is_told_of_and_caught_up() {
    let sandbox = Sandbox::new(
        "
        schedules: [ { tasks: '*', interval: { minutes: 10 } } ]
        tasks:
          a:
            mock: [ A ]
            accept_all: yes
            seen: no
            exec: { shell: yes, on_output: { phase: 'test -e killed || { touch killed; kill -9 $PPID; sleep 60; }' } }
        ",
    );
    let run = || sandbox.process(FAST, "daemon").env("FAST_CLOCK_HOURS", "1").output().unwrap();
    assert_eq!(run().status.code(), None, "it was killed");
    let status = sandbox.run("status --format json").json();
    assert_eq!((&status["daemon"]["running"], &status["tasks"][0]["result"]), (&false.into(), &"killed".into()));
    let again = run();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let outcomes: Vec<RunOutcome> = runs(&sandbox).iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes[..2], [RunOutcome::Killed, RunOutcome::Ok]);
    assert_eq!(minutes(&sandbox, "a")[..3], [10, 10, 20], "the run that was killed is caught up");
    assert!(locks(sandbox.folder()).is_empty(), "locks of a process that was killed are taken and removed");
}

#[cfg(unix)]
#[test]
fn sigterm_ends_the_process() {
    let sandbox = Sandbox::new(&config("  - { tasks: a, interval: { hours: 10 } }\n"));
    let mut process = sandbox.process(PROGRAM, "daemon");
    let mut child = process.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().unwrap();
    while sandbox.store().schedule_times().unwrap_or_default().is_empty() {
        std::thread::yield_now();
    }
    let killed = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_history_tells_of_runs_and_of_entries() {
    let sandbox = Sandbox::new(
        "
        tasks:
          films:
            mock: [ Solaris (1972), Stalker (1979) ]
            if: [ '\"Solaris\" in title': accept ]
            list_add: [ entry_list: wanted ]
          wrong: { csv: { url: /nowhere, values: { title: 1, url: 1 } } }
        ",
    );
    assert!(sandbox.run("history").good().stdout.starts_with("no task has run yet"));
    assert_eq!(sandbox.run("execute").code, 1);
    let history = sandbox.run("history --format json").good().json();
    let [wrong, films] = history["runs"].as_array().unwrap().as_slice() else { panic!("{history}") };
    assert_eq!(
        (&films["task"], &films["outcome"], &films["produced"], &films["accepted"], &films["changed"]),
        (&"films".into(), &"ok".into(), &2.into(), &1.into(), &1.into())
    );
    assert_eq!(wrong["outcome"], "aborted");
    let text = sandbox.run("history").good().stdout;
    assert!(text.contains("films") && text.contains("aborted: `/nowhere` cannot be read"), "{text}");
    let entries = sandbox.run("history --entries").good().stdout;
    assert!(entries.contains("Solaris (1972)") && !entries.contains("Stalker"), "{entries}");
    let found = sandbox.run("history --search stalk").good().stdout;
    assert!(found.contains("Stalker (1979)") && found.contains("undecided"), "{found}");
    let one = sandbox.run("history --run 1").good().stdout;
    assert!(one.contains("add entry_list wanted: 1 items") && one.contains("accepted by if"), "{one}");
    let status = sandbox.run("status");
    assert!(status.code == 1 && status.stdout.contains("1 in a row"), "{}", status.stdout);
    // A dry run reads it, and is no run.
    sandbox.run("execute --test --tasks films").good();
    assert_eq!(sandbox.run("history --test --format json").good().json()["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_log_file_has_times_and_all_that_happens_and_no_secret() {
    let mut sandbox = Sandbox::new(
        "
        tasks:
          a: { trakt_list: { account: me, list: watchlist, type: movies }, accept_all: yes }
          b: { csv: { url: /nowhere, values: { title: 1, url: 1 } } }
        ",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    let account = flexget_core::context::auth::Auth::new(sandbox.store(), sandbox.clock.clone());
    let token = account.account("trakt", "me").unwrap().unwrap().tokens.access;
    let token = secrecy::ExposeSecret::expose_secret(&token).to_owned();
    let ran = sandbox.run("execute -l logs/flexget.log -L trace");
    let log = std::fs::read_to_string(sandbox.folder().join("logs/flexget.log")).unwrap();
    assert!(log.starts_with("2026-11-24 00:00:00 "), "{log}");
    assert!(log.contains("INFO  history: task `a` ends: ok"), "{log}");
    assert!(log.contains("ERROR history: task `b`: `/nowhere` cannot be read"), "{log}");
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "{log}");
    assert!(!log.contains(&token) && !log.contains(trakt_sim::CLIENT_SECRET), "{log}");
    assert!(!ran.stderr.contains("debug:"), "the level is the file's: {}", ran.stderr);
    let ran = sandbox.run("execute -vv --tasks a");
    assert!(ran.stderr.lines().any(|line| line.starts_with("00:00:00.000 debug: ")), "{}", ran.stderr);
    std::fs::write(sandbox.folder().join("file"), "").unwrap();
    let ran = sandbox.run("execute -l file/below.log");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.starts_with("error: the log file ") && ran.stderr.contains("= help: "), "{}", ran.stderr);
    sandbox.terminal = None;
}

/// Runs the program and returns what stood on its terminal at any time.
fn on_terminal(sandbox: &Sandbox, line: &str) -> String {
    let stderr = Heard::default();
    let world = sandbox
        .world(Stream::plain(Heard::default()), Stream { to: Box::new(stderr.clone()), terminal: sandbox.terminal });
    sandbox.run_in(line, world);
    stderr.text()
}

#[test]
fn long_work_shows_what_it_does_and_what_it_waits_for() {
    let films: String =
        (0..1_200).map(|at| format!("{{ title: Film {at}, movie_name: Film {at}, trakt_movie_id: {at} }}, ")).collect();
    for width in [60, 160] {
        let mut sandbox = Sandbox::new(&format!(
            "tasks:\n  a: {{ mock: [ {films} ], accept_all: yes, list_add: [ trakt_list: {{ account: me, list: watchlist }} ] }}\n"
        ))
        .with_sim()
        .on_terminal(width);
        sandbox.environment.insert("TERM".into(), "xterm".into());
        sandbox.authorize("me", "ann-kay");
        let shown = on_terminal(&sandbox, "execute");
        assert!(shown.contains("watchlist"), "{shown}");
        // A line of progress has no end; what is printed between them has.
        for line in shown.split("\u{1b}[2K").filter(|line| !line.contains('\n')) {
            assert!(line.trim_end_matches(['\r', '\n']).chars().count() < width, "{width}: {line}");
        }
        sandbox.environment.insert("TERM".into(), "dumb".into());
        assert!(!on_terminal(&sandbox, "execute").contains('\u{1b}'), "nothing moves on a dumb terminal");
    }
}
