//! Progress events of long work, for display.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::clock::Clock;

/// Interval at which a wait says how much of it is left.
const COUNTDOWN: Duration = Duration::from_secs(1);

/// A step of work that takes a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Work is paused, such as by a rate limit.
    Waiting {
        /// Reason, such as "Example allows 500 reads in 5 minutes".
        reason: String,
        /// Rest of the wait.
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

/// Receiver of progress events: the terminal's progress line, or nothing.
#[derive(Clone)]
pub struct Progress {
    watch: Rc<dyn Fn(Event)>,
    /// The work that has begun.
    activity: Rc<RefCell<Option<Activity>>>,
}

/// Work of many parts.
struct Activity {
    label: String,
    done: usize,
    total: usize,
}

impl Progress {
    /// Passes every event to `watch`.
    pub fn new(watch: impl Fn(Event) + 'static) -> Self {
        Self { watch: Rc::new(watch), activity: Rc::default() }
    }

    /// Ignores all events.
    pub fn none() -> Self {
        Self::new(|_| ())
    }

    /// Reports an event.
    pub fn report(&self, event: Event) {
        (self.watch)(event);
    }

    /// Begins work of `total` parts (0 if that is unknown); what is within it counts for it.
    pub fn begin(&self, label: impl Into<String>, total: usize) {
        *self.activity.borrow_mut() = Some(Activity { label: label.into(), done: 0, total });
        self.report_activity();
    }

    /// Adds parts that are done to the work that has begun.
    pub fn advance(&self, count: usize) {
        if let Some(activity) = self.activity.borrow_mut().as_mut() {
            activity.done = activity.done.saturating_add(count);
        }
        self.report_activity();
    }

    /// Sets how many parts are done of the work that has begun.
    ///
    /// Begins it under this label if none has; the caller ends it then. Returns whether that is so.
    pub fn reach(&self, label: &str, done: usize, total: usize) -> bool {
        let begins = self.activity.borrow().is_none();
        if begins {
            *self.activity.borrow_mut() = Some(Activity { label: label.to_owned(), done, total });
        } else if let Some(activity) = self.activity.borrow_mut().as_mut() {
            (activity.done, activity.total) = (done, total);
        }
        self.report_activity();
        begins
    }

    /// Ends the work.
    pub fn end(&self) {
        self.activity.borrow_mut().take();
        self.report(Event::Done);
    }

    fn report_activity(&self) {
        let event = self.activity.borrow().as_ref().map(|activity| Event::Working {
            label: activity.label.clone(),
            done: activity.done as u64,
            total: activity.total as u64,
        });
        event.into_iter().for_each(|event| self.report(event));
    }

    /// Sleeps and reports each second why and how long it still takes.
    pub async fn wait(&self, clock: &Clock, duration: Duration, reason: &str) {
        let mut left = duration;
        while !left.is_zero() {
            self.report(Event::Waiting { reason: reason.to_owned(), duration: left });
            let next = COUNTDOWN.min(left);
            clock.sleep(next).await;
            left = left.saturating_sub(next);
        }
        // Work that has begun goes on.
        if self.activity.borrow().is_some() { self.report_activity() } else { self.report(Event::Done) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, block_on};

    #[test]
    fn a_wait_counts_down_and_lasts_as_long_as_it_should() {
        let heard: Rc<RefCell<Vec<Event>>> = Rc::default();
        let sink = Rc::clone(&heard);
        let progress = Progress::new(move |event| sink.borrow_mut().push(event));
        let clock = Clock::fixed(NOW);
        block_on(progress.wait(&clock, Duration::from_millis(2500), "it is slow"));
        let waiting =
            |millis| Event::Waiting { reason: "it is slow".to_owned(), duration: Duration::from_millis(millis) };
        assert_eq!(*heard.borrow(), [waiting(2500), waiting(1500), waiting(500), Event::Done]);
        assert_eq!(clock.now(), NOW + Duration::from_millis(2500));
    }
}
