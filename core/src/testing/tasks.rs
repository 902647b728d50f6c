//! Tasks, lists and entries given as YAML.

use std::rc::Rc;

use super::world::block_on;
use crate::config::load::load_text;
use crate::config::plan::Plan;
use crate::config::template::Origin;
use crate::context::Context;
use crate::document::diagnostic::Diagnostic;
use crate::document::read::read;
use crate::document::{Document, Node};
use crate::entry::{Entry, State};
use crate::list::any::AnyList;
use crate::list::writable::WritableList;
use crate::run;
use crate::run::select::{Selection, select};
use crate::task::report::{EntryReport, Report, TaskReport};
use crate::value::Value as Field;

/// Plans a config, or returns the messages of its errors, each with its help.
///
/// # Errors
/// The messages, in the order of the file.
pub fn plan_of(config: &str) -> Result<Plan, Vec<String>> {
    plan_in(config, &Origin::default())
}

/// Plans a config that lies in a folder, with the scripts beside it.
pub(super) fn plan_in(config: &str, origin: &Origin) -> Result<Plan, Vec<String>> {
    let mut loaded = load_text("config.yml", config, origin);
    let is_good = !loaded.has_errors();
    match (loaded.plan, loaded.document) {
        (Some(plan), _) if is_good => Ok(plan),
        (_, document) => {
            loaded
                .diagnostics
                .sort_by_key(|diagnostic| document.as_ref().map(|document| document.span(&diagnostic.at).bytes.start));
            Err(messages(&loaded.diagnostics))
        }
    }
}

fn messages(diagnostics: &[Diagnostic]) -> Vec<String> {
    let text = |diagnostic: &Diagnostic| {
        diagnostic.help.iter().fold(diagnostic.message.clone(), |text, help| text + "; " + help)
    };
    diagnostics.iter().map(text).collect()
}

/// Returns the messages of the errors in a task, given its body; none if it is right.
pub fn config_errors(task: &str) -> Vec<String> {
    plan_of(&config(task)).err().unwrap_or_default()
}

/// Runs a task, given its body as it stands in a config below the task's name, which is `test`.
///
/// # Panics
/// The task has mistakes.
#[track_caller]
pub fn run(task: &str, cx: &Context) -> TaskReport {
    let report = run_config(&config(task), cx);
    match report.tasks.into_iter().next() {
        Some(task) => task,
        None => panic!("the task did not run"),
    }
}

/// Runs all tasks of a config.
///
/// # Panics
/// The config has mistakes.
#[track_caller]
pub fn run_config(config: &str, cx: &Context) -> Report {
    let plan = good_plan(config);
    block_on(run_plan(plan, cx))
}

/// Returns the same where a runtime runs already.
///
/// # Panics
/// The config has mistakes.
pub async fn run_config_async(config: &str, cx: &Context) -> Report {
    run_plan(good_plan(config), cx).await
}

#[track_caller]
fn good_plan(config: &str) -> Plan {
    match plan_of(config) {
        Ok(plan) => plan,
        Err(errors) => panic!("the config has errors:\n{}\n{config}", errors.join("\n")),
    }
}

pub(super) async fn run_plan(plan: Plan, cx: &Context) -> Report {
    let selection = Selection::default();
    match select(&plan, &selection) {
        Ok(tasks) => {
            let mut reports = Vec::new();
            run::run(&tasks, &selection, cx, |report| reports.push(report)).await;
            Report::new(reports, cx)
        }
        Err(error) => panic!("no tasks: {error}"),
    }
}

/// Builds a config with one task, named `test`; shared indentation of its body is removed.
pub(super) fn config(task: &str) -> String {
    let lines = task.lines().filter(|line| !line.trim().is_empty());
    let shared = lines.clone().map(|line| line.len().saturating_sub(line.trim_start().len())).min().unwrap_or_default();
    let body: Vec<String> = lines.map(|line| format!("    {}\n", &line[shared..])).collect();
    format!("tasks:\n  test:\n{}", body.concat())
}

/// Returns the titles of the entries in this state.
pub fn titles(report: &TaskReport, state: State) -> Vec<&str> {
    report.entries.iter().filter(|entry| entry.state() == state).map(|entry| entry.title()).collect()
}

/// Returns the decisions in order: `Title: rejected (reason)`, or the title if undecided.
pub fn decisions(report: &TaskReport) -> Vec<String> {
    let said = |entry: &EntryReport| {
        if entry.state() == State::Undecided {
            return entry.title().to_owned();
        }
        let reason = entry.reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("{}: {}{reason}", entry.title(), entry.state().name())
    };
    report.entries.iter().map(said).collect()
}

/// Parses YAML as a config has it.
#[track_caller]
pub(super) fn root(text: &str) -> Rc<Node> {
    match Document::parse("test.yml", text) {
        Ok(document) => Rc::clone(document.root()),
        Err(unreadable) => panic!("{}\n{text}", messages(&unreadable.diagnostics).join("\n")),
    }
}

/// Returns a list by its options in YAML, as it stands in `list_add`: `entry_list: movies`.
///
/// # Panics
/// There is no such list, or it may not be changed.
#[track_caller]
pub fn list(options: &str) -> WritableList {
    let list = read::<AnyList>(&root(options));
    match list.and_then(|list| WritableList::try_from(list).map_err(|problem| vec![problem])) {
        Ok(list) => list,
        Err(problems) => panic!("{options}: {problems:?}"),
    }
}

/// Returns an entry with fields given as YAML: `{ title: Solaris, movie_year: 1972 }`.
///
/// # Panics
/// It is not YAML, or has no title.
#[track_caller]
pub fn entry(fields: &str) -> Entry {
    let fields: Vec<_> = match read(&root(fields)) {
        Ok(Field::Map(map)) => map.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
        other => panic!("no fields: {other:?}"),
    };
    let url = |title: &str| format!("mock://{title}");
    match Entry::from_fields(fields, url) {
        Ok(entry) => entry,
        Err(error) => panic!("no entry: {error}"),
    }
}
