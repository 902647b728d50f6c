//! Times and lengths of time in words.

use std::time::Duration;

use jiff::Timestamp;

use crate::context::Context;

/// Returns a time as the user's clock shows it.
pub(super) fn local(moment: Timestamp, cx: &Context) -> String {
    cx.clock.zone().to_datetime(moment).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Returns a time and how far away it is: `2026-12-01 09:00 (in 6 days)`.
pub fn when(moment: Timestamp, cx: &Context) -> String {
    let distance = moment.duration_since(cx.clock.now());
    let text = span(distance.unsigned_abs());
    if distance.is_negative() {
        format!("{} ({text} ago)", local(moment, cx))
    } else {
        format!("{} (in {text})", local(moment, cx))
    }
}

/// Returns a length of time in its largest unit, in words.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}
