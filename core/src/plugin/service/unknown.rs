//! Errors about accounts that are not stored, with those that are.

use crate::context::Context;
use crate::context::auth;
use crate::error::{Error, Result};
use crate::plugin::registry::similar;

/// Builds the error for an unknown account, with the names of the known ones.
///
/// # Errors
///
/// The accounts could not be read.
pub fn unknown_account(cx: &Context, service: &str, name: &str) -> Result<Error> {
    let run = format!("run `{}`", auth::command(service, name));
    let hint = account_names(cx, service, name)?.map_or_else(|| run.clone(), |names| format!("{run}; {names}"));
    Ok(Error::new(format!("account `{name}` has not been authorized")).hint(hint))
}

/// Returns the names of the known accounts for a hint, or `None` if there are none.
///
/// # Errors
///
/// The accounts could not be read.
pub fn account_names(cx: &Context, service: &str, wrong: &str) -> Result<Option<String>> {
    let accounts = cx.auth.accounts(service)?;
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    let all = format!("authorized accounts: {}", names.join(", "));
    Ok(match similar(wrong, names.iter().copied()).first() {
        Some(near) => Some(format!("did you mean `{near}`? {all}")),
        None => Some(all).filter(|_| !names.is_empty()),
    })
}
