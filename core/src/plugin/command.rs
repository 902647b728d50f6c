//! Commands: the subcommands of the program that plugins contribute.

use std::borrow::Borrow;
use std::panic::Location;

use futures_util::future::LocalBoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::{Error, Result};

/// A subcommand of the program.
///
/// One line registers it: `submit! { command::<MyCommand>() }`.
///
/// The fields are the arguments, the doc comment is the help. A field with the schema keyword
/// `"positional": true` is given without a name, the others are `--long-options`, and a `bool` is a
/// flag. A command that changes something says in a dry run (`cx.dry_run`) what it would do, and
/// does not do it.
///
/// ```
/// use flexget_core::plugin::command::{Command, Format, Output};
/// use flexget_core::prelude::*;
/// use flexget_core::testing;
///
/// /// Greets somebody.
/// #[derive(Deserialize, JsonSchema)]
/// struct Greet {
///     /// The name to greet.
///     #[schemars(extend("positional" = true))]
///     name: String,
///     /// Greet loudly.
///     #[serde(default)]
///     loud: bool,
/// }
///
/// submit! { command::<Greet>() }
///
/// impl Command for Greet {
///     const PATH: &'static [&'static str] = &["greet"];
///
///     async fn run(&self, _: &Context, out: &mut Output) -> Result<()> {
///         let greeting = format!("hello {}", self.name);
///         out.line(if self.loud { greeting.to_uppercase() } else { greeting })
///     }
/// }
///
/// // `flexget-rs greet Ann --loud`
/// let arguments = serde_json::json!({ "name": "Ann", "loud": true });
/// let printed = testing::command("greet", arguments, Format::Text, &testing::context())?;
/// assert_eq!(printed.text, "HELLO ANN\n");
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no command",
    label = "it does not implement `Command`",
    note = "a command is a struct of arguments with `#[derive(Deserialize, JsonSchema)]` and `impl Command for {Self}`",
    note = "a plugin is registered with `plugin::<{Self}>()`, and a list with `list::<{Self}>()`"
)]
pub trait Command: DeserializeOwned + JsonSchema + 'static {
    /// The words that users type, such as `["trakt", "auth"]`.
    const PATH: &'static [&'static str];
    /// Other words for the last one of the path, such as `login` for `auth`.
    const ALIASES: &'static [&'static str] = &[];

    /// Runs the command and prints its result through `out`.
    ///
    /// # Errors
    /// The failure to print; the program then ends with exit code 1.
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
            .map_err(|error| Error::new(format!("argument `{}` is not valid: {}", error.path(), error.inner())))?;
        command.run(cx, out).await
    })
}

/// A registered command.
#[non_exhaustive]
pub struct CommandRegistration {
    /// The words of the command line: `trakt`, `auth`.
    pub path: &'static [&'static str],
    /// Other words for the last one of the path.
    pub aliases: &'static [&'static str],
    /// The source file that registered it.
    pub file: &'static str,
    pub(crate) type_name: fn() -> &'static str,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) run: Run,
}

inventory::collect!(CommandRegistration);

/// Returns the registration of a command, for `submit!`.
#[track_caller]
pub const fn command<C: Command>() -> CommandRegistration {
    const {
        assert!(!C::PATH.is_empty(), "the PATH of a command must have at least one word");
        let mut at = 0;
        while at < C::PATH.len() {
            assert!(
                is_word(C::PATH[at]),
                "the words in the PATH of a command may have only letters from a to z, digits and `-`"
            );
            at = at.saturating_add(1);
        }
    }
    CommandRegistration {
        path: C::PATH,
        aliases: C::ALIASES,
        file: Location::caller().file(),
        type_name: std::any::type_name::<C>,
        schema: C::json_schema,
        run: run::<C>,
    }
}

/// Returns whether a text can be typed as one word of a command.
const fn is_word(word: &str) -> bool {
    let word = word.as_bytes();
    let mut at = 0;
    while at < word.len() {
        if !(word[at].is_ascii_lowercase() || word[at].is_ascii_digit() || at > 0 && word[at] == b'-') {
            return false;
        }
        at = at.saturating_add(1);
    }
    !word.is_empty()
}

impl CommandRegistration {
    /// Returns the JSON Schema of the arguments.
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

    /// Runs the command with these arguments, which are named as the fields are.
    ///
    /// # Errors
    /// The arguments are not valid, or the command failed.
    pub async fn run(&self, arguments: serde_json::Value, cx: &Context, out: &mut Output) -> Result<()> {
        (self.run)(arguments, cx, out).await
    }
}

/// The output format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Table {
    /// The title, if it needs one.
    pub title: Option<String>,
    /// The column headings.
    pub columns: Vec<String>,
    /// The rows, each with a cell for every column.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates an empty table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|&name| name.to_owned()).collect(), ..Self::default() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// Something that a command prints or asks.
