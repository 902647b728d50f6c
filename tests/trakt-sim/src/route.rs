//! Which path is whose.

use crate::access::Call;
use crate::catalogue::Kind;
use crate::own_lists::{self, Which};
use crate::wire::{Answer, Reply};
use crate::world::World;
use crate::{
    activities, calendars, charts, collection, history, lists, progress, ratings, search, summaries, users, watched,
};

/// Answers a request that was let in. Unknown paths are 404; known beginnings with a wrong method or too little are
/// 405.
pub(crate) fn route(world: &mut World, call: &Call<'_>) -> Answer {
    let path: Vec<&str> = call.request.segments.iter().map(String::as_str).collect();
    match (call.request.method.as_str(), path.as_slice()) {
        (method, ["users", rest @ ..]) => of_users(world, call, method, rest),
        (method, ["sync", rest @ ..]) => of_sync(world, call, method, rest),
        ("GET", ["lists", "trending" | "popular", ..]) => lists::chart(world, call),
        ("GET", ["lists", id]) => lists::public_summary(world, id),
        ("GET", ["lists", id, "items", tail @ ..]) => lists::public_items(world, call, id, tail),
        ("GET", ["movies", rest @ ..]) => of_titles(world, call, Kind::Movie, rest),
        ("GET", ["shows", rest @ ..]) => of_titles(world, call, Kind::Show, rest),
        ("GET", ["people", id]) => summaries::read(world, call, Kind::Person, id, &[]),
        ("GET", ["recommendations", kind]) => charts::recommendations(world, call, kind),
        ("GET", ["search", path @ ..]) => search::read(world, call, path),
        ("GET", ["calendars", path @ ..]) => calendars::read(world, call, path),
        (_, ["movies" | "shows" | "search" | "calendars" | "lists", ..]) => Err(Reply::empty(405)),
        _ => Err(Reply::empty(404)),
    }
}

fn of_titles(world: &World, call: &Call<'_>, kind: Kind, path: &[&str]) -> Answer {
    match path {
        [chart, tail @ ..] if charts::is_chart(chart) => charts::read(world, call, kind, chart, tail),
        [id, tail @ ..] => summaries::read(world, call, kind, id, tail),
        [] => Err(Reply::empty(404)),
    }
}

fn of_users(world: &mut World, call: &Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", ["settings"]) => users::settings(world, call),
        ("GET", [user]) => users::profile(world, call, user),
        ("GET", [user, "lists"]) => lists::index(world, call, user),
        ("POST", [user, "lists"]) => lists::create(world, call, user),
        ("GET", [user, "lists", "collaborations"]) => lists::collaborations(world, call, user),
        ("GET", [user, "likes", "lists"]) => lists::liked(world, call, user),
        ("GET", [user, "lists", list]) => lists::summary(world, call, user, list),
        ("PUT", [user, "lists", list]) => lists::edit(world, call, user, list),
        ("DELETE", [user, "lists", list]) => lists::delete(world, call, user, list),
        ("POST", [user, "lists", list, "like"]) => lists::like(world, call, user, list, true),
        ("DELETE", [user, "lists", list, "like"]) => lists::like(world, call, user, list, false),
        ("POST", [user, "lists", list, "items"]) => lists::add(world, call, user, list),
        ("POST", [user, "lists", list, "items", "remove"]) => lists::remove(world, call, user, list),
        ("POST", [user, "lists", list, "items", "reorder"]) => lists::reorder(world, call, user, list),
        ("PUT", [user, "lists", list, "items", item]) => lists::edit_item(world, call, user, list, item),
        ("GET", [user, "lists", list, "items", tail @ ..]) => lists::items(world, call, user, list, tail),
        ("GET", [user, "watchlist", tail @ ..]) => own_lists::read(world, call, Which::Watchlist, user, tail),
        ("GET", [user, "favorites", tail @ ..]) => own_lists::read(world, call, Which::Favorites, user, tail),
        ("GET", [user, "collection", kind]) => collection::read(world, call, user, kind),
        ("GET", [user, "watched", kind]) => watched::read(world, call, user, kind),
        ("GET", [user, "ratings", tail @ ..]) => ratings::read(world, call, user, tail),
        ("GET", [user, "history", tail @ ..]) => history::read(world, call, user, tail),
        _ => Err(Reply::empty(405)),
    }
}

fn of_sync(world: &mut World, call: &Call<'_>, method: &str, path: &[&str]) -> Answer {
    let which = match path.first() {
        Some(&"favorites") => Which::Favorites,
        _ => Which::Watchlist,
    };
    match (method, path) {
        ("GET", ["last_activities"]) => activities::read(world, call),
        ("POST", ["watchlist" | "favorites"]) => own_lists::add(world, call, which),
        ("POST", ["watchlist" | "favorites", "remove"]) => own_lists::remove(world, call, which),
        ("POST", ["watchlist" | "favorites", "reorder"]) => own_lists::reorder(world, call, which),
        ("PUT", ["watchlist" | "favorites", item]) => own_lists::edit(world, call, which, item),
        ("GET", ["watchlist" | "favorites", tail @ ..]) => own_lists::read(world, call, which, "me", tail),
        ("POST", ["history"]) => history::add(world, call),
        ("POST", ["history", "remove"]) => history::remove(world, call),
        ("GET", ["history", tail @ ..]) => history::read(world, call, "me", tail),
        ("POST", ["ratings"]) => ratings::add(world, call),
        ("POST", ["ratings", "remove"]) => ratings::remove(world, call),
        ("GET", ["ratings", tail @ ..]) => ratings::read(world, call, "me", tail),
        ("POST", ["collection"]) => collection::add(world, call),
        ("POST", ["collection", "remove"]) => collection::remove(world, call),
        ("GET", ["collection", "minimal", kind]) => {
            let user = call.user()?;
            collection::minimal(world, &world.users[&user], kind)
        }
        ("GET", ["collection", kind]) => collection::read(world, call, "me", kind),
        ("GET", ["progress", "watched"]) => progress::all(world, call),
        ("GET", ["updates", path @ ..]) => charts::own_updates(world, call, path),
        ("GET", ["watched", kind]) => watched::read(world, call, "me", kind),
        _ => Err(Reply::empty(405)),
    }
}
