use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::task::{JoinSet, LocalSet};

use super::renewal::is_wrong_redirect;
use super::{AccountHttp, DeviceCode, Encoding, Poll, Provider};
use crate::context::Context;
use crate::context::auth::tests::account;
use crate::context::auth::{AccountState, Application};
use crate::context::http::tests::server::{Reply, Server, reply};
use crate::context::http::{Method, Request};
use crate::testing;

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, work)
}

/// A service that follows the standard: forms, and one token endpoint.
fn provider(server: &Server) -> Provider {
    let base = &server.address;
    Provider {
        scope: Some("lists"),
        revoke_url: Some(format!("{base}/revoke")),
        ..Provider::new("site", "Site", format!("{base}/device"), format!("{base}/token"))
    }
}

fn json(status: u16, body: &serde_json::Value) -> Reply {
    reply(status, &[("content-type", "application/json")], body.to_string())
}

fn error(code: &str) -> Reply {
    json(400, &json!({ "error": code }))
}

fn tokens(word: &str) -> Reply {
    json(
        200,
        &json!({ "access_token": format!("{word}-access"), "refresh_token": format!("{word}-refresh"), "expires_in": 3600 }),
    )
}

fn application() -> Application {
    Application { id: "the application".to_owned(), secret: Some("s&cret".into()) }
}

async fn started(replies: Vec<Reply>) -> (Server, Context) {
    let cx = testing::context();
    (Server::start(replies, cx.clock.shared()).await, cx)
}

#[test]
fn a_device_is_authorized_by_forms() {
    run(async {
        let device = json!({
            "device_code": "d", "user_code": "ABCD", "verification_uri": "https://site.example/link", "expires_in": 900,
        });
        let replies = vec![
            json(200, &device),
            error("authorization_pending"),
            error("slow_down"),
            json(200, &json!({ "access_token": "first", "token_type": "bearer" })),
        ];
        let (server, cx) = started(replies).await;
        let provider = provider(&server);
        let code = provider.device_code(&cx, &application()).await.unwrap();
        assert_eq!(code.prefilled_url(), "https://site.example/link/ABCD");
        assert_eq!((code.interval().as_secs(), code.life().as_secs()), (5, 900));
        assert!(matches!(provider.poll(&cx, &application(), &code).await.unwrap(), Poll::Pending));
        assert!(matches!(provider.poll(&cx, &application(), &code).await.unwrap(), Poll::SlowDown(None)));
        let Poll::Approved(tokens) = provider.poll(&cx, &application(), &code).await.unwrap() else {
            panic!("pending")
        };
        // There is no refresh token, and no life.
        assert_eq!((tokens.access.expose_secret(), tokens.refresh.expose_secret()), ("first", ""));
        assert!(tokens.expires > cx.clock.now());

        let seen = server.seen();
        assert!(seen[0].text.ends_with("client_id=the+application&scope=lists"), "{}", seen[0].text);
        assert!(seen[0].text.contains("content-type: application/x-www-form-urlencoded"), "{}", seen[0].text);
        let poll = "device_code=d&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
                    &client_id=the+application&client_secret=s%26cret";
        assert!(seen[1].text.ends_with(poll), "{}", seen[1].text);
    });
}

#[test]
fn a_poll_ends_with_what_the_service_says() {
    for (code, message) in [
        ("access_denied", "you declined the request on Site"),
        ("expired_token", "the code has expired"),
        ("invalid_client", "Site does not accept the application's client id or secret: invalid_client"),
        ("other", "the request was rejected with status 400: other"),
    ] {
        run(async {
            let (server, cx) = started(vec![error(code)]).await;
            let device =
                json!({ "device_code": "device-1", "user_code": "A", "verification_uri": "https://site.example" });
            let device: DeviceCode = serde_json::from_value(device).unwrap();
            let Err(error) = provider(&server).poll(&cx, &application(), &device).await else { panic!("{code}") };
            assert!(error.message() == message && error.hint_text().is_some(), "{code}: {error}");
        });
    }
}