#[derive(Debug, PartialEq)]
pub enum OutputEvent<'a> {
    /// A line of the result, on stdout.
    Line(&'a str),
    /// A line beside the result, on stderr: progress, or the next step.
    Note(&'a str),
    /// Line that replaces the last one on a terminal, such as a countdown; not shown elsewhere.
    Status(&'a str),
    /// A URL as a QR code, on a terminal that can show it.
    QrCode(&'a str),
    /// A table of the result.
    Table(&'a Table),
    /// The result as data.
    Data(&'a serde_json::Value),
    /// A question to the user.
    Ask {
        /// The question.
        question: &'a str,
        /// Whether the typing is hidden.
        secret: bool,
    },
}

/// Handles an event; returns the answer to a question.
type Sink = dyn FnMut(OutputEvent<'_>) -> Result<Option<String>>;

/// The output of a command, and its way to ask the user.
pub struct Output {
    /// The format that the user chose.
    pub format: Format,
    /// The width of the terminal in columns, or `None` for a pipe or a file.
    pub terminal: Option<usize>,
    sink: Box<Sink>,
}

impl Output {
    /// Creates an output that passes each event to `sink`.
    ///
    /// `sink` returns the answer to a question, or `None` if there is nobody to ask.
    pub fn new(
        format: Format,
        terminal: Option<usize>,
        sink: impl FnMut(OutputEvent<'_>) -> Result<Option<String>> + 'static,
    ) -> Self {
        Self { format, terminal, sink: Box::new(sink) }
    }

    /// Prints a line of the result.
    ///
    /// # Errors
    /// It could not be written.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<()> {
        (self.sink)(OutputEvent::Line(text.as_ref())).map(drop)
    }

    /// Prints a line beside the result, on stderr.
    ///
    /// # Errors
    /// It could not be written.
    pub fn note(&mut self, text: impl AsRef<str>) -> Result<()> {
        (self.sink)(OutputEvent::Note(text.as_ref())).map(drop)
    }

    /// Shows a line that replaces the one before it, on a terminal.
    ///
    /// # Errors
    /// It could not be written.
    pub fn status(&mut self, text: impl AsRef<str>) -> Result<()> {
        (self.sink)(OutputEvent::Status(text.as_ref())).map(drop)
    }

    /// Shows a URL as a QR code, on a terminal that can show it.
    ///
    /// # Errors
    /// It could not be written.
    pub fn qr_code(&mut self, url: &str) -> Result<()> {
        (self.sink)(OutputEvent::QrCode(url)).map(drop)
    }

    /// Prints a table.
    ///
    /// # Errors
    /// It could not be written.
    pub fn table(&mut self, table: impl Borrow<Table>) -> Result<()> {
        (self.sink)(OutputEvent::Table(table.borrow())).map(drop)
    }

    /// Returns data: the whole result where the format is JSON.
    ///
    /// # Errors
    /// It could not be written.
    pub fn data(&mut self, data: &impl Serialize) -> Result<()> {
        let data = serde_json::to_value(data).map_err(|error| Error::new("cannot be shown as JSON").cause(error))?;
        (self.sink)(OutputEvent::Data(&data)).map(drop)
    }

    /// Asks the user; returns `None` if there is nobody to ask.
    ///
    /// # Errors
    /// The terminal failed, or the user pressed Ctrl-C.
    pub fn ask(&mut self, question: &str, secret: bool) -> Result<Option<String>> {
        (self.sink)(OutputEvent::Ask { question, secret })
    }

    /// Asks before something is deleted; true if the user agrees or there is nobody to ask.
    ///
    /// # Errors
    /// The terminal failed, or the user pressed Ctrl-C.
    pub fn confirm(&mut self, question: &str) -> Result<bool> {
        let reply = self.ask(&format!("{question} [y/N]"), false)?;
        Ok(reply.is_none_or(|reply| ["y", "yes"].contains(&reply.trim().to_lowercase().as_str())))
    }
}

/// Returns the verb for a change: `past`, or in a dry run `would` with the `infinitive`.
pub fn verb(cx: &Context, past: &str, infinitive: &str) -> String {
    if cx.dry_run { format!("would {infinitive}") } else { past.to_owned() }
}

/// A result of `doctor`: something that was checked, and what to do about it.
///
/// Each service contributes a command whose last word is `doctor` and which prints its checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HealthCheck {
    /// The name of what was checked.
    pub name: String,
    /// The state that it is in.
    pub state: Health,
    /// The details.
    pub message: String,
    /// The next step for the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The state of something that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It works.
    Ok,
    /// It works, but not as it should.
    Warning,
    /// It does not work.
    Error,
}

impl HealthCheck {
    /// Creates a check without a hint.
    pub fn new(name: impl Into<String>, state: Health, message: impl Into<String>) -> Self {
        Self { name: name.into(), state, message: message.into(), hint: None }
    }

    /// Adds the next step for the user.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Prints checks as the result of a command.
    ///
    /// # Errors
    /// A check found an error, or the output could not be written.
    pub fn print(checks: &[Self], out: &mut Output) -> Result<()> {
        if out.format == Format::Json {
            out.data(&checks)?;
        } else {
            for check in checks {
                let state = match check.state {
                    Health::Ok => "ok",
                    Health::Warning => "warning",
                    Health::Error => "error",
                };
                out.line(format!("{state}: {}: {}", check.name, check.message))?;
                if let Some(hint) = &check.hint {
                    out.line(format!("  = help: {hint}"))?;
                }
            }
        }
        match checks.iter().filter(|check| check.state == Health::Error).count() {
            0 => Ok(()),
            1 => Err(Error::new("1 check failed")),
            failed => Err(Error::new(format!("{failed} checks failed"))),
        }
    }
}
