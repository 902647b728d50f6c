//! Tokens as a service sends them: what is missing or odd beside them costs no token.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;
use serde_json::value::RawValue;

use super::provider::Provider;
use crate::context::auth::Tokens;
use crate::context::http::Response;
use crate::error::{Error, Result};

/// Two clocks that differ by no more than this agree: a response may take its time.
const CLOCKS_AGREE: SignedDuration = SignedDuration::from_mins(10);

/// Life of tokens without a valid one: short, because renewing early does no harm.
const UNKNOWN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest life of tokens that is believed.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Provider {
    /// Reads new tokens from a response.
    ///
    /// Only the access token is needed: tokens that were exchanged are never thrown away for a
    /// field beside them. `before` is the refresh token that was exchanged; a service may go on
    /// with it. The life is counted from the service's time, or from this machine's if the two
    /// differ: whether tokens have expired is asked of this clock, and one that is ahead would find
    /// them all expired.
    pub(super) fn tokens(&self, response: &Response, before: Option<&SecretString>, now: Timestamp) -> Result<Tokens> {
        let fields: HashMap<String, Box<RawValue>> = response.json()?;
        // A field that cannot be read, such as a number beyond all bounds, is a missing one.
        let field = |name: &str| -> Value {
            fields.get(name).and_then(|field| serde_json::from_str(field.get()).ok()).unwrap_or_default()
        };
        let token = |name: &str| match field(name) {
            Value::String(token) if is_token(&token) => Some(SecretString::from(token)),
            _ => None,
        };
        let title = self.title;
        let Some(access) = token("access_token") else {
            let (what, help) = if fields.contains_key("access_token") {
                ("tokens that cannot be used", format!("tell {title}"))
            } else {
                let what = "a response that cannot be understood: it has no `access_token`";
                (what, "a newer version may know another name of it".to_owned())
            };
            return Err(
                Error::new(format!("{title} sent {what}")).hint(format!("try again later; if it stays so, {help}"))
            );
        };
        let refresh = token("refresh_token").or_else(|| before.cloned()).unwrap_or_else(|| SecretString::from(""));
        let issued = whole(&field("created_at")).and_then(|at| Timestamp::from_second(at).ok()).unwrap_or(now);
        let ahead = now.duration_since(issued);
        let created = if ahead.abs() > CLOCKS_AGREE {
            let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
            let hours = ahead.abs().as_secs_f64() / 3600.0;
            tracing::warn!("the clock of this machine is {hours:.1} hours {direction} {title}'s: set it right");
            now
        } else {
            issued
        };
        let life = whole(&field("expires_in")).and_then(|seconds| u64::try_from(seconds).ok());
        let life = life.map_or(UNKNOWN_LIFE, |seconds| Duration::from_secs(seconds).min(LONGEST_LIFE));
        let scope = match field("scope") {
            Value::String(scope) => Some(scope),
            Value::Array(scopes) => Some(scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
            _ => None,
        };
        let expires = created.checked_add(life).unwrap_or(Timestamp::MAX);
        Ok(Tokens { access, refresh, scope, created, expires })
    }
}

/// Returns whether a token can be sent in a header.
fn is_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns a number of seconds from outside, within bounds.
pub(super) fn bounded(value: &Value, usual: i64, bounds: RangeInclusive<i64>) -> Duration {
    let seconds = whole(value).filter(|seconds| *seconds > 0).unwrap_or(usual);
    Duration::from_secs(seconds.clamp(*bounds.start(), *bounds.end()).unsigned_abs())
}

/// Returns a whole number of seconds, however it is written.
fn whole(value: &Value) -> Option<i64> {
    let rounded = |number: f64| (number.is_finite() && number.abs() < 1e15).then_some(number as i64);
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(rounded)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse().ok().and_then(rounded))
        }
        _ => None,
    }
}
