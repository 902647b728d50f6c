//! A trial of scale: one daemon with many accounts and scheduled tasks, against the simulator, on a clock that runs fast.
//!
//! `cargo run -p flexget-tests --example soak -- ACCOUNTS TASKS HOURS FACTOR` (1000 5000 2 20 if none is given) starts
//! the simulator with Trakt's limits, and the daemon as a process of its own; both have a clock that is FACTOR times as
//! fast as the machine's. Each task runs once in an hour, at a minute of its own. It prints how late tasks began, what the
//! simulator refused, and how the memory of the daemon grew.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program that prints figures")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what goes wrong ends the trial")]

use std::cell::Cell;
use std::fmt::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use flexget_core::context::Clock;
use flexget_core::context::store::history::{RunFilter, RunOutcome};
use flexget_core::testing::{NOW, block_on};
use flexget_rs::World;
use flexget_tests::Sandbox;
use jiff::Timestamp;
use trakt_sim::{Limits, Media, Place, Privacy};

/// Titles that the first account looks up in each of its tasks: more than Trakt allows it at once.
const LOOKUPS: usize = 250;

/// Items on the watchlist of each account.
const ITEMS: usize = 20;

fn main() -> ExitCode {
    match std::env::var("SOAK_BEGAN") {
        Ok(began) => daemon(began.parse().expect("a time")),
        Err(_) => trial(),
    }
}

fn number(at: usize, usual: usize) -> usize {
    std::env::args().nth(at).map_or(usual, |text| text.parse().expect("a number"))
}

/// The daemon, in a process of its own.
fn daemon(began: i64) -> ExitCode {
    let of = |name: &str| std::env::var(name).expect("a variable").parse::<u32>().expect("a number");
    let (hours, factor) = (of("SOAK_HOURS"), of("SOAK_FACTOR") as u16);
    let clock = Clock::faster(NOW, Timestamp::from_millisecond(began).expect("a time"), factor);
    let (watched, asked) = (clock.clone(), Cell::new(0));
    let interrupt: flexget_rs::Interrupt = Rc::new(move || {
        let clock = watched.clone();
        asked.set(asked.get() + 1);
        let asked = asked.get();
        Box::pin(async move {
            // Two wait for the first time; nobody asks twice.
            if asked > 2 {
                std::future::pending::<()>().await;
            }
            let end = NOW + Duration::from_secs(u64::from(hours) * 3600);
            while clock.now() < end {
                clock.sleep(Duration::from_secs(600)).await;
                if asked == 1 {
                    eprintln!("usage {} {}", (clock.now().duration_since(NOW)).as_secs() / 60, memory("VmRSS:"));
                }
            }
            eprintln!("peak {}", memory("VmHWM:"));
        })
    });
    let world = World { clock, interrupt, ..World::real() };
    let arguments = ["soak", "daemon", "-q", "--report", "page.html"].map(std::ffi::OsString::from);
    block_on(flexget_rs::run(arguments, world)).into()
}

/// Returns a line of the memory of this process, in KiB.
fn memory(line: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|one| one.strip_prefix(line)?.split_whitespace().next()?.parse().ok());
    found.unwrap_or_default()
}

/// Returns the config: a fifth of the tasks writes, and those of the first account look titles up.
fn config(accounts: usize, tasks: usize, films: &[Media]) -> String {
    let mut text = String::from("schedules:\n");
    for task in 0..tasks {
        let _ = writeln!(text, "  - {{ tasks: t{task}, schedule: {{ minute: {} }} }}", task % 60);
    }
    text += "tasks:\n";
    for task in 0..tasks {
        let account = task % accounts;
        let watchlist = format!("trakt_list: {{ account: a{account}, list: watchlist, type: movies }}");
        let body = match task / accounts {
            _ if account == 0 => {
                let films = films.iter().skip(task / accounts * LOOKUPS).take(LOOKUPS);
                let ids = films.filter_map(|film| if let Media::Movie(id) = film { Some(id) } else { None });
                let titles: Vec<String> =
                    ids.map(|id| format!("{{ title: Film {id}, trakt_movie_id: {id} }}")).collect();
                format!(
                    "mock: [ {} ], trakt_lookup: {{ account: a0 }}, if: [ trakt_rating > 1: accept ], seen: no",
                    titles.join(", ")
                )
            }
            4 => format!(
                "{watchlist}, accept_all: yes, seen: no, list_add: [ trakt_list: {{ account: a{account}, list: Copy }} ]"
            ),
            _ => format!("{watchlist}, if: [ trakt_year > 1900: accept ], seen: no"),
        };
        let _ = writeln!(text, "  t{task}: {{ {body} }}");
    }
    text
}

