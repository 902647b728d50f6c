//! A page about tasks, runs, changes and accounts: one file without scripts and network.

mod plot;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::path::Path;
use std::time::Duration;

use flexget_core::config::plan::Plan;
use flexget_core::context::Context;
use flexget_core::context::auth::Account;
use flexget_core::context::store::history::{
    RunChange, RunDecision, RunEntry, RunFilter, RunOutcome, RunRecord, TaskHistory,
};
use flexget_core::error::Result;
use flexget_core::run::daemon;
use jiff::Timestamp;

use self::plot::DailyCounts;
use super::time;
use crate::identity::Identity;

/// Number of runs that are shown with their entries.
const SHOWN_RUNS: usize = 60;

/// Number of items of a change that are shown.
const SHOWN_ITEMS: usize = 30;

/// Largest number of tasks, and of accounts, that are shown: those that need attention first.
const SHOWN_ROWS: usize = 200;

/// The style of the page.
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
    let now = cx.clock.now();
    let histories = cx.store.task_histories()?;
    let next = match (plan, cx.store.daemon_process()) {
        (Some(plan), Some(_)) => daemon::next_runs(plan, &cx.store.schedule_times()?),
        _ => BTreeMap::new(),
    };
    let activity = DailyCounts::read(cx, now)?;
    let shown = cx.store.runs(&RunFilter { limit: Some(SHOWN_RUNS), entries: true, ..RunFilter::default() })?;
    let mut accounts = Vec::new();
    for service in cx.auth.services()? {
        accounts.extend(cx.auth.accounts(&service)?);
    }
    let name = config.file_stem().unwrap_or_default().to_string_lossy();
    let page = Page { cx, now, next: &next };
    let mut html = String::with_capacity(64 << 10);
    page.write(&mut html, &name, &histories, &activity, &shown, &accounts);
    Ok(html)
}

struct Page<'p> {
    cx: &'p Context,
    now: Timestamp,
    next: &'p BTreeMap<String, Timestamp>,
}

