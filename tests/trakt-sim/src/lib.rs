//! A stateful Trakt server on loopback, for tests, the demo and benchmarks. It is never part of the shipped program.
//!
//! It behaves as Trakt does in late 2026, as far as that is known: two hosts (API and OAuth), required headers, the
//! device flow with single-use refresh tokens, paging that clamps silently, lists, watchlist, favorites, collection,
//! history, ratings, watched and progress derived from the history, search, summaries, charts and calendars.
//! Where Trakt's behaviour is not known, [`Switches`] chooses, and the default is what is harder for a client.
//!
//! ```text
//! wire      a request read, a reply not yet sent        server    the two listeners
//! faults    scripted failures and odd answers           access    headers, keys, tokens, rate limits, locked accounts
//! world     the whole state                             route     path → handler
//! ```
//!
//! Reading order: [`Sim`], [`World`], `route`, then the handler that you need; each has the name of its subject.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

mod access;
mod activate;
mod activities;
mod bulk;
mod calendars;
mod catalogue;
mod charts;
mod collection;
mod faults;
mod filters;
mod gate;
mod generate;
mod history;
mod items;
mod limits;
mod lists;
mod oauth;
mod odd_values;
mod own_lists;
mod paging;
mod progress;
mod ratings;
mod render;
mod route;
mod search;
mod seed;
mod server;

mod slug;
mod summaries;
#[cfg(test)]
mod tests;
mod time;
mod users;
mod watched;
mod wire;
mod world;

pub use catalogue::{Alias, Catalogue, Credit, Episode, Ids, Kind, Media, Person, Season, Show, Translation, Work};
pub use faults::{Fault, Trouble};
pub use gate::Gate;
pub use items::{Contents, Item, Place};
pub use limits::Limits;
pub use lists::{List, Privacy};
pub use oauth::{Device, DeviceState, Oauth, Token};
pub use odd_values::OddValue;
pub use paging::{OddPages, PageOddity, PageRule, Pages};
pub use seed::{CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, Seed};
pub use slug::slug;
pub use time::{parse as parse_time, render as render_time};
pub use users::{AccountLimits, Collected, Play, Rated, User};
pub use wire::{Host, Reply, Request};
pub use world::{App, Switches, World};

/// How a simulator is to be.
#[derive(Default)]
pub struct Options {
    /// What the world holds at the start.
    pub seed: Seed,
    /// Milliseconds since 1970, shared with the client's own clock; `None` = the system's clock.
    pub clock: Option<Arc<AtomicI64>>,
    /// Which rate limits hold; by default none does.
    pub limits: Limits,
    /// The API host's port; 0 = any.
    pub port: u16,
    /// The OAuth host's port; 0 = any.
    pub auth_port: u16,
}

/// A request that the simulator has seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The host it was made to.
    pub host: Host,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The decoded query, in order.
    pub query: Vec<(String, String)>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, if it was JSON.
    pub body: Option<Value>,
    /// The status of the answer; 0 if none was sent.
    pub status: u16,
    /// The slug of the user whose token it carried.
    pub user: Option<String>,
    /// When it came, milliseconds since 1970 on the simulator's clock.
    pub time: i64,
}

/// A running simulator. It has a thread of its own; dropping it closes all connections and ends the thread.
pub struct Sim {
    shared: Arc<Shared>,
    api: SocketAddr,
    auth: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// What the server's thread and the test's thread both hold.
pub(crate) struct Shared {
    world: Mutex<World>,
    seen: Mutex<Vec<Seen>>,
    /// Told of each request that is written down.
    news: Condvar,
    faults: Mutex<Vec<Fault>>,
}

/// A test that failed while it held the lock must not hide its message behind a poisoned lock.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        hold(&self.faults)
    }

    /// Moves the shared clock on.
    fn pass(&self, time: Duration) {
        hold(&self.world).pass(time);
    }

    /// Handles a request and writes it down, with `status` instead of the real one if that is what the client sees.
    fn apply(&self, request: &Request, status: Option<u16>) -> Reply {
        let mut world = hold(&self.world);
        let mut reply = access::handle(&mut world, request);
        reply.headers.push(("Date".into(), time::http_date(world.now())));
        self.note(&world, request, status.unwrap_or(reply.status));
        reply
    }

    /// Writes a request down that is not handled.
    fn record(&self, request: &Request, status: u16) {
        self.note(&hold(&self.world), request, status);
    }

    fn note(&self, world: &World, request: &Request, status: u16) {
        hold(&self.seen).push(Seen {
            host: request.host,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: request.json(),
            status,
            user: access::bearer(request).and_then(|token| world.oauth.user_of(token)),
            time: world.now(),
        });
        self.news.notify_all();
    }
}

