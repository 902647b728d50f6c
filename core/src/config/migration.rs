//! Migration: where each task of a config for FlexGet can run.

use serde::Serialize;

use crate::config::plan::{Plan, TaskPlan};
use crate::plugin::registry;

/// Where a task can run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "runs", rename_all = "snake_case")]
pub enum Placement {
    /// Here, as it is.
    Here {
        /// Plugins that it names and that have no effect here.
        without_effect: Vec<String>,
    },
    /// Here, once it disables plugins that only FlexGet has and that decide nothing.
    Without {
        /// The plugins to disable.
        disable: Vec<String>,
    },
    /// In FlexGet alone.
    InFlexget {
        /// The plugins that it needs.
        needs: Vec<String>,
    },
    /// Nowhere: it names plugins that FlexGet has removed.
    Outdated {
        /// The plugins.
        removed: Vec<String>,
    },
    /// Nowhere: it has mistakes.
    Wrong {
        /// The number of mistakes.
        errors: usize,
    },
    /// Nowhere: its name begins with `_`.
    Disabled,
}

/// A task with the place where it can run.
#[derive(Debug, Clone, Serialize)]
pub struct TaskPlacement {
    /// The name of the task.
    pub task: String,
    /// Where it can run.
    #[serde(flatten)]
    pub placement: Placement,
}

/// Returns where each task of a plan can run.
pub fn placements(plan: &Plan) -> Vec<TaskPlacement> {
    plan.tasks.iter().map(|task| TaskPlacement { task: task.name.clone(), placement: placement(task) }).collect()
}

fn placement(task: &TaskPlan) -> Placement {
    if task.disabled {
        return Placement::Disabled;
    }
    let needed = task.needed();
    let names = |is_wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        needed.iter().map(|missing| missing.plugin.clone()).filter(|name| is_wanted(name)).collect()
    };
    if needed.is_empty() {
        return match task.errors().count() {
            0 => Placement::Here { without_effect: task.missing.iter().map(|one| one.plugin.clone()).collect() },
            errors => Placement::Wrong { errors },
        };
    }
    let removed = names(&|name| registry::unsupported(name).is_some_and(|plugin| plugin.is_removed));
    if !removed.is_empty() {
        return Placement::Outdated { removed };
    }
    let is_output = |name: &str| registry::unsupported(name).is_some_and(|plugin| plugin.is_output);
    let decisive = names(&|name| !is_output(name));
    if decisive.is_empty() && task.acts {
        Placement::Without { disable: names(&|_| true) }
    } else {
        Placement::InFlexget { needs: if decisive.is_empty() { names(&|_| true) } else { decisive } }
    }
}
