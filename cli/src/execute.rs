//! `execute`: runs tasks.

use flexget_core::config::plan::TaskPlan;
use flexget_core::context::Context;
use flexget_core::document::to_yaml;
use flexget_core::plugin::command::Format;
use flexget_core::run::{self, Selection};
use flexget_core::task::report::{Report, TaskReport};

use crate::args::{Dump, Execute};
use crate::config::Config;
use crate::exit;
use crate::render::diagnostics::Show;
use crate::render::report::Style;
use crate::render::{Kind, Screen};
use crate::session::Session;

/// Runs the tasks that the user wants, and gives the exit code.
pub(crate) async fn run(options: &Execute, session: &Session) -> u8 {
    let Session { screen, global, folders, .. } = session;
    let Some(path) = session.config() else { return exit::WRONG };
    let config = Config::read(&path, options.cli_config.clone());
    let show = match (global.quiet, global.verbose) {
        (true, _) => Show::Errors,
        (_, 0) => Show::Warnings,
        _ => Show::Notices,
    };
    let Some(plan) = &config.plan else {
        screen.diagnostics(&config, &folders.shown(&path), folders, show);
        return exit::WRONG;
    };
    let selection = Selection {
        tasks: options.tasks.clone(),
        template: options.template.clone(),
        learn: options.learn,
        everything: options.dump.as_ref().is_some_and(|words| words.contains(&Dump::Eval)),
    };
    let tasks = match run::select(plan, &selection) {
        Ok(tasks) => tasks,
        Err(error) => {
            screen.error(&error);
            return exit::WRONG;
        }
    };
    if options.dump_config {
        dump_config(&config, &tasks, options.form.format(), screen);
        return exit::GOOD;
    }
    screen.diagnostics(&config, &folders.shown(&path), folders, show);
    if tasks.is_empty() {
        let why = "all that it has are `manual` or begin with `_`, or do not use the template";
        screen.problem(Kind::Note, "there is no task to run", &[why]);
    }
    let style = Style {
        named: tasks.len() > 1,
        verbose: global.verbose > 0,
        quiet: global.quiet,
        asides_only: options.form.format() == Format::Json,
    };
    let cx = session.context(session.store(&path), options.no_cache);
    let mut reported: Vec<TaskReport> = Vec::new();
    let mut is_ok = true;
    let on_task = |task: TaskReport| {
        is_ok &= task.is_ok();
        screen.no_status();
        if let (Some(words), false) = (&options.dump, style.asides_only) {
            screen.dump(&task, words);
        }
        screen.task(&task, style);
        if style.asides_only {
            reported.push(task);
        }
    };
    let done = session.until_stopped(run::run(&tasks, &selection, &cx, on_task)).await;
    if style.asides_only {
        screen.json(&Report::new(reported, &cx));
    }
    if !cx.dry_run
        && let Err(error) = cx.store.maintain(cx.clock.now())
    {
        tracing::warn!("old rows of the database could not be removed: {error}");
    }
    if done.is_none() || session.state.interrupted.get() {
        interrupted(&cx, screen);
        return exit::INTERRUPTED;
    }
    if is_ok { exit::GOOD } else { exit::FAILED }
}

/// Says that the run did not come to its end, and which changes it leaves in doubt.
fn interrupted(cx: &Context, screen: &Screen) {
    screen.problem(Kind::Note, "interrupted: the tasks that are not shown did not run to their end", &[]);
    for change in cx.journal().pending().unwrap_or_default() {
        let what = &change.what;
        let account = what.account.as_ref().map(|account| format!(" (account {account})")).unwrap_or_default();
        screen.problem(
            Kind::Warning,
            &format!(
                "change {}, {} of {} on {} `{}`{account}, may or may not have been made",
                change.id,
                what.action.name(),
                crate::render::text::count(what.items.len(), "item"),
                what.service,
                what.list
            ),
            &[],
        );
    }
}

/// Shows the tasks after templates and includes, as a config that could be run.
fn dump_config(config: &Config, tasks: &[&TaskPlan], format: Format, screen: &Screen) {
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
        Format::Text => screen.data(&to_yaml(&dumped)),
        Format::Json => screen.json(&dumped),
    }
}
