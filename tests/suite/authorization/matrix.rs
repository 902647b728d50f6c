//! Each trouble at each place where Trakt is asked.

use std::time::Duration;

use flexget_tests::{Ran, Sandbox};
use serde_json::json;
use trakt_sim::{Fault, Media, Reply, Trouble};

use super::{authorize_expired, stored};

/// What goes wrong.
struct Row {
    name: &'static str,
    trouble: Trouble,
    /// What is said of it, and what to do, where data is read or changed.
    message: &'static str,
    hint: &'static str,
    /// How often is asked: reads, changes that may be sent twice, plays, device codes, renewals.
    reads: usize,
    safe: usize,
    plays: usize,
    codes: usize,
    renewals: usize,
    /// What is said where a device code is polled for; nothing if it goes on.
    poll: &'static str,
}

const AGAIN: &str = "try again later";

fn row(name: &'static str, trouble: Trouble, message: &'static str, hint: &'static str) -> Row {
    Row { name, trouble, message, hint, reads: 1, safe: 1, plays: 1, codes: 1, renewals: 1, poll: message }
}

/// Something of Trakt's that passes: asked for three times where that does no harm.
fn passing(name: &'static str, trouble: Trouble, message: &'static str, hint: &'static str) -> Row {
    Row { reads: 3, safe: 3, codes: 3, renewals: 2, poll: "", ..row(name, trouble, message, hint) }
}

fn limited(name: &'static str, trouble: Trouble, message: &'static str, hint: &'static str) -> Row {
    Row { reads: 4, safe: 4, plays: 4, codes: 4, renewals: 2, poll: "", ..row(name, trouble, message, hint) }
}

fn instead(reply: Reply) -> Trouble {
    Trouble::Instead(reply)
}

fn empty(status: u16) -> Trouble {
    instead(Reply::empty(status))
}

/// More than the door takes.
fn too_much() -> Reply {
    Reply::text(200, &format!("[{}]", "0,".repeat(600_000)))
}

fn blocked(status: u16) -> Trouble {
    let page = "<!DOCTYPE html><html><body><h1>Sorry, you have been blocked</h1></body></html>";
    instead(Reply::html(status, page).header("CF-RAY", "8f1c2d3e4a5b6c7d-FRA"))
}

