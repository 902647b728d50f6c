//! The clock: the only place where the time is read and where anything sleeps.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The only place where the time is read and where anything sleeps.
///
/// A fixed clock, for tests, starts at a given time and moves only when something sleeps on it, so
/// nothing waits for real; it may be shared with a server in another thread.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
    faster: Option<Pace>,
    zone: Option<TimeZone>,
}

/// Pace of a clock that runs faster than the machine's.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// The time that it shows at `began`, by the machine's clock.
    start: Timestamp,
    began: Timestamp,
    factor: u16,
}

/// Returns the machine's time zone, which is read once; UTC where it is not known.
fn machine_zone() -> TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    let zone = ZONE.get_or_init(|| match std::env::var_os("TZ") {
        None => linked_zone(Path::new("/etc/localtime")).unwrap_or_else(TimeZone::system),
        Some(name) => zone_of_environment(&name.to_string_lossy()),
    });
    zone.clone()
}

/// Returns the zone that a link such as `/etc/localtime` leads to.
///
/// [`TimeZone::system`] finds it as well, but lists all zones for that, which takes a tenth of a
/// short run.
fn linked_zone(link: &Path) -> Option<TimeZone> {
    let target = fs::read_link(link).ok()?;
    let (_, name) = target.to_str()?.rsplit_once("zoneinfo/")?;
    TimeZone::tzif(name, &fs::read(link).ok()?).ok()
}

fn zone_of_environment(name: &str) -> TimeZone {
    let path = Path::new(name.trim_start_matches(':'));
    // A relative path is that of a file, too, where no zone has the name. A device or a pipe could
    // be read without end.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        tracing::warn!(target: "clock", "`TZ` names {}, which is no file: times are in UTC", path.display());
        return TimeZone::UTC;
    }
    let zone = TimeZone::system();
    if zone.is_unknown() {
        tracing::warn!(target: "clock", "`TZ` names no time zone that is known: times are in UTC");
    }
    zone
}

impl Clock {
    /// Returns the machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// Returns a clock that stands at `start` until something sleeps on it or moves it.
    pub fn fixed(start: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(start.as_millisecond()))), ..Self::default() }
    }

    /// Returns a clock that shows `start` at `began` by the machine's clock, and runs faster.
    ///
    /// For trials of what takes long: several processes may share it.
    pub fn faster(start: Timestamp, began: Timestamp, factor: u16) -> Self {
        Self { faster: Some(Pace { start, began, factor: factor.max(1) }), ..Self::default() }
    }

    /// Returns the milliseconds since 1970 of a fixed clock, to share it with a server.
    ///
    /// Returns `None` for the machine's clock.
    pub fn shared(&self) -> Option<Arc<AtomicI64>> {
        self.fixed.clone()
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        match (&self.fixed, self.faster) {
            (None, None) => Timestamp::now(),
            (None, Some(Pace { start, began, factor })) => {
                let passed = Timestamp::now().duration_since(began).saturating_mul(factor.into());
                start.saturating_add(passed).unwrap_or(Timestamp::MAX)
            }
            (Some(at), _) => Timestamp::from_millisecond(at.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }

    /// Returns the same clock in another time zone.
    #[must_use]
    pub fn in_zone(&self, zone: TimeZone) -> Self {
        Self { zone: Some(zone), ..self.clone() }
    }

    /// Returns the time zone: by default that of the machine, and UTC for a fixed clock.
    pub fn zone(&self) -> TimeZone {
        match (&self.zone, &self.fixed) {
            (Some(zone), _) => zone.clone(),
            (None, None) if self.faster.is_some() => TimeZone::UTC,
            (None, None) => machine_zone(),
            (None, Some(_)) => TimeZone::UTC,
        }
    }

    /// Returns a time as the user's clock shows it: `2026-11-24 20:15`.
    pub fn local(&self, moment: Timestamp) -> String {
        self.zone().to_datetime(moment).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Waits for something outside, such as a process, up to a limit by the machine's clock.
    pub async fn limit<F: Future>(time: Duration, future: F) -> Option<F::Output> {
        tokio::time::timeout(time, future).await.ok()
    }

    /// Waits as [`Clock::limit`] does, and takes the time that it took from `left`.
    pub async fn limit_within<F: Future>(left: &mut Duration, future: F) -> Option<F::Output> {
        let start = std::time::Instant::now();
        let output = Self::limit(*left, future).await;
        *left = left.saturating_sub(start.elapsed());
        output
    }

    /// Returns how long a duration of this clock is by the machine's.
    fn real(&self, duration: Duration) -> Duration {
        self.faster.and_then(|pace| duration.checked_div(pace.factor.into())).unwrap_or(duration)
    }

    /// Completes after `duration`; on a fixed clock never, because it moves only for sleepers.
    ///
    /// For work beside other work that may take long, such as a sign of life.
    pub async fn timer(&self, duration: Duration) {
        match &self.fixed {
            None => tokio::time::sleep(self.real(duration)).await,
            Some(_) => std::future::pending().await,
        }
    }

    /// Sleeps for `duration`; a fixed clock moves on at once and yields to other work.
    pub async fn sleep(&self, duration: Duration) {
        match &self.fixed {
            None => tokio::time::sleep(self.real(duration)).await,
            Some(at) => {
                // Rounded up, so that the time that is waited for has come.
                let milliseconds = i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX);
                at.fetch_add(milliseconds, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A file of zoneinfo in its second version, whose only rule is the text at its end.
    fn zone_file(rule: &str) -> Vec<u8> {
        let counts = [0_u32, 0, 0, 0, 1, 4].map(u32::to_be_bytes).concat();
        let part = [b"TZif2".as_slice(), &[0; 15], &counts, &[0; 6], b"UTC\0"].concat();
        [part.as_slice(), &part, b"\n", rule.as_bytes(), b"\n"].concat()
    }

    #[test]
    fn the_zone_of_a_link_is_that_of_its_target_and_a_file_names_none() {
        let folder = tempfile::tempdir().unwrap();
        let zone = folder.path().join("zoneinfo/Moon/Sea");
        fs::create_dir_all(zone.parent().unwrap()).unwrap();
        fs::write(&zone, zone_file("<+02>-2")).unwrap();
        let link = folder.path().join("localtime");
        symlink(&zone, &link).unwrap();
        let found = linked_zone(&link).unwrap();
        let noon = "2026-11-29T12:00:00Z".parse().unwrap();
        assert_eq!(found.iana_name(), Some("Moon/Sea"));
        assert_eq!(found.to_datetime(noon).to_string(), "2026-11-29T14:00:00");
        assert!(linked_zone(&zone).is_none());
        fs::write(&zone, "no zone").unwrap();
        assert!(linked_zone(&link).is_none());
    }
}
