use flexget_core::prelude::*;
use flexget_core::testing;

use crate::shared::test_server::TestServer;

fn ok(_: &str) -> String {
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into()
}

/// Runs a task with this `notify`, in which `URL` is a server, and returns the report and the
/// bodies that it got.
fn run(task: &str, count: usize, cx: &Context) -> (flexget_core::task::report::TaskReport, Vec<serde_json::Value>) {
    let server = TestServer::start(count, ok);
    let report = testing::run(&task.replace("URL", &server.url), cx);
    let body = |request: String| serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    (report, server.requests().into_iter().map(body).collect())
}

const TASK: &str = "seen: no\nmock: [ A, { title: B, movie_name: Bee, movie_year: 1999 }, C ]\nif: [ title == 'C': reject, title != 'C': accept ]\n";

/// FlexGet 3.22.7 sends one for each entry, too, but B twice.
#[test]
fn each_entry_is_told_once() {
    let notify = "notify: { entries: { what: [ accepted, entries ], via: [ webhook: { url: 'URL', body: { t: '{{ title }}' } } ] } }";
    let (report, bodies) = run(&format!("{TASK}{notify}"), 3, &testing::context());
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    let titles: Vec<_> = bodies.iter().map(|body| body["t"].as_str().unwrap()).collect();
    assert_eq!(titles, ["A", "B", "C"]);
    let notify = "notify: { entries: { title: 'New: {{ title }}', via: [ webhook: { url: 'URL' } ] } }";
    let (_, bodies) = run(&format!("{TASK}{notify}"), 2, &testing::context());
    assert_eq!(bodies[1], serde_json::json!({ "title": "New: B", "message": "Bee (1999)" }));
}

#[test]
fn a_task_is_told_when_something_changed() {
    let notify = |options: &str| {
        format!("notify: {{ task: {{ {options}via: [ webhook: {{ url: 'URL' }} ] }} }}\nlist_add: [ entry_list: x ]")
    };
    let cx = testing::context();
    let (report, bodies) = run(&format!("{TASK}{}", notify("only_changes: yes, ")), 1, &cx);
    assert_eq!(bodies[0]["title"], "Task test: 2 accepted", "{:?}", report.warnings);
    assert_eq!(bodies[0]["message"], "- A\n- B");
    let again = testing::next_run(&cx);
    assert!(run(&format!("{TASK}{}", notify("only_changes: yes, ")), 0, &again).1.is_empty(), "nothing was added");
    let title = "title: '{{ task.accepted | length }} of {{ task.entries | length }}', ";
    assert_eq!(run(&format!("{TASK}{}", notify(title)), 1, &testing::next_run(&cx)).1[0]["title"], "2 of 3");
    let none = "mock: [ A ]\nif: [ title == 'A': reject ]\n";
    assert!(run(&format!("{none}{}", notify("")), 0, &testing::next_run(&cx)).1.is_empty());
    // FlexGet 3.22.7 sends one as well, and says that the task did not produce any entries.
    let sent = run(&format!("{none}{}", notify("always_send: yes, ")), 1, &testing::next_run(&cx)).1;
    let expected = serde_json::json!({ "title": "Task test accepted no entries", "message": "1 produced, 1 rejected" });
    assert_eq!(sent, [expected]);
}

/// It may hold a passkey, and the texts go to a service of others.
#[test]
fn the_default_texts_hold_no_address_of_an_entry() {
    let of = |name: &str| format!("{{ title: {name}, movie_name: {name}, url: 'http://x/{name}?passkey=s3cret' }}");
    let task = format!(
        "seen: no\nmock: [ {}, {} ]\nif: [ title == 'A': accept, title == 'B': fail ]\nnotify:\n  \
         entries: {{ what: [ accepted, failed ], via: [ webhook: {{ url: 'URL' }} ] }}\n  \
         task: {{ via: [ webhook: {{ url: 'URL' }} ] }}",
        of("A"),
        of("B")
    );
    let (report, bodies) = run(&task, 3, &testing::context());
    assert_eq!(bodies.len(), 3, "{report:?}");
    let said = serde_json::to_string(&bodies).unwrap();
    assert!(said.contains("- A\\n- B failed") && !said.contains("s3cret") && !said.contains("http"), "{said}");
}

