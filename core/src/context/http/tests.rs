mod pacing;
mod paging;
pub(crate) mod server;
mod tls;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet, yield_now};

use self::server::{Reply, Server, reply};
use super::{Http, HttpError, HttpFault, HttpOptions, Method, Request, Response, Retry, Sent};
use crate::context::store::Store;
use crate::context::{Clock, Event, Progress};
use crate::error::Error;

fn clock() -> Clock {
    Clock::fixed("2026-11-24T10:00:00Z".parse::<Timestamp>().unwrap())
}

fn door(clock: &Clock) -> Http {
    Http::new(HttpOptions::default(), Store::in_memory(), clock.clone(), Progress::none())
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, work)
}

/// Sends one request to a server with these replies.
fn ask(request: impl FnOnce(String) -> Request, replies: Vec<Reply>) -> (Result<Response, HttpError>, Server, Http) {
    run(async {
        let clock = clock();
        let server = Server::start(replies, clock.shared()).await;
        let http = door(&clock);
        (http.send(request(server.address.clone())).await, server, http)
    })
}

fn get(address: String) -> Request {
    Request::new(Method::GET, address + "/path")
}

fn post(retry: Retry) -> impl FnOnce(String) -> Request {
    move |address| Request { retry, body: Some(json!({}).into()), ..Request::new(Method::POST, address + "/path") }
}

fn status(status: u16) -> Reply {
    reply(status, &[], "{}")
}

