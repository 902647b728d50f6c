//! The laws refuse lists and plugins that are wrong, each in its own way.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::plugin_laws::broken_law;
use super::server::{Reply, Server};
use super::{ListLaws, Sandbox, block_on, context, plugin_laws};
use crate::context::http::Request;
use crate::prelude::*;

/// A list in memory, with one mistake if `mistake` names one.
#[derive(Deserialize, JsonSchema)]
struct Flawed {
    /// The account.
    account: String,
    /// The list's name.
    name: String,
    /// The mistake.
    #[serde(default)]
    mistake: String,
}

inventory::submit! { list::<Flawed>() }

/// Titles, each with the time at which it was put on the list.
type Titles = RefCell<Vec<(String, jiff::Timestamp)>>;

thread_local! {
    /// The items, which outlast a run as those of a service do.
    static ITEMS: Rc<Titles> = Rc::default();
    /// The URL of the service.
    static URL: RefCell<String> = RefCell::default();
}

fn items() -> Rc<Titles> {
    ITEMS.with(Rc::clone)
}

impl Flawed {
    fn has(&self, mistake: &str) -> bool {
        self.mistake == mistake
    }

    async fn send(&self, cx: &Context) -> Result<()> {
        let url = URL.with_borrow(String::clone);
        if url.is_empty() {
            return Ok(());
        }
        match cx.http.send(Request::post(url)).await {
            Ok(response) => response.ok().map(drop),
            Err(error) if self.has("failed") => Err(Error::new(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

impl List for Flawed {
    const NAME: &'static str = "flawed";

    fn id(&self) -> ListId {
        let name = if self.has("name") { "flawed" } else { &self.name };
        let account = (!self.has("account")).then(|| self.account.clone());
        ListId::remote(name).account(account)
    }

    fn keys(&self, entry: &Entry) -> Keys {
        let mut keys = Keys::new();
        keys.name("title", entry.title());
        keys
    }

    fn listed_at(&self, item: &Entry) -> Option<jiff::Timestamp> {
        item.peek("listed_at")?.moment()
    }

    async fn items(&self, limit: Option<usize>, _: &Context) -> Result<Vec<Entry>> {
        let limit = limit.filter(|_| !self.has("limit")).unwrap_or(usize::MAX);
        let entry = |(title, at): &(String, jiff::Timestamp)| Entry::new(title, "mock://").with("listed_at", *at);
        Ok(items().borrow().iter().take(limit).map(entry).collect())
    }

    async fn add(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.send(cx).await?;
        let add = |entry: &&Entry| {
            if items().borrow().iter().any(|(title, _)| title == entry.title()) {
                return Outcome::Unchanged;
            }
            let at = self.listed_at(entry).filter(|_| !self.has("dates")).unwrap_or(cx.clock.now());
            items().borrow_mut().push((entry.title().to_owned(), at));
            Outcome::Done
        };
        Ok(entries.iter().map(add).collect())
    }

    async fn remove(&self, entries: &[&Entry], cx: &Context) -> Result<Change> {
        self.send(cx).await?;
        let remove = |entry: &&Entry| {
            let before = items().borrow().len();
            items().borrow_mut().retain(|(title, _)| title != entry.title());
            if items().borrow().len() < before { Outcome::Done } else { Outcome::Unchanged }
        };
        Ok(entries.iter().map(remove).collect())
    }
}

const ENTRIES: [&str; 2] = ["{ title: Solaris }", "{ title: Stalker }"];

/// Returns the law that a list with this mistake breaks.
fn broken_by(mistake: &str, cx: &Context, losing: Option<&AtomicBool>) -> Option<String> {
    items().borrow_mut().clear();
    let options = format!("flawed: {{ account: me, name: films, mistake: '{mistake}' }}");
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let mut laws = ListLaws::new(&options, &ENTRIES);
        if let Some(is_lost) = losing {
            laws = laws.losing(|is_losing| is_lost.store(is_losing, Ordering::SeqCst));
        }
        block_on(laws.check(cx));
    }));
    checked.err().map(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn a_list_without_a_mistake_keeps_the_laws_and_each_mistake_breaks_one() {
    assert_eq!(broken_by("", &context(), None), None);
    for (mistake, law) in [
        ("account", "the id of a list has the account of its options"),
        ("name", "other options are another list, with another id"),
        ("dates", "an undo puts an item back with the date that it had"),
        ("limit", "no more items are read than were asked for"),
    ] {
        let broken = broken_by(mistake, &context(), None).unwrap_or_default();
        assert!(broken.contains(law), "{mistake}: {broken}");
        assert!(broken.starts_with("core/src/testing/tests.rs:"), "it names the line of the test: {broken}");
    }
}

#[test]
fn an_answer_that_is_lost_must_not_be_told_as_failed() {
    let is_lost = Arc::new(AtomicBool::new(false));
    let lost = Arc::clone(&is_lost);
    let respond = move |_: &_| if lost.load(Ordering::SeqCst) { Reply::Lost } else { Reply::json(200, &json!({})) };
    let server = Server::start(respond);
    URL.set(server.url());
    assert_eq!(broken_by("", &context(), Some(&is_lost)), None);
    let broken = broken_by("failed", &context(), Some(&is_lost)).unwrap_or_default();
    assert!(broken.contains("a change whose answer was lost is uncertain"), "{broken}");
    assert!(server.requests().len() > 10);
}

/// A plugin without an example.
#[derive(Deserialize, JsonSchema)]
struct Unexplained {}

inventory::submit! { plugin::<Unexplained>() }

impl Plugin for Unexplained {
    const NAME: &'static str = "unexplained";
    fn steps(&self) -> Vec<Step<Self>> {
        Vec::new()
    }
}

/// A plugin with an example that has errors.
///
/// ```yaml
/// misexplained: { legnth: 5 }
/// ```
#[derive(Deserialize, JsonSchema)]
struct Misexplained {
    /// The length.
    #[serde(rename = "length")]
    _length: Option<usize>,
}

inventory::submit! { plugin::<Misexplained>() }

impl Plugin for Misexplained {
    const NAME: &'static str = "misexplained";
    fn steps(&self) -> Vec<Step<Self>> {
        Vec::new()
    }
}

#[test]
fn a_plugin_that_nobody_can_use_breaks_a_law() {
    for (name, law) in [
        ("nowhere", "it is not registered"),
        ("unexplained", "it has no example"),
        ("misexplained", "its example has errors"),
    ] {
        let broken = broken_law(name).unwrap_or_default();
        assert!(broken.contains(law), "{name}: {broken}");
    }
    let panic = catch_unwind(|| plugin_laws("nowhere")).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().starts_with("`nowhere`: it is not registered"));
}

#[test]
fn a_sandbox_has_accounts_variables_and_scripts() {
    let sandbox = Sandbox::new().with_key("filmbox", "me", "k3y").with_variable("A", "1").with_variable("B", "2");
    assert_eq!((sandbox.cx.environment)("A").as_deref(), Some("1"));
    assert!(sandbox.cx.auth.key("filmbox", "me").is_ok() && sandbox.cx.auth.key("filmbox", "you").is_err());
    assert_eq!(sandbox.errors("flawed: { account: me, name: films, mistak: x }").len(), 1);
}
