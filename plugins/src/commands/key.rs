//! `key`: API keys of services that scripts send requests to.

use flexget_core::prelude::*;

/// Stores the API key or access token of an account, for scripts whose `service` it is.
///
/// The key is asked for, or read from the environment variable `FLEXGET_KEY`. A script names the
/// account, and never sees the key. With `--delete` the account is deleted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Key {
    /// Name of the service, as in the description of the script.
    #[schemars(extend("positional" = true))]
    service: String,
    /// Name of the account, as in the config.
    #[schemars(extend("positional" = true))]
    account: String,
    /// Delete the account.
    #[serde(default)]
    delete: bool,
}

submit! { command::<Key>() }

impl Command for Key {
    const PATH: &'static [&'static str] = &["key"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let name = format!("the {} account `{}`", self.service, self.account);
        if self.delete {
            let is_there = cx.auth.account(&self.service, &self.account)?.is_some();
            if !is_there {
                return Err(Error::new(format!("there is no {} account named `{}`", self.service, self.account)));
            }
            if cx.dry_run {
                return out.line(format!("would delete {name}"));
            }
            cx.auth.delete(&self.service, &self.account)?;
            return out.line(format!("{name} was deleted"));
        }
        if cx.dry_run {
            return out.line(format!("would ask for the key of {name} and store it"));
        }
        let key = match (cx.environment)("FLEXGET_KEY").filter(|key| !key.trim().is_empty()) {
            Some(key) => Some(key),
            None => out.ask(&format!("key of {name} (not shown):"), true)?,
        };
        let key = key
            .map(|key| key.trim().to_owned())
            .filter(|key| !key.is_empty())
            .ok_or_else(|| Error::new("there is no key to store").hint("run it on a terminal, or set `FLEXGET_KEY`"))?;
        cx.auth.save_key(&self.service, &self.account, key.into())?;
        out.line(format!("the key of {name} was stored"))
    }
}

#[cfg(test)]
mod tests {
    use flexget_core::testing::{Sandbox, command};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_stored_under_the_name_of_its_account_and_deleted() {
        let cx = Sandbox::new().with_variable("FLEXGET_KEY", " k3y ").cx;
        let account = json!({ "service": "filmbox", "account": "me" });
        let said = command("key", account, Format::Text, &cx).unwrap().text;
        assert_eq!(said, "the key of the filmbox account `me` was stored\n");
        assert!(cx.auth.key("filmbox", "me").is_ok());
        let account = json!({ "service": "filmbox", "account": "me", "delete": true });
        command("key", account.clone(), Format::Text, &cx).unwrap();
        assert!(cx.auth.key("filmbox", "me").is_err());
        assert!(command("key", account, Format::Text, &cx).is_err());
        let nobody = command("key", json!({ "service": "a", "account": "b" }), Format::Text, &Sandbox::new().cx);
        assert_eq!(nobody.unwrap_err().hint_text(), Some("run it on a terminal, or set `FLEXGET_KEY`"));
    }
}
