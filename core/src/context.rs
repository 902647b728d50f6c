//! The world, by the door: the clock, the network, the store, the credentials, and whether this is a dry run.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::auth::Auth;
use crate::http::Http;
use crate::journal::Journal;
use crate::store::Store;

/// The only place where the time is read and where anything sleeps.
///
/// A clock of the tests starts at a given time and moves only when somebody sleeps on it or moves it, so nothing waits
/// for real; it may be shared with a server in another thread.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start` until it is slept on or moved.
    pub fn fixed(start: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.as_millisecond()))))
    }

    /// The milliseconds since 1970 of a fixed clock, to share it with a server; `None` for the machine's clock.
    pub fn shared(&self) -> Option<Arc<AtomicI64>> {
        self.0.clone()
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            None => Timestamp::now(),
            Some(at) => Timestamp::from_millisecond(at.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }

    /// Where the clock hangs: the time zone of the machine; UTC for a fixed clock.
    pub fn zone(&self) -> TimeZone {
        match &self.0 {
            None => TimeZone::system(),
            Some(_) => TimeZone::UTC,
        }
    }

    /// Waits for `duration`; a fixed clock moves on by it at once, and other work gets its turn.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            None => tokio::time::sleep(duration).await,
            Some(at) => {
                // Rounded up, so that whoever waits for a time finds that it has come.
                let milliseconds = i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX);
                at.fetch_add(milliseconds, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Something that takes a while, told to whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Nothing happens for so long, and why ("example.org limits requests").
    Waiting {
        /// Why.
        reason: String,
        /// For how long.
        duration: Duration,
    },
    /// So many of so many are done.
    Working {
        /// What is being done.
        label: String,
        /// How many are done.
        done: u64,
        /// How many there are; 0 when that is not known.
        total: u64,
    },
    /// What was being done has ended.
    Done,
}

/// Where events go: the terminal's progress bar, or nowhere.
#[derive(Clone)]
pub struct Progress(Rc<dyn Fn(Event)>);

impl Progress {
    /// Hands every event to `watch`.
    pub fn new(watch: impl Fn(Event) + 'static) -> Self {
        Self(Rc::new(watch))
    }

    /// Nobody watches.
    pub fn none() -> Self {
        Self::new(|_| ())
    }

    /// Tells of `event`.
    pub fn tell(&self, event: Event) {
        (self.0)(event);
    }
}

/// What a run finds out and need not find out twice, by type and name. It ends with the run.
#[derive(Default, Clone)]
pub struct Memo(Rc<RefCell<Known>>);

/// What is known, by type and name.
type Known = HashMap<(TypeId, String), Rc<dyn Any>>;

impl Memo {
    /// The one `T` of this name; the first to ask makes it.
    pub fn of<T: Default + 'static>(&self, name: &str) -> Rc<T> {
        let mut known = self.0.borrow_mut();
        let one = known.entry((TypeId::of::<T>(), name.to_owned())).or_insert_with(|| Rc::new(T::default()));
        // The key holds the type, so this is always the type that is asked for.
        Rc::clone(one).downcast::<T>().unwrap_or_default()
    }
}

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
    pub memo: Memo,
    /// Set when the user asked to stop (Ctrl-C): a run ends at its next step.
    pub interrupted: Rc<Cell<bool>>,
    /// The environment variables, read once.
    pub environment: Environment,
}

/// What there is to say to the user that is no answer to anybody's question.
type Remarks = RefCell<Vec<String>>;

impl Context {
    /// Tells the user something about what is being done, such as that an answer is old: it becomes a warning of the
    /// plugin that asked. For code that is asked by many and knows no task.
    pub fn remark(&self, remark: impl Into<String>) {
        self.memo.of::<Remarks>("remarks").borrow_mut().push(remark.into());
    }

    /// The remarks since the last time.
    pub(crate) fn take_remarks(&self) -> Vec<String> {
        self.memo.of::<Remarks>("remarks").take()
    }

    /// The journal of changes to remote lists.
    pub fn journal(&self) -> Journal {
        Journal::new(self.store.clone(), self.clock.clone())
    }
}

/// The value of an environment variable by its name.
pub type Environment = Rc<dyn Fn(&str) -> Option<String>>;
