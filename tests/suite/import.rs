//! `import flexget-db`, with a database that has the tables of FlexGet 3.22.

use std::path::Path;

use flexget_core::context::Context;
use flexget_core::entry::State;
use flexget_core::plugin::command::Format;
use flexget_core::testing::{command, context, run, titles};
use flexget_plugins as _;
use rusqlite::Connection;
use serde_json::{Value, json};

const TABLES: &str = r#"
    CREATE TABLE entry_list_lists (id INTEGER NOT NULL, name VARCHAR, added DATETIME, PRIMARY KEY (id), UNIQUE (name));
    CREATE TABLE entry_list_entries (id INTEGER NOT NULL, list_id INTEGER NOT NULL, added DATETIME, title VARCHAR,
        original_url VARCHAR, json VARCHAR, PRIMARY KEY (id));
    CREATE TABLE movie_list_lists (id INTEGER NOT NULL, name VARCHAR, added DATETIME, PRIMARY KEY (id), UNIQUE (name));
    CREATE TABLE movie_list_movies (id INTEGER NOT NULL, added DATETIME, title VARCHAR, year INTEGER,
        list_id INTEGER NOT NULL, PRIMARY KEY (id));
    CREATE TABLE movie_list_ids (id INTEGER NOT NULL, added DATETIME, id_name VARCHAR, id_value VARCHAR,
        movie_id INTEGER, PRIMARY KEY (id));
    CREATE TABLE regexp_list_lists (id INTEGER NOT NULL, name VARCHAR, added DATETIME, PRIMARY KEY (id), UNIQUE (name));
    CREATE TABLE regexp_list_regexps (id INTEGER NOT NULL, added DATETIME, regexp VARCHAR, list_id INTEGER NOT NULL,
        PRIMARY KEY (id));
    CREATE TABLE pending_list_lists (id INTEGER NOT NULL, name VARCHAR, added DATETIME, PRIMARY KEY (id), UNIQUE (name));
    CREATE TABLE wait_list_entries (id INTEGER NOT NULL, list_id INTEGER NOT NULL, added DATETIME, title VARCHAR,
        original_url VARCHAR, json VARCHAR, approved BOOLEAN, PRIMARY KEY (id));
    CREATE TABLE seen_entry (id INTEGER NOT NULL, title VARCHAR, reason VARCHAR, feed VARCHAR, added DATETIME,
        local BOOLEAN, PRIMARY KEY (id));
    CREATE TABLE seen_field (id INTEGER NOT NULL, seen_entry_id INTEGER NOT NULL, field VARCHAR, value VARCHAR,
        added DATETIME, PRIMARY KEY (id));
    CREATE TABLE trakt_user_auth (account VARCHAR NOT NULL, access_token VARCHAR, refresh_token VARCHAR,
        created DATETIME, expires DATETIME, PRIMARY KEY (account));

    INSERT INTO entry_list_lists VALUES (1, 'My List', '2026-01-02 03:04:05.000006'), (2, 'empty', NULL);
    INSERT INTO entry_list_entries VALUES
        (1, 1, '2026-02-02 10:00:00.000000', 'Later', 'http://x/2', '{"title": "Later", "url": "http://x/2"}'),
        (2, 1, '2026-01-02 10:00:00.000000', 'Solaris', 'http://x/1', '{"serializer": "Entry", "version": 1, "value":
            {"fields": {"original_title": "Solaris", "title": "Solaris", "url": "http://x/1", "imdb_id": "tt0069293",
            "released": {"serializer": "DateSerializer", "version": 1, "value": "1972-03-20"},
            "when": {"serializer": "DateTimeSerializer", "version": 1, "value": "2020-05-01T10:00:00Z"},
            "tags": {"serializer": "SetSerializer", "version": 1, "value": ["a"]},
            "quality": {"serializer": "Quality", "version": 1, "value": "720p"},
            "accepted_by": "accept_all"}, "lazy_lookups": [["x", ["x"], null, null]]}}'),
        (3, 1, NULL, 'Broken', NULL, '{');
    INSERT INTO movie_list_lists VALUES (1, 'films', NULL);
    INSERT INTO movie_list_movies VALUES (1, NULL, 'Solaris', 1972, 1), (2, NULL, '1917', NULL, 1);
    INSERT INTO movie_list_ids VALUES (1, NULL, 'imdb_id', 'tt0069293', 1), (2, NULL, 'trakt_movie_id', '481', 1);
    INSERT INTO regexp_list_lists VALUES (1, 'wanted', NULL);
    INSERT INTO regexp_list_regexps VALUES (1, NULL, '^dune', 1), (2, NULL, '(', 1);
    INSERT INTO pending_list_lists VALUES (1, 'maybe', NULL);
    INSERT INTO wait_list_entries VALUES
        (1, 1, NULL, 'Yes', NULL, '{"title": "Yes", "url": "http://x/3"}', 1),
        (2, 1, NULL, 'No', NULL, '{"title": "No", "url": "http://x/4"}', 0);
    INSERT INTO seen_entry VALUES (1, 'Old', NULL, 'a', '2026-01-01 00:00:00.000000', 0), (2, 'Own', NULL, 'b', NULL, 1);
    INSERT INTO seen_field VALUES (1, 1, 'title', 'Old', NULL), (2, 1, 'url', 'http://old', NULL),
        (3, 1, 'original_url', 'http://old', NULL), (4, 2, 'title', 'Own', NULL);
    INSERT INTO trakt_user_auth VALUES ('bob', 'secret-access', 'secret-refresh', NULL, NULL);
