//! Questions to the user at the terminal.

use std::io::{self, BufRead, IsTerminal};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::thread;

use crate::signal::on_stop;

/// A line that was typed, or `None` at the end of input.
type Typed = io::Result<Option<String>>;

/// Waits for Ctrl-C for as long as the process lives.
///
/// One for all questions: a signal between two of them, which would be lost otherwise, because the
/// system no longer ends the process for it, stops the next one.
#[derive(Default)]
struct Interruption(Mutex<Interrupted>);

#[derive(Default)]
struct Interrupted {
    /// Whether Ctrl-C was pressed.
    is_stopped: bool,
    /// The question that waits for a line.
    asking: Option<mpsc::Sender<Typed>>,
}

impl Interruption {
    /// Returns that of the process, which listens from then on.
    fn of_process() -> &'static Self {
        static LISTENING: OnceLock<Interruption> = OnceLock::new();
        LISTENING.get_or_init(|| {
            on_stop(Box::new(|| Self::of_process().stop()));
            Self::default()
        })
    }

    fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_stopped = true;
        if let Some(asking) = state.asking.take() {
            let _ = asking.send(Err(io::ErrorKind::Interrupted.into()));
        }
    }

    /// Ends the question at Ctrl-C, also at one that was pressed before.
    fn notify(&self, asking: mpsc::Sender<Typed>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stopped = state.is_stopped;
        state.asking = Some(asking);
        drop(state);
        if is_stopped {
            self.stop();
        }
    }
}

/// Reads a line from the terminal, or returns `None` if stdin or stderr is none.
///
/// Reading blocks and cannot be cancelled, so it happens in a thread that is abandoned at Ctrl-C.
///
/// # Errors
/// The terminal failed, or the user pressed Ctrl-C (`Interrupted`).
pub(crate) fn ask(secret: bool) -> Typed {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    let (typed, received) = mpsc::channel();
    Interruption::of_process().notify(typed.clone());
    let _hidden = if secret { Hidden::begin() } else { None };
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let _ = typed.send(read.map(|bytes| (bytes > 0).then(|| line.trim().to_owned())));
    });
    received.recv().unwrap_or(Ok(None))
}

/// Hides what is typed until it is dropped.
struct Hidden {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Hidden {
    fn begin() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin()).ok()?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Now, &hidden).ok()?;
        Some(Self { before })
    }
}

#[cfg(not(unix))]
impl Hidden {
    fn begin() -> Option<Self> {
        None
    }
}

#[cfg(unix)]
impl Drop for Hidden {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
