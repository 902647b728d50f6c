use serde_json::json;

use super::*;
use crate::Media;

#[test]
fn history_keeps_every_play_to_the_minute() {
    let bench = Bench::ann();
    let play = json!({ "movies": [{ "ids": { "trakt": 481 }, "watched_at": "2026-05-01T20:15:42.123Z" }] });
    let added = bench.post("/sync/history", play.clone());
    assert_eq!((added.status, &added.json()["added"]), (200, &json!({ "movies": 1, "episodes": 0 })));
    bench.post("/sync/history", play);
    bench.sim.with(|world| world.switches.history_status = 201);
    assert_eq!(
        bench.post("/sync/history", json!({ "movies": [{ "ids": { "trakt": 1 }, "watched_at": "unknown" }] })).status,
        201
    );
    assert_eq!(bench.get("/sync/history/movies/1").json()[0]["watched_at"], "1970-01-01T00:00:00.000Z");
    let rows = bench.get("/sync/history/movies/481").json();
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(rows[0]["watched_at"], "2026-05-01T20:15:00.000Z");
    let one = json!({ "ids": [rows[0]["id"], 5] });
    let removed = bench.post("/sync/history/remove", one).json();
    assert_eq!((&removed["deleted"]["movies"], &removed["not_found"]["ids"]), (&json!(1), &json!([5])));
    let all = bench.post("/sync/history/remove", json!({ "movies": [{ "ids": { "trakt": 6 } }] })).json();
    assert_eq!(all["deleted"]["movies"], 2);
    let dates = bench.get("/sync/history/shows/3002?start_at=2026-01-01&end_at=2026-02-01T00:00:00Z");
    assert_eq!(dates.len(), 12);
    assert_eq!(bench.get("/sync/history/music").status, 400);
    let expanded = json!({ "shows": [{ "ids": { "trakt": 3001 }, "seasons": [{ "number": 0 }, { "number": 2 }] }] });
    assert_eq!(bench.post("/sync/history", expanded).json()["added"]["episodes"], 9, "only what has aired");
}

#[test]
fn what_is_watched_leaves_the_watchlist() {
    let bench = Bench::ann();
    let on = |media| bench.sim.with(|world| world.user("ann-kay").watchlist.has(media));
    bench.sim.with(|world| {
        world.watch("ann-kay", Media::Movie(481), 0);
        world.watch("ann-kay", Media::Episode(1388, 1, 1), 0);
        world.watch("ann-kay", Media::Episode(3003, 2, 1), 0);
    });
    assert!(!on(Media::Movie(481)) && !on(Media::Show(1388)) && !on(Media::Season(3003, 2)));
    assert!(on(Media::Movie(16662)) && on(Media::Episode(3001, 2, 7)));
}

