//! Reads lists of Trakt, whole, in the fewest requests.

use flexget_core::prelude::*;
use jiff::SignedDuration;

use crate::titles::media::Kind;
use crate::trakt::activities;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::Row;
use crate::trakt::cache::{CacheKey, CachedResponse, Head, STALE, Stamp};
use crate::trakt::lists::catalogue::{self, locate, no_such_user, relocate};
use crate::trakt::lists::counts::{Counts, items_path};
use crate::trakt::lists::source::{Source, user_slug};
use crate::trakt::paging::{self, Extent, Listing, PAGE, Rows};
use crate::trakt::rows::ChartRow;
use crate::trakt::titles;

/// How long the details of titles on a list stay valid, as a show may end without a change.
const DETAILS: SignedDuration = SignedDuration::from_hours(24);

/// A list to read.
pub struct ListReader<'a> {
    /// List to use.
    pub source: &'a Source,
    /// The user that it belongs to, if not the account's own.
    pub username: Option<&'a str>,
    /// Kind of the items to read; `None` for all.
    pub kind: Option<Kind>,
    /// Extent of the read.
    pub extent: Extent,
    /// Period of a chart: `daily`, `weekly`, `monthly`, `all`.
    pub period: Option<&'a str>,
}

impl ListReader<'_> {
    /// Reads the rows, each item once.
    ///
    /// # Errors
    /// The list could not be read, or, with [`Extent::Proved`], not as a whole.
    pub async fn rows(&self, client: &Client) -> Result<Vec<Row>> {
        let by_endpoint = self.source.kinds_by_endpoint();
        let mut rows: Vec<Row> = Vec::new();
        match self.kind {
            None if !by_endpoint.is_empty() => {
                let mut of_kinds = Vec::new();
                for kind in by_endpoint {
                    of_kinds.push(self.read(client, Some(*kind)).await?.into_iter());
                }
                // The first of a chart are its first movies and its first shows.
                if self.source.is_chart() {
                    for _ in 0..of_kinds.iter().map(ExactSizeIterator::len).max().unwrap_or_default() {
                        rows.extend(of_kinds.iter_mut().filter_map(Iterator::next));
                    }
                } else {
                    rows.extend(of_kinds.into_iter().flatten());
                }
            }
            // The counts of `watchlist/{type}` are those of all types, so that they prove nothing;
            // all types are as many requests. So it is read whole, also where a few items would do.
            _ if *self.source == Source::Watchlist => {
                let extent = if self.extent == Extent::Proved { Extent::Proved } else { Extent::Whole };
                rows = ListReader { extent, ..*self }.read(client, None).await?;
                // It comes in the order that the user has set.
                rows.sort_by_key(|row| row.rank.unwrap_or(i64::MAX));
            }
            kind => rows = self.read(client, kind).await?,
        }
        titles::remember_titles(client.cx(), &rows);
        Ok(rows)
    }

    async fn read(&self, client: &Client, kind: Option<Kind>) -> Result<Vec<Row>> {
        let path = self.path(client, kind).await?;
        let kept = Kept::of(self, client, &path);
        if let Some(kept) = &kept
            && let Some((rows, others)) = kept.valid(client, self).await
        {
            tracing::debug!(target: "trakt_list", "unchanged since it was read: {path}");
            self.count(client, &path, kind, rows.len(), others);
            return Ok(rows);
        }
        let rows = match (self.fetch(client, &path, kind).await, self.source) {
            (Err(Fault::NotFound), Source::Personal(personal)) => {
                relocate(client, self.username, personal).await?;
                let path = self.path(client, kind).await?;
                self.fetch(client, &path, kind).await.map_err(|fault| (path, fault))
            }
            (fetched, _) => fetched.map_err(|fault| (path, fault)),
        };
        let rows = match rows {
            Ok(rows) => rows,
            Err((path, fault)) => return Err(self.explain(client, &path, fault).await),
        };
        if let (Some(kept), Some(read_at), true) = (kept, rows.began, rows.is_whole) {
            let head = Head::new(read_at).rows(rows.rows.len(), rows.is_proved).others(rows.others);
            CachedResponse::keep_rows(client.cx(), &kept.key, &head, &rows.rows);
        }
        if rows.is_whole {
            self.count(client, &self.path(client, kind).await?, kind, rows.rows.len(), rows.others);
        }
        Ok(rows.rows)
    }

    /// Notes how many titles, and how many other rows, the whole list has shown.
    fn count(&self, client: &Client, path: &str, kind: Option<Kind>, titles: usize, others: usize) {
        let cx = client.cx();
        // After a change Trakt may show the list as it was.
        let since = cx.clock.now().checked_sub(STALE).unwrap_or(Timestamp::MIN);
        let recent = cx.journal().recent("trakt_list", client.account().as_deref(), None, since);
        if kind.is_none() && recent.is_ok_and(|recent| recent.is_empty()) {
            Counts::of(client).update(items_path(path), |count| {
                (count.titles, count.others) = (Some(titles), others);
            });
        }
    }

    /// Returns the number of items that a personal list has, if it is known and not just changed.
    ///
    /// It counts only where something follows from what is not seen.
    fn floor(&self, client: &Client, path: &str, kind: Option<Kind>) -> Option<usize> {
        let items = items_path(path);
        if self.extent != Extent::Proved || kind.is_some() || Counts::of(client).get(items).is_changed {
            return None;
        }
        let (summary, read_at) = catalogue::known_summary(client, items.strip_suffix("/items")?)?;
        let settled = summary.updated_at?.checked_add(STALE).ok()?;
        usize::try_from(summary.item_count?).ok().filter(|_| settled < read_at)
    }

    async fn fetch(&self, client: &Client, path: &str, kind: Option<Kind>) -> Result<Rows<Row>, Fault> {
        let extended = if *self.source == Source::Collection { "full,metadata" } else { "full" };
        let mut query = vec![("extended", extended.to_owned())];
        if let Source::Chart(_) | Source::Recommendations = self.source {
            let kind = kind.unwrap_or(Kind::Movie);
            let rows: Rows<ChartRow> = if self.source.is_unpaged() {
                if let (Extent::AtLeast(items), Source::Recommendations) = (self.extent, self.source) {
                    query.push(("limit", items.min(100).to_string()));
                }
                paging::read_unpaged(client, path, &query).await?
            } else {
                paging::read(client, Listing::new(path, &query, self.extent)).await?
            };
            return Ok(rows.map(|row| row.into_row(kind)));
        }
        let floor = self.floor(client, path, kind);
        let rows = paging::attempt(client, Listing { floor, ..Listing::new(path, &query, self.extent) }).await?;
        let rows = match (&rows.doubt, self.source) {
            (Some(_), Source::Watchlist) => sorted_by_kind(client, path, &query, rows).await?,
            (Some(_), Source::Personal(_)) if floor.is_some() => of_any_type(client, path, &query, floor, rows).await?,
            _ => rows,
        };
        rows.judged(client, self.extent)
    }

    async fn explain(&self, client: &Client, path: &str, fault: Fault) -> Error {
        match (fault, self.username) {
            (Fault::NotFound | Fault::NoSuchUser, Some(user)) if !matches!(self.source, Source::Personal(_)) => {
                no_such_user(&user_slug(user))
            }
            (fault, _) => catalogue::explain(client, path, fault).await,
        }
    }

    /// Returns the path to read.
    ///
    /// Lists with ranks are read in their order, as they may be sorted in an order that changes
    /// from page to page; but the whole watchlist takes no order.
    async fn path(&self, client: &Client, kind: Option<Kind>) -> Result<String> {
        let segment = kind.map(|kind| format!("/{}s", kind.word())).unwrap_or_default();
        let base = match self.username {
            Some(user) => format!("users/{}", user_slug(user)),
            None => "sync".to_owned(),
        };
        let works = if kind == Some(Kind::Show) { "shows" } else { "movies" };
        Ok(match self.source {
            Source::Watchlist => format!("{base}/watchlist"),
            Source::Recommendations => format!("recommendations/{works}"),
            Source::Chart(chart) => match self.period.filter(|_| self.source.has_periods()) {
                Some(period) => format!("{works}/{chart}/{period}"),
                None => format!("{works}/{chart}"),
            },
            Source::Personal(personal) => {
                let list = locate(client, self.username, personal).await?;
                let types = kind.map_or("movie,show,season,episode,person", Kind::word);
                format!("{list}/items/{types}/rank/asc")
            }
            source => format!("{base}/{}{segment}", source.topic()),
        })
    }
}

