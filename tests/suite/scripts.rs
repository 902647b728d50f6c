//! Scripts: executable files beside the config that are plugins.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use flexget_core::config::scripts::use_scripts_of;
use flexget_core::testing;
use flexget_tests::{Ran, Sandbox, is_current, repository};
use secrecy::SecretString;
use serde_json::{Value, json};
use trakt_sim::{Place, Privacy};

use crate::PROGRAM;

/// Writes a script, which is executable and writable by nobody else.
fn write_script(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.write(&format!("plugins/{name}"), text);
    set_mode(sandbox, &format!("plugins/{name}"), 0o755);
    set_mode(sandbox, "plugins", 0o755);
    assert!(path.exists());
}

fn set_mode(sandbox: &Sandbox, name: &str, mode: u32) {
    fs::set_permissions(sandbox.folder().join(name), fs::Permissions::from_mode(mode)).unwrap();
}

/// Returns a sandbox with a task and a script of this description and body.
fn with_script(task: &str, name: &str, description: &str, body: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("config.yml", &format!("tasks:\n  films:\n{}", indented(task)));
    let comment: String = description.lines().map(|line| format!("# {line}\n")).collect();
    write_script(&sandbox, name, &format!("#!/bin/sh\n# /// flexget\n{comment}# ///\n{body}\n"));
    sandbox
}

fn indented(task: &str) -> String {
    flexget_tests::dedent(task).lines().map(|line| format!("    {line}\n")).collect()
}

/// Returns a sandbox with an example script of the repository and a task.
fn with_example(task: &str, name: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("config.yml", &format!("tasks:\n  films:\n{}", indented(task)));
    write_script(&sandbox, name, &fs::read_to_string(repository().join("examples/plugins").join(name)).unwrap());
    sandbox
}

fn executed(sandbox: &Sandbox) -> Ran {
    sandbox.run("execute --format json")
}

/// Body of a script that keeps all that it reads in `read`, and answers with these lines.
fn answering(lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("echo '{line}'\n")).collect();
    format!("cat > read\n{lines}")
}

const FILTER: &str = "about: Decides.\nphase: filter";

