//! The database in SQLite, which outlives runs.
//!
//! This folder is the only one that speaks SQL. A [`Store`] has two databases: what tasks remember
//! (collections, settings, the journal) is scoped by the config's name; accounts and rate limits
//! are in the auth store, which all configs of a user share.

pub mod accounts;
mod auth_location;
mod buckets;
#[doc(hidden)]
pub mod changes;
mod collection;
mod database;
mod file;
mod foreign_db;
#[doc(hidden)]
pub mod history;
mod lock;
mod maintenance;
mod migrations;
mod other_configs;
mod overlay;
mod record;
mod rows;
mod run_lock;
mod schedule_times;
mod setting;
#[cfg(test)]
mod tests;

pub(crate) use buckets::BucketState;
#[doc(hidden)]
pub use buckets::RateLimitUse;
pub use collection::{Collection, Edits};
pub use database::Store;
#[doc(hidden)]
pub use foreign_db::ForeignDb;
#[doc(hidden)]
pub use maintenance::{KEEP_CHANGES, KEEP_RUNS_FOR, Pruned, Purpose, Size};
pub use record::{NewRecord, RawRecord, Record};
#[doc(hidden)]
pub use run_lock::{DaemonLock, TaskLock};
