//! `<service> delete`: removes an account from the store.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Service;
use super::unknown::account_names;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::plugin::command::{Command, Output};

/// Removes an account from the store.
///
/// Access on the service's side remains unless you say `--revoke`.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct DeleteAccount<S: Service> {
    /// The account.
    ///
    /// There is no way to delete all at once.
    #[schemars(extend("positional" = true))]
    account: String,
    /// Ends the access on the service's side first.
    #[serde(default)]
    revoke: bool,
    #[serde(skip)]
    service: PhantomData<S>,
}

impl<S: Service> Command for DeleteAccount<S> {
    const PATH: &'static [&'static str] = &[S::NAME, "delete"];

    async fn run(&self, cx: &Context, out: &mut Output) -> Result<()> {
        let name = &self.account;
        let Some(account) = cx.auth.account(S::NAME, name)? else {
            let hint = account_names(cx, S::NAME, name)?.unwrap_or_else(|| "no account is stored".to_owned());
            return Err(Error::new(format!("there is no account `{name}`")).hint(hint));
        };
        let provider = S::provider(cx);
        let title = provider.title;
        if cx.dry_run {
            let revoke = if self.revoke { format!(" and revoke its access on {title}'s side") } else { String::new() };
            return out.line(format!("would delete account `{name}`{revoke}"));
        }
        if self.revoke {
            let yourself = provider.connected_url.map(|url| format!(", and end the access yourself at {url}"));
            provider.revoke(cx, &account).await.map_err(|error| {
                Error::new(format!("access could not be ended on {title}'s side, and account `{name}` was kept"))
                    .hint(format!("delete it without `--revoke`{}", yourself.unwrap_or_default()))
                    .cause(error)
            })?;
        }
        cx.auth.delete(S::NAME, name)?;
        S::forget(cx, name)?;
        out.line(format!("account `{name}` was deleted"))?;
        if self.revoke {
            out.line(format!("access was ended on {title}'s side"))
        } else {
            let visit = provider.connected_url.map(|url| format!("; to do that, visit {url}"));
            out.line(format!("this does not revoke access on {title}'s side{}", visit.unwrap_or_default()))
        }
    }
}
