//! Moments as Trakt writes and reads them. All are milliseconds since 1970, UTC.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A minute in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
/// A day in milliseconds.
pub(crate) const DAY: i64 = 86_400_000;

/// `2026-01-02T03:04:05.000Z`.
pub fn render(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map(|moment| format!("{moment:.3}")).unwrap_or_default()
}

/// Reads an RFC 3339 moment, or a date as its first moment.
pub fn parse(text: &str) -> Option<i64> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_millisecond());
    }
    let date: Date = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok().map(Timestamp::as_millisecond)
}

/// The UTC day of a moment, `2026-01-02`.
pub(crate) fn day(ms: i64) -> String {
    render(ms).chars().take(10).collect()
}

/// The time of the world as HTTP writes it: clients compare it with the times of the world's changes.
pub(crate) fn http_date(ms: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_three_digits() {
        let ms = parse("2026-01-02T03:04:05Z").unwrap();
        assert_eq!(render(ms), "2026-01-02T03:04:05.000Z");
        assert_eq!(parse("2026-01-02"), parse("2026-01-02T00:00:00.000Z"));
        assert_eq!(day(ms), "2026-01-02");
        assert_eq!(parse("yesterday"), None);
    }
}
