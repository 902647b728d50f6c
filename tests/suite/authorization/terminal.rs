//! The program on a real terminal: what is typed and shown there, and what Ctrl-C leaves of it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use flexget_core::context::Clock;
use flexget_tests::Sandbox;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use secrecy::ExposeSecret;
use trakt_sim::{CLIENT_ID, CLIENT_SECRET};

use super::stored;
use crate::PROGRAM;

/// How long the program may take to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process on a terminal, as somebody who sits there sees it.
pub(crate) struct Terminal {
    keys: File,
    screen: Option<File>,
    process: Child,
    seen: Arc<(Mutex<Vec<u8>>, Condvar)>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Terminal {
    /// Starts the program; `pipe` says that its data goes elsewhere.
    pub(crate) fn start(sandbox: &Sandbox, width: u16, line: &str, pipe: bool) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let keys = File::from(master);
        let screen = OpenOptions::new().read(true).write(true).open(name).unwrap();
        tcsetwinsize(&screen, Winsize { ws_row: 40, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let mut command = sandbox.process(PROGRAM, line);
        command.stdin(screen.try_clone().unwrap()).stderr(screen.try_clone().unwrap());
        command.stdout(if pipe { Stdio::piped() } else { screen.try_clone().unwrap().into() });
        let process = command.spawn().unwrap();
        drop(command);
        let seen = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let mut output = keys.try_clone().unwrap();
        let told = Arc::clone(&seen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It fails when the last who could write is gone.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                told.0.lock().unwrap().extend(&bytes[..count]);
                told.1.notify_all();
            }
        });
        Self { keys, screen: Some(screen), process, seen, reader: Some(reader) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen.0.lock().unwrap()).into_owned()
    }

