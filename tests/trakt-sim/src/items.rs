//! What lists, watchlists and favorites have in common: items, their order, reads, adds and removes.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::access::Call;
use crate::bulk::{self, Bulk};
use crate::catalogue::{Kind, Media};
use crate::filters::Filters;
use crate::render::{self, Extended};
use crate::time::{self, MINUTE};
use crate::wire::{Answer, Reply};
use crate::world::World;

/// An item of a list. Its rank is its place, from 1.
#[derive(Clone, Debug)]
pub struct Item {
    /// The id of the item itself; does not fit into 32 bits.
    pub id: u64,
    /// What it is.
    pub media: Media,
    /// When it was added.
    pub listed_at: i64,
    /// A note, from VIP accounts only.
    pub notes: Option<String>,
}

/// The items of a list in the order of their ranks.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The items.
    pub items: Vec<Item>,
    /// How the list is sorted unless a request says otherwise.
    pub sort_by: String,
    /// `asc` or `desc`.
    pub sort_how: String,
    /// When the items last changed.
    pub updated_at: i64,
    /// What reads show until that moment, if reads are stale.
    stale: Option<(i64, Vec<Item>)>,
}

impl Default for Contents {
    fn default() -> Self {
        Contents { items: Vec::new(), sort_by: "rank".into(), sort_how: "asc".into(), updated_at: 0, stale: None }
    }
}

impl Contents {
    /// Whether something is in it.
    pub fn has(&self, media: Media) -> bool {
        self.items.iter().any(|item| item.media == media)
    }

    /// What is in it, in order.
    pub fn media(&self) -> Vec<Media> {
        self.items.iter().map(|item| item.media).collect()
    }

    fn seen(&self, world: &World) -> &[Item] {
        match &self.stale {
            Some((until, items)) if world.switches.stale_lists && world.now() < *until => items,
            _ => &self.items,
        }
    }
}

/// Where items are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The watchlist of a user (by slug or name).
    Watchlist(String),
    /// The favorites of a user (by slug or name).
    Favorites(String),
    /// A list, by its Trakt id.
    List(u64),
}

/// How a read wants its items.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) kinds: Option<Vec<Kind>>,
    pub(crate) sort_by: Option<String>,
    pub(crate) sort_how: Option<String>,
    pub(crate) is_watchlist: bool,
}

/// The tail of a path: `[/{type}[/{sort_by}[/{sort_how}]]]`. An unknown type is 400.
pub(crate) fn wanted(call: &Call<'_>, tail: &[&str], allowed: &[Kind]) -> Result<Wanted, Reply> {
    if tail.len() > 3 {
        return Err(Reply::empty(404));
    }
    let part = |index: usize, name| tail.get(index).copied().or(call.request.value(name)).map(str::to_owned);
    Ok(Wanted {
        kinds: tail.first().map(|types| kinds(types, allowed)).transpose()?.flatten(),
        sort_by: part(1, "sort_by"),
        sort_how: part(2, "sort_how"),
        is_watchlist: false,
    })
}

/// A comma list of types; `all` is no restriction, `media` is movies and shows.
pub(crate) fn kinds(types: &str, allowed: &[Kind]) -> Result<Option<Vec<Kind>>, Reply> {
    match types {
        "all" => return Ok(None),
        "media" => return Ok(Some(vec![Kind::Movie, Kind::Show])),
        _ => {}
    }
    let kinds: Option<Vec<Kind>> =
        types.split(',').map(|word| Kind::read(word).filter(|kind| allowed.contains(kind))).collect();
    match kinds {
        Some(kinds) => Ok(Some(kinds)),
        None => Err(Reply::json(400, &json!({ "error": format!("unknown type: {types}") }))),
    }
}

const SORTS: [&str; 11] = [
    "rank",
    "added",
    "title",
    "released",
    "runtime",
    "popularity",
    "random",
    "percentage",
    "votes",
    "my_rating",
    "default",
];
const VIP_SORTS: [&str; 9] = [
    "imdb_rating",
    "tmdb_rating",
    "rt_tomatometer",
    "rt_audience",
    "metascore",
    "imdb_votes",
    "tmdb_votes",
    "watched",
    "collected",
];

