//! Personal lists: their paths by name, and their summaries.

use std::cell::RefCell;

use flexget_core::plugin::registry::similar;
use flexget_core::prelude::*;
use jiff::SignedDuration;

use crate::trakt::activities;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::ListSummary;
use crate::trakt::cache::{CacheKey, CachedResponse, Head};
use crate::trakt::lists::source::{Personal, Source, list_slug, user_slug};
use crate::trakt::paging::{self, Extent, Listing, PageRow, RowKey};

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
        (Personal::Named(name), None) => match kept_path(client, name).await {
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

/// Returns the path of a list that this run has found.
pub fn known_path(client: &Client, username: Option<&str>, personal: &Personal) -> Option<String> {
    let user = username.map_or_else(|| "me".to_owned(), user_slug);
    located(client).borrow().get(&(user, personal.clone())).cloned()
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

/// Returns the summary of the list at this path, and when it was read, if this run has it.
///
/// The time is that of Trakt's clock where Trakt said it.
pub fn known_summary(client: &Client, path: &str) -> Option<(ListSummary, Timestamp)> {
    let now = client.cx().clock.now();
    if let Some(known) = summaries(client).borrow().get(path) {
        return Some((known.clone(), now));
    }
    let (user, list) = path.strip_prefix("users/")?.split_once("/lists/")?;
    let known = known_lists(client, user).borrow().clone()?;
    let (lists, began) = &*known;
    let found = lists.iter().find(|known| id_of(known) == list || known.ids.slug.as_deref() == Some(list))?;
    Some((found.clone(), began.unwrap_or(now)))
}

/// Forgets what lists say of themselves, because one of them was changed.
pub fn forget_summaries(client: &Client) {
    summaries(client).borrow_mut().clear();
}

/// Finds a list again whose number or URL leads to nothing.
///
/// A number is looked for among the lists of others that the account may edit, and among the public
/// ones. Then [`locate`] returns what was found.
///
/// # Errors
/// The list does not exist, and the message names similar ones of its owner; or Trakt could not be
/// reached.
pub async fn relocate(client: &Client, username: Option<&str>, personal: &Personal) -> Result<()> {
    let user = username.map_or_else(|| "me".to_owned(), user_slug);
    let (owner, name) = match personal {
        Personal::Named(name) => (user.clone(), name),
        Personal::Number(number) => (user.clone(), number),
        Personal::Url { owner: Some(owner), list } => (owner.clone(), list),
        Personal::Url { owner: None, list } => {
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
        Personal::Url { owner: Some(owner), list } => Ok(format!("users/{owner}/lists/{list}")),
        Personal::Url { owner: None, list } => Ok(format!("lists/{list}")),
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
            let keep = |path: String| {
                if let Some(began) = began {
                    CachedResponse::keep(client.cx(), &name_key(client, name), &Head::new(*began), &path);
                }
                path
            };
            if let Some(list) = choose(lists, name) {
                return Ok(keep(format!("users/me/lists/{}", id_of(list))));
            }
            // Lists of others that the account may edit, and then those that it likes, are looked
            // at only if none of its own is meant.
            let shared: Vec<ListSummary> = client.get("users/me/lists/collaborations", &[]).await?;
            if let Some(list) = choose(&shared, name) {
                return Ok(keep(path_of(list)));
            }
            let liked = paging::read(client, Listing::new("users/me/likes/lists", &[], Extent::Whole)).await?;
            let liked: Vec<ListSummary> = liked.rows.into_iter().map(|Liked { list }| list).collect();
            if let Some(list) = choose(&liked, name) {
                return Ok(keep(path_of(list)));
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

impl PageRow for Liked {
    fn key(&self) -> RowKey {
        self.list.key()
    }
}

/// Returns the key of the path of the list of this name, among the account's own lists.
fn name_key(client: &Client, name: &str) -> CacheKey {
    CacheKey { account: client.account(), user: None, topic: "names".to_owned(), part: name.to_owned() }
}

/// Places in `last_activities` that tell whether a name may mean another list than before.
const NAME_STAMPS: [&str; 3] = ["/lists/updated_at", "/lists/liked_at", "/collaborations/updated_at"];

/// Returns the cached path of the list of this name, if no list has changed since.
async fn kept_path(client: &Client, name: &str) -> Option<String> {
    activities::unchanged(client, &name_key(client, name), &NAME_STAMPS, SignedDuration::MAX).await
}

/// Names of Trakt's lists that FlexGet takes for lists that the user has made.
const LATER_NAMES: [&str; 9] = [
    "favorites",
    "favourites",
    "recommendations",
    "anticipated",
    "boxoffice",
    "hot",
    "streaming",
    "played",
    "favorited",
];

/// Warns if the account has made a list that bears the name of one of Trakt's.
///
/// FlexGet means the user's list by such a name, where it knows none of Trakt's.
pub async fn warn_of_namesake(client: &Client, name: &str) {
    let Some(account) = client.account().filter(|_| LATER_NAMES.contains(&name.to_lowercase().as_str())) else {
        return;
    };
    if own_lists_named_as_built_in(client).await.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        let said =
            format!("`{name}` is Trakt's list of that name; the list that `{account}` has made is `list:{name}`");
        client.cx().warn(said);
    }
}

/// Returns the names of own lists that are names of Trakt's lists.
///
/// They are remembered for as long as Trakt says that no list has changed.
async fn own_lists_named_as_built_in(client: &Client) -> Rc<Vec<String>> {
    let account = client.account().unwrap_or_default();
    let known = client.cx().run_cache.of::<RefCell<Option<Rc<Vec<String>>>>>(&format!("trakt namesakes {account}"));
    if let Some(names) = known.borrow().clone() {
        return names;
    }
    let names = Rc::new(ask_for_namesakes(client).await);
    *known.borrow_mut() = Some(Rc::clone(&names));
    names
}

async fn ask_for_namesakes(client: &Client) -> Vec<String> {
    let key = CacheKey { topic: "namesakes".to_owned(), ..name_key(client, "") };
    if let Some(names) = activities::unchanged(client, &key, &NAME_STAMPS[..1], SignedDuration::MAX).await {
        return names;
    }
    let lists = match lists_of(client, "me").await {
        Ok(lists) => lists,
        Err(error) => {
            tracing::info!(target: "trakt_list", "own lists with the name of a built-in one are unknown: {error}");
            return Vec::new();
        }
    };
    let names: Vec<String> =
        lists.0.iter().map(|list| list.name.trim().to_owned()).filter(|name| is_built_in(name)).collect();
    if let Some(began) = lists.1 {
        CachedResponse::keep(client.cx(), &key, &Head::new(began), &names);
    }
    names
}

/// Checks whether a name means a list of Trakt's unless it is written `list:NAME`.
pub fn is_built_in(name: &str) -> bool {
    Source::parse(name).is_ok_and(|source| !matches!(source, Source::Personal(_)))
}

fn known_lists(client: &Client, user: &str) -> Rc<Known> {
    client.cx().run_cache.of::<Known>(&format!("trakt lists {} {user}", client.account().unwrap_or_default()))
}

async fn lists_of(client: &Client, user: &str) -> Result<Rc<(Vec<ListSummary>, Option<Timestamp>)>> {
    let known = known_lists(client, user);
    if let Some(lists) = known.borrow().clone() {
        return Ok(lists);
    }
    let path = format!("users/{user}/lists");
    let lists = match paging::read(client, Listing::new(&path, &[], Extent::Whole)).await {
        Ok(lists) => Rc::new((lists.rows, lists.began)),
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
        .find(|list| list.name.trim() == name)
        .or_else(|| lists.iter().find(|list| list.name.trim().to_lowercase() == name.to_lowercase()))
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
    let segments: Vec<&str> = path.split('/').collect();
    let (user, list) = match (&fault, segments.as_slice()) {
        (Fault::NotFound, ["users", user, "lists", list, ..]) => (*user, *list),
        (Fault::NoSuchUser, ["users", user, ..]) => return no_such_user(user),
        // Without an account a 403 is about the API key.
        (Fault::Unauthorized { .. } | Fault::Forbidden, ["users", user, rest @ ..])
            if *user != "me" && (client.account().is_some() || !matches!(fault, Fault::Forbidden)) =>
        {
            return not_visible(
                client,
                user,
                if let ["lists", list, ..] = rest { list } else { rest.first().unwrap_or(&"profile") },
            );
        }
        _ => return Error::from(fault),
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
        _ if names.iter().any(|known| known.trim() == name) => {
            "it was there a moment ago: look whether it was deleted, and run again".to_owned()
        }
        ([], []) => "check the name and the owner; a private list needs an `account` that may see it".to_owned(),
        ([], names) => format!("the lists are: {}", names.iter().take(20).copied().collect::<Vec<_>>().join(", ")),
        (near, _) => {
            format!("did you mean {}?", near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "))
        }
    };
    Error::new(format!("`{user}` has no Trakt list `{name}`")).hint(hint)
}

/// Explains that a list of another user is private.
fn not_visible(client: &Client, user: &str, list: &str) -> Error {
    let error = Error::new(format!("the list `{list}` of Trakt user `{user}` is private"));
    match client.account() {
        Some(account) => error.hint(format!("account `{account}` may not see it: ask `{user}` to share it")),
        None => error.hint("set `account` to a name stored by `flexget-rs trakt auth NAME` that may see it"),
    }
}

/// Builds the error for an unknown user.
pub fn no_such_user(user: &str) -> Error {
    Error::new(format!("there is no Trakt user `{user}`, or the profile is private")).hint(
        "use the name in the address of the user's profile page; a private profile needs an `account` that may see it",
    )
}
