//! Keeps each run in the history: its beginning before anything is done, its end with the report.

use crate::config::plan::TaskPlan;
use crate::context::Context;
use crate::context::store::history::{RunChange, RunCounts, RunDecision, RunDetails, RunEnd, RunEntry, RunOutcome};
use crate::entry::State;
use crate::task::report::{ChangeReport, EntryReport, TaskOutcome, TaskReport};

/// Largest number of entries of a run that are kept of those that were acted on, and of the others.
const KEEP_ACTED_ON: usize = 100;
const KEEP_OTHERS: usize = 50;

/// Largest number of warnings of a run that are kept.
const KEEP_WARNINGS: usize = 20;

/// Runs a task while no other run of it is under way, and keeps the run in the history.
///
/// A dry run is none, and waits for nobody. A run whose beginning cannot be recorded goes on.
pub(super) async fn recorded(
    plan: &TaskPlan,
    cx: &Context,
    run: impl AsyncFnOnce(&Context) -> TaskReport,
) -> TaskReport {
    let cx = cx.for_run();
    if cx.dry_run {
        return run(&cx).await;
    }
    let task = plan.name.as_str();
    let on_wait = |process: Option<u32>| {
        let process = process.map(|process| format!(" in process {process}")).unwrap_or_default();
        tracing::warn!(target: "run", task, "task `{task}` is running already{process}: waiting for its end");
    };
    let lock = cx.store.lock_task(task, &cx.clock, on_wait).await;
    let _lock = lock.map_err(|error| tracing::warn!(target: "run", task, "{error}")).ok();
    let begun = Begun::new(task, &cx);
    tracing::info!(target: "history", "task `{task}` begins");
    let report = run(&cx).await;
    begun.end(&report);
    report
}

/// A run that has begun; without an end it is recorded as interrupted.
struct Begun<'r> {
    id: Option<i64>,
    task: &'r str,
    cx: &'r Context,
    started: jiff::Timestamp,
}

impl<'r> Begun<'r> {
    fn new(task: &'r str, cx: &'r Context) -> Self {
        let started = cx.clock.now();
        let id = cx.store.begin_run(task, started);
        let id = id.map_err(|error| tracing::warn!(target: "run", task, "the run is not recorded: {error}")).ok();
        Self { id, task, cx, started }
    }

    fn end(mut self, report: &TaskReport) {
        let end = end_of(report, self.cx);
        let RunCounts { produced, accepted, rejected, failed, changed, requests, .. } = end.counts;
        tracing::info!(
            target: "history",
            "task `{}` ends: {}: {produced} produced, {accepted} accepted, {rejected} rejected, {failed} failed, \
             {changed} changed, {requests} requests, {} ms",
            self.task,
            end.outcome.name(),
            end.elapsed_ms
        );
        if let Some(error) = &end.details.error {
            tracing::error!(target: "history", "task `{}`: {}", self.task, error.message);
        }
        self.record(&end);
    }

    fn record(&mut self, end: &RunEnd) {
        if let Some(id) = self.id.take()
            && let Err(error) = self.cx.store.end_run(id, self.task, end)
        {
            tracing::warn!(target: "run", task = self.task, "the end of the run is not recorded: {error}");
        }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let elapsed = self.cx.clock.now().as_millisecond().saturating_sub(self.started.as_millisecond());
        self.record(&RunEnd {
            outcome: RunOutcome::Interrupted,
            elapsed_ms: u64::try_from(elapsed).unwrap_or_default(),
            counts: traffic(self.cx),
            details: RunDetails::default(),
            acted_on: Vec::new(),
            others: Vec::new(),
        });
    }
}

/// Returns counts that hold only what was requested.
fn traffic(cx: &Context) -> RunCounts {
    let (requests, waited) = cx.http.traffic();
    RunCounts {
        requests: usize::try_from(requests).unwrap_or(usize::MAX),
        waited_ms: usize::try_from(waited.as_millis()).unwrap_or(usize::MAX),
        ..RunCounts::default()
    }
}

