//! Runs against a service that is ill end in bounded time.

use std::time::Duration;

use flexget_core::context::http::HttpOptions;
use flexget_tests::Sandbox;
use trakt_sim::{Fault, Reply, Trouble};

fn config() -> String {
    let mock: Vec<String> = (0..40)
        .map(|number| format!("{{ title: Movie {number}, imdb_id: tt10000{number:02}, movie_name: Movie {number} }}"))
        .collect();
    format!(
        "
        tasks:
          a: {{ trakt_list: {{ account: me, list: watchlist }}, accept_all: yes, seen: no }}
          b:
            mock: [ {} ]
            seen: no
            trakt_lookup: {{ account: me }}
            if: [ {{ trakt_movie_year == 1999: accept }} ]
          c:
            mock: [ {{ title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club }} ]
            accept_all: yes
            list_add: [ trakt_list: {{ account: me, list: watchlist }} ]
        ",
        mock.join(", ")
    )
}

/// Whatever is wrong with Trakt, a run ends, says so for each task, and loses nothing.
#[test]
fn runs_end_and_say_why() {
    // Only the first request is tried again and again; after that it is known.
    for (name, trouble, most, said) in [
        ("503", Trouble::Instead(Reply::empty(503)), 100, "Trakt is not available (status 503)"),
        ("hangs", Trouble::Hang, 10, "did not answer in time"),
        ("byte by byte", Trouble::Slow(Duration::from_millis(40)), 60, "did not answer in time"),
        ("breaks", Trouble::CloseBefore, 10, "the connection to 127.0.0.1"),
        ("500", Trouble::Instead(Reply::empty(500)), 10, "Trakt is not available (status 500)"),
        ("429", Trouble::Instead(Reply::empty(429)), 30, "goes on refusing requests as too many"),
        // Five minutes are the longest that is waited for at once.
        (
            "429 for a day",
            Trouble::Instead(Reply::empty(429).header("Retry-After", 86_400)),
            950,
            "goes on refusing requests as too many",
        ),
        ("Cloudflare", Trouble::Instead(Reply::html(403, "<html>")), 5, "Cloudflare"),
        ("the key", Trouble::Instead(Reply::empty(403)), 5, "does not accept the API key"),
        ("locked", Trouble::Instead(Reply::empty(423)), 5, "the Trakt account is locked"),
    ] {
        let mut sandbox = Sandbox::new(&config()).with_sim();
        // None of these requests gets an answer.
        if matches!(trouble, Trouble::Hang | Trouble::Slow(_)) {
            sandbox.http = HttpOptions { timeout: Duration::from_millis(200), ..HttpOptions::default() };
        }
        sandbox.authorize("me", "ann-kay");
        sandbox.sim().fail(Fault::on("*", "/").with(trouble));
        let start = sandbox.clock.now();
        let ran = sandbox.run("execute");
        let took = sandbox.clock.now().duration_since(start).as_secs();
        assert!(took <= most, "{name}: {took} s by the clock");
        assert_eq!(ran.code, 1, "{name}: {}", ran.stderr);
        for task in ["`a` was aborted by trakt_list: ", "c: list_add: "] {
            let line = ran.stderr.lines().find(|line| line.contains(task)).unwrap_or_default();
            assert!(line.contains(said), "{name}, {task}: {}", ran.stderr);
        }
        assert!(ran.stderr.contains("b: trakt_lookup: 40 entries could not be looked up"), "{name}: {}", ran.stderr);
        sandbox.sim().heal();
        sandbox.http = HttpOptions::default();
        let again = sandbox.run("execute --format json").good();
        let there = again.titles("a", "accepted").len();
        assert!(there == 8 || there == 9 && name == "byte by byte", "{name}: {there}");
        assert_eq!(again.titles("c", "accepted"), ["Fight Club"], "{name}: what failed is tried again");
    }
}
