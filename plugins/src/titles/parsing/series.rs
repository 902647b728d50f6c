//! Episodes, seasons and specials of series in titles.

use jiff::civil::Date;

use super::date;
use super::quality::{self, Mention, Quality};
use super::words::{self, Word};

/// An episode, a season or a special as a title tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The name of the show as it is written, with spaces; a year behind it belongs to it, as in FlexGet.
    pub name: String,
    /// The year of the show, if one stands in brackets behind its name.
    pub year: Option<i64>,
    /// Which one it is.
    pub id: Id,
    /// The quality.
    pub quality: Quality,
    /// How often it says that it is a better release of the same (`PROPER`, `REPACK`, `v2`).
    pub propers: i64,
    /// Who released it.
    pub group: Option<String>,
}

/// Which episode it is, in the numbering that the title uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// An episode of a season, or a few in a row.
    Episode {
        /// The season; 0 are the specials.
        season: i64,
        /// The first episode.
        first: i64,
        /// The last episode.
        last: i64,
    },
    /// All of a season.
    Season(i64),
    /// The episode of a day.
    Date(Date),
    /// An episode counted through all seasons, as anime are.
    Number(i64),
    /// A special by its name.
    Special(String),
}

impl Id {
    /// FlexGet's word for the numbering (`series_id_type`).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Episode { .. } | Self::Season(_) => "ep",
            Self::Date(_) => "date",
            Self::Number(_) => "sequence",
            Self::Special(_) => "special",
        }
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Episode { season, first, last } if last > first => write!(f, "S{season:02}E{first:02}-E{last:02}"),
            Self::Episode { season, first, .. } => write!(f, "S{season:02}E{first:02}"),
            Self::Season(season) => write!(f, "S{season:02}"),
            Self::Date(date) => write!(f, "{date}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Special(name) => f.write_str(name),
        }
    }
}

/// Reads a title as that of an episode, a season or a special; `None` if it does not say which.
///
/// An episode number alone (`Part 2`, `Episode IV`) is none, because movies have them too; several seasons or discs are
/// none either. `today` tells dates that can be from those that cannot.
pub fn series(title: &str, today: Date) -> Option<Series> {
    let words = words::split(title);
    let mentions = quality::mentions(&words);
    let first = words::prefix(title, &words, &mentions);
    let Finding::Found(place) = find(&words, &mentions, first, today) else { return None };
    let start = words.get(first)?.start;
    let end = name_end(&words, &mentions, first, place.start)?;
    let (name, year) = name(&title[start..words[end].start], words[place.start].gap);
    let told = mentions.iter().filter(|mention| {
        let at = mention.words().start;
        at < first || at >= place.start + place.len || (end..place.start).contains(&at)
    });
    Some(Series {
        name,
        year,
        id: place.id,
        quality: Quality::of(told),
        propers: words::propers(&words, end) + place.version,
        group: words::group(title, &words, &mentions, place.start + place.len),
    })
    .filter(|series| !series.name.is_empty())
}

/// Whether a title speaks of episodes, seasons or discs of a series, though perhaps of too many for [`series`].
pub fn is_of_series(title: &str, today: Date) -> bool {
    let words = words::split(title);
    let mentions = quality::mentions(&words);
    let first = words::prefix(title, &words, &mentions);
    !matches!(find(&words, &mentions, first, today), Finding::Nothing)
}

enum Finding {
    Nothing,
    /// A part of a series, but not one that has a number.
    Unwanted,
    Found(Place),
}

/// Where a title says which episode it is.
struct Place {
    id: Id,
    start: usize,
    len: usize,
    /// The version of the release less one: 1 for `12v2`.
    version: i64,
}

impl Place {
    fn found(id: Id, start: usize, end: usize) -> Finding {
        Finding::Found(Self { id, start, len: end - start, version: 0 })
    }
}

/// How many episodes more than the first a release may hold; more is a pack without a number of its own.
const MORE: i64 = 2;

