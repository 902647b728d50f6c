//! The words of a title that identify an episode, a season or a special.

use jiff::civil::Date;

use super::episode_id::EpisodeId;
use crate::titles::parsing::date;
use crate::titles::parsing::quality::mentions::Mention;
use crate::titles::parsing::words::{self, Word};

/// The result of looking for an episode in a title.
pub(super) enum NumberingSearch {
    /// The title is not of a series.
    Nothing,
    /// The title is of a series, but of several seasons, many episodes or a disc.
    Unwanted,
    /// The title names an episode, a season or a special.
    Found(Numbering),
}

/// The words of a title that identify the episode.
pub(super) struct Numbering {
    /// Identifier of the episode.
    pub(super) id: EpisodeId,
    /// Position of the first word.
    pub(super) start: usize,
    /// Position after the last word.
    pub(super) end: usize,
    /// Version of the release less one: 1 for `12v2`.
    pub(super) version: i64,
}

impl Numbering {
    fn found(id: EpisodeId, start: usize, end: usize) -> NumberingSearch {
        NumberingSearch::Found(Self { id, start, end, version: 0 })
    }
}

/// Most episodes after the first one that a release holds; more is a pack without an identifier.
const MAX_MORE: i64 = 2;

/// Looks for the words that identify the episode.
pub(super) fn find(words: &[Word<'_>], mentions: &[Mention], first: usize, today: Date) -> NumberingSearch {
    let behind_name = first.saturating_add(1)..words.len();
    let exact = behind_name.clone().find_map(|at| in_one_word(words, at));
    let dated = || {
        let date = |at: usize| {
            let (date, len) = date::date(words, at, today)?;
            Some(Numbering::found(EpisodeId::Date(date), at, at.saturating_add(len)))
        };
        behind_name.clone().find_map(date)
    };
    let spelled = || behind_name.clone().find_map(|at| by_x(words, at).or_else(|| by_season(words, mentions, at)));
    let counted = || behind_name.clone().find_map(|at| by_count(words, mentions, at));
    exact.or_else(dated).or_else(spelled).or_else(counted).unwrap_or(NumberingSearch::Nothing)
}

/// Parses `S01E02`, `S01E02E03`, `S01E02-03`; also discs: `S01D2`.
fn in_one_word(words: &[Word<'_>], at: usize) -> Option<NumberingSearch> {
    let (season, rest) = digits(words[at].lower.strip_prefix('s')?)?;
    if let Some(disc) = rest.strip_prefix('d') {
        return words::number(disc).map(|_| NumberingSearch::Unwanted);
    }
    let (episode, mut rest) = digits(rest.strip_prefix("ep").or_else(|| rest.strip_prefix('e'))?)?;
    let mut last = episode;
    while let Some((next, more)) = rest.strip_prefix('e').and_then(digits) {
        (last, rest) = (next, more);
    }
    rest.is_empty().then(|| episodes(words, season, (episode, last), at, at.saturating_add(1)))
}

/// Splits off the number at the start of a text.
fn digits(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    words::number(&text[..end]).map(|number| (number, &text[end..]))
}

/// Returns the episodes from `first` on: to `last`, or to the one that the next word names.
fn episodes(words: &[Word<'_>], season: i64, (first, last): (i64, i64), start: usize, end: usize) -> NumberingSearch {
    let range = || {
        let word = words.get(end).filter(|word| word.gap == "-")?;
        words::number(word.lower.strip_prefix('e').unwrap_or(&word.lower)).filter(|_| word.lower.len() <= 3)
    };
    let (last, end) = match range() {
        // A number that is not a later episode means something else.
        Some(number) if last == first && (1..=12).contains(&number.saturating_sub(first)) => {
            (number, end.saturating_add(1))
        }
        _ => (last.max(first), end),
    };
    if last.saturating_sub(first) > MAX_MORE {
        return NumberingSearch::Unwanted;
    }
    Numbering::found(EpisodeId::Episode { season, first, last }, start, end)
}

/// Parses `1x02`, `1 x 02`, `1xAll`.
fn by_x(words: &[Word<'_>], at: usize) -> Option<NumberingSearch> {
    let apart = || {
        let [a, x, b, ..] = words.get(at..)? else { return None };
        (x.lower == "x" && x.gap == " " && b.gap == " ").then_some((a.lower.as_str(), b.lower.as_str(), 3))
    };
    let (season, episode, len) = words[at].lower.split_once('x').map(|(a, b)| (a, b, 1)).or_else(apart)?;
    let season = words::number(season).filter(|_| season.len() <= 2)?;
    let end = at.saturating_add(len);
    if episode == "all" {
        return Some(Numbering::found(EpisodeId::Season(season), at, end));
    }
    match words::number(episode).filter(|_| episode.len() <= 3)? {
        0 => Some(NumberingSearch::Unwanted),
        number => Some(episodes(words, season, (number, number), at, end)),
    }
}

/// Parses `S01`, `Season 1`, `Season 1 Episode 2`, `Series 1 2of6`, `S01 ... Part 2`.
fn by_season(words: &[Word<'_>], mentions: &[Mention], at: usize) -> Option<NumberingSearch> {
    let word = words[at].lower.as_str();
    if matches!(word, "seasons" | "disc") && words[at..].get(1).is_some_and(|next| next.number().is_some()) {
        return Some(NumberingSearch::Unwanted);
    }
    let (season, end) = season(words, at)?;
    // `S01-03`, `Season 1 & 2`, or another season later in the title.
    let and = words.get(end).is_some_and(|next| {
        let is_number = words::number(next.lower.trim_start_matches('s')).is_some_and(|number| number > season);
        is_number && (next.gap == "-" || next.gap.contains('&')) && !mentions.iter().any(|it| it.words().start == end)
    });
    if and || (end..words.len()).any(|next| season_marker(words, next).is_some_and(|(other, _)| other != season)) {
        return Some(NumberingSearch::Unwanted);
    }
    if let Some((episode, end)) = of_total(words, end) {
        return Some(episodes(words, season, (episode, episode), at, end));
    }
    let following = (end..words.len()).find_map(|at| episode(words, at, at == end));
    if let Some((number, end)) = following {
        return Some(episodes(words, season, (number, number), at, end));
    }
    // Anime: `Season 2 - 05`.
    let dashed = words.get(end).filter(|word| is_dashed(word) && is_last(words, mentions, end));
    if let Some(number) = dashed.and_then(Word::number).filter(|number| *number < 1000) {
        return Some(episodes(words, season, (number, number), at, end.saturating_add(1)));
    }
    // `Series 2` without an episode belongs to the name.
    if word.starts_with("series") {
        return None;
    }
    if (end..words.len()).any(|at| SPECIALS.contains(&&*words[at].lower)) {
        let is_quality = |at: &usize| mentions.iter().any(|mention| mention.words().contains(at));
        let rest = (end..words.len()).filter(|at| !is_quality(at)).map(|at| words[at].lower.as_str());
        let name = rest.filter(|word| !SPECIALS.contains(word)).collect::<Vec<_>>().join(" ");
        return Some(Numbering::found(EpisodeId::Special(format!("{} {name}", words[at].lower)), at, end));
    }
    Some(Numbering::found(EpisodeId::Season(season), at, end))
}

const SPECIALS: &[&str] = &["bonus", "extra", "omake", "ova", "special"];

/// Reads a season, and the position after it: `S01`, `Season 1`, `Series1`.
fn season(words: &[Word<'_>], at: usize) -> Option<(i64, usize)> {
    let series = || numbered(words, at, &["series"]);
    season_marker(words, at).or_else(series)
}

fn season_marker(words: &[Word<'_>], at: usize) -> Option<(i64, usize)> {
    let short = || words::number(words[at].lower.strip_prefix('s')?).map(|season| (season, at.saturating_add(1)));
    numbered(words, at, &["season"]).or_else(short)
}

/// Reads a number that follows one of these words, and the position after it.
fn numbered(words: &[Word<'_>], at: usize, names: &[&str]) -> Option<(i64, usize)> {
    let word = words[at].lower.as_str();
    names.iter().find_map(|name| match word.strip_prefix(name)? {
        "" => Some((words[at..].get(1).filter(|next| next.is_close())?.number()?, at.saturating_add(2))),
        rest => words::number(rest).map(|number| (number, at.saturating_add(1))),
    })
}

/// Reads an episode that follows a season, and the position after it.
///
/// A bare `e` counts only directly after the season.
fn episode(words: &[Word<'_>], at: usize, directly: bool) -> Option<(i64, usize)> {
    let names: &[&str] = &["episode", "ep", "part", "pt"];
    let short = || directly.then(|| numbered(words, at, &["e"])).flatten();
    let prefixed = || words::number(words[at].lower.strip_prefix('e')?).map(|number| (number, at.saturating_add(1)));
    let roman = || {
        let next = names.contains(&&*words[at].lower).then(|| words[at..].get(1)).flatten()?;
        roman(&next.lower).map(|number| (number, at.saturating_add(2)))
    };
    numbered(words, at, names).or_else(short).or_else(prefixed).or_else(roman)
}

/// Parses `2of6`, `2 of 6`.
fn of_total(words: &[Word<'_>], at: usize) -> Option<(i64, usize)> {
    let word = words.get(at)?;
    let together = || words::number(word.lower.split_once("of")?.0).map(|number| (number, at.saturating_add(1)));
    let apart = || {
        let [number, of, total, ..] = words.get(at..)? else { return None };
        total.number().filter(|_| of.lower == "of").and(number.number()).map(|number| (number, at.saturating_add(3)))
    };
    together().or_else(apart)
}

/// Reads a Roman number up to 39.
fn roman(text: &str) -> Option<i64> {
    let ones = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    let numbers = ["", "x", "xx", "xxx"].into_iter().flat_map(|tens| ones.map(|one| (tens, one)));
    (0..).zip(numbers).skip(1).find(|(_, (tens, one))| text.strip_prefix(tens) == Some(one)).map(|(number, _)| number)
}

/// Reads an absolute number: ` - 12`, `12v2`, or a number before a checksum: `12 [1A2B3C4D]`.
fn by_count(words: &[Word<'_>], mentions: &[Mention], at: usize) -> Option<NumberingSearch> {
    let word = &words[at];
    let versioned = || {
        let (number, version) = word.lower.split_once('v')?;
        Some((words::number(number)?, words::number(version).filter(|version| (1..10).contains(version))?))
    };
    let (number, version) = word.number().map(|number| (number, None)).or_else(|| {
        let (number, version) = versioned()?;
        Some((number, Some(version)))
    })?;
    let is_year = |word: &Word<'_>| word.number().is_some_and(|number| (1900..2100).contains(&number));
    let behind_dash = is_dashed(word);
    let before_checksum = words[at..].get(1).is_some_and(|next| next.is_bracketed() && is_checksum(next.text));
    let has_year = || words.iter().any(is_year);
    let is_mention = || mentions.iter().any(|mention| mention.words().contains(&at) && !behind_dash);
    // `Word - 11 (2009)` is a movie.
    let is_id = version.is_some() || before_checksum || behind_dash && is_last(words, mentions, at) && !has_year();
    let id = (is_id && !is_mention() && number > 0).then_some(EpisodeId::Number(number))?;
    let end = at.saturating_add(1);
    Some(NumberingSearch::Found(Numbering {
        id,
        start: at,
        end,
        version: version.map_or(0, |version| version.saturating_sub(1)),
    }))
}

fn is_dashed(word: &Word<'_>) -> bool {
    matches!(word.gap, " - " | "_-_")
}

/// Tells whether only brackets and the quality follow.
fn is_last(words: &[Word<'_>], mentions: &[Mention], at: usize) -> bool {
    let behind = at.saturating_add(1);
    words.get(behind).is_none_or(|next| {
        next.gap.contains(['[', '(']) || mentions.iter().any(|mention| mention.words().start == behind)
    })
}

fn is_checksum(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
