use flexget_core::prelude::*;
use percent_encoding::percent_decode_str;

use crate::shared::decision::FilterAction;
use crate::shared::field_values::FieldValues;

/// Accepts and rejects entries by regular expressions.
///
/// A regular expression, in Python's syntax and case-insensitive, is searched in the fields `title`
/// and `description`, or in those of `from`. It may have options: `not` holds regular expressions
/// that must not match in the same field, `from` the fields to search, `set` fields to set (as the
/// plugin `set` does), and `path` a value of the field `path`.
///
/// ```yaml
/// mock: [ Solaris 1972 1080p, Solaris 2002 1080p, Stalker 1979 CAM ]
/// regexp:
///   accept:
///     - solaris: { not: '\b2002\b', set: { director: Tarkovsky } }
///     - stalker
///   reject:
///     - \bcam\b
///   rest: reject
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regexp {
    /// Accepts entries that match one of these.
    #[serde(default)]
    accept: Expressions,
    /// Rejects entries that match one of these.
    #[serde(default)]
    reject: Expressions,
    /// Accepts entries that do not match one of these.
    #[serde(default)]
    accept_excluding: Expressions,
    /// Rejects entries that do not match one of these.
    #[serde(default)]
    reject_excluding: Expressions,
    /// The decision about all other entries.
    rest: Option<FilterAction>,
    /// The fields to search, for regular expressions without `from`.
    from: Option<OneOrMany<FieldName>>,
}

/// Regular expressions, alone or with their options.
type Expressions = Vec<WithShorthand<PatternsWithOptions>>;

/// Regular expressions, each with its options.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("propertyNames" = { "format": "regex" }))]
struct PatternsWithOptions(IndexMap<Pattern, WithShorthand<Options>>);

impl Shorthand for PatternsWithOptions {
    type Short = Pattern;
    const SHORT: &'static str = "A regular expression.";
    const OPTIONS: &'static str = "A regular expression with options.";

    fn from_short(pattern: Pattern) -> Self {
        Self(IndexMap::from([(pattern, WithShorthand::default())]))
    }
}

/// The options of a regular expression.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The value of the field `path`.
    path: Option<String>,
    /// Fields and the values to set them to, in order.
    set: Option<FieldValues>,
    /// Regular expressions that must not match in the field.
    not: Option<OneOrMany<Pattern>>,
    /// The fields to search.
    from: Option<OneOrMany<FieldName>>,
}

impl Shorthand for Options {
    type Short = String;
    const SHORT: &'static str = "The value of the field `path`.";

    fn from_short(path: String) -> Self {
        Self { path: Some(path), ..Self::default() }
    }
}

submit! { plugin::<Regexp>() }

impl Plugin for Regexp {
    const NAME: &'static str = "regexp";
    const ACCEPTS: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Filter, Self::decide).priority(172).gives(Self::names).accepts(self.accepts())]
    }
}

impl Regexp {
    /// Returns the lists, what each decides, and whether about the entries that match.
    fn lists(&self) -> [(&Expressions, FilterAction, bool); 4] {
        [
            (&self.accept, FilterAction::Accept, true),
            (&self.reject, FilterAction::Reject, true),
            (&self.accept_excluding, FilterAction::Accept, false),
            (&self.reject_excluding, FilterAction::Reject, false),
        ]
    }

    fn options(&self) -> impl Iterator<Item = &Options> {
        self.lists().into_iter().flat_map(|(expressions, ..)| each(expressions)).map(|(_, options)| options)
    }

    fn names(&self) -> Vec<Name> {
        let set = self.options().filter_map(|options| options.set.as_ref());
        set.flat_map(FieldValues::names).chain([Name::Borrowed("path")]).collect()
    }

    fn accepts(&self) -> bool {
        self.rest == Some(FilterAction::Accept) || !(self.accept.is_empty() && self.accept_excluding.is_empty())
    }

