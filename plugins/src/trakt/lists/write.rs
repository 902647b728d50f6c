//! Writes in batches: the body that all of Trakt's lists take, and the outcome of each entry.

use std::time::Duration;

use flexget_core::context::http::Retry;
use flexget_core::prelude::*;
use serde::Deserializer;
use serde_json::{Map, Value as Json};

use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::{Client, strange};
use crate::trakt::api::errors::Fault;
use crate::trakt::api::lenient;
use crate::trakt::api::model::ListSummary;
use crate::trakt::lists::catalogue;

/// Number of items in one request: beyond some hundreds Trakt takes too long.
pub const BATCH: usize = 200;

/// One item of a write, as it is sent.
pub struct Unit {
    /// Medium.
    media: Media,
    /// Its extra fields: dates, a rating.
    extra: Map<String, Json>,
    /// Number of plays, episodes or rows that its removal is known to take off; `None` to add it.
    expected: Option<usize>,
}

impl Unit {
    /// Creates an item to add, with its dates or rating.
    pub fn added(media: Media, extra: Map<String, Json>) -> Self {
        Self { media, extra, expected: None }
    }

    /// Creates an item to remove, of which so many plays, episodes or rows are known.
    pub fn removed(media: Media, expected: usize) -> Self {
        Self { media, extra: Map::new(), expected: Some(expected) }
    }
}

/// An object of the body, and the units that it stands for.
struct Item {
    group: &'static str,
    body: Json,
    units: Vec<Named>,
}

/// A unit in an object.
struct Named {
    /// The unit's position.
    at: usize,
    /// Its kind, by which Trakt counts it.
    kind: Kind,
    /// The season, and the episode within it, if the unit is one that is named within its show.
    part: Option<(i64, Option<i64>)>,
    /// Number of rows that its removal is known to take off.
    expected: Option<usize>,
}

/// The reason of units that Trakt neither did nor named as unknown.
pub const NOT_DONE: &str = "Trakt accepted the request, but did nothing for it";

/// Result of sending units.
pub struct SendOutcome {
    /// The outcome of each unit.
    pub change: Change,
    /// Whether a limit of the account ended it: failed units may be stored in part.
    pub at_limit: bool,
    /// Whether Trakt answered with an error that leaves open what was stored.
    pub is_unclear: bool,
    /// Whether there is no such list, so that nothing was stored.
    pub is_missing: bool,
    /// The wait after which Trakt takes the rest, if it refused that as too many requests.
    pub limited: Option<Duration>,
    /// The number of items that the list has now, if Trakt said it.
    pub item_count: Option<usize>,
    /// Number of rows that were removed without being known before, and of which items is unknown.
    pub surplus: usize,
}

impl From<Change> for SendOutcome {
    fn from(change: Change) -> Self {
        Self {
            change,
            at_limit: false,
            is_unclear: false,
            is_missing: false,
            limited: None,
            item_count: None,
            surplus: 0,
        }
    }
}

impl SendOutcome {
    /// Returns whether Trakt accepted a request and did not say what it did for an item.
    pub fn is_doubtful(&self) -> bool {
        self.change.outcomes.iter().any(|outcome| *outcome == Outcome::Failed(NOT_DONE.to_owned()))
    }
}

/// Response to a batch; its blocks depend on the list.
#[derive(Deserialize, Default)]
#[serde(default)]
struct BatchResponse {
    #[serde(deserialize_with = "counts")]
    added: Counts,
    #[serde(deserialize_with = "counts")]
    updated: Counts,
    #[serde(deserialize_with = "counts")]
    existing: Counts,
    #[serde(deserialize_with = "counts")]
    deleted: Counts,
    #[serde(deserialize_with = "lenient::null_is_default")]
    not_found: HashMap<String, Json>,
    /// Summary of the list after the change.
    #[serde(deserialize_with = "lenient::null_is_default")]
    list: ListSummary,
}

/// Numbers of items by kind.
type Counts = HashMap<String, usize>;

