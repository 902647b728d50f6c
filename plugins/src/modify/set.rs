use std::borrow::Cow;

use flexget_core::entry::deferred::DeferredField;
use flexget_core::expression::Template;
use flexget_core::prelude::*;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Deserializer;
use serde::de::Error as _;

/// Sets fields of all entries, also from templates over other fields.
///
/// A value is set as it is written in YAML. Text with `{{ … }}` or `{% … %}` is a template: `{{ year + 1 }}` gives a
/// number, a template that is a field alone gives what the field holds, everything else gives text or what the text spells. A template may use the old value of
/// its own field; the fields are set one after the other.
///
/// A template over fields that are known is rendered at once, and one over other fields at the end of the phase `metainfo`. One that reads
/// what a lookup offers is rendered when something reads the field, and in any case before accepted entries are acted on, so that
/// nothing is looked up for entries that nobody wants. A template that cannot be rendered leaves the field as it was,
/// with a warning.
///
/// ```yaml
/// mock: [ { title: Solaris, year: 1972 } ]
/// set:
///   title: "{{ title }} ({{ year }})"
///   next_year: "{{ year + 1 }}"
///   checked: yes
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Set {
    /// The fields with their values.
    #[schemars(extend("minProperties" = 1))]
    fields: Fields,
}

/// Fields with what they are set to.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Fields(Pairs<Content>);

/// What a field is set to.
enum Content {
    /// A value.
    Fixed(Value),
    /// What a template gives.
    Rendered(Template),
}

submit! { plugin::<Set>() }

impl Plugin for Set {
    const NAME: &'static str = "set";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Metainfo, Self::set)]
    }
}

impl Set {
    async fn set(&self, task: &mut Task) -> Result<()> {
        (0..task.entries.len()).for_each(|at| self.fields.set(task, at, Self::NAME));
        Ok(())
    }
}

impl Fields {
    /// Sets the fields of the entry at `at`.
    pub fn set(&self, task: &mut Task, at: usize, by: &'static str) {
        for (field, content) in &self.0 {
            match content {
                Content::Fixed(value) if matches!(field.as_str(), "title" | "url") && value.as_str().is_none() => {
                    task.entries[at].set(field.clone(), value.display());
                }
                Content::Fixed(value) => task.entries[at].set(field.clone(), value.clone()),
                Content::Rendered(template) => task.set_deferred(at, field, DeferredField::new(template.clone(), by)),
            }
        }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_yaml::Value::deserialize(deserializer)? {
            serde_yaml::Value::String(text) if text.contains('{') => {
                Template::compile(&text).map(Self::Rendered).map_err(D::Error::custom)
            }
            value => Ok(Self::Fixed(Value::from_yaml(&value))),
        }
    }
}

impl JsonSchema for Content {
    fn schema_name() -> Cow<'static, str> {
        "content".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Any value; text may be a template.", "format": "template" })
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    use crate::modify::test_lookup::asked;

    fn field(entry: &str, fields: &str, field: &str) -> serde_json::Value {
        let report =
            testing::run(&format!("mock: [ {entry} ]\nset: {{ {fields} }}\naccept_all: yes"), &testing::context());
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        report.entries[0].fields().get(field).cloned().unwrap_or_default()
    }

    #[test]
    fn values_and_templates_have_their_types() {
        use serde_json::json;
        for (fields, name, expected) in [
            ("x: 5", "x", json!(5)),
            ("x: yes", "x", json!(true)),
            ("x: [a, 1]", "x", json!(["a", 1])),
            ("x: '{{ year + 1 }}'", "x", json!(1973)),
            ("x: '{{ genres }}'", "x", json!(["drama"])),
            ("x: '{{ none }}'", "x", json!(null)),
            ("x: '002020'", "x", json!("002020")),
            ("x: '{{ title }} ({{ year }})'", "x", json!("Solaris (1972)")),
            ("title: 'X {{ title }}'", "title", json!("X Solaris")),
            ("title: 'X {{ title }}'", "original_title", json!("Solaris")),
            ("a: '{{ year }}', b: '{{ a + 1 }}'", "b", json!(1973)),
            ("b: '{{ a + 1 }}', a: '{{ year }}'", "b", json!(1973)),
            ("x: '{{ nothing | default(7) }}'", "x", json!(7)),
            ("x: '{% if year > 1970 %}new{% else %}old{% endif %}'", "x", json!("new")),
        ] {
            let entry = "{ title: Solaris, year: 1972, genres: [drama] }";
            assert_eq!(field(entry, fields, name), expected, "{fields}");
        }
    }

    #[test]
    fn what_needs_a_lookup_is_rendered_for_the_entries_that_are_read_or_accepted() {
        let cx = testing::context();
        let task = "
            mock: [ A, B, C ]
            test_lookup: { answers: { A: { trakt_series_name: Show }, B: { trakt_series_name: Other } } }
            set: { name: '{{ trakt_series_name }}!', twice: '{{ name }}{{ name }}' }
            if:
              - title == 'A' and twice == 'Show!Show!': reject
              - title == 'B': accept
        ";
        let report = testing::run(task, &cx);
        assert_eq!(asked(&cx), [["A"], ["B"]]);
        assert_eq!(report.entries[0].state(), State::Rejected);
        assert_eq!(report.entries[1].fields()["twice"], "Other!Other!");
        assert_eq!(report.entries[2].fields().get("name"), None);
    }

    #[test]
    fn what_cannot_be_rendered_is_a_warning_and_what_is_lost_is_no_value() {
        let report = testing::run(
            "mock: [ { title: A, x: old } ]\nset: { x: '{{ nowhere }}', y: '{{ z }}', z: '{{ y }}' }\naccept_all: yes",
            &testing::context(),
        );
        assert_eq!(report.entries[0].fields()["x"], "old");
        assert_eq!(
            report.warnings[0],
            "set: could not set x for A to `{{ nowhere }}` (config.yml:4): `nowhere` is undefined"
        );
        assert_eq!(report.warnings[1], "set: `y` is made of itself: `{{ z }}` (config.yml:4)");

        let report = testing::run(
            "mock: [ A ]\ntest_lookup: { answers: {}, fails: [A] }\nset: { x: '{{ trakt_watched }}' }
accept_all: yes\nif: [ not x: reject ]",
            &testing::context(),
        );
        assert_eq!(report.entries[0].reason(), Some("`not x` is not known: `x` could not be looked up"));
    }

    #[test]
    fn mistakes_are_found_before_anything_runs() {
        let mistakes = testing::mistakes("mock: [A]\nset: { x: '{{ y', z: '{{ y | nofilter }}' }\naccept_all: yes");
        assert!(mistakes[0].starts_with("`{{ y` is not a template: "), "{mistakes:?}");
        assert!(mistakes[1].starts_with("`{{ y | nofilter }}` is not a template: "), "{mistakes:?}");
        assert_eq!(testing::mistakes("mock: [A]\nset: {}\naccept_all: yes").len(), 1);
    }
}
