//! The commands that plugins contribute.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use clap::{ArgMatches, FromArgMatches};
use flexget_core::error::Result;
use flexget_core::plugin::command::{Format, Output, OutputEvent, Table};
use flexget_core::plugin::registry;
use serde_json::{Map, Value, json};

use crate::args::FormatOption;
use crate::arguments;
use crate::config;
use crate::exit;
use crate::render::console::MessageKind;
use crate::render::printable::Printable;
use crate::session::{CommandError, Exit, Session, error_document, interruption};

/// Runs the command of `matches`.
pub(crate) async fn run(matches: &ArgMatches, session: &Rc<Session>) -> Exit {
    let mut words = Vec::new();
    let mut leaf = matches;
    while let Some((word, below)) = leaf.subcommand() {
        words.push(word);
        leaf = below;
    }
    let Some(registration) = registry::commands().into_iter().find(|command| command.path == words) else {
        return Ok(exit::USAGE);
    };
    let console = &session.console;
    let format = FormatOption::from_arg_matches(leaf).map(FormatOption::format).unwrap_or_default();
    let path = config_path(session).map_err(CommandError::usage)?;
    // A change that is undone may be of a list that is a script.
    session.use_scripts();
    let result = Rc::new(RefCell::new(JsonResult::default()));
    let mut output = output(format, session, Rc::clone(&result));
    let cx = session.context(session.store(&path), false);
    let arguments = arguments::arguments_of(registration, leaf);
    let done = session.until_stopped(registration.run(arguments, &cx, &mut output)).await;
    console.end_status();
    let is_interrupted = done.is_none() || session.activity.interrupted.get();
    let error = done.and_then(Result::err).filter(|_| !is_interrupted);
    if format == Format::Json {
        let result = result.take();
        let document = match (&error, result.data.is_some()) {
            (Some(error), false) => json!({ "error": error_document(error) }),
            (None, false) if is_interrupted => interruption(),
            _ => result.document(),
        };
        console.json(&document);
    }
    if is_interrupted {
        console.message(MessageKind::Note, "interrupted", &[]);
        return Ok(exit::INTERRUPTED);
    }
    error.iter().for_each(|error| console.error(error));
    Ok(if error.is_none() { exit::SUCCESS } else { exit::FAILURE })
}

/// Returns the config that the command is about.
///
/// Its content does not matter, and it need not exist: then the command is about the config that is
/// expected in the usual folder.
fn config_path(session: &Session) -> Result<PathBuf> {
    let Session { console, global, folders, environment, .. } = session;
    match folders.config(global.config.as_deref(), environment) {
        Ok(path) if config::exists(&path) => Ok(path),
        Ok(path) => {
            let message = format!("there is no config `{}`", folders.absolute(&path));
            Err(flexget_core::error::Error::new(message).hint("check the name"))
        }
        Err(missing) => {
            let Some(usual) = folders.usual.as_ref().filter(|_| !missing.named) else {
                return Err(session.no_config(&missing));
            };
            if !global.quiet {
                let database = folders.database(global.database.as_deref(), environment, usual);
                let message = format!("there is no config yet: using the database {}", folders.absolute(&database));
                console.message(MessageKind::Note, &message, &[]);
            }
            Ok(usual.join(&missing.name))
        }
    }
}

/// The result of a command, for its JSON document.
#[derive(Default)]
struct JsonResult {
    data: Option<Value>,
    lines: Vec<String>,
    tables: Vec<Table>,
}

impl JsonResult {
    /// Returns the data of the command, or else its tables, or else its lines.
    fn document(self) -> Value {
        let rows = |table: &Table| -> Value {
            let row = |cells: &Vec<String>| -> Value {
                let cells = table.columns.iter().zip(cells);
                let cells = cells.map(|(name, cell)| (name.to_lowercase(), Value::from(cell.as_str())));
                cells.collect::<Map<_, _>>().into()
            };
            table.rows.iter().map(row).collect()
        };
        match (self.data, self.tables.as_slice()) {
            (Some(data), _) => data,
            (None, [only]) => rows(only),
            (None, [_, ..]) => self.tables.iter().map(rows).collect(),
            (None, []) => json!({ "messages": self.lines }),
        }
    }
}

/// Creates the output of a command: the console, or the document that is printed at the end.
fn output(format: Format, session: &Rc<Session>, result: Rc<RefCell<JsonResult>>) -> Output {
    let quiet = session.global.quiet;
    let width = session.console.width();
    let session = Rc::clone(session);
    Output::new(format, width, move |event| {
        let console = &session.console;
        session.activity.set_waiting(matches!(event, OutputEvent::Status(_)));
        match (event, format) {
            (OutputEvent::Line(line), Format::Text) => console.line(&Printable::line(line)),
            (OutputEvent::Table(table), Format::Text) => console.table(table),
            (OutputEvent::QrCode(url), Format::Text) => console.qr_code(url),
            (OutputEvent::Data(_), Format::Text) | (OutputEvent::QrCode(_), Format::Json) => {}
            (OutputEvent::Line(line), Format::Json) => result.borrow_mut().lines.push(line.to_owned()),
            (OutputEvent::Table(table), Format::Json) => result.borrow_mut().tables.push(table.clone()),
            (OutputEvent::Data(data), Format::Json) => result.borrow_mut().data = Some(data.clone()),
            (OutputEvent::Note(_), _) if quiet => {}
            (OutputEvent::Note(note), _) => console.note(&Printable::line(note)),
            (OutputEvent::Status(status), _) => console.status(status),
            (OutputEvent::Ask { question, secret }, _) => return session.ask(question, secret),
        }
        Ok(None)
    })
}
