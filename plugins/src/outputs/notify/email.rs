use flexget_core::context::mail;
use flexget_core::expression::{ExpressionError, Template};
use flexget_core::prelude::*;
use secrecy::SecretString;

use super::message::{Message, RenderTemplate};

/// Addresses of e-mail.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The address, or several.
    to: OneOrMany<Template>,
    /// The sender; the first address of `to` by default, since many servers refuse that of FlexGet.
    from: Option<Template>,
    /// For configs of FlexGet; the sender is always `from`.
    #[serde(rename = "autofrom")]
    _autofrom: Option<bool>,
    /// The SMTP server; `localhost` by default.
    smtp_host: Option<String>,
    /// The port; 25 by default, 587 with `smtp_tls`, 465 with `smtp_ssl`.
    smtp_port: Option<u16>,
    /// The user name.
    smtp_username: Option<String>,
    /// The password.
    #[schemars(with = "Option<String>")]
    smtp_password: Option<SecretString>,
    /// Whether the connection is encrypted after `STARTTLS`.
    #[serde(default)]
    smtp_tls: bool,
    /// Whether the connection is encrypted from its start.
    #[serde(default)]
    smtp_ssl: bool,
    /// Whether the message is HTML.
    #[serde(default)]
    html: bool,
}

impl Email {
    pub fn problem(&self) -> Option<&'static str> {
        if self.smtp_username.is_some() != self.smtp_password.is_some() {
            return Some("`smtp_username` and `smtp_password` need each other");
        }
        if self.smtp_tls && self.smtp_ssl {
            return Some("`smtp_tls` and `smtp_ssl` cannot both be set: `smtp_ssl` encrypts from the start");
        }
        let is_wrong = |address: &Template| !address.text().contains('{') && !mail::is_address(address.text());
        if self.to.iter().chain(&self.from).any(is_wrong) {
            return Some("an address is not valid: write it as `me@example.org`");
        }
        None
    }

    pub fn delivery(
        &self,
        message: &Message,
        render: &RenderTemplate<'_>,
    ) -> Result<(mail::Mail, mail::MailServer), ExpressionError> {
        let to = self.to.iter().map(render).collect::<Result<Vec<_>, _>>()?;
        let from = self.from.as_ref().map(render).transpose()?;
        let from = from.or_else(|| to.first().cloned()).unwrap_or_default();
        let (encryption, port) = match (self.smtp_ssl, self.smtp_tls) {
            (true, _) => (mail::Encryption::Tls, 465),
            (_, true) => (mail::Encryption::StartTls, 587),
            _ => (mail::Encryption::None, 25),
        };
        let subject = message.title.clone();
        let email = mail::Mail { from, to, subject, body: message.body.clone(), html: self.html };
        let server = mail::MailServer {
            host: self.smtp_host.clone().unwrap_or_else(|| "localhost".to_owned()),
            port: self.smtp_port.unwrap_or(port),
            encryption,
            login: self.smtp_username.clone().zip(self.smtp_password.clone()),
            ca_files: Vec::new(),
        };
        Ok((email, server))
    }
}
