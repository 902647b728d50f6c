//! Sending of notifications, and what is said if that fails.

use flexget_core::context::mail::{self, MailServer};
use flexget_core::prelude::*;
use serde_json::Value as Json;

use super::notifier::Delivery;
use super::telegram::TelegramMessage;

/// The plugin that warnings name.
const NOTIFY: &str = "notify";

/// The deliveries of one notification, with the names of their notifiers.
pub type Deliveries = Vec<(&'static str, Delivery)>;

/// Sends notifications; one that cannot be sent gives a warning.
pub async fn send(deliveries: Deliveries, task: &mut Task) {
    for (notifier, delivery) in deliveries {
        if task.cx.dry_run {
            tracing::info!(target: "notify", task = %task.name, "would send a notification to `{notifier}`");
            continue;
        }
        let sent = match delivery {
            Delivery::Request(request) => request_sent(request, &task.cx).await,
            Delivery::Telegram(message) => telegram_sent(&message, task).await,
            Delivery::Mail(email, server) => {
                let server = MailServer { ca_files: task.cx.http.ca_files().to_vec(), ..server };
                mail::send(&email, &server, &task.cx.clock).await.map_err(|error| match error.hint_text() {
                    Some(hint) => format!("{error}: {hint}"),
                    None => error.to_string(),
                })
            }
        };
        if let Err(problem) = sent {
            task.warn(NOTIFY, format!("error while sending notification to `{notifier}`: {problem}"));
        }
    }
}

async fn request_sent(request: Request, cx: &Context) -> Result<(), String> {
    delivered(response_to(request, cx).await?.status)
}

/// Sends a message of Telegram, without its markup if Telegram cannot read that.
async fn telegram_sent(message: &TelegramMessage, task: &mut Task) -> Result<(), String> {
    let chat = chat_of(message, &task.cx).await?;
    let status = response_to(message.request(chat), &task.cx).await?.status;
    let Some(plain) = message.without_markup().filter(|_| status == 400) else {
        return delivered(status);
    };
    let warning = "Telegram refuses the message with its `parse_mode`, so it is sent as plain text: \
                   escape what is no markup";
    task.warn(NOTIFY, warning.to_owned());
    request_sent(plain.request(chat), &task.cx).await
}

async fn response_to(request: Request, cx: &Context) -> Result<Response, String> {
    cx.http.send(request).await.map_err(|error| Error::from(error).to_string())
}

/// Returns why a response with this status means that nothing was delivered.
fn delivered(status: u16) -> Result<(), String> {
    let problem = match status {
        200..300 => return Ok(()),
        401 | 403 => "invalid user name, password or token",
        500.. => "the service has an error of its own, and the notification is not delivered",
        _ => "check the options of the notifier",
    };
    Err(format!("status {status}: {problem}"))
}

/// Returns the chat of a recipient, which is looked for once and then remembered.
async fn chat_of(message: &TelegramMessage, cx: &Context) -> Result<i64, String> {
    if let Some(chat) = message.recipient.chat_id {
        return Ok(chat);
    }
    let key = format!("telegram {}", message.name());
    if let Ok(Some(chat)) = cx.store.get_setting(&key)
        && let Some(chat) = chat.as_i64()
    {
        return Ok(chat);
    }
    let response = response_to(message.updates(), cx).await?;
    if !(200..300).contains(&response.status) {
        return Err(format!("status {}: check `bot_token`", response.status));
    }
    let updates: Json = response.json().map_err(|error| error.to_string())?;
    let chat = message.find(&updates).ok_or_else(|| {
        format!("no chat of {} is known: write a message to the bot once, or give `chat_id`", message.name())
    })?;
    cx.store.set_setting(&key, &chat.into()).map_err(|error| error.to_string())?;
    Ok(chat)
}
