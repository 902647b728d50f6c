//! Several processes of the program at once, with one account whose token has expired.

#![allow(unused_crate_dependencies, reason = "those of the program itself")]

use std::process::{Command, Stdio};

use flexget_core::context::Clock;
use flexget_core::context::auth::{Account, Application, Auth, Tokens};
use flexget_core::context::store::Store;
use flexget_core::prelude::Timestamp;
use flexget_core::testing::server::{Reply, Server};
use serde_json::{Value as Json, json};

/// Starts a Filmbox whose refresh tokens work once.
fn filmbox() -> Server {
    let mut is_exchanged = false;
    Server::start(move |request| match request.path() {
        "/oauth/token" if std::mem::replace(&mut is_exchanged, true) => {
            Reply::json(400, &json!({ "error": "invalid_grant" }))
        }
        "/oauth/token" => {
            let tokens = json!({ "access_token": "new", "refresh_token": "next", "expires_in": 3600 });
            Reply::json(200, &tokens)
        }
        _ if request.header("authorization") == Some("Bearer new") => Reply::json(200, &Json::Array(Vec::new())),
        _ => Reply::json(401, &json!({})),
    })
}

#[test]
fn five_processes_that_need_a_new_token_renew_it_once() {
    let server = filmbox();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let task = "filmbox_list: { account: me, list: to watch }, accept_all: yes, seen: no";
    let tasks: String = (0..5).map(|at| format!("  t{at}: {{ {task} }}\n")).collect();
    std::fs::create_dir(path("flexget")).unwrap();
    std::fs::write(path("flexget/config.yml"), format!("tasks:\n{tasks}")).unwrap();
    let store = Store::at(path("flexget/flexget-rs.sqlite")).with_auth_at(path("flexget/accounts.sqlite"));
    let long_ago = Timestamp::from_second(1_600_000_000).unwrap();
    let tokens = Tokens::new("old".into(), "once".into(), long_ago, long_ago);
    let account = Account::new("filmbox", "me", Application::new("filmbox-for-tests", None), tokens);
    Auth::new(store, Clock::system()).save(&account).unwrap();

    let start = |at: usize| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_filmbox"));
        command.arg("-c").arg(path("flexget/config.yml")).args(["execute", "--tasks", &format!("t{at}")]);
        command.env("XDG_CONFIG_HOME", folder.path()).env("HOME", folder.path()).env("FILMBOX_URL", server.url());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for child in (0..5).map(start).collect::<Vec<_>>() {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let renewals = server.requests().iter().filter(|request| request.path() == "/oauth/token").count();
    assert_eq!(renewals, 1);
}
