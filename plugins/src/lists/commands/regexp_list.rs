//! The commands `regexp-list …`.

use flexget_core::prelude::*;

use super::{All, Del, Items, Kind, OfKind, Purge, cell};
use crate::lists::regexp_list::{self, RegexpList};

/// The kind.
#[derive(JsonSchema)]
struct Regexps;

impl OfKind for Regexps {
    const KIND: Kind = Kind {
        command: "regexp-list",
        word: "regexp list",
        item: "regexp",
        key: RegexpList::NAME,
        default: "regexps",
        stored_list: regexp_list::stored_list,
        columns: |_| vec!["Regexp"],
        cell,
    };
}

submit! { command::<All<Regexps>>() }
submit! { command::<Del<Regexps>>() }
submit! { command::<Items<Regexps>>() }
submit! { command::<Purge<Regexps>>() }

/// Adds a regular expression to a list: `regexp-list add [LIST] REGEXP`.
///
/// A list that is not there yet is made.
#[derive(Deserialize, JsonSchema)]
struct Add {
    /// The list, unless it is `regexps`, and the regular expression, in quotes.
    #[schemars(extend("positional" = true))]
    regexp: Vec<String>,
}

submit! { command::<Add>() }

impl Command for Add {
    const PATH: &'static [&'static str] = &["regexp-list", "add"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let (list, [regexp]) = Regexps::KIND.split(&self.regexp, ["REGEXP"])?;
        Pattern::new(&regexp).map_err(|reason| {
            Error::new(format!("`{regexp}` is not a regular expression: {reason}"))
                .hint("signs that mean themselves need a `\\` before them, such as `\\(`")
        })?;
        let entry = Entry::new(regexp, "");
        Regexps::KIND.add(cx, out, &list, &entry, |list, entry| list.put(&[entry], regexp_list::kept))
    }
}
