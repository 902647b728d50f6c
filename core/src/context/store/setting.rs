//! Settings: small values by name, such as when something last ran.

use serde_json::Value;

use super::database::Store;
use super::rows::{first, json, run};
use crate::error::Result;

impl Store {
    /// Returns the value that is stored under `key` for this config.
    ///
    /// # Errors
    ///
    /// The database cannot be used.
    pub fn get_setting(&self, key: &str) -> Result<Option<Value>> {
        self.task_database().read(|connection| {
            let query = "SELECT value FROM setting WHERE scope = ? AND key = ?";
            first(connection, query, (&**self.scope(), key), |row| json(row, 0))
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
                run(transaction, "DELETE FROM setting WHERE scope = ? AND key = ?", (&**self.scope(), key))?;
            } else {
                let insert = "INSERT OR REPLACE INTO setting (scope, key, value) VALUES (?, ?, ?)";
                run(transaction, insert, (&**self.scope(), key, value.to_string()))?;
            }
            Ok(())
        })
    }
}