fn trial() -> ExitCode {
    let (accounts, tasks, hours, factor) = (number(1, 1000), number(2, 5000), number(3, 2), number(4, 20));
    let mut sandbox = Sandbox::empty();
    let shared = Arc::new(AtomicI64::new(NOW.as_millisecond()));
    let options = trakt_sim::Options {
        clock: Some(Arc::clone(&shared)),
        limits: Limits::real(),
        ..trakt_sim::Options::default()
    };
    let sim = trakt_sim::Sim::start(options).expect("a simulator");
    let films = sim.with(|world| {
        let films = world.add_movies(LOOKUPS * tasks.div_ceil(accounts));
        let movies = world.add_movies(ITEMS);
        for account in 0..accounts {
            let name = format!("a{account}");
            world.add_user(&name);
            world.put(&Place::Watchlist(name.clone()), &movies);
            world.add_list(Some(&name), "Copy", Privacy::Private);
        }
        films
    });
    sandbox.write("config.yml", &config(accounts, tasks, &films));
    sandbox.environment.insert("FLEXGET_TRAKT_API_URL".into(), sim.api_url());
    sandbox.environment.insert("FLEXGET_TRAKT_AUTH_URL".into(), sim.auth_url());
    sandbox.sim = Some(sim);
    for account in 0..accounts {
        sandbox.authorize(&format!("a{account}"), &format!("a{account}"));
    }

    let began = Timestamp::now();
    let clock = Clock::faster(NOW, began, factor as u16);
    std::thread::spawn(move || {
        loop {
            shared.store(clock.now().as_millisecond(), Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let program = std::env::current_exe().expect("the program");
    let mut process: Command = sandbox.process(&program.to_string_lossy(), "");
    process.env("SOAK_BEGAN", began.as_millisecond().to_string());
    process.env("SOAK_HOURS", hours.to_string()).env("SOAK_FACTOR", factor.to_string());
    let output = process.stdout(Stdio::null()).output().expect("a daemon");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();

    let runs = sandbox.store().runs(&RunFilter::default()).expect("the history");
    let lateness = |run: &flexget_core::context::store::history::RunRecord| {
        let task: i64 = run.task[1..].parse().expect("the number of a task");
        let into_hour = run.started.duration_since(NOW).as_secs().rem_euclid(3600);
        (into_hour - task % 60 * 60).rem_euclid(3600)
    };
    let late = runs.iter().map(lateness).collect::<Vec<i64>>();
    let failed = runs.iter().filter(|run| !matches!(run.outcome, RunOutcome::Ok | RunOutcome::Interrupted));
    let seen = sandbox.sim().requests();
    let usage = stderr.lines().filter_map(|line| line.strip_prefix("usage "));
    let peak = stderr.lines().filter_map(|line| line.strip_prefix("peak ")?.parse::<usize>().ok()).max();
    println!("{accounts} accounts, {tasks} tasks, {hours} hours at {factor} times the speed");
    println!("runs: {}, due: {}, not ok: {}", runs.len(), tasks * hours, failed.count());
    println!("began more than a minute late: {}", late.iter().filter(|seconds| **seconds >= 60).count());
    println!("latest: {} s", late.iter().max().copied().unwrap_or_default());
    println!("requests: {}, refused with 429: {}", seen.len(), seen.iter().filter(|one| one.status == 429).count());
    println!("of the first account: {}", seen.iter().filter(|one| one.user.as_deref() == Some("a0")).count());
    println!("memory of the daemon in KiB, by minutes: {}", usage.collect::<Vec<_>>().join(", "));
    println!("peak: {} KiB", peak.unwrap_or_default());
    let size = std::fs::metadata(sandbox.folder().join("flexget-rs.sqlite")).map_or(0, |file| file.len());
    println!("database: {} KiB", size / 1024);
    let page = std::fs::metadata(sandbox.folder().join("page.html")).map_or(0, |file| file.len());
    println!("page: {} KiB", page / 1024);
    if !output.status.success() {
        println!("{stderr}");
    }
    ExitCode::from(u8::from(!output.status.success()))
}
