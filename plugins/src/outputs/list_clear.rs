use flexget_core::prelude::*;

/// Clears lists.
///
/// A list is read once and its items are removed in batches; FlexGet sends a request for every
/// item.
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

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{context, dry_run, mistakes, run, titles};

    fn on_list(cx: &Context) -> String {
        titles(&run("entry_list: a\naccept_all: yes\nseen: no", cx), State::Accepted).join(" ")
    }

    /// Clears at this phase while the task puts something on.
    fn clear(phase: &str, cx: &Context) -> flexget_core::task::report::TaskReport {
        let task = "mock: [ New ]\naccept_all: yes\nseen: no\nlist_add: [ entry_list: a ]\nlist_clear:\n  what: [ entry_list: a ]";
        run(&format!("{task}{phase}"), cx)
    }

    #[test]
    fn it_clears_before_everything_else_unless_another_phase_is_named() {
        let cx = context();
        run("mock: [ A, B ]\naccept_all: yes\nseen: no\nlist_add: [ entry_list: a ]", &cx);
        assert_eq!(clear("", &dry_run(&cx)).changes[0].items, ["B", "A"]);
        assert_eq!(on_list(&cx), "B A", "a dry run clears nothing");
        let report = clear("", &cx);
        assert_eq!((report.changes[0].done, on_list(&cx).as_str()), (2, "New"));
        clear("\n  phase: exit", &cx);
        assert_eq!(on_list(&cx), "");
        let said = mistakes("list_clear: { what: [ entry_list: a ], phase: never }");
        assert!(said[0].starts_with("must be one of the following: "), "{said:?}");
    }
}
