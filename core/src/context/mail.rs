//! E-mail over SMTP.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport};
use secrecy::{ExposeSecret, SecretString};

use crate::context::clock::Clock;
use crate::error::{Error, Result};

/// How long a step of the conversation with a server may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
    /// Whether the text is HTML.
    pub html: bool,
}

/// How a connection to a server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encryption {
    /// Not at all.
    None,
    /// After `STARTTLS`, which the server must know.
    StartTls,
    /// From the start.
    Tls,
}

/// An SMTP server.
///
/// Formatting it shows no secret.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// User name and password, if the server wants them.
    pub login: Option<(String, SecretString)>,
    /// Certificate files (PEM) to trust besides the built-in certificates.
    pub ca_files: Vec<PathBuf>,
}

/// Checks that a text is an address of e-mail, with or without a name: `Me <me@example.org>`.
pub fn is_address(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// Sends an e-mail through a server.
///
/// # Errors
/// An address is not valid, the server cannot be reached, or it refuses the e-mail.
pub async fn send(email: &Mail, server: &MailServer, clock: &Clock) -> Result<()> {
    let message = message(email, clock)?;
    let transport = transport(server)?;
    let place = format!("{}:{}", server.host, server.port);
    // The library waits, and other tasks go on meanwhile.
    let sent = tokio::task::spawn_blocking(move || transport.send(&message)).await;
    match sent {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(explain(&place, &error)),
        Err(error) => Err(Error::new(format!("the e-mail was not sent to {place}")).cause(error)),
    }
}

fn message(email: &Mail, clock: &Clock) -> Result<Message> {
    let address = |text: &str| {
        text.parse::<Mailbox>()
            .map_err(|_| Error::new(format!("`{text}` is no e-mail address")).hint("write it as `me@example.org`"))
    };
    let now = Duration::try_from(clock.now().duration_since(jiff::Timestamp::UNIX_EPOCH)).unwrap_or_default();
    let mut builder: MessageBuilder = Message::builder()
        .from(address(&email.from)?)
        .subject(email.subject.lines().collect::<Vec<_>>().join(" "))
        .date(SystemTime::UNIX_EPOCH.checked_add(now).unwrap_or(SystemTime::UNIX_EPOCH));
    for to in &email.to {
        builder = builder.to(address(to)?);
    }
    let kind = if email.html { ContentType::TEXT_HTML } else { ContentType::TEXT_PLAIN };
    builder.header(kind).body(email.body.clone()).map_err(|error| Error::new("the e-mail is not valid").cause(error))
}

fn transport(server: &MailServer) -> Result<SmtpTransport> {
    let tls = match server.encryption {
        Encryption::None => Tls::None,
        Encryption::StartTls => Tls::Required(parameters(server)?),
        Encryption::Tls => Tls::Wrapper(parameters(server)?),
    };
    let mut transport = SmtpTransport::builder_dangerous(&server.host)
        .port(server.port)
        .tls(tls)
        .timeout(Some(TIMEOUT))
        .hello_name(ClientId::Domain("localhost".to_owned()));
    if let Some((user, password)) = &server.login {
        transport = transport.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
    }
    Ok(transport.build())
}

fn parameters(server: &MailServer) -> Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(server.host.clone());
    for path in &server.ca_files {
        let unreadable =
            |why: String| Error::new(format!("the certificates in `{}` cannot be read: {why}", path.display()));
        let pem = super::http::read_certificates(path).map_err(|error| unreadable(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|_| unreadable("it is not PEM".to_owned()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters.build().map_err(|error| Error::new(format!("no encryption with {}", server.host)).cause(error))
}

/// Explains why a server did not take an e-mail; no reply of a server to a password is shown.
fn explain(place: &str, error: &lettre::transport::smtp::Error) -> Error {
    let code = error.status().map(|code| code.to_string());
    let (message, hint) = match code.as_deref() {
        Some(code @ ("530" | "534" | "535" | "538")) => (
            format!("{place} refuses the user name or the password ({code})"),
            "check `smtp_username` and `smtp_password`; some services want a password for this program alone",
        ),
        Some(code) => {
            (format!("{place} refuses the e-mail ({code}): {error}"), "check the addresses, or ask its operator")
        }
        None if error.is_tls() || super::http::is_of_tls(error) => (
            format!("no encrypted connection to {place}: {error}"),
            "check `smtp_tls`, `smtp_ssl` and the port; name a certificate of your own in `SSL_CERT_FILE`",
        ),
        None if error.is_timeout() => (format!("{place} does not answer"), "check the host and the port"),
        None => (format!("{place} cannot be reached: {error}"), "check `smtp_host` and `smtp_port`"),
    };
    Error::new(message).hint(hint)
}
