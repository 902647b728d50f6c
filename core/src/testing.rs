//! Helpers for the tests of plugins: a small world without network, YAML in and titles out.
//!
//! The helpers panic with a message on a failure, as tests want it. Only tests may use this module.

pub mod server;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::config::load::load_text;
use crate::config::plan::Plan;
use crate::config::template::Origin;
use crate::context::auth::Auth;
use crate::context::http::{Http, HttpOptions};
use crate::context::store::Store;
use crate::context::{Clock, Context, Environment, Progress, RunCache};
use crate::document::Document;
use crate::document::diagnostic::Diagnostic;
use crate::entry::{Entry, State};
use crate::error::Result;
use crate::list::any::AnyList;
use crate::list::recovery;
use crate::list::writable::WritableList;
use crate::plugin::command::{Format, Output, OutputEvent};
use crate::plugin::registry;
use crate::run;
use crate::run::select::{Selection, select};
use crate::task::report::{Action, EntryReport, Report, TaskReport};
use crate::value::Value as Field;

/// Time of the clock of a [`context`]: 2026-11-24T00:00:00Z.
pub const NOW: Timestamp = Timestamp::constant(1_795_478_400, 0);

/// Returns a world in memory: an empty store, a clock that stands at [`NOW`], no environment.
///
/// Nobody serves requests in it.
pub fn context() -> Context {
    context_with(Store::in_memory())
}

/// Returns the same with another store.
pub fn context_with(store: Store) -> Context {
    let clock = Clock::fixed(NOW);
    Context {
        http: Http::new(HttpOptions::default(), store.clone(), clock.clone(), Progress::none()),
        auth: Auth::new(store.clone(), clock.clone()),
        store,
        clock,
        progress: Progress::none(),
        dry_run: false,
        no_cache: false,
        run_cache: RunCache::default(),
        interrupted: Rc::new(Cell::new(false)),
        environment: Environment::empty(),
    }
}

/// Returns the next run in the same world: it has found out nothing yet.
pub fn next_run(cx: &Context) -> Context {
    Context { run_cache: RunCache::default(), ..cx.clone() }
}

/// Returns a dry run in the same world, as `--test` makes it.
pub fn dry_run(cx: &Context) -> Context {
    Context { dry_run: true, store: cx.store.scratch(), http: cx.http.for_dry_run(), ..next_run(cx) }
}

/// Runs a future to its end on a runtime of its own.
///
/// # Panics
/// The runtime cannot be made.
pub fn block_on<F: Future>(future: F) -> F::Output {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("no runtime: {error}"),
    }
}

