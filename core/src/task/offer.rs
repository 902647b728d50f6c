//! Offers of fields that are fetched only when they are read, for many entries at once.
//!
//! A plugin makes an [`Offer`] to a task; see [`fetch`](crate::task::fetch) for when it is fetched.

use futures_util::future::LocalBoxFuture;

use crate::context::Context;
use crate::entry::{Entry, Name};
use crate::value::Value;

/// Fields that were fetched for one entry, or the reason why there are none.
///
/// A field of the offer that is absent is known to be nothing afterwards ([`Value::Null`]): the
/// service has no such thing. After a failure it stays unknown, and a condition that reads it
/// decides nothing.
pub type FetchedFields = Result<Vec<(Name, Value)>, String>;

/// Fields that can be fetched.
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_core::testing::{block_on, context};
///
/// /// Offers the length of titles, as if a service had to be asked for it.
/// struct Lengths;
///
/// impl Offer for Lengths {
///     fn plugin(&self) -> &'static str {
///         "lengths"
///     }
///
///     fn fields(&self) -> &[&'static str] {
///         &["title_length"]
///     }
///
///     fn fetch<'a>(
///         &'a self,
///         entries: &'a [&'a Entry],
///         _cx: &'a Context,
///     ) -> LocalBoxFuture<'a, Vec<FetchedFields>> {
///         let length = |entry: &&Entry| {
///             vec![("title_length".into(), Value::from(entry.title().len() as i64))]
///         };
///         Box::pin(async move { entries.iter().map(|entry| Ok(length(entry))).collect() })
///     }
/// }
///
/// let mut task = Task::new("films", context());
/// task.produce([Entry::new("Solaris", "mock://1")]);
/// task.offer(Rc::new(Lengths));
/// assert!(!task.entries[0].has("title_length"), "a field that nothing reads costs nothing");
/// block_on(task.need(&["title_length"]));
/// assert_eq!(task.entries[0].int("title_length"), Some(7));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` offers no fields",
    label = "it does not implement `Offer`",
    note = "`Task::offer` takes an `Rc` of a type with `impl Offer`: its fields, and a `fetch` for a whole batch"
)]
pub trait Offer {
    /// Returns the plugin that makes the offer, for messages.
    fn plugin(&self) -> &'static str;

    /// Returns the fields that one fetch fills in.
    ///
    /// A plugin whose fields cost different requests makes an offer for each request.
    fn fields(&self) -> &[&'static str];

    /// Checks whether it has these fields for this entry; the default is that it does.
    fn applies(&self, _entry: &Entry) -> bool {
        true
    }

    /// Fetches the fields of entries in as few requests as possible.
    ///
    /// Returns one result for each entry, in order.
    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Vec<FetchedFields>>;
}
