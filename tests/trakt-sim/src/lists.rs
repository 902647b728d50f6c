//! Personal, shared and official lists.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::access::Call;
use crate::catalogue::Kind;
use crate::items::{self, Contents, Place};
use crate::slug;
use crate::time;
use crate::users;
use crate::wire::{Answer, Reply};
use crate::world::World;

/// Who sees a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// The owner and those who work on it.
    #[default]
    Private,
    /// Whoever knows its address; it is not listed.
    Link,
    /// The owner's friends.
    Friends,
    /// Everybody.
    Public,
}

impl Privacy {
    const ALL: [(Privacy, &'static str); 4] = [
        (Privacy::Private, "private"),
        (Privacy::Link, "link"),
        (Privacy::Friends, "friends"),
        (Privacy::Public, "public"),
    ];

    /// As Trakt writes it.
    pub fn word(self) -> &'static str {
        Privacy::ALL.iter().find(|(privacy, _)| *privacy == self).map_or("", |(_, word)| word)
    }

    fn read(word: &str) -> Option<Privacy> {
        Privacy::ALL.iter().find(|(_, known)| *known == word).map(|(privacy, _)| *privacy)
    }
}

/// A list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Its Trakt id.
    pub id: u64,
    /// The slug that it got when it was made; a new name does not change it.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Who sees it.
    pub privacy: Privacy,
    /// The slug of its owner; official lists have none.
    pub owner: Option<String>,
    /// Slugs of those who may change its items.
    pub collaborators: BTreeSet<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it or its items last changed.
    pub updated_at: i64,
    /// How many like it.
    pub likes: u64,
    /// Its items.
    pub contents: Contents,
}

const KINDS: [Kind; 5] = Kind::ALL;

impl List {
    fn owned_by(&self, viewer: Option<&str>) -> bool {
        viewer.is_some() && self.owner.as_deref() == viewer
    }

    fn shared_with(&self, viewer: Option<&str>) -> bool {
        viewer.is_some_and(|viewer| self.collaborators.contains(viewer))
    }

    fn visible(&self, world: &World, viewer: Option<&str>) -> bool {
        if self.owned_by(viewer) || self.shared_with(viewer) {
            return true;
        }
        let trusted = || {
            let owner = self.owner.as_ref().and_then(|owner| world.users.get(owner));
            owner.is_some_and(|owner| owner.trusts(viewer))
        };
        match self.privacy {
            Privacy::Public | Privacy::Link => true,
            Privacy::Friends => trusted(),
            Privacy::Private => false,
        }
    }

    /// The list as JSON.
    pub(crate) fn to_json(&self, world: &World) -> Value {
        let owner = self.owner.as_ref().and_then(|owner| world.users.get(owner));
        let user = owner.map_or_else(
            || json!({ "username": "Trakt", "private": false, "deleted": false, "ids": { "slug": null, "trakt": null } }),
            users::User::profile,
        );
        json!({
            "name": self.name, "description": self.description, "privacy": self.privacy.word(),
            "share_link": format!("https://trakt.tv/lists/{}", self.id),
            "type": if self.owner.is_some() { "personal" } else { "official" },
            "display_numbers": false, "allow_comments": true,
            "sort_by": self.contents.sort_by, "sort_how": self.contents.sort_how,
            "created_at": time::render(self.created_at), "updated_at": time::render(self.updated_at),
            "item_count": self.contents.items.len(), "comment_count": 0, "likes": self.likes,
            "ids": { "trakt": self.id, "slug": self.slug }, "user": user,
        })
    }
}

impl World {
    /// Makes a list for a user, whatever the account's limit, and gives its id. Without a user it is official.
    pub fn add_list(&mut self, owner: Option<&str>, name: &str, privacy: Privacy) -> u64 {
        let owner = owner.map(|owner| self.known(owner));
        let taken = |slug: &str| self.lists.values().any(|list| list.owner == owner && list.slug == slug);
        let slug = slug::free(name, taken);
        let id = 28_000_000 + u64::try_from(self.lists.len()).unwrap_or(0) * 7 + 1;
        let id = (id..).find(|id| !self.lists.contains_key(id)).unwrap_or(id);
        let created_at = self.listed_at();
        let list = List { id, slug, name: name.to_owned(), privacy, owner, created_at, ..List::default() };
        self.lists.insert(id, list);
        self.touch_list(id);
        if let Some(list) = self.lists.get_mut(&id) {
            list.contents.updated_at = list.updated_at;
        }
        id
    }

