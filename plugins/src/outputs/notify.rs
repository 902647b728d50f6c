mod discord;
mod email;
mod message;
mod notifier;
mod ntfysh;
mod pushover;
mod telegram;
mod webhook;

use flexget_core::context::http::Request;
use flexget_core::context::mail::{self, MailServer};
use flexget_core::expression::{ExpressionError, Now, Scope, Template};
use flexget_core::prelude::*;

use crate::shared::source::read_regular_file;
use crate::shared::task_scope::task_scope;
use message::Message;
use notifier::{Delivery, Notifier};
use serde_json::Value as Json;
use telegram::TelegramMessage;

/// Sends notifications about entries, about a task, or about an aborted task.
///
/// Titles, messages and the options of notifiers may be templates. Those of `entries` read the
/// fields of an entry, the others `task` (with `name`, `accepted`, `failed` …) and `task_name`. A
/// notification about a task is sent if entries were accepted or failed; with `only_changes`, if a
/// list was changed or an entry failed. It is sent after lists have been changed. A notification
/// that cannot be sent gives a warning.
///
/// `template` names a file for the message, in `templates` beside the config (`entry/NAME` or
/// `task/NAME` there, then `NAME`; `.template` may be left out).
///
/// Unlike in FlexGet, `--test` sends nothing, an entry is sent once however many groups it is in,
/// and a template that cannot be rendered gives a warning instead of being sent as it is. The
/// default texts are others, because entries are not always downloads: they tell what was accepted
/// and what failed, and what movies and episodes of Trakt are called. A template file that does not
/// exist gives a warning and the default message, so that the task is not aborted at its end.
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
    /// The file with a template for the message.
    template: Option<String>,
    /// Whether they are sent only if a list was changed or an entry failed.
    #[serde(default)]
    only_changes: bool,
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
    /// The file with a template for the message; `message` comes first.
    template: Option<String>,
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
        let via = |name: &str, via: &[Notifier]| -> Vec<Problem> {
            let problem = |(at, notifier): (usize, &Notifier)| {
                let path = Path::root().key(name).key("via").index(at).key(notifier.name());
                Some(Problem::at(path, notifier.problem()?))
            };
            via.iter().enumerate().filter_map(problem).collect()
        };
        let entries = self.entries.iter().flat_map(|entries| via("entries", &entries.via));
        let task = self.task.iter().flat_map(|task| via("task", &task.via));
        entries.chain(task).chain(self.abort.iter().flat_map(|abort| via("abort", &abort.via))).collect()
    }
}

