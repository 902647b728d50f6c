//! The laws that hold for every list.

use std::cell::Cell;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use serde_json::Value;

use super::tasks::{entry, list, root};
use super::world::{dry_run, next_run};
use crate::context::Context;
use crate::context::journal::ChangeState;
use crate::document::read::read;
use crate::entry::Entry;
use crate::error::Result;
use crate::list::any::AnyList;
use crate::list::recovery;
use crate::list::writable::WritableList;
use crate::task::report::Action;

/// The time after which a service surely shows what there is.
const SETTLED: Duration = Duration::from_secs(360);

/// The options that select a list wherever they are: another value is another list.
const SELECTING: [&str; 4] = ["account", "list", "name", "file"];

/// Checks the laws that hold for every list.
///
/// As [`ListLaws`], without anything that the list itself cannot show.
///
/// # Panics
/// A law is broken; the message names the line of the caller.
#[track_caller]
pub fn list_laws<'a>(options: &'a str, entries: &'a [&'a str], cx: &'a Context) -> impl Future<Output = ()> + 'a {
    let laws = ListLaws::new(options, entries);
    async move { laws.check(cx).await }
}

/// The laws that hold for every list, for one list.
///
/// An added item is found. Adding twice changes once, also within one batch. A removed item is
/// gone, and nothing else. A dry run changes nothing and names what it would change. Clearing
/// empties. Another account, list, name or file is another list. For a remote list also: a batch is
/// one request, and none in a dry run; a limit is kept; each change can be undone, with all fields
/// and dates of the items; a lost answer is uncertain ([`ListLaws::losing`]).
pub struct ListLaws<'a> {
    options: &'a str,
    entries: Vec<Entry>,
    others: Vec<&'a str>,
    losing: Option<Box<dyn Fn(bool) + 'a>>,
    is_dated_anew: bool,
    at: &'static Location<'static>,
}

impl<'a> ListLaws<'a> {
    /// Creates the laws of a list, which is empty at first and is given as in `list_add`.
    ///
    /// `entries` are YAML for [`entry`]: at least two, each an item of its own.
    ///
    /// # Panics
    /// An entry is none.
    #[track_caller]
    pub fn new(options: &'a str, entries: &[&str]) -> Self {
        let entries: Vec<Entry> = entries.iter().map(|fields| entry(fields)).collect();
        assert!(entries.len() > 1, "the laws need two entries at least");
        Self { options, entries, others: Vec::new(), losing: None, is_dated_anew: false, at: Location::caller() }
    }

    /// Adds other options that mean another list.
    #[must_use]
    pub fn differs_from(mut self, options: &'a str) -> Self {
        self.others.push(options);
        self
    }

    /// Sets a function that makes the service lose its answers to writes, or answer again.
    #[must_use]
    pub fn losing(mut self, set_losing: impl Fn(bool) + 'a) -> Self {
        self.losing = Some(Box::new(set_losing));
        self
    }

    /// Says that the service dates an item anew that comes back, so that an undo loses its date.
    #[must_use]
    pub fn dated_anew(mut self) -> Self {
        self.is_dated_anew = true;
        self
    }

    /// Checks all laws.
    ///
    /// # Panics
    /// A law is broken; the message names the line of the caller.
    pub async fn check(self, cx: &Context) {
        let laws = Laws { list: list(self.options), of: &self, cx, last: Cell::new(None) };
        laws.identity();
        laws.adding().await;
        laws.removing().await;
        laws.clearing().await;
        laws.batches().await;
        laws.lost_answers().await;
    }
}

/// The laws while they are checked.
struct Laws<'l, 'a> {
    list: WritableList,
    of: &'l ListLaws<'a>,
    cx: &'l Context,
    /// The last change of the journal.
    last: Cell<Option<i64>>,
}

impl Laws<'_, '_> {
    fn broken(&self, law: impl std::fmt::Display) -> ! {
        panic!("{}: {}: {law}", self.of.at, self.of.options)
    }

    fn good<T>(&self, result: Result<T>) -> T {
        result.unwrap_or_else(|error| self.broken(error))
    }

    #[track_caller]
    fn equal<T: PartialEq + std::fmt::Debug>(&self, found: T, wanted: T, law: &str) {
        if found != wanted {
            self.broken(format!("{law}: found {found:?}, expected {wanted:?}"));
        }
    }

