//! Reads lists of Trakt, whole, in the fewest requests.
//!
//! A list that belongs to the account is kept between runs. Trakt says in one small answer when each kind of list was last
//! changed (`sync/last_activities`); if that was before the list was read, what is kept is the list. A list that somebody has
//! made is kept whoever has made it, because it says itself when it was last changed. In any case a list is read again after a
//! day, because what it tells of its movies and shows grows old though the list stays the same.

use std::cell::RefCell;

use flexget_core::context::store::{Collection, Edits, NewRecord, Record};
use flexget_core::prelude::*;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::titles::media::Kind;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::Row;
use crate::trakt::lists::catalogue::{self, Source, locate, look_elsewhere, no_such_user, user_slug};
use crate::trakt::titles;

/// The kind of collection in the store that holds lists.
pub const COLLECTION: &str = "trakt lists";

/// For so long after a change Trakt may go on showing the list as it was.
const STALE: SignedDuration = SignedDuration::from_mins(5);

/// For so long what was read is kept, so that what nobody reads any more goes one day.
pub(in crate::trakt) const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// For so long the details of what is on a list are believed. Trakt says when a list was changed, but not that a show on it has ended.
const DETAILS: SignedDuration = SignedDuration::from_hours(24);

/// What to read.
pub struct Reading<'a> {
    /// Which list.
    pub source: &'a Source,
    /// Whose, where it is not the account's user.
    pub username: Option<&'a str>,
    /// The kind of items to read; all that there are where it is not said.
    pub kind: Option<Kind>,
    /// How many are enough.
    pub wanted: Option<usize>,
    /// Of which time a chart is: `daily`, `weekly`, `monthly`, `all`.
    pub period: Option<&'a str>,
}

