//! Trakt's lists: their endpoints, and which one a name in a config means.

use std::cell::RefCell;
use std::collections::HashMap;

use flexget_core::plugin::registry::similar;
use flexget_core::prelude::*;
use jiff::Timestamp;

use crate::titles::media::Kind;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::ListSummary;
use crate::trakt::lists::read;

/// A list, as a user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Titles that the user wants to watch.
    Watchlist,
    /// Titles that the user likes most.
    Favorites,
    /// Titles that the user owns.
    Collection,
    /// Titles that the user has watched, each once.
    Watched,
    /// Titles that the user has watched, the latest first, each once.
    History,
    /// Titles that the user has rated.
    Ratings,
    /// Titles that Trakt recommends to the user.
    Recommendations,
    /// Public chart, by its name in URLs.
    Chart(&'static str),
    /// A list that somebody has made.
    Personal(Personal),
}

/// How a list that somebody has made is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Personal {
    /// By its name or slug.
    Named(String),
    /// By its number.
    Number(String),
    /// By its URL: the owner's slug (none for official lists), and the list's slug or id.
    Address {
        /// The owner's slug.
        owner: Option<String>,
        /// The list's slug or number.
        list: String,
    },
}

/// The charts, which nobody can change.
const CHARTS: [&str; 9] =
    ["trending", "popular", "anticipated", "boxoffice", "hot", "streaming", "played", "collected", "favorited"];

impl Source {
    /// Returns the list of this name.
    pub fn of(name: &str) -> Self {
        let name = name.trim();
        match name.to_lowercase().as_str() {
            "watchlist" => Self::Watchlist,
            "favorites" | "favourites" => Self::Favorites,
            "collection" => Self::Collection,
            "watched" => Self::Watched,
            "history" => Self::History,
            "ratings" => Self::Ratings,
            "recommendations" => Self::Recommendations,
            folded => match CHARTS.iter().find(|chart| **chart == folded) {
                Some(chart) => Self::Chart(chart),
                None => Self::Personal(Personal::of(name)),
            },
        }
    }

    /// Returns whether it can be changed at all.
    pub fn is_changeable(&self) -> bool {
        !matches!(self, Self::Chart(_) | Self::Recommendations)
    }

    /// Returns whether each address of it has one kind of item only.
    pub fn is_by_kind(&self) -> bool {
        matches!(self, Self::Collection | Self::Watched | Self::Recommendations | Self::Chart(_))
    }

    /// Returns whether it can hold items of this kind.
    pub fn holds(&self, kind: Kind) -> bool {
        match self {
            Self::Favorites | Self::Recommendations | Self::Chart(_) => matches!(kind, Kind::Movie | Kind::Show),
            Self::Collection | Self::Watched => kind != Kind::Season,
            Self::History => matches!(kind, Kind::Movie | Kind::Episode),
            Self::Watchlist | Self::Ratings | Self::Personal(_) => true,
        }
    }
}

impl Personal {
    fn of(name: &str) -> Self {
        if let Some(address) = Self::of_address(name) {
            return address;
        }
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Number(name.to_owned());
        }
        Self::Named(name.to_owned())
    }

    /// Parses a URL of the site.
    ///
    /// Examples: `https://trakt.tv/users/ann/lists/to-watch`, `https://app.trakt.tv/lists/123`.
    fn of_address(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        let (host, path) = rest.split_once('/')?;
        if !matches!(host, "trakt.tv" | "www.trakt.tv" | "app.trakt.tv") {
            return None;
        }
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            ["users", owner, "lists", list, ..] => {
                Some(Self::Address { owner: Some((*owner).to_owned()), list: (*list).to_owned() })
            }
            ["lists", "official", list, ..] | ["lists", list, ..] => {
                Some(Self::Address { owner: None, list: (*list).to_owned() })
            }
            _ => None,
        }
    }
}

/// Returns a user name as it stands in addresses.
pub fn user_slug(name: &str) -> String {
    slug(name, |character| character == '_')
}

/// Converts a list's name to Trakt's slug: each run of other characters becomes one hyphen.
pub fn list_slug(name: &str) -> String {
    slug(name, |_| false)
}

