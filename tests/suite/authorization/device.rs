//! `trakt auth`, `trakt list`, `trakt refresh` and `trakt delete`, as a user sees them.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;

use flexget_core::context::Clock;
use flexget_tests::Sandbox;
use secrecy::ExposeSecret;
use trakt_sim::{CLIENT_ID, Fault, Reply, Trouble};

use super::{authorize_expired, stored};
use crate::PROGRAM;

const CONFIG: &str = "
    tasks:
      read: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
    ";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(CONFIG).with_sim();
    sandbox.sim().auto_approve(Some("ann-kay"), 2);
    sandbox
}

/// What is drawn with blocks is a QR code.
fn has_picture(text: &str) -> bool {
    text.contains('█') && text.contains('▀')
}

#[test]
fn in_a_pipe_there_are_plain_lines_only() {
    let ran = sandbox().run("trakt auth me").good();
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!all.contains('\u{1b}') && !all.contains('\r') && !has_picture(&all), "{all}");
    let line = |start: &str| ran.stdout.lines().any(|line| line.starts_with(start));
    for start in [
        "visit http://127.0.0.1:",
        "or open http://127.0.0.1:",
        "the code expires in 10 minutes",
        "account `me` is authorized as Trakt user `Ann.Kay`",
        "the access token expires ",
        "limits: ",
    ] {
        assert!(line(start), "{start}\n{}", ran.stdout);
    }
    assert!(ran.stderr.contains("the account is called `me` and the Trakt user `Ann.Kay`"), "{}", ran.stderr);
}

#[test]
fn a_terminal_that_is_wide_enough_shows_a_picture_and_the_time_left() {
    for (width, has) in [(100, true), (20, false)] {
        let ran = sandbox().on_terminal(width).run("trakt auth ann.kay").good();
        assert_eq!(has_picture(&ran.stdout), has, "{width}: {}", ran.stdout);
        assert!(ran.stdout.contains("the code"), "{width}: {}", ran.stdout);
        assert!(ran.stderr.contains('\r') || ran.stderr.contains('\u{1b}'), "{width}: {:?}", ran.stderr);
        assert!(width < 40 || ran.stderr.contains(" left: waiting for you"), "{width}: {}", ran.stderr);
        assert!(!ran.stderr.contains("the account is called"), "a name that is the user's is no reason to warn");
    }
}

#[test]
fn where_the_answer_is_a_document_the_code_is_told_beside_it() {
    let ran = sandbox().run("trakt auth me --format json").good();
    assert!(ran.stderr.contains("enter the code "), "{}", ran.stderr);
    let account = ran.json();
    assert_eq!((account["account"].as_str(), account["user"].as_str()), (Some("me"), Some("Ann.Kay")), "{account}");
    assert_eq!(account["expires"], "2026-12-01T00:00:15Z", "{account}");
}

#[test]
fn what_is_private_is_not_shown_to_nobody() {
    let sandbox =
        Sandbox::new("tasks:\n  a: { trakt_list: { username: bob, list: watchlist }, accept_all: yes }\n").with_sim();
    sandbox.sim().fail(Fault::on("GET", "/users/bob").status(401));
    let ran = sandbox.run("execute");
    assert!(ran.stderr.contains("the list `watchlist` of Trakt user `bob` is private"), "{}", ran.stderr);
    assert!(ran.stderr.contains("set `account` to a name stored by `flexget-rs trakt auth NAME`"), "{}", ran.stderr);
}

