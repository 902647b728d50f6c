//! Which title is meant, and what is told of it.

use super::*;

#[test]
fn titles_are_found_by_whatever_is_known_and_by_nothing_else() {
    let sandbox = Sandbox::new(Seed::small());
    for (entry, expected) in [
        ("{ title: X, trakt_movie_id: 481 }", Some("The Matrix")),
        ("{ title: X, trakt_movie_slug: the-matrix-1999 }", Some("The Matrix")),
        ("{ title: X, movie_name: X, imdb_id: tt0133093 }", Some("The Matrix")),
        ("{ title: X, movie_name: X, imdb_id: TT0133093 }", Some("The Matrix")),
        ("{ title: X, movie_name: X, tmdb_id: 603 }", Some("The Matrix")),
        ("{ title: X, series_name: X, tmdb_id: 603 }", Some("Harbour Lights")),
        ("{ title: X, series_name: X, tvdb_id: 81189 }", Some("Breaking Bad")),
        ("{ title: X, trakt_show_slug: breaking-bad }", Some("Breaking Bad")),
        ("{ title: X, movie_name: the matrix, movie_year: 1999 }", Some("The Matrix")),
        ("{ title: X, movie_name: Amelie }", Some("Amélie")),
        ("{ title: X, movie_name: Paper Moons, movie_year: 2021 }", Some("Paper Moons")),
        ("{ title: X, movie_name: Vesper Hollow }", Some("Vesper Hollow")),
        ("{ title: X, series_name: Null Island }", Some("Null Island")),
        // A slug of digits is not Trakt's number; an id that is not Trakt's says nothing against the name.
        ("{ title: X, trakt_movie_slug: '481', movie_name: Inception, movie_year: 2010 }", None),
        ("{ title: X, movie_name: The Matrix, movie_year: 1999, imdb_id: garbage }", None),
        // None is surely meant.
        ("{ title: X, movie_name: Paper Moons }", None),
        ("{ title: X, movie_name: The Matrix, movie_year: 1950 }", None),
        ("{ title: X, movie_name: The Mat }", None),
        ("{ title: X, series_name: Doctor Quill }", None),
        ("{ title: X, trakt_movie_id: 999999 }", None),
        ("{ title: X, movie_name: The Matrix, movie_year: 1999, imdb_id: tt7654321 }", None),
    ] {
        let found = read_one(&sandbox, entry, &["trakt_movie_name", "trakt_series_name"]);
        let name = found.get("trakt_movie_name").filter(|name| !name.is_null()).or(found.get("trakt_series_name"));
        assert_eq!(name.and_then(Json::as_str), expected, "{entry}");
    }
}

#[test]
fn the_surest_id_decides_also_among_what_is_kept() {
    let sandbox = Sandbox::new(Seed::small());
    read_one(&sandbox, "{ title: X, trakt_movie_id: 6 }", &["trakt_movie_name"]);
    let found = read_one(&sandbox, "{ title: X, trakt_movie_id: 481, imdb_id: tt0468569 }", &["trakt_movie_name"]);
    assert_eq!(found["trakt_movie_name"], "The Matrix");
}

#[test]
fn episodes_are_found_by_number_by_day_and_counted_through() {
    let sandbox = Sandbox::new(Seed::small());
    for (entry, expected) in [
        ("{ title: X, series_name: Harbour Lights, series_season: 0, series_episode: 2 }", "S00E02"),
        ("{ title: X, series_name: Sky Courier, series_id_type: sequence, series_id: 14 }", "S02E02"),
        // It was aired in the night from the 8th to the 9th in UTC.
        ("{ title: X, series_name: Breaking Bad, series_id_type: date, series_id: '2009-03-08' }", "S02E01"),
        ("{ title: X, trakt_show_id: 3006, series_season: 1, series_episode: 1 }", "S01E01"),
    ] {
        let found = read_one(&sandbox, entry, &["trakt_ep_id", "trakt_ep_name", "trakt_season"]);
        assert_eq!(found["trakt_ep_id"], expected, "{entry}");
    }
    let special = "{ title: X, series_name: Harbour Lights, series_season: 0, series_episode: 2 }";
    assert_eq!(read_one(&sandbox, special, &["trakt_watched"])["trakt_watched"], true);
    let beyond =
        "{ title: X, trakt_show_id: 3001, series_season: 1, series_episode: 9223372036854775807, series_episodes: 3 }";
    assert_eq!(read_one(&sandbox, beyond, &["trakt_watched"])["trakt_watched"], false);
    let unknown = read_one(
        &sandbox,
        "{ title: X, trakt_show_id: 1388, series_season: 9, series_episode: 9 }",
        &["trakt_ep_name"],
    );
    assert!(unknown.get("trakt_ep_name").is_none());
}

