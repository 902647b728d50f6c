use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

use super::server::{Reply, Server, reply};
use super::{Http, HttpOptions, Store, clock, run};
use crate::context::http::{Body, Method, PageWalk, Paging, Request};
use crate::context::progress::{Event, Progress};
use crate::error::Result;

fn http() -> Http {
    Http::new(HttpOptions::default(), Store::in_memory(), clock(), Progress::none())
}

/// Reads the pages of a server, whose bodies are rows or objects with `rows`.
async fn rows(server: &Server, paging: Paging, progress: &Progress) -> Result<Vec<String>> {
    let request = Request::new(Method::GET, format!("{}/rows", server.address)).query("limit", "2");
    let http = http();
    let mut rows = Vec::new();
    let send = async |request: Request| http.send(request).await?.ok();
    let take = |response: &crate::context::http::Response| {
        let body: Value = response.json()?;
        let page = body.get("rows").unwrap_or(&body).as_array().cloned().unwrap_or_default();
        rows.extend(page.iter().filter_map(Value::as_str).map(str::to_owned));
        Ok(page.len())
    };
    PageWalk::new(request, paging).read(progress, send, take).await?;
    Ok(rows)
}

fn page(headers: &[(&str, &str)], body: &Value) -> Reply {
    reply(200, &[&[("content-type", "application/json")], headers].concat(), body.to_string())
}

fn paths(server: &Server) -> Vec<String> {
    server.seen().iter().filter_map(|seen| seen.text.split(' ').nth(1).map(str::to_owned)).collect()
}

#[test]
fn numbered_pages_end_with_an_empty_one() {
    run(async {
        let pages = [page(&[], &json!(["a", "b"])), page(&[], &json!(["c"])), page(&[], &json!([]))];
        let server = Server::start(pages, None).await;
        let shown = Rc::new(RefCell::new(Vec::new()));
        let hear = Rc::clone(&shown);
        let progress = Progress::new(move |event| hear.borrow_mut().push(event));
        assert_eq!(rows(&server, Paging::Number("page"), &progress).await.unwrap(), ["a", "b", "c"]);
        assert_eq!(paths(&server), ["/rows?limit=2&page=1", "/rows?limit=2&page=2", "/rows?limit=2&page=3"]);
        let shown = shown.borrow();
        let working = |done: u64| Event::Working { label: "reading 127.0.0.1".to_owned(), done, total: 0 };
        assert_eq!(*shown, [working(2), working(3), Event::Done]);
    });
}

#[test]
fn pages_that_never_end_are_an_error() {
    run(async {
        let server = Server::start([page(&[], &json!(["a"]))], None).await;
        let failure = rows(&server, Paging::Number("page"), &Progress::none()).await.unwrap_err();
        assert!(failure.message().contains("more than 10000 pages"), "{failure}");
    });
}

#[test]
fn links_are_followed_on_the_same_host_only() {
    run(async {
        let pages = [
            page(&[("link", "</rows?at=0>; rel=\"prev\", </rows?at=2>; rel=\"last next\"")], &json!(["a"])),
            page(&[("link", "</rows?at=1>; rel=prev")], &json!(["b"])),
        ];
        let server = Server::start(pages, None).await;
        assert_eq!(rows(&server, Paging::Link, &Progress::none()).await.unwrap(), ["a", "b"]);
        assert_eq!(paths(&server), ["/rows?limit=2", "/rows?at=2"]);

        let away = page(&[("link", "<http://127.0.0.1:9/rows>; rel=next")], &json!(["a"]));
        let server = Server::start([away], None).await;
        let failure = rows(&server, Paging::Link, &Progress::none()).await.unwrap_err();
        assert!(failure.message().contains("another host"), "{failure}");

        let circle = page(&[("link", "</rows?at=1>; rel=next")], &json!(["a"]));
        let server = Server::start([circle], None).await;
        let failure = rows(&server, Paging::Link, &Progress::none()).await.unwrap_err();
        assert!(failure.message().contains("the pages do not end"), "{failure}");
        assert_eq!(paths(&server).len(), 2);
    });
}

#[test]
fn a_field_of_the_body_names_the_next_page_or_a_cursor() {
    let paging = Paging::Field { pointer: "/paging/next", parameter: "cursor" };
    run(async {
        let next = |next: Value| page(&[], &json!({ "rows": ["x"], "paging": { "next": next } }));
        let pages = [next(json!("/rows?from=1")), next(json!("abc")), next(json!(7)), next(json!(null))];
        let server = Server::start(pages, None).await;
        assert_eq!(rows(&server, paging, &Progress::none()).await.unwrap().len(), 4);
        assert_eq!(
            paths(&server),
            ["/rows?limit=2", "/rows?from=1", "/rows?limit=2&cursor=abc", "/rows?limit=2&cursor=7"]
        );
    });
}

#[test]
fn a_request_is_built_with_query_headers_and_any_body() {
    run(async {
        let server = Server::start([page(&[], &json!({}))], None).await;
        let url = format!("{}/items", server.address);
        let requests = [
            Request::put(&url).json(json!({ "a": 1 })),
            Request::patch(&url).form([("a", "1 2"), ("b", "&")]),
            Request::delete(&url).text("words"),
            Request::post(&url).bytes("image/png", b"\x89PNG".to_vec()),
            Request::new(Method::OPTIONS, &url),
        ];
        for request in requests {
            let request = request.query("q", "ä b").header("x-name", "me").secret_header("x-key", "planted".into());
            assert!(!format!("{request:?}").contains("planted"));
            http().send(request).await.unwrap();
        }
        let seen: Vec<String> = server.seen().into_iter().map(|seen| seen.text).collect();
        for (at, (method, kind, body)) in [
            ("PUT", "application/json", r#"{"a":1}"#),
            ("PATCH", "application/x-www-form-urlencoded", "a=1+2&b=%26"),
            ("DELETE", "text/plain; charset=utf-8", "words"),
            ("POST", "image/png", "PNG"),
            ("OPTIONS", "", ""),
        ]
        .into_iter()
        .enumerate()
        {
            assert!(seen[at].starts_with(&format!("{method} /items?q=%C3%A4+b")), "{}", seen[at]);
            assert!(seen[at].contains("x-name: me") && seen[at].contains("x-key: planted"), "{}", seen[at]);
            assert!(kind.is_empty() || seen[at].contains(&format!("content-type: {kind}")), "{}", seen[at]);
            assert!(seen[at].ends_with(body), "{}", seen[at]);
        }
        let wrong = Request::get(&url).secret_header("x-key", "planted\n".into());
        let failure = http().send(wrong).await.unwrap_err().to_string();
        assert!(failure.contains("x-key") && !failure.contains("planted"), "{failure}");
        assert!(matches!(Request::get(&url).json(json!(1)).body, Some(Body::Json(_))));
    });
}
