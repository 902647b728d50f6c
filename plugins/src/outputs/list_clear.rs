use flexget_core::prelude::*;

/// Removes everything from lists.
///
/// A list is cleared only when all inputs of the task could be read, so that a list which the task
/// fills anew is not left empty. (FlexGet clears it before the inputs are read.) A list is read
/// once and its items are removed in batches; FlexGet sends a request for every item.
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
    /// When in the task to do it; before `metainfo` it is done when the inputs were read.
    #[serde(default = "Phase::start")]
    phase: Phase,
}

submit! { plugin::<ListClear>() }

impl Plugin for ListClear {
    const NAME: &'static str = "list_clear";

    fn steps(&self) -> Vec<Step<Self>> {
        let phase = self.phase.max(Phase::Metainfo);
        vec![Step::at(Phase::Start, Self::check_lists), Step::at(phase, Self::clear).priority(255)]
    }

    fn check(&self) -> Vec<Problem> {
        if self.phase != Phase::Abort {
            return Vec::new();
        }
        let at = Path::root().key("phase");
        vec![
            Problem::at(at, "a list is not cleared when its task is aborted")
                .help("name another phase, such as `exit`"),
        ]
    }
}

impl ListClear {
    async fn check_lists(&self, task: &mut Task) -> Result<()> {
        self.what.iter().try_for_each(|list| list.list().ready(&task.cx))
    }

    async fn clear(&self, task: &mut Task) -> Result<()> {
        if !task.failed_inputs().is_empty() {
            let failed = task.failed_inputs().join(", ");
            task.warn(Self::NAME, format!("nothing is cleared, because not all inputs could be read: {failed}"));
            return Ok(());
        }
        for list in &self.what {
            list.clear(task, Self::NAME).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::task::report::TaskOutcome;
    use flexget_core::testing::{config_errors, context, dry_run, run, titles};

    fn on_list(cx: &Context) -> String {
        titles(&run("entry_list: a\naccept_all: yes\nseen: no", cx), State::Accepted).join(" ")
    }

    /// Clears at this phase while the task puts something on.
    fn clear(phase: &str, cx: &Context) -> flexget_core::task::report::TaskReport {
        let task = "mock: [ New ]\naccept_all: yes\nseen: no\nlist_add: [ entry_list: a ]\nlist_clear:\n  what: [ entry_list: a ]";
        run(&format!("{task}{phase}"), cx)
    }

    #[test]
    fn clears_nothing_if_an_input_could_not_be_read() {
        let cx = context();
        run("mock: [ A, B ]\naccept_all: yes\nseen: no\nlist_add: [ entry_list: a ]", &cx);
        let clear = "\naccept_all: yes\nseen: no\nlist_clear: { what: [ entry_list: a ] }";
        let aborted = run(&format!("yaml_list: /{clear}"), &cx);
        assert_eq!((aborted.outcome, on_list(&cx).as_str()), (TaskOutcome::Aborted, "B A"));
        let incomplete = run(&format!("inputs: [ yaml_list: /, mock: [ C ] ]{clear}"), &cx);
        assert_eq!((incomplete.outcome, on_list(&cx).as_str()), (TaskOutcome::Incomplete, "B A"));
        assert!(!incomplete.is_ok());
        let warning = "list_clear: nothing is cleared, because not all inputs could be read: yaml_list";
        assert!(incomplete.warnings.iter().any(|said| said == warning), "{:?}", incomplete.warnings);
        assert_eq!(config_errors("list_clear: { what: [ entry_list: a ], phase: abort }").len(), 1);
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
        let said = config_errors("list_clear: { what: [ entry_list: a ], phase: never }");
        assert!(said[0].starts_with("must be one of the following: "), "{said:?}");
    }
}
