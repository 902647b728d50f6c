//! The order of a list: restored after an undo, which puts items at its end.

use std::time::Duration;

use flexget_core::context::Event;
use flexget_core::context::http::Retry;
use flexget_core::list::index::Index;
use flexget_core::prelude::*;

use crate::titles::media::Media;
use crate::trakt::api::client::Client;
use crate::trakt::api::lenient;
use crate::trakt::api::model::Row;
use crate::trakt::lists::entries::{self, Style};
use crate::trakt::paging::{self, Extent, Listing, PageRow, RowKey, Rows};

/// A row of a list with anything on it, also what is no title.
#[derive(Deserialize)]
#[serde(transparent)]
struct AnyRow(Row);

impl PageRow for AnyRow {
    fn key(&self) -> RowKey {
        self.0.id.map_or(RowKey::Unreadable, |id| RowKey::Item("row", id, None))
    }
}

/// Response to a new order.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Reordered {
    #[serde(deserialize_with = "lenient::null_is_default")]
    skipped_ids: Vec<serde_json::Value>,
}

/// An item that was removed from a list and put back.
pub struct Restored {
    /// Medium.
    pub media: Media,
    /// Its former place, from 1.
    pub rank: i64,
    /// The number of the row that was removed.
    pub row: Option<i64>,
}

/// Pauses until Trakt, which shows some lists as they were for minutes, is asked again.
const PAUSES: [u64; 8] = [2, 8, 20, 60, 60, 60, 60, 60];

/// Puts items at the places that they had, and leaves the order of all others.
///
/// They were put back in this order, at the end of the list, which has `count` items now.
///
/// # Errors
/// Trakt does not show the items, or does not take the order.
pub async fn restore(client: &Client, list: &str, wanted: &[Restored], count: Option<usize>) -> Result<()> {
    let is_in_order = wanted.is_sorted_by_key(|item| item.rank);
    let others = count.and_then(|count| count.checked_sub(wanted.len()));
    let first = wanted.first().and_then(|item| usize::try_from(item.rank).ok());
    if is_in_order && others.zip(first).is_some_and(|(others, first)| others < first) {
        return Ok(());
    }
    let cx = client.cx();
    for pause in [0].into_iter().chain(PAUSES) {
        if pause > 0 {
            let label = "waiting for Trakt to show the list".to_owned();
            cx.progress.report(Event::Working { label, done: 0, total: 1 });
            cx.clock.sleep(Duration::from_secs(pause)).await;
            cx.progress.report(Event::Done);
        }
        if cx.interrupted.get() {
            break;
        }
        if try_restore(client, list, wanted, count).await? {
            return Ok(());
        }
    }
    Err(Error::new("Trakt does not show all of the list yet").hint("undo the change again in some minutes"))
}

/// Sets the order, and returns whether Trakt shows all items that were put back.
async fn try_restore(client: &Client, list: &str, wanted: &[Restored], count: Option<usize>) -> Result<bool> {
    let extent = if count.is_some() { Extent::Whole } else { Extent::Proved };
    // Trakt may show the list as it was before the items were put back, and not with fewer items.
    let floor = count.and_then(|count| count.checked_sub(wanted.len()));
    let listing = Listing { floor, ..Listing::new(list, &[], extent) };
    let rows: Rows<AnyRow> = paging::attempt(client, listing).await?;
    if let Some(doubt) = rows.doubt {
        // Rows that are not named lose their places.
        return Err(Error::new(doubt).hint("undo the change again in some minutes"));
    }
    let mut rows: Vec<Row> = rows.rows.into_iter().map(|AnyRow(row)| row).collect();
    rows.sort_by_key(|row| row.rank.unwrap_or(i64::MAX));
    let index = Index::new(wanted.iter().map(|item| item.media.keys()));
    let mut order: Vec<i64> = Vec::new();
    let mut restored: Vec<(i64, i64)> = Vec::new();
    for row in &rows {
        let Some(id) = row.id else { continue };
        let media = entries::of_row(row, Style::default()).and_then(|(_, entry)| Media::of(&entry, None));
        match media.and_then(|media| index.find(&media.keys())).map(|at| &wanted[at]) {
            // This is the list as it was before the item was removed.
            Some(item) if item.row == Some(id) => return Ok(false),
            Some(item) => restored.push((item.rank, id)),
            None => order.push(id),
        }
    }
    if restored.len() < wanted.len() || count.is_some_and(|count| rows.len() < count) {
        return Ok(false);
    }
    restored.sort_unstable();
    for (rank, id) in restored {
        let at = usize::try_from(rank.saturating_sub(1)).unwrap_or_default().min(order.len());
        order.insert(at, id);
    }
    if rows.iter().filter_map(|row| row.id).eq(order.iter().copied()) {
        return Ok(true);
    }
    let response: Reordered = client.post(&format!("{list}/reorder"), json!({ "rank": order }), Retry::Safe).await?;
    Ok(response.skipped_ids.is_empty())
}
