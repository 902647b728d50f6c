//! Titles in the cache, and other responses about titles that change seldom.

use flexget_core::context::store::NewRecord;
use flexget_core::prelude::*;
use jiff::SignedDuration;

use super::keys::keys_of;
use crate::titles::media::Kind;
use crate::titles::media::ids::MediaIds;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::Work;
use crate::trakt::cache::{Facts, NewFact};

/// The kind of collection that holds titles.
pub const COLLECTION: &str = "trakt titles";

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Titles, by all their ids.
const TITLES: Facts = Facts { kind: COLLECTION, max_records: 10_000 };

/// Casts of titles, by the paths of the requests.
pub const PEOPLE: Facts = Facts { kind: "trakt people", max_records: 2_000 };

/// Translations of titles, by the paths of the requests.
pub const TRANSLATIONS: Facts = Facts { kind: "trakt translations", max_records: 2_000 };

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
    let mut stored = StoredTitles::default();
    for fact in TITLES.find(cx, keys) {
        let Ok(title) = Title::deserialize(fact.data) else { continue };
        let place = if fact.is_valid { &mut stored.valid } else { &mut stored.expired };
        place.extend(fact.keys.into_iter().map(|key| (key, title.clone())));
    }
    stored
}

/// Stores titles in the place of older records of the same titles.
pub fn write(cx: &Context, fresh: &[FreshTitle<'_>]) {
    if fresh.is_empty() {
        return;
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
    TITLES.replace(cx, &all, |old| {
        let (mut stored, mut taken, mut ages) = (Vec::new(), HashSet::new(), HashMap::new());
        for fact in old {
            let lifetime = fact.lifetime.unwrap_or(DAY);
            match Title::deserialize(&fact.data) {
                // Another title that shares an id of another service keeps it.
                Ok(Title::Found(other)) if !fresh.iter().any(|fresh| is_of(fresh, &other)) => {
                    taken.extend(fact.keys.iter().cloned());
                    stored.push(NewFact { keys: fact.keys, data: fact.data.to_string(), lifetime });
                }
                Ok(Title::Unknown(_)) => ages.extend(fact.keys.into_iter().map(|key| (key, lifetime))),
                _ => {}
            }
        }
        for (fresh, keys) in fresh.iter().zip(&keys) {
            // Two that were looked up may be one.
            let keys: Vec<String> = keys.iter().filter(|key| taken.insert((*key).clone())).cloned().collect();
            let lifetime = match &fresh.title {
                Title::Found(work) => lifetime(work, now),
                // A title that stays unknown is looked up less and less often.
                Title::Unknown(_) => {
                    ages.get(fresh.key).map_or(DAY, |age| age.saturating_mul(2).min(DAY.saturating_mul(7)))
                }
            };
            if !keys.is_empty() {
                stored.push(NewFact { keys, data: NewRecord::data(&fresh.title), lifetime });
            }
        }
        stored
    });
}

/// Tells whether a record is of the title that was looked up: the same number at Trakt.
fn is_of(fresh: &FreshTitle<'_>, stored: &Work) -> bool {
    matches!(&fresh.title, Title::Found(work) if work.ids.trakt == stored.ids.trakt)
}

/// Returns how long a response is likely to stay true: titles that have ended change seldom.
fn lifetime(work: &Work, now: Timestamp) -> SignedDuration {
    let details = work.details();
    let released = details.released.and_then(|day| Value::Date(day).moment());
    match released {
        _ if details.is_over() => DAY.saturating_mul(30),
        Some(released) if now.duration_since(released) > DAY.saturating_mul(365) => DAY.saturating_mul(60),
        Some(released) if now.duration_since(released) > DAY.saturating_mul(30) => DAY.saturating_mul(14),
        _ => DAY.saturating_mul(2),
    }
}

/// Reads a path whose response changes seldom, and keeps it for a month.
///
/// A path that Trakt does not know is the default of `T`.
///
/// # Errors
/// Trakt is unavailable, and the cache holds no response.
pub async fn cached<T>(client: &Client, facts: Facts, path: &str, query: &[(&str, String)]) -> Result<T, Fault>
where
    T: serde::de::DeserializeOwned + Serialize + Default,
{
    let cx = client.cx();
    let stored = facts.get::<T>(cx, path);
    if let Some((stored, true)) = stored {
        return Ok(stored);
    }
    let response: T = match client.get(path, query).await {
        Ok(response) => response,
        Err(Fault::NotFound) => T::default(),
        Err(fault) => {
            let (stored, _) = stored.ok_or(fault)?;
            let what = facts.kind.strip_prefix("trakt ").unwrap_or(facts.kind);
            cx.warn(format!("Trakt is unavailable: using {what} from an earlier run"));
            return Ok(stored);
        }
    };
    facts.keep(cx, path, &response, DAY.saturating_mul(30));
    Ok(response)
}
