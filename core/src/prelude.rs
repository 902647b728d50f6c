//! What a plugin's file needs: `use flexget_core::prelude::*;`.

pub use std::collections::{BTreeMap, BTreeSet};
pub use std::rc::Rc;

pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};

pub use crate::command::{Command, Format, Output, Table};
pub use crate::context::Context;
pub use crate::diagnostic::Path;
pub use crate::entry::{Entry, Name, State};
pub use crate::error::{Error, Result};
pub use crate::list::{AnyList, Change, Keys, List, Place, WritableList};
pub use crate::lookup::{Answer, Offer};
pub use crate::nested::{AnyInput, AnyPlugins};
pub use crate::pairs::Pairs;
pub use crate::pattern::Pattern;
pub use crate::phase::Phase;
pub use crate::plugin::{LocalFuture, Plugin, Problem, Step};
pub use crate::registry::{command, list, plugin, submit};
pub use crate::several::Several;
pub use crate::task::Task;
pub use crate::value::Value;
