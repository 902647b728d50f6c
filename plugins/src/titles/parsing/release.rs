//! Marks of a release around the name: groups, and words such as `PROPER`.

use super::quality::mentions::Mention;
use super::words::Word;

/// Counts the words before the name: groups in square brackets, and a quality with a colon.
pub fn prefix(title: &str, words: &[Word<'_>], mentions: &[Mention]) -> usize {
    let mut at = 0;
    let mut rest = title.trim_start();
    while let Some((_, behind)) = rest.strip_prefix('[').and_then(|group| group.split_once(']')) {
        let end = title.len().saturating_sub(behind.len());
        let Some(next) = words.iter().position(|word| word.start >= end) else { return at };
        at = next;
        rest = behind.trim_start();
    }
    let colon = words.iter().enumerate().skip(at).find(|(_, word)| word.next == Some(':'));
    let is_quality = |index: usize| {
        words[index].lower == "hd" || mentions.iter().any(|mention| mention.words().contains(&index) && !mention.weak)
    };
    match colon.map(|(colon, _)| colon.saturating_add(1)) {
        Some(end) if end < words.len() && (at..end).all(is_quality) => end,
        _ => at,
    }
}

/// Counts the words from `from` on that mark a better release: `PROPER`, `REPACK`, `RERIP`.
///
/// `REAL` and `FINAL` count only beside one of those, because names and episodes have them too.
pub fn propers(words: &[Word<'_>], from: usize) -> i64 {
    let sure = |word: &Word<'_>| is_proper(word);
    let tail = words.get(from..).unwrap_or_default();
    let count = tail.iter().enumerate().filter(|(at, word)| {
        let beside =
            at.checked_sub(1).is_some_and(|before| sure(&tail[before])) || tail[*at..].get(1).is_some_and(sure);
        sure(word) || matches!(word.lower.as_str(), "real" | "final") && beside
    });
    i64::try_from(count.count()).unwrap_or(i64::MAX)
}

/// Tells whether a word always marks a better release.
pub fn is_proper(word: &Word<'_>) -> bool {
    matches!(word.lower.as_str(), "proper" | "repack" | "rerip")
}

/// Finds the release group: after the last dash (`x264-GROUP`), or in brackets at the start.
///
/// `from` is the position of the first word after the name.
pub fn group(title: &str, words: &[Word<'_>], mentions: &[Mention], from: usize) -> Option<String> {
    let mut last = words.len().checked_sub(1)?;
    // The extension of a file and `[site]` come after the group.
    if last > from && words[last].gap.ends_with('.') && EXTENSIONS.contains(&&*words[last].lower) {
        last = last.saturating_sub(1);
    }
    if words[last].next == Some(']') {
        let open = words[..=last].iter().rposition(|word| word.gap.ends_with('['));
        last = open.filter(|open| *open > from).map_or(last, |open| open.saturating_sub(1));
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
