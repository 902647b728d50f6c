//! A page about tasks, runs, changes and accounts: one file without scripts and network.

mod plot;

use std::cmp::Reverse;
use std::fmt::{Display, Write};
use std::path::Path;
use std::time::Duration;

use flexget_core::config::plan::Plan;
use flexget_core::context::auth::Account;
use flexget_core::context::store::history::{RunFilter, RunRecord, TaskHistory};
use flexget_core::context::{Clock, Context};
use flexget_core::error::{Error, Result};
use flexget_core::run::daemon;
use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::plot::DailyCounts;
use super::time;
use crate::identity::Identity;
use crate::output_file;

/// Number of runs that are shown with their entries.
const SHOWN_RUNS: usize = 60;
/// Number of items of a change that are shown.
const SHOWN_ITEMS: usize = 30;
/// Largest number of tasks, and of accounts, that are shown: those that need attention first.
const SHOWN_ROWS: usize = 200;

/// The page, and its style.
const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");

/// Text that is safe within HTML, in attributes too.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Neither control characters nor any that turn the direction of the text.
                '\n' | '\t' => f.write_char(c)?,
                '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
                c if c.is_control() => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Returns the page about the config at a path, with its plan if that can be run.
///
/// It does not grow with the number of runs, nor with that of tasks beyond some hundreds.
///
/// # Errors
/// The database cannot be used.
pub(crate) fn of(config: &Path, plan: Option<&Plan>, cx: &Context) -> Result<String> {
    let (now, clock) = (cx.clock.now(), &cx.clock);
    let histories = cx.store.task_histories()?;
    let next = daemon::next_runs_by_daemon(plan, cx)?;
    let activity = DailyCounts::read(cx, now)?;
    let runs = cx.store.runs(&RunFilter { limit: Some(SHOWN_RUNS), entries: true, ..RunFilter::default() })?;
    let accounts = cx.auth.all()?;
    let failing = histories.values().filter(|history| history.failures > 0).count();
    let first = next.values().min().map_or_else(|| "–".to_owned(), |next| time::relative(*next, now));
    let started = |history: &TaskHistory| history.last.as_ref().map(|run| run.started);
    let attention = |(_, history): &(_, &TaskHistory)| Reverse((history.failures > 0, started(history)));
    let (tasks, more_tasks) = most_urgent(histories.iter(), attention);
    let task = |(name, history): (&String, &TaskHistory)| {
        let TaskHistory { last, last_success, failures, .. } = history;
        json!({
            "name": name, "last": last, "last_success": last_success, "failures": failures, "next": next.get(name)
        })
    };
    let is_well = |account: &&Account| (account.state.problem().is_none(), account.tokens.expires);
    let (shown_accounts, more_accounts) = most_urgent(accounts.iter(), is_well);
    let account = |account: &Account| {
        let Account { service, name, user, state, tokens, .. } = account;
        let expires = time::moment(tokens.expires, clock, now);
        json!({ "service": service, "name": name, "user": user, "problem": state.problem(), "expires": expires })
    };
    let page = json!({
        "name": config.file_stem().unwrap_or_default().to_string_lossy(),
        "program": Identity::get().name,
        "style": STYLE,
        "now": now,
        "figures": [
            (histories.len().to_string(), "tasks have run", ""),
            (failing.to_string(), "tasks fail now", if failing > 0 { "bad" } else { "" }),
            (activity.runs.to_string(), "runs in 30 days", ""),
            (activity.changed.to_string(), "items changed", ""),
            (activity.requests.to_string(), "requests", ""),
            (first, "next run", ""),
        ],
        "tasks": tasks.into_iter().map(task).collect::<Vec<_>>(),
        "more_tasks": more_tasks,
        "plots": plot::plots(&activity, &runs, clock),
        "titles": titles(&runs, cx),
        "runs": runs.iter().map(ShownRun::new).collect::<Vec<_>>(),
        "accounts": shown_accounts.into_iter().map(account).collect::<Vec<_>>(),
        "more_accounts": more_accounts,
    });
    let rendered =
        environment(clock.clone(), now).and_then(|environment| environment.render_str(PAGE, for_engine(page)));
    rendered.map_err(|error| Error::new("the page cannot be made").cause(error))
}