fn rows() -> Vec<Row> {
    let bad = Reply::json(400, &json!({ "error": "bad_things", "error_description": "this is bad" }));
    let locked = |deactivated: &str| {
        let reply = Reply::empty(423).header("X-Account-Locked", "true");
        instead(reply.header("X-Account-Deactivated", deactivated))
    };
    // So slow that no answer of more than a few bytes comes in time.
    let slow = PATIENCE / 15;
    let mut rows = vec![
        row("400", instead(bad), "Trakt calls the request invalid: this is bad", "check the options"),
        Row {
            reads: 2,
            safe: 2,
            plays: 2,
            poll: "does not accept the application's client id or secret",
            ..row(
                "401",
                empty(401),
                "Trakt does not accept the authorization of account `me`",
                "`flexget-rs trakt auth me`",
            )
        },
        Row {
            poll: "",
            ..row(
                "403",
                instead(Reply::json(403, &json!({ "error": "invalid API key" }))),
                "does not accept the API key (client id)",
                "https://app.trakt.tv/settings/apps/api",
            )
        },
        Row {
            poll: "",
            ..row(
                "403 of an application that is blocked",
                instead(Reply::text(403, "Forbidden")),
                "does not accept the API key (client id)",
                "`flexget-rs trakt auth NAME --client-id ID`",
            )
        },
        Row {
            poll: "",
            ..row(
                "403 of Cloudflare without a number",
                instead(Reply::html(403, "<html><body>blocked</body></html>")),
                "Cloudflare, which stands in front of Trakt, blocked the request",
                "without VPN or proxy",
            )
        },
        Row {
            poll: "",
            ..row(
                "403 of Cloudflare",
                blocked(403),
                "blocked the request (Ray ID 8f1c2d3e4a5b6c7d-FRA)",
                "without VPN or proxy",
            )
        },
        Row {
            poll: "Trakt does not know the code",
            ..row("404", empty(404), "Trakt does not have this, or it is private", "check the name")
        },
        row("405", empty(405), "Trakt does not take this request (status 405)", "look for a newer version"),
        Row {
            poll: "the code was used already",
            ..row("409", empty(409), "this was done already", "nothing is left to do")
        },
        Row {
            poll: "the code has expired",
            ..row("410", empty(410), "Trakt calls the request invalid", "check the options")
        },
        row("412", empty(412), "Trakt does not take this request (status 412)", "look for a newer version"),
        Row {
            poll: "you declined the request",
            ..row("418", empty(418), "Trakt calls the request invalid", "check the options")
        },
        row("420", empty(420), "a limit of the Trakt account is reached", "remove items, or see https://trakt.tv/vip"),
        row(
            "422",
            instead(Reply::json(422, &json!({ "message": "the year is odd" }))),
            "Trakt calls the request invalid: the year is odd",
            "check the options",
        ),
        row("423", locked("false"), "the Trakt account is locked", "write to support@trakt.tv"),
        row("423 deactivated", locked("true"), "the Trakt account is deactivated", "write to support@trakt.tv"),
        row(
            "426",
            instead(Reply::empty(426).header("X-Upgrade-URL", "https://trakt.tv/vip/now")),
            "Trakt offers this to VIP members only",
            "see https://trakt.tv/vip/now",
        ),
        limited("429", empty(429), "goes on refusing requests as too many", "wait five minutes"),
        limited(
            "429 with a time",
            instead(Reply::empty(429).header("Retry-After", 3)),
            "goes on refusing requests as too many",
            "wait five minutes",
        ),
        limited("429 of Cloudflare", blocked(429), "Cloudflare, which stands in front of Trakt", "wait some minutes"),
        Row { safe: 1, codes: 1, ..passing("500", empty(500), "Trakt is not available (status 500)", AGAIN) },
        passing(
            "200 with a page",
            instead(Reply::html(200, "<!DOCTYPE html><html><body>Down for maintenance</body></html>")),
            "Trakt is not available (it answered with a web page)",
            AGAIN,
        ),
        Row {
            safe: 1,
            codes: 1,
            ..passing("200 with nothing", instead(Reply::text(200, "")), "cannot be understood: it is empty", AGAIN)
        },
        passing(
            "200 with half of it",
            instead(Reply::text(200, r#"[{"rank":1,"id":9"#)),
            "that cannot be understood: ",
            AGAIN,
        ),
        Row { reads: 1, codes: 1, safe: 1, ..passing("204", empty(204), "cannot be understood: it is empty", AGAIN) },
        Row {
            reads: 1,
            codes: 1,
            safe: 1,
            ..passing(
                "200 with something else",
                instead(Reply::json(200, &json!({ "unexpected": [1, "two", null] }))),
                "cannot be understood",
                "newer version",
            )
        },
        Row {
            reads: 1,
            codes: 1,
            safe: 1,
            ..passing("too much", instead(too_much()), "is too large: more than 1048576 bytes", "check that the URL")
        },
        passing(
            "502 after it was done",
            Trouble::After(Reply::empty(502)),
            "Trakt is not available (status 502)",
            AGAIN,
        ),
        passing("closed before", Trouble::CloseBefore, "broke", AGAIN),
        passing("closed after", Trouble::CloseAfter, "broke", AGAIN),
        passing("cut short", Trouble::CutShort, "broke", AGAIN),
        Row { reads: 2, safe: 2, codes: 2, ..passing("hangs", Trouble::Hang, "did not answer in time", AGAIN) },
        Row {
            reads: 2,
            safe: 2,
            codes: 2,
            ..passing("hangs after", Trouble::HangAfter, "did not answer in time", AGAIN)
        },
        Row {
            reads: 2,
            safe: 2,
            codes: 2,
            ..passing("byte by byte", Trouble::Slow(slow), "did not answer in time", AGAIN)
        },
    ];
    for (name, status) in
        [("502", 502), ("503", 503), ("504", 504), ("520", 520), ("521", 521), ("522", 522), ("525", 525)]
    {
        rows.push(passing(name, empty(status), "Trakt is not available (status 5", AGAIN));
    }
    rows
}

/// Whether Trakt does what it is asked although it gives no good answer.
fn is_done(trouble: &Trouble) -> bool {
    matches!(
        trouble,
        Trouble::CloseAfter | Trouble::HangAfter | Trouble::Slow(_) | Trouble::CutShort | Trouble::After(_)
    )
}

const CONFIG: &str = "
    tasks:
      read: { trakt_list: { account: me, list: watchlist }, accept_all: yes, seen: no }
      add:
        mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
        accept_all: yes
        list_add: [ trakt_list: { account: me, list: watchlist } ]
      play:
        mock: [ { title: Spirited Away, imdb_id: tt0245429, movie_name: Spirited Away } ]
        accept_all: yes
        list_add: [ trakt_list: { account: me, list: history, plays: every } ]
      look:
        mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
        seen: no
        trakt_lookup: { account: me }
        if: [ { trakt_movie_year == 1999: accept } ]
      find:
        mock: [ { title: Fight Club, movie_name: Fight Club, movie_year: 1999 } ]
        seen: no
        trakt_lookup: { account: me }
        if: [ { trakt_movie_year == 1999: accept } ]
      watched:
        mock: [ { title: Spirited Away, imdb_id: tt0245429, movie_name: Spirited Away } ]
        seen: no
        trakt_lookup: { account: me }
        if: [ { trakt_watched: reject }, { not trakt_watched: accept } ]
      drop:
        mock: [ { title: The Matrix, imdb_id: tt0133093, movie_name: The Matrix, movie_year: 1999 } ]
        accept_all: yes
        list_remove: [ trakt_list: { account: me, list: watchlist } ]
      own: { trakt_list: { account: me, list: Following TV }, accept_all: yes, seen: no }
      other: { trakt_list: { username: bob, list: watchlist }, accept_all: yes, seen: no }
    ";

/// A sandbox in which requests that this trouble makes hang are given up soon.
fn sandbox(trouble: &Trouble) -> Sandbox {
    let mut sandbox = Sandbox::new(CONFIG).with_sim();
    sandbox.http.largest_response = 1 << 20;
    if hangs(trouble) {
        sandbox.http.timeout = PATIENCE;
    }
    sandbox
}

/// How long is waited for a request that hangs: long enough for all others on a slow machine.
const PATIENCE: Duration = Duration::from_secs(3);

fn hangs(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Hang | Trouble::HangAfter | Trouble::Slow(_))
}

/// Checks every row; those that hang do so at the same time.
fn each_row(check: impl Fn(Row) + Sync) {
    let (hanging, others): (Vec<Row>, Vec<Row>) = rows().into_iter().partition(|row| hangs(&row.trouble));
    std::thread::scope(|scope| {
        for row in hanging {
            scope.spawn(|| check(row));
        }
        others.into_iter().for_each(&check);
    });
}

/// Runs a line against this trouble; says what it said and how often was asked.
fn struck(sandbox: &Sandbox, line: &str, method: &str, path: &str, trouble: &Trouble) -> (Ran, String, usize) {
    sandbox.sim().fail(Fault::on(method, path).exact().with(trouble.clone()));
    let ran = sandbox.run(line);
    let asked = sandbox.sim().count(method, path);
    sandbox.sim().heal();
    let said = format!("{}\n{}", ran.stdout, ran.stderr);
    (ran, said, asked)
}

fn check(what: &str, said: &str, message: &str, hint: &str, asked: usize, expected: usize) {
    assert!(said.contains(message), "{what}: not said: {message}\n{said}");
    assert!(said.contains(hint), "{what}: no hint: {hint}\n{said}");
    assert_eq!(asked, expected, "{what}: asked so often\n{said}");
}

#[test]
fn at_reads() {
    each_row(|Row { name, trouble, message, hint, reads, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        let (ran, said, asked) = struck(&sandbox, "execute --tasks read", "GET", "/sync/watchlist", &trouble);
        check(name, &said, message, hint, asked, reads);
        assert_eq!(ran.code, 1, "{name}: {said}");
        let again = sandbox.run("execute --tasks read --format json").good();
        assert_eq!(again.titles("read", "accepted").len(), 8, "{name}: afterwards it works");
    });
}

#[test]
fn at_reads_of_a_list() {
    each_row(|Row { name, trouble, message, hint, reads, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        let lists = sandbox.run("execute --tasks own --format json").good().titles("own", "accepted");
        let path = sandbox.sim().requests().last().unwrap().path.clone();
        sandbox.sim().forget_requests();
        let (message, hint) = match name {
            "404" => ("`me` has no Trakt list `Following TV`", "it was there a moment ago"),
            _ => (message, hint),
        };
        let (ran, said, asked) = struck(&sandbox, "execute --tasks own --no-cache", "GET", &path, &trouble);
        check(name, &said, message, hint, asked, reads);
        assert_eq!(ran.code, 1, "{name}: {said}");
        let again = sandbox.run("execute --tasks own --format json").good();
        assert_eq!(again.titles("own", "accepted"), lists, "{name}: afterwards it works");
    });
}

#[test]
fn at_reads_of_others() {
    each_row(|Row { name, trouble, message, hint, reads, .. }| {
        let sandbox = sandbox(&trouble);
        let (message, hint, reads) = match name {
            "401" => ("the list `watchlist` of Trakt user `bob` is private", "set `account` to a name", 1),
            "404" | "405" => ("there is no Trakt user `bob`", "profile page", 1),
            _ => (message, hint, reads),
        };
        let (ran, said, asked) = struck(&sandbox, "execute --tasks other", "GET", "/users/bob/watchlist", &trouble);
        check(name, &said, message, hint, asked, reads);
        assert_eq!(ran.code, 1, "{name}: {said}");
        sandbox.run("execute --tasks other").good();
    });
}

#[test]
fn at_removals() {
    each_row(|Row { name, trouble, message, hint, safe, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        let has = || sandbox.sim().with(|world| world.user("ann-kay").watchlist.has(Media::Movie(481)));
        assert!(has(), "{name}");
        let (ran, said, asked) = struck(&sandbox, "execute --tasks drop", "POST", "/sync/watchlist/remove", &trouble);
        check(name, &said, message, hint, asked, safe);
        assert_eq!(ran.code, 1, "{name}: {said}");
        assert_eq!(has(), !is_done(&trouble), "{name}");
        let again = sandbox.run("execute --tasks drop --format json").good();
        assert_eq!(again.titles("drop", "accepted"), ["The Matrix"], "{name}: what failed is tried again");
        assert!(!has(), "{name}");
    });
}

#[test]
fn at_changes() {
    each_row(|Row { name, trouble, message, hint, safe, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        let (ran, said, asked) = struck(&sandbox, "execute --tasks add", "POST", "/sync/watchlist", &trouble);
        check(name, &said, message, hint, asked, safe);
        assert_eq!(ran.code, 1, "{name}: {said}");
        let again = sandbox.run("execute --tasks add --format json").good();
        assert_eq!(again.titles("add", "accepted"), ["Fight Club"], "{name}: what failed is tried again");
        let change = &again.json()["tasks"][0]["changes"][0];
        let there = if is_done(&trouble) { "existing" } else { "done" };
        assert_eq!(change[there], 1, "{name}: {change}");
    });
}

#[test]
fn at_plays() {
    each_row(|Row { name, trouble, message, hint, plays, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        let plays_of = |sandbox: &Sandbox| sandbox.sim().with(|world| world.user("ann-kay").history.len());
        let before = plays_of(&sandbox);
        let (ran, said, asked) = struck(&sandbox, "execute --tasks play", "POST", "/sync/history", &trouble);
        check(name, &said, message, hint, asked, plays);
        assert_eq!(ran.code, 1, "{name}: {said}");
        let added = plays_of(&sandbox) - before;
        assert_eq!(added, usize::from(is_done(&trouble)), "{name}: a play that may be there is never sent twice");
    });
}

#[test]
fn at_lookups() {
    each_row(|Row { name, trouble, message, reads, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        let line = "execute --tasks look --format json";
        let (ran, said, asked) = struck(&sandbox, line, "GET", "/movies/tt0137523", &trouble);
        if name == "404" {
            // An id that Trakt does not know is no end: the name may tell which movie it is.
            assert_eq!((asked, ran.titles("look", "accepted")), (1, vec!["Fight Club".to_owned()]), "{said}");
            return;
        }
        check(name, &said, message, "", asked, reads);
        assert_eq!(ran.code, 0, "{name}: a lookup that failed takes no task down\n{said}");
        assert_eq!(ran.titles("look", "undecided"), ["Fight Club"], "{name}: nothing is decided by it");
        let again = sandbox.run(line).good();
        assert_eq!(again.titles("look", "accepted"), ["Fight Club"], "{name}: it is asked again");
    });
}

#[test]
fn at_searches() {
    each_row(|Row { name, trouble, message, reads, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        let line = "execute --tasks find --format json";
        let (ran, said, asked) = struck(&sandbox, line, "GET", "/search/movie", &trouble);
        check(name, &said, message, "", asked, reads);
        assert_eq!(ran.code, 0, "{name}: a lookup that failed takes no task down\n{said}");
        assert_eq!(ran.titles("find", "undecided"), ["Fight Club"], "{name}: nothing is decided by it");
        let again = sandbox.run(line).good();
        assert_eq!(again.titles("find", "accepted"), ["Fight Club"], "{name}: it is asked again");
    });
}

#[test]
fn at_lookups_of_what_was_watched() {
    each_row(|Row { name, trouble, message, reads, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        let line = "execute --tasks watched --format json";
        let (ran, said, asked) = struck(&sandbox, line, "GET", "/sync/watched/movies", &trouble);
        check(name, &said, message, "", asked, reads);
        assert_eq!(ran.code, 0, "{name}: {said}");
        let undecided = ran.titles("watched", "undecided");
        assert_eq!(undecided, ["Spirited Away"], "{name}: what is not known is neither watched nor unwatched\n{said}");
        let again = sandbox.run(line).good();
        assert_eq!(again.titles("watched", "undecided"), [""; 0], "{name}: it is asked again");
    });
}

#[test]
fn at_device_codes() {
    each_row(|Row { name, trouble, message, hint, codes, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.sim().auto_approve(Some("ann-kay"), 0);
        let (message, hint) = match name {
            "400" | "401" | "403" | "403 of an application that is blocked" => {
                ("does not accept the application's client id", "FLEXGET_TRAKT_CLIENT_ID")
            }
            "404" => ("Trakt does not take this request (status 404)", "look for a newer version"),
            _ => (message, hint),
        };
        let (ran, said, asked) = struck(&sandbox, "trakt auth me", "POST", "/oauth/device/code", &trouble);
        check(name, &said, message, hint, asked, codes);
        assert_eq!(ran.code, 1, "{name}: {said}");
        assert!(stored(&sandbox).is_none(), "{name}: nothing is stored");
    });
}

#[test]
fn at_polls() {
    each_row(|Row { name, trouble, poll, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.sim().auto_approve(Some("ann-kay"), 3);
        sandbox.sim().fail(Fault::on("POST", "/oauth/device/token").times(2).with(trouble));
        let ran = sandbox.run("trakt auth me");
        let said = format!("{}\n{}", ran.stdout, ran.stderr);
        if poll.is_empty() {
            assert_eq!(ran.code, 0, "{name}: {said}");
            assert!(sandbox.sim().count("POST", "/oauth/device/token") >= 3, "{name}");
            assert_eq!(stored(&sandbox).unwrap().user.as_deref(), Some("Ann.Kay"), "{name}");
        } else {
            check(name, &said, poll, "", sandbox.sim().count("POST", "/oauth/device/token"), 1);
            assert!(ran.code == 1 && ran.stderr.contains("help: "), "{name}: {said}");
            assert!(stored(&sandbox).is_none(), "{name}: nothing is stored");
        }
    });
}

/// What is said and hinted where tokens are given out, if it is something else than elsewhere.
fn at_the_token_host(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "400" => Some(("Trakt refused it with status 400: this is bad", "`flexget-rs trakt auth me`")),
        "401" => Some(("Trakt refused it with status 401", "`flexget-rs trakt auth me`")),
        "404" => Some(("Trakt does not take this request (status 404)", "look for a newer version")),
        _ => None,
    }
}

