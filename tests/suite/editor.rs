//! The schema of configs in an editor: yaml-language-server with its defaults, over stdio.
//!
//! `.ci/run` installs the server. Where it or node is missing, these tests print a line and pass.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use flexget_tests::repository;
use serde_json::{Value, json};

/// A running language server.
struct LanguageServer {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
    sent: i64,
}

impl Drop for LanguageServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl LanguageServer {
    /// Starts the server, or says why not.
    fn start() -> Option<Self> {
        let named = std::env::var_os("YAML_LANGUAGE_SERVER").map(PathBuf::from);
        let installed = repository().join("target/node/node_modules/yaml-language-server/bin/yaml-language-server");
        let program = named.unwrap_or(installed);
        if !program.exists() {
            flexget_tests::skipped(format_args!("there is no {}; `.ci/run` installs it", program.display()));
            return None;
        }
        let spawned =
            Command::new("node").arg(program).arg("--stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut process) = spawned else {
            flexget_tests::skipped("node cannot be started");
            return None;
        };
        let (stdin, stdout) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut server = Self { process, stdin, stdout, folder: tempfile::tempdir().unwrap(), sent: 0 };
        let completion = json!({ "completionItem": { "snippetSupport": true } });
        let document = json!({ "completion": completion, "hover": { "contentFormat": ["markdown"] } });
        server.request("initialize", json!({ "rootUri": null, "capabilities": { "textDocument": document } }));
        server.send(json!({ "method": "initialized", "params": {} }));
        Some(server)
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.stdin.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the server has ended");
            match line.trim().to_lowercase().strip_prefix("content-length:") {
                Some(number) => length = number.trim().parse().unwrap(),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.stdout.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// Returns the next message of which `is_wanted` is true; requests of the server get empty answers.
    fn wait_for(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.receive();
            if message["method"].is_string() && !message["id"].is_null() {
                let result = if message["method"] == "workspace/configuration" { json!([{}]) } else { Value::Null };
                self.send(json!({ "id": message["id"], "result": result }));
            } else if is_wanted(&message) {
                return message;
            }
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let id = self.sent;
        self.send(json!({ "id": id, "method": method, "params": params }));
        self.wait_for(|message| message["id"] == id && message["method"].is_null())["result"].clone()
    }

    /// Opens a config with this body, and returns its URI and its diagnostics.
    fn open(&mut self, config: &str) -> (String, Vec<String>) {
        self.sent += 1;
        let uri = format!("file://{}", self.folder.path().join(format!("{}.yml", self.sent)).display());
        let schema = repository().join("schemas/config.schema.json");
        let text = format!("# yaml-language-server: $schema={}\n{config}", schema.display());
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.send(json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }));
        let told = self.wait_for(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri.as_str()
        });
        let told = told["params"]["diagnostics"].as_array().unwrap().clone();
        (uri, told.iter().map(|one| one["message"].as_str().unwrap().to_owned()).collect())
    }

    /// Asks about the place of `|` in a config.
    fn at(&mut self, method: &str, config: &str) -> Value {
        let (before, after) = config.split_once('|').unwrap();
        let (uri, _) = self.open(&format!("{before}{after}"));
        // The line of the schema comes first.
        let line = before.matches('\n').count() + 1;
        let character = before.rsplit('\n').next().unwrap().len();
        let position = json!({ "line": line, "character": character });
        self.request(method, json!({ "textDocument": { "uri": uri }, "position": position }))
    }

    fn completions(&mut self, config: &str) -> Vec<String> {
        let result = self.at("textDocument/completion", config);
        let items = result.get("items").unwrap_or(&result).as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn it_completes_at_twelve_positions() {
    let Some(mut server) = LanguageServer::start() else { return };
    let task = |body: &str| format!("tasks:\n  films:\n{body}");
    let places: [(String, &[&str]); 13] = [
        ("|".into(), &["tasks", "templates", "variables"]),
        (task("    |\n"), &["trakt_list", "if", "accept_all", "template", "list_sync"]),
        (task("    mock: [ A ]\n    tr|\n"), &["trakt_lookup", "trakt_calendar"]),
        (
            task("    trakt_list:\n      account: me\n      list: |\n"),
            &[
                "watchlist",
                "favorites",
                "collection",
                "watched",
                "history",
                "ratings",
                "recommendations",
                "trending",
                "popular",
                "anticipated",
                "boxoffice",
                "hot",
                "streaming",
                "played",
                "collected",
                "favorited",
            ],
        ),
        (task("    trakt_list: { account: me, l| }\n"), &["list", "limit", "type", "username"]),
        (task("    trakt_list: { account: me, list: w| }\n"), &["watchlist", "watched"]),
        (task("    list_add:\n      - |\n"), &["trakt_list", "entry_list", "yaml_list"]),
        (task("    list_add:\n      - trakt_list:\n          |\n"), &["account", "list", "type"]),
        (task("    list_sync:\n      |\n"), &["from", "to", "mode", "max_removals"]),
        (task("    list_sync:\n      from:\n        t|\n      to: { entry_list: x }\n"), &["trakt_list", "movie_list"]),
        (task("    list_sync: { from: { trakt_list: { a| } } }\n"), &["account", "list"]),
        (task("    if:\n      - trakt_watched: |\n"), &["accept", "reject", "fail"]),
        (task("    accept_all: |\n"), &["true", "false"]),
    ];
    for (config, expected) in places {
        let found = server.completions(&config);
        for word in expected {
            assert!(found.iter().any(|one| one == word), "`{word}` is missing in {found:?} at\n{config}");
        }
    }
}

#[test]
fn it_finds_no_error_in_the_readme_the_examples_and_the_guide() {
    let Some(mut server) = LanguageServer::start() else { return };
    let mut configs = Vec::new();
    let files = |folder: &str| std::fs::read_dir(repository().join(folder)).unwrap().flatten().map(|file| file.path());
    for path in files("examples").chain(files("docs")).chain([repository().join("README.md")]) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("yml") => configs.push((path, text)),
            Some("md") => {
                let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
                let whole = blocks.filter(|block| block.contains("tasks:"));
                configs.extend(whole.map(|block| (path.clone(), block)));
            }
            _ => {}
        }
    }
    assert!(configs.len() > 5);
    for (path, config) in configs {
        let (_, told) = server.open(&config);
        assert!(told.is_empty(), "{}: {told:?}\n{config}", path.display());
    }
    let (_, told) =
        server.open("tasks:\n  a: { mock: [ A ], accept_all: yes, seen: no, no_entries_ok: on, manual: off }\n");
    assert_eq!(told, [""; 0]);
}

