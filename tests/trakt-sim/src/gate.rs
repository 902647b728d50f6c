//! A gate: the answer to a request waits at it until a test opens it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// Holds an answer back until the test opens it.
#[derive(Clone, Debug)]
pub struct Gate(Arc<State>);

#[derive(Debug)]
struct State {
    open: watch::Sender<bool>,
    is_reached: Mutex<bool>,
    news: Condvar,
}

impl Default for Gate {
    fn default() -> Self {
        let (open, _) = watch::channel(false);
        Self(Arc::new(State { open, is_reached: Mutex::new(false), news: Condvar::new() }))
    }
}

impl Gate {
    /// Waits until a request is held, and says whether one was within that time.
    pub fn wait_for_request(&self, patience: Duration) -> bool {
        let is_reached = self.0.is_reached.lock().unwrap_or_else(PoisonError::into_inner);
        match self.0.news.wait_timeout_while(is_reached, patience, |is_reached| !*is_reached) {
            Ok((is_reached, _)) => *is_reached,
            Err(_) => false,
        }
    }

    /// Lets the request go on that is held, and all later ones.
    pub fn open(&self) {
        self.0.open.send_replace(true);
    }

    /// Holds a request until the gate is open.
    pub(crate) async fn pass(&self) {
        *self.0.is_reached.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.news.notify_all();
        // It fails only if the gate is gone, which this request holds.
        let _ = self.0.open.subscribe().wait_for(|is_open| *is_open).await;
    }
}
