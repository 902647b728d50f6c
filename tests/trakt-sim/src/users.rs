//! People: profiles, settings, and what each of them keeps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::access::Call;
use crate::catalogue::Media;
use crate::items::Contents;
use crate::time;
use crate::wire::{Answer, Reply};
use crate::world::World;

/// How much an account may keep.
#[derive(Clone, Copy, Debug)]
pub struct AccountLimits {
    /// Personal lists.
    pub lists: usize,
    /// Items of one list.
    pub list_items: usize,
    /// Items of the watchlist.
    pub watchlist: usize,
    /// Items of the favorites.
    pub favorites: usize,
    /// Movies and episodes of the collection.
    pub collection: usize,
    /// Ratings.
    pub ratings: usize,
}

impl AccountLimits {
    /// What is said about free accounts in 2026.
    pub const FREE: AccountLimits =
        AccountLimits { lists: 5, list_items: 250, watchlist: 250, favorites: 100, collection: 1_000, ratings: 10_000 };
    /// What is said about VIP accounts in 2026.
    pub const VIP: AccountLimits = AccountLimits {
        lists: 100,
        list_items: 5_000,
        watchlist: 5_000,
        favorites: 100,
        collection: 100_000,
        ratings: 20_000,
    };
}

/// One play.
#[derive(Clone, Copy, Debug)]
pub struct Play {
    /// The id of the row.
    pub id: u64,
    /// A movie or an episode.
    pub media: Media,
    /// When it was watched; 0 = unknown.
    pub watched_at: i64,
    /// `watch`, `scrobble` or `checkin`.
    pub action: &'static str,
}

/// A movie or episode in the collection.
#[derive(Clone, Debug)]
pub struct Collected {
    /// When it was collected.
    pub at: i64,
    /// When this row last changed.
    pub updated_at: i64,
    /// Media type, resolution and so on, as they were sent.
    pub metadata: Value,
}

/// A rating.
#[derive(Clone, Copy, Debug)]
pub struct Rated {
    /// From 1 to 10.
    pub rating: u8,
    /// When it was given.
    pub at: i64,
}

/// A user. The slug differs from the name where the name has dots or spaces.
#[derive(Clone, Debug)]
pub struct User {
    /// The name in paths.
    pub slug: String,
    /// The name that is shown.
    pub username: String,
    /// The full name.
    pub name: Option<String>,
    /// Trakt's number.
    pub trakt: u64,
    /// Only friends see anything.
    pub private: bool,
    /// Whether the account is paid for.
    pub vip: bool,
    /// A locked account gets 423 for everything.
    pub locked: bool,
    /// How much the account may keep.
    pub limits: AccountLimits,
    /// Slugs of those who see what is for friends.
    pub friends: BTreeSet<String>,
    /// When the account was made.
    pub joined_at: i64,
    /// The watchlist.
    pub watchlist: Contents,
    /// The favorites.
    pub favorites: Contents,
    /// All plays, in the order in which they were written.
    pub history: Vec<Play>,
    /// Collected movies and episodes.
    pub collection: BTreeMap<Media, Collected>,
    /// Ratings.
    pub ratings: BTreeMap<Media, Rated>,
    /// Liked lists by id, and when.
    pub likes: Vec<(u64, i64)>,
    /// Shows, seasons and movies that are hidden from progress and calendars.
    pub hidden: BTreeSet<Media>,
    /// Shows whose progress began anew, and when.
    pub resets: BTreeMap<u64, i64>,
    /// When plays of a movie or show were last added; `last_updated_at` of the watched rows.
    pub(crate) watched_updated: BTreeMap<Media, i64>,
    pub(crate) activities: BTreeMap<String, i64>,
}