fn slug(name: &str, keep: impl Fn(char) -> bool) -> String {
    let mut slug = String::new();
    for character in name.to_lowercase().chars() {
        if character.is_ascii_alphanumeric() || keep(character) {
            slug.push(character);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}

/// The lists of a user that this run has asked for, and when that was by Trakt's clock.
type Known = RefCell<Option<Rc<(Vec<ListSummary>, Option<Timestamp>)>>>;

/// The addresses of lists that this run has looked up, by user and name.
type Located = RefCell<HashMap<(String, Personal), String>>;

/// Returns the address of a list that somebody has made, without `/items`: `users/me/lists/55`.
///
/// Among an account's own lists the name is looked up, because a list keeps the slug of its first
/// name when it is renamed: the slug of a name may be another list. What was found is remembered
/// for as long as Trakt says that no list has changed. What is said in an address or by number is
/// taken as it is.
///
/// # Errors
/// There is no such list; the near ones are named. Or Trakt could not be asked.
pub async fn locate(client: &Client, username: Option<&str>, personal: &Personal) -> Result<String> {
    let user = username.map_or_else(|| "me".to_owned(), user_slug);
    let located = located(client);
    let question = (user.clone(), personal.clone());
    if let Some(path) = located.borrow().get(&question) {
        return Ok(path.clone());
    }
    let path = match (personal, username) {
        (Personal::Named(name), None) => match read::kept_address(client, name).await {
            Some(path) => path,
            None => look_up(client, &user, username, personal).await?,
        },
        _ => look_up(client, &user, username, personal).await?,
    };
    located.borrow_mut().insert(question, path.clone());
    Ok(path)
}

fn located(client: &Client) -> Rc<Located> {
    client.cx().run_cache.of::<Located>(&format!("trakt located {}", client.account().unwrap_or_default()))
}

/// Summaries of lists by URL.
type Summaries = RefCell<HashMap<String, ListSummary>>;

fn summaries(client: &Client) -> Rc<Summaries> {
    client.cx().run_cache.of::<Summaries>(&format!("trakt summaries {}", client.account().unwrap_or_default()))
}

/// Fetches the summary of the list at this URL once in a run; `None` if there is none.
pub async fn summary(client: &Client, path: &str) -> Option<ListSummary> {
    if let Some(known) = summaries(client).borrow().get(path) {
        return Some(known.clone());
    }
    let summary: ListSummary =
        client.get(path, &[]).await.ok().filter(|list: &ListSummary| list.ids.trakt.is_some())?;
    summaries(client).borrow_mut().insert(path.to_owned(), summary.clone());
    Some(summary)
}

/// Forgets what lists say of themselves, because one of them was changed.
pub fn forget_summaries(client: &Client) {
    summaries(client).borrow_mut().clear();
}

/// Searches for a list that is not where its number or URL says.
///
/// A number is looked for among the lists of others that the account may edit, and among the public
/// ones. Then [`locate`] returns what was found.
///
/// # Errors
/// It is nowhere; the near ones of its owner are named. Or Trakt could not be asked.
pub async fn look_elsewhere(client: &Client, username: Option<&str>, personal: &Personal) -> Result<()> {
    let user = username.map_or_else(|| "me".to_owned(), user_slug);
    let (owner, name) = match personal {
        Personal::Named(name) => (user.clone(), name),
        Personal::Number(number) => (user.clone(), number),
        Personal::Address { owner: Some(owner), list } => (owner.clone(), list),
        Personal::Address { owner: None, list } => {
            return Err(Error::new(format!("Trakt has no public list `{list}`"))
                .hint("look at its address on the site again; a private list needs the `account` that it belongs to"));
        }
    };
    let question = (user.clone(), personal.clone());
    let tried = located(client).borrow().get(&question).cloned();
    if let (Personal::Number(number), None) = (personal, username)
        && tried.is_none_or(|tried| tried.starts_with("users/me/"))
    {
        let shared: Vec<ListSummary> = match client.account() {
            Some(_) => client.get("users/me/lists/collaborations", &[]).await?,
            None => Vec::new(),
        };
        let found = match shared.iter().find(|list| id_of(list) == *number) {
            Some(list) => Some(path_of(list)),
            // What is not public has no content rather than being missing.
            None => {
                let path = format!("lists/{number}");
                client.get::<ListSummary>(&path, &[]).await.ok().and_then(|list| list.ids.trakt).map(|_| path)
            }
        };
        if let Some(path) = found {
            located(client).borrow_mut().insert(question, path);
            return Ok(());
        }
    }
    Err(explain(client, &format!("users/{owner}/lists/{name}"), Fault::NotFound).await)
}

async fn look_up(client: &Client, user: &str, username: Option<&str>, personal: &Personal) -> Result<String> {
    match personal {
        Personal::Address { owner: Some(owner), list } => Ok(format!("users/{owner}/lists/{list}")),
        Personal::Address { owner: None, list } => Ok(format!("lists/{list}")),
        Personal::Number(number) if username.is_none() && client.account().is_none() => Ok(format!("lists/{number}")),
        Personal::Number(number) => Ok(format!("users/{user}/lists/{number}")),
        Personal::Named(name) if username.is_some() => {
            let slug = list_slug(name);
            if !slug.is_empty() {
                let path = format!("users/{user}/lists/{slug}");
                match client.get::<ListSummary>(&path, &[]).await {
                    // An unknown slug was seen to give an object without ids.
                    Ok(list) if list.ids.trakt.is_some() => {
                        summaries(client).borrow_mut().insert(path.clone(), list);
                        return Ok(path);
                    }
                    Ok(_) | Err(Fault::NotFound) => {}
                    Err(Fault::NoSuchUser) => return Err(no_such_user(user)),
                    Err(fault) => return Err(fault.into()),
                }
            }
            let lists = &lists_of(client, user).await?.0;
            let list = choose(lists, name).ok_or_else(|| no_such_list(name, user, lists))?;
            Ok(format!("users/{user}/lists/{}", id_of(list)))
        }
        Personal::Named(name) => {
            let known = lists_of(client, "me").await?;
            let (lists, began) = &*known;
            let keep = |path: String| read::keep_address(client, name, &path, *began).map(|()| path);
            if let Some(list) = choose(lists, name) {
                return keep(format!("users/me/lists/{}", id_of(list)));
            }
            // Lists of others that the account may edit, and then those that it likes, are looked
            // at only if none of its own is meant.
            let shared: Vec<ListSummary> = client.get("users/me/lists/collaborations", &[]).await?;
            if let Some(list) = choose(&shared, name) {
                return keep(path_of(list));
            }
            let liked: Vec<Liked> = client.pages("users/me/likes/lists", &[], None).await?;
            let liked: Vec<ListSummary> = liked.into_iter().map(|liked| liked.list).collect();
            if let Some(list) = choose(&liked, name) {
                return keep(path_of(list));
            }
            let all: Vec<ListSummary> = lists.iter().cloned().chain(shared).chain(liked).collect();
            Err(no_such_list(name, &client.account().unwrap_or_default(), &all))
        }
    }
}

#[derive(Deserialize)]
struct Liked {
    list: ListSummary,
}

async fn lists_of(client: &Client, user: &str) -> Result<Rc<(Vec<ListSummary>, Option<Timestamp>)>> {
    let account = client.account().unwrap_or_default();
    let known = client.cx().run_cache.of::<Known>(&format!("trakt lists {account} {user}"));
    if let Some(lists) = known.borrow().clone() {
        return Ok(lists);
    }
    let lists = match client.walk(&format!("users/{user}/lists"), &[], None).await {
        Ok(walk) => Rc::new((walk.items, walk.began)),
        Err(Fault::NotFound | Fault::NoSuchUser) => return Err(no_such_user(user)),
        Err(fault) => return Err(fault.into()),
    };
    *known.borrow_mut() = Some(Rc::clone(&lists));
    Ok(lists)
}

/// Returns the list of this name: exactly so, or but for upper and lower case, or by its slug.
fn choose<'a>(lists: &'a [ListSummary], name: &str) -> Option<&'a ListSummary> {
    let slug = list_slug(name);
    lists
        .iter()
        .find(|list| list.name == name)
        .or_else(|| lists.iter().find(|list| list.name.to_lowercase() == name.to_lowercase()))
        .or_else(|| lists.iter().find(|list| list.ids.slug.as_deref() == Some(slug.as_str())))
        .or_else(|| lists.iter().find(|list| list.ids.slug.as_deref() == Some(name)))
}

