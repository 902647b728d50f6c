//! Plugins that produce entries.

pub mod csv;
pub mod filesystem;
pub mod from_digest;
pub mod inputs;
pub mod mock;
pub mod rss;
pub mod text;
