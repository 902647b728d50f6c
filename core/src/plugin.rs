//! What a plugin is: a struct of options that knows its steps.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::diagnostic::Path;
use crate::document::Place;
use crate::error::Result;
use crate::phase::Phase;
use crate::task::Task;

/// A future of the one thread that everything runs in.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The priority of a step that does not say another; higher runs first.
pub const DEFAULT_PRIORITY: i32 = 128;

/// A key of a task. The struct is the options, its doc comment is the manual, and the first `yaml` block of that is the
/// tested example. One line registers it: `submit! { plugin::<MyPlugin>() }`.
pub trait Plugin: DeserializeOwned + JsonSchema + 'static {
    /// The key that users write.
    const NAME: &'static str;
    /// Whether it runs in every task that does not disable it. Its options must then all have defaults.
    const BUILTIN: bool = false;
    /// Whether it may stand where an input is wanted (`inputs`, `limit`, `crossmatch`).
    const INPUT: bool = false;

    /// What it does, and when. Depends on nothing but the options.
    fn steps(&self) -> Vec<Step<Self>>;

    /// Mistakes that no schema can say. Most plugins have none.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }
}

/// A mistake in the options of a plugin, at a path below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the options; empty for the plugin itself.
    pub path: Path,
    /// What it is: lower case, no full stop.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

/// What stands between the message and the help when a problem travels through serde, which knows text only.
const HELP: &str = "\nhelp: ";

impl Problem {
    /// A problem at `path` below the plugin.
    pub fn at(path: Path, message: impl Into<String>) -> Self {
        Self { path, message: message.into(), help: None }
    }

    /// The same with a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The problem as the text of a serde error, from which [`Problem::from_text`] gets message and help back.
    pub fn to_text(&self) -> String {
        match &self.help {
            Some(help) => format!("{}{HELP}{help}", self.message),
            None => self.message.clone(),
        }
    }

    /// Reads [`Problem::to_text`].
    pub fn from_text(path: Path, text: &str) -> Self {
        match text.split_once(HELP) {
            Some((message, help)) => Self::at(path, message).help(help),
            None => Self::at(path, text),
        }
    }
}

/// What a step does, given its plugin.
type Act<P> = dyn for<'a> Fn(&'a P, &'a mut Task) -> LocalFuture<'a, Result<()>>;

/// What a step of a plan does.
type BoundAct = dyn for<'a> Fn(&'a mut Task) -> LocalFuture<'a, Result<()>>;

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

    /// The same with another priority; higher runs first.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// The step with its plugin: what a plan holds.
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

/// A future that can be boxed for any lifetime of its arguments, which the closure's own cannot.
fn boxed<'a, P, F>(run: F, plugin: &'a P, task: &'a mut Task) -> LocalFuture<'a, Result<()>>
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
        task.warn_of_remarks(self.plugin);
        result
    }
}

/// Puts steps into the order in which they run: by phase, then priority; equals stay as they stand in the config.
pub fn order(steps: &mut [BoundStep]) {
    steps.sort_by_key(|step| (step.phase, std::cmp::Reverse(step.priority)));
}
