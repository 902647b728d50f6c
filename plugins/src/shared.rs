//! Code that several plugins use; knows core and `titles/` alone.

pub mod command_line;
pub mod config_change;
pub mod decision;
pub mod digest_entries;
pub mod distinct;
pub mod existing_copies;
pub mod feed;
pub mod field_values;
pub mod file_encoding;
pub mod folder;
pub mod nested_inputs;
pub mod non_empty;
pub mod other_configs;
pub mod placeholder_url;
pub mod seen_record;
pub mod source;
pub mod task_scope;
#[cfg(test)]
pub mod test_lookup;
#[cfg(test)]
pub mod test_server;
pub mod time_span;
pub mod yaml_file;

/// Returns the default of options that are on.
pub fn yes() -> bool {
    true
}
