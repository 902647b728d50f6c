//! The command line.

mod contributed;

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _, ValueEnum};
use flexget_core::plugin::command::Format;

pub(crate) use contributed::{add_to, arguments_of};

/// What can be said before or after any command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The config: a path, or a name to look for in the usual folders [default: config.yml, or what FLEXGET_CONFIG names]
    #[arg(short, long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The database [default: `flexget-rs.sqlite` beside the config, or what FLEXGET_DATABASE names]
    #[arg(long, global = true, value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// Change nothing: say what would be done
    #[arg(long, global = true)]
    pub test: bool,
    /// Tell more: undecided entries and what is being done; twice and thrice for more still
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Tell of nothing but errors
    // `flexget --cron execute` is what crontabs of FlexGet users say.
    #[arg(short, long, alias = "cron", global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Whether to use colours; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub color: Colour,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    // On a terminal, unless NO_COLOR is set. No doc comments: they would make the help of every command long.
    #[default]
    Auto,
    Always,
    Never,
}

/// The form of the output.
#[derive(Debug, Clone, Args)]
pub(crate) struct Form {
    /// The form of the output: for people, or one JSON document
    #[arg(long, value_name = "FORM", default_value = "text", hide_default_value = true)]
    format: FormName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormName {
    Text,
    Json,
}

impl Form {
    /// The form of the output.
    pub(crate) fn format(&self) -> Format {
        match self.format {
            FormName::Text => Format::Text,
            FormName::Json => Format::Json,
        }
    }
}

/// Runs tasks
///
/// All tasks of the config, except those that are `manual`, one after the other. What they did is shown task by task.
/// The exit code is 0 if all went well, 1 if a task was aborted or a change failed, 2 if the config or the command line
/// is wrong, 130 if it was interrupted.
#[derive(Debug, Clone, clap::Parser)]
pub(crate) struct Execute {
    /// Run these tasks alone, even `manual` ones; `*`, `?` and `[…]` match as in a shell
    #[arg(long, num_args = 1.., value_name = "TASK")]
    pub tasks: Vec<String>,
    /// Run only tasks that use this template
    #[arg(short = 'T', long, value_name = "NAME")]
    pub template: Option<String>,
    /// Act on nothing, and remember what is accepted as if it had been acted on
    #[arg(long)]
    pub learn: bool,
    /// Do not believe what earlier runs have remembered of online lists
    #[arg(long)]
    pub no_cache: bool,
    /// Show every field of the entries, of all or of those in these states
    #[arg(long, num_args = 0.., value_name = "WHAT")]
    pub dump: Option<Vec<Dump>>,
    /// Show the tasks as they are after templates and includes, as a config, and do not run them
    #[arg(long)]
    pub dump_config: bool,
    /// Replace `$K` by V in all texts and keys of the config
    #[arg(long, num_args = 1.., value_name = "K=V", value_parser = pair)]
    pub cli_config: Vec<(String, String)>,
    /// The form of the output.
    #[command(flatten)]
    pub form: Form,
}

/// What to dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dump {
    /// Look up every field first
    Eval,
    /// What went wrong while fields were looked up
    Trace,
    /// Accepted entries
    Accepted,
    /// Rejected entries
    Rejected,
    /// Undecided entries
    Undecided,
    /// Failed entries
    Failed,
    /// Titles only
    Title,
}

/// Checks the config and tells of every mistake in it
///
/// Nothing is run and nothing is sent. Plugins that only FlexGet has are listed for each task that names them. The exit
/// code is 2 if there is an error, and 0 if there are only warnings: a task that needs such a plugin is skipped, and the
/// others run.
#[derive(Debug, Clone, clap::Parser)]
pub(crate) struct Check {
    /// The form of the output.
    #[command(flatten)]
    pub form: Form,
}

/// Shows the plugins, or the manual of one
#[derive(Debug, Clone, clap::Parser)]
pub(crate) struct Plugins {
    /// The plugin whose manual to show
    pub name: Option<String>,
    /// The form of the output.
    #[command(flatten)]
    pub form: Form,
}

/// Prints the JSON Schema of configs, for editors
#[derive(Debug, Clone, clap::Parser)]
pub(crate) struct Schema {
    /// Print that of one plugin's options
    #[arg(long, value_name = "NAME")]
    pub plugin: Option<String>,
}

/// Prints a script that completes commands and options in a shell
#[derive(Debug, Clone, clap::Parser)]
pub(crate) struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// The whole command line, with what plugins contribute.
pub(crate) fn program(width: Option<usize>) -> Command {
    let program = Global::augment_args(Command::new("flexget-rs"))
        .about("Runs FlexGet task configs")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .infer_subcommands(true)
        .infer_long_args(true)
        .disable_help_subcommand(true)
        .term_width(width.unwrap_or(100).min(100))
        .subcommand(Execute::command().name("execute"))
        .subcommand(Check::command().name("check"))
        .subcommand(Plugins::command().name("plugins"))
        .subcommand(Schema::command().name("schema"))
        .subcommand(Completions::command().name("completions"));
    add_to(program)
}

/// `K=V`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as `KEY=VALUE`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        program(None).debug_assert();
    }

    #[test]
    fn commands_and_options_may_be_shortened_and_globals_stand_anywhere() {
        use clap::FromArgMatches;
        for line in [
            "flexget-rs --test -c a.yml execute --tasks x y",
            "flexget-rs exec --task x y --test -c a.yml",
            "flexget-rs -c a.yml exec --tasks x --tasks y --test",
        ] {
            let matches = program(None).try_get_matches_from(line.split(' ')).unwrap();
            let (name, matches) = matches.subcommand().unwrap();
            let global = Global::from_arg_matches(matches).unwrap();
            assert_eq!((name, global.test, global.config), ("execute", true, Some("a.yml".into())), "{line}");
            assert_eq!(Execute::from_arg_matches(matches).unwrap().tasks, ["x", "y"], "{line}");
        }
    }
}
