//! The commands `seen …`.

use flexget_core::plugin::command::verb;
use flexget_core::prelude::*;

use crate::shared::other_configs::{self, ConfigTable};
use crate::shared::seen_record::{BY_HAND, COLLECTION, SeenRecord};

/// Shows what was seen: `seen search '*solaris*'`.
///
/// `*` stands for anything and `?` for one character; without them the text may stand anywhere.
/// Upper and lower case are alike.
#[derive(Deserialize, JsonSchema)]
struct Search {
    /// Text to search for in titles and in the values of the other fields.
    #[schemars(extend("positional" = true))]
    pattern: String,
    /// Only what these tasks have seen; `*` and `?` as in the pattern.
    #[serde(default)]
    task: Vec<String>,
    /// Search in what the tasks of all configs have seen.
    #[serde(default)]
    all: bool,
}

submit! { command::<Search>() }

impl Command for Search {
    const PATH: &'static [&'static str] = &["seen", "search"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let is_pattern = self.pattern.contains(['*', '?']);
        let pattern = if is_pattern { self.pattern.clone() } else { format!("*{}*", self.pattern) };
        let is_wanted =
            |record: &SeenRecord| is_of(&self.task, record) && is_known_by(record, |value| is_like(&pattern, value));
        let others = cx.store.records_of_other_configs(COLLECTION)?;
        let mut found: Vec<(Option<String>, SeenRecord)> = Vec::new();
        for (config, world) in other_configs::configs(&others, self.all, cx) {
            let records = all(&world)?.into_iter().map(|(_, record)| record).filter(is_wanted);
            found.extend(records.map(|record| (config.clone(), record)));
        }
        if out.format == Format::Json {
            return out.data(&found.iter().map(|(config, record)| data(config, record)).collect::<Vec<_>>());
        }
        let number = found.len();
        if found.is_empty() {
            out.line(format!("nothing that was seen is like `{}`", self.pattern))?;
            return other_configs::note(number, &others, self.all, cx, out);
        }
        let mut table = ConfigTable::new(&["Title", "Task", "Local", "Added", "Fields"], self.all, cx);
        for (config, record) in found {
            let fields = record.fields.iter().filter(|(name, _)| name != "title");
            let fields: Vec<String> = fields.map(|(name, value)| format!("{name}: {value}")).collect();
            let local = if record.local { "yes" } else { "no" };
            let added = cx.clock.local(record.added);
            table.row(config.as_deref(), [record.title, record.task, local.to_owned(), added, fields.join("\n")]);
        }
        table.print(out)?;
        other_configs::note(number, &others, self.all, cx, out)
    }
}

/// Notes a title or an address as seen, so that no task accepts it any more.
#[derive(Deserialize, JsonSchema)]
struct Add {
    /// The title, the address, or the value of another field that tasks know entries by.
    #[schemars(extend("positional" = true))]
    value: String,
    /// Only these tasks, which remember for themselves (`seen: local`), shall take it for seen.
    #[serde(default)]
    task: Vec<String>,
}

submit! { command::<Add>() }

impl Command for Add {
    const PATH: &'static [&'static str] = &["seen", "add"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let record = |task: &str, local| SeenRecord {
            title: self.value.clone(),
            task: task.to_owned(),
            local,
            fields: vec![(BY_HAND.into(), self.value.clone())],
            added: cx.clock.now(),
        };
        let records: Vec<SeenRecord> = match self.task.as_slice() {
            [] => vec![record(BY_HAND, false)],
            tasks => tasks.iter().map(|task| record(task, true)).collect(),
        };
        let keys: Vec<String> = records.iter().flat_map(SeenRecord::keys).collect();
        let collection = SeenRecord::collection(cx);
        let known = collection.has_keys(&keys)?;
        let news: Vec<_> =
            records.iter().filter(|record| !known.contains(&record.keys()[0])).map(SeenRecord::to_record).collect();
        collection.insert(&news)?;
        let whom = match self.task.as_slice() {
            [] => "all tasks".to_owned(),
            tasks => tasks.iter().map(|task| format!("`{task}`")).collect::<Vec<_>>().join(", "),
        };
        if out.format == Format::Json {
            return out
                .data(&json!({ "value": self.value, "tasks": self.task, "added": news.len(), "dry_run": cx.dry_run }));
        }
        out.line(if news.is_empty() {
            format!("`{}` is already seen, for {whom}", self.value)
        } else {
            format!("{} `{}` as seen, for {whom}", verb(cx, "added", "add"), self.value)
        })
    }
}

