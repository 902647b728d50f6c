//! The page where a person enters a device code: who runs the simulator by hand can say yes or no there.

use crate::oauth::DeviceState;
use crate::wire::{Answer, Reply, Request, pairs};
use crate::world::World;

/// `GET /activate`, `GET /activate/{user_code}` and the form that the latter shows.
pub(crate) fn page(world: &mut World, request: &Request) -> Answer {
    let code = match request.segments.get(1) {
        Some(code) => code.clone(),
        None => match request.value("code") {
            Some(code) => code.to_owned(),
            None => {
                let form =
                    "<form><input name=code placeholder=\"Your code\" autofocus> <button>Continue</button></form>";
                return Ok(html("Connect a device", form));
            }
        },
    };
    let device = world.oauth.devices.iter().find(|device| device.user_code.eq_ignore_ascii_case(&code));
    let Some(device) = device else {
        return Err(Reply { status: 404, ..html("This code is not known", "") });
    };
    let code = device.user_code.clone();
    if request.method != "POST" {
        let mut form = format!("<p>Code: <strong>{code}</strong></p><form method=post action=\"/activate/{code}\">");
        for user in world.users.values() {
            form.push_str(&format!(
                "<p><button name=user value=\"{}\">Yes, as {}</button></p>",
                user.slug,
                escape(&user.username)
            ));
        }
        form.push_str("<p><button name=deny value=1>No</button></p></form>");
        return Ok(html("Connect this device?", &form));
    }
    let sent = pairs(&String::from_utf8_lossy(&request.body));
    let user = sent.iter().find(|(name, _)| name == "user").and_then(|(_, user)| world.slug_of(user));
    let (state, words) = match user {
        Some(user) => (DeviceState::Approved(user), "The device is connected"),
        None => (DeviceState::Denied, "The device is not connected"),
    };
    world.oauth.settle(&code, state);
    Ok(html(words, "<p>You can close this page.</p>"))
}

fn html(title: &str, body: &str) -> Reply {
    let page =
        format!("<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>");
    Reply::html(200, &page)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
