//! Notes about rows of other configs, for commands that found none.

use flexget_core::prelude::*;

/// Notes which other configs have rows, and how to see them.
///
/// # Errors
/// It could not be written.
pub fn note(rows: &[(String, usize)], what: &str, out: &mut Output) -> Result<()> {
    rows.iter().try_for_each(|(config, count)| {
        out.note(format!("config `{config}` has {count} {what}: name it with `-c {config}.yml`"))
    })
}
