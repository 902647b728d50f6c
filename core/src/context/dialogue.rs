//! A process that the program exchanges lines with.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::Clock;

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 32 << 20;

/// The number of bytes that are read at once.
const CHUNK: usize = 16 << 10;

/// Time for which stderr is read after the end, as child processes may hold it open.
const LOG_AFTER_END: Duration = Duration::from_millis(500);

/// Number of times that a program is started again that another process is still writing.
const BUSY_TRIES: usize = 20;

/// The wait before that.
const BUSY_WAIT: Duration = Duration::from_millis(25);

/// A process with which the program exchanges lines, under a time limit.
///
/// What it writes to stderr goes to a log, line by line. It is killed when this is dropped.
///
/// ```
/// # #[cfg(unix)] {
/// use std::path::Path;
/// use std::time::Duration;
/// use flexget_core::context::dialogue::Dialogue;
///
/// flexget_core::testing::block_on(async {
///     let limit = Duration::from_secs(60);
///     let cat = Path::new("/bin/cat");
///     let mut cat = Dialogue::start(cat, limit, Box::new(|_| {})).await.unwrap();
///     cat.send("hello");
///     assert_eq!(cat.line().await.unwrap().as_deref(), Some("hello"));
///     cat.close();
///     assert_eq!(cat.line().await.unwrap(), None);
///     assert!(cat.end().await.unwrap().is_success);
/// });
/// # }
/// ```
pub struct Dialogue {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Bytes to write; the first `written` ones have been.
    outgoing: Vec<u8>,
    written: usize,
    closing: bool,
    stdout: Option<ChildStdout>,
    /// Bytes that were read; the first `searched` have no line break.
    incoming: VecDeque<u8>,
    searched: usize,
    stderr: Option<ChildStderr>,
    log: Log,
    /// Time that the process may still take.
    left: Duration,
}

/// A reason to give up a process.
#[derive(Debug)]
pub enum DialogueError {
    /// It took longer than its time limit.
    Late,
    /// It wrote a line without an end.
    LongLine,
    /// It wrote something that is no UTF-8.
    NoText,
    /// It cannot be read or waited for.
    Io(io::Error),
}

impl fmt::Display for DialogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => f.write_str("it took too long and was stopped"),
            Self::LongLine => write!(f, "it wrote a line of more than {} MB", LONGEST_LINE >> 20),
            Self::NoText => f.write_str("it wrote something that is not UTF-8"),
            Self::Io(error) => write!(f, "it cannot be talked to: {error}"),
        }
    }
}

/// The end of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Whether its exit status was 0.
    pub is_success: bool,
    /// Its exit status or signal, in words.
    pub status: String,
}

/// Lines that a process writes for people.
struct Log {
    begun: Vec<u8>,
    last: Option<String>,
    write: Box<dyn FnMut(&str)>,
}

impl Log {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' || self.begun.len() >= CHUNK {
                self.end_line();
            }
            if *byte != b'\n' {
                self.begun.push(*byte);
            }
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.begun).trim_end().to_owned();
        self.begun.clear();
        if !line.is_empty() {
            (self.write)(&line);
            self.last = Some(line);
        }
    }
}

