//! Fields of the local time, in APScheduler's dialect, which FlexGet's `schedule` has.
//!
//! The search for the next time, with the rules of daylight saving, is croner's: a time that the
//! clock skips comes right after it, and one that comes twice is taken once.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

/// Fields of the local time at which something runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Cron {
    /// The fields as patterns of croner: a time matches if one of them does.
    patterns: Vec<croner::Cron>,
    /// The ISO weeks, which croner does not have; `None` means all.
    weeks: Option<BTreeSet<u16>>,
}

/// A mistake in a field, or in all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronProblem {
    /// The field.
    pub field: Option<&'static str>,
    /// The message.
    pub message: String,
}

/// A field: its name, its least and its largest value, and its value if a coarser one is given.
struct Field {
    name: &'static str,
    least: u16,
    most: u16,
    default: Option<u16>,
}

/// The fields, from the coarsest to the finest.
const FIELDS: [Field; 7] = [
    Field { name: "year", least: 1970, most: 4999, default: None },
    Field { name: "month", least: 1, most: 12, default: Some(1) },
    Field { name: "day", least: 1, most: 31, default: Some(1) },
    Field { name: "week", least: 1, most: 53, default: None },
    Field { name: "day_of_week", least: 0, most: 6, default: None },
    Field { name: "hour", least: 0, most: 23, default: Some(0) },
    Field { name: "minute", least: 0, most: 59, default: Some(0) },
];

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const ORDINALS: [&str; 6] = ["1st", "2nd", "3rd", "4th", "5th", "last"];

/// Number of days that are searched for the next run: each date and week occurs within them.
const LONGEST_SEARCH: usize = 366 * 30;

impl Cron {
    /// Reads fields, each with its text.
    ///
    /// As in FlexGet, fields coarser than the finest one that is given may be anything, and finer
    /// ones are at their beginning.
    ///
    /// # Errors
    /// A field is not valid, or no time can ever match.
    pub fn new(given: &[(&str, String)]) -> Result<Self, CronProblem> {
        let text = |name: &str| given.iter().find(|(given, _)| *given == name).map(|(_, text)| text.trim());
        let finest = FIELDS.iter().rposition(|field| text(field.name).is_some()).unwrap_or_default();
        let values = |at: usize| -> Result<Option<BTreeSet<u16>>, CronProblem> {
            let field = &FIELDS[at];
            match text(field.name) {
                Some(text) => field.values(text),
                None if at > finest => Ok(field.default.map(|value| BTreeSet::from([value]))),
                None => Ok(None),
            }
        };
        let (year, month, week, weekday) = (values(0)?, values(1)?, values(3)?, values(4)?);
        let (hour, minute) = (values(5)?, values(6)?);
        // Monday is 0 here and 1 for croner.
        let weekday = weekday.map(|days| days.into_iter().map(|day| day.saturating_add(1)).collect::<BTreeSet<u16>>());
        let mut days: Vec<(String, String)> = Vec::new();
        let of_week = listed(weekday.as_ref());
        match text("day") {
            None if finest < 2 => days.push(("1".to_owned(), of_week)),
            None => days.push(("*".to_owned(), of_week)),
            Some(text) => {
                let mut numbers = Vec::new();
                for part in text.split(',').map(str::trim) {
                    match nth_weekday(part)? {
                        Some(Nth::Last) => numbers.push("L".to_owned()),
                        Some(Nth::Weekday(day, nth)) => {
                            if weekday.as_ref().is_none_or(|days| days.contains(&day)) {
                                days.push(("*".to_owned(), format!("{day}#{nth}")));
                            }
                        }
                        None => match FIELDS[2].values(part)? {
                            Some(values) => numbers.push(listed(Some(&values))),
                            None => numbers.push("*".to_owned()),
                        },
                    }
                }
                if !numbers.is_empty() {
                    let all = numbers.iter().any(|number| number == "*");
                    days.push((if all { "*".to_owned() } else { numbers.join(",") }, of_week));
                }
            }
        }
        let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Required).dom_and_dow(true).build();
        let (minute, hour, month, year) =
            (listed(minute.as_ref()), listed(hour.as_ref()), listed(month.as_ref()), listed(year.as_ref()));
        let patterns = days.iter().map(|(day, of_week)| {
            let pattern = format!("0 {minute} {hour} {day} {month} {of_week} {year}");
            parser
                .parse(&pattern)
                .map_err(|error| CronProblem { field: None, message: format!("the schedule is not valid: {error}") })
        });
        Ok(Self { patterns: patterns.collect::<Result<_, _>>()?, weeks: week })
    }

    /// Returns the first time after `now` that matches; `None` if there is none.
    pub fn next(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        self.patterns.iter().filter_map(|pattern| self.next_of(pattern, now, zone)).min()
    }

    fn next_of(&self, pattern: &croner::Cron, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut from = LocalTime(now.to_zoned_datetime(zone.clone()));
        for _ in 0..LONGEST_SEARCH {
            let next = pattern.find_next_occurrence(&from, false).ok()?;
            let week = u16::try_from(next.0.date().iso_week_date().week()).ok()?;
            if self.weeks.as_ref().is_none_or(|weeks| weeks.contains(&week)) {
                return Some(next.0.timestamp());
            }
            // The rest of the day is in the same week.
            from = LocalTime(next.0.end_of_day().ok()?);
        }
        None
    }
}

