//! The program: the command line, the terminal, and the world that everything else is given.
//!
//! [`run`] is the whole program as a function of its arguments and of a [`World`]; `main` calls it
//! with the real one, and tests with another. The plugins crate contributes what is registered;
//! nothing else here names it.

// Numbers may come from outside: whatever they are, the program does not panic.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod args;
mod arguments;
mod candidates;
mod command_line;
mod commands;
mod config;
pub mod exit;
mod identity;
mod linked;
mod output_file;
mod prompt;
mod render;
mod session;
mod signal;
mod unknown_plugin;
mod world;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{FromArgMatches, Subcommand};
use flexget_core::context::Environment;
use flexget_core::error::{Error, OUT_OF_FILES, is_out_of_files};
use flexget_core::plugin::command::Format;
use flexget_plugins as _;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::filter::LevelFilter;

use args::GlobalOptions;
use command_line::OwnCommand;
use output_file::RotatingFile;
use render::console::{ColorChoice, Console, MessageKind};
use render::log::LogOptions;
use render::printable::{ERROR, Printable};
use session::Session;

pub use identity::Identity;
pub use world::{Input, Interrupt, OnStop, Stream, World};

/// Runs the program and returns the exit code; the first argument is the program's name.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, world: World) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let format = args::wanted_format(&arguments);
    // Help and errors end the reading before the choice of colours is read.
    let is_plain = arguments.windows(2).any(|pair| pair[0] == "--color" && pair[1] == "never");
    let color = if is_plain { ColorChoice::Never } else { ColorChoice::Auto };
    // Of two commands of one name the command line cannot be made.
    let mut problems = flexget_core::plugin::problems::problems();
    let own = command_line::own_program(world.stdout.terminal);
    problems.extend(command_line::problems(&own));
    problems.extend(linked::problems());
    if let Some(first) = problems.first() {
        let console = Console::new(world.stdout, world.stderr, color, &world.environment);
        session::print_document(&console, first, format);
        problems.iter().for_each(|problem| console.error(problem));
        return exit::FAILURE;
    }
    let matches = match arguments::add_contributed(own).try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        // Help and the version are no errors.
        Err(shown) if !shown.use_stderr() => return report_command_line(shown, format, world, color),
        Err(error) => {
            // The error quotes the arguments, which must not begin lines of their own.
            let plain =
                arguments.iter().map(|argument| Printable::line(argument.to_string_lossy()).as_str().to_owned());
            let program = command_line::program(world.stdout.terminal);
            let error = program.try_get_matches_from(plain).err().unwrap_or(error);
            return report_command_line(error, format, world, color);
        }
    };
    // Global options are known at every level, and complete at the deepest.
    let mut deepest = &matches;
    while let Some((_, below)) = deepest.subcommand() {
        deepest = below;
    }
    let global = match GlobalOptions::from_arg_matches(deepest) {
        Ok(global) => global,
        Err(error) => return report_command_line(error, format, world, color),
    };
    let console = Console::new(world.stdout, world.stderr, global.color, &world.environment);
    let activity = session::Activity::default();
    if format == Format::Json {
        session::end_at_stop(&console, &activity, world.on_stop);
    }
    let folders = config::Folders::new(world.folder, world.home, &world.environment);
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let named_level = global.log_level.map(LevelFilter::from);
    let file = match global.log.as_deref().map(|path| open_log(path, &global, &folders, &world.environment)) {
        None => None,
        Some(Ok(file)) => Some((file, named_level.unwrap_or(LevelFilter::INFO.max(level)))),
        Some(Err(error)) => return session::fail(&console, &error, format, exit::USAGE),
    };
    let directives = (world.environment)("FLEXGET_LOG").filter(|directives| !directives.is_empty());
    let options = LogOptions {
        // With a log file the level is the file's.
        level: named_level.filter(|_| file.is_none()).unwrap_or(level),
        directives: directives.as_deref(),
        with_time: global.verbose > 1,
        file,
        clock: world.clock.clone(),
    };
    let subscriber = match render::log::subscriber(&console, options) {
        Ok(subscriber) => subscriber,
        Err(reason) => {
            let help =
                "set it to a level (`info`), or to targets with levels (`flexget_core::context::http=debug,warn`)";
            let error = Error::new(format!("`FLEXGET_LOG` is not valid: {reason}")).hint(help);
            return session::fail(&console, &error, format, exit::USAGE);
        }
    };
    let session = Rc::new(Session {
        console: console.clone(),
        global,
        format,
        folders,
        environment: world.environment,
        clock: world.clock,
        http: world.http,
        input: Rc::new(RefCell::new(world.input)),
        interrupt: world.interrupt,
        activity,
    });
    let code = dispatch(&matches, &session).with_subscriber(subscriber).await;
    console.end_status();
    exit_code(code, &console)
}

/// Returns the exit code of a program whose output may not have been written.
fn exit_code(code: u8, console: &Console) -> u8 {
    match console.take_failure() {
        Some(error) => {
            console.message(MessageKind::Error, &format!("the output cannot be written: {error}"), &[]);
            exit::FAILURE.max(code)
        }
        None => code,
    }
}

