//! The places in a title that name a component of quality.

use std::ops::Range;

use super::components::Component;
use crate::titles::parsing::words::Word;

/// Words that are common in names as well; any other word for the same category wins over them.
const WEAK: &[&str] = &[
    "360", "368", "480", "540", "576", "720", "1080", "2160", "cam", "dv", "dvd", "hr", "scr", "screener", "tc", "ts",
    "web",
];

/// A place in a title that names a component of quality.
#[derive(Debug)]
pub struct Mention {
    /// Component that is named.
    pub component: &'static Component,
    /// Whether the word may be part of a name as well.
    pub weak: bool,
    words: Range<usize>,
}

impl Mention {
    /// Returns the positions of its words.
    pub fn words(&self) -> Range<usize> {
        self.words.clone()
    }
}

/// Returns everything in a title that names a component of quality, from left to right.
pub fn mentions(words: &[Word<'_>]) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let spelled = Component::spelled_at(words, at);
        let end = at.saturating_add(spelled.map_or(1, |(len, _)| len));
        if let Some((len, component)) = spelled {
            let weak = len == 1 && WEAK.contains(&&*words[at].lower);
            found.push(Mention { component, weak, words: at..end });
        }
        at = end;
    }
    found
}
