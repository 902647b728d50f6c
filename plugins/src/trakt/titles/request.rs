//! Requests for one title: by an id, or by a search for its name.

use std::rc::Rc;

use crate::titles::media::ids::MediaIds;
use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::{Client, strange};
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::{Row, Work};
use crate::trakt::matching::{self, Choice, SearchName};

/// Hits of a search by name that are compared, as many as one page holds by default.
const MAX_HITS: &str = "100";

/// Asks Trakt for the title of a medium in the fewest requests, mostly one.
///
/// A title that is found by one id or by name must not contradict a surer id of the medium.
///
/// # Errors
/// A request failed.
pub async fn fetch(client: &Client, media: &Media) -> Result<Choice, Fault> {
    let (kind, ids) = (media.kind.work(), &media.ids);
    let own = ids
        .trakt()
        .map(|id| id.to_string())
        .or_else(|| ids.text("slug").filter(|slug| is_slug(slug)).map(str::to_owned));
    let is_own = own.is_some();
    if let Some(id) = own.or_else(|| ids.text("imdb").filter(|id| is_imdb(id)).map(str::to_owned)) {
        let path = format!("{}s/{id}", kind.word());
        match client.get::<Work>(&path, &[full()]).await {
            Ok(work) if work.ids.trakt.is_some() => return Ok(Choice::One(Box::new(work))),
            Ok(_) => return Err(Fault::UnexpectedResponse(strange(&path))),
            // Trakt knows all ids of its own, but not all of others.
            Err(Fault::NotFound) if is_own => return Ok(Choice::Nothing),
            Err(Fault::NotFound) => {}
            Err(fault) => return Err(fault),
        }
    }
    // Trakt knows no movies by their numbers at TVDB.
    let spaces = ["tmdb", "tvdb"].into_iter().filter(|space| kind == Kind::Show || *space != "tvdb");
    for (space, id) in spaces.filter_map(|space| Some((space, ids.number(space)?))) {
        let works = by_id(client, space, &id.to_string(), Some(kind)).await?;
        let fitting = works.into_iter().map(|(_, work)| work).filter(|work| may_be(ids, work)).collect();
        if let Some(work) = most_alike(fitting, media) {
            return Ok(Choice::One(Box::new(work)));
        }
    }
    match &media.name {
        Some(name) => by_name(client, kind, ids, &SearchName::new(name, media.year)).await,
        None => Ok(Choice::Nothing),
    }
}

/// Finds the movie or show with an id that both kinds may have, in one request.
///
/// # Errors
/// The request failed.
pub async fn fetch_of_any_kind(client: &Client, ids: &MediaIds) -> Result<Option<(Kind, Work)>, Fault> {
    let (space, id) = match (ids.text("imdb").filter(|id| is_imdb(id)), ids.number("tmdb")) {
        (Some(imdb), _) => ("imdb", imdb.to_owned()),
        (None, Some(tmdb)) => ("tmdb", tmdb.to_string()),
        (None, None) => return Ok(None),
    };
    let mut works = by_id(client, space, &id, None).await?;
    works.retain(|(_, work)| may_be(ids, work));
    // A number that a movie and a show have does not tell which of them is meant.
    let is_sure = works.iter().all(|(kind, _)| *kind == works[0].0);
    Ok(works.into_iter().next().filter(|_| is_sure))
}

/// Returns the titles with an id.
async fn by_id(client: &Client, space: &str, id: &str, kind: Option<Kind>) -> Result<Vec<(Kind, Work)>, Fault> {
    let types = kind.map_or("movie,show", Kind::word);
    let rows: Vec<Row> = client.get(&format!("search/{space}/{id}"), &[("type", types.to_owned()), full()]).await?;
    let work = |row: Row| match (row.movie, row.show) {
        (Some(movie), _) => Some((Kind::Movie, Rc::unwrap_or_clone(movie))),
        // The show of an episode is not what was asked for.
        (None, Some(show)) if row.episode.is_none() => Some((Kind::Show, Rc::unwrap_or_clone(show))),
        _ => None,
    };
    let works = rows.into_iter().filter_map(work);
    Ok(works.filter(|(found, _)| kind.is_none_or(|kind| kind == *found)).collect())
}

/// Searches by name.
///
/// Hits are chosen here: whether Trakt minds a year in the query is not documented.
async fn by_name(client: &Client, kind: Kind, ids: &MediaIds, name: &SearchName) -> Result<Choice, Fault> {
    let mut choice = Choice::Nothing;
    for text in &name.queries {
        let query = [("query", matching::escaped(text)), ("limit", MAX_HITS.to_owned()), full()];
        let rows: Vec<Row> = client.get(&format!("search/{}", kind.word()), &query).await?;
        let works = rows.into_iter().filter_map(|row| if kind == Kind::Movie { row.movie } else { row.show });
        let works: Vec<Work> = works.map(Rc::unwrap_or_clone).filter(|work| may_be(ids, work)).collect();
        match name.choose(&works) {
            Choice::Nothing => {}
            one @ Choice::One(_) => return Ok(one),
            ambiguous @ Choice::Ambiguous(_) => choice = ambiguous,
        }
    }
    Ok(choice)
}

/// Returns the title whose name is that of the medium, or the first one: several may share an id.
fn most_alike(works: Vec<Work>, media: &Media) -> Option<Work> {
    if works.len() > 1
        && let Some(name) = &media.name
        && let Choice::One(work) = SearchName::new(name, media.year).choose(&works)
    {
        return Some(*work);
    }
    works.into_iter().next()
}

/// Tells whether no sure id of a title contradicts these ids.
fn may_be(ids: &MediaIds, work: &Work) -> bool {
    ids.same(&MediaIds::from(&work.ids)) != Some(false)
}

fn full() -> (&'static str, String) {
    ("extended", "full".to_owned())
}

/// Tells whether a slug can stand in a path, where digits alone would be a number of Trakt's.
fn is_slug(slug: &str) -> bool {
    slug.bytes().any(|byte| !byte.is_ascii_digit())
        && slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_imdb(id: &str) -> bool {
    id.strip_prefix("tt").is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
