//! Two listeners on loopback, one thread: reads requests, lets faults strike, sends answers.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use crate::Shared;
use crate::faults::{self, Trouble};
use crate::odd_values;
use crate::wire::{Host, Reply, Request};

/// A bound listener and the address that it got.
pub(crate) fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves both hosts until `stop` is sent or dropped. Open connections, hanging ones too, end with it.
pub(crate) fn serve(
    shared: &Arc<Shared>,
    api: TcpListener,
    auth: TcpListener,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let api = tokio::net::TcpListener::from_std(api)?;
        let auth = tokio::net::TcpListener::from_std(auth)?;
        tokio::select! {
            result = accept(api, Host::Api, shared) => result,
            result = accept(auth, Host::Auth, shared) => result,
            _ = stop => Ok(()),
        }
    })
}

async fn accept(listener: tokio::net::TcpListener, host: Host, shared: &Arc<Shared>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&shared, host, request));
            // An error here is a client that went away, or a connection that was to be cut: both are as wanted.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Ends the connection without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is cut by script")
    }
}

impl std::error::Error for Cut {}

type Body = Either<Full<Bytes>, Channel<Bytes, Cut>>;

async fn answer(shared: &Shared, host: Host, request: hyper::Request<Incoming>) -> Result<hyper::Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes().to_vec();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let request = Request::new(host, parts.method.as_str(), target, headers, body);

    let trouble = faults::strike(&mut shared.faults(), &request);
    let reply = match &trouble {
        Some(Trouble::Instead(reply)) => {
            shared.record(&request, reply.status);
            reply.clone()
        }
        Some(Trouble::CloseBefore) => {
            shared.record(&request, 0);
            return Err(Cut);
        }
        Some(Trouble::Hang) => {
            shared.record(&request, 0);
            never().await
        }
        Some(Trouble::CloseAfter) => {
            shared.apply(&request, Some(0));
            return Err(Cut);
        }
        Some(Trouble::HangAfter) => {
            shared.apply(&request, Some(0));
            never().await
        }
        Some(Trouble::After(reply)) => {
            shared.apply(&request, Some(reply.status));
            reply.clone()
        }
        Some(Trouble::Delay(time)) => {
            tokio::time::sleep(*time).await;
            shared.apply(&request, None)
        }
        Some(Trouble::Held(gate)) => {
            gate.pass().await;
            shared.apply(&request, None)
        }
        Some(Trouble::Takes(time)) => {
            shared.pass(*time);
            shared.apply(&request, None)
        }
        Some(Trouble::NoPageHeaders) => {
            let mut reply = shared.apply(&request, None);
            reply.headers.retain(|(name, _)| !name.starts_with("X-Pagination"));
            reply
        }
        Some(Trouble::OddValues(odd)) => odd_values::apply(shared.apply(&request, None), odd),
        Some(Trouble::Skips(count)) => shared.apply(&request.without_first(*count), None),
        Some(Trouble::Slow(_) | Trouble::CutShort) | None => shared.apply(&request, None),
    };
    Ok(match trouble {
        Some(Trouble::Slow(pause)) => in_pieces(reply, pause, false),
        Some(Trouble::CutShort) => in_pieces(reply, Duration::ZERO, true),
        _ => {
            let (head, body) = head(reply);
            head.map(|()| Either::Left(Full::new(Bytes::from(body))))
        }
    })
}

async fn never() -> Reply {
    match std::future::pending::<Infallible>().await {}
}

fn head(reply: Reply) -> (hyper::Response<()>, Vec<u8>) {
    let mut response = hyper::Response::new(());
    *response.status_mut() =
        hyper::StatusCode::from_u16(reply.status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, hyper::header::HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    (response, reply.body)
}

/// Sends the body a byte at a time; `cut` closes the connection half-way.
fn in_pieces(reply: Reply, pause: Duration, cut: bool) -> hyper::Response<Body> {
    let (mut response, bytes) = head(reply);
    response.headers_mut().insert(hyper::header::CONTENT_LENGTH, hyper::header::HeaderValue::from(bytes.len()));
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        let stop = if cut { bytes.len() / 2 } else { bytes.len() };
        if cut {
            let _ = sender.send_data(Bytes::copy_from_slice(&bytes[..stop])).await;
            // The first half must have left before the connection goes.
            tokio::time::sleep(Duration::from_millis(20)).await;
            sender.abort(Cut);
            return;
        }
        for byte in bytes {
            if sender.send_data(Bytes::copy_from_slice(&[byte])).await.is_err() {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    });
    response.map(|()| Either::Right(body))
}
