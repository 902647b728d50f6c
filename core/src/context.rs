//! The world, by the door: the clock, the network, the store, the credentials, and whether this is a dry run.

pub mod auth;
mod clock;
mod environment;
pub mod http;
pub mod journal;
mod progress;
mod run_cache;
pub mod store;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use auth::Auth;
pub use clock::Clock;
pub use environment::Environment;
use http::Http;
use journal::Journal;
pub use progress::{Event, Progress};
pub use run_cache::RunCache;
use store::Store;

/// The world that plugins live in. Cheap to clone: clones share everything.
#[derive(Clone)]
pub struct Context {
    /// The network.
    pub http: Http,
    /// What is remembered between runs.
    pub store: Store,
    /// The credentials, by service and account.
    pub auth: Auth,
    /// The time.
    pub clock: Clock,
    /// Who watches.
    pub progress: Progress,
    /// Remote changes are described and not made (`--test`).
    pub dry_run: bool,
    /// What is remembered from earlier runs is not believed (`--no-cache`).
    pub no_cache: bool,
    /// What this run has found out.
    pub run_cache: RunCache,
    /// Set when the user asked to stop (Ctrl-C): a run ends at its next step.
    pub interrupted: Rc<Cell<bool>>,
    /// The environment variables, read once.
    pub environment: Environment,
}

/// What there is to say to the user that is no answer to anybody's question.
type Warnings = RefCell<Vec<String>>;

impl Context {
    /// Tells the user something about what is being done, such as that an answer is old: it becomes a warning of the
    /// plugin that asked. For code that is asked by many and knows no task.
    pub fn warn(&self, warn: impl Into<String>) {
        self.run_cache.of::<Warnings>("remarks").borrow_mut().push(warn.into());
    }

    /// The remarks since the last time.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        self.run_cache.of::<Warnings>("remarks").take()
    }

    /// The journal of changes to remote lists.
    pub fn journal(&self) -> Journal {
        Journal::new(self.store.clone(), self.clock.clone())
    }
}
