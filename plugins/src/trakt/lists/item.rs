//! Items of a change, and what the journal records of each besides its fields.
//!
//! What goes with an item when it is taken off a list, and does not show on it, is written into the
//! journal beforehand, so that an undo can put it back as it was: plays of a movie, collected
//! episodes of a show, a note, the place on a list.

use flexget_core::list::UNSEEN;
use flexget_core::prelude::*;
use serde_json::{Map, Value as Json};

use crate::titles::media::ids::MediaIds;
use crate::titles::media::{Kind, Media};
use crate::trakt::lists::source::Source;
use crate::trakt::lists::write::Unit;

/// Journal field with the parts of an item that were removed or added with it.
pub const PARTS_FIELD: &str = "trakt_parts";

/// Journal field with the episodes of a show that were collected before it was added.
pub const BEFORE: &str = "trakt_parts_before";

/// Hidden field of an item with its place on the list, which only that list knows to read.
pub const RANK_FIELD: &str = "_trakt_rank";

/// Hidden field of an item with the number of its row on the list.
pub const ROW_FIELD: &str = "_trakt_row";

/// Hidden field of an item that a removal takes off with all that there is of it.
///
/// It tells such a removal from an undo, which takes off the recorded parts alone. The journal
/// keeps no hidden fields.
pub const WHOLE_FIELD: &str = "_trakt_whole";

/// A play, a collected episode, or a note with the place on a list.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Part {
    /// When it was watched or collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Whether `at` was left to Trakt, and is here by this machine's clock.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub about: bool,
    /// Trakt's number of the episode, of a show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// The season of the episode, of a show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<i64>,
    /// The episode within its season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode: Option<i64>,
    /// The medium, resolution and sound of what was collected, as Trakt says them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collected_as: Option<Json>,
    /// Note of the user on a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The place on a list, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<i64>,
    /// The number of the row that was removed; what comes back has another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<i64>,
}

impl Part {
    /// Returns the medium that it is a part of, or its episode.
    pub fn media(&self, of: &Media) -> Media {
        let mut media = of.clone();
        if self.id.is_some() || self.episode.is_some() {
            media.kind = Kind::Episode;
            media.own_ids = MediaIds::trakt_only(self.id);
            (media.season, media.episode) = (self.season, self.episode);
        }
        media
    }

    /// Returns the extra fields to send.
    pub fn extra(&self, source: &Source) -> Map<String, Json> {
        let mut extra = Map::new();
        let at = self.at.filter(|_| !self.about).map(|at| Json::from(at.to_string()));
        match source {
            Source::Watched | Source::History => extra.extend(at.map(|at| ("watched_at".to_owned(), at))),
            Source::Collection => {
                extra.extend(at.map(|at| ("collected_at".to_owned(), at)));
                extra.extend(self.collected_as.iter().flat_map(collected_as));
            }
            _ => extra.extend(self.notes.clone().map(|notes| ("notes".to_owned(), notes.into()))),
        }
        extra
    }

    /// Returns whether two are of one episode.
    pub fn is_same_episode(&self, other: &Self) -> bool {
        (self.season, self.episode) == (other.season, other.episode)
    }
}

/// Returns the collection's fields of an item, as they are sent.
pub fn collected_as(said: &Json) -> Map<String, Json> {
    let said = said.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    said.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// An entry of a change, and what it is.
pub struct Item<'a> {
    /// Medium.
    pub media: Media,
    /// The entry.
    pub entry: &'a Entry,
}

impl Item<'_> {
    /// Returns the parts that a field of the journal holds.
    pub fn parts_of(&self, field: &str) -> Option<Vec<Part>> {
        serde_json::from_value(self.entry.peek(field)?.to_json()).ok()
    }

    /// Returns the entry with parts in a field of the journal.
    pub fn with(&self, field: &'static str, item_parts: &[Part]) -> Entry {
        let item_parts = serde_json::to_value(item_parts).unwrap_or_default();
        self.entry.fresh().with(field, Value::from_stored(&item_parts))
    }

    /// Returns the entry of a removal that takes off all of the item, with what is known of it.
    pub fn removed_whole(&self, item_parts: &[Part]) -> Entry {
        let mut entry = self.with(PARTS_FIELD, item_parts).with(WHOLE_FIELD, true);
        let number = if self.media.kind == Kind::Movie { "trakt_movie_id" } else { "trakt_show_id" };
        if let Some(id) = self.media.ids.trakt() {
            entry.fill(number, id);
        }
        if !item_parts.is_empty() {
            // The parts show that it is there, whether it has a row of its own or not.
            entry.unset(UNSEEN);
        }
        entry
    }

    /// Returns whether all of it goes, rather than the parts that an undo names.
    pub fn is_removed_whole(&self) -> bool {
        self.entry.has(WHOLE_FIELD) || !(self.entry.has(PARTS_FIELD) || self.entry.has(BEFORE))
    }

    /// Returns whether Trakt's number is known, by which its plays are found.
    pub fn has_number(&self) -> bool {
        let ids = if self.media.kind == Kind::Episode { &self.media.own_ids } else { &self.media.ids };
        ids.trakt().is_some()
    }

    /// Returns how many plays, collected episodes or rows its removal is known to take off.
    pub fn expected(&self, source: &Source) -> usize {
        let of_parts = || self.parts_of(PARTS_FIELD).map_or(0, |item_parts| item_parts.len());
        match source {
            Source::Watched | Source::History => of_parts(),
            Source::Collection if matches!(self.media.kind, Kind::Show | Kind::Season) => of_parts(),
            _ => usize::from(!self.entry.has(UNSEEN)),
        }
    }

    /// Returns the items to send for adding it, one for each part.
    pub fn to_add(&self, source: &Source) -> Vec<Unit> {
        match self.parts_of(PARTS_FIELD) {
            Some(item_parts) => {
                item_parts.iter().map(|part| Unit::added(part.media(&self.media), part.extra(source))).collect()
            }
            None => vec![Unit::added(self.media.clone(), dates(self.entry, source))],
        }
    }

    /// Returns whether an undo is to take off one of several plays.
    pub fn is_of_plays(&self, source: &Source) -> bool {
        source.is_history() && self.entry.has(PARTS_FIELD) && !self.entry.has(WHOLE_FIELD)
    }
}

/// Returns the extra fields of an added item: its date, its format, or its rating.
fn dates(entry: &Entry, source: &Source) -> Map<String, Json> {
    let mut extra = Map::new();
    let mut put = |name: &str, value: Option<Json>| extra.extend(value.map(|value| (name.to_owned(), value)));
    let moment = |field: &str| entry.peek(field).and_then(Value::moment).map(|at| Json::from(at.to_string()));
    match source {
        Source::Watched | Source::History => put("watched_at", moment("trakt_watched_at")),
        Source::Collection => {
            put("collected_at", moment("trakt_collected_at"));
            extra.extend(entry.peek("trakt_collected_as").iter().flat_map(|said| collected_as(&said.to_json())));
        }
        Source::Ratings => {
            put("rating", entry.int("trakt_user_rating").map(Json::from));
            put("rated_at", moment("trakt_rated_at"));
        }
        _ => {}
    }
    extra
}
