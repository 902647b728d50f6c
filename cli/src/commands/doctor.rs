//! `doctor`: checks the config, the database, the network and the accounts.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use flexget_core::config::lint::lint;
use flexget_core::config::load::load;
use flexget_core::context::store::{Purpose, Store};
use flexget_core::error::Error;
use flexget_core::plugin::command::{Format, Health, HealthCheck, Output, OutputEvent};
use flexget_core::plugin::registry;
use serde_json::{Value, json};

use crate::args::FormatOption;
use crate::config;
use crate::exit;
use crate::render::printable::{ERROR, GOOD, Printable, STRONG, WARNING};
use crate::render::text::count;
use crate::session::{Exit, Session};

/// Check config, database, network and accounts, and print what to do
///
/// The exit code is 0 if nothing is wrong, and 1 if there is an error.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Doctor {
    /// The output format.
    #[command(flatten)]
    pub format: FormatOption,
}

impl Doctor {
    /// Runs all checks and prints them.
    pub(crate) async fn run(&self, session: &Session) -> Exit {
        let (mut checks, store) = match session.find_config(session.global.config.as_deref()) {
            Ok(path) => (check_config(&path, session), session.store(&path)),
            Err(error) => {
                let folder = session.folders.usual.clone().unwrap_or_default();
                (vec![failed("config", &error)], session.store(&folder.join("config.yml")))
            }
        };
        checks.extend(check_database(&store, session));
        let cx = session.context(store, false);
        for registration in registry::commands() {
            // Each service contributes the checks of its own.
            if registration.path.last() != Some(&"doctor") {
                continue;
            }
            let collected = Rc::new(RefCell::new(Vec::new()));
            let sink = Rc::clone(&collected);
            let mut output = Output::new(Format::Json, None, move |event| {
                if let OutputEvent::Data(data) = event {
                    sink.borrow_mut().push(data.clone());
                }
                Ok(None)
            });
            let ran = session.until_stopped(registration.run(json!({}), &cx, &mut output)).await;
            session.console.end_status();
            let contributed = collected.take().into_iter().filter_map(|data: Value| serde_json::from_value(data).ok());
            checks.extend(contributed.flat_map(|found: Vec<HealthCheck>| found));
            match ran {
                None => return Ok(session.interrupted()),
                Some(Err(error)) if checks.iter().all(|check| check.state != Health::Error) => {
                    checks.push(HealthCheck::new(registration.path.join(" "), Health::Error, error.to_string()));
                }
                Some(_) => {}
            }
        }
        print(&checks, self.format.format(), session);
        let is_ok = checks.iter().all(|check| check.state != Health::Error);
        Ok(if is_ok { exit::SUCCESS } else { exit::FAILURE })
    }
}

fn print(checks: &[HealthCheck], format: Format, session: &Session) {
    if format == Format::Json {
        let is_ok = checks.iter().all(|check| check.state != Health::Error);
        session.console.json(&json!({ "version": 1, "ok": is_ok, "checks": checks }));
        return;
    }
    for check in checks {
        let (style, word) = match check.state {
            Health::Ok => (GOOD, "ok"),
            Health::Warning => (WARNING, "warning"),
            Health::Error => (ERROR, "error"),
        };
        let line = Printable::styled(style, word).text(format_args!(": {}: {}", check.name, check.message));
        session.console.line(&line);
        if let Some(hint) = &check.hint {
            let line = Printable::line("  = ").style(STRONG, "help").text(format_args!(": {hint}"));
            session.console.line(&line);
        }
    }
}

/// Returns a check that found an error.
fn failed(name: &str, error: &Error) -> HealthCheck {
    let check = HealthCheck::new(name, Health::Error, error.to_string());
    error.hint_text().into_iter().fold(check, HealthCheck::hint)
}

/// Checks whether the config can be read and is right, and whether its accounts are authorized.
fn check_config(path: &Path, session: &Session) -> Vec<HealthCheck> {
    let config = load(path, Vec::new());
    let name = session.folders.shown(path);
    if config.has_errors() {
        let check = HealthCheck::new("config", Health::Error, format!("{name} is wrong"));
        return vec![check.hint("`flexget-rs check` explains it")];
    }
    let lint = lint(&config);
    let tasks = config.plan.as_ref().map_or(0, |plan| plan.tasks.len());
    let mut checks = vec![match config.diagnostics.iter().chain(&lint.diagnostics).count() {
        0 => HealthCheck::new("config", Health::Ok, format!("{name} is good: {}", count(tasks, "task"))),
        warnings => HealthCheck::new("config", Health::Warning, format!("{name} has {}", count(warnings, "warning")))
            .hint("`flexget-rs check` shows them"),
    }];
    let named: BTreeSet<(&str, &str)> =
        lint.accounts.iter().map(|one| (one.service.as_str(), one.account.as_str())).collect();
    for (service, account) in named {
        // Before the first authorization there is one check about all accounts.
        let known = session.account_names(path, service).filter(|known| !known.is_empty());
        if known.is_some_and(|known| !known.iter().any(|one| one == account)) {
            let message = format!("{name} names it, and it is not authorized");
            let check = HealthCheck::new(format!("account `{account}`"), Health::Error, message);
            checks
                .push(check.hint(format!("`flexget-rs {service} auth {account}`, or correct the name in the config")));
        }
    }
    checks
}

/// Checks whether the database can be used, and whether others can read it.
fn check_database(store: &Store, session: &Session) -> Vec<HealthCheck> {
    let file = store.task_path();
    let path = file.map(|path| session.folders.absolute(path)).unwrap_or_default();
    let mut checks = Vec::new();
    if file.is_none_or(|file| !config::exists(file)) {
        let message = format!("{path} does not exist yet; the first run makes it");
        checks.push(HealthCheck::new("database", Health::Ok, message));
    } else {
        checks.push(match store.sizes() {
            Ok(sizes) => {
                let rows = sizes.iter().filter(|size| matches!(size.purpose, Purpose::Tasks | Purpose::Cache));
                let rows: usize = rows.map(|size| size.records).sum();
                HealthCheck::new("database", Health::Ok, format!("{path} holds {}", count(rows, "row")))
            }
            Err(error) => failed("database", &error),
        });
    }
    if let Some(exposed) = store.exposed() {
        checks.push(HealthCheck::new("permissions", Health::Warning, exposed));
    }
    checks
}
