//! Records of seen entries in the store, shared by `seen`, `seen_movies` and the `seen` commands.

use std::borrow::Cow;

use flexget_core::context::store::{Collection, NewRecord, RawRecord};
use flexget_core::prelude::*;

/// The kind of collection in the store that holds seen entries.
pub const COLLECTION: &str = "seen";

/// The task and the field of a value that the user added with `seen add`.
pub const BY_HAND: &str = "cli_add";

/// The separator between a task's name and a value in a key of a task that remembers for itself.
const LOCAL: char = '\u{1f}';

/// A seen entry.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenRecord {
    /// The title of the entry.
    pub title: String,
    /// The task that accepted it.
    pub task: String,
    /// Whether that task remembers for itself.
    pub local: bool,
    /// The fields and values that identify it.
    pub fields: Vec<(Name, String)>,
    /// When it was seen.
    pub added: Timestamp,
}

impl SeenRecord {
    /// Returns the collection of all records.
    pub fn collection(cx: &Context) -> Collection {
        cx.store.collection(COLLECTION, "")
    }

    /// Passes the records that hold one of these values and count for a task to `take`.
    ///
    /// If `local` is set, those of the task itself count, whether it was local or not at that time;
    /// otherwise those of all tasks that are not local.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn each_of<'v>(
        task: &Task,
        local: bool,
        values: impl Iterator<Item = &'v str>,
        mut take: impl FnMut(Self),
    ) -> Result<()> {
        let mut keys: Vec<Cow<'_, str>> = Vec::new();
        for value in values {
            keys.push(value.into());
            if local {
                keys.push(local_key(&task.name, value).into());
            }
        }
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        Self::collection(&task.cx).each_with(&keys, |raw| {
            let Some(record) = Self::read(raw) else { return };
            if if local { *record.task == *task.name } else { !record.local } {
                take(record);
            }
        })?;
        Ok(())
    }

    /// Reads a record, or returns `None` if it is damaged.
    pub fn read(raw: RawRecord<'_>) -> Option<Self> {
        let data: Data<'_> = serde_json::from_str(raw.data).ok()?;
        let keys: Vec<String> = serde_json::from_str(raw.keys).ok()?;
        let local = keys.first().is_some_and(|key| key.contains(LOCAL));
        let values = keys.into_iter().map(|key| match key.split_once(LOCAL) {
            Some((_, value)) => value.to_owned(),
            None => key,
        });
        let fields = data.fields.into_iter().map(|name| name.into_owned().into()).zip(values).collect();
        Some(Self { title: data.title.into_owned(), task: data.task.into_owned(), local, fields, added: raw.added })
    }

    /// Returns the keys of the record: the values, each with the task's name if that task is local.
    pub fn keys(&self) -> Vec<String> {
        self.to_record().keys
    }

    /// Returns the record to store.
    pub fn to_record(&self) -> NewRecord {
        let fields = self.fields.iter().map(|(name, value)| (&**name, value.as_str()));
        new_record(&self.title, &self.task, self.local, fields, self.added)
    }
}

/// Returns the record of an entry to store.
pub fn new_record<'a>(
    title: &str,
    task: &str,
    local: bool,
    fields: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    added: Timestamp,
) -> NewRecord {
    let key = |(_, value): (&str, &str)| if local { local_key(task, value) } else { value.to_owned() };
    let names = fields.clone().map(|(name, _)| name.into()).collect();
    let data = NewRecord::data(&Data { title: title.into(), task: task.into(), fields: names });
    NewRecord { keys: fields.map(key).collect(), data, added, expires: None }
}

/// The part of a record beside its keys.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    task: Cow<'a, str>,
    #[serde(borrow)]
    fields: Vec<Cow<'a, str>>,
}

fn local_key(task: &str, value: &str) -> String {
    format!("{task}{LOCAL}{value}")
}
