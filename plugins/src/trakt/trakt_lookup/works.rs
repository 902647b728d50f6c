//! The movies and shows of entries, with as few requests as a lookup needs.

use flexget_core::prelude::*;

use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::{Ids, Work};
use crate::trakt::batch::each;
use crate::trakt::titles;

/// Reason of a failure without a number.
pub(super) const NO_NUMBER: &str = "Trakt gave no number for it";

/// Returns the titles of media, at least with Trakt's number.
///
/// Nothing is asked for a title whose number is known, unless the time zone of its show matters:
/// for an episode that is identified by its date.
pub(super) async fn with_numbers(client: &Client, media: &[Media]) -> Vec<titles::FoundTitle> {
    find_unless(client, media, |media| media.ids.trakt().is_some() && !needs_time_zone(media)).await
}

/// Looks up the titles of media, unless what the entry has of them is enough.
pub(super) async fn find_unless(
    client: &Client,
    media: &[Media],
    is_enough: impl Fn(&Media) -> bool,
) -> Vec<titles::FoundTitle> {
    let unknown: Vec<Media> = media.iter().filter(|media| !is_enough(media)).cloned().collect();
    let mut found = titles::find(client, &unknown).await.into_iter();
    let no_response = || Err("no response".to_owned());
    let title = |media: &Media| {
        if is_enough(media) { Ok(Rc::new(stub(media))) } else { found.next().unwrap_or_else(no_response) }
    };
    media.iter().map(title).collect()
}

/// Tells whether an episode may be identified by its date alone.
pub(super) fn needs_time_zone(media: &Media) -> bool {
    media.kind == Kind::Episode && media.episode.is_none() && media.own_ids.is_empty()
}

/// Returns a title with what the entry has of it.
pub(super) fn stub(media: &Media) -> Work {
    let text = |space: &str| media.ids.text(space).map(str::to_owned);
    let ids = Ids { trakt: media.ids.trakt(), slug: text("slug"), imdb: text("imdb"), ..Ids::default() };
    Work::new(media.name.clone(), None, ids)
}

/// Sends one request for each title, and fills the fields of all media that are or belong to it.
pub(super) async fn by_title<T>(
    client: &Client,
    media: &[Media],
    request: impl AsyncFn(&'static str, i64) -> Result<T, Fault>,
    fields: impl Fn(&T) -> Vec<(Name, Value)>,
) -> Vec<FetchedFields> {
    let works = with_numbers(client, media).await;
    let title = |at: usize| {
        let group = if media[at].kind == Kind::Movie { "movies" } else { "shows" };
        works[at].as_ref().ok().and_then(|work| Some((group, work.ids.trakt?)))
    };
    let wanted: BTreeSet<(&'static str, i64)> = (0..media.len()).filter_map(title).collect();
    let wanted: Vec<(&'static str, i64)> = wanted.into_iter().collect();
    let responses =
        each(client, "titles", &wanted, async |(group, id): &(&'static str, i64)| request(group, *id).await).await;
    let responses: BTreeMap<_, _> = wanted.into_iter().zip(responses).collect();
    let of = |at: usize| match title(at).and_then(|title| responses.get(&title)) {
        Some(Ok(response)) => Ok(fields(response)),
        Some(Err(reason)) => Err(reason.clone()),
        None => Err(works[at].as_ref().err().cloned().unwrap_or_else(|| NO_NUMBER.to_owned())),
    };
    (0..media.len()).map(of).collect()
}
