//! For tests: a simulated Trakt, and a world that is authorized there.

use flexget_core::context::Environment;
use flexget_core::context::auth::{Account, Application, Tokens};
use flexget_core::context::http::{Http, HttpOptions};
use flexget_core::prelude::*;
use flexget_core::testing;
use secrecy::SecretString;
use trakt_sim::{CLIENT_ID, CLIENT_SECRET, Options, Seed, Sim};

use crate::trakt::SERVICE;

/// A world with the account `ann` (Trakt user `Ann.Kay`), and the Trakt that it talks to.
///
/// Both share a clock that moves only when somebody sleeps.
pub struct Sandbox {
    /// The world.
    pub cx: Context,
    /// Trakt.
    pub sim: Sim,
}

impl Sandbox {
    /// Creates a world with a simulated Trakt that begins with these contents.
    pub fn new(seed: Seed) -> Self {
        let cx = testing::context();
        let sim = Sim::start(Options { seed, clock: cx.clock.shared(), ..Options::default() }).expect("a simulator");
        Self::of(cx, sim)
    }

    /// Creates a world with this Trakt, where `ann` is authorized.
    pub fn of(cx: Context, sim: Sim) -> Self {
        let variables: BTreeMap<&str, String> = BTreeMap::from([
            ("FLEXGET_TRAKT_API_URL", sim.api_url()),
            ("FLEXGET_TRAKT_AUTH_URL", sim.auth_url()),
            ("FLEXGET_TRAKT_CLIENT_ID", CLIENT_ID.to_owned()),
            ("FLEXGET_TRAKT_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ]);
        let environment = Environment::new(move |name| variables.get(name).cloned());
        let sandbox = Self { cx: Context { environment, ..cx }, sim };
        sandbox.authorize("ann", "Ann.Kay");
        sandbox
    }

    /// Stores an authorization without asking anybody.
    pub fn authorize(&self, name: &str, user: &str) {
        let token = self.sim.token_for(user);
        let created = Timestamp::from_second(token.created_at).expect("a time");
        let expires = created + jiff::SignedDuration::from_secs(token.expires_in);
        let tokens = Tokens::new(token.access_token.into(), token.refresh_token.into(), created, expires);
        let application = Application::new(CLIENT_ID, Some(SecretString::from(CLIENT_SECRET)));
        let mut account = Account::new(SERVICE, name, application, tokens);
        account.user = Some(user.to_owned());
        self.cx.auth.save(&account).expect("a stored account");
    }

    /// Starts the next run in the same world: only the store is kept.
    pub fn next_run(&self) -> Context {
        let cx = testing::next_run(&self.cx);
        let http = Http::new(HttpOptions::default(), cx.store.clone(), cx.clock.clone(), cx.progress.clone());
        self.sim.forget_requests();
        Context { http, ..cx }
    }

    /// Returns the requests so far, as `GET /sync/watchlist`.
    pub fn requests(&self) -> Vec<String> {
        self.sim.requests().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }
}
