//! `history`: what ran, and what was done with entries.

use std::rc::Rc;

use flexget_core::context::store::Store;
use flexget_core::context::store::history::{RunEntry, RunFilter, RunRecord};
use flexget_core::error::{Error, Result};
use flexget_core::plugin::command::{Format, Table};
use serde_json::json;

use crate::args::FormatOption;
use crate::candidates;
use crate::exit;
use crate::render::printable::Printable;
use crate::render::time;
use crate::session::{Exit, Session};

/// Number of runs that are read at once in the search for entries.
const PART: usize = 100;

/// Show the runs of tasks, or the entries that were acted on
///
/// Runs are kept for 90 days, 200 of each task at most, and the last one that was successful.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct History {
    /// Show entries that were accepted or failed, instead of runs
    #[arg(short, long)]
    pub entries: bool,
    /// Show entries whose title has this text in it
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Show only this task
    #[arg(long, value_name = "TASK", add = candidates::tasks())]
    pub task: Option<String>,
    /// Number of runs or entries to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// Show one run with its changes, entries and decisions
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["entries", "search"])]
    pub run: Option<i64>,
    /// The output format.
    #[command(flatten)]
    pub format: FormatOption,
}

impl History {
    /// Prints the history.
    pub(crate) fn run(&self, session: &Session) -> Exit {
        let store = session.context(session.store(&session.config()?), false).store;
        match (self.run, self.entries || self.search.is_some()) {
            (Some(id), _) => self.one(id, &store, session)?,
            (None, true) => self.entries(&store, session)?,
            (None, false) => self.runs(&store, session)?,
        }
        Ok(exit::SUCCESS)
    }

    fn runs(&self, store: &Store, session: &Session) -> Result<()> {
        let filter = RunFilter { task: self.task.clone(), limit: Some(self.limit), ..RunFilter::default() };
        let runs = store.runs(&filter)?;
        if self.format.format() == Format::Json {
            session.console.json(&json!({ "version": 1, "runs": runs }));
            return Ok(());
        }
        if runs.is_empty() {
            session.console.data(&Printable::line("no task has run yet").end());
            return Ok(());
        }
        let columns = ["#", "Start", "Task", "Result", "Took", "Produced", "Accepted", "Rejected", "Failed", "Changed"];
        let mut table = Table::new(&columns);
        // The newest is where the eye is: at the end.
        for run in runs.iter().rev() {
            let counts = run.counts;
            table.row([
                run.id.to_string(),
                session.clock.local(run.started),
                run.task.clone(),
                result(run),
                took(run),
                counts.produced.to_string(),
                counts.accepted.to_string(),
                counts.rejected.to_string(),
                counts.failed.to_string(),
                counts.changed.to_string(),
            ]);
        }
        session.console.table(&table);
        Ok(())
    }

    fn entries(&self, store: &Store, session: &Session) -> Result<()> {
        let searched = self.search.as_ref().map(|text| text.to_lowercase());
        let is_found = |entry: &RunEntry| match &searched {
            Some(text) => entry.title.to_lowercase().contains(text),
            None => matches!(entry.state.as_str(), "accepted" | "failed"),
        };
        let mut filter =
            RunFilter { task: self.task.clone(), entries: true, limit: Some(PART), ..RunFilter::default() };
        let mut found: Vec<(Rc<RunRecord>, RunEntry)> = Vec::new();
        while found.len() < self.limit {
            let runs = store.runs(&filter)?;
            let Some(last) = runs.last() else { break };
            filter.before = Some(last.id);
            for mut run in runs {
                let entries = std::mem::take(&mut run.entries);
                let run = Rc::new(run);
                found.extend(entries.into_iter().filter(is_found).map(|entry| (Rc::clone(&run), entry)));
            }
        }
        found.truncate(self.limit);
        found.reverse();
        if self.format.format() == Format::Json {
            let entry = |(run, entry): &(Rc<RunRecord>, RunEntry)| {
                let at = run.started.to_string();
                json!({ "run": run.id, "task": run.task, "at": at, "entry": entry })
            };
            session.console.json(&json!({ "version": 1, "entries": found.iter().map(entry).collect::<Vec<_>>() }));
            return Ok(());
        }
        if found.is_empty() {
            session.console.data(&Printable::line("there are no such entries in the history").end());
            return Ok(());
        }
        let mut table = Table::new(&["Time", "Task", "Title", "State", "By", "Run"]);
        for (run, entry) in found {
            table.row([
                session.clock.local(run.started),
                run.task.clone(),
                entry.title.clone(),
                entry.state.clone(),
                entry.decisions.last().map(|last| last.plugin.clone()).unwrap_or_default(),
                run.id.to_string(),
            ]);
        }
        session.console.table(&table);
        Ok(())
    }

    fn one(&self, id: i64, store: &Store, session: &Session) -> Result<()> {
        let run = store.run(id)?.ok_or_else(|| {
            Error::new(format!("there is no run {id}")).hint("`flexget-rs history` shows those that there are")
        })?;
        let console = &session.console;
        if self.format.format() == Format::Json {
            console.json(&json!({ "version": 1, "runs": [run] }));
            return Ok(());
        }
        let began = session.clock.local(run.started);
        let mut lines =
            vec![format!("run {} of task {}, {began}: {}, took {}", run.id, run.task, result(&run), took(&run))];
        let counts = run.counts;
        lines.push(format!("{} requests, waited {} s", counts.requests, counts.waited_ms / 1000));
        lines.extend(run.details.error.iter().map(|error| format!("error: {}", error.message)));
        lines.extend(run.details.warnings.iter().map(|warning| format!("warning: {warning}")));
        for change in &run.details.changes {
            let undo = change.change_id.map(|id| format!(" (`flexget-rs undo {id}`)")).unwrap_or_default();
            lines.push(format!("{} {}: {} items{undo}", change.action, change.list, change.done));
            lines.extend(change.failures.iter().map(|failure| format!("  failed: {failure}")));
        }
        console.lines(lines.iter().map(Printable::line));
        let mut table = Table::new(&["Title", "State", "Decisions"]);
        for entry in &run.entries {
            let decisions = entry.decisions.iter().map(|decision| {
                let reason = decision.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                format!("{} by {}{reason}", decision.verdict, decision.plugin)
            });
            table.row([entry.title.clone(), entry.state.clone(), decisions.collect::<Vec<_>>().join("; ")]);
        }
        if !table.rows.is_empty() {
            console.table(&table);
        }
        if run.details.omitted > 0 {
            console
                .data(&Printable::line(format!("and {} more entries, which are not kept", run.details.omitted)).end());
        }
        Ok(())
    }
}

fn result(run: &RunRecord) -> String {
    match &run.details.error {
        Some(error) => format!("{}: {}", run.outcome.name(), error.message),
        None => run.outcome.name().to_owned(),
    }
}

fn took(run: &RunRecord) -> String {
    run.elapsed_ms.map_or("?".to_owned(), |elapsed| time::span(std::time::Duration::from_millis(elapsed)))
}