/// Reads a page of items.
pub(crate) fn read(world: &World, call: &Call<'_>, contents: &Contents, wanted: &Wanted) -> Answer {
    let request = call.request;
    let viewer = call.viewer.as_ref().and_then(|slug| world.users.get(slug));
    let filters = Filters::of(world, call);
    let mut rows: Vec<(usize, &Item)> = contents
        .seen(world)
        .iter()
        .enumerate()
        .filter(|(_, item)| match &wanted.kinds {
            Some(kinds) => item.media.kind().is_some_and(|kind| kinds.contains(&kind)),
            None => true,
        })
        .filter(|(_, item)| filters.pass(world, item.media))
        .map(|(index, item)| (index + 1, item))
        .collect();

    let asked = wanted.sort_by.as_deref().filter(|by| *by != "default");
    let by = asked.unwrap_or(&contents.sort_by);
    let how = match wanted.sort_how.as_deref() {
        Some(how @ ("asc" | "desc")) => how,
        _ if asked.is_some() => "asc",
        _ => &contents.sort_how,
    };
    let vip = viewer.is_some_and(|user| user.vip);
    let applied = if SORTS.contains(&by) || vip && VIP_SORTS.contains(&by) { by } else { "rank" };
    rows.sort_by_cached_key(|(rank, item)| sort_key(world, viewer.map(|it| it.slug.as_str()), applied, *rank, item));
    if how == "desc" {
        rows.reverse();
    }

    let page = world.pages.page("items", request, rows.len());
    let is_counted_whole = world.switches.watchlist_counts_all && wanted.kinds.is_some() && wanted.is_watchlist;
    let page = if is_counted_whole { page.counting(contents.seen(world).len()) } else { page };
    if world.switches.shaky_sort && asked.is_none() && applied != "rank" && !rows.is_empty() {
        let turn = (page.number() * 7) % rows.len();
        rows.rotate_left(turn);
    }
    let whole = world.switches.unpaged_items && request.value("limit").is_none_or(|limit| limit == "all");
    let shown: Vec<_> = if whole { rows.iter().collect() } else { page.of(&rows).collect() };
    let extended = Extended::of(request, world.now());
    let body = shown
        .iter()
        .map(|(rank, item)| {
            let mut row = render::object(json!({
                "rank": rank, "id": item.id, "listed_at": time::render(item.listed_at), "notes": item.notes,
            }));
            if let Some(user) = viewer {
                let rating = user.ratings.get(&item.media).map(|rated| rated.rating);
                row.insert("my_rating".into(), json!(rating));
            }
            render::into_row(&mut row, &world.catalogue, item.media, extended);
            Value::Object(row)
        })
        .collect();
    let reply = if whole { Reply::json(200, &Value::Array(body)) } else { page.reply(body) };
    Ok(reply
        .header("X-Sort-By", &contents.sort_by)
        .header("X-Sort-How", &contents.sort_how)
        .header("X-Applied-Sort-By", applied)
        .header("X-Applied-Sort-How", how))
}

