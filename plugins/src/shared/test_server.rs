//! A server on loopback for tests, which answers each request with a given text.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// A server that answers a number of requests.
pub struct TestServer {
    /// Its URL.
    pub url: String,
    thread: JoinHandle<Vec<String>>,
}

impl TestServer {
    /// Starts a server that answers this number of requests, each on its own connection.
    pub fn start(count: usize, answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/feed", listener.local_addr().unwrap());
        let serve = move |stream: std::io::Result<TcpStream>| {
            let mut stream = stream.unwrap();
            let request = read(&mut stream);
            stream.write_all(answer(&request.to_lowercase()).as_bytes()).unwrap();
            request
        };
        let thread = std::thread::spawn(move || listener.incoming().take(count).map(serve).collect());
        Self { url, thread }
    }

    /// Waits for all requests, and returns them.
    pub fn requests(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length =
        head.split_once("content-length: ").map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    request.extend(body);
    String::from_utf8(request).unwrap()
}
