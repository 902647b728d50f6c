use std::cell::RefCell;
use std::process::{Command as Process, Stdio};
use std::rc::Rc;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::app::{DeleteApplication, ListApplications, SetApplication};
use super::auth::AuthCommand;
use super::countdown::countdown;
use super::delete::DeleteAccount;
use super::list::ListAccounts;
use super::refresh::RefreshCommand;
use super::secret::{KeyCommand, PasswordCommand};
use super::{Service, ServiceUser};
use crate::context::auth::tests::account;
use crate::context::auth::{Account, Application, Auth, Tokens};
use crate::context::http::tests::server::{Reply, Server, reply};
use crate::context::http::{Http, HttpOptions, Method, Request};
use crate::context::oauth::{AccountHttp, Provider};
use crate::context::store::Store;
use crate::context::{Clock, Context, Environment, Progress};
use crate::error::Result;
use crate::plugin::command::{Command, Format, Output, OutputEvent};
use crate::testing;

/// A service that follows the standard: forms, one token endpoint, no refresh token.
#[derive(JsonSchema)]
struct Site;

impl Service for Site {
    const NAME: &'static str = "site";

    fn provider(cx: &Context) -> Provider {
        let base = (cx.environment)("SITE").unwrap_or_default();
        Provider {
            scope: Some("lists"),
            revoke_url: Some(format!("{base}/revoke")),
            built_in: (cx.environment)("BUILT_IN").map(|id| Application { id, secret: None }),
            ..Provider::new(Self::NAME, "Site", format!("{base}/device"), format!("{base}/token"))
        }
    }

    async fn user(cx: &Context, name: &str) -> Result<Option<ServiceUser>> {
        let Some(account) = cx.auth.account(Self::NAME, name)? else { return Ok(None) };
        let http = AccountHttp::new(cx, Self::provider(cx), account);
        let url = format!("{}/user", (cx.environment)("SITE").unwrap_or_default());
        let user: Value = http.send(Request::new(Method::GET, url)).await?.ok()?.json()?;
        Ok(user["name"].as_str().map(|name| ServiceUser::new(http.account(), name)))
    }
}

/// A service whose accounts are keys or passwords.
#[derive(JsonSchema)]
struct Keys;

impl Service for Keys {
    const NAME: &'static str = "key-site";

    fn provider(_: &Context) -> Provider {
        Provider { applications_url: Some("https://keys.example"), ..Provider::without_oauth(Self::NAME, "Keys") }
    }
}

/// Lines that a command printed, and its questions.
type Said = Rc<RefCell<Vec<String>>>;

/// Runs a command of a service, with answers to its questions.
async fn run<C: Command>(arguments: Value, answers: &[&str], cx: &Context) -> (Result<()>, Vec<String>) {
    let said = Said::default();
    let hear = Rc::clone(&said);
    let mut answers: Vec<String> = answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
    let mut out = Output::new(Format::Text, None, move |event| {
        match event {
            OutputEvent::Line(text) | OutputEvent::Note(text) => hear.borrow_mut().push(text.to_owned()),
            OutputEvent::Table(table) => hear.borrow_mut().extend(table.rows.iter().map(|row| row.join(" | "))),
            OutputEvent::Ask { question, secret } => {
                hear.borrow_mut().push(format!("{question}{}", if secret { " ***" } else { "" }));
                return Ok(answers.pop());
            }
            _ => {}
        }
        Ok(None)
    });
    let command: C = serde_json::from_value(arguments).unwrap();
    let done = command.run(cx, &mut out).await;
    drop(out);
    (done, said.take())
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, work)
}

fn with_environment(cx: Context, variables: Vec<(&'static str, String)>) -> Context {
    let environment = Environment::new(move |name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    });
    Context { environment, ..cx }
}

async fn started(replies: Vec<Reply>) -> (Server, Context) {
    let cx = testing::context();
    let server = Server::start(replies, cx.clock.shared()).await;
    let site = vec![("SITE", server.address.clone())];
    (server, with_environment(cx, site))
}

fn json(status: u16, body: &Value) -> Reply {
    reply(status, &[("content-type", "application/json")], body.to_string())
}

fn device() -> Reply {
    let url = "https://site.example/link";
    json(200, &json!({ "device_code": "d", "user_code": "ABCD", "verification_uri": url, "expires_in": 900 }))
}

