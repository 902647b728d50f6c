//! A title cut into words, each with what stands before it.

use super::quality::Mention;

/// A word of a title: letters and digits. What is between words is the gap of the later one.
#[derive(Debug)]
pub struct Word<'a> {
    /// The word in lower case.
    pub lower: String,
    /// The word as it stands in the title.
    pub text: &'a str,
    /// Where it starts in the title, in bytes.
    pub start: usize,
    /// What stands between it and the word before, or the start of the title.
    pub gap: &'a str,
    /// What stands directly behind it.
    pub next: Option<char>,
}

impl Word<'_> {
    /// The number that it is, if it is digits alone.
    pub fn number(&self) -> Option<i64> {
        number(&self.lower)
    }

    /// Whether one character stands between it and the word before.
    pub fn is_close(&self) -> bool {
        self.gap.chars().count() == 1
    }

    /// Whether it stands alone in brackets.
    pub fn is_bracketed(&self) -> bool {
        self.gap.ends_with(['(', '[']) && matches!(self.next, Some(')' | ']'))
    }
}

/// The number that text is, if it is digits alone, four at most.
pub fn number(text: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// The words of a title.
pub fn split(title: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut gap_start = 0;
    let mut start = None;
    let mut add = |start: usize, end: usize, next: Option<char>| {
        let text = &title[start..end];
        words.push(Word { lower: text.to_lowercase(), text, start, gap: &title[gap_start..start], next });
        gap_start = end;
    };
    for (at, c) in title.char_indices() {
        match start {
            None if c.is_alphanumeric() => start = Some(at),
            Some(from) if !belongs(c, &title[from..at]) => {
                add(from, at, Some(c));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        add(from, title.len(), None);
    }
    words
}

/// Whether a character continues a word. A plus does only where it means something: `DD+5.1`, `HDR10+`.
fn belongs(c: char, word: &str) -> bool {
    match c {
        '\'' | '’' => true,
        '+' => word.eq_ignore_ascii_case("dd") || word.get(..3).is_some_and(|it| it.eq_ignore_ascii_case("hdr")),
        _ => c.is_alphanumeric(),
    }
}

/// How many words at the start are no part of the name: groups in square brackets, and a quality with a colon.
pub fn prefix(title: &str, words: &[Word<'_>], mentions: &[Mention]) -> usize {
    let mut at = 0;
    let mut rest = title.trim_start();
    while let Some(close) = rest.starts_with('[').then(|| rest.find(']')).flatten() {
        let end = title.len() - rest.len() + close;
        let behind = words.iter().position(|word| word.start > end);
        let Some(behind) = behind else { return at };
        at = behind;
        rest = rest[close + 1..].trim_start();
    }
    let colon = words[at..].iter().position(|word| word.next == Some(':'));
    let is_quality = |index: usize| {
        words[index].lower == "hd" || mentions.iter().any(|mention| mention.words().contains(&index) && !mention.weak)
    };
    match colon.map(|colon| at + colon + 1) {
        Some(end) if end < words.len() && (at..end).all(is_quality) => end,
        _ => at,
    }
}

/// A part of a title as a name: without the dots, underlines, brackets and commas that stand for spaces.
pub fn tidy(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || "._,()[]".contains(c)).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join(" ");
    name.trim_matches(|c: char| c == '-' || c == ' ').to_owned()
}

/// A name as FlexGet writes it in fields: no colons, each word with a capital.
pub fn title_case(name: &str) -> String {
    let words = name.split(|c: char| c.is_whitespace() || c == ':').filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(char::to_uppercase).into_iter().flatten();
        first.chain(chars.flat_map(char::to_lowercase)).collect::<String>()
    };
    words.map(capital).collect::<Vec<_>>().join(" ")
}

/// How often the words from `from` on say that this is a better release of the same: `PROPER`, `REPACK`, `RERIP`. `REAL` and `FINAL`
/// count beside one of those only, because names and episodes have them too.
pub fn propers(words: &[Word<'_>], from: usize) -> i64 {
    let sure = |word: &Word<'_>| is_proper(word);
    let tail = words.get(from..).unwrap_or_default();
    let count = tail.iter().enumerate().filter(|(at, word)| {
        let beside = at.checked_sub(1).is_some_and(|before| sure(&tail[before])) || tail.get(at + 1).is_some_and(sure);
        sure(word) || matches!(word.lower.as_str(), "real" | "final") && beside
    });
    i64::try_from(count.count()).unwrap_or(i64::MAX)
}

/// Whether a word says that this is a better release of the same, and nothing else.
pub fn is_proper(word: &Word<'_>) -> bool {
    matches!(word.lower.as_str(), "proper" | "repack" | "rerip")
}

/// Who released it: behind the last dash (`x264-GROUP`), or in the brackets in front.
///
/// `from` is the first word behind the name; what is before that has no group in it.
pub fn group(title: &str, words: &[Word<'_>], mentions: &[Mention], from: usize) -> Option<String> {
    let mut last = words.len().checked_sub(1)?;
    // The extension of a file and `[site]` come behind the group.
    if last > from && words[last].gap.ends_with('.') && EXTENSIONS.contains(&&*words[last].lower) {
        last -= 1;
    }
    if words[last].next == Some(']') {
        let open = words[..=last].iter().rposition(|word| word.gap.ends_with('['));
        last = open.filter(|open| *open > from).map_or(last, |open| open - 1);
    }
    let behind_dash = || {
        let word = &words[last];
        let attached = word.gap == "-" && last > from.saturating_sub(1);
        let is_quality = mentions.iter().any(|mention| mention.words().contains(&last));
        (attached && !is_quality && word.number().is_none()).then(|| word.text.to_owned())
    };
    let in_front = || {
        let inner = title.trim_start().strip_prefix('[')?.split_once(']')?.0.trim();
        let is_quality = mentions.first().is_some_and(|mention| mention.words().contains(&0));
        (!is_quality && !inner.is_empty()).then(|| inner.to_owned())
    };
    behind_dash().or_else(in_front)
}

const EXTENSIONS: &[&str] =
    &["avi", "iso", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "nzb", "srt", "torrent", "webm", "wmv"];
