use flexget_core::context::http::Method;
use flexget_core::expression::ExpressionError;
use flexget_core::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use super::message::{Message, RenderTemplate, post, rendered};

/// Any HTTP service.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
enum WebhookMethod {
    /// POST.
    #[default]
    Post,
    /// PUT.
    Put,
    /// GET, without a body.
    Get,
}

impl Webhook {
    pub fn requests(&self, message: &Message, render: &RenderTemplate<'_>) -> Result<Vec<Request>, ExpressionError> {
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
        // A header may be a token.
        let headers = self.headers.iter().map(|(name, value)| (name.clone().into(), value.as_str().into()));
        request.secret_headers = headers.collect();
        Ok(vec![request])
    }
}
