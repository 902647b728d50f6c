//! `trakt lists`: the lists of an account, their sizes, and how a config names each.

use flexget_core::plugin::service::unknown::unknown_account;
use flexget_core::prelude::*;

use crate::trakt::SERVICE;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::ListSummary;
use crate::trakt::lists::catalogue::is_built_in;
use crate::trakt::paging::{self, Extent, Listing};

/// The lists that every user has: name, kind of item where a config must name it, and path.
const BUILT_IN: [(&str, Option<&str>, &str); 9] = [
    ("watchlist", None, "sync/watchlist"),
    ("favorites", None, "sync/favorites"),
    ("collection", Some("movies"), "sync/collection/movies"),
    ("collection", Some("shows"), "sync/collection/shows"),
    ("watched", Some("movies"), "sync/watched/movies"),
    ("watched", Some("shows"), "sync/watched/shows"),
    ("history", None, "sync/history"),
    ("ratings", None, "sync/ratings"),
    ("recommendations", Some("movies"), "recommendations/movies"),
];

/// Shows the lists of an account, their sizes, and how a config names each.
///
/// The sizes are those that Trakt reports; a change may take some minutes to show.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AccountLists {
    /// The account; all that are stored, where none is named.
    #[schemars(extend("positional" = true))]
    account: Option<String>,
}

submit! { command::<AccountLists>() }

/// A list of an account.
#[derive(Serialize)]
struct AccountList {
    account: String,
    list: String,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    items: Option<u64>,
    config: String,
}

impl AccountList {
    /// Creates a list that a config means by `name`.
    fn new(account: &str, list: &str, name: &str, kind: Option<&'static str>, items: Option<u64>) -> Self {
        let of_kind = kind.map(|kind| format!(", type: {kind}")).unwrap_or_default();
        let config = format!("trakt_list: {{ account: {}, list: {}{of_kind} }}", scalar(account), scalar(name));
        Self { account: account.to_owned(), list: list.to_owned(), kind, items, config }
    }
}

impl Command for AccountLists {
    const PATH: &'static [&'static str] = &["trakt", "lists"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let names: Vec<String> = match &self.account {
            Some(name) if cx.auth.account(SERVICE, name)?.is_none() => return Err(unknown_account(cx, SERVICE, name)?),
            Some(name) => vec![name.clone()],
            None => cx.auth.accounts(SERVICE)?.into_iter().map(|account| account.name).collect(),
        };
        if names.is_empty() {
            return Err(Error::new("no Trakt account is authorized").hint("run `flexget-rs trakt auth NAME`"));
        }
        let mut lists = Vec::new();
        for name in &names {
            lists.extend(lists_of(cx, name).await?);
        }
        if out.format == Format::Json {
            return out.data(&lists);
        }
        for name in &names {
            let mut table = Table::new(&["List", "Items", "In a config"]);
            table.title = Some(format!("lists of account `{name}`"));
            for list in lists.iter().filter(|list| list.account == *name) {
                let kind = list.kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
                let items = list.items.map_or_else(|| "?".to_owned(), |items| items.to_string());
                table.row([format!("{}{kind}", list.list), items, list.config.clone()]);
            }
            out.table(&table)?;
        }
        Ok(())
    }
}

/// Reads the lists of an account, those that every user has first.
async fn lists_of(cx: &Context, account: &str) -> Result<Vec<AccountList>> {
    let client = Client::new(cx, Some(account))?;
    let mut lists = Vec::new();
    for (list, kind, path) in BUILT_IN {
        lists.push(AccountList::new(account, list, list, kind, count(&client, path).await?));
    }
    let own = paging::read::<ListSummary>(&client, Listing::new("users/me/lists", &[], Extent::Whole)).await?;
    for list in own.rows {
        let items = list.item_count.and_then(|items| u64::try_from(items).ok());
        // The name alone would mean the list of Trakt's.
        let name = if is_built_in(&list.name) { format!("list:{}", list.name) } else { list.name.clone() };
        lists.push(AccountList::new(account, &list.name, &name, None, items));
    }
    Ok(lists)
}

/// Returns the number of items at `path`, or `None` where Trakt does not tell.
async fn count(client: &Client, path: &str) -> Result<Option<u64>, Fault> {
    let query = [("page", "1".to_owned()), ("limit", "1".to_owned())];
    let response = match client.get_response(path, &query).await {
        Err(Fault::NotFound) => return Ok(None),
        response => response?,
    };
    let total = response.header("x-pagination-item-count").and_then(|count| count.trim().parse().ok());
    // Without pages, the response is the whole list.
    let whole = || response.json::<Vec<serde_json::Value>>().ok().map(|rows| rows.len() as u64);
    Ok(total.or_else(whole))
}

/// Returns a text as a YAML scalar, quoted where a plain one would mean something else.
fn scalar(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        && text.starts_with(char::is_alphabetic)
        && !["yes", "no", "on", "off", "true", "false", "null", "y", "n"].contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing::command;
    use serde_json::json;
    use trakt_sim::Seed;

    use super::*;
    use crate::trakt::sandbox::Sandbox;

    #[test]
    fn shows_sizes_and_names() {
        let sandbox = Sandbox::new(Seed::small());
        let lists = command("trakt lists", json!({}), Format::Json, &sandbox.cx).unwrap().data.remove(0);
        let watchlist = lists.as_array().unwrap().iter().find(|list| list["list"] == "watchlist").unwrap();
        assert!(watchlist["items"].as_u64().is_some(), "{lists}");
        assert_eq!(watchlist["config"], "trakt_list: { account: ann, list: watchlist }");
        let error = command("trakt lists", json!({ "account": "nobody" }), Format::Text, &sandbox.cx).unwrap_err();
        assert!(error.to_string().contains("nobody"), "{error}");
    }

    #[test]
    fn quotes_names_that_yaml_would_misread() {
        for (name, expected) in
            [("me", "me"), ("no", "'no'"), ("To see", "'To see'"), ("it's", "'it''s'"), ("7", "'7'")]
        {
            assert_eq!(scalar(name), expected);
        }
    }
}
