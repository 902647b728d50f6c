use flexget_core::prelude::*;

/// Limits the number of accepted entries in a run.
///
/// The first entries in the order of the task stay accepted; the others are rejected, and are
/// processed again in the next run, when the first ones are seen. With `--learn` there is no limit.
///
/// ```yaml
/// mock: [ First, Second, Third ]
/// accept_all: yes
/// limit_new: 2
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct LimitNew {
    /// The number of entries that stay accepted.
    #[schemars(range(min = 1))]
    amount: usize,
}

submit! { plugin::<LimitNew>() }

impl Plugin for LimitNew {
    const NAME: &'static str = "limit_new";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::reject).priority(-255)]
    }
}

impl LimitNew {
    async fn reject(&self, task: &mut Task) -> Result<()> {
        if task.learn {
            return Ok(());
        }
        let accepted = task.entries.iter_mut().filter(|entry| entry.state() == State::Accepted);
        accepted.skip(self.amount).for_each(|entry| entry.reject(Self::NAME, Some("limit exceeded".into())));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    #[test]
    fn the_next_run_accepts_the_next_entries() {
        let cx = testing::context();
        let task = "mock: [A, B, C]\naccept_all: yes\nlimit_new: 2";
        let first = testing::run(task, &cx);
        assert_eq!(testing::titles(&first, State::Accepted), ["A", "B"]);
        assert_eq!(first.entries[2].reason(), Some("limit exceeded"));
        let second = testing::run(task, &testing::next_run(&cx));
        assert_eq!(testing::titles(&second, State::Accepted), ["C"]);
    }
}
