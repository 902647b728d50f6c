//! `check`: tells of every mistake in the config.

use flexget_core::config::plan::Plan;
use flexget_core::plugin::command::Format;
use serde_json::json;

use crate::args::Check;
use crate::config::{Config, MissingPlugin};
use crate::exit;
use crate::render::diagnostics::{Show, found};
use crate::render::text::count;
use crate::session::Session;

/// Checks the config, and gives the exit code.
pub(crate) fn run(options: &Check, session: &Session) -> u8 {
    let Session { screen, global, folders, .. } = session;
    let Some(path) = session.config() else { return exit::WRONG };
    let config = Config::read(&path, Vec::new());
    let is_good = !config.has_errors();
    let name = folders.shown(&path);
    match options.form.format() {
        Format::Json => {
            let diagnostics = found(&config, folders);
            let missing = config.missing().into_iter().map(|(task, plugins)| {
                let runs = plugins.iter().all(|plugin| !plugin.needed);
                json!({ "task": task, "runs": runs, "plugins": plugins })
            });
            let missing: Vec<_> = missing.collect();
            screen.json(&json!({
                "version": 1, "file": name, "ok": is_good, "diagnostics": diagnostics, "missing": missing
            }));
        }
        Format::Text => {
            let show = if global.quiet { Show::Errors } else { Show::Notices };
            screen.diagnostics(&config, &name, folders, show);
            if !global.quiet {
                list_missing(&config, session);
                if let Some(plan) = &config.plan {
                    tell(plan, &name, is_good, session);
                }
            }
        }
    }
    // The program ends here, and giving back a large config piece by piece takes longer than the system needs for all of it.
    std::mem::forget(config);
    if is_good { exit::GOOD } else { exit::WRONG }
}

/// Says how many tasks there are, and which of them cannot run here.
fn tell(plan: &Plan, name: &str, is_good: bool, session: &Session) {
    let unusable: Vec<&str> =
        plan.tasks.iter().filter(|task| !task.unusable.is_empty()).map(|task| task.name.as_str()).collect();
    let tasks = count(plan.tasks.len(), "task");
    match unusable.len() {
        0 if is_good => session.screen.line(&format!("{name} is good: {tasks}")),
        0 => {}
        number => session.screen.line(&format!(
            "{name}: {number} of {tasks} cannot run here: {}",
            unusable.iter().map(|task| format!("`{task}`")).collect::<Vec<_>>().join(", ")
        )),
    }
}

/// Lists, for each task, the plugins that it names and that this program does not have.
fn list_missing(config: &Config, session: &Session) {
    let missing = config.missing();
    if missing.is_empty() {
        return;
    }
    session.screen.line("plugins that flexget-rs does not have, by task:");
    for (task, plugins) in missing {
        let name = |plugin: &MissingPlugin<'_>| match plugin.needed {
            true => plugin.plugin.to_owned(),
            false => format!("{} (no matter)", plugin.plugin),
        };
        session.screen.line(&format!("  {task}: {}", plugins.iter().map(name).collect::<Vec<_>>().join(", ")));
    }
}