/// Plans a config, or returns the messages of its errors, each with its help.
///
/// # Errors
/// The messages, in the order of the file.
pub fn plan_of(config: &str) -> Result<Plan, Vec<String>> {
    let mut loaded = load_text("config.yml", config, &Origin::default());
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
pub fn run_config(config: &str, cx: &Context) -> Report {
    block_on(run_config_async(config, cx))
}

/// Returns the same where a runtime runs already.
///
/// # Panics
/// The config has mistakes.
pub async fn run_config_async(config: &str, cx: &Context) -> Report {
    let plan = match plan_of(config) {
        Ok(plan) => plan,
        Err(errors) => panic!("the config has errors:\n{}\n{config}", errors.join("\n")),
    };
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
fn config(task: &str) -> String {
    let lines = task.lines().filter(|line| !line.trim().is_empty());
    let shared = lines.clone().map(|line| line.len() - line.trim_start().len()).min().unwrap_or_default();
    let body: Vec<String> = lines.map(|line| format!("    {}\n", &line[shared..])).collect();
    format!("tasks:\n  test:\n{}", body.concat())
}

/// Returns the titles of the entries in this state.
pub fn titles(report: &TaskReport, state: State) -> Vec<&str> {
    report.entries.iter().filter(|entry| entry.state() == state).map(EntryReport::title).collect()
}

/// Returns the decisions in order: `Title: rejected (reason)`, or the title if undecided.
pub fn decisions(report: &TaskReport) -> Vec<String> {
    let said = |entry: &EntryReport| {
        let state = match entry.state() {
            State::Undecided => return entry.title().to_owned(),
            State::Accepted => "accepted",
            State::Rejected => "rejected",
            State::Failed => "failed",
        };
        let reason = entry.reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("{}: {state}{reason}", entry.title())
    };
    report.entries.iter().map(said).collect()
}

/// Parses YAML as a config has it.
fn yaml(text: &str) -> serde_yaml::Value {
    match Document::parse("test.yml", text) {
        Ok(document) => document.value(),
        Err(unreadable) => panic!("{}\n{text}", messages(&unreadable.diagnostics).join("\n")),
    }
}

/// Returns a list by its options in YAML, as it stands in `list_add`: `entry_list: movies`.
///
/// # Panics
/// There is no such list, or it may not be changed.
pub fn list(options: &str) -> WritableList {
    let read = AnyList::deserialize(yaml(options)).map_err(|error| error.to_string());
    match read.and_then(|list| WritableList::try_from(list).map_err(|problem| problem.message)) {
        Ok(list) => list,
        Err(error) => panic!("{options}: {error}"),
    }
}

/// Returns an entry with fields given as YAML: `{ title: Solaris, movie_year: 1972 }`.
///
/// # Panics
/// It is not YAML, or has no title.
pub fn entry(fields: &str) -> Entry {
    let fields: Vec<_> = match yaml(fields) {
        serde_yaml::Value::Mapping(map) => {
            map.iter().map(|(name, value)| (Field::from_yaml(name).display().into(), Field::from_yaml(value))).collect()
        }
        other => panic!("no fields: {other:?}"),
    };
    let url = |title: &str| format!("mock://{title}");
    match Entry::from_fields(fields, url) {
        Ok(entry) => entry,
        Err(error) => panic!("no entry: {error}"),
    }
}

/// Output of a command.
#[derive(Debug, Default)]
pub struct Transcript {
    /// The output as text: lines, and tables with ` | ` between the columns.
    pub text: String,
    /// The lines beside the output.
    pub notes: String,
    /// The output as data.
    pub data: Vec<Value>,
}

/// Runs a command by its words (`entry-list add`) with these arguments by the names of its fields.
///
/// # Errors
/// What the command failed with.
///
/// # Panics
/// There is no such command.
pub fn command(words: &str, arguments: Value, format: Format, cx: &Context) -> Result<Transcript> {
    let path: Vec<&str> = words.split(' ').collect();
    let Some(found) = registry::commands().into_iter().find(|command| command.path == path) else {
        panic!("no such command: {words}")
    };
    let said = Rc::new(RefCell::new(Transcript::default()));
    let hear = Rc::clone(&said);
    let mut out = Output::new(format, None, move |what| {
        let mut said = hear.borrow_mut();
        match what {
            OutputEvent::Line(text) => said.text += &format!("{text}\n"),
            OutputEvent::Note(text) => said.notes += &format!("{text}\n"),
            OutputEvent::Table(table) => {
                let title = table.title.iter().map(|title| vec![title.clone()]);
                let rows = title.chain([table.columns.clone()]).chain(table.rows.iter().cloned());
                rows.for_each(|row| said.text += &format!("{}\n", row.join(" | ")));
            }
            OutputEvent::Data(data) => said.data.push(data.clone()),
            OutputEvent::Status(_) | OutputEvent::QrCode(_) | OutputEvent::Ask { .. } => {}
        }
        Ok(None)
    });
    block_on(found.run(arguments, cx, &mut out))?;
    Ok(said.take())
}

/// Checks the laws that hold for every list.
///
/// An added item is found. Adding twice changes once, also within one batch. A removed item is
/// gone, and nothing else. A dry run changes nothing and names what it would change. Clearing
/// empties. For a remote list also: a batch is one request, and none in a dry run; each change can
/// be undone.
///
/// `options` is the list, empty at first, as in `list_add`. `entries` are YAML for [`entry`]: at
/// least two, each an item of its own.
///
/// # Panics
/// A law is broken.
pub async fn list_laws(options: &str, entries: &[&str], cx: &Context) {
    let list = list(options);
    let entries: Vec<Entry> = entries.iter().map(|fields| entry(fields)).collect();
    let all: Vec<&Entry> = entries.iter().collect();
    let count = all.len();
    let writes =
        || cx.http.counts().iter().filter(|(method, _)| **method != "GET").map(|(_, count)| count).sum::<u64>();
    let last = Cell::new(None);
    let done = async |action: Action, entries: &[&Entry], cx: &Context| {
        let before = writes();
        let report = list.apply(entries, action, "list_laws", None, cx).await;
        let report = report.unwrap_or_else(|error| panic!("{options}: {error}"));
        assert!(report.failed.is_empty() && report.not_found.is_empty(), "{options}: {report:?}");
        let most = u64::from(!cx.dry_run);
        assert!(writes() - before <= most, "{options}: {action:?} is one request a batch, and none in a dry run");
        let named = if cx.dry_run { report.done } else { 0 };
        assert_eq!(report.items.len(), named, "{options}: a dry run names what it would change, and nothing else");
        last.set(report.change_id);
        (report.done, report.existing)
    };
    let undo = async |what: &str| {
        let Some(id) = last.take() else { return false };
        let undone = recovery::undo(id, "list_laws", &next_run(cx)).await;
        let undone = undone.unwrap_or_else(|error| panic!("{options}: {what}: {error}"));
        assert!(undone.failed.is_empty(), "{options}: {what}: {undone:?}");
        true
    };
    let on_list = async |cx: &Context| {
        let found = list.list().find(&all, cx).await.unwrap_or_else(|error| panic!("{options}: {error}"));
        found.iter().map(Option::is_some).collect::<Vec<bool>>()
    };
    let titles = async |cx: &Context| {
        let at_once = list.list().items(None, cx).await.unwrap_or_else(|error| panic!("{options}: {error}")).len();
        // By then a service shows what there is, and what was written lately is of no account any
        // more.
        cx.clock.sleep(std::time::Duration::from_secs(360)).await;
        let items = list.list().items(None, &next_run(cx)).await.unwrap_or_else(|error| panic!("{options}: {error}"));
        assert_eq!(at_once, items.len(), "{options}: what is read at once is what is there");
        let mut titles: Vec<String> = items.iter().map(|item| item.title().to_owned()).collect();
        titles.sort();
        titles
    };

    assert_eq!(on_list(cx).await, vec![false; count], "{options}: it is empty at first");
    assert_eq!(done(Action::Add, &all, &dry_run(cx)).await, (count, 0), "{options}: a dry run says what it would do");
    assert_eq!(on_list(&next_run(cx)).await, vec![false; count], "{options}: a dry run adds nothing");

    assert_eq!(done(Action::Add, &all, cx).await, (count, 0), "{options}: all are added");
    assert_eq!(on_list(cx).await, vec![true; count], "{options}: what was added is found");
    let before = titles(&next_run(cx)).await;
    assert_eq!(before.len(), count, "{options}: what was added is there");
    assert_eq!(done(Action::Add, &all, &next_run(cx)).await, (0, count), "{options}: adding twice changes once");
    assert_eq!(titles(&next_run(cx)).await, before, "{options}: adding twice changes once");

    assert_eq!(done(Action::Remove, &all, &dry_run(cx)).await.0, count, "{options}: a dry run says what it would do");
    assert_eq!(titles(&next_run(cx)).await, before, "{options}: a dry run removes nothing");
    assert_eq!(done(Action::Remove, &all[..1], &next_run(cx)).await, (1, 0), "{options}: one is removed");
    if undo("what was removed comes back").await {
        assert_eq!(titles(&next_run(cx)).await, before, "{options}: an undo puts back what was removed");
        assert_eq!(done(Action::Remove, &all[..1], &next_run(cx)).await, (1, 0), "{options}: one is removed again");
    }
    let first_is_gone: Vec<bool> = (0..count).map(|at| at > 0).collect();
    assert_eq!(on_list(&next_run(cx)).await, first_is_gone, "{options}: what was removed is gone, and nothing else");
    assert_eq!(done(Action::Remove, &all[..1], &next_run(cx)).await, (0, 1), "{options}: removing twice changes once");
    let dry = done(Action::Remove, &all, &dry_run(cx)).await;
    assert_eq!(dry, (count - 1, 1), "{options}: a dry run says what it would remove");
    let dry = done(Action::Add, &all, &dry_run(cx)).await;
    assert_eq!(dry, (1, count - 1), "{options}: a dry run says what it would add");

    let rest = list.list().items(None, &next_run(cx)).await.unwrap_or_else(|error| panic!("{options}: {error}"));
    let rest: Vec<&Entry> = rest.iter().collect();
    done(Action::Clear, &rest, &next_run(cx)).await;
    assert_eq!(titles(&next_run(cx)).await, Vec::<String>::new(), "{options}: clearing empties");
    if undo("what was cleared comes back").await {
        assert_eq!(titles(&next_run(cx)).await.len(), rest.len(), "{options}: an undo puts back what was cleared");
        done(Action::Clear, &rest, &next_run(cx)).await;
        assert_eq!(done(Action::Add, &all, &next_run(cx)).await, (count, 0), "{options}: all are added again");
        undo("what was added goes again").await;
        assert_eq!(titles(&next_run(cx)).await, Vec::<String>::new(), "{options}: an undo takes off what was added");
    }
    for (action, what) in [(Action::Add, "added"), (Action::Remove, "removed")] {
        for cx in [dry_run(cx), next_run(cx)] {
            let twice = done(action, &[all[0], all[0]], &cx).await;
            assert_eq!(twice, (1, 1), "{options}: what comes twice is {what} once");
        }
    }
    assert_eq!(titles(&next_run(cx)).await, Vec::<String>::new(), "{options}: what was removed is gone");
}
