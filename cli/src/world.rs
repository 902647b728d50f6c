//! What the program gets from outside: streams, the environment, the clock, folders, the network's settings, Ctrl-C.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;

use flexget_core::context::http::HttpOptions;
use flexget_core::context::{Clock, Environment};

use crate::ask;

/// A stream that text goes to.
pub struct Stream {
    /// Takes the bytes.
    pub to: Box<dyn Write + Send>,
    /// The width in columns, if it is a terminal.
    pub terminal: Option<usize>,
}

impl Stream {
    /// A stream that is no terminal: a pipe, a file, a buffer.
    pub fn plain(to: impl Write + Send + 'static) -> Self {
        Self { to: Box::new(to), terminal: None }
    }
}

/// Gives what a user types in answer to a question that is on the screen already. With `true` the typing is not shown.
/// `None` where nobody can be asked; an error of the kind `Interrupted` when the user broke off.
pub type Input = Box<dyn FnMut(bool) -> io::Result<Option<String>>>;

/// Each call gives a future that ends when the user next asks the program to stop.
pub type Interrupt = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>;

/// Everything that the program gets from outside. Tests give another one.
pub struct World {
    /// Where data goes.
    pub stdout: Stream,
    /// Where everything else goes.
    pub stderr: Stream,
    /// Who answers questions.
    pub input: Input,
    /// The environment variables.
    pub environment: Environment,
    /// The time.
    pub clock: Clock,
    /// The current folder.
    pub folder: PathBuf,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// How the network is used.
    pub http: HttpOptions,
    /// Ctrl-C.
    pub interrupt: Interrupt,
}

impl World {
    /// The machine that the program runs on.
    pub fn real() -> Self {
        let environment: Environment = Rc::new(|name: &str| std::env::var(name).ok());
        Self {
            stdout: stream(io::stdout(), &environment),
            stderr: stream(io::stderr(), &environment),
            input: Box::new(ask::ask),
            clock: Clock::system(),
            folder: std::env::current_dir().unwrap_or_default(),
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            http: HttpOptions::from_environment(&environment),
            interrupt: Rc::new(|| Box::pin(stop_asked())),
            environment,
        }
    }
}

/// The width of a terminal that does not say.
const USUAL_WIDTH: usize = 80;

fn stream(to: impl Write + IsTerminal + Send + 'static, environment: &Environment) -> Stream {
    let terminal = to.is_terminal().then(|| {
        let measured = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let said = || environment("COLUMNS").and_then(|columns| columns.parse().ok());
        measured.or_else(said).filter(|width| *width > 0).unwrap_or(USUAL_WIDTH)
    });
    Stream { to: Box::new(to), terminal }
}

/// Ends when the user presses Ctrl-C, or somebody asks the process to end.
pub(crate) async fn stop_asked() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the system ends the process by itself.
        std::future::pending::<()>().await;
    }
}
