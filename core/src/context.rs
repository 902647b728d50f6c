//! The context of a run: clock, network, store, credentials, and whether this is a dry run.

pub mod auth;
mod clock;
#[doc(hidden)]
pub mod dialogue;
mod environment;
pub mod http;
pub mod journal;
pub mod mail;
pub mod oauth;
pub mod process;
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

/// Everything that plugins use of the outside world.
///
/// Cheap to clone: clones share everything.
///
/// ```
/// use flexget_core::context::Context;
/// use flexget_core::error::Result;
/// use serde_json::json;
///
/// /// Counts the runs of a config.
/// fn count_runs(cx: &Context) -> Result<u64> {
///     let before = cx.store.get_setting("runs")?.and_then(|runs| runs.as_u64()).unwrap_or(0);
///     cx.store.set_setting("runs", &json!(before + 1))?;
///     Ok(before + 1)
/// }
///
/// let cx = flexget_core::testing::context();
/// assert_eq!(count_runs(&cx).unwrap(), 1);
/// assert_eq!(count_runs(&cx).unwrap(), 2);
/// ```
#[derive(Clone)]
pub struct Context {
    /// HTTP client.
    pub http: Http,
    /// Database of what is remembered between runs.
    pub store: Store,
    /// Credentials, by service and account.
    pub auth: Auth,
    /// Clock.
    pub clock: Clock,
    /// Receiver of progress events.
    pub progress: Progress,
    /// Whether remote changes are described instead of made (`--test`).
    pub dry_run: bool,
    /// Whether caches of earlier runs are ignored (`--no-cache`).
    pub no_cache: bool,
    /// Values that are kept until the end of this run.
    pub run_cache: RunCache,
    /// Set when the user asked to stop (Ctrl-C): a run ends at its next step.
    pub interrupted: Rc<Cell<bool>>,
    /// Environment variables.
    pub environment: Environment,
}

/// Warnings that no caller waits for.
type Warnings = RefCell<Vec<String>>;

impl Context {
    /// Adds a warning of the plugin that runs, such as that a response is old.
    ///
    /// For code that many plugins use and that knows no task.
    pub fn warn(&self, warning: impl Into<String>) {
        self.run_cache.of::<Warnings>("warnings").borrow_mut().push(warning.into());
    }

    /// Returns the warnings since the last call.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        self.run_cache.of::<Warnings>("warnings").take()
    }

    /// Returns the context of one run of a task, whose requests are counted by themselves.
    #[must_use]
    pub fn for_run(&self) -> Self {
        Self { http: self.http.for_run(), ..self.clone() }
    }

    /// Returns the journal of changes to remote lists.
    pub fn journal(&self) -> Journal {
        Journal::new(self.store.clone(), self.clock.clone())
    }
}
