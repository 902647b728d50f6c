//! Laws of all lists that are kept in the store or in files.

use flexget_core::prelude::*;
use flexget_core::testing::{context, next_run, run, titles};

use crate::shared::test_lookup::asked;

#[test]
fn lists_read_the_ids_that_a_lookup_offers_in_one_batch_and_only_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let yaml = format!("yaml_list: '{}'", folder.path().join("list.yml").display());
    for list in ["entry_list: l", "movie_list: l", "pending_list: { list_name: l, include: all }", &yaml] {
        let cx = context();
        let known = "[ { title: A, movie_name: A, imdb_id: tt1 }, { title: B, movie_name: B, imdb_id: tt2 } ]";
        run(&format!("mock: {known}\naccept_all: yes\nseen: no\nlist_add: [ {list} ]"), &cx);
        let task = |rest: &str| {
            format!(
                "mock: [ {{ title: X, movie_name: X }}, {{ title: Y, movie_name: Y }}, {{ title: Z, movie_name: Z, imdb_id: tt8 }} ]\ntest_lookup: {{ answers: {{ X: {{ imdb_id: tt1 }}, Y: {{ imdb_id: tt9 }} }} }}\nseen: no\n{rest}"
            )
        };
        let matching = next_run(&cx);
        let matched = run(&task(&format!("list_match: {{ from: [ {list} ], remove_on_match: no }}")), &matching);
        assert_eq!(titles(&matched, State::Accepted), ["X"], "{list}");
        assert_eq!(asked(&matching), [["X", "Y"]], "{list}");
        let removing = next_run(&cx);
        let removed = run(&task(&format!("accept_all: yes\nlist_remove: [ {list} ]")), &removing);
        assert_eq!((removed.changes[0].done, removed.changes[0].existing), (1, 2), "{list}: {removed:?}");
        assert_eq!(asked(&removing), [["X", "Y"]], "{list}");
    }
}

#[test]
fn a_yaml_list_stores_the_fields_that_a_lookup_offers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.yml");
    let cx = context();
    let task = format!(
        "mock: [ {{ title: A, imdb_id: tt1 }}, {{ title: B, imdb_id: tt2 }} ]\ntest_lookup: {{ answers: {{ A: {{ trakt_series_status: ended }} }} }}\naccept_all: yes\nseen: no\nlist_add: [ yaml_list: {{ path: '{}', fields: [ trakt_series_status ] }} ]",
        path.display()
    );
    run(&task, &cx);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("- title: A\n  trakt_series_status: ended\n- title: B\n"), "{text}");
    assert_eq!(asked(&cx), [["A", "B"]]);
    // What is stored is of no account when an item is removed, which has an id.
    let removing = next_run(&cx);
    let removed = run(&task.replace("list_add", "list_remove"), &removing);
    assert!(removed.is_ok(), "{removed:?}");
    assert!(asked(&removing).is_empty(), "{:?}", asked(&removing));
}
