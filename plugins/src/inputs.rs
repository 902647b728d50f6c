//! Plugins that produce entries.

pub mod csv;
pub mod feed;
pub mod filesystem;
pub mod inputs;
pub mod mock;
pub mod rss;
pub mod source;
pub mod text;
pub mod yaml_file;
