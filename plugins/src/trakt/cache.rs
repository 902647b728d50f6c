//! The cache for responses of Trakt between runs.
//!
//! There are two sorts. A [response](CachedResponse) is about a user: a list, what was watched, how
//! far a user is with shows. Trakt says when something of it was changed, so a response is valid
//! while that stays the same, and no longer than its reader allows. A [fact](Facts) is about a
//! title and is valid for a time.
//!
//! | kept | valid | stays for |
//! |---|---|---|
//! | lists | while unchanged, 24 hours at most | 90 days |
//! | watched, collected, rated | while unchanged; of shows 12 hours at most | 90 days |
//! | progress | while unchanged, 6 hours at most | 90 days |
//! | paths of lists by name | while no list was changed | 90 days |
//! | titles, seasons, people, translations | by what they are: 12 hours to 60 days | 90 days more |
//!
//! A write removes the responses that it changes ([`invalidate`]), not those of other lists. What
//! has outlived its time is used where Trakt cannot be asked, and that is said. If the store cannot
//! be used, nothing is kept and everything is asked for again: a cache is never a reason to fail.

use flexget_core::context::store::{Collection, Edits, NewRecord, Record};
use flexget_core::prelude::*;
use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// How long Trakt may go on showing the state before a change.
pub const STALE: SignedDuration = SignedDuration::from_mins(5);

/// How long responses that nobody reads are kept, and facts that are out of date.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Number of rows of a list in one record.
const PAGE: usize = 250;

/// The kind of the collection of responses.
pub const RESPONSES: &str = "trakt answers";

/// Key of a cached response: its subject and the account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// The account that asked; `None` for what is public.
    pub account: Option<String>,
    /// The user whose data it is, if not the account's own.
    pub user: Option<String>,
    /// The list or data: `watchlist`, `users/me/lists/55`.
    ///
    /// A write invalidates all responses of its topics.
    pub topic: String,
    /// The part of it: a type of items, a name.
    pub part: String,
}

impl CacheKey {
    /// Returns the key as text: different keys have different texts, whatever stands in them.
    pub fn text(&self) -> String {
        text_of(&(&self.account, &self.user, &self.topic, &self.part))
    }

    fn body_text(&self) -> String {
        text_of(&("body", self.text()))
    }

    /// Returns the keys of groups of responses that this one belongs to.
    fn groups(&self) -> [String; 2] {
        [topic_text(self.account.as_deref(), &self.topic), account_text(self.account.as_deref())]
    }
}

fn topic_text(account: Option<&str>, topic: &str) -> String {
    text_of(&("topic", account, topic))
}

fn account_text(account: Option<&str>) -> String {
    text_of(&("account", account))
}

/// Returns JSON, in which texts that hold blanks or commas stay apart.
fn text_of(key_parts: &impl Serialize) -> String {
    NewRecord::data(key_parts)
}

/// Stamp that tells whether a response has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// Times of `sync/last_activities`.
    Activities,
    /// The `updated_at` of the list itself.
    List,
}

/// Metadata of a cached response.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Head {
    /// When it was read, by Trakt's clock: it is compared with times of Trakt's.
    pub read_at: Timestamp,
    /// The times of `sync/last_activities` at which it was valid.
    activities: Option<Json>,
    /// The list's `updated_at` at which it was valid.
    list: Option<Json>,
    /// Whether the end of the list was proved.
    pub is_proved: bool,
    /// The number of its rows.
    pub rows: usize,
    /// Number of rows that are no items, which are not kept.
    pub others: usize,
}

impl Head {
    /// Creates the head of a response that was read at this time of Trakt's clock.
    pub fn new(read_at: Timestamp) -> Self {
        Self { read_at, ..Self::default() }
    }

    /// Sets the number of rows, and whether the end of the list was proved.
    #[must_use]
    pub fn rows(self, rows: usize, is_proved: bool) -> Self {
        Self { rows, is_proved, ..self }
    }

    /// Sets the number of rows that are no items.
    #[must_use]
    pub fn others(self, others: usize) -> Self {
        Self { others, ..self }
    }

    /// Notes the stamps at which the response is valid, unless Trakt may still show an older state.
    #[must_use]
    pub fn valid_at(self, stamp: Stamp, now: Option<Json>) -> Self {
        let now = now.filter(|now| self.is_older(now));
        let mut head = self;
        *head.slot(stamp) = now;
        head
    }

