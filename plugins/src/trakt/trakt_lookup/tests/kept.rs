//! What is kept, for how long, and how much of it.

use super::*;

#[test]
fn what_is_not_found_is_not_asked_again_for_a_while_and_told_in_one_line() {
    let sandbox = Sandbox::new(Seed::small());
    let entries: Vec<String> = (0..300)
        .map(|nth| format!("{{ title: Unknown {nth}, movie_name: Unknown {nth}, movie_year: 1999 }}"))
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let report = run(&reading(&entries, &["trakt_rating"]), &sandbox.next_run());
    assert_eq!(sandbox.requests().len(), 300);
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    assert!(
        report.warnings[0].starts_with("trakt_lookup: 300 entries could not be looked up: "),
        "{}",
        report.warnings[0]
    );
    assert!(fields(&report, 0).get("trakt_rating").is_none());
    run(&reading(&entries, &["trakt_rating"]), &sandbox.next_run());
    assert_eq!(sandbox.requests().len(), 0);
    for (hours, expected) in [(25, 1), (25, 0), (25, 1)] {
        pass(&sandbox, hours);
        run(&reading(&entries[..1], &["trakt_rating"]), &sandbox.next_run());
        assert_eq!(sandbox.requests().len(), expected, "after a day, and then after two");
    }
}

#[test]
fn what_is_kept_is_used_until_its_time_and_not_with_no_cache() {
    let sandbox = Sandbox::new(Seed::small());
    let entry = "{ title: X, trakt_show_id: 3001, series_season: 2, series_episode: 1 }";
    let read = |cx: &Context| run(&reading(&[entry], &["trakt_ep_name", "trakt_series_status"]), cx);
    for (hours, no_cache, expected) in [(0, false, 2), (1, false, 0), (0, true, 2), (13, false, 1), (49, false, 2)] {
        pass(&sandbox, hours);
        let cx = Context { no_cache, ..sandbox.next_run() };
        read(&cx);
        assert_eq!(sandbox.requests().len(), expected, "after {hours} hours: {:?}", sandbox.requests());
    }
    // Beyond its time it is still better than nothing.
    pass(&sandbox, 1_000);
    sandbox.sim.fail(Fault::on("GET", "/"));
    assert!(fields(&read(&sandbox.next_run()), 0)["trakt_ep_name"].is_string());
}

#[test]
fn no_more_is_kept_than_there_is_room_for() {
    use flexget_core::context::store::NewRecord;
    let sandbox = Sandbox::new(Seed::small());
    let titles = sandbox.cx.store.shared_collection(crate::trakt::titles::stored::COLLECTION, "");
    let now = sandbox.cx.clock.now();
    let one = |nth: usize| NewRecord {
        keys: vec![format!("movie trakt {}", 1_000_000 + nth)],
        data: NewRecord::data(&serde_json::json!({ "title": format!("Old {nth}") })),
        added: now,
        expires: Some(now + jiff::SignedDuration::from_hours(24)),
    };
    titles.insert((0..10_000).map(one).collect::<Vec<_>>()).unwrap();
    read_one(&sandbox, "{ title: X, trakt_movie_id: 481 }", &["trakt_rating"]);
    assert_eq!(titles.len().unwrap(), 10_000);
    assert!(titles.find(&["movie trakt 1000000"]).unwrap().is_empty(), "the oldest goes first");
    assert_eq!(titles.find(&["movie trakt 481"]).unwrap().len(), 1);
    // What expired long ago is not even good for bad days.
    pass(&sandbox, 24 * 100);
    read_one(&sandbox, "{ title: X, trakt_movie_id: 6 }", &["trakt_rating"]);
    assert_eq!(titles.len().unwrap(), 2);
}

#[test]
fn what_is_over_is_believed_for_longer_than_what_goes_on() {
    for (entry, field, days) in [
        ("{ title: X, trakt_movie_id: 481 }", "trakt_rating", 60),
        ("{ title: X, trakt_movie_id: 2006 }", "trakt_rating", 2),
        ("{ title: X, trakt_show_id: 1388 }", "trakt_series_status", 30),
        ("{ title: X, trakt_show_id: 3001 }", "trakt_series_status", 2),
        ("{ title: X, trakt_movie_id: 481 }", "trakt_actors", 30),
    ] {
        let sandbox = Sandbox::new(Seed::small());
        let requests_after = |hours: i64| {
            pass(&sandbox, hours);
            // The token is renewed by somebody else.
            sandbox.authorize("ann", "Ann.Kay");
            read_one(&sandbox, entry, &[field]);
            sandbox.requests().len()
        };
        assert_eq!(requests_after(0), 1, "{entry}");
        assert_eq!(requests_after(days * 24 - 1), 0, "{entry}: {field}");
        assert_eq!(requests_after(2), 1, "{entry}: {field}");
    }
}

#[test]
fn what_a_user_has_done_is_read_again_when_trakt_says_so_or_nothing_is_to_be_believed() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 24);
    let entries = ["{ title: M, trakt_movie_id: 481 }", "{ title: S, trakt_show_id: 3001 }"];
    let read = |no_cache: bool| {
        let report = run(&reading(&entries, &["trakt_watched"]), &Context { no_cache, ..sandbox.next_run() });
        (sandbox.requests().len(), fields(&report, 0)["trakt_watched"].clone())
    };
    assert_eq!(read(false), (3, false.into()), "what was done last, movies, shows");
    assert_eq!(read(false), (1, false.into()), "what was done last");
    assert_eq!(read(true), (3, false.into()), "what is kept is not believed");
    sandbox.sim.with(|world| world.watch("ann-kay", Media::Movie(481), world.now() - HOUR));
    assert_eq!(read(false), (2, true.into()), "what was done last, movies");
    pass(&sandbox, 13);
    assert_eq!(
        read(false).0,
        3,
        "movies, which had changed just then, and shows, of which episodes may have been aired"
    );
    assert_eq!(read(false).0, 1, "all has settled");
}

#[test]
fn a_list_that_stays_the_same_tells_of_shows_that_end() {
    let sandbox = Sandbox::new(Seed::small());
    pass(&sandbox, 24);
    let config = "trakt_list: { account: ann, list: Following TV, type: shows }\ntrakt_lookup: { account: ann }\nseen: no\nif:\n  - trakt_series_status in ['ended', 'canceled']: accept";
    let ended = |sandbox: &Sandbox| titles(&run(config, &sandbox.next_run()), State::Accepted).join(", ");
    assert_eq!(ended(&sandbox), "Breaking Bad (2008)");
    sandbox.sim.with(|world| {
        let lights = world.catalogue.shows.get_mut(&3_001).unwrap();
        lights.work.full.insert("status".into(), "ended".into());
    });
    assert_eq!(ended(&sandbox), "Breaking Bad (2008)");
    assert_eq!(sandbox.requests(), ["GET /sync/last_activities"], "it is the same list");
    pass(&sandbox, 25);
    assert_eq!(ended(&sandbox), "Breaking Bad (2008), Harbour Lights (2025)");
    assert_eq!(sandbox.requests().len(), 2, "what was done last, and the list: {:?}", sandbox.requests());
}
