//! Scripted failures: what goes wrong, for which requests, how often.

use std::time::Duration;

use serde_json::json;

use crate::gate::Gate;
use crate::odd_values::OddValue;
use crate::wire::{Host, Reply, Request};

/// One scripted failure. It strikes requests whose method and path match, after letting `skip` of them pass,
/// until it has struck `times` times. The first fault that strikes wins; a fault that is still skipping counts the
/// request and lets the next fault look at it.
#[derive(Clone, Debug)]
pub struct Fault {
    method: Option<String>,
    path: String,
    exact: bool,
    host: Option<Host>,
    query: Option<(String, String)>,
    skip: u32,
    times: Option<u32>,
    trouble: Trouble,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// This answer comes instead; nothing is applied.
    Instead(Reply),
    /// The request is applied, then this answer comes instead of the real one.
    After(Reply),
    /// The connection is closed without an answer; nothing is applied.
    CloseBefore,
    /// The request is applied, then the connection is closed without an answer.
    CloseAfter,
    /// No answer ever comes; nothing is applied.
    Hang,
    /// The request is applied, but no answer ever comes.
    HangAfter,
    /// The real answer comes after this (real) time.
    Delay(Duration),
    /// The request is applied, and its answer comes, when the gate is opened.
    Held(Gate),
    /// The real answer comes, and the shared clock has moved on by this time.
    Takes(Duration),
    /// The real answer comes byte by byte, with this (real) time after each.
    Slow(Duration),
    /// The real answer is promised in full, but the connection is closed in the middle of its body.
    CutShort,
    /// The real answer without its pagination headers.
    NoPageHeaders,
    /// The real answer with odd values in all its rows.
    OddValues(Vec<OddValue>),
    /// The first objects of each group of a bulk body are skipped, and the answer counts the rest.
    Skips(usize),
}

impl Fault {
    /// A fault for requests of this method (`*` = any) whose path starts with `path`. It answers 503 with no body,
    /// always, until told otherwise.
    pub fn on(method: &str, path: &str) -> Self {
        Fault {
            method: (method != "*").then(|| method.to_owned()),
            path: path.to_owned(),
            exact: false,
            host: None,
            query: None,
            skip: 0,
            times: None,
            trouble: Trouble::Instead(Reply::empty(503)),
        }
    }

