//! `database` and `database prune`: what is kept between runs, and how it is made small.

use std::time::Duration;

use flexget_core::context::store::{Purpose, Size};
use flexget_core::prelude::*;
use jiff::SignedDuration;

/// Default number of days for which changes can be undone.
const DAYS: u32 = 90;

/// Shows the database: its file, and how much it holds of what.
///
/// Caches are answers of services: without them they are asked for again. The rest is what tasks
/// remember (lists, what was seen), the journal of changes to remote lists, the accounts, and how
/// fast services may be asked. It is of all configs that share the file. The bytes are those of
/// what is held; the file is larger by what is needed to find it again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Show {}

submit! { command::<Show>() }

impl Command for Show {
    const PATH: &'static [&'static str] = &["database"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let sizes = cx.store.sizes()?;
        let file = cx.store.path().map(|path| path.display().to_string());
        let bytes = cx.store.bytes()?;
        if out.format == Format::Json {
            let sizes: Vec<serde_json::Value> = sizes.iter().map(part).collect();
            return out.data(&json!({ "file": file, "bytes": bytes, "parts": sizes }));
        }
        let place = file.unwrap_or_else(|| "in memory".to_owned());
        out.line(format!("{place} ({})", readable(bytes)))?;
        if sizes.iter().all(|size| size.records == 0) {
            return out.line("it holds nothing yet");
        }
        let mut table = Table::new(&["Part", "Kind", "Rows", "Size"]);
        for size in sizes.iter().filter(|size| size.records > 0) {
            table.row([
                size.purpose.name().to_owned(),
                size.kind.clone(),
                size.records.to_string(),
                readable(size.bytes),
            ]);
        }
        out.table(&table)?;
        if sizes.iter().any(|size| size.purpose == Purpose::Cache && size.records > 0) {
            out.note("`flexget-rs database prune` removes what is out of date")?;
        }
        Ok(())
    }
}

/// Shrinks the database: removes expired responses of services and old changes.
///
/// What is out of date is otherwise kept for a while, to be used where a service cannot be asked. A
/// change that was removed can no longer be undone; one whose outcome is unknown stays.
/// Lists, what was seen, accounts, and what else tasks remember are not touched.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Prune {
    /// Number of days for which changes to remote lists can still be undone; 90 by default.
    keep_days: Option<u32>,
}

submit! { command::<Prune>() }

impl Command for Prune {
    const PATH: &'static [&'static str] = &["database", "prune"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let now = cx.clock.now();
        let days = self.keep_days.unwrap_or(DAYS);
        let age =
            SignedDuration::try_from(Duration::from_secs(u64::from(days) * 86_400)).unwrap_or(SignedDuration::MAX);
        let before = now.checked_sub(age).unwrap_or(jiff::Timestamp::MIN);
        let pruned = cx.store.prune(now, before)?;
        let freed = pruned.before.saturating_sub(pruned.after);
        if out.format == Format::Json {
            return out.data(&json!({
                "expired": pruned.expired, "changes": pruned.changes, "freed": freed, "bytes": pruned.after,
                "dry_run": cx.dry_run,
            }));
        }
        // In a dry run all of this was done to a copy.
        let (removed, has) = if cx.dry_run { ("would remove", "would then have") } else { ("removed", "now has") };
        out.line(format!("{removed} {} answers that are out of date", pruned.expired))?;
        out.line(format!("{removed} {} changes older than {days} days", pruned.changes))?;
        out.line(format!("the database {has} {}, which is {} less", readable(pruned.after), readable(freed)))
    }
}

fn part(size: &Size) -> serde_json::Value {
    json!({ "part": size.purpose.name(), "kind": size.kind, "rows": size.records, "bytes": size.bytes })
}

