//! Movies and shows by whatever tells which one is meant: an id, or a name and a year.
//!
//! What a list has told in this run is not asked again. What was asked is kept, under every id that Trakt gave it in the
//! namespace of its kind, and for as long as it is likely to stay true; so is that something was not found. What is kept beyond
//! its time is used only where Trakt cannot be asked.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use flexget_core::context::store::{Edits, NewRecord, Record};
use flexget_core::prelude::*;
use jiff::{SignedDuration, Timestamp};

use crate::titles::media::{Ids, Kind, Media};
use crate::trakt::account_state::each;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::{Row, Work};
use crate::trakt::matching;

/// The kind of collection in the store that holds titles.
pub const COLLECTION: &str = "trakt titles";

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How many titles are kept; the oldest go first.
const MOST_TITLES: usize = 10_000;
/// How many answers about people, and about translations, are kept.
const MOST_ANSWERS: usize = 2_000;
/// For so long beyond its time an answer is kept in case Trakt cannot be asked.
pub(super) const GRACE: SignedDuration = SignedDuration::from_hours(24 * 90);

/// What is known of a title: the work, or that there is none.
pub type Found = Result<Rc<Work>, String>;

/// What this run knows: what lists have told, and what was asked.
type Heard = RefCell<HashMap<String, Found>>;

/// Notes the movies and shows of a list that was read: they need not be asked for.
pub fn heard(cx: &Context, rows: &[Row]) {
    let heard = cx.run_cache.of::<Heard>("trakt titles");
    let mut heard = heard.borrow_mut();
    for row in rows {
        let works =
            [row.movie.as_ref().map(|work| (Kind::Movie, work)), row.show.as_ref().map(|work| (Kind::Show, work))];
        // The show of an episode may come without its details.
        let is_full = |work: &Work| work.updated_at.is_some() || work.status.is_some();
        for (kind, work) in works.into_iter().flatten().filter(|(_, work)| is_full(work)) {
            let work = Rc::new(work.clone());
            for key in keys_of(kind, &work.ids) {
                heard.entry(key).or_insert_with(|| Ok(Rc::clone(&work)));
            }
        }
    }
}

/// The kind of work that a medium is or belongs to.
pub fn work_kind(media: &Media) -> Kind {
    if media.kind == Kind::Movie { Kind::Movie } else { Kind::Show }
}

