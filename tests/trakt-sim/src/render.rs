//! The catalogue as JSON.

use serde_json::{Map, Value, json};

use crate::catalogue::{Catalogue, Episode, Ids, Kind, Media, Season, Show, Translation, Work};
use crate::time;
use crate::wire::Request;

/// How much of each object is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extended {
    full: bool,
    streaming_ids: bool,
    /// The moment that decides what has aired.
    now: i64,
}

impl Extended {
    /// What the request wants. `images` behaves as `full`.
    pub(crate) fn of(request: &Request, now: i64) -> Self {
        Extended {
            full: request.extended("full") || request.extended("images"),
            streaming_ids: request.extended("streaming_ids"),
            now,
        }
    }

    /// The least of everything.
    pub(crate) fn minimal(now: i64) -> Self {
        Extended { now, ..Extended::default() }
    }
}

/// An object literal as a map.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

pub(crate) fn ids(kind: Kind, ids: &Ids, extended: Extended) -> Value {
    let mut map = object(json!({ "trakt": ids.trakt }));
    let names: &[&str] = match kind {
        Kind::Movie | Kind::Person => &["slug", "imdb", "tmdb"],
        Kind::Show => &["slug", "tvdb", "imdb", "tmdb"],
        Kind::Season => &["tvdb", "tmdb"],
        Kind::Episode => &["tvdb", "imdb", "tmdb"],
    };
    for name in names {
        let value = match *name {
            "slug" => json!(ids.slug),
            "imdb" => json!(ids.imdb),
            "tmdb" => json!(ids.tmdb),
            _ => json!(ids.tvdb),
        };
        map.insert((*name).to_owned(), value);
    }
    if extended.streaming_ids {
        map.insert("plex".into(), json!({ "guid": format!("5d77{:020x}", ids.trakt), "slug": ids.slug }));
    }
    Value::Object(map)
}

fn work(kind: Kind, work: &Work, extended: Extended) -> Map<String, Value> {
    let mut map = object(json!({ "title": work.title, "year": work.year, "ids": ids(kind, &work.ids, extended) }));
    if extended.full {
        map.extend(work.full.iter().map(|(name, value)| (name.clone(), value.clone())));
        map.entry("available_translations").or_insert_with(|| languages(&work.translations));
        let art = format!("media.trakt.tv/images/{}/{:09}", kind.plural(), work.ids.trakt);
        map.entry("images").or_insert_with(|| json!({ "poster": [format!("{art}/posters/thumb.jpg.webp")] }));
    }
    map
}

fn languages(translations: &[Translation]) -> Value {
    let mut languages: Vec<&str> = translations.iter().map(|it| it.language.as_str()).collect();
    languages.sort_unstable();
    languages.dedup();
    json!(languages)
}

pub(crate) fn show(show: &Show, extended: Extended) -> Value {
    let mut map = work(Kind::Show, &show.work, extended);
    if extended.full {
        let first = show.episodes(false).find_map(|(_, episode)| episode.first_aired);
        map.entry("first_aired").or_insert_with(|| json!(first.map(time::render)));
        map.insert("aired_episodes".into(), json!(show.aired_episodes(extended.now)));
    }
    Value::Object(map)
}

pub(crate) fn season(season: &Season, extended: Extended) -> Value {
    let mut map = object(json!({ "number": season.number, "ids": ids(Kind::Season, &season.ids, extended) }));
    if extended.full {
        let aired = season.episodes.iter().filter(|episode| episode.aired(extended.now)).count();
        let first = season.episodes.iter().find_map(|episode| episode.first_aired);
        map.extend(object(json!({
            "title": season.title, "overview": null, "rating": 7.5, "votes": 120, "network": null,
            "episode_count": season.episodes.len(), "aired_episodes": aired,
            "first_aired": first.map(time::render), "updated_at": first.map(time::render),
        })));
    }
    Value::Object(map)
}

pub(crate) fn episode(season: u32, episode: &Episode, extended: Extended) -> Value {
    let mut map = object(json!({
        "season": season, "number": episode.number, "title": episode.title,
        "ids": ids(Kind::Episode, &episode.ids, extended),
    }));
    if extended.full {
        map.insert("number_abs".into(), json!(episode.number_abs));
        map.insert("first_aired".into(), json!(episode.first_aired.map(time::render)));
        map.extend(episode.full.iter().map(|(name, value)| (name.clone(), value.clone())));
        map.entry("updated_at").or_insert_with(|| json!(episode.first_aired.map(time::render)));
        map.entry("available_translations").or_insert_with(|| languages(&episode.translations));
    }
    Value::Object(map)
}

/// One object, without its show; `null` for what is not there.
pub(crate) fn media(catalogue: &Catalogue, media: Media, extended: Extended) -> Value {
    match media {
        Media::Movie(id) => {
            catalogue.movies.get(&id).map_or(Value::Null, |it| Value::Object(work(Kind::Movie, it, extended)))
        }
        Media::Show(id) => catalogue.shows.get(&id).map_or(Value::Null, |it| show(it, extended)),
        Media::Season(id, number) => catalogue.season(id, number).map_or(Value::Null, |it| season(it, extended)),
        Media::Episode(id, number, nth) => {
            catalogue.episode(id, number, nth).map_or(Value::Null, |it| episode(number, it, extended))
        }
        Media::Person(id) => catalogue.people.get(&id).map_or(Value::Null, |person| {
            let mut map = object(json!({ "name": person.name, "ids": ids(Kind::Person, &person.ids, extended) }));
            if extended.full {
                map.extend(person.full.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            Value::Object(map)
        }),
        Media::Odd(word) => json!({ "title": format!("A {word}"), "ids": { "trakt": 77 } }),
    }
}

/// Puts `type`, the object, and the show of seasons and episodes into a row.
pub(crate) fn into_row(row: &mut Map<String, Value>, catalogue: &Catalogue, item: Media, extended: Extended) {
    row.insert("type".into(), json!(item.word()));
    objects(row, catalogue, item, extended);
}

/// Puts the object, and the show of seasons and episodes, into a row.
pub(crate) fn objects(row: &mut Map<String, Value>, catalogue: &Catalogue, item: Media, extended: Extended) {
    row.insert(item.word().into(), media(catalogue, item, extended));
    if let Media::Season(show, _) | Media::Episode(show, ..) = item {
        row.insert("show".into(), media(catalogue, Media::Show(show), extended));
    }
}
