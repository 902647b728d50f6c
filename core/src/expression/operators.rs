//! The operators: arithmetic and order as Python has them, with dates and durations.

use std::cmp::Ordering;

use minijinja::machinery::Instruction;
use minijinja::value::{Tuple, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::arguments::bad;
use super::convert::{Number, defined, kind};
use super::dates::{Duration, When};
use super::text;
use crate::value;

/// First character of the names of internal functions, which no field's name can have.
pub(super) const OURS: char = '$';

/// Returns the instructions to run instead of one: itself, or calls of the functions below.
pub(super) fn replacement<'a>(instruction: &Instruction<'a>) -> impl Iterator<Item = Instruction<'a>> + use<'a> {
    let call = |name| [Some(Instruction::CallFunction(name, Some(2))), None];
    // Leaves the right operand and the result, as the next comparison of the chain expects.
    let chain = |name| [Some(Instruction::CallFunction(name, Some(2))), Some(Instruction::UnpackList(2))];
    let replaced = match instruction {
        Instruction::Add => call("$add"),
        Instruction::Sub => call("$sub"),
        Instruction::Mul => call("$mul"),
        Instruction::Div => call("$div"),
        Instruction::Rem => call("$rem"),
        Instruction::Lt => call("$lt"),
        Instruction::Lte => call("$le"),
        Instruction::Gt => call("$gt"),
        Instruction::Gte => call("$ge"),
        Instruction::In => call("$in"),
        // What is made of other values is bounded, so that no value repeats itself without an end.
        Instruction::BuildList(_) | Instruction::BuildMap(_) => [Some(instruction.clone()), Some(BOUND)],
        Instruction::Neg => [Some(Instruction::CallFunction("$neg", Some(1))), None],
        // The type of the operator has no public name.
        Instruction::CompareAndPreserve(operator) => match format!("{operator:?}").as_str() {
            "Lt" => chain("$lt_chain"),
            "Lte" => chain("$le_chain"),
            "Gt" => chain("$gt_chain"),
            "Gte" => chain("$ge_chain"),
            _ => [Some(instruction.clone()), None],
        },
        Instruction::CallFunction(name, count) => match ours(name) {
            Some(ours) => [Some(Instruction::CallFunction(ours, *count)), None],
            None => [Some(instruction.clone()), None],
        },
        other => [Some(other.clone()), None],
    };
    replaced.into_iter().flatten()
}

/// Checks that the value on the stack is of a bounded size.
pub(super) const BOUND: Instruction<'static> = Instruction::CallFunction("$bound", Some(1));

/// Most values that the result of an expression may hold, at all levels together.
const MAX_PARTS: usize = 100_000;

/// Deepest nesting of such a result.
const MAX_LEVELS: usize = 32;

/// Returns a value, if it is not too large and no namespace, which could contain itself.
fn bound(value: &Value) -> Result<Value, Error> {
    let mut budget = MAX_PARTS;
    if count(value, MAX_LEVELS, &mut budget)? { Ok(value.clone()) } else { Err(bad("the value is too large".into())) }
}

