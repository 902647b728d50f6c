//! The filters that FlexGet adds to Jinja's, except those for paths.

use std::borrow::Cow;

use icu_normalizer::DecomposingNormalizerBorrowed;
use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, State, Value};

use super::arguments::{Arguments, add_filter, bad, missing, on_text};
use super::convert::{Number, defined, kind};
use super::dates::When;
use crate::pattern::Pattern;

pub(super) fn add(environment: &mut Environment<'static>) {
    add_filter(environment, "default", &["default_value", "boolean"], default);
    add_filter(environment, "d", &["default_value", "boolean"], default);
    add_filter(environment, "re_replace", &["pattern", "repl"], re_replace);
    environment.add_filter("re_search", re_search);
    environment.add_filter("formatdate", formatdate);
    environment.add_filter("parsedate", parsedate);
    environment.add_filter("to_date", to_date);
    environment.add_filter("date_suffix", date_suffix);
    add_filter(environment, "format_number", &["places", "grouping"], format_number);
    add_filter(environment, "pad", &["width", "fillchar"], pad);
    environment.add_filter("asciify", |value: &Value| on_text(value, |text| asciify(text).into()));
    environment.add_filter("strip_symbols", |value: &Value| on_text(value, |text| strip_symbols(text).into()));
    environment.add_filter("strip_year", |value: &Value| on_text(value, |text| split_year(text).0.into()));
    environment.add_filter("get_year", |value: &Value| on_text(value, |text| split_year(text).1.into()));
    add_filter(environment, "parse_size", &["si", "match_re"], parse_size);
    add_filter(environment, "format_size", &["si", "unit"], format_size);
    environment.add_filter("int", int);
    environment.add_filter("float", float);
}

/// As Jinja's, but what is empty or nothing is replaced too unless `boolean=false`.
fn default(value: &Value, arguments: &Arguments) -> Result<Value, Error> {
    let otherwise = arguments.get("default_value").cloned().unwrap_or_else(|| Value::from(""));
    let lax = arguments.is("boolean", true);
    Ok(if value.is_undefined() || (lax && !value.is_true()) { otherwise } else { value.clone() })
}

/// As the engine's, but what is no number becomes `default`, which is 0.
fn int(state: &State<'_, '_>, value: &Value, given: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new(&["default", "base"], &given, &named)?;
    let otherwise = arguments.get("default").cloned().unwrap_or_else(|| Value::from(0));
    let base = arguments.number("base")?.and_then(|base| u32::try_from(base).ok());
    minijinja::filters::int(state, defined(value)?, Some(otherwise), base, Kwargs::from_iter(NO_ARGUMENTS))
}

/// As the engine's, but what is no number becomes `default`, which is 0.0.
fn float(state: &State<'_, '_>, value: &Value, given: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new(&["default"], &given, &named)?;
    let otherwise = arguments.get("default").cloned().unwrap_or_else(|| Value::from(0.0));
    minijinja::filters::float(state, defined(value)?, Some(otherwise), Kwargs::from_iter(NO_ARGUMENTS))
}

const NO_ARGUMENTS: [(&str, Value); 0] = [];

/// Reads a regular expression in the dialect of the whole program.
fn regex(build: fn(&str) -> Result<Pattern, String>, text: &str) -> Result<Pattern, Error> {
    build(text).map_err(|reason| bad(format!("`{text}` is not a regular expression: {reason}")))
}

fn re_replace(value: &Value, arguments: &Arguments) -> Result<Value, Error> {
    let pattern = arguments.text("pattern")?.ok_or_else(|| missing("pattern"))?;
    let replacement = arguments.text("repl")?.ok_or_else(|| missing("repl"))?;
    let text = defined(value)?.to_string();
    let replaced = regex(Pattern::exact, &pattern)?.replace_all(&text, &replacement);
    replaced.map(|replaced| Value::from(replaced.into_owned())).map_err(|error| bad(error.to_string()))
}

/// Returns the part that matches, upper and lower case alike; empty if none does.
fn re_search(value: &Value, pattern: &str) -> Result<Value, Error> {
    let Some(text) = defined(value)?.as_str() else { return Ok(value.clone()) };
    let found = regex(Pattern::new, pattern)?.captures(text).map_err(|error| bad(error.to_string()))?;
    Ok(Value::from(found.and_then(|groups| groups.get(0)).map_or("", |found| found.as_str())))
}

fn formatdate(value: &Value, format: &str) -> Result<Value, Error> {
    match When::of(defined(value)?) {
        Some(when) => when.strftime(format).map(Value::from),
        None => Ok(value.clone()),
    }
}

