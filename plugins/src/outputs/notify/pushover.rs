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
pub struct Pushover {
    /// The key of the user, or several.
    user_key: OneOrMany<String>,
    /// The key of your application, from `pushover.net/apps/build`; FlexGet's is for FlexGet alone.
    #[schemars(with = "String")]
    api_key: SecretString,
    /// The URL of a server with the same API; `https://api.pushover.net` by default.
    api_url: Option<String>,
    /// The devices; all by default.
    device: Option<OneOrMany<String>>,
    /// The priority, from -2 to 2; 2 needs `retry` and `expire`, and is 1 without them.
    priority: Option<PushoverPriority>,
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
    /// The URL that Pushover calls when a message of priority 2 was acknowledged.
    callback: Option<Template>,
    /// Whether the message is HTML.
    #[serde(default)]
    html: bool,
}

/// The priority of a message.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum PushoverPriority {
    /// A number.
    Number(#[schemars(range(min = -2, max = 2))] i64),
    /// A template that gives a number.
    Template(Template),
}

impl Pushover {
    pub fn requests(&self, message: &Message, render: &RenderTemplate<'_>) -> Result<Vec<Request>, ExpressionError> {
        let optional = |template: &Option<Template>| {
            Ok::<_, ExpressionError>(template.as_ref().map(render).transpose()?.map(Json::from))
        };
        let body = object([
            ("token", Some(self.api_key.expose_secret().into())),
            ("title", Some(message.title.as_str().into())),
            ("message", Some(message.body.as_str().into())),
            ("device", self.device.as_ref().map(|devices| devices.join(",").into())),
            ("priority", self.priority(render)?),
            ("url", optional(&self.url)?),
            ("url_title", optional(&self.url_title)?),
            ("sound", optional(&self.sound)?),
            ("retry", self.retry.map(Json::from)),
            ("expire", self.expire.map(Json::from)),
            ("callback", optional(&self.callback)?),
            ("html", self.html.then(|| 1.into())),
        ]);
        let api = self.api_url.as_deref().unwrap_or(PUSHOVER).trim_end_matches('/');
        let request = |user: &String| {
            let mut body = body.clone();
            body["user"] = user.as_str().into();
            post(&format!("{api}/1/messages.json"), body)
        };
        Ok(self.user_key.iter().map(request).collect())
    }

    /// Returns the priority to send: 1 for 2 without what 2 needs, which Pushover would refuse.
    fn priority(&self, render: &RenderTemplate<'_>) -> Result<Option<Json>, ExpressionError> {
        let is_repeated = self.retry.is_some() && self.expire.is_some();
        let sent = |priority: i64| if is_repeated { priority } else { priority.min(1) };
        Ok(match &self.priority {
            None => None,
            Some(PushoverPriority::Number(priority)) => Some(sent(*priority).into()),
            Some(PushoverPriority::Template(template)) => {
                let text = render(template)?;
                Some(text.trim().parse().map_or(Json::from(text), |priority| sent(priority).into()))
            }
        })
    }
}
