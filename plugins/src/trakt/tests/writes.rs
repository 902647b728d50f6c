//! Writes whose response does not say what was done: no effect is claimed that did not happen.

use flexget_core::context::journal::ChangeState;
use flexget_core::list::recovery;
use flexget_core::task::report::TaskReport;
use trakt_sim::{PageOddity, Reply, Trouble, World};

use super::laws::pass;
use super::*;

/// A kind of writing: the output, the list, and what is written.
struct Kind {
    output: &'static str,
    list: &'static str,
    media: Media,
}

const NEW: Media = Media::Movie(120);
const OLD: Media = Media::Movie(6);
/// A show that is collected in part.
const SHOW: Media = Media::Show(3_001);

const KINDS: [Kind; 14] = [
    Kind { output: "list_add", list: "list: watchlist", media: NEW },
    Kind { output: "list_add", list: "list: favorites", media: NEW },
    Kind { output: "list_add", list: "list: collection", media: NEW },
    Kind { output: "list_add", list: "list: collection", media: SHOW },
    Kind { output: "list_add", list: "list: history", media: NEW },
    Kind { output: "list_add", list: "list: watched", media: NEW },
    Kind { output: "list_add", list: "list: ratings", media: NEW },
    Kind { output: "list_add", list: "list: Following TV", media: NEW },
    Kind { output: "list_remove", list: "list: watchlist", media: OLD },
    Kind { output: "list_remove", list: "list: favorites", media: OLD },
    Kind { output: "list_remove", list: "list: collection", media: OLD },
    Kind { output: "list_remove", list: "list: watched", media: OLD },
    Kind { output: "list_remove", list: "list: ratings", media: OLD },
    Kind { output: "list_remove", list: "list: Following TV", media: OLD },
];

fn world() -> Sandbox {
    let sandbox = Sandbox::new(Seed::small().and(|world| {
        world.switches.tidy_watchlist = false;
        let list = world.list_id("ann-kay", "Following TV").unwrap();
        for place in [Place::Watchlist("ann-kay".into()), Place::Favorites("ann-kay".into()), Place::List(list)] {
            world.put(&place, &[OLD]);
            world.take(&place, &[NEW]);
        }
        let before = world.now() - 86_400_000;
        world.user_mut("ann-kay").history.retain(|play| play.media != NEW);
        let is_other = |media: &Media| *media != NEW && !matches!(media, Media::Episode(3_001, ..));
        world.user_mut("ann-kay").collection.retain(|media, _| is_other(media));
        world.user_mut("ann-kay").ratings.remove(&NEW);
        world.rate("ann-kay", OLD, 8, before);
        world.collect("ann-kay", OLD, before);
        world.collect("ann-kay", Media::Episode(3_001, 1, 1), before);
    }));
    pass(&sandbox, 60);
    sandbox
}

impl Kind {
    fn is_add(&self) -> bool {
        self.output == "list_add"
    }

    fn name(&self) -> String {
        format!("{} {} {:?}", self.output, self.list, self.media)
    }

    fn task(&self) -> String {
        let id = match self.media {
            Media::Show(id) => format!("trakt_show_id: {id}"),
            media => format!("trakt_movie_id: {}", number(media)),
        };
        let (output, list) = (self.output, self.list);
        format!(
            "mock: [ {{ title: it, {id}, trakt_user_rating: 7 }} ]\naccept_all: yes\nseen: no\n{output}: [ trakt_list: {{ account: ann, {list} }} ]"
        )
    }

    /// Counts its occurrences on the list; for a show, its episodes.
    fn count(&self, world: &World) -> usize {
        let ann = world.user("ann-kay");
        let is_it = |media: &Media| match (self.media, media) {
            (Media::Show(show), Media::Episode(of, ..)) => show == *of,
            (wanted, media) => wanted == *media,
        };
        let place = match self.list {
            "list: watchlist" => Place::Watchlist("ann-kay".into()),
            "list: favorites" => Place::Favorites("ann-kay".into()),
            "list: collection" => return ann.collection.keys().filter(|media| is_it(media)).count(),
            "list: history" | "list: watched" => return ann.history.iter().filter(|it| is_it(&it.media)).count(),
            "list: ratings" => return usize::from(ann.ratings.contains_key(&self.media)),
            _ => Place::List(world.list_id("ann-kay", "Following TV").unwrap()),
        };
        world.contents(&place).unwrap().items.iter().filter(|item| is_it(&item.media)).count()
    }