/// Returns a moment from text as ISO 8601 or RFC 2822 write it; without a zone it is in UTC.
fn parsedate(value: &Value) -> Result<Value, Error> {
    let value = defined(value)?;
    if When::of(value).is_some() {
        return Ok(value.clone());
    }
    let Some(text) = value.as_str() else {
        return Err(bad(format!("`parsedate` reads text, not {}", kind(value))));
    };
    let text = text.trim();
    let moment = text
        .parse::<Timestamp>()
        .map(|moment| moment.to_zoned_datetime(offset(text)))
        .or_else(|_| text.parse::<DateTime>().and_then(|local| local.to_zoned_datetime(TimeZone::UTC)))
        .or_else(|_| rfc2822::parse(text))
        .or_else(|_| text.parse::<ZonedDateTime>())
        .ok()
        .or_else(|| spelled_day(text)?.to_zoned_datetime(TimeZone::UTC).ok())
        .ok_or_else(|| bad(format!("not a date such as `2026-01-31` or `2026-01-31T20:00:00Z`: `{text}`")))?;
    Ok(When::on_clock(&moment).into_engine())
}

/// Reads a day that is written in another way, but in one that means the same to everybody.
fn spelled_day(text: &str) -> Option<Date> {
    let (of_year, of_week) = (format!("{text}-01-01"), format!("{text}-1"));
    let forms = [
        (text, "%Y/%m/%d"),
        (text, "%Y-%m-%d"),
        (text, "%b %d %Y"),
        (text, "%b %d, %Y"),
        (text, "%d %b %Y"),
        (text, "%B %d %Y"),
        (text, "%B %d, %Y"),
        (text, "%d %B %Y"),
        (&of_week, "%G-W%V-%u"),
        (&of_year, "%Y-%m-%d"),
    ];
    forms.into_iter().find_map(|(text, form)| Date::strptime(form, text).ok())
}

/// Returns the offset that a moment is written with.
fn offset(text: &str) -> TimeZone {
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok();
    pieces.and_then(|pieces| pieces.to_numeric_offset()).map_or(TimeZone::UTC, TimeZone::fixed)
}

fn to_date(value: &Value) -> Result<Value, Error> {
    let value = defined(value)?;
    Ok(When::of(value).map_or_else(|| value.clone(), |when| When::Day(when.day()).into_engine()))
}

