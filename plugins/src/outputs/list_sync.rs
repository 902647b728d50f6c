use flexget_core::list::index::Index;
use flexget_core::prelude::*;
use flexget_core::task::report::{Action, first_titles};

/// Makes one list equal to another, or adds to each of two lists the items of the other.
///
/// `mode: mirror` adds to `to` the items of `from`, and removes from it those that `from` lacks.
/// `mode: union` adds to each list the items that it lacks, and removes nothing; both lists must be
/// writable. Both lists are read whole before anything is changed, and items are compared by their
/// ids.
///
/// A chart, or a list with a `limit`, is only a part: its items are added, and nothing is removed
/// because it is not among them. Nothing is changed either if an input of the task could not be
/// read.
///
/// `max_removals` is the highest number of items to remove, or a part of the list; 25 % is the
/// default. If there is more to remove, or `from` is empty, nothing is changed and the task is
/// aborted, so that a list which has become empty by mistake does not empty the other. If an item
/// could not be added, nothing is removed. With `--test` the report shows each item that would be
/// added or removed, also where there are too many; in a run the difference is in the log (`-v`)
/// before anything is sent.
///
/// ```yaml
/// list_sync:
///   from: { trakt_list: { username: bob, list: Favourite films } }
///   to: { entry_list: films of bob }
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSync {
    /// The list to read; with `mode: union` it is changed as well.
    from: AnyList,
    /// The list to change.
    to: WritableList,
    /// Whether `to` becomes equal to `from`, or both get what the other has.
    #[serde(default)]
    mode: Mode,
    /// Limit of the items to remove from `to`: a number, or a share such as `25%`.
    #[serde(default)]
    max_removals: MaxRemovals,
}

/// Way to combine two lists.
#[derive(Deserialize, JsonSchema, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// `to` becomes equal to `from`.
    #[default]
    Mirror,
    /// Both get what the other has.
    Union,
}

/// Limit of the items to remove from a list.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum MaxRemovals {
    /// Number of items.
    Number(u64),
    /// Percentage of the list.
    Part(#[schemars(extend("format" = "percent"))] String),
}

impl Default for MaxRemovals {
    fn default() -> Self {
        Self::Part("25%".to_owned())
    }
}

impl MaxRemovals {
    /// Returns the number for a list of this length.
    ///
    /// A part of a short list is one item at the least, but never all of it unless it says so.
    fn of(&self, length: usize) -> usize {
        match self {
            Self::Number(number) => usize::try_from(*number).unwrap_or(usize::MAX),
            Self::Part(text) => {
                let part = text.trim_end_matches('%').trim().parse::<f64>().unwrap_or(0.0) / 100.0;
                let most = (length as f64 * part).ceil() as usize;
                if part < 1.0 { most.min(length.saturating_sub(1)) } else { most }
            }
        }
    }
}

submit! { plugin::<ListSync>() }

impl Plugin for ListSync {
    const NAME: &'static str = "list_sync";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Start, Self::check_lists), Step::at(Phase::Output, Self::sync).priority(64)]
    }

    fn check(&self) -> Vec<Problem> {
        match (self.mode, WritableList::try_from(self.from.clone())) {
            (Mode::Union, Err(problem)) => {
                let help = "`mode: union` changes both lists; `mode: mirror` only `to`";
                vec![Problem::at(Path::root().key("from"), problem.message).help(help)]
            }
            _ => Vec::new(),
        }
    }
}

impl ListSync {
    async fn check_lists(&self, task: &mut Task) -> Result<()> {
        self.from.ready(&task.cx)?;
        self.to.list().ready(&task.cx)
    }

    async fn sync(&self, task: &mut Task) -> Result<()> {
        if !task.failed_inputs().is_empty() {
            let failed = task.failed_inputs().join(", ");
            task.warn(Self::NAME, format!("nothing is changed, because not all inputs could be read: {failed}"));
            return Ok(());
        }
        let cx = task.cx.clone();
        let (from, to) = if self.mode == Mode::Mirror {
            (self.from.all_items(&cx).await?, self.to.list().all_items(&cx).await?)
        } else {
            (self.from.items(None, &cx).await?, self.to.list().items(None, &cx).await?)
        };
        let from = with_fields(from, self.to.list(), task).await;
        // A mirror compares as the list does that is changed.
        let reader = if self.mode == Mode::Union { &self.from } else { self.to.list() };
        let to = with_fields(to, reader, task).await;
        let missing = lacking(&self.to, &to, &from);
        match WritableList::try_from(self.from.clone()) {
            Ok(source) if self.mode == Mode::Union => {
                let back = lacking(&source, &from, &to);
                self.put(&self.to, &missing, Action::Add, task).await?;
                self.put(&source, &back, Action::Add, task).await.map(drop)
            }
            _ => {
                let mut extra = lacking(&self.to, &from, &to);
                if let Some(reason) = self.from.partial().filter(|_| !extra.is_empty()) {
                    let (from, to) = (name(&self.from), name(self.to.list()));
                    let warning = format!("`{from}` is only a part ({reason}), so nothing is removed from `{to}`");
                    task.warn(Self::NAME, warning);
                    extra.clear();
                }
                let refused = self.refusal(from.is_empty(), to.len(), &extra);
                // A dry run shows what there is to do also where it will not be done: that is how
                // one finds out what is wrong.
                if refused.is_none() || cx.dry_run {
                    if !self.put(&self.to, &missing, Action::Add, task).await? {
                        return Err(Error::new(format!(
                            "not all that is missing could be put on `{}`, so nothing was taken off it",
                            name(self.to.list()),
                        ))
                        .hint("see what failed in the report; the next run tries again"));
                    }
                    self.put(&self.to, &extra, Action::Remove, task).await?;
                }
                refused.map_or(Ok(()), Err)
            }
        }
    }

