mod notifier;

use flexget_core::context::http::Request;
use flexget_core::expression::{ExpressionError, Now, Scope, Template};
use flexget_core::prelude::*;

use crate::shared::task_scope::task_scope;
use notifier::{Message, Notifier};

/// Sends notifications about entries, about a task, or about an aborted task.
///
/// Titles, messages and the options of notifiers may be templates. Those of `entries` read the
/// fields of an entry, the others `task` (with `name`, `accepted`, `failed` …) and `task_name`. A
/// notification about a task is sent if entries were accepted or failed; with `only_changes`, if a
/// list was changed or an entry failed. A notification that cannot be sent gives a warning.
///
/// Unlike in FlexGet, `--test` sends nothing, an entry is sent once however many groups it is in,
/// and `email` is not supported.
///
/// ```yaml
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// notify:
///   task:
///     title: "{{ task.accepted | length }} new films"
///     via:
///       - ntfysh: { topic: my-films }
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// A notification for each entry.
    entries: Option<EntryNotification>,
    /// A notification about the task.
    #[schemars(extend("x-of-task" = true))]
    task: Option<TaskNotification>,
    /// A notification if the task is aborted.
    #[schemars(extend("x-of-task" = true))]
    abort: Option<AbortNotification>,
}

/// A notification for each entry.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct EntryNotification {
    /// The title; the entry's title by default.
    title: Option<Template>,
    /// The message; by default the episode, the movie or the title.
    message: Option<Template>,
    /// The entries; `accepted` by default.
    what: Option<OneOrMany<EntryGroup>>,
    /// The notifiers.
    via: Vec<Notifier>,
}

/// A group of entries.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum EntryGroup {
    /// Accepted entries.
    Accepted,
    /// All entries.
    Entries,
    /// Rejected entries.
    Rejected,
    /// Failed entries.
    Failed,
    /// Undecided entries.
    Undecided,
}

/// A notification about the task.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct TaskNotification {
    /// The title; the number of accepted and failed entries by default.
    title: Option<Template>,
    /// The message; the accepted and failed entries by default.
    message: Option<Template>,
    /// Whether it is sent even if no entries were accepted or failed.
    #[serde(default)]
    always_send: bool,
    /// Whether it is sent only if a list was changed or an entry failed.
    #[serde(default)]
    only_changes: bool,
    /// The notifiers.
    via: Vec<Notifier>,
}

/// A notification if the task is aborted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct AbortNotification {
    /// The title; `Task NAME has aborted!` by default.
    title: Option<Template>,
    /// The message; the reason by default.
    message: Option<Template>,
    /// The notifiers.
    via: Vec<Notifier>,
}

submit! { plugin::<Notify>() }

impl Plugin for Notify {
    const NAME: &'static str = "notify";

    fn steps(&self) -> Vec<Step<Self>> {
        // After `list_add`, whose priority is 0, so that changes are known.
        vec![Step::at(Phase::Output, Self::notify).priority(-10), Step::at(Phase::Abort, Self::notify_of_abort)]
    }

    fn check(&self) -> Vec<Problem> {
        if self.entries.is_none() && self.task.is_none() && self.abort.is_none() {
            let message = "you must specify at least one of `entries`, `task` or `abort` in your notify config";
            return vec![Problem::at(Path::root(), message)];
        }
        Vec::new()
    }
}