/// Returns a number of bytes for people.
fn readable(bytes: usize) -> String {
    let mut size = bytes as f64;
    for unit in ["bytes", "kB"] {
        if size < 1000.0 {
            return if unit == "bytes" { format!("{bytes} bytes") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} MB")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use flexget_core::context::store::{NewRecord, Store};
    use flexget_core::testing::{self, command, context_with, run};
    use serde_json::{Value, json};
    use trakt_sim::Seed;

    use super::*;
    use crate::trakt::sandbox::Sandbox;

    const DAY: i64 = 86_400_000;

    /// A world in a file, where a task has run, an account is stored and a list was changed.
    fn used() -> Sandbox {
        let sandbox = Sandbox::new(Seed::small());
        let report = run(
            "
             mock: [ { title: Fight Club, imdb_id: tt0137523, movie_name: Fight Club } ]
             accept_all: yes
             trakt_lookup: yes
             require_field: trakt_rating
             list_add: [ entry_list: films, trakt_list: { account: ann, list: watchlist } ]",
            &sandbox.next_run(),
        );
        assert!(report.is_ok(), "{:?}", report.error);
        sandbox
    }

    /// The rows of each part, by its kind.
    fn rows(cx: &Context) -> BTreeMap<String, u64> {
        let shown = command("database", json!({}), Format::Json, cx).unwrap();
        let parts = shown.data[0]["parts"].as_array().unwrap().clone();
        let row = |part: &Value| {
            let (rows, bytes) = (part["rows"].as_u64().unwrap(), part["bytes"].as_u64().unwrap());
            assert_eq!(rows == 0, bytes == 0, "{part}");
            (format!("{} {}", part["part"].as_str().unwrap(), part["kind"].as_str().unwrap()), rows)
        };
        parts.iter().map(row).filter(|(_, rows)| *rows > 0).collect()
    }

    #[test]
    fn every_part_is_shown() {
        let sandbox = used();
        let rows = rows(&sandbox.cx);
        for part in [
            "cache trakt titles",
            "memory entry_list",
            "memory seen",
            "journal changes",
            "accounts accounts",
            "pacing rate limits",
        ] {
            assert!(rows.contains_key(part), "{part}: {rows:?}");
        }
        let text = command("database", json!({}), Format::Text, &sandbox.cx).unwrap();
        assert!(text.text.starts_with("in memory ("), "{}", text.text);
        assert!(text.text.contains("\njournal | changes | 1 | "), "{}", text.text);
        let all = text.text + &text.notes;
        assert!(!all.contains("Bearer") && !all.contains("sim-client"), "{all}");
    }

    #[test]
    fn pruning_keeps_what_is_needed_and_says_what_it_freed() {
        let sandbox = used();
        let clock = sandbox.cx.clock.shared().unwrap();
        let prune =
            |arguments: Value| command("database prune", arguments, Format::Json, &sandbox.cx).unwrap().data.remove(0);
        let before = rows(&sandbox.cx);
        let pruned = prune(json!({}));
        assert_eq!((&pruned["expired"], &pruned["changes"]), (&json!(0), &json!(0)));
        assert_eq!(rows(&sandbox.cx), before);

        clock.fetch_add(89 * DAY, Ordering::SeqCst);
        let pruned = prune(json!({}));
        assert_eq!((&pruned["expired"], &pruned["changes"]), (&json!(1), &json!(0)), "the change can still be undone");
        clock.fetch_add(2 * DAY, Ordering::SeqCst);
        assert_eq!(prune(json!({ "keep_days": 100 }))["changes"], json!(0));
        let text = command("database prune", json!({}), Format::Text, &sandbox.cx).unwrap().text;
        assert!(text.contains("removed 1 changes older than 90 days"), "{text}");
        let after = rows(&sandbox.cx);
        assert!(!after.contains_key("journal changes") && !after.contains_key("cache trakt titles"), "{after:?}");
        for part in ["memory entry_list", "memory seen", "accounts accounts"] {
            assert_eq!(after.get(part), before.get(part), "{part}");
        }
    }

    #[test]
    fn a_dry_run_says_what_it_would_do_and_does_nothing() {
        let sandbox = used();
        sandbox.cx.clock.shared().unwrap().fetch_add(100 * DAY, Ordering::SeqCst);
        let before = rows(&sandbox.cx);
        let dry = testing::dry_run(&sandbox.cx);
        assert_eq!(rows(&dry), before, "what is shown is all of it");
        let said = command("database prune", json!({}), Format::Text, &dry).unwrap().text;
        assert!(said.starts_with("would remove 1 answers") && said.contains("would remove 1 changes"), "{said}");
        assert_eq!(rows(&sandbox.cx), before);
        let nothing = command("database", json!({}), Format::Text, &testing::context()).unwrap().text;
        assert!(nothing.ends_with("\nit holds nothing yet\n"), "{nothing}");
    }

    #[test]
    fn the_file_gets_smaller() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flexget-rs.sqlite");
        let cx = context_with(Store::at(&path));
        let record = |at: usize| NewRecord {
            keys: vec![at.to_string()],
            data: NewRecord::data(&"x".repeat(1_000)),
            added: cx.clock.now(),
            expires: Some(cx.clock.now()),
        };
        let many: Vec<NewRecord> = (0..1_000).map(record).collect();
        cx.store.shared_collection("titles", "").insert(&many).unwrap();
        let pruned = command("database prune", json!({}), Format::Json, &cx).unwrap().data.remove(0);
        assert_eq!(pruned["expired"], json!(1_000));
        assert!(pruned["freed"].as_u64().unwrap() > 1_000_000, "{pruned}");
        assert_eq!(path.metadata().unwrap().len(), pruned["bytes"].as_u64().unwrap());
        let shown = command("database", json!({}), Format::Text, &cx).unwrap().text;
        assert!(shown.starts_with(&path.display().to_string()), "{shown}");
    }

    #[test]
    fn sizes_are_readable() {
        let all = [0, 999, 1_000, 1_234_567].map(readable);
        assert_eq!(all, ["0 bytes", "999 bytes", "1.0 kB", "1.2 MB"]);
    }
}