/// Forgets seen entries, so that tasks may accept them again.
///
/// They are those with exactly this title or value, or, with `*` and `?`, all that match. Case does
/// not matter.
#[derive(Deserialize, JsonSchema)]
struct Forget {
    /// The title or the value of another field.
    #[schemars(extend("positional" = true))]
    value: String,
    /// Only what these tasks have seen; `*` and `?` as in the value.
    #[serde(default)]
    task: Vec<String>,
    /// Do not ask.
    #[serde(default)]
    yes: bool,
    /// Forget what the tasks of all configs have seen.
    #[serde(default)]
    all: bool,
}

submit! { command::<Forget>() }

impl Command for Forget {
    const PATH: &'static [&'static str] = &["seen", "forget"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let others = cx.store.records_of_other_configs(COLLECTION)?;
        let mut found = Vec::new();
        for (_, world) in other_configs::configs(&others, self.all, cx) {
            let records = self.wanted(&world)?;
            found.push((world, records));
        }
        let records = || found.iter().flat_map(|(_, records)| records);
        let titles: Vec<&str> = records().map(|(_, record)| record.title.as_str()).collect();
        let fields: usize = records().map(|(_, record)| record.fields.len()).sum();
        if titles.len() > 1 && !self.yes && !cx.dry_run && !out.confirm(&format!("forget {} titles?", titles.len()))? {
            return Err(Error::new("no title was forgotten"));
        }
        for (cx, records) in &found {
            let ids: Vec<i64> = records.iter().map(|(id, _)| *id).collect();
            SeenRecord::collection(cx).remove(&ids)?;
        }
        if out.format == Format::Json {
            return out
                .data(&json!({ "value": self.value, "titles": titles, "fields": fields, "dry_run": cx.dry_run }));
        }
        let by = cx.store.config_name().filter(|_| !self.all && !others.is_empty());
        let by = by.map(|config| format!(" of `{config}.yml`")).unwrap_or_default();
        out.line(format!("{} {} titles{by} ({fields} fields)", verb(cx, "removed", "remove"), titles.len()))?;
        if titles.is_empty() {
            out.note("`flexget-rs seen search` finds what there is by a part of it")?;
        }
        Ok(())
    }
}

impl Forget {
    /// Returns the records of a config that are to be forgotten.
    fn wanted(&self, cx: &Context) -> Result<Vec<(i64, SeenRecord)>> {
        let folded = self.value.to_lowercase();
        let of_tasks: Vec<(i64, SeenRecord)> =
            all(cx)?.into_iter().filter(|(_, record)| is_of(&self.task, record)).collect();
        // A title may have a `?` of its own: what is the same goes before what is like it.
        let is_same = |(_, record): &(i64, SeenRecord)| is_known_by(record, |value| value.to_lowercase() == folded);
        let is_alike = |(_, record): &(i64, SeenRecord)| is_known_by(record, |value| is_like(&self.value, value));
        let (same, others): (Vec<_>, Vec<_>) = of_tasks.into_iter().partition(is_same);
        let is_pattern = same.is_empty() && self.value.contains(['*', '?']);
        Ok(if is_pattern { others.into_iter().filter(is_alike).collect() } else { same })
    }
}

/// Returns all seen entries, oldest first, with the numbers of their records.
fn all(cx: &Context) -> Result<Vec<(i64, SeenRecord)>> {
    let records = SeenRecord::collection(cx).each(|raw| SeenRecord::read(raw).map(|record| (raw.id, record)))?;
    Ok(records.into_iter().flatten().collect())
}

