//! The command line: the program's own commands and those that plugins contribute.

use clap::{Args, Command, Subcommand};
use flexget_core::entry::Entry;
use flexget_core::error::Error;
use flexget_core::plugin::command::CommandRegistration;
use flexget_core::plugin::registry;

use crate::args::GlobalOptions;
use crate::arguments;
use crate::commands::check::Check;
use crate::commands::completions::Completions;
use crate::commands::daemon::ServeSchedules;
use crate::commands::doctor::Doctor;
use crate::commands::execute::Execute;
use crate::commands::explain::Explain;
use crate::commands::history::History;
use crate::commands::init::Init;
use crate::commands::inject::Inject;
use crate::commands::man::Man;
use crate::commands::plugins::Plugins;
use crate::commands::report::ReportPage;
use crate::commands::schema::Schema;
use crate::commands::status::Status;
use crate::identity::Identity;
use crate::session::{CommandError, Session};

/// The program's own commands.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum OwnCommand {
    #[command(visible_alias = "run")]
    Execute(Box<Execute>),
    Inject(Box<Inject>),
    #[command(name = "daemon")]
    ServeSchedules(ServeSchedules),
    Status(Status),
    History(History),
    #[command(name = "report")]
    ReportPage(ReportPage),
    Check(Check),
    Explain(Explain),
    Init(Init),
    Doctor(Doctor),
    Plugins(Plugins),
    Schema(Schema),
    Completions(Completions),
    Man(Man),
}

impl OwnCommand {
    /// Runs the command and returns the exit code.
    pub(crate) async fn run(&self, session: &Session) -> u8 {
        let done = match self {
            Self::Execute(command) => command.run(session).await,
            Self::Inject(command) => match command.entry() {
                Ok(entry) => execution(command, entry).run(session).await,
                Err(error) => Err(CommandError::usage(error)),
            },
            Self::ServeSchedules(command) => command.run(session).await,
            Self::Status(command) => command.run(session),
            Self::History(command) => command.run(session),
            Self::ReportPage(command) => command.run(session),
            Self::Check(command) => command.run(session),
            Self::Explain(command) => command.run(session).await,
            Self::Init(command) => command.run(session),
            Self::Doctor(command) => command.run(session).await,
            Self::Plugins(command) => command.run(session),
            Self::Schema(command) => command.run(session),
            Self::Completions(command) => command.run(session),
            Self::Man(command) => command.run(program(None), session),
        };
        session.end(done)
    }
}

/// Words that people type instead of a command, and the command that they mean.
const POINTERS: [(&str, &str); 12] = [
    ("auth", "trakt auth NAME"),
    ("login", "trakt auth NAME"),
    ("authorize", "trakt auth NAME"),
    ("lists", "trakt lists"),
    ("list", "trakt lists"),
    ("validate", "check"),
    ("test", "execute --test"),
    ("why", "explain TASK TITLE"),
    ("version", "--version"),
    ("setup", "init"),
    ("config", "init"),
    ("revert", "undo last"),
];

/// Returns the command that somebody means who types this word.
pub(crate) fn pointer(word: &str) -> Option<&'static str> {
    POINTERS.iter().find(|(typed, _)| *typed == word).map(|(_, command)| *command)
}

/// Returns the run of tasks with an entry from the command line.
fn execution(inject: &Inject, entry: Entry) -> Execute {
    Execute {
        names: Vec::new(),
        tasks: inject.tasks.clone(),
        template: None,
        learn: false,
        trace: false,
        now: inject.now,
        no_cache: false,
        dump: None,
        dump_config: false,
        report: None,
        cli_config: Vec::new(),
        format: inject.format,
        injected: vec![entry],
    }
}

/// Finds commands of plugins that have the name of one of the program's own.
pub(crate) fn problems(own: &Command) -> Vec<Error> {
    registry::commands().into_iter().filter(|command| is_own(own, command.path[0])).map(taken).collect()
}

/// Returns whether a word begins a command of the program, by its name or another one.
fn is_own(own: &Command, word: &str) -> bool {
    word == "help" || own.find_subcommand(word).is_some()
}

fn taken(command: &CommandRegistration) -> Error {
    let (words, first) = (command.path.join(" "), command.path[0]);
    Error::new(format!("the command `{words}` ({}) is hidden: the program has a command `{first}`", command.file))
        .hint("give it another first word in its `PATH`, such as the name of the service")
}

/// Returns the whole command line, for a terminal of this width.
pub(crate) fn program(width: Option<usize>) -> Command {
    arguments::add_contributed(own_program(width))
}

/// Returns the command line with the program's own commands.
pub(crate) fn own_program(width: Option<usize>) -> Command {
    let identity = Identity::get();
    let program = GlobalOptions::augment_args(Command::new(identity.name))
        .version(identity.version)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .infer_subcommands(true)
        .infer_long_args(true)
        .term_width(width.unwrap_or(100).min(100));
    // The commands would bring their own, for those who read the code.
    OwnCommand::augment_subcommands(program).about(identity.about)
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        program(None).debug_assert();
    }

    #[test]
    fn a_command_with_the_name_of_an_own_one_is_told() {
        use flexget_core::context::Context;
        use flexget_core::error::Result;
        use flexget_core::plugin::command::{Output, command};

        /// Is hidden.
        #[derive(serde::Deserialize, schemars::JsonSchema)]
        struct MyStatus {}

        impl flexget_core::plugin::command::Command for MyStatus {
            const PATH: &'static [&'static str] = &["status", "mine"];
            async fn run(&self, _: &Context, _: &mut Output) -> Result<()> {
                Ok(())
            }
        }

        let own = OwnCommand::augment_subcommands(Command::new(""));
        assert!(["status", "run", "help"].iter().all(|word| is_own(&own, word)) && !is_own(&own, "filmbox"));
        let said = taken(&command::<MyStatus>()).to_string();
        assert_eq!(
            said,
            "the command `status mine` (cli/src/command_line.rs) is hidden: the program has a command `status`"
        );
        assert!(problems(&own).is_empty());
    }

    #[test]
    fn commands_and_options_may_be_shortened_and_globals_stand_anywhere() {
        for line in [
            "flexget-rs --test -c a.yml execute --tasks x y",
            "flexget-rs exec --task x y --test -c a.yml",
            "flexget-rs -c a.yml exec --tasks x --tasks y --test",
            "flexget-rs run x y -c a.yml --test",
        ] {
            let matches = program(None).try_get_matches_from(line.split(' ')).unwrap();
            let (name, leaf) = matches.subcommand().unwrap();
            let global = GlobalOptions::from_arg_matches(leaf).unwrap();
            assert_eq!((name, global.test, global.config), ("execute", true, Some("a.yml".into())), "{line}");
            let execute = Execute::from_arg_matches(leaf).unwrap();
            assert_eq!([execute.names, execute.tasks].concat(), ["x", "y"], "{line}");
        }
    }
}
