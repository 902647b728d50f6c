//! Pages: default sizes, silent clamps, headers.

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
        }
    }
}

/// The part of the rows that was asked for.
pub(crate) struct Page {
    page: usize,
    limit: usize,
    total: usize,
    headers: bool,
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
        }
    }
}

impl Page {
    /// Which page it is, from 1.
    pub(crate) fn number(&self) -> usize {
        self.page
    }

    /// The rows of this page.
    pub(crate) fn of<'a, T>(&self, rows: &'a [T]) -> &'a [T] {
        let start = (self.page - 1).saturating_mul(self.limit).min(rows.len());
        &rows[start..rows.len().min(start.saturating_add(self.limit))]
    }

    /// The answer with these rows.
    pub(crate) fn reply(&self, rows: Vec<Value>) -> Reply {
        let reply = Reply::json(200, &Value::Array(rows));
        if !self.headers {
            return reply;
        }
        reply
            .header("X-Pagination-Page", self.page)
            .header("X-Pagination-Limit", self.limit)
            .header("X-Pagination-Page-Count", self.total.div_ceil(self.limit))
            .header("X-Pagination-Item-Count", self.total)
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
            assert_eq!((page.of(&rows).first().copied(), page.of(&rows).len()), (first, len), "{query}");
        }
    }
}
