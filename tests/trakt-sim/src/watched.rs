//! What was watched, derived from the plays.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::access::Call;
use crate::catalogue::Media;
use crate::render::{self, Extended};
use crate::time;
use crate::users::{self, User};
use crate::wire::{Answer, Reply};
use crate::world::World;

/// The plays of one movie or episode.
#[derive(Default, Clone)]
pub(crate) struct Plays {
    pub(crate) at: Vec<i64>,
}

impl Plays {
    pub(crate) fn last(&self) -> i64 {
        self.at.iter().copied().max().unwrap_or(0)
    }
}

/// The plays of one show: season → episode.
pub(crate) type Seasons = BTreeMap<u32, BTreeMap<u32, Plays>>;

/// The plays of everything.
#[derive(Default)]
pub(crate) struct Watched {
    pub(crate) movies: BTreeMap<u64, Plays>,
    pub(crate) shows: BTreeMap<u64, Seasons>,
}

impl Watched {
    pub(crate) fn of(user: &User) -> Self {
        let mut watched = Watched::default();
        for play in &user.history {
            let plays = match play.media {
                Media::Movie(id) => watched.movies.entry(id).or_default(),
                Media::Episode(show, season, number) => {
                    watched.shows.entry(show).or_default().entry(season).or_default().entry(number).or_default()
                }
                _ => continue,
            };
            plays.at.push(play.watched_at);
        }
        watched
    }
}

fn all(seasons: &Seasons) -> impl Iterator<Item = &Plays> {
    seasons.values().flat_map(BTreeMap::values)
}

/// `GET /sync/watched/{type}` and `GET /users/{id}/watched/{type}`
pub(crate) fn read(world: &World, call: &Call<'_>, user: &str, kind: &str) -> Answer {
    let user = users::owner(world, call, user)?;
    let user = &world.users[&user];
    let watched = Watched::of(user);
    let reply = match kind {
        "movies" => movies(world, call, user, &watched),
        "shows" => shows(world, call, user, &watched),
        "episodes" => episodes(world, call, user, &watched),
        other => return Err(Reply::json(400, &json!({ "error": format!("unknown type: {other}") }))),
    };
    Ok(reply.header("X-Private-User", user.private))
}

/// `plays`, `last_watched_at`, `last_updated_at`.
fn row(user: &User, media: Media, plays: usize, last: i64) -> Map<String, Value> {
    let updated = user.watched_updated.get(&media).copied().unwrap_or(last);
    render::object(json!({
        "plays": plays, "last_watched_at": time::render(last), "last_updated_at": time::render(updated),
    }))
}

fn moments(plays: &Plays) -> Value {
    json!(plays.at.iter().map(|at| time::render(*at)).collect::<Vec<_>>())
}

/// Whether the answer is to be a map of ids, which knows no pages.
fn minimal(call: &Call<'_>) -> bool {
    call.request.extended("min")
}

fn movies(world: &World, call: &Call<'_>, user: &User, watched: &Watched) -> Reply {
    if minimal(call) {
        let map: Map<String, Value> =
            watched.movies.iter().map(|(id, plays)| (id.to_string(), moments(plays))).collect();
        return Reply::json(200, &map.into());
    }
    let mut rows: Vec<(&u64, &Plays)> = watched.movies.iter().collect();
    rows.sort_by_key(|(id, plays)| (std::cmp::Reverse(plays.last()), **id));
    let page = world.pages.page("watched", call.request, rows.len());
    let extended = Extended::of(call.request, world.now());
    let body = page
        .of(&rows)
        .map(|(id, plays)| {
            let mut row = row(user, Media::Movie(**id), plays.at.len(), plays.last());
            render::objects(&mut row, &world.catalogue, Media::Movie(**id), extended);
            Value::Object(row)
        })
        .collect();
    page.reply(body)
}