#[test]
fn a_filter_accepts_rejects_fails_and_sets() {
    let body = answering(&[
        r#"{"accept":0,"reason":"a classic"}"#,
        r#"{"reject":1}"#,
        r#"{"fail":2,"reason":"broken"}"#,
        r#"{"set":0,"fields":{"year":1972,"seen":{"$date":"2026-01-02"}}}"#,
    ]);
    let ran = executed(&with_script("mock: [ A, B, C ]\ndecide: yes", "decide.sh", FILTER, &body));
    let entries = &ran.json()["tasks"][0]["entries"];
    let states: Vec<_> = entries.as_array().unwrap().iter().map(|entry| entry["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["accepted", "rejected", "failed"], "{}", ran.stderr);
    assert_eq!((&entries[0]["plugin"], &entries[0]["reason"]), (&json!("decide"), &json!("a classic")));
    assert_eq!(entries[0]["fields"]["year"], 1972);
    assert_eq!(entries[0]["fields"]["seen"], "2026-01-02");
    assert_eq!(entries[2]["reason"], "broken");
}

#[test]
fn a_step_over_a_thousand_entries_is_one_process() {
    let body = "echo x >> started\nread -r start\nwhile read -r line; do id=${line#*:}; echo \"{\\\"accept\\\":${id%%,*}}\"; done";
    let titles: Vec<String> = (0..1000).map(|number| format!("Film {number}")).collect();
    let sandbox = with_script(&format!("mock: [ {} ]\ndecide: yes", titles.join(", ")), "decide", FILTER, body);
    assert_eq!(executed(&sandbox).titles("films", "accepted").len(), 1000);
    assert_eq!(fs::read_to_string(sandbox.folder().join("plugins/started")).unwrap(), "x\n");
}

#[test]
fn check_reads_a_script_and_never_runs_it() {
    let description = "about: Decides.\nphase: filter\noptions:\n  type: object\n  properties:\n    \
        most: { type: integer, description: The most. }";
    let sandbox = with_script("mock: [ A ]\ndecide: { mots: 5 }", "decide.sh", description, "touch ran");
    let ran = sandbox.run("check");
    assert_eq!(ran.code, 2);
    for part in ["the key `mots` is not valid here", "did you mean `most`?", "config.yml:4:15", "^^^^"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    sandbox.write("config.yml", "tasks: { films: { mock: [ A ], decide: { most: five } } }");
    let ran = sandbox.run("check");
    assert!(ran.stderr.contains("got `five`, expected: integer"), "{}", ran.stderr);
    sandbox.write("config.yml", "tasks: { films: { mock: [ A ], deside: { most: 5 } } }");
    assert!(sandbox.run("check").stderr.contains("did you mean `decide`?"));
    sandbox.write("config.yml", "tasks: { films: { mock: [ A ], decide: { most: 5 } } }");
    assert_eq!(sandbox.run("check").code, 0);
    assert!(!sandbox.folder().join("plugins/ran").exists());
}

#[test]
fn a_script_is_known_to_manuals_schemas_and_lists_of_plugins() {
    let sandbox = with_example("mock: [ A ]\njson_list: { file: a.json }", "json_list.py");
    let manual = sandbox.run("plugins json_list").good().stdout;
    assert!(manual.contains("A list of movies in a JSON file") && manual.contains("Name of the file"), "{manual}");
    let row = sandbox.run("plugins").good().stdout;
    assert!(row.lines().any(|line| line.contains("json_list") && line.contains("(list)")), "{row}");
    let schema = sandbox.run("schema").good().json();
    assert_eq!(schema["$defs"]["plugin.json_list"]["properties"]["file"]["type"], "string");
    assert!(schema["$defs"]["list"]["properties"]["json_list"].is_object());
    assert_eq!(sandbox.run("schema --plugin json_list").good().json()["required"], json!(["file"]));
    let completed = sandbox
        .process(PROGRAM, "-- flexget-rs plugins json")
        .env("_FLEXGET_RS_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", "2")
        .env("_CLAP_IFS", "\n")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), "json_list");
}

#[test]
fn an_input_produces_and_stderr_is_its_log() {
    let sandbox = with_example("lines: yes\naccept_all: yes", "lines.sh");
    sandbox.write("plugins/lines.txt", "Solaris\nStalker\n");
    let ran = sandbox.run("execute -v --format json");
    assert_eq!(ran.titles("films", "accepted"), ["Solaris", "Stalker"]);
    assert!(ran.stderr.contains("lines: reading lines.txt"), "{}", ran.stderr);
}

#[test]
fn a_lookup_is_asked_only_if_something_reads_its_field() {
    let task = "mock: [ Up, { title: Out of the Past } ]\ntitle_words: yes\nif: [ { title_words > 3: reject } ]\naccept_all: yes";
    let sandbox = with_example(task, "title_words.py");
    let ran = executed(&sandbox);
    assert_eq!(ran.titles("films", "accepted"), ["Up"], "{}", ran.stderr);

    let task = "mock: [ Up ]\nwords: yes\naccept_all: yes";
    let sandbox = with_script(task, "words", "about: A.\noffers: [words]", "touch ran");
    assert_eq!(executed(&sandbox).good().titles("films", "accepted"), ["Up"]);
    assert!(!sandbox.folder().join("plugins/ran").exists());
}

#[test]
fn a_lookup_that_fails_leaves_its_field_unknown() {
    let task = "mock: [ Up ]\nwords: yes\nif: [ { words > 3: reject }, { not words: accept } ]";
    let sandbox = with_script(task, "words", "about: A.\noffers: [words]", "echo no network >&2; exit 1");
    let ran = executed(&sandbox);
    assert_eq!(ran.titles("films", "accepted"), Vec::<String>::new());
    assert!(ran.json()["tasks"][0]["warnings"].to_string().contains("exit status: 1: no network"), "{}", ran.stdout);
    let sandbox =
        with_script(task, "words", "about: A.\noffers: [words]", &answering(&[r#"{"set":0,"fields":{"x":1}}"#]));
    assert!(executed(&sandbox).stdout.contains("it does not offer the field `x`"));
}

#[test]
fn an_output_acts_and_a_dry_run_starts_none() {
    let sandbox = with_example("mock: [ A, B ]\naccept_all: yes\nappend_titles: yes", "append_titles.sh");
    sandbox.run("execute --test").good();
    let written = sandbox.folder().join("plugins/titles.txt");
    assert!(!written.exists());
    sandbox.run("execute").good();
    assert_eq!(fs::read_to_string(written).unwrap(), "A\nB\n");
}

#[test]
fn a_script_gets_the_fields_that_it_needs() {
    let task = "mock: [ Out of the Past ]\ntitle_words: yes\ndecide: yes";
    let body = "read -r start; read -r entry\necho '{\"need\":[\"title_words\"]}'\nread -r entry\n\
        case $entry in *'\"title_words\":4'*) echo '{\"accept\":0}' ;; esac";
    let sandbox = with_script(task, "decide.sh", &format!("{FILTER}\nasks: [fields]"), body);
    let other = fs::read_to_string(repository().join("examples/plugins/title_words.py")).unwrap();
    write_script(&sandbox, "title_words.py", &other);
    assert_eq!(executed(&sandbox).titles("films", "accepted"), ["Out of the Past"]);
}

/// A service of two films, as `filmbox_rating.py` knows it, with the simulator as its network.
#[test]
fn requests_go_through_core_with_credentials_that_the_script_never_sees() {
    let mut sandbox = Sandbox::empty().with_sim();
    sandbox.authorize("me", "ann-kay");
    let url = sandbox.sim().api_url();
    sandbox.environment.insert("SIM".into(), url.clone());
    sandbox.write("config.yml", "tasks: { films: { mock: [ A ], ask: yes, seen: no } }");
    let client = trakt_sim::CLIENT_ID;
    let ask = |path: &str, method: &str| {
        format!(
            "#!/bin/sh\n# /// flexget\n# about: Asks.\n# phase: filter\n# asks: [http]\n\
             # service: {{ name: trakt, url: \"{url}\" }}\n# ///\nread -r start; read -r entry\n\
             echo '{{\"http\":{{\"url\":\"{path}\",\"method\":\"{method}\",\"account\":\"me\",\"json\":{{\"movies\":[]}},\
             \"headers\":{{\"trakt-api-key\":\"{client}\",\"trakt-api-version\":\"2\"}}}}}}'\n\
             read -r answer; echo \"$answer\" > answer; env > environment; echo '{{\"accept\":0}}'\n"
        )
    };
    let answer = || fs::read_to_string(sandbox.folder().join("plugins/answer")).unwrap();
    let token = sandbox.sim().token_for("ann-kay").access_token;

    write_script(&sandbox, "ask.sh", &ask("/users/settings", "GET"));
    assert_eq!(executed(&sandbox).titles("films", "accepted"), ["A"]);
    let told: Value = serde_json::from_str(&answer()).unwrap();
    assert_eq!(told["http"]["status"], 200, "{told}");
    assert_eq!(told["http"]["json"]["user"]["ids"]["slug"], "ann-kay");
    let seen = answer() + &fs::read_to_string(sandbox.folder().join("plugins/environment")).unwrap();
    assert!(!seen.contains(&token));

    write_script(&sandbox, "ask.sh", &ask("/sync/watchlist", "POST"));
    sandbox.run("execute --test").good();
    let told: Value = serde_json::from_str(&answer()).unwrap();
    assert_eq!(told["http"]["sent"], false, "{told}");
    assert!(told["http"]["error"].as_str().unwrap().contains("dry run"), "{told}");

    write_script(&sandbox, "ask.sh", &ask("https://other.example/", "GET"));
    let told = executed(&sandbox).stdout;
    assert!(told.contains("credentials of `trakt` are sent to"), "{told}");
}

#[test]
fn an_api_key_is_sent_by_the_name_of_its_account() {
    let mut sandbox = Sandbox::empty();
    let auth = flexget_core::context::auth::Auth::new(sandbox.store(), sandbox.clock.clone());
    auth.save_key("filmbox", "me", SecretString::from("k3y")).unwrap();
    let server = testing::server::Server::start(|request| match request.header("authorization") {
        Some("Bearer k3y") => testing::server::Reply::json(200, &json!({ "rating": 8.5 })),
        _ => testing::server::Reply::json(401, &json!({})),
    });
    let script = fs::read_to_string(repository().join("examples/plugins/filmbox_rating.py")).unwrap();
    write_script(&sandbox, "filmbox_rating.py", &script.replace("https://api.filmbox.example", &server.url()));
    let config = "tasks:\n  films:\n    mock: [ { title: Solaris, imdb_id: tt0069293 }, Nameless ]\n    \
        filmbox_rating: { account: me }\n    if: [ { filmbox_rating > 8: accept } ]\n    seen: no\n";
    sandbox.write("config.yml", config);
    let ran = executed(&sandbox);
    assert_eq!(ran.titles("films", "accepted"), ["Solaris"], "{}", ran.stdout);
    sandbox.write("config.yml", &config.replace("account: me", "account: nobody"));
    assert!(executed(&sandbox).stdout.contains("`flexget-rs key filmbox nobody` stores its API key"));
    sandbox.typed.push("k3y".to_owned());
    sandbox.terminal = Some(80);
    sandbox.run("key filmbox nobody").good();
    sandbox.terminal = None;
    assert_eq!(executed(&sandbox).titles("films", "accepted"), ["Solaris"]);
}

#[test]
fn a_python_list_of_forty_lines_keeps_the_laws() {
    let sandbox = with_example("mock: [ A ]", "json_list.py");
    let lines = fs::read_to_string(sandbox.folder().join("plugins/json_list.py")).unwrap().lines().count();
    assert!(lines <= 40, "{lines}");
    use_scripts_of(sandbox.folder());
    let entries = ["{ title: Solaris, imdb_id: tt0069293 }", "{ title: Stalker, imdb_id: tt0079944, year: 1979 }"];
    testing::block_on(testing::list_laws("json_list: { file: laws.json }", &entries, &testing::context()));
}

#[test]
fn a_script_list_is_synced_with_a_trakt_list_and_its_change_is_undone() {
    let task = "
        list_sync:
          from: { trakt_list: { account: me, list: Gems, type: movies } }
          to: { json_list: { file: films.json } }
          max_removals: 1";
    let mut sandbox = with_example(task, "json_list.py").with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.environment.remove("COLUMNS");
    sandbox.sim().with(|world| {
        world.add_list(Some("ann-kay"), "Gems", Privacy::Private);
        let place = Place::List(world.list_id("ann-kay", "Gems").expect("a list"));
        world.put(&place, &[trakt_sim::Media::Movie(481), trakt_sim::Media::Movie(1)]);
    });
    let there = || -> Vec<Value> {
        let text = fs::read_to_string(sandbox.folder().join("plugins/films.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let old = json!([{ "title": "Old", "imdb_id": "tt0000001", "added": { "$time": "2020-01-01T00:00:00Z" } }]);
    sandbox.write("plugins/films.json", &old.to_string());
    let dry = sandbox.run("execute --test --format json").good().json();
    assert_eq!(dry["tasks"][0]["changes"][0]["done"], 2, "{dry}");
    assert_eq!(Value::from(there()), old);

    let ran = sandbox.run("execute --format json").good().json();
    let changes = &ran["tasks"][0]["changes"];
    assert_eq!((changes[0]["done"].as_u64(), changes[1]["done"].as_u64()), (Some(2), Some(1)), "{changes}");
    assert!(there().len() == 2 && there().iter().all(|item| item["title"] != "Old"), "{:?}", there());
    let matched = "tasks: { films: { json_list: { file: films.json }, list_match: { from: [ { trakt_list: { account: me, list: Gems, type: movies } } ] } } }";
    sandbox.write("matched.yml", matched);
    let explained = sandbox.run("-c matched.yml explain films").good().stdout;
    assert!(explained.contains("json_list") && explained.contains("list_match"), "{explained}");
    assert_eq!(sandbox.run("-c matched.yml execute --format json").good().titles("films", "accepted").len(), 2);

    let removal = changes.as_array().unwrap().iter().find(|change| change["action"] == "remove").unwrap();
    sandbox.run(&format!("undo {}", removal["change_id"])).good();
    let old = there().into_iter().find(|item| item["title"] == "Old").expect("the film is back");
    assert_eq!(old["added"], json!({ "$time": "2020-01-01T00:00:00Z" }));
    assert_eq!(there().len(), 3);
}

#[test]
fn a_list_that_says_nothing_is_not_empty() {
    let sandbox = with_script("quiet: yes", "quiet", "about: A.\nlist: yes", "cat > read");
    let ran = executed(&sandbox);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("did not say which items there are"), "{}", ran.stdout);
}

#[test]
fn a_list_that_crashes_while_it_changes_leaves_the_change_uncertain() {
    let task = "mock: [ A ]\naccept_all: yes\nlist_add: [ crashes: {} ]";
    let sandbox = with_script(task, "crashes", "about: A.\nlist: yes", "cat > read; exit 1");
    let report = executed(&sandbox).json();
    assert!(report["tasks"][0]["entries"][0]["reason"].as_str().unwrap().contains("exit status: 1"), "{report}");
    let changes = sandbox.run("changes --format json").good().json();
    assert_eq!(changes[0]["state"], "uncertain", "{changes}");
}

#[test]
fn a_script_that_goes_wrong_aborts_its_task_and_nothing_else() {
    let cases = [
        ("crash", "echo '{\"accept\":0}'; echo Zero >&2; exit 3", "the script ended with exit status: 3: Zero"),
        ("hang", "exec sleep 100", "the script did not end within 1 s and was stopped"),
        ("nonsense", "echo hello", "the script wrote nonsense in line 1 of its output"),
        ("typo", "echo '{\"acept\":0}'", "unknown field `acept`"),
        ("nobody", "echo '{\"accept\":7}'", "there is no entry 7"),
        ("both", "echo '{\"accept\":0,\"reject\":0}'", "exactly one of `accept`"),
        ("beside", "echo '{\"need\":[],\"reason\":\"x\"}'", "`reason` has no meaning beside `need`"),
        ("other", "echo '{\"items\":[]}'", "this is no message of a script that acts on entries"),
        ("asks", "echo '{\"need\":[\"x\"]}'", "without `asks: [fields]`"),
    ];
    for (name, body, message) in cases {
        let task = format!("mock: [ A ]\n{name}: yes");
        // Only the one that hangs may take so little time.
        let timeout = if name == "hang" { 1 } else { 60 };
        let sandbox = with_script(&task, name, &format!("{FILTER}\ntimeout: {timeout}"), body);
        let config = fs::read_to_string(sandbox.folder().join("config.yml")).unwrap();
        sandbox.write("config.yml", &format!("{config}  other: {{ mock: [ B ], accept_all: yes }}\n"));
        let ran = executed(&sandbox);
        let report = ran.json();
        assert_eq!((ran.code, &report["tasks"][0]["outcome"]), (1, &json!("aborted")), "{name}");
        assert_eq!(report["tasks"][0]["error"]["plugin"], name);
        assert!(report["tasks"][0]["error"].to_string().contains(message), "{name}: {}", report["tasks"][0]["error"]);
        assert_eq!(report["tasks"][0]["entries"][0]["state"], "undecided", "{name}");
        assert_eq!(ran.titles("other", "accepted"), ["B"], "{name}");
    }
    let sandbox = with_script("mock: [ A ]\nnowhere: yes", "nowhere", FILTER, "");
    write_script(&sandbox, "nowhere", "#!/no/such/program\n# /// flexget\n# about: A.\n# phase: filter\n# ///\n");
    assert!(executed(&sandbox).stdout.contains("cannot be started"));
}

#[test]
fn a_script_that_cannot_be_used_is_an_error_where_it_is_named() {
    let description = |text: &str| {
        let lines: String = text.lines().map(|line| format!("# {line}\n")).collect();
        format!("#!/bin/sh\n# /// flexget\n{lines}# ///\n")
    };
    let good = description(FILTER);
    for (file, folder, text, message) in [
        (0o757, 0o755, good.as_str(), "can be written by others"),
        (0o775, 0o755, &good, "can be written by others"),
        (0o755, 0o777, &good, "the folder of scripts"),
        (0o644, 0o755, &good, "is not executable"),
        (0o755, 0o755, "#!/bin/sh\n", "has no description"),
        (0o755, 0o755, &description("about: A."), "exactly one of `phase`"),
        (0o755, 0o755, &description("about: A.\nphase: filter\nlist: yes"), "exactly one of `phase`"),
        (0o755, 0o755, &description("about: A.\nphse: filter"), "unknown field `phse`"),
        (0o755, 0o755, &description("phase: filter"), "missing field `about`"),
        (0o755, 0o755, &description("about: A.\nphase: learn"), "cannot run in the phase `learn`"),
        (0o755, 0o755, &description("about: A.\nphase: filter\nversion: 2"), "version 2 of the protocol"),
        (0o755, 0o755, &description("about: A.\nphase: filter\noptions: { type: strng }"), "no JSON Schema"),
        (0o755, 0o755, &description("about: [\nphase: filter"), "plugins/decide.sh:"),
        (0o755, 0o755, &description("about: A.\ninput: yes\nasks: [fields]"), "can ask for `fields`"),
    ] {
        let sandbox = with_script("mock: [ A ]\ndecide: yes", "decide.sh", FILTER, "");
        let config = fs::read_to_string(sandbox.folder().join("config.yml")).unwrap();
        sandbox.write("config.yml", &format!("{config}  other: {{ mock: [ B ], accept_all: yes }}\n"));
        write_script(&sandbox, "decide.sh", text);
        set_mode(&sandbox, "plugins/decide.sh", file);
        set_mode(&sandbox, "plugins", folder);
        let ran = sandbox.run("check");
        assert_eq!(ran.code, 2, "{message}: {}", ran.stderr);
        assert!(ran.stderr.contains(message) && ran.stderr.contains("config.yml:4:5"), "{message}: {}", ran.stderr);
        assert!(ran.stderr.contains("help"), "{message}: {}", ran.stderr);
        assert_eq!(executed(&sandbox).titles("other", "accepted"), ["B"], "{message}");
        // Nobody names it, and nothing is wrong.
        sandbox.write("config.yml", "tasks: { other: { mock: [ B ], accept_all: yes } }");
        assert_eq!(sandbox.run("check").code, 0, "{message}");
    }
}

#[test]
fn two_plugins_of_one_name_are_told_with_both_files() {
    let sandbox = with_script("mock: [ A ]\nregexp: { accept: [ A ] }", "regexp.sh", FILTER, "");
    let ran = sandbox.run("check");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("two plugins have the name `regexp`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("filters/regexp.rs") && ran.stderr.contains("plugins/regexp.sh"), "{}", ran.stderr);
    let sandbox = with_script("mock: [ A ]\ntwin: yes", "twin.sh", FILTER, "");
    write_script(&sandbox, "twin.py", "#!/bin/sh\n# /// flexget\n# about: A.\n# phase: filter\n# ///\n");
    let ran = sandbox.run("check");
    assert!(ran.stderr.contains("plugins/twin.py, ") && ran.stderr.contains("plugins/twin.sh"), "{}", ran.stderr);
    let sandbox = with_script("mock: [ A ]", "my filter.sh", FILTER, "");
    assert!(sandbox.run("check").stderr.contains("its name is no key of a task"));
    let sandbox = with_script("mock: [ A ]", "priority.sh", FILTER, "");
    assert!(sandbox.run("check").stderr.contains("its name is no key of a task"));
}

/// All messages to scripts, as they were sent, in `tests/suite/scripts/messages.jsonl`.
#[test]
fn the_messages_are_those_that_are_documented() {
    let mut all = String::new();
    let mut take = |sandbox: &Sandbox, title: &str, file: &str| {
        let read = fs::read_to_string(sandbox.folder().join("plugins").join(file)).unwrap();
        all += &format!("# {title}\n{read}");
    };
    let mock = "mock: [ { title: Solaris, url: 'mock://1', year: 1972, on: 2026-11-24, at: 2026-11-24T10:00:00Z } ]";
    let options = "options: { type: object, properties: { most: { type: integer, default: 60 } } }";
    for phase in ["metainfo", "filter", "modify", "output"] {
        let task = format!("{mock}\naccept_all: yes\nprobe: yes");
        let description = format!("about: A.\nphase: {phase}\n{options}");
        let sandbox = with_script(&task, "probe", &description, "cat > read");
        executed(&sandbox).good();
        take(&sandbox, phase, "read");
    }
    let sandbox =
        with_script("limit: { amount: 3, from: { probe: {} } }", "probe", "about: A.\ninput: yes", "cat > read");
    executed(&sandbox).good();
    take(&sandbox, "input", "read");
    let task = format!("{mock}\nprobe: yes\nif: [ {{ words > 3: reject }} ]");
    let sandbox = with_script(&task, "probe", "about: A.\noffers: [ words ]", "cat > read");
    executed(&sandbox).good();
    take(&sandbox, "lookup", "read");
    let task = format!("{mock}\naccept_all: yes\nlist_add: [ probe: favourites ]\nlist_remove: [ probe: favourites ]");
    let body = "read -r start; case $start in *items*) echo \"$start\" > items; echo '{\"items\":[]}' ;;\n\
        *) { echo \"$start\"; cat; } > add; echo '{\"outcomes\":[\"done\"]}' ;; esac";
    let sandbox = with_script(&task, "probe", "about: A.\nlist: yes\noptions: { type: string }", body);
    executed(&sandbox);
    take(&sandbox, "items", "items");
    take(&sandbox, "add", "add");
    let task = "probe: favourites\naccept_all: yes\nlist_remove: [ probe: favourites ]";
    let body = "read -r start; case $start in *items*) echo '{\"items\":[{\"title\":\"Solaris\"}]}' ;;\n\
        *) { echo \"$start\"; cat; } > remove; echo '{\"outcomes\":[\"done\"]}' ;; esac";
    let sandbox = with_script(task, "probe", "about: A.\nlist: yes\noptions: { type: string }", body);
    executed(&sandbox).good();
    take(&sandbox, "remove", "remove");
    let server = testing::server::Server::start(|request| match request.path() {
        "/json" => testing::server::Reply::json(200, &json!({ "rating": 8 })),
        _ => testing::server::Reply::text(404, "nothing here"),
    });
    let url = server.url();
    let ask =
        |path: &str| format!("echo '{{\"http\":{{\"url\":\"{path}\"}}}}'\nread -r answer; echo \"$answer\" >> read\n");
    let body = format!(
        "read -r start; read -r entry\necho '{{\"need\":[\"imdb_id\"]}}'\nread -r entry; echo \"$entry\" > read\n{}{}{}",
        ask(&format!("{url}/json")),
        ask(&format!("{url}/none")),
        ask("nowhere")
    );
    let description = format!("{FILTER}\nasks: [ fields, http ]");
    let sandbox = with_script(&format!("{mock}\nprobe: yes"), "probe", &description, &body);
    executed(&sandbox).good();
    take(&sandbox, "answers to need and http", "read");
    let path = repository().join("tests/suite/scripts/messages.jsonl");
    assert!(is_current(&path, &all), "`BLESS=1` rewrites the messages:\n{all}");
    let documented = fs::read_to_string(repository().join("docs/scripts.md")).unwrap();
    for word in ["accept", "reject", "fail", "set", "entries", "items", "outcomes", "need", "http", "warn"] {
        assert!(documented.contains(&format!("`{{\"{word}\":")), "{word}");
    }
}

/// Returns a sandbox with the simulator, an account, and a script that reads as it at this URL.
fn with_trakt_script(url: impl Fn(&Sandbox) -> String) -> Sandbox {
    let sandbox = Sandbox::empty().with_sim();
    sandbox.authorize("me", "ann-kay");
    let description = format!(
        "# about: Asks.\n# input: yes\n# asks: [http]\n# service: {{ name: trakt, url: '{}' }}\n",
        url(&sandbox)
    );
    let body = r#"read -r start
for turn in 1 2; do
  echo '{"http":{"url":"/users/settings","account":"me","headers":{"trakt-api-version":"2"}}}'
  read -r answer
  case "$answer" in *'"status":200'*) said=fine ;; *) said=refused ;; esac
  case "$answer" in *Bearer*) said=leaked ;; esac
  echo "{\"entries\":[{\"title\":\"$said $turn\"}]}"
done"#;
    write_script(&sandbox, "asks", &format!("#!/bin/sh\n# /// flexget\n{description}# ///\n{body}\n"));
    sandbox.write("config.yml", "tasks: { films: { asks: yes, accept_all: yes } }");
    sandbox
}

#[test]
fn the_token_of_a_script_is_renewed_once_as_for_the_programs_own_plugins() {
    let sandbox = with_trakt_script(|sandbox| sandbox.sim().api_url());
    sandbox.sim().expire_access("ann-kay");
    let ran = executed(&sandbox);
    assert_eq!(ran.titles("films", "accepted"), ["fine 1", "fine 2"], "{}", ran.stderr);
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1);
    let stored = flexget_core::context::auth::Auth::new(sandbox.store(), sandbox.clock.clone());
    let token = stored.account("trakt", "me").unwrap().unwrap().tokens.access;
    let shown = secrecy::ExposeSecret::expose_secret(&token).to_owned();
    assert!(!ran.stdout.contains(&shown) && !ran.stderr.contains(&shown));
    // Trakt allows so many reads for the account, whoever sends them.
    let limits: Vec<String> =
        sandbox.store().rate_limits(sandbox.clock.now()).unwrap().into_iter().map(|one| one.bucket).collect();
    assert!(limits.iter().any(|name| name.starts_with("trakt read ")), "{limits:?}");
}

#[test]
fn the_token_of_a_script_is_sent_to_the_service_alone() {
    let elsewhere = testing::server::Server::start(|_| testing::server::Reply::json(200, &json!({})));
    let sandbox = with_trakt_script(|_| elsewhere.url());
    let ran = executed(&sandbox);
    assert!(ran.stdout.contains("credentials of `trakt` are sent to"), "{}", ran.stdout);
    assert!(elsewhere.requests().is_empty());
}
