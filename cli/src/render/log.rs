//! The log: one short line on stderr for each event.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::console::Console;
use super::printable::{ERROR, NOTE, Printable, WARNING};

/// Libraries that could log what is sent, credentials among it: always silent.
const SILENT: [&str; 8] = ["h2", "hyper", "hyper_util", "reqwest", "rustls", "tower", "want", "mio"];

/// Creates a subscriber that prints what `directives` or else `level` lets through.
///
/// `directives` are a level (`debug`) or targets with levels
/// (`flexget_core::context::http=trace,info`).
///
/// # Errors
/// The directives are not valid.
pub(crate) fn subscriber(
    console: &Console,
    level: LevelFilter,
    directives: Option<&str>,
) -> Result<impl Subscriber + Send + Sync + use<>, String> {
    let targets = match directives {
        None => Targets::new().with_default(level),
        Some(text) => text.to_ascii_lowercase().parse::<Targets>().map_err(|error| error.to_string())?,
    };
    let targets = SILENT.into_iter().fold(targets, |targets, name| targets.with_target(name, LevelFilter::OFF));
    // The warnings of a task stand in its report, too.
    let not_reported =
        tracing_subscriber::filter::filter_fn(|about| about.target() != "task" || *about.level() > Level::WARN);
    let with_target = targets.would_enable("flexget_core", &Level::DEBUG);
    let lines = LogLines { console: console.clone(), with_target };
    Ok(tracing_subscriber::registry().with(targets).with(lines.with_filter(not_reported)))
}

struct LogLines {
    console: Console,
    with_target: bool,
}

impl<S: Subscriber> Layer<S> for LogLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let mut text = EventText::default();
        event.record(&mut text);
        let label = match *about.level() {
            Level::ERROR => Printable::styled(ERROR, "error"),
            Level::WARN => Printable::styled(WARNING, "warning"),
            Level::INFO => Printable::styled(NOTE, "info"),
            Level::DEBUG => Printable::styled(NOTE, "debug"),
            Level::TRACE => Printable::styled(NOTE, "trace"),
        };
        let mut line = label.text(": ");
        if self.with_target {
            line = line.text(about.target().trim_start_matches("flexget_")).text(": ");
        }
        self.console.beside(&line.text(text.message).text(text.fields).end());
    }
}

/// The message of an event, and its fields as ` name=value`.
#[derive(Default)]
struct EventText {
    message: String,
    fields: String,
}

impl Visit for EventText {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
