//! The console: stdout for data, stderr for everything else.
//!
//! A reader that goes away (`| head`) ends the output, not the work; any other failure to write is
//! remembered and reported at the end.

use std::cell::RefCell;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::ValueEnum;
use flexget_core::context::{Clock, Environment, Event, Progress};
use flexget_core::error::Error;
use serde::Serialize;

use super::printable::{ERROR, EscapedJson, NOTE, Printable, STRONG, WARNING};
use super::progress_line::ProgressLine;
use crate::identity::{Identity, with_name};
use crate::world::Stream;

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    // On a terminal that can show them, unless NO_COLOR is set. No doc comments: they would
    // lengthen every help.
    #[default]
    Auto,
    Always,
    Never,
}

/// The kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageKind {
    /// Something failed.
    Error,
    /// Something may not be intended.
    Warning,
    /// Information, neither an error nor a warning.
    Note,
}

impl MessageKind {
    fn label(self) -> Printable {
        match self {
            Self::Error => Printable::styled(ERROR, "error"),
            Self::Warning => Printable::styled(WARNING, "warning"),
            Self::Note => Printable::styled(NOTE, "note"),
        }
    }
}

/// Stdout and stderr.
///
/// Clones write to the same streams.
#[derive(Clone)]
pub(crate) struct Console {
    streams: Arc<Mutex<Streams>>,
    unicode: bool,
}

struct Streams {
    stdout: Writer,
    stderr: Writer,
    /// A status line is on the terminal and must be erased before anything else is written.
    status: bool,
    /// A JSON document was written.
    has_document: bool,
}

struct Writer {
    to: Box<dyn Write + Send>,
    terminal: Option<usize>,
    /// The terminal understands escape sequences.
    capable: bool,
    /// The terminal may not show more than ASCII.
    ascii: bool,
    color: bool,
    closed: bool,
    failure: Option<io::Error>,
}

impl Writer {
    fn write(&mut self, text: &Printable) {
        self.write_all([text]);
    }

