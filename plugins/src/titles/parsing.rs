//! What titles of releases tell, and the key that chooses who reads them.
//!
//! The rest is shared code: [`series::series`] and [`movie::movie`] read a title, [`quality::Quality`] is a part of what
//! they tell. They are pure functions; what depends on the day is given the day.

use flexget_core::prelude::*;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub mod date;
pub mod movie;
pub mod quality;
pub mod series;
#[cfg(test)]
mod tests;
pub mod words;

/// Chooses the parser of titles, for configs that are made for FlexGet.
///
/// There is one parser here, which reads titles as FlexGet's `internal` does and also what only `guessit` does there:
/// packs of seasons, anime and release groups. Either name means it, so this changes nothing.
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
    /// The parser of titles of series.
    #[serde(rename = "series")]
    _series: Option<Parser>,
    /// The parser of titles of movies.
    #[serde(rename = "movie")]
    _movie: Option<Parser>,
}

/// A parser of FlexGet.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
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

/// The day that it is, in UTC, which tells the dates of episodes that can be from those that cannot.
pub fn today(cx: &Context) -> Date {
    TimeZone::UTC.to_datetime(cx.clock.now()).date()
}
