//! Plugins that act on accepted entries.

pub mod exec;
pub mod list_add;
pub mod list_clear;
pub mod list_remove;
pub mod list_sync;
pub mod notify;
