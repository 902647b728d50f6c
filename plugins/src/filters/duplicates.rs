use flexget_core::prelude::*;

use crate::shared::decision::{FilterAction, comparable};

/// Accepts or rejects entries with the same value of a field.
///
/// With `action: reject` the last of them stays, as in FlexGet: rejected entries do not count. An
/// entry that was produced twice, with the same title and URL, is not a duplicate of itself.
///
/// ```yaml
/// mock:
///   - { title: Solaris on list one, imdb_id: tt0069293 }
///   - { title: Solaris on list two, imdb_id: tt0069293 }
///   - { title: Stalker on list two, imdb_id: tt0079944 }
/// duplicates:
///   field: imdb_id
///   action: accept
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Duplicates {
    /// The field to compare.
    field: FieldName,
    /// The decision about the entries.
    action: FilterAction,
}

submit! { plugin::<Duplicates>() }

impl Plugin for Duplicates {
    const NAME: &'static str = "duplicates";
    const ACCEPTS: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::compare).accepts(self.action == FilterAction::Accept)]
    }
}

impl Duplicates {
    async fn compare(&self, task: &mut Task) -> Result<()> {
        task.need(&[&self.field]).await;
        let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
        for at in task.live() {
            if let Some(value) = task.entries[at].get(&self.field).as_ref().and_then(comparable) {
                groups.entry(value).or_default().push(at);
            }
        }
        for (value, group) in groups {
            for &at in &group {
                let is_other = |other: &&usize| {
                    let (a, b) = (&task.entries[at], &task.entries[**other]);
                    let open = !matches!(b.state(), State::Rejected | State::Failed);
                    let differ = |name: &str| a.peek(name) != b.peek(name);
                    open && (differ("original_title") || differ("original_url"))
                };
                if let Some(other) = group.iter().find(is_other) {
                    let (title, other) = (task.entries[at].title(), task.entries[*other].title());
                    let reason = format!("field {} value {value} equals on {title} and {other}", self.field);
                    self.action.apply(&mut task.entries[at], Self::NAME, reason);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    const MOCK: &str = "mock: [{title: A, x: 1}, {title: B, x: 1}, {title: C, x: 2}, {title: A, x: 1}, {title: D}]\n";

    #[test]
    fn all_of_them_are_accepted_and_all_but_the_last_rejected() {
        let run = |options: &str| testing::decisions(&testing::run(&format!("{MOCK}{options}"), &testing::context()));
        assert_eq!(
            run("duplicates: { field: x, action: accept }"),
            [
                "A: accepted (field x value 1 equals on A and B)",
                "B: accepted (field x value 1 equals on B and A)",
                "C",
                "A: accepted (field x value 1 equals on A and B)",
                "D"
            ]
        );
        assert_eq!(
            run("duplicates: { field: x, action: reject }"),
            [
                "A: rejected (field x value 1 equals on A and B)",
                "B: rejected (field x value 1 equals on B and A)",
                "C",
                "A",
                "D"
            ]
        );
    }
}
