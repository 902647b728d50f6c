//! Commands that plugins contribute.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use clap::{ArgMatches, FromArgMatches};
use flexget_core::error::Error;
use flexget_core::plugin::command::CommandRegistration;
use flexget_core::plugin::command::{Format, Output, OutputEvent, Table};
use flexget_core::plugin::registry;
use serde_json::{Map, Value, json};

use crate::args::{self, Form};
use crate::exit;
use crate::render::{Kind, Screen};
use crate::session::{Session, State};
use crate::world::Input;

/// Runs the command that was typed, and gives the exit code.
pub(crate) async fn run(matches: &ArgMatches, session: &Session, input: Input) -> u8 {
    let mut words = Vec::new();
    let mut leaf = matches;
    while let Some((word, below)) = leaf.subcommand() {
        words.push(word);
        leaf = below;
    }
    let Some(registration) = registry::commands().into_iter().find(|command| command.path == words) else {
        return exit::WRONG;
    };
    let format = Form::from_arg_matches(leaf).map(|form| form.format()).unwrap_or_default();
    let Some(path) = home_of(session) else { return exit::WRONG };
    let answer = Rc::new(RefCell::new(Answer::default()));
    let mut output = output(format, session, Rc::clone(&answer), input);
    let cx = session.context(session.store(&path), false);
    let arguments = args::arguments_of(registration, leaf);
    let done = session.until_stopped(call(registration, arguments, &cx, &mut output)).await;
    session.screen.no_status();
    if format == Format::Json {
        let answer = answer.take();
        if matches!(done, Some(Ok(()))) || answer.data.is_some() {
            session.screen.json(&answer.document());
        }
    }
    if done.is_none() || session.state.interrupted.get() {
        session.screen.problem(Kind::Note, "interrupted", &[]);
        return exit::INTERRUPTED;
    }
    match done {
        Some(Err(error)) => {
            session.screen.error(&error);
            exit::FAILED
        }
        _ => exit::GOOD,
    }
}

async fn call(
    registration: &CommandRegistration,
    arguments: Value,
    cx: &flexget_core::context::Context,
    output: &mut Output,
) -> Result<(), Error> {
    registration.run(arguments, cx, output).await
}

/// The config that the command is about. Its content does not matter, and there need not be any: then the command is
/// about the config that is expected in the usual folder.
fn home_of(session: &Session) -> Option<PathBuf> {
    let Session { screen, global, folders, environment, .. } = session;
    match folders.config(global.config.as_deref(), environment) {
        Ok(path) if path.exists() => Some(path),
        Ok(path) => {
            let message = format!("there is no config `{}`", folders.absolute(&path));
            screen.problem(Kind::Error, &message, &["check the name"]);
            None
        }
        Err(missing) if missing.named => {
            session.no_config(&missing);
            None
        }
        Err(missing) => {
            let Some(usual) = &folders.usual else {
                session.no_config(&missing);
                return None;
            };
            let path = usual.join(&missing.name);
            if !global.quiet {
                let database = folders.database(global.database.as_deref(), environment, usual);
                let message = format!("there is no config yet: using the database {}", folders.absolute(&database));
                screen.problem(Kind::Note, &message, &[]);
            }
            Some(path)
        }
    }
}

/// What a command said, for a JSON document.
#[derive(Default)]
struct Answer {
    data: Option<Value>,
    lines: Vec<String>,
    tables: Vec<Table>,
}

impl Answer {
    /// What the command gave as data, or else its tables, or else its lines.
    fn document(self) -> Value {
        let rows = |table: &Table| -> Value {
            let row = |cells: &Vec<String>| -> Value {
                let cells = table.columns.iter().zip(cells);
                cells
                    .map(|(name, cell)| (name.to_lowercase(), Value::from(cell.as_str())))
                    .collect::<Map<_, _>>()
                    .into()
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

/// Where the command speaks: on the screen, or into the document that is shown at the end.
fn output(format: Format, session: &Session, answer: Rc<RefCell<Answer>>, mut input: Input) -> Output {
    let screen = session.screen.clone();
    let state = session.state.clone();
    let quiet = session.global.quiet;
    Output::new(format, session.screen.width(), move |said| {
        state.set_waiting(matches!(said, OutputEvent::Status(_)));
        match (said, format) {
            (OutputEvent::Line(line), Format::Text) => screen.line(line),
            (OutputEvent::Table(table), Format::Text) => screen.table(table),
            (OutputEvent::Data(_), Format::Text) => {}
            (OutputEvent::Line(line), Format::Json) => answer.borrow_mut().lines.push(line.to_owned()),
            (OutputEvent::Table(table), Format::Json) => answer.borrow_mut().tables.push(table.clone()),
            (OutputEvent::Data(data), Format::Json) => answer.borrow_mut().data = Some(data.clone()),
            (OutputEvent::Note(_), _) if quiet => {}
            (OutputEvent::Note(note), _) => screen.note(note),
            (OutputEvent::Status(status), _) => screen.status(status),
            (OutputEvent::Ask { question, secret }, _) => return ask(question, secret, &screen, &state, &mut input),
        }
        Ok(None)
    })
}

fn ask(
    question: &str,
    secret: bool,
    screen: &Screen,
    state: &State,
    input: &mut Input,
) -> Result<Option<String>, Error> {
    if !screen.is_on_terminal() {
        return Ok(None);
    }
    screen.question(question);
    input(secret).map_err(|error| match error.kind() {
        std::io::ErrorKind::Interrupted => {
            state.interrupted.set(true);
            Error::new("interrupted")
        }
        _ => Error::new("cannot read from the terminal").cause(error),
    })
}
