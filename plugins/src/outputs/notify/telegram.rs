use flexget_core::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use super::message::{Message, object, pieces, post};

/// The URL of Telegram's Bot API.
const TELEGRAM: &str = "https://api.telegram.org";

/// The longest text of a message.
const MAX_TEXT: usize = 4096;

/// Chats of a Telegram bot.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    /// The token of the bot.
    #[schemars(with = "String")]
    bot_token: SecretString,
    /// The chats.
    recipients: Vec<TelegramRecipient>,
    /// The URL of a Bot API server of your own; `https://api.telegram.org` by default.
    api_url: Option<String>,
    /// The markup of the message; one that Telegram cannot read is sent again as plain text.
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
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct TelegramRecipient {
    /// The id of the chat.
    pub chat_id: Option<i64>,
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
pub struct TelegramName {
    /// The first name.
    first: String,
    /// The last name.
    sur: String,
}

/// The markup of messages of Telegram.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum TelegramMarkup {
    /// MarkdownV2.
    Markdown,
    /// The old Markdown.
    MarkdownLegacy,
    /// HTML.
    Html,
}

/// A message to one chat, which may have to be looked for.
#[derive(Clone)]
pub struct TelegramMessage {
    /// The URL of the bot, which is a secret.
    pub bot: SecretString,
    /// The chat.
    pub recipient: TelegramRecipient,
    /// The message, without its chat.
    pub body: Json,
}

impl Telegram {
    pub fn messages(&self, message: &Message) -> Vec<TelegramMessage> {
        let api = self.api_url.as_deref().unwrap_or(TELEGRAM).trim_end_matches('/');
        let bot = SecretString::from(format!("{api}/bot{}", self.bot_token.expose_secret()));
        let markup = self.parse_mode.map(|markup| match markup {
            TelegramMarkup::Markdown => "MarkdownV2",
            TelegramMarkup::MarkdownLegacy => "Markdown",
            TelegramMarkup::Html => "HTML",
        });
        let pieces = pieces(&message.body, MAX_TEXT);
        let to = |recipient: &TelegramRecipient| {
            let message = |text: &String| {
                let body = object([
                    ("text", Some(text.as_str().into())),
                    ("parse_mode", markup.map(Json::from)),
                    ("link_preview_options", self.disable_previews.then(|| json!({ "is_disabled": true }))),
                ]);
                TelegramMessage { bot: bot.clone(), recipient: recipient.clone(), body }
            };
            pieces.iter().map(message).collect::<Vec<_>>()
        };
        self.recipients.iter().flat_map(to).collect()
    }
}

impl TelegramMessage {
    /// Returns the request that sends the message to a chat.
    pub fn request(&self, chat: i64) -> Request {
        let mut body = self.body.clone();
        body["chat_id"] = chat.into();
        post(&format!("{}/sendMessage", self.bot.expose_secret()), body)
    }

    /// Returns the message without its markup, if it has some.
    pub fn without_markup(&self) -> Option<Self> {
        let mut plain = self.clone();
        plain.body.as_object_mut()?.remove("parse_mode")?;
        Some(plain)
    }

    /// Returns the request for what was written to the bot lately.
    pub fn updates(&self) -> Request {
        let mut request = Request::get(format!("{}/getUpdates", self.bot.expose_secret()));
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