/// The keys under which a work is kept, the surest first.
fn keys_of(kind: Kind, ids: &Ids) -> Vec<String> {
    let word = kind.word();
    let number = |space: &str, id: Option<i64>| id.map(|id| format!("{word} {space} {id}"));
    [
        number("trakt", ids.trakt),
        ids.slug.as_ref().map(|slug| format!("{word} slug {slug}")),
        ids.imdb.as_ref().map(|id| format!("{word} imdb {id}")),
        number("tmdb", ids.tmdb),
        number("tvdb", ids.tvdb),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The keys by which a medium is looked for, the surest first; the name only where there is no id.
fn wanted_keys(media: &Media) -> Vec<String> {
    let kind = work_kind(media);
    let keys = keys_of(kind, &media.ids);
    match &media.name {
        Some(name) if keys.is_empty() => {
            let year = media.year.map(|year| year.to_string()).unwrap_or_default();
            vec![format!("{} name {} ({year})", kind.word(), matching::folded(name))]
        }
        _ => keys,
    }
}

/// Whether a work that is known by the key at `at` may be the one that is wanted: no surer id says otherwise.
fn agrees(kind: Kind, work: &Work, wanted: &[String], at: usize) -> bool {
    let space = |key: &str| key.rsplit_once(' ').map(|(space, _)| space.to_owned());
    let own = keys_of(kind, &work.ids);
    wanted[..at].iter().all(|surer| !own.iter().any(|key| space(key) == space(surer) && key != surer))
}

/// The works that these media are or belong to, in order. Each is asked for once, and only if nobody has told of it.
pub async fn find(client: &Client, media: &[Media]) -> Vec<Found> {
    let cx = client.cx();
    let wanted: Vec<Vec<String>> = media.iter().map(wanted_keys).collect();
    let mut answers: HashMap<&str, Found> = HashMap::new();
    let known = cx.run_cache.of::<Heard>("trakt titles");
    {
        let known = known.borrow();
        for (keys, media) in wanted.iter().zip(media) {
            if let (Some(first), Some(found)) = (keys.first(), among(keys, media, |key| known.get(key).cloned())) {
                answers.insert(first, found);
            }
        }
    }
    let mut old = recall(cx, media, &wanted, &mut answers);
    let mut asked: HashSet<&str> = HashSet::new();
    let ask: Vec<(&str, &Media)> = wanted
        .iter()
        .zip(media)
        .filter_map(|(keys, media)| Some((keys.first()?.as_str(), media)))
        .filter(|(first, _)| !answers.contains_key(first) && asked.insert(first))
        .collect();
    let told = each(client, "titles", &ask, async |(_, media): &(&str, &Media)| fetch(client, media).await).await;
    let mut fresh: Vec<Fresh<'_>> = Vec::new();
    let mut outdated = 0;
    for ((key, media), answer) in ask.into_iter().zip(told) {
        let answer = match answer {
            Ok(work) => {
                let work = work.map(Rc::new);
                fresh.push(Fresh { asked: key, kind: work_kind(media), work: work.clone() });
                let found = work.ok_or_else(|| not_found(media));
                known.borrow_mut().insert(key.to_owned(), found.clone());
                found
            }
            Err(reason) => old.remove(key).map(Ok).inspect(|_| outdated += 1).unwrap_or(Err(reason)),
        };
        answers.insert(key, answer);
    }
    if outdated > 0 {
        let titles = if outdated == 1 { "title" } else { "titles" };
        cx.warn(format!("Trakt cannot be asked; what it said earlier of {outdated} {titles} is used"));
    }
    if let Err(error) = keep(cx, &fresh) {
        // A cache that cannot be written costs a request next time and nothing else.
        tracing::debug!(target: "trakt_lookup", "not kept: {error}");
    }
    for fresh in &fresh {
        let keys =
            fresh.work.iter().flat_map(|work| keys_of(fresh.kind, &work.ids).into_iter().map(move |key| (key, work)));
        known.borrow_mut().extend(keys.map(|(key, work)| (key, Ok(Rc::clone(work)))));
    }
    wanted
        .iter()
        .zip(media)
        .map(|(keys, media)| {
            let found = keys.first().and_then(|key| answers.get(key.as_str())).cloned();
            found.unwrap_or_else(|| Err(format!("nothing tells which {} it is", work_kind(media).word())))
        })
        .collect()
}

/// What is known by any of these keys, the surest first. That nothing was found counts only for the surest.
fn among(keys: &[String], media: &Media, known: impl Fn(&str) -> Option<Found>) -> Option<Found> {
    keys.iter().enumerate().find_map(|(at, key)| match known(key)? {
        Ok(work) => agrees(work_kind(media), &work, keys, at).then_some(Ok(work)),
        Err(reason) => (at == 0).then_some(Err(reason)),
    })
}

/// What was asked just now, and what it was.
struct Fresh<'a> {
    asked: &'a str,
    kind: Kind,
    work: Option<Rc<Work>>,
}

/// Answers from what is kept, and gives what is kept beyond its time.
fn recall<'a>(
    cx: &Context,
    media: &[Media],
    wanted: &'a [Vec<String>],
    answers: &mut HashMap<&'a str, Found>,
) -> HashMap<&'a str, Rc<Work>> {
    let now = cx.clock.now();
    let mut old = HashMap::new();
    // Almost always the surest key finds it, so the others are looked up only for those that it does not find.
    for only_first in [true, false] {
        let open: Vec<usize> = (0..wanted.len())
            .filter(|at| wanted[*at].first().is_some_and(|first| !answers.contains_key(first.as_str())))
            .collect();
        let count = if only_first { 1 } else { usize::MAX };
        let keys: Vec<&String> = open.iter().flat_map(|at| wanted[*at].iter().take(count)).collect();
        if keys.is_empty() {
            return old;
        }
        let records = cx.store.shared_collection(COLLECTION, "").find(&keys).unwrap_or_default();
        let mut valid: HashMap<String, Found> = HashMap::new();
        let mut expired: HashMap<String, Found> = HashMap::new();
        for Record { keys, data, expires, .. } in records {
            let is_valid = !cx.no_cache && expires.is_none_or(|expires| expires > now);
            let found: Found = match Option::<Work>::deserialize(data) {
                Ok(Some(work)) => Ok(Rc::new(work)),
                Ok(None) if is_valid => Err("Trakt did not know it when it was asked some time ago".to_owned()),
                _ => continue,
            };
            let place = if is_valid { &mut valid } else { &mut expired };
            place.extend(keys.into_iter().map(|key| (key, found.clone())));
        }
        for at in open {
            let (keys, first) = (&wanted[at], wanted[at][0].as_str());
            if let Some(found) = among(keys, &media[at], |key| valid.get(key).cloned()) {
                let found = found.map_err(|reason| format!("{}: {reason}", not_found(&media[at])));
                answers.insert(first, found);
            } else if let Some(Ok(work)) = among(keys, &media[at], |key| expired.get(key).cloned()) {
                old.insert(first, work);
            }
        }
    }
    old
}