/// Reads counts; what is no count is left out.
fn counts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Counts, D::Error> {
    let counts: HashMap<String, Count> = lenient::null_is_default(deserializer)?;
    let count = |(kind, Count(count))| Some((kind, usize::try_from(count?).ok()?));
    Ok(counts.into_iter().filter_map(count).collect())
}

/// A number of items, if it is one.
#[derive(Deserialize)]
struct Count(#[serde(deserialize_with = "lenient::number")] Option<i64>);

impl BatchResponse {
    /// Returns the response, if it says anything of what became of the items.
    fn understood(self, path: &str) -> Result<Self, Fault> {
        let counts = [&self.added, &self.updated, &self.existing, &self.deleted];
        if counts.iter().all(|counts| counts.is_empty()) && self.not_found.is_empty() {
            return Err(Fault::UnexpectedResponse(strange(path).after_sending()));
        }
        Ok(self)
    }
}

/// Sends units in batches, and returns the outcome of each.
///
/// After a failure nothing more is sent: units that were not sent have failed for the same reason.
pub async fn send(client: &Client, path: &str, units: &[Unit], retry: Retry) -> SendOutcome {
    let items = items(units);
    let mut sent = SendOutcome::from(Change::all(Outcome::Done, units.len()));
    let mut failure: Option<String> = None;
    for (number, batch) in items.chunks(BATCH).enumerate() {
        if failure.is_none() {
            match client
                .post::<BatchResponse>(path, body(batch), retry)
                .await
                .and_then(|response| response.understood(path))
            {
                Ok(response) => {
                    client.cx().progress.advance(batch.iter().map(|item| item.units.len()).sum());
                    let surplus = take(&mut sent.change.outcomes, batch, &response, path);
                    sent.surplus = sent.surplus.saturating_add(surplus);
                    sent.item_count = response.list.item_count.and_then(|count| usize::try_from(count).ok());
                    continue;
                }
                Err(fault) => {
                    sent.at_limit = matches!(fault, Fault::AccountLimit);
                    sent.is_unclear = sent.at_limit || matches!(fault, Fault::Unavailable { status: 408 | 499, .. });
                    sent.is_missing = matches!(fault, Fault::NotFound) && number == 0;
                    sent.limited = fault.limited();
                    let reason = explain(client, path, fault).await;
                    sent.change.certain &= !reason.may_have_happened();
                    failure = Some(reason.in_one_line());
                }
            }
        }
        for unit in batch.iter().flat_map(|item| &item.units) {
            sent.change.outcomes[unit.at] = Outcome::Failed(failure.clone().unwrap_or_default());
        }
    }
    sent
}

/// Takes single plays off the history, by their numbers.
///
/// Gives those that are gone, and what went wrong with the rest. A batch of which the response says
/// too little is not gone.
pub async fn remove_plays(client: &Client, numbers: &[i64]) -> (HashSet<i64>, Option<Error>) {
    const PATH: &str = "sync/history/remove";
    let mut gone = HashSet::new();
    for batch in numbers.chunks(BATCH) {
        let response = client.post::<BatchResponse>(PATH, json!({ "ids": batch }), Retry::Safe).await;
        match response.and_then(|response| response.understood(PATH)) {
            Ok(response) => {
                // What is not found is gone too.
                let not_found = response.not_found.get("ids").and_then(Json::as_array).map_or(0, Vec::len);
                if total(response.deleted.values().copied().chain([not_found])) >= batch.len() {
                    gone.extend(batch);
                }
            }
            Err(fault) => return (gone, Some(explain(client, PATH, fault).await)),
        }
    }
    (gone, None)
}

/// Explains a failed write: a limit with the account's limits, an unknown list with the known.
async fn explain(client: &Client, path: &str, fault: Fault) -> Error {
    if !matches!(fault, Fault::AccountLimit) {
        return catalogue::explain(client, path, fault).await;
    }
    let settings: Result<crate::trakt::api::model::Settings, Fault> = client.get("users/settings", &[]).await;
    let limits = settings.ok().and_then(|settings| settings.limits);
    let Some(limits) = limits else { return Error::from(Fault::AccountLimit).after_sending() };
    let count = |limit: Option<i64>| limit.map_or_else(|| "?".to_owned(), |limit| limit.to_string());
    Error::new(format!(
        "a limit of the Trakt account is reached: {} items on the watchlist, {} lists, {} items on each, {} favorites",
        count(limits.watchlist.item_count),
        count(limits.list.count),
        count(limits.list.item_count),
        count(limits.favorites.item_count),
    ))
    .hint("remove items, or see https://trakt.tv/vip for higher limits")
    // A batch over the limit may be stored in part.
    .after_sending()
}

/// Takes the outcomes of a batch from the response, which counts and names unknown items only.
///
/// Returns how many rows were removed of items that cannot be told.
fn take(outcomes: &mut [Outcome], batch: &[Item], response: &BatchResponse, path: &str) -> usize {
    for (group, echoed) in &response.not_found {
        for echo in echoed.as_array().into_iter().flatten() {
            let same = batch.iter().filter(|item| item.group == group && is_echo(&item.body, echo));
            let lost = same.flat_map(|item| item.units.iter()).filter(|unit| is_unavailable(unit.part, echo));
            lost.for_each(|unit| outcomes[unit.at] = Outcome::Unknown);
        }
    }
    let is_history = path.starts_with("sync/history");
    // A show or season in the history or the collection counts as its episodes.
    let expands = is_history || path.starts_with("sync/collection");
    // Of a play or a rating nothing can be there already.
    let knows_existing = !is_history && !path.starts_with("sync/ratings");
    let groups: [&[Kind]; 4] = if expands {
        [&[Kind::Movie], &[Kind::Show, Kind::Season, Kind::Episode], &[], &[]]
    } else {
        [&[Kind::Movie], &[Kind::Show], &[Kind::Season], &[Kind::Episode]]
    };
    let mut surplus = 0_usize;
    for kinds in groups {
        let of_kind = |counts: &Counts, kind: &Kind| counts.get(&format!("{}s", kind.word())).copied();
        let sum = |counts: &Counts| total(kinds.iter().filter_map(|kind| of_kind(counts, kind)));
        let of_kinds = batch.iter().flat_map(|item| &item.units).filter(|unit| kinds.contains(&unit.kind));
        let units: Vec<&Named> = of_kinds.filter(|unit| outcomes[unit.at] != Outcome::Unknown).collect();
        if units.iter().any(|unit| unit.expected.is_some()) {
            surplus = surplus.saturating_add(take_removed(outcomes, &units, sum(&response.deleted), expands));
            continue;
        }
        let done = total([&response.added, &response.updated].map(sum));
        let existing = if knows_existing { sum(&response.existing) } else { 0 };
        // One show may be there with some of its episodes only, so that their number says nothing
        // of other shows.
        let has_parts = expands && units.iter().any(|unit| matches!(unit.kind, Kind::Show | Kind::Season));
        let is_short = !(has_parts && done > 0) && total([done, existing]) < units.len();
        for (number, unit) in units.iter().enumerate() {
            outcomes[unit.at] = if is_short {
                // Which of them were added is not known.
                Outcome::Failed(NOT_DONE.to_owned())
            } else if number < done {
                Outcome::Done
            } else {
                Outcome::Unchanged
            };
        }
    }
    surplus
}

/// Compares the number of rows that were removed with those that were known before.
///
/// Returns how many rows were removed of items that cannot be told.
fn take_removed(outcomes: &mut [Outcome], units: &[&Named], deleted: usize, expands: bool) -> usize {
    let expected = |unit: &Named| unit.expected.unwrap_or_default();
    let surplus = deleted.checked_sub(total(units.iter().map(|unit| expected(unit))));
    let unknown = units.iter().filter(|unit| expected(unit) == 0).count();
    for unit in units {
        outcomes[unit.at] = match surplus {
            // Which of them are still there is not known.
            None if expected(unit) > 0 => Outcome::Failed(NOT_DONE.to_owned()),
            None | Some(0) if expected(unit) == 0 => Outcome::Unchanged,
            Some(surplus) if expected(unit) == 0 && (expands || surplus >= unknown) => Outcome::Lossy,
            Some(_) if expected(unit) == 0 => Outcome::Unchanged,
            Some(surplus) if surplus > 0 && unknown == 0 && expands => Outcome::Lossy,
            _ => Outcome::Done,
        };
    }
    surplus.filter(|surplus| !expands && *surplus < unknown).unwrap_or_default()
}

/// Adds up counts that Trakt may have made large.
fn total(counts: impl IntoIterator<Item = usize>) -> usize {
    counts.into_iter().fold(0, usize::saturating_add)
}

/// Returns whether an entry is among the parts of a show that Trakt does not know.
fn is_unavailable(part: Option<(i64, Option<i64>)>, echo: &Json) -> bool {
    let (Some((season, episode)), Some(seasons)) = (part, echo.get("seasons").and_then(Json::as_array)) else {
        return true;
    };
    let has_number = |object: &Json, number: i64| object.get("number").and_then(Json::as_i64) == Some(number);
    seasons.iter().filter(|echo| has_number(echo, season)).any(|echo| {
        match (episode, echo.get("episodes").and_then(Json::as_array)) {
            (Some(episode), Some(episodes)) => episodes.iter().any(|echo| has_number(echo, episode)),
            (None, Some(_)) => false,
            (_, None) => true,
        }
    })
}

/// Returns whether Trakt gives back what was sent: the same ids, or the same title and year.
fn is_echo(sent: &Json, echo: &Json) -> bool {
    match (sent.get("ids"), echo.get("ids").and_then(Json::as_object)) {
        (Some(Json::Object(sent)), Some(echo)) => {
            !sent.is_empty()
                && sent.iter().all(|(space, id)| echo.get(space).is_some_and(|other| text(other) == text(id)))
        }
        (None, _) => sent.get("title") == echo.get("title") && sent.get("year") == echo.get("year"),
        _ => false,
    }
}

fn text(id: &Json) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

fn body(batch: &[Item]) -> Json {
    let mut groups = json!({});
    for item in batch {
        push(&mut groups, item.group, item.body.clone());
    }
    groups
}

/// Adds an item to an array of an object.
fn push(object: &mut Json, array: &str, item: Json) {
    match &mut object[array] {
        Json::Array(array) => array.push(item),
        missing => *missing = json!([item]),
    }
}

fn items(units: &[Unit]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    // Seasons and episodes without an id of their own are named within their show, which is then
    // sent once for its seasons, and once for its episodes: a season that names episodes means
    // these, and no more the season.
    let mut shows: HashMap<(Kind, String), usize> = HashMap::new();
    for (at, Unit { media, extra, expected }) in units.iter().enumerate() {
        let expected = *expected;
        let own = media.own_ids.trakt().map(|id| json!({ "ids": { "trakt": id } }));
        let (group, mut object) = match (media.kind, own) {
            (Kind::Movie, _) => ("movies", work(media)),
            (Kind::Show, _) => ("shows", work(media)),
            (Kind::Season, Some(own)) => ("seasons", own),
            (Kind::Episode, Some(own)) => ("episodes", own),
            (Kind::Season | Kind::Episode, None) => {
                let show = work(media);
                let place = *shows.entry((media.kind, show.to_string())).or_insert_with(|| {
                    items.push(Item { group: "shows", body: show, units: Vec::new() });
                    items.len().saturating_sub(1)
                });
                let part =
                    Some((media.season.unwrap_or_default(), media.episode.filter(|_| media.kind == Kind::Episode)));
                items[place].units.push(Named { at, kind: media.kind, part, expected });
                within_show(&mut items[place].body, media, extra.clone());
                continue;
            }
        };
        if let Some(object) = object.as_object_mut() {
            object.extend(extra.clone());
        }
        items.push(Item { group, body: object, units: vec![Named { at, kind: media.kind, part: None, expected }] });
    }
    items
}

/// Names a season or an episode in the object of its show.
fn within_show(show: &mut Json, media: &Media, extra: Map<String, Json>) {
    let number = json!(media.season.unwrap_or_default());
    let is_there = |seasons: &Vec<Json>| seasons.iter().any(|season| season["number"] == number);
    if !show["seasons"].as_array().is_some_and(is_there) {
        push(show, "seasons", json!({ "number": number }));
    }
    let mut seasons = show["seasons"].as_array_mut().into_iter().flatten();
    let Some(season) = seasons.find(|season| season["number"] == number) else { return };
    match media.episode.filter(|_| media.kind == Kind::Episode) {
        None => season.as_object_mut().into_iter().for_each(|season| season.extend(extra.clone())),
        Some(episode) => {
            let numbered = [("number".to_owned(), json!(episode))];
            push(season, "episodes", numbered.into_iter().chain(extra).collect());
        }
    }
}

/// Namespaces that Trakt accepts, best first; a slug may have moved to another title.
const ID_SPACES: [&str; 5] = ["trakt", "imdb", "tmdb", "tvdb", "slug"];

/// Names a movie or show by its best id, or else by title and year.
///
/// One id only: which one counts where several disagree is not documented.
fn work(media: &Media) -> Json {
    let id = |space: &'static str| Some((space, Value::from(media.ids.get(space)?).to_json()));
    match ID_SPACES.into_iter().find_map(id) {
        Some((space, id)) => json!({ "ids": { (space): id } }),
        None => match media.year {
            Some(year) => json!({ "title": media.name, "year": year }),
            None => json!({ "title": media.name }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(entries: &[Entry]) -> Json {
        let unit = |entry: &Entry| Unit::added(Media::of(entry, None).unwrap(), Map::new());
        body(&items(&entries.iter().map(unit).collect::<Vec<_>>()))
    }

    #[test]
    fn one_id_is_sent_and_the_episodes_of_a_show_together() {
        let movie =
            Entry::new("A (2001)", "mock://a").with("movie_name", "A").with("imdb_id", "tt1").with("tmdb_id", 5i64);
        let episode = |number: i64| {
            Entry::new("S", "mock://s")
                .with("series_name", "S (1999)")
                .with("tvdb_id", 7i64)
                .with("series_season", 0i64)
                .with("series_episode", number)
        };
        let own = Entry::new("E", "mock://e").with("series_name", "S").with("trakt_episode_id", 9i64);
        assert_eq!(
            bodies(&[movie, episode(1), episode(2), own]),
            json!({
                "movies": [{ "ids": { "imdb": "tt1" } }],
                "shows": [{ "ids": { "tvdb": 7 }, "seasons": [{ "number": 0, "episodes": [{ "number": 1 }, { "number": 2 }] }] }],
                "episodes": [{ "ids": { "trakt": 9 } }],
            })
        );
    }

    fn episodes(unit: impl Fn(Media) -> Unit) -> Vec<Item> {
        let episode = |number: i64| {
            let entry = Entry::new("S", "mock://s")
                .with("trakt_show_id", 7i64)
                .with("series_season", 1i64)
                .with("series_episode", number);
            unit(Media::of(&entry, None).unwrap())
        };
        items(&[episode(1), episode(2), episode(3)])
    }

    fn outcomes(batch: &[Item], body: Json, path: &str) -> Vec<Outcome> {
        let response: BatchResponse = serde_json::from_value(body).unwrap();
        let mut outcomes = vec![Outcome::Done; 3];
        take(&mut outcomes, batch, &response, path);
        outcomes
    }

    fn not_done() -> Outcome {
        Outcome::Failed(NOT_DONE.to_owned())
    }

    #[test]
    fn additions_are_done_or_there_already_only_if_all_are_counted() {
        let added = |existing: f64| {
            // The values are odd on purpose.
            json!({ "added": { "episodes": "1", "movies": null }, "existing": { "episodes": existing }, "updated": null, "not_found": null })
        };
        let batch = episodes(|media| Unit::added(media, Map::new()));
        for path in ["sync/collection", "sync/watchlist"] {
            let all = outcomes(&batch, added(2.0), path);
            assert_eq!(all, [Outcome::Done, Outcome::Unchanged, Outcome::Unchanged], "{path}");
            assert_eq!(outcomes(&batch, added(1.0), path), vec![not_done(); 3], "{path}");
        }
        for path in ["sync/history", "sync/ratings"] {
            assert_eq!(outcomes(&batch, added(2.0), path), vec![not_done(); 3], "{path}: nothing can be there already");
        }
    }

    #[test]
    fn removals_are_compared_with_what_was_known_to_be_there() {
        use Outcome::{Done, Lossy, Unchanged};
        let numbers = std::cell::RefCell::new(Vec::new());
        for (expected, deleted, path, found) in [
            ([1, 1, 1], 3, "sync/watchlist", vec![Done; 3]),
            ([1, 1, 1], 2, "sync/watchlist", vec![not_done(); 3]),
            ([0, 1, 1], 2, "sync/watchlist", vec![Unchanged, Done, Done]),
            ([0, 1, 1], 1, "sync/watchlist", vec![Unchanged, not_done(), not_done()]),
            ([0, 1, 1], 3, "sync/watchlist", vec![Lossy, Done, Done]),
            ([0, 0, 1], 2, "sync/watchlist", vec![Unchanged, Unchanged, Done]),
            ([2, 1, 1], 4, "sync/history", vec![Done; 3]),
            ([2, 1, 1], 3, "sync/history", vec![not_done(); 3]),
            ([0, 1, 1], 4, "sync/history", vec![Lossy, Done, Done]),
            ([2, 1, 1], 5, "sync/history", vec![Lossy; 3]),
        ] {
            numbers.replace(expected.to_vec());
            let batch = episodes(|media| Unit::removed(media, numbers.borrow_mut().remove(0)));
            let body = json!({ "deleted": { "episodes": deleted }, "not_found": {} });
            assert_eq!(outcomes(&batch, body, path), found, "{expected:?}, {deleted} of {path}");
        }
    }

    #[test]
    fn counts_of_any_size_are_added_up() {
        let most = json!({ "episodes": i64::MAX, "shows": i64::MAX, "seasons": i64::MAX, "movies": i64::MAX });
        let body = json!({ "added": most, "updated": most, "deleted": most, "existing": most });
        let batch = episodes(|media| Unit::added(media, Map::new()));
        for path in ["sync/history", "sync/watchlist"] {
            assert_eq!(outcomes(&batch, body.clone(), path), vec![Outcome::Done; 3]);
        }
    }

    #[test]
    fn a_season_is_not_lost_beside_an_episode_of_it() {
        let season = Entry::new("S", "mock://s").with("trakt_show_id", 7i64).with("series_season", 1i64);
        let episode = season.fresh().with("series_episode", 2i64);
        let show = |season: Json| json!({ "ids": { "trakt": 7 }, "seasons": [season] });
        let one = show(json!({ "number": 1 }));
        let other = show(json!({ "number": 1, "episodes": [{ "number": 2 }] }));
        assert_eq!(bodies(&[season, episode]), json!({ "shows": [one, other] }));
    }

    #[test]
    fn a_title_is_sent_only_where_there_is_no_id() {
        let movie = Entry::new("Solaris (1972)", "mock://a").with("movie_name", "Solaris").with("movie_year", 1972i64);
        assert_eq!(bodies(&[movie]), json!({ "movies": [{ "title": "Solaris", "year": 1972 }] }));
    }

    #[test]
    fn what_is_not_found_is_known_by_what_trakt_gives_back() {
        let echo = json!({ "ids": { "imdb": "tt9", "trakt": null } });
        assert!(is_echo(&json!({ "ids": { "imdb": "tt9" } }), &echo));
        assert!(!is_echo(&json!({ "ids": { "imdb": "tt8" } }), &echo));
        assert!(is_echo(&json!({ "title": "A", "year": 1 }), &json!({ "title": "A", "year": 1, "ids": {} })));
        let echo = json!({ "ids": { "tvdb": 7 }, "seasons": [{ "number": 9 }, { "number": 1, "episodes": [{ "number": 3 }] }] });
        let lost = |season, episode| is_unavailable(Some((season, episode)), &echo);
        assert!(lost(9, Some(1)) && lost(9, None) && lost(1, Some(3)));
        assert!(!lost(1, Some(2)) && !lost(1, None) && !lost(2, Some(3)));
    }
}
