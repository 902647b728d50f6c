//! `execute`: runs tasks.

use std::collections::HashSet;
use std::path::PathBuf;

use flexget_core::config::load::{LoadedConfig, load};
use flexget_core::config::plan::TaskPlan;
use flexget_core::context::Context;
use flexget_core::document::diagnostic::{Diagnostic, Severity};
use flexget_core::document::to_yaml;
use flexget_core::entry::Entry;
use flexget_core::error::Error;
use flexget_core::plugin::command::Format;
use flexget_core::run;
use flexget_core::run::select::{Selection, select};
use flexget_core::task::report::{Report, TaskOutcome, TaskReport};
use serde::Serialize;
use serde_json::Value;

use crate::args::{FormatOption, key_value};
use crate::candidates;
use crate::exit;
use crate::render::console::{Console, MessageKind};
use crate::render::diagnostics::{Detail, DiagnosticReport, diagnostic_reports};
use crate::render::dump::Dump;
use crate::render::page;
use crate::render::printable::Printable;
use crate::render::report::{ReportStyle, Verbosity};
use crate::render::text::count;
use crate::session::{Exit, Session, error_document};

/// Run tasks
///
/// All tasks of the config, except those that are `manual`, run one after the other. A line is
/// printed for each task, and what changed, failed or needs attention. The exit code is 0 if all
/// went well, 1 if a task was aborted or could not run or a change failed, 2 if the config or the
/// command line is wrong, 130 if the run was interrupted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Execute {
    /// Run these tasks only, even `manual` ones; `*`, `?` and `[…]` match as in a shell
    #[arg(value_name = "TASK", add = candidates::tasks())]
    pub names: Vec<String>,
    /// Run these tasks only, as above
    #[arg(long, num_args = 1.., value_name = "TASK", add = candidates::tasks())]
    pub tasks: Vec<String>,
    /// Run only tasks that use this template
    #[arg(short = 'T', long, value_name = "NAME", add = candidates::templates())]
    pub template: Option<String>,
    /// Act on nothing, and remember what is accepted as if it had been acted on
    #[arg(long)]
    pub learn: bool,
    /// Run tasks even if their `interval` is not over
    #[arg(long)]
    pub now: bool,
    /// Ignore what earlier runs have cached of online lists
    #[arg(long)]
    pub no_cache: bool,
    /// Print every field of the entries, of all or of those in these states
    #[arg(long, num_args = 0.., value_name = "WHAT")]
    pub dump: Option<Vec<Dump>>,
    /// Print the way of each entry: its source, lookups, rules with values, and decisions
    #[arg(long)]
    pub trace: bool,
    /// Print the tasks as they are after templates and includes, as a config, and do not run them
    #[arg(long)]
    pub dump_config: bool,
    /// Page about tasks, runs and changes that is written at the end
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Replace `$K` by V in all texts and keys of the config
    #[arg(long, num_args = 1.., value_name = "K=V", value_parser = key_value)]
    pub cli_config: Vec<(String, String)>,
    /// The output format.
    #[command(flatten)]
    pub format: FormatOption,
    /// Entries to process instead of those of the inputs.
    #[arg(skip)]
    pub injected: Vec<Entry>,
}

/// The JSON document of a run.
#[derive(Serialize)]
struct RunDocument<'a> {
    #[serde(flatten)]
    report: Report,
    /// Why no task ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    /// Diagnostics of the config.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    diagnostics: &'a [DiagnosticReport],
    /// Whether the run was cut short.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    interrupted: bool,
}

