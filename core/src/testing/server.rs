//! A small service on loopback, for tests of what speaks HTTP.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A service on this machine that answers as a function says.
///
/// ```
/// use flexget_core::context::http::{Method, Request};
/// use flexget_core::testing::server::{Reply, Server};
/// use flexget_core::testing::{block_on, context};
/// use serde_json::json;
///
/// let server = Server::start(|request| match request.path() {
///     "/films" => Reply::json(200, &json!(["Solaris"])),
///     _ => Reply::text(404, "no such thing"),
/// });
/// let request = Request::new(Method::GET, format!("{}/films?page=1", server.url()));
/// let films: Vec<String> = block_on(context().http.send(request)).unwrap().ok()?.json()?;
/// assert_eq!(films, ["Solaris"]);
/// assert_eq!(server.requests()[0].query("page"), Some("1"));
/// # Ok::<(), flexget_core::error::Error>(())
/// ```
pub struct Server {
    url: String,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

/// A request that a [`Server`] got.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The method.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// The headers, by names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// Returns the path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns a parameter of the query as it was written.
    pub fn query(&self, name: &str) -> Option<&str> {
        let parameters = self.target.split_once('?')?.1.split('&');
        parameters.filter_map(|one| one.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Returns a header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Reads the body as JSON.
    ///
    /// # Panics
    /// It is none of this type.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the body is not as expected ({error}): {}", String::from_utf8_lossy(&self.body)),
        }
    }
}

/// The answer of a [`Server`] to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// A response with this status, these headers and this body.
    Response(u16, Vec<(String, String)>, Vec<u8>),
    /// None: the connection is closed after the request was received.
    Lost,
}

impl Reply {
    /// Creates a response with a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Response(status, headers, body.to_string().into_bytes())
    }

    /// Creates a response with a body of plain text.
    pub fn text(status: u16, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
        Self::Response(status, headers, body.as_bytes().to_vec())
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Response(_, headers, _) = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

impl Server {
    /// Starts a service that answers each request with what `respond` returns.
    ///
    /// It runs in a thread of its own until the tests end.
    ///
    /// # Panics
    /// There is no port for it.
    #[track_caller]
    pub fn start(mut respond: impl FnMut(&ReceivedRequest) -> Reply + Send + 'static) -> Self {
        let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = match bound {
            Ok(bound) => bound,
            Err(error) => panic!("no server can be started: {error}"),
        };
        let requests = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away is no concern of the service.
                let _ = serve(stream, &mut respond, &received);
            }
        });
        Self { url: format!("http://{address}"), requests }
    }

    /// Returns the URL of the service, without a `/` at its end.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Returns the requests so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Serves one request of a connection, which is closed then.
fn serve(
    mut stream: TcpStream,
    respond: &mut impl FnMut(&ReceivedRequest) -> Reply,
    received: &Mutex<Vec<ReceivedRequest>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(()) };
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = ReceivedRequest { method, target, headers, body };
    received.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let Reply::Response(status, headers, body) = respond(&request) else { return Ok(()) };
    let mut head = format!("HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(&body)
}
