//! Plots of runs over time: one bar for a day, or for a run if there are only some days.

use flexget_core::context::store::history::{RunCounts, RunOutcome, RunRecord};
use flexget_core::context::{Clock, Context};
use flexget_core::error::Result;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

/// Number of days that are plotted, and the least number of them with runs for bars of days.
const DAYS: usize = 30;
const FEW_DAYS: usize = 3;

/// The size of the area of bars, as the page has it.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 80.0;

/// Four counts of a run or of a day.
type Counts = [usize; 4];

/// The names of the counts, and the classes of their bars.
const NAMES: [(&str, &str); 4] =
    [("Produced", "produced"), ("Accepted", "accepted"), ("Changed", "changed"), ("Failed", "failed")];

/// A bar of each plot: a label for people, and the counts.
struct Bar {
    label: String,
    counts: Counts,
}

/// Counts of the runs of the last days, in all and for each day.
pub(super) struct DailyCounts {
    /// Number of runs.
    pub runs: usize,
    /// Number of items that were added to lists or removed from them.
    pub changed: usize,
    /// Number of requests.
    pub requests: usize,
    /// Each day, and its counts if anything ran on it; the earliest first.
    days: Vec<(Date, Option<Counts>)>,
}

impl DailyCounts {
    /// Reads the counts of the days until now.
    pub(super) fn read(cx: &Context, now: Timestamp) -> Result<Self> {
        let zone = cx.clock.zone();
        let today = zone.to_datetime(now).date();
        let dates =
            (0..DAYS).rev().filter_map(|back| today.checked_sub(Span::new().days(i64::try_from(back).ok()?)).ok());
        let mut activity = Self { runs: 0, changed: 0, requests: 0, days: dates.map(|date| (date, None)).collect() };
        let first = activity.days.first().and_then(|(date, _)| zone.to_timestamp(date.at(0, 0, 0, 0)).ok());
        let since = first.unwrap_or(Timestamp::MIN);
        cx.store.each_count(since, |started, outcome, run| {
            activity.runs = activity.runs.saturating_add(1);
            activity.changed = activity.changed.saturating_add(run.changed);
            activity.requests = activity.requests.saturating_add(run.requests);
            let date = zone.to_datetime(started).date();
            if let Ok(at) = activity.days.binary_search_by_key(&date, |(date, _)| *date) {
                let sums = activity.days[at].1.get_or_insert_default();
                sums.iter_mut().zip(counts(outcome, run)).for_each(|(sum, count)| *sum = sum.saturating_add(count));
            }
        })?;
        Ok(activity)
    }
}

/// Returns the plots as the page draws them, none if nothing ran; `runs` are the latest first.
pub(super) fn plots(activity: &DailyCounts, runs: &[RunRecord], clock: &Clock) -> Value {
    if activity.runs == 0 {
        return Value::Null;
    }
    let bars = bars(activity, runs, clock);
    let label = |bar: Option<&Bar>| bar.and_then(|bar| bar.label.split(',').next()).unwrap_or_default().to_owned();
    let plots = NAMES.iter().enumerate().map(|(at, (name, class))| {
        let mut plot = plot(&bars, |bar| bar.counts[at]);
        (plot["name"], plot["class"]) = ((*name).into(), (*class).into());
        plot
    });
    json!({ "first": label(bars.first()), "last": label(bars.last()), "all": plots.collect::<Value>() })
}

fn counts(outcome: RunOutcome, run: RunCounts) -> Counts {
    [run.produced, run.accepted, run.changed, run.failed.max(usize::from(outcome.is_failure()))]
}

/// Returns bars of days, or of the latest runs if there are only some days.
fn bars(activity: &DailyCounts, runs: &[RunRecord], clock: &Clock) -> Vec<Bar> {
    if activity.days.iter().filter(|(_, counts)| counts.is_some()).count() < FEW_DAYS {
        let label = |run: &RunRecord| format!("{}, run {}", clock.local(run.started), run.id);
        let bar = |run: &RunRecord| Bar { label: label(run), counts: counts(run.outcome, run.counts) };
        return runs.iter().rev().map(bar).collect();
    }
    let bar =
        |(date, counts): &(Date, Option<Counts>)| Bar { label: date.to_string(), counts: counts.unwrap_or_default() };
    activity.days.iter().map(bar).collect()
}

fn plot(bars: &[Bar], count: impl Fn(&Bar) -> usize) -> Value {
    let most = bars.iter().map(&count).max().unwrap_or_default();
    let total = bars.iter().map(&count).fold(0, usize::saturating_add);
    // Few bars are not wider than some.
    let slots = bars.len().max(12);
    let slot = WIDTH / slots as f64;
    let shown = (slots.saturating_sub(bars.len())..).zip(bars).filter(|(_, bar)| count(bar) > 0);
    let drawn = shown.map(|(place, bar)| {
        let value = count(bar);
        let height = (value as f64 / most as f64 * (HEIGHT - 4.0)).max(2.0);
        let rounded = |length: f64| format!("{length:.1}");
        json!({
            "label": bar.label, "value": value,
            "x": rounded(place as f64 * slot + slot * 0.1), "y": rounded(HEIGHT - height),
            "width": rounded(slot * 0.8), "height": rounded(height),
        })
    });
    json!({ "total": total, "most": most, "bars": drawn.collect::<Value>() })
}
