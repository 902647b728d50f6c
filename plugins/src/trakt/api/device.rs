//! The device flow as a user sees it: an address and a code, as a picture too, and the time that is left.

use std::time::Duration;

use flexget_core::context::auth::{Application, Tokens};
use flexget_core::prelude::*;
use jiff::Timestamp;

use crate::trakt::api::oauth::{self, DeviceCode, Poll};
use crate::trakt::commands::span;

/// How many more seconds are between two polls after Trakt has called them too many.
const SLOWER: Duration = Duration::from_secs(2);

/// Shows what the user has to do. It is needed at once: where the answer is one document at the end, it is told beside it.
pub fn show_code(code: &DeviceCode, out: &mut Output) -> Result<()> {
    let lines = [
        format!("visit {} and enter the code {}", code.verification_url, code.user_code),
        format!("or open {}", code.prefilled_url()),
        format!("the code expires in {}", span(code.life())),
    ];
    if out.format == Format::Json {
        return lines.iter().try_for_each(|line| out.note(line));
    }
    if let Some(width) = out.terminal
        && let Some(picture) = qr_code(&code.prefilled_url(), width)
    {
        out.line(picture)?;
    }
    lines.iter().try_for_each(|line| out.line(line))
}

/// Light on dark, whatever the colours of the terminal are; where colours are not wanted, they are taken out.
const LIGHT_ON_DARK: &str = "\u{1b}[97;40m";
const AS_BEFORE: &str = "\u{1b}[0m";

/// A quiet zone of two modules is enough for the cameras of today.
const QUIET: usize = 2;

/// The address as a QR code in half blocks, if a terminal of this width can show it.
fn qr_code(address: &str, width: usize) -> Option<String> {
    let code = qrcode::QrCode::with_error_correction_level(address, qrcode::EcLevel::L).ok()?;
    let size = code.width();
    let side = size + 2 * QUIET;
    if side > width {
        return None;
    }
    let dark = |x: usize, y: usize| {
        let inside = |at: usize| at >= QUIET && at < size + QUIET;
        inside(x) && inside(y) && code[(x - QUIET, y - QUIET)] == qrcode::Color::Dark
    };
    let lines = (0..side).step_by(2).map(|y| {
        let cell = |x: usize| match (dark(x, y), y + 1 < side && dark(x, y + 1)) {
            // The light modules are the ones that are drawn.
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        };
        format!("{LIGHT_ON_DARK}{}{AS_BEFORE}", (0..side).map(cell).collect::<String>())
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// Asks until the user has decided or the code has expired.
///
/// # Errors
/// The user declined, or the code is of no use any more.
pub async fn wait(cx: &Context, application: &Application, code: &DeviceCode, out: &mut Output) -> Result<Tokens> {
    let end = cx.clock.now().checked_add(code.life()).unwrap_or(Timestamp::MAX);
    let mut interval = code.interval();
    let mut failure: Option<String> = None;
    loop {
        let left = left_until(end, cx);
        if left.is_zero() {
            return Err(Error::new("the code has expired").hint("run the command again for a new code"));
        }
        pause(cx, interval.min(left), end, failure.as_deref(), out).await?;
        match oauth::poll(cx, application, code).await? {
            Poll::Approved(tokens) => return Ok(tokens),
            Poll::Pending => failure = None,
            Poll::SlowDown(wait) => {
                interval += SLOWER;
                if let Some(wait) = wait {
                    let more = wait.saturating_sub(interval).min(left_until(end, cx));
                    pause(cx, more, end, Some("Trakt wants to be asked less often"), out).await?;
                }
            }
            Poll::Failed(reason) => {
                // A terminal shows it with the countdown; where lines stay, it is told once.
                if out.terminal.is_none() && failure.as_ref() != Some(&reason) {
                    out.note(format!("{reason}; trying again until the code expires"))?;
                }
                failure = Some(reason);
            }
        }
    }
}

fn left_until(end: Timestamp, cx: &Context) -> Duration {
    Duration::try_from(end.duration_since(cx.clock.now())).unwrap_or_default()
}

/// Waits, and counts the time left down second by second where somebody watches.
async fn pause(cx: &Context, wait: Duration, end: Timestamp, failure: Option<&str>, out: &mut Output) -> Result<()> {
    let step = if out.terminal.is_some() { Duration::from_secs(1) } else { wait };
    let mut left = wait;
    while !left.is_zero() {
        // The time first: a narrow terminal shows only the start.
        let what = failure.map_or_else(|| "waiting for you".to_owned(), |failure| format!("{failure}; trying again"));
        out.status(format!("{} left: {what}", countdown(left_until(end, cx))))?;
        let now = step.min(left);
        cx.clock.sleep(now).await;
        left -= now;
    }
    Ok(())
}

/// A length of time as a clock shows it: `9:58`.
fn countdown(left: Duration) -> String {
    // Rounded up: it has not run out before it is nothing.
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_reads_like_a_clock() {
        for (milliseconds, shown) in [
            (600_000, "10:00"),
            (599_001, "10:00"),
            (598_000, "9:58"),
            (1, "0:01"),
            (0, "0:00"),
            (3_661_000, "1:01:01"),
        ] {
            assert_eq!(countdown(Duration::from_millis(milliseconds)), shown);
        }
    }

    /// Reads the picture back as a camera would, module by module.
    #[test]
    fn the_picture_is_the_code_of_the_address() {
        let address = "https://auth.trakt.tv/activate/5055CC52";
        let picture = qr_code(address, 80).unwrap();
        let rows: Vec<Vec<bool>> = picture
            .lines()
            .map(|line| line.trim_start_matches(LIGHT_ON_DARK).trim_end_matches(AS_BEFORE))
            .flat_map(|line| {
                let upper = line.chars().map(|c| matches!(c, ' ' | '▄')).collect();
                let lower = line.chars().map(|c| matches!(c, ' ' | '▀')).collect();
                [upper, lower]
            })
            .collect();
        let side = rows[0].len();
        assert!(rows.len() == side + side % 2 && rows.iter().all(|row| row.len() == side));
        let code = qrcode::QrCode::with_error_correction_level(address, qrcode::EcLevel::L).unwrap();
        for y in 0..rows.len() {
            for x in 0..side {
                let inside = (QUIET..side - QUIET).contains(&x) && (QUIET..side - QUIET).contains(&y);
                let expected = inside && code[(x - QUIET, y - QUIET)] == qrcode::Color::Dark;
                assert_eq!(rows[y][x], expected, "{x}, {y}");
            }
        }
        assert!(qr_code(address, side).is_some() && qr_code(address, side - 1).is_none());
    }
}
