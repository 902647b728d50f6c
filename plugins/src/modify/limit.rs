use flexget_core::prelude::*;

use crate::shared::nested_inputs;

/// Takes only the first entries of an input.
///
/// An input that is read in pages stops once there are enough entries, so that long lists are not
/// read to their end.
///
/// ```yaml
/// limit:
///   amount: 2
///   from:
///     mock: [ First, Second, Third ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("help_type" = "write `amount: {value}` below it, and the input below `from:`"))]
pub struct LimitInput {
    /// The number of entries to take; 0 or -1 means all.
    #[schemars(range(min = -1))]
    amount: i64,
    /// The input.
    from: AnyInput,
}

submit! { plugin::<LimitInput>() }

impl Plugin for LimitInput {
    const NAME: &'static str = "limit";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce).gives_nothing(), Step::at(Phase::Learn, Self::learn)]
    }
}

impl LimitInput {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        let wanted = usize::try_from(self.amount).ok().filter(|amount| *amount > 0);
        // An outer limit may be lower.
        let wanted = [wanted, task.wanted].into_iter().flatten().min();
        let entries = task.input_from(&self.from.steps, wanted).await?;
        task.produce(entries);
        Ok(())
    }

    async fn learn(&self, task: &mut Task) -> Result<()> {
        nested_inputs::learn([&self.from], task).await
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    #[test]
    fn takes_the_first_entries() {
        for (amount, expected) in [(2, vec!["A", "B"]), (0, vec!["A", "B", "C"]), (-1, vec!["A", "B", "C"])] {
            let task = format!("limit: {{ amount: {amount}, from: {{ mock: [A, B, C] }} }}\naccept_all: yes");
            assert_eq!(testing::titles(&testing::run(&task, &testing::context()), State::Accepted), expected);
        }
    }

    #[test]
    fn the_lowest_of_nested_limits_counts() {
        let task = "limit: { amount: 1, from: { limit: { amount: 2, from: { mock: [A, B, C] } } } }\naccept_all: yes";
        assert_eq!(testing::titles(&testing::run(task, &testing::context()), State::Accepted), ["A"]);
    }
}
