use serde_json::json;

use super::*;
use crate::{AccountLimits, Media, Place};

#[test]
fn a_list_shows_everything_that_is_on_it() {
    let bench = Bench::ann();
    let got = bench.get("/users/me/lists/following-tv/items");
    let body = got.json();
    let types: Vec<&str> = body.as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["show", "show", "season", "person", "podcast", "show"]);
    assert_eq!(body[2]["season"]["number"], 2);
    assert_eq!(body[2]["show"]["title"], "Paper Lanterns");
    assert_eq!(body[2]["rank"], 3);
    assert!(body[0]["id"].as_u64().unwrap() > u64::from(u32::MAX));
    assert_eq!(got.header("x-applied-sort-by"), Some("rank"));
    assert!(body[0]["show"].get("overview").is_none());
    let full = bench.get("/users/me/lists/following-tv/items/show,season?extended=full").json();
    assert_eq!(full.as_array().unwrap().len(), 4);
    assert_eq!(full[0]["show"]["aired_episodes"], 62);
    assert_eq!(full[3]["show"]["genres"], Value::Null);
    for (types, plural_is_known, status) in [("music", true, 400), ("shows", false, 400), ("shows", true, 200)] {
        bench.sim.with(|world| world.switches.plural_item_types = plural_is_known);
        assert_eq!(bench.get(&format!("/users/me/lists/following-tv/items/{types}")).status, status, "{types}");
    }
    assert_eq!(bench.get("/users/me/lists/missing").status, 404);
    bench.sim.with(|world| world.switches.vague_missing_list = true);
    assert_eq!(bench.get("/users/me/lists/missing").json()["ids"]["trakt"], Value::Null);
}

