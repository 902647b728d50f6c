use flexget_core::prelude::*;

/// Clears lists.
///
/// A list is read once and its items are removed in batches; FlexGet sends a request for every item.
///
/// ```yaml
/// list_clear:
///   what:
///     - entry_list: to watch
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListClear {
    /// The lists to clear.
    what: Vec<WritableList>,
    /// When in the task to do it.
    #[serde(default = "Phase::start")]
    phase: Phase,
}

submit! { plugin::<ListClear>() }

impl Plugin for ListClear {
    const NAME: &'static str = "list_clear";

    fn steps(&self) -> Vec<Step<Self>> {
        let mut steps = vec![Step::at(self.phase, Self::clear).priority(255)];
        if self.phase > Phase::Start {
            steps.push(Step::at(Phase::Start, Self::check_lists));
        }
        steps
    }
}

impl ListClear {
    async fn check_lists(&self, task: &mut Task) -> Result<()> {
        self.what.iter().try_for_each(|list| list.list().ready(&task.cx))
    }

    async fn clear(&self, task: &mut Task) -> Result<()> {
        self.check_lists(task).await?;
        for list in &self.what {
            list.clear(task, Self::NAME).await?;
        }
        Ok(())
    }
}
