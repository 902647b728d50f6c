//! The registration of a service with all its commands.

use super::app::{DeleteApplication, ListApplications, SetApplication};
use super::auth::AuthCommand;
use super::delete::DeleteAccount;
use super::list::ListAccounts;
use super::refresh::RefreshCommand;
use super::{Service, ServiceRegistration};
use crate::plugin::command::command;

/// Returns a service with OAuth and the commands about its accounts, for `submit!`.
#[track_caller]
pub const fn service<S: Service>() -> ServiceRegistration {
    ServiceRegistration {
        name: S::NAME,
        provider: S::provider,
        api: S::api,
        limit: S::limit,
        type_name: std::any::type_name::<S>,
        commands: [
            command::<AuthCommand<S>>(),
            command::<ListAccounts<S>>(),
            command::<RefreshCommand<S>>(),
            command::<DeleteAccount<S>>(),
            command::<ListApplications<S>>(),
            command::<SetApplication<S>>(),
            command::<DeleteApplication<S>>(),
        ],
    }
}
