//! Plays. Every one is a row; the same play twice is two rows.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::access::Call;
use crate::bulk::{self, Bulk, Depth};
use crate::catalogue::{Kind, Media};
use crate::filters::Filters;
use crate::items::Place;
use crate::render::{self, Extended};
use crate::time::{self, MINUTE};
use crate::users::{self, Play};
use crate::wire::{Answer, Reply};
use crate::world::World;

const GROUPS: [Kind; 4] = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];

impl World {
    /// A user watches a movie, an episode, or all aired episodes of a season or show, at a moment that is kept to the
    /// minute. What is watched leaves the watchlist.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn watch(&mut self, user: &str, media: Media, at: i64) {
        let user = self.known(user);
        let now = self.now();
        let plays: Vec<(Media, i64)> = match media {
            Media::Show(id) | Media::Season(id, _) => {
                let episodes = self.catalogue.shows.get(&id).into_iter().flat_map(|show| show.episodes(true));
                let wanted = |season: u32| match media {
                    Media::Season(_, number) => season == number,
                    _ => season > 0,
                };
                episodes
                    .filter(|(season, episode)| wanted(*season) && episode.aired(now))
                    .map(|(season, episode)| (Media::Episode(id, season, episode.number), at))
                    .collect()
            }
            other => vec![(other, at)],
        };
        self.play(&user, &plays);
    }

    /// Writes plays down and marks everything that follows from them.
    pub(crate) fn play(&mut self, user: &str, plays: &[(Media, i64)]) {
        if plays.is_empty() {
            return;
        }
        let rows: Vec<Play> = plays
            .iter()
            .map(|(media, at)| Play {
                id: self.next_id(),
                media: *media,
                watched_at: at.div_euclid(MINUTE) * MINUTE,
                action: "watch",
            })
            .collect();
        let media: HashSet<Media> = plays.iter().map(|(media, _)| *media).collect();
        let stamp = self.mark_watched(user, &media);
        let tidy = self.switches.tidy_watchlist;
        let Some(account) = self.users.get_mut(user) else { return };
        account.history.extend(rows);
        account.watched_updated.extend(media.iter().map(|media| (row_of(*media), stamp)));
        if !tidy {
            return;
        }
        let shows: HashSet<u64> = media.iter().filter_map(|media| media.show()).collect();
        let seasons: HashSet<(u64, u32)> = media
            .iter()
            .filter_map(|media| match media {
                Media::Episode(show, season, _) => Some((*show, *season)),
                _ => None,
            })
            .collect();
        let gone: Vec<Media> = account
            .watchlist
            .media()
            .into_iter()
            .filter(|listed| match listed {
                Media::Show(show) => shows.contains(show),
                Media::Season(show, season) => seasons.contains(&(*show, *season)),
                other => media.contains(other),
            })
            .collect();
        self.take(&Place::Watchlist(user.to_owned()), &gone);
    }

    fn mark_watched(&mut self, user: &str, media: &HashSet<Media>) -> i64 {
        let mut names = Vec::new();
        for kind in [Kind::Movie, Kind::Episode] {
            if media.iter().any(|media| media.kind() == Some(kind)) {
                names.push(format!("{}.watched_at", kind.plural()));
            }
        }
        self.bump(user, &names)
    }
}

/// The movie, or the show of an episode: what has a row among the watched.
fn row_of(media: Media) -> Media {
    media.show().map_or(media, Media::Show)
}

