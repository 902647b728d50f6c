use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::{Edits, NewRecord, Store};
use crate::context::Clock;
use crate::context::auth::Auth;
use crate::context::auth::tests::account;
use crate::context::journal::{Action, ChangeState, Journal, NewChange};

fn new(keys: &[&str], title: &str) -> NewRecord {
    NewRecord {
        keys: keys.iter().map(ToString::to_string).collect(),
        data: NewRecord::data(&json!({ "title": title })),
        added: Timestamp::UNIX_EPOCH,
        expires: None,
    }
}

fn titles(store: &Store) -> Vec<String> {
    let records = store.collection("entry_list", "movies").all().unwrap();
    records.iter().map(|record| record.data["title"].as_str().unwrap().to_owned()).collect()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new folder/flexget.sqlite");
    (folder, path)
}

#[test]
fn nothing_is_made_before_it_is_needed() {
    let (folder, path) = folder();
    let store = Store::at(&path).scoped("config");
    let dry = store.scratch();
    assert_eq!(dry.collection("seen", "").all().unwrap(), []);
    dry.collection("seen", "").insert(&[new(&["a"], "A")]).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    store.set_setting("last", &json!(1)).unwrap();
    assert!(path.exists());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_what_is_made() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let (_folder, path) = folder();
    let store = Store::at(&path);
    store.set_setting("last", &json!(1)).unwrap();

    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for end in ["", "-wal", "-shm"] {
        assert_eq!(mode(&PathBuf::from(format!("{}{end}", path.display()))), 0o600, "{end}");
    }
    assert_eq!(store.exposed(), None);

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let warning = store.exposed().unwrap();
    assert!(warning.contains("mode 640") && warning.contains("chmod 600"), "{warning}");
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, &str); 4] = [
        (
            "newer",
            |path| {
                Store::at(path).set_setting("x", &json!(1)).unwrap();
                sql(path, "PRAGMA user_version = 999");
            },
            "newer version of this program: its version is 999",
        ),
        ("other", |path| sql(path, "CREATE TABLE simple_persistence (id INTEGER)"), "belongs to another program"),
        ("numbered", |path| sql(path, "CREATE TABLE t (id INTEGER); PRAGMA user_version = 1"), "another program"),
        ("text", |path| std::fs::write(path, "tasks: {}\n".repeat(200)).unwrap(), "is not a database"),
    ];
    for (name, make, message) in cases {
        let path = folder.path().join(name);
        make(&path);
        let before = std::fs::read(&path).unwrap();
        let error = Store::at(&path).set_setting("x", &json!(2)).unwrap_err();
        assert!(error.message().contains(message), "{name}: {error}");
        assert!(error.hint_text().is_some(), "{name}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{name}");
    }
}

fn sql(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn what_an_older_version_has_written_is_found() {
    let (_folder, path) = folder();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let old = rusqlite::Connection::open(&path).unwrap();
    super::migrations::lay_out(&old, 1).unwrap();
    old.execute_batch(
        r#"INSERT INTO collection (id, scope, kind, name, last) VALUES (7, 'config config', 'entry_list', 'movies', 5);
           INSERT INTO record VALUES (7 << 32 | 2, 0, NULL, '["imdb=tt1","title=ä"]', '{"title":"A"}'),
                                     (7 << 32 | 5, 0, NULL, '["title=b"]', '{"title":"B"}');
           INSERT INTO record_key VALUES (7, 'imdb=tt1', 2), (7, 'title=ä', 2), (7, 'title=b', 5);"#,
    )
    .unwrap();
    drop(old);
    let movies = Store::at(&path).scoped("config").collection("entry_list", "movies");
    for (key, id) in [("title=ä", 2), ("imdb=tt1", 2), ("title=b", 5)] {
        assert_eq!(movies.find(&[key]).unwrap().iter().map(|record| record.id).collect::<Vec<_>>(), [id], "{key}");
    }
    assert_eq!(movies.insert(&[new(&["title=b"], "C")]).unwrap(), [6]);
    assert_eq!(movies.remove(&[2]).unwrap(), 1);
    assert_eq!((movies.find(&["imdb=tt1"]).unwrap().len(), movies.find(&["title=b"]).unwrap().len()), (0, 2));
}

#[test]
fn a_key_with_the_number_of_another_is_another() {
    let (_folder, path) = folder();
    let movies = Store::at(&path).collection("entry_list", "movies");
    movies.insert(&[new(&["a"], "A"), new(&["b"], "B")]).unwrap();
    // As if the two had one number.
    sql(
        &path,
        "INSERT INTO record_key SELECT collection, (SELECT key FROM record_key WHERE record = 1), 2 FROM record_key WHERE record = 2",
    );
    assert_eq!(movies.find(&["a"]).unwrap().iter().map(|record| record.id).collect::<Vec<_>>(), [1]);
    assert_eq!(movies.has_keys(&["a", "c"]).unwrap(), ["a".to_owned()].into());
}

#[test]
fn many_start_and_write_at_once() {
    let (_folder, path) = folder();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let path = &path;
            scope.spawn(move || {
                let movies = Store::at(path).collection("entry_list", "movies");
                for number in 0..25 {
                    movies.insert(&[new(&[&format!("{thread} {number}")], "A")]).unwrap();
                }
            });
        }
    });
    assert_eq!(Store::at(&path).collection("entry_list", "movies").len().unwrap(), 200);
}