#[test]
fn a_request_says_who_it_is_from_and_carries_what_it_should() {
    let request = |address: String| Request {
        query: vec![("q".to_owned(), "a b&c".to_owned())],
        headers: vec![("Api-Key".into(), "key".to_owned())],
        bearer: Some("token".into()),
        body: Some(json!({ "a": 1 }).into()),
        ..Request::new(Method::PUT, address + "/path?x=1")
    };
    let (response, server, http) = ask(request, vec![reply(201, &[("X-Page", "7")], r#"{"n":5}"#)]);
    let response = response.unwrap();
    assert_eq!((response.status, response.header("x-page"), response.header("nothing")), (201, Some("7"), None));
    assert_eq!(response.json::<serde_json::Value>().unwrap(), json!({ "n": 5 }));
    assert_eq!(http.counts().into_iter().collect::<Vec<_>>(), [("PUT".to_owned(), 1)]);

    let text = server.seen()[0].text.clone();
    let agent = concat!("user-agent: flexget-rs/", env!("CARGO_PKG_VERSION"));
    let wanted = [
        "PUT /path?x=1&q=a+b%26c HTTP/1.1",
        agent,
        "accept: application/json",
        "accept-encoding: gzip",
        "content-type: application/json",
        "api-key: key",
        "authorization: Bearer token",
        "{\"a\":1}",
    ];
    for line in wanted {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
}

#[test]
fn compressed_answers_are_read_and_connections_kept() {
    // `{"compressed":true}`
    const GZIP: &str = "1f8b0800000000000203ab564acecf2d284a2d2e4e4d51b22a292a4dad0500f1ea399513000000";
    let bytes: Vec<u8> =
        (0..GZIP.len()).step_by(2).map(|at| u8::from_str_radix(&GZIP[at..at + 2], 16).unwrap()).collect();
    run(async {
        let server = Server::start([reply(200, &[("content-encoding", "gzip")], bytes)], None).await;
        let http = door(&clock());
        for _ in 0..3 {
            let response = http.send(get(server.address.clone())).await.unwrap();
            assert_eq!(response.json::<serde_json::Value>().unwrap(), json!({ "compressed": true }));
        }
        assert_eq!(server.log.lock().unwrap().connections, 1);
    });
}

/// What is sent again: the replies, what comes of it, and when each attempt was made. Jittered waits are left out.
#[test]
fn what_may_be_sent_again_is() {
    let html = || reply(200, &[("content-type", "text/html; charset=UTF-8")], "<html>maintenance</html>");
    let bare_html = || reply(200, &[], "\n <!DOCTYPE html><p>");
    let after = |seconds| reply(429, &[("retry-after", seconds)], "");
    let date = || {
        // The server's clock is an hour late, which must not matter.
        let headers = [("date", "Tue, 24 Nov 2026 09:00:00 GMT"), ("retry-after", "Tue, 24 Nov 2026 09:00:40 GMT")];
        reply(429, &headers, "")
    };
    let safe = || vec![get as fn(String) -> Request, |address| post(Retry::Safe)(address)];
    let never = || vec![(|address| post(Retry::Never)(address)) as fn(String) -> Request];
    let own = || vec![(|address| post(Retry::Own)(address)) as fn(String) -> Request];
    let writes = || [never(), own(), vec![|address| post(Retry::Safe)(address)]].concat();
    let all = || [safe(), never(), own()].concat();
    let limited = || [safe(), never()].concat();
    let unsure = || [never(), own()].concat();

    type Case = (&'static str, Vec<fn(String) -> Request>, Vec<Reply>, u16, &'static [i64]);
    let cases: Vec<Case> = vec![
        ("good", all(), vec![status(200)], 200, &[0]),
        ("overloaded twice", safe(), vec![status(502), status(504), status(200)], 200, &[0, 30, 90]),
        ("overloaded for long", safe(), vec![status(503)], 503, &[0, 30, 90]),
        ("in between", safe(), vec![status(520), status(525), status(201)], 201, &[0, 30, 90]),
        ("asked for more", safe(), vec![reply(503, &[("retry-after", "45")], ""), status(200)], 200, &[0, 45]),
        ("web page", safe(), vec![html(), status(200)], 200, &[0, 30]),
        ("bare web page", safe(), vec![bare_html(), status(200)], 200, &[0, 30]),
        ("web page for long", safe(), vec![html()], 200, &[0, 30, 90]),
        ("not to be repeated", unsure(), vec![status(502)], 502, &[0]),
        ("web page, not to be repeated", unsure(), vec![html()], 200, &[0]),
        ("internal error of a write", writes(), vec![status(500)], 500, &[0]),
        ("limited", limited(), vec![after("7"), after("2"), status(200)], 200, &[0, 7, 9]),
        ("limited until", limited(), vec![date(), status(200)], 200, &[0, 40]),
        ("limited for an hour", limited(), vec![after("3600"), status(200)], 200, &[0, 300]),
        ("limited for ever", limited(), vec![after("10")], 429, &[0, 10, 20, 30]),
        ("limited, own loop", own(), vec![after("10")], 429, &[0]),
        ("unauthorized", all(), vec![status(401)], 401, &[0]),
        ("forbidden", all(), vec![reply(403, &[("content-type", "text/html")], "<html>blocked")], 403, &[0]),
        ("not found", all(), vec![status(404)], 404, &[0]),
        ("over the limit of the account", all(), vec![status(420)], 420, &[0]),
    ];
    for (name, requests, replies, last, times) in cases {
        for request in requests {
            let (response, server, http) = ask(request, replies.clone());
            assert_eq!((response.unwrap().status, server.times()), (last, times.to_vec()), "{name}");
            assert_eq!(http.counts().values().sum::<u64>(), times.len() as u64, "{name}");
        }
    }
}

#[test]
fn a_service_that_is_down_is_tried_once_by_all_but_the_first() {
    run(async {
        let clock = clock();
        let replies: Vec<Reply> = (0..3).map(|_| status(503)).chain([status(503), status(503), status(200)]).collect();
        let server = Server::start(replies.into_iter().chain([status(503), status(200)]), clock.shared()).await;
        let http = door(&clock);
        let mut tries = Vec::new();
        for wait in [0, 0, 60, 0, 0] {
            clock.sleep(Duration::from_secs(wait)).await;
            let before = server.seen().len();
            let status = http.send(get(server.address.clone())).await.unwrap().status;
            tries.push((status, server.seen().len() - before));
        }
        // All tries; one; after a minute several again, the last with success; and as if nothing had been.
        assert_eq!(tries, [(503, 3), (503, 1), (200, 2), (200, 2), (200, 1)]);
    });
}

#[test]
fn waits_that_nobody_asked_for_grow_and_vary() {
    let (response, server, _) = ask(get, vec![status(429)]);
    assert_eq!(response.unwrap().status, 429);
    let times = server.times();
    let waits: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 3);
    for (wait, usual) in waits.iter().zip([2, 4, 8]) {
        assert!((usual * 3 / 4 - 1..=usual * 5 / 4 + 1).contains(wait), "{waits:?}");
    }
    let (response, server, _) = ask(get, vec![status(500)]);
    assert_eq!((response.unwrap().status, server.seen().len()), (500, 3));
}

#[test]
fn broken_connections_are_told_and_only_safe_requests_repeated() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\":".to_vec();
    let cases = [
        ("no answer", Vec::new(), Sent::Maybe),
        ("half an answer", half, Sent::Yes),
        ("no HTTP", b"220 mail.example ESMTP\r\n".to_vec(), Sent::Maybe),
    ];
    for (name, bytes, sent) in cases {
        let broken = || Reply::Cut(bytes.clone());
        for retry in [Retry::Never, Retry::Own] {
            let (error, server, _) = ask(post(retry), vec![broken(), status(200)]);
            let error = error.unwrap_err();
            assert_eq!((error.fault(), error.sent(), server.seen().len()), (HttpFault::Reset, sent, 1), "{name}");
        }
        let (response, server, _) = ask(post(Retry::Safe), vec![broken(), broken(), status(200)]);
        assert_eq!((response.unwrap().status, server.seen().len()), (200, 3), "{name}");
        let (error, server, _) = ask(get, vec![broken()]);
        assert_eq!((error.unwrap_err().fault(), server.seen().len()), (HttpFault::Reset, 3), "{name}");
    }
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    run(async {
        // The beginning of the slow one must come in this time.
        let options = HttpOptions { timeout: Duration::from_secs(2), ..HttpOptions::default() };
        let slow = Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec());
        let is_given_up = async |reply: Reply, sent: Sent| {
            let server = Server::start([reply], None).await;
            let http = Http::new(options.clone(), Store::in_memory(), clock(), Progress::none());
            let error = http.send(post(Retry::Never)(server.address.clone())).await.unwrap_err();
            assert_eq!((error.fault(), error.sent(), server.seen().len()), (HttpFault::Timeout, sent, 1));
            assert_eq!(http.send(get(server.address.clone())).await.unwrap_err().fault(), HttpFault::Timeout);
            assert_eq!(server.seen().len(), 3);
        };
        futures_util::future::join(is_given_up(Reply::Hang, Sent::Maybe), is_given_up(slow, Sent::Yes)).await;
    });
}

#[test]
fn what_cannot_be_reached_or_asked_is_said_at_once() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = plain.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let cases = [
        (format!("http://{free}/"), HttpFault::Connect, format!("there is no connection to {free}: ")),
        (format!("https://{address}/"), HttpFault::Tls, format!("there is no secure connection to {address}: ")),
        ("not an address".to_owned(), HttpFault::Invalid, "a request cannot be made: ".to_owned()),
        ("ftp://example.org/".to_owned(), HttpFault::Invalid, "a request cannot be made: ".to_owned()),
    ];
    run(async {
        for (url, fault, message) in cases {
            let error = door(&clock()).send(Request::new(Method::GET, &url)).await.unwrap_err();
            assert_eq!((error.fault(), error.sent()), (fault, Sent::No), "{url}: {error}");
            let error = Error::from(error);
            assert!(error.message().starts_with(&message) && error.hint_text().is_some(), "{url}: {error}");
        }
    });
    thread.join().unwrap();
}