#[test]
fn the_fields_have_what_trakt_says() {
    let sandbox = Sandbox::new(Seed::small());
    let matrix = read_one(
        &sandbox,
        "{ title: X, trakt_movie_id: 481 }",
        &["trakt_translations", "trakt_actors", "trakt_released"],
    );
    assert_eq!(matrix["trakt_translations"]["pt"]["title"], "Matrix (Portugal)");
    assert_eq!(matrix["trakt_translations"]["fr"]["title"], "Matrix");
    let actor = &matrix["trakt_actors"]["901"];
    assert_eq!((&actor["name"], &actor["birthday"]), (&"Mara Lindqvist".into(), &"1971/02/03".into()));
    assert!(["biography", "homepage", "death"].iter().all(|name| actor.get(name) == Some(&Json::Null)));
    assert_eq!(matrix["trakt_released"], "1999-09-10");
    let mut requests = sandbox.requests();
    requests.sort();
    assert_eq!(requests, ["GET /movies/481", "GET /movies/481/people", "GET /movies/481/translations"]);
    let season = read_one(
        &sandbox,
        "{ title: X, trakt_show_id: 3002, series_season: 1 }",
        &["trakt_season_name", "trakt_season_user_rating", "trakt_series_user_rating", "trakt_collected"],
    );
    assert_eq!(season["trakt_season_name"], "Season 1");
    assert_eq!(
        (&season["trakt_season_user_rating"], &season["trakt_series_user_rating"]),
        (&Json::from(9), &Json::from(8))
    );
    assert_eq!(season["trakt_collected"], false);
    let collected = read_one(&sandbox, "{ title: X, trakt_show_id: 1388, series_season: 1 }", &["trakt_collected"]);
    assert_eq!(collected["trakt_collected"], true);
    let special = read_one(
        &sandbox,
        "{ title: X, trakt_show_id: 3001, series_season: 0, series_episode: 1 }",
        &["trakt_collected"],
    );
    assert_eq!(special["trakt_collected"], true, "specials are collected too");
    // Without a name, year, genres and dates.
    let bare = read_one(&sandbox, "{ title: X, trakt_movie_id: 2002 }", &["trakt_genres", "trakt_movie_year"]);
    assert_eq!((bare.get("trakt_genres"), &bare["trakt_movie_id"]), (Some(&Json::Null), &Json::from(2002)));
}

#[test]
fn what_nothing_tells_to_be_a_show_is_a_movie_unless_its_title_is_that_of_an_episode() {
    let sandbox = Sandbox::new(Seed::small());
    for (entry, expected, requests) in [
        ("{ title: X, imdb_id: tt0133093 }", Some("The Matrix"), 1),
        ("{ title: X, tmdb_id: 155 }", Some("The Dark Knight"), 1),
        ("Inception (2010)", Some("Inception"), 1),
        ("Spirited.Away.2001.1080p.BluRay.x264-CREW", Some("Spirited Away"), 1),
        ("{ title: Paper Moons, year: 1973 }", Some("Paper Moons"), 1),
        ("Harbour.Lights.S01E02.720p.HDTV", None, 0),
    ] {
        let found = read_one(&sandbox, entry, &["movie_name"]);
        assert_eq!(found.get("movie_name").and_then(Json::as_str), expected, "{entry}");
        assert_eq!(sandbox.requests().len(), requests, "{entry}: {:?}", sandbox.requests());
    }
    // What an entry says of itself stays.
    let own = read_one(&sandbox, "{ title: X, movie_name: Mine, imdb_id: tt0133093 }", &["movie_year"]);
    assert_eq!((&own["movie_name"], &own["movie_year"]), (&Json::from("Mine"), &Json::from(1999)));
}

/// Every field that FlexGet has, apart from those of TVRage, which is gone.
const MOVIE: &str = "movie_name movie_year trakt_movie_name trakt_movie_year trakt_movie_id trakt_movie_slug imdb_id tmdb_id \
    trakt_tagline trakt_overview trakt_released trakt_runtime trakt_rating trakt_votes trakt_homepage trakt_trailer \
    trakt_language trakt_genres trakt_languages trakt_actors trakt_translations trakt_watched trakt_collected \
    trakt_movie_user_rating";
const SHOW: &str = "trakt_series_name trakt_series_year imdb_id tvdb_id tmdb_id trakt_show_id trakt_show_slug trakt_trailer \
    trakt_homepage trakt_series_runtime trakt_series_first_aired trakt_series_air_time trakt_series_air_day \
    trakt_series_content_rating trakt_genres trakt_series_network imdb_url trakt_series_url trakt_series_country \
    trakt_series_status trakt_series_overview trakt_series_rating trakt_series_votes trakt_series_language \
    trakt_series_aired_episodes trakt_series_episodes trakt_languages trakt_actors trakt_translations trakt_watched \
    trakt_collected trakt_series_user_rating trakt_season_user_rating trakt_ep_user_rating";
