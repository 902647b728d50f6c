use std::cmp::Ordering;

use flexget_core::expression::{ErrorKind, Expression};
use flexget_core::prelude::*;

use crate::titles::parsing::quality::Quality;

/// Sorts the entries by a field, or by any expression over fields.
///
/// Of several keys, the first counts most. Entries without the field come last, also in reverse
/// order. Numbers come before texts, and texts before dates. Qualities, such as `1080p webdl`, are
/// sorted from worse to better.
///
/// ```yaml
/// mock:
///   - { title: The Mirror, year: 1975 }
///   - { title: Stalker, year: 1979 }
///   - { title: A Solaris, year: 1972 }
/// sort_by:
///   - { field: year // 10, reverse: yes }
///   - { field: title, ignore_articles: yes }
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SortBy {
    /// The key, or several.
    keys: OneOrMany<WithShorthand<SortKey>>,
}

/// A key to sort by.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
struct SortKey {
    /// A field, or an expression; without it, the order stays.
    field: Option<Expression>,
    /// Whether the order is reversed.
    #[serde(default)]
    reverse: bool,
    /// Ignores `the`, `a` and `an`, or the matches of a regular expression.
    ignore_articles: Option<Articles>,
}

impl Shorthand for SortKey {
    type Short = Expression;
    const SHORT: &'static str = "A field, or an expression over fields.";

    fn from_short(field: Expression) -> Self {
        Self { field: Some(field), ..Self::default() }
    }
}

/// Whether the usual articles are ignored, or the regular expression of those that are.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(description = "")]
enum Articles {
    Usual(bool),
    Matches(Pattern),
}

/// The articles that `ignore_articles: yes` ignores.
const ARTICLES: &str = r"^(the|a|an)\s";

submit! { plugin::<SortBy>() }

impl Plugin for SortBy {
    const NAME: &'static str = "sort_by";

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::sort).priority(255)]
    }
}

impl SortBy {
    async fn sort(&self, task: &mut Task) -> Result<()> {
        // Sorting is stable, so the key that counts most comes last.
        for key in self.keys.iter().rev() {
            match &key.field {
                None if key.reverse => task.entries.reverse(),
                None => {}
                Some(expression) => {
                    let values = key.values(expression, task).await?;
                    let mut keyed: Vec<(Value, Entry)> =
                        values.into_iter().zip(std::mem::take(&mut task.entries)).collect();
                    keyed.sort_by(|(a, _), (b, _)| key.order(a, b));
                    task.entries = keyed.into_iter().map(|(_, entry)| entry).collect();
                }
            }
        }
        Ok(())
    }
}

impl SortKey {
    /// Returns the value that each entry is sorted by.
    async fn values(&self, expression: &Expression, task: &mut Task) -> Result<Vec<Value>> {
        let all = (0..task.entries.len()).collect();
        let results = task.evaluate(all, |fields, now| expression.evaluate(fields, now)).await;
        let articles = self.articles()?;
        let (mut values, mut errors) = (Vec::with_capacity(results.len()), Vec::new());
        for (at, result) in results {
            let value = match result {
                Ok(Value::Text(text)) => match &articles {
                    Some(articles) => Value::from(&*articles.replace_all(&text, "")?),
                    None => Value::Text(text),
                },
                Ok(value) => value,
                Err(error) => {
                    if !matches!(error.kind, ErrorKind::Undefined(_) | ErrorKind::Pending(_)) {
                        errors.push((at, error));
                    }
                    Value::Null
                }
            };
            values.push(value);
        }
        task.warn_of_errors(SortBy::NAME, expression.text(), &errors);
        Ok(as_qualities(&values).unwrap_or(values))
    }

    /// Returns the regular expression of the articles that are ignored.
    fn articles(&self) -> Result<Option<Pattern>> {
        match &self.ignore_articles {
            None | Some(Articles::Usual(false)) => Ok(None),
            Some(Articles::Usual(true)) => Pattern::new(ARTICLES).map(Some).map_err(Error::new),
            Some(Articles::Matches(pattern)) => Ok(Some(pattern.clone())),
        }
    }

    fn order(&self, a: &Value, b: &Value) -> Ordering {
        let rank = |value: &Value| match value {
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
            Value::Text(_) => 1,
            Value::Date(_) | Value::Time(_) => 2,
            Value::List(_) | Value::Map(_) => 3,
            Value::Null => 4,
        };
        let order = match (a, b) {
            // Unknown values come last in both directions.
            (Value::Null, _) | (_, Value::Null) => return rank(a).cmp(&rank(b)),
            _ => rank(a).cmp(&rank(b)).then_with(|| a.compare(b).unwrap_or(Ordering::Equal)),
        };
        if self.reverse { order.reverse() } else { order }
    }
}

/// Returns sortable values if all values are qualities or null, and not all of them numbers.
fn as_qualities(values: &[Value]) -> Option<Vec<Value>> {
    let is_number = |value: &Value| value.as_str().is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    if values.iter().all(|value| value.is_null() || is_number(value)) {
        return None;
    }
    let quality = |value: &Value| match value {
        Value::Null => Some(Value::Null),
        Value::Text(text) => Some(Quality::read(text)?.sort_value()),
        _ => None,
    };
    values.iter().map(quality).collect()
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    fn sorted(options: &str) -> String {
        let task = format!(
            "mock:
  - {{ title: The B, n: 2, d: 1 }}
  - {{ title: a, n: 10, d: 1 }}
  - {{ title: C, n: ~, d: 2 }}
  - {{ title: An A, n: 3.5 }}
accept_all: yes
sort_by: {options}"
        );
        let report = testing::run(&task, &testing::context());
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        testing::titles(&report, State::Accepted).join(" ")
    }

    #[test]
    fn the_order_is_flexgets() {
        for (options, expected) in [
            ("n", "The B An A a C"),
            ("{ field: n, reverse: yes }", "a An A The B C"),
            ("title", "An A C The B a"),
            ("{ field: title|lower, ignore_articles: yes }", "a An A The B C"),
            ("{ field: title, ignore_articles: '^an? ' }", "An A C The B a"),
            ("{ reverse: yes }", "An A C a The B"),
            ("[ { field: d, reverse: yes }, title|lower ]", "C a The B An A"),
            ("n * -1 if n else none", "a An A The B C"),
            ("missing", "The B a C An A"),
        ] {
            assert_eq!(sorted(options), expected, "{options}");
        }
    }

    #[test]
    fn qualities_are_sorted_from_worse_to_better() {
        let task = "mock: [ A 1080p HDTV, B, C 720p BluRay, D 2160p, E 720p HDTV ]
accept_all: yes
sort_by: { field: quality, reverse: yes }";
        let report = testing::run(task, &testing::context());
        let titles = testing::titles(&report, State::Accepted).join(", ");
        assert_eq!(titles, "D 2160p, A 1080p HDTV, C 720p BluRay, E 720p HDTV, B");
        // Numbers in text are no resolutions, not even where they could be.
        let task = "mock: [ { title: A, n: '1080' }, { title: B, n: '720' }, { title: C, n: '2160' } ]
accept_all: yes
sort_by: n";
        let report = testing::run(task, &testing::context());
        assert_eq!(testing::titles(&report, State::Accepted).join(" "), "A C B");
    }

    #[test]
    fn an_invalid_expression_is_a_mistake() {
        let mistakes = testing::config_errors("mock: [A]\nsort_by: [ 'a b' ]\naccept_all: yes");
        assert!(mistakes[0].starts_with("`a b` is not an expression: "), "{mistakes:?}");
    }
}
