//! Pages of a response: by number, by link, or by a field of the body.

use std::collections::HashSet;

use reqwest::Url;
use serde_json::Value;

use super::request::Request;
use super::response::Response;
use super::transport::same_origin;
use crate::context::progress::Progress;
use crate::error::{Error, Result};

/// Most pages that are read; a response of more does not end.
const MOST_PAGES: u64 = 10_000;

/// How a service divides a response into pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// A query parameter has the number of the page, from 1 on; a page without rows is the end.
    Number(&'static str),
    /// The header `Link` has the URL of the next page, as `rel="next"` (RFC 8288).
    Link,
    /// A field of the body has the URL of the next page, or the value of a query parameter.
    Field {
        /// JSON pointer to the field, such as `/paging/next`.
        pointer: &'static str,
        /// Query parameter for a value that is no URL.
        parameter: &'static str,
    },
}

/// Reads the pages of a response, one after the other.
///
/// Next pages are requested from the first one's host only, because requests hold credentials. A
/// response whose pages repeat, or that has too many of them, is an error, not a part of the whole.
///
/// ```no_run
/// use flexget_core::context::Context;
/// use flexget_core::context::http::{PageWalk, Paging, Request};
/// use flexget_core::error::Result;
///
/// async fn titles(cx: &Context) -> Result<Vec<String>> {
///     let request = Request::get("https://api.example.org/titles").query("limit", "100");
///     let mut titles = Vec::new();
///     PageWalk::new(request, Paging::Link)
///         .read(
///             &cx.progress,
///             async |request| cx.http.send(request).await?.ok(),
///             |response| {
///                 let rows: Vec<String> = response.json()?;
///                 let count = rows.len();
///                 titles.extend(rows);
///                 Ok(count)
///             },
///         )
///         .await?;
///     Ok(titles)
/// }
/// ```
pub struct PageWalk {
    request: Request,
    paging: Paging,
    /// URLs, and values of the query parameter, that were followed.
    followed: HashSet<String>,
}

impl PageWalk {
    /// Prepares to read the pages of `request`.
    pub fn new(request: Request, paging: Paging) -> Self {
        Self { request, paging, followed: HashSet::new() }
    }

    /// Sends a request for each page, and gives its response to `rows`, which returns their number.
    ///
    /// # Errors
    ///
    /// What `send` and `rows` fail with; the pages do not end; the next page is on another host.
    pub async fn read(
        mut self,
        progress: &Progress,
        mut send: impl AsyncFnMut(Request) -> Result<Response>,
        mut rows: impl FnMut(&Response) -> Result<usize>,
    ) -> Result<()> {
        let label = format!("reading {}", self.host()?);
        let mut count = PageCount::new(progress.clone(), label);
        let mut next = Some(self.first());
        while let Some(request) = next {
            let page = count.begin()?;
            let url = request.full_url()?;
            let response = send(request).await?;
            count.report(None);
            let rows = rows(&response)?;
            next = self.following(&url, page, &response, rows)?;
        }
        Ok(())
    }

    fn host(&self) -> Result<String> {
        Ok(self.request.full_url()?.host_str().unwrap_or_default().to_owned())
    }

    fn first(&self) -> Request {
        match self.paging {
            Paging::Number(parameter) => self.request.clone().query(parameter, "1"),
            Paging::Link | Paging::Field { .. } => self.request.clone(),
        }
    }

    /// Returns the request for the page after this one, or `None` at the end.
    fn following(&mut self, url: &Url, page: u64, response: &Response, rows: usize) -> Result<Option<Request>> {
        match self.paging {
            Paging::Number(_) if rows == 0 => Ok(None),
            Paging::Number(parameter) => {
                Ok(Some(self.request.clone().query(parameter, page.saturating_add(1).to_string())))
            }
            Paging::Link => match response.header("link").and_then(next_link) {
                Some(link) => self.at_url(url, link).map(Some),
                None => Ok(None),
            },
            Paging::Field { pointer, parameter } => {
                let body: Value = response.json()?;
                match body.pointer(pointer) {
                    Some(Value::String(text)) if text.is_empty() => Ok(None),
                    Some(Value::String(text)) if is_url(text) => self.at_url(url, text).map(Some),
                    Some(Value::String(text)) => self.at_value(parameter, text).map(Some),
                    Some(Value::Number(number)) => self.at_value(parameter, &number.to_string()).map(Some),
                    _ => Ok(None),
                }
            }
        }
    }