fn not_found(media: &Media) -> String {
    let name = media.name.clone().unwrap_or_default();
    format!("Trakt has no {} that is surely `{name}`", work_kind(media).word())
}

/// As few requests for one title as there can be: mostly one. `None` is Trakt's answer that it does not know it.
///
/// What is found by one thing must not contradict a surer one that is known of it.
async fn fetch(client: &Client, media: &Media) -> Result<Option<Work>, Fault> {
    let kind = work_kind(media);
    let (word, group) = (kind.word(), format!("{}s", kind.word()));
    let wanted = wanted_keys(media);
    let full = ("extended", "full".to_owned());
    let own = media.ids.trakt.map(|id| id.to_string()).or_else(|| media.ids.slug.clone().filter(|slug| is_slug(slug)));
    let is_own = own.is_some();
    if let Some(id) = own.or_else(|| media.ids.imdb.clone().filter(|id| is_imdb(id))) {
        match client.get::<Work>(&format!("{group}/{id}"), std::slice::from_ref(&full)).await {
            Ok(work) if work.ids.trakt.is_some() => return Ok(Some(work)),
            Ok(_) => {
                return Err(Fault::UnexpectedResponse(crate::trakt::api::client::strange(&format!("{group}/{id}"))));
            }
            // An id of Trakt's own that it does not know is an answer; others it may not have heard of.
            Err(Fault::NotFound) if is_own => return Ok(None),
            Err(Fault::NotFound) => {}
            Err(fault) => return Err(fault),
        }
    }
    let numbers = [media.ids.tmdb.map(|id| ("tmdb", id)), media.ids.tvdb.map(|id| ("tvdb", id))];
    // Trakt knows no movies by TVDB.
    for (space, id) in numbers.into_iter().flatten().filter(|(space, _)| kind == Kind::Show || *space != "tvdb") {
        let query = [("type", word.to_owned()), full.clone()];
        let rows: Vec<Row> = client.get(&format!("search/{space}/{id}"), &query).await?;
        let mut works = rows.into_iter().filter_map(|row| work_of(row, kind));
        let at = wanted.iter().position(|key| *key == format!("{word} {space} {id}")).unwrap_or(wanted.len());
        if let Some(work) = works.find(|work| agrees(kind, work, &wanted, at)) {
            return Ok(Some(work));
        }
    }
    let Some(name) = &media.name else { return Ok(None) };
    let mut query = vec![("query", matching::escaped(name)), ("limit", "10".to_owned()), full];
    // A year may be that of the release elsewhere.
    query.extend(media.year.map(|year| ("years", format!("{}-{}", year - 1, year + 1))));
    let rows: Vec<Row> = client.get(&format!("search/{word}"), &query).await?;
    let works = rows.into_iter().filter_map(|row| work_of(row, kind));
    let works = works.filter(|work| agrees(kind, work, &wanted, wanted.len()));
    Ok(matching::best(works, name, media.year))
}

