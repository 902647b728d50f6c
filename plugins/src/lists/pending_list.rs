use flexget_core::prelude::*;

use crate::lists::stored_list::{StoredList, entry_keys};
use crate::shared::non_empty::NonEmpty;
use crate::titles::media::ids::missing_ids;

/// A list of entries that wait for approval, kept by this program.
///
/// What a task adds is pending until `flexget-rs pending-list approve` approves it. As an input,
/// and where entries are looked for on it, the list is what has been approved, unless `include`
/// says otherwise. Its entries have the field `approved`. Entries are the same as on an
/// `entry_list`; adding one again updates its fields and leaves its approval.
///
/// Better than in FlexGet: an item without title but with the same ids is found, and addresses
/// count.
///
/// ```yaml
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// list_add:
///   - pending_list: to decide
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PendingList(WithShorthand<PendingListOptions>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PendingListOptions {
    /// The list's name.
    #[schemars(length(min = 1))]
    list_name: String,
    /// Entries of the list to use: approved, pending or all.
    #[serde(default)]
    include: Include,
}

impl Shorthand for PendingListOptions {
    type Short = NonEmpty;
    const SHORT: &'static str = "The list's name.";

    fn from_short(NonEmpty(list_name): NonEmpty) -> Self {
        Self { list_name, include: Include::default() }
    }
}

/// Entries of a list to use.
#[derive(Deserialize, JsonSchema, Default, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Include {
    /// Those that wait.
    Pending,
    /// Those that have been approved.
    #[default]
    Approved,
    /// All.
    All,
}

submit! { list::<PendingList>() }

/// The field that says whether an entry has been approved.
pub const APPROVED: &str = "approved";

/// Returns whether an item has been approved.
pub fn is_approved(item: &Entry) -> bool {
    item.peek(APPROVED).is_some_and(Value::is_true)
}

/// Returns the stored form of an entry: its fields, and whether it is approved.
pub fn kept(entry: &Entry, before: Option<&Entry>) -> Entry {
    let mut kept = entry.fresh();
    kept.set(APPROVED, before.is_some_and(is_approved));
    kept
}

/// Returns the list of this name in the store.
pub fn stored_list(cx: &Context, name: &str) -> StoredList {
    StoredList::new(cx, PendingList::NAME, name, entry_keys)
}

impl PendingList {
    fn includes(&self, item: &Entry) -> bool {
        match self.0.include {
            Include::Pending => !is_approved(item),
            Include::Approved => is_approved(item),
            Include::All => true,
        }
    }
}

impl List for PendingList {
    const NAME: &'static str = "pending_list";

    fn id(&self) -> ListId {
        ListId::local(self.0.list_name.as_str())
    }

    fn keys(&self, entry: &Entry) -> Keys {
        entry_keys(entry)
    }

    fn fields(&self, entry: &Entry, _adding: bool) -> Vec<Name> {
        missing_ids(entry)
    }

    async fn items(&self, _limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        // Newest first, as FlexGet reads it.
        let items = stored_list(cx, &self.0.list_name).items()?.into_iter().rev().map(|item| item.entry);
        Ok(items.filter(|item| self.includes(item)).collect())
    }

    async fn find(&self, entries: &[&Entry], cx: &Context) -> Result<Option<Vec<Option<Entry>>>> {
        let found = stored_list(cx, &self.0.list_name).find(entries)?.into_iter().map(|item| Some(item?.entry));
        Ok(Some(found.map(|item| item.filter(|item| self.includes(item))).collect()))
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        stored_list(cx, &self.0.list_name).put(entries, kept)
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        stored_list(cx, &self.0.list_name).remove(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{config_errors, context, run, titles};

    fn read(include: &str, cx: &Context) -> Vec<String> {
        let task = format!("pending_list: {{ list_name: p, include: {include} }}\naccept_all: yes\nseen: no");
        titles(&run(&task, cx), State::Accepted).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_added_waits_for_approval_and_keeps_it() {
        let cx = context();
        let add = "mock: [ A, { title: B, approved: yes } ]\naccept_all: yes\nseen: no\nlist_add: [ pending_list: p ]";
        run(add, &cx);
        assert_eq!((read("pending", &cx), read("approved", &cx)), (vec!["B".to_owned(), "A".into()], vec![]));
        let approve = |entry: &Entry, _: Option<&Entry>| entry.fresh().with(APPROVED, true);
        stored_list(&cx, "p").put(&[&Entry::new("A", "")], approve).unwrap();
        run(add, &cx);
        assert_eq!((read("pending", &cx), read("approved", &cx)), (vec!["B".to_owned()], vec!["A".into()]));
        assert_eq!(read("all", &cx), ["B", "A"]);

        let matched =
            run("mock: [ A, B ]\nseen: no\nlist_match: { from: [ pending_list: p ], remove_on_match: no }", &cx);
        assert_eq!(titles(&matched, State::Accepted), ["A"]);
    }

    #[test]
    fn a_wrong_word_is_explained() {
        assert_eq!(
            config_errors("pending_list: { list_name: p, include: new }"),
            ["must be one of the following: pending, approved, all"]
        );
    }
}
