//! Plugins that act on accepted entries.

// Numbers from outside are counted with bounds.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod exec;
pub mod list_add;
pub mod list_clear;
pub mod list_remove;
pub mod list_sync;
pub mod notify;
