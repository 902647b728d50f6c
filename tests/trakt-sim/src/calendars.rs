//! What airs when, in UTC days.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::access::Call;
use crate::catalogue::{Episode, Media, Season};
use crate::filters::Filters;
use crate::render::{self, Extended};
use crate::time::{self, DAY};
use crate::users::User;
use crate::wire::{Answer, Reply};
use crate::world::World;

/// The longest that a calendar can be, in days.
const LONGEST: i64 = 33;

/// `GET /calendars/{my|all}/{kind}[/{start_date}[/{days}]]`
pub(crate) fn read(world: &World, call: &Call<'_>, path: &[&str]) -> Answer {
    let (whose, path) = path.split_first().ok_or_else(|| Reply::empty(404))?;
    let mine = match *whose {
        "my" => Some(&world.users[&call.user()?]),
        "all" => None,
        _ => return Err(Reply::empty(404)),
    };
    let (kind, dates) = match path {
        ["shows", kind @ ("new" | "premieres" | "finales"), dates @ ..] => (*kind, dates),
        [kind @ ("shows" | "movies" | "streaming" | "dvd"), dates @ ..] => (*kind, dates),
        _ => return Err(Reply::empty(404)),
    };
    let refuse = |words: &str| Reply::json(400, &json!({ "error": words }));
    let (start, days) = match dates {
        [] => (None, None),
        [start] => (Some(*start), None),
        [start, days] => (Some(*start), Some(*days)),
        _ => return Err(Reply::empty(404)),
    };
    let start = match start {
        None => world.now().div_euclid(DAY) * DAY,
        Some(text) if text.len() == 10 => time::parse(text).ok_or_else(|| refuse("start_date is no date"))?,
        Some(_) => return Err(refuse("start_date must be YYYY-MM-DD")),
    };
    let days: i64 = days.map_or(Ok(7), str::parse).map_err(|_| refuse("days is no number"))?;
    if days > LONGEST && world.switches.long_calendar_refused {
        return Err(refuse("days must not be more than 33"));
    }
    let end = start + days.clamp(1, LONGEST) * DAY;
    let rows = match kind {
        "movies" | "streaming" | "dvd" => movies(world, call, mine, kind, start, end),
        kind => episodes(world, call, mine, kind, start, end),
    };
    Ok(Reply::json(200, &rows.into()))
}

fn movies(world: &World, call: &Call<'_>, mine: Option<&User>, kind: &str, start: i64, end: i64) -> Vec<Value> {
    // A movie streams two months after the cinema, and is sold a month later.
    let delay = match kind {
        "streaming" => 60 * DAY,
        "dvd" => 90 * DAY,
        _ => 0,
    };
    let filters = Filters::of(world, call);
    let extended = Extended::of(call.request, world.now());
    let mut found: Vec<(i64, u64)> = world
        .catalogue
        .movies
        .iter()
        .filter_map(|(id, work)| Some((time::parse(work.full.get("released")?.as_str()?)? + delay, *id)))
        .filter(|(at, id)| {
            (start..end).contains(at)
                && filters.pass(world, Media::Movie(*id))
                && mine.is_none_or(|user| follows_movie(user, Media::Movie(*id)))
        })
        .collect();
    found.sort_unstable();
    found
        .into_iter()
        .map(|(at, id)| {
            json!({ "released": time::day(at), "movie": render::media(&world.catalogue, Media::Movie(id), extended) })
        })
        .collect()
}

fn follows_movie(user: &User, movie: Media) -> bool {
    user.watchlist.has(movie) && !user.hidden.contains(&movie)
}

fn episodes(world: &World, call: &Call<'_>, mine: Option<&User>, kind: &str, start: i64, end: i64) -> Vec<Value> {
    let filters = Filters::of(world, call);
    let extended = Extended::of(call.request, world.now());
    let watched: HashSet<u64> =
        mine.into_iter().flat_map(|user| &user.history).filter_map(|play| play.media.show()).collect();
    let follows = |user: &User, show: u64, episode: Media| {
        !user.hidden.contains(&Media::Show(show))
            && (watched.contains(&show) || user.watchlist.has(Media::Show(show)) || user.watchlist.has(episode))
    };
    let wanted = |season: &Season, episode: &Episode| match kind {
        "new" => season.number == 1 && episode.number == 1,
        "premieres" => season.number > 0 && episode.number == 1,
        "finales" => season.number > 0 && season.episodes.last().is_some_and(|last| last.number == episode.number),
        _ => true,
    };
    let mut found: Vec<(i64, Media)> = Vec::new();
    for (id, show) in &world.catalogue.shows {
        if !filters.pass(world, Media::Show(*id)) {
            continue;
        }
        for season in &show.seasons {
            for episode in &season.episodes {
                let media = Media::Episode(*id, season.number, episode.number);
                let Some(at) = episode.first_aired.filter(|at| (start..end).contains(at)) else { continue };
                if wanted(season, episode) && mine.is_none_or(|user| follows(user, *id, media)) {
                    found.push((at, media));
                }
            }
        }
    }
    found.sort_unstable();
    found
        .into_iter()
        .map(|(at, media)| {
            let mut row = render::object(json!({ "first_aired": time::render(at), "released": time::day(at) }));
            render::objects(&mut row, &world.catalogue, media, extended);
            Value::Object(row)
        })
        .collect()
}
