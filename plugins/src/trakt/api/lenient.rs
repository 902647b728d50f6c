//! Readers for values that differ from Trakt's contract: numbers as text, text as numbers.
//!
//! Use them with `#[serde(deserialize_with)]`. A value that has no reading is `None`: a date that
//! is no date must not cost a whole list.

use std::str::FromStr;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::Value as Json;

/// Reads a whole number, also from text; a fraction is cut off.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let whole = |number: f64| (number.is_finite() && number.abs() < i64::MAX as f64).then_some(number as i64);
    Ok(match Json::deserialize(deserializer)? {
        Json::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Json::String(text) => text.trim().parse().ok().or_else(|| whole(text.trim().parse().ok()?)),
        _ => None,
    })
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
    let number = match Json::deserialize(deserializer)? {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.filter(|number| number.is_finite()))
}

/// Reads text, also from a number.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Json::deserialize(deserializer).map(text_of)
}

/// Returns the text of a scalar; an array or an object has none.
fn text_of(value: Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text),
        Json::Number(number) if number.is_f64() => number.as_f64().map(|number| number.to_string()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
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
    Ok(Json::deserialize(deserializer)?.as_bool())
}

/// Reads a list of texts; a text alone is a list of one.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(match Json::deserialize(deserializer)? {
        Json::Array(values) => Some(values.into_iter().filter_map(text_of).collect()),
        value => text_of(value).map(|text| vec![text]),
    })
}

/// Reads an object, and anything else as nothing.
///
/// # Errors
/// It is an object, and its values have no reading.
pub fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    match Json::deserialize(deserializer)? {
        object @ Json::Object(_) => T::deserialize(object).map(Some).map_err(D::Error::custom),
        _ => Ok(None),
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
