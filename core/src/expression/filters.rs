//! The filters that FlexGet adds to Jinja's, except those for paths.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use fancy_regex::{Captures, Regex, RegexBuilder};
use icu_normalizer::DecomposingNormalizerBorrowed;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, Value};

use super::arguments::{Arguments, bad, missing, on_text};
use super::convert::{Number, defined, kind};
use super::dates::When;

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("default", default);
    environment.add_filter("d", default);
    environment.add_filter("re_replace", re_replace);
    environment.add_filter("re_search", re_search);
    environment.add_filter("formatdate", formatdate);
    environment.add_filter("parsedate", parsedate);
    environment.add_filter("to_date", to_date);
    environment.add_filter("date_suffix", date_suffix);
    environment.add_filter("format_number", format_number);
    environment.add_filter("pad", pad);
    environment.add_filter("asciify", |value: &Value| on_text(value, |text| asciify(text).into()));
    environment.add_filter("strip_symbols", |value: &Value| on_text(value, |text| strip_symbols(text).into()));
    environment.add_filter("strip_year", |value: &Value| on_text(value, |text| split_year(text).0.into()));
    environment.add_filter("get_year", |value: &Value| on_text(value, |text| split_year(text).1.into()));
    environment.add_filter("parse_size", parse_size);
    environment.add_filter("format_size", format_size);
}

/// As Jinja's, but what is empty or nothing is replaced too unless `boolean=false`.
fn default(value: &Value, given: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let arguments = Arguments { given: &given, named: &named };
    let otherwise = arguments.get(0, "default_value")?.unwrap_or_else(|| Value::from(""));
    let lax = arguments.is(1, "boolean", true)?;
    arguments.end(2)?;
    Ok(if value.is_undefined() || (lax && !value.is_true()) { otherwise } else { value.clone() })
}

/// Returns a compiled regular expression, kept because the same few run over all entries.
fn regex(pattern: &str, ignore_case: bool) -> Result<Regex, Error> {
    static KEPT: LazyLock<Mutex<HashMap<(String, bool), Regex>>> = LazyLock::new(Mutex::default);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (pattern.to_string(), ignore_case);
    if let Some(regex) = kept.get(&key) {
        return Ok(regex.clone());
    }
    let regex = RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .build()
        .map_err(|error| bad(format!("bad regular expression `{pattern}`: {error}")))?;
    // A pattern may come from a field, so their number is bounded.
    if kept.len() >= 256 {
        kept.clear();
    }
    kept.insert(key, regex.clone());
    Ok(regex)
}

