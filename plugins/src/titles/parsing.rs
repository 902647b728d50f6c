//! Parsing of release titles, and the plugin that chooses the parser.
//!
//! [`series::series`] and [`movie::movie`] read a title; [`quality::Quality`] is part of the
//! result. All are pure functions: the day comes as an argument.

use flexget_core::prelude::*;
use jiff::civil::Date;
use jiff::tz::TimeZone;

mod date;
pub mod movie;
pub mod names;
pub mod quality;
mod release;
pub mod series;
#[cfg(test)]
mod tests;
mod words;

/// Names the parser of titles, for configs that are made for FlexGet; it has no effect.
///
/// The one parser here reads titles as FlexGet's `internal` does, and also season packs, anime and
/// release groups, which need `guessit` there. Either name means it.
///
/// ```yaml
/// parsing: { series: guessit, movie: internal }
/// metainfo_series: yes
/// mock: [ A.Show.S01E02.720p.HDTV.x264-GROUP ]
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parsing {
    /// Parser of titles of series.
    #[serde(rename = "series")]
    _series: Option<Parser>,
    /// Parser of titles of movies.
    #[serde(rename = "movie")]
    _movie: Option<Parser>,
}

/// A parser of FlexGet.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Parser {
    /// FlexGet's own parser.
    Internal,
    /// The library of that name.
    Guessit,
}

submit! { plugin::<Parsing>() }

impl Plugin for Parsing {
    const NAME: &'static str = "parsing";

    fn steps(&self) -> Vec<Step<Self>> {
        Vec::new()
    }
}

/// Returns the current day in UTC, the latest one that an episode is dated.
pub fn today(cx: &Context) -> Date {
    TimeZone::UTC.to_datetime(cx.clock.now()).date()
}