    fn is_made(&self, sandbox: &Sandbox) -> bool {
        let count = sandbox.sim.with(|world| self.count(world));
        match (self.is_add(), self.media) {
            (true, Media::Show(_)) => count > 1,
            (true, _) => count == 1,
            (false, _) => count == 0,
        }
    }
}

fn is_claimed(report: &TaskReport) -> bool {
    report.error.is_none() && report.is_ok() && titles(report, State::Accepted) == ["it"]
}

#[test]
fn no_write_is_claimed_that_was_not_made_and_none_is_made_twice() {
    let after = |status| Trouble::After(Reply::empty(status));
    let instead = |status| Trouble::Instead(Reply::empty(status));
    for kind in &KINDS {
        for trouble in [
            after(408),
            after(420),
            after(499),
            after(502),
            instead(408),
            instead(420),
            instead(499),
            instead(502),
            Trouble::CloseAfter,
            Trouble::CloseBefore,
            Trouble::CutShort,
        ] {
            let name = format!("{}, {trouble:?}", kind.name());
            let sandbox = world();
            assert!(!kind.is_made(&sandbox), "{name}");
            sandbox.sim.fail(Fault::on("POST", "/").with(trouble.clone()));
            let report = run(&kind.task(), &sandbox.next_run());
            assert!(!is_claimed(&report) || kind.is_made(&sandbox), "{name}: {report:?}");
            sandbox.sim.heal();
            pass(&sandbox, 6);
            // Another run finds out what became of it.
            run("mock: [ A ]\naccept_all: yes", &sandbox.next_run());
            let was_made = kind.is_made(&sandbox);
            for change in sandbox.cx.journal().list(10).unwrap() {
                let is_done = change.state == ChangeState::Done;
                assert!(matches!(change.state, ChangeState::Done | ChangeState::Failed), "{name}: {:?}", change.state);
                assert!(!is_done || was_made, "{name}: it is settled as done and was not made: {change:?}");
            }
            // What was not made is made now, and what was made is not made again.
            let report = run(&kind.task(), &sandbox.next_run());
            assert!(is_claimed(&report) && kind.is_made(&sandbox), "{name}: {report:?}");
        }
    }
}

#[test]
fn an_answer_that_did_nothing_is_never_a_success() {
    for kind in &KINDS {
        let sandbox = world();
        sandbox.sim.fail(Fault::on("POST", "/").ignored());
        let report = run(&kind.task(), &sandbox.next_run());
        assert!(!is_claimed(&report), "{}: {report:?}", kind.name());
        assert_eq!(titles(&report, State::Failed), ["it"], "{}", kind.name());
        sandbox.sim.heal();
        pass(&sandbox, 6);
        let report = run(&kind.task(), &sandbox.next_run());
        assert!(is_claimed(&report) && kind.is_made(&sandbox), "{}: {report:?}", kind.name());
    }
}

#[test]
fn an_answer_of_nothing_to_a_write_that_was_made_is_checked_on_the_list() {
    for kind in &KINDS {
        let sandbox = world();
        sandbox.sim.fail(Fault::on("POST", "/").denied());
        let report = run(&kind.task(), &sandbox.next_run());
        assert!(kind.is_made(&sandbox), "{}", kind.name());
        assert!(is_claimed(&report), "{}: {report:?}", kind.name());
        sandbox.sim.heal();
        pass(&sandbox, 6);
        let report = run(&kind.task(), &sandbox.next_run());
        assert!(is_claimed(&report) && kind.is_made(&sandbox), "{}: {report:?}", kind.name());
    }
}

#[test]
fn an_answer_of_nothing_is_not_checked_on_a_list_of_the_cache() {
    let sandbox = world();
    let list = "trakt_list: { account: ann, list: watchlist }";
    let cached = run(&read("account: ann, list: watchlist"), &sandbox.next_run());
    assert!(cached.is_ok(), "{cached:?}");
    pass(&sandbox, 10);
    sandbox.sim.fail(Fault::on("POST", "/").denied());
    let task = format!(
        "inputs: [ {list}, mock: [ {{ title: it, trakt_movie_id: 120 }} ] ]\naccept_all: yes\nseen: no\nlist_add: [ {list} ]"
    );
    let report = run(&task, &sandbox.next_run());
    assert!(KINDS[0].is_made(&sandbox) && report.is_ok(), "{report:?} {:?}", sandbox.requests());
}

