//! Commands about the lists that are kept in the store.
//!
//! They are spoken of alike; what is the same for all kinds is here.

mod entry_list;
mod movie_list;
mod pending_list;
mod regexp_list;

use std::marker::PhantomData;

use flexget_core::plugin::command::verb;
use flexget_core::prelude::*;

use crate::lists::stored_list::{StoredItem, StoredList};
use crate::shared::other_configs::{self, ConfigTable};

/// A kind of list, as commands speak of it.
struct Kind {
    /// The first word of its commands.
    command: &'static str,
    /// Its name within sentences.
    word: &'static str,
    /// An item within sentences.
    item: &'static str,
    /// The key in a config.
    key: &'static str,
    /// The list that is meant where none is named.
    default: &'static str,
    /// A list of this kind.
    stored_list: fn(&Context, &str) -> StoredList,
    /// The columns of a table of these items.
    columns: fn(&[StoredItem]) -> Vec<&'static str>,
    /// The text of an item in one of these columns.
    cell: fn(&Entry, &str) -> String,
}

/// A kind of list, as a type: what all kinds have in common is one command for each.
trait OfKind: JsonSchema + 'static {
    /// The kind.
    const KIND: Kind;
}

/// Returns the list that is meant where none is named.
fn default_list<K: OfKind>() -> String {
    K::KIND.default.to_owned()
}

/// Shows all lists of this kind, with the number of their items.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
struct All<K: OfKind> {
    /// Show the lists of all configs.
    #[serde(default)]
    all: bool,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: OfKind> Command for All<K> {
    const PATH: &'static [&'static str] = &[K::KIND.command, "all"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let others = cx.store.records_of_other_configs(K::KIND.key)?;
        let mut lists = Vec::new();
        for (config, world) in other_configs::configs(&others, self.all, cx) {
            let found = world.store.collections(K::KIND.key)?;
            lists.extend(found.into_iter().map(|(name, items)| (config.clone(), name, items)));
        }
        if out.format == Format::Json {
            let data =
                lists.iter().map(|(config, name, items)| json!({ "name": name, "config": config, "items": items }));
            return out.data(&data.collect::<Vec<_>>());
        }
        let found = lists.iter().map(|(_, _, items)| items).sum();
        if lists.is_empty() {
            out.line(format!("there is no {}", K::KIND.word))?;
        } else {
            let mut table = ConfigTable::new(&["List Name", "Items"], self.all, cx);
            for (config, name, items) in lists {
                table.row(config.as_deref(), [name, items.to_string()]);
            }
            table.print(out)?;
        }
        other_configs::note(found, &others, self.all, cx, out)
    }
}

/// Shows the items of a list, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
struct Items<K: OfKind> {
    /// The list.
    #[serde(default = "default_list::<K>")]
    #[schemars(extend("positional" = true))]
    list: String,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: OfKind> Command for Items<K> {
    const PATH: &'static [&'static str] = &[K::KIND.command, "list"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let kind = K::KIND;
        let list = kind.open(cx, &self.list)?;
        let mut items = list.items()?;
        items.reverse();
        if out.format == Format::Json {
            let entries: Vec<_> = items.iter().map(data).collect();
            return out.data(&json!({ "list": list.name(), "entries": entries }));
        }
        let columns = (kind.columns)(&items);
        let mut table = Table::new(&[&["#"], columns.as_slice()].concat());
        table.title = Some(format!("{} in {} `{}`", items.len(), kind.word, list.name()));
        for item in &items {
            let cells = columns.iter().map(|column| (kind.cell)(&item.entry, column));
            table.row(std::iter::once(item.id.to_string()).chain(cells));
        }
        out.table(&table)?;
        // The same list of another config is another list.
        let others = cx.store.records_of_other_configs(kind.key)?;
        match cx.store.config_name().filter(|_| !others.is_empty()) {
            Some(config) => out.note(format!("by `{config}.yml`; {}", other_configs::counts_of(&others))),
            None => Ok(()),
        }
    }
}