#[test]
fn an_answer_that_is_too_large_is_an_error_and_never_cut() {
    run(async {
        let server = Server::start([reply(200, &[], "x".repeat(1000)), reply(200, &[], "x".repeat(1001))], None).await;
        let options = HttpOptions { largest_response: 1000, ..HttpOptions::default() };
        let http = Http::new(options, Store::in_memory(), clock(), Progress::none());
        assert_eq!(http.send(get(server.address.clone())).await.unwrap().body.len(), 1000);
        let error = http.send(get(server.address.clone())).await.unwrap_err();
        assert_eq!((error.fault(), error.sent()), (HttpFault::TooLarge, Sent::Yes));
    });
}

#[test]
fn requests_in_flight_to_one_host_are_bounded() {
    run(async {
        let gate = Arc::new(Notify::new());
        let server = Server::start([Reply::Gate(Arc::clone(&gate))], None).await;
        let http = door(&clock());
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let (http, request) = (http.clone(), get(server.address.clone()));
            tasks.spawn_local(async move { http.send(request).await.unwrap().status });
        }
        let log = || server.log.lock().unwrap().busiest;
        while log() < 8 {
            yield_now().await;
        }
        while !tasks.is_empty() {
            gate.notify_waiters();
            tokio::select! { biased; _ = tasks.join_next() => (), () = yield_now() => () }
        }
        assert_eq!((log(), server.seen().len()), (8, 20));
    });
}