/// Reads a watchlist kind by kind, as only one kind can be asked for in the order of ranks.
///
/// A list that is sorted otherwise was seen to change its order from page to page. These rows are
/// all if they are as many as were counted; otherwise what was read before stays.
async fn sorted_by_kind(
    client: &Client,
    path: &str,
    query: &[(&str, String)],
    before: Rows<Row>,
) -> Result<Rows<Row>, Fault> {
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let path = format!("{path}/{}s/rank/asc", kind.word());
        let listing = Listing { is_counted: false, ..Listing::new(&path, query, Extent::Proved) };
        let of_kind = match paging::attempt(client, listing).await {
            Ok(of_kind) if of_kind.doubt.is_none() => of_kind,
            // The watchlist of another user may not be there in this order.
            Ok(_) | Err(Fault::NotFound | Fault::NoSuchUser) => return Ok(before),
            Err(fault) => return Err(fault),
        };
        rows.extend(of_kind.rows);
    }
    let is_all = before.item_count.is_some_and(|counted| rows.len() >= counted);
    Ok(if is_all { Rows { rows, doubt: None, is_proved: true, is_whole: true, ..before } } else { before })
}

/// Reads a list with more items than its rows of known types: the others may be of new types.
///
/// If they are not, what was read before stays.
async fn of_any_type(
    client: &Client,
    path: &str,
    query: &[(&str, String)],
    floor: Option<usize>,
    before: Rows<Row>,
) -> Result<Rows<Row>, Fault> {
    let listing = Listing { floor, ..Listing::new(items_path(path), query, Extent::Proved) };
    let mut rows: Rows<Row> = paging::attempt(client, listing).await?;
    if rows.doubt.is_some() {
        return Ok(before);
    }
    rows.rows.sort_by_key(|row| row.rank.unwrap_or(i64::MAX));
    Ok(rows)
}