#[test]
fn records_are_found_by_any_key_and_kept_in_order() {
    let store = Store::in_memory();
    let movies = store.collection("entry_list", "movies");
    assert!(!movies.exists().unwrap());
    movies.create().unwrap();
    movies.create().unwrap();
    assert!(movies.exists().unwrap() && movies.is_empty().unwrap());

    let ids =
        movies.insert(&[new(&["imdb:1", "b"], "B"), new(&["imdb:2", "a"], "A"), new(&["c", "c"], "C"), new(&[], "D")]);
    let ids = ids.unwrap();
    assert_eq!(titles(&store), ["B", "A", "C", "D"]);
    let found = |keys: &[&str]| movies.find(keys).unwrap().into_iter().map(|record| record.id).collect::<Vec<_>>();
    assert_eq!(found(&["a", "imdb:2", "b"]), [ids[0], ids[1]]);
    assert_eq!(found(&["nothing", "A"]).len(), 0);

    assert!(movies.update(ids[0], &new(&["e"], "E")).unwrap());
    assert_eq!((found(&["b"]), found(&["e"])), (vec![], vec![ids[0]]));
    assert_eq!(titles(&store), ["E", "A", "C", "D"]);
    assert!(!movies.update(999, &new(&["e"], "E")).unwrap());

    assert_eq!(movies.remove(&[ids[1], ids[1], 999]).unwrap(), 1);
    assert_eq!((found(&["a"]), movies.get(ids[1]).unwrap()), (vec![], None));
    movies.replace_all(&[new(&["f"], "F")]).unwrap();
    assert_eq!((titles(&store), found(&["e"]).len()), (vec!["F".to_owned()], 0));
    assert_eq!((movies.clear().unwrap(), found(&["f"]).len(), movies.exists().unwrap()), (1, 0, true));
    movies.insert(&[new(&["g"], "G")]).unwrap();
    assert_eq!((movies.drop().unwrap(), found(&["g"]).len(), movies.exists().unwrap()), (1, 0, false));
}

