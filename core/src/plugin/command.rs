//! Commands: what users type besides `execute`, contributed by plugins.
//!
//! A command is a struct; its fields are its arguments, its doc comment is its help. A field with the schema keyword
//! `"positional": true` stands without a name; the others are `--long-options`, and a `bool` is a flag.

use std::panic::Location;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::error::{Error, Result};
use futures_util::future::LocalBoxFuture;

/// A subcommand. One line registers it: `submit! { command::<MyCommand>() }`.
pub trait Command: DeserializeOwned + JsonSchema + 'static {
    /// The words that users type: `trakt`, `auth`.
    const PATH: &'static [&'static str];

    /// Does it, and says what it does through `out`.
    ///
    /// # Errors
    /// What went wrong; the program then ends with exit code 1.
    fn run(&self, cx: &Context, out: &mut Output) -> impl Future<Output = Result<()>>;
}

pub(crate) type Run = for<'a> fn(serde_json::Value, &'a Context, &'a mut Output) -> LocalBoxFuture<'a, Result<()>>;

pub(crate) fn run<'a, C: Command>(
    arguments: serde_json::Value,
    cx: &'a Context,
    out: &'a mut Output,
) -> LocalBoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let command: C = serde_path_to_error::deserialize(arguments)
            .map_err(|error| Error::new(format!("`{}` cannot be used: {}", error.path(), error.inner())))?;
        command.run(cx, out).await
    })
}

/// A registered command.
pub struct CommandRegistration {
    /// The words of the command line: `trakt`, `auth`.
    pub path: &'static [&'static str],
    /// The source file that registered it.
    pub file: &'static str,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) run: Run,
}

inventory::collect!(CommandRegistration);

/// A command, for `submit!`.
#[track_caller]
pub const fn command<C: Command>() -> CommandRegistration {
    CommandRegistration { path: C::PATH, file: Location::caller().file(), schema: C::json_schema, run: run::<C> }
}

impl CommandRegistration {
    /// The JSON Schema of the arguments.
    pub fn schema(&self) -> Schema {
        let mut generator = crate::plugin::options::settings().into_generator();
        let mut schema = (self.schema)(&mut generator);
        let definitions = generator.take_definitions(false);
        let object = schema.ensure_object();
        if !definitions.is_empty() {
            object.insert("$defs".to_owned(), definitions.into());
        }
        crate::plugin::options::forbid_null(object);
        schema
    }

    /// Runs the command with these arguments, by the names of the fields.
    ///
    /// # Errors
    /// The arguments do not fit, or what the command failed with.
    pub async fn run(&self, arguments: serde_json::Value, cx: &Context, out: &mut Output) -> Result<()> {
        (self.run)(arguments, cx, out).await
    }
}

/// In which form output is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What it is about, if that is not plain.
    pub title: Option<String>,
    /// The heads of the columns.
    pub columns: Vec<String>,
    /// The rows; each as long as there are columns.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|&name| name.to_owned()).collect(), ..Self::default() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// What a command says.
#[derive(Debug, PartialEq)]
pub enum OutputEvent<'a> {
    /// A line of the answer.
    Line(&'a str),
    /// A line beside the answer: what is being done, what to do next. Not part of what a pipe gets.
    Note(&'a str),
    /// A line that replaces the one before it on a terminal (a countdown), and is not shown elsewhere.
    Status(&'a str),
    /// A table of the answer.
    Table(&'a Table),
    /// The answer as data.
    Data(&'a serde_json::Value),
    /// A question; the answer is what the user types. `secret` ones are not shown while they are typed.
    Ask {
        /// The question.
        question: &'a str,
        /// Whether the answer is to be hidden.
        secret: bool,
    },
}

/// Takes what is said, and gives the answer to a question.
type Say = dyn FnMut(OutputEvent<'_>) -> Result<Option<String>>;

/// Where a command speaks, and what it may ask.
pub struct Output {
    /// The form that the user wants.
    pub format: Format,
    /// The width of the terminal in columns; `None` if it is not one.
    pub terminal: Option<usize>,
    say: Box<Say>,
}

impl Output {
    /// An output that hands everything to `say`, which gives the answer to a question (`None` where nobody can be asked).
    pub fn new(
        format: Format,
        terminal: Option<usize>,
        say: impl FnMut(OutputEvent<'_>) -> Result<Option<String>> + 'static,
    ) -> Self {
        Self { format, terminal, say: Box::new(say) }
    }

    /// Says a line of the answer.
    ///
    /// # Errors
    /// It could not be written.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<()> {
        (self.say)(OutputEvent::Line(text.as_ref())).map(drop)
    }

    /// Says a line beside the answer.
    ///
    /// # Errors
    /// It could not be written.
    pub fn note(&mut self, text: impl AsRef<str>) -> Result<()> {
        (self.say)(OutputEvent::Note(text.as_ref())).map(drop)
    }

    /// Shows a line that replaces the one before it, on a terminal.
    ///
    /// # Errors
    /// It could not be written.
    pub fn status(&mut self, text: impl AsRef<str>) -> Result<()> {
        (self.say)(OutputEvent::Status(text.as_ref())).map(drop)
    }

    /// Shows a table.
    ///
    /// # Errors
    /// It could not be written.
    pub fn table(&mut self, table: &Table) -> Result<()> {
        (self.say)(OutputEvent::Table(table)).map(drop)
    }

    /// Gives data: the whole answer where the format is JSON.
    ///
    /// # Errors
    /// It could not be written.
    pub fn data(&mut self, data: &impl Serialize) -> Result<()> {
        let data = serde_json::to_value(data).map_err(|error| Error::new("cannot be shown as JSON").cause(error))?;
        (self.say)(OutputEvent::Data(&data)).map(drop)
    }

    /// Asks the user; `None` where nobody can be asked.
    ///
    /// # Errors
    /// The terminal failed, or the user broke off.
    pub fn ask(&mut self, question: &str, secret: bool) -> Result<Option<String>> {
        (self.say)(OutputEvent::Ask { question, secret })
    }
}