    /// The id of a user's list, by its name or slug.
    pub fn list_id(&self, owner: &str, name: &str) -> Option<u64> {
        let owner = self.slug_of(owner)?;
        let mut own = self.lists.values().filter(|list| list.owner.as_ref() == Some(&owner));
        own.find(|list| list.slug == name || list.name == name).map(|list| list.id)
    }

    /// A list has changed now.
    pub(crate) fn touch_list(&mut self, id: u64) {
        let stamp = self.stamp();
        let Some(list) = self.lists.get_mut(&id) else { return };
        list.updated_at = stamp;
        let (owner, others) = (list.owner.clone(), list.collaborators.clone());
        if let Some(owner) = owner {
            self.bump(&owner, &["lists.updated_at".to_owned()]);
        }
        for other in others {
            self.bump(&other, &["collaborations.updated_at".to_owned()]);
        }
    }
}

/// The list that a path means, if the viewer may see it.
fn find(world: &World, call: &Call<'_>, user: &str, list: &str) -> Result<u64, Reply> {
    let owner = users::owner(world, call, user)?;
    let id = list.parse::<u64>().ok();
    world
        .lists
        .values()
        .filter(|it| it.owner.as_ref() == Some(&owner))
        .find(|it| Some(it.id) == id || it.slug == list)
        .filter(|it| it.visible(world, call.viewer.as_deref()))
        .map(|it| it.id)
        .ok_or_else(|| Reply::empty(404))
}

/// The same if the viewer may change its items.
fn find_writable(world: &World, call: &Call<'_>, user: &str, list: &str) -> Result<u64, Reply> {
    let id = find(world, call, user, list)?;
    let viewer = call.viewer.as_deref();
    let may = world.lists.get(&id).is_some_and(|it| it.owned_by(viewer) || it.shared_with(viewer));
    if may { Ok(id) } else { Err(Reply::empty(403)) }
}

/// The same if it is the viewer's own.
fn find_own(world: &World, call: &Call<'_>, user: &str, list: &str) -> Result<u64, Reply> {
    let id = find(world, call, user, list)?;
    let own = world.lists.get(&id).is_some_and(|it| it.owned_by(call.viewer.as_deref()));
    if own { Ok(id) } else { Err(Reply::empty(403)) }
}

/// `GET /users/{id}/lists`
pub(crate) fn index(world: &World, call: &Call<'_>, user: &str) -> Answer {
    let owner = users::owner(world, call, user)?;
    let viewer = call.viewer.as_deref();
    let lists: Vec<&List> = world
        .lists
        .values()
        .filter(|list| list.owner.as_ref() == Some(&owner) && list.visible(world, viewer))
        .filter(|list| list.privacy != Privacy::Link || list.owned_by(viewer))
        .collect();
    let page = world.pages.page("lists", call.request, lists.len());
    Ok(page.reply(page.of(&lists).map(|list| list.to_json(world)).collect()))
}

/// `GET /users/{id}/lists/collaborations`
pub(crate) fn collaborations(world: &World, call: &Call<'_>, user: &str) -> Answer {
    let user = users::owner(world, call, user)?;
    let viewer = call.viewer.as_deref();
    let shared = world.lists.values().filter(|list| list.collaborators.contains(&user));
    let shown: Vec<Value> = shared.filter(|list| list.visible(world, viewer)).map(|list| list.to_json(world)).collect();
    Ok(Reply::json(200, &Value::Array(shown)))
}

