//! The bulk body of writes: which media it names, and an echo of what is not known.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::catalogue::{Kind, Media};
use crate::wire::{Reply, Request};
use crate::world::World;

/// Something that a body named.
pub(crate) struct Found {
    pub(crate) media: Media,
    /// The object's own properties (`watched_at`, `notes`, `rating`, …); what is nested has those of the objects
    /// around it too.
    pub(crate) extras: Map<String, Value>,
}

/// A body, resolved.
pub(crate) struct Bulk {
    pub(crate) found: Vec<Found>,
    /// For every group the objects as they were sent.
    pub(crate) not_found: Map<String, Value>,
}

/// What a show or season means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Itself: lists, watchlist, ratings.
    AsNamed,
    /// Its aired episodes, specials only if their season is named: adding to history and collection.
    Aired,
    /// All its episodes, specials too: removing from history and collection.
    All,
}

impl Bulk {
    /// Reads the groups of a body. A body that is no object, or a group that is no array, is 400.
    pub(crate) fn read(world: &World, request: &Request, groups: &[Kind], depth: Depth) -> Result<Bulk, Reply> {
        let refuse = |words: &str| Reply::json(400, &json!({ "error": words }));
        let body = request.json().unwrap_or_default();
        let body = body.as_object().ok_or_else(|| refuse("the body must be an object"))?;
        let objects = groups.iter().filter_map(|kind| body.get(kind.plural())?.as_array()).map(Vec::len).sum::<usize>();
        if world.switches.max_batch.is_some_and(|most| objects > most) {
            return Err(Reply::empty(413));
        }
        let mut bulk = Bulk { found: Vec::new(), not_found: Map::new() };
        for kind in groups {
            let objects = match body.get(kind.plural()) {
                None | Some(Value::Null) => &Vec::new(),
                Some(Value::Array(objects)) => objects,
                Some(_) => return Err(refuse(&format!("{} must be an array", kind.plural()))),
            };
            let mut unknown = Vec::new();
            for object in objects {
                match resolve(world, *kind, object) {
                    Some(media) => unknown.extend(bulk.expand(world, media, object, depth)),
                    None => unknown.push(object.clone()),
                }
            }
            bulk.not_found.insert(kind.plural().to_owned(), Value::Array(unknown));
        }
        Ok(bulk)
    }

    /// Adds what an object means; gives the part of it that does not exist.
    fn expand(&mut self, world: &World, media: Media, object: &Value, depth: Depth) -> Option<Value> {
        let mut extras = extras(object, &Map::new());
        let (Media::Show(show), Some(seasons)) = (media, object["seasons"].as_array()) else {
            self.whole(world, media, &extras, depth);
            return None;
        };
        let mut lost = Vec::new();
        for season in seasons {
            extras = self::extras(season, &extras);
            let number = season["number"].as_u64().and_then(|number| u32::try_from(number).ok());
            let known = number.and_then(|number| world.catalogue.season(show, number));
            let Some(known) = known else {
                lost.push(season.clone());
                continue;
            };
            let Some(episodes) = season["episodes"].as_array() else {
                self.whole(world, Media::Season(show, known.number), &extras, depth);
                continue;
            };
            let mut lost_episodes = Vec::new();
            for episode in episodes {
                let nth = episode["number"].as_u64().and_then(|number| u32::try_from(number).ok());
                match nth.filter(|nth| world.catalogue.episode(show, known.number, *nth).is_some()) {
                    Some(nth) => self.found.push(Found {
                        media: Media::Episode(show, known.number, nth),
                        extras: self::extras(episode, &extras),
                    }),
                    None => lost_episodes.push(episode.clone()),
                }
            }
            if !lost_episodes.is_empty() {
                lost.push(json!({ "number": known.number, "episodes": lost_episodes }));
            }
        }
        (!lost.is_empty()).then(|| {
            let mut echo = object.clone();
            echo["seasons"] = Value::Array(lost);
            echo
        })
    }

    fn whole(&mut self, world: &World, media: Media, extras: &Map<String, Value>, depth: Depth) {
        let now = world.now();
        let mut push = |media| self.found.push(Found { media, extras: extras.clone() });
        match (media, depth) {
            (Media::Show(id), Depth::Aired | Depth::All) => {
                let show = world.catalogue.shows.get(&id);
                for (season, episode) in show.into_iter().flat_map(|show| show.episodes(depth == Depth::All)) {
                    if depth == Depth::All || episode.aired(now) {
                        push(Media::Episode(id, season, episode.number));
                    }
                }
            }
            (Media::Season(id, number), Depth::Aired | Depth::All) => {
                let season = world.catalogue.season(id, number);
                for episode in season.into_iter().flat_map(|season| &season.episodes) {
                    if depth == Depth::All || episode.aired(now) {
                        push(Media::Episode(id, number, episode.number));
                    }
                }
            }
            _ => push(media),
        }
    }
}

/// An object's properties besides what it names, over those of the objects around it.
fn extras(object: &Value, around: &Map<String, Value>) -> Map<String, Value> {
    let mut extras = around.clone();
    for (name, value) in object.as_object().into_iter().flatten() {
        if !["ids", "title", "year", "seasons", "episodes", "number"].contains(&name.as_str()) {
            extras.insert(name.clone(), value.clone());
        }
    }
    extras
}

/// The first id that is sent decides, in the order trakt, slug, imdb, tmdb, tvdb; without any, title and year do.
fn resolve(world: &World, kind: Kind, object: &Value) -> Option<Media> {
    let namespaces: &[&str] = match kind {
        Kind::Movie | Kind::Person => &["trakt", "slug", "imdb", "tmdb"],
        Kind::Show => &["trakt", "slug", "imdb", "tmdb", "tvdb"],
        Kind::Season => &["trakt", "tmdb", "tvdb"],
        Kind::Episode => &["trakt", "imdb", "tmdb", "tvdb"],
    };
    let ids = &object["ids"];
    let sent = namespaces.iter().find(|namespace| !ids[**namespace].is_null());
    if let Some(namespace) = sent {
        return world.catalogue.by_id(kind, namespace, &ids[*namespace]);
    }
    let title = object["title"].as_str().filter(|_| matches!(kind, Kind::Movie | Kind::Show))?;
    world.catalogue.by_title(kind, title, object["year"].as_u64())
}

/// `{movies: 1, shows: 0, …}`; each thing counts once.
pub(crate) fn counts(media: &[Media], groups: &[Kind]) -> Value {
    let unique: HashSet<&Media> = media.iter().collect();
    let count = |kind: Kind| unique.iter().filter(|media| media.kind() == Some(kind)).count();
    groups.iter().map(|kind| (kind.plural().to_owned(), json!(count(*kind)))).collect::<Map<_, _>>().into()
}
