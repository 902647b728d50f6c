//! Options that several commands share.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use flexget_core::plugin::command::Format;
use tracing_subscriber::filter::LevelFilter;

use crate::render::console::ColorChoice;
use crate::render::report::Verbosity;

/// The options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalOptions {
    /// Config: a path, or a name to look for in the usual folders [default: config.yml, or
    /// FLEXGET_CONFIG]
    #[arg(short, long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Database [default: `flexget-rs.sqlite` beside the config, or FLEXGET_DATABASE]
    #[arg(long, global = true, value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// Change nothing; print what would be done
    #[arg(long, global = true)]
    pub test: bool,
    /// Print every decision; repeat it for debug and trace messages
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print errors only
    #[arg(short, long, global = true, conflicts_with_all = ["verbose", "cron"])]
    pub quiet: bool,
    /// Log file, below the folder of the config; it is moved away when it has 1 MiB
    #[arg(short = 'l', long = "log", alias = "logfile", global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Least level of messages in the log file, or on the terminal if there is none
    #[arg(
        short = 'L',
        long = "log-level",
        alias = "loglevel",
        global = true,
        value_name = "LEVEL",
        ignore_case = true
    )]
    pub log_level: Option<LogLevel>,
    /// Print nothing unless something changed, failed or needs attention
    #[arg(long, global = true, conflicts_with = "verbose")]
    pub cron: bool,
    /// Colour the output; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub color: ColorChoice,
}

/// The level of a message; FlexGet's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    None,
    Critical,
    Error,
    Warning,
    Info,
    Verbose,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::None => Self::OFF,
            LogLevel::Critical | LogLevel::Error => Self::ERROR,
            LogLevel::Warning => Self::WARN,
            LogLevel::Info | LogLevel::Verbose => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl GlobalOptions {
    /// Returns how much is printed.
    pub(crate) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.cron, self.verbose) {
            (true, ..) => Verbosity::Errors,
            (_, true, _) => Verbosity::Attention,
            (.., 0) => Verbosity::Usual,
            _ => Verbosity::Decisions,
        }
    }
}

/// The output format of a command.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct FormatOption {
    /// Output format: text, or one JSON document
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    format: FormatName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatName {
    Text,
    Json,
}

impl FormatOption {
    /// Returns the output format.
    pub(crate) fn format(self) -> Format {
        match self.format {
            FormatName::Text => Format::Text,
            FormatName::Json => Format::Json,
        }
    }
}

/// Returns the output format that a command line asks for, also if the rest of it is wrong.
pub(crate) fn wanted_format(arguments: &[OsString]) -> Format {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).take_while(|word| word != "--").collect();
    // Long options may be shortened.
    let is_option = |word: &str| word.len() > "--f".len() && "--format".starts_with(word);
    let following = words.iter().skip(1).map(Some).chain([None]);
    let is_json = words.iter().zip(following).any(|(word, next)| match word.split_once('=') {
        Some((option, value)) => is_option(option) && value == "json",
        None => is_option(word) && next.is_some_and(|value| value == "json"),
    });
    if is_json { Format::Json } else { Format::Text }
}

/// Parses `K=V`.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as `KEY=VALUE`".to_owned()),
    }
}
