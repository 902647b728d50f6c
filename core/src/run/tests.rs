//! Runs of several tasks: a failure of one leaves the others alone.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::entry::Entry;
use crate::error::Result;
use crate::plugin::Plugin;
use crate::plugin::registration::plugin;
use crate::plugin::registry::submit;
use crate::task::Task;
use crate::task::phase::Phase;
use crate::task::report::TaskOutcome;
use crate::task::step::Step;
use crate::testing::{context, run_config};

/// Panics when it is to produce entries.
#[derive(Deserialize, JsonSchema)]
struct Broken {}

submit! { plugin::<Broken>() }

impl Plugin for Broken {
    const NAME: &'static str = "broken";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce)]
    }
}

impl Broken {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        task.produce([Entry::new("before", "mock://before")]);
        tokio::task::yield_now().await;
        let titles: Vec<String> = Vec::new();
        Err(crate::error::Error::new(titles[1].clone()))
    }
}

/// Accepts all entries, then rejects those of which the title is in the options.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
struct Judge {
    /// The titles to reject.
    rejected: Vec<String>,
}

submit! { plugin::<Judge>() }

impl Plugin for Judge {
    const NAME: &'static str = "judge";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![
            Step::at(Phase::Input, Self::produce),
            Step::at(Phase::Filter, Self::accept),
            Step::at(Phase::Output, Self::reject),
        ]
    }
}

impl Judge {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        task.produce(["A", "B"].map(|title| Entry::new(title, "mock://1")));
        Ok(())
    }

    async fn accept(&self, task: &mut Task) -> Result<()> {
        task.live_entries().for_each(|entry| entry.accept(Self::NAME));
        Ok(())
    }

    async fn reject(&self, task: &mut Task) -> Result<()> {
        let is_rejected = |entry: &&mut Entry| self.rejected.iter().any(|title| title == entry.title());
        task.live_entries().filter(is_rejected).for_each(|entry| entry.reject(Self::NAME, Some("listed".to_owned())));
        Ok(())
    }
}

#[test]
fn reports_the_decisions_about_each_entry_in_order() {
    let report = run_config("tasks:\n  one:\n    judge: [ B ]\n", &context());
    let [a, b] = report.tasks[0].entries.as_slice() else { panic!("{report:?}") };
    let json = |entry| serde_json::to_value(entry).expect("JSON")["decisions"].clone();
    let accepted = json!({ "phase": "filter", "plugin": "judge", "verdict": "accepted" });
    assert_eq!(json(a), json!([accepted]));
    let rejected = json!({ "phase": "output", "plugin": "judge", "verdict": "rejected", "reason": "listed" });
    assert_eq!(json(b), json!([accepted, rejected]));
}

#[test]
fn ends_the_task_in_which_a_plugin_panics_and_runs_the_others() {
    let report = run_config("tasks:\n  one:\n    broken: yes\n  two: {}\n", &context());
    let [one, two] = report.tasks.as_slice() else { panic!("{report:?}") };
    let error = one.error.as_ref().expect("an error");
    assert_eq!((one.outcome, error.plugin.as_str()), (TaskOutcome::Aborted, "broken"));
    assert!(error.message.starts_with("internal error: index out of bounds"), "{error:?}");
    assert_eq!(one.entries[0].title(), "before", "the entries so far are reported");
    assert_eq!(two.outcome, TaskOutcome::Ok);
}