    fn all(&self) -> Vec<&Entry> {
        self.of.entries.iter().collect()
    }

    /// Checks that two options are two lists.
    fn identity(&self) {
        let id = self.list.list().id();
        let options: Value = read(&root(self.of.options)).unwrap_or_default();
        let Some((kind, options)) = options.as_object().and_then(|options| options.iter().next()) else { return };
        if let Some(account) = options.get("account").and_then(Value::as_str) {
            self.equal(id.account.as_deref(), Some(account), "the id of a list has the account of its options");
        }
        let mut others: Vec<String> = self.of.others.iter().map(|other| (*other).to_owned()).collect();
        let varied = |value: &str| Value::from(format!("{value} 2"));
        others.extend(options.as_str().map(|name| serde_json::json!({ (kind): varied(name) }).to_string()));
        for key in SELECTING {
            if let Some(value) = options.get(key).and_then(Value::as_str) {
                let mut options = options.clone();
                options[key] = varied(value);
                others.push(serde_json::json!({ (kind): options }).to_string());
            }
        }
        for other in others {
            // Options that name no list, such as a wrong word, are no other list.
            if let Ok(list) = read::<AnyList>(&root(&other))
                && list.id() == id
            {
                self.broken(format!("other options are another list, with another id: {other}"));
            }
        }
    }

    async fn change(&self, action: Action, entries: &[&Entry], cx: &Context) -> (usize, usize) {
        let writes = || {
            let counts = cx.http.counts();
            counts.iter().filter(|(method, _)| **method != "GET").map(|(_, count)| count).sum::<u64>()
        };
        let before = writes();
        let report = self.good(self.list.apply(entries, action, "list_laws", None, cx).await);
        if !(report.failed.is_empty() && report.not_found.is_empty()) {
            self.broken(format!("{action:?} fails: {report:?}"));
        }
        if writes().saturating_sub(before) > u64::from(!cx.dry_run) {
            self.broken(format!("{action:?} is one request a batch, and none in a dry run"));
        }
        let named = if cx.dry_run { report.done } else { 0 };
        self.equal(report.items.len(), named, "a dry run names what it would change, and nothing else");
        self.last.set(report.change_id);
        (report.done, report.existing)
    }

    /// Undoes the last change; returns whether there was one.
    async fn undo(&self, law: &str) -> bool {
        let Some(id) = self.last.take() else { return false };
        let undone = recovery::undo(id, "list_laws", &next_run(self.cx)).await;
        let undone = undone.unwrap_or_else(|error| self.broken(format!("{law}: {error}")));
        if !undone.failed.is_empty() {
            self.broken(format!("{law}: {undone:?}"));
        }
        true
    }

    async fn found(&self, cx: &Context) -> Vec<bool> {
        self.good(self.list.list().find(&self.all(), cx).await).iter().map(Option::is_some).collect()
    }

    /// Returns the items when the service shows them all, by title.
    async fn items(&self) -> Vec<Entry> {
        let cx = next_run(self.cx);
        let read = async |cx: &Context| {
            self.good(self.list.list().items(None, cx).await).iter().map(Entry::fresh).collect::<Vec<_>>()
        };
        let at_once = read(&cx).await.len();
        // By then what was written lately is of no account any more.
        cx.clock.sleep(SETTLED).await;
        let mut items = read(&next_run(self.cx)).await;
        self.equal(at_once, items.len(), "what is read at once is what is there");
        items.sort_by(|a, b| a.title().cmp(b.title()));
        items
    }

    async fn titles(&self) -> Vec<String> {
        self.items().await.iter().map(|item| item.title().to_owned()).collect()
    }

    async fn adding(&self) {
        let (all, count, cx) = (self.all(), self.of.entries.len(), self.cx);
        self.equal(self.found(cx).await, vec![false; count], "it is empty at first");
        let dry = self.change(Action::Add, &all, &dry_run(cx)).await;
        self.equal(dry, (count, 0), "a dry run says what it would do");
        self.equal(self.found(&next_run(cx)).await, vec![false; count], "a dry run adds nothing");
        self.equal(self.change(Action::Add, &all, cx).await, (count, 0), "all are added");
        self.equal(self.found(cx).await, vec![true; count], "what was added is found");
        let before = self.titles().await;
        self.equal(before.len(), count, "what was added is there");
        self.equal(self.change(Action::Add, &all, &next_run(cx)).await, (0, count), "adding twice changes once");
        self.equal(self.titles().await, before, "adding twice changes once");
        if self.list.list().id().remote {
            let limited = self.good(self.list.list().items(Some(1), &next_run(cx)).await);
            self.equal(limited.len(), 1, "no more items are read than were asked for");
        }
    }

