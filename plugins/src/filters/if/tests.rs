use flexget_core::prelude::*;
use flexget_core::testing;

use crate::shared::test_lookup::asked;

/// Returns the titles that a rule accepts of three entries with fields of a lookup.
fn accepted_by(rule: &str) -> Vec<String> {
    let task = format!(
            "mock: [ {{ title: Old, year: 1972 }}, {{ title: New, year: 2025, note: ~ }}, {{ title: Other }} ]
test_lookup:
  answers:
    Old: {{ trakt_watched: yes, trakt_collected: yes, trakt_series_status: ended, trakt_genres: [anime, drama],
           trakt_movie_user_rating: 10, trakt_ep_first_aired: {{ $time: '1972-03-20T00:00:00Z' }}, trakt_ep_id: S02E03 }}
    New: {{ trakt_watched: no, trakt_collected: no, trakt_series_status: returning series, trakt_genres: [],
           trakt_movie_user_rating: 6.5, trakt_ep_first_aired: {{ $time: '2026-11-23T20:00:00Z' }}, trakt_ep_id: S01E01 }}
if: [ {{ {rule:?}: accept }} ]"
        );
    let report = testing::run(&task, &testing::context());
    testing::titles(&report, State::Accepted).into_iter().map(str::to_owned).collect()
}

#[test]
fn evaluates_the_conditions_that_users_write() {
    for (condition, expected) in [
        ("trakt_watched", vec!["Old"]),
        ("trakt_collected", vec!["Old"]),
        ("not trakt_watched", vec!["New", "Other"]),
        ("trakt_watched == true", vec!["Old"]),
        ("trakt_ep_first_aired and trakt_ep_first_aired < now - timedelta(days=2)", vec!["Old"]),
        ("trakt_series_status in ['ended', 'canceled']", vec!["Old"]),
        ("trakt_series_status in ('ended', 'canceled') and year < 2000", vec!["Old"]),
        ("(trakt_series_status == 'ended' or trakt_series_status == 'canceled') and not trakt_collected", vec![]),
        ("trakt_movie_user_rating is not none and trakt_movie_user_rating > 9", vec!["Old"]),
        ("trakt_ep_id and trakt_ep_id > 'S01E05'", vec!["Old"]),
        ("trakt_genres and 'anime' in trakt_genres", vec!["Old"]),
        ("note is undefined or note is none", vec!["Old", "New", "Other"]),
        ("year is defined and year < now.year - 1", vec!["Old"]),
        ("year >= now.year - 1", vec!["New"]),
        ("'o' in title|lower and has_field('year')", vec!["Old"]),
        ("title.startswith('O') and not year is defined", vec!["Other"]),
        ("trakt_ep_first_aired.year == 1972", vec!["Old"]),
        ("missing", vec![]),
        ("not missing", vec![]),
        ("task == 'test'", vec!["Old", "New", "Other"]),
    ] {
        assert_eq!(accepted_by(condition), expected, "{condition}");
    }
}

#[test]
fn the_reason_is_the_condition_and_later_rules_see_what_was_decided() {
    let task = "
            mock: [ { title: A, n: 1 }, { title: B, n: 2 }, { title: C, n: 3 } ]
            if:
              - n > 1: accept
              - n == 2: reject
              - n == 3 and accepted_by == 'if': fail
        ";
    assert_eq!(
        testing::decisions(&testing::run(task, &testing::context())),
        [
            "A",
            "B: rejected (matched requirement: n == 2)",
            "C: failed (matched requirement: n == 3 and accepted_by == 'if')"
        ]
    );
}

#[test]
fn fields_are_fetched_at_once_for_the_entries_that_read_them() {
    let cx = testing::context();
    let task = "
            mock: [ x1, x2, y1, x3 ]
            test_lookup: { answers: { x1: { trakt_watched: yes } } }
            if:
              - \"'x' in title and trakt_watched\": reject
              - trakt_collected: reject
              - \"'x' in title and not trakt_watched\": accept
        ";
    let report = testing::run(&task.replace("- trakt_collected: reject\n", "- 'x': reject\n"), &cx);
    assert_eq!(testing::titles(&report, State::Accepted), ["x2", "x3"]);
    assert_eq!(asked(&cx), [["x1", "x2", "x3"]]);
}

