//! Commands: what users type besides `execute`, contributed by plugins.
//!
//! A command is a struct; its fields are its arguments, its doc comment is its help. A field with the schema keyword
//! `"positional": true` stands without a name; the others are `--long-options`, and a `bool` is a flag.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::plugin::LocalFuture;
use crate::registry::CommandRegistration;

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

pub(crate) type Run = for<'a> fn(serde_json::Value, &'a Context, &'a mut Output) -> LocalFuture<'a, Result<()>>;

pub(crate) fn run<'a, C: Command>(
    arguments: serde_json::Value,
    cx: &'a Context,
    out: &'a mut Output,
) -> LocalFuture<'a, Result<()>> {
    Box::pin(async move {
        let command: C = serde_path_to_error::deserialize(arguments)
            .map_err(|error| Error::new(format!("`{}` cannot be used: {}", error.path(), error.inner())))?;
        command.run(cx, out).await
    })
}

impl CommandRegistration {
    /// The JSON Schema of the arguments.
    pub fn schema(&self) -> Schema {
        let mut generator = crate::schema::settings().into_generator();
        let mut schema = (self.schema)(&mut generator);
        let definitions = generator.take_definitions(false);
        let object = schema.ensure_object();
        if !definitions.is_empty() {
            object.insert("$defs".to_owned(), definitions.into());
        }
        crate::schema::forbid_null(object);
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
pub enum Said<'a> {
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
type Say = dyn FnMut(Said<'_>) -> Result<Option<String>>;

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
        say: impl FnMut(Said<'_>) -> Result<Option<String>> + 'static,
    ) -> Self {
        Self { format, terminal, say: Box::new(say) }
    }

    /// Says a line of the answer.
    ///
    /// # Errors
    /// It could not be written.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<()> {
        (self.say)(Said::Line(text.as_ref())).map(drop)
    }

    /// Says a line beside the answer.
    ///
    /// # Errors
    /// It could not be written.
    pub fn note(&mut self, text: impl AsRef<str>) -> Result<()> {
        (self.say)(Said::Note(text.as_ref())).map(drop)
    }

    /// Shows a line that replaces the one before it, on a terminal.
    ///
    /// # Errors
    /// It could not be written.
    pub fn status(&mut self, text: impl AsRef<str>) -> Result<()> {
        (self.say)(Said::Status(text.as_ref())).map(drop)
    }

    /// Shows a table.
    ///
    /// # Errors
    /// It could not be written.
    pub fn table(&mut self, table: &Table) -> Result<()> {
        (self.say)(Said::Table(table)).map(drop)
    }

    /// Gives data: the whole answer where the format is JSON.
    ///
    /// # Errors
    /// It could not be written.
    pub fn data(&mut self, data: &impl Serialize) -> Result<()> {
        let data = serde_json::to_value(data).map_err(|error| Error::new("cannot be shown as JSON").cause(error))?;
        (self.say)(Said::Data(&data)).map(drop)
    }

    /// Asks the user; `None` where nobody can be asked.
    ///
    /// # Errors
    /// The terminal failed, or the user broke off.
    pub fn ask(&mut self, question: &str, secret: bool) -> Result<Option<String>> {
        (self.say)(Said::Ask { question, secret })
    }
}
