//! Reads the pages of a list: the one way to the end of a list of Trakt.
//!
//! Page and item counts come from a cached count on Trakt's side and can be too small, zero or
//! missing. Pages can be short or empty in the middle, and rows can move between pages while they
//! are read. So at least the reported pages are read, and more while they give rows; the rows are
//! told apart by kind and Trakt's number, and compared with the reported count.

use flexget_core::context::http::PageCount;
use flexget_core::prelude::*;
use serde::de::DeserializeOwned;

use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;

/// Rows to ask for on a page; Trakt gives fewer where it allows fewer.
pub const PAGE: usize = 250;
/// Pages in a row that may repeat known rows only.
const MAX_REPEATED: usize = 2;
/// Limit of empty pages in a row.
const MAX_EMPTY: usize = 8;
/// The same where the pages of all types are counted, as those of `watchlist/{type}` are.
const MAX_EMPTY_OF_TYPE: usize = 64;

/// Extent of a list to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// At least so many items, or all if there are fewer.
    AtLeast(usize),
    /// All items; a short last page that fits the reported counts is taken for the end.
    Whole,
    /// All items, up to an empty page: something is to be removed because it is not among them.
    Proved,
}

/// Identity of a row within an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// Item: its kind or namespace, Trakt's id, and further numbers if that is a show's.
    Item(&'static str, i64, Option<(i64, i64)>),
    /// Something that is no item of any list, such as a person, with the number of its row.
    Other(Option<i64>),
    /// A title in a row of a type that is not known, with the number of its row.
    Unknown(Option<i64>),
    /// A row of a known kind that lacks its object or its number.
    Unreadable,
}

/// A row of an answer in pages.
pub trait PageRow: DeserializeOwned {
    /// Returns what tells the row apart from all others.
    fn key(&self) -> RowKey;
}

/// A list to read.
#[derive(Clone, Copy)]
pub struct Listing<'a> {
    /// Path of the endpoint.
    pub path: &'a str,
    /// Query besides `page` and `limit`.
    pub query: &'a [(&'a str, String)],
    /// Extent of the read.
    pub extent: Extent,
    /// Whether the reported item count is that of the rows of this path.
    pub is_counted: bool,
    /// The least number of rows that there are, by what is known from elsewhere.
    pub floor: Option<usize>,
}

impl<'a> Listing<'a> {
    /// Creates a listing of a path whose rows are counted by Trakt.
    pub fn new(path: &'a str, query: &'a [(&'a str, String)], extent: Extent) -> Self {
        Self { path, query, extent, is_counted: true, floor: None }
    }
}

/// The rows of a list, each item once.
pub struct Rows<T> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// Time of the first page by Trakt's clock, if it says so.
    pub began: Option<Timestamp>,
    /// Why some rows may be missing, or `None` if nothing speaks for it.
    pub doubt: Option<String>,
    /// The number of rows that Trakt reported last.
    pub item_count: Option<usize>,
    /// Number of rows that are no items, such as people.
    pub others: usize,
    /// Whether all rows were read, up to an end that was proved.
    pub is_proved: bool,
    /// Whether the end of the list was reached.
    pub is_whole: bool,
}

impl<T> Rows<T> {
    /// Converts the rows.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Rows<U> {
        let Self { rows, began, doubt, item_count, others, is_proved, is_whole } = self;
        Rows { rows: rows.into_iter().map(convert).collect(), began, doubt, item_count, others, is_proved, is_whole }
    }

    /// Warns that rows may be missing, if so.
    ///
    /// # Errors
    /// Rows may be missing, and the caller wanted a proof that none are.
    pub fn judged(self, client: &Client, extent: Extent) -> Result<Self, Fault> {
        if let Some(doubt) = &self.doubt {
            if extent == Extent::Proved {
                let hint = "nothing is changed because of a list that may lack items; try again later";
                return Err(Fault::UnexpectedResponse(Error::new(doubt).hint(hint)));
            }
            client.cx().warn(format!("{doubt}; this run may lack some of them"));
        }
        Ok(self)
    }
}

/// Reads a list.
///
/// # Errors
/// As [`attempt`], and, with [`Extent::Proved`], if rows are missing or moved. A part is never
/// returned for the whole.
pub async fn read<T: PageRow>(client: &Client, listing: Listing<'_>) -> Result<Rows<T>, Fault> {
    attempt(client, listing).await?.judged(client, listing.extent)
}

/// Reads all rows of a path up to a proved end.
///
/// # Errors
/// As [`read`].
pub async fn read_proved<T: PageRow>(client: &Client, path: &str, query: &[(&str, String)]) -> Result<Vec<T>, Fault> {
    Ok(read(client, Listing::new(path, query, Extent::Proved)).await?.rows)
}

