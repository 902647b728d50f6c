//! The services that notifications are sent to.

use flexget_core::context::mail;
use flexget_core::expression::ExpressionError;
use flexget_core::prelude::*;

use super::discord::Discord;
use super::email::Email;
use super::message::{Message, RenderTemplate};
use super::ntfysh::Ntfysh;
use super::pushover::Pushover;
use super::telegram::{Telegram, TelegramMessage};
use super::webhook::Webhook;

/// A service that notifications are sent to.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Notifier {
    /// Any HTTP service.
    Webhook(Webhook),
    /// ntfy.sh, or another server of ntfy.
    Ntfysh(Ntfysh),
    /// A channel of Discord.
    Discord(Discord),
    /// Chats of a Telegram bot.
    Telegram(Telegram),
    /// Users of Pushover.
    Pushover(Pushover),
    /// Addresses of e-mail.
    Email(Email),
}

/// Something that delivers a message.
pub enum Delivery {
    /// A request of HTTP.
    Request(Request),
    /// A message of Telegram to a chat that has to be looked for.
    Telegram(TelegramMessage),
    /// An e-mail, and its server.
    Mail(mail::Mail, mail::MailServer),
}

impl Notifier {
    /// Returns the name that users write.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Ntfysh(_) => "ntfysh",
            Self::Discord(_) => "discord",
            Self::Telegram(_) => "telegram",
            Self::Pushover(_) => "pushover",
            Self::Email(_) => "email",
        }
    }

    /// Returns what sends a message.
    ///
    /// # Errors
    /// A template in the options cannot be rendered.
    pub fn deliveries(&self, message: &Message, render: &RenderTemplate<'_>) -> Result<Vec<Delivery>, ExpressionError> {
        let requests = match self {
            Self::Webhook(webhook) => webhook.requests(message, render)?,
            Self::Ntfysh(ntfysh) => ntfysh.requests(message, render)?,
            Self::Discord(discord) => discord.requests(message, render)?,
            Self::Telegram(telegram) => {
                return Ok(telegram.messages(message).into_iter().map(Delivery::Telegram).collect());
            }
            Self::Pushover(pushover) => pushover.requests(message, render)?,
            Self::Email(email) => {
                return email.delivery(message, render).map(|(mail, server)| vec![Delivery::Mail(mail, server)]);
            }
        };
        Ok(requests.into_iter().map(Delivery::Request).collect())
    }

    /// Finds what no schema can say.
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Email(email) => email.problem(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::expression::Template;
    use serde_json::{Value as Json, json};

    use super::*;
    use flexget_core::context::http::Body;

    fn bodies(notifier: &str) -> Vec<(String, Json)> {
        let notifier: Notifier = serde_json::from_value(serde_yaml::from_str(notifier).unwrap()).unwrap();
        let message = Message { title: "T".into(), body: "M".into() };
        let render = |template: &Template| Ok(template.text().replace("{{ x }}", "X").replace("{{ 2 }}", "2"));
        let request = |delivery| match delivery {
            Delivery::Request(request) => request,
            Delivery::Telegram(message) => message.request(message.recipient.chat_id.unwrap()),
            Delivery::Mail(..) => panic!("no request"),
        };
        let requests: Vec<Request> = notifier.deliveries(&message, &render).unwrap().into_iter().map(request).collect();
        assert!(requests.iter().all(|request| !format!("{request:?}").contains("s3cret")), "{requests:?}");
        let body = |body: Option<Body>| match body {
            Some(Body::Json(value)) => value,
            _ => serde_json::Value::Null,
        };
        requests.into_iter().map(|request| (request.url, body(request.body))).collect()
    }

    /// FlexGet 3.22.7 sends the same request.
    #[test]
    fn ntfy_gets_the_message_as_the_body() {
        let notifier = "ntfysh: { topic: 't{{ x }}', tags: 'a,b', delay: 5m, username: u, password: s3cret }";
        let notifier: Notifier = serde_json::from_value(serde_yaml::from_str(notifier).unwrap()).unwrap();
        let message = Message { title: "T".into(), body: "M".into() };
        let render = |template: &Template| Ok(template.text().replace("{{ x }}", "X"));
        let deliveries = notifier.deliveries(&message, &render).unwrap();
        let [Delivery::Request(request)] = deliveries.as_slice() else { panic!("one request") };
        assert_eq!(request.url, "https://ntfy.sh/tX");
        let query = [("title", "T"), ("priority", "3"), ("delay", "5m"), ("tags", "a,b")];
        assert_eq!(request.query, query.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(matches!(&request.body, Some(Body::Text(text)) if text == "M"));
        assert!(request.secret_headers.iter().any(|(name, _)| name == "Authorization"));
    }

    /// FlexGet 3.22.7 sends the same fields, those that are not set as null or not at all; the color as
    /// text, and `false` for previews that are not disabled. To Pushover it sends them as a form.
    #[test]
    fn each_service_gets_its_fields() {
        for (notifier, url, body) in [
            (
                "webhook: { url: 'http://h/s3cret', body: { a: 'v {{ x }}', n: 5, l: ['{{ x }}'] } }",
                "http://h/s3cret",
                json!({ "a": "v X", "n": 5, "l": ["X"] }),
            ),
            ("webhook: { url: 'http://h/' }", "http://h/", json!({ "title": "T", "message": "M" })),
            (
                "discord: { web_hook_url: 'http://d/s3cret', silent: true, embeds: [ { title: '{{ x }}', color: ff0000, timestamp: '1577934245' } ] }",
                "http://d/s3cret",
                json!({
                    "content": "M", "username": "Flexget", "flags": 4096,
                    "embeds": [{ "title": "X", "color": 0xff_0000, "timestamp": "2020-01-02T03:04:05Z" }],
                }),
            ),
            (
                "discord: { web_hook_url: 'http://d/s3cret', username: 'u {{ x }}', avatar_url: 'http://x/{{ x }}.png' }",
                "http://d/s3cret",
                json!({ "content": "M", "username": "u X", "avatar_url": "http://x/X.png" }),
            ),
            (
                "telegram: { bot_token: s3cret, recipients: [ { chat_id: 7 } ], parse_mode: html }",
                "https://api.telegram.org/bots3cret/sendMessage",
                json!({ "chat_id": 7, "text": "M", "parse_mode": "HTML" }),
            ),
            (
                "telegram: { bot_token: s3cret, recipients: [ { chat_id: 7 } ], parse_mode: markdown, disable_previews: true }",
                "https://api.telegram.org/bots3cret/sendMessage",
                json!({
                    "chat_id": 7, "text": "M", "parse_mode": "MarkdownV2",
                    "link_preview_options": { "is_disabled": true },
                }),
            ),
            (
                "pushover: { user_key: u, api_key: s3cret, priority: 2 }",
                "https://api.pushover.net/1/messages.json",
                json!({ "token": "s3cret", "user": "u", "title": "T", "message": "M", "priority": 1 }),
            ),
            (
                "pushover: { user_key: u, api_key: s3cret, device: [ d1, d2 ], priority: '{{ 2 }}', url: 'http://x/{{ x }}', \
                 url_title: 'ut {{ x }}', sound: s, retry: 30, expire: 60, callback: 'http://c', html: true }",
                "https://api.pushover.net/1/messages.json",
                json!({
                    "token": "s3cret", "user": "u", "title": "T", "message": "M", "device": "d1,d2", "priority": 2,
                    "url": "http://x/X", "url_title": "ut X", "sound": "s", "retry": 30, "expire": 60,
                    "callback": "http://c", "html": 1,
                }),
            ),
        ] {
            assert_eq!(bodies(notifier), [(url.to_owned(), body)], "{notifier}");
        }
    }
}
