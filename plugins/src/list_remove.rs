use flexget_core::prelude::*;

/// Takes the accepted entries off lists.
///
/// All lists are looked at before anything is read, so that an account that is not authorized stops the task at once
/// (FlexGet finds out when it is to remove). An entry that could not be removed is failed, with the reason.
///
/// ```yaml
/// entry_list: to watch
/// accept_all: yes
/// list_remove:
///   - entry_list: to watch
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ListRemove {
    /// The lists.
    lists: Vec<WritableList>,
}

submit! { plugin::<ListRemove>() }

impl Plugin for ListRemove {
    const NAME: &'static str = "list_remove";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Start, Self::check_lists), Step::at(Phase::Output, Self::remove)]
    }
}

impl ListRemove {
    async fn check_lists(&self, task: &mut Task) -> Result<()> {
        self.lists.iter().try_for_each(|list| list.list().ready(&task.cx))
    }

    async fn remove(&self, task: &mut Task) -> Result<()> {
        for list in &self.lists {
            list.remove_accepted(task, Self::NAME).await?;
        }
        Ok(())
    }
}