/// Shows the fields of an entry: `show [LIST] TITLE`.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
struct Show<K: OfKind> {
    /// List, unless it is the default, and the entry's title or its number as `list` shows it.
    #[schemars(extend("positional" = true))]
    entry: Vec<String>,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: OfKind> Command for Show<K> {
    const PATH: &'static [&'static str] = &[K::KIND.command, "show"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let (_, item) = K::KIND.pick(cx, &self.entry, "ENTRY")?;
        if out.format == Format::Json {
            return out.data(&data(&item));
        }
        let mut table = Table::new(&["Field name", "Value"]);
        let mut fields: Vec<(&str, String)> =
            item.entry.fields().map(|(name, value)| (name, value.display())).collect();
        fields.sort();
        fields.into_iter().for_each(|(name, value)| table.row([name.to_owned(), value]));
        out.table(&table)
    }
}

/// Takes an item off a list: `del [LIST] TITLE`.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
struct Del<K: OfKind> {
    /// List, unless it is the default, and the item's title or its number as `list` shows it.
    #[schemars(extend("positional" = true))]
    item: Vec<String>,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: OfKind> Command for Del<K> {
    const PATH: &'static [&'static str] = &[K::KIND.command, "del"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let kind = K::KIND;
        let (list, item) = kind.pick(cx, &self.item, "TITLE|#")?;
        list.collection().remove(&[item.id])?;
        let (list, title) = (list.name(), item.entry.title());
        if out.format == Format::Json {
            return out.data(&json!({ "list": list, "title": title, "removed": true, "dry_run": cx.dry_run }));
        }
        let removed = verb(cx, "removed", "remove");
        out.line(format!("{removed} {} `{title}` from {} `{list}`", kind.item, kind.word))
    }
}

/// Deletes a whole list with all that is on it.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
struct Purge<K: OfKind> {
    /// The list.
    #[serde(default = "default_list::<K>")]
    #[schemars(extend("positional" = true))]
    list: String,
    /// Do not ask.
    #[serde(default)]
    yes: bool,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: OfKind> Command for Purge<K> {
    const PATH: &'static [&'static str] = &[K::KIND.command, "purge"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let list = K::KIND.open(cx, &self.list)?;
        let named = format!("{} `{}`", K::KIND.word, list.name());
        if !self.yes && !cx.dry_run {
            let items = list.items()?.len();
            let noun = if items == 1 { "item" } else { "items" };
            if !out.confirm(&format!("delete {named} with {items} {noun}?"))? {
                return Err(Error::new(format!("{named} was not deleted")));
            }
        }
        let removed = list.collection().drop()?;
        if out.format == Format::Json {
            return out.data(&json!({ "list": list.name(), "removed": removed, "dry_run": cx.dry_run }));
        }
        out.line(format!("{} {named} with {removed} items", verb(cx, "deleted", "delete")))
    }
}

impl Kind {
    /// Finds the list of this name, without regard to case unless two differ in it; and all names.
    fn look_for(&self, cx: &Context, name: &str) -> Result<(Option<StoredList>, Vec<String>)> {
        let names: Vec<String> = cx.store.collections(self.key)?.into_iter().map(|(name, _)| name).collect();
        let folded = name.to_lowercase();
        let found = names.iter().find(|known| *known == name);
        let found = found.or_else(|| names.iter().find(|known| known.to_lowercase() == folded));
        Ok((found.map(|name| (self.stored_list)(cx, name)), names))
    }

    fn open(&self, cx: &Context, name: &str) -> Result<StoredList> {
        let (found, names) = self.look_for(cx, name)?;
        let others = cx.store.records_of_other_configs(self.key)?;
        found.ok_or_else(|| {
            let hint = match names.as_slice() {
                [] if !others.is_empty() => other_configs::counts_of(&others),
                [] => format!("there is none yet: `flexget-rs {} add` makes one", self.command),
                names => format!("those that there are: {}", names.join(", ")),
            };
            Error::new(format!("could not find {} with name `{name}`", self.word)).hint(hint)
        })
    }

