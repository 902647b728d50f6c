//! Plots of runs over time: one bar for a day, or for a run if there are only some days.

use std::fmt::Write;

use flexget_core::context::Clock;
use flexget_core::context::store::history::RunRecord;
use jiff::Timestamp;

/// Number of days that are plotted, and the least number of them with runs for bars of days.
const DAYS: usize = 30;
const FEW_DAYS: usize = 3;

/// Largest number of runs that are plotted one by one.
const RUNS: usize = 60;

/// The size of the area of bars.
const WIDTH: usize = 600;
const HEIGHT: usize = 80;

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

/// Returns the plots as SVG; `runs` are the latest first.
pub(super) fn plots(runs: &[RunRecord], clock: &Clock, now: Timestamp) -> String {
    if runs.is_empty() {
        return "<p class=\"muted\">Nothing has run in the last 30 days.</p>\n".to_owned();
    }
    let bars = bars(runs, clock, now);
    let mut html = String::from("<div class=\"plots\">");
    for (at, (name, class)) in NAMES.iter().enumerate() {
        plot(&mut html, name, class, &bars, |bar| bar.counts[at]);
    }
    html.push_str("</div>\n");
    html
}

fn counts(run: &RunRecord) -> Counts {
    let failed = run.counts.failed.max(usize::from(run.outcome.is_failure()));
    [run.counts.produced, run.counts.accepted, run.counts.changed, failed]
}

fn bars(runs: &[RunRecord], clock: &Clock, now: Timestamp) -> Vec<Bar> {
    let day = |at: Timestamp| clock.zone().to_datetime(at).date();
    let mut days: Vec<_> = runs.iter().map(|run| day(run.started)).collect();
    days.dedup();
    if days.len() < FEW_DAYS {
        let label = |run: &RunRecord| {
            format!("{}, run {}", clock.zone().to_datetime(run.started).strftime("%Y-%m-%d %H:%M"), run.id)
        };
        return runs.iter().take(RUNS).rev().map(|run| Bar { label: label(run), counts: counts(run) }).collect();
    }
    let today = day(now);
    let dates =
        (0..DAYS).rev().filter_map(|back| today.checked_sub(jiff::Span::new().days(i64::try_from(back).ok()?)).ok());
    let mut bars: Vec<(jiff::civil::Date, Bar)> =
        dates.map(|date| (date, Bar { label: date.to_string(), counts: [0; 4] })).collect();
    for run in runs {
        let date = day(run.started);
        if let Some((_, bar)) = bars.iter_mut().find(|(of, _)| *of == date) {
            bar.counts.iter_mut().zip(counts(run)).for_each(|(sum, count)| *sum += count);
        }
    }
    bars.into_iter().map(|(_, bar)| bar).collect()
}

fn plot(html: &mut String, name: &str, class: &str, bars: &[Bar], count: impl Fn(&Bar) -> usize) {
    let most = bars.iter().map(&count).max().unwrap_or_default();
    let total: usize = bars.iter().map(&count).sum();
    // Writing to a string never fails.
    let _ = write!(
        html,
        "<figure class=\"plot\"><figcaption><b>{name}</b> <span>{total}</span></figcaption>\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{name}: {total}\" \
         preserveAspectRatio=\"none\"><line class=\"axis\" x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" \
         y2=\"{HEIGHT}\"/>"
    );
    // Few bars are not wider than some.
    let slots = bars.len().max(12);
    let slot = WIDTH as f64 / slots as f64;
    for (at, bar) in bars.iter().enumerate() {
        let value = count(bar);
        if value == 0 || most == 0 {
            continue;
        }
        let height = (value as f64 / most as f64 * (HEIGHT - 4) as f64).max(2.0);
        let (x, y) = ((at + slots - bars.len()) as f64 * slot, HEIGHT as f64 - height);
        let _ = write!(
            html,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\" \
             rx=\"1.5\"><title>{}: {value}</title></rect>",
            x + slot * 0.1,
            slot * 0.8,
            bar.label
        );
    }
    let first = bars.first().map(|bar| bar.label.split(',').next().unwrap_or_default()).unwrap_or_default();
    let last = bars.last().map(|bar| bar.label.split(',').next().unwrap_or_default()).unwrap_or_default();
    let _ = write!(
        html,
        "</svg><p class=\"scale\"><span>{first}</span><span>most {most}</span><span>{last}</span></p></figure>"
    );
}
