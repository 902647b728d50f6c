//! Plugins that change entries and their order.

pub mod limit;
pub mod manipulate;
pub mod metainfo_movie;
pub mod metainfo_quality;
pub mod metainfo_series;
pub mod no_entries_ok;
pub mod set;
pub mod sort_by;
