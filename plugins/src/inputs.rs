//! Plugins that produce entries.

// Numbers from outside are counted with bounds.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod csv;
pub mod filesystem;
pub mod from_digest;
#[allow(clippy::module_inception, reason = "a plugin's file is named for its key")]
pub mod inputs;
pub mod mock;
pub mod rss;
pub mod text;