#[test]
fn five_that_renew_at_once_renew_once() {
    run(async {
        let (server, cx) = started(vec![tokens("new"), json(200, &json!({}))]).await;
        cx.auth.save(&account("me", "old")).unwrap();
        cx.clock.sleep(Duration::from_secs(30 * 86_400)).await;
        let provider = provider(&server);
        let mut tasks = JoinSet::new();
        for _ in 0..5 {
            let cx = testing::next_run(&cx);
            let (provider, url) = (provider.clone(), format!("{}/lists", server.address));
            tasks.spawn_local(async move {
                let stored = cx.auth.account("site", "me").unwrap().unwrap();
                AccountHttp::new(&cx, provider, stored).send(Request::new(Method::GET, url)).await.unwrap().status
            });
        }
        assert_eq!(tasks.join_all().await, [200; 5]);
        let seen = server.seen();
        let renewals = seen.iter().filter(|seen| seen.text.starts_with("POST /token")).count();
        assert_eq!((renewals, seen.len()), (1, 6));
        assert!(seen[1..].iter().all(|seen| seen.text.contains("Bearer new-access")));
    });
}

#[test]
fn a_401_renews_once_and_then_is_final() {
    run(async {
        let unauthorized = || json(401, &json!({}));
        let (server, cx) = started(vec![unauthorized(), tokens("new"), unauthorized()]).await;
        let expires = cx.clock.now() + Duration::from_secs(30 * 86_400);
        let old = account("me", "old");
        let tokens = crate::context::auth::Tokens { created: cx.clock.now(), expires, ..old.tokens.clone() };
        cx.auth.save(&crate::context::auth::Account { tokens, ..old }).unwrap();
        let stored = cx.auth.account("site", "me").unwrap().unwrap();
        let http = AccountHttp::new(&cx, provider(&server), stored);
        let get = || Request::new(Method::GET, format!("{}/lists", server.address));
        assert_eq!(http.send(get()).await.unwrap().status, 401);
        assert_eq!(server.seen().len(), 3);
        assert_eq!(http.send(get()).await.unwrap().status, 401);
        assert_eq!(server.seen().len(), 4, "it is not renewed again");
        assert_eq!(http.account().tokens.access.expose_secret(), "new-access");
        // What this run knows of the account is for all of its requests.
        let known = |cx: &Context| AccountHttp::known(cx, provider(&server), "me");
        assert_eq!(known(&cx).unwrap().account().tokens.access.expose_secret(), "new-access");
        assert!(known(&testing::next_run(&cx)).is_none());
    });
}

#[test]
fn a_lost_response_is_asked_for_once_more_and_a_dead_token_is_remembered() {
    run(async {
        let (server, cx) = started(vec![Reply::Cut(Vec::new()), error("invalid_grant")]).await;
        cx.auth.save(&account("me", "old")).unwrap();
        cx.clock.sleep(Duration::from_secs(30 * 86_400)).await;
        let stored = cx.auth.account("site", "me").unwrap().unwrap();
        let http = AccountHttp::new(&cx, provider(&server), stored);
        let send = async || http.send(Request::new(Method::GET, "http://127.0.0.1:1/")).await.unwrap_err();
        for _ in 0..2 {
            let failure = crate::error::Error::from(send().await);
            assert!(failure.message().contains("invalid_grant (the response to a renewal was lost)"), "{failure}");
            assert_eq!(failure.hint_text(), Some("run `flexget-rs site auth me`"));
        }
        assert_eq!(server.seen().len(), 2);
        let state = cx.auth.account("site", "me").unwrap().unwrap().state;
        assert!(matches!(state, AccountState::NeedsAuthorization(_)));
    });
}

#[test]
fn a_token_without_a_refresh_token_is_used_to_its_end() {
    run(async {
        let (server, cx) = started(vec![json(200, &json!({}))]).await;
        let now = cx.clock.now();
        let old = account("me", "old");
        let tokens = crate::context::auth::Tokens {
            refresh: "".into(),
            created: now,
            expires: now + Duration::from_secs(3600),
            ..old.tokens.clone()
        };
        cx.auth.save(&crate::context::auth::Account { tokens, ..old }).unwrap();
        let stored = cx.auth.account("site", "me").unwrap().unwrap();
        let http = AccountHttp::new(&cx, provider(&server), stored);
        let get = || Request::new(Method::GET, format!("{}/lists", server.address));
        assert_eq!(http.send(get()).await.unwrap().status, 200);
        cx.clock.sleep(Duration::from_secs(3601)).await;
        let failure = crate::error::Error::from(http.send(get()).await.unwrap_err());
        assert!(failure.message().contains("Site gave no refresh token"), "{failure}");
        assert_eq!(server.seen().len(), 1);
    });
}