    /// Splits the arguments `[LIST] …`, with as many words after the list as `rest` names.
    fn split<const N: usize>(&self, words: &[String], rest: [&str; N]) -> Result<(String, [String; N])> {
        let (list, words) = match words {
            [list, words @ ..] if words.len() == N => (list.as_str(), words),
            words => (self.default, words),
        };
        let words: [String; N] = words.to_vec().try_into().map_err(|_| {
            Error::new(format!("expected: [LIST] {}", rest.join(" ")))
                .hint(format!("the list is `{}` where none is named; text with spaces needs quotes", self.default))
        })?;
        Ok((list.to_owned(), words))
    }

    /// Returns the list and the item that `[LIST] ITEM` means: by its title, or by its number.
    fn pick(&self, cx: &Context, words: &[String], rest: &str) -> Result<(StoredList, StoredItem)> {
        let (name, [wanted]) = self.split(words, [rest])?;
        let list = self.open(cx, &name)?;
        let items = list.items()?;
        let (number, folded) = (wanted.trim_start_matches('#').parse(), wanted.to_lowercase());
        let by_title = items.iter().find(|item| item.entry.title() == wanted);
        let by_number = || items.iter().find(|item| number == Ok(item.id));
        let by_folded_title = || items.iter().find(|item| item.entry.title().to_lowercase() == folded);
        match by_title.or_else(by_number).or_else(by_folded_title) {
            Some(item) => Ok((list, item.clone())),
            None => Err(Error::new(format!("could not find {} `{wanted}` in list `{}`", self.item, list.name()))
                .hint(format!("`flexget-rs {} list {}` shows what is on it", self.command, list.name()))),
        }
    }

    /// Adds a typed entry, as `put` puts it on its list, which is made if it is not there.
    fn add(
        &self,
        cx: &Context,
        out: &mut Output,
        list: &str,
        entry: &Entry,
        put: impl FnOnce(&StoredList, &Entry) -> Result<Change>,
    ) -> Result<()> {
        let (found, _) = self.look_for(cx, list)?;
        let list = found.unwrap_or_else(|| (self.stored_list)(cx, list));
        let is_new = put(&list, entry)?.outcomes == [Outcome::Done];
        let (list, title) = (list.name(), entry.title());
        if out.format == Format::Json {
            return out.data(&json!({ "list": list, "title": title, "added": is_new, "dry_run": cx.dry_run }));
        }
        let done = if is_new { verb(cx, "added", "add") } else { verb(cx, "updated", "update") };
        let to = if is_new { "to" } else { "on" };
        out.line(format!("{done} {} `{title}` {to} {} `{list}`", self.item, self.word))
    }
}

/// Returns the text of an entry in a column that all kinds have.
fn cell(entry: &Entry, column: &str) -> String {
    if column == "# of fields" { entry.fields().count().to_string() } else { entry.title().to_owned() }
}

/// Returns an item as data.
fn data(item: &StoredItem) -> serde_json::Value {
    let fields: serde_json::Map<_, _> =
        item.entry.fields().map(|(name, value)| (name.to_owned(), value.to_json())).collect();
    json!({ "id": item.id, "added": item.added.to_string(), "fields": fields })
}

