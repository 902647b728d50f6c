use flexget_core::prelude::*;

/// Runs plugins in the order in which they are written, the same plugin also several times.
///
/// In each phase the plugins run in the order of the list, whatever their priorities. Entries of
/// several inputs are put together; `inputs` also leaves out those that come twice. What the
/// plugins decide bears their names, where FlexGet names `sequence`.
///
/// ```yaml
/// sequence:
///   - mock: [ Solaris (1972), Stalker (1979) ]
///   - mock: [ Mirror (1975) ]
///   - regexp: { reject: [ stalker ] }
///   - accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Sequence {
    /// Plugins with their options, as in a task.
    items: Vec<AnyPlugins>,
}

submit! { plugin::<Sequence>() }

impl Plugin for Sequence {
    const NAME: &'static str = "sequence";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        let phases: BTreeSet<Phase> =
            self.items.iter().flat_map(|plugins| plugins.steps.iter().map(|step| step.phase)).collect();
        let step = |phase| {
            let run = async move |plugin: &Self, task: &mut Task| plugin.run(phase, task).await;
            Step::at(phase, run).gives_nothing()
        };
        phases.into_iter().map(step).collect()
    }
}

impl Sequence {
    async fn run(&self, phase: Phase, task: &mut Task) -> Result<()> {
        for step in self.items.iter().flat_map(|plugins| &plugins.steps).filter(|step| step.phase == phase) {
            step.run(task).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    /// FlexGet 3.22.7 decides the same, but says that `sequence` did.
    #[test]
    fn plugins_run_in_the_order_of_the_list() {
        let task = "
            sequence:
              - mock: [ A, B ]
              - mock: [ B, C ]
              - limit_new: 1
              - accept_all: yes
              - if: [ { title == 'B': reject } ]
              - limit_new: 1
        ";
        assert_eq!(
            testing::decisions(&testing::run(task, &testing::context())),
            [
                "A: accepted",
                "B: rejected (matched requirement: title == 'B')",
                "B: rejected (matched requirement: title == 'B')",
                "C: rejected (limit exceeded)",
            ]
        );
    }

    #[test]
    fn mistakes_are_found_before_the_run() {
        assert_eq!(testing::config_errors("sequence: { mock: [A] }\naccept_all: yes").len(), 1);
        let mistakes = testing::config_errors("sequence: [ { mock: [A] }, { limit_new: 0 } ]\naccept_all: yes");
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    }
}
