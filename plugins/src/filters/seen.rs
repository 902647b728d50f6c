use std::borrow::Cow;
use std::collections::HashMap;

use flexget_core::context::store::{Collection, NewRecord, RawRecord};
use flexget_core::prelude::*;
use jiff::Timestamp;

/// Rejects what an earlier run has accepted and acted on. Runs in every task, unless it is told not to.
///
/// An entry is known by the values of its `title`, `url` and `original_url`. What one task has seen counts in every
/// task of the config; with `seen: local` each task remembers for itself, which is right for most tasks that read lists;
/// `seen: no` turns it off. Nothing is remembered of a task that was aborted or of an entry that failed.
///
/// ```yaml
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// seen: local
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Seen {
    /// `local`: each task remembers for itself.
    Word(Word),
    /// Options.
    Options(Options),
}

/// A word in place of options.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Word {
    /// Each task remembers for itself.
    Local,
}

/// The options.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Options {
    /// Whether the task remembers for itself.
    #[serde(default)]
    local: bool,
    /// The fields whose values are remembered, instead of `title`, `url` and `original_url`.
    fields: Option<Vec<String>>,
}

submit! { plugin::<Seen>() }

/// The kind of collection in the store that holds what was seen.
pub const COLLECTION: &str = "seen";

impl Plugin for Seen {
    const NAME: &'static str = "seen";
    const BUILTIN: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::reject_seen).priority(255), Step::at(Phase::Learn, Self::learn)]
    }
}

impl Seen {
    /// What was seen, by the values of fields.
    fn collection(cx: &Context) -> Collection {
        cx.store.collection(COLLECTION, "")
    }

    fn is_local(&self) -> bool {
        match self {
            Self::Word(Word::Local) => true,
            Self::Options(options) => options.local,
        }
    }

    /// The fields whose values an entry is known by.
    fn fields(&self) -> Vec<&str> {
        match self {
            Self::Options(Options { fields: Some(fields), .. }) => fields.iter().map(String::as_str).collect(),
            _ => vec!["title", "url", "original_url"],
        }
    }

    async fn reject_seen(&self, task: &mut Task) -> Result<()> {
        let fields = self.fields();
        let live: Vec<usize> = task.live().collect();
        let marks: Vec<_> = live.iter().map(|at| marks(&fields, &task.entries[*at])).collect();
        let mut wanted: Vec<Cow<'_, str>> = marks.iter().flatten().map(|(_, value)| Cow::from(&**value)).collect();
        if self.is_local() {
            wanted.extend(marks.iter().flatten().map(|(_, value)| Cow::from(local_key(&task.name, value))));
        }
        let wanted: Vec<&str> = wanted.iter().map(AsRef::as_ref).collect();
        let mut sights: Vec<(String, Timestamp)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        Self::collection(&task.cx).each_with(&wanted, |raw| {
            let Some(sight) = SeenRecord::read(raw) else { return };
            // What this task has seen counts for it whether it remembered for itself then or not.
            let counts = if self.is_local() { *sight.task == *task.name } else { !sight.local };
            if counts {
                known.extend(sight.fields.into_iter().map(|(_, value)| (value, sights.len())));
                sights.push((sight.task, sight.added));
            }
        })?;
        let why = |marks: &[(&str, Cow<'_, str>)]| {
            let (field, value, at) =
                marks.iter().find_map(|(field, value)| Some((field, value, known.get(&**value)?)))?;
            let (seen_in, when) = &sights[*at];
            let when = when.strftime("%Y-%m-%d %H:%M");
            Some(format!("entry with {field} `{value}` is already marked seen in the task {seen_in} at {when}"))
        };
        let rejected: Vec<_> = live.into_iter().zip(&marks).filter_map(|(at, marks)| Some((at, why(marks)?))).collect();
        for (at, reason) in rejected {
            task.entries[at].reject(Self::NAME, Some(reason));
        }
        Ok(())
    }

    async fn learn(&self, task: &mut Task) -> Result<()> {
        let (fields, added) = (self.fields(), task.cx.clock.now());
        let mut sights = task.accepted().filter_map(|entry| {
            let marks = marks(&fields, entry);
            let by = marks.iter().map(|(field, value)| (*field, &**value));
            (!marks.is_empty()).then(|| record(entry.title(), &task.name, self.is_local(), by, added))
        });
        if let Some(first) = sights.next() {
            Self::collection(&task.cx).insert(std::iter::once(first).chain(sights))?;
        }
        Ok(())
    }
}

/// The fields and values by which an entry is known, each value once.
fn marks<'e>(fields: &[&'e str], entry: &'e Entry) -> Vec<(&'e str, Cow<'e, str>)> {
    let mut marks: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(fields.len());
    for field in fields {
        let Some(value) = entry.peek(field).filter(|value| value.is_true()).map(Value::shown) else { continue };
        if !marks.iter().any(|(_, known)| *known == value) {
            marks.push((field, value));
        }
    }
    marks
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenRecord {
    /// Its title.
    pub title: String,
    /// The task that has acted on it.
    pub task: String,
    /// Whether that task remembers for itself.
    pub local: bool,
    /// The fields and values by which it is known.
    pub fields: Vec<(Name, String)>,
    /// When it was seen.
    pub added: Timestamp,
}