#[test]
fn polls_keep_the_interval_and_end_with_the_code() {
    let expired = "the code has expired";
    for (name, interval, trouble, most, said) in [
        ("nobody decides", 5, None, 120, expired),
        ("no interval", 0, None, 600, expired),
        ("a long one", 3600, None, 1, expired),
        ("Trakt is down", 5, Some(Fault::on("POST", "/oauth/device/token").status(503)), 120, expired),
        (
            "the connection breaks",
            5,
            Some(Fault::on("POST", "/oauth/device/token").with(Trouble::CloseBefore)),
            120,
            expired,
        ),
        ("slow down", 5, Some(Fault::on("POST", "/oauth/device/token").too_many(None)), 30, expired),
        ("wait an hour", 5, Some(Fault::on("POST", "/oauth/device/token").too_many(Some(3600))), 3, expired),
    ] {
        let sandbox = sandbox();
        sandbox.sim().auto_approve(None, 0);
        sandbox.sim().with(|world| world.oauth.interval = interval);
        if let Some(trouble) = trouble {
            sandbox.sim().fail(trouble);
        }
        let start = sandbox.clock.now();
        let ran = sandbox.run("trakt auth me");
        let took = sandbox.clock.now().duration_since(start).as_secs();
        assert_eq!(ran.code, 1, "{name}");
        assert!(ran.stderr.contains(said) && ran.stderr.contains("run the command again"), "{name}: {}", ran.stderr);
        assert!((1..=601).contains(&took), "{name}: {took} s");
        let polls = sandbox.sim().count("POST", "/oauth/device/token");
        assert!((1..=most).contains(&polls), "{name}: {polls} polls");
        assert!(stored(&sandbox).is_none(), "{name}");
    }
}

#[test]
fn a_limit_may_be_said_as_a_date() {
    let sandbox = sandbox();
    sandbox.sim().auto_approve(Some("ann-kay"), 0);
    let reply = Reply::empty(429).header("Retry-After", "Tue, 24 Nov 2026 00:01:30 GMT");
    let reply = reply.header("Date", "Tue, 24 Nov 2026 00:00:05 GMT");
    sandbox.sim().fail(Fault::on("POST", "/oauth/device/token").once().answers(reply));
    let start = sandbox.clock.now();
    sandbox.run("trakt auth me").good();
    let waited = sandbox.clock.now().duration_since(start).as_secs();
    assert!((85..=95).contains(&waited), "{waited}");
}

#[test]
fn a_code_whose_answer_was_lost_is_used_up() {
    let sandbox = sandbox();
    sandbox.sim().auto_approve(Some("ann-kay"), 0);
    sandbox.sim().fail(Fault::on("POST", "/oauth/device/token").once().with(Trouble::CloseAfter));
    let ran = sandbox.run("trakt auth me");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("trying again until the code expires"), "{}", ran.stderr);
    assert!(ran.stderr.contains("the code was used already"), "{}", ran.stderr);
    sandbox.run("trakt auth me").good();
}

#[test]
fn a_user_that_is_not_told_is_no_reason_to_lose_the_tokens() {
    let sandbox = sandbox();
    sandbox.sim().fail(Fault::on("GET", "/users/settings").status(503));
    let ran = sandbox.run("trakt auth me").good();
    assert!(ran.stdout.contains("account `me` is authorized"), "{}", ran.stdout);
    assert!(ran.stderr.contains("Trakt did not say which user that is"), "{}", ran.stderr);
    sandbox.sim().heal();
    sandbox.run("execute").good();
}

#[test]
fn authorizing_again_replaces_everything_that_was_known() {
    let sandbox = sandbox();
    sandbox.run("trakt auth me").good();
    let before = stored(&sandbox).unwrap();
    let line = "execute --format json";
    let anns = sandbox.run(line).good().titles("read", "accepted");
    sandbox.sim().auto_approve(Some("bob"), 0);
    sandbox.run("trakt auth me").good();
    let after = stored(&sandbox).unwrap();
    assert_ne!(before.tokens.access.expose_secret(), after.tokens.access.expose_secret());
    assert_eq!(after.user.as_deref(), Some("bob"));
    let bobs = sandbox.run(line).good().titles("read", "accepted");
    assert_ne!(anns, bobs, "nothing of the other user is shown");
    assert_eq!(sandbox.run("trakt list --format json").good().json().as_array().map(Vec::len), Some(1));
}

