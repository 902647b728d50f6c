//! One step of a task: a function of a plugin, with its phase and priority.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::document::position::Place;
use crate::error::Result;
use crate::task::Task;
use crate::task::phase::Phase;

/// The priority of a step that does not say another; higher runs first.
pub const DEFAULT_PRIORITY: i32 = 128;

/// Function of a step, given its plugin.
type Act<P> = dyn for<'a> Fn(&'a P, &'a mut Task) -> LocalBoxFuture<'a, Result<()>>;

/// Function of a step that is bound to its options.
type BoundAct = dyn for<'a> Fn(&'a mut Task) -> LocalBoxFuture<'a, Result<()>>;

/// One thing that a plugin does to a task: when, with which priority, and what.
pub struct Step<P: ?Sized> {
    phase: Phase,
    priority: i32,
    run: Rc<Act<P>>,
}

impl<P: 'static> Step<P> {
    /// Runs an `async fn(&P, &mut Task) -> Result<()>` in `phase`, with the default priority.
    pub fn at<F>(phase: Phase, run: F) -> Self
    where
        F: for<'a> AsyncFn(&'a P, &'a mut Task) -> Result<()> + Copy + 'static,
    {
        Self { phase, priority: DEFAULT_PRIORITY, run: Rc::new(move |plugin, task| boxed(run, plugin, task)) }
    }

    /// Returns the same with another priority; higher runs first.
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
    /// What the plugin failed with; the task is to be aborted.
    pub async fn run(&self, task: &mut Task) -> Result<()> {
        // A plugin within another is written where that one is.
        let outer = self.place.clone().map(|place| task.place.replace(place));
        let result = (self.run)(task).await;
        if let Some(outer) = outer {
            task.place = outer;
        }
        task.report_warnings(self.plugin);
        result
    }
}

/// Sorts steps by phase, then priority; equal ones keep the order of the config.
pub fn order(steps: &mut [BoundStep]) {
    steps.sort_by_key(|step| (step.phase, std::cmp::Reverse(step.priority)));
}