/// Takes the parts of a value off a budget, and returns whether it suffices.
fn count(value: &Value, levels: usize, budget: &mut usize) -> Result<bool, Error> {
    let Some(left) = budget.checked_sub(1) else { return Ok(false) };
    *budget = left;
    if value.as_object().is_some_and(|object| object.type_name().contains("Namespace")) {
        return Err(bad("a namespace cannot be a part of another value".into()));
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Map if levels == 0 => Ok(false),
        kind @ (ValueKind::Seq | ValueKind::Map) => {
            for item in value.try_iter()? {
                let item = if kind == ValueKind::Map { value.get_item(&item)? } else { item };
                if !count(&item, levels.saturating_sub(1), budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(true),
    }
}

/// Returns the name of an internal function, which no field of that name can hide.
fn ours(name: &str) -> Option<&'static str> {
    match name {
        "timedelta" | "duration" => Some("$duration"),
        "has_field" => Some("$has_field"),
        _ => None,
    }
}

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_function("$add", added);
    environment.add_function("$sub", |a: &Value, b: &Value| binary("-", minus, a, b));
    environment.add_function("$mul", |a: &Value, b: &Value| binary("*", times, a, b));
    environment.add_function("$div", |a: &Value, b: &Value| binary("/", over, a, b));
    environment.add_function("$rem", |state: &mut State<'_, '_>, a: &Value, b: &Value| match (a.as_str(), b) {
        (Some(_), b) => formatted(state, a, defined(b)?),
        (None, b) => binary("%", remainder, a, b),
    });
    environment.add_function("$neg", negate);
    environment.add_function("$bound", bound);
    environment.add_function("$in", contained);
    for (name, chain, symbol, holds) in [
        ("$lt", "$lt_chain", "<", Ordering::is_lt as fn(Ordering) -> bool),
        ("$le", "$le_chain", "<=", Ordering::is_le),
        ("$gt", "$gt_chain", ">", Ordering::is_gt),
        ("$ge", "$ge_chain", ">=", Ordering::is_ge),
    ] {
        environment.add_function(name, move |a: &Value, b: &Value| ordered(symbol, holds, a, b));
        environment.add_function(chain, move |a: &Value, b: &Value| {
            let result = ordered(symbol, holds, a, b)?;
            Ok::<_, Error>(Value::from(Tuple::from([Value::from(result), b.clone()])))
        });
    }
}

pub(super) fn added(state: &State<'_, '_>, a: &Value, b: &Value) -> Result<Value, Error> {
    pay_for(state, a, b)?;
    binary("+", plus, a, b)
}

/// Pays for the text or list that two others make.
fn pay_for(state: &State<'_, '_>, a: &Value, b: &Value) -> Result<(), Error> {
    let size = |value: &Value| value.as_str().map_or_else(|| value.len().unwrap_or(0), |text| text.len() / 64);
    state.consume_fuel(size(a).saturating_add(size(b)) as u64)
}

/// Fills in a pattern such as `%02d`; as in Python, a tuple is several values.
fn formatted(state: &mut State<'_, '_>, pattern: &Value, values: &Value) -> Result<Value, Error> {
    let mut arguments = vec![pattern.clone()];
    if values.is_tuple() {
        arguments.extend(values.try_iter()?);
    } else {
        arguments.push(values.clone());
    }
    // What is filled into escaped text is escaped as well.
    let is_text = |value: &Value| value.as_str().is_some();
    if pattern.is_safe() {
        for argument in arguments.iter_mut().skip(1).filter(|argument| is_text(argument)) {
            *argument = text::escape(argument)?;
        }
    }
    // The filter pays for widths and precisions before it writes.
    let filled = state.apply_filter("format", &arguments)?;
    Ok(if pattern.is_safe() { Value::from_safe_string(filled.to_string()) } else { filled })
}

type Operation = fn(&Value, &Value) -> Result<Option<Value>, Error>;

fn binary(symbol: &str, operation: Operation, a: &Value, b: &Value) -> Result<Value, Error> {
    let (a, b) = (defined(a)?, defined(b)?);
    operation(a, b)?
        .ok_or_else(|| bad(format!("unsupported operand types for `{symbol}`: {} and {}", kind(a), kind(b))))
}

/// Calculates with two numbers, whole ones as long as both are whole.
fn numbers(
    a: &Value,
    b: &Value,
    whole: fn(i64, i64) -> Option<i64>,
    float: fn(f64, f64) -> f64,
) -> Result<Option<Value>, Error> {
    match (Number::of(a), Number::of(b)) {
        (Some(Number::Int(a)), Some(Number::Int(b))) => {
            whole(a, b).map(|number| Some(Value::from(number))).ok_or_else(|| too_large(a, b))
        }
        (Some(a), Some(b)) => Ok(Some(Value::from(float(a.float(), b.float())))),
        _ => Ok(None),
    }
}

fn too_large(a: i64, b: i64) -> Error {
    Error::new(
        ErrorKind::BadSerialization,
        format!("the result does not fit into 64 bits: calculated from {a} and {b}"),
    )
}

fn no_zero() -> Error {
    Error::new(ErrorKind::BadSerialization, "division by zero")
}

fn out_of_range() -> Error {
    Error::new(ErrorKind::BadSerialization, "the result is not a date between the years -9999 and 9999")
}

fn plus(a: &Value, b: &Value) -> Result<Option<Value>, Error> {
    if let (Some(left), Some(right)) = (a.as_str(), b.as_str()) {
        // Text that was escaped stays so: what is added to it is escaped as well.
        if a.is_safe() || b.is_safe() {
            let (left, right) = (text::escape(a)?, text::escape(b)?);
            return Ok(Some(Value::from_safe_string(format!("{left}{right}"))));
        }
        return Ok(Some(Value::from(format!("{left}{right}"))));
    }
    if let (ValueKind::Seq, ValueKind::Seq) = (a.kind(), b.kind()) {
        return Ok(Some(a.try_iter()?.chain(b.try_iter()?).collect()));
    }
    let moved = match (When::of(a), Duration::of(a), When::of(b), Duration::of(b)) {
        (Some(when), _, _, Some(by)) | (_, Some(by), Some(when), _) => when.plus(by).map(When::into_engine),
        (_, Some(a), _, Some(b)) => a.plus(b).map(Duration::into_engine),
        _ => return numbers(a, b, i64::checked_add, |a, b| a + b),
    };
    moved.map(Some).ok_or_else(out_of_range)
}

fn minus(a: &Value, b: &Value) -> Result<Option<Value>, Error> {
    let moved = match (When::of(a), Duration::of(a), When::of(b), Duration::of(b)) {
        (Some(a), _, Some(b), _) => Some(a.since(b).into_engine()),
        (Some(when), _, _, Some(by)) => by.times(-1.0).and_then(|by| when.plus(&by)).map(When::into_engine),
        (_, Some(a), _, Some(b)) => b.times(-1.0).and_then(|b| a.plus(&b)).map(Duration::into_engine),
        _ => return numbers(a, b, i64::checked_sub, |a, b| a - b),
    };
    moved.map(Some).ok_or_else(out_of_range)
}

fn times(a: &Value, b: &Value) -> Result<Option<Value>, Error> {
    let (duration, factor) = if Duration::of(a).is_some() { (a, b) } else { (b, a) };
    if let (Some(duration), Some(factor)) = (Duration::of(duration), Number::of(factor)) {
        return duration.times(factor.float()).map(|duration| Some(duration.into_engine())).ok_or_else(out_of_range);
    }
    let (text, count) = if a.as_str().is_some() { (a, b) } else { (b, a) };
    if let (Some(text), Some(Number::Int(count))) = (text.as_str(), Number::of(count)) {
        let count = usize::try_from(count).unwrap_or(0);
        if text.len().saturating_mul(count) > 1 << 20 {
            return Err(Error::new(ErrorKind::BadSerialization, format!("text repeated too often: {count} times")));
        }
        let repeated = text.repeat(count);
        let is_safe = a.is_safe() || b.is_safe();
        return Ok(Some(if is_safe { Value::from_safe_string(repeated) } else { Value::from(repeated) }));
    }
    numbers(a, b, i64::checked_mul, |a, b| a * b)
}

fn over(a: &Value, b: &Value) -> Result<Option<Value>, Error> {
    let (dividend, divisor) = (Duration::of(a), Duration::of(b));
    if let (Some(a), Some(b)) = (dividend, divisor) {
        let divisor = b.seconds();
        return if divisor == 0.0 { Err(no_zero()) } else { Ok(Some(Value::from(a.seconds() / divisor))) };
    }
    let Some(divisor) = Number::of(b).map(Number::float) else { return Ok(None) };
    let result = match (dividend, Number::of(a)) {
        (None, None) => return Ok(None),
        _ if divisor == 0.0 => return Err(no_zero()),
        (Some(duration), _) => duration.times(1.0 / divisor).ok_or_else(out_of_range)?.into_engine(),
        (_, Some(number)) => Value::from(number.float() / divisor),
    };
    Ok(Some(result))
}

fn remainder(a: &Value, b: &Value) -> Result<Option<Value>, Error> {
    if Number::of(b).is_some_and(|divisor| divisor.float() == 0.0) && Number::of(a).is_some() {
        return Err(no_zero());
    }
    // The sign is the divisor's.
    numbers(
        a,
        b,
        |a, b| {
            a.checked_rem(b).map(|rest| if rest != 0 && (rest < 0) != (b < 0) { rest.saturating_add(b) } else { rest })
        },
        |a, b| a - b * (a / b).floor(),
    )
}

fn negate(value: &Value) -> Result<Value, Error> {
    let value = defined(value)?;
    if let Some(duration) = Duration::of(value) {
        return duration.times(-1.0).map(Duration::into_engine).ok_or_else(out_of_range);
    }
    match Number::of(value) {
        Some(Number::Int(number)) => number.checked_neg().map(Value::from).ok_or_else(|| too_large(0, number)),
        Some(Number::Float(number)) => Ok(Value::from(-number)),
        None => Err(bad(format!("unsupported operand type for `-`: {}", kind(value)))),
    }
}

pub(super) fn contained(state: &mut State<'_, '_>, value: &Value, container: &Value) -> Result<bool, Error> {
    let (value, container) = (defined(value)?, defined(container)?);
    match container.kind() {
        ValueKind::String => match (value.as_str(), container.as_str()) {
            (Some(part), Some(text)) => Ok(text.contains(part)),
            _ => Err(bad(format!("`in` looks for text in text, not for {}", kind(value)))),
        },
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            state.perform_test("in", &[value.clone(), container.clone()])
        }
        _ => Err(bad(format!("`in` needs a list, a mapping or text on its right, not {}", kind(container)))),
    }
}

