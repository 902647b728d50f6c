//! A title split into words, each with the gap before it.

/// A word of a title: letters and digits.
///
/// What stands between two words is the gap of the later one.
#[derive(Debug)]
pub struct Word<'a> {
    /// The word in lower case.
    pub lower: String,
    /// The word as written in the title.
    pub text: &'a str,
    /// Position in the title, in bytes.
    pub start: usize,
    /// Text between the word before, or the start of the title, and this word.
    pub gap: &'a str,
    /// Character directly after it.
    pub next: Option<char>,
}

impl Word<'_> {
    /// Returns the number that the word is, if it consists of digits.
    pub fn number(&self) -> Option<i64> {
        number(&self.lower)
    }

    /// Tells whether a single character stands between it and the word before.
    pub fn is_close(&self) -> bool {
        self.gap.chars().count() == 1
    }

    /// Tells whether it stands alone in brackets.
    pub fn is_bracketed(&self) -> bool {
        self.gap.ends_with(['(', '[']) && matches!(self.next, Some(')' | ']'))
    }
}

/// Returns the number that a text is, if it consists of one to four digits.
pub fn number(text: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// Length in bytes to which a title is read: a name with its quality and group is shorter.
///
/// What is found in it depends on other words, which takes time for each pair of them.
const LONGEST_TITLE: usize = 500;

/// Splits a title into its words.
pub fn split(title: &str) -> Vec<Word<'_>> {
    let title = &title[..title.floor_char_boundary(LONGEST_TITLE)];
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

/// Tells whether a character continues a word.
///
/// A plus does only in `DD+5.1` and `HDR10+`.
fn belongs(c: char, word: &str) -> bool {
    match c {
        '\'' | '’' => true,
        '+' => word.eq_ignore_ascii_case("dd") || word.get(..3).is_some_and(|it| it.eq_ignore_ascii_case("hdr")),
        _ => c.is_alphanumeric(),
    }
}