fn re_replace(value: &Value, given: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let arguments = Arguments { given: &given, named: &named };
    let pattern = arguments.text(0, "pattern")?.ok_or_else(|| missing("pattern"))?;
    let replacement = arguments.text(1, "repl")?.ok_or_else(|| missing("repl"))?;
    arguments.end(2)?;
    let text = defined(value)?.to_string();
    let regex = regex(&pattern, false)?;
    let replaced = regex
        .try_replacen(&text, 0, |captures: &Captures<'_, str>| expand(&replacement, captures))
        .map_err(|error| bad(format!("`{pattern}` cannot be applied: {error}")))?;
    Ok(Value::from(replaced.into_owned()))
}

/// Returns the replacement for a match, in Python's notation: `\1`, `\g<1>`, `\g<name>`.
fn expand(replacement: &str, captures: &Captures<'_, str>) -> String {
    let group = |name: &str| {
        let group = name.parse().map_or_else(|_| captures.name(name), |index: usize| captures.get(index));
        group.map_or("", |found| found.as_str())
    };
    let mut expanded = String::new();
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('\\') {
        expanded.push_str(before);
        let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let name = after.strip_prefix("g<").and_then(|named| named.split_once('>'));
        if digits > 0 {
            expanded.push_str(group(&after[..digits]));
            rest = &after[digits..];
        } else if let Some((name, after)) = name {
            expanded.push_str(group(name));
            rest = after;
        } else {
            let mut characters = after.chars();
            match characters.next() {
                Some('n') => expanded.push('\n'),
                Some('t') => expanded.push('\t'),
                Some('\\') | None => expanded.push('\\'),
                Some(other) => expanded.extend(['\\', other]),
            }
            rest = characters.as_str();
        }
    }
    expanded.push_str(rest);
    expanded
}

/// Returns the part that matches, upper and lower case alike; empty if none does.
fn re_search(value: &Value, pattern: &str) -> Result<Value, Error> {
    let Some(text) = defined(value)?.as_str() else { return Ok(value.clone()) };
    let found = regex(pattern, true)?
        .find(text)
        .map_err(|error| bad(format!("`{pattern}` cannot be applied: {error}")))?
        .map_or("", |found| found.as_str());
    Ok(Value::from(found))
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
        .map_err(|_| bad(format!("not a date such as `2026-01-31` or `2026-01-31T20:00:00Z`: `{text}`")))?;
    Ok(When::on_clock(&moment).into_engine())
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
fn format_number(value: &Value, given: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let arguments = Arguments { given: &given, named: &named };
    let places = arguments.number(0, "places")?;
    let grouping = arguments.is(1, "grouping", true)?;
    arguments.end(2)?;
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
        if index > start && index < end && (end - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(character);
    }
    Ok(Value::from(grouped))
}

/// Pads on the left: `7` → `07` with `pad(2)`.
fn pad(value: &Value, given: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let arguments = Arguments { given: &given, named: &named };
    let width = arguments.number(0, "width")?.ok_or_else(|| missing("width"))?;
    let fill = arguments.get(1, "fillchar")?.map_or_else(|| "0".to_string(), |fill| fill.to_string());
    arguments.end(2)?;
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

/// Parses a size such as `1.5 GB` into bytes; 0 if it is none.
///
/// Units are powers of 1024 unless `si=true`; `GiB` always is.
fn parse_size(value: &Value, given: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let arguments = Arguments { given: &given, named: &named };
    let si = arguments.is(0, "si", false)?;
    let pattern = arguments.text(1, "match_re")?;
    arguments.end(2)?;
    let Some(text) = defined(value)?.as_str() else { return Ok(value.clone()) };
    let text = match pattern {
        None => text,
        Some(pattern) => regex(&pattern, true)?.find(text).ok().flatten().map_or("", |found| found.as_str()),
    };
    Ok(Value::from(bytes(text, si).unwrap_or(0)))
}

fn bytes(text: &str, si: bool) -> Option<i64> {
    let text = text.trim().to_lowercase();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',') || c.is_whitespace()))?;
    let (amount, unit) = text.split_at(end);
    let amount: f64 = amount.replace(|c: char| c == ',' || c.is_whitespace(), "").parse().ok()?;
    let unit: &str = unit.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    let unit = unit.strip_suffix('b')?;
    let (unit, base) = match unit.strip_suffix('i') {
        Some(unit) => (unit, 1024.0_f64),
        None => (unit, if si { 1000.0 } else { 1024.0 }),
    };
    let power = PREFIXES.iter().position(|prefix| *prefix == unit)?;
    Some((amount * base.powi(i32::try_from(power).ok()?)) as i64)
}

/// Bytes → `1.50 GiB`, with `si=true` `1.61 GB`; `unit='M'` chooses the unit.
fn format_size(value: &Value, given: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let arguments = Arguments { given: &given, named: &named };
    let si = arguments.is(0, "si", false)?;
    let unit = arguments.text(1, "unit")?;
    arguments.end(2)?;
    let number = Number::of(defined(value)?).filter(|_| value.kind() == ValueKind::Number);
    let Some(size) = number.map(Number::float) else { return Ok(value.clone()) };
    let base: f64 = if si { 1000.0 } else { 1024.0 };
    let power = match unit {
        Some(unit) => {
            let wanted = unit.to_lowercase();
            let wanted = wanted.strip_suffix('b').unwrap_or(&wanted);
            let wanted = wanted.strip_suffix('i').unwrap_or(wanted);
            PREFIXES
                .iter()
                .position(|prefix| *prefix == wanted)
                .ok_or_else(|| bad(format!("unknown unit: `{unit}`")))?
        }
        None => (1..PREFIXES.len()).take_while(|power| size.abs() >= base.powi(*power as i32)).count(),
    };
    if power == 0 {
        return Ok(Value::from(format!("{size} B")));
    }
    let prefix = PREFIXES[power].to_uppercase();
    let amount = size / base.powi(power as i32);
    Ok(Value::from(format!("{amount:.2} {prefix}{}B", if si { "" } else { "i" })))
}
