//! Movies and shows by whatever identifies them: an id, or a name and a year.
//!
//! Titles that a list has given in this run are not asked for again. Responses are stored under
//! every id of the title, for as long as they are likely to stay true; so is that a title is
//! unknown. Expired ones are used only when Trakt is unavailable.

pub mod keys;
pub mod request;
pub mod stored;

use std::cell::{Ref, RefCell};

use flexget_core::prelude::*;

use self::keys::{keys_of, wanted_keys};
use self::stored::{FreshTitle, StoredTitles, Title};
use crate::titles::media::ids::MediaIds;
use crate::titles::media::{Kind, Media};
use crate::trakt::api::client::Client;
use crate::trakt::api::model::{Row, Work};
use crate::trakt::batch::each;
use crate::trakt::matching::Choice;

/// A title, or the reason why it is not known.
pub type FoundTitle = Result<Rc<Work>, String>;

/// The titles that lists and lookups of this run have given.
#[derive(Default)]
struct RunTitles {
    by_key: RefCell<HashMap<String, Title>>,
    /// Titles of lists that nobody has looked for yet.
    of_lists: RefCell<Vec<(Kind, Rc<Work>)>>,
}

impl RunTitles {
    fn of(cx: &Context) -> Rc<Self> {
        cx.run_cache.of("trakt titles")
    }

    /// Adds a title under its ids.
    ///
    /// A title that is there already stays, if an id is shared.
    fn add(&self, kind: Kind, work: &Rc<Work>) {
        let mut titles = self.by_key.borrow_mut();
        for key in keys_of(kind, &MediaIds::from(&work.ids)) {
            titles.entry(key).or_insert_with(|| Title::Found(Rc::clone(work)));
        }
    }

    /// Returns the titles by their keys, those of the lists among them.
    fn by_key(&self) -> Ref<'_, HashMap<String, Title>> {
        for (kind, work) in self.of_lists.take() {
            self.add(kind, &work);
        }
        self.by_key.borrow()
    }
}

/// Remembers the movies and shows of a list in this run, so that lookups need not ask for them.
pub fn remember_titles(cx: &Context, rows: &[Row]) {
    let works = rows.iter().flat_map(|row| [(Kind::Movie, &row.movie), (Kind::Show, &row.show)]);
    let works = works.filter_map(|(kind, work)| Some((kind, Rc::clone(work.as_ref()?))));
    // The show of an episode may come without its details.
    RunTitles::of(cx).of_lists.borrow_mut().extend(works.filter(|(_, work)| work.has_details));
}

/// Looks up the titles that these media are or belong to, in order; each is asked for once.
pub async fn find(client: &Client, media: &[Media]) -> Vec<FoundTitle> {
    let cx = client.cx();
    let run = RunTitles::of(cx);
    let wanted: Vec<Vec<String>> = media.iter().map(wanted_keys).collect();
    let mut found: HashMap<&str, FoundTitle> = HashMap::new();
    for (keys, media) in wanted.iter().zip(media) {
        if let (Some(first), Some(title)) = (keys.first(), among(keys, media, &run.by_key())) {
            found.insert(first, resolved(title, media));
        }
    }
    let mut expired = recall(cx, media, &wanted, &mut found);
    let mut asked: HashSet<&str> = HashSet::new();
    let open: Vec<(&str, &Media)> = wanted
        .iter()
        .zip(media)
        .filter_map(|(keys, media)| Some((keys.first()?.as_str(), media)))
        .filter(|(first, _)| !found.contains_key(first) && asked.insert(first))
        .collect();
    let responses =
        each(client, "titles", &open, async |(_, media): &(&str, &Media)| request::fetch(client, media).await).await;
    let mut fresh: Vec<FreshTitle<'_>> = Vec::new();
    let mut outdated = 0_usize;
    for ((key, media), response) in open.into_iter().zip(responses) {
        let title = match response {
            Ok(choice) => {
                let title = match choice {
                    Choice::One(work) => Title::Found(Rc::from(work)),
                    Choice::Ambiguous(candidates) => Title::Unknown(candidates),
                    Choice::Nothing => Title::Unknown(Vec::new()),
                };
                if let Title::Found(work) = &title {
                    run.add(media.kind.work(), work);
                }
                run.by_key.borrow_mut().insert(key.to_owned(), title.clone());
                fresh.push(FreshTitle { key, kind: media.kind.work(), title: title.clone() });
                resolved(title, media)
            }
            Err(reason) => {
                expired.remove(key).map(Ok).inspect(|_| outdated = outdated.saturating_add(1)).unwrap_or(Err(reason))
            }
        };
        found.insert(key, title);
    }
    if outdated > 0 {
        let titles = if outdated == 1 { "1 title".to_owned() } else { format!("{outdated} titles") };
        cx.warn(format!("Trakt is unavailable: using details of {titles} from an earlier run"));
    }
    stored::write(cx, &fresh);
    let result = |(keys, media): (&Vec<String>, &Media)| {
        let title = keys.first().and_then(|key| found.get(key.as_str())).cloned();
        title.unwrap_or_else(|| Err(format!("no id and no name of the {}", media.kind.work().word())))
    };
    wanted.iter().zip(media).map(result).collect()
}