fn find(words: &[Word<'_>], mentions: &[Mention], first: usize, today: Date) -> Finding {
    let behind_name = first + 1..words.len();
    let exact = behind_name.clone().find_map(|at| in_one_word(words, at));
    let dated = || {
        let date = |at| date::date(words, at, today).map(|(date, len)| Place::found(Id::Date(date), at, at + len));
        behind_name.clone().find_map(date)
    };
    let spelled = || behind_name.clone().find_map(|at| by_x(words, at).or_else(|| by_season(words, mentions, at)));
    let counted = || behind_name.clone().find_map(|at| by_count(words, mentions, at));
    exact.or_else(dated).or_else(spelled).or_else(counted).unwrap_or(Finding::Nothing)
}

/// `S01E02`, `S01E02E03`, `S01E02-03`; also discs: `S01D2`.
fn in_one_word(words: &[Word<'_>], at: usize) -> Option<Finding> {
    let (season, rest) = digits(words[at].lower.strip_prefix('s')?)?;
    if let Some(disc) = rest.strip_prefix('d') {
        return words::number(disc).map(|_| Finding::Unwanted);
    }
    let (episode, mut rest) = digits(rest.strip_prefix("ep").or_else(|| rest.strip_prefix('e'))?)?;
    let mut last = episode;
    while let Some((next, more)) = rest.strip_prefix('e').and_then(digits) {
        (last, rest) = (next, more);
    }
    rest.is_empty().then(|| episodes(words, season, (episode, last), at, at + 1))
}

/// The number at the start of text, and the rest.
fn digits(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    words::number(&text[..end]).map(|number| (number, &text[end..]))
}

/// The episodes from `first` on: to `last`, or to the one that the word behind them names.
fn episodes(words: &[Word<'_>], season: i64, (first, last): (i64, i64), start: usize, end: usize) -> Finding {
    let range = || {
        let word = words.get(end).filter(|word| word.gap == "-")?;
        words::number(word.lower.strip_prefix('e').unwrap_or(&word.lower)).filter(|_| word.lower.len() <= 3)
    };
    let (last, end) = match range() {
        // A number that is no later episode is something else.
        Some(number) if last == first && (first + 1..=first + 12).contains(&number) => (number, end + 1),
        _ => (last.max(first), end),
    };
    if last > first + MORE {
        return Finding::Unwanted;
    }
    Place::found(Id::Episode { season, first, last }, start, end)
}

/// `1x02`, `1 x 02`, `1xAll`.
fn by_x(words: &[Word<'_>], at: usize) -> Option<Finding> {
    let apart = || {
        let [a, x, b] = words.get(at..at + 3)? else { return None };
        (x.lower == "x" && x.gap == " " && b.gap == " ").then_some((a.lower.as_str(), b.lower.as_str(), 3))
    };
    let (season, episode, len) = words[at].lower.split_once('x').map(|(a, b)| (a, b, 1)).or_else(apart)?;
    let season = words::number(season).filter(|_| season.len() <= 2)?;
    if episode == "all" {
        return Some(Place::found(Id::Season(season), at, at + len));
    }
    match words::number(episode).filter(|_| episode.len() <= 3)? {
        0 => Some(Finding::Unwanted),
        number => Some(episodes(words, season, (number, number), at, at + len)),
    }
}

/// `S01`, `Season 1`, `Season 1 Episode 2`, `Series 1 2of6`, `S01 ... Part 2`.
fn by_season(words: &[Word<'_>], mentions: &[Mention], at: usize) -> Option<Finding> {
    let word = words[at].lower.as_str();
    if matches!(word, "seasons" | "disc") && words.get(at + 1).is_some_and(|next| next.number().is_some()) {
        return Some(Finding::Unwanted);
    }
    let (season, end) = season(words, at)?;
    // `S01-03`, `Season 1 & 2`, and another season later on.
    let and = words.get(end).is_some_and(|next| {
        let is_number = words::number(next.lower.trim_start_matches('s')).is_some_and(|number| number > season);
        is_number && (next.gap == "-" || next.gap.contains('&')) && !mentions.iter().any(|it| it.words().start == end)
    });
    if and || (end..words.len()).any(|later| season_marker(words, later).is_some_and(|(other, _)| other != season)) {
        return Some(Finding::Unwanted);
    }
    if let Some((episode, end)) = of_total(words, end) {
        return Some(episodes(words, season, (episode, episode), at, end));
    }
    let later = (end..words.len()).find_map(|later| episode(words, later, later == end));
    if let Some((number, end)) = later {
        return Some(episodes(words, season, (number, number), at, end));
    }
    // `Season 2 - 05`, as anime are named.
    let dashed = words.get(end).filter(|word| is_dashed(word) && is_last(words, mentions, end));
    if let Some(number) = dashed.and_then(Word::number).filter(|number| *number < 1000) {
        return Some(episodes(words, season, (number, number), at, end + 1));
    }
    // Series are counted in episodes: without one it is a part of the name.
    if word.starts_with("series") {
        return None;
    }
    if (end..words.len()).any(|later| SPECIALS.contains(&&*words[later].lower)) {
        let is_quality = |at: &usize| mentions.iter().any(|mention| mention.words().contains(at));
        let rest = (end..words.len()).filter(|at| !is_quality(at)).map(|at| words[at].lower.as_str());
        let name = rest.filter(|word| !SPECIALS.contains(word)).collect::<Vec<_>>().join(" ");
        return Some(Place::found(Id::Special(format!("{} {name}", words[at].lower)), at, end));
    }
    Some(Place::found(Id::Season(season), at, end))
}

const SPECIALS: &[&str] = &["bonus", "extra", "omake", "ova", "special"];

/// A season and the position behind it: `S01`, `Season 1`, `Series1`.
fn season(words: &[Word<'_>], at: usize) -> Option<(i64, usize)> {
    let series = || numbered(words, at, &["series"]);
    season_marker(words, at).or_else(series)
}

fn season_marker(words: &[Word<'_>], at: usize) -> Option<(i64, usize)> {
    let short = || words::number(words[at].lower.strip_prefix('s')?).map(|season| (season, at + 1));
    numbered(words, at, &["season"]).or_else(short)
}

/// A number behind one of these words, in the same word or the next, and the position behind it.
fn numbered(words: &[Word<'_>], at: usize, names: &[&str]) -> Option<(i64, usize)> {
    let word = words[at].lower.as_str();
    names.iter().find_map(|name| match word.strip_prefix(name)? {
        "" => Some((words.get(at + 1).filter(|next| next.is_close())?.number()?, at + 2)),
        rest => words::number(rest).map(|number| (number, at + 1)),
    })
}

/// An episode behind a season, and the position behind it. A bare `e` is one only directly behind it.
fn episode(words: &[Word<'_>], at: usize, directly: bool) -> Option<(i64, usize)> {
    let names: &[&str] = &["episode", "ep", "part", "pt"];
    let short = || directly.then(|| numbered(words, at, &["e"])).flatten();
    let later_short = || words::number(words[at].lower.strip_prefix('e')?).map(|number| (number, at + 1));
    let roman = || {
        let next = names.contains(&&*words[at].lower).then(|| words.get(at + 1)).flatten()?;
        roman(&next.lower).map(|number| (number, at + 2))
    };
    numbered(words, at, names).or_else(short).or_else(later_short).or_else(roman)
}

/// `2of6`, `2 of 6`.
fn of_total(words: &[Word<'_>], at: usize) -> Option<(i64, usize)> {
    let word = words.get(at)?;
    let together = || words::number(word.lower.split_once("of")?.0).map(|number| (number, at + 1));
    let apart = || {
        let [number, of, total] = words.get(at..at + 3)? else { return None };
        total.number().filter(|_| of.lower == "of").and(number.number()).map(|number| (number, at + 3))
    };
    together().or_else(apart)
}

/// A Roman number up to 39.
fn roman(text: &str) -> Option<i64> {
    let tens = text.len() - text.trim_start_matches('x').len();
    let ones = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    let one = ones.iter().position(|one| text.get(tens..) == Some(one))?;
    i64::try_from(tens * 10 + one).ok().filter(|number| (1..40).contains(number))
}

/// An absolute number: ` - 12`, `12v2`, or a number before the checksum of the file: `12 [1A2B3C4D]`.
fn by_count(words: &[Word<'_>], mentions: &[Mention], at: usize) -> Option<Finding> {
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
    let before_checksum = words.get(at + 1).is_some_and(|next| next.is_bracketed() && is_checksum(next.text));
    let has_year = words.iter().any(is_year);
    let is_mention = mentions.iter().any(|mention| mention.words().contains(&at) && !behind_dash);
    // `Word - 11 (2009)` is a movie.
    let is_id = version.is_some() || before_checksum || behind_dash && is_last(words, mentions, at) && !has_year;
    let id = (is_id && !is_mention && number > 0).then_some(Id::Number(number))?;
    Some(Finding::Found(Place { id, start: at, len: 1, version: version.map_or(0, |version| version - 1) }))
}

fn is_dashed(word: &Word<'_>) -> bool {
    matches!(word.gap, " - " | "_-_")
}

/// Whether nothing follows but brackets and what speaks of the quality.
fn is_last(words: &[Word<'_>], mentions: &[Mention], at: usize) -> bool {
    words.get(at + 1).is_none_or(|next| {
        next.gap.contains(['[', '(']) || mentions.iter().any(|mention| mention.words().start == at + 1)
    })
}

fn is_checksum(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The word before which the name ends: the one that says which episode it is, or what speaks of the quality before it.
/// `None` if nothing is left of the name.
fn name_end(words: &[Word<'_>], mentions: &[Mention], first: usize, id: usize) -> Option<usize> {
    let mut end = id;
    while end > first {
        let quality = mentions.iter().find(|mention| mention.words().end == end && !mention.weak);
        match quality {
            Some(mention) => end = mention.words().start,
            None if words::is_proper(&words[end - 1]) => end -= 1,
            None => break,
        }
    }
    (end > first).then_some(end)
}

/// The name of a show from what stands before the episode, and the year in brackets at its end.
fn name(text: &str, gap: &str) -> (String, Option<i64>) {
    // `Show - Title S01E02` has the title of the episode before the number, `A Show - With a Dash - S01E02` has not.
    let is_dashed = gap.trim() == "-" && gap.len() > 1;
    let text = if is_dashed { text } else { text.split(" - ").next().unwrap_or(text) };
    let open = text.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')' && c != ']');
    let year = open
        .strip_suffix([')', ']'])
        .and_then(|rest| rest.rsplit_once(['(', '[']))
        .and_then(|(_, year)| words::number(year).filter(|number| (1900..2100).contains(number)));
    (words::tidy(&text.replace(':', " ")), year)
}
