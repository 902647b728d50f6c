use std::collections::HashSet;

use flexget_core::prelude::*;

/// Accepts or rejects the entries that are on a list.
///
/// With `action: accept` an accepted entry takes over the fields of the item that it lacks, and after the task the
/// accepted entries are taken off the lists, unless `remove_on_match` is `no`.
///
/// ```yaml
/// mock: [ Solaris (1972), Stalker (1979) ]
/// list_match:
///   from:
///     - entry_list: to watch
///   remove_on_match: no
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMatch {
    /// The lists to look at.
    from: Vec<AnyList>,
    /// What to do with an entry that is on one of them.
    #[serde(default)]
    action: Action,
    /// Whether accepted entries are taken off the lists when the task has acted on them.
    #[serde(default = "yes")]
    remove_on_match: bool,
    /// Whether an item of a list is used for one entry only, the first that it matches.
    #[serde(default = "yes")]
    single_match: bool,
}

/// What to do with an entry that is on a list.
#[derive(Deserialize, JsonSchema, Default, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Action {
    /// Accept it.
    #[default]
    Accept,
    /// Reject it.
    Reject,
}

fn yes() -> bool {
    true
}

submit! { plugin::<ListMatch>() }

impl Plugin for ListMatch {
    const NAME: &'static str = "list_match";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![
            Step::at(Phase::Start, Self::check_lists),
            Step::at(Phase::Filter, Self::find).priority(0),
            Step::at(Phase::Learn, Self::remove),
        ]
    }

    fn check(&self) -> Vec<Problem> {
        if !self.remove_on_match {
            return Vec::new();
        }
        let immutable = |(at, list): (usize, &AnyList)| {
            WritableList::try_from(list.clone()).err().map(|problem| {
                Problem::at(Path::root().key("from").index(at), problem.message)
                    .help("set `remove_on_match: no` to leave the list as it is")
            })
        };
        self.from.iter().enumerate().filter_map(immutable).collect()
    }
}

impl ListMatch {
    async fn check_lists(&self, task: &mut Task) -> Result<()> {
        self.from.iter().try_for_each(|list| list.ready(&task.cx))
    }

    async fn find(&self, task: &mut Task) -> Result<()> {
        let cx = task.cx.clone();
        for list in &self.from {
            let live: Vec<usize> = task.live().collect();
            let entries: Vec<&Entry> = live.iter().map(|at| &task.entries[*at]).collect();
            let found = list.find(&entries, &cx).await?;
            let mut used: HashSet<(String, String)> = HashSet::new();
            for (at, item) in live.into_iter().zip(found) {
                let Some(item) = item else { continue };
                let entry = &mut task.entries[at];
                if self.action == Action::Reject {
                    entry.reject(Self::NAME, None);
                } else if !self.single_match || used.insert((item.title().to_owned(), item.url().to_owned())) {
                    for (name, value) in item.fields() {
                        entry.fill(name.to_owned(), value.clone());
                    }
                    entry.accept(Self::NAME);
                }
            }
        }
        Ok(())
    }

    async fn remove(&self, task: &mut Task) -> Result<()> {
        for list in self.from.iter().filter(|_| self.remove_on_match) {
            // `check` has made sure that these can be changed.
            if let Ok(list) = WritableList::try_from(list.clone()) {
                list.remove_accepted(task, Self::NAME).await?;
            }
        }
        Ok(())
    }
}
