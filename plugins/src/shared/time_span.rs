//! The option type for lengths of time, such as `2 hours`.

use flexget_core::document::read::fail;
use flexget_core::prelude::*;
use jiff::{SignedDuration, Span, SpanRelativeTo};

/// A length of time: `30 minutes`, `2 hours`, `1 day`, or as in ISO 8601, `PT2H`.
#[derive(JsonSchema, Clone)]
#[schemars(with = "String", description = "")]
#[schemars(extend("help_type" = "write a number with its unit: `{value} hours`"))]
pub struct TimeSpan {
    /// The text that the user wrote.
    pub text: String,
    /// Its length, which is positive.
    pub duration: SignedDuration,
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = text.parse::<Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
        match span {
            Ok(duration) if duration.is_positive() => Ok(Self { text, duration }),
            _ => {
                let problem = Problem::at(Path::root(), format!("`{text}` is not an interval"));
                let help = "write a number and second(s), minute(s), hour(s), day(s) or week(s)";
                Err(fail(vec![problem.help(help)]))
            }
        }
    }
}
