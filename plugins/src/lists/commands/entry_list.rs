//! The commands `entry-list …`.

use flexget_core::prelude::*;

use super::{All, Del, Kind, OfKind, Purge, Show, default_list, typed};
use crate::lists::entry_list::{self, EntryList};

/// The kind.
#[derive(JsonSchema)]
struct Entries;

impl OfKind for Entries {
    const KIND: Kind = KIND;
}

const KIND: Kind = Kind {
    command: "entry-list",
    word: "entry list",
    item: "entry",
    key: EntryList::NAME,
    default: "entries",
    stored_list: entry_list::stored_list,
};

submit! { command::<All<Entries>>() }
submit! { command::<Del<Entries>>() }
submit! { command::<Purge<Entries>>() }
submit! { command::<Show<Entries>>() }

/// Shows the entries of a list, newest first.
#[derive(Deserialize, JsonSchema)]
struct Items {
    /// The list.
    #[serde(default = "default_list::<Entries>")]
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

/// Adds an entry to a list: `entry-list add [LIST] TITLE URL`.
///
/// A list that is not there yet is made; an entry that is on the list already takes over what is
/// typed.
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
        let change = list.stored_list.add(&[&entry])?;
        KIND.added(cx, out, &list.name, entry.title(), change.outcomes == [Outcome::Done])
    }
}
