//! Reading of titles, and matching of movies, shows, seasons and episodes.

pub mod media;
pub mod parsing;
