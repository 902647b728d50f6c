use flexget_core::prelude::*;

use crate::shared::decision::{FilterAction, comparable};
use crate::shared::distinct::DistinctEntries;
use crate::shared::{nested_inputs, yes};

/// Accepts or rejects the entries that other inputs produce, too.
///
/// A matching entry takes over the fields that it lacks. A number equals the text that spells it.
/// An input that fails aborts the task, since its entries would count as absent. (FlexGet only
/// warns, and `action: reject` lets all pass.)
///
/// ```yaml
/// mock: [ Solaris (1972), Stalker (1979) ]
/// accept_all: yes
/// crossmatch:
///   from:
///     - mock: [ Stalker (1979) ]
///   fields: [ title ]
///   action: reject
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crossmatch {
    /// The inputs to compare with.
    from: Vec<AnyInput>,
    /// The fields to compare; one equal field is enough.
    #[schemars(length(min = 1))]
    fields: Vec<FieldName>,
    /// The decision about a matching entry.
    action: FilterAction,
    /// Whether fields must be equal; otherwise it is enough that one contains the other.
    #[serde(default = "yes")]
    exact: bool,
    /// Whether all fields must match.
    #[serde(default)]
    all_fields: bool,
    /// Whether the comparison is case-sensitive.
    #[serde(default = "yes")]
    case_sensitive: bool,
}

submit! { plugin::<Crossmatch>() }

impl Plugin for Crossmatch {
    const NAME: &'static str = "crossmatch";
    const ACCEPTS: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![
            Step::at(Phase::Filter, Self::compare).accepts(self.action == FilterAction::Accept),
            Step::at(Phase::Learn, Self::learn),
        ]
    }
}

/// The positions of entries by the number of a field and its text.
type Index = HashMap<(usize, String), Vec<usize>>;

impl Crossmatch {
    async fn compare(&self, task: &mut Task) -> Result<()> {
        if task.live().len() == 0 {
            return Ok(());
        }
        let mut distinct = DistinctEntries::default();
        let mut others = Vec::new();
        for input in &self.from {
            let entries = task.input_from(&input.steps, None).await?;
            others.extend(entries.into_iter().filter(|entry| distinct.insert(entry)));
        }
        let fields: Vec<&str> = self.fields.iter().map(|name| &**name).collect();
        task.need(&fields).await;
        let index = self.index(&others);
        for at in task.live() {
            for (other, common) in self.matches(&task.entries[at], &others, index.as_ref()) {
                if self.all_fields && common.len() < self.fields.len() {
                    continue;
                }
                let other = &others[other];
                let reason = format!("intersects with {} on field(s) {}", other.title(), common.join(", "));
                let entry = &mut task.entries[at];
                for (name, value) in other.fields() {
                    if entry.peek(name).is_none() {
                        entry.set(name, value.clone());
                    }
                }
                self.action.apply(entry, Self::NAME, reason);
            }
        }
        Ok(())
    }

    /// Returns the text that a value is compared by.
    fn comparable(&self, value: &Value) -> Option<String> {
        let text = comparable(value)?;
        Some(if self.case_sensitive { text } else { text.to_lowercase() })
    }

    /// Indexes the others by field and value, or returns `None` if comparisons are not exact.
    fn index(&self, others: &[Entry]) -> Option<Index> {
        let mut index = Index::new();
        for (at, other) in others.iter().enumerate().filter(|_| self.exact) {
            for (number, field) in self.fields.iter().enumerate() {
                if let Some(text) = other.peek(field).and_then(|value| self.comparable(value)) {
                    index.entry((number, text)).or_default().push(at);
                }
            }
        }
        self.exact.then_some(index)
    }

    /// Returns the positions of the others that match, and their matching fields.
    ///
    /// Fields match if they are equal or, without an index, if one contains the other.
    fn matches(&self, entry: &Entry, others: &[Entry], index: Option<&Index>) -> BTreeMap<usize, Vec<&str>> {
        let mut matches: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for (number, field) in self.fields.iter().enumerate() {
            let Some(value) = entry.get(field) else { continue };
            let is_similar = |other: &Value| self.contains(&value, other) || self.contains(other, &value);
            let found: Vec<usize> = match index {
                Some(index) => {
                    let text = self.comparable(&value);
                    text.and_then(|text| index.get(&(number, text))).cloned().unwrap_or_default()
                }
                None => (0..others.len()).filter(|at| others[*at].peek(field).is_some_and(is_similar)).collect(),
            };
            found.into_iter().for_each(|at| matches.entry(at).or_default().push(field));
        }
        matches
    }

    /// Returns whether a text contains another, or a list a value.
    fn contains(&self, whole: &Value, part: &Value) -> bool {
        let Some(part) = self.comparable(part) else { return false };
        match whole {
            Value::List(items) => items.iter().any(|item| self.comparable(item).as_ref() == Some(&part)),
            Value::Text(_) => self.comparable(whole).is_some_and(|whole| whole.contains(&part)),
            _ => self.comparable(whole) == Some(part),
        }
    }

    async fn learn(&self, task: &mut Task) -> Result<()> {
        nested_inputs::learn(&self.from, task).await
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    fn run(options: &str) -> Vec<String> {
        let task = format!(
            "mock: [{{ title: Solaris, id: 1 }}, {{ title: stalker 720p, id: 2, n: 1 }}, {{ title: Mirror, id: '3' }}]\n\
             crossmatch: {{ from: [ mock: [ {{ title: Stalker, id: 9, extra: yes, n: 1 }}, {{ title: Film 3, id: 3 }} ] ], {options} }}"
        );
        testing::decisions(&testing::run(&task, &testing::context()))
    }

    #[test]
    fn fields_are_compared_as_in_flexget() {
        assert_eq!(
            run("fields: [id], action: reject"),
            ["Solaris", "stalker 720p", "Mirror: rejected (intersects with Film 3 on field(s) id)"]
        );
        assert_eq!(
            run("fields: [title], action: accept, exact: no, case_sensitive: no"),
            ["Solaris", "stalker 720p: accepted (intersects with Stalker on field(s) title)", "Mirror"]
        );
        assert_eq!(run("fields: [title], action: accept, exact: no"), ["Solaris", "stalker 720p", "Mirror"]);
        assert_eq!(run("fields: [n, id], action: accept, all_fields: yes"), ["Solaris", "stalker 720p", "Mirror"]);
        assert_eq!(
            run("fields: [n, title], action: accept, all_fields: yes, exact: no, case_sensitive: no"),
            ["Solaris", "stalker 720p: accepted (intersects with Stalker on field(s) n, title)", "Mirror"]
        );
    }

    #[test]
    fn a_match_fills_in_missing_fields_only() {
        let task = "
            mock: [ { title: A, id: 1 } ]
            crossmatch: { from: [ mock: [ { title: B, id: 1, note: hello } ] ], fields: [id], action: accept }
        ";
        let report = testing::run(task, &testing::context());
        assert_eq!((&report.entries[0].fields()["note"], report.entries[0].title()), (&"hello".into(), "A"));
    }
}
