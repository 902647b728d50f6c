use flexget_core::prelude::*;

use crate::shared::field_values::FieldValues;

/// Sets fields of all entries to values, or from templates over other fields.
///
/// A value is set as it is written in YAML. Text with `{{ … }}` or `{% … %}` is a template. A
/// template that is a field alone gives the value of that field; any other gives the value that its
/// text spells (`{{ year + 1 }}` a number), or text. A template may use the old value of its own
/// field. The fields are set in order.
///
/// A template over known fields is rendered at once; one over unknown fields, at the end of the
/// metainfo phase. One that reads fields of a lookup is rendered once something reads the field, at
/// the latest before accepted entries are processed, so that rejected entries cost no lookup. If a
/// template cannot be rendered, the field keeps its value, and a warning is given.
///
/// Dates have the parts and methods of Python's, and FlexGet's `add` and `subtract`, as in
/// `now.subtract(months=1)`; its `format`, `start_of` and `diff_for_humans` are not there, because
/// `strftime` and `replace` do the same. `parsedate` does not read `02/01/2020` or `1.2.2020`,
/// which mean one day here and another there (in FlexGet, the month comes first). A time is shown
/// on the clock of this machine, whatever zone it was written in; FlexGet keeps that zone. Texts
/// such as `0x10`, `1_000` or `'x'` in quotes stay what they are, and `format_number` puts a comma
/// between thousands wherever it runs.
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
    fields: FieldValues,
}

submit! { plugin::<Set>() }

impl Plugin for Set {
    const NAME: &'static str = "set";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Metainfo, Self::set).gives(|set| set.fields.names())]
    }
}

impl Set {
    async fn set(&self, task: &mut Task) -> Result<()> {
        (0..task.entries.len()).for_each(|at| self.fields.set(task, at, Self::NAME));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    use crate::shared::test_lookup::asked;

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
    fn templates_over_lookup_fields_are_rendered_for_read_or_accepted_entries() {
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
    fn a_failed_template_gives_a_warning_and_a_failed_lookup_no_value() {
        let report = testing::run(
            "mock: [ { title: A, x: old } ]\nset: { x: '{{ nowhere }}', y: '{{ z }}', z: '{{ y }}' }\naccept_all: yes",
            &testing::context(),
        );
        assert_eq!(report.entries[0].fields()["x"], "old");
        assert_eq!(
            report.warnings[0],
            "set: could not set x for A to `{{ nowhere }}` (config.yml:4): `nowhere` is undefined"
        );
        assert_eq!(report.warnings[1], "set: circular template: field `y` depends on itself: `{{ z }}` (config.yml:4)");

        let report = testing::run(
            "mock: [ A ]\ntest_lookup: { answers: {}, fails: [A] }\nset: { x: '{{ trakt_watched }}' }
accept_all: yes\nif: [ not x: reject ]",
            &testing::context(),
        );
        assert_eq!(report.entries[0].reason(), Some("`not x` is not known: `x` could not be looked up"));
    }

    #[test]
    fn mistakes_are_found_before_the_run() {
        let mistakes =
            testing::config_errors("mock: [A]\nset: { x: '{{ y', z: '{{ y | nofilter }}' }\naccept_all: yes");
        assert!(mistakes[0].starts_with("`{{ y` is not a template: "), "{mistakes:?}");
        assert!(mistakes[1].starts_with("`{{ y | nofilter }}` is not a template: "), "{mistakes:?}");
        assert_eq!(testing::config_errors("mock: [A]\nset: {}\naccept_all: yes").len(), 1);
    }
}
