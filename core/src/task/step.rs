//! One step of a task: a function of a plugin, with its phase and priority.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::document::position::Place;
use crate::error::Result;
use crate::task::Task;
use crate::task::phase::Phase;

/// The default priority; steps of higher priority run first.
pub const DEFAULT_PRIORITY: i32 = 128;

/// Function of a step, given its plugin.
type Act<P> = dyn for<'a> Fn(&'a P, &'a mut Task) -> LocalBoxFuture<'a, Result<()>>;

/// Function of a step that is bound to its options.
type BoundAct = dyn for<'a> Fn(&'a mut Task) -> LocalBoxFuture<'a, Result<()>>;

/// A step of a plugin: a function, with its phase and priority.
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_core::testing;
///
/// /// Rejects entries with short titles.
/// ///
/// /// ```yaml
/// /// shortest: 5
/// /// ```
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(transparent)]
/// struct Shortest {
///     /// The length of the shortest title.
///     length: usize,
/// }
///
/// submit! { plugin::<Shortest>() }
///
/// impl Plugin for Shortest {
///     const NAME: &'static str = "shortest";
///
///     fn steps(&self) -> Vec<Step<Self>> {
///         vec![Step::at(Phase::Filter, Self::reject).priority(200)]
///     }
/// }
///
/// impl Shortest {
///     async fn reject(&self, task: &mut Task) -> Result<()> {
///         for entry in task.live_entries().filter(|entry| entry.title().len() < self.length) {
///             entry.reject(Self::NAME, Some("short title".to_owned()));
///         }
///         Ok(())
///     }
/// }
///
/// let task = testing::run("shortest: 5", &testing::context());
/// assert!(task.is_ok());
/// ```
pub struct Step<P: ?Sized> {
    phase: Phase,
    priority: i32,
    run: Rc<Act<P>>,
}

impl<P: 'static> Step<P> {
    /// Creates a step of the default priority that runs an async function in `phase`.
    pub fn at<F>(phase: Phase, run: F) -> Self
    where
        F: for<'a> AsyncFn(&'a P, &'a mut Task) -> Result<()> + Copy + 'static,
    {
        Self { phase, priority: DEFAULT_PRIORITY, run: Rc::new(move |plugin, task| boxed(run, plugin, task)) }
    }

    /// Returns the step with another priority; higher runs first.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Returns the step with its plugin: what a plan holds.
    pub(crate) fn bind(self, name: &'static str, plugin: &Rc<P>) -> BoundStep {
        let plugin = Rc::clone(plugin);
        let run = self.run;
        BoundStep {
            plugin: name,
            phase: self.phase,
            priority: self.priority,
            place: None,
            run: Rc::new(move |task| {
                let plugin = Rc::clone(&plugin);
                let run = Rc::clone(&run);
                Box::pin(async move { run(&plugin, task).await })
            }),
        }
    }
}

/// Boxes a future for any lifetime of its arguments, which the closure's own type cannot express.
fn boxed<'a, P, F>(run: F, plugin: &'a P, task: &'a mut Task) -> LocalBoxFuture<'a, Result<()>>
where
    F: for<'b> AsyncFn(&'b P, &'b mut Task) -> Result<()> + Copy + 'static,
{
    Box::pin(async move { run(plugin, task).await })
}

/// A step of a plan: it needs only a task to run.
#[derive(Clone)]
pub struct BoundStep {
    /// The plugin that does it.
    pub plugin: &'static str,
    /// When.
    pub phase: Phase,
    /// Higher runs first within a phase.
    pub priority: i32,
    /// Where its plugin is written, if that is a key of a task.
    pub(crate) place: Option<Place>,
    run: Rc<BoundAct>,
}

impl BoundStep {
    /// Does it.
    ///
    /// # Errors
    /// The error of the plugin; the task has to be aborted.
    pub async fn run(&self, task: &mut Task) -> Result<()> {
        // A plugin within another is written where that one is.
        let outer = self.place.clone().map(|place| task.place.replace(place));
        let around = task.running.replace(self.plugin);
        let result = (self.run)(task).await;
        task.running.set(around);
        let phase = self.phase.name();
        if task.tracing {
            let line = || task.place.as_ref().and_then(Place::line);
            let source = task.source.take().or_else(line);
            for entry in &mut task.entries {
                entry.record_fields(self.plugin, source.as_deref());
                if self.phase == Phase::Filter {
                    entry.record_passed(phase, self.plugin);
                }
            }
        }
        if let Some(outer) = outer {
            task.place = outer;
        }
        task.report_warnings(self.plugin);
        task.entries.iter_mut().for_each(|entry| entry.set_phase(phase));
        result
    }
}

/// Sorts steps by phase, then priority; equal ones keep the order of the config.
pub fn order(steps: &mut [BoundStep]) {
    steps.sort_by_key(|step| (step.phase, std::cmp::Reverse(step.priority)));
}