/// `GET /users/{id}/lists/{list_id}`
pub(crate) fn summary(world: &World, call: &Call<'_>, user: &str, list: &str) -> Answer {
    match find(world, call, user, list) {
        Ok(id) => Ok(Reply::json(200, &world.lists[&id].to_json(world))),
        Err(reply) if reply.status == 404 && world.switches.vague_missing_list && call.user().is_ok() => {
            Ok(Reply::json(200, &json!({ "name": null, "ids": { "trakt": null, "slug": list } })))
        }
        Err(reply) => Err(reply),
    }
}

/// `POST /users/{id}/lists`
pub(crate) fn create(world: &mut World, call: &Call<'_>, user: &str) -> Answer {
    let owner = users::owner(world, call, user)?;
    if call.viewer.as_ref() != Some(&owner) {
        return Err(Reply::empty(403));
    }
    let body = call.request.json().unwrap_or_default();
    let Some(name) = body["name"].as_str().map(str::trim).filter(|name| !name.is_empty()) else {
        return Err(Reply::json(422, &json!({ "error": "name is required" })));
    };
    let owned = world.lists.values().filter(|list| list.owner.as_ref() == Some(&owner)).count();
    let account = &world.users[&owner];
    if owned >= account.limits.lists {
        return Err(items::over_limit(account.vip, account.limits.lists));
    }
    let privacy = match body["privacy"].as_str() {
        None => Privacy::Private,
        Some(word) => Privacy::read(word)
            .ok_or_else(|| Reply::json(422, &json!({ "error": format!("unknown privacy: {word}") })))?,
    };
    let id = world.add_list(Some(&owner), name, privacy);
    change(world, id, &body);
    Ok(Reply::json(201, &world.lists[&id].to_json(world)))
}

/// The properties of a body that a list can take over.
fn change(world: &mut World, id: u64, body: &Value) {
    let Some(list) = world.lists.get_mut(&id) else { return };
    if let Some(name) = body["name"].as_str() {
        list.name = name.trim().to_owned();
    }
    if let Some(description) = body.get("description") {
        list.description = description.as_str().map(str::to_owned);
    }
    if let Some(privacy) = body["privacy"].as_str().and_then(Privacy::read) {
        list.privacy = privacy;
    }
    if let Some(by) = body["sort_by"].as_str() {
        list.contents.sort_by = by.to_owned();
    }
    if let Some(how) = body["sort_how"].as_str() {
        list.contents.sort_how = how.to_owned();
    }
    world.touch_list(id);
}

/// `PUT /users/{id}/lists/{list_id}`: a new name leaves the slug as it was.
pub(crate) fn edit(world: &mut World, call: &Call<'_>, user: &str, list: &str) -> Answer {
    let id = find_own(world, call, user, list)?;
    change(world, id, &call.request.json().unwrap_or_default());
    Ok(Reply::json(200, &world.lists[&id].to_json(world)))
}

/// `DELETE /users/{id}/lists/{list_id}`
pub(crate) fn delete(world: &mut World, call: &Call<'_>, user: &str, list: &str) -> Answer {
    let id = find_own(world, call, user, list)?;
    world.touch_list(id);
    world.lists.remove(&id);
    Ok(Reply::empty(204))
}

/// `GET /users/{id}/lists/{list_id}/items[/{type}[/{sort_by}[/{sort_how}]]]`
pub(crate) fn items(world: &World, call: &Call<'_>, user: &str, list: &str, tail: &[&str]) -> Answer {
    let id = find(world, call, user, list)?;
    let plural = |types: &&str| types.split(',').any(|word| KINDS.iter().any(|kind| kind.plural() == word));
    if !world.switches.plural_item_types && tail.first().is_some_and(plural) {
        return Err(Reply::json(400, &json!({ "error": format!("unknown type: {}", tail[0]) })));
    }
    let wanted = items::wanted(call, tail, &KINDS)?;
    items::read(world, call, &world.lists[&id].contents, &wanted)
}

/// `POST /users/{id}/lists/{list_id}/items`
pub(crate) fn add(world: &mut World, call: &Call<'_>, user: &str, list: &str) -> Answer {
    let id = find_writable(world, call, user, list)?;
    let owner = world.lists[&id].owner.clone().unwrap_or_default();
    let limit = world.users.get(&owner).map_or(usize::MAX, |owner| owner.limits.list_items);
    items::add(world, call, &Place::List(id), limit, &KINDS)
}

