//! `explain`: shows the trace of each entry of a task.

use flexget_core::config::load::load;
use flexget_core::error::Error;
use flexget_core::plugin::command::Format;
use flexget_core::plugin::registry;
use flexget_core::run;
use flexget_core::run::select::{Selection, select};
use flexget_core::task::report::{EntryReport, Report, TaskReport};

use crate::args::FormatOption;
use crate::candidates;
use crate::exit;
use crate::render::diagnostics::Detail;
use crate::session::{CommandError, Exit, Session};

/// Run a task as a dry run and show why each entry was accepted, rejected or neither
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Explain {
    /// Task to explain
    #[arg(add = candidates::tasks())]
    pub task: String,
    /// Explain only entries with this text in their title
    #[arg(value_name = "TITLE")]
    pub title: Option<String>,
    /// The output format.
    #[command(flatten)]
    pub format: FormatOption,
}

impl Explain {
    /// Runs the task and prints the trace of its entries.
    pub(crate) async fn run(&self, session: &Session) -> Exit {
        let Session { console, folders, .. } = session;
        let path = session.config()?;
        let config = load(&path, Vec::new());
        let name = folders.shown(&path);
        let Some(plan) = &config.plan else {
            console.diagnostics(&config, &name, folders, Detail::Errors);
            return Err(session.wrong_config(&name));
        };
        let selection = Selection { tasks: vec![self.task.clone()], trace: true, ..Selection::default() };
        let tasks = select(plan, &selection).map_err(CommandError::usage)?;
        let cx = session.dry_context(session.store(&path));
        let mut reports: Vec<TaskReport> = Vec::new();
        let done = session.until_stopped(run::run(&tasks, &selection, &cx, |task| reports.push(task))).await;
        console.end_status();
        if done.is_none() || session.activity.interrupted.get() {
            return Ok(session.interrupted());
        }
        if let Some(wanted) = &self.title {
            let folded = wanted.to_lowercase();
            let titles: Vec<String> = titles(&reports);
            let is_wanted = |entry: &EntryReport| entry.title().to_lowercase().contains(&folded);
            reports.iter_mut().for_each(|report| report.entries.retain(is_wanted));
            // Of a task that was aborted there is another thing to tell.
            if reports.iter().all(|report| report.entries.is_empty() && report.is_ok()) {
                let error = Error::new(format!("task `{}` has no entry with `{wanted}` in its title", self.task));
                let hint = match registry::similar(wanted, titles.iter().map(String::as_str)).first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it has {} entries; leave the title out to see them all", titles.len()),
                };
                return Err(error.hint(hint).into());
            }
        }
        let is_ok = reports.iter().all(TaskReport::is_ok);
        if self.format.format() == Format::Json {
            console.json(&Report::new(reports, &cx));
        } else {
            reports.iter().for_each(|report| console.explanation(report));
        }
        Ok(if is_ok { exit::SUCCESS } else { exit::FAILURE })
    }
}

fn titles(reports: &[TaskReport]) -> Vec<String> {
    reports.iter().flat_map(|report| &report.entries).map(|entry| entry.title().to_owned()).collect()
}