/// Whether it can stand in an address; one of digits alone would be taken for a number of Trakt's.
fn is_slug(slug: &str) -> bool {
    slug.bytes().any(|byte| !byte.is_ascii_digit())
        && slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_imdb(id: &str) -> bool {
    id.strip_prefix("tt").is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn work_of(row: Row, kind: Kind) -> Option<Work> {
    if kind == Kind::Movie { row.movie } else { row.show }
}

/// Keeps answers, in the place of older ones.
fn keep(cx: &Context, fresh: &[Fresh<'_>]) -> Result<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    let now = cx.clock.now();
    let keys_to_keep = |fresh: &Fresh<'_>| {
        let mut keys = fresh.work.as_ref().map(|work| keys_of(fresh.kind, &work.ids)).unwrap_or_default();
        if !keys.iter().any(|key| key == fresh.asked) {
            keys.push(fresh.asked.to_owned());
        }
        keys
    };
    let keys: Vec<Vec<String>> = fresh.iter().map(keys_to_keep).collect();
    let all: Vec<&String> = keys.iter().flatten().collect();
    let collection = cx.store.shared_collection(COLLECTION, "");
    collection.edit(&all, |old| {
        let mut ages: HashMap<&str, SignedDuration> = HashMap::new();
        for record in old.iter().filter(|record| record.data.is_null()) {
            let age = record.expires.map_or(DAY, |expires| expires.duration_since(record.added));
            ages.extend(record.keys.iter().map(|key| (key.as_str(), age)));
        }
        let mut taken: HashSet<String> = HashSet::new();
        let insert = fresh.iter().zip(&keys).filter_map(|(fresh, keys)| {
            // Two that were asked for may be one.
            let keys: Vec<String> = keys.iter().filter(|key| taken.insert((*key).clone())).cloned().collect();
            let lifetime = match &fresh.work {
                Some(work) => lifetime(work, now),
                // What is still not known is asked about less and less often.
                None => ages.get(fresh.asked).map_or(DAY, |age| (*age * 2).min(DAY * 7)),
            };
            let data = NewRecord::data(&fresh.work.as_deref());
            (!keys.is_empty()).then(|| NewRecord { keys, data, added: now, expires: now.checked_add(lifetime).ok() })
        });
        let insert: Vec<NewRecord> = insert.collect();
        (Edits { remove: old.iter().map(|record| record.id).collect(), update: Vec::new(), insert }, ())
    })?;
    collection.prune(Some(MOST_TITLES), now - GRACE).map(drop)
}

/// The answer of an address that seldom changes (people, translations), kept for a month.
///
/// # Errors
/// Trakt could not be asked, and nothing is kept. That there is nothing is the default of `T`.
pub async fn cached<T>(client: &Client, what: &str, path: &str) -> Result<T, Fault>
where
    T: serde::de::DeserializeOwned + Serialize + Default,
{
    let cx = client.cx();
    let collection = cx.store.shared_collection(COLLECTION, what);
    let now = cx.clock.now();
    let record = collection.find(&[path]).unwrap_or_default().into_iter().next();
    let is_valid = |record: &Record| !cx.no_cache && record.expires.is_none_or(|expires| expires > now);
    if let Some(answer) =
        record.as_ref().filter(|record| is_valid(record)).and_then(|record| T::deserialize(&record.data).ok())
    {
        return Ok(answer);
    }
    let answer: T = match client.get(path, &[]).await {
        Ok(answer) => answer,
        Err(Fault::NotFound) => T::default(),
        Err(fault) => {
            let Some(answer) = record.and_then(|record| T::deserialize(record.data).ok()) else { return Err(fault) };
            cx.warn(format!("Trakt cannot be asked; what it said earlier of {what} is used"));
            return Ok(answer);
        }
    };
    let data = NewRecord::data(&answer);
    let new = NewRecord { keys: vec![path.to_owned()], data, added: now, expires: now.checked_add(DAY * 30).ok() };
    let replaced = |old: Vec<Record>| {
        let remove = old.iter().map(|record| record.id).collect();
        (Edits { remove, update: Vec::new(), insert: vec![new] }, ())
    };
    let written = collection.edit(&[path], replaced);
    if let Err(error) = written.and_then(|()| collection.prune(Some(MOST_ANSWERS), now - GRACE)) {
        tracing::debug!(target: "trakt_lookup", "not kept: {error}");
    }
    Ok(answer)
}

/// How long an answer is likely to stay true: what has ended seldom changes, what is on air or to come does.
fn lifetime(work: &Work, now: Timestamp) -> SignedDuration {
    let is_over = matches!(work.status.as_deref(), Some("ended" | "canceled"));
    let released = work.released.and_then(|day| Value::Date(day).moment());
    match released {
        _ if is_over => DAY * 30,
        Some(released) if now.duration_since(released) > DAY * 365 => DAY * 60,
        Some(released) if now.duration_since(released) > DAY * 30 => DAY * 14,
        _ => DAY * 2,
    }
}
