//! Translated titles.
//!
//! Trakt gives all translations of a title in one response.

use flexget_core::prelude::*;

use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::lenient;
use crate::trakt::api::model::{Row, Work};
use crate::trakt::batch::each;
use crate::trakt::titles::stored::{TRANSLATIONS, cached};

/// The texts of a title in a language.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Translation {
    /// Title; not every translation has one.
    #[serde(deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// Summary of the plot.
    #[serde(deserialize_with = "lenient::text")]
    pub overview: Option<String>,
    /// Advertising line of a movie.
    #[serde(deserialize_with = "lenient::text")]
    pub tagline: Option<String>,
    /// Two-letter code of the language.
    #[serde(deserialize_with = "lenient::text")]
    pub language: Option<String>,
    /// Two-letter code of the country.
    #[serde(deserialize_with = "lenient::text")]
    pub country: Option<String>,
}

/// Sets the translated titles of the movies and shows of rows, where Trakt has them.
///
/// Only titles that have a translation into `language`, as far as the rows tell, are asked for.
///
/// # Errors
/// A request failed.
pub async fn translate(client: &Client, rows: &mut [Row], language: &str) -> Result<()> {
    let mut works: Vec<(&'static str, &mut Work)> = rows
        .iter_mut()
        .flat_map(|row| {
            [
                row.movie.as_mut().map(|work| ("movies", Rc::make_mut(work))),
                row.show.as_mut().map(|work| ("shows", Rc::make_mut(work))),
            ]
        })
        .flatten()
        .filter(|(_, work)| may_be_translated(work, language))
        .collect();
    // The episodes of a show share its translations.
    let wanted: BTreeSet<(&'static str, i64)> =
        works.iter().filter_map(|(group, work)| Some((*group, work.ids.trakt?))).collect();
    let wanted: Vec<(&'static str, i64)> = wanted.into_iter().collect();
    let responses =
        each(client, "translations", &wanted, async |(group, id): &(&str, i64)| all(client, group, *id).await).await;
    let mut titles: BTreeMap<(&'static str, i64), Option<String>> = BTreeMap::new();
    for (work, response) in wanted.into_iter().zip(responses) {
        titles.insert(work, best(&response.map_err(Error::new)?, language, |one| one.title.as_ref()).cloned());
    }
    for (group, work) in &mut works {
        work.translated_title = work.ids.trakt.and_then(|id| titles.get(&(*group, id)).cloned().flatten());
    }
    Ok(())
}

/// Tells whether a title may have a translation.
///
/// A row that does not list its translations may have any.
fn may_be_translated(work: &Work, language: &str) -> bool {
    let details = work.details();
    let is_original = details.language.as_deref() == Some(language);
    let has = details.available_translations.as_ref().is_none_or(|all| all.iter().any(|one| one == language));
    has && !is_original && work.ids.trakt.is_some()
}

/// Returns the text in a language, that of the language's own country first.
///
/// So Portuguese is that of Portugal before that of Brazil.
pub fn best<'a>(
    translations: &'a [Translation],
    language: &str,
    text: impl Fn(&'a Translation) -> Option<&'a String>,
) -> Option<&'a String> {
    let of_language = translations.iter().filter(|one| one.language.as_deref() == Some(language));
    let texts = of_language.filter_map(|one| Some((one, text(one).filter(|text| !text.is_empty())?)));
    texts.min_by_key(|(one, _)| one.country.as_deref() != Some(language)).map(|(_, text)| text)
}

/// Returns all translations of a movie or show; `group` is `movies` or `shows`.
///
/// # Errors
/// The request failed.
pub async fn all(client: &Client, group: &str, id: i64) -> Result<Vec<Translation>, Fault> {
    cached(client, TRANSLATIONS, &format!("{group}/{id}/translations"), &[]).await
}