/// Writes the page that `--report` names.
///
/// # Errors
/// The database cannot be used, or the file cannot be written.
pub(crate) fn write_report(file: &Path, config: &Path, plan: Option<&Plan>, cx: &Context) -> Result<()> {
    output_file::replace(file, &of(config, plan, cx)?).map_err(|error| {
        Error::new(format!("the page `{}` cannot be written: {error}", file.display()))
            .hint("check the permissions of its folder, or name another file with `--report FILE.html`")
    })
}

/// Returns the engine of the page, which escapes all texts.
fn environment(clock: Clock, now: Timestamp) -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, _, value| {
        let written = if value.is_safe() { write!(out, "{value}") } else { write!(out, "{}", Escaped(value)) };
        Ok(written?)
    });
    let or_dash = |at: Option<&str>, shown: &dyn Fn(Timestamp) -> String| {
        at.and_then(|at| at.parse().ok()).map_or_else(|| "–".to_owned(), shown)
    };
    environment.add_filter("minute", move |at: Option<&str>| or_dash(at, &|at| clock.local(at)));
    environment.add_filter("relative", move |at: Option<&str>| or_dash(at, &|at| time::relative(at, now)));
    environment.add_filter("span", |milliseconds: Option<u64>| {
        milliseconds.map_or_else(|| "?".to_owned(), |milliseconds| time::span(Duration::from_millis(milliseconds)))
    });
    Ok(environment)
}

/// Returns a value as the engine has it.
fn for_engine(value: Value) -> minijinja::Value {
    match value {
        Value::Null => ().into(),
        Value::Bool(is) => is.into(),
        Value::Number(number) => number.as_i64().map_or_else(|| number.as_f64().into(), Into::into),
        Value::String(text) => text.into(),
        Value::Array(items) => items.into_iter().map(for_engine).collect(),
        Value::Object(fields) => {
            minijinja::Value::from_pairs(fields.into_iter().map(|(name, value)| (name, for_engine(value))))
        }
    }
}

/// A run with the classes of its element.
#[derive(Serialize)]
struct ShownRun<'r> {
    #[serde(flatten)]
    run: &'r RunRecord,
    classes: String,
}

impl<'r> ShownRun<'r> {
    fn new(run: &'r RunRecord) -> Self {
        let is_bad = run.outcome.is_failure() || run.counts.failed > 0;
        let classes = [(run.counts.changed > 0, " changed"), (is_bad, " bad"), (run.counts.accepted > 0, " accepted")];
        Self { run, classes: classes.iter().filter(|(has, _)| *has).map(|(_, class)| *class).collect() }
    }
}

/// Returns the first titles of each change that did something, and the number of the others.
fn titles(runs: &[RunRecord], cx: &Context) -> Map<String, Value> {
    let changes = runs.iter().flat_map(|run| &run.details.changes).filter(|change| change.done > 0);
    let titles = changes.filter_map(|change| {
        let id = change.change_id?;
        let items = cx.journal().get(id).ok()??.what.items;
        let titles = items.iter().filter_map(|item| item.get("title")?.as_str());
        let shown: Vec<&str> = titles.take(SHOWN_ITEMS).collect();
        Some((id.to_string(), json!({ "shown": shown, "more": items.len().saturating_sub(SHOWN_ITEMS) })))
    });
    titles.collect()
}

/// Returns the rows that are shown, in their order, and the number of the others.
///
/// The key sorts those first that need attention.
fn most_urgent<R, K: Ord>(rows: impl Iterator<Item = R>, key: impl Fn(&R) -> K) -> (Vec<R>, usize) {
    let mut rows: Vec<(usize, R)> = rows.enumerate().collect();
    let more = rows.len().saturating_sub(SHOWN_ROWS);
    if more > 0 {
        rows.sort_by_key(|(_, row)| key(row));
        rows.truncate(SHOWN_ROWS);
        rows.sort_by_key(|(at, _)| *at);
    }
    (rows.into_iter().map(|(_, row)| row).collect(), more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        let hostile = "<script>alert(1)</script>\" onload='x' & \u{1b}[31m \u{202e}";
        let safe = Escaped(hostile).to_string();
        assert!(!safe.contains(['<', '>', '"', '\'', '\u{1b}', '\u{202e}']), "{safe}");
        assert!(safe.starts_with("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp; "), "{safe}");
    }
}
