use flexget_core::prelude::*;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::{Deserializer, Error as _};

use crate::titles::media::Kind;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::Row;
use crate::trakt::fields::{FieldGroup, episode_fields, work_fields};
use crate::trakt::lists::entries::{self, Style};
use crate::trakt::paging::{self, PageRow, RowKey};
use crate::trakt::titles;

/// Produces entries of what is aired on the days of a Trakt calendar.
///
/// With `account`, it is the calendar of its user: the shows that are watched or on the watchlist,
/// without those that are hidden. Without it, it is everything that is aired anywhere, and only
/// `days: 1` or so is reasonable. The days are those of UTC.
///
/// `type: episodes` gives each episode, `shows` each show of which something is aired, `movies`
/// each movie that is released. The entries have the fields that `trakt_lookup` gives, such as
/// `trakt_ep_first_aired`, `trakt_series_status` and `tvdb_id`, and `series_name`, `series_season`
/// and `series_episode`.
///
/// ```yaml
/// trakt_calendar:
///   account: me
///   type: episodes
///   start_day: -1
///   days: 14
/// accept_all: yes
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraktCalendar {
    /// Type of the calendar.
    #[serde(rename = "type")]
    kind: Type,
    /// A name stored by `flexget-rs trakt auth NAME`, whose user's calendar is meant.
    #[schemars(length(min = 1), extend("x-account" = "trakt"))]
    account: Option<String>,
    /// The first day, counted from today; negative ones are past.
    #[serde(default)]
    #[schemars(range(min = -3660, max = 3660))]
    start_day: i64,
    /// Number of days.
    #[serde(default = "week")]
    #[schemars(range(min = 1, max = 366))]
    days: i64,
    /// Whether titles go without the year at their end.
    #[serde(default)]
    strip_dates: bool,
}

/// Type of a calendar.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Type {
    /// Each show once.
    Shows,
    /// Each episode.
    Episodes,
    /// Each movie.
    Movies,
}

fn week() -> i64 {
    7
}

submit! { plugin::<TraktCalendar>() }

/// The most days that Trakt gives at once.
const MOST_DAYS: i64 = 33;
/// Default length of the calendar in days; Trakt accepts it for every account.
const SURE_DAYS: i64 = 7;

impl Plugin for TraktCalendar {
    const NAME: &'static str = "trakt_calendar";
    const INPUT: bool = true;

    fn gives() -> Vec<KnownField> {
        let details =
            [FieldGroup::Movie, FieldGroup::Show, FieldGroup::Episode].into_iter().flat_map(FieldGroup::fields);
        entries::known_fields().into_iter().chain(details).collect()
    }

    fn steps(&self) -> Vec<Step<Self>> {
        vec![Step::at(Phase::Input, Self::produce)]
    }
}

impl TraktCalendar {
    async fn produce(&self, task: &mut Task) -> Result<()> {
        let client = Client::new(&task.cx, self.account.as_deref())?;
        task.read_from(match &self.account {
            Some(account) => format!("the calendar (account {account})"),
            None => "the calendar of everything".to_owned(),
        });
        let today = TimeZone::UTC.to_datetime(task.cx.clock.now()).date();
        let first = shifted(today, self.start_day)?;
        let mut airings = Vec::new();
        let (mut done, mut most) = (0_i64, MOST_DAYS);
        while done < self.days {
            let count = most.min(self.days.saturating_sub(done));
            match self.read(&client, shifted(first, done)?, count).await {
                Ok(read) => {
                    airings.extend(read);
                    done = done.saturating_add(count);
                }
                // How many days are too many is not said, and has changed before.
                Err(Fault::Invalid(_)) if count > SURE_DAYS => most = SURE_DAYS,
                Err(fault) => return Err(fault.into()),
            }
        }
        let rows: Vec<Row> = airings.iter().map(|airing| airing.row.clone()).collect();
        titles::remember_titles(&task.cx, &rows);
        let mut met = BTreeSet::new();
        let entries = airings.iter().filter_map(|airing| self.entry(airing));
        // The parts of a long time may meet at their ends, and a show is there once for each
        // episode.
        task.produce(entries.filter(|entry| met.insert(entry.url().to_owned())).collect::<Vec<_>>());
        Ok(())
    }

    async fn read(&self, client: &Client, first: Date, days: i64) -> Result<Vec<Airing>, Fault> {
        let whose = if self.account.is_some() { "my" } else { "all" };
        let what = if self.kind == Type::Movies { "movies" } else { "shows" };
        let path = format!("calendars/{whose}/{what}/{first}/{days}");
        Ok(paging::read_unpaged(client, &path, &[("extended", "full".to_owned())]).await?.rows)
    }

    fn entry(&self, airing: &Airing) -> Option<Entry> {
        let style = Style { strip_dates: self.strip_dates };
        let (show, episode) = (airing.row.show.as_deref(), airing.row.episode.as_deref());
        let (entry, fields) = match self.kind {
            Type::Movies => {
                let movie = airing.row.movie.as_ref()?;
                (entries::movie(movie, style).with("trakt_released", airing.released), work_fields(Kind::Movie, movie))
            }
            Type::Shows => (entries::show(show?, style), work_fields(Kind::Show, show?)),
            Type::Episodes => {
                let mut episode = episode?.clone();
                episode.first_aired = episode.first_aired.or(airing.first_aired);
                let fields = work_fields(Kind::Show, show?).into_iter().chain(episode_fields(&episode)).collect();
                (entries::numbered(show?, &episode, style), fields)
            }
        };
        let slug = airing.row.movie.as_deref().or(show).and_then(|work| work.ids.slug.clone());
        let mut entry = entry.with("trakt_slug", slug);
        entry.fill_all(fields);
        Some(entry)
    }
}

fn shifted(day: Date, days: i64) -> Result<Date> {
    day.checked_add(days.days()).map_err(|error| Error::new("there is no such day").cause(error))
}

/// A row of a calendar.
struct Airing {
    row: Row,
    first_aired: Option<Timestamp>,
    released: Option<Date>,
}

impl<'de> Deserialize<'de> for Airing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        let text = |name: &str| json.get(name).and_then(serde_json::Value::as_str);
        let first_aired = text("first_aired").and_then(|text| text.parse().ok());
        let released = text("released").and_then(|text| text.parse().ok());
        Ok(Self { row: serde_json::from_value(json).map_err(D::Error::custom)?, first_aired, released })
    }
}

impl PageRow for Airing {
    fn key(&self) -> RowKey {
        let is_whole = self.row.movie.is_some() || self.row.show.is_some() && self.row.episode.is_some();
        if is_whole { self.row.key() } else { RowKey::Unreadable }
    }
}

#[cfg(test)]
mod tests;
