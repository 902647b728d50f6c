use std::cell::RefCell;

use flexget_core::prelude::*;

use crate::shared::digest_entries;
use crate::shared::time_span::TimeSpan;

/// Produces the entries that other tasks have stored with `digest`, newest first.
///
/// By default entries are removed from the digest once this task has processed them. (FlexGet
/// removes them when they are read, so that they are lost if the task is aborted.)
///
/// ```yaml
/// from_digest: { list: news of the week }
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromDigest {
    /// The name of the digest.
    list: String,
    /// The number of entries to keep; use the plugin `limit` instead, which removes none.
    limit: Option<i64>,
    /// When to remove entries: after this run (`yes`), never (`no`), or at an age such as `3 days`.
    #[serde(default)]
    expire: Expire,
    /// Whether the entries keep the state that they had in the other task.
    #[serde(default)]
    restore_state: bool,
    /// The records to remove after this run.
    #[serde(skip)]
    processed: RefCell<Vec<i64>>,
}

/// When entries are removed.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Expire {
    /// Whether they are removed after this run.
    Once(bool),
    /// At this age.
    After(TimeSpan),
}

impl Default for Expire {
    fn default() -> Self {
        Self::Once(true)
    }
}

submit! { plugin::<FromDigest>() }

impl Plugin for FromDigest {
    const NAME: &'static str = "from_digest";
    const INPUT: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce), Step::at(Phase::Learn, Self::remove_processed)]
    }
}

impl FromDigest {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        task.read_from(format!("digest `{}`", self.list));
        let oldest = match &self.expire {
            Expire::After(age) => task.cx.clock.now().checked_sub(age.duration).ok(),
            Expire::Once(_) => None,
        };
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
        if limit.is_some() {
            task.warn(Self::NAME, "the option `limit` is deprecated: use the plugin `limit`");
        }
        let stored = digest_entries::collection(&self.list, &task.cx)
            .each(|raw| (raw.id, raw.added, Entry::from_stored_text(raw.data)))?;
        let mut processed = Vec::new();
        for (position, (id, added, entry)) in stored.into_iter().rev().enumerate() {
            let is_surplus =
                limit.is_some_and(|limit| position >= limit) || oldest.is_some_and(|oldest| added < oldest);
            if is_surplus {
                processed.push(id);
                continue;
            }
            if task.wanted.is_some_and(|wanted| task.entries.len() >= wanted) {
                continue;
            }
            let Some(mut entry) = entry else { continue };
            if self.restore_state {
                restore_state(&mut entry);
            }
            task.produce([entry]);
            if matches!(self.expire, Expire::Once(true)) {
                processed.push(id);
            }
        }
        self.processed.replace(processed);
        Ok(())
    }

    async fn remove_processed(&self, task: &mut Task) -> Result<()> {
        digest_entries::collection(&self.list, &task.cx).remove(&self.processed.take())?;
        Ok(())
    }
}

fn restore_state(entry: &mut Entry) {
    match entry.text("digest_state") {
        Some("accepted") => entry.accept(FromDigest::NAME),
        Some("rejected") => entry.reject(FromDigest::NAME, None),
        Some("failed") => entry.fail(FromDigest::NAME, "failed in the other task"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use flexget_core::prelude::*;
    use flexget_core::testing::{self, context, next_run};

    fn store(titles: &str, cx: &Context) {
        let task = format!(
            "mock: [ {titles} ]\nseen: no\nif: [ title == 'A': accept, title == 'B': reject ]\n\
             digest: {{ list: d, state: [ accepted, rejected, undecided ] }}"
        );
        testing::run(&task, &next_run(cx));
    }

    fn read(options: &str, filter: &str, cx: &Context) -> Vec<String> {
        let task = format!("from_digest: {{ list: d{options} }}\nseen: no\nno_entries_ok: yes\n{filter}");
        testing::decisions(&testing::run(&task, &next_run(cx)))
    }

    /// FlexGet 3.22.7 gives the same entries.
    #[test]
    fn entries_are_produced_once_unless_they_are_kept() {
        let cx = context();
        store("A, B, C", &cx);
        let all = ["C: accepted", "B: accepted", "A: accepted"];
        assert_eq!(read(", expire: no", "accept_all: yes", &cx), all);
        assert_eq!(read(", expire: no, restore_state: yes", "", &cx), ["C", "B: rejected", "A: accepted"]);
        assert_eq!(read("", "accept_all: yes", &cx), all);
        assert_eq!(read("", "accept_all: yes", &cx), [""; 0]);
        testing::run("mock: [ A, B ]\nseen: no\nif: [ title == 'A': accept ]\ndigest: d", &next_run(&cx));
        assert_eq!(read("", "accept_all: yes", &cx), ["A: accepted"], "the accepted ones by default");
    }

    #[test]
    fn an_aborted_run_removes_nothing() {
        let cx = context();
        store("A", &cx);
        read("", "accept_all: yes\nlist_add: [ yaml_list: / ]\ncsv: { url: /, values: { title: 1, url: 1 } }", &cx);
        assert_eq!(read("", "accept_all: yes", &cx), ["A: accepted"]);
    }

    #[test]
    fn entries_expire_at_an_age_or_beyond_a_limit() {
        let cx = context();
        store("A", &cx);
        testing::block_on(cx.clock.sleep(Duration::from_secs(2 * 3600)));
        store("B, C", &cx);
        assert_eq!(read(", expire: 1 hour", "", &cx), ["C", "B"]);
        assert_eq!(read(", expire: no, limit: 1", "", &cx), ["C"]);
        assert_eq!(read(", expire: no", "", &cx), ["C"]);
    }

    #[test]
    fn entries_of_nested_digests_are_removed_too() {
        let cx = context();
        store("A", &cx);
        let task = "inputs: [ from_digest: { list: d } ]\naccept_all: yes\nseen: no\nno_entries_ok: yes";
        assert_eq!(testing::decisions(&testing::run(task, &next_run(&cx))), ["A: accepted"]);
        assert_eq!(testing::decisions(&testing::run(task, &next_run(&cx))), [""; 0]);
    }
}