#[test]
fn an_attempt_that_fails_leaves_what_was_there() {
    let sandbox = sandbox();
    sandbox.run("trakt auth me").good();
    let before = stored(&sandbox).unwrap();
    sandbox.sim().fail(Fault::on("POST", "/oauth/device/token").status(418));
    assert_eq!(sandbox.run("trakt auth me").code, 1);
    let after = stored(&sandbox).unwrap();
    assert_eq!(before.tokens.access.expose_secret(), after.tokens.access.expose_secret());
}

#[test]
fn the_application_is_given_known_or_asked_for() {
    let mut sandbox = sandbox();
    sandbox.environment.remove("FLEXGET_TRAKT_CLIENT_ID");
    sandbox.environment.remove("FLEXGET_TRAKT_CLIENT_SECRET");
    let nobody_to_ask = sandbox.run("trakt auth me");
    assert_eq!(nobody_to_ask.code, 1);
    assert!(nobody_to_ask.stderr.contains("there is no client id"), "{}", nobody_to_ask.stderr);
    assert!(nobody_to_ask.stderr.contains("https://app.trakt.tv/settings/apps/api"), "{}", nobody_to_ask.stderr);

    sandbox.typed = vec![CLIENT_ID.to_owned(), String::new()];
    let mut sandbox = sandbox.on_terminal(100);
    let asked = sandbox.run("trakt auth me").good();
    for told in [
        "1. add an application at https://app.trakt.tv/settings/apps/api, with the redirect URI",
        "2. allow it at Trakt",
        "client id of your Trakt application",
    ] {
        assert!(asked.stderr.contains(told), "{told}: {}", asked.stderr);
    }
    assert!(stored(&sandbox).unwrap().client_secret.is_none());

    // Asked for once: from now on it is known, for other accounts too.
    sandbox.typed = Vec::new();
    sandbox.run("trakt auth me").good();
    sandbox.run("trakt auth other").good();
    sandbox.run(&format!("trakt auth me --client-id {CLIENT_ID} --client-secret {}", trakt_sim::CLIENT_SECRET)).good();
    assert!(stored(&sandbox).unwrap().client_secret.is_some());
    let wrong = sandbox.run("trakt auth me --client-id deadbeef");
    assert!(wrong.stderr.contains("does not accept the application's client id or secret"), "{}", wrong.stderr);
    assert_eq!(stored(&sandbox).unwrap().client_id, CLIENT_ID);
}

#[test]
fn a_secret_goes_with_its_application() {
    let mut sandbox = sandbox();
    let sent = |sandbox: &Sandbox| {
        let mut polls = sandbox.sim().requests().into_iter().filter(|seen| seen.path == "/oauth/device/token");
        let body = polls.next_back().unwrap().body.unwrap();
        (body["client_id"].as_str().map(str::to_owned), body["client_secret"].as_str().map(str::to_owned))
    };
    let text = |word: &str| Some(word.to_owned());
    sandbox.sim().with(|world| {
        let own = |id: &str, secret: Option<&str>| trakt_sim::App {
            client_id: id.to_owned(),
            client_secret: secret.map(str::to_owned),
            redirect_uri: trakt_sim::REDIRECT_URI.to_owned(),
        };
        world.apps.extend([own("other", None), own("third", Some("third-secret"))]);
    });
    // The environment's secret is not that of another application.
    sandbox.run("trakt auth me --client-id other").good();
    assert_eq!(sent(&sandbox), (text("other"), None));
    sandbox.run("trakt auth me --client-id third --client-secret third-secret").good();
    assert_eq!(sent(&sandbox), (text("third"), text("third-secret")));
    // What was stored is known, and said not to be there with an empty one.
    sandbox.run("trakt auth me --client-id third").good();
    assert_eq!(sent(&sandbox), (text("third"), text("third-secret")));
    let mut line = sandbox.process(PROGRAM, "trakt auth me --client-id third");
    line.args(["--client-secret", ""]);
    sandbox.sim().auto_approve(None, 0);
    let mut child = line.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let polls = sandbox.sim().count("POST", "/oauth/device/token");
    assert!(sandbox.sim().wait_for("POST", "/oauth/device/token", polls + 1, Duration::from_secs(60)));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(sent(&sandbox), (text("third"), None));
    // Without an option the environment is right again.
    sandbox.sim().auto_approve(Some("ann-kay"), 0);
    sandbox.run("trakt auth me").good();
    assert_eq!(sent(&sandbox), (text(CLIENT_ID), text(trakt_sim::CLIENT_SECRET)));
    sandbox.environment.remove("FLEXGET_TRAKT_CLIENT_ID");
    sandbox.run("trakt auth me").good();
    assert_eq!(sent(&sandbox), (text(CLIENT_ID), text(trakt_sim::CLIENT_SECRET)));
}

