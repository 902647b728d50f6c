use flexget_core::prelude::*;

use crate::shared::decision::{FilterAction, comparable};

/// Rejects or accepts entries with the same values of fields as an earlier one.
///
/// The first of them stays as it is. An entry that lacks one of the fields, or whose field is null,
/// equals no other. (In FlexGet, null equals null.)
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
    /// The field, or several that must all be equal.
    field: OneOrMany<FieldName>,
    /// The decision about an entry that equals an earlier one.
    #[serde(default = "reject")]
    action: FilterAction,
}

fn reject() -> FilterAction {
    FilterAction::Reject
}

submit! { plugin::<Unique>() }

impl Plugin for Unique {
    const NAME: &'static str = "unique";
    const ACCEPTS: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::compare).accepts(self.action == FilterAction::Accept)]
    }
}

impl Unique {
    async fn compare(&self, task: &mut Task) -> Result<()> {
        let names: Vec<&str> = self.field.iter().map(|name| &**name).collect();
        task.need(&names).await;
        let mut firsts: HashMap<Vec<String>, String> = HashMap::new();
        for at in task.live() {
            let entry = &mut task.entries[at];
            if self.action == FilterAction::Accept && entry.state() == State::Accepted {
                continue;
            }
            let Some(values) = names.iter().map(|name| comparable(&entry.get(name)?)).collect::<Option<Vec<_>>>()
            else {
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
    fn the_first_stays_and_so_do_entries_without_the_field() {
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
