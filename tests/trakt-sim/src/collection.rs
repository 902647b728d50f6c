//! The collection: movies and episodes that a user has.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::access::Call;
use crate::bulk::{self, Bulk, Depth};
use crate::catalogue::{Kind, Media};
use crate::items;
use crate::render::{self, Extended};
use crate::time;
use crate::users::{self, Collected, User};
use crate::wire::{Answer, Reply};
use crate::world::World;

const GROUPS: [Kind; 4] = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];
const METADATA: [&str; 6] = ["media_type", "resolution", "hdr", "audio", "audio_channels", "3d"];

impl World {
    /// A user collects a movie or an episode, or all aired episodes of a season or show.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn collect(&mut self, user: &str, media: Media, at: i64) {
        let user = self.known(user);
        let now = self.now();
        let all: Vec<Media> = match media {
            Media::Show(id) | Media::Season(id, _) => {
                let episodes = self.catalogue.shows.get(&id).into_iter().flat_map(|show| show.episodes(true));
                episodes
                    .filter(|(season, episode)| {
                        episode.aired(now)
                            && match media {
                                Media::Season(_, number) => *season == number,
                                _ => *season > 0,
                            }
                    })
                    .map(|(season, episode)| Media::Episode(id, season, episode.number))
                    .collect()
            }
            other => vec![other],
        };
        let stamp = self.mark_collected(&user, &all);
        let rows = all.into_iter().map(|it| (it, Collected { at, updated_at: stamp, metadata: Value::Null }));
        self.user_mut(&user).collection.extend(rows);
    }

    fn mark_collected(&mut self, user: &str, media: &[Media]) -> i64 {
        let mut names = Vec::new();
        for kind in [Kind::Movie, Kind::Episode] {
            if media.iter().any(|media| media.kind() == Some(kind)) {
                names.push(format!("{}.collected_at", kind.plural()));
            }
        }
        self.bump(user, &names)
    }
}

/// `GET /sync/collection/{type}` and `GET /users/{id}/collection/{type}`
pub(crate) fn read(world: &World, call: &Call<'_>, user: &str, kind: &str) -> Answer {
    let user = users::owner(world, call, user)?;
    let user = &world.users[&user];
    let bound = |name| call.request.value(name).and_then(time::parse);
    let (start, end) = (bound("start_at").unwrap_or(i64::MIN), bound("end_at").unwrap_or(i64::MAX));
    let within = |row: &Collected| (start..=end).contains(&row.at);
    let kinds: &[Kind] = match kind {
        "movies" => &[Kind::Movie],
        "episodes" => &[Kind::Episode],
        "media" => &[Kind::Movie, Kind::Episode],
        "shows" => return shows(world, call, user),
        other => return Err(Reply::json(400, &json!({ "error": format!("unknown type: {other}") }))),
    };
    if call.request.extended("min") && kind != "media" {
        return minimal(world, user, kind);
    }
    let rows: Vec<(&Media, &Collected)> = user
        .collection
        .iter()
        .filter(|(media, row)| media.kind().is_some_and(|kind| kinds.contains(&kind)) && within(row))
        .collect();
    let page = world.pages.page("collection", call.request, rows.len());
    let extended = Extended::of(call.request, world.now());
    let with_metadata = call.request.extended("metadata");
    let body = page
        .of(&rows)
        .map(|(media, collected)| {
            let mut row = render::object(json!({
                "collected_at": time::render(collected.at), "updated_at": time::render(collected.updated_at),
            }));
            render::into_row(&mut row, &world.catalogue, **media, extended);
            if with_metadata {
                row.insert("metadata".into(), collected.metadata.clone());
            }
            Value::Object(row)
        })
        .collect();
    Ok(page.reply(body).header("X-Private-User", user.private))
}

/// The collected episodes of each show: season → episode → row.
type Seasons<'a> = BTreeMap<u32, BTreeMap<u32, &'a Collected>>;

fn by_show(user: &User) -> BTreeMap<u64, Seasons<'_>> {
    let mut shows: BTreeMap<u64, Seasons<'_>> = BTreeMap::new();
    for (media, row) in &user.collection {
        if let Media::Episode(show, season, number) = media {
            shows.entry(*show).or_default().entry(*season).or_default().insert(*number, row);
        }
    }
    shows
}

