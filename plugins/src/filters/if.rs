use std::borrow::Cow;
use std::fmt;

use flexget_core::expression::{ErrorKind, Expression};
use flexget_core::prelude::*;
use flexget_core::task::report::unavailable_fields_message;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserializer, de};

/// Accepts, rejects or fails the entries for which a condition is true, or runs plugins on them.
///
/// A condition is a Jinja expression over the fields of an entry: `and`, `or`, `not`, `in`,
/// comparisons, filters, `is defined`, `now - timedelta(days=7)`. It may also use
/// `has_field('name')`, `now`, `utcnow` and `task`. The rules are applied in order, each to the
/// entries that are not rejected yet.
///
/// Instead of `accept`, `reject` or `fail`, a rule may hold plugins, or a list of such actions.
/// Plugins run on the matching entries in all their phases; the condition is evaluated again in
/// each phase.
///
/// Fields of a lookup are fetched when a condition reads them, for all entries at once:
/// `'x' in title and trakt_watched` fetches only for entries with an `x` in the title.
///
/// * A field that does not exist makes the condition false, also within `not`.
/// * A field whose lookup failed makes it neither true nor false. The rule does not apply then. If
///   it would reject or fail the entry, no plugin can accept the entry in this run, and it stays
///   undecided with the reason. (FlexGet reads the field as `None`, so that entries not known to be
///   watched pass.)
/// * A condition that cannot be evaluated, such as a text compared with a number, gives a warning
///   and does not apply.
///
/// ```yaml
/// mock:
///   - { title: Solaris, year: 1972, genres: [drama, science-fiction] }
///   - { title: Stalker, year: 1979, genres: [drama] }
/// if:
///   - "'science-fiction' in genres and year < now.year - 1": accept
///   - year > 1975: { limit_new: 1 }
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct If {
    /// The rules.
    rules: Vec<Rule>,
}

/// A condition and the actions for entries that match it.
struct Rule {
    condition: Expression,
    actions: OneOrMany<Action>,
}

/// An action for an entry.
enum Action {
    /// Accepts, rejects or fails it.
    Decide(RuleDecision),
    /// Runs plugins on it.
    Run(AnyPlugins),
}

/// A decision about an entry.
#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum RuleDecision {
    Accept,
    Reject,
    Fail,
}

submit! { plugin::<If>() }

impl Plugin for If {
    const NAME: &'static str = "if";

    fn steps(&self) -> Vec<Step<Self>> {
        let phases: BTreeSet<Phase> = self.phases().collect();
        phases.into_iter().map(|phase| Step::at(phase, step_in(phase)).priority(80)).collect()
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let steps = rule.actions.iter().flat_map(Action::steps);
            for step in steps.filter(|step| step.phase == Phase::Input) {
                problems.push(
                    Problem::at(
                        Path::root().index(at).key(rule.condition.text()),
                        format!("`{}` produces entries, so it cannot depend on one", step.plugin),
                    )
                    .help("put it into the task itself"),
                );
            }
        }
        problems
    }
}

/// Returns the step of a phase.
fn step_in(phase: Phase) -> impl for<'a> AsyncFn(&'a If, &'a mut Task) -> Result<()> + Copy + 'static {
    async move |plugin: &If, task: &mut Task| plugin.apply(phase, task).await
}

impl If {
    fn phases(&self) -> impl Iterator<Item = Phase> {
        self.rules.iter().flat_map(|rule| rule.actions.iter()).flat_map(|action| match action {
            Action::Decide(_) => vec![Phase::Filter],
            Action::Run(plugins) => plugins.steps.iter().map(|step| step.phase).collect(),
        })
    }