impl Field {
    /// Reads the values of a text; `None` means all.
    fn values(&self, text: &str) -> Result<Option<BTreeSet<u16>>, CronProblem> {
        let mut values = BTreeSet::new();
        for part in text.split(',').map(str::trim) {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(self.step(step)?)),
                None => (part, None),
            };
            let (first, last) = match range.split_once('-') {
                _ if range == "*" && step.is_none() => return Ok(None),
                _ if range == "*" => (self.least, self.most),
                Some((first, last)) => (self.value(first)?, self.value(last)?),
                // `10/20` runs on to the end.
                None => (self.value(range)?, if step.is_some() { self.most } else { self.value(range)? }),
            };
            if first > last {
                return Err(self.problem(format!("`{part}` is not valid for `{}`: the range is empty", self.name)));
            }
            values.extend((first..=last).step_by(usize::from(step.unwrap_or(1))));
        }
        let all = values.len() == usize::from(self.most.saturating_sub(self.least)).saturating_add(1);
        Ok(if all { None } else { Some(values) })
    }

    fn value(&self, text: &str) -> Result<u16, CronProblem> {
        let names: &[&str] = match self.name {
            "month" => &MONTHS,
            "day_of_week" => &WEEKDAYS,
            _ => &[],
        };
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text.trim()));
        let named = named.and_then(|at| u16::try_from(at).ok()).map(|at| at.saturating_add(self.least));
        let value = named.or_else(|| text.trim().parse().ok());
        value.filter(|value| (self.least..=self.most).contains(value)).ok_or_else(|| {
            let (least, most) = (self.least, self.most);
            let possible = match names {
                [] => format!("{least} to {most} are possible"),
                [first, .., last] => format!("{least} to {most} and {first} to {last} are possible"),
                [_] => String::new(),
            };
            self.problem(format!("`{}` is not valid for `{}`: {possible}", text.trim(), self.name))
        })
    }

    fn step(&self, text: &str) -> Result<u16, CronProblem> {
        let step = text.trim().parse().ok().filter(|step| *step > 0);
        step.ok_or_else(|| self.problem(format!("`/{text}` is not valid for `{}`: a step is 1 or more", self.name)))
    }

    fn problem(&self, message: String) -> CronProblem {
        CronProblem { field: Some(self.name), message }
    }
}

/// A day that is found by the length of the month or by its weekdays.
enum Nth {
    /// The last day of the month.
    Last,
    /// The weekday by croner's number, and which of the month: `1` to `5`, or `L`.
    Weekday(u16, String),
}

