//! Names of movies and shows, and the years that stand beside them.

use crate::titles::parsing::movie::movie;

/// Reads the name and year of a movie from a title.
///
/// The title may be that of a release: `Solaris.1972.1080p.BluRay`.
pub(super) fn movie_of_title(title: &str) -> (String, Option<i64>) {
    let (name, year) = split_year(title);
    // A title that is a name already keeps its punctuation.
    if year.is_some() {
        return (name, year);
    }
    let release = movie(title);
    if release.year.is_some() || !release.quality.is_unknown() { (release.name, release.year) } else { (name, year) }
}

/// Removes a year without brackets from the end of a name.
pub(super) fn without_year(name: String, year: Option<i64>) -> String {
    let rest = year.and_then(|year| Some(name.strip_suffix(&format!(" {year}"))?.to_owned()));
    rest.unwrap_or(name)
}

/// Splits a name and the year in brackets at its end: `Solaris (1972)`.
pub fn split_year(title: &str) -> (String, Option<i64>) {
    let title = title.trim();
    let split = title.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')).and_then(|(name, year)| {
        let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        let year = year.parse::<i64>().ok().filter(|_| is_year)?;
        (!name.trim().is_empty()).then(|| (name.trim().to_owned(), Some(year)))
    });
    split.unwrap_or_else(|| (title.to_owned(), None))
}
