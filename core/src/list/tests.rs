//! Changes to a list of a service: what the journal, the report and the copies of a run know of them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::context::Context;
use crate::context::journal::{Action, ChangeState, NewChange};
use crate::context::store::Store;
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::list::identity::Keys;
use crate::list::input::list;
use crate::list::journaled::stored;
use crate::list::outcome::{Change, Outcome};
use crate::list::recovery::{recover, undo};
use crate::list::writable::WritableList;
use crate::list::{Adding, List, ListId};
use crate::plugin::registry::submit;
use crate::testing::{self, block_on, context, context_with, next_run};

/// A response of the service to the titles that were sent.
type Respond = Rc<dyn Fn(Context, Vec<String>) -> LocalBoxFuture<'static, Result<Change>>>;

/// The service that keeps the list: one for each test, because each test has a thread of its own.
#[derive(Default)]
struct Service {
    items: Vec<String>,
    respond: Option<Respond>,
    is_down: bool,
    /// Whether the state before a change cannot be read.
    has_no_snapshot: bool,
    /// The user that the account belongs to.
    user: Option<String>,
}

thread_local! {
    static SERVICE: RefCell<Service> = RefCell::default();
}

/// Lets the service answer writes like this.
fn respond<F>(respond: impl Fn(Context, Vec<String>) -> F + 'static)
where
    F: Future<Output = Result<Change>> + 'static,
{
    let respond: Respond = Rc::new(move |cx, titles| Box::pin(respond(cx, titles)));
    SERVICE.with_borrow_mut(|service| service.respond = Some(respond));
}

fn serve_again() {
    SERVICE.with_borrow_mut(|service| (service.respond, service.is_down) = (None, false));
}

fn on_service() -> Vec<String> {
    SERVICE.with_borrow(|service| service.items.clone())
}

/// Adds or removes titles; a list of plays takes a title as often as it is sent.
fn write(titles: Vec<String>, action: Action, adding: Adding) -> Change {
    SERVICE.with_borrow_mut(|service| {
        let write = |title: String| {
            let found = service.items.iter().position(|item| *item == title);
            match (action, found) {
                (Action::Add, Some(_)) if adding == Adding::Once => return Outcome::Unchanged,
                (Action::Add, _) => service.items.push(title),
                (_, Some(at)) => drop(service.items.remove(at)),
                (_, None) => return Outcome::Unchanged,
            }
            Outcome::Done
        };
        titles.into_iter().map(write).collect()
    })
}

/// A list of a service that responds as a test tells it.
#[derive(Deserialize, JsonSchema)]
struct Scripted {
    /// The list's name.
    name: String,
    /// Whether items are plays.
    #[serde(default)]
    plays: bool,
}

submit! { list::<Scripted>() }

impl Scripted {
    async fn write(&self, action: Action, entries: &[&Entry], cx: &Context) -> Result<Change> {
        let titles: Vec<String> = entries.iter().map(|entry| entry.title().to_owned()).collect();
        match SERVICE.with_borrow(|service| service.respond.clone()) {
            Some(respond) => respond(cx.clone(), titles).await,
            None => Ok(write(titles, action, self.adding())),
        }
    }
}

impl List for Scripted {
    const NAME: &'static str = "scripted";

    fn id(&self) -> ListId {
        ListId::remote(&self.name).account(Some("ann".to_owned()))
    }

    fn keys(&self, entry: &Entry) -> Keys {
        let mut keys = Keys::new();
        keys.id("title", entry.title());
        keys
    }

    fn adding(&self) -> Adding {
        if self.plays { Adding::Again } else { Adding::Once }
    }

    async fn items(&self, _limit: Option<usize>, _cx: &Context) -> Result<Vec<Entry>> {
        SERVICE.with_borrow(|service| {
            if service.is_down {
                return Err(Error::new("the service is down"));
            }
            Ok(service.items.iter().map(|title| entry(title)).collect())
        })
    }

    async fn snapshot(&self, _: Action, _: &[&Entry], _cx: &Context) -> Result<Option<Vec<Entry>>> {
        // Other processes get their turn between the look at the list and the change.
        tokio::task::yield_now().await;
        if SERVICE.with_borrow(|service| service.has_no_snapshot) {
            return Err(Error::new("there is no such list").hint("the lists are: b"));
        }
        Ok(None)
    }

    fn user(&self, _cx: &Context) -> Result<Option<String>> {
        Ok(SERVICE.with_borrow(|service| service.user.clone()))
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.write(Action::Add, entries, cx).await
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.write(Action::Remove, entries, cx).await
    }
}

const LIST: &str = "scripted: { name: a }";
const PLAYS: &str = "scripted: { name: plays, plays: yes }";

fn entry(title: &str) -> Entry {
    Entry::new(title, format!("mock://{title}"))
}

async fn apply(
    list: &WritableList,
    titles: &[&str],
    action: Action,
    cx: &Context,
) -> crate::task::report::ChangeReport {
    let entries: Vec<Entry> = titles.iter().map(|title| entry(title)).collect();
    list.apply(&entries.iter().collect::<Vec<_>>(), action, "test", None, cx).await.expect("a journal")
}

fn states(cx: &Context) -> Vec<ChangeState> {
    cx.journal().list(10).expect("a journal").iter().map(|change| change.state).collect()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

#[test]
fn keeps_a_change_done_if_the_undo_meets_unknown_items() {
    block_on(async {
        let cx = context();
        apply(&testing::list(LIST), &["A"], Action::Add, &cx).await;
        respond(async |_, titles| Ok(Change::all(Outcome::Unknown, titles.len())));
        let undone = undo(1, "undo", &next_run(&cx)).await.expect("an undo");
        assert_eq!(undone.not_found, ["A"]);
        assert_eq!(states(&cx), [ChangeState::Failed, ChangeState::Done]);
        serve_again();
        undo(1, "undo", &next_run(&cx)).await.expect("an undo");
        assert_eq!(states(&cx)[2], ChangeState::Undone);
    });
}

#[test]
fn shifts_no_item_if_one_of_the_journal_cannot_be_read() {
    block_on(async {
        let cx = context();
        SERVICE.with_borrow_mut(|service| service.items = vec!["A".into(), "B".into()]);
        let id = cx
            .journal()
            .begin(&NewChange {
                service: "scripted".into(),
                account: Some("ann".into()),
                user: None,
                list: "a".into(),
                list_config: json!({ "name": "a" }),
                action: Action::Add,
                items: vec![json!("not an item"), entry("A").to_stored(), entry("B").to_stored()],
                undo_of: None,
            })
            .expect("a journal");
        let outcomes = [Outcome::Done, Outcome::Failed("full".into()), Outcome::Done];
        let answer = stored(&outcomes, cx.clock.now());
        cx.journal().finish(id, ChangeState::Done, Some(&answer)).expect("a journal");
        let undone = undo(id, "undo", &cx).await.expect("an undo");
        assert_eq!(on_service(), ["A"], "only B was added by the change");
        assert_eq!((undone.done, undone.failures()), (1, 1), "{undone:?}");
    });
}

#[test]
fn knows_what_was_sent_if_the_journal_cannot_be_finished() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("db.sqlite");
        let cx = context_with(Store::at(&path));
        let list = testing::list(LIST);
        assert_eq!(list.list().items(None, &cx).await.expect("a list").len(), 0);
        respond(move |_, titles| {
            let change = write(titles, Action::Add, Adding::Once);
            let database = rusqlite::Connection::open(&path).expect("a database");
            database.execute_batch("DELETE FROM change").expect("rows");
            async { Ok(change) }
        });
        let report = apply(&list, &["A"], Action::Add, &cx).await;
        assert_eq!((report.done, report.failed.len()), (1, 0));
        assert_eq!(list.list().items(None, &cx).await.expect("a list").len(), 1, "the copy of the run has it");
        let warnings = cx.take_warnings();
        assert!(warnings[0].starts_with("the outcome of change 1 could not be recorded"), "{warnings:?}");
    });
}