/// Reads a list, and leaves it to the caller what follows if rows may be missing.
///
/// Rows that moved while they were read, or that were counted and not given, make it be read once
/// more.
///
/// # Errors
/// A page could not be read, a row cannot be understood, or the list does not end.
pub async fn attempt<T: PageRow>(client: &Client, listing: Listing<'_>) -> Result<Rows<T>, Fault> {
    let first = Pass::read(client, listing).await?;
    // What is known from elsewhere is not known better by another walk.
    let has_moved = first.doubt(Listing { floor: None, ..listing }).is_some();
    let pass = if has_moved { Pass::read(client, listing).await? } else { first };
    let doubt = pass.doubt(listing);
    Ok(Rows {
        others: pass.read_rows().saturating_sub(pass.rows.len()),
        rows: pass.rows,
        began: pass.began,
        item_count: pass.item_count,
        is_proved: pass.end == Some(End::Proved) && doubt.is_none(),
        is_whole: pass.end.is_some() && doubt.is_none(),
        doubt,
    })
}

/// Reads an answer that has no pages.
///
/// # Errors
/// It could not be read, or a row cannot be understood.
pub async fn read_unpaged<T: PageRow>(client: &Client, path: &str, query: &[(&str, String)]) -> Result<Rows<T>, Fault> {
    let response = client.get_response(path, query).await?;
    let rows = parse_rows(path, &response)?;
    let began = date_of(&response);
    Ok(Rows { rows, began, doubt: None, item_count: None, others: 0, is_proved: true, is_whole: true })
}

/// How the end of a list was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By a short page that fits the counts.
    Reported,
    /// By a page after which there can be none.
    Proved,
}

/// One reading of a list from its first page on.
struct Pass<T> {
    rows: Vec<T>,
    keys: HashSet<RowKey>,
    /// Rows that came more than once, but for pages that are the one before once more.
    repeated: usize,
    /// Whether such a page came.
    has_repeated_page: bool,
    /// Rows without a number that are no items.
    others: usize,
    /// Titles in rows of a type that is not known.
    unknown: usize,
    /// The item count that was reported last.
    item_count: Option<usize>,
    /// The largest page count that was reported.
    pages: Option<u64>,
    /// Whether the item count changed from one page to another.
    has_new_count: bool,
    began: Option<Timestamp>,
    end: Option<End>,
}

impl<T: PageRow> Pass<T> {
    async fn read(client: &Client, listing: Listing<'_>) -> Result<Self, Fault> {
        let mut pass = Self {
            rows: Vec::new(),
            keys: HashSet::new(),
            repeated: 0,
            has_repeated_page: false,
            others: 0,
            unknown: 0,
            item_count: None,
            pages: None,
            has_new_count: false,
            began: None,
            end: None,
        };
        let path = listing.path;
        let asked = if let Extent::AtLeast(items) = listing.extent { items.clamp(1, PAGE) } else { PAGE };
        let mut previous: Vec<RowKey> = Vec::new();
        let (mut repeated_pages, mut empty_pages, mut has_short_page) = (0_usize, 0_usize, false);
        let mut counter = PageCount::new(client.cx().progress.clone(), format!("reading {path} from Trakt"));
        loop {
            let page = counter.begin().map_err(Fault::UnexpectedResponse)?;
            let mut query = listing.query.to_vec();
            query.extend([("page", page.to_string()), ("limit", asked.to_string())]);
            let response = client.get_response(path, &query).await?;
            let number = |name: &str| response.header(name).and_then(|text| text.trim().parse::<usize>().ok());
            let rows: Vec<T> = parse_rows(path, &response)?;
            let limit = number("x-pagination-limit").filter(|limit| *limit > 0);
            // A count of 0 is no count, and a count still holds if a later page has none.
            let pages = number("x-pagination-page-count").filter(|pages| *pages > 0).map(|pages| pages as u64);
            pass.pages = pass.pages.max(pages);
            pass.note_item_count(number("x-pagination-item-count"), rows.is_empty());
            pass.began = if page == 1 { date_of(&response) } else { pass.began };
            let keys: Vec<RowKey> = rows.iter().map(PageRow::key).collect();
            let count = rows.len();
            let before = pass.read_rows();
            let ignores_page = page > 1 && count > 0 && keys == previous;
            if ignores_page {
                pass.has_repeated_page = true;
            } else {
                pass.take(rows, &keys);
            }
            let is_news = pass.read_rows() > before;
            previous = keys;
            let known = pass.item_count.filter(|total| *total > asked);
            let total = match listing.extent {
                Extent::AtLeast(items) => known.map(|known| known.min(items)),
                Extent::Whole | Extent::Proved => known,
            };
            if let Some(total) = total.filter(|total| *total > asked) {
                let done = pass.read_rows();
                counter.show_items(done, total.max(done));
            }

            let is_full = count >= limit.unwrap_or(asked);
            let is_reported = pass.pages.is_some_and(|pages| page < pages);
            let is_past = pass.pages.is_none_or(|pages| page > pages);
            let is_all = (!listing.is_counted || pass.item_count == Some(pass.read_rows()))
                && listing.floor.is_none_or(|floor| floor <= pass.read_rows());
            let is_enough = matches!(listing.extent, Extent::AtLeast(items) if pass.rows.len() >= items);
            if is_enough {
                break;
            } else if page == 2 && ignores_page && !is_full && !is_reported && pass.has_counted_rows() {
                // The endpoint has no pages, and its one answer has everything.
                pass.has_repeated_page = false;
                pass.end = Some(End::Proved);
                break;
            } else if count == 0 && is_past && (pass.is_counted() || empty_pages > 0) {
                // Without any count, one empty page may stand in the middle.
                pass.end = Some(End::Proved);
                break;
            } else if !is_full && !is_reported && !is_past && is_all && !has_short_page {
                // Without a short page in the middle, a stale count would have to fit by chance.
                pass.end = Some(End::Reported);
                if listing.extent != Extent::Proved {
                    break;
                }
            }
            has_short_page |= !is_full;
            repeated_pages = if count > 0 && !is_news { repeated_pages.saturating_add(1) } else { 0_usize };
            empty_pages = if count == 0 { empty_pages.saturating_add(1) } else { 0_usize };
            if repeated_pages >= MAX_REPEATED {
                return Err(endless(path, "it gives known rows again and again"));
            }
            if empty_pages >= if listing.is_counted { MAX_EMPTY } else { MAX_EMPTY_OF_TYPE } {
                return Err(endless(path, "it gives empty pages only"));
            }
        }
        Ok(pass)
    }

