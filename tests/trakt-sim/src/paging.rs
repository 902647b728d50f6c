//! Pages: default sizes, silent clamps, headers, and what is odd about the pages of some endpoints.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::{Reply, Request};

/// How one kind of endpoint cuts its answer.
#[derive(Clone, Copy, Debug)]
pub struct PageRule {
    /// Rows when the request says nothing.
    pub default: usize,
    /// Rows at most; more is clamped silently.
    pub max: usize,
}

/// The rules of all endpoints by name: `lists`, `items` (list items, watchlist, favorites), `collection`, `watched`,
/// `progress` (watched with `extended=progress`), `history`, `ratings`, `charts`, `search`, `updates`.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The rules; endpoints without one use 100 and 250.
    pub rules: BTreeMap<&'static str, PageRule>,
    /// Whether answers carry `X-Pagination-*`.
    pub headers: bool,
    /// Oddities of endpoints; those whose path prefix fits a request all apply to it.
    pub odd: Vec<OddPages>,
}

/// An oddity of the endpoints whose paths begin so.
#[derive(Clone, Debug)]
pub struct OddPages {
    path: String,
    oddity: PageOddity,
    /// How many more walks it applies to; `None` = all. A walk begins with its first page.
    walks: Option<Cell<u32>>,
}

/// What can be wrong with pages though each request succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageOddity {
    /// Page and item count come from an old count, which is smaller by this many rows.
    StaleCount(usize),
    /// Page and item count come from an old count, which is larger by this many rows.
    LargeCount(usize),
    /// Page and item count are 0.
    ZeroCount,
    /// There is no page and no item count, only the limit.
    NoCount,
    /// There are no pagination headers at all.
    NoHeaders,
    /// This page lacks rows at its end; they come on the next page, and all others later too.
    ShortPage {
        /// Which page, from 1.
        page: usize,
        /// How many rows it lacks.
        missing: usize,
    },
    /// This page is empty; its rows come on the next page.
    EmptyPage {
        /// Which page, from 1.
        page: usize,
    },
    /// The first rows of this page are on no page, though they are counted.
    LostRows {
        /// Which page, from 1.
        page: usize,
        /// How many rows are lost.
        missing: usize,
    },
    /// Every page is the first one.
    IgnoresPage,
    /// The first row of this page and the last row of the page before have changed places while the list was read: one
    /// comes twice, and the other is on no page.
    Swapped {
        /// Which page, from 1.
        page: usize,
    },
    /// From this page on each row has moved up by one place while the list was read, so that one row is on no page.
    MovedUp {
        /// Which page, from 1.
        page: usize,
    },
    /// The same, and it is counted, as if somebody had removed a row of an earlier page.
    Removed {
        /// Which page, from 1.
        page: usize,
    },
    /// This page is the one before once more; its rows come on the next page.
    Repeated {
        /// Which page, from 2.
        page: usize,
    },
    /// This page is the one before once more; its own rows are on no page.
    Replaced {
        /// Which page, from 2.
        page: usize,
    },
    /// From this page on there are no pagination headers.
    SilentFrom {
        /// Which page, from 1.
        page: usize,
    },
    /// Page and item count are 0 from this page on.
    ZeroCountFrom {
        /// Which page, from 1.
        page: usize,
    },
}

impl OddPages {
    /// Makes all endpoints odd whose paths begin so.
    pub fn on(path: &str, oddity: PageOddity) -> Self {
        OddPages { path: path.to_owned(), oddity, walks: None }
    }

    /// Applies to the next walk only.
    #[must_use]
    pub fn once(self) -> Self {
        OddPages { walks: Some(Cell::new(1)), ..self }
    }

    fn applies(&self, request: &Request) -> bool {
        let is_first_page = request.value("page").is_none_or(|page| page == "1");
        if !request.path.starts_with(&self.path) {
            return false;
        }
        let Some(walks) = &self.walks else { return true };
        // The count is of walks that may still begin, so a walk that has begun goes on at 0.
        if is_first_page && walks.get() == 0 {
            walks.set(u32::MAX);
        } else if is_first_page && walks.get() != u32::MAX {
            walks.set(walks.get() - 1);
        }
        walks.get() != u32::MAX
    }
}

