//! `entry-list …`

use flexget_core::prelude::*;

use super::{Kind, typed};
use crate::entry_list::{self, EntryList};

const KIND: Kind = Kind {
    command: "entry-list",
    word: "entry list",
    item: "entry",
    key: EntryList::NAME,
    default: "entries",
    shelf: entry_list::shelf,
};

fn entries() -> String {
    KIND.default.to_owned()
}

/// Shows all entry lists.
#[derive(Deserialize, JsonSchema)]
struct All {}

submit! { command::<All>() }

impl Command for All {
    const PATH: &'static [&'static str] = &["entry-list", "all"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        KIND.all(cx, out)
    }
}

/// Shows the entries of a list, newest first.
#[derive(Deserialize, JsonSchema)]
struct Items {
    /// The list.
    #[serde(default = "entries")]
    #[schemars(extend("positional" = true))]
    list: String,
}

submit! { command::<Items>() }

impl Command for Items {
    const PATH: &'static [&'static str] = &["entry-list", "list"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        KIND.list(cx, out, &self.list, &["Title", "# of fields"], |entry| {
            vec![entry.title().to_owned(), entry.fields().count().to_string()]
        })
    }
}

/// Shows the fields of an entry: `entry-list show [LIST] TITLE`.
#[derive(Deserialize, JsonSchema)]
struct Show {
    /// The list, unless it is `entries`, and the title of the entry or the number that `entry-list list` shows.
    #[schemars(extend("positional" = true))]
    entry: Vec<String>,
}

submit! { command::<Show>() }

impl Command for Show {
    const PATH: &'static [&'static str] = &["entry-list", "show"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        KIND.show(cx, out, &self.entry)
    }
}

/// Adds an entry to a list: `entry-list add [LIST] TITLE URL`. A list that is not there yet is made; an entry that is
/// on the list already takes over what is typed.
#[derive(Deserialize, JsonSchema)]
struct Add {
    /// The list, unless it is `entries`, the title and the address.
    #[schemars(extend("positional" = true))]
    entry: Vec<String>,
    /// Further fields, such as `imdb_id=tt1234567`.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

submit! { command::<Add>() }

impl Command for Add {
    const PATH: &'static [&'static str] = &["entry-list", "add"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let (name, [title, url]) = KIND.split(&self.entry, ["TITLE", "URL"])?;
        let list = KIND.open_or_new(cx, &name)?;
        let entry = typed(title, url, &self.attributes);
        let change = list.shelf.add(&[&entry])?;
        KIND.added(out, &list.name, entry.title(), change.done > 0)
    }
}

/// Takes an entry off a list: `entry-list del [LIST] TITLE`.
#[derive(Deserialize, JsonSchema)]
struct Del {
    /// The list, unless it is `entries`, and the title of the entry or the number that `entry-list list` shows.
    #[schemars(extend("positional" = true))]
    entry: Vec<String>,
}

submit! { command::<Del>() }

impl Command for Del {
    const PATH: &'static [&'static str] = &["entry-list", "del"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        KIND.del(cx, out, &self.entry)
    }
}

/// Deletes a whole list with all its entries.
#[derive(Deserialize, JsonSchema)]
struct Purge {
    /// The list.
    #[serde(default = "entries")]
    #[schemars(extend("positional" = true))]
    list: String,
}

submit! { command::<Purge>() }

impl Command for Purge {
    const PATH: &'static [&'static str] = &["entry-list", "purge"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        KIND.purge(cx, out, &self.list)
    }
}