#[test]
fn collections_do_not_see_each_other() {
    let store = Store::in_memory();
    let (one, other) = (store.scoped("config"), store.scoped("sorting"));
    one.collection("entry_list", "movies").insert(&[new(&["a"], "A")]).unwrap();
    one.collection("entry_list", "books").create().unwrap();
    one.collection("movie_list", "movies").insert(&[new(&["a"], "B"), new(&["b"], "B")]).unwrap();
    one.shared_collection("lookup", "me").insert(&[new(&["a"], "S")]).unwrap();

    assert_eq!(one.collections("entry_list").unwrap(), [("books".to_owned(), 0), ("movies".to_owned(), 1)]);
    assert_eq!(other.collections("entry_list").unwrap(), []);
    assert_eq!(other.shared_collection("lookup", "me").len().unwrap(), 1);
    assert_eq!(titles(&other).len(), 0);
    let stranger = one.collection("movie_list", "movies").find(&["b"]).unwrap()[0].id;
    let movies = one.collection("entry_list", "movies");
    assert_eq!((movies.get(stranger).unwrap(), movies.remove(&[stranger]).unwrap()), (None, 0));
    assert_eq!((movies.clear().unwrap(), one.collection("movie_list", "movies").len().unwrap()), (1, 2));

    let sizes: Vec<_> = store
        .sizes()
        .unwrap()
        .into_iter()
        .map(|size| (size.purpose.name(), size.kind, size.records, size.bytes))
        .filter(|(_, _, records, _)| *records > 0)
        .collect();
    let bytes = r#"["a"]{"title":"B"}"#.len();
    let expected = [("cache", "lookup", 1, bytes), ("memory", "movie_list", 2, 2 * bytes)];
    assert_eq!(
        sizes,
        expected.map(|(purpose, kind, records, bytes)| (purpose, kind.to_owned(), records, bytes)),
        "empty collections and other parts hold nothing"
    );

    one.set_setting("last", &json!({ "run": 1 })).unwrap();
    assert_eq!(
        (one.get_setting("last").unwrap(), other.get_setting("last").unwrap()),
        (Some(json!({ "run": 1 })), None)
    );
    one.set_setting("last", &json!(null)).unwrap();
    assert_eq!(one.get_setting("last").unwrap(), None);
}

#[test]
fn rows_of_other_configs_are_counted() {
    let store = Store::in_memory();
    let (here, there) = (store.scoped("config"), store.scoped("tidy"));
    there.collection("seen", "").insert(&[new(&["a"], "A"), new(&["b"], "B")]).unwrap();
    store.shared_collection("seen", "").insert(&[new(&["a"], "A")]).unwrap();
    change_at(&there, 10, None);
    assert_eq!(here.records_of_other_configs("seen").unwrap(), [("tidy".to_owned(), 2)]);
    assert_eq!(here.changes_of_other_configs().unwrap(), [("tidy".to_owned(), 1)]);
    assert!(
        there.records_of_other_configs("seen").unwrap().is_empty()
            && there.changes_of_other_configs().unwrap().is_empty()
    );
}

#[test]
fn known_keys_are_told_in_batches_of_any_size() {
    let store = Store::in_memory();
    let seen = store.collection("seen", "");
    let key = |number: usize| format!("{}{number}", ["imdb:tt", "ä", "Z", "𝄞"][number % 4]);
    let records: Vec<NewRecord> = (0..300).map(|number| new(&[&key(number), &key(number + 1000)], "A")).collect();
    seen.insert(&records).unwrap();
    store.collection("seen", "other").insert(&[new(&[&key(5000)], "A")]).unwrap();

    for count in [0, 1, 199, 200, 201, 700, 6000] {
        // Every second one, so that known and unknown ones alternate, and some twice.
        let asked: Vec<String> = (0..count).map(|number| key(number * 2 % 5001)).collect();
        let expected = asked.iter().filter(|key| records.iter().any(|record| record.keys.contains(key)));
        assert_eq!(seen.has_keys(&asked).unwrap(), expected.cloned().collect(), "{count}");
    }
}

#[test]
fn many_keys_find_what_few_do() {
    let store = Store::in_memory();
    let list = store.collection("entry_list", "movies");
    let news: Vec<NewRecord> = (0..400).map(|n| new(&[&format!("a{n}"), &format!("b{n}")], &n.to_string())).collect();
    list.insert(&news).unwrap();
    for wanted in [2, 150, 900] {
        let keys: Vec<String> = (0..wanted).map(|n| format!("b{}", 399 - n.min(390))).collect();
        let found = list.find(&keys).unwrap();
        assert_eq!(found.len(), wanted.min(391), "{wanted}");
        assert!(found.is_sorted_by_key(|record| record.id));
    }
}

