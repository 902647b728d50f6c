//! The seasons and episodes of shows: everything of a show in one request, kept.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use flexget_core::context::store::{Edits, NewRecord};
use flexget_core::prelude::*;
use jiff::SignedDuration;

use crate::trakt::account_state::each;
use crate::trakt::api::client::Client;
use crate::trakt::api::model::{Episode, Season, Work};
use crate::trakt::titles::GRACE;

/// The kind of collection in the store that holds seasons.
pub const COLLECTION: &str = "trakt seasons";

/// Of how many shows they are kept; the oldest go first.
const MOST: usize = 500;

/// The seasons of a show with their episodes; or why they are not known.
pub type Found = Result<Rc<Vec<Season>>, String>;

/// What this run has found out.
type Known = RefCell<HashMap<i64, Rc<Vec<Season>>>>;

/// The seasons of these shows, by the shows' numbers. Each show is asked for once.
pub async fn of(client: &Client, shows: &[Rc<Work>]) -> HashMap<i64, Found> {
    let cx = client.cx();
    let mut found: HashMap<i64, Found> = HashMap::new();
    let mut old: HashMap<i64, Rc<Vec<Season>>> = HashMap::new();
    let known = cx.run_cache.of::<Known>("trakt seasons");
    let mut ask: Vec<(i64, &Rc<Work>)> = Vec::new();
    let mut met = HashSet::new();
    for (id, show) in shows.iter().filter_map(|show| Some((show.ids.trakt?, show))).filter(|(id, _)| met.insert(*id)) {
        let here = known.borrow().get(&id).cloned();
        match here.map_or_else(|| kept(cx, id), Kept::Good) {
            Kept::Good(seasons) => {
                found.insert(id, Ok(seasons));
            }
            Kept::Old(seasons) => {
                old.insert(id, seasons);
                ask.push((id, show));
            }
            Kept::Nothing => ask.push((id, show)),
        }
    }
    let answers = each(client, "shows", &ask, async |(id, _): &(i64, &Rc<Work>)| {
        let query = [("extended", "full,episodes".to_owned()), ("specials", "true".to_owned())];
        client.get::<Vec<Season>>(&format!("shows/{id}/seasons"), &query).await
    })
    .await;
    for ((id, show), answer) in ask.into_iter().zip(answers) {
        let answer = answer.map(|mut seasons| {
            for season in &mut seasons {
                let number = season.number;
                // Within a season an episode may leave out which season it is of.
                season.episodes.iter_mut().for_each(|episode| episode.season = number);
            }
            keep(cx, id, &seasons, show);
            Rc::new(seasons)
        });
        let answer = answer.or_else(|reason| {
            let seasons = old.remove(&id).ok_or(reason)?;
            let name = show.title.clone().unwrap_or_default();
            let which = if name.is_empty() { String::new() } else { format!(" of `{name}`") };
            cx.warn(format!("Trakt cannot be asked; what it said earlier of the episodes{which} is used"));
            Ok(seasons)
        });
        found.insert(id, answer);
    }
    let fresh = found.iter().filter_map(|(id, answer)| Some((*id, Rc::clone(answer.as_ref().ok()?))));
    known.borrow_mut().extend(fresh);
    found
}

/// Which episodes of a season have been aired; `None` if Trakt did not say which episodes it has.
pub fn aired(season: &Season, now: jiff::Timestamp) -> Option<Vec<i64>> {
    let is_told = !season.episodes.is_empty() || season.episode_count == Some(0);
    let aired = season.episodes.iter().filter(|episode| episode.first_aired.is_some_and(|at| at <= now));
    is_told.then(|| aired.map(|episode| episode.number).collect())
}

/// The episode of this season and number.
pub fn episode(seasons: &[Season], season: i64, number: i64) -> Option<&Episode> {
    seasons.iter().find(|one| one.number == season)?.episodes.iter().find(|one| one.number == number)
}

/// The episode of this number counted over all seasons.
pub fn absolute(seasons: &[Season], number: i64) -> Option<&Episode> {
    let regular = || seasons.iter().filter(|season| season.number > 0).flat_map(|season| &season.episodes);
    let by_number = regular().find(|episode| episode.number_abs == Some(number));
    // Where Trakt does not count over all seasons, a show of one season counts all the same.
    by_number.or_else(|| {
        let is_single = seasons.iter().filter(|season| season.number > 0).count() == 1;
        regular().find(|episode| is_single && episode.number == number)
    })
}

/// The episode that was aired on this day. A show of the evening in one place is one of the next day in UTC.
pub fn aired_on<'a>(seasons: &'a [Season], day: jiff::civil::Date, zone: Option<&str>) -> Option<&'a Episode> {
    let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
    let all = || seasons.iter().flat_map(|season| &season.episodes);
    all().find(|episode| episode.first_aired.is_some_and(|at| zone.to_datetime(at).date() == day))
}

/// What is kept of a show.
enum Kept {
    Good(Rc<Vec<Season>>),
    /// To be used only if Trakt cannot be asked.
    Old(Rc<Vec<Season>>),
    Nothing,
}

fn kept(cx: &Context, show: i64) -> Kept {
    let records = cx.store.shared_collection(COLLECTION, "").find(&[show.to_string()]).unwrap_or_default();
    let Some(record) = records.into_iter().next() else { return Kept::Nothing };
    let is_valid = !cx.no_cache && record.expires.is_none_or(|expires| expires > cx.clock.now());
    match Vec::deserialize(record.data).map(Rc::new) {
        Ok(seasons) if is_valid => Kept::Good(seasons),
        Ok(seasons) => Kept::Old(seasons),
        Err(_) => Kept::Nothing,
    }
}

/// Keeps the seasons: long if the show is over, for some hours if it is on air. A cache that cannot be written costs a request
/// next time and nothing else.
fn keep(cx: &Context, show: i64, seasons: &[Season], work: &Work) {
    let is_over = matches!(work.status.as_deref(), Some("ended" | "canceled"));
    let hours = if is_over { 24 * 30 } else { 12 };
    let now = cx.clock.now();
    let collection = cx.store.shared_collection(COLLECTION, "");
    let keys = vec![show.to_string()];
    let data = NewRecord::data(&seasons);
    let expires = now.checked_add(SignedDuration::from_hours(hours)).ok();
    let written = collection.edit(&keys.clone(), |old| {
        let remove = old.iter().map(|record| record.id).collect();
        (Edits { remove, update: Vec::new(), insert: vec![NewRecord { keys, data, added: now, expires }] }, ())
    });
    if let Err(error) = written.and_then(|()| collection.prune(Some(MOST), now - GRACE)) {
        tracing::debug!(target: "trakt_lookup", "not kept: {error}");
    }
}