#[test]
fn names_that_may_be_taken_for_another_are_warned_of() {
    let sandbox = sandbox();
    let notes = |line: &str| sandbox.run(line).good().stderr;
    assert_eq!(notes("trakt auth Ann.Kay"), "");
    assert_eq!(notes("trakt auth ann-kay"), "");
    sandbox.sim().auto_approve(Some("bob"), 0);
    let said = notes("trakt auth ann-kay");
    assert!(said.contains("account `ann-kay` was Trakt user `Ann.Kay` until now, and is `bob` from now on"), "{said}");
    assert!(said.contains("the account is called `ann-kay` and the Trakt user `bob`"), "{said}");
    assert!(said.contains("the Trakt user `ann-kay` is account `Ann.Kay`"), "{said}");
    assert!(!notes("trakt auth ann-kay").contains("until now"));
}

#[test]
fn an_account_that_there_is_not_is_answered_with_those_that_there_are() {
    let sandbox = sandbox();
    for line in ["trakt list anne", "trakt refresh anne", "trakt delete anne", "trakt delete anne --revoke"] {
        let ran = sandbox.run(line);
        assert!(ran.code == 1 && ran.stderr.contains("account `anne`"), "{line}: {}", ran.stderr);
        assert!(!ran.stderr.contains("authorized accounts"), "{line}: {}", ran.stderr);
    }
    assert!(sandbox.run("trakt delete anne").stderr.contains("no account is stored"));
    sandbox.run("trakt auth ann").good();
    sandbox.run("trakt auth bert").good();
    for line in ["trakt list anne", "trakt refresh anne", "trakt delete anne", "trakt delete anne --revoke"] {
        let ran = sandbox.run(line);
        assert!(ran.code == 1 && ran.stdout.is_empty(), "{line}: {}", ran.stdout);
        let told = "did you mean `ann`? authorized accounts: ann, bert";
        assert!(ran.stderr.contains(told), "{line}: {}", ran.stderr);
        assert_eq!(ran.stderr.contains("trakt auth anne"), !line.contains("delete"), "{line}: {}", ran.stderr);
    }
    assert_eq!(sandbox.run("trakt delete").code, 2, "there is no way to delete all at once");
    assert_eq!(sandbox.run("trakt delete ann bert").code, 2, "nor several");
    sandbox.run("trakt delete ann").good();
    let left = sandbox.run("trakt list --format json").good().json();
    assert_eq!((left.as_array().map(Vec::len), &left[0]["account"]), (Some(1), &"bert".into()));
}

#[test]
fn times_are_those_of_the_users_clock() {
    let mut sandbox = Sandbox::new(CONFIG);
    sandbox.clock = Clock::system();
    let mut sandbox = sandbox.with_sim();
    sandbox.authorize("me", "ann-kay");
    let account = stored(&sandbox).unwrap();
    for (zone, hours) in [("XYZ-5", 5), ("XYZ+7", -7)] {
        sandbox.environment.insert("TZ".into(), zone.into());
        let shown = sandbox.run_process(PROGRAM, "trakt list").good().stdout;
        let at = |moment: jiff::Timestamp| {
            jiff::tz::Offset::constant(hours).to_datetime(moment).strftime("%Y-%m-%d %H:%M").to_string()
        };
        let whole = format!("{}  {} (in 6 days)  valid", at(account.tokens.created), at(account.tokens.expires));
        assert!(shown.contains(&whole), "{zone}: {whole}\n{shown}");
        // Data is the same everywhere.
        let data = sandbox.run_process(PROGRAM, "trakt list --format json").good().json();
        assert_eq!(data[0]["expires"], account.tokens.expires.to_string());
    }
}