#[test]
fn long_waits_are_told_with_the_reason() {
    let told = Rc::new(RefCell::new(Vec::new()));
    run(async {
        let clock = clock();
        let replies = [reply(429, &[("retry-after", "3")], ""), reply(429, &[("retry-after", "7")], ""), status(502)];
        let server = Server::start(replies, clock.shared()).await;
        let watch = Rc::clone(&told);
        let progress = Progress::new(move |event| watch.borrow_mut().push(event));
        let http = Http::new(HttpOptions::default(), Store::in_memory(), clock, progress);
        http.send(get(server.address.clone())).await.unwrap();
        let host = server.address.trim_start_matches("http://");
        let waiting = |reason: &str, seconds| Event::Waiting {
            reason: format!("{host} {reason}"),
            duration: Duration::from_secs(seconds),
        };
        let expected = [
            waiting("limits requests", 7),
            Event::Done,
            waiting("is overloaded", 30),
            Event::Done,
            waiting("is overloaded", 60),
            Event::Done,
        ];
        // Each wait is counted down, second by second.
        let told = told.borrow();
        let begins = |nth: &usize| *nth == 0 || told[nth - 1] == Event::Done || told[*nth] == Event::Done;
        let begun: Vec<_> = (0..told.len()).filter(begins).map(|nth| told[nth].clone()).collect();
        assert_eq!(begun, expected);
        assert_eq!(told.len(), 7 + 1 + 30 + 1 + 60 + 1);
    });
}

#[test]
fn reads_follow_to_other_addresses_without_their_credentials() {
    run(async {
        let home = Server::start([status(200)], None).await;
        let to = |address: &str| reply(302, &[("location", address)], "");
        let away = Server::start([to(&format!("{}/new", home.address))], None).await;
        let near = Server::start([to("/new"), status(200), to("/new")], None).await;
        let http = door(&clock());
        let request = |server: &Server| Request {
            headers: vec![("api-key".into(), "key".to_owned())],
            ..get(server.address.clone())
        };
        let with_token = |server: &Server| Request { bearer: Some("token".into()), ..request(server) };

        assert_eq!(http.send(with_token(&near)).await.unwrap().status, 200);
        assert!(near.seen()[1].text.starts_with("GET /new ") && near.seen()[1].text.contains("Bearer token"));
        assert_eq!(http.send(with_token(&away)).await.unwrap().status, 302);
        assert_eq!(home.seen().len(), 0);
        assert_eq!(http.send(request(&away)).await.unwrap().status, 200);
        assert!(!home.seen()[0].text.contains("api-key"));
        assert_eq!(http.counts()["GET"], 5);

        // A write would become a read on the way, and seem to have succeeded.
        let write = Request::new(Method::POST, near.address.clone());
        assert_eq!((http.send(write).await.unwrap().status, near.seen().len()), (302, 3));
        let error = http.send(request(&near)).await.unwrap_err();
        assert_eq!((error.fault(), near.seen().len()), (HttpFault::Invalid, 8));
    });
}