/// A movie or show whose kind only Trakt knew.
pub type TitleOfAnyKind = Option<(Kind, Rc<Work>)>;

/// Looks up titles by ids that movies and shows both have, with one request for each.
pub async fn find_of_any_kind(client: &Client, ids: &[MediaIds]) -> Vec<Result<TitleOfAnyKind, String>> {
    let run = RunTitles::of(client.cx());
    let known = client.cx().run_cache.of::<RefCell<HashMap<String, TitleOfAnyKind>>>("trakt titles of any kind");
    let key = |ids: &MediaIds| keys_of(Kind::Movie, ids).join(" ");
    let mut asked = HashSet::new();
    let is_open = |ids: &&MediaIds| !known.borrow().contains_key(&key(ids)) && asked.insert(key(ids));
    let open: Vec<&MediaIds> = ids.iter().filter(is_open).collect();
    let responses =
        each(client, "titles", &open, async |ids: &&MediaIds| request::fetch_of_any_kind(client, ids).await).await;
    let mut failures: HashMap<String, String> = HashMap::new();
    for (ids, response) in open.into_iter().zip(responses) {
        match response {
            Ok(found) => {
                let title = found.map(|(kind, work)| (kind, Rc::new(work)));
                if let Some((kind, work)) = &title {
                    run.add(*kind, work);
                }
                known.borrow_mut().insert(key(ids), title);
            }
            Err(reason) => {
                failures.insert(key(ids), reason);
            }
        }
    }
    let known = known.borrow();
    let result = |ids: &MediaIds| {
        let title = known.get(&key(ids)).cloned();
        title.ok_or_else(|| failures.get(&key(ids)).cloned().unwrap_or_else(|| "no response".to_owned()))
    };
    ids.iter().map(result).collect()
}

/// Returns the title known by any of these keys, the surest first.
///
/// That a title is unknown counts only for the surest key.
fn among(keys: &[String], media: &Media, known: &HashMap<String, Title>) -> Option<Title> {
    keys.iter().enumerate().find_map(|(at, key)| match known.get(key)? {
        Title::Found(work) => {
            let is_other = media.ids.same(&MediaIds::from(&work.ids)) == Some(false);
            (!is_other).then(|| Title::Found(Rc::clone(work)))
        }
        unknown => (at == 0).then(|| unknown.clone()),
    })
}

/// Finds titles in the store, and returns the expired ones.
fn recall<'a>(
    cx: &Context,
    media: &[Media],
    wanted: &'a [Vec<String>],
    found: &mut HashMap<&'a str, FoundTitle>,
) -> HashMap<&'a str, Rc<Work>> {
    let mut expired = HashMap::new();
    // The surest key nearly always finds a title; the others are read only for the rest.
    for count in [1, usize::MAX] {
        let open: Vec<usize> = (0..wanted.len())
            .filter(|at| wanted[*at].first().is_some_and(|first| !found.contains_key(first.as_str())))
            .collect();
        let keys: Vec<&String> = open.iter().flat_map(|at| wanted[*at].iter().take(count)).collect();
        if keys.is_empty() {
            break;
        }
        let StoredTitles { valid, expired: old } = stored::read(cx, &keys);
        for at in open {
            let (keys, first) = (&wanted[at], wanted[at][0].as_str());
            if let Some(title) = among(keys, &media[at], &valid) {
                found.insert(first, resolved(title, &media[at]));
            } else if let Some(Title::Found(work)) = among(keys, &media[at], &old) {
                expired.insert(first, work);
            }
        }
    }
    expired
}

/// Returns the title, or why it is unknown.
fn resolved(title: Title, media: &Media) -> FoundTitle {
    match title {
        Title::Found(work) => Ok(work),
        Title::Unknown(candidates) => {
            let (word, name) = (media.kind.work().word(), media.name.clone().unwrap_or_default());
            Err(if candidates.is_empty() {
                format!("Trakt has no {word} that is surely `{name}`")
            } else {
                format!("`{name}` is ambiguous: {}", candidates.join(", "))
            })
        }
    }
}
