//! Questions to the user at the terminal.

use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc;
use std::thread;

use crate::signal::stop_requested;

/// Reads a line from the terminal, or returns `None` if stdin or stderr is none.
///
/// Reading blocks and cannot be cancelled, so it happens in a thread that is abandoned at Ctrl-C.
///
/// # Errors
/// The terminal failed, or the user pressed Ctrl-C (`Interrupted`).
pub(crate) fn ask(secret: bool) -> io::Result<Option<String>> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    let _hidden = if secret { Hidden::begin() } else { None };
    let (typed, received) = mpsc::channel();
    let also_typed = typed.clone();
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let _ = typed.send(read.map(|bytes| (bytes > 0).then(|| line.trim().to_owned())));
    });
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(stop_requested());
            let _ = also_typed.send(Err(io::ErrorKind::Interrupted.into()));
        }
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