#[test]
fn an_answer_that_is_not_understood_is_told_without_what_is_in_it() {
    #[derive(Debug, serde::Deserialize)]
    struct Tokens {
        #[allow(dead_code)]
        expires_in: u32,
    }
    let cases = [
        (r#"{"expires_in":"planted"}"#, "`expires_in` is not as expected"),
        ("planted", "it is not JSON from line 1, column 1 on"),
        (r#"{"access_token":"planted"#, "it is not JSON from line 1, column 24 on"),
        ("", "it is empty"),
        ("<html>planted", "it is a web page"),
    ];
    for (body, message) in cases {
        let request = |address: String| Request { retry: Retry::Own, ..get(address) };
        let (response, server, _) = ask(request, vec![reply(200, &[], body)]);
        let error = response.unwrap().json::<Tokens>().unwrap_err();
        let host = server.address.trim_start_matches("http://");
        let expected = format!("{host} sent a response to `/path` that cannot be understood: {message}");
        assert_eq!(error.to_string(), expected);
        assert!(error.hint_text().is_some());
    }
}

#[test]
fn certificates_of_ones_own_are_read_or_their_absence_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (missing, wrong) = (folder.path().join("missing"), folder.path().join("wrong"));
    std::fs::write(&wrong, "-----BEGIN CERTIFICATE-----\nnonsense\n").unwrap();
    for path in [missing, wrong] {
        let name = path.display().to_string();
        let environment: crate::context::Environment = {
            let name = name.clone();
            crate::context::Environment::new(move |variable| (variable == "SSL_CERT_FILE").then(|| name.clone()))
        };
        let options = HttpOptions::from_environment(&environment);
        let http = Http::new(options, Store::in_memory(), clock(), Progress::none());
        let error = run(http.send(get("http://127.0.0.1:9".to_owned()))).unwrap_err();
        assert_eq!(error.fault(), HttpFault::Invalid);
        assert!(error.to_string().contains(&name), "{error}");
    }
}

/// What is logged, at every level and by every library.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_secret_is_ever_said() {
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let mut said = String::new();
    tracing::subscriber::with_default(subscriber, || {
        let replies =
            [status(200), status(401), Reply::Cut(Vec::new()), reply(200, &[("x-secret", "planted")], "planted")];
        for reply in replies {
            let request = |address: String| Request {
                query: vec![("key".to_owned(), "planted".to_owned())],
                headers: vec![("api-key".into(), "planted".to_owned())],
                bearer: Some("planted".into()),
                body: Some(json!({ "refresh_token": "planted" }).into()),
                ..post(Retry::Never)(address)
            };
            said += &format!("{:?}", request(String::new()));
            let (outcome, _, http) = ask(request, vec![reply]);
            said += &format!("{outcome:?} {http:?}");
            if let Err(error) = outcome {
                said += &error.to_string();
                said += &format!("{:?}", Error::from(error));
            }
        }
        for reply in [status(200), status(401), Reply::Cut(Vec::new())] {
            let hidden = |address: String| Request {
                url: format!("{}/planted/feed", address.replace("://", "://planted:planted@")),
                has_secret_path: true,
                ..post(Retry::Never)(address)
            };
            said += &format!("{:?}", hidden("http://x".to_owned()));
            let (outcome, ..) = ask(hidden, vec![reply]);
            said += &format!("{outcome:?}");
        }
        let newline = Request { bearer: Some("planted\n".into()), ..get("http://127.0.0.1:9".to_owned()) };
        said += &format!("{:?}", run(door(&clock()).send(newline)).unwrap_err());
    });
    let logged = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("POST 127.0.0.1:") && logged.contains("/path: 401 in 0 ms"), "{logged}");
    assert!(!logged.contains("planted"), "{logged}");
    assert!(!said.contains("planted"), "{said}");
}
