//! One invocation of the program: the options of the user and the world around it.

use std::cell::Cell;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flexget_core::config::scripts::use_scripts_of;
use flexget_core::context::auth::Auth;
use flexget_core::context::http::{Http, HttpOptions};
use flexget_core::context::store::Store;
use flexget_core::context::{Clock, Context, Environment, RunCache};
use flexget_core::error::{Error, Result};
use flexget_core::plugin::command::Format;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::args::GlobalOptions;
use crate::config::{Folders, NoConfig};
use crate::exit;
use crate::render::console::{Console, MessageKind};
use crate::render::printable::Printable;
use crate::world::{Input, Interrupt, OnStop};

/// How long a request under way may take to end after Ctrl-C, so that its outcome is known.
const GRACE: Duration = Duration::from_secs(5);

/// An error that ends a command, and the exit code for it.
pub(crate) struct CommandError {
    error: Error,
    code: u8,
}

impl CommandError {
    /// Ends a command because of its arguments or the config.
    pub(crate) fn usage(error: Error) -> Self {
        Self { error, code: exit::USAGE }
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        Self { error, code: exit::FAILURE }
    }
}

/// The exit code of a command, or the error that is printed at its end.
pub(crate) type Exit = Result<u8, CommandError>;

/// One invocation of the program.
pub(crate) struct Session {
    pub console: Console,
    pub global: GlobalOptions,
    /// The output format of the command.
    pub format: Format,
    pub folders: Folders,
    pub environment: Environment,
    pub clock: Clock,
    pub http: HttpOptions,
    pub input: Rc<std::cell::RefCell<Input>>,
    pub interrupt: Interrupt,
    pub activity: Activity,
}

/// The activity at the moment: whether it may be cancelled, and whether the user asked for that.
#[derive(Clone, Default)]
pub(crate) struct Activity {
    /// The user asked to stop.
    pub interrupted: Rc<Cell<bool>>,
    /// The program only waits, so that it can be cancelled without harm.
    waiting: Rc<Cell<bool>>,
    waits: Rc<Notify>,
    /// The work heeds Ctrl-C, because it waits for something now and then.
    is_stoppable: Arc<AtomicBool>,
}

impl Activity {
    /// Sets whether the program only waits.
    pub(crate) fn set_waiting(&self, waiting: bool) {
        self.waiting.set(waiting);
        if waiting {
            self.waits.notify_one();
        }
    }
}

impl Session {
    /// Creates the context for work with a store.
    pub(crate) fn context(&self, store: Store, no_cache: bool) -> Context {
        self.context_for(store, no_cache, self.global.test)
    }

    /// Creates the context of a dry run.
    pub(crate) fn dry_context(&self, store: Store) -> Context {
        self.context_for(store, false, true)
    }

    fn context_for(&self, store: Store, no_cache: bool, dry_run: bool) -> Context {
        let activity = self.activity.clone();
        let progress = self.console.progress(self.clock.clone(), move |waiting| activity.set_waiting(waiting));
        let store = if dry_run { store.scratch() } else { store };
        let http = Http::new(self.http.clone(), store.clone(), self.clock.clone(), progress.clone());
        Context {
            http: if dry_run { http.for_dry_run() } else { http },
            auth: Auth::new(store.clone(), self.clock.clone()),
            store,
            clock: self.clock.clone(),
            progress,
            dry_run,
            no_cache,
            run_cache: RunCache::default(),
            interrupted: Rc::clone(&self.activity.interrupted),
            environment: self.environment.clone(),
        }
    }

    /// Returns the path of the config.
    ///
    /// # Errors
    /// There is none; the error says where it was looked for.
    pub(crate) fn config(&self) -> Result<PathBuf, CommandError> {
        self.find_config(self.global.config.as_deref()).map_err(CommandError::usage)
    }

    /// Returns the path of the config that is named, or of the usual one.
    ///
    /// # Errors
    /// There is none; the error says where it was looked for.
    pub(crate) fn find_config(&self, named: Option<&Path>) -> Result<PathBuf> {
        self.folders.config(named, &self.environment).map_err(|missing| self.no_config(&missing))
    }

    /// Returns the failure of a command that cannot use the config of this name.
    pub(crate) fn wrong_config(&self, name: &str) -> CommandError {
        CommandError::usage(Error::new(format!("the config {name} is wrong")).hint("`flexget-rs check` explains it"))
    }

    /// Makes the scripts beside the config known as plugins, if there is a config.
    ///
    /// What is wrong with them is said when the config is checked.
    pub(crate) fn use_scripts(&self) {
        if let Some(folder) = self.config().ok().as_deref().and_then(Path::parent) {
            use_scripts_of(folder);
        }
    }

    /// Returns the store of the config at `path`.
    pub(crate) fn store(&self, path: &Path) -> Store {
        self.folders.store(self.global.database.as_deref(), &self.environment, path)
    }