#[test]
fn an_edit_sees_what_is_there_and_is_made_as_one() {
    let store = Store::in_memory();
    let list = store.collection("entry_list", "movies");
    list.insert(&[new(&["a"], "A"), new(&["b"], "B"), new(&["c"], "C")]).unwrap();
    let seen = list
        .edit(&["c", "b", "x"], |found| {
            let titles: Vec<String> =
                found.iter().map(|record| record.data["title"].as_str().unwrap().into()).collect();
            let update = vec![(found[0].id, new(&["b2"], "B2"))];
            (Edits { remove: vec![found[1].id], update, insert: vec![new(&["d"], "D")] }, titles)
        })
        .unwrap();
    assert_eq!(seen, ["B", "C"]);
    assert_eq!(titles(&store), ["A", "B2", "D"]);
    assert!(list.find(&["b", "c"]).unwrap().is_empty() && list.find(&["b2", "d"]).unwrap().len() == 2);
}

#[test]
fn a_callback_that_uses_the_store_gets_an_error() {
    let store = Store::in_memory();
    let movies = store.collection("entry_list", "movies");
    movies.insert(&[new(&["a"], "A")]).unwrap();
    let inner = movies.each(|_| movies.len()).unwrap();
    let error = inner.into_iter().next().unwrap().unwrap_err();
    assert!(error.message().contains("in use by the caller itself"), "{error}");
    let inner = movies.edit(&["a"], |_| (<Edits>::default(), movies.clear())).unwrap();
    assert!(inner.is_err() && movies.len().unwrap() == 1);
}

#[test]
fn pruning_takes_the_expired_and_then_the_oldest() {
    let store = Store::in_memory();
    let now = Timestamp::UNIX_EPOCH;
    let until = |title, seconds: i64| NewRecord { expires: Some(now + seconds.seconds()), ..new(&[title], title) };
    let movies = store.collection("entry_list", "movies");
    movies
        .insert(&[until("past", -1), new(&["a"], "A"), until("now", 0), until("later", 1), new(&["b"], "B")])
        .unwrap();

    assert_eq!((movies.prune(None, now).unwrap(), titles(&store)), (2, vec!["A".into(), "later".into(), "B".into()]));
    assert_eq!((movies.prune(Some(2), now).unwrap(), titles(&store)), (1, vec!["later".into(), "B".into()]));
    assert_eq!((movies.prune(Some(2), now).unwrap(), movies.find(&["a"]).unwrap().len()), (0, 0));
}

#[test]
fn a_failed_batch_leaves_nothing() {
    let (_folder, path) = folder();
    let store = Store::at(&path);
    let movies = store.collection("entry_list", "movies");
    movies.insert(&[new(&["a"], "A")]).unwrap();
    sql(
        &path,
        "CREATE TRIGGER t BEFORE INSERT ON record WHEN new.keys LIKE '%x%' BEGIN SELECT raise(FAIL, 'full'); END",
    );
    let error = movies.replace_all(&[new(&["b"], "B"), new(&["x"], "X")]).unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!((titles(&store), movies.find(&["b"]).unwrap().len()), (vec!["A".to_owned()], 0));
}

#[test]
fn a_dry_run_reads_what_is_there_and_keeps_only_credentials() {
    let (_folder, path) = folder();
    let store = Store::at(&path).scoped("config");
    store.collection("entry_list", "movies").insert(&[new(&["a"], "A")]).unwrap();
    let auth = |store: &Store| Auth::new(store.clone(), Clock::system());
    auth(&store).save(&account("me", "old")).unwrap();

    let dry = store.scratch();
    assert_eq!(titles(&dry), ["A"]);
    dry.collection("entry_list", "movies").clear().unwrap();
    dry.set_setting("last", &json!(1)).unwrap();
    auth(&dry).save(&account("you", "new")).unwrap();
    assert_eq!(titles(&dry).len(), 0);
    // Scoping a scratch store gives the same copy.
    assert_eq!(dry.scoped("config").get_setting("last").unwrap(), Some(json!(1)));

    let names: Vec<_> = auth(&dry).accounts("site").unwrap().into_iter().map(|account| account.name).collect();
    assert_eq!(names, ["me", "you"]);
    let other = Store::at(&path).scoped("config");
    assert_eq!((titles(&other), other.get_setting("last").unwrap()), (vec!["A".to_owned()], None));
    assert_eq!(auth(&other).accounts("site").unwrap().len(), 2);
}

