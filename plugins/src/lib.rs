//! The plugins of flexget-rs: one file for each key of a task, named for it; folders hold what several of them share.
//!
//! A file registers what is in it with `submit!`. Nothing is registered unless this crate is linked: the program says
//! `use flexget_plugins as _;`.

mod accept_all;
mod commands;
mod crossmatch;
mod csv;
mod duplicates;
mod entry_list;
mod feed;
mod filesystem;
mod flexget;
mod r#if;
mod inputs;
mod interval;
#[cfg(test)]
mod laws;
mod limit;
mod limit_new;
mod list_add;
mod list_clear;
mod list_match;
mod list_remove;
mod list_sync;
mod manipulate;
mod media;
mod metainfo_movie;
mod metainfo_quality;
mod metainfo_series;
mod mock;
mod movie_list;
mod next_trakt_episodes;
mod no_entries_ok;
mod only_new;
mod parsing;
mod pending_list;
mod regexp;
mod regexp_list;
mod require_field;
mod rss;
mod seen;
mod set;
mod shelf;
mod sort_by;
mod source;
#[cfg(test)]
mod test_lookup;
mod text;
mod trakt;
mod trakt_calendar;
mod trakt_list;
mod trakt_lookup;
mod unique;
mod yaml_file;
mod yaml_list;
