//! Commands that belong to no single plugin.

mod changes;
mod database;
mod flexget_db;
mod key;
mod seen;
