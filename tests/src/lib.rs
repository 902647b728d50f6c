//! A world for end-to-end tests: a folder, a clock that stands, a simulator if wanted, and the program as a function or as
//! a process.
//!
//! What is wrong with a test panics with words that say what.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use flexget_core::context::auth::{Account, Application, Auth, Tokens};
use flexget_core::context::http::HttpOptions;
use flexget_core::context::store::Store;
use flexget_core::context::{Clock, Environment};
use flexget_core::testing::NOW;
use flexget_rs::{Stream, World};
use tempfile::TempDir;
use trakt_sim::Sim;

/// The service that accounts of the simulator belong to.
const SERVICE: &str = "trakt";

/// A folder with configs and a database, and what is around it.
pub struct Sandbox {
    folder: TempDir,
    /// The time; it moves when the program waits.
    pub clock: Clock,
    /// The width of the terminal; `None` is a pipe.
    pub terminal: Option<usize>,
    /// The environment variables.
    pub environment: BTreeMap<String, String>,
    /// What a user types, one line for each question.
    pub typed: Vec<String>,
    /// The simulator, if there is one.
    pub sim: Option<Sim>,
    /// How the network is used.
    pub http: HttpOptions,
    /// What asks the program to stop, if anything does.
    pub interrupt: Option<flexget_rs::Interrupt>,
}

