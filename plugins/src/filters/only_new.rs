use flexget_core::context::store::{Collection, NewRecord};
use flexget_core::prelude::*;

use crate::shared::config_change;

/// Accepts each entry only once: later runs of the task reject it, even if it was not accepted.
///
/// The report of a run shows what was decided in it; FlexGet shows the entries as rejected, for the
/// next run. Entries that failed are processed again. After a change of the task's config all
/// entries are processed again, as in FlexGet. The last 20,000 entries of a task are remembered.
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

/// The number of entries of a task that are remembered.
const MAX_ENTRIES: usize = 20_000;

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
        if config_change::has_changed(task)? {
            return Ok(());
        }
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
        collection.prune(Some(MAX_ENTRIES), added)?;
        config_change::remember(task)
    }
}

fn collection(task: &Task) -> Collection {
    task.cx.store.collection(OnlyNew::NAME, &task.name)
}

/// Returns the key of an entry: its title and URL when it was produced.
fn key(entry: &Entry) -> String {
    let text = |name: &str| entry.text(name).unwrap_or_default();
    format!("{}\u{1f}{}", text("original_title"), text("original_url"))
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    #[test]
    fn entries_are_processed_once() {
        let cx = testing::context();
        let run = |titles: &str| {
            let task = format!("mock: {titles}\nrequire_field: wanted\nonly_new: yes");
            testing::decisions(&testing::run(&task, &testing::next_run(&cx)))
        };
        assert_eq!(run("[A, B]")[0], "A: rejected (required field wanted is not present)");
        assert_eq!(run("[B, A]")[0], "B: rejected (required field wanted is not present)", "the config has changed");
    }

    /// FlexGet 3.22.7 forgets its rejections in the same way.
    #[test]
    fn a_changed_config_processes_all_entries_again() {
        let cx = testing::context();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "- title: A\n- title: B\n").unwrap();
        let run = |other: &str| {
            let task =
                format!("yaml_list: '{}'\naccept_all: yes\nseen: no\nonly_new: yes\n{other}", file.path().display());
            testing::titles(&testing::run(&task, &testing::next_run(&cx)), State::Accepted).join(" ")
        };
        assert_eq!(run(""), "A B");
        assert_eq!(run("# a comment"), "");
        std::fs::write(&file, "- title: A\n- title: B\n- title: C\n").unwrap();
        assert_eq!(run(""), "C");
        assert_eq!(run("priority: 5"), "A B C");
        assert_eq!(run("priority: 5"), "");
    }
}