#[test]
fn watched_shows_have_seasons_only_on_request() {
    let bench = Bench::ann();
    let show = |query: &str| {
        let rows = bench.get(&format!("/sync/watched/shows?{query}")).json();
        rows.as_array().unwrap().iter().find(|row| row["show"]["ids"]["trakt"] == 3001).unwrap().clone()
    };
    let plain = show("extended=full");
    assert!(plain.get("seasons").is_none());
    assert_eq!((&plain["plays"], &plain["show"]["aired_episodes"]), (&json!(12), &json!(14)));
    assert_eq!(plain["show"]["network"], "Channel Nine");
    let seasons = |row: &Value| {
        let seasons = row["seasons"].as_array().unwrap().iter();
        seasons.map(|season| season["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let progress = show("extended=progress");
    assert_eq!(seasons(&progress), [1, 2]);
    assert!(progress["show"].get("network").is_none());
    assert_eq!(seasons(&show("extended=full,progress&specials=true")), [0, 1, 2]);
    bench.sim.with(|world| world.switches.watched_seasons = true);
    assert_eq!(seasons(&show("")), [0, 1, 2]);
    let page = bench.get("/sync/watched/shows?extended=progress&limit=250");
    assert_eq!(page.header("x-pagination-limit"), Some("100"));
    let movies = bench.get("/users/ann-kay/watched/movies").json();
    assert_eq!((&movies[0]["movie"]["ids"]["trakt"], &movies[0]["plays"]), (&json!(6), &json!(2)));
    let minimal = bench.get("/sync/watched/movies?extended=min").json();
    assert_eq!(minimal["6"].as_array().unwrap().len(), 2);
    let minimal = bench.get("/sync/watched/shows?extended=min&season_numbers=true").json();
    assert_eq!(minimal["3001"]["2"].as_object().unwrap().len(), 3);
    assert!(minimal["3001"].get("0").is_none());
}

#[test]
fn collected_shows_have_seasons_only_on_request_or_by_switch() {
    let bench = Bench::ann();
    let first = |query: &str| bench.get(&format!("/sync/collection/shows?{query}")).json()[1].clone();
    assert!(first("").get("seasons").is_none());
    assert_eq!(first("extended=progress")["seasons"], json!([]));
    assert_eq!(first("extended=progress&specials=true")["seasons"][0]["number"], 0);
    bench.sim.with(|world| world.switches.collection_seasons = true);
    assert_eq!(first("")["seasons"][0]["episodes"][0]["number"], 1);
    assert_eq!(bench.get("/sync/collection/movies").len(), 2);
    assert_eq!(bench.get("/sync/collection/episodes").len(), 8);
    assert!(bench.get("/sync/collection/movies?extended=min").json()["6"].is_string());
    let add = json!({ "movies": [{ "ids": { "trakt": 6 } }, { "ids": { "trakt": 481 }, "resolution": "hd_1080p", "collected_at": "2026-01-01T00:00:00Z" }] });
    let answer = bench.post("/sync/collection", add.clone()).json();
    assert_eq!((&answer["added"]["movies"], &answer["existing"]["movies"]), (&json!(1), &json!(1)));
    let row = bench.get("/sync/collection/movies?extended=metadata").json()[1].clone();
    assert_eq!(
        (&row["metadata"]["resolution"], &row["collected_at"]),
        (&json!("hd_1080p"), &json!("2026-01-01T00:00:00.000Z"))
    );
    assert_eq!(bench.post("/sync/collection/remove", add).json()["deleted"]["movies"], 2);
}

#[test]
fn ratings_are_read_given_and_removed() {
    let bench = Bench::ann();
    assert_eq!(bench.get("/sync/ratings").len(), 5);
    assert_eq!(bench.get("/sync/ratings/movies/7,10").len(), 2);
    let season = bench.get("/users/ann-kay/ratings/seasons").json();
    assert_eq!((&season[0]["rating"], &season[0]["show"]["ids"]["trakt"]), (&json!(9), &json!(3002)));
    let rate = |rating: u32| json!({ "movies": [{ "ids": { "trakt": 481 }, "rating": rating }] });
    assert_eq!(bench.post("/sync/ratings", rate(11)).status, 422);
    assert_eq!(bench.post("/sync/ratings", rate(9)).status, 201);
    assert_eq!(bench.get("/sync/watchlist/movies").json()[0]["my_rating"], 9);
    assert_eq!(bench.post("/sync/ratings/remove", rate(9)).json()["deleted"]["movies"], 1);
}

#[test]
fn activities_move_with_what_was_changed() {
    let bench = Bench::ann();
    let read = || bench.get("/sync/last_activities").json();
    let before = read();
    bench.post("/sync/history/remove", json!({ "shows": [{ "ids": { "trakt": 3002 } }] }));
    let after = read();
    assert_ne!(before["episodes"]["watched_at"], after["episodes"]["watched_at"]);
    assert_ne!(before["all"], after["all"]);
    assert_eq!(before["movies"], after["movies"]);
}

#[test]
fn progress_counts_what_has_aired() {
    let bench = Bench::ann();
    let got = bench.get("/shows/harbour-lights/progress/watched").json();
    assert_eq!((&got["aired"], &got["completed"]), (&json!(14), &json!(11)));
    assert_eq!((&got["next_episode"]["season"], &got["next_episode"]["number"]), (&json!(2), &json!(4)));
    assert_eq!(got["last_episode"]["number"], 3);
    assert_eq!(got["seasons"].as_array().unwrap().len(), 2);
    let specials = bench.get("/shows/3001/progress/watched?specials=true").json();
    assert_eq!((&specials["aired"], &specials["completed"]), (&json!(17), &json!(12)));
    assert_eq!(bench.get("/shows/3002/progress/watched").json()["next_episode"], Value::Null);
    assert_eq!(bench.get("/shows/1388/progress/collection").json()["completed"], 7);
    bench.sim.with(|world| {
        world.user_mut("ann-kay").hidden.insert(Media::Season(3001, 2));
        let now = world.now();
        world.user_mut("ann-kay").resets.insert(3002, now);
    });
    let hidden = bench.get("/shows/3001/progress/watched").json();
    assert_eq!((&hidden["aired"], &hidden["hidden_seasons"][0]["number"]), (&json!(8), &json!(2)));
    assert_eq!(bench.get("/shows/3002/progress/watched").json()["next_episode"]["number"], 1);
    let all = bench.get("/sync/progress/watched?include_seasons=true&hide_completed=true");
    assert_eq!(all.json()[0]["show"]["ids"]["trakt"], 3002);
    assert_eq!(all.len(), 1);
}