#[test]
fn the_time_left_reads_like_a_clock() {
    for (milliseconds, shown) in
        [(600_000, "10:00"), (599_001, "10:00"), (598_000, "9:58"), (1, "0:01"), (0, "0:00"), (3_661_000, "1:01:01")]
    {
        assert_eq!(countdown(Duration::from_millis(milliseconds)), shown);
    }
}

#[test]
fn an_account_of_any_service_is_authorized_listed_and_deleted() {
    block_on(async {
        let error = |code: &str| json(400, &json!({ "error": code }));
        let user = json(200, &json!({ "name": "Ann" }));
        let replies = vec![
            device(),
            error("authorization_pending"),
            error("slow_down"),
            json(200, &json!({ "access_token": "first", "expires_in": 3600 })),
            user.clone(),
            user,
            json(200, &json!({})),
        ];
        let (server, cx) = started(replies).await;
        let (done, said) = run::<AuthCommand<Site>>(json!({ "account": "ann" }), &["my-app", "s&cret"], &cx).await;
        done.unwrap();
        assert_eq!(
            said,
            [
                "this takes two steps, of which the first is needed only once:",
                "1. add an application at Site, and type its client id and secret here",
                "2. allow it at Site, in any browser, with the code that is shown then",
                "client id of your Site application:",
                "client secret (not shown; leave empty if there is none): ***",
                "visit https://site.example/link and enter the code ABCD",
                "or open https://site.example/link/ABCD",
                "the code expires in 15 minutes",
                "account `ann` is authorized as Site user `Ann`",
                "the access token expires 2026-11-24 01:00 (in 1 hour); it is renewed without being asked",
            ]
        );
        // Five seconds, five seconds, and five more after `slow_down`.
        assert_eq!(server.times()[1..4], [5, 10, 20]);
        assert!(server.seen()[1].text.contains("content-type: application/x-www-form-urlencoded"));
        assert!(server.seen()[1].text.ends_with("client_id=my-app&client_secret=s%26cret"));

        let (done, said) = run::<ListAccounts<Site>>(json!({ "verify": true }), &[], &cx).await;
        done.unwrap();
        assert_eq!(said, ["ann | Ann | 2026-11-24 00:00 | 2026-11-24 01:00 (in 1 hour) | valid, says Site"]);

        let (failed, _) = run::<RefreshCommand<Site>>(json!({ "account": "ann" }), &[], &cx).await;
        assert_eq!(failed.unwrap_err().to_string(), "account `ann` has no refresh token: Site gave none");

        let (done, said) = run::<DeleteAccount<Site>>(json!({ "account": "ann", "revoke": true }), &[], &cx).await;
        done.unwrap();
        assert_eq!(said, ["account `ann` was deleted", "access was ended on Site's side"]);
        assert!(server.seen().last().unwrap().text.starts_with("POST /revoke"));
        let (failed, _) = run::<DeleteAccount<Site>>(json!({ "account": "ann" }), &[], &cx).await;
        assert_eq!(failed.unwrap_err().hint_text(), Some("no account is stored"));
    });
}

#[test]
fn an_application_is_asked_for_once_even_if_the_user_declines() {
    block_on(async {
        let declined = json(400, &json!({ "error": "access_denied" }));
        let (_server, cx) = started(vec![device(), declined.clone(), device(), declined]).await;
        for answers in [&["my-app", "secret"][..], &[]] {
            let (failed, said) = run::<AuthCommand<Site>>(json!({ "account": "ann" }), answers, &cx).await;
            assert_eq!(failed.unwrap_err().message(), "you declined the request on Site");
            assert_eq!(said.iter().filter(|line| line.starts_with("client id of")).count(), answers.len() / 2);
        }
    });
}

#[test]
fn an_application_that_the_service_does_not_know_is_not_stored() {
    block_on(async {
        let unknown = json(401, &json!({ "error": "invalid_client" }));
        let (_server, cx) = started(vec![unknown]).await;
        let (failed, _) = run::<AuthCommand<Site>>(json!({ "account": "ann", "client_id": "typo" }), &[], &cx).await;
        failed.unwrap_err();
        assert!(cx.auth.applications("site").unwrap().is_empty());
    });
}

