//! The daemon: runs the tasks of a config by its schedules until it is asked to stop.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;

use crate::config::load::LoadedConfig;
use crate::config::plan::{Plan, TaskPlan};
use crate::config::schedule::{Schedule, TaskNames};
use crate::context::{Context, RunCache};
use crate::document::diagnostic::Severity;
use crate::error::{Error, Result};
use crate::run;
use crate::run::select::Selection;
use crate::task::report::TaskReport;

/// Interval at which the files of the config are looked at.
pub const POLL: Duration = Duration::from_secs(5);

/// Runs that were due longer ago than this, while no daemon ran, are left out.
const CATCH_UP: Duration = Duration::from_secs(86_400);

/// How long requests under way may take to end after the daemon was asked to stop.
const GRACE: Duration = Duration::from_secs(60);

/// Interval at which it is looked whether the last request has ended.
const STOPPING: Duration = Duration::from_millis(20);

/// Largest number of items of schedules that run at once.
///
/// Each has a lock file open, and may have a connection: together fewer than the 1,024 files that a
/// process may usually have open.
const AT_ONCE: usize = 400;

/// Something that a daemon does.
pub enum DaemonEvent<'e> {
    /// A task has ended.
    TaskEnded(TaskReport),
    /// No task runs any more.
    Idle,
    /// A config was taken: the first one, or a changed one.
    Taken {
        /// The config that is in force now.
        config: &'e Rc<LoadedConfig>,
        /// Whether it takes the place of another one.
        is_changed: bool,
    },
    /// A changed config is wrong: the one before it stays.
    Refused(&'e LoadedConfig),
    /// Something else to know.
    Note(String),
    /// Something is not as it should be.
    Warning(String),
    /// The daemon was asked to stop, and waits for requests under way.
    Stopping,
}

/// A daemon: a config that is loaded again when it changes, and the world.
pub struct Daemon<'d> {
    /// Loads the config.
    pub load: &'d dyn Fn() -> LoadedConfig,
    /// The world.
    pub cx: &'d Context,
    /// Interval at which the files of the config are looked at.
    pub poll: Duration,
}

/// An item of a schedule, and when it is due.
struct Item {
    schedule: Schedule,
    next: Option<Timestamp>,
    is_running: bool,
    /// Whether it was said that the item is due again while it runs.
    is_overrun: bool,
}

/// The config that is in force, with its items.
struct Current {
    config: Rc<LoadedConfig>,
    items: Vec<Item>,
}

/// The key of an item whose run has ended.
type Ended = String;

