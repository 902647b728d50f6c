use flexget_core::prelude::*;

/// Changes fields: extracts and replaces parts of them, copies or removes them.
///
/// The changes are made in order, to all entries that are not rejected. Fields of a lookup are
/// fetched if a change reads them. Numbers are read as the text that spells them. An entry whose
/// title would become empty fails.
///
/// ```yaml
/// mock: [ '[1972] Solaris' ]
/// manipulate:
///   - movie_year: { from: title, extract: '^\[(\d{4})\]' }
///   - title: { replace: { regexp: '^\[(\d{4})\] (.*)', format: '\2 (\1)' } }
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Manipulate {
    /// The changes, by field.
    changes: Vec<IndexMap<String, FieldChange>>,
}

/// A change of a field: `erase`, `extract` and `replace` are applied in this order.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FieldChange {
    /// The phase of the change.
    #[serde(default)]
    phase: ChangePhase,
    /// The field to read, if it is not the field to change.
    from: Option<FieldName>,
    /// Removes the field.
    #[serde(default)]
    remove: bool,
    /// The regular expressions whose matches are removed.
    #[serde(default)]
    erase: Vec<Pattern>,
    /// The regular expression whose groups are kept; without a match, the field stays as it is.
    extract: Option<Pattern>,
    /// Keeps the groups of all matches of `extract`, or the matches if it has no groups.
    #[serde(default)]
    find_all: bool,
    /// The text between the groups.
    #[serde(default = "space")]
    separator: String,
    /// The replacement.
    replace: Option<Replacement>,
}

/// The phase of a change.
#[derive(Deserialize, JsonSchema, Default, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum ChangePhase {
    /// Before anything is decided.
    #[default]
    Metainfo,
    /// Before other decisions.
    Filter,
    /// After the decisions.
    Modify,
}

/// A replacement.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Replacement {
    /// The regular expression whose matches are replaced.
    regexp: Pattern,
    /// The new text, in which `\1` or `\g<name>` stand for groups.
    format: String,
}

fn space() -> String {
    " ".to_owned()
}

submit! { plugin::<Manipulate>() }

impl Plugin for Manipulate {
    const NAME: &'static str = "manipulate";

    fn steps(&self) -> Vec<Step<Self>> {
        let phases: BTreeSet<ChangePhase> = self.changes().map(|(_, _, change)| change.phase).collect();
        let step = |when: ChangePhase| {
            let phase = match when {
                ChangePhase::Metainfo => Phase::Metainfo,
                ChangePhase::Filter => Phase::Filter,
                ChangePhase::Modify => Phase::Modify,
            };
            let change = async move |plugin: &Self, task: &mut Task| plugin.change(when, task).await;
            Step::at(phase, change).priority(255).gives(Self::names)
        };
        phases.into_iter().map(step).collect()
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (at, field, change) in self.changes() {
            let path = Path::root().index(at).key(field);
            if let Some(Err(reason)) = change.replace.as_ref().map(|it| it.regexp.check_replacement(&it.format)) {
                problems.push(Problem::at(path.key("replace").key("format"), reason));
            }
            if change.extract.as_ref().is_some_and(|pattern| pattern.groups() == 0) && !change.find_all {
                problems.push(
                    Problem::at(path.key("extract"), "the regular expression has no group, so nothing would be kept")
                        .help("put the part to keep between `(` and `)`"),
                );
            }
        }
        problems
    }
}

impl Manipulate {
    fn names(&self) -> Vec<Name> {
        self.changes().map(|(_, field, _)| Name::Owned(field.to_owned())).collect()
    }

    fn changes(&self) -> impl Iterator<Item = (usize, &str, &FieldChange)> {
        let numbered = self.changes.iter().enumerate();
        numbered.flat_map(|(at, changes)| changes.iter().map(move |(field, change)| (at, field.as_str(), change)))
    }

    async fn change(&self, when: ChangePhase, task: &mut Task) -> Result<()> {
        for (_, field, change) in self.changes().filter(|(_, _, change)| change.phase == when) {
            if change.remove {
                task.live_entries().for_each(|entry| entry.unset(field));
                continue;
            }
            let from = change.from.as_deref().unwrap_or(field);
            task.need(&[from]).await;
            for at in task.live() {
                let entry = &mut task.entries[at];
                match change.value(entry.get(from), from)? {
                    Ok(value) if field == "title" && !value.is_true() => {
                        entry.fail(Self::NAME, "the title became empty");
                    }
                    Ok(value) => entry.set(field, value),
                    Err(warning) => task.warn(Self::NAME, warning),
                }
            }
        }
        Ok(())
    }
}

