//! Whether the config of a task has changed since its last run.

use flexget_core::prelude::*;

/// Returns whether the task's config has changed since [`remember`], or was never remembered.
///
/// Plugins that remember entries then look at all of them again, as in FlexGet.
///
/// # Errors
/// The store cannot be read.
pub fn has_changed(task: &Task) -> Result<bool> {
    let Some(current) = task.config_fingerprint() else { return Ok(false) };
    Ok(task.cx.store.get_setting(&key(task))? != Some(current.to_string().into()))
}

/// Remembers the task's config.
///
/// Call it in the learn phase: the config of an aborted run does not count.
///
/// # Errors
/// The store cannot be written.
pub fn remember(task: &Task) -> Result<()> {
    match task.config_fingerprint() {
        Some(current) if has_changed(task)? => task.cx.store.set_setting(&key(task), &current.to_string().into()),
        _ => Ok(()),
    }
}

fn key(task: &Task) -> String {
    format!("config {}", task.name)
}
