//! Finding entries on a list, by the kinds that are asked for and by what they are.

use std::borrow::Cow;

use flexget_core::document::Node;
use flexget_core::list::Unseen;
use flexget_core::prelude::*;
use serde_json::{Map, Value as Json};

use super::TraktList;
use crate::titles::media::Kind;
use crate::trakt::lists::resolve;
use crate::trakt::lists::source::Source;

impl TraktList {
    /// Returns what is to be done about an entry that is to be removed and was not seen.
    ///
    /// What only its name identifies may be another title for Trakt than for the user.
    pub(super) fn treatment_of_unseen(&self, entry: &Entry) -> Unseen {
        let Some(media) = self.media(entry) else {
            return if resolve::has_shared_id(entry) { Unseen::Proved } else { Unseen::Absent };
        };
        if self.kind().is_some_and(|kind| kind != media.kind) || !self.source().removes(media.kind) {
            return Unseen::Absent;
        }
        let is_addressed = if self.source().is_history() && media.kind == Kind::Episode {
            // The plays of an episode are found by its own number.
            media.own_ids.trakt().is_some()
        } else {
            !(media.ids.is_empty() && media.own_ids.is_empty())
        };
        if media.is_known() && is_addressed {
            Unseen::Sent
        } else if media.is_known() || resolve::has_name(&media) {
            Unseen::Proved
        } else {
            Unseen::Absent
        }
    }

    /// Finds entries by requests for the kinds among them alone, where each has an endpoint.
    pub(super) async fn find_by_kind(
        &self,
        entries: &[&Entry],
        is_proved: bool,
        cx: &Context,
    ) -> Result<Option<Vec<Option<Entry>>>> {
        if self.kind().is_some() || !matches!(self.source(), Source::Collection | Source::Watched) {
            return Ok(None);
        }
        let mut found = vec![None; entries.len()];
        let is_unknown = |at: &usize| self.media(entries[*at]).is_none() && resolve::has_shared_id(entries[*at]);
        let unknown: Vec<usize> = (0..entries.len()).filter(is_unknown).collect();
        let of_unknown: Vec<&Entry> = unknown.iter().map(|at| entries[*at]).collect();
        let identified = if unknown.is_empty() { Vec::new() } else { self.identify(&of_unknown, cx).await? };
        let mut all: Vec<Cow<'_, Entry>> = entries.iter().map(|entry| Cow::Borrowed(*entry)).collect();
        for (at, entry) in unknown.into_iter().zip(identified) {
            all[at] = entry.map_or(Cow::Borrowed(entries[at]), Cow::Owned);
        }
        for kind in [Kind::Movie, Kind::Show, Kind::Episode] {
            let is_of_kind = |at: &usize| self.media(&all[*at]).is_some_and(|media| media.kind == kind);
            let places: Vec<usize> = (0..all.len()).filter(is_of_kind).collect();
            if places.is_empty() {
                continue;
            }
            let of_kind: Vec<&Entry> = places.iter().map(|at| all[*at].as_ref()).collect();
            let list = self.of_kind(kind)?;
            let items = if is_proved { list.find_proved(&of_kind, cx).await? } else { list.find(&of_kind, cx).await? };
            places.into_iter().zip(items).for_each(|(at, item)| found[at] = item);
        }
        Ok(Some(found))
    }

    /// Returns the same list with items of one kind only.
    fn of_kind(&self, kind: Kind) -> Result<AnyList> {
        let options = [
            ("account", self.account.clone()),
            ("username", self.username.clone()),
            ("list", Some(self.list.to_string())),
            ("type", Some(format!("{}s", kind.word()))),
        ];
        let options = options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        let options: Map<String, Json> = options.collect();
        AnyList::open(Self::NAME, &Node::from(&options.into()))
            .map_err(|problems| Error::new(problems.into_iter().map(|problem| problem.message).collect::<String>()))
    }
}