    fn slot(&mut self, stamp: Stamp) -> &mut Option<Json> {
        match stamp {
            Stamp::Activities => &mut self.activities,
            Stamp::List => &mut self.list,
        }
    }

    /// Returns whether all stamps are from well before the response was read.
    fn is_older(&self, stamps: &Json) -> bool {
        let is_old = |stamp: &Json| match stamp.as_str().map(str::parse::<Timestamp>) {
            Some(Ok(at)) => at.checked_add(STALE).is_ok_and(|end| end < self.read_at),
            Some(Err(_)) => false,
            None => stamp.is_null(),
        };
        stamps.as_array().is_some_and(|stamps| stamps.iter().all(is_old))
    }
}

/// A cached response.
#[derive(Debug, Clone)]
pub struct CachedResponse {
    key: CacheKey,
    /// Metadata.
    pub head: Head,
}

impl CachedResponse {
    /// Finds the response to a question, however old it is.
    ///
    /// Nothing is found if the store cannot be used.
    pub fn find(cx: &Context, key: &CacheKey) -> Option<Self> {
        let records = responses(cx).find(&[key.text()]).unwrap_or_default();
        let head = Head::deserialize(&records.first()?.data).ok()?;
        Some(Self { key: key.clone(), head })
    }

    /// Returns whether it is younger than `max_age`, and the cache is in use.
    pub fn is_young(&self, cx: &Context, max_age: SignedDuration) -> bool {
        !cx.no_cache && cx.clock.now().duration_since(self.head.read_at) < max_age
    }

    /// Returns whether nothing has changed since it was read, and notes the stamps if so.
    ///
    /// Stamps may go back when a play is removed, so they are compared for equality. Where none
    /// were noted, those from well before the response was read prove it as well.
    pub fn is_unchanged(&mut self, cx: &Context, stamp: Stamp, now: &Json) -> bool {
        let noted = self.head.slot(stamp).clone();
        let is_unchanged = noted.as_ref().map_or_else(|| self.head.is_older(now), |then| then == now);
        if is_unchanged && noted.is_none() {
            self.note_unchanged(cx, stamp, now);
        }
        is_unchanged
    }

    /// Notes the stamps at which it was found to be valid.
    pub fn note_unchanged(&mut self, cx: &Context, stamp: Stamp, now: &Json) {
        *self.head.slot(stamp) = Some(now.clone());
        let data = NewRecord::data(&self.head);
        let noted = responses(cx).edit(&[self.key.text()], |old| {
            let update = old.into_iter().map(|Record { id, keys, added, expires, .. }| {
                (id, NewRecord { keys, data: data.clone(), added, expires })
            });
            (Edits { update: update.collect(), ..Edits::<Vec<NewRecord>>::default() }, ())
        });
        or_debug(noted);
    }

    /// Returns its content.
    pub fn body<T: DeserializeOwned>(&self, cx: &Context) -> Option<T> {
        self.bodies(cx)?.into_iter().next()
    }

    /// Returns its rows.
    pub fn rows<T: DeserializeOwned>(&self, cx: &Context) -> Option<Vec<T>> {
        let pages: Vec<Vec<T>> = self.bodies(cx)?;
        let rows: Vec<T> = pages.into_iter().flatten().collect();
        (rows.len() == self.head.rows).then_some(rows)
    }

    fn bodies<T: DeserializeOwned>(&self, cx: &Context) -> Option<Vec<T>> {
        let text = self.key.body_text();
        let bodies = responses(cx).each_with(&[&text], |record| {
            // Another record may come along whose key has the same hash.
            let keys: Vec<String> = serde_json::from_str(record.keys).unwrap_or_default();
            keys.contains(&text).then(|| serde_json::from_str(record.data))
        });
        bodies.ok()?.into_iter().flatten().collect::<Result<_, _>>().ok()
    }

    /// Keeps a response in the place of an older one.
    pub fn keep<T: Serialize + ?Sized>(cx: &Context, key: &CacheKey, head: &Head, body: &T) {
        Self::keep_pages(cx, key, head, std::iter::once(body));
    }

    /// Keeps the rows of a list in the place of older ones.
    ///
    /// A record holds a page of them, so that memory does not hold the text of all.
    pub fn keep_rows<T: Serialize>(cx: &Context, key: &CacheKey, head: &Head, rows: &[T]) {
        Self::keep_pages(cx, key, head, rows.chunks(PAGE));
    }

