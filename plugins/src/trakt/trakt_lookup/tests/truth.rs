//! What the user has done, as Trakt itself knows it; and that nothing is decided where that is not known.

use std::time::Duration;

use flexget_core::context::http::{Http, HttpOptions};

use super::*;

/// What the simulator's own state says of what was watched, by its plays.
fn truth(world: &trakt_sim::World, media: Media) -> bool {
    let user = world.user("ann-kay");
    let now = world.now();
    let seen = |show: u64, season: u32, number: u32| {
        let plays = user.history.iter().filter(|play| play.media == Media::Episode(show, season, number));
        let reset = user.resets.get(&show).copied();
        plays.map(|play| play.watched_at).max().is_some_and(|last| reset.is_none_or(|reset| last > reset))
    };
    let all = |show: u64, wanted: &dyn Fn(u32) -> bool| {
        let episodes = world.catalogue.shows[&show].episodes(true);
        let aired: Vec<bool> = episodes
            .filter(|(season, episode)| wanted(*season) && episode.aired(now))
            .map(|(season, episode)| seen(show, season, episode.number))
            .collect();
        !aired.is_empty() && aired.iter().all(|seen| *seen)
    };
    match media {
        Media::Movie(_) => user.history.iter().any(|play| play.media == media),
        Media::Show(show) => all(show, &|season| season > 0),
        Media::Season(show, number) => all(show, &|season| season == number),
        Media::Episode(show, season, number) => seen(show, season, number),
        _ => false,
    }
}

