use flexget_core::prelude::*;

/// Puts the accepted entries on lists.
///
/// All lists are looked at before anything is read, so that an account that is not authorized stops
/// the task at once. An entry that could not be put on a list is failed, with the reason, and so it
/// is not remembered as seen: the next run tries again. (FlexGet writes a line into its log and
/// takes the entry for done.)
///
/// ```yaml
/// mock: [ { title: Solaris (1972), imdb_id: tt0069293 } ]
/// accept_all: yes
/// list_add:
///   - entry_list: to watch
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ListAdd {
    /// The lists.
    lists: Vec<WritableList>,
}

submit! { plugin::<ListAdd>() }

impl Plugin for ListAdd {
    const NAME: &'static str = "list_add";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Start, Self::check_lists), Step::at(Phase::Output, Self::add).priority(0).needs_accepted()]
    }
}

impl ListAdd {
    async fn check_lists(&self, task: &mut Task) -> Result<()> {
        self.lists.iter().try_for_each(|list| list.list().ready(&task.cx))
    }

    async fn add(&self, task: &mut Task) -> Result<()> {
        for list in &self.lists {
            list.add_accepted(task, Self::NAME).await?;
        }
        Ok(())
    }
}