const SEASON: &str = "trakt_season_name trakt_season_tvdb_id trakt_season_tmdb_id trakt_season_id trakt_season_first_aired \
    trakt_season_overview trakt_season_episode_count trakt_season trakt_season_aired_episodes";
const EPISODE: &str = "trakt_ep_runtime trakt_ep_rating trakt_ep_votes trakt_ep_name trakt_ep_imdb_id trakt_ep_tvdb_id trakt_ep_tmdb_id trakt_episode_id trakt_ep_first_aired \
    trakt_ep_overview trakt_ep_abs_number trakt_season trakt_episode trakt_ep_id";

#[test]
fn every_field_of_flexget_is_there_and_most_say_something() {
    let sandbox = Sandbox::new(Seed::small());
    let season = format!("{SHOW} {SEASON}");
    let episode = format!("{SHOW} {EPISODE}");
    for (entry, names, silent) in [
        ("{ title: M, trakt_movie_id: 6 }", MOVIE, vec!["trakt_tagline", "trakt_homepage"]),
        (
            "{ title: S, trakt_show_id: 3002 }",
            SHOW,
            vec!["trakt_homepage", "trakt_season_user_rating", "trakt_ep_user_rating"],
        ),
        (
            "{ title: S, trakt_show_id: 3002, series_season: 1 }",
            &season,
            vec!["trakt_homepage", "trakt_ep_user_rating", "trakt_season_overview"],
        ),
        (
            "{ title: E, trakt_show_id: 3001, series_season: 2, series_episode: 1 }",
            &episode,
            vec![
                "trakt_homepage",
                "trakt_series_user_rating",
                "trakt_season_user_rating",
                "trakt_ep_imdb_id",
                "trakt_ep_overview",
            ],
        ),
    ] {
        let names: Vec<&str> = names.split_whitespace().collect();
        let found = read_one(&sandbox, entry, &names);
        for name in names {
            let value = found.get(name).unwrap_or_else(|| panic!("{entry} has no {name}"));
            assert_eq!(value.is_null(), silent.contains(&name), "{entry}: {name} is {value}");
        }
    }
}

#[test]
fn a_part_is_found_by_its_own_id_and_a_day_is_that_of_the_shows_country() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.with(|world| world.watch("ann-kay", Media::Episode(1388, 2, 1), world.now() - 48 * HOUR));
    pass(&sandbox, 24);
    let own = "{ title: X, trakt_show_id: 3001, trakt_episode_id: 3001203 }";
    assert_eq!(read_one(&sandbox, own, &["trakt_ep_id"])["trakt_ep_id"], "S02E03");
    assert_eq!(read_one(&sandbox, own, &["trakt_watched"])["trakt_watched"], true);
    let season = "{ title: X, trakt_show_id: 3001, trakt_season_id: 3001100 }";
    let found = read_one(&sandbox, season, &["trakt_season_name", "trakt_watched"]);
    assert_eq!((&found["trakt_season_name"], &found["trakt_watched"]), (&Json::from("Season 1"), &Json::from(true)));
    // In UTC it was the 9th.
    let by_day = |day: &str| {
        let entry = format!("{{ title: X, trakt_show_id: 1388, series_id_type: date, series_id: '{day}' }}");
        read_one(&sandbox, &entry, &["trakt_watched"]).get("trakt_watched").cloned()
    };
    assert_eq!(by_day("2009-03-08"), Some(Json::from(true)));
    assert_eq!(by_day("2009-03-15"), Some(Json::from(false)));
    assert_eq!(by_day("2009-03-09"), None, "nothing was aired on that day");
    let counted = "{ title: X, trakt_show_id: 1388, series_id_type: sequence, series_id: 8 }";
    assert_eq!(read_one(&sandbox, counted, &["trakt_watched"])["trakt_watched"], true);
}

/// A movie or show of a name, as a search finds it.
fn named(id: u64, title: &str, year: u32, country: &str) -> trakt_sim::Work {
    let full =
        serde_json::json!({ "country": country, "status": "released", "updated_at": "2026-03-01T10:00:00.000Z" });
    trakt_sim::Work {
        ids: trakt_sim::Ids { trakt: id, ..trakt_sim::Ids::default() },
        title: Some(title.to_owned()),
        year: Some(year),
        full: full.as_object().cloned().unwrap_or_default(),
        ..trakt_sim::Work::default()
    }
}

