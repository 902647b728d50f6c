//! Lists from the outside: the program is killed while it changes one, and its commands show and undo what was done.

use std::process::Stdio;
use std::time::Duration;

use flexget_core::context::journal::{ChangeState, Journal};
use flexget_tests::Sandbox;
use serde_json::{Value, json};
use trakt_sim::{Fault, Media, Place, Trouble};

use crate::PROGRAM;

const ADD: &str = "
    tasks:
      add:
        mock:
          - { title: Fight Club (1999), trakt_movie_id: 120 }
          - { title: The Thing (1982), trakt_movie_id: 140 }
        accept_all: yes
        list_add: [ trakt_list: { account: me, list: watchlist } ]
      other:
        mock: [ A ]
        accept_all: yes
        seen: no
";

fn sandbox(config: &str) -> Sandbox {
    let sandbox = Sandbox::new(config);
    // As late as it is for a process, which looks at the machine's clock.
    let clock = sandbox.clock.shared().expect("a clock that stands");
    clock.store(jiff::Timestamp::now().as_millisecond(), std::sync::atomic::Ordering::SeqCst);
    let sandbox = sandbox.with_sim();
    sandbox.authorize("me", "ann-kay");
    sandbox
}

fn pass(sandbox: &Sandbox, minutes: i64) {
    let clock = sandbox.clock.shared().expect("a clock that stands");
    clock.fetch_add(minutes * 60_000, std::sync::atomic::Ordering::SeqCst);
}

fn listed(sandbox: &Sandbox) -> (bool, bool) {
    sandbox.sim().with(|world| {
        let list = world.contents(&Place::Watchlist("ann-kay".into())).expect("a watchlist");
        (list.has(Media::Movie(120)), list.has(Media::Movie(140)))
    })
}

fn journal(sandbox: &Sandbox) -> Vec<ChangeState> {
    let journal = Journal::new(sandbox.store(), sandbox.clock.clone());
    journal.list(10).expect("a journal").iter().map(|change| change.state).collect()
}

#[test]
fn killed_between_the_journal_and_the_answer_the_next_run_finds_out() {
    for (trouble, applied) in [(Trouble::HangAfter, true), (Trouble::Hang, false)] {
        let sandbox = sandbox(ADD);
        sandbox.sim().fail(Fault::on("POST", "/sync/watchlist").exact().with(trouble));
        let mut child = sandbox
            .process(PROGRAM, "execute --tasks add")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        assert!(sandbox.sim().wait_for("POST", "/sync/watchlist", 1, Duration::from_secs(60)), "it sends the change");
        child.kill().expect("SIGKILL");
        assert!(!child.wait().expect("an end").success());
        assert_eq!(journal(&sandbox), [ChangeState::Pending]);
        assert_eq!(listed(&sandbox), (applied, applied));

        // Too early to tell: Trakt may still show the list as it was.
        sandbox.sim().heal();
        sandbox.run("execute --tasks other").good();
        assert_eq!(journal(&sandbox), [ChangeState::Pending]);
        pass(&sandbox, 10);
        sandbox.sim().forget_requests();
        let ran = sandbox.run("execute --tasks other").good();
        let said = format!("{} of 2 items are on the list now (change 1)", if applied { 2 } else { 0 });
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
        assert_eq!(journal(&sandbox), [if applied { ChangeState::Done } else { ChangeState::Failed }]);
        assert_eq!((sandbox.sim().count("POST", "/"), listed(&sandbox)), (0, (applied, applied)));

        // Nothing was taken for done: the task does it now, and what is there already is not claimed.
        let ran = sandbox.run("execute --tasks add --format json").good();
        let change = &ran.json()["tasks"][0]["changes"][0];
        let (done, existing) = if applied { (0, 2) } else { (2, 0) };
        assert_eq!((&change["done"], &change["existing"]), (&json!(done), &json!(existing)));
        assert_eq!(listed(&sandbox), (true, true));
    }
}

#[test]
fn what_trakt_refused_is_marked_and_a_change_that_changed_nothing_is_not_offered_for_undoing() {
    let sandbox = sandbox(
        "tasks: { add: { mock: [ { title: The Matrix (1999), trakt_movie_id: 481 }, No Such Movie (1901) ], accept_all: yes,
           list_add: [ trakt_list: { account: me, list: watchlist, type: movies } ] } }",
    );
    sandbox.run("execute").good();
    let shown = sandbox.run("changes show 1").good();
    let refused =
        |title: &str| shown.stdout.lines().any(|line| line.contains(title) && line.trim_end().ends_with("yes"));
    assert!(refused("No Such Movie (1901)") && !refused("The Matrix (1999)"), "{}", shown.stdout);
    assert!(!shown.stderr.contains("undo"), "the movie that Trakt knows was there already: {}", shown.stderr);
    assert!(sandbox.run("undo 1").stderr.contains("put nothing on the list that was not there before"));
}

