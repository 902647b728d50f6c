//! Calendars, against the simulator: configs in, titles and requests out.

use flexget_core::prelude::*;
use flexget_core::testing::{config_errors, run, titles};
use trakt_sim::{Fault, Media, OddValue, Place, Seed};

use crate::trakt::sandbox::Sandbox;

fn calendar(options: &str) -> String {
    format!("trakt_calendar: {{ {options} }}\naccept_all: yes\nseen: no")
}

fn read(sandbox: &Sandbox, options: &str) -> (Vec<String>, Vec<String>) {
    let report = run(&calendar(options), &sandbox.next_run());
    assert!(report.error.is_none(), "{options}: {:?}", report.error);
    let titles = titles(&report, State::Accepted).into_iter().map(str::to_owned).collect();
    (titles, sandbox.requests())
}

#[test]
fn a_calendar_has_the_episodes_of_its_days() {
    let sandbox = Sandbox::new(Seed::small());
    // It is the 24th of November, and there is an episode each Saturday.
    for (options, expected) in [
        ("type: episodes", vec!["Harbour Lights (2025) S02E07"]),
        ("type: episodes, days: 4", vec![]),
        ("type: episodes, days: 5", vec!["Harbour Lights (2025) S02E07"]),
        (
            "type: episodes, start_day: -10, days: 20, strip_dates: yes",
            vec!["Harbour Lights S02E05", "Harbour Lights S02E06", "Harbour Lights S02E07"],
        ),
        ("type: shows, start_day: -10, days: 20", vec!["Harbour Lights (2025)"]),
        ("type: movies, days: 30", vec!["The Glass Meridian (2026)"]),
    ] {
        let (titles, requests) = read(&sandbox, &format!("account: ann, {options}"));
        assert_eq!(titles, expected, "{options}");
        assert_eq!(requests.len(), 1, "{options}");
    }
}

#[test]
fn an_entry_has_all_that_trakt_said_and_looking_it_up_costs_nothing() {
    let sandbox = Sandbox::new(Seed::small());
    let task =
        calendar("account: ann, type: episodes") + "\ntrakt_lookup: yes\nif: [ trakt_series_status == 'x': reject ]";
    let report = run(&task, &sandbox.next_run());
    assert_eq!(sandbox.requests(), ["GET /calendars/my/shows/2026-11-24/7"]);
    let entry = &report.entries[0];
    assert_eq!(entry.url(), "https://trakt.tv/shows/harbour-lights/seasons/2/episodes/7");
    let fields = serde_json::to_value(entry.fields()).unwrap();
    let expected: [(&str, serde_json::Value); 14] = [
        ("series_name", "Harbour Lights (2025)".into()),
        ("series_id", "S02E07".into()),
        ("trakt_season", 2.into()),
        ("trakt_episode", 7.into()),
        ("trakt_ep_id", "S02E07".into()),
        ("trakt_ep_first_aired", "2026-11-28T20:00:00Z".into()),
        ("trakt_series_status", "returning series".into()),
        ("trakt_series_network", "Channel Nine".into()),
        ("tvdb_id", 430_001.into()),
        ("trakt_slug", "harbour-lights".into()),
        ("trakt_ep_rating", 7.4.into()),
        ("trakt_ep_votes", 31.into()),
        ("trakt_ep_runtime", 45.into()),
        ("trakt_series_air_timezone", "America/New_York".into()),
    ];
    for (name, value) in expected {
        assert_eq!(fields[name], value, "{name}");
    }
    for name in ["trakt_ep_updated_at", "trakt_ep_languages", "trakt_languages", "trakt_series_updated_at"] {
        assert!(fields.get(name).is_some_and(|value| !value.is_null()), "{name}: {fields}");
    }
}

