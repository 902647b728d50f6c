//! Times and spans as people read them.

use std::time::Duration;

use flexget_core::context::Clock;
use jiff::Timestamp;

/// Returns the two largest units of a span: `2 h 5 min`.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |large: u64, unit: &str, small: u64, next: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {next}"),
    };
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// Returns how far a time is from now: `in 5 min`, `2 h ago`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = at.duration_since(now);
    let seconds = Duration::from_secs(distance.unsigned_abs().as_secs());
    match seconds.as_secs() {
        0 => "now".to_owned(),
        _ if distance.is_negative() => format!("{} ago", span(seconds)),
        _ => format!("in {}", span(seconds)),
    }
}

/// Returns a local time and how far it is; `never` for the last one that there is.
pub(crate) fn moment(at: Timestamp, clock: &Clock, now: Timestamp) -> String {
    if at == Timestamp::MAX {
        return "never".to_owned();
    }
    format!("{} ({})", clock.local(at), relative(at, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_their_two_largest_units() {
        for (seconds, text) in [
            (0.25, "250 ms"),
            (59.9, "59 s"),
            (60.0, "1 min"),
            (125.0, "2 min 5 s"),
            (7200.0, "2 h"),
            (90_000.0, "1 d 1 h"),
        ] {
            assert_eq!(span(Duration::from_secs_f64(seconds)), text);
        }
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(relative(now + Duration::from_secs(300), now), "in 5 min");
        assert_eq!(relative(now - Duration::from_secs(7200), now), "2 h ago");
    }
}