impl Default for Pages {
    fn default() -> Self {
        let rule = |name, default, max| (name, PageRule { default, max });
        Pages {
            rules: BTreeMap::from([
                rule("lists", 100, 250),
                rule("items", 100, 250),
                rule("collection", 100, 250),
                rule("watched", 100, 250),
                rule("progress", 100, 100),
                rule("history", 100, 250),
                rule("ratings", 100, 250),
                rule("charts", 100, 250),
                rule("search", 50, 250),
                rule("updates", 100, 100),
            ]),
            headers: true,
            odd: Vec::new(),
        }
    }
}

/// The part of the rows that was asked for.
pub(crate) struct Page {
    page: usize,
    limit: usize,
    total: usize,
    headers: bool,
    odd: Vec<PageOddity>,
}

impl Pages {
    /// The page of `total` rows that the request wants. What is not a positive number counts as not said, and
    /// `limit=all` as the most that is allowed.
    pub(crate) fn page(&self, rule: &str, request: &Request, total: usize) -> Page {
        let rule = self.rules.get(rule).copied().unwrap_or(PageRule { default: 100, max: 250 });
        let number = |name| request.value(name).and_then(|text| text.parse::<usize>().ok()).filter(|&n| n > 0);
        let limit = if request.value("limit") == Some("all") { Some(rule.max) } else { number("limit") };
        Page {
            page: number("page").unwrap_or(1),
            limit: limit.unwrap_or(rule.default).min(rule.max),
            total,
            headers: self.headers,
            odd: self.odd.iter().filter(|odd| odd.applies(request)).map(|odd| odd.oddity).collect(),
        }
    }
}

impl Page {
    /// Which page it is, from 1.
    pub(crate) fn number(&self) -> usize {
        self.page
    }

    /// The same page with counts that are those of `total` rows.
    pub(crate) fn counting(self, total: usize) -> Self {
        Page { total, ..self }
    }

