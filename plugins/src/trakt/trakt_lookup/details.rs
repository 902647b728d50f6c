//! The people and the translations of movies and shows, which have addresses of their own.

use flexget_core::prelude::*;

use super::works_with_ids;
use crate::titles::media::{Ids, Kind, Media};
use crate::trakt::account_state::each;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::null_is_default;
use crate::trakt::translation::Translation;
use crate::trakt::{titles, translation};

/// A work with the group of addresses that it is in, once for all media that are or belong to it.
async fn by_work<T>(
    client: &Client,
    media: &[Media],
    ask: impl AsyncFn(&'static str, i64) -> Result<T, Fault>,
    fields: impl Fn(&T) -> Vec<(Name, Value)>,
) -> Vec<Answer> {
    let works = works_with_ids(client, media).await;
    let address = |at: usize| {
        let group = if media[at].kind == Kind::Movie { "movies" } else { "shows" };
        works[at].as_ref().ok().and_then(|work| Some((group, work.ids.trakt?)))
    };
    let wanted: BTreeSet<(&'static str, i64)> = (0..media.len()).filter_map(address).collect();
    let wanted: Vec<(&'static str, i64)> = wanted.into_iter().collect();
    let answers =
        each(client, "titles", &wanted, async |(group, id): &(&'static str, i64)| ask(group, *id).await).await;
    let told: BTreeMap<_, _> = wanted.into_iter().zip(answers).collect();
    (0..media.len())
        .map(|at| match address(at).and_then(|address| told.get(&address)) {
            Some(Ok(answer)) => Ok(fields(answer)),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(works[at].as_ref().err().cloned().unwrap_or_else(|| "Trakt gave no number for it".to_owned())),
        })
        .collect()
}

/// The people of a movie or show, as far as they matter here.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct People {
    #[serde(deserialize_with = "null_is_default")]
    cast: Vec<Role>,
}

/// Somebody who plays.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct Role {
    person: Person,
    character: Option<String>,
}

/// A person.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct Person {
    name: Option<String>,
    ids: Ids,
}

/// The actors of these media, or of what they belong to.
pub(super) async fn actors(client: &Client, media: &[Media]) -> Vec<Answer> {
    let ask = async |group: &'static str, id: i64| -> Result<People, Fault> {
        titles::cached(client, "people", &format!("{group}/{id}/people")).await
    };
    by_work(client, media, ask, |people| vec![("trakt_actors".into(), actors_field(people))]).await
}

/// The actors by Trakt's numbers, as FlexGet has them.
fn actors_field(people: &People) -> Value {
    let actor = |part: &Role| {
        let person = &part.person;
        let fields: [(&str, Value); 6] = [
            ("trakt_id", person.ids.trakt.into()),
            ("name", person.name.clone().into()),
            ("imdb_id", person.ids.imdb.clone().into()),
            ("trakt_slug", person.ids.slug.clone().into()),
            ("tmdb_id", person.ids.tmdb.into()),
            ("character", part.character.clone().into()),
        ];
        Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    };
    let by_number =
        people.cast.iter().filter_map(|part| Some((part.person.ids.trakt?.to_string().into(), actor(part))));
    Value::Map(by_number.collect())
}

/// The translations of these media, or of what they belong to.
pub(super) async fn translations(client: &Client, media: &[Media]) -> Vec<Answer> {
    let ask = async |group: &'static str, id: i64| translation::all(client, group, id).await;
    by_work(client, media, ask, |all| vec![("trakt_translations".into(), translations_field(all))]).await
}

/// The translations by language; of several into one language, that of its own country.
fn translations_field(all: &[Translation]) -> Value {
    let languages: BTreeSet<&str> = all.iter().filter_map(|one| one.language.as_deref()).collect();
    let entry = |language: &str| {
        let best = translation::best(all, language);
        let text = |text: Option<&String>| Value::from(text.cloned());
        let fields: [(&str, Value); 2] = [
            ("title", text(best.and_then(|one| one.title.as_ref()))),
            ("overview", text(best.and_then(|one| one.overview.as_ref()))),
        ];
        Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    };
    Value::Map(languages.into_iter().map(|language| (language.into(), entry(language))).collect())
}