#[test]
fn at_renewals() {
    each_row(|Row { name, trouble, message, hint, renewals, .. }| {
        let sandbox = sandbox(&trouble);
        authorize_expired(&sandbox);
        let (message, hint) = at_the_token_host(name).unwrap_or((message, hint));
        let (ran, said, asked) = struck(&sandbox, "execute --tasks read", "POST", "/oauth/token", &trouble);
        check(name, &said, message, hint, asked, renewals);
        assert!(said.contains("the authorization of account `me` could not be renewed"), "{name}: {said}");
        assert_eq!(ran.code, 1, "{name}: {said}");
        assert_eq!(sandbox.sim().count("GET", "/"), 0, "{name}: nothing is asked with a token that has expired");
        let again = sandbox.run("execute --tasks read");
        if is_done(&trouble) {
            let said = format!("{}\n{}", again.stdout, again.stderr);
            check(
                name,
                &said,
                "needs to be authorized again: session not found",
                "run `flexget-rs trakt auth me`",
                again.code as usize,
                1,
            );
            // That is remembered, and nobody is asked in vain.
            sandbox.sim().forget_requests();
            let later = sandbox.run("execute --tasks read");
            assert!(later.stderr.contains("has to be authorized again: session not found"), "{name}: {}", later.stderr);
            assert_eq!(sandbox.sim().count("*", "/"), 0, "{name}");
            sandbox.sim().auto_approve(Some("ann-kay"), 0);
            sandbox.run("trakt auth me").good();
            sandbox.run("execute --tasks read").good();
        } else {
            again.good();
        }
    });
}

