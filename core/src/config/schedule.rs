//! `schedules`: when the daemon runs which tasks, in FlexGet's forms.

mod cron;

use std::collections::HashMap;
use std::time::Duration;

use fnv::FnvHasher;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use std::hash::{Hash, Hasher};

use crate::document::diagnostic::{At, Diagnostic, Path, Severity};
use crate::pattern::Pattern;
use crate::plugin::registry;
use cron::Cron;

/// The interval of a config without `schedules`.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(3600);

/// The shortest interval.
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest interval.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);

/// The schedules of a config.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schedules {
    /// The items, in the order of the config; none with `schedules: no`.
    pub items: Vec<Schedule>,
    /// Whether the config says nothing, so that all tasks run once an hour.
    pub is_default: bool,
}

/// One item: tasks, and when they run.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Names of tasks, or masks.
    pub tasks: Vec<String>,
    /// When they run.
    pub trigger: Trigger,
    /// Largest time by which each run is moved, at random.
    pub jitter: Duration,
    /// Key under which its next time is remembered: another one after any change.
    pub key: String,
}

/// When the tasks of an item run.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// After an interval, again and again.
    Interval(Duration),
    /// When the local time matches fields.
    Cron(Cron),
}

impl Schedule {
    /// Returns when the item runs for the first time after `now`, without jitter.
    ///
    /// `last` is when it was last due. An interval keeps its rhythm: runs that were missed are left
    /// out. Returns `None` if it never runs again.
    pub fn next(&self, last: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match &self.trigger {
            Trigger::Cron(cron) => cron.next(now, zone),
            Trigger::Interval(every) => {
                let every = i64::try_from(every.as_millis()).ok()?;
                let now = now.as_millisecond();
                // A time that is to come is of a clock that was wrong.
                let last = last.map(Timestamp::as_millisecond).filter(|last| *last <= now).unwrap_or(now);
                let periods = now.saturating_sub(last).checked_div(every)?.saturating_add(1);
                Timestamp::from_millisecond(last.checked_add(every.checked_mul(periods)?)?).ok()
            }
        }
    }

    /// Returns the next run, moved by a random part of the jitter, and never into the past.
    pub fn next_with_jitter(&self, last: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let next = self.next(last, now, zone)?;
        let jitter = i64::try_from(self.jitter.as_millis()).unwrap_or_default();
        let moved = Timestamp::from_millisecond(
            next.as_millisecond().saturating_add(fastrand::i64(jitter.saturating_neg()..=jitter)),
        )
        .ok()?;
        Some(moved.max(now))
    }

    /// Returns what tells which of many tasks the item means.
    pub fn matcher(&self) -> TaskMatcher<'_> {
        let (masks, names) = self.tasks.iter().partition::<Vec<&String>, _>(|name| name.contains(['*', '?', '[']));
        let masks = masks.into_iter().filter_map(|mask| Pattern::mask(mask).ok()).collect();
        TaskMatcher { exact: &self.tasks, names, masks }
    }
}

/// The tasks that an item means, with its masks ready for use.
pub struct TaskMatcher<'s> {
    exact: &'s [String],
    names: Vec<&'s String>,
    masks: Vec<Pattern>,
}

impl TaskMatcher<'_> {
    /// Returns whether the item means a task.
    ///
    /// A `manual` task runs only if it is named exactly.
    pub fn means(&self, task: &str, manual: bool) -> bool {
        let is_matched = || {
            self.names.iter().any(|name| name.eq_ignore_ascii_case(task))
                || self.masks.iter().any(|mask| mask.is_match(task).unwrap_or(false))
        };
        self.exact.iter().any(|name| name == task) || !manual && is_matched()
    }
}

/// The tasks of a config by name: each of many items finds its own without looking at all.
pub struct TaskNames<'t> {
    tasks: Vec<(&'t str, bool)>,
    /// Positions by name in lower case.
    by_name: HashMap<String, Vec<usize>>,
}

