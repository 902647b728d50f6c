//! A world for the tests of one plugin or service.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;

use super::tasks::{config, plan_in, run_plan};
use super::world::{block_on, context, dry_run, next_run};
use crate::config::template::Origin;
use crate::context::{Context, Environment};
use crate::task::report::TaskReport;

/// A small world in memory: a store, accounts, environment variables, a clock that stands.
///
/// ```
/// use flexget_core::testing::{Sandbox, decisions};
/// # use flexget_core::prelude::*;
/// # /// Accepts all.
/// # #[derive(Deserialize, JsonSchema)]
/// # struct TakeAll {}
/// # impl Plugin for TakeAll {
/// #     const NAME: &'static str = "take_all";
/// #     fn steps(&self) -> Vec<Step<Self>> { vec![Step::at(Phase::Filter, Self::accept)] }
/// # }
/// # impl TakeAll {
/// #     async fn accept(&self, task: &mut Task) -> Result<()> {
/// #         task.live_entries().for_each(|entry| entry.accept(Self::NAME));
/// #         Ok(())
/// #     }
/// # }
/// # submit! { plugin::<TakeAll>() }
///
/// let sandbox = Sandbox::new().with_key("filmbox", "me", "k3y").with_variable("FILMBOX", "on");
/// assert!(sandbox.run("take_all: yes").is_ok());
/// assert_eq!(sandbox.errors("take_al: yes").len(), 1);
/// ```
pub struct Sandbox {
    /// The context of the next run.
    pub cx: Context,
    variables: BTreeMap<String, String>,
    origin: Origin,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// Creates an empty world.
    pub fn new() -> Self {
        Self { cx: context(), variables: BTreeMap::new(), origin: Origin::default() }
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        let variables = self.variables.clone();
        self.cx.environment = Environment::new(move |name: &str| variables.get(name).cloned());
        self
    }

    /// Stores an account of a service that has this API key or access token.
    ///
    /// # Panics
    /// It cannot be stored.
    #[must_use]
    #[track_caller]
    pub fn with_key(self, service: &str, account: &str, key: &str) -> Self {
        match self.cx.auth.save_key(service, account, SecretString::from(key)) {
            Ok(()) => self,
            Err(error) => panic!("the account `{account}` cannot be stored: {error}"),
        }
    }

    /// Uses a folder as that of the config: includes are read there, and scripts in its `plugins`.
    #[must_use]
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.origin.folder = folder.into();
        self
    }

    /// Runs a task, given its body as it stands in a config.
    ///
    /// Each run finds what those before have stored.
    ///
    /// # Panics
    /// The task has mistakes.
    #[track_caller]
    pub fn run(&self, task: &str) -> TaskReport {
        self.run_with(task, &next_run(&self.cx))
    }

    /// Runs a task as `--test` does.
    ///
    /// # Panics
    /// The task has mistakes.
    #[track_caller]
    pub fn dry_run(&self, task: &str) -> TaskReport {
        self.run_with(task, &dry_run(&self.cx))
    }

    #[track_caller]
    fn run_with(&self, task: &str, cx: &Context) -> TaskReport {
        let plan = match plan_in(&config(task), &self.origin) {
            Ok(plan) => plan,
            Err(errors) => panic!("the task has errors:\n{}\n{task}", errors.join("\n")),
        };
        match block_on(run_plan(plan, cx)).tasks.into_iter().next() {
            Some(report) => report,
            None => panic!("the task did not run"),
        }
    }

    /// Returns the messages of the errors in a task, given its body; none if it is right.
    pub fn errors(&self, task: &str) -> Vec<String> {
        plan_in(&config(task), &self.origin).err().unwrap_or_default()
    }
}