#[test]
fn applications_are_set_shown_and_deleted() {
    block_on(async {
        let cx = testing::context();
        let secret = |id: &str| {
            let known = cx.auth.applications("site").unwrap().into_iter().find(|known| known.id == id);
            known.and_then(|known| known.secret).map(|secret| secret.expose_secret().to_owned())
        };
        let set = async |arguments: Value, answers: &[&str]| {
            let (done, said) = run::<SetApplication<Site>>(arguments, answers, &cx).await;
            done.unwrap();
            said.last().cloned().unwrap_or_default()
        };
        assert_eq!(set(json!({ "client_id": " one " }), &["typed"]).await, "stored application `one` with a secret");
        assert_eq!(secret("one").as_deref(), Some("typed"));
        // There is nobody to ask: what is known stays.
        assert_eq!(set(json!({ "client_id": "one" }), &[]).await, "stored application `one` with a secret");
        assert_eq!(secret("one").as_deref(), Some("typed"));
        let gone = set(json!({ "client_id": "one", "client_secret": "" }), &[]).await;
        assert_eq!((gone.as_str(), secret("one")), ("stored application `one` without a secret", None));
        set(json!({ "client_id": "two", "client_secret": "given" }), &[]).await;

        cx.auth.save(&Account { client_id: "two".to_owned(), ..account("ann", "old") }).unwrap();
        let (_, said) = run::<ListApplications<Site>>(json!({}), &[], &cx).await;
        assert!(said.contains(&"two | yes | ann".to_owned()) && said.contains(&"one | no | ".to_owned()), "{said:?}");
        cx.auth.delete("site", "ann").unwrap();
        assert_eq!(cx.auth.applications("site").unwrap().len(), 2, "they outlive the last account");

        let dry = testing::dry_run(&cx);
        let (_, said) = run::<SetApplication<Site>>(json!({ "client_id": "three" }), &[], &dry).await;
        assert_eq!(said, ["would store application `three`"]);
        let (_, said) = run::<DeleteApplication<Site>>(json!({ "client_id": "two" }), &[], &dry).await;
        assert_eq!(said, ["would delete application `two`"]);
        assert_eq!(cx.auth.applications("site").unwrap().len(), 2);
        let (_, said) = run::<DeleteApplication<Site>>(json!({ "client_id": "two" }), &[], &cx).await;
        assert_eq!(said, ["deleted application `two`"]);
        let (failed, _) = run::<DeleteApplication<Site>>(json!({ "client_id": "two" }), &[], &cx).await;
        assert!(failed.unwrap_err().message().contains("no application with client id `two`"));
    });
}

#[test]
fn a_built_in_application_is_used_where_the_user_has_none() {
    block_on(async {
        let declined = json(400, &json!({ "error": "access_denied" }));
        let (server, cx) = started(vec![device(), declined.clone(), device(), declined]).await;
        let site = ("SITE", server.address.clone());
        let cx = with_environment(cx, vec![site, ("BUILT_IN", "packaged".to_owned())]);
        let (_, said) = run::<AuthCommand<Site>>(json!({ "account": "ann" }), &[], &cx).await;
        assert!(said[0].starts_with("visit "), "{said:?}");
        assert!(server.seen()[0].text.contains("client_id=packaged"));
        cx.auth.delete_application("site", "packaged").unwrap();
        let own = Application { id: "own".to_owned(), secret: None };
        cx.auth.save_application("site", &own).unwrap();
        run::<AuthCommand<Site>>(json!({ "account": "ann" }), &[], &cx).await.0.unwrap_err();
        assert!(server.seen()[2].text.contains("client_id=own"), "{}", server.seen()[2].text);
    });
}

#[test]
fn a_dry_run_stores_no_key_and_no_password_and_asks_for_none() {
    block_on(async {
        let cx = testing::dry_run(&testing::context());
        let variables = vec![("FLEXGET_KEY_SITE_KEY", "planted".to_owned())];
        let cx = with_environment(cx, variables);
        let (done, said) = run::<KeyCommand<Keys>>(json!({ "account": "me" }), &["planted"], &cx).await;
        done.unwrap();
        assert_eq!(said, ["would ask for an API key and store the account as `me`"]);
        let arguments = json!({ "account": "you", "user": "You.There" });
        let (done, said) = run::<PasswordCommand<Keys>>(arguments, &["pass word"], &cx).await;
        done.unwrap();
        assert_eq!(said, ["would ask for a password and store the account as `you`"]);
        assert!(cx.auth.accounts("key-site").unwrap().is_empty());
    });
}

