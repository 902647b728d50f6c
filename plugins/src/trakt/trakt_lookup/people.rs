//! The cast of movies and shows.

use flexget_core::prelude::*;
use jiff::civil::Date;

use super::works::by_title;
use crate::titles::media::Media;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::lenient;
use crate::trakt::api::model::Ids;
use crate::trakt::titles::stored::{PEOPLE, cached};

/// The people of a movie or show; only the cast is read.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct People {
    #[serde(deserialize_with = "lenient::null_is_default")]
    cast: Vec<Role>,
}

/// A role and its actor.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct Role {
    #[serde(deserialize_with = "lenient::null_is_default")]
    person: Person,
    #[serde(deserialize_with = "lenient::text")]
    character: Option<String>,
}

/// An actor.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct Person {
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::null_is_default")]
    ids: Ids,
    #[serde(deserialize_with = "lenient::parsed")]
    birthday: Option<Date>,
    #[serde(deserialize_with = "lenient::parsed")]
    death: Option<Date>,
    #[serde(deserialize_with = "lenient::text")]
    biography: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    homepage: Option<String>,
}

/// Looks up `trakt_actors` for the movies and shows that media are or belong to.
pub(super) async fn actors(client: &Client, media: &[Media]) -> Vec<FetchedFields> {
    let request = async |group: &'static str, id: i64| -> Result<People, Fault> {
        cached(client, PEOPLE, &format!("{group}/{id}/people"), &[("extended", "full".to_owned())]).await
    };
    by_title(client, media, request, |people| vec![("trakt_actors".into(), by_number(people))]).await
}

/// Returns the actors by Trakt's numbers, with the keys that FlexGet has.
fn by_number(people: &People) -> Value {
    let day = |day: Option<Date>| Value::from(day.map(|day| day.strftime("%Y/%m/%d").to_string()));
    let actor = |role: &Role| {
        let person = &role.person;
        let fields: [(&str, Value); 10] = [
            ("trakt_id", person.ids.trakt.into()),
            ("name", person.name.clone().into()),
            ("imdb_id", person.ids.imdb.clone().into()),
            ("trakt_slug", person.ids.slug.clone().into()),
            ("tmdb_id", person.ids.tmdb.into()),
            ("birthday", day(person.birthday)),
            ("biography", person.biography.clone().into()),
            ("homepage", person.homepage.clone().into()),
            ("death", day(person.death)),
            ("character", role.character.clone().into()),
        ];
        Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    };
    let actors = people.cast.iter().filter_map(|role| Some((role.person.ids.trakt?.to_string().into(), actor(role))));
    Value::Map(actors.collect())
}