impl Daemon<'_> {
    /// Runs tasks until `stop` completes; `on_event` hears what happens.
    ///
    /// Items of schedules run at the same time, the tasks of one item one after the other. After
    /// `stop`, requests under way end first, for a minute at most.
    ///
    /// # Errors
    /// The config is wrong, its schedules are empty, or another daemon uses the database.
    pub async fn serve(&self, stop: impl Future<Output = ()>, on_event: &dyn Fn(DaemonEvent<'_>)) -> Result<()> {
        let cx = self.cx;
        let _lock = cx.store.lock_daemon()?;
        let config = (self.load)();
        if let Some(error) = refusal(&config) {
            return Err(error);
        }
        let mut current = self.take(config, None)?;
        if current.items.is_empty() {
            return Err(Error::new("there is nothing to do: `schedules` is `no` or empty")
                .hint("write when tasks run, such as `schedules: [{ tasks: '*', interval: { hours: 1 } }]`"));
        }
        on_event(DaemonEvent::Taken { config: &current.config, is_changed: false });
        let mut running: FuturesUnordered<LocalBoxFuture<'_, Ended>> = FuturesUnordered::new();
        let mut refused: Option<LoadedConfig> = None;
        let mut looked_at = cx.clock.now();
        let mut stop = std::pin::pin!(stop);
        loop {
            let now = cx.clock.now();
            // The clock may have been set back.
            if now < looked_at || now.duration_since(looked_at).unsigned_abs() >= self.poll {
                if now < looked_at {
                    self.mend_times(&mut current, now);
                }
                looked_at = now;
                self.look_for_changes(&mut current, &mut refused, on_event);
            }
            self.start_due(&mut current, &mut running, now, on_event);
            let next = current.items.iter().filter(|item| !item.is_running).filter_map(|item| item.next).min();
            let until_next = next.map_or(self.poll, |next| until(now, next));
            let pause = until_next.min(self.poll).max(Duration::from_millis(1));
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(key) = running.next(), if !running.is_empty() => {
                    self.end(&mut current, &key, on_event);
                    if running.is_empty() {
                        on_event(DaemonEvent::Idle);
                    }
                }
                () = cx.clock.timer(pause), if !running.is_empty() => {}
                () = cx.clock.sleep(pause), if running.is_empty() => {}
            }
        }
        self.drain(running, on_event).await;
        Ok(())
    }

    /// Waits until requests under way have ended; what still runs then is recorded as interrupted.
    async fn drain(
        &self,
        mut running: FuturesUnordered<LocalBoxFuture<'_, Ended>>,
        on_event: &dyn Fn(DaemonEvent<'_>),
    ) {
        self.cx.interrupted.set(true);
        if running.is_empty() {
            return;
        }
        on_event(DaemonEvent::Stopping);
        let mut waited = Duration::ZERO;
        while waited < GRACE {
            tokio::select! {
                biased;
                ended = running.next() => if ended.is_none() { return },
                () = self.cx.clock.sleep(STOPPING) => {
                    waited = waited.saturating_add(STOPPING);
                    // Between two requests nothing is under way.
                    if self.cx.http.unanswered() == 0 {
                        return;
                    }
                }
            }
        }
    }

    /// Returns the items of a config; those that `before` had keep their times.
    fn take(&self, config: LoadedConfig, before: Option<&Current>) -> Result<Current> {
        let (cx, now) = (self.cx, self.cx.clock.now());
        let known = cx.store.schedule_times()?;
        let schedules = config.plan.as_ref().map(|plan| plan.schedules.items.clone()).unwrap_or_default();
        let before = before.iter().flat_map(|before| &before.items);
        let before: HashMap<&str, &Item> = before.map(|item| (item.schedule.key.as_str(), item)).collect();
        let items: Vec<Item> = schedules
            .into_iter()
            .map(|schedule| {
                let same = before.get(schedule.key.as_str());
                let (next, is_running) = match (same, known.get(&schedule.key)) {
                    (Some(same), _) => (same.next, same.is_running),
                    (None, Some(next)) if is_believable(&schedule, *next, now, cx) => (Some(*next), false),
                    (None, _) => (schedule.next_with_jitter(None, now, &cx.clock.zone()), false),
                };
                Item { schedule, next, is_running, is_overrun: false }
            })
            .collect();
        let keys: Vec<&str> = items.iter().map(|item| item.schedule.key.as_str()).collect();
        let times = items.iter().filter_map(|item| Some((item.schedule.key.as_str(), item.next?)));
        cx.store.set_schedule_times(&times.collect::<Vec<_>>(), Some(&keys))?;
        Ok(Current { config: Rc::new(config), items })
    }

    /// Corrects times that lie too far ahead, after the clock was set back.
    fn mend_times(&self, current: &mut Current, now: Timestamp) {
        for item in &mut current.items {
            if item.next.is_some_and(|next| !is_believable(&item.schedule, next, now, self.cx)) {
                item.next = item.schedule.next_with_jitter(None, now, &self.cx.clock.zone());
            }
        }
    }

    /// Loads the config again if a file of it has changed, and takes it if it is right.
    fn look_for_changes(
        &self,
        current: &mut Current,
        refused: &mut Option<LoadedConfig>,
        on_event: &dyn Fn(DaemonEvent<'_>),
    ) {
        // A wrong one may be mended by a file that it did not find.
        let is_changed = match refused {
            Some(_) => true,
            None => current.config.sources.are_outdated(),
        };
        if !is_changed {
            return;
        }
        let config = (self.load)();
        if config.has_errors() || config.plan.is_none() {
            let messages = |config: &LoadedConfig| {
                config.diagnostics.iter().map(|one| one.message.clone()).collect::<Vec<String>>()
            };
            if refused.as_ref().is_none_or(|before| messages(before) != messages(&config)) {
                on_event(DaemonEvent::Refused(&config));
            }
            *refused = Some(config);
            return;
        }
        let was_refused = refused.take().is_some();
        if was_refused && !current.config.sources.are_outdated() {
            on_event(DaemonEvent::Note("the config is as it was before".to_owned()));
            return;
        }
        match self.take(config, Some(current)) {
            Ok(new) => {
                *current = new;
                on_event(DaemonEvent::Taken { config: &current.config, is_changed: true });
            }
            Err(error) => on_event(DaemonEvent::Warning(format!("the changed config is not taken: {error}"))),
        }
    }

    /// Starts the items that are due.
    fn start_due<'r>(
        &'r self,
        current: &mut Current,
        running: &mut FuturesUnordered<LocalBoxFuture<'r, Ended>>,
        now: Timestamp,
        on_event: &'r dyn Fn(DaemonEvent<'_>),
    ) {
        let zone = self.cx.clock.zone();
        let mut due: Vec<&mut Item> =
            current.items.iter_mut().filter(|item| item.next.is_some_and(|next| next <= now)).collect();
        due.sort_by_key(|item| item.next);
        for item in due {
            let Some(at) = item.next else { continue };
            let tasks = item.schedule.tasks.join(", ");
            if item.is_running {
                if !std::mem::replace(&mut item.is_overrun, true) {
                    let said = format!("the schedule of `{tasks}` is due again while its last run goes on: left out");
                    on_event(DaemonEvent::Warning(said));
                }
                item.next = item.schedule.next_with_jitter(Some(at), now, &zone);
                continue;
            }
            if until(at, now) > CATCH_UP {
                let said = format!("the schedule of `{tasks}` was due more than a day ago: it runs at its next time");
                on_event(DaemonEvent::Note(said));
                item.next = item.schedule.next_with_jitter(Some(at), now, &zone);
                self.remember(item, on_event);
                continue;
            }
            if running.len() >= AT_ONCE {
                return;
            }
            item.next = item.schedule.next_with_jitter(Some(at), now, &zone);
            item.is_running = true;
            running.push(Box::pin(self.run_item(item.schedule.clone(), Rc::clone(&current.config), on_event)));
        }
    }

    /// Runs the tasks of an item, one after the other.
    async fn run_item(
        &self,
        schedule: Schedule,
        config: Rc<LoadedConfig>,
        on_event: &dyn Fn(DaemonEvent<'_>),
    ) -> Ended {
        let cx = Context { run_cache: RunCache::default(), ..self.cx.clone() };
        let tasks = config.plan.as_ref().map(|plan| tasks_of(&schedule, plan)).unwrap_or_default();
        let selection = Selection { tasks: schedule.tasks.clone(), ..Selection::default() };
        run::run(&tasks, &selection, &cx, |report| on_event(DaemonEvent::TaskEnded(report))).await;
        schedule.key
    }

    /// Remembers that the run of an item has ended: killed before that, it would be caught up.
    fn end(&self, current: &mut Current, key: &str, on_event: &dyn Fn(DaemonEvent<'_>)) {
        if let Some(item) = current.items.iter_mut().find(|item| item.schedule.key == key) {
            (item.is_running, item.is_overrun) = (false, false);
            self.remember(item, on_event);
        }
        if let Err(error) = self.cx.store.maintain(self.cx.clock.now()) {
            on_event(DaemonEvent::Warning(format!("old rows of the database could not be removed: {error}")));
        }
    }

    fn remember(&self, item: &Item, on_event: &dyn Fn(DaemonEvent<'_>)) {
        let Some(next) = item.next else { return };
        if let Err(error) = self.cx.store.set_schedule_times(&[(&item.schedule.key, next)], None) {
            on_event(DaemonEvent::Warning(format!("the time of the next run is not remembered: {error}")));
        }
    }
}

/// Returns why a config cannot be served at the start.
fn refusal(config: &LoadedConfig) -> Option<Error> {
    let of_schedules =
        |path: &crate::document::diagnostic::Path| path.0.first().is_some_and(|key| key.is_key("schedules"));
    let is_wrong = config
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error && diagnostic.at.path().is_some_and(of_schedules));
    if config.plan.is_none() {
        return Some(Error::new("the config is wrong").hint("`flexget-rs check` explains it"));
    }
    is_wrong.then(|| Error::new("the `schedules` of the config are wrong").hint("`flexget-rs check` explains it"))
}

/// Returns the tasks that an item means, in the order in which they run.
pub fn tasks_of<'p>(schedule: &Schedule, plan: &'p Plan) -> Vec<&'p TaskPlan> {
    let matcher = schedule.matcher();
    plan.tasks.iter().filter(|task| !task.disabled && matcher.means(&task.name, task.manual)).collect()
}