    /// Waits until this is on the screen.
    pub(crate) fn until(&self, words: &str) {
        let seen = self.seen.0.lock().unwrap();
        let missing = |seen: &mut Vec<u8>| !String::from_utf8_lossy(seen).contains(words);
        let (seen, waited) = self.seen.1.wait_timeout_while(seen, PATIENCE, missing).unwrap();
        assert!(!waited.timed_out(), "`{words}` never came: {:?}", String::from_utf8_lossy(&seen));
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// What a terminal does at Ctrl-C.
    pub(crate) fn stop(&self) {
        let sent = std::process::Command::new("kill").args(["-INT", &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn shows_what_is_typed(&self) -> bool {
        tcgetattr(self.screen.as_ref().unwrap()).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the end: the exit code, and all that was shown.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let code = self.process.wait().unwrap().code();
        assert!(self.shows_what_is_typed(), "what is typed is shown again afterwards");
        drop(self.screen.take());
        self.reader.take().unwrap().join().unwrap();
        (code, self.text())
    }
}

/// A sandbox with the clock of the machine, whose user has a second between two polls to make up her mind.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new("tasks: {}");
    sandbox.clock = Clock::system();
    let sandbox = sandbox.with_sim();
    sandbox.sim().with(|world| world.oauth.interval = 1);
    sandbox
}

fn without_application() -> Sandbox {
    let mut sandbox = sandbox();
    sandbox.environment.remove("FLEXGET_TRAKT_CLIENT_ID");
    sandbox.environment.remove("FLEXGET_TRAKT_CLIENT_SECRET");
    sandbox
}

fn approve(sandbox: &Sandbox) -> String {
    let code = sandbox.sim().with(|world| world.oauth.devices.last().unwrap().user_code.clone());
    sandbox.sim().approve(&code, "ann-kay");
    code
}

#[test]
fn somebody_new_is_asked_once_shown_a_code_and_authorized() {
    let sandbox = without_application();
    let mut terminal = Terminal::start(&sandbox, 80, "trakt auth ann.kay", false);
    terminal.until("redirect URI `urn:ietf:wg:oauth:2.0:oob`");
    terminal.until("client id of your Trakt application:");
    assert!(terminal.shows_what_is_typed());
    terminal.type_line(CLIENT_ID);
    terminal.until("client secret (not shown; leave empty if there is none):");
    while terminal.shows_what_is_typed() {
        std::thread::yield_now();
    }
    terminal.type_line(CLIENT_SECRET);
    terminal.until("9:58 left: waiting for you");
    let code = approve(&sandbox);
    let (status, text) = terminal.end();
    assert_eq!(status, Some(0), "{text}");
    for shown in [&format!("enter the code {code}"), "█", "authorized as Trakt user `Ann.Kay`", CLIENT_ID, "10:00 left"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!text.contains(CLIENT_SECRET), "{text}");
    let account = stored_as(&sandbox, "ann.kay");
    assert_eq!(account.client_secret.unwrap().expose_secret(), CLIENT_SECRET);

    // Asked for once.
    let again = Terminal::start(&sandbox, 80, "trakt auth ann.kay", false);
    again.until("left: waiting for you");
    approve(&sandbox);
    let (status, text) = again.end();
    assert!(status == Some(0) && !text.contains("client id"), "{text}");
}

fn stored_as(sandbox: &Sandbox, name: &str) -> flexget_core::context::auth::Account {
    flexget_core::context::auth::Auth::new(sandbox.store(), Clock::system()).account("trakt", name).unwrap().unwrap()
}

#[test]
fn ctrl_c_at_a_question_stores_nothing_and_leaves_the_terminal_as_it_was() {
    let sandbox = without_application();
    let mut terminal = Terminal::start(&sandbox, 80, "trakt auth me", false);
    terminal.until("client id of your Trakt application");
    terminal.type_line(CLIENT_ID);
    terminal.until("client secret");
    while terminal.shows_what_is_typed() {
        std::thread::yield_now();
    }
    terminal.stop();
    assert_eq!(terminal.end().0, Some(130));
    assert!(stored(&sandbox).is_none());
    assert!(sandbox.sim().requests().is_empty());
}

#[test]
fn ctrl_c_while_it_waits_stores_nothing_and_takes_the_countdown_away() {
    let sandbox = sandbox();
    let terminal = Terminal::start(&sandbox, 80, "trakt auth me", false);
    terminal.until("left: waiting for you");
    terminal.stop();
    let (status, text) = terminal.end();
    assert_eq!(status, Some(130), "{text}");
    let (_, rest) = text.rsplit_once("\r\u{1b}[2K").unwrap();
    assert!(rest.contains(": interrupted\r\n") && !rest.contains("left"), "{text:?}");
    assert!(stored(&sandbox).is_none());
}

#[test]
fn a_narrow_terminal_shows_the_code_and_the_time_and_no_picture() {
    let sandbox = sandbox();
    let terminal = Terminal::start(&sandbox, 24, "trakt auth me", false);
    terminal.until("10:00 left: waiting");
    let code = approve(&sandbox);
    let (status, text) = terminal.end();
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains(&code) && !text.contains('█'), "{text}");
    let status_lines = text.split('\r').filter(|line| line.contains(" left: "));
    for line in status_lines {
        assert!(line.trim_start_matches("\u{1b}[2K").chars().count() < 24, "it would wrap: {line:?}");
    }
}

#[test]
fn data_into_a_pipe_is_plain_while_the_terminal_still_counts() {
    let sandbox = sandbox();
    let mut terminal = Terminal::start(&sandbox, 80, "trakt auth me", true);
    terminal.until("left: waiting for you");
    approve(&sandbox);
    let mut data = String::new();
    terminal.process.stdout.take().unwrap().read_to_string(&mut data).unwrap();
    let (status, text) = terminal.end();
    assert_eq!(status, Some(0), "{text}");
    assert!(data.starts_with("visit http://127.0.0.1:") && data.contains("is authorized as Trakt user"), "{data}");
    assert!(!data.contains('\u{1b}') && !data.contains('█') && !data.contains('\r'), "{data:?}");
}
