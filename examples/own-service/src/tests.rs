//! The plugins against a small Filmbox on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flexget_core::prelude::*;
use flexget_core::testing::server::{ReceivedRequest, Reply, Server};
use flexget_core::testing::{ListLaws, Sandbox, block_on, command, plugin_laws, titles};
use serde_json::{Value as Json, json};
// Of the tests with processes.
use tempfile as _;

/// Starts a Filmbox with empty lists; it loses its answers to changes while `lost` is true.
///
/// `GET /list` gives films. `POST /list/add` and `/list/remove` take films and give one word for each.
fn filmbox(lost: Arc<AtomicBool>) -> Server {
    let mut films: Vec<Json> = Vec::new();
    let mut clock = 0;
    Server::start(move |request: &ReceivedRequest| {
        if !request.path().starts_with("/oauth") && request.header("authorization") != Some("Bearer token") {
            return Reply::json(401, &json!({}));
        }
        match request.path() {
            "/oauth/device" => Reply::json(
                200,
                &json!({
                    "device_code": "d", "user_code": "FILM", "verification_uri": "https://filmbox.example/link",
                    "expires_in": 600, "interval": 1,
                }),
            ),
            "/oauth/token" => Reply::json(
                200,
                &json!({ "access_token": "token", "refresh_token": "again", "expires_in": 3600, "token_type": "bearer" }),
            ),
            "/me" => Reply::json(200, &json!({ "name": "Ann" })),
            "/posts" => Reply::json(201, &json!({})),
            "/new" => Reply::json(200, &json!([{ "imdb": "tt0069293", "title": "Solaris", "added": null }])),
            "/ratings" => Reply::json(200, &json!({ "tt0069293": 8.1, "tt0000001": 2.0 })),
            "/list" => {
                let limit = request.query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
                Reply::json(200, &films.iter().take(limit).cloned().collect())
            }
            _ => {
                let is_add = request.path() == "/list/add";
                let given: Vec<Json> = request.json();
                let mut change = |film: Json| {
                    let at = films.iter().position(|there| there["imdb"] == film["imdb"]);
                    match (at, is_add) {
                        (None, true) => {
                            clock += 1;
                            let added = film["added"].as_str().map(str::to_owned);
                            let added = added.unwrap_or_else(|| format!("2026-01-01T00:00:{clock:02}Z"));
                            films.push(json!({ "imdb": film["imdb"], "title": film["title"], "added": added }));
                        }
                        (Some(at), false) => drop(films.remove(at)),
                        _ => return "unchanged",
                    }
                    "done"
                };
                let words: Json = given.into_iter().map(&mut change).collect();
                if lost.load(Ordering::SeqCst) { Reply::Lost } else { Reply::json(200, &words) }
            }
        }
    })
}

fn sandbox(server: &Server) -> Sandbox {
    Sandbox::new().with_variable("FILMBOX_URL", server.url()).with_key("filmbox", "me", "token")
}

#[test]
fn lists_keep_the_laws() {
    let lost = Arc::new(AtomicBool::new(false));
    let server = filmbox(Arc::clone(&lost));
    let entries = ["{ title: Solaris, imdb_id: tt0069293 }", "{ title: Stalker, imdb_id: tt0079944 }"];
    let laws = ListLaws::new("filmbox_list: { account: me, list: to watch }", &entries);
    let laws = laws.losing(|is_losing| lost.store(is_losing, Ordering::SeqCst));
    block_on(laws.check(&sandbox(&server).cx));
}

#[test]
fn plugins_keep_the_laws() {
    for name in ["filmbox_list", "filmbox_new", "filmbox_rating", "filmbox_notify"] {
        plugin_laws(name);
    }
}

#[test]
fn ratings_decide_and_friends_are_told() {
    let server = filmbox(Arc::default());
    let sandbox = sandbox(&server);
    let task = "
        mock: [ { title: Solaris, imdb_id: tt0069293 }, { title: Bad, imdb_id: tt0000001 }, Nameless ]
        filmbox_rating: { account: me }
        if: [ { filmbox_rating > 7: accept } ]
        filmbox_notify: { account: me }";
    sandbox.dry_run(task);
    assert!(server.requests().iter().all(|request| request.method == "GET"));
    let report = sandbox.run(task);
    assert_eq!(titles(&report, State::Accepted), ["Solaris"], "{report:?}");
    let requests = server.requests();
    let post = requests.iter().find(|request| request.path() == "/posts").unwrap();
    assert_eq!(post.json::<Json>(), json!({ "text": "Solaris" }));
    assert_eq!(requests.iter().filter(|request| request.path() == "/ratings").count(), 2, "one for each run");
}

#[test]
fn new_films_are_produced_as_the_list_has_them() {
    let server = filmbox(Arc::default());
    let report = sandbox(&server).run("filmbox_new: me");
    let film = &report.entries[0];
    assert_eq!((film.title(), &film.fields()["imdb_id"]), ("Solaris", &json!("tt0069293")), "{report:?}");
}

#[test]
fn an_account_that_is_not_authorized_aborts_the_task_with_the_way_out() {
    let server = filmbox(Arc::default());
    let report = Sandbox::new()
        .with_variable("FILMBOX_URL", server.url())
        .run("filmbox_list: { account: you, list: to watch }\naccept_all: yes");
    let error = report.error.unwrap();
    assert_eq!(error.message, "there is no filmbox account named `you`");
    assert_eq!(error.hint.as_deref(), Some("authorize it first: `flexget-rs filmbox auth you`"));
}

#[test]
fn accounts_are_authorized_by_the_commands_of_core() {
    let server = filmbox(Arc::default());
    let cx = Sandbox::new().with_variable("FILMBOX_URL", server.url()).cx;
    let arguments = json!({ "account": "me", "client_id": "filmbox-for-tests" });
    let said = command("filmbox auth", arguments, Format::Text, &cx);
    let said = said.map(|said| said.text + &said.notes).unwrap_or_else(|error| error.to_string());
    assert!(cx.auth.key("filmbox", "me").is_ok(), "{said}");
    let listed = command("filmbox list", json!({}), Format::Text, &cx).unwrap();
    assert!(listed.text.contains("me"), "{}", listed.text);
}
