//! `changes` and `undo`: what was changed on remote lists, and the way back.

use flexget_core::context::journal::{ChangeRow, ChangeState};
use flexget_core::list::journaled::JournaledChange;
use flexget_core::list::recovery;
use flexget_core::prelude::*;
use flexget_core::task::report::{Action, ChangeReport};

use crate::shared::other_configs::{self, ConfigTable};

/// Default number of changes to show.
const SHOWN: usize = 50;

/// Shows the latest changes to remote lists, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// Show the changes of all configs.
    #[serde(default)]
    all: bool,
}

submit! { command::<Changes>() }

impl Command for Changes {
    const PATH: &'static [&'static str] = &["changes"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        ListChanges { limit: None, all: self.all }.run(cx, out).await
    }
}

/// Shows the latest changes to remote lists, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListChanges {
    /// Number of changes to show; 50 by default.
    limit: Option<usize>,
    /// Show the changes of all configs.
    #[serde(default)]
    all: bool,
}

submit! { command::<ListChanges>() }

impl Command for ListChanges {
    const PATH: &'static [&'static str] = &["changes", "list"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let others = cx.store.changes_of_other_configs()?;
        let limit = self.limit.unwrap_or(SHOWN);
        let mut changes = Vec::new();
        for (config, world) in other_configs::configs(&others, self.all, cx) {
            let found = world.journal().list(limit)?;
            changes.extend(found.into_iter().map(|change| (config.clone(), change)));
        }
        changes.sort_by_key(|(_, change)| std::cmp::Reverse(change.id));
        changes.truncate(limit);
        if out.format == Format::Json {
            return out
                .data(&changes.iter().map(|(config, change)| json(change, config.as_deref())).collect::<Vec<_>>());
        }
        if changes.is_empty() {
            out.line("there are no changes to remote lists")?;
            return other_configs::note(0, &others, self.all, cx, out);
        }
        let mut table = ConfigTable::new(&["#", "Time", "List", "Account", "Action", "Items", "State"], self.all, cx);
        for (config, change) in &changes {
            let cells = [
                change.id.to_string(),
                time(change, cx),
                format!("{} {}", change.what.service, change.what.list),
                change.what.account.clone().unwrap_or_default(),
                action(change),
                change.what.items.len().to_string(),
                change.state.name().to_owned(),
            ];
            table.row(config.as_deref(), cells);
        }
        table.print(out)?;
        other_configs::note(changes.len(), &others, self.all, cx, out)
    }
}

/// Returns the world of the config that made a change, which is this one unless `all` may have.
///
/// # Errors
/// There is no such change, or only one of another config, which the error names.
fn world_of(id: i64, all: bool, cx: &Context) -> Result<Context> {
    let others = cx.store.changes_of_other_configs()?;
    for (config, world) in other_configs::configs(&others, true, cx) {
        if world.journal().get(id)?.is_none() {
            continue;
        }
        return match config.filter(|config| !all && cx.store.config_name() != Some(config)) {
            None => Ok(world),
            Some(config) => Err(Error::new(format!("change {id} was made by `{config}.yml`"))
                .hint(format!("name it with `-c {config}.yml`, or say `--all`"))),
        };
    }
    let hint = if others.is_empty() {
        "`flexget-rs changes` shows those that there are".to_owned()
    } else {
        other_configs::summary(cx.journal().list(usize::MAX)?.len(), &others, cx)
    };
    Err(Error::new(format!("there is no change {id}")).hint(hint))
}

/// Shows one change with its items.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The number of the change.
    #[schemars(extend("positional" = true))]
    id: i64,
    /// Show it whichever config made it.
    #[serde(default)]
    all: bool,
}

submit! { command::<Show>() }

impl Command for Show {
    const PATH: &'static [&'static str] = &["changes", "show"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let cx = &world_of(self.id, self.all, cx)?;
        let Some(change) = cx.journal().get(self.id)? else {
            return Err(Error::new(format!("there is no change {}", self.id)).hint("it was pruned just now"));
        };
        let config = cx.store.config_name();
        if out.format == Format::Json {
            return out.data(&json(&change, config));
        }
        if let Some(config) = config {
            out.line(format!("by `{config}.yml`"))?;
        }
        out.line(format!(
            "{} {} `{}`, {}: {}",
            action(&change),
            change.what.service,
            change.what.list,
            time(&change, cx),
            change.state.name()
        ))?;
        let JournaledChange { change, items, outcomes, .. } = JournaledChange::of(change);
        // The outcome of a change whose response was lost is not known.
        let is_known = matches!(change.state, ChangeState::Done | ChangeState::Undone);
        let tells = is_known && !outcomes.iter().all(Outcome::is_success);
        let mut table = Table::new(if tells { &["Title", "Address", "Not done"] } else { &["Title", "Address"] });
        for (at, item) in items.iter().enumerate() {
            let (title, url) = match item {
                Some(item) => (item.title(), item.url()),
                None => ("(unreadable)", ""),
            };
            let not_done = |outcome: &Outcome| if outcome.is_success() { "" } else { "yes" };
            let not_done = tells.then(|| outcomes.get(at).map(not_done).unwrap_or_default());
            table.row([title, url].into_iter().chain(not_done).map(str::to_owned));
        }
        out.table(&table)?;
        if change.state == ChangeState::Done && outcomes.iter().any(Outcome::is_change) {
            out.note(format!("`flexget-rs undo {}` undoes it", change.id))?;
        }
        Ok(())
    }
}