fn sort_key(world: &World, viewer: Option<&str>, by: &str, rank: usize, item: &Item) -> (i64, String, usize) {
    let work = world.catalogue.work(item.media);
    let number = |name: &str| {
        let value = work.and_then(|work| work.full.get(name)).and_then(Value::as_f64).unwrap_or(0.0);
        (value * 1000.0) as i64
    };
    let (number, text) = match by {
        "added" => (item.listed_at, String::new()),
        "title" => (0, work.and_then(|work| work.title.clone()).unwrap_or_default().to_lowercase()),
        "released" => {
            let date = work.and_then(|work| work.full.get("released")).and_then(Value::as_str);
            (work.and_then(|work| work.year).map_or(0, i64::from), date.unwrap_or_default().to_owned())
        }
        "runtime" => (number("runtime"), String::new()),
        "popularity" | "votes" | "imdb_votes" | "tmdb_votes" => (number("votes"), String::new()),
        "percentage" | "imdb_rating" | "tmdb_rating" | "rt_tomatometer" | "rt_audience" | "metascore" => {
            (number("rating"), String::new())
        }
        "my_rating" => {
            let user = viewer.and_then(|slug| world.users.get(slug));
            let rated = user.and_then(|user| user.ratings.get(&item.media));
            (rated.map_or(0, |rated| i64::from(rated.rating)), String::new())
        }
        "watched" => {
            let user = viewer.and_then(|slug| world.users.get(slug));
            let plays = user.map_or(0, |user| user.history.iter().filter(|play| play.media == item.media).count());
            (i64::try_from(plays).unwrap_or(0), String::new())
        }
        "collected" => {
            let user = viewer.and_then(|slug| world.users.get(slug));
            let at = user.and_then(|user| user.collection.get(&item.media)).map_or(0, |row| row.at);
            (at, String::new())
        }
        "random" => (((item.id.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 8) as i64, String::new()),
        _ => (0, String::new()),
    };
    (number, text, rank)
}

/// What a change of items did.
pub(crate) struct Changed {
    pub(crate) done: Vec<Media>,
    pub(crate) already: Vec<Media>,
    /// Whether the account's limit stopped it.
    pub(crate) over_limit: bool,
}

impl World {
    /// The items of a place.
    pub fn contents(&self, place: &Place) -> Option<&Contents> {
        match place {
            Place::Watchlist(user) => self.users.get(&self.slug_of(user)?).map(|user| &user.watchlist),
            Place::Favorites(user) => self.users.get(&self.slug_of(user)?).map(|user| &user.favorites),
            Place::List(id) => self.lists.get(id).map(|list| &list.contents),
        }
    }

    /// The items of a place, to be changed without any trace in the activities.
    pub fn contents_mut(&mut self, place: &Place) -> Option<&mut Contents> {
        match place {
            Place::Watchlist(user) => self.users.get_mut(&self.slug_of(user)?).map(|user| &mut user.watchlist),
            Place::Favorites(user) => self.users.get_mut(&self.slug_of(user)?).map(|user| &mut user.favorites),
            Place::List(id) => self.lists.get_mut(id).map(|list| &mut list.contents),
        }
    }

    /// Adds what is not there yet, at the end, whatever the account's limit.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn put(&mut self, place: &Place, media: &[Media]) {
        let place = &self.existing(place);
        let entries: Vec<(Media, Option<String>)> = media.iter().map(|media| (*media, None)).collect();
        self.put_all(place, &entries, usize::MAX);
    }

    /// Removes items; what is not there is no error.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn take(&mut self, place: &Place, media: &[Media]) {
        let place = &self.existing(place);
        self.take_all(place, media);
    }

    /// The same place with its user's slug, so that a slip in a test does not go unseen.
    fn existing(&self, place: &Place) -> Place {
        match place {
            Place::Watchlist(user) => Place::Watchlist(self.known(user)),
            Place::Favorites(user) => Place::Favorites(self.known(user)),
            Place::List(id) if self.lists.contains_key(id) => Place::List(*id),
            Place::List(id) => panic!("the simulator has no list `{id}`"),
        }
    }

    pub(crate) fn put_all(&mut self, place: &Place, entries: &[(Media, Option<String>)], limit: usize) -> Changed {
        let mut changed = Changed { done: Vec::new(), already: Vec::new(), over_limit: false };
        let Some(contents) = self.contents(place) else { return changed };
        let mut there: HashSet<Media> = contents.items.iter().map(|item| item.media).collect();
        let count = there.len();
        let mut new: Vec<&(Media, Option<String>)> = Vec::new();
        for entry in entries {
            if there.insert(entry.0) {
                new.push(entry);
            } else {
                changed.already.push(entry.0);
            }
        }
        if count > limit || count + new.len() > limit {
            changed.over_limit = true;
            let room = limit.saturating_sub(count);
            new.truncate(if self.switches.partial_420 { room } else { 0 });
        }
        if new.is_empty() {
            return changed;
        }
        let items: Vec<Item> = new
            .into_iter()
            .map(|(media, notes)| Item {
                id: self.next_id(),
                media: *media,
                listed_at: self.listed_at(),
                notes: notes.clone(),
            })
            .collect();
        changed.done = items.iter().map(|item| item.media).collect();
        let done = changed.done.clone();
        self.change(place, &done, |all| all.extend(items));
        changed
    }

    pub(crate) fn take_all(&mut self, place: &Place, media: &[Media]) -> Changed {
        let mut changed = Changed { done: Vec::new(), already: Vec::new(), over_limit: false };
        let Some(contents) = self.contents(place) else { return changed };
        let wanted: HashSet<Media> = media.iter().copied().collect();
        changed.done = contents.items.iter().map(|item| item.media).filter(|it| wanted.contains(it)).collect();
        if !changed.done.is_empty() {
            let done = changed.done.clone();
            self.change(place, &done, |all| all.retain(|item| !wanted.contains(&item.media)));
        }
        changed
    }

    /// Applies a change, keeps the state before it for stale reads, and marks all activities that it is part of.
    fn change(&mut self, place: &Place, media: &[Media], change: impl FnOnce(&mut Vec<Item>)) {
        let stamp = self.stamp();
        let (until, now) = (self.now() + 5 * MINUTE, self.now());
        let keep = self.switches.stale_lists;
        if let Some(contents) = self.contents_mut(place) {
            if keep && contents.stale.as_ref().is_none_or(|(until, _)| now >= *until) {
                contents.stale = Some((until, contents.items.clone()));
            }
            change(&mut contents.items);
            contents.updated_at = stamp;
        }
        let kinds: Vec<Kind> = {
            let mut kinds: Vec<Kind> = media.iter().filter_map(|media| media.kind()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        };
        let named = |suffix: &str| kinds.iter().map(|kind| format!("{}.{suffix}", kind.plural())).collect::<Vec<_>>();
        match place {
            Place::Watchlist(user) => {
                self.bump(user, &named("watchlisted_at"));
                self.bump(user, &["watchlist.updated_at".to_owned()]);
            }
            Place::Favorites(user) => {
                self.bump(user, &named("favorited_at"));
                self.bump(user, &["favorites.updated_at".to_owned()]);
            }
            Place::List(id) => self.touch_list(*id),
        }
    }
}

