//! The functions that expressions can call: `timedelta`, `duration`, `has_field`.
//!
//! `now` and `utcnow` are values, not functions; the evaluation provides them.

use jiff::SignedDuration;
use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::arguments::bad;
use super::convert::{Number, defined, kind, to_engine};
use super::dates::{DAY, Duration};
use super::fields::{FIELDS, FieldScope};
use super::operators::{added, contained};
use crate::value::{text_attribute, text_attributes, text_order};

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_function("$duration", duration);
    environment.add_function("$has_field", has_field);
    environment.add_function("$attribute", attribute);
    environment.add_function("$attribute_number", attribute_number);
    environment.add_function("$attribute_operand", attribute_operand);
    environment.add_function("$attribute_step", attribute_step);
    environment.add_function("$equal_text", equal_text);
    environment.add_function("$in_text", in_text);
}

/// Returns an attribute of a field, which is one of its text if that has it.
fn attribute(value: &Value, field: &str, name: &str) -> Result<Value, Error> {
    let value = defined(value)?;
    let part = value.as_str().and_then(|text| text_attribute(field, text, name));
    part.map_or_else(|| value.get_attr(name), |part| Ok(to_engine(&part)))
}

/// Returns the number of an attribute, given the attribute's text.
fn attribute_number(value: &Value, field: &str, name: &str) -> Result<Value, Error> {
    let value = defined(value)?;
    let number = value.as_str().and_then(|text| (text_attributes(field)?.number)(text, name));
    number.map_or_else(|| value.get_attr("value"), |number| Ok(Value::from(number)))
}

/// Returns a text that is compared with an attribute, if the attribute can have it.
fn attribute_operand(value: &Value, field: &str, name: &str) -> Result<Value, Error> {
    let is_value = |text: &str| text_attributes(field).is_none_or(|known| (known.is_value)(name, text));
    match value.as_str() {
        Some(text) if !is_value(text) => {
            Err(bad(format!("`{field}.{name}` cannot be compared with `{text}`, which is no {name}")))
        }
        _ => Ok(value.clone()),
    }
}

/// Returns the value so many places above an attribute.
fn attribute_step(
    state: &mut State<'_, '_>,
    value: &Value,
    places: &Value,
    field: &str,
    name: &str,
) -> Result<Value, Error> {
    let step = match (defined(value)?.as_str(), places.as_i64()) {
        (Some(text), Some(places)) => text_attributes(field).and_then(|known| (known.step)(name, text, places)),
        _ => None,
    };
    match step {
        Some(step) => Ok(to_engine(&step)),
        None => added(state, value, places),
    }
}

/// Returns whether a text of a field means the same as another text: `720p hdtv`, `HDTV 720p`.
fn equal_text(a: &Value, b: &Value) -> Result<bool, Error> {
    let (a, b) = (defined(a)?, defined(b)?);
    Ok(match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => text_order(a, b).is_eq(),
        _ => a == b,
    })
}

/// Returns whether a text of a field has all that another text names.
fn in_text(state: &mut State<'_, '_>, value: &Value, container: &Value, field: &str) -> Result<bool, Error> {
    match (defined(value)?.as_str(), defined(container)?.as_str(), text_attributes(field)) {
        (Some(part), Some(text), Some(known)) => Ok((known.holds)(text, part)),
        _ => contained(state, value, container),
    }
}

fn has_field(state: &State<'_, '_>, name: &Value) -> Result<bool, Error> {
    let name = defined(name)?;
    let Some(name) = name.as_str() else {
        return Err(bad(format!("`has_field` needs the name of a field as text, not {}", kind(name))));
    };
    let fields = state.lookup(FIELDS);
    match fields.as_ref().and_then(|fields| fields.downcast_object_ref::<FieldScope>()) {
        Some(fields) => fields.has(name),
        None => Ok(false),
    }
}

/// Units of a duration in the order of positional arguments, with their seconds.
const UNITS: [(&str, f64); 7] = [
    ("days", DAY as f64),
    ("seconds", 1.0),
    ("microseconds", 1e-6),
    ("milliseconds", 1e-3),
    ("minutes", 60.0),
    ("hours", 3600.0),
    ("weeks", 7.0 * DAY as f64),
];

/// Builds a duration: `timedelta(days=2, hours=1)`, `years`, `months`, or text such as `'2 weeks'`.
fn duration(arguments: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    if let [text] = arguments.as_slice()
        && let Some(text) = text.as_str()
    {
        named.assert_all_used()?;
        return spelled(text).map(Duration::into_engine);
    }
    if arguments.len() > UNITS.len() {
        return Err(Error::new(ErrorKind::TooManyArguments, "a duration has seven parts at most"));
    }
    let (mut nanos, mut months) = (0.0, 0.0);
    for ((name, seconds), value) in UNITS.iter().zip(arguments.iter()) {
        nanos += number(name, value)? * seconds * 1e9;
    }
    for name in named.args() {
        let value = number(name, &named.peek::<Value>(name)?)?;
        match (name, UNITS.iter().find(|(part, _)| *part == name)) {
            (_, Some((_, seconds))) => nanos += value * seconds * 1e9,
            ("years", _) => months += value * 12.0,
            ("months", _) => months += value,
            _ => {
                return Err(bad(format!("a duration has no `{name}`: it has days, seconds, minutes, hours, weeks, …")));
            }
        }
    }
    if !(nanos.abs() < 1e27 && months.abs() < 1e6) {
        return Err(bad("the duration is too long".to_owned()));
    }
    // Whole microseconds, so that fractions of days do not leave a rest.
    let exact = SignedDuration::from_micros_i128((nanos / 1e3).round() as i128);
    Ok(Duration { months: months as i64, exact }.into_engine())
}

fn number(name: &str, value: &Value) -> Result<f64, Error> {
    let value = defined(value)?;
    let number = Number::of(value).map(Number::float);
    number.ok_or_else(|| bad(format!("`{name}` of a duration is a number, not {}", kind(value))))
}

fn spelled(text: &str) -> Result<Duration, Error> {
    let bad = || bad(format!("not a duration such as `2 days`: `{text}`"));
    let span: jiff::Span = text.trim().parse().map_err(|_| bad())?;
    let months = i64::from(span.get_years()).saturating_mul(12).saturating_add(span.get_months().into());
    let days = i64::from(span.get_weeks()).saturating_mul(7).saturating_add(span.get_days().into());
    let rest = span.years(0).months(0).weeks(0).days(0);
    let exact = SignedDuration::try_from(rest).map_err(|_| bad())?;
    let exact = exact.checked_add(SignedDuration::from_secs(days.saturating_mul(DAY))).ok_or_else(bad)?;
    Ok(Duration { months, exact })
}
