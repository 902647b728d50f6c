//! From a plan to a report: runs the tasks, one after the other.

use std::collections::BTreeSet;

use crate::config::plan::{Plan, TaskPlan};
use crate::context::Context;
use crate::document::diagnostic::Segment;
use crate::error::{Error, Result};
use crate::list::recovery;
use crate::pattern::Pattern;
use crate::plugin::registry;
use crate::task::phase::Phase;
use crate::task::report::{EntryReport, ErrorReport, Outcome, TaskReport};
use crate::task::step::BoundStep;
use crate::task::{Ending, Task};

/// Which tasks are to run, and how.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Patterns for names, with `*`, `?` and `[…]`, upper and lower case alike; none means all that are not `manual`.
    pub tasks: Vec<String>,
    /// Only tasks that use this template.
    pub template: Option<String>,
    /// Nothing is acted on; what is accepted is remembered as if it had been (`--learn`).
    pub learn: bool,
    /// Every offered field is fetched before the report is made.
    pub everything: bool,
}

/// The tasks that a selection means.
///
/// # Errors
/// A pattern that is none, or that matches no task.
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

/// The names of the tasks that a pattern means: the one that is called so, or all that match it as a mask.
fn named_by<'a>(pattern: &str, plan: &'a Plan) -> Result<Vec<&'a str>> {
    let names = || plan.tasks.iter().map(|task| task.name.as_str());
    if let Some(name) = names().find(|name| *name == pattern) {
        return Ok(vec![name]);
    }
    let mask =
        Pattern::mask(pattern).map_err(|why| Error::new(format!("`{pattern}` is no pattern for tasks: {why}")))?;
    names().filter_map(|name| mask.is_match(name).map(|is| is.then_some(name)).transpose()).collect()
}

/// Runs these tasks and gives the report of each to `on_task` as it ends: who wants a [`Report`](crate::task::report::Report) of all keeps them.
pub async fn run(tasks: &[&TaskPlan], selection: &Selection, cx: &Context, mut on_task: impl FnMut(TaskReport)) {
    if !cx.dry_run {
        match recovery::recover(cx).await {
            Ok(said) => said.iter().for_each(|line| tracing::warn!(target: "journal", "{line}")),
            Err(error) => tracing::warn!(target: "journal", "{error}"),
        }
    }
    for task in tasks {
        if cx.interrupted.get() {
            break;
        }
        on_task(run_task(task, selection, cx).await);
    }
}

async fn run_task(plan: &TaskPlan, selection: &Selection, cx: &Context) -> TaskReport {
    let start = cx.clock.now();
    let mut task = Task::new(plan.name.as_str(), cx.clone());
    task.learn = selection.learn;
    task.body = Some(plan.body.clone());
    let mut outcome = Outcome::Ok;
    let mut error = None;
    if let Some((refused, why)) = refusal(plan) {
        (outcome, error) = (refused, Some(why));
    } else {
        warn_of_gaps(plan, &mut task);
        for phase in Phase::ORDER {
            if selection.learn && matches!(phase, Phase::Download | Phase::Modify | Phase::Output) {
                continue;
            }
            if let Err((plugin, failure)) = run_phase(phase, &plan.steps, &mut task).await {
                tracing::debug!(target: "task", task = %plan.name, "aborting task (plugin: {plugin})");
                error = Some(ErrorReport::of(plugin, &failure));
                outcome = Outcome::Aborted;
                task.abort_reason = Some(failure.to_string());
                // What went wrong is told; a failure while cleaning up after it must not replace it.
                if let Err((plugin, failure)) = run_phase(Phase::Abort, &plan.steps, &mut task).await {
                    task.warn(plugin, failure.to_string());
                }
                break;
            }
            match phase {
                Phase::Input => warn_of_emptiness(plan, &mut task),
                Phase::Metainfo => task.render_known(),
                Phase::Filter => task.render_accepted().await,
                _ => {}
            }
            if let Some(Ending::Skipped(reason)) = task.ending() {
                error = Some(ErrorReport { plugin: plan.name.clone(), message: reason.clone(), hint: None });
                outcome = Outcome::Skipped;
                break;
            }
        }
    }
    if selection.everything {
        task.need_everything().await;
    }
    let (entries, changes, warnings) = task.into_parts();
    let elapsed = cx.clock.now().as_millisecond() - start.as_millisecond();
    TaskReport {
        name: plan.name.clone(),
        outcome,
        error,
        // Each entry is gone when its report is made: many are not held twice.
        entries: entries.into_iter().map(EntryReport::from).collect(),
        changes,
        warnings,
        elapsed_ms: u64::try_from(elapsed).unwrap_or(0),
    }
}

/// Returns how a task that cannot run ends, and why.
fn refusal(plan: &TaskPlan) -> Option<(Outcome, ErrorReport)> {
    let needed = plan.needed();
    match needed.as_slice() {
        [] => {}
        [only] => {
            let message = format!("`{}` {}", only.plugin, only.note);
            let hint = only.help.map(str::to_owned);
            return Some((Outcome::Skipped, ErrorReport { plugin: only.plugin.clone(), message, hint }));
        }
        [first, ..] => {
            let names: Vec<&str> = needed.iter().map(|missing| missing.plugin.as_str()).collect();
            let message = format!("plugins that flexget-rs does not have: `{}`", names.join("`, `"));
            let hint = format!("to run the task without them, add `disable: [{}]`", names.join(", "));
            return Some((Outcome::Skipped, ErrorReport { plugin: first.plugin.clone(), message, hint: Some(hint) }));
        }
    }
    let first = plan.errors().next()?;
    let plugin = match first.at.path().and_then(|path| path.0.get(2)) {
        Some(Segment::Key(plugin)) => plugin.clone(),
        _ => "task".to_owned(),
    };
    let message = match plan.errors().count() {
        1 => first.message.clone(),
        number => format!("{} (and {} more)", first.message, number - 1),
    };
    Some((Outcome::Aborted, ErrorReport { plugin, message, hint: first.help.first().cloned() }))
}

async fn run_phase(phase: Phase, steps: &[BoundStep], task: &mut Task) -> Result<(), (&'static str, Error)> {
    for step in steps.iter().filter(|step| step.phase == phase) {
        if task.cx.interrupted.get() && phase != Phase::Abort {
            // No plugin is to blame.
            return Err(("", Error::new("interrupted")));
        }
        step.run(task).await.map_err(|error| (step.plugin, error))?;
        if task.ending().is_some() {
            break;
        }
    }
    Ok(())
}

/// Inputs that give nothing are often misspelled.
fn warn_of_emptiness(plan: &TaskPlan, task: &mut Task) {
    let has_input = plan.steps.iter().any(|step| step.phase == Phase::Input);
    if has_input && task.entries.is_empty() && !task.may_be_empty {
        task.warn("task", "no entries were produced: is the input as it should be?");
    }
}

/// A task without inputs or filters does nothing, which is seldom meant.
fn warn_of_gaps(plan: &TaskPlan, task: &mut Task) {
    let has = |phase: Phase| {
        plan.steps.iter().any(|step| {
            step.phase == phase && registry::find(step.plugin).is_some_and(|registration| !registration.builtin)
        })
    };
    if !has(Phase::Input) && has(Phase::Filter) {
        task.warn("task", "there is no input: add a plugin that produces entries");
    }
    if has(Phase::Input) && !has(Phase::Filter) {
        task.warn("task", "there is no filter that accepts entries: add at least one");
    }
}
