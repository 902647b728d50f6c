//! Trakt over HTTP: its endpoints, tokens, answers and errors.

pub mod client;
pub mod errors;
pub mod lenient;
pub mod model;
pub mod oauth;
pub mod urls;
