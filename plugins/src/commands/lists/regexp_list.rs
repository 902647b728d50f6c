//! `regexp-list …`

use flexget_core::pattern::Pattern;
use flexget_core::prelude::*;

use super::Kind;
use crate::regexp_list::{self, RegexpList};

const KIND: Kind = Kind {
    command: "regexp-list",
    word: "regexp list",
    item: "regexp",
    key: RegexpList::NAME,
    default: "regexps",
    shelf: regexp_list::shelf,
};

fn regexps() -> String {
    KIND.default.to_owned()
}

/// Shows all regexp lists.
#[derive(Deserialize, JsonSchema)]
struct All {}

submit! { command::<All>() }

impl Command for All {
    const PATH: &'static [&'static str] = &["regexp-list", "all"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        KIND.all(cx, out)
    }
}

/// Shows the regular expressions of a list, newest first.
#[derive(Deserialize, JsonSchema)]
struct Items {
    /// The list.
    #[serde(default = "regexps")]
    #[schemars(extend("positional" = true))]
    list: String,
}

submit! { command::<Items>() }

impl Command for Items {
    const PATH: &'static [&'static str] = &["regexp-list", "list"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        KIND.list(cx, out, &self.list, &["Regexp"], |entry| vec![entry.title().to_owned()])
    }
}

/// Adds a regular expression to a list: `regexp-list add [LIST] REGEXP`. A list that is not there yet is made.
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
        let (name, [regexp]) = KIND.split(&self.regexp, ["REGEXP"])?;
        Pattern::new(&regexp).map_err(|reason| {
            Error::new(format!("`{regexp}` is not a regular expression: {reason}"))
                .hint("signs that mean themselves need a `\\` before them, such as `\\(`")
        })?;
        let list = KIND.open_or_new(cx, &name)?;
        let change = list.shelf.put(&[&Entry::new(&regexp, "")], regexp_list::kept)?;
        KIND.added(out, &list.name, &regexp, change.done > 0)
    }
}

/// Takes a regular expression off a list: `regexp-list del [LIST] REGEXP`.
#[derive(Deserialize, JsonSchema)]
struct Del {
    /// The list, unless it is `regexps`, and the regular expression or the number that `regexp-list list` shows.
    #[schemars(extend("positional" = true))]
    regexp: Vec<String>,
}

submit! { command::<Del>() }

impl Command for Del {
    const PATH: &'static [&'static str] = &["regexp-list", "del"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        KIND.del(cx, out, &self.regexp)
    }
}

/// Deletes a whole list with all that is on it.
#[derive(Deserialize, JsonSchema)]
struct Purge {
    /// The list.
    #[serde(default = "regexps")]
    #[schemars(extend("positional" = true))]
    list: String,
}

submit! { command::<Purge>() }

impl Command for Purge {
    const PATH: &'static [&'static str] = &["regexp-list", "purge"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        KIND.purge(cx, out, &self.list)
    }
}
