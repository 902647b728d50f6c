//! The seasons and episodes of shows: all of a show in one request, and stored.

use std::cell::RefCell;

use flexget_core::prelude::*;
use jiff::SignedDuration;

use crate::trakt::api::client::Client;
use crate::trakt::api::model::{Episode, Season, Work};
use crate::trakt::batch::each;
use crate::trakt::cache::Facts;

/// The kind of collection in the store that holds seasons.
pub const COLLECTION: &str = "trakt seasons";

/// The cached seasons, each under the id or slug of its show.
const SEASONS: Facts = Facts { kind: COLLECTION, max_records: 500 };

/// The seasons of a show with their episodes, or the reason why they are not known.
pub type FoundSeasons = Result<Rc<Vec<Season>>, String>;

/// The seasons of shows, by the ids that stand in paths.
#[derive(Debug, Default)]
pub struct ShowSeasons(HashMap<String, FoundSeasons>);

impl ShowSeasons {
    /// Returns the seasons of a show; `None` if they were not asked for.
    pub fn get(&self, show: &Work) -> Option<&FoundSeasons> {
        self.0.get(&path_id(show)?)
    }

    /// Adds the seasons of other shows.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// The seasons that were read in this run.
type RunSeasons = RefCell<HashMap<String, Rc<Vec<Season>>>>;

/// Returns the id by which a path names a show: Trakt's number, its slug, or the id at IMDb.
///
/// Without one its seasons cannot be read before it was looked up.
pub fn path_id(show: &Work) -> Option<String> {
    let is_word = |id: &&String| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    // Digits alone would be taken for Trakt's number.
    let is_no_number = |id: &&String| id.bytes().any(|byte| !byte.is_ascii_digit());
    let slug = || show.ids.slug.as_ref().filter(is_word).filter(is_no_number).cloned();
    let imdb = || show.ids.imdb.as_ref().filter(is_word).filter(|id| id.starts_with("tt")).cloned();
    show.ids.trakt.map(|id| id.to_string()).or_else(slug).or_else(imdb)
}

/// Returns the seasons of these shows.
///
/// Each show is asked for once.
pub async fn of(client: &Client, shows: &[Rc<Work>]) -> ShowSeasons {
    let cx = client.cx();
    let mut found: HashMap<String, FoundSeasons> = HashMap::new();
    let mut expired: HashMap<String, Rc<Vec<Season>>> = HashMap::new();
    let run = cx.run_cache.of::<RunSeasons>("trakt seasons");
    let mut open: Vec<(String, &Rc<Work>)> = Vec::new();
    let mut met = HashSet::new();
    let shows = shows.iter().filter_map(|show| Some((path_id(show)?, show)));
    for (id, show) in shows.filter(|(id, _)| met.insert(id.clone())) {
        let here = run.borrow().get(&id).cloned();
        let stored = || SEASONS.get::<Vec<Season>>(cx, &id).map(|(seasons, is_valid)| (Rc::new(seasons), is_valid));
        match here.map(|seasons| (seasons, true)).or_else(stored) {
            Some((seasons, true)) => {
                found.insert(id, Ok(seasons));
            }
            Some((seasons, false)) => {
                expired.insert(id.clone(), seasons);
                open.push((id, show));
            }
            None => open.push((id, show)),
        }
    }
    let responses = each(client, "shows", &open, async |(id, _): &(String, &Rc<Work>)| {
        let query = [("extended", "full,episodes".to_owned()), ("specials", "true".to_owned())];
        client.get::<Vec<Season>>(&format!("shows/{id}/seasons"), &query).await
    })
    .await;
    for ((id, show), response) in open.into_iter().zip(responses) {
        let seasons = response.map(|mut seasons| {
            for season in &mut seasons {
                let number = season.number;
                // Within a season, an episode may leave out its number.
                season.episodes.iter_mut().for_each(|episode| episode.season = number);
            }
            SEASONS.keep(cx, &id, &seasons, lifetime(&seasons, show, cx.clock.now()));
            Rc::new(seasons)
        });
        let seasons = seasons.or_else(|reason| {
            let seasons = expired.remove(&id).ok_or(reason)?;
            let name = show.title.as_ref().map(|name| format!(" of `{name}`")).unwrap_or_default();
            cx.warn(format!("Trakt is unavailable: using the episodes{name} from an earlier run"));
            Ok(seasons)
        });
        found.insert(id, seasons);
    }
    let fresh = found.iter().filter_map(|(id, seasons)| Some((id.clone(), Rc::clone(seasons.as_ref().ok()?))));
    run.borrow_mut().extend(fresh);
    ShowSeasons(found)
}

/// Returns the numbers of the aired episodes of a season.
///
/// It is `None` if Trakt did not list its episodes.
pub fn aired(season: &Season, now: Timestamp) -> Option<Vec<i64>> {
    let is_listed = !season.episodes.is_empty() || season.episode_count == Some(0);
    let aired = season.episodes.iter().filter(|episode| episode.first_aired.is_some_and(|at| at <= now));
    is_listed.then(|| aired.map(|episode| episode.number).collect())
}

/// Returns the episode with a number in a season.
pub fn episode(seasons: &[Season], season: i64, number: i64) -> Option<&Episode> {
    seasons.iter().find(|one| one.number == season)?.episodes.iter().find(|one| one.number == number)
}

/// Returns the episode with a number that is counted through all seasons.
pub fn absolute(seasons: &[Season], number: i64) -> Option<&Episode> {
    let regular = || seasons.iter().filter(|season| season.number > 0).flat_map(|season| &season.episodes);
    let by_number = regular().find(|episode| episode.number_abs == Some(number));
    // Trakt has no such numbers for some shows; with one season they are the same.
    by_number.or_else(|| {
        let is_single = seasons.iter().filter(|season| season.number > 0).count() == 1;
        regular().find(|episode| is_single && episode.number == number)
    })
}

/// Returns the episode that was aired on a day in the time zone of the show.
pub fn aired_on<'a>(seasons: &'a [Season], day: jiff::civil::Date, zone: Option<&str>) -> Option<&'a Episode> {
    let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
    let mut all = seasons.iter().flat_map(|season| &season.episodes);
    all.find(|episode| episode.first_aired.is_some_and(|at| zone.to_datetime(at).date() == day))
}

/// Returns how long the seasons of a show stay valid: long if it has ended, hours if it is on air.
fn lifetime(seasons: &[Season], show: &Work, now: Timestamp) -> SignedDuration {
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    let mut dates = seasons.iter().flat_map(|season| &season.episodes).filter_map(|episode| episode.first_aired);
    let is_quiet = dates.clone().next().is_some() && dates.all(|at| now.duration_since(at) > DAY.saturating_mul(365));
    let show = show.details();
    if show.is_over() {
        DAY.saturating_mul(30)
    } else if show.status.is_none() && is_quiet {
        // The status is not asked for only to know this.
        DAY.saturating_mul(7)
    } else {
        SignedDuration::from_hours(12)
    }
}