#[test]
fn fails_if_a_list_returns_other_than_one_outcome_for_each_item() {
    block_on(async {
        let cx = context();
        respond(async |_, _| Ok(Change::all(Outcome::Done, 1)));
        let report = apply(&testing::list(LIST), &["A", "B"], Action::Add, &cx).await;
        assert!(report.failed[0].reason.contains("scripted `a` returned 1 outcomes for 2 entries"), "{report:?}");
        assert_eq!((report.done, states(&cx)), (0, vec![ChangeState::Uncertain]));
    });
}

#[test]
fn leaves_a_change_alone_while_its_writer_lives() {
    block_on(async {
        let cx = context();
        respond(async |cx, titles| {
            for _ in 0..4 {
                // As long as a rate limit may last.
                cx.clock.sleep(minutes(4)).await;
                assert_eq!(recover(&next_run(&cx)).await?, Vec::<String>::new());
            }
            Ok(write(titles, Action::Add, Adding::Once))
        });
        apply(&testing::list(LIST), &["A"], Action::Add, &cx).await;
        assert_eq!(states(&cx), [ChangeState::Done]);
    });
}

#[test]
fn closes_a_change_whose_outcome_cannot_be_found_out_after_a_week() {
    block_on(async {
        let cx = context();
        respond(async |_, _| Err(Error::new("lost").after_sending()));
        apply(&testing::list(LIST), &["A"], Action::Add, &cx).await;
        SERVICE.with_borrow_mut(|service| service.is_down = true);
        cx.clock.sleep(minutes(6)).await;
        assert_eq!(
            (recover(&next_run(&cx)).await.expect("a journal").len(), states(&cx)[0]),
            (0, ChangeState::Uncertain)
        );
        cx.clock.sleep(minutes(8 * 24 * 60)).await;
        let said = recover(&next_run(&cx)).await.expect("a journal");
        assert!(said[0].starts_with("the outcome of change 1 was not found out within 7 days"), "{said:?}");
        assert_eq!(states(&cx), [ChangeState::Abandoned]);
        assert_eq!(recover(&next_run(&cx)).await.expect("a journal").len(), 0);
        let refused = undo(1, "undo", &cx).await.expect_err("no undo");
        assert!(refused.message().contains("was never found out"), "{refused}");
    });
}