#[test]
fn an_aborted_task_is_told_with_its_reason() {
    let task = "csv: { url: /, values: { title: 1, url: 1 } }\nnotify: { abort: { via: [ webhook: { url: 'URL' } ] } }";
    let (_, bodies) = run(task, 1, &testing::context());
    assert_eq!(bodies[0]["title"], "Task test has aborted!");
    assert!(bodies[0]["message"].as_str().unwrap().starts_with("Reason: `/` cannot be read"), "{bodies:?}");
}

#[test]
fn a_dry_run_sends_nothing_and_a_failure_gives_a_warning_without_secrets() {
    let notify = "notify: { task: { via: [ webhook: { url: 'URL/s3cret' } ] } }";
    let cx = testing::context();
    assert!(run(&format!("{TASK}{notify}"), 0, &testing::dry_run(&cx)).1.is_empty());
    let refuse = |_: &str| "HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned();
    let server = TestServer::start(1, refuse);
    let report = testing::run(&format!("{TASK}{notify}").replace("URL", &server.url), &cx);
    assert_eq!(
        report.warnings,
        ["notify: error while sending notification to `webhook`: status 403: invalid user name, password or token"]
    );
    assert_eq!(testing::titles(&report, State::Accepted), ["A", "B"], "entries do not fail");
}

/// Starts an SMTP server for one e-mail, with these replies to `AUTH` and to the recipient.
///
/// The thread returns the lines that it received.
fn mail_server(auth: &'static str, recipient: &'static str) -> (u16, std::thread::JoinHandle<String>) {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut told = String::new();
        let say = |reply: &str| (&stream).write_all(format!("{reply}\r\n").as_bytes()).unwrap();
        say("220 test");
        let mut in_data = false;
        while let Some(Ok(line)) = lines.next() {
            told += &format!("{line}\n");
            match line.split(' ').next().unwrap() {
                _ if in_data => {
                    if line == "." {
                        in_data = false;
                        say("250 taken");
                    }
                }
                "EHLO" => say("250-test\r\n250 AUTH PLAIN LOGIN"),
                "AUTH" => say(auth),
                "RCPT" => say(recipient),
                "DATA" => {
                    in_data = true;
                    say("354 go on");
                }
                "QUIT" => {
                    say("221 bye");
                    break;
                }
                _ => say("250 ok"),
            }
        }
        told
    };
    (port, std::thread::spawn(serve))
}

fn mail(options: &str, port: u16) -> String {
    format!(
        "{TASK}notify: {{ task: {{ title: 'Filme: {{{{ task.accepted | length }}}} ü', via: [ email: {{ smtp_host: 127.0.0.1, \
         smtp_port: {port}, to: [ me@example.org, You <you@example.org> ]{options} }} ] }} }}"
    )
}

#[test]
fn an_e_mail_is_delivered_and_a_refused_one_gives_a_warning_without_the_password() {
    let cx = testing::context();
    let (port, server) = mail_server("235 welcome", "250 ok");
    let report = testing::run(&mail(", smtp_username: u, smtp_password: s3cret", port), &cx);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    let told = server.join().unwrap();
    for part in ["RCPT TO:<you@example.org>", "From: me@example.org", "Date: Tue, 24 Nov 2026 00:00:00 +0000", "- A"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.contains("Subject: Filme: 2 =?utf-8?") && told.contains("AUTH "), "{told}");

    let (port, server) = mail_server("535 bad s3cret", "250 ok");
    let report = testing::run(&mail(", smtp_username: u, smtp_password: s3cret", port), &testing::next_run(&cx));
    let [warning] = report.warnings.as_slice() else { panic!("{:?}", report.warnings) };
    assert!(warning.contains("refuses the user name or the password (535)"), "{warning}");
    assert!(!warning.contains("s3cret"), "{warning}");
    server.join().unwrap();

    let (port, server) = mail_server("235 welcome", "550 unknown");
    let report = testing::run(&mail("", port), &testing::next_run(&cx));
    assert!(report.warnings[0].contains("refuses the e-mail (550)"), "{:?}", report.warnings);
    server.join().unwrap();

    // Nobody is there.
    let report = testing::run(&mail("", 1), &testing::next_run(&cx));
    assert!(report.warnings[0].contains("127.0.0.1:1 cannot be reached"), "{:?}", report.warnings);
    let report = testing::run(&mail("", 1), &testing::dry_run(&cx));
    assert!(report.warnings.is_empty(), "a dry run sends nothing: {:?}", report.warnings);
}

