//! How far a user is with a show. Only what has aired counts.

use serde_json::{Map, Value, json};

use crate::access::Call;
use crate::catalogue::{Media, Show};
use crate::render::{self, Extended};
use crate::time;
use crate::users::User;
use crate::watched::{Seasons, Watched};
use crate::wire::{Answer, Reply};
use crate::world::World;

/// What a request wants of a progress.
struct Wanted {
    hidden: bool,
    specials: bool,
    count_specials: bool,
    /// `next_episode` follows what was watched last, instead of the furthest that was watched.
    by_time: bool,
    seasons: bool,
}

impl Wanted {
    fn of(call: &Call<'_>, seasons: bool) -> Self {
        let request = call.request;
        Wanted {
            hidden: request.flag("hidden", false),
            specials: request.flag("specials", false),
            count_specials: request.flag("count_specials", true),
            by_time: request.value("last_activity") == Some("watched"),
            seasons,
        }
    }
}

/// When an episode was watched or collected last.
type Done<'a> = &'a dyn Fn(u32, u32) -> Option<i64>;

/// `GET /shows/{id}/progress/{watched|collection}`: of the token's user, whoever asks.
pub(crate) fn of_show(world: &World, call: &Call<'_>, show: u64, what: &str) -> Answer {
    let user = &world.users[&call.user()?];
    let Some(known) = world.catalogue.shows.get(&show) else { return Err(Reply::empty(404)) };
    let wanted = Wanted::of(call, true);
    let extended = Extended::of(call.request, world.now());
    let body = match what {
        "watched" => {
            let plays = Watched::of(user).shows.remove(&show).unwrap_or_default();
            watched(world, user, show, known, &plays, &wanted, extended)
        }
        "collection" => {
            let done = |season, number| user.collection.get(&Media::Episode(show, season, number)).map(|row| row.at);
            progress(world, user, show, known, "collected_at", &done, &wanted, extended)
        }
        _ => return Err(Reply::empty(404)),
    };
    Ok(Reply::json(200, &Value::Object(body)))
}

/// `GET /sync/progress/watched`: all shows with a play, the latest first.
pub(crate) fn all(world: &World, call: &Call<'_>) -> Answer {
    let user = &world.users[&call.user()?];
    let wanted = Wanted::of(call, call.request.flag("include_seasons", false));
    let extended = Extended::of(call.request, world.now());
    let hide_completed = call.request.flag("hide_completed", false);
    let watched_shows = Watched::of(user).shows;
    let mut rows: Vec<(i64, u64, Map<String, Value>)> = watched_shows
        .iter()
        .filter(|(show, _)| wanted.hidden || !user.hidden.contains(&Media::Show(**show)))
        .filter_map(|(show, plays)| {
            let known = world.catalogue.shows.get(show)?;
            let last = plays.values().flat_map(|episodes| episodes.values()).map(|plays| plays.last()).max();
            Some((last.unwrap_or(0), *show, watched(world, user, *show, known, plays, &wanted, extended)))
        })
        .filter(|(_, _, progress)| !(hide_completed && progress["aired"] == progress["completed"]))
        .collect();
    rows.sort_by_key(|(last, show, _)| (std::cmp::Reverse(*last), *show));
    let page = world.pages.page("progress", call.request, rows.len());
    let body = page
        .of(&rows)
        .map(|(_, show, progress)| {
            json!({ "show": render::media(&world.catalogue, Media::Show(*show), extended), "progress": progress })
        })
        .collect();
    Ok(page.reply(body))
}

fn watched(
    world: &World,
    user: &User,
    show: u64,
    known: &Show,
    plays: &Seasons,
    wanted: &Wanted,
    extended: Extended,
) -> Map<String, Value> {
    let reset = user.resets.get(&show).copied();
    let done = |season: u32, number: u32| {
        let last = plays.get(&season)?.get(&number)?.last();
        reset.is_none_or(|reset| last > reset).then_some(last)
    };
    let mut body = progress(world, user, show, known, "watched_at", &done, wanted, extended);
    body.insert("reset_at".into(), json!(reset.map(time::render)));
    body
}

#[expect(clippy::too_many_arguments, reason = "one call for each kind of progress; a struct would only rename them")]
fn progress(
    world: &World,
    user: &User,
    id: u64,
    show: &Show,
    stamp: &str,
    done: Done<'_>,
    wanted: &Wanted,
    extended: Extended,
) -> Map<String, Value> {
    let now = world.now();
    let stamp = format!("last_{stamp}");
    let hidden = |season: u32| !wanted.hidden && user.hidden.contains(&Media::Season(id, season));
    let aired =
        |season: u32| show.episodes(true).filter(move |(number, episode)| *number == season && episode.aired(now));
    let (mut total, mut completed, mut rows) = (0, 0, Vec::new());
    for season in &show.seasons {
        if hidden(season.number) || season.number == 0 && !wanted.specials {
            continue;
        }
        let counted = season.number > 0 || wanted.count_specials;
        let episodes: Vec<Value> = aired(season.number)
            .map(|(number, episode)| {
                let at = done(number, episode.number);
                json!({ "number": episode.number, "completed": at.is_some(), stamp.as_str(): at.map(time::render) })
            })
            .collect();
        let complete = episodes.iter().filter(|episode| episode["completed"] == true).count();
        if counted {
            total += episodes.len();
            completed += complete;
        }
        rows.push(json!({
            "number": season.number, "title": season.title, "aired": episodes.len(), "completed": complete,
            "episodes": episodes,
        }));
    }

    let order: Vec<(u32, u32, Option<i64>)> = show
        .episodes(wanted.specials)
        .filter(|(season, episode)| !hidden(*season) && episode.aired(now))
        .map(|(season, episode)| (season, episode.number, done(season, episode.number)))
        .collect();
    let last = if wanted.by_time {
        order.iter().enumerate().filter(|(_, row)| row.2.is_some()).max_by_key(|(at, row)| (row.2, *at))
    } else {
        order.iter().enumerate().rfind(|(_, row)| row.2.is_some())
    };
    let start = last.map_or(0, |(at, _)| at + 1);
    let next = order[start..].iter().find(|row| row.2.is_none());
    let minimal = |row: &(u32, u32, Option<i64>)| {
        show.episode(row.0, row.1).map(|episode| render::episode(row.0, episode, extended))
    };

    let mut body = Map::new();
    body.insert("aired".into(), json!(total));
    body.insert("completed".into(), json!(completed));
    let latest = show.episodes(true).filter_map(|(season, episode)| done(season, episode.number)).max();
    body.insert(stamp, json!(latest.map(time::render)));
    if wanted.seasons {
        body.insert("seasons".into(), rows.into());
        let hidden: Vec<Value> = show
            .seasons
            .iter()
            .filter(|season| hidden(season.number))
            .map(|season| render::season(season, Extended::minimal(now)))
            .collect();
        body.insert("hidden_seasons".into(), hidden.into());
    }
    body.insert("next_episode".into(), json!(next.and_then(minimal)));
    body.insert("last_episode".into(), json!(last.and_then(|(_, row)| minimal(row))));
    body
}
