//! What goes wrong while lists are changed: the report, the journal and the list agree in the end.

use flexget_core::context::journal::ChangeState;
use trakt_sim::{AccountLimits, Privacy, Trouble};

use super::laws::pass;
use super::*;

/// A config that adds movies by Trakt's numbers to a list.
fn add(list: &str, ids: &[u64]) -> String {
    let mock: Vec<String> = ids.iter().map(|id| format!("{{ title: m{id}, trakt_movie_id: {id} }}")).collect();
    format!("mock: [ {} ]\naccept_all: yes\nlist_add: [ trakt_list: {{ account: ann, {list} }} ]", mock.join(", "))
}

fn states(sandbox: &Sandbox) -> Vec<ChangeState> {
    sandbox.cx.journal().list(10).unwrap().iter().map(|change| change.state).collect()
}

fn plays(sandbox: &Sandbox, movie: u64) -> usize {
    sandbox
        .sim
        .with(|world| world.user("ann-kay").history.iter().filter(|play| play.media == Media::Movie(movie)).count())
}

fn has(sandbox: &Sandbox, movie: u64) -> bool {
    sandbox.sim.with(|world| world.contents(&Place::Watchlist("ann-kay".into())).unwrap().has(Media::Movie(movie)))
}

#[test]
fn a_lost_answer_is_asked_for_again_where_that_does_no_harm() {
    let sandbox = Sandbox::new(Seed::small());
    sandbox.sim.fail(Fault::on("POST", "/sync/watchlist").with(Trouble::CloseAfter).once());
    let report = run(&add("list: watchlist", &[120]), &sandbox.next_run());
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(titles(&report, State::Accepted), ["m120"]);
    assert!(has(&sandbox, 120));
    let id = report.changes[0].change_id.unwrap();
    // The second answer said that it was there already; the undo knows better, by the list's own dates.
    assert_eq!(testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap().done, 1);
    assert!(!has(&sandbox, 120));

    sandbox.sim.fail(Fault::on("POST", "/sync/watchlist/remove").with(Trouble::CloseAfter).once());
    let remove = add("list: watchlist", &[481, 6]).replace("list_add", "seen: no\nlist_remove");
    let report = run(&remove, &sandbox.next_run());
    assert!(report.is_ok(), "{report:?}");
    assert_eq!((report.changes[0].done, report.changes[0].existing), (1, 1));
    assert!(!has(&sandbox, 481));
    let id = report.changes[0].change_id.unwrap();
    testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
    assert!(has(&sandbox, 481) && !has(&sandbox, 6), "only what was there comes back");
}

#[test]
fn a_play_whose_answer_was_lost_is_uncertain_and_never_sent_again() {
    for (list, trouble, happened) in [
        ("list: history", Trouble::CloseAfter, true),
        ("list: watched, type: movies", Trouble::CloseAfter, true),
        ("list: watched", Trouble::CloseAfter, true),
        ("list: history", Trouble::CloseBefore, false),
        ("list: history", Trouble::After(trakt_sim::Reply::empty(502)), true),
    ] {
        let sandbox = Sandbox::new(Seed::small());
        let config = add(list, &[16662]);
        sandbox.sim.fail(Fault::on("POST", "/sync/history").with(trouble.clone()));
        let report = run(&config, &sandbox.next_run());
        assert_eq!(sandbox.sim.count("POST", "/sync/history"), 1, "{list}, {trouble:?}");
        assert_eq!(titles(&report, State::Failed), ["m16662"]);
        assert_eq!(report.changes[0].done, 0);
        assert_eq!(states(&sandbox), [ChangeState::Uncertain]);
        let show = serde_json::json!({ "id": 1 });
        let shown = testing::command("changes show", show, Format::Text, &sandbox.next_run()).unwrap();
        assert!(shown.text.contains("m16662") && !shown.text.contains("Not done"), "{}", shown.text);
        sandbox.sim.heal();
        // At once, nobody knows: nothing is sent, unless the list shows that it is done.
        let report = run(&config, &sandbox.next_run());
        assert_eq!(sandbox.sim.count("POST", "/"), 0, "{list}, {trouble:?}");
        assert_eq!(titles(&report, if happened { State::Accepted } else { State::Failed }), ["m16662"]);
        // Later it is known.
        pass(&sandbox, 6);
        let again = run(&config.replace("accept_all", "seen: no\naccept_all"), &sandbox.next_run());
        assert_eq!(titles(&again, State::Accepted), ["m16662"]);
        assert_eq!(plays(&sandbox, 16662), 1, "{list}, {trouble:?}");
        let expected = if happened { vec![ChangeState::Done] } else { vec![ChangeState::Done, ChangeState::Failed] };
        assert_eq!(states(&sandbox), expected, "{list}, {trouble:?}");
    }
}

#[test]
fn a_page_that_fails_in_the_middle_changes_nothing() {
    for trouble in [Trouble::Instead(trakt_sim::Reply::empty(500)), Trouble::CutShort, Trouble::CloseBefore] {
        let sandbox = Sandbox::new(Seed::large());
        sandbox.sim.fail(Fault::on("GET", "/sync/watchlist").query("page", "2").with(trouble.clone()));
        let clear = "list_clear: { what: [ trakt_list: { account: ann, list: watchlist } ] }";
        let report = run(clear, &sandbox.next_run());
        assert!(report.error.is_some(), "{trouble:?}");
        assert_eq!(sandbox.sim.count("POST", "/"), 0);
        sandbox.sim.heal();
        // A page that fails once costs one request more.
        sandbox.sim.fail(Fault::on("GET", "/sync/watchlist").query("page", "2").with(trouble.clone()).once());
        let report = run(clear, &sandbox.next_run());
        assert_eq!(report.changes[0].done, 608, "{trouble:?}");
    }
}

