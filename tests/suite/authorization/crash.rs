//! Processes that start together, and processes that are killed.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::Duration;

use flexget_core::context::Clock;
use flexget_tests::Sandbox;
use trakt_sim::{Fault, Trouble};

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
    let mut command = sandbox.process(PROGRAM, "execute");
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
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
fn killed_before_it_asks_for_new_tokens() {
    let sandbox = sandbox();
    let lock = File::create(sandbox.folder().join("flexget-rs.sqlite.lock")).unwrap();
    lock.lock().unwrap();
    let mut child = start(&sandbox);
    std::thread::sleep(Duration::from_millis(300));
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
        let asked = sandbox.sim().count("POST", "/oauth/token");
        let next = sandbox.run_process(PROGRAM, "execute");
        assert!(stored(&sandbox).is_some(), "the account is there");
        if next.code != 0 {
            assert!(next.stderr.contains("needs to be authorized again"), "{}", next.stderr);
            assert_eq!(asked, 1, "nothing is lost unless Trakt was asked");
        }
    }
}
