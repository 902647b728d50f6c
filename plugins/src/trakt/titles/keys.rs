//! The keys under which titles are remembered.

use crate::titles::media::ids::MediaIds;
use crate::titles::media::{Kind, Media};
use crate::trakt::matching;

/// Returns the keys of a title with these ids, the surest first.
pub fn keys_of(kind: Kind, ids: &MediaIds) -> Vec<String> {
    ids.iter().map(|(space, id)| format!("{} {space} {id}", kind.work().word())).collect()
}

/// Returns the keys by which a title is looked for; its name only where there is no id.
pub fn wanted_keys(media: &Media) -> Vec<String> {
    let keys = keys_of(media.kind, &media.ids);
    match &media.name {
        Some(name) if keys.is_empty() => {
            let year = media.year.map(|year| year.to_string()).unwrap_or_default();
            vec![format!("{} name {} ({year})", media.kind.work().word(), matching::folded(name))]
        }
        _ => keys,
    }
}
