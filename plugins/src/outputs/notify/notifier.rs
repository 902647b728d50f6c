//! The services that notifications are sent to.

use base64::Engine as _;
use flexget_core::context::http::{Method, Request};
use flexget_core::context::mail;
use flexget_core::expression::{ExpressionError, Template};
use flexget_core::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};

/// A rendered message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
}

/// A service that notifications are sent to.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
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

/// Any HTTP service.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Webhook {
    /// The URL, which may hold a secret.
    #[schemars(with = "String")]
    url: SecretString,
    /// The HTTP method.
    #[serde(default)]
    method: WebhookMethod,
    /// HTTP headers.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The JSON to send, in which texts may be templates; by default `title` and `message`.
    body: Option<Json>,
}

/// The HTTP method of a webhook.
#[derive(Deserialize, JsonSchema, Clone, Copy, Default)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
enum WebhookMethod {
    /// POST.
    #[default]
    Post,
    /// PUT.
    Put,
    /// GET, without a body.
    Get,
}

/// A topic of ntfy.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Ntfysh {
    /// The topic.
    topic: Template,
    /// The URL of the server; `https://ntfy.sh/` by default.
    url: Option<String>,
    /// The priority, from 1 to 5; 3 by default.
    #[schemars(range(min = 1, max = 5))]
    priority: Option<i64>,
    /// The time to deliver it at, or the time to wait.
    delay: Option<Template>,
    /// The tags, separated by commas.
    tags: Option<Template>,
    /// The user name.
    username: Option<String>,
    /// The password.
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
}

/// A channel of Discord.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Discord {
    /// The URL of the webhook, which is a secret.
    #[schemars(with = "String")]
    web_hook_url: SecretString,
    /// The name of the sender; `Flexget` by default.
    username: Option<Template>,
    /// The URL of the picture of the sender.
    avatar_url: Option<Template>,
    /// Whether it is sent without a sound.
    #[serde(default)]
    silent: bool,
    /// Embeds, as Discord has them; texts may be templates.
    embeds: Option<Vec<Json>>,
}

/// Chats of a Telegram bot.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Telegram {
    /// The token of the bot.
    #[schemars(with = "String")]
    bot_token: SecretString,
    /// The chats.
    recipients: Vec<TelegramRecipient>,
    /// The URL of a Bot API server of your own; `https://api.telegram.org` by default.
    api_url: Option<String>,
    /// The markup of the message.
    parse_mode: Option<TelegramMarkup>,
    /// Whether previews of links are left out.
    #[serde(default)]
    disable_previews: bool,
}

/// A chat of Telegram.
///
/// One that is not given by its number is looked for among those who have written to the bot.
#[derive(Deserialize, JsonSchema, Clone)]
#[serde(deny_unknown_fields)]
#[schemars(inline, extend("minProperties" = 1, "maxProperties" = 1))]
pub struct TelegramRecipient {
    /// The id of the chat.
    chat_id: Option<i64>,
    /// The user name of somebody who has written to the bot.
    username: Option<String>,
    /// The title of a group that the bot is in.
    group: Option<String>,
    /// The name of somebody who has written to the bot.
    fullname: Option<TelegramName>,
}

/// The name of somebody.
#[derive(Deserialize, JsonSchema, Clone)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct TelegramName {
    /// The first name.
    first: String,
    /// The last name.
    sur: String,
}

/// The markup of messages of Telegram.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum TelegramMarkup {
    /// MarkdownV2.
    Markdown,
    /// The old Markdown.
    MarkdownLegacy,
    /// HTML.
    Html,
}

/// Users of Pushover.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Pushover {
    /// The key of the user, or several.
    user_key: OneOrMany<String>,
    /// The key of your application.
    #[schemars(with = "String")]
    api_key: SecretString,
    /// The URL of a server with the same API; `https://api.pushover.net` by default.
    api_url: Option<String>,
    /// The devices; all by default.
    device: Option<OneOrMany<String>>,
    /// The priority, from -2 to 2.
    #[schemars(range(min = -2, max = 2))]
    priority: Option<i64>,
    /// A URL to show.
    url: Option<Template>,
    /// The title of that URL.
    url_title: Option<Template>,
    /// The sound.
    sound: Option<Template>,
    /// The seconds between repetitions at priority 2.
    #[schemars(range(min = 30))]
    retry: Option<i64>,
    /// The seconds after which repetitions end at priority 2.
    #[schemars(range(max = 86400))]
    expire: Option<i64>,
    /// Whether the message is HTML.
    #[serde(default)]
    html: bool,
}