fn shows(world: &World, call: &Call<'_>, user: &User) -> Answer {
    let request = call.request;
    if request.extended("min") {
        return minimal(world, user, "shows");
    }
    let all = world.switches.collection_seasons;
    let with_seasons = all || request.extended("progress");
    let specials = all || request.flag("specials", false);
    let with_metadata = request.extended("metadata");
    let shows: Vec<(u64, Seasons<'_>)> = by_show(user).into_iter().collect();
    let rule = if request.extended("progress") { "progress" } else { "collection" };
    let page = world.pages.page(rule, request, shows.len());
    let extended = Extended::of(request, world.now());
    let body = page
        .of(&shows)
        .map(|(id, seasons)| {
            let rows = || seasons.values().flat_map(BTreeMap::values);
            let mut row = render::object(json!({
                "last_collected_at": rows().map(|row| row.at).max().map(time::render),
                "last_updated_at": rows().map(|row| row.updated_at).max().map(time::render),
            }));
            render::objects(&mut row, &world.catalogue, Media::Show(*id), extended);
            if with_seasons {
                let seasons: Vec<Value> = seasons
                    .iter()
                    .filter(|(number, _)| (specials || **number > 0) && !world.switches.empty_seasons)
                    .map(|(number, episodes)| {
                        let episodes: Vec<Value> = episodes
                            .iter()
                            .map(|(number, row)| {
                                let mut episode = json!({ "number": number, "collected_at": time::render(row.at) });
                                if with_metadata {
                                    episode["metadata"] = row.metadata.clone();
                                }
                                episode
                            })
                            .collect();
                        json!({ "number": number, "episodes": episodes })
                    })
                    .collect();
                row.insert("seasons".into(), seasons.into());
            }
            Value::Object(row)
        })
        .collect();
    Ok(page.reply(body).header("X-Private-User", user.private))
}

/// `extended=min` and `GET /sync/collection/minimal/{type}`: ids only, never in pages.
pub(crate) fn minimal(world: &World, user: &User, kind: &str) -> Answer {
    let mut map = Map::new();
    match kind {
        "movies" | "episodes" => {
            for (media, row) in user.collection.iter().filter(|(media, _)| media.kind() == Kind::read(kind)) {
                if let Some(ids) = world.catalogue.ids(*media) {
                    map.insert(ids.trakt.to_string(), json!(time::render(row.at)));
                }
            }
        }
        "shows" => {
            for (show, seasons) in by_show(user) {
                let seasons: Map<String, Value> = seasons
                    .iter()
                    .map(|(number, episodes)| {
                        let episodes: Map<String, Value> = episodes
                            .iter()
                            .map(|(number, row)| (number.to_string(), json!(time::render(row.at))))
                            .collect();
                        (number.to_string(), episodes.into())
                    })
                    .collect();
                map.insert(show.to_string(), seasons.into());
            }
        }
        other => return Err(Reply::json(400, &json!({ "error": format!("unknown type: {other}") }))),
    }
    Ok(Reply::json(200, &map.into()))
}

/// `POST /sync/collection`
pub(crate) fn add(world: &mut World, call: &Call<'_>) -> Answer {
    let user = call.user()?;
    let bulk = Bulk::read(world, call.request, &GROUPS, Depth::Aired)?;
    let now = world.now();
    let account = &world.users[&user];
    let (mut added, mut updated, mut existing) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows: BTreeMap<Media, (i64, Value)> = BTreeMap::new();
    for found in &bulk.found {
        let at = found.extras.get("collected_at").and_then(Value::as_str).and_then(time::parse);
        let metadata: Map<String, Value> =
            METADATA.iter().filter_map(|name| Some(((*name).to_owned(), found.extras.get(*name)?.clone()))).collect();
        let metadata = if metadata.is_empty() { Value::Null } else { Value::Object(metadata) };
        match account.collection.get(&found.media) {
            None if !rows.contains_key(&found.media) => {
                added.push(found.media);
                rows.insert(found.media, (at.unwrap_or(now), metadata));
            }
            Some(row) if !metadata.is_null() && row.metadata != metadata => {
                updated.push(found.media);
                rows.insert(found.media, (at.unwrap_or(row.at), metadata));
            }
            _ => existing.push(found.media),
        }
    }
    let (limit, vip) = (account.limits.collection, account.vip);
    if !added.is_empty() && account.collection.len() + added.len() > limit {
        return Err(items::over_limit(vip, limit));
    }
    if !rows.is_empty() {
        let changed: Vec<Media> = rows.keys().copied().collect();
        let stamp = world.mark_collected(&user, &changed);
        let rows =
            rows.into_iter().map(|(media, (at, metadata))| (media, Collected { at, updated_at: stamp, metadata }));
        world.user_mut(&user).collection.extend(rows);
    }
    let groups = [Kind::Movie, Kind::Episode];
    Ok(Reply::json(
        201,
        &json!({
            "added": bulk::counts(&added, &groups), "updated": bulk::counts(&updated, &groups),
            "existing": bulk::counts(&existing, &groups), "not_found": bulk.not_found,
        }),
    ))
}

/// `POST /sync/collection/remove`
pub(crate) fn remove(world: &mut World, call: &Call<'_>) -> Answer {
    let user = call.user()?;
    let bulk = Bulk::read(world, call.request, &GROUPS, Depth::All)?;
    let account = world.user_mut(&user);
    let gone: Vec<Media> =
        bulk.found.iter().map(|found| found.media).filter(|media| account.collection.remove(media).is_some()).collect();
    if !gone.is_empty() {
        world.mark_collected(&user, &gone);
    }
    let deleted = bulk::counts(&gone, &[Kind::Movie, Kind::Episode]);
    Ok(Reply::json(200, &json!({ "deleted": deleted, "not_found": bulk.not_found })))
}
