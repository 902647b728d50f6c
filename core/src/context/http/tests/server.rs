//! A server on this machine that answers from a script.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Writes these bytes and keeps the connection.
    Bytes(Vec<u8>),
    /// Writes these bytes and closes the connection.
    Cut(Vec<u8>),
    /// Says nothing.
    Hang,
    /// Says `{}` when the gate is opened.
    Gate(Arc<Notify>),
}

/// An answer with headers and a body.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
    let mut text = format!("HTTP/1.1 {status} Something\r\ncontent-length: {}\r\n", body.as_ref().len()).into_bytes();
    for (name, value) in headers {
        text.extend(format!("{name}: {value}\r\n").into_bytes());
    }
    text.extend(b"\r\n");
    text.extend(body.as_ref());
    Reply::Bytes(text)
}

/// A request as it came, and when by the clock of the test, in seconds.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) text: String,
    pub(crate) at: i64,
}

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) seen: Vec<Seen>,
    pub(crate) connections: usize,
    /// How many are being answered, and how many were at most.
    pub(crate) busy: usize,
    pub(crate) busiest: usize,
}

pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) log: Arc<Mutex<Log>>,
}

impl Server {
    /// Answers with each of the replies in turn, and then with the last again and again.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>, clock: Option<Arc<AtomicI64>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Log::default()));
        let replies = Arc::new(Mutex::new(replies.into_iter().collect::<VecDeque<_>>()));
        let log_of_server = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                log_of_server.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, Arc::clone(&replies), Arc::clone(&log_of_server), clock.clone()));
            }
        });
        Self { address, log }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap().seen.clone()
    }

    /// How long after the first request each came, in seconds.
    pub(crate) fn times(&self) -> Vec<i64> {
        let seen = self.seen();
        seen.iter().map(|request| request.at - seen[0].at).collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    log: Arc<Mutex<Log>>,
    clock: Option<Arc<AtomicI64>>,
) {
    while let Some(text) = read(&mut stream).await {
        let at = clock.as_ref().map_or(0, |clock| clock.load(Ordering::SeqCst) / 1000);
        {
            let mut log = log.lock().unwrap();
            log.seen.push(Seen { text, at });
            log.busy += 1;
            log.busiest = log.busiest.max(log.busy);
        }
        let reply = {
            let mut replies = replies.lock().unwrap();
            if replies.len() > 1 { replies.pop_front().unwrap() } else { replies[0].clone() }
        };
        let (bytes, close) = match reply {
            Reply::Bytes(bytes) => (bytes, false),
            Reply::Cut(bytes) => (bytes, true),
            Reply::Hang => std::future::pending().await,
            Reply::Gate(gate) => {
                gate.notified().await;
                (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec(), false)
            }
        };
        log.lock().unwrap().busy -= 1;
        if stream.write_all(&bytes).await.is_err() || close {
            return;
        }
    }
}

/// The next request, with its body.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