impl Sim {
    /// Starts a simulator on loopback.
    ///
    /// # Errors
    /// When a port is taken or a thread cannot be made.
    pub fn start(options: Options) -> io::Result<Sim> {
        let (api_listener, api) = server::bind(options.port)?;
        let (auth_listener, auth) = server::bind(options.auth_port)?;
        let mut world = World::new(options.clock, options.limits);
        world.oauth.verification_url = format!("http://{auth}/activate");
        options.seed.plant(&mut world);
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            seen: Mutex::default(),
            news: Condvar::new(),
            faults: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("trakt-sim".into())
            .spawn(move || server::serve(&served, api_listener, auth_listener, stopped))?;
        Ok(Sim { shared, api, auth, stop: Some(stop), thread: Some(thread) })
    }

    /// The API host, for `FLEXGET_TRAKT_API_URL`; no slash at the end.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// The OAuth host, for `FLEXGET_TRAKT_AUTH_URL`; no slash at the end.
    pub fn auth_url(&self) -> String {
        format!("http://{}", self.auth)
    }

    /// Looks at the state, or changes it, while no request is handled.
    pub fn with<R>(&self, f: impl FnOnce(&mut World) -> R) -> R {
        f(&mut hold(&self.shared.world))
    }

    /// All requests so far, in order.
    pub fn requests(&self) -> Vec<Seen> {
        hold(&self.shared.seen).clone()
    }

    /// The requests after the first `known` ones.
    pub fn requests_after(&self, known: usize) -> Vec<Seen> {
        hold(&self.shared.seen).iter().skip(known).cloned().collect()
    }

    /// How many requests had this method (`*` = any) and a path that starts so, on either host.
    pub fn count(&self, method: &str, path_prefix: &str) -> usize {
        count(&hold(&self.shared.seen), method, path_prefix)
    }

    /// Waits until so many such requests have been handled, or are hanging, and says whether they came in that time.
    pub fn wait_for(&self, method: &str, path_prefix: &str, requests: usize, patience: Duration) -> bool {
        let seen = hold(&self.shared.seen);
        let missing = |seen: &mut Vec<Seen>| count(seen, method, path_prefix) < requests;
        match self.shared.news.wait_timeout_while(seen, patience, missing) {
            Ok((_, waited)) => !waited.timed_out(),
            Err(_) => false,
        }
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        hold(&self.shared.seen).clear();
    }

    /// Adds a scripted failure; earlier ones come first.
    pub fn fail(&self, fault: Fault) {
        self.shared.faults().push(fault);
    }

    /// Ends all scripted failures.
    pub fn heal(&self) {
        self.shared.faults().clear();
    }

    /// The user (slug or name) says yes to a device code.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn approve(&self, user_code: &str, user: &str) {
        self.with(|world| {
            let user = world.known(user);
            world.oauth.settle(user_code, DeviceState::Approved(user));
        });
    }

    /// The user says no to a device code.
    pub fn deny(&self, user_code: &str) {
        self.with(|world| world.oauth.settle(user_code, DeviceState::Denied));
    }

    /// A device code runs out.
    pub fn expire(&self, user_code: &str) {
        self.with(|world| world.oauth.settle(user_code, DeviceState::Expired));
    }

    /// Device codes approve themselves for this user (slug or name) after that many pending polls; `None` = they wait
    /// for a person.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn auto_approve(&self, user: Option<&str>, after_polls: u32) {
        self.with(|world| world.oauth.auto_approve = user.map(|user| (world.known(user), after_polls)));
    }

    /// A valid pair for this user (slug or name) without the flow.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn token_for(&self, user: &str) -> Token {
        self.with(|world| world.issue(user))
    }

    /// All access tokens of this user are expired from now on; refresh tokens still work.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn expire_access(&self, user: &str) {
        self.with(|world| {
            let user = world.known(user);
            world.oauth.expire_access(&user);
        });
    }

    /// All refresh tokens of this user are dead; access tokens still work.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn revoke_refresh(&self, user: &str) {
        self.with(|world| {
            let user = world.known(user);
            world.oauth.revoke_refresh(&user);
        });
    }

    /// All tokens of this user are dead, as after a visit to the page of connected apps.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn revoke(&self, user: &str) {
        self.with(|world| {
            let user = world.known(user);
            world.oauth.revoke_user(&user);
        });
    }
}

fn count(seen: &[Seen], method: &str, path_prefix: &str) -> usize {
    let same = |seen: &&Seen| (method == "*" || seen.method == method) && seen.path.starts_with(path_prefix);
    seen.iter().filter(same).count()
}

impl Drop for Sim {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Whatever ended the thread, the simulator is gone now, as was asked.
            let _ = thread.join();
        }
    }
}