#[test]
fn lists_are_found_by_slug_and_number() {
    let bench = Bench::ann();
    let names = bench.get("/users/me/lists").json();
    let slugs: Vec<&str> = names.as_array().unwrap().iter().map(|list| list["ids"]["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs, ["following-tv", "bob-s-picks-the-best-ever", "ete-2024", "watched-soon", "kino-co"]);
    let id = names[2]["ids"]["trakt"].as_u64().unwrap();
    assert_eq!(bench.get(&format!("/users/me/lists/{id}")).json()["name"], "Été 2024");
    assert_eq!(bench.get("/users/me/lists/collaborations").json()[0]["user"]["ids"]["slug"], "bob");
    assert_eq!(bench.get("/users/me/likes/lists").json()[0]["list"]["name"], "Public Gems");
    let official = bench.sim.with(|world| world.lists.values().find(|list| list.owner.is_none()).unwrap().id);
    assert_eq!(bench.get(&format!("/lists/{official}")).json()["user"]["ids"]["slug"], Value::Null);
    assert_eq!(bench.get(&format!("/lists/{official}/items")).len(), 2);
}

#[test]
fn adding_resolves_counts_and_echoes() {
    let bench = Bench::ann();
    let body = json!({
        "movies": [
            { "ids": { "imdb": "tt0133093" } }, { "ids": { "tmdb": 155 } }, { "title": "paper moons", "year": 2021 },
            { "ids": { "tvdb": 603 } }, { "ids": { "trakt": "6" } }, { "ids": {}, "title": "Nothing", "year": 1 },
        ],
        "shows": [
            { "ids": { "tmdb": 603 } },
            { "ids": { "trakt": 3002 }, "seasons": [{ "number": 1 }, { "number": 2, "episodes": [{ "number": 1 }, { "number": 99 }] }] },
        ],
        "episodes": [{ "ids": { "trakt": 1_388_101 } }],
        "people": [{ "ids": { "slug": "mara-lindqvist" } }],
    });
    let got = bench.post("/users/me/lists/watched-soon/items", body.clone());
    assert_eq!(got.status, 201);
    let answer = got.json();
    assert_eq!(answer["added"], json!({ "movies": 2, "shows": 1, "seasons": 1, "episodes": 2, "people": 1 }));
    assert_eq!(answer["existing"]["movies"], 1);
    assert_eq!(answer["not_found"]["movies"].as_array().unwrap().len(), 3);
    assert_eq!(answer["not_found"]["shows"][0]["seasons"], json!([{ "number": 2, "episodes": [{ "number": 99 }] }]));
    assert_eq!(answer["list"]["item_count"], 9);
    let again = bench.post("/users/me/lists/watched-soon/items", body.clone()).json();
    assert_eq!((&again["added"]["movies"], &again["existing"]["movies"]), (&json!(0), &json!(3)));
    let removed = bench.post("/users/me/lists/watched-soon/items/remove", body);
    assert_eq!((removed.status, &removed.json()["deleted"]["movies"]), (200, &json!(3)));
    assert_eq!(removed.json()["list"]["item_count"], 1);
}

#[test]
fn pages_are_clamped_and_sorted() {
    let bench = Bench::ann();
    bench.sim.with(|world| world.fill_watchlist("ann-kay", 592));
    let page =
        |page: u32| bench.get(&format!("/sync/watchlist/movies?limit=1000&page={page}&sort_by=added&sort_how=desc"));
    let first = page(1);
    assert_eq!(
        (first.len(), first.header("x-pagination-limit"), first.header("x-pagination-page-count")),
        (250, Some("250"), Some("3"))
    );
    assert_eq!(first.header("x-pagination-item-count"), Some("600"), "all types are counted");
    assert_eq!((page(2).len(), page(3).len(), page(4).len()), (250, 96, 0));
    assert_eq!(first.json()[0]["rank"], 600);
    assert_eq!(bench.get("/sync/watchlist").len(), 100);
    assert_eq!(bench.get("/users/me/lists/watched-soon/items").json()[0]["movie"]["title"], "The Matrix");
    let titles = bench.get("/sync/watchlist/movies/title/desc?limit=2").json();
    assert_eq!(titles[0]["movie"]["title"], "Vesper Hollow");
    bench.sim.with(|world| world.user_mut("ann-kay").vip = false);
    let vip = bench.get("/sync/watchlist?sort_by=imdb_rating&limit=1");
    assert_eq!(vip.header("x-applied-sort-by"), Some("rank"));
}

#[test]
fn lists_can_be_read_as_they_once_could() {
    let bench = Bench::ann();
    let ids = |target: &str| -> Vec<u64> {
        let rows = bench.get(target).json();
        rows.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
    };
    let list = bench.sim.with(|world| {
        let list = world.list_id("Ann.Kay", "watched soon").unwrap();
        world.fill(&Place::List(list), 298);
        world.switches.shaky_sort = true;
        list
    });
    let pages = |query: &str| {
        let mut all: Vec<u64> = Vec::new();
        for page in 1..=3 {
            all.extend(ids(&format!("/users/me/lists/{list}/items?limit=100&page={page}{query}")));
        }
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    assert!(pages("") < 300, "pages overlap unless the request says how to sort");
    assert_eq!(pages("&sort_by=rank&sort_how=asc"), 300);
    bench.sim.with(|world| world.switches.unpaged_items = true);
    let all = bench.get(&format!("/users/me/lists/{list}/items"));
    assert_eq!((all.len(), all.header("x-pagination-page")), (300, None));
    assert_eq!(ids(&format!("/users/me/lists/{list}/items?limit=10")).len(), 10);
}

#[test]
fn limits_of_the_account_hold() {
    let mut bench = Bench::new();
    bench.sign_in(Some("bob"));
    let movies = bench.sim.with(|world| world.add_movies(260));
    let body = |from: usize, to: usize| {
        let ids = |media: &Media| match media {
            Media::Movie(id) => json!({ "ids": { "trakt": id } }),
            _ => Value::Null,
        };
        json!({ "movies": movies[from..to].iter().map(ids).collect::<Vec<_>>() })
    };
    let items = "/users/me/lists/hidden-things/items";
    assert_eq!(bench.post(items, body(0, 249)).status, 201);
    let over = bench.post(items, body(249, 251));
    assert_eq!((over.status, over.body.as_str()), (420, ""));
    assert_eq!(bench.get(items).header("x-pagination-item-count"), Some("250"));
    bench.sim.with(|world| world.user_mut("bob").limits = AccountLimits { list_items: 200, ..AccountLimits::FREE });
    assert_eq!(bench.post(items, body(0, 1)).status, 420, "an account above a lowered limit is read-only");
    assert_eq!(bench.post("/users/me/lists/hidden-things/items/remove", body(0, 100)).status, 200);
    bench.sim.with(|world| world.switches.partial_420 = true);
    assert_eq!(bench.post(items, body(0, 100)).status, 420);
    assert_eq!(bench.get(items).header("x-pagination-item-count"), Some("200"));
    bench.sim.with(|world| world.switches.max_batch = Some(50));
    assert_eq!(bench.post(items, body(0, 51)).status, 413);
    assert_eq!(bench.post("/users/me/lists", json!({ "name": "five" })).status, 201);
    assert_eq!(bench.post("/users/me/lists", json!({ "name": "six" })).status, 420);
}

#[test]
fn lists_are_made_shared_and_deleted() {
    let mut bench = Bench::ann();
    let made = bench.post("/users/me/lists", json!({ "name": "Marvel: Phase 1", "privacy": "public" }));
    assert_eq!((made.status, made.json()["ids"]["slug"].as_str()), (201, Some("marvel-phase-1")));
    assert_eq!(
        bench.post("/users/me/lists", json!({ "name": "marvel phase 1" })).json()["ids"]["slug"],
        "marvel-phase-1-2"
    );
    let renamed = bench.api("PUT", "/users/me/lists/marvel-phase-1", Some(json!({ "name": "Phases" })));
    assert_eq!(
        (renamed.json()["name"].as_str(), renamed.json()["ids"]["slug"].as_str()),
        (Some("Phases"), Some("marvel-phase-1"))
    );
    let movie = json!({ "movies": [{ "ids": { "trakt": 6 } }] });
    assert_eq!(bench.post("/users/bob/lists/movie-night/items", movie.clone()).status, 201);
    assert_eq!(bench.post("/users/bob/lists/public-gems/items", movie.clone()).status, 403);
    assert_eq!(bench.post("/users/bob/lists/nothing/items", movie).status, 404);
    bench.sign_in(Some("bob"));
    assert_eq!(bench.api("DELETE", "/users/ann-kay/lists/marvel-phase-1", None).status, 403);
    bench.sign_in(Some("ann-kay"));
    assert_eq!(bench.api("DELETE", "/users/me/lists/marvel-phase-1", None).status, 204);
    assert_eq!(bench.get("/users/me/lists/marvel-phase-1").status, 404);
}

#[test]
fn reads_after_writes_can_be_stale() {
    let bench = Bench::ann();
    bench.sim.with(|world| world.switches.stale_lists = true);
    let added = bench.post("/sync/watchlist", json!({ "movies": [{ "ids": { "trakt": 6 } }] })).json();
    assert_eq!(added["list"]["item_count"], 9);
    assert_eq!(bench.get("/sync/watchlist").len(), 8);
    bench.pass(300);
    assert_eq!(bench.get("/sync/watchlist").len(), 9);
}

#[test]
fn every_change_moves_the_stamps() {
    let bench = Bench::ann();
    let stamps = || {
        let activities = bench.get("/sync/last_activities").json();
        let list = bench.get("/users/me/lists/watched-soon").json();
        ["lists", "watchlist", "favorites", "collaborations"]
            .map(|name| activities[name]["updated_at"].clone())
            .into_iter()
            .chain([activities["movies"]["watchlisted_at"].clone(), list["updated_at"].clone()])
            .collect::<Vec<_>>()
    };
    let movie = json!({ "movies": [{ "ids": { "trakt": 16662 } }] });
    for (path, moved) in [
        ("/users/me/lists/watched-soon/items", vec![0, 5]),
        ("/users/me/lists/watched-soon/items", vec![]),
        ("/users/me/lists/watched-soon/items/remove", vec![0, 5]),
        ("/sync/watchlist/remove", vec![1, 4]),
        ("/sync/watchlist", vec![1, 4]),
        ("/sync/favorites", vec![2]),
        ("/users/bob/lists/movie-night/items", vec![3]),
    ] {
        let before = stamps();
        assert!(bench.post(path, movie.clone()).status < 300, "{path}");
        let after = stamps();
        let changed: Vec<usize> = (0..6).filter(|&at| before[at] != after[at]).collect();
        assert_eq!(changed, moved, "{path}");
    }
}

#[test]
fn notes_are_for_vip_and_items_can_be_moved() {
    let mut bench = Bench::ann();
    let note = |text: &str| json!({ "movies": [{ "ids": { "trakt": 6 }, "notes": text }] });
    assert_eq!(bench.post("/sync/watchlist", note(&"x".repeat(501))).status, 422);
    assert_eq!(bench.post("/sync/watchlist", note("soon")).status, 201);
    let rows = bench.get("/sync/watchlist").json();
    assert_eq!(rows[8]["notes"], "soon");
    let id = rows[8]["id"].as_u64().unwrap();
    assert_eq!(bench.api("PUT", &format!("/sync/watchlist/{id}"), Some(json!({ "rank": 1 }))).status, 204);
    assert_eq!(bench.get("/sync/watchlist").json()[0]["id"], id);
    bench.sign_in(Some("bob"));
    bench.post("/sync/watchlist", note("soon"));
    assert_eq!(bench.get("/sync/watchlist").json()[2]["notes"], Value::Null);
    bench.sim.with(|world| world.put(&Place::Watchlist("bob".into()), &[Media::Movie(1)]));
    assert_eq!(bench.get("/sync/watchlist").len(), 4);
}

#[test]
fn filters_narrow_a_list() {
    let bench = Bench::ann();
    let count = |query: &str| bench.get(&format!("/sync/watchlist?{query}")).len();
    assert_eq!(count("years=1999-2010"), 3);
    assert_eq!(count("genres=drama,crime"), 2);
    assert_eq!(count("ratings=85-95"), 2);
    assert_eq!(count("ignore_watched=true"), 8);
    assert_eq!(count("ignore_collected=true"), 6);
    assert_eq!(count("query=matrix"), 1);
}
