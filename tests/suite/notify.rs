//! Notifications and commands of a whole run: what is sent, what `--test` leaves, what a failure says.

use std::fs;

use flexget_core::testing::server::{Reply, Server};
use flexget_tests::Sandbox;
use serde_json::json;

/// A secret that no output may show.
const SECRET: &str = "s3cret";

/// Returns a sandbox that notifies by everything there is, at this URL, and runs a command.
fn sandbox(url: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    let ran = sandbox.folder().join("ran").display().to_string();
    let config = format!(
        "
        tasks:
          films:
            mock: [ Solaris ]
            accept_all: yes
            seen: no
            notify:
              task:
                title: News
                via:
                  - webhook: {{ url: '{url}/webhook/{SECRET}', headers: {{ X-Token: {SECRET} }} }}
                  - ntfysh: {{ url: '{url}/ntfy', topic: films, username: me, password: {SECRET} }}
                  - discord: {{ web_hook_url: '{url}/discord/{SECRET}' }}
                  - telegram: {{ api_url: '{url}', bot_token: {SECRET}, recipients: [ {{ chat_id: 7 }} ] }}
                  - pushover: {{ api_url: '{url}', user_key: you, api_key: {SECRET} }}
                  - email: {{ smtp_host: 127.0.0.1, smtp_port: 1, to: me@example.org, smtp_username: me, smtp_password: {SECRET} }}
            exec: touch '{ran}'
        "
    );
    sandbox.write("config.yml", &config);
    sandbox
}

#[test]
fn each_service_gets_one_request_and_its_credentials() {
    let server = Server::start(|_| Reply::json(200, &json!({ "ok": true })));
    let sandbox = sandbox(&server.url());
    let ran = sandbox.run("execute").good();
    assert!(sandbox.folder().join("ran").exists());
    let requests = server.requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.path()).collect();
    let expected = ["/webhook/s3cret", "/films", "/discord/s3cret", "/bots3cret/sendMessage", "/1/messages.json"];
    assert_eq!(paths, expected, "{}", ran.stderr);
    assert_eq!(requests[0].header("x-token"), Some(SECRET));
    // `me:s3cret` in Base64.
    assert_eq!(requests[1].header("authorization"), Some("Basic bWU6czNjcmV0"));
    let pushover: serde_json::Value = requests[4].json();
    assert_eq!(pushover, json!({ "token": SECRET, "user": "you", "title": "News", "message": "- Solaris" }));
    assert_eq!(ran.stderr.matches("warning: ").count(), 1, "only the e-mail fails: {}", ran.stderr);
}

#[test]
fn a_failure_of_each_is_said_once_and_shows_no_secret() {
    for status in [401, 404, 429, 500] {
        let server = Server::start(move |_| Reply::json(status, &json!({ "error": SECRET })));
        let ran = sandbox(&server.url()).run("execute -vvv").good();
        for notifier in ["webhook", "ntfysh", "discord", "telegram", "pushover", "email"] {
            let said = format!("error while sending notification to `{notifier}`");
            assert_eq!(ran.stderr.matches(&said).count(), 1, "{status} {notifier}: {}", ran.stderr);
        }
        assert!(!ran.stderr.contains(SECRET) && !ran.stdout.contains(SECRET), "{status}: {}", ran.stderr);
        assert!(!ran.stderr.contains("bWU6czNjcmV0"), "{status}: {}", ran.stderr);
    }
    // Nobody is there.
    let ran = sandbox("http://127.0.0.1:1").run("execute -vvv").good();
    assert_eq!(ran.stderr.matches("error while sending notification").count(), 6, "{}", ran.stderr);
    assert!(!ran.stderr.contains(SECRET), "{}", ran.stderr);
}

#[test]
fn a_dry_run_sends_nothing_and_starts_nothing() {
    let server = Server::start(|_| Reply::json(200, &json!({})));
    let sandbox = sandbox(&server.url());
    let ran = sandbox.run("execute --test -v").good();
    assert!(server.requests().is_empty());
    for notifier in ["webhook", "ntfysh", "discord", "telegram", "pushover", "email"] {
        assert!(ran.stderr.contains(&format!("would send a notification to `{notifier}`")), "{}", ran.stderr);
    }
    assert!(!sandbox.folder().join("ran").exists() && !ran.stderr.contains(SECRET), "{}", ran.stderr);
}

#[test]
fn a_template_file_makes_the_message() {
    let server = Server::start(|_| Reply::json(200, &json!({})));
    let sandbox = Sandbox::new(&format!(
        "
        tasks:
          films:
            mock: [ {{ title: Solaris, year: 1972 }} ]
            accept_all: yes
            seen: no
            notify:
              entries: {{ template: short, via: [ webhook: {{ url: '{0}/entry' }} ] }}
              task: {{ template: weekly.txt, via: [ webhook: {{ url: '{0}/task' }} ] }}
        ",
        server.url()
    ));
    sandbox.write("templates/entry/short.template", "{{ title }} of {{ year }}");
    sandbox.write("templates/short.template", "not this one");
    sandbox.write("templates/weekly.txt", "{% for film in task.accepted %}{{ film.title }}!{% endfor %}");
    let ran = sandbox.run("execute").good();
    let messages: Vec<serde_json::Value> = server.requests().iter().map(|request| request.json()).collect();
    let messages: Vec<&str> = messages.iter().map(|body| body["message"].as_str().unwrap().trim_end()).collect();
    assert_eq!(messages, ["Solaris of 1972", "Solaris!"], "{}", ran.stderr);

    for (text, said) in [(None, "there is no template `weekly.txt`"), (Some("{% for %}"), "is wrong")] {
        let path = sandbox.folder().join("templates/weekly.txt");
        match text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let ran = sandbox.run("execute").good();
        assert_eq!(ran.stderr.matches(said).count(), 1, "{}", ran.stderr);
    }
}