fn id_of(list: &ListSummary) -> String {
    list.ids.trakt.map(|id| id.to_string()).or_else(|| list.ids.slug.clone()).unwrap_or_default()
}

fn path_of(list: &ListSummary) -> String {
    match list.user.as_ref().and_then(|user| user.ids.slug.as_ref()) {
        Some(owner) => format!("users/{owner}/lists/{}", id_of(list)),
        None => format!("lists/{}", id_of(list)),
    }
}

/// Explains a failed request to `path`; for an unknown list it names the lists of the owner.
pub async fn explain(client: &Client, path: &str, fault: Fault) -> Error {
    let parts: Vec<&str> = path.split('/').collect();
    let (user, list) = match (&fault, parts.as_slice()) {
        (Fault::NotFound, ["users", user, "lists", list, ..]) => (*user, *list),
        (Fault::NoSuchUser, ["users", user, ..]) => return no_such_user(user),
        _ => return fault.into_error(),
    };
    let owner = if user == "me" { client.account().unwrap_or_default() } else { user.to_owned() };
    match lists_of(client, user).await {
        Ok(lists) => no_such_list(list, &owner, &lists.0),
        Err(_) => no_such_list(list, &owner, &[]),
    }
}

/// Builds the error for an unknown list.
pub fn no_such_list(name: &str, user: &str, lists: &[ListSummary]) -> Error {
    let names: Vec<&str> = lists.iter().map(|list| list.name.as_str()).collect();
    let near = similar(name, names.iter().copied());
    let hint = match (near.as_slice(), names.as_slice()) {
        ([], []) => "check the name and the owner; a private list needs an `account` that may see it".to_owned(),
        ([], names) => format!("the lists are: {}", names.iter().take(20).copied().collect::<Vec<_>>().join(", ")),
        (near, _) => {
            format!("did you mean {}?", near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "))
        }
    };
    Error::new(format!("`{user}` has no Trakt list `{name}`")).hint(hint)
}

/// Builds the error for an unknown user.
pub fn no_such_user(user: &str) -> Error {
    Error::new(format!("there is no Trakt user `{user}`, or the profile is private")).hint(
        "use the name in the address of the user's profile page; a private profile needs an `account` that may see it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_numbers_and_addresses_are_told_apart() {
        let address = |owner: Option<&str>, list: &str| Personal::Address {
            owner: owner.map(str::to_owned),
            list: list.to_owned(),
        };
        for (text, expected) in [
            ("Following TV", Personal::Named("Following TV".into())),
            ("123", Personal::Number("123".into())),
            ("https://trakt.tv/users/ann-kay/lists/to-watch?sort=rank", address(Some("ann-kay"), "to-watch")),
            ("app.trakt.tv/users/bob/lists/55", address(Some("bob"), "55")),
            ("https://trakt.tv/lists/official/marvel", address(None, "marvel")),
            ("AC/DC live", Personal::Named("AC/DC live".into())),
        ] {
            assert_eq!(Source::of(text), Source::Personal(expected), "{text}");
        }
        assert_eq!(Source::of("Watchlist"), Source::Watchlist);
        assert_eq!(Source::of("trending"), Source::Chart("trending"));
    }

    #[test]
    fn slugs_are_made_as_trakt_makes_them() {
        for (name, expected) in
            [("Marvel: Phase 1", "marvel-phase-1"), ("a -- b", "a-b"), ("  Bob's list ", "bob-s-list")]
        {
            assert_eq!(list_slug(name), expected);
        }
        assert_eq!(user_slug("Ann.Kay"), "ann-kay");
    }
}
