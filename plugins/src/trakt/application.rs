//! `trakt app`: the applications that accounts are authorized with.

use flexget_core::context::auth::Application;
use flexget_core::prelude::*;
use serde_json::json;

use crate::trakt::SERVICE;
use crate::trakt::api::urls::APPS;

/// Shows the applications that are stored, or deletes one.
///
/// An application (client id and secret) is stored with the first account that uses it, is used for
/// the next account without being asked for, and stays when the last account is deleted. Secrets
/// are not shown.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct App {
    /// The client id of an application to delete.
    delete: Option<String>,
}

submit! { command::<App>() }

impl Command for App {
    const PATH: &'static [&'static str] = &["trakt", "app"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let applications = cx.auth.applications(SERVICE)?;
        if let Some(id) = &self.delete {
            if !applications.iter().any(|application| application.id == *id) {
                return Err(Error::new(format!("no application with client id `{id}` is stored"))
                    .hint("`flexget-rs trakt app` lists those that are"));
            }
            if cx.dry_run {
                return out.line(format!("would delete application `{id}`"));
            }
            cx.auth.delete_application(SERVICE, id)?;
            return out.line(format!("deleted application `{id}`"));
        }
        let accounts = cx.auth.accounts(SERVICE)?;
        let users = |id: &str| -> Vec<String> {
            accounts.iter().filter(|account| account.client_id == id).map(|account| account.name.clone()).collect()
        };
        if out.format == Format::Json {
            let shown = applications.iter().map(|application| {
                let Application { id, secret } = application;
                json!({ "client_id": id, "has_secret": secret.is_some(), "accounts": users(id) })
            });
            return out.data(&shown.collect::<Vec<_>>());
        }
        if applications.is_empty() {
            out.line("no Trakt application is stored")?;
            return out.note(format!("`flexget-rs trakt auth NAME` asks for the client id of one, from {APPS}"));
        }
        let mut table = Table::new(&["Client id", "Secret", "Accounts"]);
        for application in &applications {
            let secret = if application.secret.is_some() { "yes" } else { "no" };
            table.row([application.id.clone(), secret.to_owned(), users(&application.id).join(", ")]);
        }
        out.table(&table)
    }
}
