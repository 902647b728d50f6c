//! Selection of the tasks to run.

use std::collections::BTreeSet;

use crate::config::plan::{Plan, TaskPlan};
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::pattern::Pattern;
use crate::plugin::registry;

/// The tasks to run, and how.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Patterns for names, with `*`, `?` and `[…]`, without regard to case.
    ///
    /// None means all tasks that are not `manual`.
    pub tasks: Vec<String>,
    /// Only tasks that use this template.
    pub template: Option<String>,
    /// Whether accepted entries are only remembered as seen, and not acted on (`--learn`).
    pub learn: bool,
    /// Whether all offered fields are fetched before the report is made.
    pub everything: bool,
    /// Whether entries keep a trace of what happens to them (`--trace`).
    pub trace: bool,
    /// Whether tasks run that are not due yet (`--now`).
    pub now: bool,
    /// Entries that tasks process instead of those of their inputs (`inject`).
    pub injected: Vec<Entry>,
}

/// Returns the tasks that a selection means.
///
/// # Errors
/// A pattern is invalid or matches no task.
pub fn select<'a>(plan: &'a Plan, selection: &Selection) -> Result<Vec<&'a TaskPlan>> {
    // A lone `*` counts as naming nothing, as in FlexGet.
    let by_name = !selection.tasks.is_empty() && selection.tasks != ["*"];
    let mut named = BTreeSet::new();
    for pattern in &selection.tasks {
        let found = named_by(pattern, plan)?;
        if found.is_empty() {
            let names = plan.tasks.iter().map(|task| task.name.as_str());
            let hint = match registry::similar(pattern, names.clone()).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the tasks are: {}", names.collect::<Vec<_>>().join(", ")),
            };
            return Err(Error::new(format!("`{pattern}` does not match any tasks")).hint(hint));
        }
        named.extend(found);
    }
    let is_wanted = |task: &TaskPlan| if by_name { named.contains(task.name.as_str()) } else { !task.manual };
    let uses = |task: &TaskPlan| selection.template.as_ref().is_none_or(|template| task.templates.contains(template));
    Ok(plan.tasks.iter().filter(|task| !task.disabled && is_wanted(task) && uses(task)).collect())
}

/// Returns the names of the tasks that a pattern means.
///
/// These are the task of this name, or all that match it.
fn named_by<'a>(pattern: &str, plan: &'a Plan) -> Result<Vec<&'a str>> {
    let names = || plan.tasks.iter().map(|task| task.name.as_str());
    if let Some(name) = names().find(|name| *name == pattern) {
        return Ok(vec![name]);
    }
    let mask =
        Pattern::mask(pattern).map_err(|why| Error::new(format!("`{pattern}` is not a pattern for tasks: {why}")))?;
    names().filter_map(|name| mask.is_match(name).map(|is| is.then_some(name)).transpose()).collect()
}
