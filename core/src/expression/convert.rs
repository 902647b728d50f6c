//! Values of fields as the engine's values, and back.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, Value as Engine};

use super::dates::{Duration, When};
use crate::value::Value;

/// Returns a field's value for the engine.
///
/// Long texts, lists and mappings are shared, not copied.
pub(super) fn to_engine(value: &Value) -> Engine {
    match value {
        Value::Null => Engine::from(()),
        Value::Bool(is) => Engine::from(*is),
        Value::Int(number) => Engine::from(*number),
        Value::Float(number) => Engine::from(*number),
        Value::Text(text) if text.is_heap_allocated() => Engine::from(Arc::<str>::from(text.clone())),
        Value::Text(text) => Engine::from(text.as_str()),
        Value::Date(day) => When::Day(*day).into_engine(),
        Value::Time(moment) => When::Moment(*moment, TimeZone::UTC).into_engine(),
        Value::List(items) => Engine::from_object(Items(Arc::clone(items))),
        Value::Map(items) => Engine::from_object(Named(Arc::clone(items))),
    }
}

/// Creates a result as a field's value.
///
/// A duration is left as text; an undefined item of a list as nothing.
///
/// # Errors
///
/// The error that an item of a lazy list fails with.
pub(super) fn from_engine(value: &Engine) -> Result<Value, Error> {
    if let Some(items) = value.downcast_object_ref::<Items>() {
        return Ok(Value::List(Arc::clone(&items.0)));
    }
    if let Some(items) = value.downcast_object_ref::<Named>() {
        return Ok(Value::Map(Arc::clone(&items.0)));
    }
    Ok(match value.kind() {
        ValueKind::Undefined | ValueKind::None => Value::Null,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number => match Number::of(value) {
            Some(Number::Int(number)) => Value::Int(number),
            Some(Number::Float(number)) => Value::Float(number),
            None => Value::Null,
        },
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?.checked().map(|item| from_engine(&item?));
            Value::List(items.collect::<Result<_, Error>>()?)
        }
        ValueKind::Map => {
            let names = value.try_iter()?.checked().map(|name| {
                let name = name?;
                Ok((Arc::from(name.to_string()), from_engine(&value.get_item(&name)?)?))
            });
            Value::Map(names.collect::<Result<_, Error>>()?)
        }
        _ => match When::of(value) {
            Some(When::Day(day)) => Value::Date(*day),
            Some(When::Moment(moment, _)) => Value::Time(*moment),
            None => Value::from(value.to_string()),
        },
    })
}

/// Returns the number, boolean or null that a text spells in Python's way, or else the text.
pub(super) fn spelled(text: String) -> Value {
    match text.as_str() {
        "None" => Value::Null,
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        number => spelled_number(number).unwrap_or_else(|| Value::from(text)),
    }
}

fn spelled_number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits.split(['.', 'e', 'E']).next()?;
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_number {
        return None;
    }
    if whole.len() == digits.len() {
        // `007` is a name, not a number.
        return if digits.len() > 1 && digits.starts_with('0') { None } else { text.parse().ok().map(Value::Int) };
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float)
}

/// Returns the kind of the value, in the words of [`Value::kind`].
pub(super) fn kind(value: &Engine) -> &'static str {
    match value.kind() {
        ValueKind::Undefined => "something undefined",
        ValueKind::None => Value::Null.kind(),
        ValueKind::Bool => Value::Bool(true).kind(),
        ValueKind::Number => Value::Int(0).kind(),
        ValueKind::String => "text",
        ValueKind::Seq | ValueKind::Iterable => "a list",
        ValueKind::Map => "a mapping",
        _ => match When::of(value) {
            Some(When::Day(day)) => Value::Date(*day).kind(),
            Some(When::Moment(..)) => Value::Time(Timestamp::UNIX_EPOCH).kind(),
            None if Duration::of(value).is_some() => "a duration",
            None => "something else",
        },
    }
}

/// Returns the engine's error for an undefined value, which says where the value came from.
pub(super) fn undefined(value: &Engine) -> Error {
    value.get_attr("").err().unwrap_or_else(|| Error::from(ErrorKind::UndefinedError))
}

/// Returns the value, if it is defined.
pub(super) fn defined(value: &Engine) -> Result<&Engine, Error> {
    if value.is_undefined() { Err(undefined(value)) } else { Ok(value) }
}

/// A number; as in Python, true is 1 and false is 0.
#[derive(Clone, Copy)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    pub(super) fn of(value: &Engine) -> Option<Self> {
        match value.kind() {
            ValueKind::Bool => Some(Self::Int(value.is_true().into())),
            ValueKind::Number if value.is_integer() => Some(
                value.as_i64().map_or_else(|| Self::Float(f64::try_from(value.clone()).unwrap_or(f64::NAN)), Self::Int),
            ),
            ValueKind::Number => f64::try_from(value.clone()).ok().map(Self::Float),
            _ => None,
        }
    }

    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

/// A list of a field.
#[derive(Debug)]
struct Items(Arc<[Value]>);

impl Object for Items {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Engine) -> Option<Engine> {
        self.0.get(key.as_usize()?).map(to_engine)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
}

/// A mapping of a field.
#[derive(Debug)]
struct Named(Arc<[(Arc<str>, Value)]>);

impl Object for Named {
    fn get_value(self: &Arc<Self>, key: &Engine) -> Option<Engine> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Engine> {
        self.0.iter().find(|(name, _)| **name == *key).map(|(_, value)| to_engine(value))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Engine::from(Arc::clone(name))).collect())
    }
}
