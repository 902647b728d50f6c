//! `status`: how the tasks and the accounts are doing.

use std::collections::BTreeMap;
use std::time::Duration;

use flexget_core::config::load::load;
use flexget_core::context::Context;
use flexget_core::context::store::RateLimitUse;
use flexget_core::context::store::history::{RunOutcome, TaskHistory};
use flexget_core::error::Result;
use flexget_core::plugin::command::{Format, Table};
use flexget_core::run::daemon;
use jiff::Timestamp;
use serde::Serialize;

use crate::args::FormatOption;
use crate::exit;
use crate::render::console::MessageKind;
use crate::render::printable::Printable;
use crate::render::text::count;
use crate::render::time;
use crate::session::{Exit, Session};

/// Show last and next runs of each task, and the accounts
///
/// A task whose last runs failed, and an account that needs authorization, make the exit code 1.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Status {
    /// The output format.
    #[command(flatten)]
    pub format: FormatOption,
}

/// The status of everything.
#[derive(Debug, Serialize)]
struct StatusDocument {
    version: u32,
    daemon: DaemonStatus,
    tasks: Vec<TaskStatus>,
    accounts: Vec<AccountStatus>,
    limits: Vec<RateLimitUse>,
}

#[derive(Debug, Serialize)]
struct DaemonStatus {
    running: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<u32>,
}

#[derive(Debug, Serialize)]
struct TaskStatus {
    name: String,
    running: bool,
    last_run: Option<Timestamp>,
    result: Option<RunOutcome>,
    error: Option<String>,
    last_success: Option<Timestamp>,
    failures: usize,
    next_run: Option<Timestamp>,
    produced: usize,
    accepted: usize,
    changed: usize,
    elapsed_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct AccountStatus {
    service: String,
    name: String,
    user: Option<String>,
    token: String,
    expires: Timestamp,
}

impl Status {
    /// Prints the status.
    pub(crate) fn run(&self, session: &Session) -> Exit {
        let path = session.config()?;
        let cx = session.context(session.store(&path), false);
        let config = load(&path, Vec::new());
        if config.plan.is_none() {
            let name = session.folders.shown(&path);
            let message = format!("the config {name} is wrong: only tasks that have run are shown");
            session.console.message(MessageKind::Warning, &message, &["`flexget-rs check` explains it"]);
        }
        let document = document(config.plan.as_ref(), &cx)?;
        match self.format.format() {
            Format::Json => session.console.json(&document),
            Format::Text => print(&document, session, cx.clock.now()),
        }
        let is_well = document.tasks.iter().all(|task| task.failures == 0)
            && document.accounts.iter().all(|account| account.token == VALID);
        Ok(if is_well { exit::SUCCESS } else { exit::FAILURE })
    }
}

/// The state of a token that can be used.
const VALID: &str = "ok";

fn document(plan: Option<&flexget_core::config::plan::Plan>, cx: &Context) -> Result<StatusDocument> {
    let mut histories = cx.store.task_histories()?;
    let next = daemon::next_runs_by_daemon(plan, cx)?;
    let names: Vec<String> = match plan {
        Some(plan) => plan.tasks.iter().filter(|task| !task.disabled).map(|task| task.name.clone()).collect(),
        None => histories.keys().cloned().collect(),
    };
    let task = |name: String| {
        let history = histories.remove(&name);
        task_status(name, history.as_ref(), &next, cx)
    };
    let tasks = names.into_iter().map(task).collect();
    let accounts = cx.auth.all()?.into_iter().map(|account| AccountStatus {
        token: match account.state.problem() {
            None => VALID.to_owned(),
            Some(reason) => format!("needs authorization: {reason}"),
        },
        service: account.service,
        name: account.name,
        user: account.user,
        expires: account.tokens.expires,
    });
    let process = cx.store.daemon_process();
    let daemon = DaemonStatus { running: process.is_some(), process: process.filter(|process| *process > 0) };
    let limits = cx.store.rate_limits(cx.clock.now())?;
    Ok(StatusDocument { version: 1, daemon, tasks, accounts: accounts.collect(), limits })
}

fn task_status(
    name: String,
    history: Option<&TaskHistory>,
    next: &BTreeMap<String, Timestamp>,
    cx: &Context,
) -> TaskStatus {
    let running = cx.store.is_running(&name);
    let last = history.and_then(|history| history.last.as_ref());
    let result = last.map(|run| match run.outcome {
        // Nobody runs it any more.
        RunOutcome::Running if !running => RunOutcome::Killed,
        outcome => outcome,
    });
    let is_killed = result == Some(RunOutcome::Killed) && last.is_some_and(|run| run.outcome == RunOutcome::Running);
    TaskStatus {
        running,
        last_run: last.map(|run| run.started),
        result,
        error: last.and_then(|run| run.details.error.as_ref()).map(|error| error.message.clone()),
        last_success: history.and_then(|history| history.last_success),
        failures: history.map_or(0, |history| history.failures).saturating_add(usize::from(is_killed)),
        next_run: next.get(&name).copied(),
        produced: last.map_or(0, |run| run.counts.produced),
        accepted: last.map_or(0, |run| run.counts.accepted),
        changed: last.map_or(0, |run| run.counts.changed),
        elapsed_ms: last.and_then(|run| run.elapsed_ms),
        name,
    }
}

fn print(document: &StatusDocument, session: &Session, now: Timestamp) {
    let console = &session.console;
    let said = match (document.daemon.running, document.daemon.process) {
        (true, Some(process)) => format!("the daemon runs (process {process})"),
        (true, None) => "the daemon runs".to_owned(),
        (false, _) => "no daemon runs: `flexget-rs daemon` starts one".to_owned(),
    };
    console.data(&Printable::line(said).end());
    let at = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| session.clock.local(time));
    let mut table = Table::new(&[
        "Task",
        "Last run",
        "Result",
        "Took",
        "Accepted",
        "Changed",
        "Last success",
        "Failures",
        "Next run",
    ]);
    for task in &document.tasks {
        let result = match (task.running, task.result, &task.error) {
            (true, ..) => "running".to_owned(),
            (_, None, _) => "-".to_owned(),
            (_, Some(result), Some(error)) => format!("{}: {error}", result.name()),
            (_, Some(result), None) => result.name().to_owned(),
        };
        let next = task.next_run.map_or("-".to_owned(), |next| time::moment(next, &session.clock, now));
        table.row([
            task.name.clone(),
            at(task.last_run),
            result,
            task.elapsed_ms.map_or("-".to_owned(), |elapsed| time::span(Duration::from_millis(elapsed))),
            task.accepted.to_string(),
            task.changed.to_string(),
            at(task.last_success),
            if task.failures > 0 { format!("{} in a row", task.failures) } else { "-".to_owned() },
            next,
        ]);
    }
    console.table(&table);
    if !document.accounts.is_empty() {
        let mut table = Table::new(&["Account", "User", "Token", "Expires"]);
        for account in &document.accounts {
            let expires = time::moment(account.expires, &session.clock, now);
            table.row([
                format!("{} {}", account.service, account.name),
                account.user.clone().unwrap_or_default(),
                account.token.clone(),
                expires,
            ]);
        }
        console.table(&table);
    }
    for limit in &document.limits {
        let blocked = limit.blocked_until.map(|until| format!(", blocked until {}", session.clock.local(until)));
        let blocked = blocked.unwrap_or_default();
        let used = count(limit.recent, "request");
        console.data(&Printable::line(format!("{}: {used} in 5 minutes{blocked}", limit.bucket)).end());
    }
}
