//! Trakt: what its plugins and commands share.

pub mod account_lists;
pub mod activities;
pub mod api;
pub mod batch;
pub mod cache;
pub mod commands;
pub mod doctor;
pub mod fields;
pub mod lists;
pub mod matching;
pub mod next_trakt_episodes;
pub mod paging;
pub mod progress;
pub mod rows;
pub mod seasons;
pub mod titles;
pub mod trakt_calendar;
pub mod trakt_list;
pub mod trakt_lookup;
pub mod translation;
pub mod user_data;

/// The name of the service in the auth store.
pub const SERVICE: &str = "trakt";

#[cfg(test)]
pub mod sandbox;
#[cfg(test)]
mod tests;