impl Default for User {
    fn default() -> Self {
        User {
            slug: String::new(),
            username: String::new(),
            name: None,
            trakt: 0,
            private: false,
            vip: true,
            locked: false,
            limits: AccountLimits::VIP,
            friends: BTreeSet::new(),
            joined_at: 1_420_070_400_000,
            watchlist: Contents::default(),
            favorites: Contents::default(),
            history: Vec::new(),
            collection: BTreeMap::new(),
            ratings: BTreeMap::new(),
            likes: Vec::new(),
            hidden: BTreeSet::new(),
            resets: BTreeMap::new(),
            watched_updated: BTreeMap::new(),
            activities: BTreeMap::new(),
        }
    }
}

impl User {
    /// Whether this viewer (by slug) sees what is only for friends.
    pub(crate) fn trusts(&self, viewer: Option<&str>) -> bool {
        viewer.is_some_and(|viewer| viewer == self.slug || self.friends.contains(viewer))
    }

    pub(crate) fn profile(&self) -> Value {
        json!({
            "username": self.username, "private": self.private, "deleted": false, "name": self.name,
            "vip": self.vip, "vip_ep": false, "director": false, "ids": { "slug": self.slug, "trakt": self.trakt },
        })
    }
}

impl World {
    /// Adds a user by name; the slug follows from it.
    pub fn add_user(&mut self, username: &str) -> &mut User {
        let slug = crate::slug::free(username, |slug| self.users.contains_key(slug));
        let trakt = 4_000_000 + self.users.len() as u64;
        let user = User { slug: slug.clone(), username: username.to_owned(), trakt, ..User::default() };
        self.users.entry(slug).or_insert(user)
    }
}

/// Whose data a path is about: `me` is the token's user. Unknown: 404, in the history 405; private: 401 without a
/// token, 403 with one.
pub(crate) fn owner(world: &World, call: &Call<'_>, id: &str) -> Result<String, Reply> {
    if id == "me" {
        return call.user();
    }
    let Some(user) = world.users.get(id) else {
        let history = call.request.segments.get(2).is_some_and(|part| part == "history");
        return Err(Reply::empty(if history { 405 } else { 404 }));
    };
    if user.private && !user.trusts(call.viewer.as_deref()) {
        let status = if call.viewer.is_some() { 403 } else { 401 };
        return Err(Reply::empty(status).header("X-Private-User", "true"));
    }
    Ok(id.to_owned())
}

/// `GET /users/{id}`
pub(crate) fn profile(world: &World, call: &Call<'_>, id: &str) -> Answer {
    let user = &world.users[&owner(world, call, id)?];
    let mut profile = user.profile();
    if call.request.extended("full") {
        profile["joined_at"] = json!(time::render(user.joined_at));
        profile["location"] = Value::Null;
        profile["about"] = Value::Null;
    }
    Ok(Reply::json(200, &profile))
}

/// `GET /users/settings`
pub(crate) fn settings(world: &World, call: &Call<'_>) -> Answer {
    let user = &world.users[&call.user()?];
    let limits = user.limits;
    Ok(Reply::json(
        200,
        &json!({
            "user": {
                "username": user.username, "private": user.private, "name": user.name, "vip": user.vip,
                "vip_ep": false, "director": false,
                "ids": { "slug": user.slug, "trakt": user.trakt, "uuid": format!("{:032x}", user.trakt) },
                "joined_at": time::render(user.joined_at), "location": null, "about": null, "gender": null,
                "age": null, "images": { "avatar": { "full": "https://media.trakt.tv/images/placeholder.png" } },
                "vip_og": false, "vip_years": 0, "vip_cover_image": null,
            },
            "permissions": { "commenting": true, "liking": true, "following": true },
            "account": { "timezone": "Europe/Berlin", "date_format": "dmy", "time_24hr": true, "cover_image": null },
            "connections": { "facebook": false, "twitter": false, "apple": false },
            "sharing_text": { "watching": "I'm watching [item]", "watched": "I just watched [item]" },
            "limits": {
                "list": { "count": limits.lists, "item_count": limits.list_items },
                "watchlist": { "item_count": limits.watchlist },
                "favorites": { "item_count": limits.favorites },
                "collection": { "item_count": limits.collection },
            },
        }),
    ))
}
