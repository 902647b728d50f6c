//! A program with the plugins of a service of its own, Filmbox, besides all that flexget-rs can do.
//!
//! `cargo run -p filmbox -- filmbox auth me` authorizes an account; `cargo run -p filmbox --
//! plugins filmbox_list` shows a manual. Filmbox is made up; its API is in the tests.

mod filmbox;
mod filmbox_list;
mod filmbox_new;
mod filmbox_notify;
mod filmbox_rating;
#[cfg(test)]
mod tests;

flexget_rs::main! {}
