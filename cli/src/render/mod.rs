//! Everything that is shown: the only code of the program that writes to the terminal.
//!
//! Data goes to stdout, everything else to stderr. A reader that goes away (`| head`) ends the output, not the work; any
//! other failure to write is remembered and told at the end.

pub(crate) mod diagnostics;
pub(crate) mod dump;
pub(crate) mod log;
pub(crate) mod report;
pub(crate) mod table;
pub(crate) mod text;

use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstyle::{AnsiColor, Style};
use flexget_core::context::{Event, Progress};
use flexget_core::error::Error;

use crate::args::Colour;
use crate::world::Stream;
use text::Shown;

/// For the word `error`.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// For the word `warning`.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// For the word `note`, and what matters less.
pub(crate) const NOTE: Style = AnsiColor::Cyan.on_default();
/// For what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// For titles of tables and the like.
pub(crate) const STRONG: Style = Style::new().bold();

/// The two streams. Clones are the same screen.
#[derive(Clone)]
pub(crate) struct Screen(Arc<Mutex<Streams>>);

struct Streams {
    stdout: Side,
    stderr: Side,
    /// A status line is on the terminal and has to go before anything else is written.
    status: bool,
}

struct Side {
    to: Box<dyn Write + Send>,
    terminal: Option<usize>,
    colour: bool,
    closed: bool,
    failed: Option<io::Error>,
}

impl Side {
    fn new(stream: Stream, colour: bool) -> Self {
        Self { to: stream.to, terminal: stream.terminal, colour, closed: false, failed: None }
    }

    fn write(&mut self, text: &str) {
        self.write_all([text]);
    }

    /// Writes texts one after the other, many at a time.
    fn write_all(&mut self, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        let colour = self.colour;
        self.write_with(|to| {
            texts.into_iter().try_for_each(|text| match colour {
                true => to.write_all(text.as_ref().as_bytes()),
                false => write!(to, "{}", anstream::adapter::strip_str(text.as_ref())),
            })
        });
    }

    fn write_with(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.closed {
            return;
        }
        let mut to = BufWriter::new(&mut self.to);
        let written = write(&mut to).and_then(|()| to.flush());
        // What could not be written is not tried again.
        let _ = to.into_parts();
        if let Err(error) = written {
            self.closed = true;
            if error.kind() != ErrorKind::BrokenPipe {
                self.failed = Some(error);
            }
        }
    }
}

/// Removes the line that the cursor is in, and goes to its start.
const ERASE: &str = "\r\u{1b}[2K";

