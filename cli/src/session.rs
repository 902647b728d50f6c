//! One call of the program: what the user said and what the world is.

use std::cell::Cell;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use flexget_core::context::auth::Auth;
use flexget_core::context::http::{Http, HttpOptions};
use flexget_core::context::store::Store;
use flexget_core::context::{Clock, Context, Environment, RunCache};
use tokio::sync::Notify;

use crate::args::Global;
use crate::config::{self, Folders, NoConfig};
use crate::render::{Kind, Screen};
use crate::world::Interrupt;

/// After Ctrl-C, a request that is under way has this long to end, so that its outcome is known.
const GRACE: Duration = Duration::from_secs(5);

/// One call of the program.
pub(crate) struct Session {
    pub screen: Screen,
    pub global: Global,
    pub folders: Folders,
    pub environment: Environment,
    pub clock: Clock,
    pub http: HttpOptions,
    pub interrupt: Interrupt,
    pub state: State,
}

/// What goes on at the moment.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// The user asked to stop.
    pub interrupted: Rc<Cell<bool>>,
    /// Nothing happens but waiting, so that it can be broken off without harm.
    waiting: Rc<Cell<bool>>,
    waits: Rc<Notify>,
}

impl State {
    /// Says whether nothing happens but waiting.
    pub(crate) fn set_waiting(&self, waiting: bool) {
        self.waiting.set(waiting);
        if waiting {
            self.waits.notify_one();
        }
    }
}

impl Session {
    /// The context for work on the config at `config`, or on none.
    pub(crate) fn context(&self, store: Store, no_cache: bool) -> Context {
        let state = self.state.clone();
        let progress = self.screen.progress(move |waiting| state.set_waiting(waiting));
        let tasks = if self.global.test { store.scratch() } else { store };
        Context {
            http: Http::new(self.http.clone(), tasks.clone(), self.clock.clone(), progress.clone()),
            auth: Auth::new(tasks.clone(), self.clock.clone()),
            store: tasks,
            clock: self.clock.clone(),
            progress,
            dry_run: self.global.test,
            no_cache,
            run_cache: RunCache::default(),
            interrupted: Rc::clone(&self.state.interrupted),
            environment: Rc::clone(&self.environment),
        }
    }

    /// The config that is meant; if there is none, that is said.
    pub(crate) fn config(&self) -> Option<PathBuf> {
        self.folders
            .config(self.global.config.as_deref(), &self.environment)
            .map_err(|missing| self.no_config(&missing))
            .ok()
    }

    /// The store for the config at `path`.
    pub(crate) fn store(&self, path: &Path) -> Store {
        let folder = path.parent().unwrap_or(Path::new(""));
        let database = self.folders.database(self.global.database.as_deref(), &self.environment, folder);
        let store = Store::at(database).scoped(&config::name_of(path));
        match self.folders.accounts(self.global.database.as_deref(), &self.environment) {
            Some(accounts) => store.with_auth_at(accounts),
            None => store,
        }
    }

    /// Does `work` until it is done or the user asks to stop, which gives `None`. What only waits is broken off at once;
    /// a request that is under way may end first.
    pub(crate) async fn until_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            () = (self.interrupt)() => {}
        }
        self.state.interrupted.set(true);
        if self.state.waiting.get() {
            return None;
        }
        self.screen.status("stopping when the request under way has ended; Ctrl-C again stops at once");
        tokio::select! {
            biased;
            done = &mut work => Some(done),
            () = (self.interrupt)() => None,
            () = self.state.waits.notified() => None,
            () = self.clock.sleep(GRACE) => None,
        }
    }

    /// Says that there is no config, where it was looked for, and how to begin.
    pub(crate) fn no_config(&self, missing: &NoConfig) {
        let places: Vec<String> = missing.looked_at.iter().map(|path| self.folders.absolute(path)).collect();
        let name = missing.name.display();
        let message = format!("there is no config `{name}`: looked for {}", places.join(", "));
        if missing.named {
            let help = "check the name, or give the whole path with `-c FILE`";
            self.screen.problem(Kind::Error, &message, &[help]);
            return;
        }
        let usual = missing.looked_at.last().map(|path| self.folders.absolute(path)).unwrap_or_default();
        let help = format!("name another one with `-c FILE`, or begin with this in {usual}:");
        self.screen.problem(Kind::Error, &message, &[&help]);
        self.screen.aside(FIRST_CONFIG);
    }
}

/// A config to begin with.
const FIRST_CONFIG: &str = "
tasks:
  hello:
    mock: [ My first entry ]
    accept_all: yes
";