#[test]
fn undoes_a_change_once_if_several_try_at_once() {
    block_on(async {
        let cx = context();
        SERVICE.with_borrow_mut(|service| service.items = vec!["A".into()]);
        apply(&testing::list(PLAYS), &["A"], Action::Remove, &cx).await;
        respond(async |_, titles| {
            tokio::task::yield_now().await;
            Ok(write(titles, Action::Add, Adding::Again))
        });
        let [one, two, three] = [next_run(&cx), next_run(&cx), next_run(&cx)];
        let (one, two, three) = tokio::join!(undo(1, "undo", &one), undo(1, "undo", &two), undo(1, "undo", &three));
        assert_eq!(on_service(), ["A"]);
        let refused = [one, two, three].into_iter().filter_map(Result::err).map(|error| error.to_string());
        assert_eq!(refused.collect::<Vec<_>>(), ["change 1 is being undone by another process"; 2]);
        assert_eq!(states(&cx), [ChangeState::Done, ChangeState::Undone]);
    });
}

#[test]
fn adds_a_play_once_if_several_processes_add_it_at_once() {
    block_on(async {
        let cx = context();
        let list = testing::list(PLAYS);
        respond(async |_, titles| {
            tokio::task::yield_now().await;
            Ok(write(titles, Action::Add, Adding::Again))
        });
        let [one, two] = [next_run(&cx), next_run(&cx)];
        // Both have looked before either writes.
        list.list().items(None, &one).await.expect("a list");
        list.list().items(None, &two).await.expect("a list");
        let (one, two) =
            tokio::join!(apply(&list, &["A", "B"], Action::Add, &one), apply(&list, &["A", "B"], Action::Add, &two));
        assert_eq!(on_service(), ["A", "B"]);
        let (one, two) = ((one.done, one.failures()), (two.done, two.failures()));
        assert_eq!([one, two].into_iter().max(), Some((2, 0)));
        assert_eq!([one, two].into_iter().min(), Some((0, 2)));
    });
}

#[test]
fn adds_a_play_once_if_another_process_has_added_it_since_the_list_was_read() {
    block_on(async {
        let cx = context();
        let list = testing::list(PLAYS);
        let (one, two) = (next_run(&cx), next_run(&cx));
        list.list().items(None, &two).await.expect("a list");
        assert_eq!(apply(&list, &["A"], Action::Add, &one).await.done, 1);
        let late = apply(&list, &["A"], Action::Add, &two).await;
        assert_eq!((late.done, late.existing, on_service().len()), (0, 1, 1));
    });
}

#[test]
fn groups_failures_and_records_nothing_if_nothing_was_sent() {
    block_on(async {
        let cx = context();
        SERVICE.with_borrow_mut(|service| service.has_no_snapshot = true);
        let titles: Vec<String> = (0..1_000).map(|number| format!("film {number}")).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let report = apply(&testing::list(LIST), &titles, Action::Add, &cx).await;
        let failures: Vec<String> = report.failed.iter().map(ToString::to_string).collect();
        let expected =
            "1000 items: there is no such list (the lists are: b) (`film 0`, `film 1`, `film 2` and 997 more)";
        assert_eq!((failures, report.failures()), (vec![expected.to_owned()], 1_000));
        assert_eq!(states(&cx), []);
    });
}

#[test]
fn undoes_a_change_only_for_the_user_for_whom_it_was_made() {
    block_on(async {
        let cx = context();
        let is_now = |user: &str| SERVICE.with_borrow_mut(|service| service.user = Some(user.to_owned()));
        is_now("ann");
        apply(&testing::list(LIST), &["A"], Action::Add, &cx).await;
        is_now("bob");
        let refused = undo(1, "undo", &next_run(&cx)).await.expect_err("no undo");
        let expected = "change 1 was made for the user `ann`, and account `ann` belongs to `bob` now";
        assert_eq!((refused.message(), on_service().len()), (expected, 1));
        SERVICE.with_borrow_mut(|service| service.user = None);
        let refused = undo(1, "undo", &next_run(&cx)).await.expect_err("no undo").to_string();
        assert!(refused.contains("it is not known to whom its account belongs now"), "{refused}");
        is_now("ann");
        undo(1, "undo", &next_run(&cx)).await.expect("an undo");
        assert_eq!(on_service().len(), 0);
    });
}
