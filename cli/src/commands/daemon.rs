//! `daemon`: runs the tasks by the schedules of the config.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use flexget_core::config::load::{LoadedConfig, load};
use flexget_core::plugin::command::Table;
use flexget_core::run::daemon::{self, DaemonEvent, POLL};

use crate::exit;
use crate::render::console::MessageKind;
use crate::render::diagnostics::Detail;
use crate::render::page;
use crate::render::printable::Printable;
use crate::render::report::{ReportStyle, Verbosity};
use crate::render::text::count;
use crate::render::time;
use crate::session::{CommandError, Exit, Session};

/// Longest time between two pages while tasks run.
const PAGE_EVERY: Duration = Duration::from_secs(60);

/// Run tasks by the `schedules` of the config, until stopped
///
/// It stays in the foreground, for systemd and containers, and takes a changed config within
/// seconds; a wrong one is reported, and the one before stays. Without `schedules` all tasks run
/// once an hour. Ctrl-C or SIGTERM ends it when the request under way is answered. With `--test` it
/// prints when which tasks would run, and ends.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServeSchedules {
    /// FlexGet's name for the same: `daemon start`
    #[arg(hide = true, value_parser = ["start"])]
    pub action: Option<String>,
    /// Page that is written after each run
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

impl ServeSchedules {
    /// Runs until the user asks to stop.
    pub(crate) async fn run(&self, session: &Session) -> Exit {
        let Session { console, global, folders, .. } = session;
        let path = session.config()?;
        let name = folders.shown(&path);
        let cx = session.context(session.store(&path), false);
        let config = load(&path, Vec::new());
        console.diagnostics(&config, &name, folders, Detail::Short);
        if let Some(plan) = &config.plan
            && plan.schedules.is_default
        {
            let help = "write `schedules` to choose when which tasks run";
            console.message(MessageKind::Note, "no `schedules` in the config: all tasks run once an hour", &[help]);
        }
        if cx.dry_run {
            return Ok(self.preview(config.plan.as_ref(), session));
        }
        drop(config);
        let stop = (session.interrupt)();
        let style = ReportStyle { named: true, verbosity: global.verbosity(), json: false };
        let report_failed = RefCell::new(false);
        let in_force: RefCell<Option<Rc<LoadedConfig>>> = RefCell::new(None);
        let write_report = || {
            let Some(file) = self.report.as_ref().map(|file| folders.current.join(file)) else { return };
            let Some(config) = in_force.borrow().clone() else { return };
            match page::write_report(&file, &path, config.plan.as_ref(), &cx) {
                Ok(()) => *report_failed.borrow_mut() = false,
                // Once, and again only if it was written meanwhile.
                Err(error) if !report_failed.replace(true) => console.error(&error),
                Err(_) => {}
            }
        };
        let written = Cell::new(cx.clock.now());
        let on_event = |event: DaemonEvent<'_>| match event {
            DaemonEvent::TaskEnded(task) => {
                console.end_status();
                console.task(&task, style);
                let now = cx.clock.now();
                // Where one task or another always runs, the page is not that of an hour ago.
                if now.duration_since(written.get()).unsigned_abs() >= PAGE_EVERY {
                    written.set(now);
                    write_report();
                }
            }
            DaemonEvent::Idle => {
                written.set(cx.clock.now());
                write_report();
            }
            DaemonEvent::Taken { config, is_changed } => {
                in_force.replace(Some(Rc::clone(config)));
                if is_changed {
                    console.diagnostics(config, &name, folders, Detail::Errors);
                    self.note(session, "the changed config is in force");
                }
                write_report();
            }
            DaemonEvent::Refused(config) => {
                console.diagnostics(config, &name, folders, Detail::Short);
                let message = format!("the changed config {name} is wrong: the one before stays in force");
                console.message(MessageKind::Error, &message, &["mend it: it is read again within seconds"]);
                tracing::error!(target: "history", "{message}");
            }
            DaemonEvent::Note(said) => self.note(session, &said),
            DaemonEvent::Warning(said) => console.message(MessageKind::Warning, &said, &[]),
            DaemonEvent::Stopping => {
                self.note(session, "stopping when the request under way is answered; Ctrl-C again stops at once");
            }
        };
        let load = || load(&path, Vec::new());
        let daemon = daemon::Daemon { load: &load, cx: &cx, poll: POLL };
        let serve = daemon.serve(stop, &on_event);
        let done = tokio::select! {
            biased;
            done = serve => Some(done),
            () = stopped_twice(session) => None,
        };
        console.end_status();
        write_report();
        match done {
            Some(Ok(())) => {
                self.note(session, "stopped");
                Ok(exit::SUCCESS)
            }
            Some(Err(error)) => Err(CommandError::usage(error)),
            None => Ok(exit::INTERRUPTED),
        }
    }

    fn note(&self, session: &Session, said: &str) {
        if session.global.verbosity() >= Verbosity::Usual {
            session.console.message(MessageKind::Note, said, &[]);
        }
        tracing::info!(target: "history", "{said}");
    }

    /// Prints when the items of the schedules run.
    fn preview(&self, plan: Option<&flexget_core::config::plan::Plan>, session: &Session) -> u8 {
        let Some(plan) = plan else { return exit::USAGE };
        let now = session.clock.now();
        let mut table = Table::new(&["Tasks", "Next run"]);
        for item in &plan.schedules.items {
            let names: Vec<&str> = daemon::tasks_of(item, plan).iter().map(|task| task.name.as_str()).collect();
            let next = item.next(None, now, &session.clock.zone());
            let next = next.map_or("never".to_owned(), |next| time::moment(next, &session.clock, now));
            table.row([names.join(", "), next]);
        }
        let items = count(plan.schedules.items.len(), "schedule");
        session.console.data(&Printable::line(format!("would run the tasks of {items}")).end());
        session.console.table(&table);
        exit::SUCCESS
    }
}

/// Completes when the user asks to stop for the second time.
async fn stopped_twice(session: &Session) {
    (session.interrupt)().await;
    // The first one reaches the daemon at the same moment.
    while !session.activity.interrupted.get() {
        tokio::task::yield_now().await;
    }
    (session.interrupt)().await;
}