/// The requests of one notification, with the names of their notifiers.
type Requests = Vec<(&'static str, Request)>;

impl Notify {
    async fn notify(&self, task: &mut Task) -> Result<()> {
        if let Some(entries) = &self.entries {
            entries.send(task).await;
        }
        if let Some(of_task) = self.task.as_ref().filter(|of_task| of_task.is_due(task)) {
            let (title, message) = (of_task.title.as_ref(), of_task.message.as_ref());
            send_about_task(title, message, default_summary(task), &of_task.via, task).await;
        }
        Ok(())
    }

    async fn notify_of_abort(&self, task: &mut Task) -> Result<()> {
        if let Some(abort) = &self.abort {
            let default = Message {
                title: format!("Task {} has aborted!", task.name),
                body: format!("Reason: {}", task.abort_reason.as_deref().unwrap_or("unknown")),
            };
            send_about_task(abort.title.as_ref(), abort.message.as_ref(), default, &abort.via, task).await;
        }
        Ok(())
    }
}

impl EntryNotification {
    async fn send(&self, task: &mut Task) {
        let groups = self.what.as_deref().unwrap_or(&[EntryGroup::Accepted]);
        let mut positions: Vec<usize> = Vec::new();
        for group in groups {
            let of_group = task.positions(|entry| group.holds(entry.state()));
            let new: Vec<usize> = of_group.filter(|at| !positions.contains(at)).collect();
            positions.extend(new);
        }
        let render = |default: Message, scope: &dyn Scope, now: &Now| {
            requests(self.title.as_ref(), self.message.as_ref(), default, &self.via, scope, now)
        };
        // Fields of lookups are fetched for all entries at once.
        task.evaluate(positions.clone(), |scope, now| render(Message::default(), scope, now)).await;
        let (mut all, mut errors) = (Vec::new(), Vec::new());
        for at in positions {
            let default = default_message(&task.entries[at]);
            for (at, result) in task.evaluate(vec![at], |scope, now| render(default.clone(), scope, now)).await {
                match result {
                    Ok(requests) => all.extend(requests),
                    Err(error) => errors.push((at, error)),
                }
            }
        }
        task.warn_of_errors(Notify::NAME, "the notification", &errors);
        send(all, task).await;
    }
}

impl EntryGroup {
    fn holds(self, state: State) -> bool {
        match self {
            Self::Entries => true,
            Self::Accepted => state == State::Accepted,
            Self::Rejected => state == State::Rejected,
            Self::Failed => state == State::Failed,
            Self::Undecided => state == State::Undecided,
        }
    }
}

impl TaskNotification {
    fn is_due(&self, task: &Task) -> bool {
        let has = |state: State| task.entries.iter().any(|entry| entry.state() == state);
        let has_changes = || task.changes().iter().any(|change| change.done > 0 || !change.failed.is_empty());
        let is_due = if self.only_changes {
            has_changes() || has(State::Failed)
        } else {
            has(State::Accepted) || has(State::Failed)
        };
        self.always_send || is_due
    }
}

async fn send_about_task(
    title: Option<&Template>,
    message: Option<&Template>,
    default: Message,
    via: &[Notifier],
    task: &mut Task,
) {
    match requests(title, message, default, via, &task_scope(task), &task.now()) {
        Ok(requests) => send(requests, task).await,
        Err(error) => task.warn(Notify::NAME, format!("the notification could not be rendered: {error}")),
    }
}

fn requests(
    title: Option<&Template>,
    message: Option<&Template>,
    default: Message,
    via: &[Notifier],
    scope: &dyn Scope,
    now: &Now,
) -> Result<Requests, ExpressionError> {
    let message = Message {
        title: title.map_or(Ok(default.title), |title| title.render(scope, now))?,
        body: message.map_or(Ok(default.body), |message| message.render(scope, now))?,
    };
    let render = |template: &Template| template.render(scope, now);
    let mut requests = Vec::new();
    for notifier in via {
        requests.extend(notifier.requests(&message, &render)?.into_iter().map(|request| (notifier.name(), request)));
    }
    Ok(requests)
}

async fn send(requests: Requests, task: &mut Task) {
    for (notifier, request) in requests {
        if task.cx.dry_run {
            tracing::info!(target: "notify", task = %task.name, "would send a notification to `{notifier}`");
            continue;
        }
        let problem = match task.cx.http.send(request).await {
            Ok(response) if (200..300).contains(&response.status) => continue,
            Ok(response) if matches!(response.status, 401 | 403) => {
                format!("status {}: invalid user name, password or token", response.status)
            }
            Ok(response) => format!("status {}", response.status),
            Err(error) => Error::from(error).to_string(),
        };
        task.warn(Notify::NAME, format!("error while sending notification to `{notifier}`: {problem}"));
    }
}

/// Returns the default message about an entry, from the fields that are known.
fn default_message(entry: &Entry) -> Message {
    let text = |name: &str| entry.peek(name).filter(|value| value.is_true()).map(Value::display);
    let title = entry.title().to_owned();
    let body = match (text("series_name"), text("movie_name")) {
        (Some(name), _) => {
            [Some(name), text("series_id"), text("trakt_ep_name")].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        (None, Some(name)) => text("movie_year").map_or(name.clone(), |year| format!("{name} ({year})")),
        (None, None) => title.clone(),
    };
    Message { title, body }
}

/// Returns the default message about a task.
fn default_summary(task: &Task) -> Message {
    let with = |state: State| task.entries.iter().filter(move |entry| entry.state() == state);
    let (accepted, failed) = (with(State::Accepted).count(), with(State::Failed).count());
    let title = match (accepted, failed) {
        (0, 0) => format!("Task {} accepted no entries", task.name),
        (accepted, 0) => format!("Task {}: {accepted} accepted", task.name),
        (accepted, failed) => format!("Task {}: {accepted} accepted, {failed} failed", task.name),
    };
    let accepted = with(State::Accepted).map(|entry| format!("- {}", entry.title()));
    let failed = with(State::Failed)
        .map(|entry| format!("- {} failed: {}", entry.title(), entry.reason().unwrap_or("no reason given")));
    Message { title, body: accepted.chain(failed).collect::<Vec<_>>().join("\n") }
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    use crate::shared::test_server::TestServer;

    fn ok(_: &str) -> String {
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into()
    }

    /// Runs a task with this `notify`, in which `URL` is a server, and returns the report and the
    /// bodies that it got.
    fn run(task: &str, count: usize, cx: &Context) -> (flexget_core::task::report::TaskReport, Vec<serde_json::Value>) {
        let server = TestServer::start(count, ok);
        let report = testing::run(&task.replace("URL", &server.url), cx);
        let body = |request: String| serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
        (report, server.requests().into_iter().map(body).collect())
    }

    const TASK: &str = "mock: [ A, { title: B, movie_name: Bee, movie_year: 1999 }, C ]\nif: [ title == 'C': reject, title != 'C': accept ]\n";

    /// FlexGet 3.22.7 sends one for each entry, too, but B twice.
    #[test]
    fn each_entry_is_told_once() {
        let notify = "notify: { entries: { what: [ accepted, entries ], via: [ webhook: { url: 'URL', body: { t: '{{ title }}' } } ] } }";
        let (report, bodies) = run(&format!("{TASK}{notify}"), 3, &testing::context());
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        let titles: Vec<_> = bodies.iter().map(|body| body["t"].as_str().unwrap()).collect();
        assert_eq!(titles, ["A", "B", "C"]);
        let notify = "notify: { entries: { title: 'New: {{ title }}', via: [ webhook: { url: 'URL' } ] } }";
        let (_, bodies) = run(&format!("{TASK}{notify}"), 2, &testing::context());
        assert_eq!(bodies[1], serde_json::json!({ "title": "New: B", "message": "Bee (1999)" }));
    }

    #[test]
    fn a_task_is_told_when_something_changed() {
        let notify = |options: &str| {
            format!(
                "notify: {{ task: {{ {options}via: [ ntfysh: {{ topic: t, url: 'URL' }} ] }} }}\nlist_add: [ entry_list: x ]\nseen: no"
            )
        };
        let cx = testing::context();
        let (report, bodies) = run(&format!("{TASK}{}", notify("only_changes: yes, ")), 1, &cx);
        assert_eq!(bodies[0]["title"], "Task test: 2 accepted", "{:?}", report.warnings);
        assert_eq!(bodies[0]["message"], "- A\n- B");
        let again = testing::next_run(&cx);
        assert!(run(&format!("{TASK}{}", notify("only_changes: yes, ")), 0, &again).1.is_empty(), "nothing was added");
        let title = "title: '{{ task.accepted | length }} of {{ task.entries | length }}', ";
        assert_eq!(run(&format!("{TASK}{}", notify(title)), 1, &testing::next_run(&cx)).1[0]["title"], "2 of 3");
        let none = "mock: [ A ]\nif: [ title == 'A': reject ]\n";
        assert!(run(&format!("{none}{}", notify("")), 0, &testing::next_run(&cx)).1.is_empty());
        assert_eq!(run(&format!("{none}{}", notify("always_send: yes, ")), 1, &testing::next_run(&cx)).1.len(), 1);
    }

    #[test]
    fn an_aborted_task_is_told_with_its_reason() {
        let task =
            "csv: { url: /, values: { title: 1, url: 1 } }\nnotify: { abort: { via: [ webhook: { url: 'URL' } ] } }";
        let (_, bodies) = run(task, 1, &testing::context());
        assert_eq!(bodies[0]["title"], "Task test has aborted!");
        assert!(bodies[0]["message"].as_str().unwrap().starts_with("Reason: `/` cannot be read"), "{bodies:?}");
    }

    #[test]
    fn a_dry_run_sends_nothing_and_a_failure_gives_a_warning_without_secrets() {
        let notify = "notify: { task: { via: [ webhook: { url: 'URL/s3cret' } ] } }";
        let cx = testing::context();
        assert!(run(&format!("{TASK}{notify}"), 0, &testing::dry_run(&cx)).1.is_empty());
        let refuse = |_: &str| "HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned();
        let server = TestServer::start(1, refuse);
        let report = testing::run(&format!("{TASK}{notify}").replace("URL", &server.url), &cx);
        assert_eq!(
            report.warnings,
            ["notify: error while sending notification to `webhook`: status 403: invalid user name, password or token"]
        );
        assert_eq!(testing::titles(&report, State::Accepted), ["A", "B"], "entries do not fail");
    }

    #[test]
    fn mistakes_are_found_before_the_run() {
        for notify in ["{}", "{ task: { via: [ email: { to: x } ] } }", "{ task: { via: { webhook: { url: x } } } }"] {
            assert!(
                !testing::config_errors(&format!("mock: [A]\naccept_all: yes\nnotify: {notify}")).is_empty(),
                "{notify}"
            );
        }
    }
}