#[test]
fn a_copy_of_a_store_in_memory_works_too() {
    let store = Store::in_memory();
    store.collection("entry_list", "movies").insert(&[new(&["a"], "A")]).unwrap();
    let dry = store.scratch();
    dry.collection("entry_list", "movies").insert(&[new(&["b"], "B")]).unwrap();
    assert_eq!((titles(&dry).len(), titles(&store).len()), (2, 1));
}

#[test]
fn changes_are_known_before_they_are_sent_and_settled_after() {
    let (_folder, path) = folder();
    let clock = Clock::fixed("2026-11-24T10:00:00Z".parse().unwrap());
    let journal = |config: &str| Journal::new(Store::at(&path).scoped(config), clock.clone());
    let change = NewChange {
        service: "site".to_owned(),
        account: Some("me".to_owned()),
        user: None,
        list: "watchlist of me".to_owned(),
        list_config: json!({ "site_list": { "account": "me", "list": "watchlist" } }),
        action: Action::Remove,
        items: vec![json!({ "title": "A", "ids": { "site": 1 }, "listed_at": "2026-01-01T00:00:00Z" })],
        undo_of: None,
    };
    let first = journal("config").begin(&change).unwrap();

    // Another process, after a crash.
    let journal_later = journal("config");
    let pending = journal_later.pending().unwrap();
    assert_eq!((pending.len(), &pending[0].what, pending[0].at), (1, &change, clock.now()));
    journal_later.finish(first, ChangeState::Uncertain, None).unwrap();
    assert_eq!(journal_later.pending().unwrap().len(), 1);
    journal_later.finish(first, ChangeState::Done, Some(&json!({ "deleted": 1 }))).unwrap();
    assert_eq!(journal_later.pending().unwrap(), []);

    let undo = NewChange { action: Action::Add, undo_of: Some(first), ..change.clone() };
    let second = journal_later.begin(&undo).unwrap();
    journal_later.finish(first, ChangeState::Undone, None).unwrap();
    assert_eq!(journal_later.list(1).unwrap()[0].what, undo);
    let ids: Vec<_> = journal_later.list(9).unwrap().into_iter().map(|change| change.id).collect();
    assert_eq!(ids, [second, first]);
    let found = journal_later.get(first).unwrap().unwrap();
    assert_eq!((found.state, found.response), (ChangeState::Undone, Some(json!({ "deleted": 1 }))));

    assert_eq!(journal("sorting").get(first).unwrap(), None);
    assert!(journal("config").finish(99, ChangeState::Done, None).unwrap_err().hint_text().is_some());
}

#[test]
fn changes_are_moved_to_the_auth_store_once_whoever_is_killed_meanwhile() {
    let (folder, path) = folder();
    let old = Store::at(&path).scoped("config");
    for second in [1, 2, 2] {
        change_at(&old, second, Some(ChangeState::Done));
    }
    drop(old);
    let copy = folder.path().join("copy");
    std::fs::copy(&path, &copy).unwrap();
    let auth = folder.path().join("accounts.sqlite");
    // The second time it is as if the process had been killed before it deleted the old rows.
    for _ in 0..2 {
        std::fs::copy(&copy, &path).unwrap();
        let store = Store::at(&path).scoped("config").with_auth_at(&auth);
        assert_eq!(Journal::new(store, Clock::fixed(Timestamp::UNIX_EPOCH)).list(9).unwrap().len(), 3);
    }
}

#[test]
fn clones_share_one_database() {
    let store = Store::in_memory();
    let clone = store.clone();
    clone.set_setting("last", &json!(1)).unwrap();
    assert_eq!(store.get_setting("last").unwrap(), Some(json!(1)));
    assert!(Rc::ptr_eq(store.auth_database(), clone.auth_database()));
}

