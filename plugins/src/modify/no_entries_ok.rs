use flexget_core::prelude::*;

/// Suppresses the warning about inputs without entries.
///
/// ```yaml
/// entry_list: to watch
/// accept_all: yes
/// no_entries_ok: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoEntriesOk {}

submit! { plugin::<NoEntriesOk>() }

impl Plugin for NoEntriesOk {
    const NAME: &'static str = "no_entries_ok";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Start, Self::allow).priority(127)]
    }
}

impl NoEntriesOk {
    async fn allow(&self, task: &mut Task) -> Result<()> {
        task.may_be_empty = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    #[test]
    fn suppresses_the_warning_about_no_entries() {
        let warnings = |task: &str| testing::run(task, &testing::context()).warnings;
        let empty = "entry_list: nothing\naccept_all: yes\n";
        assert_eq!(warnings(empty), ["task: no entries were produced: check the input"]);
        assert!(warnings(&format!("{empty}no_entries_ok: yes")).is_empty());
    }
}
