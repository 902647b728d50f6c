//! The plugins of flexget-rs: one file for each key of a task, named for it; folders hold what several of them share.
//!
//! A file registers what is in it with `submit!`. Nothing is registered unless this crate is linked: the program says
//! `use flexget_plugins as _;`.

mod commands;
mod filters;
mod inputs;
#[cfg(test)]
mod laws;
mod lists;
mod modify;
mod outputs;
pub mod titles;
mod trakt;
mod unsupported;
