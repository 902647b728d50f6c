//! Plugins that accept and reject entries.

pub mod accept_all;
pub mod crossmatch;
pub mod duplicates;
pub mod exists_movie;
pub mod exists_series;
pub mod r#if;
pub mod interval;
pub mod limit_new;
pub mod list_match;
pub mod only_new;
pub mod quality;
pub mod regexp;
pub mod require_field;
pub mod seen;
pub mod seen_movies;
pub mod unique;
