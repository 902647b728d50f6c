//! The simulator as a client sees it, through its sockets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::seed::CLIENT_ID;
use crate::{Limits, Options, Seed, Sim, parse_time};

mod access;
mod catalogue;
mod faults;
mod lists;
mod oauth;
mod sync;

/// A simulator with a clock, and a client of it.
pub(crate) struct Bench {
    pub(crate) sim: Sim,
    pub(crate) clock: Arc<AtomicI64>,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub(crate) fn len(&self) -> usize {
        self.json().as_array().unwrap().len()
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Bench::with(Seed::small(), Limits::default())
    }

    pub(crate) fn with(seed: Seed, limits: Limits) -> Self {
        let clock = Arc::new(AtomicI64::new(parse_time("2026-11-25T12:00:00Z").unwrap()));
        let options = Options { seed, clock: Some(Arc::clone(&clock)), limits, ..Options::default() };
        Bench { sim: Sim::start(options).unwrap(), clock, token: None }
    }

    /// The same with Ann's token.
    pub(crate) fn ann() -> Self {
        let mut bench = Bench::new();
        bench.sign_in(Some("Ann.Kay"));
        bench
    }

    pub(crate) fn sign_in(&mut self, user: Option<&str>) {
        self.token = user.map(|user| self.sim.token_for(user).access_token);
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(crate) fn get(&self, target: &str) -> Got {
        self.api("GET", target, None)
    }

    pub(crate) fn post(&self, target: &str, body: Value) -> Got {
        self.api("POST", target, Some(body))
    }

    pub(crate) fn api(&self, method: &str, target: &str, body: Option<Value>) -> Got {
        let mut headers = vec![("User-Agent", "test"), ("trakt-api-version", "2"), ("trakt-api-key", CLIENT_ID)];
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        if let Some(bearer) = &bearer {
            headers.push(("Authorization", bearer));
        }
        if body.is_some() {
            headers.push(("Content-Type", "application/json"));
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        send(&self.sim.api_url(), method, target, &headers, &body).unwrap()
    }

    pub(crate) fn oauth(&self, path: &str, body: Value) -> Got {
        let headers = [("User-Agent", "test"), ("Content-Type", "application/json")];
        send(&self.sim.auth_url(), "POST", path, &headers, &body.to_string()).unwrap()
    }
}

/// One request on a connection of its own; an error if no whole answer comes.
pub(crate) fn send(
    url: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Got> {
    send_within(Duration::from_secs(5), url, method, target, headers, body)
}

pub(crate) fn send_within(
    patience: Duration,
    url: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Got> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(patience))?;
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(text.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let broken = || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "no whole answer");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|it| it.parse().ok());
    let got = Got {
        status: status.ok_or_else(broken)?,
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    };
    match got.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if got.body.len() < length => Err(broken()),
        _ => Ok(got),
    }
}