fn shows(world: &World, call: &Call<'_>, user: &User, watched: &Watched) -> Reply {
    let request = call.request;
    let specials = request.flag("specials", false);
    let shown = |season: u32, specials: bool| specials || season > 0;
    if minimal(call) {
        return minimal_shows(world, call, watched, specials);
    }
    let progress = request.extended("progress");
    let old = world.switches.watched_seasons && !request.extended("noseasons");
    let mut rows: Vec<(&u64, &Seasons)> = watched.shows.iter().collect();
    rows.sort_by_key(|(id, seasons)| (std::cmp::Reverse(all(seasons).map(Plays::last).max()), **id));
    let page = world.pages.page(if progress { "progress" } else { "watched" }, request, rows.len());
    let extended = Extended::of(request, world.now());
    let body = page
        .of(&rows)
        .map(|(id, seasons)| {
            let last = all(seasons).map(Plays::last).max().unwrap_or(0);
            let mut row = row(user, Media::Show(**id), all(seasons).map(|plays| plays.at.len()).sum(), last);
            row.insert("reset_at".into(), json!(user.resets.get(*id).map(|at| time::render(*at))));
            render::objects(&mut row, &world.catalogue, Media::Show(**id), extended);
            let aired = world.catalogue.shows.get(*id).map(|show| show.aired_episodes(world.now()));
            row["show"]["aired_episodes"] = json!(aired);
            if progress || old {
                let seasons: Vec<Value> = seasons
                    .iter()
                    .filter(|(number, _)| shown(**number, specials || old) && !world.switches.empty_seasons)
                    .map(|(number, episodes)| {
                        let episodes: Vec<Value> = episodes
                            .iter()
                            .map(|(number, plays)| {
                                json!({
                                    "number": number, "plays": plays.at.len(),
                                    "last_watched_at": time::render(plays.last()),
                                })
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
    page.reply(body)
}

/// `{show: {season: {episode: [moments]}}}`; seasons and episodes by id, or seasons by number on request.
fn minimal_shows(world: &World, call: &Call<'_>, watched: &Watched, specials: bool) -> Reply {
    let numbers = call.request.flag("season_numbers", false);
    let id_of = |media, number: u32| match world.catalogue.ids(media) {
        Some(ids) => ids.trakt.to_string(),
        None => number.to_string(),
    };
    let mut map = Map::new();
    for (show, seasons) in &watched.shows {
        let mut by_season = Map::new();
        for (season, episodes) in seasons.iter().filter(|(number, _)| specials || **number > 0) {
            let episodes: Map<String, Value> = episodes
                .iter()
                .map(|(number, plays)| (id_of(Media::Episode(*show, *season, *number), *number), moments(plays)))
                .collect();
            let key = if numbers { season.to_string() } else { id_of(Media::Season(*show, *season), *season) };
            by_season.insert(key, episodes.into());
        }
        map.insert(show.to_string(), by_season.into());
    }
    Reply::json(200, &map.into())
}

fn episodes(world: &World, call: &Call<'_>, user: &User, watched: &Watched) -> Reply {
    let mut rows: Vec<(Media, &Plays)> = Vec::new();
    for (show, seasons) in &watched.shows {
        for (season, episodes) in seasons {
            let media = |number| Media::Episode(*show, *season, number);
            rows.extend(episodes.iter().map(|(number, plays)| (media(*number), plays)));
        }
    }
    if minimal(call) {
        let map: Map<String, Value> = rows
            .iter()
            .filter_map(|(media, plays)| Some((world.catalogue.ids(*media)?.trakt.to_string(), moments(plays))))
            .collect();
        return Reply::json(200, &map.into());
    }
    rows.sort_by_key(|(media, plays)| (std::cmp::Reverse(plays.last()), *media));
    let page = world.pages.page("watched", call.request, rows.len());
    let extended = Extended::of(call.request, world.now());
    let body = page
        .of(&rows)
        .map(|(media, plays)| {
            let show = media.show().map_or(*media, Media::Show);
            let mut row = row(user, show, plays.at.len(), plays.last());
            render::objects(&mut row, &world.catalogue, *media, extended);
            Value::Object(row)
        })
        .collect();
    page.reply(body)
}
