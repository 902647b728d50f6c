//! The outside world: streams, environment, clock, folders, network settings, Ctrl-C.

use std::ffi::OsString;
use std::fs::File;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;

use flexget_core::context::http::HttpOptions;
use flexget_core::context::{Clock, Environment};
use flexget_core::error::is_out_of_files;

use crate::prompt;
use crate::signal::{on_stop, stop_requested};

/// An output stream.
pub struct Stream {
    /// The writer.
    pub to: Box<dyn Write + Send>,
    /// The width of the terminal in columns, or `None` for a pipe or a file.
    pub terminal: Option<usize>,
}

impl Stream {
    /// Creates a stream that is no terminal: a pipe, a file, a buffer.
    pub fn plain(to: impl Write + Send + 'static) -> Self {
        Self { to: Box::new(to), terminal: None }
    }
}

/// Reads the answer to a question that is on the screen already; with `true` the typing is hidden.
///
/// Returns `None` if the user cannot be asked, and an error of the kind `Interrupted` at Ctrl-C.
pub type Input = Box<dyn FnMut(bool) -> io::Result<Option<String>>>;

/// Returns a future that ends when the user next asks the program to stop.
pub type Interrupt = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>;

/// Calls a function in a thread of its own when the user next asks the program to stop.
pub type OnStop = fn(Box<dyn FnOnce() + Send>);

/// Everything that the program gets from outside; tests replace it.
pub struct World {
    /// The stream of data.
    pub stdout: Stream,
    /// The stream of everything else.
    pub stderr: Stream,
    /// The answers to questions.
    pub input: Input,
    /// The environment variables.
    pub environment: Environment,
    /// The clock.
    pub clock: Clock,
    /// The current folder.
    pub folder: PathBuf,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// The network settings.
    pub http: HttpOptions,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// Ctrl-C while the program does what cannot wait for it.
    pub on_stop: OnStop,
}

impl World {
    /// Returns the machine that the program runs on.
    pub fn real() -> Self {
        let environment = Environment::new(|name| std::env::var_os(name));
        Self {
            stdout: stream(io::stdout(), &environment),
            stderr: stream(io::stderr(), &environment),
            input: Box::new(prompt::ask),
            clock: Clock::system(),
            folder: std::env::current_dir().unwrap_or_default(),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            http: HttpOptions::from_environment(&environment),
            interrupt: Rc::new(|| Box::pin(stop_requested())),
            on_stop,
            environment,
        }
    }
}

/// Checks that some files can be opened: without them the runtime panics when it starts.
pub(crate) fn check_open_files() -> io::Result<()> {
    const NEEDED: usize = 8;
    let Ok(folder) = std::env::current_dir() else { return Ok(()) };
    let opened: io::Result<Vec<File>> = (0..NEEDED).map(|_| File::open(&folder)).collect();
    match opened {
        Err(error) if is_out_of_files(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Returns the command line of the process.
pub(crate) fn os_arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os()
}

/// Returns the words of the process's command line; the first is the program's name.
///
/// For completion only: commands get their arguments from `run`.
pub(crate) fn arguments() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The width of a terminal that does not say its own.
const USUAL_WIDTH: usize = 80;

fn stream(to: impl Write + IsTerminal + Send + 'static, environment: &Environment) -> Stream {
    let terminal = to.is_terminal().then(|| {
        let measured = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let said = || environment("COLUMNS").and_then(|columns| columns.parse().ok());
        measured.or_else(said).filter(|width| *width > 0).unwrap_or(USUAL_WIDTH)
    });
    Stream { to: Box::new(to), terminal }
}
