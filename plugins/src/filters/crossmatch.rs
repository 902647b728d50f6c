use std::collections::{BTreeMap, HashMap};

use flexget_core::prelude::*;

use crate::filters::unique::Action;
use crate::inputs::inputs::Known;

/// Accepts or rejects the entries that other inputs give as well.
///
/// An entry takes over the fields of what it matches that it lacks. A number is the same as the text that spells it. An
/// input that fails stops the task: what is not known to be there must not be taken for absent. (FlexGet warns and goes on,
/// so that `action: reject` lets everything pass.)
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
    /// The fields that are compared; one that is the same is enough.
    #[schemars(length(min = 1))]
    fields: Vec<String>,
    /// What to do with an entry that matches.
    action: Action,
    /// Whether a field must be the same; otherwise it is enough that one contains the other.
    #[serde(default = "yes")]
    exact: bool,
    /// Whether all the fields must match.
    #[serde(default)]
    all_fields: bool,
    /// Whether upper and lower case differ.
    #[serde(default = "yes")]
    case_sensitive: bool,
}

fn yes() -> bool {
    true
}

submit! { plugin::<Crossmatch>() }

impl Plugin for Crossmatch {
    const NAME: &'static str = "crossmatch";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::compare)]
    }
}

impl Crossmatch {
    async fn compare(&self, task: &mut Task) -> Result<()> {
        if task.live().len() == 0 {
            return Ok(());
        }
        let mut known = Known::default();
        let mut others = Vec::new();
        for input in &self.from {
            let entries = task.input_from(&input.steps, None).await?;
            others.extend(entries.into_iter().filter(|entry| known.is_new(entry)));
        }
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        task.need(&fields).await;
        let index = self.index(&others);
        for at in task.live() {
            let matches = match &index {
                Some(index) => self.same(&task.entries[at], index),
                None => self.alike(&task.entries[at], &others),
            };
            for (other, common) in matches {
                if self.all_fields && common.len() < self.fields.len() {
                    continue;
                }
                let other = &others[other];
                let reason = format!("intersects with {} on field(s) {}", other.title(), common.join(", "));
                let entry = &mut task.entries[at];
                for (name, value) in other.fields() {
                    if entry.peek(name).is_none() {
                        entry.set(name.to_owned(), value.clone());
                    }
                }
                self.action.apply(entry, Self::NAME, reason);
            }
        }
        Ok(())
    }

    /// What a field is compared as.
    fn form(&self, value: &Value) -> Option<String> {
        let text = (!value.is_null()).then(|| value.display())?;
        Some(if self.case_sensitive { text } else { text.to_lowercase() })
    }

    /// Which of the others have a field with a value; only for comparisons that are exact.
    fn index(&self, others: &[Entry]) -> Option<HashMap<(usize, String), Vec<usize>>> {
        let mut index: HashMap<(usize, String), Vec<usize>> = HashMap::new();
        for (at, other) in others.iter().enumerate().filter(|_| self.exact) {
            for (number, field) in self.fields.iter().enumerate() {
                if let Some(form) = other.peek(field).and_then(|value| self.form(value)) {
                    index.entry((number, form)).or_default().push(at);
                }
            }
        }
        self.exact.then_some(index)
    }

    /// The others with the same fields, and which fields these are.
    fn same(&self, entry: &Entry, index: &HashMap<(usize, String), Vec<usize>>) -> BTreeMap<usize, Vec<&str>> {
        let mut matches: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for (number, field) in self.fields.iter().enumerate() {
            let form = entry.get(field).and_then(|value| self.form(&value));
            let found = form.and_then(|form| index.get(&(number, form)));
            found.into_iter().flatten().for_each(|at| matches.entry(*at).or_default().push(field));
        }
        matches
    }

    /// The others with fields of which one contains the other, and which fields these are.
    fn alike(&self, entry: &Entry, others: &[Entry]) -> BTreeMap<usize, Vec<&str>> {
        let mut matches: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for (at, other) in others.iter().enumerate() {
            for field in &self.fields {
                let values = entry.get(field).zip(other.peek(field));
                if values.is_some_and(|(one, two)| self.contains(&one, two) || self.contains(two, &one)) {
                    matches.entry(at).or_default().push(field);
                }
            }
        }
        matches
    }

    /// Whether text is within text, or a value in a list.
    fn contains(&self, whole: &Value, part: &Value) -> bool {
        let Some(form) = self.form(part) else { return false };
        match whole {
            Value::List(items) => items.iter().any(|item| self.form(item).as_ref() == Some(&form)),
            Value::Text(_) => self.form(whole).is_some_and(|whole| whole.contains(&form)),
            _ => self.form(whole) == Some(form),
        }
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
    fn what_is_compared_and_how() {
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
    fn the_match_gives_fields_that_are_lacking_and_no_others() {
        let task = "
            mock: [ { title: A, id: 1 } ]
            crossmatch: { from: [ mock: [ { title: B, id: 1, note: hello } ] ], fields: [id], action: accept }
        ";
        let report = testing::run(task, &testing::context());
        assert_eq!((&report.entries[0].fields()["note"], report.entries[0].title()), (&"hello".into(), "A"));
    }
}