#[test]
fn at_renewals_that_are_asked_for() {
    each_row(|Row { name, trouble, message, hint, renewals, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        let (message, hint) = at_the_token_host(name).unwrap_or((message, hint));
        let (ran, said, asked) = struck(&sandbox, "trakt refresh me", "POST", "/oauth/token", &trouble);
        check(name, &said, message, hint, asked, renewals);
        assert_eq!(ran.code, 1, "{name}: {said}");
        // The access token is as good as it was, whatever became of the renewal.
        sandbox.run("execute --tasks read").good();
        let again = sandbox.run("trakt refresh me");
        if is_done(&trouble) {
            assert!(
                again.stderr.contains("needs to be authorized again: session not found"),
                "{name}: {}",
                again.stderr
            );
            assert_eq!(again.code, 1, "{name}");
        } else {
            again.good();
        }
    });
}

#[test]
fn at_revocations() {
    each_row(|Row { name, trouble, message, hint: _, codes, .. }| {
        let sandbox = sandbox(&trouble);
        sandbox.authorize("me", "ann-kay");
        // A good status says it all, and two bytes come in time even one by one.
        if ["204", "200 with nothing", "200 with half of it", "200 with something else", "byte by byte"].contains(&name)
        {
            struck(&sandbox, "trakt delete me --revoke", "POST", "/oauth/revoke", &trouble).0.good();
            return;
        }
        let message = if name == "404" { "Trakt does not take this request (status 404)" } else { message };
        let (ran, said, asked) = struck(&sandbox, "trakt delete me --revoke", "POST", "/oauth/revoke", &trouble);
        check(name, &said, message, "delete it without `--revoke`", asked, codes);
        assert_eq!(ran.code, 1, "{name}: {said}");
        assert!(stored(&sandbox).is_some(), "{name}: what may still be good is kept");
        sandbox.run("trakt delete me --revoke").good();
        assert!(stored(&sandbox).is_none(), "{name}");
        assert_eq!(sandbox.sim().with(|world| world.oauth.live_refresh_tokens("ann-kay")), 0, "{name}");
    });
}