/// Appends the suffix of the day in the last two characters: `21` → `21st`.
fn date_suffix(value: &Value) -> Result<Value, Error> {
    let text = defined(value)?.to_string();
    let tail: Vec<char> = text.chars().rev().take(2).collect();
    let tail: String = tail.iter().rev().collect();
    let day: u32 = tail.trim().parse().map_err(|_| bad(format!("no day of a month at the end of: `{text}`")))?;
    let suffix = match (day % 100 / 10, day % 10) {
        (1, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    Ok(Value::from(format!("{text}{suffix}")))
}

/// Formats a number with separators: `1234.5` → `1,234.50`; integers only get `places` if given.
fn format_number(value: &Value, arguments: &Arguments) -> Result<Value, Error> {
    let places = arguments.number("places")?;
    let grouping = arguments.is("grouping", true);
    let number = match Number::of(defined(value)?).filter(|_| value.kind() == ValueKind::Number) {
        Some(Number::Int(number)) if places.unwrap_or(0) == 0 => number.to_string(),
        Some(number) => format!("{:.*}", places.unwrap_or(2), number.float()),
        None => return Ok(value.clone()),
    };
    if !grouping {
        return Ok(Value::from(number));
    }
    let start = usize::from(number.starts_with('-'));
    let end = number.find('.').unwrap_or(number.len());
    let mut grouped = String::new();
    for (index, character) in number.char_indices() {
        if index > start && index < end && end.saturating_sub(index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(character);
    }
    Ok(Value::from(grouped))
}

/// Pads on the left: `7` → `07` with `pad(2)`.
fn pad(value: &Value, arguments: &Arguments) -> Result<Value, Error> {
    let width = arguments.number("width")?.ok_or_else(|| missing("width"))?;
    let fill = arguments.get("fillchar").cloned().map_or_else(|| "0".to_string(), |fill| fill.to_string());
    let text = defined(value)?.to_string();
    let lacking = width.saturating_sub(text.chars().count());
    Ok(Value::from(fill.repeat(lacking) + &text))
}

/// Removes accents and everything that ASCII lacks.
fn asciify(text: &str) -> String {
    let apart: Cow<'_, str> = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    apart.chars().filter(char::is_ascii).collect()
}

/// Replaces brackets, dots, hyphens and underscores by spaces, and removes other symbols.
fn strip_symbols(text: &str) -> String {
    let spaced = text.chars().filter_map(|c| match c {
        '(' | ')' | '[' | ']' | '-' | '_' | '.' => Some(' '),
        c if c.is_alphanumeric() || c.is_whitespace() => Some(c),
        _ => None,
    });
    spaced.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the title and the year at its end, with or without brackets.
///
/// A title that is nothing but a year has none.
fn split_year(text: &str) -> (&str, Option<i64>) {
    let whole = text.trim();
    let inner = whole.strip_suffix(')').unwrap_or(whole);
    let Some(at) = inner.len().checked_sub(4).filter(|at| inner.is_char_boundary(*at)) else { return (whole, None) };
    let (before, year) = inner.split_at(at);
    let is_year = year.starts_with(['1', '2']) && year.bytes().all(|byte| byte.is_ascii_digit());
    let title = before.strip_suffix('(').unwrap_or(before).trim_end();
    if !is_year || before.ends_with(|c: char| c.is_alphanumeric()) {
        return (whole, None);
    }
    if title.is_empty() { (year, None) } else { (title, year.parse().ok()) }
}

const PREFIXES: [&str; 6] = ["", "k", "m", "g", "t", "p"];

/// The first size in a text: an amount and a unit, with nothing that belongs to them around it.
const SIZE: &str = r"(?<![\w.])([0-9]+(?:[, ][0-9]+)*(?:\.[0-9]+)?)\s*((?:[kmgtp]i?)?b)\b";

/// Returns the bytes of the first size such as `1.5 GB` in a text; 0 if there is none.
///
/// Units are powers of 1024 unless `si=true`; `GiB` always is. `match_re` has two groups: amount
/// and unit.
fn parse_size(value: &Value, arguments: &Arguments) -> Result<Value, Error> {
    let si = arguments.is("si", false);
    let pattern = arguments.text("match_re")?;
    let Some(text) = defined(value)?.as_str() else { return Ok(value.clone()) };
    let groups = |pattern: Pattern, text: &str| -> Result<Option<Vec<String>>, Error> {
        let found = pattern.captures(text).map_err(|error| bad(error.to_string()))?;
        Ok(found.map(|found| found.iter().flatten().map(|group| group.as_str().to_owned()).collect()))
    };
    let mut text = text.to_owned();
    if let Some(pattern) = pattern {
        text = match groups(regex(Pattern::new, &pattern)?, &text)?.as_deref() {
            Some([_, amount, unit, ..]) => format!("{amount} {unit}"),
            Some([whole, ..]) => whole.clone(),
            _ => return Ok(Value::from(0)),
        };
    }
    let found = groups(regex(Pattern::new, SIZE)?, &text)?;
    let Some([_, amount, unit]) = found.as_deref() else { return Ok(Value::from(0)) };
    let amount: f64 = amount.replace([',', ' '], "").parse().unwrap_or(0.0);
    let unit = unit.to_lowercase();
    let prefix = unit.trim_end_matches('b');
    let base: f64 = if prefix.ends_with('i') || !si { 1024.0 } else { 1000.0 };
    let power = PREFIXES.iter().position(|known| *known == prefix.trim_end_matches('i')).unwrap_or(0);
    Ok(Value::from((amount * base.powi(power as i32)) as i64))
}

/// Writes bytes as `1.5 GiB`, with `si=true` as `1.61 GB`.
///
/// `unit='MB'` chooses the unit, and with it the base.
fn format_size(value: &Value, arguments: &Arguments) -> Result<Value, Error> {
    let si = arguments.is("si", false);
    let unit = arguments.text("unit")?.map(|unit| unit.to_lowercase());
    let number = Number::of(defined(value)?).filter(|_| value.kind() == ValueKind::Number);
    let Some(size) = number.map(Number::float) else { return Ok(value.clone()) };
    let si = unit.as_ref().map_or(si, |unit| !unit.contains('i'));
    let base: f64 = if si { 1000.0 } else { 1024.0 };
    let power = match &unit {
        Some(unit) => {
            let prefix = unit.trim_end_matches('b').trim_end_matches('i');
            let known = PREFIXES.iter().position(|known| *known == prefix);
            known.ok_or_else(|| bad(format!("unknown unit: `{unit}`")))?
        }
        None => (1..PREFIXES.len()).take_while(|power| size.abs() >= base.powi(*power as i32)).count(),
    };
    let amount = size / base.powi(power as i32);
    // A unit that is too large gets as many digits as it takes to show something.
    let digits = if amount == 0.0 || amount.abs() >= 0.01 {
        2
    } else {
        ((-amount.abs().log10()).ceil() as usize).saturating_add(1).min(12)
    };
    let mut amount = format!("{amount:.digits$}");
    while amount.ends_with('0') && !amount.ends_with(".0") {
        amount.pop();
    }
    let prefix = match (si, PREFIXES[power]) {
        (true, "k") => "k".to_owned(),
        (true, prefix) => prefix.to_uppercase(),
        (false, "") => String::new(),
        (false, prefix) => format!("{}i", prefix.to_uppercase()),
    };
    Ok(Value::from(format!("{amount} {prefix}B")))
}
