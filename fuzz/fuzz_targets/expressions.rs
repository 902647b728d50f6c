//! Any text → a value or an error within bounds; never a panic, never a hang.

#![no_main]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use flexget_core::expression::{Expression, Now, Template};
use flexget_core::pattern::Pattern;
use flexget_core::value::Value;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

/// Longest time that one text may take; sanitizers make everything slower.
const LONGEST: Duration = Duration::from_secs(20);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let now = Now { now: Timestamp::constant(1_795_478_400, 0), zone: TimeZone::UTC };
    let fields = fields();
    let start = Instant::now();
    if let Ok(expression) = Expression::compile(text) {
        let _ = expression.holds(&fields, &now);
        if let Ok(value) = expression.evaluate(&fields, &now) {
            let _ = value.display();
        }
    }
    if let Ok(template) = Template::compile(text) {
        let _ = template.render(&fields, &now);
        let _ = template.render_native(&fields, &now);
    }
    if let Ok(pattern) = Pattern::new(text) {
        let _ = pattern.is_match("Some.Show.S01E02.720p.HDTV.x264-GROUP");
    }
    assert!(start.elapsed() < LONGEST, "it took {:?}", start.elapsed());
});

fn fields() -> BTreeMap<String, Value> {
    let fields = json!({
        "title": "Some.Show.S01E02.720p.HDTV.x264-GROUP",
        "n": 7,
        "big": i64::MAX,
        "f": 7.25,
        "yes": true,
        "none": null,
        "genres": ["drama", "anime"],
        "map": { "a": 1, "b": [1, 2, 3] },
    });
    let fields = fields.as_object().into_iter().flatten();
    let mut fields: BTreeMap<String, Value> =
        fields.map(|(name, value)| (name.clone(), Value::from_stored(value))).collect();
    fields.insert("at".to_owned(), Value::Time(Timestamp::constant(1_795_000_000, 0)));
    fields
}
