//! Progress events of long work, for display.

use std::rc::Rc;
use std::time::Duration;

/// Something that takes a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Nothing happens for some time.
    Waiting {
        /// Reason, such as "example.org limits requests".
        reason: String,
        /// Length of the wait.
        duration: Duration,
    },
    /// A part of the work is done.
    Working {
        /// Name of the activity.
        label: String,
        /// Number of parts that are done.
        done: u64,
        /// Number of all parts; 0 when it is unknown.
        total: u64,
    },
    /// The work or the wait has ended.
    Done,
}

/// Receiver of progress events: the terminal's progress bar, or nothing.
#[derive(Clone)]
pub struct Progress(Rc<dyn Fn(Event)>);

impl Progress {
    /// Passes every event to `watch`.
    pub fn new(watch: impl Fn(Event) + 'static) -> Self {
        Self(Rc::new(watch))
    }

    /// Ignores all events.
    pub fn none() -> Self {
        Self::new(|_| ())
    }

    /// Reports an event.
    pub fn report(&self, event: Event) {
        (self.0)(event);
    }
}
