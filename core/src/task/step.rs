//! One step of a task: a function of a plugin, with its phase and priority.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::document::position::Place;
use crate::entry::Name;
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
    accepts: Option<bool>,
    needs_accepted: bool,
    gives: Gives<Rc<FieldsOf<P>>>,
    run: Rc<Act<P>>,
}

/// Function that names the fields which a plugin gives.
type FieldsOf<P> = dyn Fn(&P) -> Vec<Name>;

/// The fields that a step gives to entries.
#[derive(Clone)]
pub(crate) enum Gives<F> {
    /// Those that its plugin declares, if the phase is one in which fields are given.
    Declared,
    /// Any.
    Any,
    /// Those that a function names.
    These(F),
}

impl<P: 'static> Step<P> {
    /// Creates a step of the default priority that runs an async function in `phase`.
    pub fn at<F>(phase: Phase, run: F) -> Self
    where
        F: for<'a> AsyncFn(&'a P, &'a mut Task) -> Result<()> + Copy + 'static,
    {
        let run: Rc<Act<P>> = Rc::new(move |plugin, task| boxed(run, plugin, task));
        Self { phase, priority: DEFAULT_PRIORITY, accepts: None, needs_accepted: false, gives: Gives::Declared, run }
    }

    /// Returns the step with another priority; higher runs first.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Returns the step, declaring the fields that it gives to entries, for `check`.
    ///
    /// By default a step of the input or metainfo phase gives the fields that its plugin
    /// [declares](crate::plugin::Plugin::gives), or any if that declares none. Other steps give
    /// none.
    #[must_use]
    pub fn gives(mut self, fields: impl Fn(&P) -> Vec<Name> + 'static) -> Self {
        self.gives = Gives::These(Rc::new(fields));
        self
    }

    /// Returns the step, declaring that it may give any field.
    #[must_use]
    pub fn gives_any(mut self) -> Self {
        self.gives = Gives::Any;
        self
    }

    /// Returns the step, declaring that it gives no fields itself.
    #[must_use]
    pub fn gives_nothing(self) -> Self {
        self.gives(|_| Vec::new())
    }

    /// Returns the step, declaring whether it accepts entries, for `check`.
    ///
    /// By default it does if its plugin [can](crate::plugin::Plugin::ACCEPTS).
    #[must_use]
    pub fn accepts(mut self, accepts: bool) -> Self {
        self.accepts = Some(accepts);
        self
    }

    /// Returns the step, declaring that it does nothing without accepted entries, for `check`.
    #[must_use]
    pub fn needs_accepted(mut self) -> Self {
        self.needs_accepted = true;
        self
    }

    /// Returns the step with its plugin: what a plan holds.
    pub(crate) fn bind(self, name: &'static str, plugin: &Rc<P>) -> BoundStep {
        let plugin = Rc::clone(plugin);
        let run = self.run;
        let gives = match self.gives {
            Gives::Declared => Gives::Declared,
            Gives::Any => Gives::Any,
            Gives::These(fields) => {
                let plugin = Rc::clone(&plugin);
                Gives::These(Rc::new(move || fields(&plugin)) as Rc<dyn Fn() -> Vec<Name>>)
            }
        };
        BoundStep {
            plugin: name,
            phase: self.phase,
            priority: self.priority,
            accepts: self.accepts,
            needs_accepted: self.needs_accepted,
            gives,
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
    /// Whether it accepts entries, if the plugin says so of this step.
    pub(crate) accepts: Option<bool>,
    /// Whether it does nothing without accepted entries.
    pub(crate) needs_accepted: bool,
    /// The fields that it gives.
    pub(crate) gives: Gives<Rc<dyn Fn() -> Vec<Name>>>,
    /// Where its plugin is written, if that is a key of a task.
    pub(crate) place: Option<Place>,
    run: Rc<BoundAct>,
}

impl BoundStep {
    /// Returns whether it acts on entries after the decisions about them.
    pub(crate) fn acts(&self) -> bool {
        matches!(self.phase, Phase::Download | Phase::Output)
    }

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