#[test]
fn a_play_that_was_not_taken_off_is_not_undone() {
    for (fault, is_gone) in [(Fault::on("POST", "/").ignored(), false), (Fault::on("POST", "/").denied(), true)] {
        let sandbox = world();
        let add = &KINDS[4];
        let id = run(&add.task(), &sandbox.next_run()).changes[0].change_id.unwrap();
        assert!(add.is_made(&sandbox));
        pass(&sandbox, 6);
        sandbox.sim.fail(fault);
        let undone = testing::block_on(recovery::undo(id, "undo", &sandbox.next_run())).unwrap();
        assert_eq!((undone.failed.is_empty(), add.is_made(&sandbox)), (is_gone, !is_gone), "{undone:?}");
        let expected = if is_gone { ChangeState::Undone } else { ChangeState::Done };
        assert_eq!(sandbox.cx.journal().get(id).unwrap().unwrap().state, expected);
        sandbox.sim.heal();
        pass(&sandbox, 6);
        if !is_gone {
            assert!(testing::block_on(recovery::undo(id, "undo", &sandbox.next_run())).unwrap().failed.is_empty());
        }
        assert!(!add.is_made(&sandbox));
    }
}

#[test]
fn an_interrupted_play_that_is_not_seen_is_not_settled_as_not_made() {
    let sandbox = world();
    sandbox.sim.with(|world| world.pages.rules.values_mut().for_each(|rule| (rule.default, rule.max) = (2, 2)));
    sandbox.sim.fail(Fault::on("POST", "/sync/history").with(Trouble::CloseAfter));
    let id = run(&KINDS[5].task(), &sandbox.next_run()).changes[0].change_id.unwrap();
    sandbox.sim.heal();
    pass(&sandbox, 6);
    let state = || sandbox.cx.journal().get(id).unwrap().unwrap().state;
    sandbox.sim.with(|world| {
        world.odd_pages("/sync/watched/movies", PageOddity::LostRows { page: 1, missing: 2 });
        world.odd_pages("/sync/history", PageOddity::LostRows { page: 1, missing: 2 });
    });
    run("mock: [ A ]\naccept_all: yes", &sandbox.next_run());
    assert_eq!(state(), ChangeState::Uncertain, "the list was not read whole");
    sandbox.sim.with(|world| world.pages.odd.clear());
    run("mock: [ A ]\naccept_all: yes", &sandbox.next_run());
    assert_eq!(state(), ChangeState::Done);
}

#[test]
fn a_play_that_was_added_though_the_answer_is_an_error_is_found_at_once() {
    for status in [408, 420, 499] {
        let sandbox = world();
        sandbox.sim.fail(Fault::on("POST", "/sync/history").with(Trouble::After(Reply::empty(status))));
        let report = run(&KINDS[4].task(), &sandbox.next_run());
        assert!(is_claimed(&report) && report.changes[0].done == 1, "{status}: {report:?}");
        assert_eq!(sandbox.sim.count("POST", "/"), 1, "{status}");
        let state = sandbox.cx.journal().list(1).unwrap()[0].state;
        assert_eq!(state, ChangeState::Done, "{status}");
    }
}

#[test]
fn a_further_play_whose_answer_was_lost_is_judged_by_that_play() {
    for (trouble, made) in [(Trouble::CloseAfter, true), (Trouble::CloseBefore, false)] {
        let sandbox = world();
        let plays = |sandbox: &Sandbox| {
            let count = |world: &mut World| world.user("ann-kay").history.iter().filter(|it| it.media == OLD).count();
            sandbox.sim.with(count)
        };
        let before = plays(&sandbox);
        assert!(before > 0, "it was watched before");
        sandbox.sim.fail(Fault::on("POST", "/sync/history").with(trouble.clone()));
        let task = "mock: [ { title: it, trakt_movie_id: 6 } ]\naccept_all: yes\nseen: no\nlist_add: [ trakt_list: { account: ann, list: history, plays: every } ]";
        run(task, &sandbox.next_run());
        sandbox.sim.heal();
        pass(&sandbox, 6);
        run("mock: [ A ]\naccept_all: yes", &sandbox.next_run());
        let state = sandbox.cx.journal().list(1).unwrap()[0].state;
        let expected = if made { ChangeState::Done } else { ChangeState::Failed };
        assert_eq!((state, plays(&sandbox)), (expected, before + usize::from(made)), "{trouble:?}");
    }
}
