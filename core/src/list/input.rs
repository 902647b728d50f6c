//! The list as an input, and its registration.

use std::panic::Location;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::document::Node;
use crate::document::diagnostic::Problem;
use crate::entry::Entry;
use crate::error::Result;
use crate::list::any::{AnyList, open, open_any};
use crate::list::{List, ListId};
use crate::plugin::registration::{Registration, check_name};
use crate::task::Task;
use crate::task::phase::Phase;
use crate::task::step::{BoundStep, Step};

/// Registers a list, which is an input as well, for `submit!`.
#[track_caller]
pub const fn list<L: List + DeserializeOwned + JsonSchema>() -> Registration {
    const { check_name(L::NAME) }
    Registration {
        name: L::NAME,
        file: Location::caller().file(),
        type_name: std::any::type_name::<L>,
        builtin: false,
        input: true,
        accepts: false,
        gives: L::gives,
        schema: &L::json_schema,
        bind: &bind::<L>,
        list: Some(&open_any::<L>),
    }
}

fn bind<L: List + DeserializeOwned>(options: &Node) -> Result<Vec<BoundStep>, Vec<Problem>> {
    Ok(input(L::NAME, open::<L>(options)?))
}

/// Returns the steps of a list that is an input.
pub(super) fn input(name: &'static str, list: AnyList) -> Vec<BoundStep> {
    vec![Step::at(Phase::Input, produce).bind(name, &Rc::new(list))]
}

/// Returns a list for the traces of its items: `watchlist` (account me).
fn source(id: &ListId) -> String {
    let account = id.account.as_ref().map(|account| format!(" (account {account})"));
    let owner = id.owner.as_ref().map(|owner| format!(" (of {owner})"));
    format!("list `{}`{}", id.name, owner.or(account).unwrap_or_default())
}

/// Produces the items of a list.
async fn produce(list: &AnyList, task: &mut Task) -> Result<()> {
    list.ready(&task.cx)?;
    task.read_from(source(list.id()));
    let limit = task.wanted;
    let items = list.items(limit, &task.cx.clone()).await?;
    let take = limit.unwrap_or(items.len());
    match Rc::try_unwrap(items) {
        Ok(items) => task.produce(items.into_iter().take(take)),
        // The rest of the run may read what a remote list held.
        Err(kept) => task.produce(kept.iter().take(take).map(Entry::fresh)),
    }
    Ok(())
}
