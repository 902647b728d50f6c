//! What titles say, and when two are of the same thing.

pub mod media;
pub mod parsing;
