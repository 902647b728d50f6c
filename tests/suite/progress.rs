//! Long work on a terminal: what it is, how far, how long it takes, and what it waits for.

use std::time::Duration;

use flexget_rs::Stream;
use flexget_tests::{Heard, Sandbox};
use trakt_sim::{Fault, Limits, Media, Place, Trouble};

const ANN: &str = "ann-kay";

/// Returns a sandbox with this task, a Trakt with its real limits, and a terminal.
fn sandbox(task: &str, width: usize) -> Sandbox {
    let mut sandbox = Sandbox::new(&format!("tasks: {{ films: {{ {task} }} }}")).with_sim().on_terminal(width);
    sandbox.environment.insert("TERM".into(), "xterm".into());
    sandbox.authorize("me", ANN);
    sandbox.sim().with(|world| world.limits = Limits::real());
    sandbox
}

/// Runs all tasks and returns the lines that were shown and replaced by the next one.
fn shown(sandbox: &Sandbox) -> Vec<String> {
    let stderr = Heard::default();
    let world = sandbox
        .world(Stream::plain(Heard::default()), Stream { to: Box::new(stderr.clone()), terminal: sandbox.terminal });
    assert_eq!(sandbox.run_in("execute", world), 0, "{}", stderr.text());
    let frames = stderr.text();
    let frames = frames.split("\u{1b}[2K").filter(|frame| !frame.contains('\n'));
    let frames: Vec<String> = frames.map(|frame| frame.trim_matches('\r').to_owned()).collect();
    for frame in &frames {
        assert!(frame.chars().count() < sandbox.terminal.unwrap(), "{frame}");
    }
    frames
}

/// Asserts that one line holds all these parts.
#[track_caller]
fn assert_says(frames: &[String], parts: &[&str]) {
    let says = |frame: &String| parts.iter().all(|part| frame.contains(part));
    assert!(frames.iter().any(says), "{parts:?}: {frames:#?}");
}

/// Returns entries for movies.
fn entries(films: &[Media]) -> String {
    let ids = films.iter().filter_map(|film| if let Media::Movie(id) = film { Some(id) } else { None });
    ids.map(|id| format!("{{ title: Film {id}, movie_name: Film {id}, trakt_movie_id: {id} }}, ")).collect()
}

#[test]
fn four_thousand_items_are_written() {
    for width in [60, 160] {
        let sandbox = sandbox("", width);
        let films = sandbox.sim().with(|world| world.add_movies(4_000));
        sandbox.write(
            "config.yml",
            &format!(
                "tasks: {{ films: {{ mock: [ {} ], accept_all: yes, list_add: [ trakt_list: {{ account: me, list: watchlist }} ] }} }}",
                entries(&films)
            ),
        );
        sandbox.sim().fail(Fault::on("POST", "/sync/watchlist").skip(3).once().too_many(Some(130)));
        let frames = shown(&sandbox);
        assert_says(&frames, &["adding to trakt_list `watchlist`: 0 of 4000"]);
        assert_says(&frames, &["adding to trakt_list `watchlist`: ", " of 4000, 0:0", " left"]);
        assert_says(&frames, &[" of 4000", " · Trakt allows 1 write in a second: 2:1"]);
        assert_says(&frames, &["adding to trakt_list `watchlist`: 4000 of 4000"]);
    }
}

#[test]
fn ten_thousand_items_are_read_from_a_slow_service() {
    for width in [60, 160] {
        let sandbox = sandbox("trakt_list: { account: me, list: watchlist, type: movies }, accept_all: yes", width);
        sandbox.sim().with(|world| {
            let films = world.add_movies(10_000);
            world.put(&Place::Watchlist(ANN.into()), &films);
        });
        sandbox.sim().fail(Fault::on("GET", "/").with(Trouble::Takes(Duration::from_millis(1500))));
        let frames = shown(&sandbox);
        assert_says(&frames, &["reading trakt_list `watchlist`"]);
        assert_says(&frames, &["reading trakt_list `watchlist`: ", " of 100", ", 0:", " left"]);
    }
}

#[test]
fn a_thousand_titles_are_looked_up_as_fast_as_the_service_allows() {
    for width in [60, 160] {
        let sandbox = sandbox("", width);
        let films = sandbox.sim().with(|world| world.add_movies(1_000));
        let task = "trakt_lookup: { account: me }, if: [ trakt_rating >= 0: accept ]";
        sandbox.write("config.yml", &format!("tasks: {{ films: {{ mock: [ {} ], {task} }} }}", entries(&films)));
        let frames = shown(&sandbox);
        assert_says(&frames, &["asking Trakt about ", " of 1000"]);
        assert_says(&frames, &[" of 1000", " · Trakt allows 500 reads in 5 minutes: 4:"]);
        assert_says(&frames, &["asking Trakt about ", " of 1000, ", " left"]);
    }
}
