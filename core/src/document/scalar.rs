//! Plain scalars of YAML 1.1, as PyYAML's safe loader reads them.
//!
//! Whole numbers beyond 64 bits stay text, since nothing here counts with them; so do dates that no
//! calendar has. A time without a zone is taken as UTC.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use serde_yaml::Number;

use crate::document::node::Scalar;

/// Returns the value of a plain (unquoted) scalar.
///
/// `=` and `<<` are the caller's business.
pub(super) fn resolve(text: &str) -> Scalar {
    let special = null_or_bool(text).or_else(|| number(text).map(Scalar::Number)).or_else(|| timestamp(text));
    special.unwrap_or_else(|| Scalar::Text(text.into()))
}

/// Returns whether PyYAML or YAML 1.2 reads plain `text` as something else than text.
pub(super) fn is_special(text: &str) -> bool {
    matches!(text, "=" | "<<" | "---" | "...")
        || !matches!(resolve(text), Scalar::Text(_))
        || looks_numeric(text)
        || matches!(text, "y" | "Y" | "n" | "N")
}

/// Numbers and dates of any YAML version: whatever begins as one.
///
/// Quoting too much does no harm.
fn looks_numeric(text: &str) -> bool {
    text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit() || c == '.')
}

/// Returns the null or boolean that the text spells.
pub(super) fn null_or_bool(text: &str) -> Option<Scalar> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Scalar::Null),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(Scalar::Bool(true)),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(Scalar::Bool(false)),
        _ => None,
    }
}

/// Returns a number, if that is what the text spells.
pub(super) fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    integer(text).or_else(|| float(text).map(Number::from))
}

/// Returns the date or time that the text spells: `2020-02-29`, `2020-2-29 1:02:03.5 +1`.
fn timestamp(text: &str) -> Option<Scalar> {
    let digits = |text: &str, most: usize| -> Option<i16> {
        let good = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| text.parse().ok())?
    };
    let day_end = text.find(['T', 't', ' ', '\t']).unwrap_or(text.len());
    let (day, rest) = text.split_at(day_end);
    let [year, month, number] = day.split('-').collect::<Vec<_>>().try_into().ok()?;
    if year.len() != 4 || (rest.is_empty() && day.len() != 10) {
        return None;
    }
    let month = i8::try_from(digits(month, 2)?).ok()?;
    let day = Date::new(digits(year, 4)?, month, i8::try_from(digits(number, 2)?).ok()?).ok()?;
    if rest.is_empty() {
        return Some(Scalar::Date(day));
    }
    let rest = rest.strip_prefix(['T', 't']).unwrap_or_else(|| rest.trim_start_matches([' ', '\t']));
    let zone_at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_at);
    let clock = if zone.is_empty() { clock } else { clock.trim_end_matches([' ', '\t']) };
    let [hour, minute, second] = clock.split(':').collect::<Vec<_>>().try_into().ok()?;
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    if minute.len() != 2 || second.len() != 2 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos: i32 = format!("{fraction:0<9.9}").parse().ok()?;
    let part = |text: &str| i8::try_from(digits(text, 2)?).ok();
    let local = day.to_datetime(Time::new(part(hour)?, part(minute)?, part(second)?, nanos).ok()?);
    let offset = match zone.strip_prefix(['+', '-']) {
        None if zone.is_empty() || zone == "Z" => 0,
        None => return None,
        Some(offset) => {
            let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
            let minutes = i32::from(digits(hours, 2)?).checked_mul(60)?.checked_add(i32::from(digits(minutes, 2)?))?;
            minutes.checked_mul(if zone.starts_with('-') { -60 } else { 60 })?
        }
    };
    Offset::from_seconds(offset).ok()?.to_timestamp(local).ok().map(Scalar::Time)
}

fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = signed(text);
    let magnitude = if let Some(binary) = digits.strip_prefix("0b") {
        radix(binary, 2)?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        radix(hex, 16)?
    } else if digits.len() > 1 && digits.starts_with('0') {
        // `0_` is a number too: the digits may be missing behind the leading nought.
        radix(digits, 8)?
    } else if let Some((first, rest)) = digits.split_once(':') {
        if first.starts_with('0') {
            return None;
        }
        rest.split(':').try_fold(radix(first, 10)?, |total, part| total.checked_mul(60)?.checked_add(sixty(part)?))?
    } else {
        radix(digits, 10)?
    };
    let signed = i128::try_from(magnitude).ok()?.checked_mul(if negative { -1 } else { 1 })?;
    i64::try_from(signed).map(Number::from).or_else(|_| u64::try_from(signed).map(Number::from)).ok()
}

fn signed(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn radix(digits: &str, base: u32) -> Option<u128> {
    if base == 10 && !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut any = false;
    let total = digits.chars().filter(|c| *c != '_').try_fold(0_u128, |total, c| {
        any = true;
        total.checked_mul(base.into())?.checked_add(c.to_digit(base)?.into())
    })?;
    any.then_some(total)
}

/// Parses a digit of a sexagesimal number: `0` to `59`, with or without a leading zero.
fn sixty(part: &str) -> Option<u128> {
    let plain = matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
    part.parse().ok().filter(|number| plain && *number < 60)
}

fn float(text: &str) -> Option<f64> {
    let (negative, digits) = signed(text);
    let sign = if negative { -1.0 } else { 1.0 };
    match digits {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if text.len() == 4 => return Some(f64::NAN),
        _ => {}
    }
    let (whole, rest) = digits.split_once('.')?;
    if whole.is_empty() {
        // Python has no sign here and wants a digit right behind the point.
        if text.len() != digits.len() || !rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
    } else if !whole.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if whole.contains(':') {
        let mut places = whole.split(':');
        let first = radix(places.next()?, 10)? as f64;
        let whole = places.try_fold(first, |total, part| Some(total * 60.0 + sixty(part)? as f64))?;
        let fraction = decimal("0", rest, "")?;
        return Some(sign * (whole + fraction));
    }
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], &rest[at..]),
        None => (rest, ""),
    };
    if !exponent.is_empty() {
        let digits = exponent[1..].strip_prefix(['+', '-'])?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
    }
    Some(sign * decimal(whole, fraction, exponent)?)
}

fn decimal(whole: &str, fraction: &str, exponent: &str) -> Option<f64> {
    let allowed = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !allowed(whole) || !allowed(fraction) {
        return None;
    }
    let digits = |part: &str| part.replace('_', "");
    format!("{}.{}0{exponent}", digits(whole), digits(fraction)).parse().ok()
}
