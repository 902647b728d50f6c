//! Rows of other configs in the same database.

use rusqlite::Params;

use super::database::{Database, Store};
use super::rows::{all, whole};
use crate::error::Result;

/// Scopes are `config` and the name of the config.
const PREFIX: &str = "config ";

impl Store {
    /// Returns the name of the config whose rows these are, or `None` if it has none.
    pub fn config_name(&self) -> Option<&str> {
        self.scope().strip_prefix(PREFIX).filter(|name| !name.is_empty())
    }

    /// Returns the other configs that have changes in the journal, with their number.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn changes_of_other_configs(&self) -> Result<Vec<(String, usize)>> {
        // The journal is in the auth store, where all configs share it.
        count_by_config(
            self.journal_database(),
            "SELECT scope, count(*) FROM change WHERE scope <> ?1 GROUP BY scope ORDER BY scope",
            [&**self.scope()],
        )
    }

    /// Returns the other configs that have records of this kind, with their number.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn records_of_other_configs(&self, kind: &str) -> Result<Vec<(String, usize)>> {
        count_by_config(
            self.task_database(),
            "SELECT scope, count(*) FROM collection JOIN record ON record.id BETWEEN collection.id << 32 AND \
             (collection.id << 32) + 0xffffffff WHERE scope <> ?1 AND kind = ?2 GROUP BY scope ORDER BY scope",
            [&**self.scope(), kind],
        )
    }
}

fn count_by_config(database: &Database, query: &str, parameters: impl Params) -> Result<Vec<(String, usize)>> {
    let rows: Vec<(String, usize)> =
        database.read(|connection| all(connection, query, parameters, |row| Ok((row.get(0)?, whole(row, 1)?))))?;
    let config = |(scope, count): (String, usize)| Some((scope.strip_prefix(PREFIX)?.to_owned(), count));
    Ok(rows.into_iter().filter_map(config).filter(|(name, _)| !name.is_empty()).collect())
}
