//! Processes that start together, and processes that are killed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use flexget_core::context::Clock;
use flexget_tests::Sandbox;
use secrecy::ExposeSecret;
use trakt_sim::{Fault, Gate, Trouble};

use super::{authorize_expired, stored};
use crate::PROGRAM;

const READ: &str = "
    tasks:
      read: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
    ";

/// How long a process may take to get somewhere.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox whose simulator has the clock of the machine, as the processes have, and an account that has to be renewed.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new(READ);
    sandbox.clock = Clock::system();
    let sandbox = sandbox.with_sim();
    authorize_expired(&sandbox);
    sandbox
}

fn start(sandbox: &Sandbox) -> Child {
    start_with(sandbox, "execute")
}

fn start_with(sandbox: &Sandbox, line: &str) -> Child {
    let mut command = sandbox.process(PROGRAM, line);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until a process says this on stderr.
fn wait_until_said(child: &mut Child, text: &str) {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(text)), "it ended without saying: {text}");
}

fn database(sandbox: &Sandbox) -> rusqlite::Connection {
    rusqlite::Connection::open(sandbox.accounts()).unwrap()
}

/// Nothing in the database is damaged.
fn is_whole(sandbox: &Sandbox) {
    let found: String = database(sandbox).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
}

/// Whether a process has a file open.
#[cfg(target_os = "linux")]
fn opens(process: &Child, file: &std::path::Path) -> bool {
    let file = file.canonicalize().unwrap();
    let open = std::fs::read_dir(format!("/proc/{}/fd", process.id())).into_iter().flatten().flatten();
    open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|path| path == file)
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn of_twenty_processes_one_renews_and_all_succeed() {
    let sandbox = sandbox();
    let children: Vec<Child> = (0..20).map(|_| start(&sandbox)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1);
    let refused = sandbox.sim().requests().iter().filter(|seen| seen.status == 401).count();
    assert_eq!(refused, 0, "nobody sends a token that has expired");
}

#[test]
fn of_twenty_processes_with_a_revoked_token_one_renews_too() {
    let mut sandbox = Sandbox::new(READ);
    sandbox.clock = Clock::system();
    let sandbox = sandbox.with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().expire_access("ann-kay");
    let children: Vec<Child> = (0..20).map(|_| start(&sandbox)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1);
}

#[test]
fn a_token_that_ends_in_the_middle_of_a_run_is_taken_from_whoever_renewed_it() {
    let mut sandbox = Sandbox::new(READ);
    sandbox.clock = Clock::system();
    let sandbox = sandbox.with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().with(|world| {
        world.oauth.renewal_ends_access = true;
        world.fill_watchlist("ann-kay", 600);
    });
    // While one process reads the second page, another renews.
    let second = Fault::on("GET", "/sync/watchlist").query("page", "2").once();
    let gate = Gate::default();
    sandbox.sim().fail(second.with(Trouble::Held(gate.clone())));
    let child = start(&sandbox);
    assert!(gate.wait_for_request(PATIENCE));
    sandbox.run_process(PROGRAM, "trakt refresh me").good();
    gate.open();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(sandbox.sim().requests().iter().filter(|seen| seen.status == 401).count(), 1);
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1, "nobody renews what was just renewed");
}

/// The configs of four tasks, which each put another movie on a list.
fn writers(sandbox: &Sandbox) -> [&'static str; 4] {
    let movies = ["tt0137523", "tt0133093", "tt0245429", "tt1375666"];
    for movie in movies {
        let config = format!(
            "
            tasks:
              write:
                mock: [ {{ title: A, movie_name: A, imdb_id: {movie} }} ]
                accept_all: yes
                list_add: [ trakt_list: {{ account: me, list: favorites }} ]
            "
        );
        sandbox.write(&format!("{movie}.yml"), &config);
    }
    movies
}

#[test]
fn processes_that_write_at_once_all_succeed() {
    let mut sandbox = Sandbox::new(READ);
    sandbox.clock = Clock::system();
    let sandbox = sandbox.with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().with(|world| world.limits = trakt_sim::Limits::real());
    let children = writers(&sandbox).map(|movie| start_with(&sandbox, &format!("-c {movie}.yml execute")));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // On a busy machine a write may come too near to the one before; then it is sent again.
    let made = sandbox.sim().requests().into_iter().filter(|seen| seen.path == "/sync/favorites" && seen.status < 300);
    assert_eq!(made.count(), 4);
}

/// The clock moves only while somebody waits, so that this does not depend on the machine.
#[test]
fn runs_of_all_configs_keep_the_pace_together() {
    let sandbox = Sandbox::new(READ).with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().with(|world| world.limits = trakt_sim::Limits::real());
    let start = sandbox.clock.now();
    for movie in writers(&sandbox) {
        sandbox.run(&format!("-c {movie}.yml execute")).good();
    }
    let writes: Vec<_> = sandbox.sim().requests().into_iter().filter(|seen| seen.path == "/sync/favorites").collect();
    assert!(writes.len() == 4 && writes.iter().all(|seen| seen.status < 300), "nobody has to be refused: {writes:?}");
    let took = sandbox.clock.now().duration_since(start).as_millis();
    assert!((3_000..4_000).contains(&took), "three waits, and no longer ones: {took} ms");
}