impl Reading<'_> {
    /// Reads the rows, each item once.
    ///
    /// # Errors
    /// The list could not be read as a whole.
    pub async fn rows(&self, client: &Client) -> Result<Vec<Row>> {
        let mut rows: Vec<Row> = Vec::new();
        for kind in self.kinds() {
            for row in self.raw(client, kind).await? {
                // A row that cannot be read is left out rather than the whole list: Trakt adds kinds of items without notice.
                match serde_json::from_value::<Row>(wrapped(row, kind)) {
                    Ok(row) => rows.push(row),
                    Err(error) => {
                        tracing::info!(target: "trakt_list", "an item of the list cannot be understood: {error}")
                    }
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        rows.retain(|row| row.id.is_none_or(|id| seen.insert(id)));
        titles::remember_titles(client.cx(), &rows);
        Ok(rows)
    }

    /// The kinds that have to be asked for one by one.
    fn kinds(&self) -> Vec<Option<Kind>> {
        match self.kind {
            None if self.source.is_by_kind() => vec![Some(Kind::Movie), Some(Kind::Show)],
            kind => vec![kind],
        }
    }

    async fn raw(&self, client: &Client, kind: Option<Kind>) -> Result<Vec<Json>> {
        let path = self.path(client, kind).await?;
        let extended = if *self.source == Source::Collection { "full,metadata" } else { "full" };
        let mut query = vec![("extended", extended.to_owned())];
        if matches!(self.source, Source::Watchlist | Source::Personal(_)) {
            // Lists that are sorted otherwise were seen to change their order from page to page.
            query.extend([("sort_by", "rank".to_owned()), ("sort_how", "asc".to_owned())]);
        }
        let kept = Kept::of(self, client, &path);
        if let Some(kept) = &kept
            && let Some(rows) = kept.valid(client, self.source).await
        {
            tracing::debug!(target: "trakt_list", "unchanged since it was read: {path}");
            return Ok(rows);
        }
        let walk = match (client.walk::<Json>(&path, &query, self.wanted).await, self.source) {
            (Ok(walk), _) => walk,
            (Err(Fault::NotFound), Source::Personal(personal)) => {
                look_elsewhere(client, self.username, personal).await?;
                let path = self.path(client, kind).await?;
                match client.walk(&path, &query, self.wanted).await {
                    Ok(walk) => walk,
                    Err(fault) => return Err(self.explain(client, &path, fault).await),
                }
            }
            (Err(fault), _) => return Err(self.explain(client, &path, fault).await),
        };
        // The time is Trakt's, because it is compared with times of Trakt's: a clock that is wrong here must not make a
        // list that has changed look unchanged.
        if let (Some(kept), Some(read_at), None) = (kept, walk.began, self.wanted) {
            kept.keep(client.cx(), read_at, &walk.items)?;
        }
        Ok(walk.items)
    }

    async fn explain(&self, client: &Client, path: &str, fault: Fault) -> Error {
        match (fault, self.username) {
            (Fault::NotFound | Fault::NoSuchUser, Some(user)) if !matches!(self.source, Source::Personal(_)) => {
                no_such_user(&user_slug(user))
            }
            (fault, _) => catalogue::explain(client, path, fault).await,
        }
    }

    /// The address to read.
    async fn path(&self, client: &Client, kind: Option<Kind>) -> Result<String> {
        let plural = |kind: Kind| format!("{}s", kind.word());
        let segment = kind.map(|kind| format!("/{}", plural(kind))).unwrap_or_default();
        let base = match self.username {
            Some(user) => format!("users/{}", user_slug(user)),
            None => "sync".to_owned(),
        };
        let works = if kind == Some(Kind::Show) { "shows" } else { "movies" };
        Ok(match self.source {
            Source::Watchlist => format!("{base}/watchlist{segment}"),
            Source::Favorites => format!("{base}/favorites{segment}"),
            Source::Collection => format!("{base}/collection{segment}"),
            Source::Watched => format!("{base}/watched{segment}"),
            Source::History => format!("{base}/history{segment}"),
            Source::Ratings => format!("{base}/ratings{segment}"),
            Source::Recommendations => format!("recommendations/{works}"),
            Source::Chart(chart @ ("played" | "collected" | "favorited" | "streaming")) => match self.period {
                Some(period) => format!("{works}/{chart}/{period}"),
                None => format!("{works}/{chart}"),
            },
            Source::Chart(chart) => format!("{works}/{chart}"),
            Source::Personal(personal) => {
                let list = locate(client, self.username, personal).await?;
                let segment = kind.map(|kind| format!("/{}", kind.word())).unwrap_or_default();
                format!("{list}/items{segment}")
            }
        })
    }
}

/// A row of a chart may be the movie or show itself.
fn wrapped(row: Json, kind: Option<Kind>) -> Json {
    let is_bare = row.get("ids").is_some() && row.get("movie").is_none() && row.get("show").is_none();
    match kind {
        Some(kind @ (Kind::Movie | Kind::Show)) if is_bare => json!({ (kind.word()): row }),
        _ => row,
    }
}

/// What is kept of a list from one run to the next.
struct Kept {
    collection: Collection,
    account: String,
    /// Whether `last_activities` tells of this list: it is the account's own.
    is_own: bool,
    /// The address where a list that somebody has made says when it was changed.
    list: Option<String>,
}

/// What of `last_activities` tells whether a list has changed.
fn stamps(source: &Source) -> &'static [&'static str] {
    match source {
        Source::Watchlist => &[
            "/watchlist/updated_at",
            "/movies/watchlisted_at",
            "/shows/watchlisted_at",
            "/seasons/watchlisted_at",
            "/episodes/watchlisted_at",
        ],
        Source::Favorites => &["/favorites/updated_at", "/movies/favorited_at", "/shows/favorited_at"],
        Source::Collection => &["/movies/collected_at", "/episodes/collected_at"],
        Source::Watched | Source::History => &["/movies/watched_at", "/episodes/watched_at"],
        Source::Ratings => &["/movies/rated_at", "/shows/rated_at", "/seasons/rated_at", "/episodes/rated_at"],
        Source::Personal(_) => &["/lists/updated_at"],
        Source::Recommendations | Source::Chart(_) => &[],
    }
}

/// More rows than one page of them: then asking whether a list has changed costs less than reading it.
const PAGE: usize = 250;

impl Kept {
    /// The place for what is kept, if something tells whether it is still what Trakt has.
    fn of(reading: &Reading<'_>, client: &Client, path: &str) -> Option<Self> {
        let list = match reading.source {
            Source::Personal(_) => Some(path.split_once("/items").map_or(path, |(list, _)| list).to_owned()),
            _ => None,
        };
        let is_own = client.account().is_some()
            && reading.username.is_none()
            && !stamps(reading.source).is_empty()
            && list.as_ref().is_none_or(|list| list.starts_with("users/me/lists/"));
        // What nobody in particular has asked for is kept under no account's name.
        let account = client.account().unwrap_or_default();
        (is_own || list.is_some()).then(|| Self {
            collection: client.cx().store.shared_collection(COLLECTION, &format!("{account} {path}")),
            account,
            is_own,
            list,
        })
    }

    /// What is kept, if nothing has changed since. What cannot be told has changed.
    async fn valid(&self, client: &Client, source: &Source) -> Option<Vec<Json>> {
        if client.cx().no_cache {
            return None;
        }
        let records = self.collection.all().ok()?;
        let (head, rows) = records.split_first()?;
        if client.cx().clock.now().duration_since(head.added) >= DETAILS {
            return None;
        }
        let of_account = if self.is_own { stamps_now(client, stamps(source)).await } else { None };
        let mut is_valid = of_account.as_ref().is_some_and(|now| is_unchanged(head, STAMPS, now));
        let mut notes: Vec<(&str, Json)> = of_account.into_iter().map(|now| (STAMPS, now)).collect();
        if !is_valid && let Some(list) = self.list.as_ref().filter(|_| !self.is_own || rows.len() > PAGE) {
            // One stamp is for all lists of an account, so that another list may have changed.
            let changed = json!([catalogue::summary(client, list).await?.updated_at?]);
            is_valid = is_unchanged(head, CHANGED, &changed);
            notes.push((CHANGED, changed));
        }
        (is_valid && note(&self.collection, head, notes)?)
            .then(|| rows.iter().map(|record| record.data.clone()).collect())
    }

    fn keep(&self, cx: &Context, read_at: Timestamp, rows: &[Json]) -> Result<()> {
        keep(cx, &self.collection, &self.account, read_at, rows)
    }
}

/// Keeps what was read, after a head that tells when.
fn keep(cx: &Context, collection: &Collection, account: &str, read_at: Timestamp, rows: &[Json]) -> Result<()> {
    let expires = read_at.checked_add(KEPT).ok();
    let record = |data: &Json| NewRecord { keys: Vec::new(), data: NewRecord::data(data), added: read_at, expires };
    let head = record(&json!({ "account": account, "read_at": read_at.to_string() }));
    let rows = rows.iter().map(record);
    collection.replace_all(&std::iter::once(head).chain(rows).collect::<Vec<_>>())?;
    cx.store.prune_kind(COLLECTION, cx.clock.now()).map(drop)
}

/// All rows of an address that tells of the account's own user. Those that are kept are given if nothing that these stamps of `last_activities`
/// tell of has changed, and they were read less than `good_for` ago: not everything that changes an answer is a doing of the user.
///
/// # Errors
/// It could not be read as a whole.
pub async fn own_rows(
    client: &Client,
    path: &str,
    query: &[(&str, String)],
    stamps: &[&str],
    good_for: SignedDuration,
) -> Result<Vec<Json>, Fault> {
    let cx = client.cx();
    let account = client.account().unwrap_or_default();
    let collection = cx.store.shared_collection(COLLECTION, &format!("{account} {path}"));
    if !cx.no_cache
        && let Ok(records) = collection.all()
        && let Some((head, rows)) = records.split_first()
        && cx.clock.now().duration_since(head.added) < good_for
        && let Some(now) = stamps_now(client, stamps).await
        && is_unchanged(head, STAMPS, &now)
        && note(&collection, head, vec![(STAMPS, now)]) == Some(true)
    {
        return Ok(rows.iter().map(|record| record.data.clone()).collect());
    }
    let walk = client.walk::<Json>(path, query, None).await?;
    if let Some(read_at) = walk.began
        && let Err(error) = keep(cx, &collection, &account, read_at, &walk.items)
    {
        tracing::debug!(target: "trakt", "not kept: {error}");
    }
    Ok(walk.items)
}

/// What a record notes of `last_activities`.
const STAMPS: &str = "stamps";

/// What a record notes of the list itself.
const CHANGED: &str = "changed";

/// What `last_activities` says at these places; `None` if it does not say it of all.
async fn stamps_now(client: &Client, stamps: &[&str]) -> Option<Json> {
    let activities = activities(client).await?;
    let now: Option<Vec<Json>> = stamps.iter().map(|stamp| activities.pointer(stamp).cloned()).collect();
    now.map(Json::from)
}

/// Whether nothing that these stamps tell of has changed since a record was made: they are what the record notes of them under
/// this name; or, where it notes nothing, well before its time.
fn is_unchanged(head: &Record, name: &str, now: &Json) -> bool {
    let Some(read_at) = head.data.get("read_at").and_then(Json::as_str).and_then(|at| at.parse::<Timestamp>().ok())
    else {
        return false;
    };
    let is_old = |stamp: &Json| match stamp.as_str().map(str::parse::<Timestamp>) {
        Some(Ok(at)) => at + STALE < read_at,
        Some(Err(_)) => false,
        None => stamp.is_null(),
    };
    match head.data.get(name) {
        // A stamp may go back when a play is removed, so they are compared for being the same.
        Some(then) => then == now,
        None => now.as_array().is_some_and(|now| now.iter().all(is_old)),
    }
}

/// Notes stamps in a record that was found to be valid: they tell more surely than its time. Says whether it is still there.
fn note(collection: &Collection, head: &Record, notes: Vec<(&str, Json)>) -> Option<bool> {
    let is_news = |(name, now): &(&str, Json)| head.data.get(name) != Some(now);
    if !notes.iter().any(is_news) {
        return Some(true);
    }
    let mut data = head.data.clone();
    notes.into_iter().for_each(|(name, now)| data[name] = now);
    let noted =
        NewRecord { keys: head.keys.clone(), data: NewRecord::data(&data), added: head.added, expires: head.expires };
    collection.update(head.id, &noted).ok()
}

/// What tells whether a name may mean another list than before.
const OF_NAMES: [&str; 3] = ["/lists/updated_at", "/lists/liked_at", "/collaborations/updated_at"];

fn addresses(client: &Client) -> Option<Collection> {
    let account = client.account()?;
    Some(client.cx().store.shared_collection(COLLECTION, &format!("{account} names")))
}

/// The address of the list of this name, if an earlier run has found it and no list has changed since.
pub async fn kept_address(client: &Client, name: &str) -> Option<String> {
    let collection = addresses(client).filter(|_| !client.cx().no_cache)?;
    let records = collection.find(&[name]).ok()?;
    let record = records.first()?;
    let now = stamps_now(client, &OF_NAMES).await?;
    let is_valid = is_unchanged(record, STAMPS, &now) && note(&collection, record, vec![(STAMPS, now)])?;
    is_valid.then(|| Some(record.data.get("path")?.as_str()?.to_owned()))?
}

/// Keeps the address of the list of this name; `began` is the time by Trakt's clock when the lists were asked for.
///
/// # Errors
/// The database cannot be used.
pub fn keep_address(client: &Client, name: &str, path: &str, began: Option<Timestamp>) -> Result<()> {
    let (Some(collection), Some(began)) = (addresses(client), began) else { return Ok(()) };
    let data = json!({ "path": path, "read_at": began.to_string() });
    let data = NewRecord::data(&data);
    let new = NewRecord { keys: vec![name.to_owned()], data, added: began, expires: began.checked_add(KEPT).ok() };
    collection.edit(&[name], |old| {
        let remove = old.iter().map(|record| record.id).collect();
        (Edits { remove, insert: vec![new], ..Edits::default() }, ())
    })
}

/// When what was last changed, asked for once in a run; `None` if Trakt does not say.
pub async fn activities(client: &Client) -> Option<Rc<Json>> {
    let account = client.account()?;
    let known = client.cx().run_cache.of::<RefCell<Option<Rc<Json>>>>(&format!("trakt activities {account}"));
    if let Some(activities) = known.borrow().clone() {
        return Some(activities);
    }
    match client.get::<Json>("sync/last_activities", &[]).await {
        Ok(activities) => {
            let activities = Rc::new(activities);
            *known.borrow_mut() = Some(Rc::clone(&activities));
            Some(activities)
        }
        Err(fault) => {
            tracing::info!(target: "trakt", "Trakt does not say what has changed: {}", fault.into_error());
            None
        }
    }
}

/// Forgets what is kept of all lists of an account, because one of them was changed: until Trakt shows the change, what it says is not to be believed.
///
/// # Errors
/// The database cannot be used.
pub fn forget(cx: &Context, account: &str) -> Result<()> {
    *cx.run_cache.of::<RefCell<Option<Rc<Json>>>>(&format!("trakt activities {account}")).borrow_mut() = None;
    crate::trakt::user_data::ask_again(cx, account);
    for (name, _) in cx.store.shared_collections(COLLECTION)? {
        if name.strip_prefix(account).is_some_and(|rest| rest.starts_with(' ')) {
            cx.store.shared_collection(COLLECTION, &name).drop()?;
        }
    }
    Ok(())
}
