//! Authorization and the network, when everything goes wrong that can: what is said, how often is asked, what is kept.

mod bounded;
mod clock;
mod crash;
mod device;
mod manual;
mod matrix;
mod secrets;
#[cfg(unix)]
pub(crate) mod terminal;
mod tokens;

use flexget_core::context::auth::{Account, Auth};
use flexget_tests::Sandbox;

/// The account `me` of `config.yml`, if there is one.
fn stored(sandbox: &Sandbox) -> Option<Account> {
    Auth::new(sandbox.store(), sandbox.clock.clone()).account("trakt", "me").unwrap()
}

/// Stores an authorization whose access token has expired for everybody.
fn authorize_expired(sandbox: &Sandbox) {
    let life = sandbox.sim().with(|world| std::mem::replace(&mut world.oauth.expires_in, 0));
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().with(|world| world.oauth.expires_in = life);
}
