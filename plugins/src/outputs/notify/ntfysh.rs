use base64::Engine as _;
use flexget_core::expression::{ExpressionError, Template};
use flexget_core::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use super::message::{Message, RenderTemplate};

/// A topic of ntfy.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
        let url = topic_url(self.url.as_deref().unwrap_or("https://ntfy.sh/"), &render(&self.topic)?);
        let mut request = Request::post(url).text(&message.body);
        request.has_secret_path = true;
        request = request.query("title", &message.title).query("priority", self.priority.unwrap_or(3).to_string());
        for (name, template) in [("delay", &self.delay), ("tags", &self.tags)] {
            if let Some(template) = template {
                request = request.query(name, render(template)?);
            }
        }
        if self.username.is_some() || self.password.is_some() {
            let password = self.password.as_ref().map_or("", |password| password.expose_secret());
            let pair = format!("{}:{password}", self.username.as_deref().unwrap_or_default());
            let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
            request = request.secret_header("Authorization", format!("Basic {encoded}").into());
        }
        Ok(vec![request])
    }
}

/// Returns the URL of a topic: the topic stands for what follows the last `/` of the server's path.
fn topic_url(server: &str, topic: &str) -> String {
    let host = server.split_once("://").map_or(server, |(_, host)| host);
    let last = host.rsplit_once('/').map(|(_, last)| last);
    let folder = last.and_then(|last| server.strip_suffix(last)?.strip_suffix('/')).unwrap_or(server);
    format!("{folder}/{}", utf8_percent_encode(topic, NON_ALPHANUMERIC))
}

#[cfg(test)]
mod tests {
    use super::topic_url;

    /// FlexGet 3.22.7 sends to the same URLs.
    #[test]
    fn a_topic_is_joined_to_the_url() {
        for (server, expected) in [
            ("https://ntfy.sh/", "https://ntfy.sh/my%20topic"),
            ("https://ntfy.sh", "https://ntfy.sh/my%20topic"),
            ("http://h:8/sub/", "http://h:8/sub/my%20topic"),
            ("http://h:8/sub", "http://h:8/my%20topic"),
        ] {
            assert_eq!(topic_url(server, "my topic"), expected);
        }
    }
}
