//! Dates in titles, which number the episodes of daily shows.

use jiff::civil::Date;

use super::words::{self, Word};

/// Reads the date at a position, and its length in words.
///
/// Dates after `today` are refused, but for one day: a show may be aired in another time zone.
pub fn date(words: &[Word<'_>], at: usize, today: Date) -> Option<(Date, usize)> {
    let latest = today.tomorrow().unwrap_or(today);
    let likely = |date: &Date| (FIRST..=latest).contains(date);
    if let Some(date) = with_x(words, at).filter(likely) {
        return Some((date, 2));
    }
    let [a, b, c, ..] = words.get(at..)? else { return None };
    if !b.is_close() || !c.is_close() {
        return None;
    }
    let spelled = |text: &str| words::number(text.trim_end_matches(char::is_alphabetic));
    if let (Some(month), Some(day), Some(year)) = (month(&b.lower), spelled(&a.lower), c.number()) {
        return day_of(year, month, day).filter(likely).map(|date| (date, 3));
    }
    let (first, second, third) = (a.number()?, b.number()?, c.number()?);
    let date = match (a.text.len(), b.text.len(), c.text.len()) {
        (4, 1 | 2, 1 | 2) => day_of(first, second, third).or_else(|| day_of(first, third, second)).filter(likely),
        (1 | 2, 1 | 2, 4) => {
            [day_of(third, second, first), day_of(third, first, second)].into_iter().flatten().filter(likely).max()
        }
        (1 | 2, 1 | 2, 2) => {
            // Which of the three is the year is unknown: the latest possible day is taken.
            let years = |year: i64| [2000, 1900].map(|century: i64| century.saturating_add(year));
            let orders = [(third, second, first), (third, first, second), (first, second, third)];
            let orders = orders.into_iter().filter(|(year, ..)| *year != first || a.text.len() == 2);
            let days = orders.flat_map(|(year, month, day)| years(year).map(|year| day_of(year, month, day)));
            days.flatten().filter(likely).max()
        }
        _ => None,
    };
    date.map(|date| (date, 3))
}

/// Earliest date of an episode.
const FIRST: Date = jiff::civil::date(1970, 1, 1);

/// Parses `2008x12.13`.
fn with_x(words: &[Word<'_>], at: usize) -> Option<Date> {
    let (year, month) = words[at].lower.split_once('x')?;
    let day = words.get(at..)?.get(1).filter(|day| day.is_close())?;
    day_of(words::number(year).filter(|_| year.len() == 4)?, words::number(month)?, day.number()?)
}

fn day_of(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// Returns the number of a month by its English name, or the first letters of it.
fn month(word: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    (1..).zip(MONTHS).find(|(_, month)| word.len() >= 3 && month.starts_with(word)).map(|(number, _)| number)
}
