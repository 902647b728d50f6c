//! Seasons and episodes: which one an entry is, and its details.

use flexget_core::prelude::*;
use jiff::civil::Date;

use super::works::{NO_NUMBER, find_unless, needs_time_zone, stub, with_numbers};
use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::api::model::{Episode, Season, Work};
use crate::trakt::fields::{episode_fields, season_fields};
use crate::trakt::seasons::{self, ShowSeasons};
use crate::trakt::titles;

/// Looks up the seasons or episodes that entries are.
pub(super) async fn details(client: &Client, entries: &[&Entry], media: &[Media]) -> Vec<FetchedFields> {
    let (works, seasons) = shows_with_seasons(client, media).await;
    let of = |(at, work): (usize, titles::FoundTitle)| {
        let work = work?;
        let seasons = seasons_of(&seasons, &work)?;
        if media[at].kind == Kind::Season {
            return season_of(&media[at], &seasons).map(season_fields).ok_or_else(|| no_such("season", &work));
        }
        let episode = episode_of(entries[at], &media[at], &seasons, &work);
        episode.map(episode_fields).ok_or_else(|| no_such("episode", &work))
    };
    works.into_iter().enumerate().map(of).collect()
}

/// Looks up the names of all episodes of the shows that media are or belong to.
pub(super) async fn names(client: &Client, media: &[Media]) -> Vec<FetchedFields> {
    let (works, seasons) = shows_with_seasons(client, media).await;
    let of = |work: titles::FoundTitle| {
        let work = work?;
        let seasons = seasons_of(&seasons, &work)?;
        let names = seasons.iter().flat_map(|season| &season.episodes).filter_map(|episode| episode.title.as_deref());
        Ok(vec![("trakt_series_episodes".into(), names.collect::<Value>())])
    };
    works.into_iter().map(of).collect()
}

/// Returns the shows of media, and their seasons.
///
/// A show with an id that a path takes costs one request.
async fn shows_with_seasons(client: &Client, media: &[Media]) -> (Vec<titles::FoundTitle>, ShowSeasons) {
    let is_direct = |media: &Media| seasons::path_id(&stub(media)).is_some() && !needs_time_zone(media);
    let direct: Vec<Rc<Work>> =
        media.iter().filter(|media| is_direct(media)).map(|media| Rc::new(stub(media))).collect();
    let mut seasons = seasons::of(client, &direct).await;
    // Trakt gives no seasons for an id that it does not know: another id or the name may be known.
    let is_done = |media: &Media| {
        is_direct(media)
            && seasons.get(&stub(media)).is_some_and(|seasons| match seasons {
                Ok(seasons) => !seasons.is_empty() || media.ids.trakt().is_some(),
                Err(_) => true,
            })
    };
    let works = find_unless(client, media, is_done).await;
    let found = works.iter().zip(media).filter(|(_, media)| !is_done(media));
    let known: Vec<Rc<Work>> = found.filter_map(|(work, _)| work.as_ref().ok().cloned()).collect();
    seasons.extend(seasons::of(client, &known).await);
    (works, seasons)
}

/// Returns the shows that `is_wanted` selects with their numbers, and their seasons.
pub(super) async fn numbered_with_seasons(
    client: &Client,
    media: &[Media],
    is_wanted: impl Fn(&Media) -> bool,
) -> (Vec<Option<titles::FoundTitle>>, ShowSeasons) {
    let wanted: Vec<Media> = media.iter().filter(|media| is_wanted(media)).cloned().collect();
    let mut works = with_numbers(client, &wanted).await.into_iter();
    let works: Vec<Option<titles::FoundTitle>> =
        media.iter().map(|media| is_wanted(media).then(|| works.next()).flatten()).collect();
    let shows: Vec<Rc<Work>> = works.iter().flatten().filter_map(|work| work.as_ref().ok().cloned()).collect();
    (works, seasons::of(client, &shows).await)
}

/// Returns the message for a season or episode that a known show does not have.
pub(super) fn no_such(what: &str, show: &Work) -> String {
    match &show.title {
        Some(name) => format!("Trakt has no such {what} of `{name}`"),
        None => format!("Trakt has no such {what}"),
    }
}

/// Returns the seasons of a show.
pub(super) fn seasons_of(seasons: &ShowSeasons, work: &Work) -> Result<Rc<Vec<Season>>, String> {
    seasons.get(work).cloned().unwrap_or_else(|| Err(NO_NUMBER.to_owned()))
}

/// Returns the season that an entry is: by its number, or by its id.
pub(super) fn season_of<'a>(media: &Media, seasons: &'a [Season]) -> Option<&'a Season> {
    seasons.iter().find(|season| match media.season {
        Some(number) => season.number == number,
        None => media.own_ids.trakt().is_some() && season.ids.trakt == media.own_ids.trakt(),
    })
}

/// Returns the episode that an entry is.
///
/// It is found by its id, its date, its absolute number, or season and number.
pub(super) fn episode_of<'a>(entry: &Entry, media: &Media, seasons: &'a [Season], work: &Work) -> Option<&'a Episode> {
    if let Some(id) = media.own_ids.trakt() {
        let mut all = seasons.iter().flat_map(|season| &season.episodes);
        return all.find(|episode| episode.ids.trakt == Some(id));
    }
    match (entry.text("series_id_type"), media.season, media.episode) {
        (Some("date"), ..) => {
            let day = match entry.peek("series_date").or_else(|| entry.peek("series_id"))? {
                Value::Date(day) => *day,
                other => other.as_str()?.parse::<Date>().ok()?,
            };
            let airs = work.details().airs;
            seasons::aired_on(seasons, day, airs.as_ref().and_then(|airs| airs.timezone.as_deref()))
        }
        (Some("sequence"), ..) => seasons::absolute(seasons, entry.int("series_id").or(media.episode)?),
        (_, Some(season), Some(episode)) => seasons::episode(seasons, season, episode),
        _ => None,
    }
}