#[test]
fn it_tells_what_is_missing_and_what_only_flexget_has() {
    let Some(mut server) = LanguageServer::start() else { return };
    let (_, told) = server.open("tasks:\n  a: { trakt_list: { list: watchlist } }\n");
    assert_eq!(told, ["Missing property \"account\"."]);
    let (_, told) = server.open("tasks:\n  a: { trakt_list: {} }\n");
    assert_eq!(told, ["Missing property \"list\"."]);
    let (_, told) = server.open("tasks:\n  a: { mock: [ A ], deluge: yes }\n");
    assert!(told.len() == 1 && told[0].starts_with("`deluge` ") && !told[0].contains("not allowed"), "{told:?}");
}

#[test]
fn hovering_shows_the_manual_as_markdown() {
    let Some(mut server) = LanguageServer::start() else { return };
    let shown = |server: &mut LanguageServer, config: &str| {
        server.at("textDocument/hover", config)["contents"]["value"].as_str().unwrap().to_owned()
    };
    let plugin = shown(&mut server, "tasks:\n  a:\n    trakt_l|ist: { account: me, list: watchlist }\n");
    assert!(plugin.starts_with("#### trakt\\_list\n\nA list of Trakt"), "{plugin}");
    assert!(plugin.contains("```yaml\ntrakt_list:\n") && !plugin.contains("\\`") && !plugin.contains("||"), "{plugin}");
    let option = shown(&mut server, "tasks:\n  a:\n    trakt_list: { acc|ount: me, list: watchlist }\n");
    assert!(option.contains("A name stored by `flexget-rs trakt auth NAME`"), "{option}");
}