impl Dialogue {
    /// Starts a program, in the folder where it is.
    ///
    /// `limit` is for the time that the process takes in [`line`](Self::line) and
    /// [`end`](Self::end), all together. `log` is called with each line of stderr.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn start(program: &Path, limit: Duration, log: Box<dyn FnMut(&str)>) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        if let Some(folder) = program.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            command.current_dir(folder);
        }
        let mut tries = 1..=BUSY_TRIES;
        let mut child = loop {
            match command.spawn() {
                // Somebody has just saved it, or a process that was started then is not on its way.
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries.next().is_some() => {
                    Clock::system().sleep(BUSY_WAIT).await;
                }
                child => break child?,
            }
        };
        Ok(Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            outgoing: Vec::new(),
            written: 0,
            closing: false,
            incoming: VecDeque::new(),
            searched: 0,
            log: Log { begun: Vec::new(), last: None, write: log },
            left: limit,
        })
    }

    /// Sends a line, which is written while the process is waited for.
    pub fn send(&mut self, line: &str) {
        self.outgoing.extend_from_slice(line.as_bytes());
        self.outgoing.push(b'\n');
    }

    /// Closes stdin of the process after what was sent.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Returns the last line of stderr.
    pub fn last_log_line(&self) -> Option<&str> {
        self.log.last.as_deref()
    }

    /// Waits for the next line of stdout; returns `None` when the process has closed it.
    ///
    /// # Errors
    /// It takes too long, or what it writes is no text with lines.
    pub async fn line(&mut self) -> Result<Option<String>, DialogueError> {
        // A line that is there already comes however late it is.
        if self.left.is_zero() {
            return Err(DialogueError::Late);
        }
        let mut left = self.left;
        let line = Clock::limit_within(&mut left, self.next_line()).await;
        self.left = left;
        line.unwrap_or(Err(DialogueError::Late))
    }

    async fn next_line(&mut self) -> Result<Option<String>, DialogueError> {
        let (mut output, mut errors) = (vec![0; CHUNK], vec![0; CHUNK]);
        loop {
            if let Some(line) = self.take_line()? {
                return Ok(Some(line));
            }
            if self.closing && self.written == self.outgoing.len() {
                self.stdin = None;
            }
            if self.stdout.is_none() {
                return Ok(None);
            }
            tokio::select! {
                written = write_some(self.stdin.as_mut(), &self.outgoing[self.written..]) => match written {
                    Ok(count) => {
                        self.written = self.written.saturating_add(count);
                        if self.written == self.outgoing.len() {
                            self.outgoing.clear();
                            self.written = 0;
                        }
                    }
                    // It does not read any more, which is its own affair.
                    Err(_) => self.stdin = None,
                },
                read = read_some(self.stdout.as_mut(), &mut output) => match read.map_err(DialogueError::Io)? {
                    0 => self.stdout = None,
                    count => self.incoming.extend(&output[..count]),
                },
                read = read_some(self.stderr.as_mut(), &mut errors) => match read {
                    Ok(count @ 1..) => self.log.take(&errors[..count]),
                    _ => self.stderr = None,
                },
            }
        }
    }

    /// Takes the first line of what was read, or all of it if nothing follows.
    fn take_line(&mut self) -> Result<Option<String>, DialogueError> {
        let found = self.incoming.iter().enumerate().skip(self.searched).find(|(_, byte)| **byte == b'\n');
        let end = match found {
            Some((at, _)) => at,
            None if self.stdout.is_none() && !self.incoming.is_empty() => self.incoming.len(),
            None => {
                self.searched = self.incoming.len();
                return if self.searched > LONGEST_LINE { Err(DialogueError::LongLine) } else { Ok(None) };
            }
        };
        let line: Vec<u8> = self.incoming.drain(..end).collect();
        self.incoming.pop_front();
        self.searched = 0;
        String::from_utf8(line).map(Some).map_err(|_| DialogueError::NoText)
    }

    /// Waits until the process ends.
    ///
    /// # Errors
    /// It takes too long, or cannot be waited for.
    pub async fn end(&mut self) -> Result<Ended, DialogueError> {
        self.stdin = None;
        self.stdout = None;
        let mut left = self.left;
        let status = Clock::limit_within(&mut left, wait(&mut self.child, &mut self.stderr, &mut self.log)).await;
        self.left = left;
        let status = status.ok_or(DialogueError::Late)?.map_err(DialogueError::Io)?;
        let rest = async { while log_some(&mut self.stderr, &mut self.log).await {} };
        Clock::limit(LOG_AFTER_END, rest).await;
        self.log.end_line();
        Ok(Ended { is_success: status.success(), status: status.to_string() })
    }
}

