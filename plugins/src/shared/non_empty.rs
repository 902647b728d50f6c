//! Text that is not empty.

use flexget_core::prelude::*;

/// Text that is not empty, as an option.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NonEmpty(#[schemars(length(min = 1))] pub String);
