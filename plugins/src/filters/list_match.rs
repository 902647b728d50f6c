use flexget_core::prelude::*;

use crate::shared::decision::FilterAction;
use crate::shared::yes;

/// Accepts or rejects the entries that are on a list.
///
/// With `action: accept` an accepted entry takes over the fields of the item that it lacks (in
/// FlexGet, not with `single_match: no`), and after the task the accepted entries are taken off the
/// lists, unless `remove_on_match` is `no`.
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
    /// Action for an entry that is on one of the lists.
    #[serde(default)]
    action: FilterAction,
    /// Whether accepted entries are taken off the lists when the task has acted on them.
    #[serde(default = "yes")]
    remove_on_match: bool,
    /// Whether an item of a list is used for one entry only, the first that it matches.
    #[serde(default = "yes")]
    single_match: bool,
}

submit! { plugin::<ListMatch>() }

impl Plugin for ListMatch {
    const NAME: &'static str = "list_match";
    const ACCEPTS: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![
            Step::at(Phase::Start, Self::check_lists),
            // An entry takes over the fields of the item that it matches.
            Step::at(Phase::Filter, Self::find).priority(0).accepts(self.action == FilterAction::Accept).gives_any(),
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
            list.fetch_fields(false, &live, task).await;
            let entries: Vec<&Entry> = live.iter().map(|at| &task.entries[*at]).collect();
            // What is accepted because it is not on the list is taken off it as well.
            let found = list.matching(&entries, self.remove_on_match, &cx).await?;
            let mut used: HashSet<(String, String)> = HashSet::new();
            for (at, item) in live.into_iter().zip(found) {
                let Some(item) = item else { continue };
                let entry = &mut task.entries[at];
                if self.action == FilterAction::Reject {
                    entry.reject(Self::NAME, Some(format!("it is on the list `{}`", list.id().name)));
                } else if !self.single_match || used.insert((item.title().to_owned(), item.url().to_owned())) {
                    for (name, value) in item.fields() {
                        entry.fill(name, value.clone());
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

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{config_errors, context, dry_run, run, titles};

    fn add(entries: &str, cx: &Context) {
        run(&format!("mock: {entries}\naccept_all: yes\nseen: no\nlist_add: [ entry_list: a ]"), cx);
    }

    fn on_list(cx: &Context) -> Vec<String> {
        let read = run("entry_list: a\naccept_all: yes\nseen: no", cx);
        titles(&read, State::Accepted).into_iter().map(str::to_owned).collect()
    }

    fn matched(entries: &str, options: &str, cx: &Context) -> flexget_core::task::report::TaskReport {
        run(&format!("mock: {entries}\nseen: no\nlist_match: {{ from: [ entry_list: a ]{options} }}"), cx)
    }

    #[test]
    fn what_is_on_the_list_is_accepted_completed_and_then_taken_off() {
        let cx = context();
        add("[ { title: A, note: of the list, year: 1972 }, B, C ]", &cx);
        let report = matched("[ { title: a, note: own }, D, B ]", "", &cx);
        assert_eq!(titles(&report, State::Accepted), ["a", "B"]);
        assert_eq!(titles(&report, State::Undecided), ["D"]);
        let fields = &report.entries[0].fields();
        assert_eq!((&fields["note"], &fields["year"]), (&"own".into(), &1972.into()), "only what was missing");
        assert_eq!(on_list(&cx), ["C"]);
        matched("[ C ]", ", remove_on_match: no", &cx);
        assert_eq!(on_list(&cx), ["C"]);
    }

    #[test]
    fn an_item_serves_one_entry_unless_it_is_to_serve_all() {
        let cx = context();
        run("mock: [ solaris ]\naccept_all: yes\nseen: no\nlist_add: [ regexp_list: r ]", &cx);
        let accepted = |options: &str| {
            let task = format!(
                "mock: [ Solaris 1972, Dune, Solaris 2002 ]\nseen: no\nlist_match: {{ from: [ regexp_list: r ], remove_on_match: no{options} }}"
            );
            titles(&run(&task, &cx), State::Accepted).join(", ")
        };
        assert_eq!(accepted(""), "Solaris 1972");
        assert_eq!(accepted(", single_match: no"), "Solaris 1972, Solaris 2002");
    }

    #[test]
    fn rejecting_takes_what_else_is_accepted_off_the_list() {
        let cx = context();
        add("[ A, B ]", &cx);
        let report = run(
            "mock: [ A, X ]\nseen: no\naccept_all: yes\nlist_match: { from: [ entry_list: a ], action: reject }\nlist_add: [ entry_list: a ]",
            &cx,
        );
        assert_eq!((titles(&report, State::Rejected), titles(&report, State::Accepted)), (vec!["A"], vec!["X"]));
        assert_eq!(on_list(&cx), ["B", "A"], "X was put on, and taken off when the task had acted on it");
    }

    #[test]
    fn a_dry_run_says_what_would_be_taken_off() {
        let cx = context();
        add("[ A, B ]", &cx);
        let report = matched("[ A ]", "", &dry_run(&cx));
        assert_eq!((report.changes[0].done, report.changes[0].items.as_slice()), (1, &["A".to_owned()][..]));
        assert_eq!(on_list(&cx), ["B", "A"]);
    }

    #[test]
    fn what_cannot_be_changed_can_be_matched_only() {
        let task = |options: &str| {
            config_errors(&format!(
                "mock: [ A ]\nlist_match: {{ from: [ trakt_list: {{ list: trending, type: movies }} ]{options} }}"
            ))
        };
        assert_eq!(task(""), ["trending list is not modifiable; set `remove_on_match: no` to leave the list as it is"]);
        assert_eq!(task(", remove_on_match: no"), Vec::<String>::new());
    }
}
