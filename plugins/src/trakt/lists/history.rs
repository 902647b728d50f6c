//! Parts that a change removes or adds with an item: recorded before it, and undone as they were.
//!
//! An undo of an addition removes only the parts that the addition made: one play of several, and
//! of a show the episodes that were not collected before.

use flexget_core::prelude::*;
use serde_json::Map;

use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::lists::collected::Collected;
use crate::trakt::lists::item::{BEFORE, Item, PARTS_FIELD, Part, RANK_FIELD, ROW_FIELD};
use crate::trakt::lists::plays::{self, Plays, minute};
use crate::trakt::lists::source::Source;
use crate::trakt::lists::write::Unit;

/// Returns the items to send for a removal; an undo removes only the episodes that were added.
///
/// # Errors
/// The history could not be read.
pub async fn to_remove(client: &Client, items: &[Item<'_>]) -> Result<Vec<Vec<Unit>>> {
    let is_partly = |item: &Item<'_>| item.entry.has(BEFORE);
    let now = if items.iter().any(is_partly) { Collected::read(client).await? } else { Collected::default() };
    let unit = |media: Media| Unit { media, extra: Map::new() };
    let units = items.iter().map(|item| {
        let item_parts = match item.parts_of(BEFORE) {
            Some(before) => {
                let is_new = |part: &Part| !before.iter().any(|old| old.is_same_episode(part));
                Some(now.of(&item.media).into_iter().filter(is_new).collect())
            }
            None => item.parts_of(PARTS_FIELD),
        };
        match item_parts {
            Some(item_parts) => item_parts.iter().map(|part| unit(part.media(&item.media))).collect(),
            None => vec![unit(item.media.clone())],
        }
    });
    Ok(units.collect())
}

/// Returns the items to record before a removal, or `None` if they have no hidden parts.
///
/// # Errors
/// Trakt could not be asked for it.
pub async fn before_removing(client: &Client, source: &Source, items: &[Item<'_>]) -> Result<Option<Vec<Entry>>> {
    match source {
        Source::Watched | Source::History => {
            let news: Vec<&Media> =
                items.iter().filter(|item| !item.entry.has(PARTS_FIELD)).map(|item| &item.media).collect();
            let plays = Plays::read(client, &news).await?;
            let written = items.iter().map(|item| match item.parts_of(PARTS_FIELD) {
                // The time that was left to Trakt then is known by now.
                Some(item_parts) => item.with(
                    PARTS_FIELD,
                    &item_parts.into_iter().map(|part| Part { about: false, ..part }).collect::<Vec<_>>(),
                ),
                None => item.with(PARTS_FIELD, &plays.of(&item.media).unwrap_or_default()),
            });
            Ok(Some(written.collect()))
        }
        Source::Collection => {
            let is_whole_show = |item: &Item<'_>| {
                item.media.kind == Kind::Show && !item.entry.has(PARTS_FIELD) && !item.entry.has(BEFORE)
            };
            with_collected(client, items, is_whole_show, PARTS_FIELD).await
        }
        Source::Watchlist | Source::Favorites | Source::Personal(_) => {
            let part = |item: &Item<'_>| Part {
                notes: item.entry.text("trakt_notes").map(str::to_owned),
                rank: item.entry.int(RANK_FIELD),
                row: item.entry.int(ROW_FIELD),
                ..Part::default()
            };
            Ok(Some(items.iter().map(|item| item.with(PARTS_FIELD, &[part(item)])).collect()))
        }
        Source::Ratings | Source::Recommendations | Source::Chart(_) => Ok(None),
    }
}

/// Returns the items to record and send for an addition, or `None` if nothing is added to them.
///
/// # Errors
/// Trakt could not be asked for it.
pub async fn before_adding(client: &Client, source: &Source, items: &[Item<'_>]) -> Result<Option<Vec<Entry>>> {
    match source {
        Source::Watched | Source::History => {
            // What an undo puts back may be there in part, because it was tried before.
            let back: Vec<&Media> =
                items.iter().filter(|item| item.entry.has(PARTS_FIELD)).map(|item| &item.media).collect();
            let there = Plays::read(client, &back).await?;
            let written = items.iter().map(|item| match item.parts_of(PARTS_FIELD) {
                Some(mut item_parts) => {
                    let there = there.of(&item.media).unwrap_or_default();
                    item_parts.retain(|part| {
                        !there.iter().any(|play| play.id == part.id && minute(play.at) == minute(part.at))
                    });
                    item.with(PARTS_FIELD, &item_parts)
                }
                None => {
                    let known = item.entry.peek("trakt_watched_at").and_then(Value::moment);
                    let at = known.unwrap_or_else(|| client.cx().clock.now());
                    item.with(PARTS_FIELD, &[Part { at: Some(at), about: known.is_none(), ..Part::default() }])
                }
            });
            Ok(Some(written.collect()))
        }
        Source::Collection => {
            let is_whole_show = |item: &Item<'_>| item.media.kind == Kind::Show && !item.entry.has(PARTS_FIELD);
            with_collected(client, items, is_whole_show, BEFORE).await
        }
        _ => Ok(None),
    }
}

/// Returns the items with the collected episodes of those that `which` selects, if any.
async fn with_collected(
    client: &Client,
    items: &[Item<'_>],
    which: impl Fn(&Item<'_>) -> bool,
    field: &'static str,
) -> Result<Option<Vec<Entry>>> {
    if !items.iter().any(&which) {
        return Ok(None);
    }
    let collected = Collected::read(client).await?;
    let written = |item: &Item<'_>| {
        if which(item) { item.with(field, &collected.of(&item.media)) } else { item.entry.fresh() }
    };
    Ok(Some(items.iter().map(written).collect()))
}

/// Returns whether each item of an interrupted change was added or removed.
///
/// It is `None` where the items that are on the list tell.
///
/// # Errors
/// Trakt could not be asked.
pub async fn were_made(
    client: &Client,
    source: &Source,
    items: &[Item<'_>],
    is_add: bool,
) -> Result<Vec<Option<bool>>> {
    match source {
        Source::Watched | Source::History => {
            let is_made = |(there, missing): (usize, usize)| {
                let is_made = if is_add { missing == 0 } else { there == 0 };
                (there > 0 || missing > 0).then_some(is_made)
            };
            Ok(plays::in_history(client, items).await?.into_iter().map(is_made).collect())
        }
        // A show is in the collection as soon as one of its episodes is.
        Source::Collection if is_add && items.iter().any(|item| item.entry.has(BEFORE)) => {
            let now = Collected::read(client).await?;
            let is_made = |item: &Item<'_>| {
                let before = item.parts_of(BEFORE)?;
                Some(now.of(&item.media).iter().any(|part| !before.iter().any(|old| old.is_same_episode(part))))
            };
            Ok(items.iter().map(is_made).collect())
        }
        _ => Ok(vec![None; items.len()]),
    }
}
