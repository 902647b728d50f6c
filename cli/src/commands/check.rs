//! `check`: reports everything that is wrong with the config.

mod migration;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use flexget_core::config::lint::{AccountUse, lint};
use flexget_core::config::load::{LoadedConfig, load};
use flexget_core::config::plan::{MissingPlugin, Plan};
use flexget_core::document::diagnostic::{At, Diagnostic, Path as Place, Severity};
use flexget_core::plugin::command::Format;
use flexget_core::plugin::registry;
use indexmap::IndexMap;
use serde_json::json;

use crate::args::FormatOption;
use crate::exit;
use crate::render::diagnostics::{Detail, diagnostic_reports};
use crate::render::printable::Printable;
use crate::render::text::{count, on_a_screen};
use crate::session::{CommandError, Exit, Session};

/// Check the config and report everything that is wrong with it
///
/// Nothing is run and nothing is sent. Plugins that only FlexGet has are listed for each task that
/// names them; `--migrate` tells where each task can run. The exit code is 2 if there is an error,
/// and 0 if there are only warnings: a task that needs such a plugin is skipped, the others run.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Check {
    /// Config, as with `--config`
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub file: Option<PathBuf>,
    /// Tell which tasks run here and which need FlexGet, with the commands for both
    #[arg(long)]
    pub migrate: bool,
    /// The output format.
    #[command(flatten)]
    pub format: FormatOption,
}

impl Check {
    /// Checks the config.
    pub(crate) fn run(&self, session: &Session) -> Exit {
        let Session { console, global, folders, .. } = session;
        let format = self.format.format();
        let named = self.file.as_deref().or(global.config.as_deref());
        let path = session.find_config(named).map_err(CommandError::usage)?;
        let mut config = load(&path, Vec::new());
        if self.migrate
            && let Some(plan) = &config.plan
        {
            migration::print(plan, &path, format, session);
            return Ok(exit::SUCCESS);
        }
        let lint = lint(&config);
        config.diagnostics.extend(lint.diagnostics);
        config.diagnostics.extend(unknown_accounts(&lint.accounts, &path, session));
        let is_valid = !config.has_errors();
        let name = folders.shown(&path);
        match format {
            Format::Json => {
                let diagnostics = diagnostic_reports(&config, folders);
                let missing = config.missing().map(|(task, plugins)| {
                    let runs = plugins.iter().all(|plugin| !plugin.needed);
                    json!({ "task": task, "runs": runs, "plugins": plugins })
                });
                let missing: Vec<_> = missing.collect();
                console.json(&json!({
                    "version": 1, "file": name, "ok": is_valid, "diagnostics": diagnostics, "missing": missing
                }));
            }
            Format::Text => {
                let detail = if global.quiet { Detail::Errors } else { Detail::Full };
                console.diagnostics(&config, &name, folders, detail);
                if !global.quiet {
                    list_missing(&config, session);
                    if let Some(plan) = &config.plan {
                        summarize(plan, &name, is_valid, session);
                    }
                }
            }
        }
        Ok(if is_valid { exit::SUCCESS } else { exit::USAGE })
    }
}

/// Returns a warning for each account that is named and not stored, at the first place.
///
/// Before the first authorization all are unknown, which needs no warning.
fn unknown_accounts(accounts: &[AccountUse], path: &Path, session: &Session) -> Vec<Diagnostic> {
    let mut places: IndexMap<(&str, &str), (&At, usize)> = IndexMap::new();
    for AccountUse { service, account, at } in accounts {
        let (_, times) = places.entry((service, account)).or_insert((at, 0));
        *times = times.saturating_add(1);
    }
    let services: BTreeSet<&str> = places.keys().map(|(service, _)| *service).collect();
    let known: BTreeMap<&str, Vec<String>> =
        services.into_iter().filter_map(|service| Some((service, session.account_names(path, service)?))).collect();
    let mut warnings = Vec::new();
    for ((service, account), (at, times)) in places {
        let Some(known) = known.get(service).filter(|known| !known.iter().any(|name| name == account)) else {
            continue;
        };
        let also = if times > 1 { format!(" (named {times} times)") } else { String::new() };
        let message = format!("there is no account `{account}` of {service}{also}");
        let warning =
            Diagnostic { at: at.clone(), ..Diagnostic::key(Place::root(), message) }.severity(Severity::Warning);
        let near = registry::similar(account, known.iter().map(String::as_str));
        warnings.push(match near.first() {
            Some(near) => warning.help(format!("did you mean `{near}`?")),
            None => warning.help(format!("`flexget-rs {service} auth {account}` authorizes it")),
        });
    }
    warnings
}

/// Prints the number of tasks, and which of them cannot run.
fn summarize(plan: &Plan, name: &str, is_valid: bool, session: &Session) {
    let unusable = plan.tasks.iter().filter(|task| !task.needed().is_empty());
    let unusable: Vec<String> = unusable.map(|task| format!("`{}`", task.name)).collect();
    let tasks = count(plan.tasks.len(), "task");
    match unusable.len() {
        0 if is_valid && plan.tasks.is_empty() => session.console.no_tasks(name),
        0 if is_valid => session.console.line(&Printable::line(format_args!("{name} is good: {tasks}"))),
        0 => {}
        number => {
            let line = format!("{name}: {number} of {tasks} cannot run here: {}", unusable.join(", "));
            session.console.line(&Printable::line(line));
        }
    }
}

/// Prints the plugins that each task names and this program lacks.
fn list_missing(config: &LoadedConfig, session: &Session) {
    let name = |plugin: &MissingPlugin| {
        if plugin.needed { plugin.plugin.clone() } else { format!("{} (not needed)", plugin.plugin) }
    };
    let names = |plugins: &[MissingPlugin]| plugins.iter().map(name).collect::<Vec<_>>().join(", ");
    let missing: Vec<(&str, String)> = config.missing().map(|(task, plugins)| (task, names(plugins))).collect();
    if !missing.is_empty() {
        session.console.line(&Printable::line("plugins that flexget-rs does not have, by task:"));
        for (tasks, plugins) in on_a_screen(missing) {
            session.console.line(&Printable::line(format_args!("  {tasks}: {plugins}")));
        }
    }
}