#[test]
fn changes_are_shown_and_undone_from_the_command_line() {
    let sandbox = sandbox(ADD);
    assert_eq!(sandbox.run("changes").good().stdout, "there are no changes to remote lists\n");
    sandbox.run("execute --tasks add").good();
    assert_eq!(listed(&sandbox), (true, true));
    pass(&sandbox, 10);

    let shown = sandbox.run("changes --format json").good().json();
    assert_eq!(shown, sandbox.run("changes list --format json").good().json());
    let [change] = shown.as_array().expect("changes").as_slice() else { panic!("{shown}") };
    let told = ["id", "list", "name", "account", "action", "state"].map(|name| change[name].clone());
    assert_eq!(Value::from(told.to_vec()), json!([1, "trakt_list", "watchlist", "me", "add", "done"]));
    assert_eq!(change["items"][0]["trakt_movie_id"], 120);
    let text = sandbox.run("changes show 1").good();
    assert!(text.stdout.contains("Fight Club (1999)") && text.stdout.contains("The Thing (1982)"), "{}", text.stdout);
    assert!(text.stderr.contains("`flexget-rs undo 1` undoes it"), "{}", text.stderr);

    sandbox.sim().forget_requests();
    let dry = sandbox.run("--test undo 1").good();
    assert!(dry.stdout.contains("2 would be removed from trakt_list `watchlist`"), "{}", dry.stdout);
    assert!(dry.stdout.contains("  Fight Club (1999)\n"), "{}", dry.stdout);
    assert_eq!((sandbox.sim().count("POST", "/"), listed(&sandbox)), (0, (true, true)));
    let undone = sandbox.run("undo 1").good();
    assert!(undone.stdout.contains("2 removed from trakt_list `watchlist`"), "{}", undone.stdout);
    assert_eq!((sandbox.sim().count("POST", "/"), listed(&sandbox)), (1, (false, false)));
    assert_eq!(journal(&sandbox), [ChangeState::Done, ChangeState::Undone]);
    let again = sandbox.run("undo 1");
    assert_eq!((again.code, again.stderr.contains("change 1 is undone already")), (1, true), "{}", again.stderr);
    let undone = sandbox.run("changes show 1").good();
    assert!(!undone.stderr.contains("flexget-rs undo"), "{}", undone.stderr);
    // The undo is a change as well.
    sandbox.run("undo 2").good();
    assert_eq!(listed(&sandbox), (true, true));
    let missing = sandbox.run("undo 99");
    assert_eq!((missing.code, missing.stderr.contains("there is no change 99")), (1, true), "{}", missing.stderr);
}

#[test]
fn a_dry_run_says_item_by_item_what_it_would_change() {
    let sandbox = sandbox(ADD);
    let ran = sandbox.run("--test execute --tasks add").good();
    assert!(ran.stdout.contains("would add 2 to trakt_list `watchlist` (account me)"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Fight Club (1999)\n") && ran.stdout.contains("The Thing (1982)\n"), "{}", ran.stdout);
    assert_eq!((sandbox.sim().count("POST", "/"), journal(&sandbox)), (0, vec![]));
}

#[test]
fn local_lists_are_looked_after_from_the_command_line() {
    let sandbox = Sandbox::new("tasks: {}");
    for (line, answer) in [
        ("entry-list add 'To Watch' 'Solaris (1972)' http://x/1 --attributes imdb_id=tt0069293 note=x", "added entry"),
        ("entry-list add 'Stalker (1979)' http://x/2", "added entry `Stalker (1979)` to entry list `entries`"),
        ("movie-list add 'Dune (2021)' -i imdb_id=tt1160419", "added movie `Dune (2021)` to movie list `movies`"),
        ("movie-list add seen Alien --identifiers tmdb_id=348", "added movie `Alien` to movie list `seen`"),
        ("regexp-list add '^dune'", "added regexp `^dune` to regexp list `regexps`"),
        ("pending-list add 'Ran (1985)' http://x/3", "added entry `Ran (1985)` to pending list `pending`"),
        ("pending-list approve 'Ran (1985)'", "entry `Ran (1985)` is approved now"),
        ("pending-list reject 1", "entry `Ran (1985)` is rejected now"),
        ("entry-list show 'to watch' 1", "imdb_id"),
        ("entry-list list", "Stalker (1979)"),
        ("movie-list list movies", "Dune        2021"),
        ("entry-list del 'to watch' 'Solaris (1972)'", "removed entry `Solaris (1972)` from entry list `To Watch`"),
        ("movie-list del Dune", "removed movie `Dune` from movie list `movies`"),
        ("regexp-list del '^dune'", "removed regexp `^dune`"),
        ("pending-list show 'Ran (1985)'", "approved"),
        ("pending-list purge", "deleted pending list `pending` with 1 items"),
        ("movie-list purge seen", "deleted movie list `seen` with 1 items"),
    ] {
        let ran = sandbox.run(line).good();
        assert!(ran.stdout.contains(answer), "{line}: {}", ran.stdout);
    }
    for (line, data) in [
        (
            "entry-list all",
            json!([
                { "name": "To Watch", "config": "config", "items": 0 },
                { "name": "entries", "config": "config", "items": 1 },
            ]),
        ),
        ("movie-list all", json!([{ "name": "movies", "config": "config", "items": 0 }])),
        ("regexp-list list", json!({ "list": "regexps", "entries": [] })),
        ("pending-list all", json!([])),
    ] {
        assert_eq!(sandbox.run(&format!("{line} --format json")).good().json(), data, "{line}");
    }
    for (line, code) in [
        ("entry-list show entries nope", 1),
        ("entry-list add A http://x --attributes foo", 2),
        ("movie-list list nope", 1),
        ("regexp-list add '('", 1),
    ] {
        assert_eq!(sandbox.run(line).code, code, "{line}");
    }
}