#[test]
fn a_large_account_gets_the_truth_about_everything() {
    let sandbox = Sandbox::new(Seed::large());
    pass(&sandbox, 24);
    let media: Vec<Media> = sandbox.sim.with(|world| {
        // A show that was started again, once seen anew in part and once not at all.
        let now = world.now();
        for (show, seen) in [(500_001, true), (500_002, false)] {
            world.user_mut("ann-kay").resets.insert(show, now - HOUR);
            if seen {
                world.watch("ann-kay", Media::Season(show, 1), now - HOUR / 2);
            }
        }
        // An episode that was seen before it was aired does not stand for one that was not seen.
        world.watch("ann-kay", Media::Episode(3_001, 2, 10), now - HOUR);
        for episode in [5, 6] {
            world.watch("ann-kay", Media::Episode(3_001, 2, episode), now - HOUR);
        }
        let mut media: Vec<Media> = world.catalogue.movies.keys().map(|id| Media::Movie(*id)).collect();
        for (id, show) in &world.catalogue.shows {
            media.push(Media::Show(*id));
            for season in &show.seasons {
                media.push(Media::Season(*id, season.number));
                media.extend(season.episodes.iter().map(|episode| Media::Episode(*id, season.number, episode.number)));
            }
        }
        media
    });
    let entries: Vec<String> = media
        .iter()
        .map(|media| match media {
            Media::Movie(id) => format!("{{ title: m{id}, trakt_movie_id: {id} }}"),
            Media::Show(id) => format!("{{ title: s{id}, trakt_show_id: {id} }}"),
            Media::Season(id, season) => format!("{{ title: s{id}s{season}, trakt_show_id: {id}, series_season: {season} }}"),
            Media::Episode(id, season, number) => format!(
                "{{ title: s{id}s{season}e{number}, trakt_show_id: {id}, series_season: {season}, series_episode: {number} }}"
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let report = run(&reading(&entries, &["trakt_watched"]), &sandbox.next_run());
    let expected: Vec<bool> = sandbox.sim.with(|world| media.iter().map(|media| truth(world, *media)).collect());
    for (at, (media, expected)) in media.iter().zip(&expected).enumerate() {
        assert_eq!(fields(&report, at)["trakt_watched"], Json::from(*expected), "{media:?}");
    }
    assert!(expected.iter().filter(|watched| **watched).count() > 1_200 && expected.contains(&false));
    // The pages of what was watched (2,400 movies are never asked for one by one), and the seasons of the shows that were touched.
    assert_eq!(sandbox.sim.count("GET", "/movies/"), 0);
    assert!(sandbox.sim.count("GET", "/sync/") <= 12, "{}", sandbox.sim.count("GET", "/sync/"));
}

#[test]
fn nothing_is_decided_on_data_that_is_not_there() {
    let dark_knight = "{ title: The Dark Knight, movie_name: The Dark Knight, trakt_movie_id: 6 }";
    let seasons_missing = || {
        Fault::on("GET", "/sync/watched/shows").answers(trakt_sim::Reply::json(
        200,
        &serde_json::json!([{ "plays": 1, "show": { "title": "Harbour Lights", "ids": { "trakt": 3001 }, "aired_episodes": 14 } }]),
    ))
    };
    let show = "{ title: Harbour Lights, series_name: Harbour Lights, trakt_show_id: 3001 }";
    for (what, entry, fault) in [
        ("down", dark_knight, Fault::on("GET", "/")),
        ("html", dark_knight, Fault::on("GET", "/sync/watched").maintenance()),
        ("truncated", dark_knight, Fault::on("GET", "/sync/watched").truncated_json()),
        ("wrong", dark_knight, Fault::on("GET", "/sync/watched").wrong_json()),
        ("limited", dark_knight, Fault::on("GET", "/sync/watched").too_many(Some(60))),
        ("cloudflare", dark_knight, Fault::on("GET", "/sync/watched").cloudflare(403)),
        ("cut", dark_knight, Fault::on("GET", "/sync/watched").with(Trouble::CloseBefore)),
        ("no seasons", show, seasons_missing()),
    ] {
        let sandbox = Sandbox::new(Seed::small());
        pass(&sandbox, 24);
        let config = format!(
            "mock: [ {entry} ]\ntrakt_lookup: {{ account: ann }}\nseen: no\nif:\n  - not trakt_watched: accept\n  - trakt_watched: reject"
        );
        sandbox.sim.fail(fault.clone());
        let report = run(&config, &sandbox.next_run());
        assert_eq!(report.entries[0].state(), State::Undecided, "{what}");
        assert!(fields(&report, 0).get("trakt_watched").is_none(), "{what}");
        assert_eq!(report.warnings.iter().filter(|warning| warning.starts_with("trakt_lookup: ")).count(), 1, "{what}");
        // What was read while Trakt was there is used when it is not.
        sandbox.sim.heal();
        let healed = run(&config, &sandbox.next_run());
        assert_ne!(healed.entries[0].state(), State::Undecided, "{what}");
        sandbox.sim.with(|world| world.mark("ann-kay", "movies.watched_at"));
        sandbox.sim.with(|world| world.mark("ann-kay", "episodes.watched_at"));
        sandbox.sim.fail(fault);
        let old = run(&config, &sandbox.next_run());
        assert_eq!(old.entries[0].state(), healed.entries[0].state(), "{what}");
    }
}

#[test]
fn a_limit_in_the_middle_is_waited_for() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.with(|world| world.limits = Limits { reads: Some(2), ..Limits::default() });
    let entries: Vec<String> = ["tt0133093", "tt0137523", "tt0468569", "tt1375666", "tt0245429"]
        .iter()
        .map(|id| format!("{{ title: {id}, movie_name: {id}, imdb_id: {id} }}"))
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let report = run(&reading(&entries, &["trakt_rating"]), &sandbox.next_run());
    assert!((0..5).all(|at| fields(&report, at)["trakt_rating"].is_number()));
}

#[test]
fn a_show_that_goes_on_is_not_watched_any_more() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.with(|world| {
        for episode in 4..=6 {
            world.watch("ann-kay", Media::Episode(3_001, 2, episode), world.now() - 24 * HOUR);
        }
    });
    pass(&sandbox, 1);
    let entry = "{ title: X, trakt_show_id: 3001 }";
    assert_eq!(read_one(&sandbox, entry, &["trakt_watched"])["trakt_watched"], true);
    pass(&sandbox, 7 * 24);
    assert_eq!(read_one(&sandbox, entry, &["trakt_watched"])["trakt_watched"], false);
}

#[test]
fn what_was_cut_off_in_the_middle_decides_nothing() {
    let config = "mock: [ { title: M, trakt_movie_id: 500000 } ]\ntrakt_lookup: { account: ann }\nseen: no\nif:\n  - not trakt_watched: accept\n  - trakt_watched: reject";
    for fault in [
        Fault::on("GET", "/sync/watched/movies").query("page", "3").too_many(Some(3_600)),
        Fault::on("GET", "/sync/watched/movies").query("page", "3").maintenance(),
        Fault::on("GET", "/sync/watched/movies").query("page", "3").with(Trouble::CutShort),
        Fault::on("GET", "/sync/watched/movies").query("page", "3").with(Trouble::Hang),
    ] {
        let sandbox = Sandbox::new(Seed::large());
        pass(&sandbox, 24);
        sandbox.sim.fail(fault.clone());
        let cx = sandbox.next_run();
        // All other pages must come in this time.
        let options = HttpOptions { timeout: Duration::from_secs(3), ..HttpOptions::default() };
        let http = Http::new(options, cx.store.clone(), cx.clock.clone(), cx.progress.clone());
        let report = run(config, &Context { http, ..cx });
        assert_eq!(report.entries[0].state(), State::Undecided, "{fault:?}");
        assert!(sandbox.sim.count("GET", "/sync/watched/movies") >= 3, "{fault:?}");
        sandbox.sim.heal();
        assert_eq!(run(config, &sandbox.next_run()).entries[0].state(), State::Rejected, "{fault:?}");
    }
}

#[test]
fn titles_that_were_asked_about_before_trakt_went_away_are_decided_and_the_others_are_not() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.fail(Fault::on("GET", "/movies/").skip(2));
    let config = "mock: [ { title: A, trakt_movie_id: 481 }, { title: B, trakt_movie_id: 6 }, { title: C, trakt_movie_id: 120 }, { title: D, trakt_movie_id: 127 }, { title: E, trakt_movie_id: 131 }, { title: F, trakt_movie_id: 140 } ]\ntrakt_lookup: { account: ann }\nseen: no\nif: [ trakt_rating > 9: reject, trakt_rating > 1: accept ]";
    let report = run(config, &sandbox.next_run());
    assert_eq!((titles(&report, State::Accepted).len(), titles(&report, State::Undecided).len()), (2, 4));
    let undecided = report.entries.iter().filter(|entry| entry.state() == State::Undecided);
    assert!(undecided.clone().all(|entry| entry.reason().is_some_and(|reason| {
        reason.starts_with("`trakt_rating > 9` is not known: `trakt_rating` could not be looked up")
    })));
}

