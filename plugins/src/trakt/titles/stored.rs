//! Titles in the store, and other responses that change seldom.

use std::collections::{HashMap, HashSet};

use flexget_core::context::store::{Edits, NewRecord, Record};
use flexget_core::prelude::*;
use jiff::{SignedDuration, Timestamp};

use super::keys::keys_of;
use crate::titles::media::Kind;
use crate::titles::media::ids::MediaIds;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::Work;

/// The kind of collection that holds titles, and responses about them.
pub const COLLECTION: &str = "trakt titles";

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Most titles in the store; the oldest go first.
const MAX_TITLES: usize = 10_000;

/// Most responses about people, and about translations, in the store.
const MAX_RESPONSES: usize = 2_000;

/// How long an expired response is kept for when Trakt is unavailable.
pub(in crate::trakt) const GRACE: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The result of a lookup.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Title {
    /// The title that Trakt has.
    Found(Rc<Work>),
    /// Trakt has no title that is surely meant, but perhaps some that could be.
    Unknown(Vec<String>),
}

/// A title with the kind and the key by which it was looked up.
pub struct FreshTitle<'a> {
    /// Key of the lookup.
    pub key: &'a str,
    /// Kind that was looked for.
    pub kind: Kind,
    /// Result of the lookup.
    pub title: Title,
}

/// Titles in the store by their keys.
#[derive(Default)]
pub struct StoredTitles {
    /// Titles that are still valid.
    pub valid: HashMap<String, Title>,
    /// Titles to use only when Trakt is unavailable.
    pub expired: HashMap<String, Title>,
}

/// Reads the titles with these keys.
pub fn read(cx: &Context, keys: &[&String]) -> StoredTitles {
    let now = cx.clock.now();
    let mut stored = StoredTitles::default();
    // A store that cannot be read costs requests and nothing else.
    for Record { keys, data, expires, .. } in cx.store.shared_collection(COLLECTION, "").find(keys).unwrap_or_default()
    {
        let is_valid = !cx.no_cache && expires.is_none_or(|expires| expires > now);
        let Ok(title) = Title::deserialize(data) else { continue };
        let place = if is_valid { &mut stored.valid } else { &mut stored.expired };
        place.extend(keys.into_iter().map(|key| (key, title.clone())));
    }
    stored
}

/// Stores titles in the place of older records of the same titles.
///
/// # Errors
/// The store cannot be used.
pub fn write(cx: &Context, fresh: &[FreshTitle<'_>]) -> Result<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    let now = cx.clock.now();
    let keys_to_store = |fresh: &FreshTitle<'_>| {
        let mut keys = match &fresh.title {
            Title::Found(work) => keys_of(fresh.kind, &MediaIds::from(&work.ids)),
            Title::Unknown(_) => Vec::new(),
        };
        if !keys.iter().any(|key| key == fresh.key) {
            keys.push(fresh.key.to_owned());
        }
        keys
    };
    let keys: Vec<Vec<String>> = fresh.iter().map(keys_to_store).collect();
    let all: Vec<&String> = keys.iter().flatten().collect();
    let collection = cx.store.shared_collection(COLLECTION, "");
    collection.edit(&all, |old| {
        let (mut remove, mut taken, mut ages) = (Vec::new(), HashSet::new(), HashMap::new());
        for record in old {
            match Title::deserialize(&record.data) {
                // Another title that shares an id of another service keeps it.
                Ok(Title::Found(other)) if !fresh.iter().any(|fresh| is_of(fresh, &other)) => {
                    taken.extend(record.keys.iter().cloned());
                }
                title => {
                    if matches!(title, Ok(Title::Unknown(_))) {
                        let age = record.expires.map_or(DAY, |expires| expires.duration_since(record.added));
                        ages.extend(record.keys.iter().map(|key| (key.clone(), age)));
                    }
                    remove.push(record.id);
                }
            }
        }
        let insert = fresh.iter().zip(&keys).filter_map(|(fresh, keys)| {
            // Two that were looked up may be one.
            let keys: Vec<String> = keys.iter().filter(|key| taken.insert((*key).clone())).cloned().collect();
            let lifetime = match &fresh.title {
                Title::Found(work) => lifetime(work, now),
                // A title that stays unknown is looked up less and less often.
                Title::Unknown(_) => ages.get(fresh.key).map_or(DAY, |age| (*age * 2).min(DAY * 7)),
            };
            let data = NewRecord::data(&fresh.title);
            (!keys.is_empty()).then(|| NewRecord { keys, data, added: now, expires: now.checked_add(lifetime).ok() })
        });
        let insert: Vec<NewRecord> = insert.collect();
        (Edits { remove, update: Vec::new(), insert }, ())
    })?;
    collection.prune(Some(MAX_TITLES), now - GRACE).map(drop)
}

/// Tells whether a record is of the title that was looked up: the same number at Trakt.
fn is_of(fresh: &FreshTitle<'_>, stored: &Work) -> bool {
    matches!(&fresh.title, Title::Found(work) if work.ids.trakt == stored.ids.trakt)
}

/// Returns how long a response is likely to stay true: titles that have ended change seldom.
fn lifetime(work: &Work, now: Timestamp) -> SignedDuration {
    let released = work.released.and_then(|day| Value::Date(day).moment());
    match released {
        _ if work.is_over() => DAY * 30,
        Some(released) if now.duration_since(released) > DAY * 365 => DAY * 60,
        Some(released) if now.duration_since(released) > DAY * 30 => DAY * 14,
        _ => DAY * 2,
    }
}

/// Reads a path whose response changes seldom (people, translations), and keeps it for a month.
///
/// A path that Trakt does not know is the default of `T`.
///
/// # Errors
/// Trakt is unavailable, and the store holds no response.
pub async fn cached<T>(client: &Client, what: &str, path: &str, query: &[(&str, String)]) -> Result<T, Fault>
where
    T: serde::de::DeserializeOwned + Serialize + Default,
{
    let cx = client.cx();
    let collection = cx.store.shared_collection(COLLECTION, what);
    let now = cx.clock.now();
    let record = collection.find(&[path]).unwrap_or_default().into_iter().next();
    let is_valid = |record: &Record| !cx.no_cache && record.expires.is_none_or(|expires| expires > now);
    if let Some(stored) =
        record.as_ref().filter(|record| is_valid(record)).and_then(|record| T::deserialize(&record.data).ok())
    {
        return Ok(stored);
    }
    let response: T = match client.get(path, query).await {
        Ok(response) => response,
        Err(Fault::NotFound) => T::default(),
        Err(fault) => {
            let Some(stored) = record.and_then(|record| T::deserialize(record.data).ok()) else { return Err(fault) };
            cx.warn(format!("Trakt is unavailable: using {what} from an earlier run"));
            return Ok(stored);
        }
    };
    let data = NewRecord::data(&response);
    let new = NewRecord { keys: vec![path.to_owned()], data, added: now, expires: now.checked_add(DAY * 30).ok() };
    let replaced = |old: Vec<Record>| {
        let remove = old.iter().map(|record| record.id).collect();
        (Edits { remove, update: Vec::new(), insert: vec![new] }, ())
    };
    let written = collection.edit(&[path], replaced);
    if let Err(error) = written.and_then(|()| collection.prune(Some(MAX_RESPONSES), now - GRACE)) {
        tracing::debug!(target: "trakt_lookup", "not stored: {error}");
    }
    Ok(response)
}
