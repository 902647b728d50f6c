//! A secure server on this machine. Its certificate is from an authority that only these tests know (`tls/authority.pem`,
//! valid from 2020 to 2120); the key beside it protects nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{clock, get, run};
use crate::context::Progress;
use crate::context::http::{Http, HttpError, HttpFault, HttpOptions, Response, Sent};
use crate::context::store::Store;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/context/http/tests/tls").join(name)
}

/// Answers one request with `{}`, if the client goes on after the handshake.
fn serve_once() -> (SocketAddr, std::thread::JoinHandle<String>) {
    let chain = CertificateDer::pem_file_iter(file("localhost.pem")).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(file("localhost.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        let mut request = [0; 4096];
        let Ok(length) = stream.read(&mut request) else { return String::new() };
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (address, thread)
}

fn ask(url: String, ca_files: Vec<PathBuf>) -> Result<Response, HttpError> {
    let options = HttpOptions { ca_files, ..HttpOptions::default() };
    run(Http::new(options, Store::in_memory(), clock(), Progress::none()).send(get(url)))
}

#[test]
fn only_certificates_of_known_authorities_are_trusted() {
    let (address, server) = serve_once();
    let response = ask(format!("https://localhost:{}", address.port()), vec![file("authority.pem")]).unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"{}".as_slice()));
    assert!(server.join().unwrap().starts_with("GET /path HTTP/1.1\r\n"));

    let (address, server) = serve_once();
    let error = ask(format!("https://localhost:{}", address.port()), Vec::new()).unwrap_err();
    assert_eq!((error.fault(), error.sent()), (HttpFault::Tls, Sent::No), "{error}");
    assert_eq!(server.join().unwrap(), "");
}
