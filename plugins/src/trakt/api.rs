//! Trakt over HTTP: its endpoints, tokens, answers and errors.

// What comes from outside is counted with bounds.
#![deny(clippy::arithmetic_side_effects)]

pub mod client;
pub mod errors;
pub mod lenient;
pub mod model;
pub mod oauth;
pub mod urls;