    /// Writes texts one after the other, buffered.
    fn write_all<'a>(&mut self, texts: impl IntoIterator<Item = &'a Printable>) {
        let (color, ascii) = (self.color, self.ascii);
        self.write_with(|to| {
            texts.into_iter().map(Printable::as_str).map(with_name).try_for_each(|text| {
                let text = if ascii { text.replace('…', "...").into() } else { text };
                if color {
                    to.write_all(text.as_bytes())
                } else {
                    write!(to, "{}", anstream::adapter::strip_str(&text))
                }
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
                self.failure = Some(error);
            }
        }
    }
}

/// Erases the line of the cursor.
const ERASE: &str = "\r\u{1b}[2K";

impl Console {
    /// Creates the console over two streams, with colours if chosen and possible.
    pub(crate) fn new(stdout: Stream, stderr: Stream, color: ColorChoice, environment: &Environment) -> Self {
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let capable = set("TERM").is_none_or(|term| term != "dumb");
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let locale = locale.to_lowercase();
        let no_color = set("NO_COLOR").is_some();
        let unicode = capable && (cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8"));
        let writer = |stream: Stream| Writer {
            color: match color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => stream.terminal.is_some() && capable && !no_color,
            },
            to: stream.to,
            terminal: stream.terminal,
            capable: stream.terminal.is_some() && capable,
            ascii: stream.terminal.is_some() && !unicode,
            closed: false,
            failure: None,
        };
        let streams = Streams { stdout: writer(stdout), stderr: writer(stderr), status: false, has_document: false };
        Self { streams: Arc::new(Mutex::new(streams)), unicode }
    }

    /// Writes data as it is.
    pub(crate) fn data(&self, text: &Printable) {
        let mut streams = self.lock();
        streams.erase_status();
        streams.stdout.write(text);
    }

    /// Writes a line of data, wrapped on a terminal.
    pub(crate) fn line(&self, line: &Printable) {
        self.data(&line.wrapped(self.width(), 2));
    }

    /// Writes lines of data, wrapped on a terminal, in one go.
    pub(crate) fn lines(&self, lines: impl IntoIterator<Item = Printable>) {
        let width = self.width();
        let lines: Vec<Printable> = lines.into_iter().map(|line| line.wrapped(width, 2)).collect();
        let mut streams = self.lock();
        streams.erase_status();
        streams.stdout.write_all(&lines);
    }

    /// Writes a JSON document of data.
    pub(crate) fn json(&self, document: &impl Serialize) {
        self.lock().json(document);
    }

    /// Writes a JSON document if there was none before; returns whether it was written.
    pub(crate) fn json_if_first(&self, document: &impl Serialize) -> bool {
        let mut streams = self.lock();
        let is_first = !streams.has_document;
        if is_first {
            streams.json(document);
        }
        is_first
    }

    /// Writes text to stderr as it is.
    pub(crate) fn beside(&self, text: &Printable) {
        let mut streams = self.lock();
        streams.erase_status();
        streams.stderr.write(text);
    }

    /// Writes a line to stderr, wrapped on a terminal.
    pub(crate) fn note(&self, line: &Printable) {
        let width = self.lock().stderr.terminal;
        self.beside(&line.wrapped(width, 2));
    }

    /// Writes a message to stderr, with hints about the next step.
    pub(crate) fn message(&self, kind: MessageKind, message: &str, help: &[&str]) {
        let width = self.lock().stderr.terminal;
        let mut lines = kind.label().text(format_args!(": {message}")).wrapped(width, 2);
        for help in help {
            let line = Printable::line("  = ").style(STRONG, "help").text(format_args!(": {help}"));
            lines = lines.append(&line.wrapped(width, 10));
        }
        self.beside(&lines);
    }

    /// Writes an error with its hint.
    pub(crate) fn error(&self, error: &Error) {
        self.message(MessageKind::Error, &error.to_string(), error.hint_text().as_slice());
    }

    /// Writes that a config has no tasks, and how to add one.
    pub(crate) fn no_tasks(&self, config: &str) {
        let help = "add one below `tasks`; `flexget-rs -c new.yml init` writes one to begin with";
        self.message(MessageKind::Warning, &format!("{config} has no tasks"), &[help]);
    }

    /// Writes a question; the answer is typed behind it.
    pub(crate) fn question(&self, question: &str) {
        self.beside(&Printable::styled(STRONG, question).text(" "));
    }

    /// Returns whether stderr is a terminal, so that the user can be asked.
    pub(crate) fn is_interactive(&self) -> bool {
        self.lock().stderr.terminal.is_some()
    }

    /// Returns whether stdout is a terminal that can show box characters and colours of its own.
    pub(crate) fn can_draw(&self) -> bool {
        self.unicode && self.lock().stdout.capable
    }

    /// Shows a line on the terminal in place of the one before it; does nothing elsewhere.
    pub(crate) fn status(&self, status: &str) {
        let mut streams = self.lock();
        let Some(width) = streams.stderr.terminal.filter(|_| streams.stderr.capable) else { return };
        let line = Printable::line(status).cut(width.saturating_sub(1));
        let line = if streams.stderr.ascii { line.as_str().replace('…', "~") } else { line.as_str().to_owned() };
        streams.stderr.write_with(|to| write!(to, "{ERASE}{line}"));
        streams.status = true;
    }

    /// Erases the status line.
    pub(crate) fn end_status(&self) {
        self.lock().erase_status();
    }

    /// Returns the width of stdout, or `None` if it is no terminal.
    pub(crate) fn width(&self) -> Option<usize> {
        self.lock().stdout.terminal
    }

    /// Returns the width of stderr, if it is a terminal, and whether it is coloured.
    pub(crate) fn stderr_style(&self) -> (Option<usize>, bool) {
        let streams = self.lock();
        (streams.stderr.terminal, streams.stderr.color)
    }

    /// Takes the failure to write data, if there was one.
    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        self.lock().stdout.failure.take()
    }

    /// Creates a progress display; `set_waiting` is called with whether the program only waits.
    pub(crate) fn progress(&self, clock: Clock, set_waiting: impl Fn(bool) + 'static) -> Progress {
        let console = self.clone();
        let line = RefCell::new(ProgressLine::new(clock));
        Progress::new(move |event| {
            set_waiting(matches!(event, Event::Waiting { .. }));
            if event == Event::Done {
                line.borrow_mut().restart();
                return console.end_status();
            }
            let Some(width) = console.status_width() else { return };
            if let Some(text) = line.borrow_mut().text(&event, width.saturating_sub(1)) {
                console.status(&text);
            }
        })
    }

    /// Returns the width for a status line, or `None` where there is none.
    fn status_width(&self) -> Option<usize> {
        let streams = self.lock();
        streams.stderr.terminal.filter(|_| streams.stderr.capable)
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams {
    fn json(&mut self, document: &impl Serialize) {
        self.erase_status();
        self.has_document = true;
        // Streamed, because a report may be long.
        self.stdout.write_with(|to| {
            if Identity::get().is_own() {
                // In large pieces: serde_json writes a few bytes at a time.
                let mut escaped = BufWriter::new(EscapedJson(to));
                serde_json::to_writer_pretty(&mut escaped, document)?;
                escaped.flush()?;
            } else {
                let document = serde_json::to_string_pretty(document)?;
                EscapedJson(&mut *to).write_all(with_name(&document).as_bytes())?;
            }
            to.write_all(b"\n")
        });
    }

    fn erase_status(&mut self) {
        if std::mem::take(&mut self.status) {
            self.stderr.write_with(|to| to.write_all(ERASE.as_bytes()));
        }
    }
}
