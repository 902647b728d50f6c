//! Helpers for the tests of plugins: a small world without network, YAML in and titles out.
//!
//! They panic with a message on a failure, at the line of the test that calls them. Only tests may
//! use this module, which is the feature `testing` of the crate:
//!
//! ```toml
//! [dev-dependencies]
//! flexget-core = { version = "0.1", features = ["testing"] }
//! ```
//!
//! * [`Sandbox`] is a world with accounts, environment variables and scripts, for whole tasks.
//! * [`run`], [`titles`], [`decisions`] and [`config_errors`] do the same in one line each.
//! * [`server::Server`] is a service on loopback.
//! * [`list_laws`] and [`plugin_laws`] check what holds for every list and every plugin.

mod commands;
mod list_laws;
mod plugin_laws;
mod sandbox;
pub mod server;
mod tasks;
#[cfg(test)]
mod tests;
mod world;

pub use commands::{Transcript, command};
pub use list_laws::{ListLaws, list_laws};
pub use plugin_laws::plugin_laws;
pub use sandbox::Sandbox;
pub use tasks::{config_errors, decisions, entry, list, plan_of, run, run_config, run_config_async, titles};
pub use world::{NOW, block_on, context, context_with, dry_run, next_run};