/// `GET /sync/history[/{type}[/{item_id}]]` and `GET /users/{id}/history[/…]`
pub(crate) fn read(world: &World, call: &Call<'_>, user: &str, tail: &[&str]) -> Answer {
    let user = users::owner(world, call, user)?;
    let (kind, item) = match tail {
        [] | ["all"] => (None, None),
        [kind] => (Some(*kind), None),
        [kind, item] => (Some(*kind), Some(*item)),
        _ => return Err(Reply::empty(404)),
    };
    let kind = match kind {
        None => None,
        Some(word) => Some(
            Kind::read(word)
                .filter(|kind| GROUPS.contains(kind))
                .ok_or_else(|| Reply::json(400, &json!({ "error": format!("unknown type: {word}") })))?,
        ),
    };
    let item = match (kind, item) {
        (Some(kind), Some(id)) => Some(world.catalogue.by_path(kind, id).ok_or_else(|| Reply::empty(404))?),
        _ => None,
    };
    let bound = |name| call.request.value(name).and_then(time::parse);
    let (start, end) = (bound("start_at").unwrap_or(i64::MIN), bound("end_at").unwrap_or(i64::MAX));
    let filters = Filters::of(world, call);
    let account = &world.users[&user];
    let mut rows: Vec<&Play> = account
        .history
        .iter()
        .filter(|play| match (kind, item) {
            (_, Some(item)) => within(item, play.media),
            (None, _) => true,
            (Some(Kind::Movie), _) => matches!(play.media, Media::Movie(_)),
            (Some(_), _) => matches!(play.media, Media::Episode(..)),
        })
        .filter(|play| (start..=end).contains(&play.watched_at) && filters.pass(world, play.media))
        .collect();
    rows.sort_by_key(|play| std::cmp::Reverse((play.watched_at, play.id)));
    let page = world.pages.page("history", call.request, rows.len());
    let extended = Extended::of(call.request, world.now());
    let body = page
        .of(&rows)
        .map(|play| {
            let mut row = render::object(json!({
                "id": play.id, "watched_at": time::render(play.watched_at), "action": play.action,
            }));
            render::into_row(&mut row, &world.catalogue, play.media, extended);
            Value::Object(row)
        })
        .collect();
    Ok(page.reply(body).header("X-Private-User", account.private))
}

fn within(item: Media, play: Media) -> bool {
    match (item, play) {
        (Media::Show(show), Media::Episode(of, ..)) => show == of,
        (Media::Season(show, season), Media::Episode(of, number, _)) => (show, season) == (of, number),
        (item, play) => item == play,
    }
}

/// `POST /sync/history`
pub(crate) fn add(world: &mut World, call: &Call<'_>) -> Answer {
    let user = call.user()?;
    let bulk = Bulk::read(world, call.request, &GROUPS, Depth::Aired)?;
    let now = world.now();
    let mut plays = Vec::with_capacity(bulk.found.len());
    for found in &bulk.found {
        let at = match found.extras.get("watched_at").and_then(Value::as_str) {
            None => now,
            Some("unknown") => 0,
            Some("released") => released(world, found.media).unwrap_or(now),
            Some(text) => time::parse(text)
                .ok_or_else(|| Reply::json(422, &json!({ "error": format!("watched_at is no date: {text}") })))?,
        };
        plays.push((found.media, at));
    }
    world.play(&user, &plays);
    let groups = [Kind::Movie, Kind::Episode];
    let count = |kind| plays.iter().filter(|(media, _)| media.kind() == Some(kind)).count();
    let added = json!({ "movies": count(Kind::Movie), "episodes": count(Kind::Episode) });
    Ok(Reply::json(
        world.switches.history_status,
        &json!({ "added": added, "updated": bulk::counts(&[], &groups), "not_found": bulk.not_found }),
    ))
}

fn released(world: &World, media: Media) -> Option<i64> {
    match media {
        Media::Episode(show, season, number) => world.catalogue.episode(show, season, number)?.first_aired,
        other => time::parse(world.catalogue.work(other)?.full.get("released")?.as_str()?),
    }
}

/// `POST /sync/history/remove`: all plays of an item, or single plays by `ids`.
pub(crate) fn remove(world: &mut World, call: &Call<'_>) -> Answer {
    let user = call.user()?;
    let mut bulk = Bulk::read(world, call.request, &GROUPS, Depth::All)?;
    let body = call.request.json().unwrap_or_default();
    let ids: Vec<&Value> = body["ids"].as_array().into_iter().flatten().collect();
    let known: HashSet<u64> = world.users[&user].history.iter().map(|play| play.id).collect();
    let lost: Vec<&Value> =
        ids.iter().copied().filter(|id| !id.as_u64().is_some_and(|id| known.contains(&id))).collect();
    bulk.not_found.insert("ids".into(), json!(lost));
    let ids: HashSet<u64> = ids.into_iter().filter_map(Value::as_u64).collect();
    let media: HashSet<Media> = bulk.found.iter().map(|found| found.media).collect();
    let (gone, kept): (Vec<Play>, Vec<Play>) =
        world.user(&user).history.iter().partition(|play| ids.contains(&play.id) || media.contains(&play.media));
    world.user_mut(&user).history = kept;
    if !gone.is_empty() {
        world.mark_watched(&user, &gone.iter().map(|play| play.media).collect());
    }
    let count = |kind| gone.iter().filter(|play| play.media.kind() == Some(kind)).count();
    let deleted = json!({ "movies": count(Kind::Movie), "episodes": count(Kind::Episode) });
    Ok(Reply::json(200, &json!({ "deleted": deleted, "not_found": bulk.not_found })))
}
