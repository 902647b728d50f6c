//! Dry runs: a database in memory over another, which is read and never written.
//!
//! Records, keys and changes of both are seen through views of their names; what is written goes to
//! memory, and removed rows are noted there. Small tables are copied.

use std::path::Path;

use rusqlite::Connection;

use super::rows::all;

/// Lays the tables of a new database in memory over those in the file at `path`.
pub(super) fn attach(connection: &Connection, path: &Path) -> rusqlite::Result<()> {
    // As bytes, because a path need not be text.
    connection.execute("ATTACH ? AS original", [path.as_os_str().as_encoded_bytes()])?;
    connection.execute_batch(OVERLAY)?;
    attach_changes(connection)
}

const OVERLAY: &str = "
    BEGIN;
    INSERT INTO collection SELECT * FROM original.collection;
    INSERT INTO setting SELECT * FROM original.setting;
    INSERT INTO schedule SELECT * FROM original.schedule;

    ALTER TABLE record RENAME TO new_record;
    ALTER TABLE record_key RENAME TO new_record_key;
    ALTER TABLE change RENAME TO new_change;
    DELETE FROM sqlite_sequence;
    INSERT INTO sqlite_sequence SELECT 'new_change', seq FROM original.sqlite_sequence WHERE name = 'change';
    CREATE TABLE gone (id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE gone_change (id INTEGER PRIMARY KEY) STRICT;

    CREATE TEMP VIEW record AS
        SELECT id, added, expires, keys, data FROM main.new_record
        UNION ALL
        SELECT id, added, expires, keys, data FROM original.record WHERE id NOT IN (SELECT id FROM main.gone);
    CREATE TEMP TRIGGER insert_record INSTEAD OF INSERT ON record BEGIN
        INSERT INTO new_record (id, added, expires, keys, data)
            VALUES (new.id, new.added, new.expires, new.keys, new.data);
    END;
    CREATE TEMP TRIGGER update_record INSTEAD OF UPDATE ON record BEGIN
        INSERT OR IGNORE INTO gone (id) VALUES (old.id);
        INSERT OR REPLACE INTO new_record (id, added, expires, keys, data)
            VALUES (new.id, new.added, new.expires, new.keys, new.data);
    END;
    CREATE TEMP TRIGGER delete_record INSTEAD OF DELETE ON record BEGIN
        INSERT OR IGNORE INTO gone (id) VALUES (old.id);
        DELETE FROM new_record WHERE id = old.id;
    END;

    CREATE TEMP VIEW record_key AS
        SELECT collection, key, record FROM main.new_record_key
        UNION ALL
        SELECT collection, key, record FROM original.record_key
            WHERE (collection << 32 | record) NOT IN (SELECT id FROM main.gone);
    CREATE TEMP TRIGGER insert_key INSTEAD OF INSERT ON record_key BEGIN
        INSERT INTO new_record_key (collection, key, record) VALUES (new.collection, new.key, new.record);
    END;
    -- Keys of the other database go with their record.
    CREATE TEMP TRIGGER delete_key INSTEAD OF DELETE ON record_key BEGIN
        DELETE FROM new_record_key
            WHERE collection = old.collection AND key = old.key AND record = old.record;
    END;

    -- A dry run is no run: the history is only read.
    CREATE TEMP VIEW run AS SELECT * FROM original.run;
    CREATE TEMP TRIGGER delete_run INSTEAD OF DELETE ON run BEGIN
        SELECT 1;
    END;

    CREATE TEMP VIEW change AS
        SELECT * FROM main.new_change
        UNION ALL
        SELECT * FROM original.change
            WHERE id NOT IN (SELECT id FROM main.new_change) AND id NOT IN (SELECT id FROM main.gone_change);
    COMMIT;
";

/// Lays the table of changes over the original's, whatever columns it has.
fn attach_changes(connection: &Connection) -> rusqlite::Result<()> {
    let query = "SELECT name FROM pragma_table_info('new_change')";
    let columns: Vec<String> = all(connection, query, [], |row| row.get(0))?;
    let list = columns.join(", ");
    let new: Vec<String> = columns.iter().map(|column| format!("new.{column}")).collect();
    let set: Vec<String> = columns.iter().map(|column| format!("{column} = new.{column}")).collect();
    connection.execute_batch(&format!(
        "CREATE TEMP TRIGGER insert_change INSTEAD OF INSERT ON change BEGIN
             INSERT INTO new_change ({list}) VALUES ({});
         END;
         CREATE TEMP TRIGGER update_change INSTEAD OF UPDATE ON change BEGIN
             INSERT OR IGNORE INTO new_change SELECT * FROM original.change WHERE id = old.id;
             UPDATE new_change SET {} WHERE id = old.id;
         END;
         CREATE TEMP TRIGGER delete_change INSTEAD OF DELETE ON change BEGIN
             INSERT OR IGNORE INTO gone_change (id) VALUES (old.id);
             DELETE FROM new_change WHERE id = old.id;
         END;",
        new.join(", "),
        set.join(", ")
    ))
}