/// Opens the log file; a relative path is below the folder of the config, as in FlexGet.
fn open_log(
    path: &Path,
    global: &GlobalOptions,
    folders: &config::Folders,
    environment: &Environment,
) -> Result<RotatingFile, Error> {
    let config = folders.config(global.config.as_deref(), environment).ok();
    let folder = config.as_deref().and_then(Path::parent).unwrap_or(&folders.current);
    let path = folder.join(path);
    RotatingFile::open(&path).map_err(|error| {
        Error::new(format!("the log file `{}` cannot be written: {error}", folders.absolute(&path)))
            .hint("check the permissions of the file and of its folder, or name another one with `--log FILE`")
    })
}

async fn dispatch(matches: &clap::ArgMatches, session: &Rc<Session>) -> u8 {
    let Some((name, _)) = matches.subcommand() else { return exit::USAGE };
    if !OwnCommand::has_subcommand(name) {
        let done = commands::contributed::run(matches, session).await;
        return session.end(done);
    }
    match OwnCommand::from_arg_matches(matches) {
        Ok(command) => command.run(session).await,
        Err(error) => {
            session.console.beside(&Printable::block(error));
            exit::USAGE
        }
    }
}

/// Prints help and the version to stdout, and errors of the command line to stderr.
fn report_command_line(error: clap::Error, format: Format, world: World, color: ColorChoice) -> u8 {
    let console = Console::new(world.stdout, world.stderr, color, &world.environment);
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            console.data(&Printable::drawing(&error.render().ansi().to_string()));
            exit_code(exit::SUCCESS, &console)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let incomplete = Error::new("the command is not complete").hint("`--help` shows what may follow");
            session::print_document(&console, &incomplete, format);
            console.beside(&Printable::drawing(&error.render().ansi().to_string()));
            exit::USAGE
        }
        // It quotes the arguments, which may hold anything: none of its styles are kept.
        _ => {
            let meant = match error.get(ContextKind::InvalidSubcommand) {
                Some(ContextValue::String(word)) => command_line::pointer(word),
                _ => None,
            };
            let text = error.render().to_string();
            let message = text.strip_prefix("error:").unwrap_or(&text);
            // The first paragraph is the error, the others are what to do.
            let (error, help) = message.split_once("\n\n").unwrap_or((message, ""));
            let wrong = Error::new(error.trim());
            let wrong = if help.trim().is_empty() { wrong } else { wrong.hint(help.trim()) };
            session::print_document(&console, &wrong, format);
            console.beside(&Printable::styled(ERROR, "error").append(&Printable::block(format_args!(":{message}"))));
            if let Some(command) = meant {
                console.note(&Printable::line(format_args!("you may want `flexget-rs {command}`")));
            }
            exit::USAGE
        }
    }
}

/// Defines the `main` of a program that has plugins of its own besides those of flexget-rs.
///
/// The crates with plugins are named in it, because a crate that nothing names is not linked, and
/// its plugins are not there; a debug build says at its start which one was forgotten. Plugins in
/// the program's own files need no name. The program's name, version and description are those of
/// its `Cargo.toml`.
///
/// ```
/// // All of `src/main.rs`. With a crate of plugins: `flexget_rs::main! { my_plugins }`
/// flexget_rs::main! {}
/// ```
#[macro_export]
macro_rules! main {
    ($($plugins:ident),* $(,)?) => {
        $(use $plugins as _;)*

        fn main() -> ::std::process::ExitCode {
            let identity = $crate::Identity::new(
                env!("CARGO_PKG_NAME"),
                env!("CARGO_PKG_VERSION"),
                env!("CARGO_PKG_DESCRIPTION"),
            );
            $crate::start_as(identity.with_crates(env!("CARGO_MANIFEST_DIR"), &[$(stringify!($plugins)),*]))
        }
    };
}

/// Runs the program as another one of this name and version, as [`main!`] does.
pub fn start_as(identity: Identity) -> ExitCode {
    identity.set();
    start(world::os_arguments())
}

/// Runs the program in the real world, as `main` does.
pub fn start(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    render::panic::explain_panics();
    commands::completions::complete_for_shell(|| command_line::program(None));
    let started = world::check_open_files();
    let started = started.and_then(|()| tokio::runtime::Builder::new_current_thread().enable_all().build());
    let runtime = match started {
        Ok(runtime) => runtime,
        Err(error) => return report_start_failure(&error, args::wanted_format(&arguments)).into(),
    };
    let code = runtime.block_on(run(arguments, World::real()));
    // A question may still wait for an answer in a thread of its own, which is abandoned.
    runtime.shutdown_background();
    code.into()
}

/// Reports that the program could not start, as a JSON document too where that is the format.
fn report_start_failure(error: &io::Error, format: Format) -> u8 {
    let failure = Error::new(format!("cannot start: {error}"));
    let failure = if is_out_of_files(error) { failure.hint(OUT_OF_FILES) } else { failure };
    let World { stdout, stderr, environment, .. } = World::real();
    let console = Console::new(stdout, stderr, ColorChoice::Auto, &environment);
    session::fail(&console, &failure, format, exit::FAILURE)
}
