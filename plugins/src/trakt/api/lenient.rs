//! Readers for values that differ from Trakt's contract: numbers as text, text as numbers.
//!
//! Use them with `#[serde(deserialize_with)]`. A value that has no reading is `None`: a date that
//! is no date must not cost a whole list.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON value that is neither array nor object; those are `Nothing`.
enum Scalar {
    Nothing,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Scalar {
    fn number(self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(number),
            Self::Float(number) => whole(number),
            Self::Text(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| whole(text.parse().ok()?))
            }
            Self::Nothing | Self::Bool(_) => None,
        }
    }

    fn float(self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Nothing | Self::Bool(_) => None,
        }
        .filter(|number| number.is_finite())
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Nothing | Self::Bool(_) => None,
        }
    }
}

/// Returns a number without its fraction.
fn whole(number: f64) -> Option<i64> {
    (number.is_finite() && number.abs() < i64::MAX as f64).then_some(number as i64)
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Integer(value))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(i64::try_from(value).map_or(Scalar::Nothing, Scalar::Integer))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Float(value))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }
    fn visit_string<E: Error>(self, value: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(value))
    }
    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }
    fn visit_none<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Reads a whole number, also from text; a fraction is cut off.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Scalar::deserialize(deserializer).map(Scalar::number)
}

/// Reads the number of a season or an episode.
///
/// # Errors
/// It is not a number: 0 would be another season.
pub fn required_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    number(deserializer)?.ok_or_else(|| D::Error::custom("expected a number"))
}

/// Reads a number, also from text.
pub fn float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Scalar::deserialize(deserializer).map(Scalar::float)
}

/// Reads text, also from a number.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Scalar::deserialize(deserializer).map(Scalar::text)
}

/// Reads text as [`text`] does; nothing is an empty text.
pub fn text_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(text(deserializer)?.unwrap_or_default())
}

/// Reads text as [`text`] does, and takes blanks for nothing.
pub fn id_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text(deserializer)?.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// Reads a time or date.
pub fn parsed<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(text(deserializer)?.and_then(|text| text.parse().ok()))
}

/// Reads yes or no.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(if let Scalar::Bool(flag) = Scalar::deserialize(deserializer)? { Some(flag) } else { None })
}

/// Reads a list of texts; a text alone is a list of one.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::Many(values) => Some(values.into_iter().filter_map(Scalar::text).collect()),
        OneOrMany::One(value) => value.text().map(|text| vec![text]),
    })
}

/// A scalar, or an array of scalars.
enum OneOrMany {
    One(Scalar),
    Many(Vec<Scalar>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(OneOrMany::Many(values))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(Scalar::Text(value.to_owned())))
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(Scalar::Nothing))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(Scalar::Integer(value)))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<OneOrMany, E> {
        ScalarVisitor.visit_u64(value).map(OneOrMany::One)
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(Scalar::Float(value)))
    }
    fn visit_unit<E: Error>(self) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(Scalar::Nothing))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany, A::Error> {
        ScalarVisitor.visit_map(map).map(OneOrMany::One)
    }
}

/// Reads an object, and anything else as nothing.
///
/// # Errors
/// It is an object, and its values have no reading.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Option<T>, A::Error> {
        ScalarVisitor.visit_seq(seq).map(|_| None)
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
}

/// Reads null as the default.
pub fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Row {
        #[serde(deserialize_with = "number")]
        votes: Option<i64>,
        #[serde(deserialize_with = "float")]
        rating: Option<f64>,
        #[serde(deserialize_with = "text")]
        title: Option<String>,
        #[serde(deserialize_with = "parsed")]
        at: Option<jiff::Timestamp>,
        #[serde(default, deserialize_with = "texts")]
        genres: Option<Vec<String>>,
        #[serde(default, deserialize_with = "object")]
        airs: Option<std::collections::BTreeMap<String, String>>,
    }

    #[test]
    fn odd_values_are_read_and_senseless_ones_are_nothing() {
        let row = |text: &str| serde_json::from_str::<Row>(text).unwrap();
        let odd = row(r#"{ "votes": "5.5", "rating": "8.5", "title": 1917, "at": "2026-01-02T03:04:05.000Z" }"#);
        assert_eq!((odd.votes, odd.rating, odd.title.as_deref()), (Some(5), Some(8.5), Some("1917")));
        assert_eq!(odd.at.map(|at| at.to_string()).as_deref(), Some("2026-01-02T03:04:05Z"));
        let senseless = row(r#"{ "votes": [1], "rating": {"a": 1}, "title": null, "at": "yesterday" }"#);
        let nothing = Row { votes: None, rating: None, title: None, at: None, genres: None, airs: None };
        assert_eq!(senseless, nothing);
        assert!(serde_json::from_str::<Row>("[]").is_err());
        let rest = r#""votes": 1, "rating": 1, "title": "A", "at": null"#;
        for (genres, expected) in [
            (r#"["drama", 1, null]"#, Some(vec!["drama".to_owned(), "1".to_owned()])),
            (r#""drama""#, Some(vec!["drama".to_owned()])),
            ("null", None),
            ("true", None),
            ("{}", None),
        ] {
            let read = row(&format!(r#"{{ {rest}, "genres": {genres}, "airs": {genres} }}"#));
            assert_eq!(read.genres, expected, "{genres}");
            assert_eq!(read.airs.is_some(), genres == "{}", "{genres}");
        }
    }
}