    fn keep_pages<'a, T>(cx: &Context, key: &CacheKey, head: &Head, pages: impl Iterator<Item = &'a T>)
    where
        T: Serialize + ?Sized + 'a,
    {
        let expires = head.read_at.checked_add(KEPT).ok();
        let record = |first: String, data: String| NewRecord {
            keys: std::iter::once(first).chain(key.groups()).collect(),
            data,
            added: head.read_at,
            expires,
        };
        let head = std::iter::once(record(key.text(), NewRecord::data(head)));
        let pages = pages.map(|page| record(key.body_text(), NewRecord::data(&page)));
        let collection = responses(cx);
        let kept = collection.replace(&[key.text(), key.body_text()], head.chain(pages));
        or_debug(kept.and_then(|()| collection.prune(None, cx.clock.now())));
    }
}

/// Removes the responses of an account about these topics, because a write has changed them.
pub fn invalidate(cx: &Context, account: Option<&str>, topics: &[impl AsRef<str>]) {
    let keys: Vec<String> = topics.iter().map(|topic| topic_text(account, topic.as_ref())).collect();
    or_debug(remove_with(cx, &keys));
}

/// Removes all cached responses of an account, whose name means another user from now on.
///
/// # Errors
/// The database cannot be used.
pub fn forget_account(cx: &Context, account: &str) -> Result<()> {
    remove_with(cx, &[account_text(Some(account))])
}

fn remove_with(cx: &Context, keys: &[String]) -> Result<()> {
    responses(cx).replace(keys, [])
}

fn responses(cx: &Context) -> Collection {
    cx.store.shared_collection(RESPONSES, "")
}

/// Facts of one kind about titles.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The kind of their collection.
    pub kind: &'static str,
    /// Limit of the records; the oldest are removed first.
    pub max_records: usize,
}

/// A kept fact.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Keys that it is found by.
    pub keys: Vec<String>,
    /// Its content.
    pub data: Json,
    /// Whether it is still valid.
    pub is_valid: bool,
    /// How long it was to be valid.
    pub lifetime: Option<SignedDuration>,
}

/// A fact to keep.
#[derive(Debug, Clone)]
pub struct NewFact {
    /// Keys that it is found by.
    pub keys: Vec<String>,
    /// Its content, as JSON.
    pub data: String,
    /// How long it is likely to stay true.
    pub lifetime: SignedDuration,
}

impl Facts {
    /// Returns the facts that have any of the keys.
    ///
    /// None are found if the store cannot be used.
    pub fn find<K: AsRef<str>>(&self, cx: &Context, keys: &[K]) -> Vec<Fact> {
        let records = self.collection(cx).find(keys).unwrap_or_default();
        records.into_iter().map(|record| fact(cx, record)).collect()
    }

    /// Returns the fact with this key, and whether its time is not over.
    pub fn get<T: DeserializeOwned>(&self, cx: &Context, key: &str) -> Option<(T, bool)> {
        let fact = self.find(cx, &[key]).into_iter().next()?;
        Some((serde_json::from_value(fact.data).ok()?, fact.is_valid))
    }

    /// Keeps a fact under one key, in the place of an older one.
    pub fn keep(&self, cx: &Context, key: &str, value: &impl Serialize, lifetime: SignedDuration) {
        let new = NewFact { keys: vec![key.to_owned()], data: NewRecord::data(value), lifetime };
        self.replace(cx, &[key], |_| vec![new]);
    }

    /// Replaces the facts that have any of the keys by what `decide` makes of them.
    pub fn replace<K: AsRef<str>>(&self, cx: &Context, keys: &[K], decide: impl FnOnce(Vec<Fact>) -> Vec<NewFact>) {
        let now = cx.clock.now();
        let collection = self.collection(cx);
        let written = collection.edit(keys, |old| {
            let remove = old.iter().map(|record| record.id).collect();
            let new = decide(old.into_iter().map(|record| fact(cx, record)).collect());
            let insert = new.into_iter().map(|NewFact { keys, data, lifetime }| NewRecord {
                keys,
                data,
                added: now,
                expires: now.checked_add(lifetime).ok(),
            });
            (Edits { remove, update: Vec::new(), insert: insert.collect::<Vec<_>>() }, ())
        });
        or_debug(written.and_then(|()| {
            collection.prune(Some(self.max_records), now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN))
        }));
    }

    fn collection(&self, cx: &Context) -> Collection {
        cx.store.shared_collection(self.kind, "")
    }
}

