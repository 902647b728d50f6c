use flexget_core::context::store::NewRecord;
use flexget_core::prelude::*;

use crate::shared::digest_entries;

/// Stores entries under a name, for `from_digest` in another task.
///
/// That task handles the entries of many runs at once.
///
/// The entries get the fields `digest_task` and `digest_state`. An entry is stored as often as it
/// comes.
///
/// ```yaml
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// digest: news of the week
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Digest(WithShorthand<DigestOptions>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DigestOptions {
    /// The name of the digest.
    list: String,
    /// The states of the entries to store; `accepted` by default.
    state: Option<OneOrMany<State>>,
}

impl Shorthand for DigestOptions {
    type Short = String;
    const SHORT: &'static str = "The name of the digest.";

    fn from_short(list: String) -> Self {
        Self { list, state: None }
    }
}

submit! { plugin::<Digest>() }

impl Plugin for Digest {
    const NAME: &'static str = "digest";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Learn, Self::store)]
    }
}

impl Digest {
    async fn store(&self, task: &mut Task) -> Result<()> {
        let states = self.0.state.as_deref().unwrap_or(&[State::Accepted]);
        let added = task.cx.clock.now();
        let name = task.name.clone();
        let mut records = Vec::new();
        for entry in task.entries.iter_mut().filter(|entry| states.contains(&entry.state())) {
            entry.set("digest_task", &*name);
            entry.set("digest_state", entry.state().name());
            records.push(NewRecord { keys: Vec::new(), data: entry.to_stored_text(&[]), added, expires: None });
        }
        digest_entries::collection(&self.0.list, &task.cx).insert(&records)?;
        Ok(())
    }
}