"#;

fn import(path: &Path, format: Format, cx: &Context) -> flexget_core::testing::Transcript {
    command("import flexget-db", json!({ "path": path }), format, cx).unwrap()
}

#[test]
fn lists_and_what_was_seen_are_taken_over_once_and_tokens_never() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db-config.sqlite");
    Connection::open(&path).unwrap().execute_batch(TABLES).unwrap();
    let before = std::fs::read(&path).unwrap();
    let cx = context();

    let said = import(&path, Format::Text, &cx);
    assert_eq!(
        said.text,
        "Kind | Name | Found | New\nentry_list | My List | 3 | 2\nentry_list | empty | 0 | 0\nmovie_list | films | 2 | 2\n\
         regexp_list | wanted | 2 | 1\npending_list | maybe | 2 | 2\nseen |  | 2 | 2\n"
    );
    assert!(said.notes.contains("left out of entry_list `My List`: an entry that cannot be read\n"), "{}", said.notes);
    assert!(
        said.notes.contains("left out of regexp_list `wanted`: `(` is not a regular expression: "),
        "{}",
        said.notes
    );
    assert!(said.notes.ends_with("  flexget-rs trakt auth bob\n"), "{}", said.notes);
    assert!(!said.notes.contains("secret") && cx.auth.accounts("trakt").unwrap().is_empty());

    let again = import(&path, Format::Json, &cx).data.remove(0);
    let new: Vec<&Value> = again["imported"].as_array().unwrap().iter().map(|one| &one["new"]).collect();
    assert_eq!(new, [0, 0, 0, 0, 0, 0]);
    assert_eq!(again["accounts_to_authorize"], json!(["bob"]));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let read = |list: &str| run(&format!("{list}\naccept_all: yes\nseen: no"), &cx);
    let entries = read("entry_list: My List");
    assert_eq!(titles(&entries, State::Accepted), ["Later", "Solaris"], "newest first");
    let mut fields = entries.entries[1].fields().clone();
    let added: jiff::Timestamp = fields.remove("added").unwrap().as_str().unwrap().parse().unwrap();
    let wall = jiff::tz::TimeZone::system().to_datetime(added);
    assert_eq!(wall.to_string(), "2026-01-02T10:00:00");
    assert_eq!(
        Value::Object(fields),
        json!({
            "title": "Solaris", "url": "http://x/1", "original_title": "Solaris", "original_url": "http://x/1",
            "imdb_id": "tt0069293", "released": "1972-03-20", "when": "2020-05-01T10:00:00Z", "tags": ["a"], "quality": "720p",
        })
    );
    let films = read("movie_list: films");
    assert_eq!(titles(&films, State::Accepted), ["Solaris (1972)", "1917"]);
    assert_eq!(
        (&films.entries[0].fields()["trakt_movie_id"], &films.entries[0].fields()["imdb_id"]),
        (&json!(481), &json!("tt0069293"))
    );
    assert_eq!(titles(&read("regexp_list: wanted"), State::Accepted), ["^dune"]);
    assert_eq!(titles(&read("pending_list: maybe"), State::Accepted), ["Yes"]);
    let report = run("mock: [ { title: x, url: 'http://old' }, Own ]\naccept_all: yes", &cx);
    assert_eq!(titles(&report, State::Accepted), ["Own"], "what another task has seen for itself is not seen here");
}

#[test]
fn what_is_no_database_of_flexget_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.sqlite");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
    let error = command("import flexget-db", json!({ "path": path }), Format::Text, &context()).unwrap_err();
    assert_eq!(error.message(), format!("`{}` is not a database of FlexGet", path.display()));
}
