//! Episodes, seasons and specials of series in titles.

pub mod episode_id;
mod numbering;

use jiff::civil::Date;

use self::episode_id::EpisodeId;
use self::numbering::{NumberingSearch, find};
use super::quality::Quality;
use super::quality::mentions::{Mention, mentions};
use super::words::{self, Word};
use super::{names, release};

/// An episode, a season or a special, as read from a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Name of the show as written, with spaces.
    ///
    /// A year after it belongs to it, as in FlexGet.
    pub name: String,
    /// Year of the show, if it follows the name in brackets.
    pub year: Option<i64>,
    /// Identifier of the episode.
    pub id: EpisodeId,
    /// Quality of the release.
    pub quality: Quality,
    /// Count of the marks of a better release: `PROPER`, `REPACK`, `v2`.
    pub propers: i64,
    /// Release group.
    pub group: Option<String>,
}

/// Reads a title as that of an episode, a season or a special; `None` if it does not identify one.
///
/// An episode number alone (`Part 2`, `Episode IV`) does not, because movies have them too; several
/// seasons or discs do not either. Dates after `today` are not taken for dates of episodes.
pub fn series(title: &str, today: Date) -> Option<Series> {
    let words = words::split(title);
    let mentions = mentions(&words);
    let first = release::prefix(title, &words, &mentions);
    let NumberingSearch::Found(numbering) = find(&words, &mentions, first, today) else { return None };
    let start = words.get(first)?.start;
    let end = name_end(&words, &mentions, first, numbering.start)?;
    let (name, year) = name(&title[start..words[end].start], words[numbering.start].gap);
    let named = mentions.iter().filter(|mention| {
        let at = mention.words().start;
        at < first || at >= numbering.end || (end..numbering.start).contains(&at)
    });
    Some(Series {
        name,
        year,
        id: numbering.id,
        quality: Quality::of(named),
        propers: release::propers(&words, end).saturating_add(numbering.version),
        group: release::group(title, &words, &mentions, numbering.end),
    })
    .filter(|series| !series.name.is_empty())
}

/// Tells whether a title is of a series, even if it holds too many episodes for [`series`].
pub fn is_of_series(title: &str, today: Date) -> bool {
    let words = words::split(title);
    let mentions = mentions(&words);
    let first = release::prefix(title, &words, &mentions);
    !matches!(find(&words, &mentions, first, today), NumberingSearch::Nothing)
}

/// Returns the end of the name, or `None` if nothing is left of it.
///
/// The name ends at the identifier, or at the quality directly before it.
fn name_end(words: &[Word<'_>], mentions: &[Mention], first: usize, id: usize) -> Option<usize> {
    let mut end = id;
    while end > first {
        let quality = mentions.iter().find(|mention| mention.words().end == end && !mention.weak);
        match quality {
            Some(mention) => end = mention.words().start,
            None => match words[..end].split_last() {
                Some((last, before)) if release::is_proper(last) => end = before.len(),
                _ => break,
            },
        }
    }
    (end > first).then_some(end)
}

/// Reads the name of a show, and the year in brackets at its end.
fn name(text: &str, gap: &str) -> (String, Option<i64>) {
    // `Show - Title S01E02` has the title of the episode before the number,
    // `A Show - With a Dash - S01E02` has not.
    let is_dashed = gap.trim() == "-" && gap.len() > 1;
    let text = if is_dashed { text } else { text.split(" - ").next().unwrap_or(text) };
    let open = text.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')' && c != ']');
    let year = open
        .strip_suffix([')', ']'])
        .and_then(|rest| rest.rsplit_once(['(', '[']))
        .and_then(|(_, year)| words::number(year).filter(|number| (1900..2100).contains(number)));
    (names::tidy(&text.replace(':', " ")), year)
}
