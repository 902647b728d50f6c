//! Search by id, by text and by exact title.

use serde_json::{Map, Value, json};

use crate::access::Call;
use crate::catalogue::{Kind, Media};
use crate::filters::Filters;
use crate::lists::{List, Privacy};
use crate::render::{self, Extended};
use crate::slug::slug;
use crate::wire::{Answer, Reply};
use crate::world::World;

/// What a search can find.
#[derive(Clone, Copy)]
enum Hit<'a> {
    Media(Media),
    List(&'a List),
}

fn refuse(words: &str) -> Reply {
    Reply::json(400, &json!({ "error": words }))
}

/// `GET /search/…`
pub(crate) fn read(world: &World, call: &Call<'_>, path: &[&str]) -> Answer {
    let request = call.request;
    match path {
        [namespace @ ("trakt" | "imdb" | "tmdb" | "tvdb"), id] => by_id(world, call, namespace, id),
        [types, "exact"] => exact(world, call, types),
        [namespace, _] => Err(refuse(&format!("unknown id type: {namespace}"))),
        [types] => by_text(world, call, types),
        [] if world.switches.legacy_search => match (request.value("id_type"), request.value("id")) {
            (Some(namespace), Some(id)) => by_id(world, call, namespace, id),
            _ => by_text(world, call, request.value("type").unwrap_or("movie,show,episode,person,list")),
        },
        _ => Err(Reply::empty(404)),
    }
}

/// A comma list of kinds; `media` is movies and shows. `None` in it stands for lists.
fn types(text: &str) -> Result<Vec<Option<Kind>>, Reply> {
    let mut types = Vec::new();
    for word in text.split(',') {
        match word {
            "media" => types.extend([Some(Kind::Movie), Some(Kind::Show)]),
            "list" => types.push(None),
            word => match Kind::read(word).filter(|kind| kind.word() == word && *kind != Kind::Season) {
                Some(kind) => types.push(Some(kind)),
                None => return Err(refuse(&format!("unknown type: {word}"))),
            },
        }
    }
    Ok(types)
}

/// Everything with that id: an unknown one is an empty answer, and one number can be a movie's and a show's.
fn by_id(world: &World, call: &Call<'_>, namespace: &str, id: &str) -> Answer {
    let wanted = match call.request.value("type") {
        // IMDb ids say themselves what they are.
        Some(text) if namespace != "imdb" => types(text)?,
        _ => [Kind::Movie, Kind::Show, Kind::Episode, Kind::Person].map(Some).to_vec(),
    };
    let value = match namespace {
        "imdb" => json!(id),
        _ => id.parse::<u64>().map_or(Value::Null, |number| json!(number)),
    };
    let extended = Extended::of(call.request, world.now());
    let rows: Vec<Value> = wanted
        .into_iter()
        .flatten()
        .filter(|kind| *kind != Kind::Episode || namespace != "imdb" || world.switches.imdb_episodes)
        .filter_map(|kind| world.catalogue.by_id(kind, namespace, &value))
        .map(|media| row(world, Hit::Media(media), 1000.0, extended))
        .collect();
    Ok(Reply::json(200, &rows.into()))
}

fn query<'a>(call: &'a Call<'_>) -> Result<&'a str, Reply> {
    call.request.value("query").ok_or_else(|| refuse("query is required"))
}

