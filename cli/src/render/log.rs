//! The log: one short line on stderr for each event, and more in a file if one is named.

use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};

use flexget_core::context::Clock;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::console::{Console, MessageKind};
use super::printable::{ERROR, NOTE, Printable, WARNING};
use crate::output_file::RotatingFile;

/// Libraries that could log what is sent, credentials among it: always silent.
const SILENT: [&str; 9] = ["h2", "hyper", "hyper_util", "lettre", "reqwest", "rustls", "tower", "want", "mio"];

/// Target of lines about tasks that are in the report on the terminal, and in the log file only.
const HISTORY: &str = "history";

/// Level, form and destinations of the log.
pub(crate) struct LogOptions<'o> {
    /// The least level.
    pub level: LevelFilter,
    /// Targets with levels, instead of the level.
    pub directives: Option<&'o str>,
    /// Whether lines begin with the time.
    pub with_time: bool,
    /// The log file, and the least level of its lines.
    pub file: Option<(RotatingFile, LevelFilter)>,
    /// The clock of the times.
    pub clock: Clock,
}

/// Creates a subscriber that prints what the options let through.
///
/// Directives are a level (`debug`) or targets with levels
/// (`flexget_core::context::http=trace,info`).
///
/// # Errors
/// The directives are not valid.
pub(crate) fn subscriber(
    console: &Console,
    options: LogOptions<'_>,
) -> Result<impl Subscriber + Send + Sync + use<>, String> {
    let targets = match options.directives {
        None => Targets::new().with_default(options.level),
        Some(text) => text.to_ascii_lowercase().parse::<Targets>().map_err(|error| error.to_string())?,
    };
    let targets = silenced(targets).with_target(HISTORY, LevelFilter::OFF);
    // The warnings of a task stand in its report, too.
    let not_reported =
        tracing_subscriber::filter::filter_fn(|about| about.target() != "task" || *about.level() > Level::WARN);
    let with_target = targets.would_enable("flexget_core", &Level::DEBUG);
    let clock = options.with_time.then(|| options.clock.clone());
    let lines = LogLines { console: console.clone(), with_target, clock };
    let file = options.file.map(|(file, level)| {
        let failed = Mutex::new(false);
        let lines = FileLines { file: Mutex::new(file), clock: options.clock, console: console.clone(), failed };
        lines.with_filter(silenced(Targets::new().with_default(level)))
    });
    let lines = lines.with_filter(not_reported).with_filter(targets);
    Ok(tracing_subscriber::registry().with(lines).with(file))
}

fn silenced(targets: Targets) -> Targets {
    SILENT.into_iter().fold(targets, |targets, name| targets.with_target(name, LevelFilter::OFF))
}

struct LogLines {
    console: Console,
    with_target: bool,
    clock: Option<Clock>,
}

impl<S: Subscriber> Layer<S> for LogLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (about, text) = (event.metadata(), EventText::of(event));
        let label = match *about.level() {
            Level::ERROR => Printable::styled(ERROR, "error"),
            Level::WARN => Printable::styled(WARNING, "warning"),
            Level::INFO => Printable::styled(NOTE, "info"),
            Level::DEBUG => Printable::styled(NOTE, "debug"),
            Level::TRACE => Printable::styled(NOTE, "trace"),
        };
        let time = self.clock.as_ref().map(|clock| local_time(clock, "%H:%M:%S%.3f "));
        let mut line = Printable::line(time.unwrap_or_default()).append(&label).text(": ");
        if self.with_target {
            line = line.text(about.target().trim_start_matches("flexget_")).text(": ");
        }
        self.console.beside(&line.text(text.message).text(text.fields).end());
    }
}

struct FileLines {
    file: Mutex<RotatingFile>,
    clock: Clock,
    console: Console,
    /// Whether a line could not be written, which is said once.
    failed: Mutex<bool>,
}

impl<S: Subscriber> Layer<S> for FileLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (about, text) = (event.metadata(), EventText::of(event));
        let time = local_time(&self.clock, "%Y-%m-%d %H:%M:%S");
        let target = about.target().trim_start_matches("flexget_");
        let line = Printable::line(format_args!("{time} {:<5} {target}: ", about.level()));
        let line = line.text(text.message).text(text.fields);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Err(error) = file.line(line.as_str()) else { return };
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *failed, true) {
            let said = format!("the log file `{}` cannot be written: {error}", file.path().display());
            let help = "make room or check its permissions; the run goes on without it";
            self.console.message(MessageKind::Warning, &said, &[help]);
        }
    }
}

fn local_time(clock: &Clock, format: &str) -> String {
    clock.zone().to_datetime(clock.now()).strftime(format).to_string()
}

/// The message of an event, and its fields as ` name=value`.
#[derive(Default)]
struct EventText {
    message: String,
    fields: String,
}

impl EventText {
    fn of(event: &Event<'_>) -> Self {
        let mut text = Self::default();
        event.record(&mut text);
        text
    }
}

impl Visit for EventText {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
