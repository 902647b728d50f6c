//! The filters of lists, charts, calendars and search.

use std::collections::HashSet;

use serde_json::Value;

use crate::access::Call;
use crate::catalogue::{Media, Work};
use crate::slug::slug;
use crate::world::World;

/// The filters of one request.
#[derive(Default)]
pub(crate) struct Filters {
    query: Option<String>,
    years: Option<(f64, f64)>,
    ranges: Vec<(&'static str, f64, f64)>,
    words: Vec<(&'static str, HashSet<String>)>,
    ignored: HashSet<Media>,
}

/// Parameter, property, factor from the property's scale to the parameter's.
const RANGES: [(&str, &str); 3] = [("runtimes", "runtime"), ("ratings", "rating"), ("votes", "votes")];
const WORDS: [(&str, &str); 9] = [
    ("genres", "genres"),
    ("subgenres", "subgenres"),
    ("languages", "language"),
    ("countries", "country"),
    ("certifications", "certification"),
    ("networks", "network"),
    ("statuses", "status"),
    ("status", "status"),
    ("keywords", "keywords"),
];

impl Filters {
    /// What the request filters by. `query` is left to those who search.
    pub(crate) fn of(world: &World, call: &Call<'_>) -> Self {
        let request = call.request;
        let mut filters = Filters {
            query: request.value("query").map(slug),
            years: request.value("years").and_then(range),
            ..Filters::default()
        };
        for (name, property) in RANGES {
            if let Some((low, high)) = request.value(name).and_then(range) {
                // Ratings are out of ten in objects and out of a hundred in filters.
                let factor = if property == "rating" { 10.0 } else { 1.0 };
                filters.ranges.push((property, low / factor, high / factor));
            }
        }
        for (name, property) in WORDS {
            if let Some(words) = request.value(name) {
                let words = words.split(',').map(|word| word.trim().to_lowercase()).collect();
                filters.words.push((property, words));
            }
        }
        if let Some(user) = call.viewer.as_ref().and_then(|slug| world.users.get(slug)) {
            if request.flag("ignore_watched", false) {
                for play in &user.history {
                    filters.ignored.insert(play.media);
                    filters.ignored.extend(play.media.show().map(Media::Show));
                }
            }
            if request.flag("ignore_collected", false) {
                for media in user.collection.keys() {
                    filters.ignored.insert(*media);
                    filters.ignored.extend(media.show().map(Media::Show));
                }
            }
            if request.flag("ignore_watchlisted", false) {
                filters.ignored.extend(user.watchlist.media());
            }
        }
        filters
    }

    /// The same without `query`.
    pub(crate) fn without_query(mut self) -> Self {
        self.query = None;
        self
    }

    /// Whether something passes. Seasons and episodes pass as their show does; people always do.
    pub(crate) fn pass(&self, world: &World, media: Media) -> bool {
        if self.ignored.contains(&media) {
            return false;
        }
        match world.catalogue.work(media) {
            Some(work) => self.work(work),
            None => true,
        }
    }

    fn work(&self, work: &Work) -> bool {
        let title = || work.title.as_deref().map(slug).unwrap_or_default();
        let within = |value: Option<f64>, low, high| value.is_some_and(|value| value >= low && value <= high);
        self.query.as_ref().is_none_or(|query| title().contains(query))
            && self.years.is_none_or(|(low, high)| within(work.year.map(f64::from), low, high))
            && self
                .ranges
                .iter()
                .all(|(property, low, high)| within(work.full.get(*property).and_then(Value::as_f64), *low, *high))
            && self.words.iter().all(|(property, words)| match work.full.get(*property) {
                Some(Value::Array(values)) => {
                    values.iter().filter_map(Value::as_str).any(|value| words.contains(&value.to_lowercase()))
                }
                Some(Value::String(value)) => words.contains(&value.to_lowercase()),
                _ => false,
            })
    }
}

/// `2016` or `2016-2020`.
fn range(text: &str) -> Option<(f64, f64)> {
    match text.split_once('-') {
        Some((low, high)) => Some((low.trim().parse().ok()?, high.trim().parse().ok()?)),
        None => text.trim().parse().ok().map(|value| (value, value)),
    }
}