impl<'t> TaskNames<'t> {
    /// Creates it from names, each with whether the task is manual.
    pub fn new(tasks: impl IntoIterator<Item = (&'t str, bool)>) -> Self {
        let tasks: Vec<(&str, bool)> = tasks.into_iter().collect();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::with_capacity(tasks.len());
        for (at, (name, _)) in tasks.iter().enumerate() {
            by_name.entry(name.to_ascii_lowercase()).or_default().push(at);
        }
        Self { tasks, by_name }
    }

    /// Returns the positions of the tasks that an item means, in order.
    pub fn meant_by(&self, item: &Schedule) -> Vec<usize> {
        let matcher = item.matcher();
        let is_meant = |at: &usize| matcher.means(self.tasks[*at].0, self.tasks[*at].1);
        if !matcher.masks.is_empty() {
            return (0..self.tasks.len()).filter(is_meant).collect();
        }
        let named = item.tasks.iter().filter_map(|name| self.by_name.get(&name.to_ascii_lowercase()));
        let mut meant: Vec<usize> = named.flatten().copied().filter(is_meant).collect();
        meant.sort_unstable();
        meant.dedup();
        meant
    }
}

/// Returns the JSON Schema of `schedules`.
pub(super) fn schema() -> Value {
    let number = || json!({ "type": "number" });
    let field = |most: &str| json!({ "description": most, "type": ["integer", "string"] });
    let jitter = || {
        json!({
            "description": "Seconds by which each run is moved at random, at most.",
            "type": "integer",
            "minimum": 0,
        })
    };
    json!({
        "description": "When `flexget-rs daemon` runs which tasks: a list; `yes` runs all once an hour, `no` none.",
        "anyOf": [
            { "type": "boolean" },
            {
                "type": "array",
                "items": {
                    "description": "Tasks, and when they run: `interval` or `schedule`.",
                    "type": "object",
                    "required": ["tasks"],
                    "additionalProperties": false,
                    "properties": {
                        "tasks": {
                            "description": "Names of tasks, or masks with `*`, `?` and `[…]`.",
                            "anyOf": [
                                { "type": "string" },
                                { "type": "array", "items": { "type": "string" }, "minItems": 1 },
                            ],
                        },
                        "interval": {
                            "description": "Time between two runs; parts are added up.",
                            "type": "object",
                            "additionalProperties": false,
                            "properties": {
                                "minutes": number(),
                                "hours": number(),
                                "days": number(),
                                "weeks": number(),
                                "jitter": jitter(),
                            },
                        },
                        "schedule": {
                            "description": "Fields of the local time at which the tasks run.",
                            "type": "object",
                            "additionalProperties": false,
                            "properties": {
                                "year": field("A year of four digits, or several."),
                                "month": field("1-12 or jan-dec."),
                                "day": field("1-31, `last`, `2nd fri`, `last sun`."),
                                "week": field("ISO week, 1-53."),
                                "day_of_week": field("0-6, where 0 is Monday, or mon-sun."),
                                "hour": field("0-23."),
                                "minute": field("0-59."),
                                "jitter": jitter(),
                            },
                        },
                    },
                },
            },
        ],
    })
}

/// Reads `schedules`; `tasks` are the names of the config's tasks, each with whether it is manual.
///
/// What the schema refuses is left out.
pub(super) fn read(value: Option<&Value>, tasks: &[(&str, bool)], diagnostics: &mut Vec<Diagnostic>) -> Schedules {
    let items = match value {
        None | Some(Value::Bool(true)) => {
            let mut every_hour = Schedule {
                tasks: vec!["*".to_owned()],
                trigger: Trigger::Interval(DEFAULT_INTERVAL),
                jitter: Duration::ZERO,
                key: String::new(),
            };
            every_hour.key = "default".to_owned();
            return Schedules { items: vec![every_hour], is_default: value.is_none() };
        }
        Some(Value::Array(items)) => items.as_slice(),
        Some(_) => &[],
    };
    let mut schedules = Schedules::default();
    let names = TaskNames::new(tasks.iter().copied());
    let mut keys: HashMap<String, usize> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        let path = Path::root().key("schedules").index(at);
        let Value::Object(item) = item else { continue };
        match read_item(item, &path) {
            Ok(Some(mut schedule)) => {
                diagnostics.extend(unmatched(&schedule, item, &path, &names));
                // Two items may say the same.
                let same = keys.entry(schedule.key.clone()).or_default();
                if *same > 0 {
                    schedule.key = format!("{} {same}", schedule.key);
                }
                *same = same.saturating_add(1);
                schedules.items.push(schedule);
            }
            Ok(None) => {}
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    schedules
}

/// Reads an item; `None` for one that the schema refuses.
fn read_item(item: &Map<String, Value>, path: &Path) -> Result<Option<Schedule>, Box<Diagnostic>> {
    let names = match item.get("tasks") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => return Ok(None),
    };
    let (key, fields) = match (item.get("interval"), item.get("schedule")) {
        (Some(Value::Object(interval)), None) => ("interval", interval),
        (None, Some(Value::Object(schedule))) => ("schedule", schedule),
        (None, None) => {
            let help = "write `interval: { hours: 1 }`, or `schedule: { hour: 3 }` for each day at 03:00";
            let message = "either `interval` or `schedule` must be given";
            return Err(Box::new(Diagnostic::value(path.clone(), message).help(help)));
        }
        (Some(_), Some(_)) => {
            let message = "`interval` and `schedule` cannot both be given: write two items";
            return Err(Box::new(Diagnostic::key(path.key("schedule"), message)));
        }
        _ => return Ok(None),
    };
    let at = path.key(key);
    let trigger = if key == "interval" { Trigger::Interval(interval(fields, &at)?) } else { cron(fields, &at)? };
    let mut hasher = FnvHasher::default();
    Value::Object(item.clone()).to_string().hash(&mut hasher);
    let jitter = fields.get("jitter").and_then(Value::as_u64).unwrap_or_default();
    let key = format!("{:016x}", hasher.finish());
    Ok(Some(Schedule { tasks: names, trigger, jitter: Duration::from_secs(jitter), key }))
}

fn interval(fields: &Map<String, Value>, at: &Path) -> Result<Duration, Box<Diagnostic>> {
    const UNITS: [(&str, f64); 4] = [("minutes", 60.0), ("hours", 3600.0), ("days", 86_400.0), ("weeks", 604_800.0)];
    let given = || UNITS.iter().filter(|(name, _)| fields.contains_key(*name));
    if given().next().is_none() {
        let message = "an interval needs one or more of `minutes`, `hours`, `days`, `weeks`";
        return Err(Box::new(Diagnostic::value(at.clone(), message)));
    }
    let part = |(name, seconds): &(&str, f64)| fields.get(*name).and_then(Value::as_f64).unwrap_or_default() * seconds;
    let seconds: f64 = given().map(part).sum();
    match Duration::try_from_secs_f64(seconds) {
        Ok(every) if (SHORTEST..=LONGEST).contains(&every) => Ok(every),
        _ => {
            let message = format!("an interval of {seconds} s cannot be kept: it must be 1 s or more");
            Err(Box::new(Diagnostic::value(at.clone(), message).help("`minutes: 5` runs every five minutes")))
        }
    }
}

fn cron(fields: &Map<String, Value>, at: &Path) -> Result<Trigger, Box<Diagnostic>> {
    let texts: Vec<(&str, String)> = fields
        .iter()
        .filter(|(name, _)| *name != "jitter")
        .map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    if texts.is_empty() {
        let message = "a schedule needs one or more fields, such as `hour`";
        let help = "`hour: 3` runs each day at 03:00, `minute: '*/15'` each quarter of an hour";
        return Err(Box::new(Diagnostic::value(at.clone(), message).help(help)));
    }
    Cron::new(&texts).map(Trigger::Cron).map_err(|problem| {
        let at = problem.field.map_or_else(|| at.clone(), |field| at.key(field));
        Box::new(Diagnostic::value(at, problem.message))
    })
}

/// Warns of names that mean no task.
fn unmatched(schedule: &Schedule, item: &Map<String, Value>, path: &Path, names: &TaskNames<'_>) -> Vec<Diagnostic> {
    let is_list = item.get("tasks").is_some_and(Value::is_array);
    let mut warnings = Vec::new();
    for (at, name) in schedule.tasks.iter().enumerate().filter(|(_, name)| *name != "*") {
        let place = path.key("tasks");
        let place = At::Value(if is_list { place.index(at) } else { place });
        let warning = |message: String| Diagnostic { at: place.clone(), ..Diagnostic::key(Path::root(), message) };
        let alone = Schedule { tasks: vec![name.clone()], ..schedule.clone() };
        if !names.meant_by(&alone).is_empty() {
            continue;
        }
        let matcher = alone.matcher();
        let manual = names.tasks.iter().any(|(task, manual)| *manual && matcher.means(task, false));
        let (message, help) = if manual {
            let message = format!("`{name}` matches only tasks that are `manual`, which run if they are named exactly");
            (message, "write the whole name, or remove `manual` from the task".to_owned())
        } else {
            let help = match registry::similar(name, names.tasks.iter().map(|(task, _)| *task)).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => "the names of tasks are the keys below `tasks`".to_owned(),
            };
            (format!("`{name}` does not match any tasks: the daemon runs none for it"), help)
        };
        warnings.push(warning(message).severity(Severity::Warning).help(help));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedules(yaml: &str, tasks: &[(&str, bool)]) -> (Schedules, Vec<String>) {
        let value: Value = serde_yaml::from_str(yaml).unwrap();
        let mut diagnostics = Vec::new();
        let schedules = read(Some(&value), tasks, &mut diagnostics);
        (schedules, diagnostics.into_iter().map(|one| one.message).collect())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_interval_keeps_its_rhythm_and_leaves_out_what_was_missed() {
        let (schedules, problems) = schedules("[{ tasks: '*', interval: { hours: 1, minutes: 30 } }]", &[]);
        assert!(problems.is_empty(), "{problems:?}");
        let next = |last, now| schedules.items[0].next(last, at(now), &TimeZone::UTC).unwrap().to_string();
        assert_eq!(next(None, "2026-01-01T00:00:00Z"), "2026-01-01T01:30:00Z");
        let last = Some(at("2026-01-01T00:00:00Z"));
        assert_eq!(next(last, "2026-01-01T00:10:00Z"), "2026-01-01T01:30:00Z");
        assert_eq!(next(last, "2026-01-01T06:00:00Z"), "2026-01-01T07:30:00Z");
        // The clock was set back: not years without a run.
        assert_eq!(next(Some(at("2030-01-01T00:00:00Z")), "2026-01-01T00:00:00Z"), "2026-01-01T01:30:00Z");
    }

    #[test]
    fn an_item_keeps_its_key_until_it_is_changed() {
        let key = |yaml: &str| schedules(yaml, &[]).0.items.into_iter().map(|item| item.key).collect::<Vec<_>>();
        let one = key("[{ tasks: a, interval: { hours: 1 } }]");
        assert_eq!(key("[{ tasks: b, interval: { hours: 1 } }, { tasks: a, interval: { hours: 1 } }]")[1], one[0]);
        assert_ne!(key("[{ tasks: a, interval: { hours: 2 } }]"), one);
        let twice = key("[{ tasks: a, interval: { hours: 1 } }, { tasks: a, interval: { hours: 1 } }]");
        assert_ne!(twice[0], twice[1]);
    }

    #[test]
    fn masks_mean_tasks_and_only_a_name_means_a_manual_one() {
        let tasks = [("films", false), ("shows", false), ("rare", true)];
        let (found, problems) = schedules("[{ tasks: [ 'F*', rare ], interval: { hours: 1 } }]", &tasks);
        assert!(problems.is_empty(), "{problems:?}");
        let means = |name: &str, manual: bool| found.items[0].matcher().means(name, manual);
        assert!(means("films", false) && means("rare", true) && !means("shows", false));
        let (_, problems) = schedules("[{ tasks: [ 'r*', shws ], interval: { hours: 1 } }]", &tasks);
        assert_eq!(
            problems,
            [
                "`r*` matches only tasks that are `manual`, which run if they are named exactly",
                "`shws` does not match any tasks: the daemon runs none for it"
            ]
        );
    }

    #[test]
    fn names_find_the_same_tasks_as_a_look_at_all() {
        let tasks = [("films", false), ("Films", false), ("rare", true), ("a*", false), ("b", false)];
        let names = TaskNames::new(tasks);
        for masks in ["films", "FILMS", "rare", "Rare", "'a*'", "'*'", "[ b, rare, b ]", "[ b, 'f*' ]", "nowhere"] {
            let (found, _) = schedules(&format!("[{{ tasks: {masks}, interval: {{ hours: 1 }} }}]"), &tasks);
            let matcher = found.items[0].matcher();
            let all: Vec<usize> = (0..tasks.len()).filter(|at| matcher.means(tasks[*at].0, tasks[*at].1)).collect();
            assert_eq!(names.meant_by(&found.items[0]), all, "{masks}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_an_error() {
        for (item, message) in [
            ("interval: { hours: 0 }", "an interval of 0 s cannot be kept: it must be 1 s or more"),
            ("interval: { minutes: -5 }", "an interval of -300 s cannot be kept: it must be 1 s or more"),
            ("interval: { jitter: 5 }", "an interval needs one or more of `minutes`, `hours`, `days`, `weeks`"),
            ("schedule: {}", "a schedule needs one or more fields, such as `hour`"),
            ("schedule: { hour: 25 }", "`25` is not valid for `hour`: 0 to 23 are possible"),
            (
                "interval: { hours: 1 }, schedule: { hour: 1 }",
                "`interval` and `schedule` cannot both be given: write two items",
            ),
        ] {
            let (found, problems) = schedules(&format!("[{{ tasks: '*', {item} }}]"), &[]);
            assert_eq!((found.items.len(), problems), (0, vec![message.to_owned()]), "{item}");
        }
    }

    #[test]
    fn any_jitter_and_any_time_give_a_time_or_none() {
        let every = |jitter: u64| Schedule {
            tasks: vec!["a".to_owned()],
            trigger: Trigger::Interval(DEFAULT_INTERVAL),
            jitter: Duration::from_secs(jitter),
            key: "a".to_owned(),
        };
        for jitter in [0, 60, 9_200_000_000_000_000, u64::MAX] {
            for now in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
                for last in [None, Some(Timestamp::MIN), Some(Timestamp::MAX)] {
                    let next = every(jitter).next_with_jitter(last, now, &TimeZone::UTC);
                    assert!(next.is_none_or(|next| next >= now), "{jitter} {now} {last:?}: {next:?}");
                }
            }
        }
    }

    #[test]
    fn without_a_list_all_tasks_run_once_an_hour_or_none() {
        assert_eq!(schedules("true", &[]).0.items.len(), 1);
        assert!(schedules("false", &[]).0.items.is_empty() && schedules("[]", &[]).0.items.is_empty());
        assert!(read(None, &[], &mut Vec::new()).is_default);
    }
}
