//! Runs of several tasks: a failure of one leaves the others alone.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::context::Context;
use crate::entry::Entry;
use crate::error::Result;
use crate::plugin::Plugin;
use crate::plugin::nested::AnyInput;
use crate::plugin::registration::plugin;
use crate::plugin::registry::submit;
use crate::task::Task;
use crate::task::offer::{FetchedFields, Offer};
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

/// Runs an input.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
struct Around {
    /// The input.
    input: AnyInput,
}

submit! { plugin::<Around>() }

impl Plugin for Around {
    const NAME: &'static str = "around";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::run)]
    }
}

impl Around {
    async fn run(&self, task: &mut Task) -> Result<()> {
        let mut inner = task.split_off();
        for step in &self.input.steps {
            step.run(&mut inner).await?;
        }
        Ok(())
    }
}

/// Offers a field that it cannot fetch without a panic.
#[derive(Deserialize, JsonSchema)]
struct BrokenOffer {}

submit! { plugin::<BrokenOffer>() }

impl Plugin for BrokenOffer {
    const NAME: &'static str = "broken_offer";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Metainfo, async |_: &Self, task: &mut Task| {
            task.offer(Rc::new(Panics));
            Ok(())
        })]
    }
}

struct Panics;

impl Offer for Panics {
    fn plugin(&self) -> &'static str {
        "broken_offer"
    }

    fn fields(&self) -> &[&'static str] {
        &["lost"]
    }

    fn fetch<'a>(&'a self, _: &'a [&'a Entry], _: &'a Context) -> LocalBoxFuture<'a, Vec<FetchedFields>> {
        Box::pin(async { panic!("no fields") })
    }
}

/// Reads a field of each entry.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
struct ReadField {
    /// The field.
    field: String,
}

submit! { plugin::<ReadField>() }

impl Plugin for ReadField {
    const NAME: &'static str = "read_field";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::read)]
    }
}

impl ReadField {
    async fn read(&self, task: &mut Task) -> Result<()> {
        task.produce([Entry::new("one", "mock://one")]);
        task.need(&[&self.field]).await;
        Ok(())
    }
}

/// Fails without a panic.
#[derive(Deserialize, JsonSchema)]
struct Failing {}

submit! { plugin::<Failing>() }

impl Plugin for Failing {
    const NAME: &'static str = "failing";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, async |_: &Self, _: &mut Task| Err(crate::error::Error::new("it cannot go on")))]
    }
}

#[test]
fn names_the_plugin_that_failed() {
    let report = run_config("tasks:\n  one:\n    judge: [ B ]\n    failing: yes\n", &context());
    let error = report.tasks[0].error.as_ref().unwrap();
    assert_eq!((error.plugin.as_str(), error.message.as_str()), ("failing", "it cannot go on"));
    assert_eq!(report.tasks[0].outcome, TaskOutcome::Aborted);
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

#[test]
fn names_the_plugin_that_panicked_within_another() {
    for (body, plugin) in [
        ("around: { broken: {} }", "broken"),
        ("around: { around: { broken: {} } }", "broken"),
        ("broken_offer: {}\n    read_field: lost", "broken_offer"),
    ] {
        let report = run_config(&format!("tasks:\n  one:\n    {body}\n  two: {{}}\n"), &context());
        let error = report.tasks[0].error.as_ref().expect("an error");
        assert_eq!((report.tasks[0].outcome, error.plugin.as_str()), (TaskOutcome::Aborted, plugin), "{body}");
        assert_eq!(report.tasks[1].outcome, TaskOutcome::Ok);
    }
}

/// Only a program that unwinds can end one task and go on with the others.
#[test]
fn no_profile_aborts_at_a_panic() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).expect("a manifest");
    let sets_panic = |line: &&str| line.trim_start().starts_with("panic");
    assert_eq!(text.lines().find(sets_panic), None, "a panic must unwind, or it ends all tasks");
}
