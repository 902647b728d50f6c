//! The line that shows what long work does, how far it is, and what it waits for.

use std::time::Duration;

use flexget_core::context::{Clock, Event};
use jiff::Timestamp;

use super::text;

/// Shortest time between two lines, so that a terminal over ssh can follow.
const EVERY: Duration = Duration::from_millis(100);

/// Time after which it can be said how long work takes.
const ESTIMATED_AFTER: Duration = Duration::from_secs(2);

/// Width of a terminal from which a bar is drawn, and of the bar.
const WIDE: usize = 100;
const BAR: usize = 30;

/// Work that is shown in one line.
pub(super) struct ProgressLine {
    clock: Clock,
    /// The work, and when it began.
    work: Option<(String, Timestamp)>,
    /// The last text about the work.
    text: String,
    /// The numbers in it: `250 of 4000`.
    counts: Option<String>,
    drawn: Option<Timestamp>,
}

impl ProgressLine {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, work: None, text: String::new(), counts: None, drawn: None }
    }

    /// Forgets the work, which has ended.
    pub(super) fn restart(&mut self) {
        *self = Self::new(self.clock.clone());
    }

    /// Returns the text for an event that fits the width; `None` if the last one still serves.
    pub(super) fn text(&mut self, event: &Event, width: usize) -> Option<String> {
        let now = self.clock.now();
        match event {
            Event::Done => None,
            Event::Waiting { reason, duration } => {
                let left = minutes(*duration);
                let wait = format!("{reason}: {left} left");
                // Where there is no room for all, the numbers stay: the name was there before.
                let shown = [
                    Some(format!("{} · {wait}", self.text)).filter(|_| !self.text.is_empty()),
                    self.counts.as_ref().map(|counts| format!("{counts} · {wait}")),
                    self.counts.as_ref().map(|counts| format!("{counts} · {reason}: {left}")),
                ];
                let fits = |line: &String| text::columns(line) <= width;
                Some(shown.into_iter().flatten().find(fits).unwrap_or_else(|| fitted(&wait, "", width)))
            }
            Event::Working { label, done, total } => {
                let began = match &self.work {
                    Some((known, began)) if known == label => *began,
                    _ => {
                        self.work = Some((label.clone(), now));
                        now
                    }
                };
                self.counts = (*total > 0).then(|| format!("{done} of {total}"));
                self.text = working(label, *done, *total, since(began, now), width);
                let is_due = self.drawn.is_none_or(|drawn| since(drawn, now) >= EVERY) || done == total || *done == 0;
                is_due.then(|| {
                    self.drawn = Some(now);
                    self.text.clone()
                })
            }
        }
    }
}

fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

fn working(label: &str, done: u64, total: u64, elapsed: Duration, width: usize) -> String {
    if total == 0 {
        let counted = if done > 0 { format!(": {done}") } else { String::new() };
        return fitted(label, &counted, width);
    }
    let mut rest = format!(": {done} of {total}");
    if done > 0 && done < total && elapsed >= ESTIMATED_AFTER {
        let left = elapsed.as_secs_f64() / done as f64 * total.saturating_sub(done) as f64;
        rest += &format!(", {} left", minutes(Duration::from_secs_f64(left)));
    }
    if width.saturating_add(1) >= WIDE {
        let filled = (done.min(total) as f64 / total as f64 * BAR as f64) as usize;
        rest += &format!(" [{}{}]", "#".repeat(filled), "-".repeat(BAR.saturating_sub(filled)));
    }
    fitted(label, &rest, width)
}

/// Returns a name and what follows it; the name is cut where both are too long.
fn fitted(name: &str, rest: &str, width: usize) -> String {
    let room = width.saturating_sub(text::columns(rest));
    if text::columns(name) <= room {
        return format!("{name}{rest}");
    }
    format!("{}{rest}", text::cut(name, room))
}

/// Returns a time as a clock shows it: `2:10`, `1:02:03`.
fn minutes(duration: Duration) -> String {
    // Rounded up: what is left of a second is a second.
    let seconds = duration.as_millis().div_ceil(1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing::{NOW, block_on};

    use super::*;

    fn working_event(done: u64, total: u64) -> Event {
        Event::Working { label: "adding to trakt_list `watchlist`".to_owned(), done, total }
    }

    fn waiting() -> Event {
        Event::Waiting { reason: "Trakt allows 500 reads in 5 minutes".to_owned(), duration: Duration::from_secs(130) }
    }

    #[test]
    fn it_says_what_how_far_and_how_long() {
        let clock = Clock::fixed(NOW);
        let mut line = ProgressLine::new(clock.clone());
        assert_eq!(line.text(&working_event(0, 4000), 59).unwrap(), "adding to trakt_list `watchlist`: 0 of 4000");
        block_on(clock.sleep(Duration::from_secs(10)));
        assert_eq!(
            line.text(&working_event(1000, 4000), 59).unwrap(),
            "adding to trakt_list `watchlist`: 1000 of 4000, 0:30 left"
        );
        let wide = line.text(&working_event(4000, 4000), 159).unwrap();
        assert_eq!(wide, format!("adding to trakt_list `watchlist`: 4000 of 4000 [{}]", "#".repeat(BAR)));
    }

    #[test]
    fn a_wait_says_why_and_how_long_beside_the_work_where_there_is_room() {
        let mut line = ProgressLine::new(Clock::fixed(NOW));
        assert_eq!(line.text(&waiting(), 59).unwrap(), "Trakt allows 500 reads in 5 minutes: 2:10 left");
        line.text(&working_event(250, 4000), 59);
        assert_eq!(line.text(&waiting(), 59).unwrap(), "250 of 4000 · Trakt allows 500 reads in 5 minutes: 2:10");
        assert_eq!(line.text(&waiting(), 70).unwrap(), "250 of 4000 · Trakt allows 500 reads in 5 minutes: 2:10 left");
        assert_eq!(line.text(&waiting(), 50).unwrap(), "Trakt allows 500 reads in 5 minutes: 2:10 left");
        line.text(&working_event(250, 4000), 159);
        let both = line.text(&waiting(), 159).unwrap();
        assert!(
            both.starts_with("adding to") && both.ends_with("· Trakt allows 500 reads in 5 minutes: 2:10 left"),
            "{both}"
        );
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_and_the_numbers_stay() {
        let label = "reading trakt_list `a list with a name that takes more than there is room for`".to_owned();
        let text = ProgressLine::new(Clock::fixed(NOW)).text(&Event::Working { label, done: 1, total: 2 }, 40).unwrap();
        assert!(text.ends_with("…: 1 of 2") && text::columns(&text) <= 40, "{text}");
    }
}