impl FieldChange {
    /// Returns the new value of the field, or why it stays as it is.
    fn value(&self, value: Option<Value>, from: &str) -> Result<Result<Value, String>> {
        let value = value.unwrap_or_default();
        let reads = [
            (!self.erase.is_empty(), "erase"),
            (self.extract.is_some(), "extract"),
            (self.replace.is_some(), "replace"),
        ];
        let Some((_, what)) = reads.into_iter().find(|(is, _)| *is) else { return Ok(Ok(value)) };
        let mut text = match &value {
            Value::Text(text) if !text.is_empty() => text.to_string(),
            Value::Int(_) | Value::Float(_) | Value::Date(_) | Value::Time(_) => value.display(),
            Value::Null | Value::Text(_) => return Ok(Err(format!("cannot {what}: field `{from}` is not present"))),
            other => return Ok(Err(format!("cannot {what}: field `{from}` is {}", other.kind()))),
        };
        for pattern in &self.erase {
            text = pattern.replace_all(&text, "")?.trim().to_owned();
        }
        if let Some(pattern) = &self.extract
            && let Some(extracted) = self.extracted(pattern, &text)?
        {
            text = extracted;
        }
        if let Some(replace) = &self.replace {
            text = replace.regexp.replace_all(&text, &replace.format)?.trim().to_owned();
        }
        Ok(Ok(text.into()))
    }

    fn extracted(&self, pattern: &Pattern, text: &str) -> Result<Option<String>> {
        let found =
            if self.find_all { pattern.all_captures(text)? } else { pattern.captures(text)?.into_iter().collect() };
        if found.is_empty() && !self.find_all {
            return Ok(None);
        }
        let first = usize::from(pattern.groups() > 0);
        let groups = found.iter().flat_map(|found| found.iter().skip(first).flatten().map(|group| group.as_str()));
        Ok(Some(groups.collect::<Vec<_>>().join(&self.separator).trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    fn changed(entry: &str, options: &str, field: &str) -> serde_json::Value {
        let report = testing::run(
            &format!("mock: [ {entry} ]\nmanipulate: [ {options} ]\naccept_all: yes"),
            &testing::context(),
        );
        report.entries[0].fields().get(field).cloned().unwrap_or_default()
    }

    #[test]
    fn changes_fields_as_flexget_does() {
        for (entry, options, field, expected) in [
            ("'[1972] Solaris'", r"title: { extract: '\](.*)' }", "title", "Solaris"),
            ("'a-b-c'", r"x: { from: title, extract: '(\w)-(\w)', separator: '+' }", "x", "a+b"),
            ("'a-b-c'", r"x: { from: title, extract: '\w', find_all: yes, separator: ',' }", "x", "a,b,c"),
            ("'Solaris'", r"x: { from: title, extract: '(\d+)' }", "x", "Solaris"),
            ("'Solaris.1972'", r"title: { replace: { regexp: '\.', format: ' ' } }", "title", "Solaris 1972"),
            ("'noise. Solaris ADVERT'", r"title: { erase: ['^noise\.', advert] }", "title", "Solaris"),
            ("{ title: A, year: 1972 }", r"decade: { from: year, extract: '^(\d{3})' }", "decade", "197"),
            (
                "'A b'",
                r"x: { from: title }, y: { from: x, replace: { regexp: 'A (?P<l>.)', format: '\g<l>' } }",
                "y",
                "b",
            ),
        ] {
            assert_eq!(changed(entry, &format!("{{ {options} }}"), field), expected, "{options}");
        }
        assert!(changed("{ title: A, x: 1 }", "{ x: { remove: yes } }", "x").is_null());
    }

    #[test]
    fn an_empty_title_fails_and_a_missing_field_gives_a_warning() {
        let task = "mock: [ A ]\nmanipulate: [ { x: { extract: '(.)' } }, { title: { erase: [a] } } ]\naccept_all: yes";
        let report = testing::run(task, &testing::context());
        assert_eq!(report.warnings, ["manipulate: cannot extract: field `x` is not present"]);
        assert_eq!(testing::decisions(&report), ["A: failed (the title became empty)"]);
    }

    #[test]
    fn mistakes_are_found_before_the_run() {
        let mistakes = testing::config_errors(
            r"
            mock: [ A ]
            manipulate:
              - title: { extract: '(' }
              - title: { replace: { regexp: a, format: '\1' } }
              - title: { phase: output }
            ",
        );
        assert!(mistakes[0].starts_with("`(` is not a regular expression"), "{mistakes:?}");
        assert!(mistakes[1].starts_with("must be one of the following: metainfo, filter, modify"), "{mistakes:?}");
        let mistakes = testing::config_errors(
            r"manipulate: [ { title: { replace: { regexp: a, format: '\1' } } }, { title: { extract: a } } ]",
        );
        assert!(mistakes[0].contains("1"), "{mistakes:?}");
        assert!(mistakes[1].starts_with("the regular expression has no group"), "{mistakes:?}");
    }
}
