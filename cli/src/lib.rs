//! The program: the command line, the terminal, and the world that everything else gets handed.
//!
//! [`run`] is the whole program as a function of its arguments and of a [`World`]; `main` calls it with the real one, and
//! tests with another. What is registered comes from the plugins crate, which nothing else here names.

mod args;
mod ask;
mod check;
mod commands;
mod config;
mod execute;
mod plugins;
mod render;
mod session;
mod world;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::ErrorKind;
use flexget_plugins as _;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::filter::LevelFilter;

use args::{Check, Colour, Completions, Execute, Global, Plugins, Schema};
use render::{Kind, Screen};
use session::Session;

pub use world::{Input, Interrupt, Stream, World};

/// How the program ends: the exit code.
pub mod exit {
    /// All went well.
    pub const GOOD: u8 = 0;
    /// A task was aborted, a change failed, or a command did not do what it was to do.
    pub const FAILED: u8 = 1;
    /// The config or the command line is wrong.
    pub const WRONG: u8 = 2;
    /// The user asked to stop.
    pub const INTERRUPTED: u8 = 130;
}

/// Runs the program with these arguments, the first of which is its name, and gives the exit code.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, world: World) -> u8 {
    let matches = match args::program(world.stdout.terminal).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return command_line(error, world),
    };
    // What is global is known at every level, and complete at the deepest.
    let mut deepest = &matches;
    while let Some((_, below)) = deepest.subcommand() {
        deepest = below;
    }
    let global = match Global::from_arg_matches(deepest) {
        Ok(global) => global,
        Err(error) => return command_line(error, world),
    };
    let no_colour = (world.environment)("NO_COLOR").is_some_and(|value| !value.is_empty());
    let screen = Screen::new(world.stdout, world.stderr, global.color, no_colour);
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let said = (world.environment)("FLEXGET_LOG").filter(|said| !said.is_empty());
    let subscriber = match render::log::subscriber(&screen, level, said.as_deref()) {
        Ok(subscriber) => subscriber,
        Err(why) => {
            let help =
                "set it to a level (`info`), or to targets with levels (`flexget_core::context::http=debug,warn`)";
            screen.problem(Kind::Error, &format!("`FLEXGET_LOG` cannot be understood: {why}"), &[help]);
            return exit::WRONG;
        }
    };
    let session = Session {
        screen: screen.clone(),
        global,
        folders: config::Folders::new(world.folder, world.home, &world.environment),
        environment: world.environment,
        clock: world.clock,
        http: world.http,
        interrupt: world.interrupt,
        state: session::State::default(),
    };
    let code = dispatch(&matches, &session, world.input).with_subscriber(subscriber).await;
    screen.no_status();
    match screen.failure() {
        Some(error) => {
            screen.problem(Kind::Error, &format!("the output cannot be written: {error}"), &[]);
            exit::FAILED.max(code)
        }
        None => code,
    }
}

async fn dispatch(matches: &clap::ArgMatches, session: &Session, input: Input) -> u8 {
    let Some((name, below)) = matches.subcommand() else { return exit::WRONG };
    let own = match name {
        "execute" => Execute::from_arg_matches(below).map(Own::Execute),
        "check" => Check::from_arg_matches(below).map(Own::Check),
        "plugins" => Plugins::from_arg_matches(below).map(Own::Plugins),
        "schema" => Schema::from_arg_matches(below).map(Own::Schema),
        "completions" => Completions::from_arg_matches(below).map(Own::Completions),
        _ => return commands::run(matches, session, input).await,
    };
    match own {
        Ok(Own::Execute(options)) => execute::run(&options, session).await,
        Ok(Own::Check(options)) => check::run(&options, session),
        Ok(Own::Plugins(options)) => plugins::run(&options, session),
        Ok(Own::Schema(options)) => plugins::schema(&options, session),
        Ok(Own::Completions(options)) => {
            let mut script = Vec::new();
            clap_complete::generate(options.shell, &mut args::program(None), "flexget-rs", &mut script);
            session.screen.data(&String::from_utf8_lossy(&script));
            exit::GOOD
        }
        Err(error) => {
            session.screen.aside(&error.to_string());
            exit::WRONG
        }
    }
}

/// The program's own commands.
enum Own {
    Execute(Execute),
    Check(Check),
    Plugins(Plugins),
    Schema(Schema),
    Completions(Completions),
}

/// Shows what clap says: help and the version as data, mistakes beside it.
fn command_line(error: clap::Error, world: World) -> u8 {
    let no_colour = (world.environment)("NO_COLOR").is_some_and(|value| !value.is_empty());
    let screen = Screen::new(world.stdout, world.stderr, Colour::Auto, no_colour);
    let text = error.render().ansi().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            screen.data(&text);
            exit::GOOD
        }
        _ => {
            screen.aside(&text);
            exit::WRONG
        }
    }
}

/// Runs the program in the real world: what `main` does, and whoever is to be the program in a process of its own.
pub fn start(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    // From now on a mistake of the program is told in words, with a backtrace only where `RUST_BACKTRACE` asks for one.
    render::explain_panics();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            render::cannot_start(&error);
            return exit::FAILED.into();
        }
    };
    let code = runtime.block_on(run(arguments, World::real()));
    // A question may still be waiting for an answer in a thread of its own: nobody waits for that.
    runtime.shutdown_background();
    code.into()
}
