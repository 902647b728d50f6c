//! Worlds in memory, and running what needs one.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;

use jiff::Timestamp;

use crate::context::auth::Auth;
use crate::context::http::{Http, HttpOptions};
use crate::context::store::Store;
use crate::context::{Clock, Context, Environment, Progress, RunCache};

/// Time of the clock of a [`context`]: 2026-11-24T00:00:00Z.
pub const NOW: Timestamp = Timestamp::constant(1_795_478_400, 0);

/// Returns a world in memory: an empty store, a clock that stands at [`NOW`], no environment.
///
/// Nobody serves requests in it.
pub fn context() -> Context {
    context_with(Store::in_memory())
}

/// Returns the same with another store.
pub fn context_with(store: Store) -> Context {
    let clock = Clock::fixed(NOW);
    Context {
        http: Http::new(HttpOptions::default(), store.clone(), clock.clone(), Progress::none()),
        auth: Auth::new(store.clone(), clock.clone()),
        store,
        clock,
        progress: Progress::none(),
        dry_run: false,
        no_cache: false,
        run_cache: RunCache::default(),
        interrupted: Rc::new(Cell::new(false)),
        environment: Environment::empty(),
    }
}

/// Returns the next run in the same world: it has found out nothing yet.
pub fn next_run(cx: &Context) -> Context {
    Context { run_cache: RunCache::default(), ..cx.clone() }
}

/// Returns a dry run in the same world, as `--test` makes it.
pub fn dry_run(cx: &Context) -> Context {
    Context { dry_run: true, store: cx.store.scratch(), http: cx.http.for_dry_run(), ..next_run(cx) }
}

/// Runs a future to its end on a runtime of its own.
///
/// # Panics
/// The runtime cannot be made.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("no runtime: {error}"),
    }
}
