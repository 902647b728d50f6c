use std::borrow::Cow;
use std::fmt;

use flexget_core::document::Node;
use flexget_core::document::read::{fail, read};
use flexget_core::expression::{ErrorKind, Expression};
use flexget_core::prelude::*;
use flexget_core::task::report::unavailable_fields_message;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Deserializer;
use serde::de::{Error as _, MapAccess, Visitor};

/// Accepts, rejects or fails the entries for which a condition is true, or runs plugins on them.
///
/// A condition is a Jinja expression over the fields of an entry: `and`, `or`, `not`, `in`,
/// comparisons, filters, `is defined`, `now - timedelta(days=7)`. It may also use
/// `has_field('name')`, `now`, `utcnow` and `task`. The rules are applied in order, each to the
/// entries that are not rejected yet.
///
/// Instead of `accept`, `reject` or `fail`, a rule may hold plugins, or a list of such actions.
/// Plugins run on the matching entries in all their phases; the condition is evaluated again in
/// each phase. What they decide bears their names; in FlexGet it bears that of `if`, so that a
/// report does not tell which of them it was.
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
#[schemars(extend("help_type" = "write each rule below it, behind `- `: `- condition: accept`"))]
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
    const ACCEPTS: bool = true;

    fn steps(&self) -> Vec<Step<Self>> {
        let actions = || self.rules.iter().flat_map(|rule| rule.actions.iter());
        let phases: BTreeSet<Phase> = actions().flat_map(Action::phases).collect();
        let accepts = actions().any(|action| matches!(action, Action::Decide(RuleDecision::Accept)));
        let step = |phase| {
            let apply = async move |plugin: &Self, task: &mut Task| plugin.apply(phase, task).await;
            Step::at(phase, apply).priority(80).gives_nothing().accepts(accepts)
        };
        phases.into_iter().map(step).collect()
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

impl If {
    async fn apply(&self, phase: Phase, task: &mut Task) -> Result<()> {
        for rule in self.rules.iter().filter(|rule| rule.actions.iter().any(|action| action.phases().contains(&phase)))
        {
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

    fn phases(&self) -> Vec<Phase> {
        match self {
            Self::Decide(_) => vec![Phase::Filter],
            Self::Run(plugins) => plugins.steps.iter().map(|step| step.phase).collect(),
        }
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
                        let excludes = |action: &Action| {
                            matches!(action, Action::Decide(RuleDecision::Reject | RuleDecision::Fail))
                        };
                        if self.actions.iter().any(excludes) {
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
        let written = Node::deserialize(deserializer)?;
        let action = match written.as_mapping() {
            Some(_) => read(&written).map(Self::Run),
            None => read(&written).map(Self::Decide),
        };
        action.map_err(fail)
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
        let decision = json_schema!({ "type": "string", "enum": ["accept", "reject", "fail"] });
        let plugins = AnyPlugins::json_schema(generator);
        let action = json_schema!({ "anyOf": [decision, plugins] });
        json_schema!({
            "description": "A condition and the actions for entries that match it.",
            "type": "object",
            "help_type": "write the action behind the condition: `{value}: accept`",
            "propertyNames": { "format": "expression" },
            "additionalProperties": {
                "description": "The action: `accept`, `reject`, `fail`, plugins to run, or a list of these.",
                "anyOf": [decision, plugins, { "type": "array", "minItems": 1, "items": action }],
                "help_anyOf": "write `accept`, `reject`, `fail` or plugins behind the condition",
            },
            "minProperties": 1,
            "maxProperties": 1,
            "error_maxProperties": ONE_CONDITION,
        })
    }
}

#[cfg(test)]
mod tests;