    /// Only where the path is exactly that.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// Only on this host.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.host = Some(host);
        self
    }

    /// Only with this query parameter, for example `page=2`.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query = Some((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets the first `skip` matching requests pass.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Strikes only this often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes once.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// What goes wrong.
    #[must_use]
    pub fn with(mut self, trouble: Trouble) -> Self {
        self.trouble = trouble;
        self
    }

    /// This answer comes instead; nothing is applied.
    #[must_use]
    pub fn answers(self, reply: Reply) -> Self {
        self.with(Trouble::Instead(reply))
    }

    /// Only this status, with no body.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.answers(Reply::empty(status))
    }

    /// 429 from Trakt itself; `retry_after` in seconds.
    #[must_use]
    pub fn too_many(self, retry_after: Option<u32>) -> Self {
        let reply = Reply::json(429, &json!({ "error": "rate limit exceeded" }));
        self.answers(match retry_after {
            Some(seconds) => reply.header("Retry-After", seconds),
            None => reply,
        })
    }

    /// A Cloudflare page with a Ray id: 403 (blocked), 429 (error 1015) or any other status.
    #[must_use]
    pub fn cloudflare(self, status: u16) -> Self {
        self.answers(cloudflare(status))
    }

    /// 423: the account is locked.
    #[must_use]
    pub fn locked(self) -> Self {
        self.answers(locked())
    }

    /// 426: only for VIP.
    #[must_use]
    pub fn vip_only(self) -> Self {
        self.answers(Reply::empty(426).header("X-Upgrade-URL", "https://trakt.tv/vip"))
    }

    /// 420: the account's limit is reached.
    #[must_use]
    pub fn over_limit(self) -> Self {
        self.answers(Reply::empty(420))
    }

    /// 200 with a maintenance page instead of JSON.
    #[must_use]
    pub fn maintenance(self) -> Self {
        self.answers(Reply::html(200, "<!DOCTYPE html><html><body><h1>Down for maintenance</h1></body></html>"))
    }

    /// 200 with JSON that ends too early.
    #[must_use]
    pub fn truncated_json(self) -> Self {
        self.answers(Reply::text(200, r#"[{"rank":1,"id":9000000001,"type":"mov"#))
    }

    /// 200 with good JSON of the wrong shape.
    #[must_use]
    pub fn wrong_json(self) -> Self {
        self.answers(Reply::json(200, &json!({ "unexpected": [1, "two", null] })))
    }

    /// A write that is not done, though the answer is a success: nothing added or deleted, and nothing not found.
    #[must_use]
    pub fn ignored(self) -> Self {
        self.answers(nothing_done())
    }

    /// A write that is done, though the answer says as much as one that is ignored.
    #[must_use]
    pub fn denied(self) -> Self {
        self.with(Trouble::After(nothing_done()))
    }

    /// The real answer with odd values in all its rows.
    #[must_use]
    pub fn odd_values(self, odd: &[OddValue]) -> Self {
        self.with(Trouble::OddValues(odd.to_vec()))
    }

    fn matches(&self, request: &Request) -> bool {
        self.method.as_ref().is_none_or(|method| *method == request.method)
            && if self.exact { request.path == self.path } else { request.path.starts_with(&self.path) }
            && self.host.is_none_or(|host| host == request.host)
            && self.query.as_ref().is_none_or(|(name, value)| request.value(name) == Some(value))
    }
}

/// The trouble that strikes this request, if any; counts it.
pub(crate) fn strike(faults: &mut Vec<Fault>, request: &Request) -> Option<Trouble> {
    let mut struck = None;
    for fault in faults.iter_mut().filter(|fault| fault.matches(request)) {
        if fault.skip > 0 {
            fault.skip -= 1;
            continue;
        }
        if let Some(times) = &mut fault.times {
            if *times == 0 {
                continue;
            }
            *times -= 1;
        }
        struck = Some(fault.trouble.clone());
        break;
    }
    faults.retain(|fault| fault.times != Some(0));
    struck
}

/// The answer to a write that says of nothing that it was added, deleted or not found.
fn nothing_done() -> Reply {
    let none = json!({ "movies": 0, "shows": 0, "seasons": 0, "episodes": 0 });
    let not_found = json!({ "movies": [], "shows": [], "seasons": [], "episodes": [] });
    let body = json!({ "added": none, "existing": none, "updated": none, "deleted": none, "not_found": not_found });
    Reply::json(201, &body)
}

/// A page as Cloudflare sends it.
pub(crate) fn cloudflare(status: u16) -> Reply {
    let words = if status == 429 { "Error 1015: You are being rate limited" } else { "Sorry, you have been blocked" };
    let page = format!(
        "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body><h1>{words}</h1>\
         <p>Cloudflare Ray ID: <strong>8f1c2d3e4a5b6c7d</strong></p></body></html>"
    );
    Reply::html(status, &page).header("Server", "cloudflare").header("CF-RAY", "8f1c2d3e4a5b6c7d-FRA")
}

/// What a locked account gets.
pub(crate) fn locked() -> Reply {
    Reply::empty(423).header("X-Account-Locked", "true").header("X-Account-Deactivated", "false")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Request {
        Request::new(Host::Api, "GET", path, vec![], vec![])
    }

    #[test]
    fn a_fault_skips_strikes_and_ends() {
        let mut faults = vec![Fault::on("GET", "/movies").skip(1).times(2)];
        let struck: Vec<bool> = (0..5).map(|_| strike(&mut faults, &get("/movies/trending")).is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert!(faults.is_empty());
    }

    #[test]
    fn a_fault_looks_at_method_host_and_query() {
        let mut faults = vec![Fault::on("GET", "/a").host(Host::Api).query("page", "2")];
        assert!(strike(&mut faults, &get("/a?page=1")).is_none());
        assert!(strike(&mut faults, &Request::new(Host::Auth, "GET", "/a?page=2", vec![], vec![])).is_none());
        assert!(strike(&mut faults, &Request::new(Host::Api, "POST", "/a?page=2", vec![], vec![])).is_none());
        assert!(strike(&mut faults, &get("/a?page=2")).is_some());
        let mut faults = vec![Fault::on("*", "/a").exact()];
        assert!(strike(&mut faults, &get("/a/b")).is_none());
        assert!(strike(&mut faults, &get("/a?x=1")).is_some());
    }
}
