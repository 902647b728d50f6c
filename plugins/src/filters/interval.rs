use std::cell::Cell;

use flexget_core::prelude::*;
use jiff::SignedDuration;

use crate::shared::time_span::TimeSpan;

/// Skips the task until this much time has passed since its last run.
///
/// The time counts from the start of the last completed run: an aborted task runs again at once (in
/// FlexGet it waits). A run may come early by a twentieth of the interval, at most a minute, so
/// that an hourly job with `interval: 1 hour` does not miss every other run. With `--learn` the
/// task always runs.
///
/// ```yaml
/// interval: 2 hours
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Interval {
    /// The interval: `30 minutes`, `2 hours`, `1 day`, `1 week`, or as in ISO 8601, `PT2H`.
    time: TimeSpan,
}

submit! { plugin::<Interval>() }

impl Plugin for Interval {
    const NAME: &'static str = "interval";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![
            Step::at(Phase::Start, Self::skip_if_early).priority(255),
            Step::at(Phase::Exit, Self::remember).priority(-255),
        ]
    }
}

impl Interval {
    async fn skip_if_early(&self, task: &mut Task) -> Result<()> {
        if task.learn {
            return Ok(());
        }
        let now = task.cx.clock.now();
        let last = task.cx.store.get_setting(&key(task))?;
        let last = last.as_ref().and_then(|last| last.as_str()?.parse::<Timestamp>().ok());
        let tolerated = self.time.duration.checked_div(20).unwrap_or_default().min(SignedDuration::from_mins(1));
        let next = last.and_then(|last| last.checked_add(self.time.duration.saturating_sub(tolerated)).ok());
        // A time in the future comes from a wrong clock.
        match next.filter(|next| !task.is_forced && now < *next && last.is_some_and(|last| last <= now)) {
            Some(_) => {
                let next = last.and_then(|last| last.checked_add(self.time.duration).ok()).unwrap_or(now);
                let when = task.cx.clock.local(next);
                task.skip(format!("interval {} not met: the next run is due at {when}", self.time.text));
            }
            None => task.state::<Began>().0.set(Some(now)),
        }
        Ok(())
    }

    async fn remember(&self, task: &mut Task) -> Result<()> {
        match task.state::<Began>().0.get() {
            Some(began) => task.cx.store.set_setting(&key(task), &began.to_string().into()),
            None => Ok(()),
        }
    }
}

/// Returns the key of the setting that holds the start of the last run.
fn key(task: &Task) -> String {
    format!("interval {}", task.name)
}

/// The start of this run.
#[derive(Default)]
struct Began(Cell<Option<Timestamp>>);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use flexget_core::task::report::TaskOutcome;
    use flexget_core::testing;

    const TASK: &str = "mock: [A]\naccept_all: yes\nseen: no\ninterval: 1 hour\n";

    #[test]
    fn the_task_waits_for_its_interval() {
        let cx = testing::context();
        let run_after = |seconds: u64| {
            testing::block_on(cx.clock.sleep(Duration::from_secs(seconds)));
            testing::run(TASK, &testing::next_run(&cx))
        };
        assert_eq!(run_after(0).outcome, TaskOutcome::Ok);
        let early = run_after(3500);
        assert_eq!(early.outcome, TaskOutcome::Skipped);
        assert_eq!(early.error.unwrap().message, "interval 1 hour not met: the next run is due at 2026-11-24 01:00");
        assert_eq!(run_after(50).outcome, TaskOutcome::Ok, "almost an hour is an hour");
    }

    #[test]
    fn an_aborted_run_does_not_count() {
        let cx = testing::context();
        let broken = format!("{TASK}limit: {{ amount: 1, from: {{ yaml_list: / }} }}\n");
        assert_eq!(testing::run(&broken, &cx).outcome, TaskOutcome::Aborted);
        assert_eq!(testing::run(TASK, &testing::next_run(&cx)).outcome, TaskOutcome::Ok);
    }

    #[test]
    fn an_invalid_interval_is_a_mistake() {
        for (text, good) in
            [("2 hours", true), ("PT2H", true), ("7 days", true), ("2 fortnights", false), ("1 month", false)]
        {
            let mistakes = testing::config_errors(&format!("mock: [A]\naccept_all: yes\ninterval: {text}"));
            assert_eq!(mistakes.is_empty(), good, "{text}: {mistakes:?}");
        }
    }
}