/// A change that was begun at this second.
fn change_at(store: &Store, second: i64, state: Option<ChangeState>) -> i64 {
    let journal = Journal::new(store.clone(), Clock::fixed(Timestamp::from_second(second).unwrap()));
    let id = journal
        .begin(&NewChange {
            service: "trakt_list".to_owned(),
            account: Some("me".to_owned()),
            user: None,
            list: "watchlist".to_owned(),
            list_config: json!({}),
            action: Action::Add,
            items: vec![json!({ "title": "A" })],
            undo_of: None,
        })
        .unwrap();
    if let Some(state) = state {
        journal.finish(id, state, None).unwrap();
    }
    id
}

#[test]
fn pruning_takes_what_is_over_and_nothing_else() {
    let (_folder, path) = folder();
    let store = Store::at(&path).scoped("config");
    let second = |second: i64| Timestamp::from_second(second).unwrap();
    let record =
        |key: &str, expires: Option<i64>| NewRecord { expires: expires.map(second), ..new(&[key], &"x".repeat(4_000)) };
    let titles = store.shared_collection("titles", "");
    let many: Vec<NewRecord> = (0..200).map(|at| record(&format!("old {at}"), Some(50))).collect();
    titles.insert(&many).unwrap();
    titles.insert(&[record("fresh", Some(200)), record("for ever", None)]).unwrap();
    store.shared_collection("lists", "gone").insert(&[record("a", Some(50))]).unwrap();
    store.collection("entry_list", "empty").create().unwrap();
    store.collection("seen", "").insert(&[record("a", None)]).unwrap();
    let done = change_at(&store, 10, Some(ChangeState::Done));
    let lost = change_at(&store, 10, None);
    let uncertain = change_at(&store, 10, Some(ChangeState::Uncertain));
    let young = change_at(&store, 90, Some(ChangeState::Done));

    let pruned = store.prune(second(100), second(60)).unwrap();
    assert_eq!((pruned.expired, pruned.changes), (201, 1));
    assert!(pruned.after + 200 * 4_000 < pruned.before, "{pruned:?}");
    let on_disk = usize::try_from(path.metadata().unwrap().len()).unwrap();
    assert_eq!(on_disk, pruned.after, "the room is given back");

    let left: Vec<String> = titles.all().unwrap().into_iter().flat_map(|record| record.keys).collect();
    assert_eq!(left, ["fresh", "for ever"]);
    assert!(titles.find(&["old 1"]).unwrap().is_empty());
    assert!(!store.shared_collection("lists", "gone").exists().unwrap(), "nothing is left of an empty cache");
    assert!(store.collection("entry_list", "empty").exists().unwrap(), "a list may be empty");
    assert_eq!(store.collection("seen", "").len().unwrap(), 1);
    let journal = Journal::new(store.clone(), Clock::fixed(second(100)));
    let left: Vec<i64> = journal.list(9).unwrap().iter().map(|change| change.id).collect();
    assert_eq!((left, done), (vec![young, uncertain, lost], 1));
    assert_eq!(store.prune(second(100), second(60)).unwrap().expired, 0);
}

