//! The databases of other programs, to take over what they hold.
//!
//! They are read and never written to.

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};

use super::database::BUSY_TIMEOUT;
use super::rows::all;
use crate::error::{Error, Result};
use crate::value::Value;

/// A SQLite database of another program.
pub struct ForeignDb {
    path: PathBuf,
    connection: Connection,
}

impl ForeignDb {
    /// Opens the database in the file at `path`.
    ///
    /// # Errors
    /// There is no such file, or it is not a database; so do all methods here when it turns out to
    /// be damaged or in use.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Err(
                Error::new(format!("there is no file `{}`", path.display())).hint("check the name and the folder")
            );
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
            connection.busy_timeout(BUSY_TIMEOUT)?;
            // The file is looked at only now.
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            Ok(connection)
        });
        match opened {
            Ok(connection) => Ok(Self { path: path.to_owned(), connection }),
            Err(error) => Err(explain(path, error)),
        }
    }

    /// Returns whether there is a table of this name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn has_table(&self, table: &str) -> Result<bool> {
        self.columns(table).map(|columns| !columns.is_empty()).map_err(|error| explain(&self.path, error))
    }

    fn columns(&self, table: &str) -> rusqlite::Result<Vec<String>> {
        all(&self.connection, "SELECT name FROM pragma_table_info(?)", [table], |row| row.get(0))
    }

    /// Returns the rows of a table with these columns, or `None` if there is no such table.
    ///
    /// A column that the table lacks is [`Value::Null`] in each row, and so is a value that is
    /// neither a number nor text.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn rows(&self, table: &str, columns: &[&str]) -> Result<Option<Vec<Vec<Value>>>> {
        self.read(table, columns).map_err(|error| explain(&self.path, error))
    }

    fn read(&self, table: &str, columns: &[&str]) -> rusqlite::Result<Option<Vec<Vec<Value>>>> {
        let known = self.columns(table)?;
        if known.is_empty() {
            return Ok(None);
        }
        let wanted: Vec<String> = columns
            .iter()
            .map(|column| if known.iter().any(|known| known == column) { quoted(column) } else { "NULL".to_owned() })
            .collect();
        let sql = format!("SELECT {} FROM {}", wanted.join(", "), quoted(table));
        let cell = |value: ValueRef<'_>| match value {
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Real(number) => Value::Float(number),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
            ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        };
        let cells = |row: &Row<'_>| (0..columns.len()).map(|column| Ok(cell(row.get_ref(column)?))).collect();
        all(&self.connection, &sql, [], cells).map(Some)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn explain(path: &Path, error: rusqlite::Error) -> Error {
    let (what, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => ("is not a database", "name the file of a SQLite database"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ("is in use by another program", "end that program and try again")
        }
        _ => ("cannot be read", "end the program that it belongs to, or read a copy of the file"),
    };
    Error::new(format!("`{}` {what}", path.display())).hint(hint).cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_as_far_as_they_go_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.sqlite");
        Connection::open(&path)
            .and_then(|other| {
                other.execute_batch(
                    "CREATE TABLE \"a b\" (id INTEGER, \"na\"\"me\" TEXT, score REAL, raw BLOB);
                     INSERT INTO \"a b\" VALUES (1, 'x', 1.5, x'00'), (2, NULL, NULL, NULL);",
                )
            })
            .unwrap();
        let before = std::fs::read(&path).unwrap();
        let other = ForeignDb::open(&path).unwrap();
        let rows = other.rows("a b", &["id", "na\"me", "score", "raw", "missing"]).unwrap().unwrap();
        let null = Value::Null;
        assert_eq!(
            rows,
            [
                vec![Value::Int(1), "x".into(), 1.5.into(), null.clone(), null.clone()],
                vec![Value::Int(2), null.clone(), null.clone(), null.clone(), null],
            ]
        );
        assert_eq!(other.rows("none", &["id"]).unwrap(), None);
        assert_eq!((other.has_table("none").unwrap(), other.has_table("a b").unwrap()), (false, true));
        assert!(other.connection.execute_batch("DELETE FROM \"a b\"").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        std::fs::write(&path, "tasks: {}\n".repeat(100)).unwrap();
        let error = |path: &Path| ForeignDb::open(path).map(drop).unwrap_err().message().to_owned();
        assert_eq!(error(&path), format!("`{}` is not a database", path.display()));
        assert_eq!(
            error(&folder.path().join("x")),
            format!("there is no file `{}`", folder.path().join("x").display())
        );
    }
}
