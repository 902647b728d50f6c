//! What is known about one movie, show, season, episode or person.

use serde_json::{Map, Value, json};

use crate::access::Call;
use crate::catalogue::{Credit, Kind, Media, Season, Show, Translation, Work};
use crate::lists::Privacy;
use crate::progress;
use crate::render::{self, Extended};
use crate::wire::{Answer, Reply};
use crate::world::World;

/// Everything below `/movies/{id}` and `/shows/{id}`, and `/people/{id}`.
pub(crate) fn read(world: &World, call: &Call<'_>, kind: Kind, id: &str, tail: &[&str]) -> Answer {
    let media = world.catalogue.by_path(kind, id).ok_or_else(|| Reply::empty(404))?;
    let extended = Extended::of(call.request, world.now());
    if tail.is_empty() {
        return Ok(Reply::json(200, &render::media(&world.catalogue, media, extended)));
    }
    let work = world.catalogue.work(media).ok_or_else(|| Reply::empty(404))?;
    match (media, tail) {
        (_, ["people"]) => Ok(people(world, call, work, media, extended)),
        (_, ["translations", language @ ..]) => {
            translations(world, call, &work.translations, language, true).map(|rows| Reply::json(200, &rows))
        }
        (_, ["aliases"]) => {
            let rows: Vec<Value> =
                work.aliases.iter().map(|alias| json!({ "title": alias.title, "country": alias.country })).collect();
            Ok(Reply::json(200, &rows.into()))
        }
        (_, ["ratings"]) => match work.full.get("votes").and_then(Value::as_u64) {
            None | Some(0) => Ok(Reply::empty(204)),
            Some(votes) => {
                let rating = work.full.get("rating");
                Ok(Reply::json(200, &json!({ "rating": rating, "votes": votes, "distribution": {} })))
            }
        },
        (_, ["lists", ..]) => Ok(lists_with(world, call, media)),
        (Media::Show(id), ["progress", what]) => progress::of_show(world, call, id, what),
        (Media::Show(id), tail) => match world.catalogue.shows.get(&id) {
            Some(show) => of_show(world, call, show, tail, extended),
            None => Err(Reply::empty(404)),
        },
        _ => Err(Reply::empty(404)),
    }
}

fn of_show(world: &World, call: &Call<'_>, show: &Show, tail: &[&str], extended: Extended) -> Answer {
    let now = world.now();
    let number = |text: &str| text.parse::<u32>().map_err(|_| Reply::empty(404));
    match tail {
        ["seasons"] => {
            let specials = call.request.flag("specials", true);
            let rows = show.seasons.iter().filter(|season| specials || season.number > 0).map(|season| {
                let mut row = render::season(season, extended);
                if call.request.extended("episodes") {
                    row["episodes"] = episodes(season, extended);
                }
                row
            });
            Ok(Reply::json(200, &rows.collect::<Vec<_>>().into()))
        }
        ["seasons", n] => {
            let season = show.season(number(n)?).ok_or_else(|| Reply::empty(404))?;
            let mut rows = episodes(season, extended);
            if let Some(language) = call.request.value("translations") {
                for (row, episode) in rows.as_array_mut().into_iter().flatten().zip(&season.episodes) {
                    row["translations"] = translated(&episode.translations, Some(language), false);
                }
            }
            Ok(Reply::json(200, &rows))
        }
        ["seasons", n, "info"] => match show.season(number(n)?) {
            Some(season) => Ok(Reply::json(200, &render::season(season, extended))),
            None => Ok(Reply::empty(204)),
        },
        ["seasons", n, "episodes", m, rest @ ..] => {
            let season = number(n)?;
            let episode = show.episode(season, number(m)?).ok_or_else(|| Reply::empty(404))?;
            match rest {
                [] => Ok(Reply::json(200, &render::episode(season, episode, extended))),
                ["translations", language @ ..] => translations(world, call, &episode.translations, language, false)
                    .map(|rows| Reply::json(200, &rows)),
                _ => Err(Reply::empty(404)),
            }
        }
        ["next_episode" | "last_episode"] => {
            let next = tail == ["next_episode"];
            let found = show
                .episodes(false)
                .filter(|(_, episode)| episode.first_aired.is_some_and(|at| (at > now) == next))
                .min_by_key(|(_, episode)| if next { episode.first_aired } else { episode.first_aired.map(|at| -at) });
            Ok(match found {
                Some((season, episode)) => Reply::json(200, &render::episode(season, episode, extended)),
                None => Reply::empty(204),
            })
        }
        _ => Err(Reply::empty(404)),
    }
}

fn episodes(season: &Season, extended: Extended) -> Value {
    season.episodes.iter().map(|episode| render::episode(season.number, episode, extended)).collect()
}

/// The bare path gives all languages; a path segment or a query parameter one, as far as that is switched on.
fn translations(
    world: &World,
    call: &Call<'_>,
    all: &[Translation],
    path: &[&str],
    tagline: bool,
) -> Result<Value, Reply> {
    let language = match path {
        [] => call.request.value("language").filter(|_| world.switches.translations_query),
        [language] if world.switches.translations_path => Some(*language),
        _ => return Err(Reply::empty(404)),
    };
    Ok(translated(all, language, tagline))
}

fn translated(all: &[Translation], language: Option<&str>, tagline: bool) -> Value {
    all.iter()
        .filter(|row| language.is_none_or(|language| language == "all" || language == row.language))
        .map(|row| {
            let mut map = render::object(json!({
                "title": row.title, "overview": row.overview, "language": row.language, "country": row.country,
            }));
            if tagline {
                map.insert("tagline".into(), json!(row.tagline));
            }
            Value::Object(map)
        })
        .collect()
}

fn people(world: &World, call: &Call<'_>, work: &Work, media: Media, extended: Extended) -> Reply {
    let count = media.show().and_then(|show| world.catalogue.shows.get(&show)).map(|show| {
        let count = show.episodes(false).count();
        json!(count)
    });
    let row = |credit: &Credit, singular: &str, plural: &str| {
        let mut map = render::object(json!({
            singular: credit.part, plural: [credit.part],
            "person": render::media(&world.catalogue, Media::Person(credit.person), extended),
        }));
        if let Some(count) = &count {
            map.insert("episode_count".into(), count.clone());
        }
        Value::Object(map)
    };
    let mut body = Map::new();
    let cast: Vec<Value> = work
        .credits
        .iter()
        .filter(|credit| credit.department.is_none())
        .map(|credit| row(credit, "character", "characters"))
        .collect();
    body.insert("cast".into(), cast.into());
    let mut crew: Map<String, Value> = Map::new();
    for credit in &work.credits {
        if let Some(department) = &credit.department {
            let rows = crew.entry(department.clone()).or_insert_with(|| json!([]));
            rows.as_array_mut().into_iter().for_each(|rows| rows.push(row(credit, "job", "jobs")));
        }
    }
    if !crew.is_empty() {
        body.insert("crew".into(), crew.into());
    }
    if call.request.extended("guest_stars") {
        body.insert("guest_stars".into(), json!([]));
    }
    Reply::json(200, &body.into())
}

/// The public lists that something is on.
fn lists_with(world: &World, call: &Call<'_>, media: Media) -> Reply {
    let lists: Vec<_> =
        world.lists.values().filter(|list| list.privacy == Privacy::Public && list.contents.has(media)).collect();
    let page = world.pages.page("lists", call.request, lists.len());
    page.reply(page.of(&lists).map(|list| list.to_json(world)).collect())
}
