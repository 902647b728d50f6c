//! Dates, times and durations in expressions, with the attributes and methods of Python's.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ZonedDateTime};
use minijinja::value::{DynObject, Kwargs, Object, ObjectRepr, from_args};
use minijinja::{Error, ErrorKind, State, Value};

/// A day, or a moment on a clock somewhere.
///
/// The clock is only read when a part of the moment is asked for.
#[derive(Debug, Clone)]
pub(super) enum When {
    Day(Date),
    Moment(Timestamp, TimeZone),
}

impl When {
    /// Returns a moment on the clock that it came with.
    pub(super) fn on_clock(moment: &ZonedDateTime) -> Self {
        Self::Moment(moment.timestamp(), moment.time_zone().clone())
    }

    pub(super) fn of(value: &Value) -> Option<&Self> {
        value.downcast_object_ref()
    }

    pub(super) fn into_engine(self) -> Value {
        Value::from_object(self)
    }

    pub(super) fn day(&self) -> Date {
        match self {
            Self::Day(day) => *day,
            Self::Moment(moment, zone) => zone.to_datetime(*moment).date(),
        }
    }

    /// Returns the moment; a day begins at midnight in the other's zone, or in UTC.
    fn moment_beside(&self, other: &Self) -> Timestamp {
        let day = match self {
            Self::Moment(moment, _) => return *moment,
            Self::Day(day) => *day,
        };
        let zone = match other {
            Self::Day(_) => TimeZone::UTC,
            Self::Moment(_, zone) => zone.clone(),
        };
        let limit = if day.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        day.to_zoned_datetime(zone).map_or(limit, |midnight| midnight.timestamp())
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Day(a), Self::Day(b)) => a.cmp(b),
            _ => self.moment_beside(other).cmp(&other.moment_beside(self)),
        }
    }

    /// Returns the time from `other` until this.
    pub(super) fn since(&self, other: &Self) -> Duration {
        let exact = match (self, other) {
            (Self::Day(a), Self::Day(b)) => a.duration_since(*b),
            _ => self.moment_beside(other).duration_since(other.moment_beside(self)),
        };
        Duration { months: 0, exact }
    }

    /// Adds a duration, which may be negative; a day stays a day.
    pub(super) fn plus(&self, by: &Duration) -> Option<Self> {
        let months = Span::new().try_months(by.months).ok()?;
        match self {
            Self::Day(day) => {
                let days = Span::new().try_days(by.exact.as_secs().div_euclid(DAY)).ok()?;
                day.checked_add(months).ok()?.checked_add(days).ok().map(Self::Day)
            }
            Self::Moment(moment, zone) if by.months == 0 => {
                moment.checked_add(by.exact).ok().map(|moment| Self::Moment(moment, zone.clone()))
            }
            Self::Moment(moment, zone) => {
                let moment = moment.to_zoned_datetime(zone.clone()).checked_add(months).ok()?;
                moment.checked_add(by.exact).ok().map(|moment| Self::on_clock(&moment))
            }
        }
    }

    pub(super) fn strftime(&self, format: &str) -> Result<String, Error> {
        match self {
            Self::Day(day) => strtime::format(format, day.at(0, 0, 0, 0)),
            Self::Moment(moment, zone) => strtime::format(format, &moment.to_zoned_datetime(zone.clone())),
        }
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, format!("cannot format with `{format}`: {error}")))
    }

    fn number(&self, name: &str) -> Option<i64> {
        let day = self.day();
        Some(match (name, self) {
            ("year", _) => day.year().into(),
            ("month", _) => day.month().into(),
            ("day", _) => day.day().into(),
            ("hour", Self::Moment(moment, zone)) => zone.to_datetime(*moment).hour().into(),
            ("minute", Self::Moment(moment, zone)) => zone.to_datetime(*moment).minute().into(),
            ("second", Self::Moment(moment, zone)) => zone.to_datetime(*moment).second().into(),
            ("microsecond", Self::Moment(moment, _)) => i64::from(moment.subsec_nanosecond().rem_euclid(NANOS)) / 1000,
            _ => return None,
        })
    }

    fn isoformat(&self, between: char) -> String {
        let Self::Moment(moment, zone) = self else { return self.day().to_string() };
        let moment = moment.to_zoned_datetime(zone.clone());
        let fraction = match moment.subsec_nanosecond() / 1000 {
            0 => String::new(),
            micro => format!(".{micro:06}"),
        };
        let time = moment.time();
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        let offset = moment.offset().seconds();
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 3600, offset.abs() / 60 % 60);
        format!("{}{between}{hour:02}:{minute:02}:{second:02}{fraction}{sign}{hours:02}:{minutes:02}", moment.date())
    }

    /// Returns the same with some parts replaced: `replace(hour=0, minute=0)`.
    fn replace(&self, components: &Kwargs) -> Result<Self, Error> {
        let part = |name: &str, old: i64| components.get::<Option<i64>>(name).map(|new| new.unwrap_or(old));
        let bad = || Error::new(ErrorKind::InvalidOperation, "`replace` would make a date that does not exist");
        let old = self.day();
        let year = part("year", old.year().into())?;
        let (month, day) = (part("month", old.month().into())?, part("day", old.day().into())?);
        let small = |number: i64| i8::try_from(number).map_err(|_| bad());
        let date = Date::new(i16::try_from(year).map_err(|_| bad())?, small(month)?, small(day)?).map_err(|_| bad())?;
        let Self::Moment(moment, zone) = self else {
            components.assert_all_used()?;
            return Ok(Self::Day(date));
        };
        let moment = moment.to_zoned_datetime(zone.clone());
        let hour = small(part("hour", moment.hour().into())?)?;
        let minute = small(part("minute", moment.minute().into())?)?;
        let second = small(part("second", moment.second().into())?)?;
        let micro = part("microsecond", (moment.subsec_nanosecond() / 1000).into())?;
        components.assert_all_used()?;
        let nano = i32::try_from(micro.saturating_mul(1000)).map_err(|_| bad())?;
        let time = jiff::civil::Time::new(hour, minute, second, nano).map_err(|_| bad())?;
        moment.with().date(date).time(time).build().map(|moment| Self::on_clock(&moment)).map_err(|_| bad())
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.isoformat(' '))
    }
}

