use flexget_core::prelude::*;

/// Accepts all entries that no other plugin has rejected.
///
/// ```yaml
/// mock: [ First, Second ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptAll {}

submit! { plugin::<AcceptAll>() }

impl Plugin for AcceptAll {
    const NAME: &'static str = "accept_all";
    const ACCEPTS: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::accept)]
    }
}

impl AcceptAll {
    async fn accept(&self, task: &mut Task) -> Result<()> {
        task.live_entries().for_each(|entry| entry.accept(Self::NAME));
        Ok(())
    }
}
