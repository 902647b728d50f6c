//! Plugins that produce entries.

pub mod csv;
pub mod filesystem;
pub mod from_digest;
#[allow(clippy::module_inception, reason = "a plugin's file is named for its key")]
pub mod inputs;
pub mod mock;
pub mod rss;
pub mod text;
