use flexget_core::prelude::*;

use crate::shared::distinct::DistinctEntries;
use crate::shared::nested_inputs;

/// Reads several inputs, also of the same kind, in order.
///
/// Entries with the title or the URL of an earlier one are left out. An input that fails gives a
/// warning, and the others are read.
///
/// ```yaml
/// inputs:
///   - mock: [ Solaris (1972), Stalker (1979) ]
///   - mock: [ Stalker (1979), Mirror (1975) ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Inputs {
    /// The inputs.
    inputs: Vec<AnyInput>,
}

submit! { plugin::<Inputs>() }

impl Plugin for Inputs {
    const NAME: &'static str = "inputs";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce).gives_nothing(), Step::at(Phase::Learn, Self::learn)]
    }
}

impl Inputs {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        let mut distinct = DistinctEntries::default();
        for input in self.inputs.iter().filter(|input| !input.steps.is_empty()) {
            if task.wanted.is_some_and(|wanted| task.entries.len() >= wanted) {
                break;
            }
            match task.input_from(&input.steps, task.wanted).await {
                Err(error) => {
                    task.warn(Self::NAME, format!("error during input plugin {}: {error}", input.name));
                    task.input_failed(input.name);
                }
                Ok(entries) => {
                    if entries.is_empty() && !task.may_be_empty {
                        task.warn(Self::NAME, format!("input {} did not return anything", input.name));
                    }
                    task.produce(entries.into_iter().filter(|entry| distinct.insert(entry)));
                }
            }
        }
        Ok(())
    }

    async fn learn(&self, task: &mut Task) -> Result<()> {
        nested_inputs::learn(&self.inputs, task).await
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    #[test]
    fn entries_with_an_earlier_title_or_url_are_left_out() {
        let task = "
            inputs:
              - mock: [ A, { title: B, url: 'http://x/1' } ]
              - mock: [ A, { title: C, url: 'http://x/1' }, D ]
            accept_all: yes
        ";
        let report = testing::run(task, &testing::context());
        assert_eq!(testing::titles(&report, State::Accepted), ["A", "B", "D"]);
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    }

    #[test]
    fn an_input_that_fails_or_is_empty_gives_a_warning() {
        let task = "
            inputs:
              - yaml_list: /
              - entry_list: empty
              - mock: [ A ]
            accept_all: yes
        ";
        let report = testing::run(task, &testing::context());
        assert_eq!(testing::titles(&report, State::Accepted), ["A"]);
        assert!(
            report.warnings[0].starts_with("inputs: error during input plugin yaml_list: "),
            "{:?}",
            report.warnings
        );
        assert_eq!(report.warnings[1], "inputs: input entry_list did not return anything");
    }

    #[test]
    fn options_at_the_wrong_depth_are_explained() {
        let mistakes = testing::config_errors("inputs:\n  - entry_list:\n    name: x\naccept_all: yes");
        assert!(mistakes[0].contains("indented 2 more spaces"), "{mistakes:?}");
    }
}
