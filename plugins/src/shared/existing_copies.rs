//! Comparison of entries with copies on disk, for `exists_movie` and `exists_series`.

use flexget_core::prelude::*;

use crate::shared::folder::{self, FolderItem};
use crate::shared::source;
use crate::titles::parsing::quality::Quality;

/// The option `allow_different_qualities`.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(untagged)]
pub enum AllowedQualities {
    /// Whether any other quality is accepted.
    Other(bool),
    /// Only a better quality is accepted.
    Better(Better),
}

/// The word `better`.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Only a better quality is accepted.
    Better,
}

impl AllowedQualities {
    /// Returns whether a release is accepted besides a copy of this quality.
    pub fn accepts(self, release: &Quality, copy: &Quality) -> bool {
        match self {
            Self::Other(allowed) => allowed && release != copy,
            Self::Better(_) => release > copy,
        }
    }
}

/// Returns the items in a folder (with `recursive` below it, too), or `None` if it is none.
///
/// # Errors
/// The folder or a subfolder cannot be read.
pub fn items_in(path: &str, recursive: bool, cx: &Context) -> Result<Option<Vec<FolderItem>>> {
    let folder = source::expand_home(path, cx);
    folder::all_items(&folder, recursive).map_err(|error| source::unreadable(&folder, error))
}

/// Returns the quality of an entry, which the caller has fetched.
pub fn quality_of(entry: &Entry) -> Quality {
    entry.peek("quality").map(|quality| Quality::of_title(&quality.display())).unwrap_or_default()
}

/// Returns the form of a name that comparisons use: letters and digits in lower case.
pub fn comparable_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