impl Object for When {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.number(key.as_str()?).map(Value::from)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        self.number(name).map(Value::from)
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match (method, &**self) {
            ("add" | "subtract", _) => {
                let unknown = || Error::from(ErrorKind::UnknownMethod);
                let by = state.lookup("$duration").ok_or_else(unknown)?.call(state, args)?;
                let by = Duration::of(&by).ok_or_else(unknown)?;
                let by = if method == "add" { Some(by.clone()) } else { by.times(-1.0) };
                let sum = by.and_then(|by| self.plus(&by));
                sum.map(Self::into_engine).ok_or_else(|| {
                    Error::new(ErrorKind::InvalidOperation, format!("`{method}` would make a date that does not exist"))
                })
            }
            ("strftime", _) => {
                let (format,): (&str,) = from_args(args)?;
                self.strftime(format).map(Value::from)
            }
            ("replace", _) => {
                let (components,): (Kwargs,) = from_args(args)?;
                self.replace(&components).map(Self::into_engine)
            }
            ("isoformat", _) => from_args(args).map(|()| Value::from(self.isoformat('T'))),
            ("astimezone", _) => from_args::<(Option<Value>,)>(args).map(|_| self.as_ref().clone().into_engine()),
            ("date", _) => from_args(args).map(|()| Self::Day(self.day()).into_engine()),
            ("weekday", _) => from_args(args).map(|()| Value::from(self.day().weekday().to_monday_zero_offset())),
            ("isoweekday", _) => from_args(args).map(|()| Value::from(self.day().weekday().to_monday_one_offset())),
            ("timestamp", Self::Moment(moment, _)) => {
                from_args(args).map(|()| Value::from(moment.as_microsecond() as f64 / 1e6))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        other.downcast_ref::<Self>().map(|other| self.order(other))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A length of time: months (and years) by the calendar, the rest exact.
#[derive(Debug, Clone)]
pub(super) struct Duration {
    pub(super) months: i64,
    pub(super) exact: SignedDuration,
}

/// Nanoseconds of a second.
const NANOS: i32 = 1_000_000_000;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// The units of a duration below the month, largest first, in seconds.
const UNITS: [(&str, i64); 5] = [("week", 7 * DAY), ("day", DAY), ("hour", 3600), ("minute", 60), ("second", 1)];

impl Duration {
    pub(super) fn of(value: &Value) -> Option<&Self> {
        value.downcast_object_ref()
    }

    pub(super) fn into_engine(self) -> Value {
        Value::from_object(self)
    }

    /// Returns all of it in days and their rest: a year counts 365 days, a month 30.
    fn whole(&self) -> SignedDuration {
        let days = (self.months / 12).saturating_mul(365).saturating_add((self.months % 12).saturating_mul(30));
        self.exact.saturating_add(SignedDuration::from_secs(days.saturating_mul(DAY)))
    }

    /// Returns all of it in seconds, as far as months can be.
    pub(super) fn seconds(&self) -> f64 {
        self.whole().as_secs_f64()
    }

    pub(super) fn plus(&self, other: &Self) -> Option<Self> {
        let months = self.months.checked_add(other.months)?;
        Some(Self { months, exact: self.exact.checked_add(other.exact)? })
    }

    pub(super) fn times(&self, factor: f64) -> Option<Self> {
        let exact = if factor == -1.0 {
            self.exact.checked_neg()?
        } else {
            SignedDuration::try_from_secs_f64(self.exact.as_secs_f64() * factor).ok()?
        };
        let months = self.months as f64 * factor;
        (months.abs() < 1e9).then_some(Self { months: months as i64, exact })
    }

    fn number(&self, name: &str) -> Option<i64> {
        let whole = self.whole();
        Some(match name {
            "days" => whole.as_secs() / DAY,
            "seconds" => whole.as_secs() % DAY,
            "microseconds" => whole.subsec_micros().into(),
            "years" => self.months / 12,
            "months" => self.months % 12,
            "weeks" => whole.as_secs() / (7 * DAY),
            "hours" => whole.as_secs() / 3600 % 24,
            "minutes" => whole.as_secs() / 60 % 60,
            _ => return None,
        })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut components = vec![("year", self.months / 12), ("month", self.months % 12)];
        let mut rest = self.exact.as_secs();
        for (name, length) in UNITS {
            components.push((name, rest.checked_div(length).unwrap_or_default()));
            rest = rest.checked_rem(length).unwrap_or_default();
        }
        let words: Vec<_> = components
            .into_iter()
            .filter(|(_, count)| *count != 0)
            .map(|(name, count)| format!("{count} {name}{}", if count.abs() == 1 { "" } else { "s" }))
            .collect();
        f.write_str(if words.is_empty() { "0 seconds" } else { "" })?;
        f.write_str(&words.join(" "))
    }
}

impl Object for Duration {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.number(key.as_str()?).map(Value::from)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.months != 0 || !self.exact.is_zero()
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let unit = |name: &str| UNITS.iter().find(|(unit, _)| name.strip_suffix('s') == Some(unit));
        if let Some((_, length)) = method.strip_prefix("total_").and_then(unit) {
            return from_args(args).map(|()| Value::from(self.seconds() / *length as f64));
        }
        if let Some((_, length)) = method.strip_prefix("in_").and_then(unit) {
            return from_args(args)
                .map(|()| Value::from(self.whole().as_secs().checked_div(*length).unwrap_or_default()));
        }
        Err(Error::from(ErrorKind::UnknownMethod))
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        self.seconds().partial_cmp(&other.downcast_ref::<Self>()?.seconds())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
