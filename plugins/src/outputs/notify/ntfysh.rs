use base64::Engine as _;
use flexget_core::expression::{ExpressionError, Template};
use flexget_core::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use super::message::{Message, RenderTemplate, object, post};

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

impl Ntfysh {
    pub fn requests(&self, message: &Message, render: &RenderTemplate<'_>) -> Result<Vec<Request>, ExpressionError> {
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
            request = request.secret_header("Authorization", format!("Basic {encoded}").into());
        }
        Ok(vec![request])
    }
}