/// The deliveries of one notification, with the names of their notifiers.
type Deliveries = Vec<(&'static str, Delivery)>;

impl Notify {
    async fn notify(&self, task: &mut Task) -> Result<()> {
        if let Some(entries) = &self.entries {
            entries.send(task).await;
        }
        if let Some(of_task) = self.task.as_ref().filter(|of_task| of_task.is_due(task)) {
            let file = of_task.template.as_deref().filter(|_| of_task.message.is_none());
            let file = file.and_then(|name| template_file(name, "task", task));
            let (title, message) = (of_task.title.as_ref(), of_task.message.as_ref().or(file.as_ref()));
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
        if self.only_changes && !has_changes(task) {
            return;
        }
        let file = self.template.as_deref().and_then(|name| template_file(name, "entry", task));
        let message = file.as_ref().or(self.message.as_ref());
        let groups = self.what.as_deref().unwrap_or(&[EntryGroup::Accepted]);
        let mut positions: Vec<usize> = Vec::new();
        for group in groups {
            let of_group = task.positions(|entry| group.holds(entry.state()));
            let new: Vec<usize> = of_group.filter(|at| !positions.contains(at)).collect();
            positions.extend(new);
        }
        let render = |default: Message, scope: &dyn Scope, now: &Now| {
            deliveries(self.title.as_ref(), message, default, &self.via, scope, now)
        };
        // Fields of lookups are fetched for all entries at once.
        task.evaluate(positions.clone(), |scope, now| render(Message::default(), scope, now)).await;
        let (mut all, mut errors) = (Vec::new(), Vec::new());
        for at in positions {
            let default = default_message(&task.entries[at]);
            for (at, result) in task.evaluate(vec![at], |scope, now| render(default.clone(), scope, now)).await {
                match result {
                    Ok(deliveries) => all.extend(deliveries),
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
        let is_due = if self.only_changes { has_changes(task) } else { has(State::Accepted) || has(State::Failed) };
        self.always_send || is_due
    }
}

/// Returns whether a list was changed or an entry failed.
fn has_changes(task: &Task) -> bool {
    task.changes().iter().any(|change| change.done > 0 || !change.failed.is_empty())
        || task.entries.iter().any(|entry| entry.state() == State::Failed)
}

/// Reads a template from `templates` beside the config; warns and returns `None` if that fails.
fn template_file(name: &str, kind: &str, task: &mut Task) -> Option<Template> {
    let folder = task.config_folder().unwrap_or_default().join("templates");
    let whole = |name: String| folder.join(if name.contains('.') { name } else { format!("{name}.template") });
    let (of_kind, plain) = (whole(format!("{kind}/{name}")), whole(name.to_owned()));
    let found = [&of_kind, &plain].into_iter().find_map(|path| Some((path, read_regular_file(path).ok()?)));
    let Some((path, bytes)) = found else {
        let (of_kind, plain) = (of_kind.display(), plain.display());
        task.warn(Notify::NAME, format!("there is no template `{name}`: looked for {of_kind} and {plain}"));
        return None;
    };
    let template = Template::compile(&String::from_utf8_lossy(&bytes));
    template.map_err(|error| task.warn(Notify::NAME, format!("the template {} is wrong: {error}", path.display()))).ok()
}

async fn send_about_task(
    title: Option<&Template>,
    message: Option<&Template>,
    default: Message,
    via: &[Notifier],
    task: &mut Task,
) {
    match deliveries(title, message, default, via, &task_scope(task), &task.now()) {
        Ok(deliveries) => send(deliveries, task).await,
        Err(error) => task.warn(Notify::NAME, format!("the notification could not be rendered: {error}")),
    }
}

fn deliveries(
    title: Option<&Template>,
    message: Option<&Template>,
    default: Message,
    via: &[Notifier],
    scope: &dyn Scope,
    now: &Now,
) -> Result<Deliveries, ExpressionError> {
    let message = Message {
        title: title.map_or(Ok(default.title), |title| title.render(scope, now))?,
        body: message.map_or(Ok(default.body), |message| message.render(scope, now))?,
    };
    let render = |template: &Template| template.render(scope, now);
    let mut deliveries = Vec::new();
    for notifier in via {
        let of_notifier = notifier.deliveries(&message, &render)?;
        deliveries.extend(of_notifier.into_iter().map(|delivery| (notifier.name(), delivery)));
    }
    Ok(deliveries)
}

async fn send(deliveries: Deliveries, task: &mut Task) {
    for (notifier, delivery) in deliveries {
        if task.cx.dry_run {
            tracing::info!(target: "notify", task = %task.name, "would send a notification to `{notifier}`");
            continue;
        }
        let sent = match delivery {
            Delivery::Request(request) => request_sent(request, &task.cx).await,
            Delivery::Telegram(message) => match chat_of(&message, &task.cx).await {
                Ok(chat) => request_sent(message.request(chat), &task.cx).await,
                Err(problem) => Err(problem),
            },
            Delivery::Mail(email, server) => {
                let server = MailServer { ca_files: task.cx.http.ca_files().to_vec(), ..server };
                mail::send(&email, &server, &task.cx.clock).await.map_err(|error| match error.hint_text() {
                    Some(hint) => format!("{error}: {hint}"),
                    None => error.to_string(),
                })
            }
        };
        if let Err(problem) = sent {
            task.warn(Notify::NAME, format!("error while sending notification to `{notifier}`: {problem}"));
        }
    }
}

async fn request_sent(request: Request, cx: &Context) -> Result<(), String> {
    match cx.http.send(request).await {
        Ok(response) if (200..300).contains(&response.status) => Ok(()),
        Ok(response) if matches!(response.status, 401 | 403) => {
            Err(format!("status {}: invalid user name, password or token", response.status))
        }
        Ok(response) if response.status >= 500 => Err(format!(
            "status {}: the service has an error of its own, and the notification is not delivered",
            response.status
        )),
        Ok(response) => Err(format!("status {}: check the options of the notifier", response.status)),
        Err(error) => Err(Error::from(error).to_string()),
    }
}

/// Returns the chat of a recipient, which is looked for once and then remembered.
async fn chat_of(message: &TelegramMessage, cx: &Context) -> Result<i64, String> {
    if let Some(chat) = message.chat() {
        return Ok(chat);
    }
    let key = format!("telegram {}", message.name());
    if let Ok(Some(chat)) = cx.store.get_setting(&key)
        && let Some(chat) = chat.as_i64()
    {
        return Ok(chat);
    }
    let response = cx.http.send(message.updates()).await.map_err(|error| Error::from(error).to_string())?;
    if !(200..300).contains(&response.status) {
        return Err(format!("status {}: check `bot_token`", response.status));
    }
    let updates: Json = response.json().map_err(|error| error.to_string())?;
    let chat = message.find(&updates).ok_or_else(|| {
        format!("no chat of {} is known: write a message to the bot once, or give `chat_id`", message.name())
    })?;
    cx.store.set_setting(&key, &chat.into()).map_err(|error| error.to_string())?;
    Ok(chat)
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
    if (accepted, failed) == (0, 0) {
        let body = match (task.entries.len(), with(State::Rejected).count()) {
            (0, _) => "No entries were produced".to_owned(),
            (all, rejected) => format!("{all} produced, {rejected} rejected"),
        };
        return Message { title, body };
    }
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

    const TASK: &str = "seen: no\nmock: [ A, { title: B, movie_name: Bee, movie_year: 1999 }, C ]\nif: [ title == 'C': reject, title != 'C': accept ]\n";

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
                "notify: {{ task: {{ {options}via: [ webhook: {{ url: 'URL' }} ] }} }}\nlist_add: [ entry_list: x ]"
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
        // FlexGet 3.22.7 sends one as well, and says that the task did not produce any entries.
        let sent = run(&format!("{none}{}", notify("always_send: yes, ")), 1, &testing::next_run(&cx)).1;
        let expected =
            serde_json::json!({ "title": "Task test accepted no entries", "message": "1 produced, 1 rejected" });
        assert_eq!(sent, [expected]);
    }

    /// It may hold a passkey, and the texts go to a service of others.
    #[test]
    fn the_default_texts_hold_no_address_of_an_entry() {
        let of = |name: &str| format!("{{ title: {name}, movie_name: {name}, url: 'http://x/{name}?passkey=s3cret' }}");
        let task = format!(
            "seen: no\nmock: [ {}, {} ]\nif: [ title == 'A': accept, title == 'B': fail ]\nnotify:\n  \
             entries: {{ what: [ accepted, failed ], via: [ webhook: {{ url: 'URL' }} ] }}\n  \
             task: {{ via: [ webhook: {{ url: 'URL' }} ] }}",
            of("A"),
            of("B")
        );
        let (report, bodies) = run(&task, 3, &testing::context());
        assert_eq!(bodies.len(), 3, "{report:?}");
        let said = serde_json::to_string(&bodies).unwrap();
        assert!(said.contains("- A\\n- B failed") && !said.contains("s3cret") && !said.contains("http"), "{said}");
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

    /// Starts an SMTP server for one e-mail, with these replies to `AUTH` and to the recipient.
    ///
    /// The thread returns the lines that it received.
    fn mail_server(auth: &'static str, recipient: &'static str) -> (u16, std::thread::JoinHandle<String>) {
        use std::io::{BufRead, BufReader, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut told = String::new();
            let say = |reply: &str| (&stream).write_all(format!("{reply}\r\n").as_bytes()).unwrap();
            say("220 test");
            let mut in_data = false;
            while let Some(Ok(line)) = lines.next() {
                told += &format!("{line}\n");
                match line.split(' ').next().unwrap() {
                    _ if in_data => {
                        if line == "." {
                            in_data = false;
                            say("250 taken");
                        }
                    }
                    "EHLO" => say("250-test\r\n250 AUTH PLAIN LOGIN"),
                    "AUTH" => say(auth),
                    "RCPT" => say(recipient),
                    "DATA" => {
                        in_data = true;
                        say("354 go on");
                    }
                    "QUIT" => {
                        say("221 bye");
                        break;
                    }
                    _ => say("250 ok"),
                }
            }
            told
        };
        (port, std::thread::spawn(serve))
    }

    fn mail(options: &str, port: u16) -> String {
        format!(
            "{TASK}notify: {{ task: {{ title: 'Filme: {{{{ task.accepted | length }}}} ü', via: [ email: {{ smtp_host: 127.0.0.1, \
             smtp_port: {port}, to: [ me@example.org, You <you@example.org> ]{options} }} ] }} }}"
        )
    }

    #[test]
    fn an_e_mail_is_delivered_and_a_refused_one_gives_a_warning_without_the_password() {
        let cx = testing::context();
        let (port, server) = mail_server("235 welcome", "250 ok");
        let report = testing::run(&mail(", smtp_username: u, smtp_password: s3cret", port), &cx);
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        let told = server.join().unwrap();
        for part in
            ["RCPT TO:<you@example.org>", "From: me@example.org", "Date: Tue, 24 Nov 2026 00:00:00 +0000", "- A"]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(told.contains("Subject: Filme: 2 =?utf-8?") && told.contains("AUTH "), "{told}");

        let (port, server) = mail_server("535 bad s3cret", "250 ok");
        let report = testing::run(&mail(", smtp_username: u, smtp_password: s3cret", port), &testing::next_run(&cx));
        let [warning] = report.warnings.as_slice() else { panic!("{:?}", report.warnings) };
        assert!(warning.contains("refuses the user name or the password (535)"), "{warning}");
        assert!(!warning.contains("s3cret"), "{warning}");
        server.join().unwrap();

        let (port, server) = mail_server("235 welcome", "550 unknown");
        let report = testing::run(&mail("", port), &testing::next_run(&cx));
        assert!(report.warnings[0].contains("refuses the e-mail (550)"), "{:?}", report.warnings);
        server.join().unwrap();

        // Nobody is there.
        let report = testing::run(&mail("", 1), &testing::next_run(&cx));
        assert!(report.warnings[0].contains("127.0.0.1:1 cannot be reached"), "{:?}", report.warnings);
        let report = testing::run(&mail("", 1), &testing::dry_run(&cx));
        assert!(report.warnings.is_empty(), "a dry run sends nothing: {:?}", report.warnings);
    }

    #[test]
    fn a_telegram_user_is_found_by_name_once() {
        let respond = |request: &str| {
            let body = if request.starts_with("get /feed/bots3cret/getupdates") {
                r#"{"ok":true,"result":[{"message":{"chat":{"id":1,"username":"other"}}},{"message":{"chat":{"id":42,"username":"Ann"}}}]}"#
            } else {
                "{}"
            };
            let length = body.len();
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            )
        };
        let cx = testing::context();
        let notify = "notify: { task: { via: [ telegram: { bot_token: s3cret, api_url: 'URL', recipients: [ { username: ann } ] } ] } }";
        for (count, cx) in [(2, cx.clone()), (1, testing::next_run(&cx))] {
            let server = TestServer::start(count, respond);
            let report = testing::run(&format!("{TASK}{notify}").replace("URL", &server.url), &cx);
            assert!(report.warnings.is_empty(), "{:?}", report.warnings);
            let requests = server.requests();
            assert!(requests[count - 1].contains("\"chat_id\":42"), "{requests:?}");
        }
        let unknown = notify.replace("ann", "bea");
        let server = TestServer::start(1, respond);
        let report = testing::run(&format!("{TASK}{unknown}").replace("URL", &server.url), &testing::next_run(&cx));
        assert!(report.warnings[0].contains("no chat of username bea is known"), "{:?}", report.warnings);
    }

    #[test]
    fn a_service_that_fails_is_said_once() {
        let fail = |_: &str| "HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned();
        let server = TestServer::start(1, fail);
        let notify = "notify: { task: { via: [ webhook: { url: 'URL/s3cret' } ] } }";
        let report = testing::run(&format!("{TASK}{notify}").replace("URL", &server.url), &testing::context());
        let [warning] = report.warnings.as_slice() else { panic!("{:?}", report.warnings) };
        assert!(warning.contains("`webhook`: status 500") && !warning.contains("s3cret"), "{warning}");
        assert_eq!(server.requests().len(), 1, "it may have been delivered: it is not sent twice");
    }

    #[test]
    fn mistakes_are_found_before_the_run() {
        for notify in [
            "{}",
            "{ task: { via: [ email: { to: x } ] } }",
            "{ task: { via: [ email: { to: a@b.c, smtp_username: u } ] } }",
            "{ task: { via: { webhook: { url: x } } } }",
        ] {
            assert!(
                !testing::config_errors(&format!("mock: [A]\naccept_all: yes\nnotify: {notify}")).is_empty(),
                "{notify}"
            );
        }
    }
}
