//! What everybody watches. Unless a test says otherwise, a chart is the whole catalogue in an order of its own.

use serde_json::{Map, Value, json};

use crate::access::Call;
use crate::catalogue::{Kind, Media};
use crate::filters::Filters;
use crate::render::{self, Extended};
use crate::time::{self, DAY};
use crate::wire::{Answer, Reply};
use crate::world::World;

const CHARTS: [&str; 12] = [
    "trending",
    "popular",
    "anticipated",
    "hot",
    "watched",
    "played",
    "collected",
    "favorited",
    "streaming",
    "recommendations",
    "boxoffice",
    "updates",
];

/// Whether a path segment is a chart rather than the id of a title.
pub(crate) fn is_chart(word: &str) -> bool {
    CHARTS.contains(&word)
}

/// `GET /{movies|shows}/{chart}[/…]`
pub(crate) fn read(world: &World, call: &Call<'_>, kind: Kind, chart: &str, tail: &[&str]) -> Answer {
    let now = world.now();
    if chart == "updates" {
        return updates(world, call, kind, tail, None);
    }
    let known = match (chart, tail) {
        ("popular", [] | ["next"]) => true,
        ("boxoffice", []) => kind == Kind::Movie,
        ("watched" | "played" | "collected" | "favorited" | "streaming", [] | [_]) => true,
        ("trending" | "anticipated" | "hot" | "recommendations", []) => true,
        _ => false,
    };
    if !known {
        return Err(Reply::empty(404));
    }
    let filters = Filters::of(world, call);
    let mut media = order(world, kind, chart);
    media.retain(|media| filters.pass(world, *media));
    // Each period has an order of its own, so that a client cannot mistake one for another.
    let turn = match tail.first() {
        Some(&"daily") => 1,
        Some(&"monthly") => 2,
        Some(&"all") => 3,
        _ => 0,
    };
    if !media.is_empty() {
        let turn = turn % media.len();
        media.rotate_left(turn);
    }
    if chart == "boxoffice" {
        media.truncate(10);
    }
    let total = media.len();
    let page = world.pages.page("charts", call.request, total);
    let extended = Extended::of(call.request, now);
    let ranked: Vec<(usize, Media)> = media.into_iter().enumerate().collect();
    let shown: Vec<_> = if chart == "boxoffice" { ranked.iter().collect() } else { page.of(&ranked).collect() };
    let rows: Vec<Value> = shown
        .iter()
        .map(|(place, media)| {
            let count = (total - place) * 10;
            let bare = render::media(&world.catalogue, *media, extended);
            let mut row = match (chart, tail) {
                ("popular", []) => return bare,
                ("trending", _) => json!({ "watchers": count }),
                ("popular", _) => json!({ "rank": place + 1, "plays": count * 2, "watchers": count }),
                ("anticipated" | "hot", _) => json!({ "list_count": count }),
                ("favorited", _) => json!({ "user_count": count }),
                ("streaming", _) => json!({ "rank": place + 1, "delta": 0 }),
                ("recommendations", _) => json!({ "score": count, "sources": [] }),
                ("boxoffice", _) => json!({ "revenue": count * 100_000 }),
                _ => {
                    let mut row =
                        json!({ "watcher_count": count, "play_count": count * 2, "collected_count": count / 2 });
                    if kind == Kind::Show {
                        row["collector_count"] = json!(count / 3);
                    }
                    row
                }
            };
            row[kind.word()] = bare;
            row
        })
        .collect();
    if chart == "boxoffice" { Ok(Reply::json(200, &rows.into())) } else { Ok(page.reply(rows)) }
}

fn order(world: &World, kind: Kind, chart: &str) -> Vec<Media> {
    if let Some(media) = world.charts.get(&format!("{}/{chart}", kind.plural())) {
        return media.clone();
    }
    let mut media: Vec<Media> = world.catalogue.all(kind).map(|(media, _)| media).collect();
    match chart {
        "popular" => {
            let votes = |media: &Media| {
                let work = world.catalogue.work(*media);
                work.and_then(|work| work.full.get("votes")).and_then(Value::as_u64).unwrap_or(0)
            };
            media.sort_by_key(|media| std::cmp::Reverse(votes(media)));
        }
        "anticipated" => media.reverse(),
        _ => {}
    }
    media
}

