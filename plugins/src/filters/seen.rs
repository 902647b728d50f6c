use std::borrow::Cow;
use std::time::Duration;

use flexget_core::context::store::NewRecord;
use flexget_core::prelude::*;

use crate::shared::seen_record::{SeenRecord, new_record};

/// How long an accepted entry stays seen: five years.
const KEEP: Duration = Duration::from_secs(5 * 365 * 86_400);

/// Rejects entries that an earlier run accepted.
///
/// An entry is recognised by the values of its `title`, `url` and `original_url`. Entries seen by
/// one task count in every task of the config. With `seen: local` each task remembers only its own,
/// which suits most tasks that read lists; `seen: no` disables the plugin. Entries that failed, and
/// those of aborted tasks, are not remembered. An entry stays seen for five years.
///
/// ```yaml
/// mock: [ Solaris (1972) ]
/// accept_all: yes
/// seen: local
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Seen(WithShorthand<SeenOptions>);

/// The short form.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LocalWord {
    /// Each task remembers only its own entries.
    Local,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeenOptions {
    /// Whether the task remembers only its own entries.
    #[serde(default)]
    local: bool,
    /// The fields that identify an entry instead of `title`, `url` and `original_url`.
    fields: Option<Vec<FieldName>>,
}

impl Shorthand for SeenOptions {
    type Short = LocalWord;
    const SHORT: &'static str = "`local`: each task remembers only its own entries.";

    fn from_short(_: LocalWord) -> Self {
        Self { local: true, fields: None }
    }
}

submit! { plugin::<Seen>() }

impl Plugin for Seen {
    const NAME: &'static str = "seen";
    const BUILTIN: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::reject_seen).priority(255), Step::at(Phase::Learn, Self::learn)]
    }
}

impl Seen {
    /// Returns the fields that identify an entry.
    fn fields(&self) -> Vec<&str> {
        let usual = || vec!["title", "url", "original_url"];
        self.0.fields.as_ref().map_or_else(usual, |fields| fields.iter().map(|field| &**field).collect())
    }

    async fn reject_seen(&self, task: &mut Task) -> Result<()> {
        let fields = self.fields();
        if self.0.fields.is_some() {
            task.need(&fields).await;
        }
        let live: Vec<usize> = task.live().collect();
        let identities: Vec<_> = live.iter().map(|at| identity(&fields, &task.entries[*at])).collect();
        let values = identities.iter().flatten().map(|(_, value)| &**value);
        let mut seen_by: Vec<(String, Timestamp)> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        SeenRecord::each_of(task, self.0.local, values, |record| {
            seen.extend(record.fields.into_iter().map(|(_, value)| (value, seen_by.len())));
            seen_by.push((record.task, record.added));
        })?;
        let clock = task.cx.clock.clone();
        let reason = |identity: &[(&str, Cow<'_, str>)]| {
            let (field, value, at) =
                identity.iter().find_map(|(field, value)| Some((field, value, seen.get(&**value)?)))?;
            let (seen_in, when) = &seen_by[*at];
            let when = clock.local(*when);
            Some(format!("entry with {field} `{value}` is already marked seen in the task {seen_in} at {when}"))
        };
        let rejected: Vec<_> =
            live.into_iter().zip(&identities).filter_map(|(at, identity)| Some((at, reason(identity)?))).collect();
        for (at, reason) in rejected {
            task.entries[at].reject(Self::NAME, Some(reason));
        }
        Ok(())
    }

    async fn learn(&self, task: &mut Task) -> Result<()> {
        let (fields, added) = (self.fields(), task.cx.clock.now());
        let mut records = task.accepted().filter_map(|entry| {
            let identity = identity(&fields, entry);
            let values = identity.iter().map(|(field, value)| (*field, &**value));
            (!identity.is_empty()).then(|| NewRecord {
                expires: added.checked_add(KEEP).ok(),
                ..new_record(entry.title(), &task.name, self.0.local, values, added)
            })
        });
        if let Some(first) = records.next() {
            SeenRecord::collection(&task.cx).insert(std::iter::once(first).chain(records))?;
        }
        Ok(())
    }
}

/// Returns the fields and values that identify an entry, each value once.
fn identity<'e>(fields: &[&'e str], entry: &'e Entry) -> Vec<(&'e str, Cow<'e, str>)> {
    let mut identity: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(fields.len());
    for field in fields {
        let Some(value) = entry.peek(field).filter(|value| value.is_true()).map(Value::shown) else { continue };
        if !identity.iter().any(|(_, known)| *known == value) {
            identity.push((field, value));
        }
    }
    identity
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
    fn entries_seen_by_one_task_count_in_all_unless_it_is_local() {
        let cx = context();
        assert_eq!(
            accepted(&cx, &[("a", "yes", "[ X ]"), ("b", "local", "[ X ]"), ("c", "yes", "[ X, Y ]")]),
            ["X", "X", "Y"]
        );
        assert_eq!(
            accepted(&cx, &[("a", "no", "[ X ]"), ("b", "local", "[ X, Y ]"), ("d", "yes", "[ Z ]")]),
            ["X", "Y", "Z"]
        );
        assert_eq!(
            accepted(&cx, &[("d", "local", "[ Z ]")]),
            [""],
            "an entry that it saw for all tasks counts for itself"
        );
    }

    #[test]
    fn reads_fields_that_a_lookup_offers() {
        let cx = context();
        let run = |title: &str, cx: &Context| {
            let lookup = "test_lookup: { answers: { A: { imdb_id: tt1 }, B: { imdb_id: tt1 } } }";
            let seen = "seen: { fields: [ imdb_id ] }\naccept_all: yes";
            let report = flexget_core::testing::run(&format!("mock: [ {title} ]\n{lookup}\n{seen}"), cx);
            titles(&report, State::Accepted).join(" ")
        };
        assert_eq!(run("A", &cx), "A");
        assert_eq!(run("B", &flexget_core::testing::next_run(&cx)), "", "the lookup says that it is the same");
    }

    #[test]
    fn any_equal_value_rejects_and_the_reason_says_where_and_when() {
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
