use flexget_core::expression::{ExpressionError, Template};
use flexget_core::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use super::message::{Message, RenderTemplate, object, pieces, post, rendered};

/// The longest text of a message.
const MAX_TEXT: usize = 2000;

/// A channel of Discord.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
    /// Embeds, as Discord has them.
    ///
    /// Texts may be templates, `color` a number or hexadecimal, `timestamp` a time or seconds.
    embeds: Option<Vec<Json>>,
}

impl Discord {
    pub fn requests(&self, message: &Message, render: &RenderTemplate<'_>) -> Result<Vec<Request>, ExpressionError> {
        let embed = |embed: &Json| Ok(completed(rendered(embed, render)?));
        let embeds = self.embeds.as_ref().map(|embeds| embeds.iter().map(embed).collect());
        let embeds: Option<Vec<Json>> = embeds.transpose()?;
        let username = self.username.as_ref().map_or(Ok("Flexget".to_owned()), render)?;
        let avatar = self.avatar_url.as_ref().map(render).transpose()?;
        let pieces = pieces(&message.body, MAX_TEXT).into_iter().enumerate();
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

/// Returns an embed with its color as a number and its time in ISO 8601, as Discord takes them.
fn completed(mut embed: Json) -> Json {
    let text = |name: &str| embed.get(name).and_then(Json::as_str);
    let color = text("color")
        .and_then(|color| u32::from_str_radix(color.trim_start_matches('#').trim_start_matches("0x"), 16).ok());
    let seconds = text("timestamp").and_then(|seconds| seconds.parse().ok());
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    if let Some(color) = color {
        embed["color"] = color.into();
    }
    if let Some(time) = time {
        embed["timestamp"] = time.to_string().into();
    }
    embed
}