/// `POST` of a bulk body to a place: 201 with the counts, or 420.
pub(crate) fn add(world: &mut World, call: &Call<'_>, place: &Place, limit: usize, groups: &[Kind]) -> Answer {
    let bulk = Bulk::read(world, call.request, groups, bulk::Depth::AsNamed)?;
    let vip = call.viewer.as_ref().and_then(|slug| world.users.get(slug)).is_some_and(|user| user.vip);
    let mut entries = Vec::with_capacity(bulk.found.len());
    for found in &bulk.found {
        let notes = found.extras.get("notes").and_then(Value::as_str);
        if notes.is_some_and(|notes| notes.chars().count() > 500) {
            return Err(Reply::json(422, &json!({ "error": "notes must not be longer than 500 characters" })));
        }
        entries.push((found.media, notes.filter(|_| vip).map(str::to_owned)));
    }
    let changed = world.put_all(place, &entries, limit);
    if changed.over_limit {
        return Err(over_limit(vip, limit));
    }
    let mut body = Map::new();
    body.insert("added".into(), bulk::counts(&changed.done, groups));
    body.insert("existing".into(), bulk::counts(&changed.already, groups));
    body.insert("not_found".into(), Value::Object(bulk.not_found));
    body.insert("list".into(), summary(world, place));
    Ok(Reply::json(201, &Value::Object(body)))
}

/// `POST …/remove` of a bulk body: 200 with the counts. What could be resolved but was not in the list is not counted
/// anywhere.
pub(crate) fn remove(world: &mut World, call: &Call<'_>, place: &Place, groups: &[Kind]) -> Answer {
    let bulk = Bulk::read(world, call.request, groups, bulk::Depth::AsNamed)?;
    let media: Vec<Media> = bulk.found.iter().map(|found| found.media).collect();
    let changed = world.take_all(place, &media);
    let mut body = Map::new();
    body.insert("deleted".into(), bulk::counts(&changed.done, groups));
    body.insert("not_found".into(), Value::Object(bulk.not_found));
    body.insert("list".into(), summary(world, place));
    Ok(Reply::json(200, &Value::Object(body)))
}

/// What an account gets that keeps too much.
pub(crate) fn over_limit(vip: bool, limit: usize) -> Reply {
    Reply::empty(420)
        .header("X-VIP-User", vip)
        .header("X-Account-Limit", limit)
        .header("X-Upgrade-URL", "https://trakt.tv/vip")
}

fn summary(world: &World, place: &Place) -> Value {
    match world.contents(place) {
        Some(contents) => {
            json!({ "updated_at": time::render(contents.updated_at), "item_count": contents.items.len() })
        }
        None => Value::Null,
    }
}

/// `PUT …/{list_item_id}` with `notes` or `rank`: 204.
pub(crate) fn edit(world: &mut World, call: &Call<'_>, place: &Place, item_id: &str) -> Answer {
    let body = call.request.json().unwrap_or_default();
    let contents = world.contents(place).ok_or_else(|| Reply::empty(404))?;
    let index = item_id
        .parse::<u64>()
        .ok()
        .and_then(|id| contents.items.iter().position(|item| item.id == id))
        .ok_or_else(|| Reply::empty(404))?;
    let media = contents.items[index].media;
    world.change(place, &[media], |items| {
        if let Some(notes) = body.get("notes") {
            items[index].notes = notes.as_str().map(str::to_owned);
        }
        if let Some(rank) = body["rank"].as_u64() {
            let item = items.remove(index);
            let at = usize::try_from(rank).unwrap_or(usize::MAX).clamp(1, items.len() + 1);
            items.insert(at - 1, item);
        }
    });
    Ok(Reply::empty(204))
}

/// `POST …/reorder` with `{rank: [item ids]}`: those first, in that order, then the others.
pub(crate) fn reorder(world: &mut World, call: &Call<'_>, place: &Place) -> Answer {
    let body = call.request.json().unwrap_or_default();
    let ids: Vec<u64> = body["rank"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    let contents = world.contents(place).ok_or_else(|| Reply::empty(404))?;
    let skipped: Vec<u64> =
        ids.iter().copied().filter(|id| !contents.items.iter().any(|item| item.id == *id)).collect();
    let media = contents.media();
    world.change(place, &media, |items| {
        items.sort_by_key(|item| ids.iter().position(|id| *id == item.id).unwrap_or(usize::MAX));
    });
    let list = summary(world, place);
    let updated = ids.len() - skipped.len();
    Ok(Reply::json(200, &json!({ "updated": updated, "skipped_ids": skipped, "list": list })))
}
