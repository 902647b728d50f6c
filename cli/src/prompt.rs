//! Questions to the user at the terminal.

use std::future::{Future, poll_fn};
use std::io::{self, BufRead, IsTerminal};
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
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
    let (typed, received) = mpsc::channel();
    let interrupted = typed.clone();
    let (listening, is_listening) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(async {
                let mut stop = pin!(stop_requested());
                // The first poll subscribes to the signal.
                let is_early = poll_fn(|cx| Poll::Ready(stop.as_mut().poll(cx).is_ready())).await;
                let _ = listening.send(());
                if !is_early {
                    stop.await;
                }
            });
            let _ = interrupted.send(Err(io::ErrorKind::Interrupted.into()));
        }
    });
    // A signal that comes before somebody listens would be lost: the system no longer ends the
    // process for it.
    let _ = is_listening.recv();
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
