//! Numbers of items that lists have, as far as a run knows them without asking.
//!
//! A read that loses rows may report counts that fit the loss. The number that Trakt says in the
//! response to a write tells it then.

use std::cell::RefCell;

use flexget_core::prelude::*;

use crate::trakt::api::client::Client;

/// Numbers of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// Titles that a read of the whole list has shown, and that were not removed since.
    pub titles: Option<usize>,
    /// Rows of that read that are no titles, such as people.
    pub others: usize,
    /// Number of items that Trakt has said in the response to the latest write.
    pub said: Option<usize>,
    /// Whether this run has changed the list.
    pub is_changed: bool,
}

/// Numbers of the lists of an account, by the paths of their items.
#[derive(Default)]
pub struct Counts(RefCell<HashMap<String, Count>>);

impl Counts {
    /// Returns the numbers of this run.
    pub fn of(client: &Client) -> Rc<Self> {
        client.cx().run_cache.of::<Self>(&format!("trakt item counts {}", client.account().unwrap_or_default()))
    }

    /// Returns the numbers of a list.
    pub fn get(&self, items: &str) -> Count {
        self.0.borrow().get(items).copied().unwrap_or_default()
    }

    /// Changes the numbers of a list.
    pub fn update(&self, items: &str, update: impl FnOnce(&mut Count)) {
        update(self.0.borrow_mut().entry(items.to_owned()).or_default());
    }
}

/// Returns the path of the items of a list, given the path that reads them in some order.
pub fn items_path(path: &str) -> &str {
    match path.split_once("/items/") {
        Some((list, _)) => path.get(..list.len().saturating_add("/items".len())).unwrap_or(path),
        None => path,
    }
}
