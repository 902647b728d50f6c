//! Seasons and episodes: which one an entry is, and what it is.

use std::collections::HashMap;

use flexget_core::prelude::*;
use jiff::civil::Date;

use super::Lookup;
use super::fields::{episode_fields, season_fields};
use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::api::model::{Episode, Season, Work};
use crate::trakt::{seasons, titles};

/// The seasons of shows, by the shows' numbers.
pub(super) type Seasons = HashMap<i64, seasons::Found>;

impl Lookup {
    /// The seasons or episodes that the entries are.
    pub(super) async fn parts(&self, client: &Client, entries: &[&Entry], media: &[Media]) -> Vec<Answer> {
        let works = titles::find(client, media).await;
        let known: Vec<Rc<Work>> = works.iter().filter_map(|work| work.as_ref().ok().cloned()).collect();
        let seasons = seasons::of(client, &known).await;
        let of = |(at, work): (usize, titles::Found)| {
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
}

/// The names of the episodes of these shows, or of those that the media belong to.
pub(super) async fn episode_names(client: &Client, media: &[Media]) -> Vec<Answer> {
    let works = titles::find(client, media).await;
    let known: Vec<Rc<Work>> = works.iter().filter_map(|work| work.as_ref().ok().cloned()).collect();
    let seasons = seasons::of(client, &known).await;
    let of = |work: titles::Found| {
        let work = work?;
        let seasons = seasons_of(&seasons, &work)?;
        let names = seasons.iter().flat_map(|season| &season.episodes).filter_map(|episode| episode.title.as_deref());
        Ok(vec![("trakt_series_episodes".into(), names.collect::<Value>())])
    };
    works.into_iter().map(of).collect()
}

/// Why nothing is known of a season or episode whose show is known.
pub(super) fn no_such(what: &str, show: &Work) -> String {
    match &show.title {
        Some(name) => format!("Trakt has no such {what} of `{name}`"),
        None => format!("Trakt has no such {what}"),
    }
}

/// The seasons of a show, if they are known.
pub(super) fn seasons_of(seasons: &Seasons, work: &Work) -> Result<Rc<Vec<Season>>, String> {
    let id = work.ids.trakt.ok_or("Trakt gave no number for it")?;
    seasons.get(&id).cloned().unwrap_or_else(|| Err("its seasons are not known".to_owned()))
}

/// The season that an entry is: by its number, or by its id.
pub(super) fn season_of<'a>(media: &Media, seasons: &'a [Season]) -> Option<&'a Season> {
    seasons.iter().find(|season| match media.season {
        Some(number) => season.number == number,
        None => media.own_ids.trakt.is_some() && season.ids.trakt == media.own_ids.trakt,
    })
}

/// The episode that an entry is: by season and number, by its number over all seasons, by its day, or by its id.
pub(super) fn episode_of<'a>(entry: &Entry, media: &Media, seasons: &'a [Season], work: &Work) -> Option<&'a Episode> {
    match (entry.text("series_id_type"), media.season, media.episode) {
        (Some("date"), ..) => {
            let day = match entry.peek("series_date").or_else(|| entry.peek("series_id"))? {
                Value::Date(day) => *day,
                other => other.as_str()?.parse::<Date>().ok()?,
            };
            let zone = work.airs.as_ref().and_then(|airs| airs.timezone.as_deref());
            seasons::aired_on(seasons, day, zone)
        }
        (Some("sequence"), ..) => seasons::absolute(seasons, entry.int("series_id").or(media.episode)?),
        (_, Some(season), Some(episode)) => seasons::episode(seasons, season, episode),
        _ => {
            let id = media.own_ids.trakt?;
            seasons.iter().flat_map(|season| &season.episodes).find(|episode| episode.ids.trakt == Some(id))
        }
    }
}
