use flexget_core::context::store::{Collection, NewRecord};
use flexget_core::prelude::*;

/// Takes every entry once, whatever becomes of it: in later runs of the task it is rejected.
///
/// Entries that failed come again. The last 20,000 entries of a task are remembered.
///
/// ```yaml
/// mock: [ Solaris (1972), Stalker (1979) ]
/// regexp: { accept: [ solaris ] }
/// only_new: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnlyNew {}

submit! { plugin::<OnlyNew>() }

/// How many entries of a task are remembered.
const MOST: usize = 20_000;

impl Plugin for OnlyNew {
    const NAME: &'static str = "only_new";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![
            Step::at(Phase::Filter, Self::reject_known).priority(255),
            Step::at(Phase::Learn, Self::remember).priority(-255),
        ]
    }
}

impl OnlyNew {
    async fn reject_known(&self, task: &mut Task) -> Result<()> {
        let collection = collection(task);
        let live: Vec<usize> = task.live().collect();
        let keys: Vec<String> = live.iter().map(|at| key(&task.entries[*at])).collect();
        let known = collection.has_keys(&keys)?;
        for (at, key) in live.into_iter().zip(keys) {
            if known.contains(&key) {
                task.entries[at].reject(Self::NAME, Some("already processed entry".into()));
            }
        }
        Ok(())
    }

    async fn remember(&self, task: &mut Task) -> Result<()> {
        let collection = collection(task);
        let added = task.cx.clock.now();
        let done = task.entries.iter().filter(|entry| entry.state() != State::Failed);
        let keys: BTreeSet<String> = done.map(key).collect();
        let keys: Vec<String> = keys.into_iter().collect();
        let known = collection.has_keys(&keys)?;
        let news: Vec<NewRecord> = keys
            .into_iter()
            .filter(|key| !known.contains(key))
            .map(|key| NewRecord { keys: vec![key], data: NewRecord::data(&()), added, expires: None })
            .collect();
        collection.insert(&news)?;
        collection.prune(Some(MOST), added)?;
        Ok(())
    }
}

fn collection(task: &Task) -> Collection {
    task.cx.store.collection(OnlyNew::NAME, &task.name)
}

/// What an entry is known by: what it was called when it came.
fn key(entry: &Entry) -> String {
    let text = |name: &str| entry.text(name).unwrap_or_default();
    format!("{}\u{1f}{}", text("original_title"), text("original_url"))
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    #[test]
    fn what_was_not_wanted_is_not_looked_at_again() {
        let cx = testing::context();
        let run = |titles: &str| {
            let task = format!("mock: {titles}\nrequire_field: wanted\nonly_new: yes");
            testing::decisions(&testing::run(&task, &testing::next_run(&cx)))
        };
        assert_eq!(run("[A, B]")[0], "A: rejected (required field wanted is not present)");
        assert_eq!(
            run("[B, C]"),
            ["B: rejected (already processed entry)", "C: rejected (required field wanted is not present)"]
        );
    }
}