/// Returns whether a time at which an item is due can be right: it is no later than its next one.
fn is_believable(schedule: &Schedule, next: Timestamp, now: Timestamp, cx: &Context) -> bool {
    let latest = schedule.next(None, now, &cx.clock.zone());
    latest.is_some_and(|latest| next <= latest.saturating_add(schedule.jitter).unwrap_or(Timestamp::MAX))
}

/// Returns the time from one moment to a later one.
fn until(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// Returns when each task of a plan runs next if a daemon runs: without one nothing runs by itself.
///
/// # Errors
/// The database cannot be used.
pub fn next_runs_by_daemon(plan: Option<&Plan>, cx: &Context) -> Result<BTreeMap<String, Timestamp>> {
    match (plan, cx.store.daemon_process()) {
        (Some(plan), Some(_)) => Ok(next_runs(plan, &cx.store.schedule_times()?)),
        _ => Ok(BTreeMap::new()),
    }
}

/// Returns when each task of a plan runs next, by the remembered times of its schedules.
fn next_runs(plan: &Plan, times: &BTreeMap<String, Timestamp>) -> BTreeMap<String, Timestamp> {
    let tasks: Vec<&TaskPlan> = plan.tasks.iter().filter(|task| !task.disabled).collect();
    let names = TaskNames::new(tasks.iter().map(|task| (task.name.as_str(), task.manual)));
    // Of items that mean the same tasks only the earliest one counts.
    let mut items: HashMap<&[String], (&Schedule, Timestamp)> = HashMap::new();
    for item in &plan.schedules.items {
        let Some(at) = times.get(&item.key) else { continue };
        let earliest = items.entry(&item.tasks).or_insert((item, *at));
        earliest.1 = earliest.1.min(*at);
    }
    let mut next: BTreeMap<String, Timestamp> = BTreeMap::new();
    for (item, at) in items.into_values() {
        for task in names.meant_by(item).into_iter().map(|position| tasks[position]) {
            let earliest = next.entry(task.name.clone()).or_insert(at);
            *earliest = (*earliest).min(at);
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, plan_of};

    #[test]
    fn a_task_runs_next_at_the_earliest_of_its_items() {
        let plan = plan_of(
            "schedules:\n  - { tasks: '*', interval: { hours: 3 } }\n  - { tasks: [ b ], interval: { hours: 1 } }\n  \
             - { tasks: '*', interval: { hours: 2 } }\n  - { tasks: c, interval: { hours: 4 } }\n\
             tasks:\n  a: { judge: [ A ] }\n  b: { judge: [ A ] }\n  c: { manual: yes, judge: [ A ] }\n",
        )
        .unwrap();
        let keys: Vec<String> = plan.schedules.items.iter().map(|item| item.key.clone()).collect();
        let after = |hours: u64| NOW + Duration::from_secs(hours * 3600);
        let times = keys.iter().cloned().zip([3, 1, 2].map(after)).collect();
        let next = next_runs(&plan, &times);
        assert_eq!(
            next,
            BTreeMap::from([("a".to_owned(), after(2)), ("b".to_owned(), after(1))]),
            "c is not remembered"
        );
    }
}
