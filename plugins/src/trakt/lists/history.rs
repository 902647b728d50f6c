//! Parts that a change removes or adds with an item: recorded before it, and undone as they were.
//!
//! An undo of an addition removes only the parts that the addition made: one play of several, and
//! of a show the episodes that were not collected before.

use flexget_core::list::UNSEEN;
use flexget_core::prelude::*;

use crate::titles::media::Kind;
use crate::trakt::api::client::Client;
use crate::trakt::lists::collected::Collected;
use crate::trakt::lists::item::{BEFORE, Item, PARTS_FIELD, Part, RANK_FIELD, ROW_FIELD};
use crate::trakt::lists::plays::{self, Asked, Plays, minute};
use crate::trakt::lists::source::Source;
use crate::trakt::lists::write::Unit;

/// Returns the items to send for a removal; an undo removes only the episodes that were added.
///
/// # Errors
/// The collection could not be read.
pub async fn to_remove(client: &Client, source: &Source, items: &[Item<'_>]) -> Result<Vec<Vec<Unit>>> {
    let is_partly = |item: &Item<'_>| item.entry.has(BEFORE);
    let now = if items.iter().any(is_partly) { Collected::read(client).await? } else { Collected::default() };
    let units = items.iter().map(|item| {
        let expected = item.expected(source);
        if item.is_removed_whole() {
            // Neither the list nor the plays show it, so that there is nothing to remove.
            let is_absent = source.is_history() && expected == 0 && item.entry.has(UNSEEN) && item.has_number();
            return (!is_absent).then(|| Unit::removed(item.media.clone(), expected)).into_iter().collect();
        }
        let item_parts = match item.parts_of(BEFORE) {
            Some(before) => {
                let is_new = |part: &Part| !before.iter().any(|old| old.is_same_episode(part));
                now.of(&item.media).into_iter().filter(is_new).collect()
            }
            None => item.parts_of(PARTS_FIELD).unwrap_or_default(),
        };
        let is_row = source.is_ranked();
        let unit = |part: &Part| Unit::removed(part.media(&item.media), if is_row { expected } else { 1 });
        item_parts.iter().map(unit).collect()
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
            let is_new = |item: &&Item<'_>| !item.entry.has(PARTS_FIELD);
            let news: Vec<Asked<'_>> = items.iter().filter(is_new).map(Asked::to_remove).collect();
            let plays = Plays::read(client, &news).await?;
            let written = items.iter().map(|item| {
                if item.entry.has(PARTS_FIELD) {
                    return item.entry.fresh();
                }
                item.removed_whole(&plays.of(&item.media).unwrap_or_default())
            });
            Ok(Some(written.collect()))
        }
        Source::Collection => {
            let is_whole = |item: &Item<'_>| {
                let is_undone = item.entry.has(PARTS_FIELD) || item.entry.has(BEFORE);
                matches!(item.media.kind, Kind::Show | Kind::Season) && !is_undone
            };
            if !items.iter().any(is_whole) {
                return Ok(None);
            }
            let collected = Collected::read(client).await?;
            let written = |item: &Item<'_>| {
                if is_whole(item) { item.removed_whole(&collected.of(&item.media)) } else { item.entry.fresh() }
            };
            Ok(Some(items.iter().map(written).collect()))
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
        Source::Ratings => {
            // What the entry says is not the rating that is lost.
            let written = |item: &Item<'_>| {
                let mut entry = item.entry.fresh();
                if entry.has(UNSEEN) {
                    ["trakt_user_rating", "trakt_rated_at"].into_iter().for_each(|field| entry.unset(field));
                }
                entry
            };
            Ok(items.iter().any(|item| item.entry.has(UNSEEN)).then(|| items.iter().map(written).collect()))
        }
        Source::Recommendations | Source::Chart(_) => Ok(None),
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
            let is_back = |item: &&Item<'_>| item.entry.has(PARTS_FIELD);
            let back: Vec<Asked<'_>> = items.iter().filter(is_back).map(|item| Asked::surely(&item.media)).collect();
            let there = Plays::read(client, &back).await?;
            let written = items.iter().map(|item| match item.parts_of(PARTS_FIELD) {
                Some(item_parts) => {
                    let there = there.of(&item.media).unwrap_or_default();
                    let is_missing = |part: &Part| {
                        !there.iter().any(|play| play.id == part.id && minute(play.at) == minute(part.at))
                    };
                    let missing = item_parts.into_iter().filter(is_missing);
                    // The time that was left to Trakt then is known by now.
                    item.with(PARTS_FIELD, &missing.map(|part| Part { about: false, ..part }).collect::<Vec<_>>())
                }
                None => {
                    let known = item.entry.peek("trakt_watched_at").and_then(Value::moment);
                    let at = known.unwrap_or_else(|| client.now());
                    item.with(PARTS_FIELD, &[Part { at: Some(at), about: known.is_none(), ..Part::default() }])
                }
            });
            Ok(Some(written.collect()))
        }
        Source::Collection => {
            let is_whole_show = |item: &Item<'_>| item.media.kind == Kind::Show && !item.entry.has(PARTS_FIELD);
            if !items.iter().any(is_whole_show) {
                return Ok(None);
            }
            let collected = Collected::read(client).await?;
            let written = |item: &Item<'_>| {
                if is_whole_show(item) { item.with(BEFORE, &collected.of(&item.media)) } else { item.entry.fresh() }
            };
            Ok(Some(items.iter().map(written).collect()))
        }
        _ => Ok(None),
    }
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
            let missing = plays::missing(client, items).await?;
            let is_made = |(item, missing): (&Item<'_>, &Vec<Part>)| {
                let all = item.parts_of(PARTS_FIELD).map_or(0, |item_parts| item_parts.len());
                let is_made = if is_add { missing.is_empty() } else { missing.len() == all };
                (all > 0).then_some(is_made)
            };
            Ok(items.iter().zip(&missing).map(is_made).collect())
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
        // A season has no row of its own.
        Source::Collection if !is_add && items.iter().any(|item| item.media.kind == Kind::Season) => {
            let now = Collected::read(client).await?;
            let is_made = |item: &Item<'_>| (item.media.kind == Kind::Season).then(|| now.of(&item.media).is_empty());
            Ok(items.iter().map(is_made).collect())
        }
        _ => Ok(vec![None; items.len()]),
    }
}