    async fn removing(&self) {
        let (all, count, cx) = (self.all(), self.of.entries.len(), self.cx);
        let first = &all[..1];
        let before = self.items().await;
        let titles: Vec<String> = before.iter().map(|item| item.title().to_owned()).collect();
        let dry = self.change(Action::Remove, &all, &dry_run(cx)).await;
        self.equal(dry.0, count, "a dry run says what it would do");
        self.equal(self.titles().await, titles.clone(), "a dry run removes nothing");
        self.equal(self.change(Action::Remove, first, &next_run(cx)).await, (1, 0), "one is removed");
        if self.undo("what was removed comes back").await {
            let after = self.items().await;
            let back: Vec<String> = after.iter().map(|item| item.title().to_owned()).collect();
            self.equal(back, titles, "an undo puts back what was removed");
            for (before, after) in before.iter().zip(&after).filter(|_| !self.of.is_dated_anew) {
                let date = |item: &Entry| self.list.list().listed_at(item);
                self.equal(date(after), date(before), "an undo puts an item back with the date that it had");
            }
            self.equal(self.change(Action::Remove, first, &next_run(cx)).await, (1, 0), "one is removed again");
        }
        let first_is_gone: Vec<bool> = (0..count).map(|at| at > 0).collect();
        self.equal(self.found(&next_run(cx)).await, first_is_gone, "what was removed is gone, and nothing else");
        let twice = self.change(Action::Remove, first, &next_run(cx)).await;
        self.equal(twice, (0, 1), "removing twice changes once");
        let dry = self.change(Action::Remove, &all, &dry_run(cx)).await;
        self.equal(dry, (count.saturating_sub(1), 1), "a dry run says what it would remove");
        let dry = self.change(Action::Add, &all, &dry_run(cx)).await;
        self.equal(dry, (1, count.saturating_sub(1)), "a dry run says what it would add");
    }

    async fn clearing(&self) {
        let (all, count, cx) = (self.all(), self.of.entries.len(), self.cx);
        let rest = self.good(self.list.list().items(None, &next_run(cx)).await);
        let rest: Vec<&Entry> = rest.iter().collect();
        self.change(Action::Clear, &rest, &next_run(cx)).await;
        self.equal(self.titles().await, Vec::new(), "clearing empties");
        if self.undo("what was cleared comes back").await {
            self.equal(self.titles().await.len(), rest.len(), "an undo puts back what was cleared");
            self.change(Action::Clear, &rest, &next_run(cx)).await;
            self.equal(self.change(Action::Add, &all, &next_run(cx)).await, (count, 0), "all are added again");
            self.undo("what was added goes again").await;
            self.equal(self.titles().await, Vec::new(), "an undo takes off what was added");
        }
    }

    /// Checks that an item which comes twice in a batch counts once.
    async fn batches(&self) {
        let first = &self.of.entries[0];
        for action in [Action::Add, Action::Remove] {
            for cx in [dry_run(self.cx), next_run(self.cx)] {
                let twice = self.change(action, &[first, first], &cx).await;
                self.equal(twice, (1, 1), "an item that comes twice in a batch changes once");
            }
        }
        self.equal(self.titles().await, Vec::new(), "what was removed is gone");
    }

    /// Checks that a change whose answer is lost is uncertain, because it may have been made.
    async fn lost_answers(&self) {
        let Some(set_losing) = &self.of.losing else { return };
        let first = &self.of.entries[0];
        set_losing(true);
        let report = self.list.apply(&[first], Action::Add, "list_laws", None, &next_run(self.cx)).await;
        set_losing(false);
        let state = self
            .good(report)
            .change_id
            .and_then(|id| self.cx.journal().get(id).ok().flatten())
            .map(|change| change.state);
        if state != Some(ChangeState::Uncertain) {
            self.broken(
                "a change whose answer was lost is uncertain, as it may have been made: return an error of the \
                         HTTP client with `?`, or `Change::certain(false)`",
            );
        }
    }
}
