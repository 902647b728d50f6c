//! Progress events: what takes a while, for whoever shows it.

use std::rc::Rc;
use std::time::Duration;

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
