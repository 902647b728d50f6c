//! The fields of a task that templates of `exec` and `notify` read.

use flexget_core::prelude::*;

/// Returns the names for templates about a task: `task`, with its entries, and `task_name`.
///
/// `task` has `name`, `entries`, `accepted`, `rejected`, `failed`, `undecided` and `abort_reason`.
/// An entry has its known fields, and `reason`.
pub fn task_scope(task: &Task) -> BTreeMap<String, Value> {
    let with = |state: State| task.entries.iter().filter(|entry| entry.state() == state).map(entry_value).collect();
    let fields: [(&str, Value); 7] = [
        ("name", (&*task.name).into()),
        ("entries", task.entries.iter().map(entry_value).collect()),
        ("accepted", with(State::Accepted)),
        ("rejected", with(State::Rejected)),
        ("failed", with(State::Failed)),
        ("undecided", with(State::Undecided)),
        ("abort_reason", task.abort_reason.as_deref().map_or(Value::Null, Value::from)),
    ];
    let task_value = Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect());
    BTreeMap::from([("task".to_owned(), task_value), ("task_name".to_owned(), (&*task.name).into())])
}

fn entry_value(entry: &Entry) -> Value {
    let reason = entry.reason().map(|reason| ("reason".into(), Value::from(reason)));
    let fields = entry.fields().map(|(name, value)| (name.into(), value.clone()));
    Value::Map(fields.chain(reason).collect())
}
