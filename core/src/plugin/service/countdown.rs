//! The device flow for the user: a URL, a code, a QR code, and the time that is left.

use std::time::Duration;

use jiff::Timestamp;

use super::times::span;
use crate::context::Context;
use crate::context::auth::{Application, Tokens};
use crate::context::oauth::{DeviceCode, Poll, Provider};
use crate::error::{Error, Result};
use crate::plugin::command::{Format, Output};

/// Time by which polls slow down when the service asks for it (RFC 8628).
const SLOWER: Duration = Duration::from_secs(5);

/// Shows what the user has to do.
///
/// It is needed at once: where the response is one document at the end, it is printed beside it.
pub(super) fn show_code(code: &DeviceCode, out: &mut Output) -> Result<()> {
    let lines = [
        format!("visit {} and enter the code {}", code.verification_url, code.user_code),
        format!("or open {}", code.prefilled_url()),
        format!("the code expires in {}", span(code.life())),
    ];
    if out.format == Format::Json {
        return lines.iter().try_for_each(|line| out.note(line));
    }
    out.qr_code(&code.prefilled_url())?;
    lines.iter().try_for_each(|line| out.line(line))
}

/// Polls until the user has decided or the code has expired.
///
/// # Errors
///
/// The user declined, or the code is of no use any more.
pub(super) async fn wait(
    cx: &Context,
    provider: &Provider,
    application: &Application,
    code: &DeviceCode,
    out: &mut Output,
) -> Result<Tokens> {
    let end = cx.clock.now().checked_add(code.life()).unwrap_or(Timestamp::MAX);
    let mut interval = code.interval();
    let mut failure: Option<String> = None;
    loop {
        let left = left_until(end, cx);
        if left.is_zero() {
            return Err(Error::new("the code has expired").hint("run the command again for a new code"));
        }
        pause(cx, interval.min(left), end, failure.as_deref(), out).await?;
        match provider.poll(cx, application, code).await? {
            Poll::Approved(tokens) => return Ok(tokens),
            Poll::Pending => failure = None,
            Poll::SlowDown(wait) => {
                interval = interval.saturating_add(SLOWER);
                if let Some(wait) = wait {
                    let more = wait.saturating_sub(interval).min(left_until(end, cx));
                    let reason = format!("{} wants to be asked less often", provider.title);
                    pause(cx, more, end, Some(&reason), out).await?;
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

/// Waits with a countdown on a terminal.
async fn pause(cx: &Context, wait: Duration, end: Timestamp, failure: Option<&str>, out: &mut Output) -> Result<()> {
    let step = if out.terminal.is_some() { Duration::from_secs(1) } else { wait };
    let mut left = wait;
    while !left.is_zero() {
        // The time first: a narrow terminal shows only the start.
        let what = failure.map_or_else(|| "waiting for you".to_owned(), |failure| format!("{failure}; trying again"));
        out.status(format!("{} left: {what}", countdown(left_until(end, cx))))?;
        let now = step.min(left);
        cx.clock.sleep(now).await;
        left = left.saturating_sub(now);
    }
    Ok(())
}

/// Returns a length of time as a clock shows it: `9:58`.
pub(super) fn countdown(left: Duration) -> String {
    // Rounded up: it has not run out before it is nothing.
    let seconds = left.as_secs().saturating_add(u64::from(left.subsec_nanos() > 0));
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