/// Reads `last`, `2nd fri` and `last sun`; `None` for anything else.
fn nth_weekday(text: &str) -> Result<Option<Nth>, CronProblem> {
    let text = text.to_ascii_lowercase();
    let (ordinal, weekday) = match text.split_once(char::is_whitespace) {
        None if text == "last" => return Ok(Some(Nth::Last)),
        None => return Ok(None),
        Some((ordinal, weekday)) => (ordinal, weekday.trim()),
    };
    let nth = ORDINALS.iter().position(|known| *known == ordinal);
    let day =
        WEEKDAYS.iter().position(|known| *known == weekday).and_then(|at| u16::try_from(at.saturating_add(1)).ok());
    match (nth, day) {
        (Some(5), Some(day)) => Ok(Some(Nth::Weekday(day, "L".to_owned()))),
        (Some(nth), Some(day)) => Ok(Some(Nth::Weekday(day, nth.saturating_add(1).to_string()))),
        _ => {
            let message = format!("`{text}` is not valid for `day`: write it as `2nd fri` or `last sun`");
            Err(CronProblem { field: Some("day"), message })
        }
    }
}

/// Returns values as croner reads them.
fn listed(values: Option<&BTreeSet<u16>>) -> String {
    match values {
        None => "*".to_owned(),
        Some(values) => values.iter().map(u16::to_string).collect::<Vec<_>>().join(","),
    }
}

/// A time in a zone, for croner to search over.
#[derive(Debug, Clone)]
struct LocalTime(ZonedDateTime);