/// Waits for a process while its stderr is read.
async fn wait(
    child: &mut Child,
    stderr: &mut Option<ChildStderr>,
    log: &mut Log,
) -> io::Result<std::process::ExitStatus> {
    loop {
        tokio::select! {
            biased;
            status = child.wait() => return status,
            is_more = log_some(stderr, log), if stderr.is_some() => if !is_more {
                *stderr = None;
            },
        }
    }
}

/// Logs what is next on stderr; returns whether there may be more.
async fn log_some(stderr: &mut Option<ChildStderr>, log: &mut Log) -> bool {
    let mut bytes = vec![0; CHUNK];
    let Some(stderr) = stderr else { return false };
    match stderr.read(&mut bytes).await {
        Ok(count @ 1..) => {
            log.take(&bytes[..count]);
            true
        }
        _ => false,
    }
}

/// Writes what can be written now; never completes if there is nothing to write or nowhere.
async fn write_some(stdin: Option<&mut ChildStdin>, bytes: &[u8]) -> io::Result<usize> {
    match stdin {
        Some(stdin) if !bytes.is_empty() => stdin.write(bytes).await,
        _ => std::future::pending().await,
    }
}

/// Reads what there is; never completes if there is nothing to read from.
async fn read_some<R: AsyncRead + Unpin>(stream: Option<&mut R>, bytes: &mut [u8]) -> io::Result<usize> {
    match stream {
        Some(stream) => stream.read(bytes).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::testing::block_on;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Runs a shell that gets these lines; returns its lines, its log and how it ended.
    fn shell(script: &str, lines: &[&str], limit: Duration) -> (Vec<String>, Vec<String>, Result<Ended, String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let log = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&log);
        block_on(async {
            let write = Box::new(move |line: &str| heard.borrow_mut().push(line.to_owned()));
            let mut dialogue = Dialogue::start(&path, limit, write).await.unwrap();
            lines.iter().for_each(|line| dialogue.send(line));
            dialogue.close();
            let mut said = Vec::new();
            let ended = loop {
                match dialogue.line().await {
                    Ok(Some(line)) => said.push(line),
                    Ok(None) => break dialogue.end().await,
                    Err(error) => break Err(error),
                }
            };
            let log = log.borrow().clone();
            (said, log, ended.map_err(|error| error.to_string()))
        })
    }

    #[test]
    fn lines_go_both_ways_and_stderr_is_the_log() {
        let (said, log, ended) =
            shell("read a; read b; echo \"$b\"; echo \"$a\"; echo oops >&2; exit 3", &["1", "2"], MINUTE);
        assert_eq!((said, log), (vec!["2".to_owned(), "1".to_owned()], vec!["oops".to_owned()]));
        assert_eq!(ended, Ok(Ended { is_success: false, status: "exit status: 3".to_owned() }));
    }

    #[test]
    fn much_is_exchanged_without_a_deadlock() {
        let long = "x".repeat(1 << 20);
        let (said, _, ended) = shell("cat", &[&long, &long, &long], MINUTE);
        assert_eq!((said.len(), said[2].len()), (3, 1 << 20));
        assert!(ended.unwrap().is_success);
    }

    #[test]
    fn a_process_that_hangs_talks_without_end_or_reads_nothing_is_given_up() {
        let short = Duration::from_millis(200);
        assert_eq!(shell("exec sleep 1000", &[], short).2, Err("it took too long and was stopped".to_owned()));
        assert_eq!(shell("exec yes", &[], short).2, Err("it took too long and was stopped".to_owned()));
        assert_eq!(
            shell("exec 0<&-; exit 0", &[&"x".repeat(1 << 20)], MINUTE).2.map(|ended| ended.is_success),
            Ok(true)
        );
        assert_eq!(shell("printf 'a\\377'", &[], MINUTE).2, Err("it wrote something that is not UTF-8".to_owned()));
    }
}
