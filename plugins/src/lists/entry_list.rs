use flexget_core::prelude::*;

use crate::lists::stored_list::{StoredList, entry_keys};
use crate::titles::media::ids::missing_ids;

/// A list of entries with all their fields, kept by this program.
///
/// An entry is on the list if an item has the same title, or is the same movie, show, season or
/// episode by its ids. (FlexGet means to compare addresses as well and never finds one; here an
/// address counts unless it is a made-up one. It also tells upper from lower case in titles.)
/// Adding an entry that is on the list updates its fields.
///
/// ```yaml
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// list_add:
///   - entry_list: to watch
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct EntryList {
    /// The list's name.
    #[schemars(length(min = 1))]
    name: String,
}

submit! { list::<EntryList>() }

/// Returns the list of this name in the store.
pub fn stored_list(cx: &Context, name: &str) -> StoredList {
    StoredList::new(cx, EntryList::NAME, name, entry_keys)
}

impl List for EntryList {
    const NAME: &'static str = "entry_list";

    fn id(&self) -> ListId {
        ListId::local(self.name.as_str())
    }

    fn keys(&self, entry: &Entry) -> Keys {
        entry_keys(entry)
    }

    fn fields(&self, entry: &Entry, _adding: bool) -> Vec<Name> {
        missing_ids(entry)
    }

    async fn items(&self, _limit: Option<usize>, cx: &Context) -> Result<Vec<Entry>> {
        let mut items = stored_list(cx, &self.name).items()?;
        // Newest first, as FlexGet reads it.
        items.reverse();
        Ok(items.into_iter().map(|item| item.entry).collect())
    }

    async fn find(&self, entries: &[&Entry], cx: &Context) -> Result<Option<Vec<Option<Entry>>>> {
        let found = stored_list(cx, &self.name).find(entries)?;
        Ok(Some(found.into_iter().map(|item| item.map(|item| item.entry)).collect()))
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        stored_list(cx, &self.name).add(entries)
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        stored_list(cx, &self.name).remove(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing;

    const ADD: &str = "accept_all: yes\nseen: no\nlist_add: [ entry_list: to watch ]\nmock: ";
    const READ: &str = "entry_list: to watch\naccept_all: yes\nseen: no";

    #[test]
    fn clearing_leaves_no_item_that_has_become_the_same_as_another() {
        let cx = testing::context();
        let movie = |ids: &str| format!("{{ title: '{ids}', movie_name: x, {ids} }}");
        let [a, b, both] = ["imdb_id: tt1", "tmdb_id: 2", "imdb_id: tt1, tmdb_id: 2"].map(movie);
        testing::run(&format!("{ADD}[ {a}, {b} ]"), &cx);
        testing::run(&format!("{ADD}[ {both} ]"), &cx);
        assert_eq!(testing::run(READ, &cx).entries.len(), 2);
        let cleared = testing::run("list_clear: { what: [ entry_list: to watch ] }", &cx);
        assert_eq!((cleared.changes[0].done, cleared.changes[0].existing), (2, 0));
        assert_eq!(testing::run(READ, &cx).entries.len(), 0);
    }

    #[test]
    fn it_is_read_newest_first_and_adding_again_takes_over_the_fields() {
        let cx = testing::context();
        testing::run(&format!("{ADD}[ Old, New ]"), &cx);
        let again = testing::run(&format!("{ADD}[ {{ title: old, note: second }} ]"), &cx);
        assert_eq!((again.changes[0].done, again.changes[0].existing), (0, 1));
        let read = testing::run(READ, &cx);
        assert_eq!(testing::titles(&read, State::Accepted), ["New", "old"]);
        assert_eq!(read.entries[1].fields()["note"], "second");
    }
}
