//! From a plan to a report: runs the tasks, one after the other.

use std::collections::BTreeMap;

use crate::context::Context;
use crate::error::Error;
use crate::phase::Phase;
use crate::plan::{Plan, TaskPlan};
use crate::plugin::BoundStep;
use crate::report::{EntryReport, ErrorReport, Outcome, Report, TaskReport};
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
/// A pattern that matches no task.
pub fn select<'a>(plan: &'a Plan, selection: &Selection) -> Result<Vec<&'a TaskPlan>, Error> {
    // A lone `*` counts as naming nothing, as in FlexGet.
    let by_name = !selection.tasks.is_empty() && selection.tasks != ["*"];
    for pattern in &selection.tasks {
        if !plan.tasks.iter().any(|task| matches(pattern, &task.name)) {
            let names: Vec<&str> = plan.tasks.iter().map(|task| task.name.as_str()).collect();
            let near = crate::registry::similar(pattern, names.iter().copied());
            let hint = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the tasks are: {}", names.join(", ")),
            };
            return Err(Error::new(format!("`{pattern}` does not match any tasks")).hint(hint));
        }
    }
    Ok(plan
        .tasks
        .iter()
        .filter(|task| !task.disabled)
        .filter(|task| match by_name {
            true => selection.tasks.iter().any(|pattern| matches(pattern, &task.name)),
            false => !task.manual,
        })
        .filter(|task| selection.template.as_ref().is_none_or(|template| task.templates.contains(template)))
        .collect())
}

/// Whether a shell pattern matches a name, upper and lower case alike.
fn matches(pattern: &str, name: &str) -> bool {
    fn go(pattern: &[char], name: &[char]) -> bool {
        match pattern {
            [] => name.is_empty(),
            ['*', rest @ ..] => (0..=name.len()).any(|skip| go(rest, &name[skip..])),
            ['?', rest @ ..] => !name.is_empty() && go(rest, &name[1..]),
            ['[', rest @ ..] => match (rest.iter().skip(1).position(|&c| c == ']').map(|at| at + 1), name) {
                (Some(end), [first, tail @ ..]) => {
                    let (negated, set) = match &rest[..end] {
                        ['!', set @ ..] => (true, set),
                        set => (false, set),
                    };
                    in_set(set, *first) != negated && go(&rest[end + 1..], tail)
                }
                (Some(_), []) => false,
                (None, _) => name.first() == Some(&'[') && go(rest, &name[1..]),
            },
            [first, rest @ ..] => name.first() == Some(first) && go(rest, &name[1..]),
        }
    }
    fn in_set(set: &[char], wanted: char) -> bool {
        match set {
            [] => false,
            [low, '-', high, rest @ ..] => (*low..=*high).contains(&wanted) || in_set(rest, wanted),
            [one, rest @ ..] => *one == wanted || in_set(rest, wanted),
        }
    }
    let fold = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    go(&fold(pattern), &fold(name))
}

/// Runs these tasks and reports each as it ends.
pub async fn run(
    tasks: &[&TaskPlan],
    selection: &Selection,
    cx: &Context,
    mut on_task: impl FnMut(&TaskReport),
) -> Report {
    let mut reports = Vec::new();
    if !cx.dry_run {
        match crate::list::settle(cx).await {
            Ok(said) => said.iter().for_each(|line| tracing::warn!(target: "journal", "{line}")),
            Err(error) => tracing::warn!(target: "journal", "{error}"),
        }
    }
    for task in tasks {
        if cx.interrupted.get() {
            break;
        }
        let report = run_task(task, selection, cx).await;
        on_task(&report);
        reports.push(report);
    }
    let requests: BTreeMap<String, u64> =
        cx.http.counts().into_iter().map(|(method, count)| (method.to_owned(), count)).collect();
    Report { version: 1, tasks: reports, requests }
}

async fn run_task(plan: &TaskPlan, selection: &Selection, cx: &Context) -> TaskReport {
    let start = cx.clock.now();
    let mut task = Task::new(plan.name.as_str(), cx.clone());
    task.learn = selection.learn;
    let mut outcome = Outcome::Ok;
    let mut error = None;
    if let Some(first) = plan.unusable.first() {
        let plugin = match &first.at {
            crate::diagnostic::At::Key(path) => {
                path.0.last().map(|last| crate::diagnostic::Path(vec![last.clone()]).to_string())
            }
            _ => None,
        };
        outcome =
            if first.severity == crate::diagnostic::Severity::Error { Outcome::Aborted } else { Outcome::Skipped };
        error = Some(ErrorReport {
            plugin: plugin.map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default(),
            message: first.message.clone(),
            hint: first.help.first().cloned(),
        });
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
        entries: entries.iter().map(EntryReport::from).collect(),
        changes,
        warnings,
        elapsed_ms: u64::try_from(elapsed).unwrap_or(0),
    }
}

async fn run_phase(phase: Phase, steps: &[BoundStep], task: &mut Task) -> Result<(), (&'static str, Error)> {
    for step in steps.iter().filter(|step| step.phase == phase) {
        if task.cx.interrupted.get() && phase != Phase::Abort {
            return Err((step.plugin, Error::new("interrupted")));
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
            step.phase == phase && crate::registry::find(step.plugin).is_some_and(|registration| !registration.builtin)
        })
    };
    if !has(Phase::Input) && has(Phase::Filter) {
        task.warn("task", "there is no input: add a plugin that produces entries");
    }
    if has(Phase::Input) && !has(Phase::Filter) {
        task.warn("task", "there is no filter that accepts entries: add at least one");
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_a_shell_without_regard_to_case() {
        for (pattern, name, expected) in [
            ("movies", "Movies", true),
            ("mov*", "movies", true),
            ("*ies", "movies", true),
            ("m?vies", "movies", true),
            ("[lm]ovies", "movies", true),
            ("[!m]ovies", "movies", false),
            ("[a-f]*", "tv", false),
            ("tv", "tv shows", false),
            ("[tv", "[tv", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} against {name}");
        }
    }
}