impl SeenRecord {
    /// What a record says; `None` if nobody can read it.
    pub fn read(raw: RawRecord<'_>) -> Option<Self> {
        let kept: Kept<'_> = serde_json::from_str(raw.data).ok()?;
        let keys: Vec<String> = serde_json::from_str(raw.keys).ok()?;
        let local = keys.first().is_some_and(|key| key.contains(LOCAL));
        let values = keys.into_iter().map(|key| match key.split_once(LOCAL) {
            Some((_, value)) => value.to_owned(),
            None => key,
        });
        let fields = kept.fields.into_iter().map(|name| name.into_owned().into()).zip(values).collect();
        Some(Self { title: kept.title.into_owned(), task: kept.task.into_owned(), local, fields, added: raw.added })
    }

    /// The keys of its record: the values, with the task's name where it remembers for itself.
    pub fn keys(&self) -> Vec<String> {
        self.to_record().keys
    }

    /// The record that [`Sight::read`] reads.
    pub fn to_record(&self) -> NewRecord {
        let fields = self.fields.iter().map(|(name, value)| (&**name, value.as_str()));
        record(&self.title, &self.task, self.local, fields, self.added)
    }
}

/// The record of a sight: the values of its fields are its keys.
fn record<'a>(
    title: &str,
    task: &str,
    local: bool,
    fields: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    added: Timestamp,
) -> NewRecord {
    let key = |(_, value): (&str, &str)| if local { local_key(task, value) } else { value.to_owned() };
    let names = fields.clone().map(|(name, _)| name.into()).collect();
    let data = NewRecord::data(&Kept { title: title.into(), task: task.into(), fields: names });
    NewRecord { keys: fields.map(key).collect(), data, added, expires: None }
}

/// What a record says of a sight besides the values.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept<'a> {
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    task: Cow<'a, str>,
    #[serde(borrow)]
    fields: Vec<Cow<'a, str>>,
}

/// What stands between a task's name and a value in a key of a task that remembers for itself.
const LOCAL: char = '\u{1f}';

fn local_key(task: &str, value: &str) -> String {
    format!("{task}{LOCAL}{value}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{context, run_config, titles};

    /// The titles that each task accepts, given its options of `seen` and what it reads.
    fn accepted(cx: &Context, tasks: &[(&str, &str, &str)]) -> Vec<String> {
        let body = |(name, seen, mock): &(&str, &str, &str)| {
            format!("  {name}:\n    mock: {mock}\n    accept_all: yes\n    seen: {seen}\n")
        };
        let config: String = tasks.iter().map(body).collect();
        let report = run_config(&format!("tasks:\n{config}"), cx);
        report.tasks.iter().map(|task| titles(task, State::Accepted).join(" ")).collect()
    }

    #[test]
    fn what_one_task_has_seen_counts_everywhere_unless_it_is_local() {
        let cx = context();
        assert_eq!(
            accepted(&cx, &[("a", "yes", "[ X ]"), ("b", "local", "[ X ]"), ("c", "yes", "[ X, Y ]")]),
            ["X", "X", "Y"]
        );
        assert_eq!(
            accepted(&cx, &[("a", "no", "[ X ]"), ("b", "local", "[ X, Y ]"), ("d", "yes", "[ Z ]")]),
            ["X", "Y", "Z"]
        );
        assert_eq!(accepted(&cx, &[("d", "local", "[ Z ]")]), [""], "what it has seen for all it has seen itself");
    }

    #[test]
    fn any_value_of_the_fields_tells_and_says_where_and_when() {
        let cx = context();
        accepted(&cx, &[("a", "yes", "[ { title: X, url: 'http://x' } ]")]);
        let again = "[ { title: Other, url: 'http://x' }, { title: 'http://x' }, { title: x } ]";
        let report = run_config(&format!("tasks: {{ b: {{ mock: {again}, accept_all: yes }} }}"), &cx);
        assert_eq!(titles(&report.tasks[0], State::Accepted), ["x"], "upper and lower case differ");
        assert_eq!(
            report.tasks[0].entries[0].reason(),
            Some("entry with url `http://x` is already marked seen in the task a at 2026-11-24 00:00")
        );
        let by_id = "{ fields: [ imdb_id ] }";
        assert_eq!(accepted(&cx, &[("c", by_id, "[ { title: X, imdb_id: tt1 }, { title: Y } ]")]), ["X Y"]);
        assert_eq!(accepted(&cx, &[("c", by_id, "[ { title: Z, imdb_id: tt1 }, { title: Y } ]")]), ["Y"]);
    }
}