#[test]
fn old_answers_are_used_and_said_to_be_old() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 24);
    let entry = "{ title: X, trakt_show_id: 3001, series_season: 2, series_episode: 1 }";
    let read = ["trakt_watched", "trakt_ep_name", "trakt_series_status", "trakt_actors"];
    let good = run(&reading(&[entry], &read), &sandbox.next_run());
    assert_eq!(good.warnings, Vec::<String>::new());
    pass(&sandbox, 24 * 31);
    sandbox.sim.fail(Fault::on("GET", "/"));
    let old = run(&reading(&[entry], &read), &sandbox.next_run());
    assert_eq!(fields(&old, 0), fields(&good, 0));
    let mut warnings = old.warnings.clone();
    warnings.sort();
    assert_eq!(
        warnings,
        [
            "trakt_lookup: Trakt is unavailable: using details of 1 title from an earlier run",
            "trakt_lookup: Trakt is unavailable: using people from an earlier run",
            "trakt_lookup: Trakt is unavailable: using the episodes of `X` from an earlier run",
            "trakt_lookup: Trakt is unavailable: using the user's data of 2026-11-25T00:00:00Z",
        ]
    );
}

#[test]
fn a_rating_that_is_not_known_is_not_taken_for_none() {
    let sandbox = Sandbox::new(Seed::small());
    let entry = "{ title: X, trakt_show_id: 3001, series_season: 2, series_episode: 1 }";
    sandbox.sim.fail(Fault::on("GET", "/shows/"));
    let lost = read_one(&sandbox, entry, &["trakt_ep_user_rating", "trakt_series_user_rating"]);
    assert_eq!((lost.get("trakt_ep_user_rating"), &lost["trakt_series_user_rating"]), (None, &Json::Null));
    sandbox.sim.heal();
    assert_eq!(read_one(&sandbox, entry, &["trakt_ep_user_rating"])["trakt_ep_user_rating"], 6);
    // What the show was given is told by the ratings alone.
    read_one(&sandbox, "{ title: X, trakt_show_id: 3002, series_season: 1 }", &["trakt_series_user_rating"]);
    assert!(sandbox.requests().len() <= 2, "{:?}", sandbox.requests());
}

