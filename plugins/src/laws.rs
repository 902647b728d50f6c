//! The laws of lists, for every list that lives on this machine.

use flexget_core::testing::{block_on, context, list_laws};

const MOVIES: [&str; 3] = [
    "{ title: Solaris (1972), url: 'http://x/1', imdb_id: tt0069293, tmdb_id: 593 }",
    "{ title: Solaris (2002), url: 'http://x/2', tmdb_id: 2103 }",
    "{ title: x, movie_name: Сталкер, movie_year: 1979 }",
];

#[test]
fn local_lists_keep_the_laws() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.yml");
    for (options, entries) in [
        ("entry_list: a", &MOVIES[..]),
        ("entry_list: a", &["{ title: A }", "{ title: A b }", "{ title: C, series_name: S, series_season: 0 }"]),
        ("movie_list: a", &MOVIES),
        ("movie_list: { list_name: a, strip_year: yes }", &MOVIES),
        ("pending_list: { list_name: a, include: all }", &MOVIES),
        ("pending_list: { list_name: a, include: pending }", &MOVIES),
        ("regexp_list: a", &[r"{ title: a 1, regexp: '^A \d$' }", r"{ title: a b, regexp: '^A \D$' }"]),
        (&format!("yaml_list: '{}'", file.display()), &MOVIES),
        (&format!("yaml_list: {{ path: '{}', fields: [ imdb_id, tmdb_id, url ] }}", file.display()), &MOVIES[..2]),
    ] {
        block_on(list_laws(options, entries, &context()));
    }
}
