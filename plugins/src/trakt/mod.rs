//! Trakt: what its plugins and commands share.
//!
//! [`client`] is the only file with Trakt's addresses; [`oauth`] asks for, renews and revokes tokens, [`device`] shows the code that a user has to enter; [`fault`] says what a
//! failure means and what to do about it; [`model`] is what Trakt answers; [`catalogue`] says where each list is and which
//! it is; [`entries`] makes entries of what Trakt answers; [`reading`] reads lists whole and keeps them; [`bulk`] writes many items at once,
//! and [`parts`] knows what goes with them;
//! [`titles`], [`seasons`] and [`translation`] are what Trakt knows of a title, [`user_data`] what a user has done with it; [`matching`] knows
//! which title a name means, [`progress`] how far a user is with shows, and [`asking`] asks about many.

pub mod asking;
pub mod bulk;
pub mod catalogue;
pub mod client;
pub mod commands;
pub mod device;
pub mod entries;
pub mod fault;
pub mod matching;
pub mod model;
pub mod oauth;
pub mod parts;
pub mod progress;
pub mod reading;
pub mod seasons;
pub mod titles;
pub mod translation;
pub mod user_data;

/// The name of the service in the auth store.
pub const SERVICE: &str = "trakt";

#[cfg(test)]
pub mod sandbox;
#[cfg(test)]
mod tests;
