//! Values of another form than Trakt's contract says, as they were seen in answers of older servers.

use serde_json::{Map, Value, json};

use crate::wire::Reply;

/// A kind of odd value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddValue {
    /// `rating: "8.5"`.
    RatingIsText,
    /// `year: "1999"`.
    YearIsText,
    /// `ids: { trakt: "481" }`, in all namespaces, and the number of the row itself.
    IdIsText,
    /// `votes: 5.5`.
    VotesAreFraction,
    /// `title: 1917`.
    TitleIsNumber,
    /// All ids but Trakt's number are null.
    IdsAreNull,
    /// `ids: { tvrage: null }`.
    TvRage,
    /// Season and episode numbers are text.
    NumberIsText,
    /// `plays: "2"`, `rank: "1"`, `runtime: "120"` and other counts.
    CountsAreText,
    /// `genres: "drama"`, and null for the languages of translations.
    ListsAreScalars,
    /// `airs: "soon"`.
    AirsIsText,
    /// The first movie, show or episode of the answer is a text rather than an object.
    Unreadable,
    /// The first movie, show or episode of the answer is null.
    Absent,
    /// `watched_at: null`.
    WatchedAtIsNull,
    /// `type: "hologram"`.
    TypeIsUnknown,
}

impl OddValue {
    /// All oddities that lose nothing that a client needs.
    pub const READABLE: [OddValue; 11] = [
        OddValue::RatingIsText,
        OddValue::YearIsText,
        OddValue::IdIsText,
        OddValue::VotesAreFraction,
        OddValue::TitleIsNumber,
        OddValue::IdsAreNull,
        OddValue::TvRage,
        OddValue::NumberIsText,
        OddValue::CountsAreText,
        OddValue::ListsAreScalars,
        OddValue::AirsIsText,
    ];

    fn apply(self, object: &mut Map<String, Value>) {
        let as_text = |value: &mut Value| {
            if value.is_number() {
                *value = Value::String(value.to_string());
            }
        };
        let change = |object: &mut Map<String, Value>, names: &[&str], change: &dyn Fn(&mut Value)| {
            names.iter().for_each(|name| object.get_mut(*name).into_iter().for_each(change));
        };
        let ids = object.get_mut("ids").and_then(Value::as_object_mut);
        match self {
            OddValue::RatingIsText => change(object, &["rating"], &as_text),
            OddValue::YearIsText => change(object, &["year"], &as_text),
            OddValue::IdIsText => {
                ids.into_iter().flat_map(Map::values_mut).for_each(as_text);
                change(object, &["id"], &as_text);
            }
            OddValue::VotesAreFraction => change(object, &["votes"], &|votes| {
                *votes = votes.as_f64().map_or(Value::Null, |number| json!(number + 0.5));
            }),
            OddValue::TitleIsNumber => change(object, &["title"], &|title| {
                *title = if title.is_string() { json!(1917) } else { Value::Null };
            }),
            OddValue::IdsAreNull => {
                ids.into_iter().flatten().filter(|(name, _)| *name != "trakt").for_each(|(_, id)| *id = Value::Null);
            }
            OddValue::TvRage => ids.into_iter().for_each(|ids| drop(ids.insert("tvrage".into(), Value::Null))),
            OddValue::NumberIsText => change(object, &["season", "number"], &as_text),
            OddValue::CountsAreText => {
                let counts = ["plays", "rank", "runtime", "aired_episodes", "item_count", "comment_count"];
                change(object, &counts, &as_text);
            }
            OddValue::ListsAreScalars => {
                change(object, &["genres"], &|genres| *genres = genres.get(0).cloned().unwrap_or_default());
                change(object, &["available_translations"], &|languages| *languages = Value::Null);
            }
            OddValue::AirsIsText => change(object, &["airs"], &|airs| *airs = json!("soon")),
            OddValue::WatchedAtIsNull => change(object, &["watched_at"], &|at| *at = Value::Null),
            OddValue::TypeIsUnknown => change(object, &["type"], &|kind| *kind = json!("hologram")),
            OddValue::Unreadable | OddValue::Absent => {}
        }
    }
}

/// The reply with these oddities in all objects of its body.
pub(crate) fn apply(mut reply: Reply, odd: &[OddValue]) -> Reply {
    let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) else { return reply };
    change(&mut body, odd);
    if odd.contains(&OddValue::Unreadable) {
        spoil(&mut body, &json!("unreadable"));
    }
    if odd.contains(&OddValue::Absent) {
        spoil(&mut body, &Value::Null);
    }
    reply.body = serde_json::to_vec(&body).unwrap_or_default();
    reply
}

fn change(value: &mut Value, odd: &[OddValue]) {
    match value {
        Value::Array(rows) => rows.iter_mut().for_each(|row| change(row, odd)),
        Value::Object(object) => {
            odd.iter().for_each(|odd| odd.apply(object));
            object.values_mut().for_each(|inner| change(inner, odd));
        }
        _ => {}
    }
}

/// Puts something else in the place of the first movie, show or episode.
fn spoil(body: &mut Value, instead: &Value) {
    let Some(row) = body.as_array_mut().and_then(|rows| rows.first_mut()) else { return };
    for name in ["movie", "episode", "season", "show", "list", "ids"] {
        if let Some(inner) = row.get_mut(name) {
            *inner = instead.clone();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_odd_wherever_they_stand() {
        let row = json!([{ "id": 1, "rating": 8, "movie": { "title": "A", "year": 1999, "votes": 5, "ids": { "trakt": 4, "imdb": "tt1" } } }]);
        let odd = apply(Reply::json(200, &row), &OddValue::READABLE);
        let expected = json!([{ "id": "1", "rating": "8", "movie": {
            "title": 1917, "year": "1999", "votes": 5.5, "ids": { "trakt": "4", "imdb": null, "tvrage": null },
        } }]);
        assert_eq!(serde_json::from_slice::<Value>(&odd.body).ok(), Some(expected));
        let spoiled = apply(Reply::json(200, &row), &[OddValue::Unreadable]);
        assert_eq!(serde_json::from_slice::<Value>(&spoiled.body).unwrap()[0]["movie"], "unreadable");
    }
}
