//! Code that several plugins use; knows core alone.

pub mod config_change;
pub mod decision;
pub mod distinct;
pub mod feed;
pub mod field_values;
pub mod placeholder_url;
pub mod seen_record;
pub mod source;
#[cfg(test)]
pub mod test_lookup;
pub mod yaml_file;
