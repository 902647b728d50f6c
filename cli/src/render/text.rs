//! Text that fits the terminal and does it no harm.

use std::borrow::Cow;
use std::fmt;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text from outside (a title, an answer of a service) as it may be shown: on one line and without control characters,
/// which could do anything to a terminal.
pub(crate) struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Cow<'_, str> = match self.0.contains(is_control) {
            false => self.0.into(),
            true => self
                .0
                .chars()
                .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
                .filter(|c| !is_control(*c))
                .collect(),
        };
        f.write_str(&text)
    }
}

/// Control characters, and those that turn the direction of what follows.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How many columns a text takes; styles take none.
pub(crate) fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(UnicodeWidthStr::width).sum()
}

/// The text in lines of at most `width` columns, each with a line break; all but the first begin with `indent` spaces. A
/// word that is longer than a line stays whole, so that it can be copied.
pub(crate) fn wrap(text: &str, width: Option<usize>, indent: usize) -> String {
    let mut lines = String::with_capacity(text.len() + 1);
    for line in text.lines() {
        match width {
            Some(width) if columns(line) > width => wrap_line(line, width, indent, &mut lines),
            _ => lines.push_str(line),
        }
        lines.push('\n');
    }
    lines
}

fn wrap_line(line: &str, width: usize, indent: usize, lines: &mut String) {
    let indent = indent.min(width / 3);
    let mut used = 0;
    let mut at_start = true;
    let begin = line.len() - line.trim_start_matches(' ').len();
    lines.push_str(&line[..begin]);
    used += begin;
    for word in line[begin..].split(' ') {
        let wide = columns(word);
        if !at_start && used + 1 + wide > width {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            used = indent;
        } else if !at_start {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += wide;
        at_start = false;
    }
}

/// The text with every paragraph, and every item of a list, on one line.
pub(crate) fn paragraphs(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.trim().lines() {
        let begins = line.is_empty() || line.starts_with(['*', '-', '|', '#']);
        if !joined.is_empty() {
            joined.push(if begins || joined.ends_with('\n') { '\n' } else { ' ' });
        }
        joined.push_str(line.trim());
        if line.is_empty() {
            joined.push('\n');
        }
    }
    joined.replace("\n\n\n", "\n\n")
}

/// The start of a text that fits into `width` columns, with `…` where something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    let start: String = text.chars().take_while(fits).collect();
    format!("{}…", start.trim_end())
}

/// `1 error`, `2 errors`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('y') => format!("{number} {}ies", noun.trim_end_matches('y')),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_hang() {
        assert_eq!(wrap("one two three", Some(8), 2), "one two\n  three\n");
        assert_eq!(wrap("one two three", None, 2), "one two three\n");
        assert_eq!(wrap("a https://example.org/long b", Some(10), 2), "a\n  https://example.org/long\n  b\n");
        assert_eq!(wrap("電影電影 電影", Some(9), 1), "電影電影\n 電影\n");
        assert_eq!(wrap("\u{1b}[1mone\u{1b}[0m two", Some(7), 2), "\u{1b}[1mone\u{1b}[0m two\n");
    }

    #[test]
    fn paragraphs_are_joined_and_lists_are_not() {
        assert_eq!(paragraphs("\none\ntwo\n\n* a\n  b\n* c\n\nthree\n"), "one two\n\n* a b\n* c\n\nthree");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("電影電影", 5), "電影…");
        assert_eq!(cut("abc", 3), "abc");
    }

    #[test]
    fn control_characters_are_not_shown() {
        assert_eq!(Shown("a\u{1b}[2Jb\nc\u{202e}d").to_string(), "a[2Jb cd");
    }
}