/// Addresses of e-mail.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Email {
    /// The address, or several.
    to: OneOrMany<Template>,
    /// The sender; the first address of `to` by default.
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

/// Something that delivers a message.
pub enum Delivery {
    /// A request of HTTP.
    Request(Request),
    /// A message of Telegram to a chat that has to be looked for.
    Telegram(TelegramSearch),
    /// An e-mail, and its server.
    Mail(mail::Mail, mail::MailServer),
}

/// A message of Telegram to a chat that has to be looked for.
pub struct TelegramSearch {
    /// The URL of the bot, which is a secret.
    pub bot: SecretString,
    /// The chat.
    pub recipient: TelegramRecipient,
    /// The message, without its chat.
    pub body: Json,
}

impl From<Request> for Delivery {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

/// Renders a template for a notification.
type Render<'r> = dyn Fn(&Template) -> Result<String, ExpressionError> + 'r;

/// The longest text of a message of Telegram, and of Discord.
const MAX_TELEGRAM: usize = 4096;
const MAX_DISCORD: usize = 2000;

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
    pub fn deliveries(&self, message: &Message, render: &Render<'_>) -> Result<Vec<Delivery>, ExpressionError> {
        let requests = match self {
            Self::Webhook(webhook) => webhook.requests(message, render)?,
            Self::Ntfysh(ntfysh) => ntfysh.requests(message, render)?,
            Self::Discord(discord) => discord.requests(message, render)?,
            Self::Telegram(telegram) => return Ok(telegram.deliveries(message)),
            Self::Pushover(pushover) => pushover.requests(message, render)?,
            Self::Email(email) => return email.delivery(message, render).map(|delivery| vec![delivery]),
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

impl Webhook {
    fn requests(&self, message: &Message, render: &Render<'_>) -> Result<Vec<Request>, ExpressionError> {
        let method = match self.method {
            WebhookMethod::Post => Method::POST,
            WebhookMethod::Put => Method::PUT,
            WebhookMethod::Get => Method::GET,
        };
        let body = match &self.body {
            Some(body) => rendered(body, render)?,
            None => json!({ "title": message.title, "message": message.body }),
        };
        let mut request = post(self.url.expose_secret(), body);
        if method == Method::GET {
            request.body = None;
        }
        request.method = method;
        request.headers = self.headers.iter().map(|(name, value)| (name.clone().into(), value.clone())).collect();
        Ok(vec![request])
    }
}

impl Ntfysh {
    fn requests(&self, message: &Message, render: &Render<'_>) -> Result<Vec<Request>, ExpressionError> {
        let tags = self.tags.as_ref().map(render).transpose()?;
        let tags = tags.map(|tags| tags.split(',').map(|tag| tag.trim().to_owned()).collect::<Vec<_>>());
        let body = object([
            ("topic", Some(render(&self.topic)?.into())),
            ("title", Some(message.title.as_str().into())),
            ("message", Some(message.body.as_str().into())),
            ("priority", Some(self.priority.unwrap_or(3).into())),
            ("delay", self.delay.as_ref().map(render).transpose()?.map(Json::from)),
            ("tags", tags.map(Json::from)),
        ]);
        let mut request = post(self.url.as_deref().unwrap_or("https://ntfy.sh/"), body);
        if self.username.is_some() || self.password.is_some() {
            let password = self.password.as_ref().map_or("", |password| password.expose_secret());
            let pair = format!("{}:{password}", self.username.as_deref().unwrap_or_default());
            let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
            request.headers.push(("Authorization".into(), format!("Basic {encoded}")));
        }
        Ok(vec![request])
    }
}

impl Discord {
    fn requests(&self, message: &Message, render: &Render<'_>) -> Result<Vec<Request>, ExpressionError> {
        let embeds = self.embeds.as_ref().map(|embeds| embeds.iter().map(|embed| rendered(embed, render)).collect());
        let embeds: Option<Vec<Json>> = embeds.transpose()?;
        let username = self.username.as_ref().map_or(Ok("Flexget".to_owned()), render)?;
        let avatar = self.avatar_url.as_ref().map(render).transpose()?;
        let pieces = pieces(&message.body, MAX_DISCORD).into_iter().enumerate();
        let request = |(at, content): (usize, String)| {
            let body = object([
                ("content", Some(content.into())),
                ("username", Some(username.as_str().into())),
                ("avatar_url", avatar.as_deref().map(Json::from)),
                ("embeds", embeds.clone().filter(|_| at == 0).map(Json::from)),
                ("flags", self.silent.then(|| 4096.into())),
            ]);
            post(self.web_hook_url.expose_secret(), body)
        };
        Ok(pieces.map(request).collect())
    }
}

/// The URL of Telegram's Bot API.
const TELEGRAM: &str = "https://api.telegram.org";

impl Telegram {
    fn deliveries(&self, message: &Message) -> Vec<Delivery> {
        let api = self.api_url.as_deref().unwrap_or(TELEGRAM).trim_end_matches('/');
        let bot = SecretString::from(format!("{api}/bot{}", self.bot_token.expose_secret()));
        let markup = self.parse_mode.map(|markup| match markup {
            TelegramMarkup::Markdown => "MarkdownV2",
            TelegramMarkup::MarkdownLegacy => "Markdown",
            TelegramMarkup::Html => "HTML",
        });
        let pieces = pieces(&message.body, MAX_TELEGRAM);
        let to = |recipient: &TelegramRecipient| {
            let delivery = |text: &String| {
                let body = object([
                    ("text", Some(text.as_str().into())),
                    ("parse_mode", markup.map(Json::from)),
                    ("disable_web_page_preview", self.disable_previews.then(|| true.into())),
                ]);
                let search = TelegramSearch { bot: bot.clone(), recipient: recipient.clone(), body };
                match recipient.chat_id {
                    Some(chat) => Delivery::Request(search.request(chat)),
                    None => Delivery::Telegram(search),
                }
            };
            pieces.iter().map(delivery).collect::<Vec<_>>()
        };
        self.recipients.iter().flat_map(to).collect()
    }
}

impl TelegramSearch {
    /// Returns the request that sends the message to a chat.
    pub fn request(&self, chat: i64) -> Request {
        let mut body = self.body.clone();
        body["chat_id"] = chat.into();
        post(&format!("{}/sendMessage", self.bot.expose_secret()), body)
    }

    /// Returns the request for what was written to the bot lately.
    pub fn updates(&self) -> Request {
        let mut request = Request::new(Method::GET, format!("{}/getUpdates", self.bot.expose_secret()));
        request.has_secret_path = true;
        request
    }

    /// Returns a name under which the chat is remembered, without a secret.
    pub fn name(&self) -> String {
        let TelegramRecipient { username, group, fullname, .. } = &self.recipient;
        match (username, group, fullname) {
            (Some(name), ..) => format!("username {name}"),
            (_, Some(title), _) => format!("group {title}"),
            (.., Some(name)) => format!("fullname {} {}", name.first, name.sur),
            _ => String::new(),
        }
    }

    /// Finds the chat among what was written to the bot.
    pub fn find(&self, updates: &Json) -> Option<i64> {
        let chats = updates["result"].as_array()?.iter().rev().flat_map(|update| {
            ["message", "edited_message", "channel_post", "my_chat_member"].map(|kind| &update[kind]["chat"])
        });
        let is = |value: &Json, text: &str| value.as_str().is_some_and(|value| value.eq_ignore_ascii_case(text));
        let TelegramRecipient { username, group, fullname, .. } = &self.recipient;
        let is_meant = |chat: &&Json| {
            let is_user = username.as_ref().is_some_and(|name| is(&chat["username"], name.trim_start_matches('@')));
            let is_group = group.as_ref().is_some_and(|title| is(&chat["title"], title));
            let has_name =
                |name: &TelegramName| is(&chat["first_name"], &name.first) && is(&chat["last_name"], &name.sur);
            is_user || is_group || fullname.as_ref().is_some_and(has_name)
        };
        chats.filter(is_meant).find_map(|chat| chat["id"].as_i64())
    }
}

impl Email {
    fn problem(&self) -> Option<&'static str> {
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

    fn delivery(&self, message: &Message, render: &Render<'_>) -> Result<Delivery, ExpressionError> {
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
        Ok(Delivery::Mail(email, server))
    }
}

/// The URL of Pushover's API.
const PUSHOVER: &str = "https://api.pushover.net";

impl Pushover {
    fn requests(&self, message: &Message, render: &Render<'_>) -> Result<Vec<Request>, ExpressionError> {
        let optional = |template: &Option<Template>| {
            Ok::<_, ExpressionError>(template.as_ref().map(render).transpose()?.map(Json::from))
        };
        let (url, url_title, sound) = (optional(&self.url)?, optional(&self.url_title)?, optional(&self.sound)?);
        // Pushover refuses priority 2 without both.
        let is_repeated = self.retry.is_some() && self.expire.is_some();
        let priority = self.priority.map(|priority| if is_repeated { priority } else { priority.min(1) });
        let request = |user: &String| {
            let body = object([
                ("token", Some(self.api_key.expose_secret().into())),
                ("user", Some(user.as_str().into())),
                ("title", Some(message.title.as_str().into())),
                ("message", Some(message.body.as_str().into())),
                ("device", self.device.as_ref().map(|devices| devices.join(",").into())),
                ("priority", priority.map(Json::from)),
                ("url", url.clone()),
                ("url_title", url_title.clone()),
                ("sound", sound.clone()),
                ("retry", self.retry.map(Json::from)),
                ("expire", self.expire.map(Json::from)),
                ("html", self.html.then(|| 1.into())),
            ]);
            let api = self.api_url.as_deref().unwrap_or(PUSHOVER).trim_end_matches('/');
            post(&format!("{api}/1/messages.json"), body)
        };
        Ok(self.user_key.iter().map(request).collect())
    }
}

fn post(url: &str, body: Json) -> Request {
    let mut request = Request::new(Method::POST, url);
    request.body = Some(body.into());
    request.has_secret_path = true;
    request
}

/// Returns the JSON object of the fields that have a value.
fn object<const N: usize>(fields: [(&str, Option<Json>); N]) -> Json {
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Renders all texts in a JSON value.
fn rendered(json: &Json, render: &Render<'_>) -> Result<Json, ExpressionError> {
    Ok(match json {
        Json::String(text) if text.contains('{') => render(&Template::compile(text)?)?.into(),
        Json::Array(items) => items.iter().map(|item| rendered(item, render)).collect::<Result<Vec<_>, _>>()?.into(),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| Ok((name.clone(), rendered(value, render)?)));
            fields.collect::<Result<serde_json::Map<_, _>, ExpressionError>>()?.into()
        }
        other => other.clone(),
    })
}

/// Splits a text into pieces of a length, at blanks where possible.
fn pieces(text: &str, length: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(length) {
        let cut = rest[..end].rfind(char::is_whitespace).filter(|cut| *cut > 0).unwrap_or(end);
        pieces.push(rest[..cut].to_owned());
        rest = rest[cut..].trim_start();
    }
    pieces.push(rest.to_owned());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexget_core::context::http::Body;

    fn bodies(notifier: &str) -> Vec<(String, Json)> {
        let notifier: Notifier = serde_json::from_value(serde_yaml::from_str(notifier).unwrap()).unwrap();
        let message = Message { title: "T".into(), body: "M".into() };
        let render = |template: &Template| Ok(template.text().replace("{{ x }}", "X"));
        let request = |delivery| match delivery {
            Delivery::Request(request) => request,
            _ => panic!("no request"),
        };
        let requests: Vec<Request> = notifier.deliveries(&message, &render).unwrap().into_iter().map(request).collect();
        assert!(requests.iter().all(|request| !format!("{request:?}").contains("s3cret")), "{requests:?}");
        let body = |body: Option<Body>| match body {
            Some(Body::Json(value)) => value,
            _ => serde_json::Value::Null,
        };
        requests.into_iter().map(|request| (request.url, body(request.body))).collect()
    }

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
                "ntfysh: { topic: 't{{ x }}', tags: 'a, b' }",
                "https://ntfy.sh/",
                json!({ "topic": "tX", "title": "T", "message": "M", "priority": 3, "tags": ["a", "b"] }),
            ),
            (
                "discord: { web_hook_url: 'http://d/s3cret', silent: true, embeds: [ { title: '{{ x }}' } ] }",
                "http://d/s3cret",
                json!({ "content": "M", "username": "Flexget", "embeds": [{ "title": "X" }], "flags": 4096 }),
            ),
            (
                "telegram: { bot_token: s3cret, recipients: [ { chat_id: 7 } ], parse_mode: html }",
                "https://api.telegram.org/bots3cret/sendMessage",
                json!({ "chat_id": 7, "text": "M", "parse_mode": "HTML" }),
            ),
            (
                "pushover: { user_key: u, api_key: s3cret, priority: 2 }",
                "https://api.pushover.net/1/messages.json",
                json!({ "token": "s3cret", "user": "u", "title": "T", "message": "M", "priority": 1 }),
            ),
        ] {
            assert_eq!(bodies(notifier), [(url.to_owned(), body)], "{notifier}");
        }
    }

    #[test]
    fn long_texts_are_split_at_blanks() {
        assert_eq!(pieces("one two three", 8), ["one two", "three"]);
        assert_eq!(pieces("äöüäöüäöü x", 4), ["äöüä", "öüäö", "ü x"]);
        assert_eq!(pieces("", 4), [""]);
    }
}