fn ordered(symbol: &str, holds: fn(Ordering) -> bool, a: &Value, b: &Value) -> Result<bool, Error> {
    let (a, b) = (defined(a)?, defined(b)?);
    // What is not a number has no order, and no comparison with it holds.
    if let (Some(a), Some(b)) = (Number::of(a), Number::of(b))
        && (a.float().is_nan() || b.float().is_nan())
    {
        return Ok(false);
    }
    let order = compare(a, b).ok_or_else(|| {
        let way_out = match (kind(a), kind(b)) {
            ("text", "a date" | "a date and time") | ("a date" | "a date and time", "text") => {
                ": make the text a date with `|parsedate`"
            }
            ("text", "a number") | ("a number", "text") => ": make the text a number with `|int`",
            ("nothing", _) | (_, "nothing") => ": ask first whether it `is not none`",
            _ => "",
        };
        bad(format!("`{symbol}` does not work between {} and {}{way_out}", kind(a), kind(b)))
    })?;
    Ok(holds(order))
}

/// Returns the order of values of like kinds.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (Number::of(a), Number::of(b)) {
        return match (a, b) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
            _ => a.float().partial_cmp(&b.float()),
        };
    }
    if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
        return Some(value::text_order(a, b));
    }
    if let (Some(a), Some(b)) = (When::of(a), When::of(b)) {
        return Some(a.order(b));
    }
    if let (Some(a), Some(b)) = (Duration::of(a), Duration::of(b)) {
        return a.seconds().partial_cmp(&b.seconds());
    }
    if a.kind() != ValueKind::Seq || b.kind() != ValueKind::Seq {
        return None;
    }
    let (mut left, mut right) = (a.try_iter().ok()?, b.try_iter().ok()?);
    loop {
        match (left.next(), right.next()) {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => return compare(&a, &b),
            (a, b) => return Some(a.is_some().cmp(&b.is_some())),
        }
    }
}
