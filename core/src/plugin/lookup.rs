//! Lookups: plugins that offer fields, which are fetched in batches when something reads them.

use std::panic::Location;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::document::Node;
use crate::document::diagnostic::Problem;
use crate::entry::Entry;
use crate::error::Result;
use crate::plugin::registration::{Registration, check_name, read};
use crate::task::Task;
use crate::task::fields::KnownField;
use crate::task::offer::{FetchedFields, Offer};
use crate::task::phase::Phase;
use crate::task::step::{BoundStep, DEFAULT_PRIORITY, Step};

/// A plugin that looks up fields, which one line registers: `submit! { lookup::<MyLookup>() }`.
///
/// It makes one [`Offer`]; a plugin whose fields cost different requests makes several of its own.
///
/// ```
/// use flexget_core::prelude::*;
/// use flexget_core::testing::Sandbox;
///
/// /// Looks up the number of letters in titles, as if a service had to be asked for it.
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct CountLetters {}
///
/// submit! { lookup::<CountLetters>() }
///
/// impl Lookup for CountLetters {
///     const NAME: &'static str = "count_letters";
///     const FIELDS: &'static [&'static str] = &["letters"];
///
///     async fn fetch(&self, entries: &[&Entry], _: &Context) -> Result<Vec<FetchedFields>> {
///         let letters = |entry: &&Entry| entry.title().matches(char::is_alphabetic).count();
///         let fields = |entry| Ok(vec![("letters".into(), (letters(entry) as i64).into())]);
///         Ok(entries.iter().map(fields).collect())
///     }
/// }
///
/// assert!(Sandbox::new().errors("count_letters: yes").is_empty());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no lookup",
    label = "it does not implement `Lookup`",
    note = "a lookup is a struct of options with `#[derive(Deserialize, JsonSchema)]` and `impl Lookup for {Self}`",
    note = "other plugins are registered with `plugin::<{Self}>()`"
)]
pub trait Lookup: DeserializeOwned + JsonSchema + 'static {
    /// The key that users write.
    const NAME: &'static str;
    /// The fields that one fetch fills in.
    const FIELDS: &'static [&'static str];
    /// Whether it runs in every task that does not disable it.
    ///
    /// Its options must then all have defaults.
    const BUILTIN: bool = false;
    /// Priority of its step in the metainfo phase; higher runs first.
    const PRIORITY: i32 = DEFAULT_PRIORITY;

    /// Returns the fields with the values that they can have, for `check` and its hints.
    fn gives() -> Vec<KnownField> {
        KnownField::all(Self::FIELDS)
    }

    /// Mistakes that no schema can say.
    ///
    /// Most lookups have none.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Checks whether the service has these fields for this entry; the default is that it does.
    fn applies(&self, _entry: &Entry) -> bool {
        true
    }

    /// Fetches the fields of entries in as few requests as possible.
    ///
    /// Returns one result for each entry, in order.
    ///
    /// # Errors
    /// Nothing could be fetched: the fields of all these entries stay unknown.
    fn fetch(&self, entries: &[&Entry], cx: &Context) -> impl Future<Output = Result<Vec<FetchedFields>>>;
}

/// Registers a lookup, for `submit!`.
#[track_caller]
pub const fn lookup<L: Lookup>() -> Registration {
    const { check_name(L::NAME) }
    Registration {
        name: L::NAME,
        file: Location::caller().file(),
        type_name: std::any::type_name::<L>,
        builtin: L::BUILTIN,
        input: false,
        accepts: false,
        gives: L::gives,
        schema: &L::json_schema,
        bind: &bind::<L>,
        list: None,
    }
}

fn bind<L: Lookup>(options: &Node) -> Result<Vec<BoundStep>, Vec<Problem>> {
    let lookup: L = read(options)?;
    match lookup.check() {
        problems if problems.is_empty() => {
            let offered = Rc::new(LookupOffer(lookup));
            let step = Step::at(Phase::Metainfo, offer::<L>).priority(L::PRIORITY);
            Ok(vec![step.bind(L::NAME, &Rc::new(offered))])
        }
        problems => Err(problems),
    }
}

async fn offer<L: Lookup>(offered: &Rc<LookupOffer<L>>, task: &mut Task) -> Result<()> {
    task.offer(Rc::clone(offered) as Rc<dyn Offer>);
    Ok(())
}

/// The offer that a lookup makes.
struct LookupOffer<L>(L);

impl<L: Lookup> Offer for LookupOffer<L> {
    fn plugin(&self) -> &'static str {
        L::NAME
    }

    fn fields(&self) -> &[&'static str] {
        L::FIELDS
    }

    fn applies(&self, entry: &Entry) -> bool {
        self.0.applies(entry)
    }

    fn fetch<'a>(&'a self, entries: &'a [&'a Entry], cx: &'a Context) -> LocalBoxFuture<'a, Vec<FetchedFields>> {
        Box::pin(async move {
            let fetched = self.0.fetch(entries, cx).await;
            fetched.unwrap_or_else(|error| vec![Err(error.to_string()); entries.len()])
        })
    }
}
