//! Entries that only a search identifies.
//!
//! They have an id that movies and shows both have, or a movie's name without a year.

use flexget_core::prelude::*;

use crate::titles::media::ids::MediaIds;
use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::lists::entries::{self, Style};
use crate::trakt::titles;

/// Tells whether a search may identify an entry of unknown kind: it has an id at IMDb or TMDB.
pub fn has_shared_id(entry: &Entry) -> bool {
    let ids = MediaIds::of(entry, Kind::Movie);
    ids.get("imdb").is_some() || ids.get("tmdb").is_some()
}

/// Tells whether a search may identify a movie by its name alone.
pub fn has_name(media: &Media) -> bool {
    media.kind == Kind::Movie && media.name.is_some()
}

/// Identifies entries by searches, one for each that nothing else identifies.
///
/// `media` holds what the entries are by themselves. The error is the reason for one entry.
pub async fn resolve(client: &Client, entries: &[&Entry], media: Vec<Option<Media>>) -> Vec<Result<Media, String>> {
    let shared: Vec<MediaIds> = entries
        .iter()
        .zip(&media)
        .filter(|(_, media)| media.is_none())
        .map(|(entry, _)| MediaIds::of(entry, Kind::Movie))
        .collect();
    let named: Vec<Media> = media.iter().flatten().filter(|media| !media.is_known()).cloned().collect();
    let mut of_any_kind = titles::find_of_any_kind(client, &shared).await.into_iter();
    let mut found = titles::find(client, &named).await.into_iter();
    let resolve = |(entry, media): (&&Entry, Option<Media>)| match media {
        Some(media) if media.is_known() => Ok(media),
        Some(media) => {
            let work = found.next().unwrap_or_else(|| Err("no response".to_owned()))?;
            Ok(Media { ids: MediaIds::from(&work.ids), year: work.year, ..media })
        }
        None => match of_any_kind.next().unwrap_or(Ok(None))? {
            Some((kind, work)) => {
                let media = Media::of(entry, Some(kind)).ok_or("it is neither a movie nor a show")?;
                Ok(Media { ids: MediaIds::from(&work.ids), ..media })
            }
            None => Err("its id is that of no movie or show on Trakt, or of both".to_owned()),
        },
    };
    entries.iter().zip(media).map(resolve).collect()
}

/// Finds the titles that entries of unknown kind are, by one search for each.
///
/// # Errors
/// Trakt could not be asked.
pub async fn identify(client: &Client, entries: &[&Entry]) -> Result<Vec<Option<Entry>>> {
    let ids: Vec<MediaIds> = entries.iter().map(|entry| MediaIds::of(entry, Kind::Movie)).collect();
    let style = Style::default();
    let found = titles::find_of_any_kind(client, &ids).await.into_iter().map(|title| {
        let entry = |(kind, work): (Kind, Rc<_>)| {
            if kind == Kind::Movie { entries::movie(&work, style) } else { entries::show(&work, style) }
        };
        title.map(|title| title.map(entry)).map_err(Error::new)
    });
    found.collect()
}