    async fn apply(&self, phase: Phase, task: &mut Task) -> Result<()> {
        for rule in self.rules.iter().filter(|rule| rule.actions.iter().any(|action| action.acts_in(phase))) {
            let matching = rule.matching(task).await;
            for action in &rule.actions {
                match action {
                    Action::Decide(decision) if phase == Phase::Filter => {
                        matching.iter().for_each(|at| rule.decide(*decision, &mut task.entries[*at]));
                    }
                    Action::Decide(_) => {}
                    Action::Run(plugins) => {
                        let steps: Vec<_> = plugins.steps.iter().filter(|step| step.phase == phase).collect();
                        let live: Vec<usize> =
                            matching.iter().copied().filter(|at| is_live(&task.entries[*at])).collect();
                        // Lists check in the start phase, before there are entries, that they are
                        // ready.
                        if !live.is_empty() || phase < Phase::Input {
                            task.with_only(&live, &steps).await?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_live(entry: &Entry) -> bool {
    matches!(entry.state(), State::Undecided | State::Accepted)
}

impl Action {
    fn steps(&self) -> &[flexget_core::task::step::BoundStep] {
        match self {
            Self::Decide(_) => &[],
            Self::Run(plugins) => &plugins.steps,
        }
    }

    fn acts_in(&self, phase: Phase) -> bool {
        match self {
            Self::Decide(_) => phase == Phase::Filter,
            Self::Run(plugins) => plugins.steps.iter().any(|step| step.phase == phase),
        }
    }

    fn excludes(&self) -> bool {
        matches!(self, Self::Decide(RuleDecision::Reject | RuleDecision::Fail))
    }
}

impl Rule {
    fn decide(&self, decision: RuleDecision, entry: &mut Entry) {
        let reason = format!("matched requirement: {}", self.condition.text());
        match decision {
            RuleDecision::Accept => entry.accept_because(If::NAME, Some(reason)),
            RuleDecision::Reject => entry.reject(If::NAME, Some(reason)),
            RuleDecision::Fail => entry.fail(If::NAME, reason),
        }
    }

    /// Returns the positions of matches, and withholds entries with an unknown condition.
    async fn matching(&self, task: &mut Task) -> Vec<usize> {
        let live = task.live().collect();
        let results = task.evaluate(live, |fields, now| self.condition.holds(fields, now)).await;
        let text = self.condition.text();
        task.trace_condition(If::NAME, text, &results);
        let (mut matching, mut errors) = (Vec::new(), Vec::new());
        for (at, result) in results {
            match result {
                Ok(true) => matching.push(at),
                Ok(false) => {}
                Err(error) => {
                    let entry = &mut task.entries[at];
                    if let ErrorKind::Pending(fields) = &error.kind {
                        let reason = format!("`{text}` is not known: {}", unavailable_fields_message(fields));
                        entry.trace(format!("{}: {reason}", If::NAME));
                        if self.actions.iter().any(Action::excludes) {
                            entry.withhold(If::NAME, reason);
                        }
                    } else {
                        errors.push((at, error));
                    }
                }
            }
        }
        task.warn_of_errors(If::NAME, text, &errors);
        matching
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnePair;
        impl<'de> Visitor<'de> for OnePair {
            type Value = Rule;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a condition with an action")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rule, A::Error> {
                let pair = map.next_entry::<Expression, OneOrMany<Action>>()?;
                let (condition, actions) = pair.ok_or_else(|| A::Error::custom("should be non-empty"))?;
                match map.next_key::<String>()? {
                    None => Ok(Rule { condition, actions }),
                    Some(_) => Err(A::Error::custom(ONE_CONDITION)),
                }
            }
        }
        deserializer.deserialize_map(OnePair)
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrPlugins;
        impl<'de> Visitor<'de> for WordOrPlugins {
            type Value = Action;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`accept`, `reject`, `fail`, or plugins")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Action, E> {
                RuleDecision::deserialize(de::value::StrDeserializer::new(word)).map(Action::Decide)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Action, A::Error> {
                AnyPlugins::deserialize(MapAccessDeserializer::new(map)).map(Action::Run)
            }
        }
        deserializer.deserialize_any(WordOrPlugins)
    }
}

const ONE_CONDITION: &str = "one condition for each item: begin the next one with `- `";

impl JsonSchema for Rule {
    fn schema_name() -> Cow<'static, str> {
        "rule".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let action = json_schema!({
            "anyOf": [{ "type": "string", "enum": ["accept", "reject", "fail"] }, AnyPlugins::json_schema(generator)],
        });
        json_schema!({
            "description": "A condition and the actions for entries that match it.",
            "type": "object",
            "propertyNames": { "format": "expression" },
            "additionalProperties": {
                "description": "The action: `accept`, `reject`, `fail`, plugins to run, or a list of these.",
                "anyOf": [
                    { "type": "string", "enum": ["accept", "reject", "fail"] },
                    AnyPlugins::json_schema(generator),
                    { "type": "array", "minItems": 1, "items": action },
                ],
            },
            "minProperties": 1,
            "maxProperties": 1,
            "error_maxProperties": ONE_CONDITION,
        })
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::prelude::*;
    use flexget_core::testing;

    use crate::shared::test_lookup::asked;

    /// Returns the titles that a rule accepts of three entries with fields of a lookup.
    fn accepted_by(rule: &str) -> Vec<String> {
        let task = format!(
            "mock: [ {{ title: Old, year: 1972 }}, {{ title: New, year: 2025, note: ~ }}, {{ title: Other }} ]
test_lookup:
  answers:
    Old: {{ trakt_watched: yes, trakt_collected: yes, trakt_series_status: ended, trakt_genres: [anime, drama],
           trakt_movie_user_rating: 10, trakt_ep_first_aired: {{ $time: '1972-03-20T00:00:00Z' }}, trakt_ep_id: S02E03 }}
    New: {{ trakt_watched: no, trakt_collected: no, trakt_series_status: returning series, trakt_genres: [],
           trakt_movie_user_rating: 6.5, trakt_ep_first_aired: {{ $time: '2026-11-23T20:00:00Z' }}, trakt_ep_id: S01E01 }}
if: [ {{ {rule:?}: accept }} ]"
        );
        let report = testing::run(&task, &testing::context());
        testing::titles(&report, State::Accepted).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn evaluates_the_conditions_that_users_write() {
        for (condition, expected) in [
            ("trakt_watched", vec!["Old"]),
            ("trakt_collected", vec!["Old"]),
            ("not trakt_watched", vec!["New", "Other"]),
            ("trakt_watched == true", vec!["Old"]),
            ("trakt_ep_first_aired and trakt_ep_first_aired < now - timedelta(days=2)", vec!["Old"]),
            ("trakt_series_status in ['ended', 'canceled']", vec!["Old"]),
            ("trakt_series_status in ('ended', 'canceled') and year < 2000", vec!["Old"]),
            ("(trakt_series_status == 'ended' or trakt_series_status == 'canceled') and not trakt_collected", vec![]),
            ("trakt_movie_user_rating is not none and trakt_movie_user_rating > 9", vec!["Old"]),
            ("trakt_ep_id and trakt_ep_id > 'S01E05'", vec!["Old"]),
            ("trakt_genres and 'anime' in trakt_genres", vec!["Old"]),
            ("note is undefined or note is none", vec!["Old", "New", "Other"]),
            ("year is defined and year < now.year - 1", vec!["Old"]),
            ("year >= now.year - 1", vec!["New"]),
            ("'o' in title|lower and has_field('year')", vec!["Old"]),
            ("title.startswith('O') and not year is defined", vec!["Other"]),
            ("trakt_ep_first_aired.year == 1972", vec!["Old"]),
            ("missing", vec![]),
            ("not missing", vec![]),
            ("task == 'test'", vec!["Old", "New", "Other"]),
        ] {
            assert_eq!(accepted_by(condition), expected, "{condition}");
        }
    }

    #[test]
    fn the_reason_is_the_condition_and_later_rules_see_what_was_decided() {
        let task = "
            mock: [ { title: A, n: 1 }, { title: B, n: 2 }, { title: C, n: 3 } ]
            if:
              - n > 1: accept
              - n == 2: reject
              - n == 3 and accepted_by == 'if': fail
        ";
        assert_eq!(
            testing::decisions(&testing::run(task, &testing::context())),
            [
                "A",
                "B: rejected (matched requirement: n == 2)",
                "C: failed (matched requirement: n == 3 and accepted_by == 'if')"
            ]
        );
    }

    #[test]
    fn fields_are_fetched_at_once_for_the_entries_that_read_them() {
        let cx = testing::context();
        let task = "
            mock: [ x1, x2, y1, x3 ]
            test_lookup: { answers: { x1: { trakt_watched: yes } } }
            if:
              - \"'x' in title and trakt_watched\": reject
              - trakt_collected: reject
              - \"'x' in title and not trakt_watched\": accept
        ";
        let report = testing::run(&task.replace("- trakt_collected: reject\n", "- 'x': reject\n"), &cx);
        assert_eq!(testing::titles(&report, State::Accepted), ["x2", "x3"]);
        assert_eq!(asked(&cx), [["x1", "x2", "x3"]]);
    }

    #[test]
    fn a_failed_lookup_makes_a_condition_neither_true_nor_false() {
        let run = |rule: &str| {
            let task =
                format!("mock: [A, B]\ntest_lookup: {{ answers: {{}}, fails: [A] }}\naccept_all: yes\nif: [ {rule} ]");
            let report = testing::run(&task, &testing::context());
            assert_eq!(report.warnings, ["test_lookup: the service is down"]);
            assert!(
                report.entries[0].traces().iter().any(|trace| trace.contains("`trakt_watched` could not be looked up"))
            );
            testing::titles(&report, State::Accepted).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(run("trakt_watched: reject"), ["B"]);
        assert_eq!(run("not trakt_watched: reject"), [""; 0]);
        assert_eq!(run("trakt_watched is defined and trakt_watched: fail"), ["B"]);
        assert_eq!(run("'trakt_watched|default(false)': reject"), ["B"]);
        assert_eq!(run("not trakt_watched: accept"), ["A", "B"], "what accepted it before did not ask");
    }

    #[test]
    fn a_withheld_entry_keeps_its_reason() {
        let task = "
            mock: [ A ]
            test_lookup: { answers: {}, fails: [A] }
            if: [ not trakt_watched: reject ]
            list_match: { from: [ entry_list: x ], remove_on_match: no }
        ";
        let report = testing::run(task, &testing::context());
        assert_eq!(report.entries[0].state(), State::Undecided);
        assert_eq!(
            report.entries[0].reason(),
            Some("`not trakt_watched` is not known: `trakt_watched` could not be looked up")
        );
    }

    #[test]
    fn a_type_error_names_the_entry_and_the_expression() {
        let task = "mock: [ { title: A, n: text }, { title: B, n: 5 } ]\nif: [ n > 3: accept ]";
        let report = testing::run(task, &testing::context());
        assert_eq!(testing::titles(&report, State::Accepted), ["B"]);
        assert!(
            report.warnings[0].starts_with("if: `n > 3` (config.yml:4) could not be evaluated for `A`: "),
            "{:?}",
            report.warnings
        );
    }

    #[test]
    fn a_type_error_names_the_line_also_in_a_template_and_within_other_plugins() {
        let config = "templates:
  picky:
    if:
      - n > 3: accept
tasks:
  one:
    template: picky
    mock: [ { title: A, n: text } ]
    seen: no
  two:
    mock: [ { title: A, n: text } ]
    seen: no
    if:
      - title == 'A':
          if:
            - n < 4: accept
    sort_by: n * n
    set: { x: '{{ n - 1 }}' }
    accept_all: yes
";
        let report = testing::run_config(config, &testing::context());
        let begins = |task: usize, start: &str| {
            let warnings = &report.tasks[task].warnings;
            assert!(warnings.iter().any(|warning| warning.starts_with(start)), "{start}: {warnings:?}");
        };
        begins(0, "if: `n > 3` (config.yml:4) could not be evaluated for `A`: ");
        begins(1, "if: `n < 4` (config.yml:16) could not be evaluated for `A`: ");
        begins(1, "sort_by: `n * n` (config.yml:17) could not be evaluated for `A`: ");
        begins(1, "set: could not set x for A to `{{ n - 1 }}` (config.yml:18): ");
    }

    #[test]
    fn plugins_run_on_the_matching_entries_in_their_phases() {
        let cx = testing::context();
        let task = "
            mock: [ { title: A, n: 1 }, { title: B, n: 2 }, { title: C, n: 2 } ]
            accept_all: yes
            seen: no
            if:
              - n == 2:
                  set: { kind: two }
                  limit_new: 1
                  list_add: [ entry_list: twos ]
              - n == 1: [ reject, { set: { kind: one } } ]
        ";
        let report = testing::run(task, &cx);
        assert_eq!(
            testing::decisions(&report),
            ["A: rejected (matched requirement: n == 1)", "B: accepted", "C: rejected (limit exceeded)"]
        );
        assert_eq!(
            report.entries.iter().map(|entry| entry.fields()["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
            ["one", "two", "two"]
        );
        assert_eq!((report.changes[0].requested, report.changes.len()), (1, 1));
        let list = testing::run("entry_list: twos\naccept_all: yes\nseen: no", &testing::next_run(&cx));
        assert_eq!(testing::titles(&list, State::Accepted), ["B"]);
    }

    #[test]
    fn all_mistakes_are_found_before_the_run() {
        let mistakes = testing::config_errors(
            "
            mock: [ A ]
            if:
              - trakt_watched and: accept
              - title|nofilter: reject
              - year > 5: maybe
              - a: accept
                b: reject
              - year: { mok: [ B ] }
            ",
        );
        assert_eq!(mistakes.len(), 5, "{mistakes:#?}");
        assert!(mistakes[0].starts_with("`trakt_watched and` is not an expression: "), "{mistakes:#?}");
        assert!(mistakes[1].starts_with("`title|nofilter` is not an expression: "), "{mistakes:#?}");
        assert!(mistakes[2].starts_with("must be one of the following: accept, reject, fail"), "{mistakes:#?}");
        assert!(mistakes[3].starts_with("one condition for each item"), "{mistakes:#?}");
        assert!(mistakes[4].contains("did you mean `mock`?"), "{mistakes:#?}");
        let mistakes = testing::config_errors("if: [ { a: { mock: [ B ] } } ]");
        assert_eq!(mistakes, ["`mock` produces entries, so it cannot depend on one; put it into the task itself"]);
        assert_eq!(testing::config_errors("if: [ { a: { set: { x: '{{ y' } } } ]").len(), 1);
    }

    /// As FlexGet 3.22.7 compares the parts of a quality.
    #[test]
    fn a_quality_has_parts() {
        for (condition, expected) in [
            ("quality.resolution == '1080p'", vec!["A"]),
            ("quality.resolution >= '720p'", vec!["A", "B"]),
            ("quality.source.name in ['hdtv', 'bluray'] and quality == '720p hdtv'", vec!["B"]),
            ("not quality.resolution", vec!["C"]),
            ("quality.codec == 'h264' or quality.name == 'unknown'", vec!["A", "C"]),
        ] {
            let task = format!(
                "mock: [ {{ title: A, quality: 1080p bluray h264 }}, {{ title: B, quality: 720p hdtv }}, \
                 {{ title: C, quality: unknown }} ]\nif: [ {{ {condition:?}: accept }} ]"
            );
            let report = testing::run(&task, &testing::context());
            assert_eq!(testing::titles(&report, State::Accepted), expected, "{condition}");
        }
    }
}