#[test]
fn a_failed_lookup_makes_a_condition_neither_true_nor_false() {
    let run = |rule: &str| {
        let task =
            format!("mock: [A, B]\ntest_lookup: {{ answers: {{}}, fails: [A] }}\naccept_all: yes\nif: [ {rule} ]");
        let report = testing::run(&task, &testing::context());
        assert_eq!(report.warnings, ["test_lookup: the service is down"]);
        assert!(
            report.entries[0].traces().iter().any(|trace| trace.contains("`trakt_watched` could not be looked up"))
        );
        testing::titles(&report, State::Accepted).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(run("trakt_watched: reject"), ["B"]);
    assert_eq!(run("not trakt_watched: reject"), [""; 0]);
    assert_eq!(run("trakt_watched is defined and trakt_watched: fail"), ["B"]);
    assert_eq!(run("'trakt_watched|default(false)': reject"), ["B"]);
    assert_eq!(run("not trakt_watched: accept"), ["A", "B"], "what accepted it before did not ask");
}

#[test]
fn a_withheld_entry_keeps_its_reason() {
    let task = "
            mock: [ A ]
            test_lookup: { answers: {}, fails: [A] }
            if: [ not trakt_watched: reject ]
            list_match: { from: [ entry_list: x ], remove_on_match: no }
        ";
    let report = testing::run(task, &testing::context());
    assert_eq!(report.entries[0].state(), State::Undecided);
    assert_eq!(
        report.entries[0].reason(),
        Some("`not trakt_watched` is not known: `trakt_watched` could not be looked up")
    );
}

#[test]
fn a_type_error_names_the_entry_and_the_expression() {
    let task = "mock: [ { title: A, n: text }, { title: B, n: 5 } ]\nif: [ n > 3: accept ]";
    let report = testing::run(task, &testing::context());
    assert_eq!(testing::titles(&report, State::Accepted), ["B"]);
    assert!(
        report.warnings[0].starts_with("if: `n > 3` (config.yml:4) could not be evaluated for `A`: "),
        "{:?}",
        report.warnings
    );
}

#[test]
fn a_type_error_names_the_line_also_in_a_template_and_within_other_plugins() {
    let config = "templates:
  picky:
    if:
      - n > 3: accept
tasks:
  one:
    template: picky
    mock: [ { title: A, n: text } ]
    seen: no
  two:
    mock: [ { title: A, n: text } ]
    seen: no
    if:
      - title == 'A':
          if:
            - n < 4: accept
    sort_by: n * n
    set: { x: '{{ n - 1 }}' }
    accept_all: yes
";
    let report = testing::run_config(config, &testing::context());
    let begins = |task: usize, start: &str| {
        let warnings = &report.tasks[task].warnings;
        assert!(warnings.iter().any(|warning| warning.starts_with(start)), "{start}: {warnings:?}");
    };
    begins(0, "if: `n > 3` (config.yml:4) could not be evaluated for `A`: ");
    begins(1, "if: `n < 4` (config.yml:16) could not be evaluated for `A`: ");
    begins(1, "sort_by: `n * n` (config.yml:17) could not be evaluated for `A`: ");
    begins(1, "set: could not set x for A to `{{ n - 1 }}` (config.yml:18): ");
}

#[test]
fn plugins_run_on_the_matching_entries_in_their_phases() {
    let cx = testing::context();
    let task = "
            mock: [ { title: A, n: 1 }, { title: B, n: 2 }, { title: C, n: 2 } ]
            accept_all: yes
            seen: no
            if:
              - n == 2:
                  set: { kind: two }
                  limit_new: 1
                  list_add: [ entry_list: twos ]
              - n == 1: [ reject, { set: { kind: one } } ]
        ";
    let report = testing::run(task, &cx);
    assert_eq!(
        testing::decisions(&report),
        ["A: rejected (matched requirement: n == 1)", "B: accepted", "C: rejected (limit exceeded)"]
    );
    assert_eq!(
        report.entries.iter().map(|entry| entry.fields()["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
        ["one", "two", "two"]
    );
    assert_eq!((report.changes[0].requested, report.changes.len()), (1, 1));
    let list = testing::run("entry_list: twos\naccept_all: yes\nseen: no", &testing::next_run(&cx));
    assert_eq!(testing::titles(&list, State::Accepted), ["B"]);
}

#[test]
fn all_mistakes_are_found_before_the_run() {
    let mistakes = testing::config_errors(
        "
            mock: [ A ]
            if:
              - trakt_watched and: accept
              - title|nofilter: reject
              - year > 5: maybe
              - a: accept
                b: reject
              - year: { mok: [ B ] }
            ",
    );
    assert_eq!(mistakes.len(), 5, "{mistakes:#?}");
    assert!(mistakes[0].starts_with("`trakt_watched and` is not an expression: "), "{mistakes:#?}");
    assert!(mistakes[1].starts_with("`title|nofilter` is not an expression: "), "{mistakes:#?}");
    assert!(mistakes[2].starts_with("must be one of the following: accept, reject, fail"), "{mistakes:#?}");
    assert!(mistakes[3].starts_with("one condition for each item"), "{mistakes:#?}");
    assert!(mistakes[4].contains("did you mean `mock`?"), "{mistakes:#?}");
    let mistakes = testing::config_errors("if: [ { a: { mock: [ B ] } } ]");
    assert_eq!(mistakes, ["`mock` produces entries, so it cannot depend on one; put it into the task itself"]);
    assert_eq!(testing::config_errors("if: [ { a: { set: { x: '{{ y' } } } ]").len(), 1);
}

/// As FlexGet 3.22.7 compares the parts of a quality.
#[test]
fn a_quality_has_parts() {
    for (condition, expected) in [
        ("quality.resolution == '1080p'", vec!["A"]),
        ("quality.resolution >= '720p'", vec!["A", "B"]),
        ("quality.source.name in ['hdtv', 'bluray'] and quality == '720p hdtv'", vec!["B"]),
        ("quality == 'HDTV 720p' or 'bluray 1080p x264' == quality", vec!["A", "B"]),
        ("quality != 'hdtv 720p' and quality != 'unknown'", vec!["A"]),
        ("quality == none or quality == 5", vec![]),
        ("not quality.resolution", vec!["C"]),
        ("quality.codec == 'h264' or quality.name == 'unknown'", vec!["A", "C"]),
    ] {
        let task = format!(
            "mock: [ {{ title: A, quality: 1080p bluray h264 }}, {{ title: B, quality: 720p hdtv }}, \
                 {{ title: C, quality: unknown }} ]\nif: [ {{ {condition:?}: accept }} ]"
        );
        let report = testing::run(&task, &testing::context());
        assert_eq!(testing::titles(&report, State::Accepted), expected, "{condition}");
    }
}
