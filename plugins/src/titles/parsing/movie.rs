//! Movies in titles.

use super::quality::{self, Mention, Quality};
use super::words::{self, Word};

/// A movie as a title tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movie {
    /// The name as it is written, with spaces. Never empty unless the title is.
    pub name: String,
    /// The year of its release.
    pub year: Option<i64>,
    /// The quality.
    pub quality: Quality,
    /// How often it says that it is a better release of the same (`PROPER`, `REPACK`).
    pub propers: i64,
    /// Who released it.
    pub group: Option<String>,
}

/// The years that a number without brackets around it can be. Later ones are names: `Blade Runner 2049`.
const YEARS: std::ops::RangeInclusive<i64> = 1900..=2035;

/// Words for an edition, which are no part of the name if they stand directly before the year or the quality.
const EDITIONS: &[&str] =
    &["3d", "extended", "imax", "limited", "multisubs", "remastered", "theatrical", "uncut", "unrated"];

/// The same for what stands before the quality only: before a year it is more likely a part of the name.
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

/// Languages, which end a name if they are in capitals and it is not, and if no year does.
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

/// Reads a title as that of a movie: the name is what stands before the year or, without one, before the first word that
/// speaks of the quality or the edition.
pub fn movie(title: &str) -> Movie {
    let words = words::split(title);
    let mentions = quality::mentions(&words);
    let first = words::prefix(title, &words, &mentions);
    let end = sure_end(&words, &mentions, first);
    let year = year(&words, first, end);
    let cut = match year {
        // `Name (Year)` is a name and a year whatever the words.
        Some((at, _)) if at + 1 == words.len() && words[at].is_bracketed() => at,
        Some((at, _)) => before_edition(&words, first, end.min(at), true),
        None => before_edition(&words, first, end.min(likely_end(&words, &mentions, first)), false),
    };
    let text = match (words.get(first), words.get(cut)) {
        (Some(from), Some(to)) => &title[from.start..to.start],
        (Some(from), None) => &title[from.start..],
        _ => title,
    };
    // With a year, what may be a part of the name is one.
    let told = mentions.iter().filter(|mention| {
        let at = mention.words().start;
        at != first && !(mention.weak && year.is_some() && at < cut)
    });
    Movie {
        name: name(title, text),
        year: year.map(|(_, year)| year),
        quality: Quality::of(told),
        propers: words::propers(&words, first + 1),
        group: words::group(title, &words, &mentions, cut),
    }
}

/// The first word that is surely no part of the name, unless it is a year.
fn sure_end(words: &[Word<'_>], mentions: &[Mention], first: usize) -> usize {
    let quality = mentions.iter().filter(|mention| !mention.weak).map(|mention| mention.words().start);
    let ends = words.iter().enumerate().filter(|(_, word)| {
        let in_brackets = word.gap.contains('[') && !(word.is_bracketed() && word.number().is_some());
        let edition_in_brackets = word.is_bracketed() && EDITIONS.contains(&&*word.lower);
        in_brackets || edition_in_brackets || words::is_proper(word)
    });
    quality.chain(ends.map(|(at, _)| at)).filter(|at| *at > first).min().unwrap_or(words.len())
}

/// The first word that is likely no part of the name of a movie without a year.
fn likely_end(words: &[Word<'_>], mentions: &[Mention], first: usize) -> usize {
    let in_capitals = words.iter().all(|word| !word.text.chars().any(char::is_lowercase));
    let quality = mentions.iter().filter(|mention| mention.weak).map(|mention| mention.words().start);
    let languages = words.iter().enumerate().filter(|(_, word)| !in_capitals && LANGUAGES.contains(&word.text));
    quality.chain(languages.map(|(at, _)| at)).filter(|at| *at > first).min().unwrap_or(words.len())
}

/// The position before the words for an edition that stand before `end`, if anything stands there: `Extended Cut`.
fn before_edition(words: &[Word<'_>], first: usize, end: usize, has_year: bool) -> usize {
    let is_edition = |at: usize| {
        let word = &*words[at].lower;
        EDITIONS.contains(&word) || !has_year && EXTRAS.contains(&word)
    };
    let mut at = end;
    // At the end of the title nothing says that it is not the name.
    while at > first + 1 && end < words.len() {
        let is_cut = matches!(&*words[at - 1].lower, "cut" | "edition" | "version");
        at -= match is_cut {
            true if at > first + 2 && is_edition(at - 2) => 2,
            false if is_edition(at - 1) => 1,
            _ => break,
        };
    }
    at
}

/// The year and the position of its word: the last one in brackets, the last one before `end`, or the first one behind.
fn year(words: &[Word<'_>], first: usize, end: usize) -> Option<(usize, i64)> {
    let mut years: Vec<(usize, i64, bool)> = Vec::new();
    for (at, word) in words.iter().enumerate().skip(first + 1) {
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

/// The name in `text`, a part of the title. A title that has dashes alone has them for spaces.
fn name(title: &str, text: &str) -> String {
    let dashes = title.matches('-').count() > 1 && !title.contains([' ', '.', '_']);
    let name = words::tidy(&if dashes { text.replace('-', " ") } else { text.to_owned() });
    if name.is_empty() { words::tidy(title) } else { name }
}
