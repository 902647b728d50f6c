//! Processes that tasks start.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::oneshot;

use super::Clock;

/// The output that is kept of a process, in bytes.
const MAX_OUTPUT: usize = 64 << 10;

/// Time for which output is read after the end, as child processes may hold it open.
const OUTPUT_AFTER_END: Duration = Duration::from_millis(500);

/// The result of a process that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessResult {
    /// Whether its exit status was 0.
    pub is_success: bool,
    /// Its exit status or signal, in words.
    pub status: String,
    /// The beginning of its output, of both streams together.
    pub output: String,
}

/// Runs a process with an empty standard input, and waits until it ends.
///
/// Returns `None` if it was killed because it took longer than `limit`.
///
/// ```
/// # #[cfg(unix)] {
/// use std::time::Duration;
/// use flexget_core::context::process::run;
///
/// let hour = Duration::from_secs(3600);
/// let ended = run("echo", &["; rm -r /"], hour);
/// let result = flexget_core::testing::block_on(ended).unwrap().unwrap();
/// assert_eq!((result.is_success, result.output.as_str()), (true, "; rm -r /\n"));
/// # }
/// ```
///
/// # Errors
/// It cannot be started.
pub async fn run<S: AsRef<OsStr>>(
    program: &str,
    arguments: &[S],
    limit: Duration,
) -> io::Result<Option<ProcessResult>> {
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).kill_on_drop(true);
    let mut child = command.spawn()?;
    // It holds the other end of the pipe, which would never be at its end.
    drop(command);
    let output = Arc::new(Mutex::new(Vec::new()));
    let (sender, is_read) = oneshot::channel();
    let shared = Arc::clone(&output);
    thread::spawn(move || {
        read(reader, &shared);
        // Nobody may wait any more.
        let _ = sender.send(());
    });
    let Some(status) = Clock::limit(limit, child.wait()).await else {
        child.kill().await?;
        return Ok(None);
    };
    let status = status?;
    Clock::limit(OUTPUT_AFTER_END, is_read).await;
    let output = output.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Some(ProcessResult {
        is_success: status.success(),
        status: status.to_string(),
        output: String::from_utf8_lossy(&output).into_owned(),
    }))
}

/// Reads all output, so that the process does not wait for a reader, and keeps the beginning.
fn read(mut reader: impl Read, output: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_OUTPUT.saturating_sub(output.len()).min(count);
        output.extend_from_slice(&buffer[..room]);
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::testing::block_on;

    fn shell(script: &str, limit: Duration) -> Option<ProcessResult> {
        block_on(run("sh", &["-c", script], limit)).unwrap()
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn gives_status_and_output_of_both_streams() {
        let result = shell("echo a; echo b >&2; exit 3", HOUR).unwrap();
        assert_eq!(
            (result.is_success, result.status.as_str(), result.output.as_str()),
            (false, "exit status: 3", "a\nb\n")
        );
        assert!(block_on(run::<&str>("/nowhere/at/all", &[], HOUR)).is_err());
    }

    #[test]
    fn a_process_that_hangs_is_killed_and_one_in_the_background_is_not_waited_for() {
        assert_eq!(shell("exec sleep 1000", Duration::from_millis(50)), None);
        assert_eq!(shell("sleep 3 & echo a", HOUR).unwrap().output, "a\n");
    }

    #[test]
    fn much_output_is_read_and_its_beginning_kept() {
        assert_eq!(shell("yes | head -c 1000000", HOUR).unwrap().output.len(), MAX_OUTPUT);
    }
}
