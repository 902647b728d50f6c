//! The plugins of flexget-rs: one file for each key of a task, named for it.
//!
//! Each file registers its plugin with `submit!`. A program that links this crate
//! (`use flexget_plugins as _;`) has all of them. `shared/` and `titles/` hold code that several
//! plugins use; no plugin uses another.

// Numbers may come from outside: whatever they are, the program does not panic.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod commands;
mod filters;
mod inputs;
#[cfg(test)]
mod laws;
mod lists;
mod modify;
mod outputs;
mod shared;
pub mod titles;
mod trakt;
mod unsupported;
