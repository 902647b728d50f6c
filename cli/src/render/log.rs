//! What the program tells of its work while it works: one short line on stderr for each event.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::text::Shown;
use super::{ERROR, NOTE, Screen, WARNING};

/// Libraries that could write down what is sent, credentials among it: never heard, whatever the user asks for.
const SILENT: [&str; 8] = ["h2", "hyper", "hyper_util", "reqwest", "rustls", "tower", "want", "mio"];

/// A subscriber that shows what `said` (`debug`, or `flexget_core::context::http=trace,info`) or else `level` lets through.
///
/// # Errors
/// What is wrong with `said`.
pub(crate) fn subscriber(
    screen: &Screen,
    level: LevelFilter,
    said: Option<&str>,
) -> Result<impl Subscriber + Send + Sync + use<>, String> {
    let targets = match said {
        None => Targets::new().with_default(level),
        Some(said) => said.to_ascii_lowercase().parse::<Targets>().map_err(|error| error.to_string())?,
    };
    let targets = SILENT.into_iter().fold(targets, |targets, name| targets.with_target(name, LevelFilter::OFF));
    // What a task warns of stands in its report, too.
    let reported =
        tracing_subscriber::filter::filter_fn(|about| about.target() != "task" || *about.level() > Level::WARN);
    let lines = Lines { screen: screen.clone(), with_target: targets.would_enable("flexget_core", &Level::DEBUG) };
    Ok(tracing_subscriber::registry().with(targets).with(lines.with_filter(reported)))
}

struct Lines {
    screen: Screen,
    with_target: bool,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let mut said = OutputEvent::default();
        event.record(&mut said);
        let (word, style) = match *about.level() {
            Level::ERROR => ("error", ERROR),
            Level::WARN => ("warning", WARNING),
            Level::INFO => ("info", NOTE),
            Level::DEBUG => ("debug", NOTE),
            Level::TRACE => ("trace", NOTE),
        };
        let mut line = format!("{style}{word}{style:#}: ");
        if self.with_target {
            line.push_str(about.target().trim_start_matches("flexget_"));
            line.push_str(": ");
        }
        line.push_str(&format!("{}{}\n", Shown(&said.message), Shown(&said.fields)));
        self.screen.aside(&line);
    }
}

/// The message of an event, and its fields as ` name=value`.
#[derive(Default)]
struct OutputEvent {
    message: String,
    fields: String,
}

impl Visit for OutputEvent {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
