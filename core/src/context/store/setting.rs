//! Settings: small values by name, such as when something last ran.

use rusqlite::OptionalExtension;
use serde_json::Value;

use super::database::Store;
use super::rows::json;
use crate::error::Result;

impl Store {
    /// Returns the value that is stored under `key` for this config.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn get_setting(&self, key: &str) -> Result<Option<Value>> {
        self.task_database().read(|connection| {
            connection
                .prepare_cached("SELECT value FROM setting WHERE scope = ? AND key = ?")?
                .query_row((&**self.scope(), key), |row| json(row, 0))
                .optional()
        })
    }

    /// Stores `value` under `key` for this config; `Null` removes it.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn set_setting(&self, key: &str, value: &Value) -> Result<()> {
        self.task_database().write(|transaction| {
            if value.is_null() {
                transaction.execute("DELETE FROM setting WHERE scope = ? AND key = ?", (&**self.scope(), key))?;
            } else {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO setting (scope, key, value) VALUES (?, ?, ?)")?
                    .execute((&**self.scope(), key, value.to_string()))?;
            }
            Ok(())
        })
    }
}
