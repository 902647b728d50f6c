//! The values of an entry's fields: what YAML has, and dates.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::{self, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

/// Value of a field of an entry, cheap to clone.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// Known to be nothing (`None` in expressions).
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text; a short one is in the value itself.
    Text(SmolStr),
    /// A day.
    Date(Date),
    /// A moment, in UTC.
    Time(Timestamp),
    /// Values in order.
    List(Arc<[Value]>),
    /// Values by name, in order.
    Map(Arc<[(Arc<str>, Value)]>),
}

impl Value {
    /// Returns the text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the whole number, if it is one or text that spells one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Returns whether it is [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns whether a condition takes it for true, as Python does: null, zero, empty are false.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(is) => *is,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Date(_) | Self::Time(_) => true,
            Self::List(items) => !items.is_empty(),
            Self::Map(items) => !items.is_empty(),
        }
    }

    /// Returns the kind of the value for messages, such as `text` or `a number`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::Date(_) => "a date",
            Self::Time(_) => "a date and time",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }

    /// Returns the value as text for a person: text as it is, everything else as in JSON.
    pub fn display(&self) -> String {
        self.shown().into_owned()
    }

    /// Returns [`Value::display`], without copying text.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            other => Cow::Owned(other.to_json().to_string().trim_matches('"').to_owned()),
        }
    }

    /// Returns the value as JSON, dates as text: for reports.
    ///
    /// [`Value::from_stored`] does not get dates back from it.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Returns the value as JSON that [`Value::from_stored`] reads back as it was.
    pub fn to_stored(&self) -> serde_json::Value {
        serde_json::to_value(ToStore(self)).unwrap_or_default()
    }

    fn write<S: Serializer>(&self, serializer: S, dates: Dates) -> Result<S::Ok, S::Error> {
        let written = |value| Written { value, dates };
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(is) => serializer.serialize_bool(*is),
            Self::Int(number) => serializer.serialize_i64(*number),
            // JSON has no infinite numbers.
            Self::Float(number) if dates == Dates::Marked && !number.is_finite() => {
                dates.write(serializer, FLOAT, number)
            }
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Date(day) => dates.write(serializer, DATE, day),
            Self::Time(moment) => dates.write(serializer, TIME, moment),
            Self::List(items) => serializer.collect_seq(items.iter().map(written)),
            Self::Map(items) => serializer.collect_map(items.iter().map(|(name, item)| (&**name, written(item)))),
        }
    }

    /// Reads what [`Value::to_stored`] wrote; any JSON is some value.
    pub fn from_stored(json: &serde_json::Value) -> Self {
        Self::deserialize(json).unwrap_or_default()
    }

    /// Compares values of like kinds: numbers, texts, dates and times.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let number = |value: &Self| match value {
            Self::Bool(is) => Some(f64::from(u8::from(*is))),
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        };
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Date(_) | Self::Time(_), Self::Date(_) | Self::Time(_)) => {
                Some(self.moment()?.cmp(&other.moment()?))
            }
            (Self::List(a), Self::List(b)) => {
                for (a, b) in a.iter().zip(b.iter()) {
                    match a.compare(b)? {
                        Ordering::Equal => {}
                        unequal => return Some(unequal),
                    }
                }
                Some(a.len().cmp(&b.len()))
            }
            _ => number(self)?.partial_cmp(&number(other)?),
        }
    }

    /// Returns the moment: of a day, its first in UTC.
    pub fn moment(&self) -> Option<Timestamp> {
        match self {
            Self::Time(moment) => Some(*moment),
            Self::Date(day) => jiff::tz::TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok(),
            _ => None,
        }
    }
}
/// The mark of a day in JSON that is read back as it was.
pub(crate) const DATE: &str = "$date";
/// The mark of a moment in JSON that is read back as it was.
pub(crate) const TIME: &str = "$time";

/// The mark of an infinite number in JSON that is read back as it was.
const FLOAT: &str = "$float";

/// How dates and infinite numbers are written.
#[derive(Clone, Copy, PartialEq)]
enum Dates {
    /// As text; infinite numbers as the format has them, which is null in JSON.
    Plain,
    /// As objects, which are read back as they were.
    Marked,
}

impl Dates {
    fn write<S: Serializer>(self, serializer: S, mark: &str, date: &impl fmt::Display) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain => serializer.collect_str(date),
            Self::Marked => serializer.collect_map([(mark, date.to_string())]),
        }
    }
}