/// `POST /users/{id}/lists/{list_id}/items/remove`
pub(crate) fn remove(world: &mut World, call: &Call<'_>, user: &str, list: &str) -> Answer {
    let id = find_writable(world, call, user, list)?;
    items::remove(world, call, &Place::List(id), &KINDS)
}

/// `POST /users/{id}/lists/{list_id}/items/reorder`
pub(crate) fn reorder(world: &mut World, call: &Call<'_>, user: &str, list: &str) -> Answer {
    let id = find_writable(world, call, user, list)?;
    items::reorder(world, call, &Place::List(id))
}

/// `PUT /users/{id}/lists/{list_id}/items/{list_item_id}`
pub(crate) fn edit_item(world: &mut World, call: &Call<'_>, user: &str, list: &str, item: &str) -> Answer {
    let id = find_writable(world, call, user, list)?;
    items::edit(world, call, &Place::List(id), item)
}

/// The public list of `/lists/{id}`.
fn public(world: &World, id: &str) -> Option<u64> {
    let id = id.parse().ok()?;
    world.lists.get(&id).filter(|list| list.privacy == Privacy::Public).map(|list| list.id)
}

/// `GET /lists/{id}`: 204 for what is not there or not public.
pub(crate) fn public_summary(world: &World, id: &str) -> Answer {
    let id = public(world, id).ok_or_else(|| Reply::empty(204))?;
    Ok(Reply::json(200, &world.lists[&id].to_json(world)))
}

/// `GET /lists/{id}/items[/…]`
pub(crate) fn public_items(world: &World, call: &Call<'_>, id: &str, tail: &[&str]) -> Answer {
    let id = public(world, id).ok_or_else(|| Reply::empty(404))?;
    let wanted = items::wanted(call, tail, &KINDS)?;
    items::read(world, call, &world.lists[&id].contents, &wanted)
}

/// `GET /lists/trending` and `/lists/popular`: public lists, the most liked first.
pub(crate) fn chart(world: &World, call: &Call<'_>) -> Answer {
    let mut lists: Vec<&List> = world.lists.values().filter(|list| list.privacy == Privacy::Public).collect();
    lists.sort_by_key(|list| std::cmp::Reverse(list.likes));
    let page = world.pages.page("charts", call.request, lists.len());
    let row = |list: &&List| json!({ "like_count": list.likes, "comment_count": 0, "list": list.to_json(world) });
    Ok(page.reply(page.of(&lists).map(row).collect()))
}

/// `GET /users/{id}/likes/lists`
pub(crate) fn liked(world: &World, call: &Call<'_>, user: &str) -> Answer {
    let user = users::owner(world, call, user)?;
    let viewer = call.viewer.as_deref();
    let rows: Vec<Value> = world.users[&user]
        .likes
        .iter()
        .filter_map(|(id, at)| Some((world.lists.get(id).filter(|list| list.visible(world, viewer))?, *at)))
        .map(|(list, at)| json!({ "liked_at": time::render(at), "type": "list", "list": list.to_json(world) }))
        .collect();
    let page = world.pages.page("lists", call.request, rows.len());
    Ok(page.reply(page.of(&rows).cloned().collect()))
}

/// `POST` and `DELETE` of `/users/{id}/lists/{list_id}/like`: 204.
pub(crate) fn like(world: &mut World, call: &Call<'_>, user: &str, list: &str, like: bool) -> Answer {
    let id = find(world, call, user, list)?;
    let viewer = call.user()?;
    let stamp = world.bump(&viewer, &["lists.liked_at".to_owned()]);
    let likes = &mut world.user_mut(&viewer).likes;
    let before = likes.len();
    likes.retain(|(liked, _)| *liked != id);
    let had = likes.len() < before;
    if like {
        likes.push((id, stamp));
    }
    if let Some(list) = world.lists.get_mut(&id) {
        list.likes = match (had, like) {
            (false, true) => list.likes + 1,
            (true, false) => list.likes.saturating_sub(1),
            _ => list.likes,
        };
    }
    Ok(Reply::empty(204))
}
