//! Sends one request once, and follows redirects of reads.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Certificate, Client, Url, redirect};
use secrecy::ExposeSecret;

use super::error::{HttpError, host_of};
use super::options::HttpOptions;
use super::request::{Body, Method, Request};
use super::response::Response;
use crate::context::clock::Clock;
use crate::error::{OUT_OF_FILES, is_out_of_files};

/// Number of redirects that are followed.
const REDIRECTS: usize = 5;

const USER_AGENT: &str = concat!("flexget-rs/", env!("CARGO_PKG_VERSION"));

/// Builds the client, or says why the settings are wrong.
pub(super) fn client(options: &HttpOptions, is_local: bool) -> Result<Client, String> {
    // Fails when it was done before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut certificates = Vec::new();
    for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        certificates.push(Certificate::from_der(der).map_err(|_| "a built-in certificate is damaged".to_owned())?);
    }
    for path in &options.ca_files {
        let unreadable = |why: String| format!("the certificates in `{}` cannot be read: {why}", path.display());
        let pem = read_certificates(path).map_err(|error| {
            unreadable(if is_out_of_files(&error) { OUT_OF_FILES.to_owned() } else { error.to_string() })
        })?;
        certificates.extend(Certificate::from_pem_bundle(&pem).map_err(|_| unreadable("it is not PEM".to_owned()))?);
    }
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout)
        .redirect(redirect::Policy::none())
        .referer(false)
        .tls_certs_only(certificates);
    let builder = if is_local { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| error.to_string())
}

/// Reads a file with certificates.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read_certificates(path: &Path) -> std::io::Result<Vec<u8>> {
    // A pipe or a device may have no end.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file"));
    }
    fs::read(path)
}

/// Returns whether the URL is on this machine.
pub(super) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Sends a request once and follows redirects of reads; `count` is called for each that is sent.
pub(super) async fn follow(
    client: &Client,
    request: &Request,
    url: &Url,
    options: &HttpOptions,
    clock: &Clock,
    count: impl Fn(),
) -> Result<Response, HttpError> {
    let mut headers = headers(request, url)?;
    let mut url = url.clone();
    for _ in 0..REDIRECTS {
        count();
        let start = clock.now();
        let outcome = send(client, request, &url, headers.clone(), options).await;
        log(request, &url, &outcome, clock.now().duration_since(start).as_millis());
        let response = outcome?;
        let Some(next) = redirection(request, &url, &response) else { return Ok(response) };
        if !same_origin(&url, &next) {
            if request.bearer.is_some() {
                return Ok(response);
            }
            // Headers may hold keys, which are meant for one host.
            headers = HeaderMap::new();
        }
        url = next;
    }
    Err(HttpError::invalid(&url, "it is redirected again and again"))
}

/// Returns the URL that a read is redirected to.
///
/// Writes are never redirected: they would become reads on the way.
fn redirection(request: &Request, url: &Url, response: &Response) -> Option<Url> {
    let redirected = request.method == Method::GET && matches!(response.status, 301 | 302 | 303 | 307 | 308);
    let next = url.join(response.header(LOCATION.as_str()).filter(|_| redirected)?).ok()?;
    let weaker = url.scheme() == "https" && next.scheme() != "https";
    (matches!(next.scheme(), "http" | "https") && !weaker).then_some(next)
}

/// Returns whether two URLs have the same origin, counting an upgrade to HTTPS as the same.
pub(super) fn same_origin(from: &Url, to: &Url) -> bool {
    let upgraded = from.scheme() == "http" && to.scheme() == "https" && from.port().is_none() && to.port().is_none();
    from.host_str() == to.host_str()
        && (upgraded || (from.scheme(), from.port_or_known_default()) == (to.scheme(), to.port_or_known_default()))
}

fn headers(request: &Request, url: &Url) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let content_type = match request.body {
        Some(Body::Json(_)) => Some("application/json"),
        Some(Body::Form(_)) => Some("application/x-www-form-urlencoded"),
        Some(Body::Text(_)) => Some("text/plain; charset=utf-8"),
        Some(Body::Bytes(_)) | None => None,
    };
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    let mut insert = |name: &str, value: &str, is_secret: bool| {
        let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        let wrong = || HttpError::invalid(url, format!("the header `{name}` is not valid"));
        let (name, mut value) = header.ok_or_else(wrong)?;
        value.set_sensitive(is_secret);
        headers.insert(name, value);
        Ok(())
    };
    for (name, value) in &request.headers {
        insert(name, value, false)?;
    }
    for (name, value) in &request.secret_headers {
        insert(name, value.expose_secret(), true)?;
    }
    if let Some(token) = &request.bearer {
        insert("Authorization", &format!("Bearer {}", token.expose_secret()), true)?;
    }
    Ok(headers)
}

async fn send(
    client: &Client,
    request: &Request,
    url: &Url,
    headers: HeaderMap,
    options: &HttpOptions,
) -> Result<Response, HttpError> {
    let mut sending = client.request(request.method.clone(), url.clone()).headers(headers);
    sending = match &request.body {
        Some(Body::Json(value)) => sending.body(value.to_string()),
        Some(Body::Form(fields)) => sending.form(fields),
        Some(Body::Text(text)) => sending.body(text.clone()),
        Some(Body::Bytes(bytes)) => sending.body(bytes.clone()),
        None => sending,
    };
    let mut response = sending.send().await.map_err(|error| HttpError::before_response(url, error))?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| HttpError::in_response(url, error))? {
        if body.len().saturating_add(chunk.len()) > options.largest_response {
            return Err(HttpError::too_large(url, options.largest_response));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status: response.status().as_u16(),
        body,
        headers: std::mem::take(response.headers_mut()),
        host: host_of(url),
        path: shown_path(request, url).to_owned(),
        is_write: request.is_write(),
    })
}

/// Returns the path of the URL as logs and errors show it.
fn shown_path<'u>(request: &Request, url: &'u Url) -> &'u str {
    if request.has_secret_path { "/…" } else { url.path() }
}

/// Logs request and outcome, without query and headers, which may hold keys.
fn log(request: &Request, url: &Url, outcome: &Result<Response, HttpError>, milliseconds: i128) {
    let (method, host, path) = (&request.method, host_of(url), shown_path(request, url));
    match outcome {
        Ok(response) => tracing::debug!("{method} {host}{path}: {} in {milliseconds} ms", response.status),
        Err(error) => tracing::debug!("{method} {host}{path}: {error} after {milliseconds} ms"),
    }
}