impl Screen {
    /// The screen over two streams, coloured as the user wants it.
    pub(crate) fn new(stdout: Stream, stderr: Stream, colour: Colour, no_colour: bool) -> Self {
        let wanted = |stream: &Stream| match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => stream.terminal.is_some() && !no_colour,
        };
        let (on_stdout, on_stderr) = (wanted(&stdout), wanted(&stderr));
        Self(Arc::new(Mutex::new(Streams {
            stdout: Side::new(stdout, on_stdout),
            stderr: Side::new(stderr, on_stderr),
            status: false,
        })))
    }

    /// Writes data, as it is.
    pub(crate) fn data(&self, text: &str) {
        let mut streams = self.lock();
        streams.clear_status();
        streams.stdout.write(text);
    }

    /// Writes a line of data, wrapped on a terminal.
    pub(crate) fn line(&self, line: &str) {
        let width = self.width();
        self.data(&text::wrap(line, width, 2));
    }

    /// Writes lines of data as [`Screen::line`] does, many at a time.
    pub(crate) fn lines(&self, lines: impl IntoIterator<Item = String>) {
        let width = self.width();
        let mut streams = self.lock();
        streams.clear_status();
        streams.stdout.write_all(lines.into_iter().map(|line| text::wrap(&line, width, 2)));
    }

    /// Writes one JSON document of data.
    pub(crate) fn json(&self, document: &impl serde::Serialize) {
        let mut streams = self.lock();
        streams.clear_status();
        // As it is made, because a report may be long. JSON escapes what a terminal would obey.
        streams.stdout.write_with(|to| {
            serde_json::to_writer_pretty(&mut *to, document)?;
            to.write_all(b"\n")
        });
    }

    /// Writes a manual: paragraphs as wide as the terminal, examples as they are.
    pub(crate) fn manual(&self, manual: &str) {
        for (at, part) in manual.split("```").enumerate() {
            match at % 2 {
                1 => {
                    let example = part.split_once('\n').map_or(part, |(_, example)| example);
                    example.lines().for_each(|line| self.data(&format!("    {NOTE}{line}{NOTE:#}\n")));
                    self.data("\n");
                }
                _ => {
                    let prose = text::paragraphs(part);
                    if !prose.is_empty() {
                        self.line(&prose);
                        self.data("\n");
                    }
                }
            }
        }
    }

    /// Writes something beside the data, as it is.
    pub(crate) fn aside(&self, text: &str) {
        let mut streams = self.lock();
        streams.clear_status();
        streams.stderr.write(text);
    }

    /// Tells of a problem: what it is, and what to do about it.
    pub(crate) fn problem(&self, kind: Kind, message: &str, help: &[&str]) {
        let width = self.lock().stderr.terminal;
        let (word, style) = match kind {
            Kind::Error => ("error", ERROR),
            Kind::Warning => ("warning", WARNING),
            Kind::Note => ("note", NOTE),
        };
        let mut lines = text::wrap(&format!("{style}{word}{style:#}: {}", Shown(message)), width, 2);
        for help in help {
            lines.push_str(&text::wrap(&format!("  = {STRONG}help{STRONG:#}: {}", Shown(help)), width, 10));
        }
        self.aside(&lines);
    }

    /// Tells of an error with its hint.
    pub(crate) fn error(&self, error: &Error) {
        self.problem(Kind::Error, &error.to_string(), error.hint_text().as_slice());
    }

    /// Says something beside the data, wrapped on a terminal.
    pub(crate) fn note(&self, note: &str) {
        let width = self.lock().stderr.terminal;
        self.aside(&text::wrap(note, width, 2));
    }

    /// Asks a question; the answer is typed behind it.
    pub(crate) fn question(&self, question: &str) {
        self.aside(&format!("{STRONG}{}{STRONG:#} ", Shown(question)));
    }

    /// Whether somebody sees what is written beside the data.
    pub(crate) fn is_on_terminal(&self) -> bool {
        self.lock().stderr.terminal.is_some()
    }

    /// Shows a line on the terminal in place of the one before it; elsewhere nothing.
    pub(crate) fn status(&self, status: &str) {
        let mut streams = self.lock();
        let Some(width) = streams.stderr.terminal else { return };
        let status = text::cut(&Shown(status).to_string(), width.saturating_sub(1));
        streams.stderr.write(&format!("{ERASE}{status}"));
        streams.status = true;
    }

    /// Takes the status line away.
    pub(crate) fn no_status(&self) {
        self.lock().clear_status();
    }

    /// The width of the terminal that data goes to; `None` if it goes elsewhere.
    pub(crate) fn width(&self) -> Option<usize> {
        self.lock().stdout.terminal
    }

    /// The width of the terminal that everything else goes to, and whether it is coloured.
    pub(crate) fn aside_style(&self) -> (Option<usize>, bool) {
        let streams = self.lock();
        (streams.stderr.terminal, streams.stderr.colour)
    }

    /// What went wrong with the data, once.
    pub(crate) fn failure(&self) -> Option<io::Error> {
        self.lock().stdout.failed.take()
    }

    /// A watcher that shows what takes long; `waiting` is called with whether nothing happens but waiting.
    pub(crate) fn progress(&self, waiting: impl Fn(bool) + 'static) -> Progress {
        let screen = self.clone();
        Progress::new(move |event| match event {
            Event::Waiting { reason, duration } => {
                waiting(true);
                screen.status(&format!("waiting {} s: {reason}", duration.as_secs()));
            }
            Event::Working { label, done, total } => {
                waiting(false);
                match total {
                    0 => screen.status(&format!("{label}: {done}")),
                    total => screen.status(&format!("{label}: {done} of {total}")),
                }
            }
            Event::Done => {
                waiting(false);
                screen.no_status();
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams {
    fn clear_status(&mut self) {
        if std::mem::take(&mut self.status) {
            self.stderr.write(ERASE);
        }
    }
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something did not work.
    Error,
    /// Something may not be as the user wants it.
    Warning,
    /// Something to know.
    Note,
}

/// Says that the program has a mistake, when it has one, in words instead of a backtrace.
pub(crate) fn explain_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0") {
            return usual(panic);
        }
        let what = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        let _ = writeln!(
            io::stderr(),
            "error: this is a bug in flexget-rs: {what}{place}\n  = help: please report it, with the output of the same \
             command when `RUST_BACKTRACE=1` is set"
        );
    }));
}

/// Says that the program could not even begin.
pub(crate) fn cannot_start(error: &io::Error) {
    let _ = writeln!(io::stderr(), "error: cannot start: {error}");
}