/// `GET /recommendations/{movies|shows}`: bare objects that the user has not watched or collected.
pub(crate) fn recommendations(world: &World, call: &Call<'_>, kind: &str) -> Answer {
    let user = &world.users[&call.user()?];
    let kind = match kind {
        "movies" => Kind::Movie,
        "shows" => Kind::Show,
        _ => return Err(Reply::empty(404)),
    };
    let seen = |media: Media| {
        let same = |other: Media| other == media || media == other.show().map_or(other, Media::Show);
        user.history.iter().any(|play| same(play.media)) || user.collection.keys().any(|row| same(*row))
    };
    let filters = Filters::of(world, call);
    let media: Vec<Media> = order(world, kind, "recommendations")
        .into_iter()
        .filter(|media| !seen(*media) && filters.pass(world, *media))
        .take(100)
        .collect();
    let page = world.pages.page("charts", call.request, media.len());
    let extended = Extended::of(call.request, world.now());
    Ok(page.reply(page.of(&media).map(|it| render::media(&world.catalogue, *it, extended)).collect()))
}

/// `…/updates[/id][/{start_date}]`: at most 30 days back; only of these titles if some are given.
pub(crate) fn updates(
    world: &World,
    call: &Call<'_>,
    kind: Kind,
    tail: &[&str],
    only: Option<&dyn Fn(Media) -> bool>,
) -> Answer {
    let (ids, start) = match tail {
        [] => (false, None),
        ["id"] => (true, None),
        ["id", start] => (true, Some(*start)),
        [start] => (false, Some(*start)),
        _ => return Err(Reply::empty(404)),
    };
    let now = world.now();
    let start = match start {
        None => now - DAY,
        Some(text) => {
            time::parse(text).ok_or_else(|| Reply::json(400, &json!({ "error": "start_date is no date" })))?
        }
    };
    let start = start.max(now - 30 * DAY);
    let updated = |media: Media| {
        let at = world.catalogue.work(media)?.full.get("updated_at")?.as_str()?.to_owned();
        Some((time::parse(&at)?, at, media))
    };
    let mut rows: Vec<(i64, String, Media)> = world
        .catalogue
        .all(kind)
        .filter_map(|(media, _)| updated(media))
        .filter(|(at, _, media)| *at >= start && only.is_none_or(|only| only(*media)))
        .collect();
    rows.sort();
    let page = world.pages.page("updates", call.request, rows.len());
    let extended = Extended::of(call.request, now);
    let body = page
        .of(&rows)
        .map(|(_, at, media)| {
            if ids {
                return json!(world.catalogue.ids(*media).map(|ids| ids.trakt));
            }
            let mut row = Map::new();
            row.insert("updated_at".into(), json!(at));
            render::objects(&mut row, &world.catalogue, *media, extended);
            Value::Object(row)
        })
        .collect();
    Ok(page.reply(body))
}

/// `GET /sync/updates/…`: only titles that the user watched, collected or has on the watchlist.
pub(crate) fn own_updates(world: &World, call: &Call<'_>, path: &[&str]) -> Answer {
    let user = &world.users[&call.user()?];
    let (ids, kind, start) = match path {
        ["id", kind, start @ ..] => (true, *kind, start),
        [kind, start @ ..] => (false, *kind, start),
        [] => return Err(Reply::empty(405)),
    };
    let kind = match kind {
        "movies" => Kind::Movie,
        "shows" => Kind::Show,
        _ => return Err(Reply::empty(404)),
    };
    let own = |media: Media| {
        let same = |other: Media| other == media || media == other.show().map_or(other, Media::Show);
        user.history.iter().any(|play| same(play.media))
            || user.collection.keys().any(|row| same(*row))
            || user.watchlist.items.iter().any(|item| same(item.media))
    };
    let tail: Vec<&str> = ids.then_some("id").into_iter().chain(start.iter().copied()).collect();
    updates(world, call, kind, &tail, Some(&own))
}