impl Execute {
    /// Runs the tasks that the user selected.
    pub(crate) async fn run(&self, session: &Session) -> Exit {
        let Session { console, global, folders, .. } = session;
        let format = self.format.format();
        let path = session.config()?;
        let mut config = load(&path, self.cli_config.clone());
        let name = folders.shown(&path);
        let verbosity = global.verbosity();
        let detail = match verbosity {
            Verbosity::Errors | Verbosity::Attention => Detail::Errors,
            Verbosity::Usual => Detail::Short,
            Verbosity::Decisions => Detail::Full,
        };
        let cx = session.context(session.store(&path), self.no_cache);
        let is_json = format == Format::Json;
        let diagnostics = if is_json { diagnostic_reports(&config, folders) } else { Vec::new() };
        let document = |tasks, error: Option<&Error>, interrupted| {
            let document = RunDocument {
                report: Report::new(tasks, &cx),
                error: error.map(error_document),
                diagnostics: &diagnostics,
                interrupted,
            };
            console.json(&document);
        };
        let fail = |error: &Error| {
            if is_json {
                document(Vec::new(), Some(error), false);
            }
            Ok(exit::USAGE)
        };
        let Some(plan) = &config.plan else {
            console.diagnostics(&config, &name, folders, detail);
            return fail(&Error::new(format!("the config {name} is wrong")).hint("`flexget-rs check` explains it"));
        };
        let selection = Selection {
            tasks: self.names.iter().chain(&self.tasks).cloned().collect(),
            template: self.template.clone(),
            learn: self.learn,
            trace: self.trace || self.dump.as_ref().is_some_and(|words| words.contains(&Dump::Trace)),
            now: self.now,
            injected: self.injected.clone(),
            everything: self.dump.as_ref().is_some_and(|words| words.contains(&Dump::Eval)),
        };
        let tasks = match select(plan, &selection) {
            Ok(tasks) => tasks,
            Err(error) => {
                console.error(&error);
                return fail(&error);
            }
        };
        if self.dump_config {
            dump_config(&config, &tasks, format, console);
            return Ok(exit::SUCCESS);
        }
        // What is odd about tasks that do not run is for `check` to tell.
        let is_other = |diagnostic: &Diagnostic| {
            let owner = diagnostic.at.path().and_then(|path| path.owner()).filter(|(kind, _)| *kind == "task");
            owner.is_some_and(|(_, name)| tasks.iter().all(|task| task.name != name))
        };
        config.diagnostics.retain(|one| one.severity == Severity::Error || !is_other(one));
        console.diagnostics(&config, &name, folders, detail);
        if plan.tasks.is_empty() && verbosity >= Verbosity::Usual {
            console.no_tasks(&name);
        } else if tasks.is_empty() && verbosity >= Verbosity::Usual {
            let why = "all tasks are `manual`, begin with `_`, or do not use the template";
            console.message(MessageKind::Note, "there is no task to run", &[why]);
        }
        let style = ReportStyle { named: tasks.len() > 1, verbosity, json: is_json };
        let unusable: HashSet<&str> =
            tasks.iter().filter(|task| !task.can_run()).map(|task| task.name.as_str()).collect();
        let mut reports: Vec<TaskReport> = Vec::new();
        let (mut is_ok, mut has_run) = (true, false);
        let on_task = |task: TaskReport| {
            is_ok &= task.is_ok();
            has_run |= task.outcome != TaskOutcome::Skipped;
            console.end_status();
            if let (Some(words), false) = (&self.dump, style.json) {
                console.dump(&task, words);
            }
            if self.trace && !style.json {
                console.explanation(&task);
            }
            let is_held = !style.json && unusable.contains(task.name.as_str());
            if !is_held {
                console.task(&task, style);
            }
            if style.json || is_held {
                reports.push(task);
            }
        };
        let done = session.until_stopped(run::run(&tasks, &selection, &cx, on_task)).await;
        let is_interrupted = done.is_none() || session.activity.interrupted.get();
        if is_json {
            document(reports, None, is_interrupted);
        } else {
            console.unusable(&reports, verbosity);
        }
        if !cx.dry_run
            && let Err(error) = cx.store.maintain(cx.clock.now())
        {
            tracing::warn!("old rows of the database could not be removed: {error}");
        }
        if let Some(file) = self.report.as_ref().filter(|_| !cx.dry_run)
            && let Err(error) = page::write_report(&folders.current.join(file), &path, Some(plan), &cx)
        {
            console.error(&error);
            is_ok = false;
        }
        if is_interrupted {
            report_interruption(&cx, console);
            return Ok(exit::INTERRUPTED);
        }
        // A task that needs a missing plugin counts only if it was named, or if no other could run.
        let is_missed =
            !unusable.is_empty() && (!selection.tasks.is_empty() || (!has_run && unusable.len() == tasks.len()));
        Ok(if is_ok && !is_missed { exit::SUCCESS } else { exit::FAILURE })
    }
}

/// Reports that the run did not come to its end, and which changes it leaves in doubt.
fn report_interruption(cx: &Context, console: &Console) {
    console.message(MessageKind::Note, "interrupted: the tasks that are not shown did not run to their end", &[]);
    for change in cx.journal().pending().unwrap_or_default() {
        let what = &change.what;
        let account = what.account.as_ref().map(|account| format!(" (account {account})")).unwrap_or_default();
        let message = format!(
            "the outcome of change {} is unknown: {} of {} on {} `{}`{account}; the next run checks it",
            change.id,
            what.action.name(),
            count(what.items.len(), "item"),
            what.service,
            what.list
        );
        console.message(MessageKind::Warning, &message, &[]);
    }
}

/// Prints the tasks after templates and includes, as a config that could be run.
fn dump_config(config: &LoadedConfig, tasks: &[&TaskPlan], format: Format, console: &Console) {
    let Some(document) = &config.document else { return };
    let root = document.value();
    let body = |task: &&&TaskPlan| {
        let body = root.get("tasks")?.get(task.name.as_str())?.clone();
        Some((serde_yaml::Value::String(task.name.clone()), body))
    };
    let bodies: serde_yaml::Mapping = tasks.iter().filter_map(|task| body(&task)).collect();
    let dumped =
        serde_yaml::Value::Mapping([("tasks".into(), serde_yaml::Value::Mapping(bodies))].into_iter().collect());
    match format {
        Format::Text => console.data(&Printable::block(to_yaml(&dumped))),
        Format::Json => console.json(&dumped),
    }
}