    async fn decide(&self, task: &mut Task) -> Result<()> {
        let from = self.options().map(|options| &options.from).chain([&self.from]);
        let needed: Vec<&str> = from.flatten().flatten().map(|name| &**name).collect();
        task.need(&needed).await;

        let mut rest: BTreeSet<usize> = task.live().collect();
        for (expressions, action, wants_match) in self.lists() {
            for at in task.live() {
                if self.apply(expressions, action, wants_match, task, at)? {
                    rest.remove(&at);
                }
            }
        }
        if let Some(action) = self.rest {
            for at in rest {
                action.apply(&mut task.entries[at], Self::NAME, "regexp `rest`".to_owned());
            }
        }
        Ok(())
    }

    /// Decides the entry at `at` by the first expression that applies; returns whether one did.
    fn apply(
        &self,
        expressions: &Expressions,
        action: FilterAction,
        wants_match: bool,
        task: &mut Task,
        at: usize,
    ) -> Result<bool> {
        for (pattern, options) in each(expressions) {
            let field = self.found_in(pattern, options, &task.entries[at])?;
            if field.is_some() != wants_match {
                continue;
            }
            let what = field.map_or_else(|| "didn't match".to_owned(), |field| format!("matched field '{field}'"));
            let reason = format!("regexp '{}' {what}", pattern.text());
            if let Some(path) = &options.path {
                task.entries[at].set("path", path.as_str());
            }
            if let Some(fields) = &options.set {
                fields.set(task, at, Self::NAME);
            }
            action.apply(&mut task.entries[at], Self::NAME, reason);
            return Ok(true);
        }
        Ok(false)
    }

    /// Returns the first field that the regular expression matches and those of `not` do not.
    fn found_in<'a>(&'a self, pattern: &Pattern, options: &'a Options, entry: &Entry) -> Result<Option<&'a str>> {
        let from = options.from.as_ref().or(self.from.as_ref());
        let usual = || vec!["title", "description"];
        let fields = from.map_or_else(usual, |fields| fields.iter().map(|name| &**name).collect());
        for field in fields {
            let texts = texts(field, entry);
            for text in &texts {
                if pattern.is_match(text)? && !finds_any(options.not.as_ref(), &texts)? {
                    return Ok(Some(field));
                }
            }
        }
        Ok(None)
    }
}