    /// Notes the item count of a page; a count of 0 counts only where there is nothing.
    fn note_item_count(&mut self, count: Option<usize>, is_empty: bool) {
        let Some(count) = count.filter(|count| *count > 0 || is_empty && self.read_rows() == 0) else { return };
        self.has_new_count |= self.item_count.is_some_and(|before| before != count);
        self.item_count = Some(count);
    }

    /// Returns whether a page has told how many rows or pages there are.
    fn is_counted(&self) -> bool {
        self.pages.is_some() || self.item_count.is_some()
    }

    /// Returns whether no more rows were counted than were read.
    fn has_counted_rows(&self) -> bool {
        self.item_count.is_none_or(|items| items <= self.read_rows())
    }

    fn take(&mut self, rows: Vec<T>, keys: &[RowKey]) {
        for (row, key) in rows.into_iter().zip(keys) {
            self.unknown = self.unknown.saturating_add(usize::from(matches!(key, RowKey::Unknown(_))));
            match key {
                RowKey::Other(None) | RowKey::Unknown(None) => self.others = self.others.saturating_add(1),
                key if !self.keys.insert(*key) => self.repeated = self.repeated.saturating_add(1),
                RowKey::Item(..) => self.rows.push(row),
                RowKey::Other(_) | RowKey::Unknown(_) | RowKey::Unreadable => {}
            }
        }
    }

    /// Returns how many rows were read, each once.
    fn read_rows(&self) -> usize {
        self.keys.len().saturating_add(self.others)
    }

    /// Returns why rows may be missing: fewer came than were counted, or they moved.
    ///
    /// They moved if some came twice, or if their count changed. A page that came twice may stand
    /// in the place of another, unless all that is counted was read.
    fn doubt(&self, listing: Listing<'_>) -> Option<String> {
        let path = listing.path;
        self.end?;
        let counted = self.item_count.filter(|_| listing.is_counted);
        if let Some(counted) = counted.max(listing.floor).filter(|counted| *counted > self.read_rows()) {
            return Some(format!("Trakt counts {counted} rows of `{path}` but returned {}", self.read_rows()));
        }
        if self.unknown > 0 {
            return Some(format!("{} rows of `{path}` hold titles as something that is not known", self.unknown));
        }
        let is_replaced = self.has_repeated_page && counted != Some(self.read_rows());
        let has_moved = self.repeated > 0 || self.has_new_count && listing.is_counted;
        (is_replaced || has_moved).then(|| format!("rows of `{path}` moved while they were read"))
    }
}

fn date_of(response: &Response) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(response.header("date")?).ok().map(|date| date.timestamp())
}

fn endless(path: &str, reason: &str) -> Fault {
    Fault::UnexpectedResponse(
        Error::new(format!("Trakt's answer to `{path}` does not end: {reason}"))
            .hint("try again later; if it stays so, a newer version of flexget-rs may know it"),
    )
}

/// Parses the rows of a page, all or none.
fn parse_rows<T: PageRow>(path: &str, response: &Response) -> Result<Vec<T>, Fault> {
    let unreadable = |count: usize, total: usize| {
        let error = Error::new(format!("{count} of {total} rows of `{path}` cannot be understood"));
        Fault::UnexpectedResponse(
            error.hint("try again later; if it stays so, a newer version of flexget-rs may know them"),
        )
    };
    let rows: Vec<T> = match serde_json::from_slice(&response.body) {
        Ok(rows) => rows,
        Err(_) => {
            let rows: Vec<serde_json::Value> = response.json().map_err(Fault::UnexpectedResponse)?;
            let total = rows.len();
            let failed = rows.into_iter().filter(|row| T::deserialize(row).is_err()).count();
            return Err(unreadable(failed, total));
        }
    };
    match rows.iter().filter(|row| row.key() == RowKey::Unreadable).count() {
        0 => Ok(rows),
        count => Err(unreadable(count, rows.len())),
    }
}
