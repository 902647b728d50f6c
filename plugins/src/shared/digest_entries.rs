//! The entries that `digest` stores and `from_digest` produces.

use flexget_core::context::store::Collection;
use flexget_core::prelude::*;

/// Returns the collection of a digest.
pub fn collection(list: &str, cx: &Context) -> Collection {
    cx.store.collection("digest", list)
}
