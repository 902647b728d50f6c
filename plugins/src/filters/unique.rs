use std::collections::HashMap;

use flexget_core::prelude::*;

/// Rejects (or accepts) the entries that have the same fields as one before them.
///
/// The first of them is left alone. An entry that lacks one of the fields is like no other; so is one whose field is known
/// to be nothing, which FlexGet takes for the same as every other such entry.
///
/// ```yaml
/// mock:
///   - { title: Solaris 720p, imdb_id: tt0069293 }
///   - { title: Solaris 1080p, imdb_id: tt0069293 }
/// accept_all: yes
/// unique:
///   field: imdb_id
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unique {
    /// The field, or several that must all be the same.
    field: OneOrMany<String>,
    /// What to do with an entry that is like one before it.
    #[serde(default)]
    action: Action,
}

/// What to do with an entry.
#[derive(Deserialize, JsonSchema, Default, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Action {
    /// Accept it.
    Accept,
    /// Reject it.
    #[default]
    Reject,
}

impl Action {
    /// Does it.
    pub fn apply(self, entry: &mut Entry, by: &'static str, reason: String) {
        match self {
            Self::Accept => entry.accept_because(by, Some(reason)),
            Self::Reject => entry.reject(by, Some(reason)),
        }
    }
}

submit! { plugin::<Unique>() }

impl Plugin for Unique {
    const NAME: &'static str = "unique";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::compare)]
    }
}

impl Unique {
    async fn compare(&self, task: &mut Task) -> Result<()> {
        let names: Vec<&str> = self.field.iter().map(String::as_str).collect();
        task.need(&names).await;
        let mut firsts: HashMap<Vec<String>, String> = HashMap::new();
        for at in task.live() {
            let entry = &mut task.entries[at];
            if self.action == Action::Accept && entry.state() == State::Accepted {
                continue;
            }
            let Some(values) = names.iter().map(|name| same(entry.get(name)?)).collect::<Option<Vec<_>>>() else {
                continue;
            };
            match firsts.get(&values) {
                Some(first) => {
                    let reason = format!(
                        "field {} value {} equals on {first} and {}",
                        names.join(", "),
                        values.join(", "),
                        entry.title()
                    );
                    self.action.apply(entry, Self::NAME, reason);
                }
                None => {
                    firsts.insert(values, entry.title().to_owned());
                }
            }
        }
        Ok(())
    }
}

/// What a value is compared by: a number is the same as the text that spells it, and nothing is like nothing else.
pub fn same(value: Value) -> Option<String> {
    (!value.is_null()).then(|| value.display())
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    const MOCK: &str = "
        mock:
          - { title: A, id: 1, kind: x }
          - { title: B, id: '1', kind: x }
          - { title: C, id: 1, kind: y }
          - { title: D, kind: x }
          - { title: E, kind: x, id: ~ }";

    #[test]
    fn the_first_stays_and_what_lacks_a_field_is_left_alone() {
        let run = |options: &str| {
            testing::decisions(&testing::run(&format!("{MOCK}\n        {options}"), &testing::context()))
        };
        assert_eq!(
            run("unique: { field: [id, kind] }"),
            ["A", "B: rejected (field id, kind value 1, x equals on A and B)", "C", "D", "E"]
        );
        assert_eq!(
            run("unique: { field: id, action: accept }"),
            [
                "A",
                "B: accepted (field id value 1 equals on A and B)",
                "C: accepted (field id value 1 equals on A and C)",
                "D",
                "E"
            ]
        );
    }
}