/// The copy of a list from an earlier run.
struct Kept {
    key: CacheKey,
    /// Whether `last_activities` tells of the list: it is the account's own.
    is_own: bool,
    /// Path at which a list that a user has made says when it was changed.
    list: Option<String>,
}

impl Kept {
    /// Returns the place of the copy, if something tells whether it is still the list.
    fn of(reader: &ListReader<'_>, client: &Client, path: &str) -> Option<Self> {
        let list = match reader.source {
            Source::Personal(_) => Some(path.split_once("/items").map_or(path, |(list, _)| list).to_owned()),
            _ => None,
        };
        let is_own = client.account().is_some()
            && reader.username.is_none()
            && !reader.source.stamps().is_empty()
            && list.as_ref().is_none_or(|list| list.starts_with("users/me/lists/"));
        if !is_own && list.is_none() {
            return None;
        }
        let key = CacheKey {
            account: client.account(),
            user: reader.username.map(user_slug),
            topic: list.clone().unwrap_or_else(|| reader.source.topic().to_owned()),
            part: path.to_owned(),
        };
        Some(Self { key, is_own, list })
    }

    /// Returns the rows of the copy, and the number of other rows, if nothing has changed since.
    ///
    /// What cannot be told has changed.
    async fn valid(&self, client: &Client, reader: &ListReader<'_>) -> Option<(Vec<Row>, usize)> {
        let cx = client.cx();
        let mut kept = CachedResponse::find(cx, &self.key).filter(|kept| kept.is_young(cx, DETAILS))?;
        if reader.extent == Extent::Proved && !kept.head.is_proved {
            return None;
        }
        let of_account = if self.is_own { activities::stamps(client, reader.source.stamps()).await } else { None };
        let mut is_valid = of_account.as_ref().is_some_and(|now| kept.is_unchanged(cx, Stamp::Activities, now));
        if !is_valid && let Some(list) = self.list.as_ref().filter(|_| !self.is_own || kept.head.rows > PAGE) {
            // One stamp is for all lists of an account, so that another list may have changed.
            let changed = json!([catalogue::summary(client, list).await?.updated_at?]);
            is_valid = kept.is_unchanged(cx, Stamp::List, &changed);
            if let (true, Some(now)) = (is_valid, &of_account) {
                kept.note_unchanged(cx, Stamp::Activities, now);
            }
        }
        let others = kept.head.others;
        if is_valid { kept.rows(cx).map(|rows| (rows, others)) } else { None }
    }
}