fn with_namesakes() -> Sandbox {
    Sandbox::new(Seed::small().and(|world| {
        for (id, title, year) in
            [(7_001, "Dune", 2021), (7_002, "Dune", 1984), (7_003, "Moonfall", 2009), (7_004, "Moonfall", 1990)]
        {
            world.add_movie(named(id, title, year, "us"));
        }
        for (id, title, year, country) in [
            (8_001, "Doctor Who", 1963, "gb"),
            (8_002, "Doctor Who", 2005, "gb"),
            (8_003, "The Office", 2001, "gb"),
            (8_004, "The Office", 2005, "us"),
            (8_005, "The Flash", 1990, "us"),
            (8_006, "The Flash", 2014, "us"),
        ] {
            world.add_show(trakt_sim::Show { work: named(id, title, year, country), ..trakt_sim::Show::default() });
        }
    }))
}

#[test]
fn a_name_that_ends_with_a_year_or_a_country_is_found() {
    let sandbox = with_namesakes();
    for (entry, field, expected) in [
        ("{ title: X, series_name: Doctor Who 2005 }", "trakt_show_id", Some(8_002)),
        ("{ title: X, series_name: Doctor Who (1963) }", "trakt_show_id", Some(8_001)),
        ("{ title: X, series_name: The Office US }", "trakt_show_id", Some(8_004)),
        ("{ title: X, series_name: The Office (UK) }", "trakt_show_id", Some(8_003)),
        ("{ title: X, series_name: The Flash 2014 }", "trakt_show_id", Some(8_006)),
        ("{ title: X, movie_name: Dune, movie_year: 1984 }", "trakt_movie_id", Some(7_002)),
        // A year off by one is taken for the only movie of a name.
        ("{ title: X, movie_name: Inception, movie_year: 2011 }", "trakt_movie_id", Some(16_662)),
        ("{ title: X, movie_name: Moonfall, movie_year: 2010 }", "trakt_movie_id", None),
        ("{ title: X, series_name: Doctor Who }", "trakt_show_id", None),
    ] {
        let found = read_one(&sandbox, entry, &[field]);
        assert_eq!(found.get(field).and_then(Json::as_u64), expected, "{entry}");
    }
}

#[test]
fn an_ambiguous_name_is_told_with_the_titles_that_it_could_be_also_in_later_runs() {
    let sandbox = with_namesakes();
    let task = reading(&["{ title: X, movie_name: Dune }"], &["trakt_rating"]);
    for requests in [1, 0] {
        let report = run(&task, &sandbox.next_run());
        assert_eq!(report.warnings, ["trakt_lookup: `Dune` is ambiguous: Dune (2021), Dune (1984)"]);
        let searches = sandbox.sim.requests();
        assert_eq!(searches.len(), requests);
        for search in searches {
            assert!(search.query.iter().any(|(name, value)| name == "limit" && value == "100"), "{:?}", search.query);
            assert!(search.query.iter().all(|(name, _)| name != "years"), "{:?}", search.query);
        }
    }
}

#[test]
fn titles_that_share_an_id_are_told_apart() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        for (id, title, year) in [(8_011, "Hill House", 2018), (8_012, "Bly Manor", 2020)] {
            let mut work = named(id, title, year, "us");
            work.ids.tvdb = Some(345_246);
            world.add_show(trakt_sim::Show { work, ..trakt_sim::Show::default() });
        }
    }));
    for _ in 0..2 {
        let entries = [
            "{ title: A, trakt_show_id: 8011, tvdb_id: 345246 }",
            "{ title: B, trakt_show_id: 8012, tvdb_id: 345246 }",
        ];
        let report = run(&reading(&entries, &["trakt_series_name"]), &sandbox.next_run());
        assert_eq!(fields(&report, 0)["trakt_series_name"], "Hill House");
        assert_eq!(fields(&report, 1)["trakt_series_name"], "Bly Manor");
    }
    assert_eq!(sandbox.requests(), Vec::<String>::new(), "both are stored");
}

#[test]
fn an_overview_without_a_title_is_a_translation_too() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        let matrix = world.catalogue.movies.get_mut(&481).unwrap();
        matrix.translations.push(trakt_sim::Translation {
            language: "sv".to_owned(),
            overview: Some("En film.".to_owned()),
            tagline: Some("Välj.".to_owned()),
            ..trakt_sim::Translation::default()
        });
    }));
    let found = read_one(&sandbox, "{ title: X, trakt_movie_id: 481 }", &["trakt_translations"]);
    let swedish = serde_json::json!({ "title": null, "overview": "En film.", "tagline": "Välj." });
    assert_eq!(found["trakt_translations"]["sv"], swedish);
}
