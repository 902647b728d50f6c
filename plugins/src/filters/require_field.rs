use flexget_core::prelude::*;

/// Rejects entries without a field, or whose field is null.
///
/// Fields of a lookup are fetched, one after the other, for the entries that are not rejected yet.
/// An entry whose lookup failed is rejected, too, with that reason.
///
/// ```yaml
/// mock:
///   - { title: Solaris (1972), imdb_id: tt0069293 }
///   - { title: Some home video }
/// accept_all: yes
/// require_field: imdb_id
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RequireField {
    /// The field, or several that are all required.
    fields: OneOrMany<FieldName>,
}

submit! { plugin::<RequireField>() }

impl Plugin for RequireField {
    const NAME: &'static str = "require_field";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::reject).priority(32)]
    }
}

impl RequireField {
    async fn reject(&self, task: &mut Task) -> Result<()> {
        for field in &self.fields {
            task.need(&[field]).await;
            for at in task.live() {
                let entry = &task.entries[at];
                let reason = match entry.get(field) {
                    Some(value) if !value.is_null() => continue,
                    Some(_) => format!("required field {field} is `None`"),
                    None if task.is_unavailable(entry, field) => {
                        format!("required field {field} could not be looked up")
                    }
                    None => format!("required field {field} is not present"),
                };
                task.entries[at].reject(Self::NAME, Some(reason));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    #[test]
    fn entries_without_all_fields_are_rejected_with_the_reason() {
        let task = "
            mock:
              - { title: Both, a: 1, b: no }
              - { title: One, a: 1 }
              - { title: Nothing, a: 1, b: ~ }
            accept_all: yes
            require_field: [ a, b ]
        ";
        assert_eq!(
            testing::decisions(&testing::run(task, &testing::context())),
            [
                "Both: accepted",
                "One: rejected (required field b is not present)",
                "Nothing: rejected (required field b is `None`)"
            ]
        );
    }
}
