//! Lists in the store and in files, and their commands.

pub mod commands;
pub mod entry_list;
pub mod movie_list;
pub mod pending_list;
pub mod regexp_list;
pub mod stored_list;
pub mod yaml_list;

#[cfg(test)]
mod tests;