#[test]
fn killed_before_it_asks_for_new_tokens() {
    let sandbox = sandbox();
    let lock = File::create(sandbox.accounts().with_extension("sqlite.lock")).unwrap();
    lock.lock().unwrap();
    let mut child = start(&sandbox);
    // It has opened the file when it waits for its turn.
    #[cfg(target_os = "linux")]
    while !opens(&child, &sandbox.accounts().with_extension("sqlite.lock")) {
        assert!(child.try_wait().unwrap().is_none(), "it ended without waiting");
        std::thread::yield_now();
    }
    assert!(child.try_wait().unwrap().is_none(), "it waits for its turn");
    kill(child);
    lock.unlock().unwrap();
    sandbox.run_process(PROGRAM, "execute").good();
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1);
}

#[test]
fn killed_before_trakt_has_renewed() {
    let sandbox = sandbox();
    sandbox.sim().fail(Fault::on("POST", "/oauth/token").with(Trouble::Hang));
    let child = start(&sandbox);
    assert!(sandbox.sim().wait_for("POST", "/oauth/token", 1, PATIENCE));
    kill(child);
    sandbox.sim().heal();
    sandbox.run_process(PROGRAM, "execute").good();
}

#[test]
fn killed_after_trakt_has_renewed_and_before_the_answer() {
    let sandbox = sandbox();
    sandbox.sim().fail(Fault::on("POST", "/oauth/token").with(Trouble::HangAfter));
    let child = start(&sandbox);
    assert!(sandbox.sim().wait_for("POST", "/oauth/token", 1, PATIENCE));
    kill(child);
    sandbox.sim().heal();
    // The only thing that is lost is what nobody could keep.
    let next = sandbox.run_process(PROGRAM, "execute");
    assert_eq!(next.code, 1);
    assert!(
        next.stderr.contains("the trakt account `me` needs to be authorized again: session not found"),
        "{}",
        next.stderr
    );
    assert!(next.stderr.contains("run `flexget-rs trakt auth me`"), "{}", next.stderr);
    sandbox.sim().auto_approve(Some("ann-kay"), 0);
    sandbox.sim().with(|world| world.oauth.interval = 1);
    sandbox.run_process(PROGRAM, "trakt auth me").good();
    sandbox.run_process(PROGRAM, "execute").good();
}

#[test]
fn killed_with_the_answer_in_hand_and_before_it_is_stored() {
    let sandbox = sandbox();
    let before = stored(&sandbox).unwrap();
    // While the answer comes, somebody else takes the database.
    let gate = Gate::default();
    sandbox.sim().fail(Fault::on("POST", "/oauth/token").with(Trouble::Held(gate.clone())));
    let blocker = database(&sandbox);
    let mut child = start_with(&sandbox, "-vv execute");
    assert!(gate.wait_for_request(PATIENCE));
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    gate.open();
    wait_until_said(&mut child, "/oauth/token: 200");
    assert!(child.try_wait().unwrap().is_none(), "it waits for the database");
    kill(child);
    blocker.execute_batch("ROLLBACK").unwrap();
    sandbox.sim().heal();
    is_whole(&sandbox);
    let after = stored(&sandbox).unwrap();
    assert_eq!(before.tokens.refresh.expose_secret(), after.tokens.refresh.expose_secret());
    assert_eq!(sandbox.sim().count("GET", "/"), 0, "tokens that are not stored are not used");
    let next = sandbox.run_process(PROGRAM, "execute");
    assert!(
        next.code == 1 && next.stderr.contains("needs to be authorized again: session not found"),
        "{}",
        next.stderr
    );
}

#[test]
fn killed_after_the_new_tokens_are_stored() {
    let sandbox = sandbox();
    sandbox.sim().fail(Fault::on("GET", "/sync/watchlist").with(Trouble::Hang));
    let child = start(&sandbox);
    assert!(sandbox.sim().wait_for("GET", "/sync/watchlist", 1, PATIENCE));
    kill(child);
    sandbox.sim().heal();
    sandbox.run_process(PROGRAM, "execute").good();
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1, "what was stored is used");
}

#[test]
fn killed_at_any_moment() {
    for step in 0..20 {
        let sandbox = sandbox();
        let child = start(&sandbox);
        // From the start on, and then more closely from when Trakt is asked until the tokens are stored and used.
        if step < 10 {
            std::thread::sleep(Duration::from_millis(10) * step);
        } else {
            assert!(sandbox.sim().wait_for("POST", "/oauth/token", 1, PATIENCE));
            std::thread::sleep(Duration::from_micros(500) * (step - 10));
        }
        kill(child);
        is_whole(&sandbox);
        let next = sandbox.run_process(PROGRAM, "execute");
        assert!(stored(&sandbox).is_some(), "the account is there");
        if next.code != 0 {
            assert!(next.stderr.contains("needs to be authorized again"), "{}", next.stderr);
            // The request of the process that was killed may reach the simulator after its end, so it is counted here.
            let asked = sandbox.sim().count("POST", "/oauth/token");
            assert!(asked >= 2, "nothing is lost unless Trakt was asked before: {asked}");
        }
    }
}