/// Undoes a change to a remote list.
///
/// Items that were added are removed; items that were removed are put back with their dates.
///
/// The undo is a change itself. It puts back every play, every collected episode and note as it
/// was, and takes off no play and no episode that was there before. What comes back to a list
/// stands at its former place. A list of Trakt dates it to the undo, which is told. What the
/// service removed without having shown it is told as well: it cannot be put back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// The number of the change, as `changes list` shows it, or `last`.
    #[schemars(extend("positional" = true))]
    change: String,
    /// Undo items that were changed again since, too.
    #[serde(default)]
    force: bool,
    /// Undo it whichever config made it; `last` is then the latest of all configs.
    #[serde(default)]
    all: bool,
}

submit! { command::<Undo>() }

impl Undo {
    /// Returns the number of the change.
    fn id(&self, cx: &Context) -> Result<i64> {
        if self.change == "last" {
            let others = cx.store.changes_of_other_configs()?;
            let mut last = None;
            for (_, world) in other_configs::configs(&others, self.all, cx) {
                let changes = world.journal().list(SHOWN)?.into_iter();
                last = last.max(changes.filter(can_be_undone).map(|change| change.id).max());
            }
            return last.ok_or_else(|| {
                let hint = if self.all || others.is_empty() {
                    "`flexget-rs changes` lists those that there are".to_owned()
                } else {
                    other_configs::summary(0, &others, cx)
                };
                Error::new("there is no change to undo").hint(hint)
            });
        }
        self.change.trim_start_matches('#').parse().map_err(|_| {
            Error::new(format!("`{}` is not the number of a change", self.change))
                .hint("`flexget-rs changes` lists them; `last` is the latest one")
        })
    }
}

/// Checks whether a change was made, changed something, and is no undo.
fn can_be_undone(change: &ChangeRow) -> bool {
    let is_candidate = change.state == ChangeState::Done && change.what.undo_of.is_none();
    // Of changes of older versions it is not known what they did.
    is_candidate && {
        let outcomes = JournaledChange::of(change.clone()).outcomes;
        outcomes.is_empty() || outcomes.iter().any(Outcome::is_change)
    }
}

impl Command for Undo {
    const PATH: &'static [&'static str] = &["undo"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let id = self.id(cx)?;
        let cx = &world_of(id, self.all, cx)?;
        let report = if self.force {
            recovery::force_undo(id, "undo", cx).await?
        } else {
            recovery::undo(id, "undo", cx).await?
        };
        if out.format == Format::Json {
            out.data(&report)?;
        } else {
            print_report(&report, out)?;
        }
        if report.action == Action::Add && report.done > 0 && !report.dry_run {
            let change = cx.journal().get(id)?.map(JournaledChange::of);
            if change.is_some_and(|change| change.list().is_ok_and(|list| !list.restores_dates())) {
                out.note(format!("{} `{}` dates what was put back to now", report.list, report.name))?;
            }
        }
        let failed = report.failures().saturating_add(report.not_found.len());
        if failed == 0 {
            return Ok(());
        }
        let of = report.requested;
        let failed = failed.min(of);
        let is_over = cx.journal().get(id)?.is_some_and(|change| change.state == ChangeState::Undone);
        let hint = if is_over {
            "what is missing was not recorded, so that no other try can put it back".to_owned()
        } else {
            format!("`flexget-rs undo {id}` tries the rest again")
        };
        Err(Error::new(format!("change {id} was only partly undone: {failed} of {of} items failed")).hint(hint))
    }
}

fn print_report(report: &ChangeReport, out: &mut Output) -> Result<()> {
    let (done, was) = match report.action {
        Action::Add => ("added to", "were there already"),
        Action::Remove | Action::Clear => ("removed from", "were not there"),
    };
    let would = if report.dry_run { "would be " } else { "" };
    out.line(format!("{} {would}{done} {} `{}`", report.done, report.list, report.name))?;
    if report.existing > 0 {
        out.line(format!("{} {was}", report.existing))?;
    }
    for title in &report.items {
        out.line(format!("  {title}"))?;
    }
    for title in &report.not_found {
        out.line(format!("not found: {title}"))?;
    }
    for failure in &report.failed {
        out.line(format!("failed: {failure}"))?;
    }
    match report.change_id.filter(|_| report.done > 0) {
        Some(id) => out.note(format!("`flexget-rs undo {id}` takes this back")),
        None => Ok(()),
    }
}

fn action(change: &ChangeRow) -> String {
    match change.what.undo_of {
        Some(id) => format!("{} (undo of {id})", change.what.action.name()),
        None => change.what.action.name().to_owned(),
    }
}

fn time(change: &ChangeRow, cx: &Context) -> String {
    cx.clock.zone().to_datetime(change.at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn json(change: &ChangeRow, config: Option<&str>) -> serde_json::Value {
    serde_json::json!({
        "id": change.id,
        "config": config,
        "at": change.at.to_string(),
        "list": change.what.service,
        "name": change.what.list,
        "account": change.what.account,
        "action": change.what.action.name(),
        "state": change.state.name(),
        "undo_of": change.what.undo_of,
        "answer": change.response,
        "items": change.what.items,
    })
}
