//! When the items of schedules run next.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::database::Store;
use super::rows::{all, run, time};
use crate::error::Result;

impl Store {
    /// Returns when the items of schedules run next, by their keys.
    ///
    /// # Errors
    ///
    /// The database cannot be used; so for all methods.
    pub fn schedule_times(&self) -> Result<BTreeMap<String, Timestamp>> {
        self.task_database().read(|connection| {
            let query = "SELECT key, next FROM schedule WHERE scope = ?";
            all(connection, query, [&**self.scope()], |row| Ok((row.get(0)?, time(row, 1)?)))
        })
    }

    /// Stores when items of schedules run next, and forgets the items that are not among `keys`.
    pub fn set_schedule_times(&self, times: &[(&str, Timestamp)], keys: Option<&[&str]>) -> Result<()> {
        self.task_database().write(|transaction| {
            for (key, next) in times {
                let insert = "INSERT OR REPLACE INTO schedule (scope, key, next) VALUES (?, ?, ?)";
                run(transaction, insert, (&**self.scope(), key, next.as_millisecond()))?;
            }
            let Some(keys) = keys else { return Ok(()) };
            let query = "SELECT key FROM schedule WHERE scope = ?";
            let known: Vec<String> = all(transaction, query, [&**self.scope()], |row| row.get(0))?;
            let keys: BTreeSet<&str> = keys.iter().copied().collect();
            for gone in known.iter().filter(|known| !keys.contains(known.as_str())) {
                run(transaction, "DELETE FROM schedule WHERE scope = ? AND key = ?", (&**self.scope(), gone))?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    #[test]
    fn schedules_are_remembered_until_they_are_gone_from_the_config() {
        let store = Store::in_memory();
        store.set_schedule_times(&[("x", NOW), ("y", NOW)], None).unwrap();
        store.set_schedule_times(&[], Some(&["y", "z"])).unwrap();
        assert_eq!(store.schedule_times().unwrap(), BTreeMap::from([("y".to_owned(), NOW)]));
        assert!(store.scoped("other").schedule_times().unwrap().is_empty());
    }
}
