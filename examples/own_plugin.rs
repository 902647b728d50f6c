//! A plugin in a program of one's own: everything that flexget-rs can do, and one key more.
//!
//! `cargo run --example own_plugin -- plugins title_length` shows the manual; a config with the key
//! runs with `execute`.
//!
//! The struct is the options, its doc comment is the manual, one line registers it. The schema, the
//! check of configs and the completion in editors follow from that.

use flexget_core::prelude::*;

/// Rejects entries whose titles are too long.
///
/// ```yaml
/// mock: [ Up, The Assassination of Jesse James by the Coward Robert Ford ]
/// title_length: { most: 20 }
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TitleLength {
    /// Longest title that is left, in characters.
    #[schemars(range(min = 1))]
    most: usize,
}

submit! { plugin::<TitleLength>() }

impl Plugin for TitleLength {
    const NAME: &'static str = "title_length";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::reject_longer)]
    }
}

impl TitleLength {
    async fn reject_longer(&self, task: &mut Task) -> Result<()> {
        for entry in task.live_entries() {
            let length = entry.title().chars().count();
            if length > self.most {
                entry.reject(Self::NAME, Some(format!("the title has {length} characters")));
            }
        }
        Ok(())
    }
}

flexget_rs::main! {}