/// How a run of the program ended, and what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// The data.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl Ran {
    /// The one JSON document on stdout.
    ///
    /// # Panics
    /// It is none, or there is more.
    pub fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.stdout) {
            Ok(document) => document,
            Err(error) => panic!("not one JSON document ({error}):\n{}\n{}", self.stdout, self.stderr),
        }
    }

    /// The same, if the program ended well.
    ///
    /// # Panics
    /// It did not.
    pub fn good(self) -> Self {
        assert_eq!(self.code, 0, "the program failed:\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The titles of the entries of a task in this state, from a JSON report.
    ///
    /// # Panics
    /// Stdout is no report.
    pub fn titles(&self, task: &str, state: &str) -> Vec<String> {
        let report = self.json();
        let entries = report["tasks"].as_array().into_iter().flatten().filter(|one| one["name"] == task);
        let entries = entries.flat_map(|task| task["entries"].as_array().cloned().unwrap_or_default());
        let named = entries.filter(|entry| entry["state"] == state);
        named.map(|entry| entry["title"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Takes bytes for the test to look at.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.lock() {
            Ok(mut heard) => heard.write(bytes),
            Err(_) => Err(io::Error::other("a test has panicked")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Heard {
    /// The bytes so far, as text.
    pub fn text(&self) -> String {
        self.0.lock().map(|heard| String::from_utf8_lossy(&heard).into_owned()).unwrap_or_default()
    }
}

impl Sandbox {
    /// A folder without a config.
    ///
    /// # Panics
    /// The folder cannot be made.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
        Self {
            folder,
            clock: Clock::fixed(NOW),
            terminal: None,
            environment: BTreeMap::from([("LANG".to_owned(), "C.UTF-8".to_owned())]),
            typed: Vec::new(),
            sim: None,
            http: HttpOptions::default(),
            interrupt: None,
        }
    }

    /// A folder with this `config.yml`; indentation that all its lines share does not count.
    pub fn new(config: &str) -> Self {
        let sandbox = Self::empty();
        sandbox.write("config.yml", config);
        sandbox
    }

    /// The same with a simulator that the program talks to, on the same clock. Its program is known to it.
    ///
    /// # Panics
    /// The simulator cannot be started.
    #[must_use]
    pub fn with_sim(mut self) -> Self {
        let options = trakt_sim::Options { clock: self.clock.shared(), ..trakt_sim::Options::default() };
        let sim = Sim::start(options).unwrap_or_else(|error| panic!("no simulator: {error}"));
        let mut set = |name: &str, value: String| self.environment.insert(name.to_owned(), value);
        set("FLEXGET_TRAKT_API_URL", sim.api_url());
        set("FLEXGET_TRAKT_AUTH_URL", sim.auth_url());
        set("FLEXGET_TRAKT_CLIENT_ID", trakt_sim::CLIENT_ID.to_owned());
        set("FLEXGET_TRAKT_CLIENT_SECRET", trakt_sim::CLIENT_SECRET.to_owned());
        self.sim = Some(sim);
        self
    }

    /// The same with a terminal that is so wide.
    #[must_use]
    pub fn on_terminal(mut self, width: usize) -> Self {
        self.terminal = Some(width);
        self
    }

    /// The simulator.
    ///
    /// # Panics
    /// There is none.
    pub fn sim(&self) -> &Sim {
        match &self.sim {
            Some(sim) => sim,
            None => panic!("this sandbox has no simulator"),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database that `config.yml` has, and the user's auth store.
    pub fn store(&self) -> Store {
        Store::at(self.folder().join("flexget-rs.sqlite")).scoped("config").with_auth_at(self.accounts())
    }

    /// The file of the user's auth store.
    pub fn accounts(&self) -> PathBuf {
        self.folder().join("home/.config/flexget/accounts.sqlite")
    }

    /// Writes a file; indentation that all its lines share does not count.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        let parent = path.parent().unwrap_or(self.folder());
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, dedent(text)));
        written.unwrap_or_else(|error| panic!("cannot write {name}: {error}"));
        path
    }

    /// Stores an authorization of a user of the simulator, as `trakt auth` would.
    ///
    /// # Panics
    /// It cannot be stored.
    pub fn authorize(&self, account: &str, user: &str) {
        let token = self.sim().token_for(user);
        let at = |seconds: i64| jiff::Timestamp::from_second(seconds).unwrap_or(NOW);
        let (created, expires) = (at(token.created_at), at(token.created_at + token.expires_in));
        let tokens = Tokens::new(token.access_token.into(), token.refresh_token.into(), created, expires);
        let application = Application::new(trakt_sim::CLIENT_ID, Some(trakt_sim::CLIENT_SECRET.into()));
        let mut account = Account::new(SERVICE, account, application, tokens);
        (account.user, account.user_slug) = (Some(user.to_owned()), Some(user.to_owned()));
        let saved = Auth::new(self.store(), self.clock.clone()).save(&account);
        saved.unwrap_or_else(|error| panic!("cannot store the account: {error}"));
    }

    /// Runs the program within this process, with the words of a command line; `'…'` is one word.
    pub fn run(&self, line: &str) -> Ran {
        let (stdout, stderr) = (Heard::default(), Heard::default());
        let world = self.world(
            Stream { to: Box::new(stdout.clone()), terminal: self.terminal },
            Stream { to: Box::new(stderr.clone()), terminal: self.terminal },
        );
        let code = self.run_in(line, world);
        Ran { code: code.into(), stdout: stdout.text(), stderr: stderr.text() }
    }

    /// The same in a world that may have been changed.
    pub fn run_in(&self, line: &str, world: World) -> u8 {
        let arguments = std::iter::once("flexget-rs".into()).chain(words(line).into_iter().map(OsString::from));
        flexget_core::testing::block_on(flexget_rs::run(arguments, world))
    }

    /// The world of this sandbox.
    pub fn world(&self, stdout: Stream, stderr: Stream) -> World {
        let environment = self.environment.clone();
        let typed = RefCell::new(VecDeque::from(self.typed.clone()));
        World {
            stdout,
            stderr,
            input: Box::new(move |_| Ok(typed.borrow_mut().pop_front())),
            environment: Environment::new(move |name| environment.get(name).cloned()),
            clock: self.clock.clone(),
            folder: self.folder().to_owned(),
            home: Some(self.folder().join("home")),
            http: self.http.clone(),
            interrupt: self.interrupt.clone().unwrap_or_else(|| Rc::new(|| Box::pin(std::future::pending()))),
            on_stop: |_| {},
        }
    }

    /// The program as a process of its own, in this folder and with this environment; `program` is its path. Its clock is
    /// the machine's.
    pub fn process(&self, program: &str, line: &str) -> Command {
        let mut command = Command::new(program);
        command.args(words(line)).current_dir(self.folder()).env_clear();
        command.env("HOME", self.folder().join("home")).envs(&self.environment);
        command
    }

    /// Runs the program as a process of its own, to its end.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn run_process(&self, program: &str, line: &str) -> Ran {
        let output = self.process(program, line).output().unwrap_or_else(|error| panic!("cannot start: {error}"));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// The words of a command line; `'…'` is one word.
fn words(line: &str) -> Vec<String> {
    let quoted = |(at, part): (usize, &str)| -> Vec<String> {
        match at % 2 {
            1 => vec![part.to_owned()],
            _ => part.split_whitespace().map(str::to_owned).collect(),
        }
    };
    line.split('\'').enumerate().flat_map(quoted).collect()
}

/// The text without the indentation that all its lines share, and without empty lines at its start.
pub fn dedent(text: &str) -> String {
    let text = text.trim_start_matches('\n');
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let shared = lines.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or(0);
    let rest = |line: &str| line.get(shared..).unwrap_or_default().to_owned();
    let mut dedented = text.lines().map(rest).collect::<Vec<_>>().join("\n");
    if !dedented.ends_with('\n') {
        dedented.push('\n');
    }
    dedented
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap_or_default()
}

/// Compares a checked-in file with its current text; returns whether they are equal.
///
/// `BLESS=1` rewrites it instead, to be read before it is committed.
///
/// # Panics
/// The file cannot be written.
pub fn is_current(path: &Path, text: &str) -> bool {
    if std::env::var_os("BLESS").is_some() {
        let written = fs::create_dir_all(path.parent().unwrap_or(path)).and_then(|()| fs::write(path, text));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    fs::read_to_string(path).is_ok_and(|there| there == text)
}

/// Checks a config where it is; nothing is written.
pub fn check_file(path: &Path) -> Ran {
    let folder = path.parent().unwrap_or(path).to_owned();
    let sandbox = Sandbox::empty();
    let (stdout, stderr) = (Heard::default(), Heard::default());
    let world = World { folder, ..sandbox.world(Stream::plain(stdout.clone()), Stream::plain(stderr.clone())) };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let code = sandbox.run_in(&format!("-c '{name}' check"), world);
    Ran { code: code.into(), stdout: stdout.text(), stderr: stderr.text() }
}

/// Says that a test is skipped, and why: `there is no zsh`.
#[expect(clippy::print_stdout, reason = "what was not tested is said to whoever runs the tests")]
pub fn skipped(why: impl std::fmt::Display) {
    println!("skipped: {why}");
}
