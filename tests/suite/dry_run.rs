//! `--test` changes nothing, anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use flexget_core::plugin::{manual, registry};
use flexget_tests::Sandbox;
use rusqlite::Connection;

const CONFIG: &str = "
    tasks:
      first:
        mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
        accept_all: yes
        list_add:
          - entry_list: entries
          - movie_list: movies
          - pending_list: pending
          - regexp_list: regexps
          - trakt_list: { account: me, list: watchlist }
";

/// The arguments of each contributed command, so that it finds something to change.
const ARGUMENTS: [(&str, &str); 39] = [
    ("key", "filmbox me"),
    ("changes", ""),
    ("changes list", ""),
    ("changes show", "1"),
    ("database", ""),
    ("database prune", "--keep-days 0"),
    ("entry-list add", "New http://x/new"),
    ("entry-list all", ""),
    ("entry-list del", "'Fight Club'"),
    ("entry-list list", ""),
    ("entry-list purge", "entries"),
    ("entry-list show", "'Fight Club'"),
    ("import flexget-db", "flexget.sqlite"),
    ("movie-list add", "'New (2020)'"),
    ("movie-list all", ""),
    ("movie-list del", "'Fight Club'"),
    ("movie-list list", ""),
    ("movie-list purge", "movies"),
    ("pending-list add", "New http://x/new"),
    ("pending-list all", ""),
    ("pending-list approve", "'Fight Club'"),
    ("pending-list del", "'Fight Club'"),
    ("pending-list list", ""),
    ("pending-list purge", "pending"),
    ("pending-list reject", "'Fight Club'"),
    ("pending-list show", "'Fight Club'"),
    ("regexp-list add", "^new"),
    ("regexp-list all", ""),
    ("regexp-list del", "'Fight Club'"),
    ("regexp-list list", ""),
    ("regexp-list purge", "regexps"),
    ("seen add", "New"),
    ("seen forget", "'*'"),
    ("seen search", "'*'"),
    ("trakt app", ""),
    ("trakt app delete", "sim-client-id"),
    ("trakt app set", "another --client-secret secret"),
    ("undo", "last"),
    ("trakt lists", "me"),
];

/// Commands about accounts, which are run last, because each is about the same account.
const ACCOUNT_COMMANDS: [(&str, &str); 6] = [
    ("trakt auth", "me"),
    ("trakt auth", "other --client-id sim-client-id"),
    ("trakt refresh", "me"),
    ("trakt list", "--verify"),
    ("trakt doctor", ""),
    ("trakt delete", "me --revoke"),
];

/// Returns a sandbox in which a run has filled lists, journal and what was seen.
fn used() -> Sandbox {
    let sandbox = Sandbox::new(CONFIG).with_sim();
    sandbox.authorize("me", "ann-kay");
    let ran = sandbox.run("execute");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let database = Connection::open(sandbox.folder().join("flexget.sqlite")).unwrap();
    let tables = "
        CREATE TABLE entry_list_lists (id INTEGER PRIMARY KEY, name VARCHAR, added DATETIME);
        CREATE TABLE entry_list_entries (id INTEGER PRIMARY KEY, list_id INTEGER, added DATETIME, title VARCHAR,
            original_url VARCHAR, json VARCHAR);
        INSERT INTO entry_list_lists VALUES (1, 'imported', NULL);
        INSERT INTO entry_list_entries VALUES (1, 1, NULL, 'A', NULL, '{\"title\": \"A\", \"url\": \"http://a\"}');";
    database.execute_batch(tables).unwrap();
    sandbox
}

