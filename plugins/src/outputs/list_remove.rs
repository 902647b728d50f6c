use flexget_core::prelude::*;

/// Takes the accepted entries off lists.
///
/// All lists are looked at before anything is read, so that an account that is not authorized stops
/// the task at once (FlexGet finds out when it is to remove). An entry that could not be removed is
/// failed, with the reason.
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
        vec![Step::at(Phase::Start, Self::check_lists), Step::at(Phase::Output, Self::remove).needs_accepted()]
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

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{context, run, titles};

    #[test]
    fn it_removes_before_anything_is_added_and_tells_what_was_not_there() {
        let cx = context();
        run("mock: [ A, B ]\naccept_all: yes\nseen: no\nlist_add: [ entry_list: a ]", &cx);
        let both =
            "mock: [ A, X ]\naccept_all: yes\nseen: no\nlist_add: [ entry_list: a ]\nlist_remove: [ entry_list: a ]";
        let report = run(both, &cx);
        let did: Vec<_> =
            report.changes.iter().map(|change| (change.plugin.as_str(), change.done, change.existing)).collect();
        assert_eq!(did, [("list_remove", 1, 1), ("list_add", 2, 0)]);
        let read = run("entry_list: a\naccept_all: yes\nseen: no", &cx);
        assert_eq!(titles(&read, State::Accepted), ["X", "A", "B"]);
    }
}