    fn at_url(&mut self, current: &Url, next: &str) -> Result<Request> {
        let url = current.join(next).map_err(|error| {
            Error::new("the URL of the next page is not valid").hint("tell the service").cause(error)
        })?;
        if !same_origin(current, &url) {
            let (here, there) = (current.host_str().unwrap_or_default(), url.host_str().unwrap_or_default());
            return Err(Error::new(format!("the next page is on another host: `{there}` instead of `{here}`"))
                .hint("nothing was sent there; tell the service"));
        }
        self.follow(url.as_str())?;
        Ok(Request { url: url.into(), query: Vec::new(), ..self.request.clone() })
    }

    fn at_value(&mut self, parameter: &str, value: &str) -> Result<Request> {
        self.follow(value)?;
        Ok(self.request.clone().query(parameter, value))
    }

    /// Notes what is followed, which must not come again.
    fn follow(&mut self, next: &str) -> Result<()> {
        if self.followed.insert(next.to_owned()) {
            return Ok(());
        }
        Err(endless(&self.host()?, "a page names itself, or an earlier one, as the next"))
    }
}

/// Counts the pages that are read, shows them, and bounds them.
///
/// The display ends when it is dropped.
pub struct PageCount {
    progress: Progress,
    label: String,
    page: u64,
    is_shown: bool,
}

impl PageCount {
    /// Starts before the first page; `label` says what is read.
    pub fn new(progress: Progress, label: impl Into<String>) -> Self {
        Self { progress, label: label.into(), page: 0, is_shown: false }
    }

    /// Begins a page and returns its number, from 1 on.
    ///
    /// # Errors
    ///
    /// There are more pages than any response has.
    pub fn begin(&mut self) -> Result<u64> {
        if self.page >= MOST_PAGES {
            return Err(endless(&self.label, &format!("it has more than {MOST_PAGES} pages")));
        }
        self.page = self.page.saturating_add(1);
        Ok(self.page)
    }

    /// Shows that a page was read, and of how many if that is known.
    ///
    /// A single page is not shown.
    pub fn report(&mut self, total: Option<u64>) {
        if total.unwrap_or(self.page) <= 1 {
            return;
        }
        let number = |pages: u64| usize::try_from(pages).unwrap_or(usize::MAX);
        self.show_items(number(self.page), total.map_or(0, |total| number(total.max(self.page))));
    }

    /// Shows how many items were read, of so many.
    pub fn show_items(&mut self, done: usize, total: usize) {
        self.is_shown |= self.progress.reach(&self.label, done, total);
    }
}

impl Drop for PageCount {
    fn drop(&mut self) {
        if self.is_shown {
            self.progress.end();
        }
    }
}

fn endless(what: &str, reason: &str) -> Error {
    Error::new(format!("the pages do not end ({what}): {reason}"))
        .hint("try again later; if it stays so, tell the service")
}

fn is_url(text: &str) -> bool {
    text.starts_with('/') || text.starts_with("https://") || text.starts_with("http://")
}

/// Returns the target of the link with the relation `next` in a `Link` header.
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, link)) = rest.split_once('<') {
        let (target, after) = link.split_once('>')?;
        let parameters = after.split_once('<').map_or(after, |(parameters, _)| parameters);
        if parameters.split([';', ',']).any(is_next) {
            return Some(target);
        }
        rest = after;
    }
    None
}

fn is_next(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        let relations = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && relations.split_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}
