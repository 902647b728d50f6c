//! Everything that a plugin's file imports: `use flexget_core::prelude::*;`.

pub use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
pub use std::rc::Rc;

pub use futures_util::future::LocalBoxFuture;
pub use indexmap::IndexMap;
pub use jiff::Timestamp;
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
pub use serde_json::json;

pub use crate::context::Context;
pub use crate::context::http::{Request, Response};
pub use crate::context::oauth::Provider;
pub use crate::document::diagnostic::{Path, Problem};
pub use crate::entry::{Entry, Name, State};
pub use crate::error::{Error, Result};
pub use crate::list::any::AnyList;
pub use crate::list::identity::Keys;
pub use crate::list::input::list;
pub use crate::list::outcome::{Change, Outcome};
pub use crate::list::writable::WritableList;
pub use crate::list::{Adding, List, ListId};
pub use crate::pattern::Pattern;
pub use crate::plugin::Plugin;
pub use crate::plugin::command::command;
pub use crate::plugin::command::{Command, Format, Output, Table};
pub use crate::plugin::lookup::{Lookup, lookup};
pub use crate::plugin::nested::{AnyInput, AnyPlugins};
pub use crate::plugin::one_or_many::OneOrMany;
pub use crate::plugin::registration::plugin;
pub use crate::plugin::registry::submit;
pub use crate::plugin::service::Service;
pub use crate::plugin::service::registration::service;
pub use crate::plugin::shorthand::{Shorthand, WithShorthand};
pub use crate::task::Task;
pub use crate::task::fields::{FieldDomain, FieldName, KnownField};
pub use crate::task::offer::{FetchedFields, Offer};
pub use crate::task::phase::Phase;
pub use crate::task::step::Step;
pub use crate::value::Value;