#[test]
fn accounts_are_listed_with_what_becomes_of_them() {
    let sandbox = sandbox();
    sandbox.run("trakt auth me").good();
    let state = |arguments: &str| {
        let ran = sandbox.run(&format!("trakt list me --format json{arguments}"));
        ran.json()[0]["state"].as_str().map(str::to_owned).unwrap_or_default()
    };
    assert_eq!(state(""), "valid");
    assert_eq!(state(" --verify"), "valid, says Trakt");
    let shown = sandbox.run("trakt list").good().stdout;
    for part in ["me", "Ann.Kay", "2026-11-24", "2026-12-01", "(in ", "valid"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let days = |count: i64| {
        sandbox.clock.shared().unwrap().fetch_add(count * 86_400_000, std::sync::atomic::Ordering::SeqCst);
    };
    days(6);
    assert_eq!(state(""), "renews soon");
    days(2);
    assert_eq!(state(""), "expired, will be renewed");
    assert!(sandbox.run("trakt list").good().stdout.contains("ago)"));
    sandbox.sim().revoke("ann-kay");
    assert_eq!(state(" --verify"), "needs authorization again", "asking has shown it");
    assert_eq!(sandbox.run("trakt list me --verify").code, 1);
    assert_eq!(state(""), "needs authorization again");
    assert!(sandbox.run("trakt list").good().stdout.contains("session not found"));

    let unknown = sandbox.run("trakt list nobody");
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("account `nobody` has not been authorized"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("authorized accounts: me"), "{}", unknown.stderr);
}

#[test]
fn a_renewal_can_be_forced() {
    let sandbox = sandbox();
    sandbox.run("trakt auth me").good();
    let before = stored(&sandbox).unwrap();
    let ran = sandbox.run("trakt refresh me").good();
    assert!(
        ran.stdout.contains("the access token of account `me` was renewed; it expires 2026-12-01"),
        "{}",
        ran.stdout
    );
    let after = stored(&sandbox).unwrap();
    assert_ne!(before.tokens.refresh.expose_secret(), after.tokens.refresh.expose_secret());
    // A dry run changes nothing.
    let ran = sandbox.run("--test trakt refresh me").good();
    assert!(ran.stdout.contains("would renew the access token of account `me`"), "{}", ran.stdout);
    let kept = stored(&sandbox).unwrap();
    assert_eq!(after.tokens.refresh.expose_secret(), kept.tokens.refresh.expose_secret());
    let asked = sandbox.sim().requests().len();
    for (line, would) in [
        ("--test trakt auth other", "would ask Trakt for a code"),
        ("--test trakt delete me --revoke", "would delete account `me` and revoke its access"),
    ] {
        let ran = sandbox.run(line).good();
        assert!(ran.stdout.contains(would), "{line}: {}", ran.stdout);
    }
    assert!(stored(&sandbox).is_some() && sandbox.sim().requests().len() == asked);
    sandbox.run("trakt refresh me").good();
    let unknown = sandbox.run("trakt refresh nobody");
    assert!(unknown.code == 1 && unknown.stderr.contains("authorized accounts: me"), "{}", unknown.stderr);
}

#[test]
fn a_dry_run_keeps_the_tokens_that_it_renews() {
    let sandbox = sandbox();
    authorize_expired(&sandbox);
    sandbox.run("execute --test").good();
    sandbox.run("execute").good();
    assert_eq!(sandbox.sim().count("POST", "/oauth/token"), 1);
}

#[test]
fn accounts_are_deleted_by_name_and_revoked_if_wanted() {
    let sandbox = sandbox();
    sandbox.run("trakt auth me").good();
    let unknown = sandbox.run("trakt delete nobody");
    assert!(unknown.code == 1 && unknown.stderr.contains("authorized accounts: me"), "{}", unknown.stderr);
    let ran = sandbox.run("trakt delete me").good();
    assert!(ran.stdout.contains("https://app.trakt.tv/settings/apps"), "{}", ran.stdout);
    assert_eq!(sandbox.sim().count("POST", "/oauth/revoke"), 0);
    assert!(stored(&sandbox).is_none());

    sandbox.run("trakt auth me").good();
    sandbox.sim().fail(Fault::on("POST", "/oauth/revoke").status(400));
    let kept = sandbox.run("trakt delete me --revoke");
    assert!(kept.code == 1 && kept.stderr.contains("account `me` was kept"), "{}", kept.stderr);
    assert!(stored(&sandbox).is_some());
    sandbox.sim().heal();
    let ran = sandbox.run("trakt delete me --revoke").good();
    assert!(ran.stdout.contains("access was ended on Trakt's side"), "{}", ran.stdout);
    // The pair of the first authorization was never ended.
    assert_eq!(sandbox.sim().with(|world| world.oauth.live_refresh_tokens("ann-kay")), 1);
    assert!(stored(&sandbox).is_none());
}

#[test]
fn hosts_that_cannot_be_reached_are_told() {
    let mut sandbox = sandbox();
    sandbox.authorize("me", "ann-kay");
    let secure = sandbox.sim().api_url().replace("http://", "https://");
    for (address, message, hint) in [
        ("http://127.0.0.1:1", "there is no connection to 127.0.0.1:1", "check the firewall"),
        // A name that the resolver refuses without asking anybody, and an address that no connection may go to.
        (
            &format!("http://{}.example", "a".repeat(64)),
            "cannot be found",
            "check the network connection, the DNS settings",
        ),
        ("http://224.0.0.1:9", "there is no network to reach 224.0.0.1:9", "connect this machine to the network"),
        (&format!("{}:1", sandbox.sim().api_url()), "cannot be made", "check the URL"),
        (secure.as_str(), "there is no secure connection to 127.0.0.1", "check the clock of this machine"),
    ] {
        sandbox.environment.insert("FLEXGET_TRAKT_API_URL".into(), address.to_owned());
        let ran = sandbox.run("execute");
        assert!(ran.code == 1 && ran.stderr.contains(message) && ran.stderr.contains(hint), "{}", ran.stderr);
        let ran = sandbox.run("trakt list --verify");
        let listed = ran.stdout;
        assert_eq!(ran.code, 1, "{listed}");
        assert!(listed.contains("not confirmed: ") && listed.contains(message), "{listed}");
        sandbox.environment.insert("FLEXGET_TRAKT_AUTH_URL".into(), address.to_owned());
        for line in ["trakt auth me", "trakt refresh me", "trakt delete me --revoke"] {
            let ran = sandbox.run(line);
            assert!(ran.code == 1 && ran.stderr.contains(message), "{line}: {}", ran.stderr);
            assert!(stored(&sandbox).is_some(), "{line}");
        }
    }
}

#[test]
fn a_proxy_of_the_environment_is_used_and_not_for_this_machine() {
    let mut sandbox = Sandbox::new(CONFIG);
    sandbox.clock = Clock::system();
    let mut sandbox = sandbox.with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.environment.insert("HTTP_PROXY".into(), "http://127.0.0.1:1".into());
    sandbox.run_process(PROGRAM, "execute").good();
    // The simulator, asked as a proxy, answers for anybody.
    sandbox.environment.insert("HTTP_PROXY".into(), sandbox.sim().api_url());
    sandbox.environment.insert("FLEXGET_TRAKT_API_URL".into(), "http://trakt.invalid".into());
    sandbox.sim().forget_requests();
    sandbox.run_process(PROGRAM, "execute --no-cache").good();
    let asked = sandbox.sim().requests();
    assert!(asked.iter().any(|seen| seen.path == "/sync/watchlist"), "{asked:?}");
}

#[test]
fn what_is_asked_is_told_to_whoever_wants_to_know() {
    let sandbox = sandbox();
    sandbox.authorize("me", "ann-kay");
    let told = sandbox.run("-vv execute").good().stderr;
    let line = told.lines().find(|line| line.contains("/sync/watchlist")).unwrap_or_default();
    assert!(line.contains("GET 127.0.0.1:") && line.contains("/sync/watchlist: 200 in 0 ms"), "{told}");
    assert!(!told.contains("Bearer") && !told.contains("authorization:") && !told.contains(CLIENT_ID), "{told}");
    assert!(!sandbox.run("-v execute --no-cache").good().stderr.contains("GET 127"));
}

#[test]
fn lists_that_are_not_there_are_told_with_those_that_are() {
    for (list, message, hint) in [
        ("account: me, list: Folowing TV", "`me` has no Trakt list `Folowing TV`", "did you mean `Following TV`?"),
        ("account: me, list: 987654", "`me` has no Trakt list `987654`", "the lists are: "),
        ("username: bob, list: Public Gem", "`bob` has no Trakt list `Public Gem`", "did you mean `Public Gems`?"),
        ("account: me, list: https://trakt.tv/users/bob/lists/gems", "`bob` has no Trakt list `gems`", "Public Gems"),
        ("username: nobody-at-all, list: watchlist", "there is no Trakt user `nobody-at-all`", "profile page"),
    ] {
        let sandbox = Sandbox::new(&format!(
            "tasks:\n  a: {{ trakt_list: {{ {list} }}, accept_all: yes }}\n  b: {{ mock: [ {{ title: A, movie_name: A, imdb_id: tt0137523 }} ], accept_all: yes, list_add: [ trakt_list: {{ account: me, list: 987654 }} ] }}\n"
        ))
        .with_sim();
        sandbox.authorize("me", "ann-kay");
        let ran = sandbox.run("execute --tasks a");
        assert!(ran.code == 1 && ran.stderr.contains(message) && ran.stderr.contains(hint), "{list}: {}", ran.stderr);
        let ran = sandbox.run("execute --tasks b");
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.code == 1 && all.contains("`me` has no Trakt list `987654`"), "{list}: {all}");
    }
}

