mod default_text;
mod discord;
mod email;
mod message;
mod notifier;
mod ntfysh;
mod pushover;
mod send;
mod telegram;
mod webhook;

use flexget_core::expression::{ExpressionError, Now, Scope, Template};
use flexget_core::prelude::*;

use crate::shared::source::read_regular_file;
use crate::shared::task_scope::task_scope;
use default_text::{default_message, default_summary};
use message::Message;
use notifier::Notifier;
use send::{Deliveries, send};

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
/// exist gives a warning and the default message, so that the task is not aborted at its end. Of
/// FlexGet's options, `images` and `socks_proxy` of Telegram are not known. An e-mail is its text
/// or its HTML alone, which FlexGet wraps as the one part of several.
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

impl Notify {
    async fn notify(&self, task: &mut Task) -> Result<()> {
        if let Some(entries) = &self.entries {
            entries.send(task).await;
        }
        if let Some(of_task) = self.task.as_ref().filter(|of_task| of_task.is_due(task)) {
            let file = of_task.template.as_deref().filter(|_| of_task.message.is_none());
            let file = file.and_then(|name| template_file(name, "task", task));
            let message = of_task.message.as_ref().or(file.as_ref());
            let notification = Notification { title: of_task.title.as_ref(), message, via: &of_task.via };
            notification.send_about_task(default_summary(task), task).await;
        }
        Ok(())
    }

    async fn notify_of_abort(&self, task: &mut Task) -> Result<()> {
        if let Some(abort) = &self.abort {
            let default = Message {
                title: format!("Task {} has aborted!", task.name),
                body: format!("Reason: {}", task.abort_reason.as_deref().unwrap_or("unknown")),
            };
            let (title, message) = (abort.title.as_ref(), abort.message.as_ref());
            Notification { title, message, via: &abort.via }.send_about_task(default, task).await;
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
        let notification = Notification { title: self.title.as_ref(), message, via: &self.via };
        // Fields of lookups are fetched for all entries at once.
        task.evaluate(positions.clone(), |scope, now| notification.deliveries(Message::default(), scope, now)).await;
        let (mut all, mut errors) = (Vec::new(), Vec::new());
        for at in positions {
            let default = default_message(&task.entries[at]);
            let deliveries = |scope: &dyn Scope, now: &Now| notification.deliveries(default.clone(), scope, now);
            for (at, result) in task.evaluate(vec![at], deliveries).await {
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

/// The texts of a notification, and the notifiers that send it.
struct Notification<'n> {
    title: Option<&'n Template>,
    message: Option<&'n Template>,
    via: &'n [Notifier],
}

impl Notification<'_> {
    async fn send_about_task(&self, default: Message, task: &mut Task) {
        match self.deliveries(default, &task_scope(task), &task.now()) {
            Ok(deliveries) => send(deliveries, task).await,
            Err(error) => task.warn(Notify::NAME, format!("the notification could not be rendered: {error}")),
        }
    }

    fn deliveries(&self, default: Message, scope: &dyn Scope, now: &Now) -> Result<Deliveries, ExpressionError> {
        let render = |template: &Template| template.render(scope, now);
        let message = Message {
            title: self.title.map_or(Ok(default.title), render)?,
            body: self.message.map_or(Ok(default.body), render)?,
        };
        let mut deliveries = Vec::new();
        for notifier in self.via {
            let of_notifier = notifier.deliveries(&message, &render)?;
            deliveries.extend(of_notifier.into_iter().map(|delivery| (notifier.name(), delivery)));
        }
        Ok(deliveries)
    }
}

#[cfg(test)]
mod tests;
