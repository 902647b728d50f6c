//! The translations of movies and shows as a field.

use flexget_core::prelude::*;

use super::works::by_title;
use crate::titles::media::Media;
use crate::trakt::api::client::Client;
use crate::trakt::translation::{self, Translation};

/// Looks up `trakt_translations` for the movies and shows that media are or belong to.
pub(super) async fn translations(client: &Client, media: &[Media]) -> Vec<FetchedFields> {
    let request = async |group: &'static str, id: i64| translation::all(client, group, id).await;
    by_title(client, media, request, |all| vec![("trakt_translations".into(), by_language(all))]).await
}

/// Returns the translations by language, each text from the best one that has it.
fn by_language(all: &[Translation]) -> Value {
    let languages: BTreeSet<&str> = all.iter().filter_map(|one| one.language.as_deref()).collect();
    let texts = |language: &str| {
        let fields: [(&str, Value); 3] = [
            ("title", translation::best(all, language, |one| one.title.as_ref()).cloned().into()),
            ("overview", translation::best(all, language, |one| one.overview.as_ref()).cloned().into()),
            ("tagline", translation::best(all, language, |one| one.tagline.as_ref()).cloned().into()),
        ];
        Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    };
    Value::Map(languages.into_iter().map(|language| (language.into(), texts(language))).collect())
}