#[test]
fn a_limit_in_the_middle_fails_what_was_not_stored_and_names_the_limits() {
    for partial in [false, true] {
        let sandbox = Sandbox::new(Seed::empty().and(move |world| {
            world.switches.partial_420 = partial;
            let ann = world.add_user("Ann.Kay");
            (ann.vip, ann.limits) = (false, AccountLimits::FREE);
            world.add_list(Some("ann-kay"), "Big List", Privacy::Private);
        }));
        let ids: Vec<u64> =
            sandbox.sim.with(|world| world.add_movies(500).iter().map(|movie| number(*movie)).collect());
        let report = run(&add("list: Big List", &ids), &sandbox.next_run());
        let stored = sandbox.sim.with(|world| {
            let list = world.list_id("ann-kay", "Big List").unwrap();
            world.contents(&Place::List(list)).unwrap().media()
        });
        assert_eq!(stored.len(), if partial { 250 } else { 200 });
        assert_eq!(titles(&report, State::Accepted).len(), stored.len(), "partly stored: {partial}");
        let failed = titles(&report, State::Failed);
        assert_eq!(failed.len(), 500 - stored.len());
        assert_eq!(report.changes[0].done + report.changes[0].existing, stored.len());
        assert!(report.changes[0].failed[0].reason.contains("250 items on each"), "{}", report.changes[0].failed[0]);
        assert_eq!(sandbox.sim.count("POST", "/"), 2, "nothing is sent after the limit");
        let is_stored = |title: &&str| stored.iter().any(|media| format!("m{}", number(*media)) == **title);
        assert!(!failed.iter().any(is_stored));
        // What failed is not seen: the next run tries it again, and what was stored is seen.
        let again = run(&add("list: Big List", &ids), &sandbox.next_run());
        assert_eq!(titles(&again, State::Rejected).len(), stored.len());
        // The undo takes off what was added, and no more.
        pass(&sandbox, 6);
        let id = report.changes[0].change_id.unwrap();
        let undone = testing::block_on(flexget_core::list::recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
        assert_eq!(undone.done, if partial { 200 + 50 } else { 200 });
    }
}

/// Runs a config until Trakt has applied a write that it never answers, and then no further, as if the program were killed.
fn killed_in(config: &str, path: &str, sandbox: &Sandbox) {
    let cx = sandbox.next_run();
    testing::block_on(async {
        let running = testing::run_config_async(config, &cx);
        let waited = async {
            while sandbox.sim.count("POST", path) == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = running => panic!("the run ended before it was killed"),
            () = waited => {}
        }
    });
}

#[test]
fn a_run_that_was_killed_is_settled_by_the_next_one() {
    for (list, path, applied) in [
        ("list: watchlist", "/sync/watchlist", true),
        ("list: watchlist", "/sync/watchlist", false),
        ("list: history", "/sync/history", true),
        ("list: history", "/sync/history", false),
    ] {
        let sandbox = Sandbox::new(Seed::small());
        let task = add(list, &[16662, 140]);
        let config = format!("tasks:\n  test:\n    {}\n", task.replace('\n', "\n    "));
        let trouble = if applied { Trouble::HangAfter } else { Trouble::Hang };
        sandbox.sim.fail(Fault::on("POST", path).exact().with(trouble));
        killed_in(&config, path, &sandbox);
        assert_eq!(states(&sandbox), [ChangeState::Pending]);
        sandbox.sim.heal();
        pass(&sandbox, 6);
        // A run of something else settles it.
        run("mock: [ A ]\naccept_all: yes", &sandbox.next_run());
        let on_list =
            |movie| if path.ends_with("history") { plays(&sandbox, movie) == 1 } else { has(&sandbox, movie) };
        // The first was on the watchlist before.
        let first = applied || path.ends_with("watchlist");
        assert_eq!((on_list(16662), on_list(140)), (first, applied), "{list}");
        assert_eq!(
            states(&sandbox),
            [if first { ChangeState::Done } else { ChangeState::Failed }],
            "{list}, {applied}"
        );
        assert_eq!(sandbox.sim.count("POST", "/"), 0);
        // The task runs again: nothing was seen, nothing is done twice.
        let report = run(&task, &sandbox.next_run());
        assert_eq!(titles(&report, State::Accepted), ["m16662", "m140"], "{list}");
        assert!(on_list(16662) && on_list(140), "{list}, {applied}");
        if applied && path.ends_with("watchlist") {
            let first = sandbox.cx.journal().list(10).unwrap().last().unwrap().id;
            testing::block_on(flexget_core::list::recovery::undo(first, "undo", &sandbox.next_run())).unwrap();
            assert!(has(&sandbox, 16662) && !has(&sandbox, 140), "an undo takes off only what the change put on");
        }
    }
}

#[test]
fn a_change_of_a_list_that_does_not_exist_is_not_in_the_journal() {
    for list in ["list: No Such List", "list: 987654", "list: 'https://trakt.tv/users/bob/lists/none'"] {
        for output in ["list_add", "list_remove", "list_clear"] {
            let sandbox = Sandbox::new(Seed::small());
            let lists = if output == "list_clear" { "{ what: [ LIST ] }" } else { "[ LIST ]" };
            let lists = lists.replace("LIST", &format!("trakt_list: {{ account: ann, {list} }}"));
            let task = format!("mock: [ {{ title: m, trakt_movie_id: 120 }} ]\naccept_all: yes\n{output}: {lists}");
            let report = run(&task, &sandbox.next_run());
            assert!(format!("{report:?}").contains("has no Trakt list"), "{list}, {output}: {report:?}");
            assert!(!report.is_ok(), "{list}, {output}");
            assert_eq!(states(&sandbox), [], "{list}, {output}");
        }
    }
}