#[test]
fn a_telegram_user_is_found_by_name_once() {
    let respond = |request: &str| {
        let body = if request.starts_with("get /feed/bots3cret/getupdates") {
            r#"{"ok":true,"result":[{"message":{"chat":{"id":1,"username":"other"}}},{"message":{"chat":{"id":42,"username":"Ann"}}}]}"#
        } else {
            "{}"
        };
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let cx = testing::context();
    let notify = "notify: { task: { via: [ telegram: { bot_token: s3cret, api_url: 'URL', recipients: [ { username: ann } ] } ] } }";
    for (count, cx) in [(2, cx.clone()), (1, testing::next_run(&cx))] {
        let server = TestServer::start(count, respond);
        let report = testing::run(&format!("{TASK}{notify}").replace("URL", &server.url), &cx);
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        let requests = server.requests();
        assert!(requests[count - 1].contains("\"chat_id\":42"), "{requests:?}");
    }
    let unknown = notify.replace("ann", "bea");
    let server = TestServer::start(1, respond);
    let report = testing::run(&format!("{TASK}{unknown}").replace("URL", &server.url), &testing::next_run(&cx));
    assert!(report.warnings[0].contains("no chat of username bea is known"), "{:?}", report.warnings);
}

#[test]
fn a_service_that_fails_is_said_once() {
    let fail = |_: &str| "HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned();
    let server = TestServer::start(1, fail);
    let notify = "notify: { task: { via: [ webhook: { url: 'URL/s3cret' } ] } }";
    let report = testing::run(&format!("{TASK}{notify}").replace("URL", &server.url), &testing::context());
    let [warning] = report.warnings.as_slice() else { panic!("{:?}", report.warnings) };
    assert!(warning.contains("`webhook`: status 500") && !warning.contains("s3cret"), "{warning}");
    assert_eq!(server.requests().len(), 1, "it may have been delivered: it is not sent twice");
}

#[test]
fn mistakes_are_found_before_the_run() {
    for notify in [
        "{}",
        "{ task: { via: [ email: { to: x } ] } }",
        "{ task: { via: [ email: { to: a@b.c, smtp_username: u } ] } }",
        "{ task: { via: { webhook: { url: x } } } }",
    ] {
        assert!(
            !testing::config_errors(&format!("mock: [A]\naccept_all: yes\nnotify: {notify}")).is_empty(),
            "{notify}"
        );
    }
}

/// FlexGet 3.22.7 does the same.
#[test]
fn telegram_gets_plain_text_where_it_cannot_read_the_markup() {
    let respond = |request: &str| {
        let status = if request.contains("parse_mode") { "400 Bad Request" } else { "200 OK" };
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}")
    };
    let server = TestServer::start(2, respond);
    let notify = "notify: { task: { message: 'a *b', via: [ telegram: { bot_token: s3cret, api_url: 'URL', parse_mode: markdown, recipients: [ { chat_id: 7 } ] } ] } }";
    let report = testing::run(&format!("{TASK}{notify}").replace("URL", &server.url), &testing::context());
    let [warning] = report.warnings.as_slice() else { panic!("{:?}", report.warnings) };
    assert!(warning.contains("refuses the message with its `parse_mode`"), "{warning}");
    let requests = server.requests();
    assert!(requests[1].ends_with(r#"{"text":"a *b","chat_id":7}"#), "{requests:?}");
}