#[test]
fn access_is_revoked_in_the_encoding_of_the_service() {
    run(async {
        let (server, cx) =
            started(vec![json(200, &json!({})), json(503, &json!({ "error": "old-access is odd" }))]).await;
        let provider = Provider { encoding: Encoding::Json, ..provider(&server) };
        provider.revoke(&cx, &account("me", "old")).await.unwrap();
        assert!(server.seen()[0].text.contains(r#"{"token":"old-access","client_id":"the-application""#));
        let failure = provider.revoke(&cx, &account("me", "old")).await.unwrap_err();
        assert!(!failure.to_string().contains("old-access"), "{failure}");
    });
}

#[test]
fn a_dry_run_renews_tokens_and_sends_no_other_write() {
    run(async {
        let (server, cx) = started(vec![tokens("new"), json(200, &json!({}))]).await;
        cx.auth.save(&account("me", "old")).unwrap();
        cx.clock.sleep(Duration::from_secs(30 * 86_400)).await;
        let cx = testing::dry_run(&cx);
        let stored = cx.auth.account("site", "me").unwrap().unwrap();
        let http = AccountHttp::new(&cx, provider(&server), stored);
        let url = format!("{}/lists", server.address);
        assert_eq!(http.send(Request::new(Method::GET, &url)).await.unwrap().status, 200);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let failure = crate::error::Error::from(http.send(Request::new(method, &url)).await.unwrap_err());
            assert!(failure.message().contains("not sent in a dry run") && !failure.may_have_happened(), "{failure}");
        }
        let search = Request { in_dry_run: true, ..Request::new(Method::POST, &url) };
        assert_eq!(http.send(search).await.unwrap().status, 200);
        assert_eq!(server.seen().len(), 3);
        assert_eq!(
            testing::next_run(&cx).auth.account("site", "me").unwrap().unwrap().tokens.access.expose_secret(),
            "new-access"
        );
    });
}

#[test]
fn an_api_key_is_stored_like_an_account_and_never_expires() {
    let cx = testing::context();
    cx.auth.save_key("site", "me", "planted".into()).unwrap();
    assert_eq!(cx.auth.key("site", "me").unwrap().expose_secret(), "planted");
    assert_eq!(cx.auth.account("site", "me").unwrap().unwrap().tokens.expires, Timestamp::MAX);
    assert!(cx.auth.applications("site").unwrap().is_empty());
    assert!(cx.auth.key("site", "you").unwrap_err().hint_text().is_some());
    let shared = Rc::new(cx);
    assert!(shared.auth.delete("site", "me").unwrap());
}

#[test]
fn numbers_from_outside_are_bounded() {
    for (value, interval, life) in [
        (json!(null), 5, 600),
        (json!("soon"), 5, 600),
        (json!(-1), 5, 600),
        (json!(0), 5, 600),
        (json!("7"), 7, 7),
        (json!(7.5), 7, 7),
        (json!(u64::MAX), 5, 600),
        (json!(i64::MAX), 3600, 3600),
    ] {
        let fields = json!({
            "device_code": "d", "user_code": "u", "verification_url": "v", "interval": value, "expires_in": value,
        });
        let code: DeviceCode = serde_json::from_value(fields).unwrap();
        assert_eq!((code.interval().as_secs(), code.life().as_secs()), (interval, life), "{value}");
    }
}

#[test]
fn a_dead_token_is_told_from_a_wrong_redirect_uri() {
    let standard = "The provided authorization grant or refresh token is invalid, expired, revoked, does not \
                    match the redirection URI used in the authorization request";
    for (reason, is_wrong) in [(standard, false), ("session not found", false), ("Redirect URI mismatch", true)] {
        assert_eq!(is_wrong_redirect(Some(reason)), is_wrong, "{reason}");
    }
}