fn fact(cx: &Context, record: Record) -> Fact {
    let Record { keys, data, added, expires, .. } = record;
    Fact {
        keys,
        data,
        is_valid: !cx.no_cache && expires.is_none_or(|expires| expires > cx.clock.now()),
        lifetime: expires.map(|expires| expires.duration_since(added)),
    }
}

/// Logs that the store could not be used: it costs a request in the next run and nothing else.
fn or_debug<T>(result: Result<T>) {
    if let Err(error) = result {
        tracing::debug!(target: "trakt", "the cache cannot be used: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing;

    fn key(account: &str, user: Option<&str>, topic: &str) -> CacheKey {
        CacheKey {
            account: Some(account.to_owned()),
            user: user.map(str::to_owned),
            topic: topic.to_owned(),
            part: String::new(),
        }
    }

    #[test]
    fn an_account_with_a_user_is_not_an_account_of_both_names() {
        assert_ne!(key("ann", Some("bob"), "watched").text(), key("ann bob", None, "watched").text());
        let cx = testing::context();
        let head = Head::new(cx.clock.now());
        CachedResponse::keep(&cx, &key("ann", Some("bob"), "watched"), &head, &["of bob"]);
        CachedResponse::keep(&cx, &key("ann bob", None, "watched"), &head, &["of ann bob"]);
        forget_account(&cx, "ann").unwrap();
        assert!(CachedResponse::find(&cx, &key("ann", Some("bob"), "watched")).is_none());
        let kept = CachedResponse::find(&cx, &key("ann bob", None, "watched")).unwrap();
        assert_eq!(kept.body::<Vec<String>>(&cx).unwrap(), ["of ann bob"]);
    }

    #[test]
    fn a_write_invalidates_its_list_and_no_other() {
        let cx = testing::context();
        let head = Head::new(cx.clock.now());
        for topic in ["watchlist", "users/me/lists/55"] {
            CachedResponse::keep(&cx, &key("ann", None, topic), &head, &[topic]);
        }
        invalidate(&cx, Some("ann"), &["watchlist"]);
        assert!(CachedResponse::find(&cx, &key("ann", None, "watchlist")).is_none());
        let other = CachedResponse::find(&cx, &key("ann", None, "users/me/lists/55")).unwrap();
        assert_eq!(other.body::<Vec<String>>(&cx).unwrap(), ["users/me/lists/55"]);
    }

    #[test]
    fn a_list_of_which_a_page_is_gone_is_not_taken_for_whole() {
        let cx = testing::context();
        let key = key("ann", None, "watchlist");
        let keep = |rows: Vec<usize>| {
            let head = Head::new(cx.clock.now()).rows(rows.len(), true);
            CachedResponse::keep_rows(&cx, &key, &head, &rows);
            CachedResponse::find(&cx, &key).unwrap()
        };
        assert_eq!(keep(Vec::new()).rows::<usize>(&cx), Some(Vec::new()));
        let kept = keep((0..600).collect());
        assert_eq!(kept.rows::<usize>(&cx), Some((0..600).collect()));
        let last = responses(&cx).find(&[key.body_text()]).unwrap().pop().unwrap();
        responses(&cx).remove(&[last.id]).unwrap();
        assert_eq!(kept.rows::<usize>(&cx), None);
    }

    #[test]
    fn an_answer_is_valid_while_its_stamps_stay_the_same() {
        let cx = testing::context();
        let (key, now) = (key("ann", None, "watchlist"), cx.clock.now());
        let stamp = |hours: i64| serde_json::json!([(now - SignedDuration::from_hours(hours)).to_string(), null]);
        CachedResponse::keep(&cx, &key, &Head::new(now), &[1]);
        let mut kept = CachedResponse::find(&cx, &key).unwrap();
        assert!(!kept.is_unchanged(&cx, Stamp::Activities, &stamp(0)), "it changed while it was read");
        assert!(kept.is_unchanged(&cx, Stamp::Activities, &stamp(3)));
        let mut kept = CachedResponse::find(&cx, &key).unwrap();
        assert!(!kept.is_unchanged(&cx, Stamp::Activities, &stamp(4)), "an older stamp than noted is another one");
        assert!(kept.is_unchanged(&cx, Stamp::Activities, &stamp(3)));
    }
}