#[test]
fn a_limit_of_the_account_is_told_with_its_numbers() {
    let sandbox = Sandbox::new(
        "tasks:\n  a: { mock: [ { title: A, movie_name: A, imdb_id: tt0137523 } ], accept_all: yes, list_add: [ trakt_list: { account: me, list: watchlist } ] }\n",
    )
    .with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox.sim().fail(Fault::on("POST", "/sync/watchlist").over_limit());
    let ran = sandbox.run("execute");
    let all = format!("{}{}", ran.stdout, ran.stderr);
    let limit = sandbox.sim().with(|world| world.user("ann-kay").limits.watchlist);
    assert!(all.contains(&format!("{limit} items on the watchlist")), "{all}");
    assert!(all.contains("https://trakt.tv/vip"), "{all}");
    assert_eq!(sandbox.sim().count("GET", "/users/settings"), 1);
}

#[test]
fn ctrl_c_leaves_nothing_half_stored() {
    let mut sandbox = sandbox();
    sandbox.sim().auto_approve(None, 0);
    // When it waits for the user, and again whenever it is asked.
    let clock = sandbox.clock.clone();
    let start = clock.now();
    sandbox.interrupt = Some(Rc::new(move || {
        let clock = clock.clone();
        Box::pin(async move {
            while clock.now() == start {
                tokio::task::yield_now().await;
            }
        })
    }));
    let ran = sandbox.run("trakt auth me");
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("enter the code"), "{}", ran.stdout);
    assert!(stored(&sandbox).is_none());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_process_that_waits_for_the_user() {
    let mut sandbox = Sandbox::new(CONFIG);
    sandbox.clock = Clock::system();
    let sandbox = sandbox.with_sim();
    let mut child =
        sandbox.process(PROGRAM, "trakt auth me").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut shown = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(shown.any(|line| line.unwrap().contains("the code expires")), "it waits for the user");
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(stored(&sandbox).is_none());
}