fn finds_any(patterns: Option<&OneOrMany<Pattern>>, texts: &[String]) -> Result<bool> {
    for pattern in patterns.into_iter().flatten() {
        for text in texts {
            if pattern.is_match(text)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns the texts of a field: the items of a list, and a URL without its escapes.
fn texts(field: &str, entry: &Entry) -> Vec<String> {
    let texts = match entry.get(field) {
        Some(Value::List(items)) => items.iter().map(Value::display).collect(),
        Some(value) if value.is_true() => vec![value.display()],
        _ => Vec::new(),
    };
    let unescaped = |url: &String| percent_decode_str(url).decode_utf8_lossy().into_owned();
    if field == "url" { texts.iter().map(unescaped).collect() } else { texts }
}

/// Returns the regular expressions of a list with their options.
fn each(expressions: &Expressions) -> impl Iterator<Item = (&Pattern, &Options)> {
    expressions.iter().flat_map(|patterns| &patterns.0).map(|(pattern, options)| (pattern, &**options))
}

#[cfg(test)]
mod tests {
    use flexget_core::testing;

    fn run(options: &str) -> Vec<String> {
        let task = format!(
            "mock:
  - {{ title: Solaris 1080p, description: by tarkovsky, tags: [hd, Film] }}
  - {{ title: Stalker CAM, url: 'http://x/a%20b' }}
regexp: {options}"
        );
        testing::decisions(&testing::run(&task, &testing::context()))
    }

    #[test]
    fn patterns_mean_the_same_in_conditions() {
        let accepted = |filter: &str| {
            let task = format!("mock: [Solaris 1080p, Stalker CAM, '[eng] Mirror\u{a0}2160p']\n{filter}\n");
            let report = testing::run(&task, &testing::context());
            testing::titles(&report, flexget_core::entry::State::Accepted)
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<String>>()
        };
        let patterns = [
            r"^solaris",
            r"(?P<name>s)ol.+p\Z",
            r"\bcam\b",
            r"[[]eng]",
            r"^s(?!olaris)",
            r"mirror\s\d{4}p",
            r"(?P<c>[a-z])(?P=c)",
            r"(?-i:cam)",
        ];
        let mut found = 0;
        for pattern in patterns {
            let quoted = serde_json::to_string(pattern).unwrap();
            let condition = format!("title|re_search('{}')", pattern.replace('\\', r"\\"));
            let by_regexp = accepted(&format!("regexp: {{ accept: [ {quoted}: {{ from: title }} ] }}"));
            let by_condition = accepted(&format!("if: [ {}: accept ]", serde_json::to_string(&condition).unwrap()));
            assert_eq!(by_regexp, by_condition, "{pattern}");
            found += by_regexp.len();
        }
        assert_eq!(found, 7);
    }

    const SOLARIS: &str = "Solaris 1080p";
    const STALKER: &str = "Stalker CAM";

    #[test]
    fn every_operation_gives_a_reason() {
        for (options, solaris, stalker) in [
            ("{ accept: [ solaris ] }", ": accepted (regexp 'solaris' matched field 'title')", ""),
            ("{ accept: [ Tarkovsky ] }", ": accepted (regexp 'Tarkovsky' matched field 'description')", ""),
            ("{ accept: [ film ], from: tags }", ": accepted (regexp 'film' matched field 'tags')", ""),
            ("{ accept: [ film: { from: [title, tags] } ] }", ": accepted (regexp 'film' matched field 'tags')", ""),
            ("{ reject: [ 'a b' ], from: url }", "", ": rejected (regexp 'a b' matched field 'url')"),
            (
                "{ accept: [ 's' ], reject: [ '\\bcam\\b' ] }",
                ": accepted (regexp 's' matched field 'title')",
                ": rejected (regexp '\\bcam\\b' matched field 'title')",
            ),
            (
                "{ accept: [ 's': { not: cam } ], rest: reject }",
                ": accepted (regexp 's' matched field 'title')",
                ": rejected (regexp `rest`)",
            ),
            (
                "{ reject: [ cam ], rest: accept }",
                ": accepted (regexp `rest`)",
                ": rejected (regexp 'cam' matched field 'title')",
            ),
            ("{ reject_excluding: [ 1080p ] }", "", ": rejected (regexp '1080p' didn't match)"),
            (
                "{ accept_excluding: [ cam, solaris ] }",
                ": accepted (regexp 'cam' didn't match)",
                ": accepted (regexp 'solaris' didn't match)",
            ),
            ("{ accept: [ '^(?!.*cam)' ] }", ": accepted (regexp '^(?!.*cam)' matched field 'title')", ""),
        ] {
            assert_eq!(run(options), [format!("{SOLARIS}{solaris}"), format!("{STALKER}{stalker}")], "{options}");
        }
    }

    #[test]
    fn options_set_fields_of_matching_entries() {
        let task = "
            mock: [ { title: Solaris, year: 1972 }, Stalker ]
            regexp: { accept: [ solaris: { path: /films, set: { decade: '{{ year // 10 }}0s' } }, stalker: /other ] }
        ";
        let report = testing::run(task, &testing::context());
        assert_eq!(report.entries[0].fields()["path"], "/films");
        assert_eq!(report.entries[0].fields()["decade"], "1970s");
        assert_eq!(report.entries[1].fields()["path"], "/other");
    }

    #[test]
    fn mistakes_are_found_in_every_regular_expression() {
        let mistakes = testing::config_errors(
            "
            mock: [ A ]
            regexp:
              accept: [ '(', '[a': /path, 'good': { not: 'a)' , form: title } ]
            ",
        );
        assert_eq!(mistakes.len(), 4, "{mistakes:#?}");
        assert!(mistakes[0].starts_with("`(` is not a regular expression: "), "{mistakes:#?}");
        assert!(mistakes[1].starts_with("`[a` is not a regular expression: "), "{mistakes:#?}");
        assert!(
            mistakes[3].contains("did you mean `from`?") || mistakes[2].contains("did you mean `from`?"),
            "{mistakes:#?}"
        );
    }
}