#[test]
fn a_show_of_whose_episodes_trakt_says_nothing_is_neither_watched_nor_unwatched() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.with(|world| {
        world.watch("ann-kay", Media::Season(1388, 1), world.now() - HOUR);
        world.switches.empty_seasons = true;
    });
    let entry = "{ title: X, trakt_show_id: 1388, series_season: 1, series_episode: 1 }";
    assert_eq!(read_one(&sandbox, entry, &["trakt_watched"]).get("trakt_watched"), None);
}

#[test]
fn a_season_that_was_not_begun_costs_no_look_at_its_episodes() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 24);
    let entry = "{ title: X, trakt_show_id: 1388, series_season: 2 }";
    sandbox.sim.with(|world| world.watch("ann-kay", Media::Season(1388, 1), world.now() - HOUR));
    assert_eq!(read_one(&sandbox, entry, &["trakt_watched"])["trakt_watched"], false);
    assert_eq!(sandbox.requests(), ["GET /sync/last_activities", "GET /sync/watched/shows"]);
}

#[test]
fn one_title_that_trakt_fails_at_does_not_cost_the_others_but_a_trakt_that_is_down_is_left_alone() {
    let sandbox = Sandbox::new(Seed::small().and(|world| drop(world.add_movies(50))));
    let entries: Vec<String> =
        (500_000..500_050).map(|id| format!("{{ title: M{id}, trakt_movie_id: {id} }}")).collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let known = |report: &TaskReport| (0..50).filter(|at| fields(report, *at).get("trakt_rating").is_some()).count();
    sandbox.sim.fail(Fault::on("GET", "/movies/500007"));
    assert_eq!(known(&run(&reading(&entries, &["trakt_rating"]), &sandbox.next_run())), 49);
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.fail(Fault::on("GET", "/movies/"));
    assert_eq!(known(&run(&reading(&entries, &["trakt_rating"]), &sandbox.next_run())), 0);
    let asked: BTreeSet<String> = sandbox.requests().into_iter().collect();
    // Eight are in flight when the third of them has failed.
    assert!(asked.len() <= 10, "{asked:?}");
}

#[test]
fn what_somebody_else_has_done_is_told_where_it_is_public() {
    let seed = || {
        Seed::small().and(|world| {
            let now = world.now();
            world.watch("bob", Media::Movie(481), now - 48 * HOUR);
            world.watch("bob", Media::Episode(1388, 1, 1), now - 48 * HOUR);
            world.watch("cara", Media::Movie(481), now - 48 * HOUR);
        })
    };
    let sandbox = Sandbox::new(seed());
    let watched = |who: &str| {
        let config = format!(
            "mock: [ {{ title: Matrix, trakt_movie_id: 481 }}, {{ title: Dark Knight, trakt_movie_id: 6 }}, {{ title: Pilot, trakt_show_id: 1388, series_season: 1, series_episode: 1 }} ]\ntrakt_lookup: {{ {who} }}\nseen: no\nif: [ trakt_watched: accept, not trakt_watched: reject ]"
        );
        let report = run(&config, &sandbox.next_run());
        (titles(&report, State::Accepted).join(" "), titles(&report, State::Rejected).join(" "))
    };
    assert_eq!(watched("username: bob"), ("Matrix Pilot".into(), "Dark Knight".into()));
    assert_eq!(sandbox.requests(), ["GET /users/bob/watched/movies", "GET /users/bob/watched/shows"]);
    assert_eq!(
        watched("account: ann"),
        ("Dark Knight".into(), "Matrix Pilot".into()),
        "and not mixed up with one's own"
    );
    assert_eq!(watched("account: ann, username: bob"), ("Matrix Pilot".into(), "Dark Knight".into()));
    assert_eq!(watched("username: cara"), (String::new(), String::new()), "hers is private, so it is not known");
}

#[test]
fn a_release_of_several_episodes_is_watched_when_all_of_them_are() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 24);
    for (title, expected) in [
        ("Harbour.Lights.S02E02-E03.720p", true),
        ("Harbour.Lights.S02E03-E04.720p", false),
        ("Harbour.Lights.S02E03.720p", true),
        ("Harbour.Lights.S01.720p", true),
        ("Harbour.Lights.S02.720p", false),
    ] {
        let config = format!(
            "mock: [ {title} ]\nmetainfo_series: yes\ntrakt_lookup: {{ account: ann }}\nif: [ trakt_watched: accept, not trakt_watched: reject ]"
        );
        let report = run(&config, &sandbox.next_run());
        assert_eq!(report.entries[0].state(), if expected { State::Accepted } else { State::Rejected }, "{title}");
    }
}
