//! From a plan to reports: runs the tasks, one after the other.

pub mod daemon;
mod history;
pub mod select;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::config::plan::TaskPlan;
use crate::context::Context;
use crate::document::diagnostic::Segment;
use crate::error::{Error, Result};
use crate::list::recovery;
use crate::plugin::registry;
use crate::run::select::Selection;
use crate::task::phase::Phase;
use crate::task::report::{EntryReport, ErrorReport, TaskOutcome, TaskReport};
use crate::task::step::BoundStep;
use crate::task::{Ending, Task};

/// Runs these tasks, and calls `on_task` with the report of each when it ends.
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
        on_task(history::recorded(task, cx, async |cx| run_task(task, selection, cx).await).await);
    }
}

async fn run_task(plan: &TaskPlan, selection: &Selection, cx: &Context) -> TaskReport {
    let start = cx.clock.now();
    let mut task = Task::new(plan.name.as_str(), cx.clone());
    task.learn = selection.learn;
    task.tracing = selection.trace;
    task.is_forced = selection.now;
    task.body = Some(plan.body.clone());
    let mut outcome = TaskOutcome::Ok;
    let mut error = None;
    if let Some((refused, why)) = refusal(plan) {
        (outcome, error) = (refused, Some(why));
    } else {
        warn_of_gaps(plan, &mut task);
        for phase in Phase::ORDER {
            if phase == Phase::Input && !selection.injected.is_empty() {
                task.produce(selection.injected.iter().cloned());
                continue;
            }
            if selection.learn && matches!(phase, Phase::Download | Phase::Modify | Phase::Output) {
                continue;
            }
            if let Err((plugin, failure)) = run_phase(phase, &plan.steps, &mut task).await {
                tracing::debug!(target: "task", task = %plan.name, "aborting task (plugin: {plugin})");
                error = Some(ErrorReport::of(plugin, &failure));
                outcome = TaskOutcome::Aborted;
                task.abort_reason = Some(failure.to_string());
                // A failure while cleaning up must not replace the error that is reported.
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
            if task.tracing {
                task.entries.iter_mut().for_each(|entry| entry.set_phase(phase.name()));
            }
            if let Some(Ending::Skipped(reason)) = task.ending() {
                error = Some(ErrorReport { plugin: plan.name.clone(), message: reason.clone(), hint: None });
                outcome = TaskOutcome::Skipped;
                break;
            }
        }
    }
    if selection.everything {
        task.need_everything().await;
    }
    if outcome == TaskOutcome::Ok && !task.failed_inputs().is_empty() {
        let message = format!("not all inputs could be read: {}", task.failed_inputs().join(", "));
        outcome = TaskOutcome::Incomplete;
        error = Some(ErrorReport { plugin: plan.name.clone(), message, hint: None });
    }
    let (entries, changes, warnings) = task.into_parts();
    let elapsed = cx.clock.now().as_millisecond().saturating_sub(start.as_millisecond());
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
fn refusal(plan: &TaskPlan) -> Option<(TaskOutcome, ErrorReport)> {
    let needed = plan.needed();
    match needed.as_slice() {
        [] => {}
        [only] => {
            let message = format!("`{}` {}", only.plugin, only.note);
            let hint = only.help.map(str::to_owned);
            return Some((TaskOutcome::Skipped, ErrorReport { plugin: only.plugin.clone(), message, hint }));
        }
        [first, ..] => {
            let names: Vec<&str> = needed.iter().map(|missing| missing.plugin.as_str()).collect();
            let message = format!("plugins that flexget-rs does not have: `{}`", names.join("`, `"));
            let hint = format!("to run the task without them, add `disable: [{}]`", names.join(", "));
            return Some((
                TaskOutcome::Skipped,
                ErrorReport { plugin: first.plugin.clone(), message, hint: Some(hint) },
            ));
        }
    }
    let first = plan.errors().next()?;
    let plugin = match first.at.path().and_then(|path| path.0.get(2)) {
        Some(Segment::Key(plugin)) => plugin.clone(),
        _ => "task".to_owned(),
    };
    let message = match plan.errors().count() {
        1 => first.message.clone(),
        number => format!("{} (and {} more)", first.message, number.saturating_sub(1)),
    };
    Some((TaskOutcome::Aborted, ErrorReport { plugin, message, hint: first.help.first().cloned() }))
}

/// Does work of a plugin, and makes an error of a panic.
///
/// Other tasks still run then, and are reported.
async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = pin!(work);
    // The task is aborted after a panic, so that nothing relies on what the plugin left half done.
    poll_fn(|task| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(task)));
        polled.unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
    })
    .await
}

/// Returns the error of a panic.
fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned());
    Error::new(format!("internal error: {text}")).hint("this is a bug of the plugin: please report it")
}

async fn run_phase(phase: Phase, steps: &[BoundStep], task: &mut Task) -> Result<(), (&'static str, Error)> {
    for step in steps.iter().filter(|step| step.phase == phase) {
        // So that Ctrl-C is heard between steps that never wait.
        tokio::task::yield_now().await;
        if task.cx.interrupted.get() && phase != Phase::Abort {
            // No plugin is to blame.
            return Err(("", Error::new("interrupted")));
        }
        task.running.set(step.plugin);
        // After a panic it is the plugin that panicked, which may be within another.
        caught(step.run(task)).await.map_err(|error| (task.running.get(), error))?;
        if task.ending().is_some() {
            break;
        }
    }
    Ok(())
}

/// Warns of inputs without entries, which are often misspelled.
fn warn_of_emptiness(plan: &TaskPlan, task: &mut Task) {
    let has_input = plan.steps.iter().any(|step| step.phase == Phase::Input);
    if has_input && task.entries.is_empty() && !task.may_be_empty {
        task.warn("task", "no entries were produced: check the input");
    }
}

/// Warns of a task without inputs or filters, which does nothing.
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
