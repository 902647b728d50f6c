use serde_json::json;

use super::*;
use crate::Media;

#[test]
fn one_number_can_be_a_movie_and_a_show() {
    let bench = Bench::new();
    let types = |target: &str| {
        let rows = bench.get(target).json();
        rows.as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(types("/search/tmdb/603"), ["movie", "show"]);
    assert_eq!(types("/search/tmdb/603?type=show"), ["show"]);
    assert_eq!(types("/search/imdb/tt0133093?type=show"), ["movie"]);
    assert_eq!(types("/search/tvdb/81189"), ["show"]);
    assert_eq!(types("/search/imdb/tt0000000"), Vec::<String>::new());
    bench.sim.with(|world| {
        world.catalogue.episode_mut(1388, 1, 1).unwrap().ids.imdb = Some("tt0959621".into());
    });
    assert_eq!(types("/search/imdb/tt0959621"), Vec::<String>::new());
    bench.sim.with(|world| world.switches.imdb_episodes = true);
    assert_eq!(types("/search/imdb/tt0959621"), ["episode"]);
    assert_eq!(bench.get("/search/tmdb/603?type=song").status, 400);
    assert_eq!(bench.get("/search/tvrage/603?type=show").status, 400);
    assert_eq!(bench.get("/search?id_type=tmdb&id=603").status, 404);
    bench.sim.with(|world| world.switches.legacy_search = true);
    assert_eq!(types("/search?id_type=tmdb&id=603"), ["movie", "show"]);
    assert_eq!(types("/search?query=inception&type=movie"), ["movie"]);
}

/// FlexGet asks for an episode that way.
#[test]
fn a_slash_at_the_end_of_a_path_is_nothing() {
    let bench = Bench::new();
    let episode = |target: &str| bench.get(target).json()["title"].clone();
    assert_eq!(episode("/shows/1388/seasons/1/episodes/2/?extended=full"), episode("/shows/1388/seasons/1/episodes/2"));
    assert_eq!(episode("/shows/1388/seasons/1/episodes/2/"), "Chapter 2");
}

#[test]
fn text_finds_the_best_first() {
    let bench = Bench::new();
    let first = |target: &str| bench.get(target).json()[0].clone();
    assert_eq!(first("/search/movie?query=the%20matrix")["movie"]["ids"]["trakt"], 481);
    assert_eq!(first("/search/show?query=sky+courier&extended=full")["show"]["genres"][0], "anime");
    assert_eq!(first("/search/movie,show?query=le%20coursier%20du%20ciel")["show"]["ids"]["trakt"], 3003);
    assert_eq!(first("/search/movie?query=paper%20moons&years=2021")["movie"]["ids"]["trakt"], 2004);
    assert_eq!(first("/search/episode?query=behind+the+lights+2")["show"]["ids"]["trakt"], 3001);
    assert_eq!(first("/search/list?query=gems")["list"]["name"], "Public Gems");
    assert_eq!(first("/search/person?query=mara")["person"]["name"], "Mara Lindqvist");
    assert_eq!(bench.get("/search/show/exact?query=Doctor%20Quill").len(), 2);
    assert_eq!(bench.get("/search/movie/exact?query=Doctor").len(), 0);
    assert_eq!(bench.get("/search/movie?query=zzz").len(), 0);
    assert_eq!(bench.get("/search/music?query=a").status, 400);
    assert!(first("/search/movie?query=matrix")["score"].as_f64().unwrap().fract() > 0.0);
}

#[test]
fn summaries_are_found_by_number_slug_and_imdb_id() {
    let bench = Bench::new();
    for id in ["481", "the-matrix-1999", "tt0133093"] {
        assert_eq!(bench.get(&format!("/movies/{id}")).json()["ids"]["tmdb"], 603, "{id}");
    }
    assert_eq!(bench.get("/movies/603").status, 404);
    // A slug of digits loses against a Trakt id.
    assert_eq!(bench.get("/movies/481").json()["title"], "The Matrix");
    let bare = bench.get("/movies/2002?extended=full").json();
    assert!(bare["title"].is_null() && bare["year"].is_null() && bare["genres"].is_null());
    assert!(bare["updated_at"].is_null() && bare["ids"]["imdb"].is_null());
    let people = bench.get("/shows/1388/people?extended=full").json();
    assert_eq!(people["cast"][0]["person"]["birthday"], "1971-02-03");
    assert_eq!(people["cast"][0]["episode_count"], 62);
    assert!(people.get("crew").is_none());
    assert_eq!(bench.get("/movies/481/people").json()["crew"]["directing"][0]["job"], "Director");
    assert_eq!(bench.get("/people/mara-lindqvist").json()["ids"]["trakt"], 901);
    assert_eq!(bench.get("/movies/481/aliases").json(), json!([{ "title": "Matriz", "country": "mx" }]));
    assert_eq!(bench.get("/shows/3006/ratings").status, 204);
    assert_eq!(bench.get("/movies//481").status, 404);
}

#[test]
fn translations_come_in_all_known_ways() {
    let bench = Bench::new();
    assert_eq!(bench.get("/movies/481/translations").len(), 5);
    assert_eq!(bench.get("/movies/481/translations/fr").len(), 2);
    assert_eq!(bench.get("/movies/481/translations?language=pt").len(), 2);
    assert_eq!(bench.get("/movies/481?extended=full").json()["available_translations"], json!(["fr", "pt", "zh"]));
    assert_eq!(bench.get("/shows/3003/seasons/1/episodes/1/translations/fr").json()[0]["title"], "Premier vol");
    let episodes = bench.get("/shows/3003/seasons/1?translations=fr").json();
    assert_eq!(episodes[0]["translations"][0]["title"], "Premier vol");
    bench.sim.with(|world| {
        world.switches.translations_path = false;
        world.switches.translations_query = false;
    });
    assert_eq!(bench.get("/movies/481/translations/fr").status, 404);
    assert_eq!(bench.get("/movies/481/translations?language=pt").len(), 5);
}

#[test]
fn seasons_and_episodes_are_whole() {
    let bench = Bench::new();
    let seasons = bench.get("/shows/3001/seasons?extended=full,episodes").json();
    let numbers: Vec<u64> =
        seasons.as_array().unwrap().iter().map(|season| season["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(seasons[2]["episodes"][0]["number_abs"], 9);
    assert_eq!((&seasons[2]["episode_count"], &seasons[2]["aired_episodes"]), (&json!(10), &json!(6)));
    assert!(seasons[2]["episodes"][8]["title"].is_null());
    assert_eq!(bench.get("/shows/3001/seasons").json()[0].get("episodes"), None);
    assert_eq!(bench.get("/shows/3001/seasons/0/episodes/2").json()["title"], "Behind the Lights 2");
    assert_eq!(bench.get("/shows/3001/seasons/9/episodes/2").status, 404);
    assert_eq!(bench.get("/shows/3001/seasons/9/info").status, 204);
    assert_eq!(bench.get("/shows/3001/next_episode?extended=full").json()["number"], 7);
    assert_eq!(bench.get("/shows/3001/last_episode").json()["number"], 6);
    assert_eq!(bench.get("/shows/3002/next_episode").status, 204);
}

#[test]
fn charts_are_long_and_of_several_shapes() {
    let mut bench = Bench::new();
    bench.sim.with(|world| world.add_movies(600));
    let trending = bench.get("/movies/trending?limit=20");
    assert_eq!((trending.len(), trending.header("x-pagination-item-count")), (20, Some("614")));
    assert!(trending.json()[0]["watchers"].is_u64() && trending.json()[0]["movie"]["title"].is_string());
    assert!(bench.get("/movies/popular?limit=1").json()[0]["ids"]["trakt"].is_u64());
    assert!(bench.get("/shows/anticipated").json()[0]["list_count"].is_u64());
    assert!(bench.get("/shows/collected/monthly").json()[0]["collector_count"].is_u64());
    assert_eq!(bench.get("/movies/boxoffice").len(), 10);
    assert_eq!(bench.get("/movies/boxoffice").header("x-pagination-page"), None);
    assert_eq!(bench.get("/shows/boxoffice").status, 404);
    let ids = |target: &str| bench.get(target).json()[0]["movie"]["ids"]["trakt"].clone();
    assert_ne!(ids("/movies/watched/all"), ids("/movies/watched/weekly"));
    assert_eq!(ids("/movies/watched/weekly"), ids("/movies/watched"));
    bench.sim.with(|world| world.charts.insert("movies/trending".into(), vec![Media::Movie(140)]));
    assert_eq!(ids("/movies/trending"), 140);
    assert_eq!(bench.get("/recommendations/movies").status, 401);
    bench.sign_in(Some("ann-kay"));
    let recommended = bench.get("/recommendations/movies?limit=250").json();
    assert!(recommended.as_array().unwrap().iter().all(|movie| movie["ids"]["trakt"] != 6));
    assert_eq!(bench.get("/sync/updates/id/shows/2026-11-01").len(), 0);
}

#[test]
fn calendars_are_in_utc_days_and_end() {
    let bench = Bench::ann();
    let rows = bench.get("/calendars/all/shows/2026-11-25/14").json();
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!((&rows[0]["show"]["title"], &rows[0]["episode"]["number"]), (&json!("Harbour Lights"), &json!(7)));
    assert_eq!(rows[0]["first_aired"], "2026-11-29T20:00:00.000Z");
    assert_eq!(bench.get("/calendars/my/shows").len(), 1);
    assert_eq!(bench.get("/calendars/all/movies/2026-12-01/33").json()[0]["movie"]["title"], "The Glass Meridian");
    assert_eq!(bench.get("/calendars/all/shows/finales/2026-12-01/33").len(), 1);
    assert_eq!(bench.get("/calendars/all/shows/new/2018-04-01/1").len(), 1);
    assert_eq!(bench.get("/calendars/all/shows/2026-11-25/90").len(), 4);
    bench.sim.with(|world| world.switches.long_calendar_refused = true);
    assert_eq!(bench.get("/calendars/all/shows/2026-11-25/90").status, 400);
    bench.sim.with(|world| world.user_mut("ann-kay").hidden.insert(Media::Show(3001)));
    assert_eq!(bench.get("/calendars/my/shows").len(), 0);
}

#[test]
fn the_large_world_is_as_large_as_it_says() {
    let mut bench = Bench::with(Seed::large(), Limits::default());
    bench.sign_in(Some("ann-kay"));
    let total = |target: &str| bench.get(target).header("x-pagination-item-count").unwrap().to_owned();
    assert_eq!(total("/sync/watchlist/movies"), total("/sync/watchlist"), "all types are counted");
    bench.sim.with(|world| world.switches.watchlist_counts_all = false);
    assert_eq!(total("/sync/watchlist/movies"), "604");
    assert_eq!(total("/sync/watched/movies"), "1202");
    assert_eq!(total("/sync/watched/shows"), "402");
    assert_eq!(total("/users/me/lists/big-list/items"), "1000");
    let page = bench.get("/sync/watchlist?limit=250&extended=full");
    let rows = page.json();
    let mut slugs: Vec<&str> =
        rows.as_array().unwrap().iter().filter_map(|row| row["movie"]["ids"]["slug"].as_str()).collect();
    let count = slugs.len();
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), count, "slugs are unique");
}