#[test]
fn a_long_time_is_asked_for_in_parts() {
    let sandbox = Sandbox::new(Seed::small().and(|world| world.switches.long_calendar_refused = true));
    let (titles, requests) = read(&sandbox, "account: ann, type: episodes, start_day: -40, days: 100");
    assert_eq!(
        requests,
        [
            "GET /calendars/my/shows/2026-10-15/33",
            "GET /calendars/my/shows/2026-11-17/33",
            "GET /calendars/my/shows/2026-12-20/33",
            "GET /calendars/my/shows/2027-01-22/1",
        ]
    );
    let expected: Vec<String> = (1..=10).map(|number| format!("Harbour Lights (2025) S02E{number:02}")).collect();
    assert_eq!(titles, expected);
}

#[test]
fn where_trakt_allows_fewer_days_the_parts_are_smaller() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.fail(Fault::on("GET", "/calendars/my/shows/2026-11-24/33").status(400));
    let (titles, requests) = read(&sandbox, "account: ann, type: episodes, days: 40");
    assert_eq!(titles.len(), 4);
    assert_eq!(requests.len(), 7, "{requests:?}");
    assert_eq!(requests[6], "GET /calendars/my/shows/2026-12-29/5");
    // What is refused however short it is has another reason.
    sandbox.sim.heal();
    sandbox.sim.fail(Fault::on("GET", "/calendars").status(400));
    let report = run(&calendar("account: ann, type: episodes, days: 40"), &sandbox.next_run());
    assert!(report.error.is_some() && report.entries.is_empty());
}

#[test]
fn a_part_that_fails_is_never_a_shorter_calendar() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.fail(Fault::on("GET", "/calendars/my/shows/2026-12-27").status(500));
    let report = run(&calendar("account: ann, type: episodes, days: 60"), &sandbox.next_run());
    assert!(report.error.is_some() && report.entries.is_empty());
}

#[test]
fn odd_values_are_read_and_a_row_without_a_reading_is_an_error() {
    let sandbox = Sandbox::new(Seed::small());
    for options in ["type: episodes", "type: shows", "type: movies, days: 30"] {
        let task = calendar(&format!("account: ann, {options}"));
        for odd in OddValue::READABLE {
            sandbox.sim.fail(Fault::on("GET", "/calendars").odd_values(&[odd]));
            let report = run(&task, &sandbox.next_run());
            sandbox.sim.heal();
            assert!(report.error.is_none(), "{options}, {odd:?}: {:?}", report.error);
            assert_eq!(titles(&report, State::Accepted).len(), 1, "{options}, {odd:?}");
        }
        sandbox.sim.fail(Fault::on("GET", "/calendars").odd_values(&[OddValue::Unreadable]));
        let report = run(&task, &sandbox.next_run());
        sandbox.sim.heal();
        let said = report.error.map(|error| error.message).unwrap_or_default();
        assert!(said.starts_with("1 of 1 rows of `calendars/my/"), "{options}: {said}");
    }
}

#[test]
fn without_an_account_it_is_everybodys_and_nothing_hidden_or_unknown_ends_it() {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        world.user_mut("ann-kay").hidden.insert(Media::Show(3_001));
        let show = world.catalogue.shows.get_mut(&3_001).unwrap();
        show.work.year = None;
        show.work.ids.imdb = None;
    }));
    assert_eq!(read(&sandbox, "account: ann, type: episodes").0, Vec::<String>::new());
    let (titles, requests) = read(&sandbox, "type: episodes");
    assert_eq!(titles, ["Harbour Lights S02E07"]);
    assert_eq!(requests, ["GET /calendars/all/shows/2026-11-24/7"]);
}

#[test]
fn what_is_on_the_watchlist_is_in_the_calendar() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.authorize("dan", "dan");
    assert_eq!(read(&sandbox, "account: dan, type: shows").0, Vec::<String>::new());
    sandbox.sim.with(|world| world.put(&Place::Watchlist("dan".into()), &[Media::Show(3_001)]));
    assert_eq!(read(&sandbox, "account: dan, type: shows").0, ["Harbour Lights (2025)"]);
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    for options in ["account: ann", "type: seasons", "type: shows, days: 0", "type: shows, username: bob"] {
        assert_eq!(config_errors(&calendar(options)).len(), 1, "{options}");
    }
}