/// Returns an entry of a list, made from what was typed.
fn typed(title: String, url: String, attributes: &BTreeMap<String, String>) -> Entry {
    let mut entry = Entry::new(title, url);
    attributes.iter().for_each(|(name, value)| entry.set(name, value.as_str()));
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{command, context, run};
    use serde_json::Value as Json;

    fn answer(words: &str, arguments: Json, cx: &Context) -> String {
        match command(words, arguments, Format::Text, cx) {
            Ok(said) => said.text,
            Err(error) => format!("error: {error}; {}\n", error.hint_text().unwrap_or_default()),
        }
    }

    #[test]
    fn a_list_is_looked_after_from_the_command_line() {
        let cx = context();
        for (words, arguments, expected) in [
            ("entry-list all", json!({}), "there is no entry list\n"),
            (
                "entry-list list",
                json!({ "list": "entries" }),
                "error: could not find entry list with name `entries`; there is none yet: `flexget-rs entry-list add` makes one\n",
            ),
            (
                "entry-list add",
                json!({ "entry": ["Solaris", "http://x/1"], "attributes": { "imdb_id": "tt0069293" } }),
                "added entry `Solaris` to entry list `entries`\n",
            ),
            (
                "entry-list add",
                json!({ "entry": ["Own", "1917", "http://x/2"] }),
                "added entry `1917` to entry list `Own`\n",
            ),
            (
                "entry-list add",
                json!({ "entry": ["Dune", "http://x/3"] }),
                "added entry `Dune` to entry list `entries`\n",
            ),
            (
                "entry-list add",
                json!({ "entry": ["DUNE", "http://x/4"] }),
                "updated entry `DUNE` on entry list `entries`\n",
            ),
            (
                "entry-list add",
                json!({ "entry": ["Dune"] }),
                "error: expected: [LIST] TITLE URL; the list is `entries` where none is named; text with spaces needs quotes\n",
            ),
            ("entry-list all", json!({}), "List Name | Items\nOwn | 1\nentries | 2\n"),
            (
                "entry-list list",
                json!({}),
                "2 in entry list `entries`\n# | Title | # of fields\n2 | DUNE | 5\n1 | Solaris | 6\n",
            ),
            (
                "entry-list show",
                json!({ "entry": ["own", "1917"] }),
                "Field name | Value\nadded | 2026-11-24T00:00:00Z\noriginal_title | 1917\noriginal_url | http://x/2\ntitle | 1917\nurl | http://x/2\n",
            ),
            ("entry-list del", json!({ "item": ["2"] }), "removed entry `DUNE` from entry list `entries`\n"),
            (
                "entry-list del",
                json!({ "item": ["own", "99"] }),
                "error: could not find entry `99` in list `Own`; `flexget-rs entry-list list Own` shows what is on it\n",
            ),
            ("entry-list purge", json!({ "list": "own" }), "deleted entry list `Own` with 1 items\n"),
            (
                "entry-list purge",
                json!({ "list": "own" }),
                "error: could not find entry list with name `own`; those that there are: entries\n",
            ),
        ] {
            assert_eq!(answer(words, arguments.clone(), &cx), expected, "{words} {arguments}");
        }
    }

    #[test]
    fn movies_are_added_by_their_ids_without_asking_anybody() {
        let cx = context();
        for (words, arguments, expected) in [
            (
                "movie-list add",
                json!({ "movie": ["Solaris (1972)"], "identifiers": { "imdb_id": "tt0069293", "tmdb_id": "593" } }),
                "added movie `Solaris (1972)` to movie list `movies`\n",
            ),
            (
                "movie-list add",
                json!({ "movie": ["x"], "identifiers": { "tmdb_id": "593", "trakt_movie_id": "1" } }),
                "updated movie `x` on movie list `movies`\n",
            ),
            (
                "movie-list add",
                json!({ "movie": ["Сталкер (1979)"] }),
                "added movie `Сталкер (1979)` to movie list `movies`\n",
            ),
            (
                "movie-list add",
                json!({ "movie": ["y"], "identifiers": { "tmdb_id": "tt1" } }),
                "error: `tmdb_id=tt1` is not an id of a movie; ids are: imdb_id, trakt_movie_id, trakt_movie_slug, tmdb_id; all but imdb_id and the slug are numbers\n",
            ),
            (
                "movie-list list",
                json!({}),
                "2 in movie list `movies`\n# | Movie Name | Movie year | imdb_id | trakt_movie_id | tmdb_id\n2 | Сталкер | 1979 |  |  | \n1 | x | 1972 | tt0069293 | 1 | 593\n",
            ),
            ("movie-list del", json!({ "item": ["СТАЛКЕР"] }), "removed movie `Сталкер` from movie list `movies`\n"),
        ] {
            assert_eq!(answer(words, arguments.clone(), &cx), expected, "{words} {arguments}");
        }
    }

    #[test]
    fn what_waits_is_approved_and_rejected() {
        let cx = context();
        let read = |cx: &Context| run("pending_list: pending\naccept_all: yes\nseen: no", cx).entries.len();
        for (words, arguments, expected) in [
            (
                "pending-list add",
                json!({ "entry": ["A", "http://x/a"] }),
                ("added entry `A` to pending list `pending`\n", 0),
            ),
            (
                "pending-list add",
                json!({ "entry": ["B", "http://x/b"], "approved": true }),
                ("added entry `B` to pending list `pending`\n", 1),
            ),
            ("pending-list approve", json!({ "entry": ["a"] }), ("entry `A` is approved now\n", 2)),
            ("pending-list approve", json!({ "entry": ["1"] }), ("entry `A` is already approved\n", 2)),
            ("pending-list reject", json!({ "entry": ["pending", "B"] }), ("entry `B` is rejected now\n", 1)),
            (
                "pending-list list",
                json!({}),
                (
                    "2 in pending list `pending`\n# | Title | # of fields | Approved\n2 | B | 6 | no\n1 | A | 6 | yes\n",
                    1,
                ),
            ),
        ] {
            let (said, approved) = (answer(words, arguments.clone(), &cx), read(&cx));
            assert_eq!((said.as_str(), approved), expected, "{words} {arguments}");
        }
    }

    #[test]
    fn a_regexp_is_checked_before_it_is_added() {
        let cx = context();
        let refused = answer("regexp-list add", json!({ "regexp": ["("] }), &cx);
        assert!(refused.starts_with("error: `(` is not a regular expression: "), "{refused}");
        assert_eq!(answer("regexp-list all", json!({}), &cx), "there is no regexp list\n");
        answer("regexp-list add", json!({ "regexp": ["^a"] }), &cx);
        assert_eq!(answer("regexp-list list", json!({}), &cx), "1 in regexp list `regexps`\n# | Regexp\n1 | ^a\n");
        assert_eq!(
            answer("regexp-list del", json!({ "item": ["^a"] }), &cx),
            "removed regexp `^a` from regexp list `regexps`\n"
        );
    }

    #[test]
    fn every_answer_is_data_where_that_is_wanted() {
        let cx = context();
        let data = |words: &str, arguments: Json| {
            let said = command(words, arguments, Format::Json, &cx).unwrap();
            assert_eq!((said.text.as_str(), said.data.len()), ("", 1), "{words}");
            said.data[0].clone()
        };
        let added = data("entry-list add", json!({ "entry": ["A", "http://x/a"] }));
        assert_eq!(added, json!({ "list": "entries", "title": "A", "added": true, "dry_run": false }));
        assert_eq!(data("entry-list all", json!({})), json!([{ "name": "entries", "config": null, "items": 1 }]));
        let fields = json!({ "title": "A", "url": "http://x/a", "original_title": "A", "original_url": "http://x/a", "added": "2026-11-24T00:00:00Z" });
        let entry = json!({ "id": 1, "added": "2026-11-24T00:00:00Z", "fields": fields });
        assert_eq!(data("entry-list show", json!({ "entry": ["A"] })), entry);
        assert_eq!(data("entry-list list", json!({})), json!({ "list": "entries", "entries": [entry] }));
        assert_eq!(
            data("entry-list del", json!({ "item": ["A"] })),
            json!({ "list": "entries", "title": "A", "removed": true, "dry_run": false })
        );
        assert_eq!(data("entry-list purge", json!({})), json!({ "list": "entries", "removed": 0, "dry_run": false }));
    }
}