fn end_of(report: &TaskReport, cx: &Context) -> RunEnd {
    let with = |state: State| report.entries.iter().filter(|entry| entry.state() == state).count();
    let is_acted_on = |entry: &&EntryReport| matches!(entry.state(), State::Accepted | State::Failed);
    let acted_on: Vec<RunEntry> = report.entries.iter().filter(is_acted_on).take(KEEP_ACTED_ON).map(entry).collect();
    let others = report.entries.iter().filter(|entry| !is_acted_on(entry));
    let others: Vec<RunEntry> = others.take(KEEP_OTHERS).map(entry).collect();
    RunEnd {
        outcome: outcome(report),
        elapsed_ms: report.elapsed_ms,
        counts: RunCounts {
            produced: report.entries.len(),
            accepted: with(State::Accepted),
            rejected: with(State::Rejected),
            failed: with(State::Failed),
            changed: report.changes.iter().map(|change| change.done).sum(),
            ..traffic(cx)
        },
        details: RunDetails {
            error: report.error.clone(),
            warnings: report.warnings.iter().take(KEEP_WARNINGS).cloned().collect(),
            changes: report.changes.iter().map(change).collect(),
            omitted: report.entries.len().saturating_sub(acted_on.len()).saturating_sub(others.len()),
        },
        acted_on,
        others,
    }
}

fn outcome(report: &TaskReport) -> RunOutcome {
    match report.outcome {
        TaskOutcome::Ok if report.is_ok() => RunOutcome::Ok,
        TaskOutcome::Ok => RunOutcome::Failed,
        TaskOutcome::Incomplete => RunOutcome::Incomplete,
        TaskOutcome::Skipped => RunOutcome::Skipped,
        // No plugin is to blame.
        TaskOutcome::Aborted if report.error.as_ref().is_some_and(|error| error.plugin.is_empty()) => {
            RunOutcome::Interrupted
        }
        TaskOutcome::Aborted => RunOutcome::Aborted,
    }
}

fn entry(entry: &EntryReport) -> RunEntry {
    RunEntry {
        title: entry.title().to_owned(),
        url: entry.url().to_owned(),
        state: entry.state().name().to_owned(),
        decisions: entry
            .decisions()
            .iter()
            .map(|decision| RunDecision {
                phase: decision.phase.to_owned(),
                plugin: decision.plugin.to_owned(),
                verdict: decision.verdict.name().to_owned(),
                reason: decision.reason.as_deref().map(str::to_owned),
            })
            .collect(),
    }
}

fn change(change: &ChangeReport) -> RunChange {
    RunChange {
        list: format!("{} {}", change.list, change.name).trim_end().to_owned(),
        account: change.account.clone(),
        action: change.action.name().to_owned(),
        done: change.done,
        existing: change.existing,
        not_found: change.not_found.clone(),
        failures: change.failed.iter().map(ToString::to_string).collect(),
        change_id: change.change_id,
    }
}

#[cfg(test)]
mod tests {
    use crate::context::store::history::{RunFilter, RunOutcome, RunRecord};
    use crate::testing::{context, dry_run, run_config};

    fn runs(cx: &crate::context::Context) -> Vec<RunRecord> {
        cx.store.runs(&RunFilter { entries: true, ..RunFilter::default() }).unwrap()
    }

    #[test]
    fn keeps_each_run_with_its_counts_entries_and_error() {
        let cx = context();
        run_config("tasks:\n  good:\n    judge: [ B ]\n  bad:\n    broken: yes\n", &cx);
        let [bad, good] = runs(&cx).try_into().unwrap();
        assert_eq!((good.task.as_str(), good.outcome), ("good", RunOutcome::Ok));
        let counts = good.counts;
        assert_eq!((counts.produced, counts.accepted, counts.rejected, counts.failed), (2, 1, 1, 0));
        let titles: Vec<&str> = good.entries.iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!(titles, ["A", "B"]);
        assert_eq!(good.entries[1].decisions[1].reason.as_deref(), Some("listed"));
        assert_eq!((bad.task.as_str(), bad.outcome), ("bad", RunOutcome::Aborted));
        assert_eq!(bad.details.error.map(|error| error.plugin).as_deref(), Some("broken"));
        run_config("tasks:\n  good:\n    judge: [ B ]\n", &dry_run(&cx));
        assert_eq!(runs(&cx).len(), 2, "a dry run is none");
    }

    #[test]
    fn a_run_that_is_cut_short_is_recorded_as_interrupted() {
        let cx = context();
        let store = cx.store.clone();
        let plan = crate::testing::plan_of("tasks:\n  a: { judge: [ B ] }\n").unwrap();
        let plan = &plan.tasks[0];
        crate::testing::block_on(async {
            let mut run = std::pin::pin!(super::recorded(plan, &cx, async |_| std::future::pending().await));
            // It has begun, and is dropped before its end.
            assert!(futures_util::future::poll_immediate(&mut run).await.is_none());
        });
        let run = store.runs(&RunFilter::default()).unwrap().remove(0);
        assert_eq!(run.outcome, RunOutcome::Interrupted);
    }
}
