//! `check --migrate`: which tasks run here, which need FlexGet, and the commands for both.

use std::path::Path;

use flexget_core::config::migration::{Placement, TaskPlacement, placements};
use flexget_core::config::plan::Plan;
use flexget_core::plugin::command::Format;
use serde_json::json;

use crate::config::name_of;
use crate::render::printable::Printable;
use crate::render::text::on_a_screen;
use crate::session::Session;

/// The command that brings over what FlexGet has stored, and what it brings.
const IMPORTS: &str = "brings over the entries that FlexGet has seen, and its entry, movie, regexp and pending lists; \
    not its Trakt authorizations, which `flexget-rs trakt auth NAME` renews";

/// Prints where each task of the config at `path` can run.
pub(super) fn print(plan: &Plan, path: &Path, format: Format, session: &Session) {
    let tasks = placements(plan);
    let here =
        command("flexget-rs execute", path, session, &tasks, |placement| matches!(placement, Placement::Here { .. }));
    let there = command("flexget execute", path, session, &tasks, |placement| {
        matches!(placement, Placement::InFlexget { .. } | Placement::Without { .. })
    });
    let database = path.with_file_name(format!("db-{}.sqlite", name_of(path)));
    let import = format!("flexget-rs import flexget-db {}", quoted(&session.folders.shown(&database)));
    if format == Format::Json {
        session.console.json(&json!({
            "version": 1,
            "file": session.folders.shown(path),
            "tasks": tasks,
            "commands": { "flexget_rs": here, "flexget": there, "import": import },
            "imports": IMPORTS,
        }));
        return;
    }
    for (tasks, verdict) in on_a_screen(tasks.iter().map(|task| (task.task.as_str(), verdict(&task.placement)))) {
        session.console.line(&Printable::line(format_args!("{tasks}: {verdict}")));
    }
    session.console.line(&Printable::line(""));
    for (label, command) in [("here", here), ("in FlexGet", there), ("once", Some(import))] {
        if let Some(command) = command {
            session.console.line(&Printable::line(format_args!("{label}: {command}")));
        }
    }
    session.console.line(&Printable::line(format_args!("`import` {IMPORTS}")));
}

fn verdict(placement: &Placement) -> String {
    let named = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match placement {
        Placement::Here { without_effect } if without_effect.is_empty() => "runs here".to_owned(),
        Placement::Here { without_effect } => format!("runs here; without effect: {}", named(without_effect)),
        Placement::Without { disable } => format!(
            "runs here without {}: add `disable: [{}]`, or leave the task to FlexGet",
            named(disable),
            disable.join(", ")
        ),
        Placement::InFlexget { needs } => format!("needs FlexGet for {}", named(needs)),
        Placement::Outdated { removed } => {
            format!("runs nowhere, as FlexGet has removed {}: see `flexget-rs check`", named(removed))
        }
        Placement::Wrong { errors: 1 } => "has a mistake: see `flexget-rs check`".to_owned(),
        Placement::Wrong { errors } => format!("has {errors} mistakes: see `flexget-rs check`"),
        Placement::Disabled => "does not run: its name begins with `_`".to_owned(),
    }
}

/// Returns the command line that runs the tasks with such a placement, if there are any.
fn command(
    program: &str,
    path: &Path,
    session: &Session,
    tasks: &[TaskPlacement],
    is_wanted: impl Fn(&Placement) -> bool,
) -> Option<String> {
    let (program, command) = program.split_once(' ')?;
    let names: Vec<String> =
        tasks.iter().filter(|task| is_wanted(&task.placement)).map(|task| quoted(&task.task)).collect();
    let config = quoted(&session.folders.shown(path));
    (!names.is_empty()).then(|| format!("{program} -c {config} {command} --tasks {}", names.join(" ")))
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./~".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