struct Written<'a> {
    value: &'a Value,
    dates: Dates,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.write(serializer, self.dates)
    }
}

/// A value that is written as [`Value::to_stored`] has it.
pub(crate) struct ToStore<'a>(pub &'a Value);

impl Serialize for ToStore<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer, Dates::Marked)
    }
}

/// Name that asks a deserializer for any value; dates are then objects with a mark.
pub(crate) const VALUE: &str = "$value";

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(VALUE, Anything)
    }
}

/// Takes whatever there is.
struct Anything;

impl<'de> de::Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, is: bool) -> Result<Value, E> {
        Ok(Value::Bool(is))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or_default());
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut items: Vec<(Arc<str>, Value)> = Vec::with_capacity(map.size_hint().unwrap_or_default());
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            items.push((name.into(), value));
        }
        if let [(name, Value::Text(text))] = items.as_slice() {
            let read = match &**name {
                DATE => text.parse().ok().map(Value::Date),
                TIME => text.parse().ok().map(Value::Time),
                FLOAT => text.parse().ok().map(Value::Float),
                _ => None,
            };
            if let Some(read) = read {
                return Ok(read);
            }
        }
        Ok(Value::Map(items.into()))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write(serializer, Dates::Plain)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Value {
    fn from(is: bool) -> Self {
        Self::Bool(is)
    }
}

impl From<Date> for Value {
    fn from(day: Date) -> Self {
        Self::Date(day)
    }
}

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Time(moment)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// Order of certain texts that is not alphabetical, such as `720p` before `1080p`.
///
/// The function returns `None` for other texts.
pub struct TextOrder(pub fn(&str, &str) -> Option<Ordering>);

inventory::collect!(TextOrder);

/// Attributes of the text of a field in expressions, such as `quality.resolution`.
pub struct TextAttributes {
    /// The field.
    pub field: &'static str,
    /// Value of an attribute, given the text and the attribute's name.
    ///
    /// `None` if there is no such attribute.
    pub attribute: fn(&str, &str) -> Option<Value>,
    /// Number of a value of an attribute, given both: `quality.source.value`.
    pub number: fn(&str, &str) -> Option<i64>,
    /// The value that stands some places above one of an attribute: `quality.resolution + 1`.
    ///
    /// Given the attribute's name, its value, and the number of places.
    pub step: fn(&str, &str, i64) -> Option<Value>,
    /// Whether a text is a value of an attribute, given the attribute's name and the text.
    pub is_value: fn(&str, &str) -> bool,
    /// Whether the text has all that another text names: `'720p' in quality`.
    pub holds: fn(&str, &str) -> bool,
}

inventory::collect!(TextAttributes);

/// Returns the attributes of the text of a field, if it has some.
pub(crate) fn text_attributes(field: &str) -> Option<&'static TextAttributes> {
    inventory::iter::<TextAttributes>.into_iter().find(|known| known.field == field)
}

/// Returns an attribute of the text of a field, if the field has such an attribute.
pub(crate) fn text_attribute(field: &str, text: &str, name: &str) -> Option<Value> {
    (text_attributes(field)?.attribute)(text, name)
}

/// Compares two texts by a registered [`TextOrder`], or else by their letters.
pub fn text_order(a: &str, b: &str) -> Ordering {
    let known = inventory::iter::<TextOrder>.into_iter().find_map(|order| (order.0)(a, b));
    known.unwrap_or_else(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_infinite_numbers_survive_the_store() {
        let moment: Timestamp = "2026-11-24T01:02:03Z".parse().unwrap();
        let day = Value::Date("2020-02-29".parse().unwrap());
        let value: Value =
            [Value::Time(moment), day, Value::Null, 1.5.into(), f64::NEG_INFINITY.into()].into_iter().collect();
        assert_eq!(Value::from_stored(&value.to_stored()), value);
        assert_eq!(value.to_json().to_string(), r#"["2026-11-24T01:02:03Z","2020-02-29",null,1.5,null]"#);
    }

    #[test]
    fn a_value_takes_no_more_memory_than_its_text() {
        assert_eq!(size_of::<Value>(), size_of::<SmolStr>());
        assert_eq!(size_of::<Value>(), 24);
    }

    #[test]
    fn numbers_compare_with_numbers_and_text_with_text_only() {
        assert_eq!(Value::Int(2).compare(&Value::Float(2.5)), Some(Ordering::Less));
        assert_eq!(Value::from("2").compare(&Value::Int(2)), None);
    }
}