fn by_text(world: &World, call: &Call<'_>, text: &str) -> Answer {
    let query = slug(&query(call)?.replace('\\', ""));
    let filters = Filters::of(world, call).without_query();
    let only_title = call.request.value("fields") == Some("title");
    let mut hits: Vec<(f64, Hit<'_>)> = Vec::new();
    for kind in types(text)? {
        match kind {
            Some(kind) => hits.extend(
                world
                    .catalogue
                    .all(kind)
                    .filter(|(media, _)| filters.pass(world, *media))
                    .filter_map(|(media, _)| Some((score(world, media, &query, only_title)?, Hit::Media(media)))),
            ),
            None => hits.extend(
                world
                    .lists
                    .values()
                    .filter(|list| list.privacy == Privacy::Public)
                    .filter_map(|list| Some((likeness(&list.name, &query)?, Hit::List(list)))),
            ),
        }
    }
    hits.sort_by(|a, b| b.0.total_cmp(&a.0));
    let page = world.pages.page("search", call.request, hits.len());
    let extended = Extended::of(call.request, world.now());
    Ok(page.reply(page.of(&hits).map(|(score, hit)| row(world, *hit, *score, extended)).collect()))
}

/// At most three, the title equal but for case and punctuation.
fn exact(world: &World, call: &Call<'_>, text: &str) -> Answer {
    if !matches!(text, "movie" | "show" | "media") {
        return Err(refuse(&format!("unknown type: {text}")));
    }
    let query = slug(&query(call)?.replace('\\', ""));
    let filters = Filters::of(world, call).without_query();
    let extended = Extended::of(call.request, world.now());
    let mut hits: Vec<(f64, Media)> = Vec::new();
    for kind in types(text)?.into_iter().flatten() {
        let equal = |media| world.catalogue.work(media).and_then(|work| work.title.as_deref()).map(slug);
        let found = world.catalogue.all(kind).map(|(media, _)| media);
        hits.extend(
            found
                .filter(|media| equal(*media).as_deref() == Some(&query) && filters.pass(world, *media))
                .map(|media| (1000.0 + votes(world, media), media)),
        );
    }
    hits.sort_by(|a, b| b.0.total_cmp(&a.0));
    let rows = hits.iter().take(3).map(|(score, media)| row(world, Hit::Media(*media), *score, extended));
    Ok(Reply::json(200, &rows.collect::<Vec<_>>().into()))
}

fn votes(world: &World, media: Media) -> f64 {
    let work = world.catalogue.work(media);
    work.and_then(|work| work.full.get("votes")).and_then(Value::as_f64).unwrap_or(0.0) / 1_000_000.0
}

/// How well something fits; its own title counts most, then translations and aliases, then the overview.
fn score(world: &World, media: Media, query: &str, only_title: bool) -> Option<f64> {
    let title = match media {
        Media::Episode(show, season, number) => {
            world.catalogue.episode(show, season, number)?.title.clone().unwrap_or_default()
        }
        Media::Person(id) => world.catalogue.people.get(&id)?.name.clone(),
        other => world.catalogue.work(other)?.title.clone().unwrap_or_default(),
    };
    let own = likeness(&title, query);
    if own.is_some() || only_title || !matches!(media, Media::Movie(_) | Media::Show(_)) {
        return own.map(|score| score + votes(world, media));
    }
    let work = world.catalogue.work(media)?;
    let translations = work.translations.iter().filter_map(|row| row.title.as_deref());
    let others = translations.chain(work.aliases.iter().map(|alias| alias.title.as_str()));
    others.filter_map(|title| likeness(title, query)).max_by(f64::total_cmp).map(|score| score * 0.6)
}

/// 100 for the same words; less the more other words there are; none if a word of the query is missing.
fn likeness(title: &str, query: &str) -> Option<f64> {
    let title = slug(title);
    if title == query && !query.is_empty() {
        return Some(100.0);
    }
    let words: Vec<&str> = title.split('-').filter(|word| !word.is_empty()).collect();
    let wanted: Vec<&str> = query.split('-').filter(|word| !word.is_empty()).collect();
    let all = !wanted.is_empty() && wanted.iter().all(|want| words.iter().any(|word| word.starts_with(want)));
    all.then(|| 66.39 * wanted.len() as f64 / words.len().max(wanted.len()) as f64)
}

fn row(world: &World, hit: Hit<'_>, score: f64, extended: Extended) -> Value {
    let mut row = Map::new();
    row.insert("score".into(), json!(score));
    match hit {
        Hit::Media(media) => render::into_row(&mut row, &world.catalogue, media, extended),
        Hit::List(list) => {
            row.insert("type".into(), json!("list"));
            row.insert("list".into(), list.to_json(world));
        }
    }
    Value::Object(row)
}