/// Returns the files below a folder that are no databases, with their texts, and all rows of the databases.
///
/// Windows of requests are no rows of the user: reads count for them.
fn state(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let mut state = BTreeMap::new();
    for path in files(sandbox.folder()) {
        let name = path.strip_prefix(sandbox.folder()).unwrap().display().to_string();
        if name.ends_with("-wal") || name.ends_with("-shm") || name.ends_with(".lock") {
            continue;
        }
        if !name.ends_with(".sqlite") {
            state.insert(name, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned());
            continue;
        }
        let database = Connection::open(&path).unwrap();
        let mut tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
        let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for table in tables.iter().filter(|table| !["bucket", "lane", "reserve"].contains(&table.as_str())) {
            let mut rows = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = rows.column_count();
            let mut all: Vec<String> = rows
                .query_map([], |row| (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at)).collect())
                .unwrap()
                .map(|row: rusqlite::Result<Vec<_>>| format!("{:?}", row.unwrap()))
                .collect();
            all.sort();
            state.insert(format!("{name} {table}"), all.join("\n"));
        }
    }
    state
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Returns the requests that would change something.
fn writes(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.sim().requests();
    let writes = requests.iter().filter(|request| request.method != "GET");
    writes.map(|request| format!("{} {}", request.method, request.path)).collect()
}

fn assert_unchanged(sandbox: &Sandbox, line: &str) -> flexget_tests::Ran {
    let before = (state(sandbox), writes(sandbox));
    let ran = sandbox.run(&format!("--test {line}"));
    let after = (state(sandbox), writes(sandbox));
    assert_eq!(after.1, before.1, "{line} sent something: {ran:?}");
    for (name, rows) in &after.0 {
        assert_eq!(Some(rows), before.0.get(name), "{line} changed {name}: {ran:?}");
    }
    assert_eq!(after.0.len(), before.0.len(), "{line} removed something");
    ran
}

#[test]
fn no_command_changes_anything() {
    let sandbox = used();
    let all: BTreeSet<String> = registry::commands().iter().map(|command| command.path.join(" ")).collect();
    let known = ARGUMENTS.iter().chain(&ACCOUNT_COMMANDS).map(|(words, _)| (*words).to_owned()).collect();
    let unknown: Vec<_> = all.difference(&known).collect();
    assert!(unknown.is_empty(), "name arguments for {unknown:?}");
    for (words, arguments) in ARGUMENTS.iter().chain(&ACCOUNT_COMMANDS) {
        let database = sandbox.folder().join("flexget.sqlite").display().to_string();
        let arguments = arguments.replace("flexget.sqlite", &database);
        let ran = assert_unchanged(&sandbox, &format!("{words} {arguments}"));
        assert_eq!(ran.code, 0, "{words}: {}{}", ran.stdout, ran.stderr);
        let all = (ran.stdout + &ran.stderr).replace("would be removed", "").replace("would be added", "");
        let claims = ["added ", "removed ", "deleted ", "was deleted", "was renewed", "is authorized as"];
        if !words.ends_with("list") && !words.starts_with("changes") && !words.ends_with("show") {
            let claimed = claims.iter().find(|claim| all.contains(**claim));
            assert_eq!(claimed, None, "{words} claims what it did not do: {all}");
        }
    }
}

#[test]
fn own_commands_change_nothing() {
    let sandbox = used();
    for line in [
        "execute",
        "execute --learn",
        "execute --no-cache",
        "execute --format json",
        "check",
        "doctor",
        "plugins",
        "explain first",
        "daemon",
        "execute --report page.html",
        "history",
        "report page.html",
        "status",
        "man --folder pages",
        "-c new.yml init --recipe hello",
    ] {
        assert_unchanged(&sandbox, line);
    }
}

#[test]
fn no_plugin_changes_anything() {
    let sandbox = used();
    for &name in registry::all().keys() {
        let example = manual::manual(name).and_then(|manual| manual::example(&manual)).unwrap();
        let body: String = example.lines().map(|line| format!("    {line}\n")).collect();
        let has = |key: &str| example.lines().any(|line| line.starts_with(&format!("{key}:")));
        let mut config = format!("tasks:\n  example:\n{body}");
        // So that there is something to act on.
        if !has("mock") {
            config.push_str("    mock: [ { title: Fight Club, imdb_id: tt0137523 }, New ]\n");
        }
        if !has("accept_all") {
            config.push_str("    accept_all: yes\n");
        }
        let path = sandbox.folder().join("config.yml");
        std::fs::write(&path, config).unwrap();
        assert_unchanged(&sandbox, "execute");
    }
}
