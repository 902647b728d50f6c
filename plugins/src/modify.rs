//! Plugins that change entries, their order, or the task.

pub mod digest;
pub mod free_space;
pub mod headers;
pub mod limit;
pub mod manipulate;
pub mod metainfo_media_id;
pub mod metainfo_movie;
pub mod metainfo_quality;
pub mod metainfo_series;
pub mod no_entries_ok;
pub mod sequence;
pub mod set;
pub mod sort_by;
