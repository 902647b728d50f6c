//! The commands `entry-list …`.

use flexget_core::prelude::*;

use super::{All, Del, Items, Kind, OfKind, Purge, Show, cell, typed};
use crate::lists::entry_list::{self, EntryList};

/// The kind.
#[derive(JsonSchema)]
struct Entries;

impl OfKind for Entries {
    const KIND: Kind = Kind {
        command: "entry-list",
        word: "entry list",
        item: "entry",
        key: EntryList::NAME,
        default: "entries",
        stored_list: entry_list::stored_list,
        columns: |_| vec!["Title", "# of fields"],
        cell,
    };
}

submit! { command::<All<Entries>>() }
submit! { command::<Del<Entries>>() }
submit! { command::<Items<Entries>>() }
submit! { command::<Purge<Entries>>() }
submit! { command::<Show<Entries>>() }

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
        let (list, [title, url]) = Entries::KIND.split(&self.entry, ["TITLE", "URL"])?;
        let entry = typed(title, url, &self.attributes);
        Entries::KIND.add(cx, out, &list, &entry, |list, entry| list.add(&[entry]))
    }
}