#[test]
fn keys_and_passwords_are_stored_like_accounts() {
    block_on(async {
        let cx = testing::context();
        let (done, said) = run::<KeyCommand<Keys>>(json!({ "account": "me" }), &["planted"], &cx).await;
        done.unwrap();
        assert_eq!(
            said,
            ["API key at Keys (from https://keys.example; not shown): ***", "the API key of account `me` was stored"]
        );
        assert_eq!(cx.auth.key("key-site", "me").unwrap().expose_secret(), "planted");
        let arguments = json!({ "account": "you", "user": "You.There" });
        run::<PasswordCommand<Keys>>(arguments, &["pass word"], &cx).await.0.unwrap();
        let (user, password) = cx.auth.password("key-site", "you").unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("You.There", "pass word"));

        let (_, said) = run::<ListAccounts<Keys>>(json!({}), &[], &cx).await;
        assert_eq!(
            said,
            ["me | ? | 2026-11-24 00:00 | never | valid", "you | You.There | 2026-11-24 00:00 | never | valid"]
        );
        let (failed, _) = run::<ListAccounts<Keys>>(json!({ "account": "me", "verify": true }), &[], &cx).await;
        assert_eq!(failed.unwrap_err().message(), "not confirmed: account `me`");
        let (failed, _) = run::<KeyCommand<Keys>>(json!({ "account": "other" }), &[], &cx).await;
        assert_eq!(failed.unwrap_err().hint_text(), Some("run it on a terminal, or set `FLEXGET_KEY_SITE_KEY`"));
        let variables = vec![("FLEXGET_KEY_SITE_KEY", "of the environment".to_owned())];
        let (done, _) =
            run::<KeyCommand<Keys>>(json!({ "account": "me" }), &[], &with_environment(cx.clone(), variables)).await;
        done.unwrap();
        assert_eq!(cx.auth.key("key-site", "me").unwrap().expose_secret(), "of the environment");
        let (done, said) = run::<DeleteAccount<Keys>>(json!({ "account": "me" }), &[], &cx).await;
        done.unwrap();
        assert_eq!(said, ["account `me` was deleted", "this does not revoke access on Keys's side"]);
    });
}

/// Names the folder and the server for the processes of the test below.
const CHILD: &str = "FLEXGET_TEST_RENEWAL";

/// A process of the test below; nothing where no folder is named.
#[test]
fn a_process_that_renews() {
    let Ok(given) = std::env::var(CHILD) else { return };
    let (database, address) = given.split_once('|').unwrap();
    let (store, clock) = (Store::at(database), Clock::system());
    let http = Http::new(HttpOptions::default(), store.clone(), clock.clone(), Progress::none());
    let auth = Auth::new(store.clone(), clock.clone());
    let site = vec![("SITE", address.to_owned())];
    let cx = with_environment(Context { store, auth, http, clock, ..testing::context() }, site);
    let stored = cx.auth.account("site", "me").unwrap().unwrap();
    let http = AccountHttp::new(&cx, Site::provider(&cx), stored);
    let status = block_on(http.send(Request::new(Method::GET, format!("{address}/lists")))).unwrap().status;
    assert_eq!(status, 200);
}

#[test]
fn five_processes_that_renew_at_once_renew_once() {
    block_on(async {
        let renewed = json!({ "access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 86_400 });
        let replies = vec![json(200, &renewed), json(200, &json!({}))];
        let server = Server::start(replies, None).await;
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("accounts.sqlite");
        let clock = Clock::system();
        let expired = clock.now() - Duration::from_secs(60);
        let auth = Auth::new(Store::at(&database), clock);
        let old = account("me", "old");
        let tokens = Tokens { created: expired - Duration::from_secs(3600), expires: expired, ..old.tokens.clone() };
        auth.save(&Account { tokens, ..old }).unwrap();
        let given = format!("{}|{}", database.display(), server.address);
        let children: Vec<_> = (0..5)
            .map(|_| {
                Process::new(std::env::current_exe().unwrap())
                    .args(["--exact", "plugin::service::tests::a_process_that_renews"])
                    .env(CHILD, &given)
                    .stdout(Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in children {
            let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
            assert!(output.status.success());
        }
        let seen = server.seen();
        let renewals = seen.iter().filter(|seen| seen.text.starts_with("POST /token")).count();
        let with_new = seen.iter().filter(|seen| seen.text.contains("Bearer new-access")).count();
        assert_eq!((renewals, with_new, seen.len()), (1, 5, 6));
        let stored = auth.account("site", "me").unwrap().unwrap();
        assert_eq!(stored.tokens.refresh.expose_secret(), "new-refresh");
    });
}
