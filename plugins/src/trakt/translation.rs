//! Titles in other languages. Trakt gives all translations of a title at once.

use flexget_core::prelude::*;

use crate::trakt::account_state::each;
use crate::trakt::api::client::Client;
use crate::trakt::api::errors::Fault;
use crate::trakt::api::model::{Row, Work};
use crate::trakt::titles;

/// A title in a language.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Translation {
    /// The title; not every translation has one.
    pub title: Option<String>,
    /// What the title is about.
    pub overview: Option<String>,
    /// The two letters of the language.
    pub language: Option<String>,
    /// The two letters of the country.
    pub country: Option<String>,
}

/// Gives the movies and shows of these rows their titles in `language`, where Trakt has them. Only those are asked for whose
/// translations are said to be there.
///
/// # Errors
/// Trakt could not be asked.
pub async fn translate(client: &Client, rows: &mut [Row], language: &str) -> Result<()> {
    let mut works: Vec<(&'static str, &mut Work)> = rows
        .iter_mut()
        .flat_map(|row| {
            [row.movie.as_mut().map(|work| ("movies", work)), row.show.as_mut().map(|work| ("shows", work))]
        })
        .flatten()
        .filter(|(_, work)| is_translated(work, language))
        .collect();
    // The episodes of a show share its translations.
    let wanted: BTreeSet<(&'static str, i64)> =
        works.iter().filter_map(|(group, work)| Some((*group, work.ids.trakt?))).collect();
    let wanted: Vec<(&'static str, i64)> = wanted.into_iter().collect();
    let answers =
        each(client, "translations", &wanted, async |(group, id): &(&str, i64)| all(client, group, *id).await).await;
    let mut titles: BTreeMap<(&'static str, i64), Option<String>> = BTreeMap::new();
    for (work, answer) in wanted.into_iter().zip(answers) {
        titles.insert(work, best(&answer.map_err(Error::new)?, language).and_then(|one| one.title.clone()));
    }
    for (group, work) in &mut works {
        let title = work.ids.trakt.and_then(|id| titles.get(&(*group, id)).cloned().flatten());
        if title.is_some() {
            work.title = title;
        }
    }
    Ok(())
}

fn is_translated(work: &Work, language: &str) -> bool {
    let is_original = work.language.as_deref() == Some(language);
    // A row that does not say which translations there are may have any.
    let has = work.available_translations.as_ref().is_none_or(|all| all.iter().any(|one| one == language));
    has && !is_original && work.ids.trakt.is_some()
}

/// Of several translations into one language that of its own country is taken (pt of Portugal before pt of Brazil), else the
/// first with a title.
pub fn best<'a>(translations: &'a [Translation], language: &str) -> Option<&'a Translation> {
    let mut of_language: Vec<&Translation> = translations
        .iter()
        .filter(|one| {
            one.language.as_deref() == Some(language) && one.title.as_ref().is_some_and(|title| !title.is_empty())
        })
        .collect();
    of_language.sort_by_key(|one| one.country.as_deref() != Some(language));
    of_language.first().copied()
}

/// All translations of a movie or show (`group` is `movies` or `shows`).
///
/// # Errors
/// Trakt could not be asked.
pub async fn all(client: &Client, group: &str, id: i64) -> Result<Vec<Translation>, Fault> {
    titles::cached(client, "translations", &format!("{group}/{id}/translations")).await
}
