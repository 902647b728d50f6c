//! Movies in titles.

use super::quality::Quality;
use super::quality::mentions::{Mention, mentions};
use super::words::{self, Word};
use super::{names, release};

/// A movie, as read from a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movie {
    /// Name as written, with spaces.
    ///
    /// Never empty unless the title is.
    pub name: String,
    /// Year of the release.
    pub year: Option<i64>,
    /// Quality of the release.
    pub quality: Quality,
    /// Count of the marks of a better release: `PROPER`, `REPACK`.
    pub propers: i64,
    /// Release group.
    pub group: Option<String>,
}

/// Years that a number without brackets can be.
///
/// Later ones are part of a name: `Blade Runner 2049`.
const YEARS: std::ops::RangeInclusive<i64> = 1900..=2035;

/// Words for an edition, which do not belong to the name directly before the year or the quality.
const EDITIONS: &[&str] =
    &["3d", "extended", "imax", "limited", "multisubs", "remastered", "theatrical", "uncut", "unrated"];

/// Words for an edition before the quality; before a year they are more likely part of the name.
const EXTRAS: &[&str] = &[
    "bonus",
    "chrono",
    "dc",
    "directors",
    "director's",
    "dubbed",
    "extra",
    "multi",
    "omake",
    "ova",
    "se",
    "special",
    "subbed",
];

/// Languages, which end a name without a year if they are in capitals and the name is not.
const LANGUAGES: &[&str] = &[
    "DANISH",
    "DUTCH",
    "ENGLISH",
    "FINNISH",
    "FRENCH",
    "GERMAN",
    "HINDI",
    "ITALIAN",
    "JAPANESE",
    "KOREAN",
    "NORDIC",
    "NORWEGIAN",
    "POLISH",
    "RUSSIAN",
    "SPANISH",
    "SWEDISH",
    "TRUEFRENCH",
    "VOSTFR",
];

/// Reads a title as that of a movie.
///
/// The name ends before the year or, without one, before the first word of the quality or edition.
pub fn movie(title: &str) -> Movie {
    let words = words::split(title);
    let mentions = mentions(&words);
    let first = release::prefix(title, &words, &mentions);
    let end = sure_end(&words, &mentions, first);
    let year = year(&words, first, end);
    let cut = match year {
        // `Name (Year)` is a name and a year whatever the words.
        Some((at, _)) if words[at..].len() == 1 && words[at].is_bracketed() => at,
        Some((at, _)) => before_edition(&words, first, end.min(at), true),
        None => before_edition(&words, first, end.min(likely_end(&words, &mentions, first)), false),
    };
    let text = match (words.get(first), words.get(cut)) {
        (Some(from), Some(to)) => &title[from.start..to.start],
        (Some(from), None) => &title[from.start..],
        _ => title,
    };
    // With a year, a word that may belong to the name does.
    let named = mentions.iter().filter(|mention| {
        let at = mention.words().start;
        at != first && !(mention.weak && year.is_some() && at < cut)
    });
    Movie {
        name: name(title, text),
        year: year.map(|(_, year)| year),
        quality: Quality::of(named),
        propers: release::propers(&words, first.saturating_add(1)),
        group: release::group(title, &words, &mentions, cut),
    }
}

/// Returns the first word that cannot belong to the name, unless it is a year.
fn sure_end(words: &[Word<'_>], mentions: &[Mention], first: usize) -> usize {
    let quality = mentions.iter().filter(|mention| !mention.weak).map(|mention| mention.words().start);
    let ends = words.iter().enumerate().filter(|(_, word)| {
        let in_brackets = word.gap.contains('[') && !(word.is_bracketed() && word.number().is_some());
        let edition_in_brackets = word.is_bracketed() && EDITIONS.contains(&&*word.lower);
        in_brackets || edition_in_brackets || release::is_proper(word)
    });
    quality.chain(ends.map(|(at, _)| at)).filter(|at| *at > first).min().unwrap_or(words.len())
}

/// Returns the first word that likely does not belong to the name of a movie without a year.
fn likely_end(words: &[Word<'_>], mentions: &[Mention], first: usize) -> usize {
    let in_capitals = words.iter().all(|word| !word.text.chars().any(char::is_lowercase));
    let quality = mentions.iter().filter(|mention| mention.weak).map(|mention| mention.words().start);
    let languages = words.iter().enumerate().filter(|(_, word)| !in_capitals && LANGUAGES.contains(&word.text));
    quality.chain(languages.map(|(at, _)| at)).filter(|at| *at > first).min().unwrap_or(words.len())
}

/// Returns the position before the words for an edition at `end`, such as `Extended Cut`.
fn before_edition(words: &[Word<'_>], first: usize, end: usize, has_year: bool) -> usize {
    let is_edition = |at: usize| {
        let word = &*words[at].lower;
        EDITIONS.contains(&word) || !has_year && EXTRAS.contains(&word)
    };
    let mut at = end;
    // At the end of the title they may be the name itself.
    while let Some(last) = at.checked_sub(1).filter(|last| *last > first && end < words.len()) {
        let is_cut = matches!(&*words[last].lower, "cut" | "edition" | "version");
        let begin = if is_cut { last.saturating_sub(1) } else { last };
        if begin <= first || !is_edition(begin) {
            break;
        }
        at = begin;
    }
    at
}

/// Finds the year: the last one in brackets, the last one before `end`, or the first one after it.
fn year(words: &[Word<'_>], first: usize, end: usize) -> Option<(usize, i64)> {
    let mut years: Vec<(usize, i64, bool)> = Vec::new();
    for (at, word) in words.iter().enumerate().skip(first).skip(1) {
        let Some(number) = word.number().filter(|number| word.text.len() == 4 && (1900..2100).contains(number)) else {
            continue;
        };
        let compound = word.gap.ends_with('/') || word.next == Some('/');
        if word.is_bracketed() || YEARS.contains(&number) && !compound {
            years.push((at, number, word.is_bracketed()));
        }
    }
    let bracketed = years.iter().rfind(|(.., bracketed)| *bracketed);
    let before = || years.iter().rfind(|(at, ..)| *at <= end);
    bracketed.or_else(before).or_else(|| years.first()).map(|(at, year, _)| (*at, *year))
}

/// Reads the name in `text`, a part of the title.
///
/// In a title without spaces, dashes stand for them.
fn name(title: &str, text: &str) -> String {
    let dashes = title.matches('-').count() > 1 && !title.contains([' ', '.', '_']);
    let name = names::tidy(&if dashes { text.replace('-', " ") } else { text.to_owned() });
    if name.is_empty() { names::tidy(title) } else { name }
}