    /// The rows of this page.
    pub(crate) fn of<'a, T>(&self, rows: &'a [T]) -> std::vec::IntoIter<&'a T> {
        let (start, end) = self.range();
        let is_swapped = self.page > 1 && self.odd.contains(&PageOddity::Swapped { page: self.page });
        let places = start.min(rows.len())..end.min(rows.len());
        let shown = |place: usize| if is_swapped && place == start { &rows[place - 1] } else { &rows[place] };
        places.map(shown).collect::<Vec<_>>().into_iter()
    }

    /// The places of its first row, and after its last one.
    fn range(&self) -> (usize, usize) {
        let mut page = if self.odd.contains(&PageOddity::IgnoresPage) { 1 } else { self.page };
        let is_repeat = |odd: &PageOddity| matches!(odd, PageOddity::Repeated { page: odd } if page >= *odd);
        page -= self.odd.iter().filter(|odd| is_repeat(odd)).count();
        page -= usize::from(self.odd.contains(&PageOddity::Replaced { page: self.page }));
        let page = page;
        let mut start = (page - 1).saturating_mul(self.limit);
        let mut end = start.saturating_add(self.limit);
        for oddity in &self.odd {
            let (odd_page, missing) = match *oddity {
                PageOddity::ShortPage { page, missing } => (page, missing.min(self.limit)),
                PageOddity::EmptyPage { page } => (page, self.limit),
                PageOddity::LostRows { page: odd, missing } => {
                    start += if odd == page { missing.min(self.limit) } else { 0 };
                    continue;
                }
                PageOddity::MovedUp { page: odd } | PageOddity::Removed { page: odd } => {
                    let by = usize::from(page >= odd);
                    (start, end) = (start + by, end + by);
                    continue;
                }
                _ => continue,
            };
            if page > odd_page {
                start -= missing;
            }
            if page >= odd_page {
                end -= missing;
            }
        }
        (start, end)
    }

    /// The answer with these rows.
    pub(crate) fn reply(&self, rows: Vec<Value>) -> Reply {
        let reply = Reply::json(200, &Value::Array(rows));
        let is_silent = |odd: &PageOddity| match odd {
            PageOddity::NoHeaders => true,
            PageOddity::SilentFrom { page } => self.page >= *page,
            _ => false,
        };
        if !self.headers || self.odd.iter().any(is_silent) {
            return reply;
        }
        let reply = reply.header("X-Pagination-Page", self.page).header("X-Pagination-Limit", self.limit);
        let mut counted = self.total;
        for oddity in &self.odd {
            match oddity {
                PageOddity::NoCount => return reply,
                PageOddity::LargeCount(more) => counted += more,
                PageOddity::ZeroCount => counted = 0,
                PageOddity::ZeroCountFrom { page } if self.page >= *page => counted = 0,
                PageOddity::Removed { page } if self.page >= *page => counted = counted.saturating_sub(1),
                PageOddity::StaleCount(missing) => counted = counted.saturating_sub(*missing),
                _ => {}
            }
        }
        reply.header("X-Pagination-Page-Count", counted.div_ceil(self.limit)).header("X-Pagination-Item-Count", counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Host;

    #[test]
    fn limits_are_clamped_and_pages_end() {
        let pages = Pages::default();
        let rows: Vec<u32> = (0..260).collect();
        for (query, first, len) in [
            ("", Some(0), 100),
            ("limit=1000", Some(0), 250),
            ("limit=all", Some(0), 250),
            ("limit=250&page=2", Some(250), 10),
            ("limit=0&page=x", Some(0), 100),
            ("page=9", None, 0),
        ] {
            let request = Request::new(Host::Api, "GET", &format!("/x?{query}"), vec![], vec![]);
            let page = pages.page("items", &request, rows.len());
            assert_eq!((page.of(&rows).next().copied(), page.of(&rows).len()), (first, len), "{query}");
        }
    }

    /// The rows of pages 1 to `last` of 1,000, 250 on a page.
    fn walk(pages: &Pages, last: usize) -> Vec<usize> {
        let rows: Vec<usize> = (0..1000).collect();
        let request = |page| Request::new(Host::Api, "GET", &format!("/x?limit=250&page={page}"), vec![], vec![]);
        (1..=last)
            .flat_map(|page| pages.page("items", &request(page), 1000).of(&rows).copied().collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn oddities_shift_lose_and_repeat_rows() {
        let odd = |oddity| Pages { odd: vec![OddPages::on("/x", oddity)], ..Pages::default() };
        let all: Vec<usize> = (0..1000).collect();
        for oddity in [PageOddity::ShortPage { page: 2, missing: 143 }, PageOddity::EmptyPage { page: 2 }] {
            assert_eq!(walk(&odd(oddity), 5), all, "{oddity:?} loses nothing");
            assert!(walk(&odd(oddity), 4).len() < 1000, "{oddity:?} needs a page more");
        }
        assert_eq!(walk(&odd(PageOddity::LostRows { page: 2, missing: 3 }), 5).len(), 997);
        assert_eq!(walk(&odd(PageOddity::Swapped { page: 2 }), 5)[249..252], [249, 249, 251], "one comes twice");
        let once = Pages { odd: vec![OddPages::on("/x", PageOddity::MovedUp { page: 2 }).once()], ..Pages::default() };
        assert!(!walk(&once, 4).contains(&250) && walk(&once, 4) == all);
        assert_eq!(walk(&odd(PageOddity::IgnoresPage), 2)[250..], all[..250]);
        let repeated = walk(&odd(PageOddity::Repeated { page: 2 }), 5);
        assert!(repeated[250..500] == all[..250] && repeated[500..] == all[250..], "one page comes twice");
    }
}