impl CronDateTime for LocalTime {
    fn to_civil(&self) -> CivilDateTime {
        let at = self.0.datetime();
        let part = |part: i8| u32::try_from(part).unwrap_or_default();
        // jiff keeps every part in its range.
        let time = (part(at.hour()), part(at.minute()), part(at.second()));
        CivilDateTime::from_ymd_hms_opt(i32::from(at.year()), part(at.month()), part(at.day()), time.0, time.1, time.2)
            .unwrap_or_else(|| CivilDateTime::new(EPOCH, CivilTime::MIDNIGHT))
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(u32::try_from(self.0.weekday().to_sunday_zero_offset()).unwrap_or_default())
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let part = |part: u32| i8::try_from(part).map_err(|_| CronError::InvalidDate);
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let (month, day) = (part(civil.month())?, part(civil.day())?);
        let (hour, minute, second) = (part(civil.hour())?, part(civil.minute())?, part(civil.second())?);
        let local = DateTime::new(year, month, day, hour, minute, second, 0).map_err(|_| CronError::InvalidDate)?;
        let ambiguous = self.0.time_zone().to_ambiguous_zoned_datetime(local);
        let time = |time: Result<ZonedDateTime, jiff::Error>| time.map(Self).map_err(|_| CronError::InvalidTime);
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => Resolution::Single(time(ambiguous.unambiguous())?),
            AmbiguousOffset::Fold { .. } => {
                Resolution::Ambiguous(time(ambiguous.clone().earlier())?, time(ambiguous.later())?)
            }
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

const EPOCH: CivilDate = CivilDate::from_parts_unchecked(1970, 1, 1);

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the next times after one, in a zone.
    fn next(fields: &[(&str, &str)], from: &str, zone: &str, count: usize) -> Vec<String> {
        let fields: Vec<(&str, String)> = fields.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        let cron = Cron::new(&fields).unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let mut at: Timestamp = from.parse().unwrap();
        let mut times = Vec::new();
        while let Some(next) = cron.next(at, &zone).filter(|_| times.len() < count) {
            at = next;
            times.push(next.to_zoned_datetime(zone.clone()).strftime("%a %Y-%m-%d %H:%M %z").to_string());
        }
        times
    }

    /// Times of APScheduler 3.11, as FlexGet 3.22.7 has it.
    #[test]
    fn fields_mean_what_they_mean_in_flexget() {
        let from = "2026-01-01T00:00:00Z";
        for (fields, expected) in [
            (vec![("hour", "3")], ["Thu 2026-01-01 03:00", "Fri 2026-01-02 03:00"]),
            (vec![("minute", "5")], ["Thu 2026-01-01 00:05", "Thu 2026-01-01 01:05"]),
            (vec![("minute", "*/20")], ["Thu 2026-01-01 00:20", "Thu 2026-01-01 00:40"]),
            (vec![("minute", "10/20")], ["Thu 2026-01-01 00:10", "Thu 2026-01-01 00:30"]),
            (vec![("hour", "8-18/5")], ["Thu 2026-01-01 08:00", "Thu 2026-01-01 13:00"]),
            (vec![("day", "1")], ["Sun 2026-02-01 00:00", "Sun 2026-03-01 00:00"]),
            (vec![("month", "Feb")], ["Sun 2026-02-01 00:00", "Mon 2027-02-01 00:00"]),
            (vec![("week", "2")], ["Mon 2026-01-05 00:00", "Tue 2026-01-06 00:00"]),
            (vec![("day_of_week", "0")], ["Mon 2026-01-05 00:00", "Mon 2026-01-12 00:00"]),
            (vec![("day_of_week", "sat-sun"), ("hour", "4")], ["Sat 2026-01-03 04:00", "Sun 2026-01-04 04:00"]),
            (vec![("day", "last")], ["Sat 2026-01-31 00:00", "Sat 2026-02-28 00:00"]),
            (vec![("day", "2nd fri")], ["Fri 2026-01-09 00:00", "Fri 2026-02-13 00:00"]),
            (vec![("day", "last sun, 5")], ["Mon 2026-01-05 00:00", "Sun 2026-01-25 00:00"]),
            (vec![("year", "2028")], ["Sat 2028-01-01 00:00", ""]),
        ] {
            let mut times = next(&fields, from, "UTC", 2);
            times.resize(2, String::new());
            let times: Vec<&str> = times.iter().map(|time| time.trim_end_matches(" +0000")).collect();
            assert_eq!(times, expected, "{fields:?}");
        }
        assert_eq!(next(&[("day", "30"), ("month", "2")], from, "UTC", 1), Vec::<String>::new());
        assert_eq!(next(&[("year", "1999")], from, "UTC", 1), Vec::<String>::new());
    }

    #[test]
    fn times_are_right_across_daylight_saving() {
        // On 2026-03-29 the clock goes from 02:00 to 03:00, on 2026-10-25 from 03:00 to 02:00.
        let daily = next(&[("hour", "2"), ("minute", "30")], "2026-03-28T00:00:00Z", "Europe/Berlin", 3);
        assert_eq!(daily, ["Sat 2026-03-28 02:30 +0100", "Sun 2026-03-29 03:00 +0200", "Mon 2026-03-30 02:30 +0200"]);
        let daily = next(&[("hour", "2"), ("minute", "30")], "2026-10-24T03:00:00Z", "Europe/Berlin", 2);
        assert_eq!(daily, ["Sun 2026-10-25 02:30 +0200", "Mon 2026-10-26 02:30 +0100"], "once, though it comes twice");
        let hourly = next(&[("minute", "0")], "2026-10-24T23:30:00Z", "Europe/Berlin", 4);
        let times = ["02:00 +0200", "02:00 +0100", "03:00 +0100", "04:00 +0100"];
        assert_eq!(hourly, times.map(|time| format!("Sun 2026-10-25 {time}")), "each hour, whatever it is called");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_field() {
        for (field, text, message) in [
            ("hour", "25", "`25` is not valid for `hour`: 0 to 23 are possible"),
            ("day_of_week", "7", "`7` is not valid for `day_of_week`: 0 to 6 and mon to sun are possible"),
            ("day_of_week", "foo", "`foo` is not valid for `day_of_week`: 0 to 6 and mon to sun are possible"),
            ("minute", "*/0", "`/0` is not valid for `minute`: a step is 1 or more"),
            ("minute", "9-5", "`9-5` is not valid for `minute`: the range is empty"),
            ("day", "2nd foo", "`2nd foo` is not valid for `day`: write it as `2nd fri` or `last sun`"),
        ] {
            let problem = Cron::new(&[(field, text.to_owned())]).unwrap_err();
            assert_eq!((problem.field, problem.message.as_str()), (Some(field), message));
        }
    }
}