    /// Returns why nothing is to be changed, if `to` would lose too much.
    fn refusal(&self, nothing_in_source: bool, length: usize, extra: &[&Entry]) -> Option<Error> {
        if nothing_in_source && length > 0 {
            let error = Error::new(format!(
                "there is nothing on `{}`, so `{}` is left as it is",
                name(&self.from),
                name(self.to.list())
            ));
            return Some(error.hint("if it is meant, clear the list with `list_clear`"));
        }
        let most = self.max_removals.of(length);
        (extra.len() > most).then(|| {
            Error::new(format!(
                "{} of the {length} items of `{}` would be taken off, and `max_removals` allows {most}: {}",
                extra.len(),
                name(self.to.list()),
                titles(extra),
            ))
            .hint("`--test` shows all that would be done; if it is right, raise `max_removals` for one run")
        })
    }

    /// Makes a change, unless there are no items, and returns whether all of them succeeded.
    async fn put(&self, list: &WritableList, items: &[&Entry], action: Action, task: &mut Task) -> Result<bool> {
        if items.is_empty() {
            return Ok(true);
        }
        let cx = task.cx.clone();
        let direction = if action == Action::Add { "to be put on" } else { "to be taken off" };
        let (list_name, titles) = (name(list.list()), titles(items));
        tracing::info!(target: "list_sync", task = %task.name, "{direction} `{list_name}`: {titles}");
        let report = list.apply(items, action, Self::NAME, None, &cx).await?;
        let is_done = report.failed.is_empty();
        list.report(task, Self::NAME, report);
        Ok(is_done)
    }
}

fn name(list: &AnyList) -> String {
    list.id().name.clone()
}

/// Returns the titles of the first items, and how many more there are.
fn titles(items: &[&Entry]) -> String {
    first_titles(items.iter().map(|item| item.title()), items.len())
}

/// Returns items with the fields that a list reads of them and that lookups of the task offer.
async fn with_fields(items: Rc<Vec<Entry>>, list: &AnyList, task: &mut Task) -> Rc<Vec<Entry>> {
    if !items.iter().any(|item| !list.missing_fields(item, true, task).is_empty()) {
        return items;
    }
    let mut lookup = task.split_off();
    lookup.produce(items.iter().map(Entry::fresh));
    let all: Vec<usize> = (0..items.len()).collect();
    list.fetch_fields(true, &all, &mut lookup).await;
    Rc::new(task.merge(lookup))
}

/// Returns the items that a list lacks and accepts.
///
/// An episode is not missing from a list of movies.
fn lacking<'a>(list: &WritableList, has: &[Entry], items: &'a [Entry]) -> Vec<&'a Entry> {
    let keys = |entry: &Entry| list.list().keys(entry);
    let index = Index::new(has.iter().map(keys));
    items.iter().filter(|item| list.list().accepts(item).is_ok() && index.find(&keys(item)).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{context, next_run, run};

    #[test]
    fn lookups_tell_that_two_items_are_the_same() {
        let cx = context();
        let add = |list: &str, mock: &str| {
            run(&format!("mock: [ {mock} ]\naccept_all: yes\nseen: no\nlist_add: [ {list} ]"), &cx);
        };
        add("entry_list: e", "{ title: A, movie_name: A }, { title: Z, movie_name: Z, imdb_id: tt2 }");
        add("movie_list: m", "{ title: Other, imdb_id: tt1 }, { title: B, movie_name: B }");
        for mode in ["mirror", "union"] {
            let task = format!(
                "test_lookup: {{ answers: {{ A: {{ imdb_id: tt1 }}, B: {{ imdb_id: tt2 }} }} }}\nlist_sync: {{ from: {{ entry_list: e }}, to: {{ movie_list: m }}, mode: {mode}, max_removals: 9 }}"
            );
            let report = run(&task, &flexget_core::testing::dry_run(&next_run(&cx)));
            let moved: Vec<&str> = report.changes.iter().flat_map(|change| &change.items).map(String::as_str).collect();
            assert_eq!(moved, [""; 0], "{mode}: {report:?}");
        }
    }

    #[test]
    fn a_part_never_empties_a_short_list() {
        let part = |text: &str| MaxRemovals::Part(text.to_owned());
        assert_eq!(part("25%").of(100), 25);
        assert_eq!(part("25%").of(3), 1);
        assert_eq!(part("25%").of(1), 0);
        assert_eq!(part("100%").of(3), 3);
        assert_eq!(MaxRemovals::Number(7).of(3), 7);
    }
}