impl Page<'_> {
    fn write(
        &self,
        html: &mut String,
        name: &str,
        histories: &BTreeMap<String, TaskHistory>,
        activity: &DailyCounts,
        shown: &[RunRecord],
        accounts: &[Account],
    ) {
        let (name, program) = (Escaped(name), Escaped(Identity::get().name));
        let now = self.minute(self.now);
        // Writing to a string never fails.
        let _ = write!(
            html,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             img-src data:\">\n\
             <link rel=\"icon\" href=\"data:,\">\n<title>{name} · {program}</title>\n\
             <style>\n{STYLE}</style>\n</head>\n\
             <body>\n\
             <header><h1>{name}</h1><p class=\"muted\">{program}, {now}</p></header>\n<main>\n"
        );
        self.figures(html, histories, activity);
        self.tasks(html, histories);
        let _ =
            write!(html, "<section><h2>Activity</h2>\n{}</section>\n", plot::plots(activity, shown, &self.cx.clock));
        self.runs(html, shown);
        self.accounts(html, accounts);
        html.push_str("</main>\n</body>\n</html>\n");
    }

    fn minute(&self, at: Timestamp) -> String {
        time::minute(at, &self.cx.clock)
    }

    /// Writes the numbers at the top.
    fn figures(&self, html: &mut String, histories: &BTreeMap<String, TaskHistory>, activity: &DailyCounts) {
        let failing = histories.values().filter(|history| history.failures > 0).count();
        let next = self.next.values().min().map(|next| time::relative(*next, self.now));
        html.push_str("<ul class=\"figures\">");
        for (value, label, class) in [
            (histories.len().to_string(), "tasks have run", ""),
            (failing.to_string(), "tasks fail now", if failing > 0 { "bad" } else { "" }),
            (activity.runs.to_string(), "runs in 30 days", ""),
            (activity.changed.to_string(), "items changed", ""),
            (activity.requests.to_string(), "requests", ""),
            (next.unwrap_or_else(|| "–".to_owned()), "next run", ""),
        ] {
            let _ = write!(html, "<li class=\"{class}\"><b>{}</b><span>{label}</span></li>", Escaped(value));
        }
        html.push_str("</ul>\n");
    }

    fn tasks(&self, html: &mut String, histories: &BTreeMap<String, TaskHistory>) {
        html.push_str("<section><h2>Tasks</h2>\n");
        if histories.is_empty() {
            html.push_str("<p class=\"muted\">No task has run yet.</p></section>\n");
            return;
        }
        html.push_str(
            "<div class=\"cards\"><table><thead><tr><th>Task</th><th>Last run</th><th>Last success</th>\
             <th>Failures</th><th>Next run</th><th>Produced</th><th>Accepted</th><th>Changed</th></tr></thead>\
             <tbody>\n",
        );
        let started = |history: &TaskHistory| history.last.as_ref().map(|run| run.started);
        let attention = |(_, history): &(_, &TaskHistory)| Reverse((history.failures > 0, started(history)));
        let (shown, more) = most_urgent(histories.iter(), attention);
        for (name, history) in shown {
            let last = history.last.as_ref();
            let badge = last.map(|run| badge(run.outcome)).unwrap_or_default();
            let at = |time: Option<Timestamp>| time.map_or("–".to_owned(), |time| self.minute(time));
            let cells = [
                ("Last run", format!("{badge} {}", at(last.map(|run| run.started)))),
                ("Last success", at(history.last_success)),
                (
                    "Failures",
                    if history.failures > 0 { format!("{} in a row", history.failures) } else { "–".to_owned() },
                ),
                ("Next run", self.next.get(name).map_or("–".to_owned(), |next| time::relative(*next, self.now))),
                ("Produced", last.map_or(0, |run| run.counts.produced).to_string()),
                ("Accepted", last.map_or(0, |run| run.counts.accepted).to_string()),
                ("Changed", last.map_or(0, |run| run.counts.changed).to_string()),
            ];
            let _ = write!(html, "<tr><th scope=\"row\">{}</th>", Escaped(name));
            for (label, cell) in cells {
                // The badge is the only cell with markup, and no text from outside.
                let _ = write!(html, "<td data-label=\"{label}\"><span>{cell}</span></td>");
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table></div>\n");
        if more > 0 {
            let program = Escaped(Identity::get().name);
            let _ = writeln!(
                html,
                "<p class=\"muted\">Those that fail and those that ran last; {more} more are in <code>{program} \
                 status</code>.</p>"
            );
        }
        html.push_str("</section>\n");
    }

    fn runs(&self, html: &mut String, runs: &[RunRecord]) {
        html.push_str("<section class=\"runs\"><h2>Last runs</h2>\n");
        if runs.is_empty() {
            html.push_str("<p class=\"muted\">There are none.</p></section>\n");
            return;
        }
        for (id, label, checked) in [
            ("all", "All", " checked"),
            ("changed", "With changes", ""),
            ("bad", "With failures", ""),
            ("accepted", "With accepted entries", ""),
        ] {
            let _ = write!(
                html,
                "<input type=\"radio\" name=\"runs\" id=\"runs-{id}\"{checked}><label for=\"runs-{id}\">{label}</label>"
            );
        }
        html.push('\n');
        runs.iter().for_each(|run| self.run(html, run));
        html.push_str("<p class=\"none muted\">No run is of this kind.</p></section>\n");
    }

    fn run(&self, html: &mut String, run: &RunRecord) {
        let counts = run.counts;
        let is_bad = run.outcome.is_failure() || counts.failed > 0;
        let classes = [(counts.changed > 0, " changed"), (is_bad, " bad"), (counts.accepted > 0, " accepted")];
        let classes: String = classes.iter().filter(|(has, _)| *has).map(|(_, class)| *class).collect();
        let took = run.elapsed_ms.map_or("?".to_owned(), |elapsed| time::span(Duration::from_millis(elapsed)));
        let _ = write!(
            html,
            "<details class=\"run{classes}\"><summary>{} <b>{}</b> <time>{}</time><span class=\"counts\">\
             {} produced · {} accepted · {} changed{}</span></summary>\n<div class=\"body\"><p class=\"muted\">\
             run {} · took {took} · {} requests · waited {} for services</p>\n",
            badge(run.outcome),
            Escaped(&run.task),
            self.minute(run.started),
            counts.produced,
            counts.accepted,
            counts.changed,
            if counts.failed > 0 { format!(" · {} failed", counts.failed) } else { String::new() },
            run.id,
            counts.requests,
            time::span(Duration::from_millis(counts.waited_ms as u64)),
        );
        if let Some(error) = &run.details.error {
            let hint = error.hint.as_ref().map(|hint| format!("<br>{}", Escaped(hint))).unwrap_or_default();
            let _ = writeln!(html, "<p class=\"error\">{}{hint}</p>", Escaped(&error.message));
        }
        for warning in &run.details.warnings {
            let _ = writeln!(html, "<p class=\"warning\">{}</p>", Escaped(warning));
        }
        run.details.changes.iter().for_each(|change| self.change(html, change));
        entries(html, run);
        html.push_str("</div></details>\n");
    }

    /// Writes a change as a difference, with the way back.
    fn change(&self, html: &mut String, change: &RunChange) {
        if change.done == 0 && change.failures.is_empty() && change.not_found.is_empty() {
            return;
        }
        let account = change.account.as_ref().map(|account| format!(" ({})", Escaped(account))).unwrap_or_default();
        let sign = if change.action == "add" { '+' } else { '−' };
        let class = if change.action == "add" { "plus" } else { "minus" };
        let _ = write!(html, "<div class=\"change\"><h3>{sign}{} {}{account}</h3>", change.done, Escaped(&change.list));
        let journaled = change.change_id.and_then(|id| self.cx.journal().get(id).ok().flatten());
        if let Some(row) = journaled.as_ref().filter(|_| change.done > 0) {
            let titles = row.what.items.iter().filter_map(|item| item.get("title").and_then(|title| title.as_str()));
            let _ = write!(html, "<ul class=\"{class}\">");
            for title in titles.take(SHOWN_ITEMS) {
                let _ = write!(html, "<li>{sign} {}</li>", Escaped(title));
            }
            let more = row.what.items.len().saturating_sub(SHOWN_ITEMS);
            if more > 0 {
                let _ = write!(html, "<li class=\"muted\">and {more} more</li>");
            }
            html.push_str("</ul>");
        }
        for failure in &change.failures {
            let _ = write!(html, "<p class=\"error\">{}</p>", Escaped(failure));
        }
        if !change.not_found.is_empty() {
            let _ = write!(
                html,
                "<p class=\"warning\">not known to the service: {}</p>",
                Escaped(change.not_found.join(", "))
            );
        }
        if let Some(id) = change.change_id.filter(|_| change.done > 0) {
            let _ = write!(html, "<p>Undo: <code>{} undo {id}</code></p>", Escaped(Identity::get().name));
        }
        html.push_str("</div>\n");
    }

    fn accounts(&self, html: &mut String, accounts: &[Account]) {
        if accounts.is_empty() {
            return;
        }
        html.push_str(
            "<section><h2>Accounts</h2>\n<div class=\"cards\"><table><thead><tr><th>Account</th><th>User</th>\
             <th>State</th><th>Expires</th></tr></thead><tbody>\n",
        );
        let is_well = |account: &&Account| (account.state.problem().is_none(), account.tokens.expires);
        let (shown, more) = most_urgent(accounts.iter(), is_well);
        for account in shown {
            let (class, state) = match account.state.problem() {
                None => ("ok", "authorized".to_owned()),
                Some(reason) => ("aborted", format!("needs authorization: {reason}")),
            };
            let expires = time::expiry(account.tokens.expires, &self.cx.clock, self.now);
            let _ = writeln!(
                html,
                "<tr><th scope=\"row\">{} {}</th><td data-label=\"User\">{}</td><td data-label=\"State\">\
                 <span class=\"badge {class}\">{}</span></td><td data-label=\"Expires\">{expires}</td></tr>",
                Escaped(&account.service),
                Escaped(&account.name),
                Escaped(account.user.as_deref().unwrap_or("–")),
                Escaped(state),
            );
        }
        html.push_str("</tbody></table></div>\n");
        if more > 0 {
            let _ = writeln!(html, "<p class=\"muted\">Those that expire first; {more} more are well.</p>");
        }
        html.push_str("</section>\n");
    }
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

/// Writes the way of each entry.
fn entries(html: &mut String, run: &RunRecord) {
    if run.entries.is_empty() {
        return;
    }
    html.push_str("<table class=\"entries\"><thead><tr><th>Entry</th><th>Its way</th></tr></thead><tbody>\n");
    for RunEntry { title, state, decisions, .. } in &run.entries {
        let _ = write!(
            html,
            "<tr class=\"{0}\"><td><span class=\"badge {0}\">{0}</span> {1}</td><td>",
            Escaped(state),
            Escaped(title)
        );
        for (at, RunDecision { phase, plugin, verdict, reason }) in decisions.iter().enumerate() {
            let arrow = if at > 0 { "<br>→ " } else { "" };
            let reason = reason.as_ref().map(|reason| format!(": {}", Escaped(reason))).unwrap_or_default();
            let _ = write!(
                html,
                "{arrow}{} by {} <span class=\"muted\">({})</span>{reason}",
                Escaped(verdict),
                Escaped(plugin),
                Escaped(phase)
            );
        }
        if decisions.is_empty() {
            html.push_str("<span class=\"muted\">no plugin decided</span>");
        }
        html.push_str("</td></tr>\n");
    }
    html.push_str("</tbody></table>\n");
    if run.details.omitted > 0 {
        let _ = writeln!(html, "<p class=\"muted\">{} more entries are not kept.</p>", run.details.omitted);
    }
}

fn badge(outcome: RunOutcome) -> String {
    format!("<span class=\"badge {0}\">{0}</span>", outcome.name())
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
