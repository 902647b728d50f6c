use flexget_core::expression::{ExpressionError, Template};
use flexget_core::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use super::message::{Message, RenderTemplate, object, post};

/// The URL of Pushover's API.
const PUSHOVER: &str = "https://api.pushover.net";

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

impl Pushover {
    pub fn requests(&self, message: &Message, render: &RenderTemplate<'_>) -> Result<Vec<Request>, ExpressionError> {
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
