//! The commands `pending-list …`.

use flexget_core::prelude::*;

use super::{All, Del, Items, Kind, OfKind, Purge, Show, cell, typed};
use crate::lists::pending_list::{self, APPROVED, PendingList, is_approved};

/// The kind.
#[derive(JsonSchema)]
struct PendingEntries;

impl OfKind for PendingEntries {
    const KIND: Kind = Kind {
        command: "pending-list",
        word: "pending list",
        item: "entry",
        key: PendingList::NAME,
        default: "pending",
        stored_list: pending_list::stored_list,
        columns: |_| vec!["Title", "# of fields", "Approved"],
        cell: |entry, column| match column {
            "Approved" => if is_approved(entry) { "yes" } else { "no" }.to_owned(),
            column => cell(entry, column),
        },
    };
}

submit! { command::<All<PendingEntries>>() }
submit! { command::<Del<PendingEntries>>() }
submit! { command::<Items<PendingEntries>>() }
submit! { command::<Purge<PendingEntries>>() }
submit! { command::<Show<PendingEntries>>() }

/// Adds an entry to a list, to wait for approval: `pending-list add [LIST] TITLE URL`.
///
/// A list that is not there yet is made; an entry that is on the list already takes over what is
/// typed.
#[derive(Deserialize, JsonSchema)]
struct Add {
    /// The list, unless it is `pending`, the title and the address.
    #[schemars(extend("positional" = true))]
    entry: Vec<String>,
    /// Further fields, such as `imdb_id=tt1234567`.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    /// Approve it at once.
    #[serde(default)]
    approved: bool,
}

submit! { command::<Add>() }

impl Command for Add {
    const PATH: &'static [&'static str] = &["pending-list", "add"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let kept = |entry: &Entry, before: Option<&Entry>| {
            let kept = pending_list::kept(entry, before);
            if self.approved { kept.with(APPROVED, true) } else { kept }
        };
        let (list, [title, url]) = PendingEntries::KIND.split(&self.entry, ["TITLE", "URL"])?;
        let entry = typed(title, url, &self.attributes);
        PendingEntries::KIND.add(cx, out, &list, &entry, |list, entry| list.put(&[entry], kept))
    }
}

/// Approves an entry, so that tasks that read the list get it: `pending-list approve [LIST] TITLE`.
#[derive(Deserialize, JsonSchema)]
struct Approve {
    /// List, unless it is `pending`, and the entry's title or its number.
    #[schemars(extend("positional" = true))]
    entry: Vec<String>,
}

submit! { command::<Approve>() }

impl Command for Approve {
    const PATH: &'static [&'static str] = &["pending-list", "approve"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        decide(cx, out, &self.entry, true)
    }
}

/// Takes the approval of an entry back; it stays on the list: `pending-list reject [LIST] TITLE`.
#[derive(Deserialize, JsonSchema)]
struct Reject {
    /// List, unless it is `pending`, and the entry's title or its number.
    #[schemars(extend("positional" = true))]
    entry: Vec<String>,
}

submit! { command::<Reject>() }

impl Command for Reject {
    const PATH: &'static [&'static str] = &["pending-list", "reject"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        decide(cx, out, &self.entry, false)
    }
}

fn decide(cx: &Context, out: &mut Output, words: &[String], approve: bool) -> Result<()> {
    let (list, item) = PendingEntries::KIND.pick(cx, words, "ENTRY")?;
    let was = is_approved(&item.entry);
    list.put(&[&item.entry], |entry, _| entry.fresh().with(APPROVED, approve))?;
    let title = item.entry.title();
    if out.format == Format::Json {
        return out.data(&json!({
            "list": list.name(),
            "title": title,
            "approved": approve,
            "changed": was != approve,
            "dry_run": cx.dry_run,
        }));
    }
    let word = if approve { "approved" } else { "rejected" };
    out.line(match (was == approve, cx.dry_run) {
        (true, _) => format!("entry `{title}` is already {word}"),
        (false, true) => format!("entry `{title}` would be {word}"),
        (false, false) => format!("entry `{title}` is {word} now"),
    })
}