    /// Returns the names of the stored accounts of a service, or `None` if nothing is stored yet.
    pub(crate) fn account_names(&self, path: &Path, service: &str) -> Option<Vec<String>> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let database = self.folders.database(self.global.database.as_deref(), &self.environment, folder);
        let accounts = self.folders.accounts(self.global.database.as_deref(), &self.environment);
        if !crate::config::exists(&accounts.unwrap_or(database)) {
            return None;
        }
        let accounts = Auth::new(self.store(path), self.clock.clone()).accounts(service).ok()?;
        Some(accounts.into_iter().map(|account| account.name).collect())
    }

    /// Runs `work` until it is done or the user asks to stop, which returns `None`.
    ///
    /// Waiting is cancelled at once; a request under way may end first.
    pub(crate) async fn until_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let interrupted = async {
            // It is polled when the work first waits; until then the system ends the process.
            let interrupt = (self.interrupt)();
            self.activity.is_stoppable.store(true, Ordering::Relaxed);
            interrupt.await;
        };
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            () = interrupted => {}
        }
        self.activity.interrupted.set(true);
        if self.activity.waiting.get() {
            return None;
        }
        self.console.status("stopping when the request under way has ended; Ctrl-C again stops at once");
        tokio::select! {
            biased;
            done = &mut work => Some(done),
            () = (self.interrupt)() => None,
            () = self.activity.waits.notified() => None,
            () = self.clock.sleep(GRACE) => None,
        }
    }

    /// Asks the user; returns `None` if there is nobody to ask.
    ///
    /// # Errors
    /// The terminal failed, or the user pressed Ctrl-C.
    pub(crate) fn ask(&self, question: &str, secret: bool) -> Result<Option<String>> {
        if !self.console.is_interactive() {
            return Ok(None);
        }
        self.console.question(question);
        (self.input.borrow_mut())(secret).map_err(|error| {
            if error.kind() == std::io::ErrorKind::Interrupted {
                self.activity.interrupted.set(true);
                // The terminal shows `^C` behind the question.
                self.console.beside(&Printable::default().end());
                return Error::new("interrupted");
            }
            Error::new("cannot read from the terminal").cause(error)
        })
    }

    /// Returns the exit code of a command, and prints the error that has ended it.
    pub(crate) fn end(&self, done: Exit) -> u8 {
        done.unwrap_or_else(|CommandError { error, code }| fail(&self.console, &error, self.format, code))
    }

    /// Says that the user has stopped a command, as a JSON document too where that is the format.
    pub(crate) fn interrupted(&self) -> u8 {
        if self.format == Format::Json {
            self.console.json(&interruption());
        }
        self.console.message(MessageKind::Note, "interrupted", &[]);
        exit::INTERRUPTED
    }

    /// Returns the error that there is no config, with where it was looked for and how to begin.
    pub(crate) fn no_config(&self, missing: &NoConfig) -> Error {
        let places: Vec<String> = missing.looked_at.iter().map(|path| self.folders.absolute(path)).collect();
        let name = missing.name.display();
        let error = Error::new(format!("there is no config `{name}`: looked for {}", places.join(", ")));
        if missing.named {
            error.hint("check the name, or give the whole path with `-c FILE`")
        } else {
            error.hint("run `flexget-rs init` to write one, or name another one with `-c FILE`")
        }
    }
}

/// Returns the JSON document of a command that the user has stopped.
pub(crate) fn interruption() -> Value {
    json!({ "version": 1, "interrupted": true })
}

/// Ends the process at Ctrl-C with a JSON document, as long as its work does not heed Ctrl-C.
///
/// That is so before the work begins, and for all the time where it waits for nothing but files
/// and the database.
pub(crate) fn end_at_stop(console: &Console, activity: &Activity, on_stop: OnStop) {
    let (console, is_stoppable) = (console.clone(), Arc::clone(&activity.is_stoppable));
    on_stop(Box::new(move || {
        if is_stoppable.load(Ordering::Relaxed) {
            return;
        }
        // The reader of a document that is being printed may be stuck.
        on_stop(Box::new(|| process::exit(exit::INTERRUPTED.into())));
        if console.json_if_first(&interruption()) {
            console.message(MessageKind::Note, "interrupted", &[]);
            process::exit(exit::INTERRUPTED.into());
        }
    }));
}

/// Prints an error, as a JSON document too where that is the format, and returns `code`.
pub(crate) fn fail(console: &Console, error: &Error, format: Format, code: u8) -> u8 {
    print_document(console, error, format);
    console.error(error);
    code
}

/// Prints an error as a JSON document where that is the format.
pub(crate) fn print_document(console: &Console, error: &Error, format: Format) {
    if format == Format::Json {
        console.json(&json!({ "version": 1, "error": error_document(error) }));
    }
}

/// Returns an error as data.
pub(crate) fn error_document(error: &Error) -> Value {
    match error.hint_text() {
        Some(hint) => json!({ "message": error.to_string(), "hint": hint }),
        None => json!({ "message": error.to_string() }),
    }
}