#[test]
fn a_kind_of_cache_is_pruned_alone() {
    let store = Store::in_memory().scoped("config");
    let record = |second: i64| NewRecord { expires: Some(Timestamp::from_second(second).unwrap()), ..new(&["a"], "A") };
    for name in ["one", "two"] {
        store.shared_collection("lists", name).insert(&[record(if name == "one" { 50 } else { 150 })]).unwrap();
    }
    store.shared_collection("titles", "").insert(&[record(50)]).unwrap();
    store.collection("lists", "one").insert(&[record(50)]).unwrap();
    assert_eq!(store.prune_kind("lists", Timestamp::from_second(100).unwrap()).unwrap(), 1);
    assert_eq!(store.shared_collections("lists").unwrap(), [("two".to_owned(), 1)]);
    assert_eq!(store.shared_collection("titles", "").len().unwrap(), 1, "another kind stays");
    assert_eq!(store.collections("lists").unwrap(), [("one".to_owned(), 1)], "what tasks remember stays");
}
#[test]
fn a_dry_run_over_a_file_shows_both_and_writes_nothing() {
    let (_folder, path) = folder();
    let store = Store::at(&path).scoped("config");
    let movies = store.collection("entry_list", "movies");
    let ids = movies.insert(&[new(&["a", "x"], "A"), new(&["b"], "B"), new(&["c"], "C")]).unwrap();
    store.collection("entry_list", "books").insert(&[new(&["a"], "Book")]).unwrap();
    store.set_setting("last", &json!(1)).unwrap();
    let done = change_at(&store, 10, Some(ChangeState::Done));
    let pending = change_at(&store, 20, None);
    let before = std::fs::read(&path).unwrap();

    let dry = store.scratch();
    let list = dry.collection("entry_list", "movies");
    assert_eq!(list.insert(&[new(&["d"], "D")]).unwrap(), [4]);
    assert!(list.update(ids[0], &new(&["e"], "E")).unwrap());
    assert_eq!(list.remove(&[ids[1], 99]).unwrap(), 1);
    assert_eq!((titles(&dry), list.len().unwrap()), (vec!["E".into(), "C".into(), "D".into()], 3));
    let found = |keys: &[&str]| list.find(keys).unwrap().into_iter().map(|record| record.id).collect::<Vec<_>>();
    assert_eq!((found(&["a", "x", "b"]), found(&["e", "c", "d"])), (vec![], vec![1, 3, 4]));
    assert!(list.update(4, &new(&["f"], "F")).unwrap() && list.update(1, &new(&["g"], "G")).unwrap());
    assert_eq!((found(&["d", "e"]), found(&["f", "g"])), (vec![], vec![1, 4]));
    assert_eq!(dry.collections("entry_list").unwrap(), [("books".to_owned(), 1), ("movies".to_owned(), 3)]);
    assert_eq!((list.clear().unwrap(), list.is_empty().unwrap()), (3, true));
    dry.collection("entry_list", "new").insert(&[new(&["n"], "N")]).unwrap();
    assert_eq!(dry.collection("entry_list", "new").find(&["n"]).unwrap().len(), 1);
    assert_eq!(dry.get_setting("last").unwrap(), Some(json!(1)));
    dry.set_setting("last", &json!(2)).unwrap();

    let journal = Journal::new(dry.clone(), Clock::fixed(Timestamp::from_second(30).unwrap()));
    assert_eq!(change_at(&dry, 30, None), pending + 1);
    journal.finish(pending, ChangeState::Failed, None).unwrap();
    journal.finish(done, ChangeState::Undone, None).unwrap();
    let states: Vec<_> = journal.list(9).unwrap().iter().map(|change| (change.id, change.state)).collect();
    let expected = [(3, ChangeState::Pending), (pending, ChangeState::Failed), (done, ChangeState::Undone)];
    assert_eq!(states, expected);
    let second = |second: i64| Timestamp::from_second(second).unwrap();
    let pruned = dry.prune(second(100), second(60)).unwrap();
    assert!(pruned.changes == 2 && pruned.before > pruned.after && journal.list(9).unwrap().len() == 1);

    assert_eq!(titles(&store), ["A", "B", "C"]);
    assert_eq!(store.get_setting("last").unwrap(), Some(json!(1)));
    assert_eq!(Journal::new(store.clone(), Clock::system()).pending().unwrap().len(), 1);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn old_rows_are_removed_once_a_day() {
    let store = Store::in_memory().scoped("config");
    let at = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
    let record = |day: i64| NewRecord { expires: Some(at(day)), ..new(&["a"], "A") };
    store.shared_collection("titles", "").insert(&[record(99), record(101), record(300)]).unwrap();
    change_at(&store, 9 * 86_400, Some(ChangeState::Done));
    change_at(&store, 9 * 86_400, None);
    change_at(&store, 11 * 86_400, Some(ChangeState::Done));
    let left = || {
        let changes = Journal::new(store.clone(), Clock::system()).list(9).unwrap().len();
        (store.shared_collection("titles", "").len().unwrap(), changes)
    };
    store.maintain(at(100)).unwrap();
    assert_eq!(left(), (2, 2));
    store.maintain(at(101) - 1.second()).unwrap();
    assert_eq!(left(), (2, 2));
    store.maintain(at(102)).unwrap();
    assert_eq!(left(), (1, 1));
}