fn is_of(tasks: &[String], record: &SeenRecord) -> bool {
    tasks.is_empty() || tasks.iter().any(|pattern| is_like(pattern, &record.task))
}

fn is_known_by(record: &SeenRecord, is_wanted: impl Fn(&str) -> bool) -> bool {
    is_wanted(&record.title) || record.fields.iter().any(|(_, value)| is_wanted(value))
}

fn data(config: &Option<String>, record: &SeenRecord) -> serde_json::Value {
    let fields: BTreeMap<&str, &str> =
        record.fields.iter().map(|(name, value)| (name.as_ref(), value.as_str())).collect();
    json!({
        "title": record.title,
        "config": config,
        "task": record.task,
        "local": record.local,
        "added": record.added.to_string(),
        "fields": fields,
    })
}

/// Returns whether a text is as a pattern with `*` and `?` says, upper and lower case alike.
fn is_like(pattern: &str, text: &str) -> bool {
    let fold = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    let (pattern, text) = (fold(pattern), fold(text));
    let (mut p, mut t) = (0_usize, 0_usize);
    // Where to go on when what follows the last `*` does not fit: it takes one character more.
    let mut again: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                p = p.saturating_add(1);
                again = Some((p, t));
            }
            Some(&c) if c == '?' || c == text[t] => (p, t) = (p.saturating_add(1), t.saturating_add(1)),
            _ => match &mut again {
                Some((after, taken)) => {
                    *taken = taken.saturating_add(1);
                    (p, t) = (*after, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::testing::{command, context, run, titles};

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "ABBC", true),
            ("a*c", "abcd", false),
            ("*b*b*", "abab", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[x]", "[X]", true),
            ("", "a", false),
        ] {
            assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_was_seen_is_shown_added_and_forgotten() {
        let cx = context();
        let say = |words: &str, value: &str, task: &[&str]| {
            let field = if words == "seen search" { "pattern" } else { "value" };
            command(words, json!({ field: value, "task": task }), Format::Text, &cx).unwrap().text
        };
        let accepts = |mock: &str| titles(&run(&format!("mock: {mock}\naccept_all: yes"), &cx), State::Accepted).len();
        assert_eq!(accepts("[ { title: Solaris, url: 'http://x/1' }, Who? ]"), 2);
        assert_eq!(
            say("seen search", "OLAR", &[]),
            "Title | Task | Local | Added | Fields\nSolaris | test | no | 2026-11-24 00:00 | url: http://x/1\n"
        );
        assert_eq!(say("seen search", "olar*", &[]), "nothing that was seen is like `olar*`\n");
        assert_eq!(say("seen search", "http://x/?", &["TE*"]).lines().count(), 2);
        assert_eq!(say("seen search", "solaris", &["other"]), "nothing that was seen is like `solaris`\n");

        assert_eq!(say("seen add", "Dune", &[]), "added `Dune` as seen, for all tasks\n");
        assert_eq!(say("seen add", "Dune", &[]), "`Dune` is already seen, for all tasks\n");
        assert_eq!(say("seen add", "Heat", &["a", "b"]), "added `Heat` as seen, for `a`, `b`\n");
        assert_eq!(accepts("[ Dune, Heat ]"), 1, "what is seen for others is not for this task");

        assert_eq!(say("seen forget", "who?", &[]), "removed 1 titles (2 fields)\n");
        assert_eq!(say("seen forget", "http://x/1", &["other"]), "removed 0 titles (0 fields)\n");
        assert_eq!(say("seen forget", "http://x/1", &[]), "removed 1 titles (2 fields)\n");
        assert_eq!(accepts("[ { title: Solaris, url: 'http://x/1' } ]"), 1);
        assert_eq!(say("seen forget", "*", &["b"]), "removed 1 titles (1 fields)\n");
        let left = command("seen search", json!({ "pattern": "heat", "task": ["a"] }), Format::Json, &cx).unwrap();
        let expected = json!([{ "title": "Heat", "config": null, "task": "a", "local": true, "added": "2026-11-24T00:00:00Z", "fields": { "cli_add": "Heat" } }]);
        assert_eq!(left.data, [expected]);
    }
}
