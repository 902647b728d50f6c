//! The lists of Trakt: which there are, how they are read and changed.

pub mod catalogue;
pub mod collected;
pub mod counts;
pub mod entries;
pub mod history;
pub mod item;
pub mod order;
pub mod plays;
pub mod read;
pub mod resolve;
pub mod source;
pub mod write;
pub mod writer;
