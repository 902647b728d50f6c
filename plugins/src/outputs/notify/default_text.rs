//! Default texts of notifications.

use flexget_core::prelude::*;

use super::message::Message;

/// Returns the default message about an entry, from the fields that are known.
pub fn default_message(entry: &Entry) -> Message {
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
pub fn default_summary(task: &Task) -> Message {
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
