//! An SMTP server on this machine that encrypts, with the certificate of the tests of `http`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Encryption, Mail, MailServer, send};
use crate::context::Clock;
use crate::error::Result;
use crate::testing::{NOW, block_on};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/context/http/tests/tls").join(name)
}

fn tls() -> rustls::ServerConfig {
    let chain = CertificateDer::pem_file_iter(file("localhost.pem")).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(file("localhost.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_no_client_auth().with_single_cert(chain, key).unwrap()
}

/// Talks SMTP until the client leaves or says `STARTTLS`, and returns what it said.
fn talk(stream: &mut (impl Read + Write), greets: bool, extensions: &str) -> String {
    let mut heard = String::new();
    let mut stream = BufReader::new(stream);
    fn say<S: Read + Write>(stream: &mut BufReader<S>, reply: &str) -> bool {
        let bytes = format!("{reply}\r\n");
        stream.get_mut().write_all(bytes.as_bytes()).and_then(|()| stream.get_mut().flush()).is_ok()
    }
    if greets && !say(&mut stream, "220 test") {
        return heard;
    }
    let (mut line, mut in_data) = (String::new(), false);
    while stream.read_line(&mut line).is_ok_and(|length| length > 0) {
        heard += &line;
        let reply = match line.trim_end() {
            "." if in_data => {
                in_data = false;
                "250 taken"
            }
            _ if in_data => "",
            "STARTTLS" => {
                say(&mut stream, "220 go on");
                return heard;
            }
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => {
                say(&mut stream, "221 bye");
                return heard;
            }
            hello if hello.starts_with("EHLO") => extensions,
            auth if auth.starts_with("AUTH") => "235 welcome",
            _ => "250 ok",
        };
        if !reply.is_empty() && !say(&mut stream, reply) {
            return heard;
        }
        line.clear();
    }
    heard
}

/// Serves one e-mail; returns what was said in the open, and what was said in private.
fn serve(encryption: Encryption, offers_start_tls: bool) -> (u16, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move || {
        let (mut socket, _): (TcpStream, _) = listener.accept().unwrap();
        let mut open = String::new();
        if encryption == Encryption::StartTls {
            open = talk(&mut socket, true, if offers_start_tls { "250-test\r\n250 STARTTLS" } else { "250 test" });
            if !open.ends_with("STARTTLS\r\n") {
                return (open, String::new());
            }
        }
        let connection = rustls::ServerConnection::new(Arc::new(tls())).unwrap();
        let mut private = rustls::StreamOwned::new(connection, socket);
        let heard = talk(&mut private, encryption == Encryption::Tls, "250-test\r\n250 AUTH PLAIN LOGIN");
        (open, heard)
    };
    (port, std::thread::spawn(serve))
}

fn deliver(port: u16, encryption: Encryption, ca_files: Vec<PathBuf>) -> Result<()> {
    let mail = Mail {
        from: "me@example.org".into(),
        to: vec!["you@example.org".into()],
        subject: "Films".into(),
        body: "Solaris".into(),
        html: false,
    };
    let login = Some(("me".to_owned(), "s3cret".into()));
    let server = MailServer { host: "localhost".into(), port, encryption, login, ca_files };
    block_on(send(&mail, &server, &Clock::fixed(NOW)))
}

#[test]
fn an_e_mail_and_its_password_are_sent_in_private() {
    for encryption in [Encryption::Tls, Encryption::StartTls] {
        let (port, server) = serve(encryption, true);
        deliver(port, encryption, vec![file("authority.pem")]).unwrap();
        let (open, private) = server.join().unwrap();
        assert!(private.contains("AUTH ") && private.contains("Solaris"), "{private}");
        assert!(!open.contains("AUTH") && !open.contains("MAIL FROM"), "{open}");
    }
}

#[test]
fn nothing_is_sent_to_a_server_that_cannot_prove_its_name() {
    for encryption in [Encryption::Tls, Encryption::StartTls] {
        let (port, server) = serve(encryption, true);
        let error = deliver(port, encryption, Vec::new()).unwrap_err();
        assert!(error.message().starts_with(&format!("no encrypted connection to localhost:{port}")), "{error}");
        let (open, private) = server.join().unwrap();
        assert!(private.is_empty() && !open.contains("AUTH"), "{open}{private}");
    }
}

#[test]
fn nothing_is_sent_in_the_open_where_encryption_is_wanted() {
    let (port, server) = serve(Encryption::StartTls, false);
    let error = deliver(port, Encryption::StartTls, vec![file("authority.pem")]).unwrap_err();
    let (open, private) = server.join().unwrap();
    assert!(!open.contains("AUTH") && !open.contains("MAIL FROM") && private.is_empty(), "{open}");
    assert!(!error.to_string().contains("s3cret") && error.hint_text().is_some(), "{error}");
}
